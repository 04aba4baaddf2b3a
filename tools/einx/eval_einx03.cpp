// Cases of the einx-0.3 dialect.
#include <algorithm>

#include "dialects.h"
#include "eval_case.h"
#include "ops/ops.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace notation = einx::detail::notation;
namespace support = einx::detail::support;
namespace trace = einx::detail::trace;

Keyword to_keyword(const std::string& name, const Json& value) {
  Keyword keyword{to_size(name, value), value.is_string() ? value.get<std::string>() : value.dump(), {}};
  if (value.is_boolean()) keyword.flag = value.get<bool>();
  return keyword;
}

/// `kwargs` holds what the operation that vmap applies is given; null is a parameter that is not given.
void add_keywords(std::vector<Keyword>& keywords, const Json& given) {
  for (const auto& [name, value] : given.items()) {
    if (name == "kwargs" && value.is_object())
      add_keywords(keywords, value);
    else if (!value.is_null())
      keywords.push_back(to_keyword(name, value));
  }
}

std::vector<Keyword> keywords_of(const Json& a_case) {
  std::vector<Keyword> keywords;
  if (a_case.contains("kwargs")) add_keywords(keywords, a_case.at("kwargs"));
  return keywords;
}

// ---------------------------------------------------------------- the helpers that solve and compute nothing
struct Question {
  Request request;
  bool merge;
};

Question read_question(const Json& a_case, bool merge) {
  Question question{{}, merge};
  question.request.dialect = einx::Dialect::Einx03;
  question.request.pattern = a_case.at("pattern").get<std::string>();
  for (const Json& input : a_case.value("inputs", Json::array()))
    add_input(question.request.operands, input, false);
  for (const Keyword& keyword : keywords_of(a_case)) {
    if (keyword.size.name == "cse" && keyword.flag)
      question.merge = *keyword.flag;
    else
      question.request.sizes.push_back(keyword.size);
  }
  return question;
}

/// Nothing if depths, ranks or sizes have no solution; other errors are raised.
std::optional<notation::SolvedAxes> solution(const Json& a_case, bool merge) {
  const Question question = read_question(a_case, merge);
  try {
    return solved_axes_of(question.request, question.merge);
  } catch (const einx::RankError&) {
    return std::nullopt;
  } catch (const einx::AxisSizeError&) {
    return std::nullopt;
  }
}

Json solve(const Json& a_case) {
  const auto solved = solution(a_case, false);
  if (!solved) return {{"axes", nullptr}};
  Json axes = Json::object();
  for (const auto& [name, value] : solved->axes) axes[name] = to_json(value);
  return {{"axes", std::move(axes)}};
}

Json matches(const Json& a_case) { return {{"bool", solution(a_case, true).has_value()}}; }

Json check(const Json& a_case) {
  const Question question = read_question(a_case, true);
  solved_axes_of(question.request, question.merge);
  return {{"ok", true}};
}

struct Helper {
  std::string_view name;
  Json (*run)(const Json&);
};
constexpr Helper kHelpers[] = {{"solve", solve}, {"matches", matches}, {"check", check}};

// ---------------------------------------------------------------- operations
/// Numbers take the dtype of what they are combined with, but rearrange makes tensors of them.
bool weak_scalars(const trace::Call& call) {
  return call.op->family == notation::Family::Elementwise || call.op->family == notation::Family::Einsum;
}

void refuse_only_scalars(const Json& inputs, const trace::Call& call) {
  const bool moves = call.op->family == notation::Family::Id || call.op->family == notation::Family::GetAt ||
                     call.op->family == notation::Family::UpdateAt;
  if (moves || inputs.empty() ||
      !std::all_of(inputs.begin(), inputs.end(), [](const Json& input) { return input.contains("scalar"); }))
    return;
  support::raise<einx::TypeError>(
      {.kind = "operand-kind",
       .sentence = "einx 0.3 needs at least one tensor beside the numbers given to " + call.function + "."});
}

}  // namespace

Json evaluate_einx03(const Json& a_case) {
  const std::string function = a_case.at("op").get<std::string>();
  const auto* helper = std::find_if(std::begin(kHelpers), std::end(kHelpers),
                                    [&](const Helper& row) { return row.name == function; });
  if (helper != std::end(kHelpers)) return helper->run(a_case);
  const std::vector<Keyword> keywords = keywords_of(a_case);
  Request request;
  request.pattern = a_case.at("pattern").get<std::string>();
  const Json inputs = a_case.value("inputs", Json::array());
  if (function == "arange") {
    for (const Json& input : inputs) add_input(request.operands, input, false);
    complete(request, einx::Dialect::Einx03, function, keywords);
    return computed(request);
  }
  complete(request, einx::Dialect::Einx03, function, keywords);
  const trace::Call call = traced(request);
  refuse_only_scalars(inputs, call);
  for (const Json& input : inputs) add_input(request.operands, input, weak_scalars(call));
  return computed(request);
}

}  // namespace einx_command
