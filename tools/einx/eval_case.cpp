#include "eval_case.h"

#include <spdlog/logger.h>

#include <algorithm>
#include <set>

#include "notation/notation.h"
#include "ops/ops.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace notation = einx::detail::notation;
namespace ops = einx::detail::ops;
namespace support = einx::detail::support;

void collect_axes(const notation::Node& node, std::set<std::string>& names) {
  if (node.kind == notation::Node::Kind::Axis) names.insert(node.name);
  for (const notation::NodePtr& child : node.children) collect_axes(*child, names);
}

/// A size for an axis that the expression does not have is ignored by all operations, which helps nobody who
/// misspelt one.
void warn_of_unused(const Request& request) {
  std::set<std::string> names;
  try {
    collect_axes(*notation::parse(request.pattern).root, names);
  } catch (const einx::SyntaxError&) {
    return;  // the call is about to raise it
  }
  for (const notation::Constraint& size : request.sizes)
    if (size.not_integer.empty() && !names.contains(size.name))
      support::log().warn("{} \"{}\": {} is neither an axis nor a parameter and is ignored", request.op,
                          request.pattern, size.name);
}

/// A parameter of the operation's own: an integer, or a list of them.
std::vector<std::int64_t> to_parameter(const std::string& name, const Json& value) {
  const auto integer = [](const Json& entry) {
    return entry.is_number_integer() && !(entry.is_number_unsigned() && entry.get<std::uint64_t>() > INT64_MAX);
  };
  if (integer(value)) return {value.get<std::int64_t>()};
  if (value.is_array() && std::all_of(value.begin(), value.end(), integer))
    return value.get<std::vector<std::int64_t>>();
  wrong_parameter(name, value.dump());
}

/// The parameters of an operation, or the size of an axis.
void read_keyword(Request& request, const std::string& name, const Json& value) {
  const ops::Op* op = ops::find(request.op);
  if (op && !op->parameter.empty() && name == op->parameter) {
    request.attributes.emplace_back(name, to_parameter(name, value));
  } else if (name == "keepdims" && op && op->keepdims) {
    if (!value.is_boolean() && !value.is_null()) bad_case("keepdims is true, false or null");
    request.keepdims = value.is_boolean() && value.get<bool>();
  } else {
    request.sizes.push_back(to_size(name, value));
  }
}

}  // namespace

Request request_of(const Json& a_case) {
  Request request;
  request.op = a_case.at("op").get<std::string>();
  request.pattern = a_case.at("pattern").get<std::string>();
  if (a_case.contains("inputs"))
    for (const Json& input : a_case.at("inputs")) add_input(request.operands, input, request.op == "dot");
  if (a_case.contains("kwargs"))
    for (const auto& [name, value] : a_case.at("kwargs").items()) read_keyword(request, name, value);
  return request;
}

namespace {

// ---------------------------------------------------------------- the helpers that solve and compute nothing

Json solved_axes(const Request& request) {
  Json axes = Json::object();
  for (const auto& [name, value] : solved_axes_of(request, false).axes) axes[name] = to_json(value);
  return {{"axes", std::move(axes)}};
}

Json solved_shapes(const Request& request) { return {{"shapes", solved_axes_of(request, true).shapes}}; }

Json matches(const Request& request) {
  try {
    solved_axes_of(request, true);
    return {{"bool", true}};
  } catch (const einx::InternalError&) {
    throw;
  } catch (const einx::Error&) {
    return {{"bool", false}};
  }
}

Json checked(const Request& request) {
  solved_axes_of(request, true);
  return {{"ok", true}};
}

struct Helper {
  std::string_view name;
  Json (*run)(const Request&);
};
constexpr Helper kHelpers[] = {
    {"solve_axes", solved_axes}, {"solve", solved_axes}, {"solve_shapes", solved_shapes},
    {"matches", matches},        {"check", checked},
};

}  // namespace

notation::SolvedAxes solved_axes_of(const Request& request, bool merge) {
  using Kind = einx::Operand::Kind;
  std::vector<notation::Operand> operands;
  for (const einx::Operand& operand : request.operands.view()) {
    if (operand.kind() == Kind::Unknown)
      operands.push_back({std::nullopt, "unknown shape"});
    else if (operand.kind() == Kind::Factory)
      operands.push_back({std::nullopt, "factory"});
    else
      operands.push_back({einx::Shape(operand.tensor().shape().begin(), operand.tensor().shape().end()), ""});
  }
  return notation::solve_axes(request.pattern, operands, request.sizes, merge, request.dialect);
}

Json computed(const Request& request) {
  ops::get(request.op);
  if (request.dialect == einx::Dialect::Einx || request.dialect == einx::Dialect::Einx03) warn_of_unused(request);
  const auto prepared = prepare(request, einx::Location::current());  // the whole stream is one call site
  Json outputs = Json::array();
  for (const einx::Tensor& result : run(prepared)) outputs.push_back(to_json(result));
  return {{"outputs", std::move(outputs)}, {"via", prepared.executable->code ? "jit" : "reference"}};
}

namespace {

Json evaluate_einx(const Json& a_case) {
  const Request request = request_of(a_case);
  const auto* helper = std::find_if(std::begin(kHelpers), std::end(kHelpers),
                                    [&](const Helper& row) { return row.name == request.op; });
  return helper != std::end(kHelpers) ? helper->run(request) : computed(request);
}

struct DialectRow {
  std::string_view name;
  Json (*evaluate)(const Json&);
};
constexpr DialectRow kDialects[] = {
    {"einx", evaluate_einx}, {"einx-0.3", evaluate_einx03}, {"einops", evaluate_einops}, {"einsum", evaluate_einops}};

}  // namespace

Json evaluate(const Json& a_case) {
  const std::string name = a_case.value("dialect", "einx");
  for (const DialectRow& row : kDialects)
    if (row.name == name) return row.evaluate(a_case);
  support::raise<einx::OperationNotSupportedError>({.kind = "unknown-operation",
                                                    .sentence = "There is no dialect " + name + ".",
                                                    .advice = {"The dialects are: einx, einx-0.3, einops, einsum."}});
}

}  // namespace einx_command
