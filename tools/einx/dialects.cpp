#include "dialects.h"

#include <algorithm>

#include "arguments.h"
#include "ops/ops.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx_command {
namespace {

namespace api = einx::detail::api;
namespace ops = einx::detail::ops;
namespace support = einx::detail::support;
namespace tensor = einx::detail::tensor;
namespace trace = einx::detail::trace;
using einx::Dialect;

[[noreturn]] void bad_keyword(const Keyword& keyword, const std::string& wanted) {
  support::raise<einx::ValueError>(
      {.kind = "bad-parameter",
       .sentence = "The parameter " + keyword.size.name + " is " + keyword.text + ", not " + wanted + "."});
}

bool flag(const Keyword& keyword) {
  if (!keyword.flag) bad_keyword(keyword, "true or false");
  return *keyword.flag;
}

const Keyword* find(const std::vector<Keyword>& keywords, std::string_view name) {
  const auto found =
      std::find_if(keywords.begin(), keywords.end(), [&](const Keyword& k) { return k.size.name == name; });
  return found == keywords.end() ? nullptr : &*found;
}

bool has_arrow(const std::string& pattern) {
  return pattern.find("->") != std::string::npos || pattern.find('|') != std::string::npos;
}

// ---------------------------------------------------------------- einx
void read_einx(Request& request, const Keyword& keyword) {
  const ops::Op& op = ops::get(request.op);
  const std::string& name = keyword.size.name;
  if (!op.parameter.empty() && name == op.parameter) {
    if (!keyword.size.not_integer.empty()) wrong_parameter(name, keyword.text);
    request.attributes.emplace_back(name, keyword.size.values);
  } else if (name == "keepdims" && op.keepdims) {
    request.keepdims = flag(keyword);
  } else {
    request.sizes.push_back(keyword.size);
  }
}

// ---------------------------------------------------------------- einx 0.3
/// True if the keyword is a parameter that belongs to the function, not to an operation.
bool read_parameter_03(Request& request, const Keyword& keyword, const ops::Op& op) {
  const std::string& name = keyword.size.name;
  const bool general = trace::takes_operation_einx03(request.function);
  if (name == "op" && general) return true;
  if (name == "backend" && keyword.size.not_integer.size() > 0) return true;  // ours has one
  if (name == "flat" && request.function == "vmap")
    return flag(keyword), true;  // named operations see no difference
  if (name == "cse") {
    request.attributes.emplace_back(name, std::vector<std::int64_t>{flag(keyword)});
    return true;
  }
  if (name == "keepdims" && op.keepdims) {
    request.keepdims = flag(keyword);
    if (has_arrow(request.pattern))
      support::raise<einx::ValueError>(
          {.kind = "bad-parameter", .sentence = "keepdims cannot be given together with '->' in einx 0.3."});
    return true;
  }
  if (name == "update" && request.function == "index") {
    if (flag(keyword) != (op.family == einx::detail::notation::Family::UpdateAt))
      bad_keyword(keyword, "what " + std::string(op.name) + " does");
    return true;
  }
  return false;
}

void read_arange(Request& request, const std::vector<Keyword>& keywords) {
  if (!request.operands.view().empty())
    support::raise<einx::TypeError>(
        {.kind = "python-signature", .sentence = "arange takes sizes by keyword and no operands."});
  bool merge = true;
  einx::DType dtype = einx::i32;
  std::vector<einx::detail::notation::Constraint> sizes;
  for (const Keyword& keyword : keywords) {
    if (keyword.size.name == "dtype") {
      const auto read = tensor::dtype_from(keyword.text);
      if (!read) bad_keyword(keyword, "a dtype");
      dtype = *read;
    } else if (keyword.size.name == "cse") {
      merge = flag(keyword);
    } else if (keyword.size.name != "backend") {
      sizes.push_back(keyword.size);
    }
  }
  api::Counting counting = api::count(request.pattern, sizes, dtype, merge);
  request.op = "id";
  request.pattern = std::move(counting.pattern);
  for (einx::Tensor& operand : counting.operands) request.operands.add(std::move(operand));
  request.sizes = std::move(counting.sizes);
}

void complete_einx03(Request& request, const std::string& function, const std::vector<Keyword>& keywords) {
  if (function == "arange") return read_arange(request, keywords);
  const Keyword* name = find(keywords, "op");
  if (trace::takes_operation_einx03(function) && !name)
    support::raise<einx::TypeError>(
        {.kind = "python-signature", .sentence = function + " needs the parameter op."});
  const ops::Op& op = trace::row_einx03(function, name ? name->text : "");
  request.dialect = Dialect::Einx03;
  request.op = op.name;
  request.function = function;
  for (const Keyword& keyword : keywords)
    if (!read_parameter_03(request, keyword, op)) read_einx(request, keyword);
}

struct Name {
  std::string_view name;
  Dialect dialect;
};
constexpr Name kNames[] = {{"einx", Dialect::Einx},
                           {"einx-0.3", Dialect::Einx03},
                           {"einops", Dialect::Einops},
                           {"einsum", Dialect::Einsum}};

}  // namespace

Keyword read_keyword(const std::string& name, const std::string& text) {
  Keyword keyword{read_size(name, text), text, {}};
  const bool yes = text == "true" || text == "1", no = text == "false" || text == "0";
  if (yes || no) keyword.flag = yes;
  return keyword;
}

Dialect dialect_from(std::string_view name) {
  for (const Name& row : kNames)
    if (row.name == name) return row.dialect;
  support::raise<einx::OperationNotSupportedError>(
      {.kind = "unknown-operation",
       .sentence = "There is no dialect " + std::string(name) + ".",
       .advice = {"The dialects are: einx, einx-0.3, einops, einsum."}});
}

void complete(Request& request, Dialect dialect, const std::string& function,
              const std::vector<Keyword>& keywords) {
  switch (dialect) {
    case Dialect::Einx:
      request.op = function;
      for (const Keyword& keyword : keywords) read_einx(request, keyword);
      return;
    case Dialect::Einx03:
      return complete_einx03(request, function, keywords);
    case Dialect::Einops:
      return complete_einops(request, function, keywords);
    case Dialect::Einsum:
      return complete_einsum(request, function, keywords);
  }
  support::internal_error("a dialect is one of four");
}

}  // namespace einx_command
