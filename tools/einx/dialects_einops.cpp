// Functions of einops and einsum with their keywords.
#include <algorithm>

#include "dialects.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace support = einx::detail::support;

/// Keywords that say how others are to compute and change no result: NumPy's and opt_einsum's.
constexpr std::string_view kIgnored[] = {"optimize"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void unknown_function(const std::string& dialect, const std::string& name) {
  support::raise<einx::OperationNotSupportedError>(
      {.kind = "unknown-operation",
       .sentence = dialect + " has no function '" + name + "'.",
       .advice = {"einops has rearrange, reduce, repeat, einsum, pack, unpack and parse_shape; the dialect "
                  "einsum has einsum."}});
}

[[noreturn]] void no_parameter(const Request& request, const std::string& name) {
  support::raise<einx::TypeError>(
      {.kind = "python-signature", .sentence = request.function + " has no parameter " + name + "."});
}

const Keyword* find(const std::vector<Keyword>& keywords, std::string_view name) {
  const auto found =
      std::find_if(keywords.begin(), keywords.end(), [&](const Keyword& k) { return k.size.name == name; });
  return found == keywords.end() ? nullptr : &*found;
}

/// A function on one tensor or a list of them: rearrange, repeat, reduce.
void name_transformation(Request& request, const std::string& function,
                         const std::vector<Keyword>& keywords) {
  const Keyword* list = find(keywords, "list");
  const bool listed = list && list->flag.value_or(false);
  const Keyword* reduction = find(keywords, "reduction");
  if (function == "reduce" && !reduction)
    support::raise<einx::TypeError>(
        {.kind = "python-signature", .sentence = "reduce needs the parameter reduction."});
  const einx::detail::EinopsReduction row =
      einx::detail::einops_reduction(function == "reduce" ? reduction->text : function);
  request.op = row.op;
  request.function = listed ? row.list_function : row.function;
  for (const Keyword& keyword : keywords) {
    const bool parameter =
        (&keyword == reduction && function == "reduce") || (&keyword == list && list->flag);
    if (!parameter) request.sizes.push_back(keyword.size);
  }
}

/// unpack's shapes are lists of their own, one keyword each.
void name_packing(Request& request, const std::string& function, const std::vector<Keyword>& keywords) {
  request.op = "id";
  request.function = function;
  for (const Keyword& keyword : keywords) {
    if (function != "unpack" || keyword.size.name != "packed_shapes")
      no_parameter(request, keyword.size.name);
    request.sizes.push_back(keyword.size);
    einx::detail::notation::Constraint& shape = request.sizes.back();
    shape.name = einx::detail::kPackedShape;
    if (shape.dims.empty() && shape.values.size() == 1) shape.dims = {1};  // on the command line, 5 is (5,)
  }
}

}  // namespace

void complete_einops(Request& request, const std::string& function, const std::vector<Keyword>& keywords) {
  request.dialect = einx::Dialect::Einops;
  constexpr std::string_view kTransformations[] = {"rearrange", "repeat", "reduce"};
  if (contains(kTransformations, function)) return name_transformation(request, function, keywords);
  if (function == "pack" || function == "unpack") return name_packing(request, function, keywords);
  if (function != "einsum") unknown_function("einops", function);
  request.op = request.function = function;
  if (!keywords.empty()) no_parameter(request, keywords[0].size.name);
}

void complete_einsum(Request& request, const std::string& function, const std::vector<Keyword>& keywords) {
  request.dialect = einx::Dialect::Einsum;
  request.op = request.function = "einsum";
  if (function != "einsum" && function != "contract") unknown_function("einsum", function);
  for (const Keyword& keyword : keywords)
    if (!contains(kIgnored, keyword.size.name)) no_parameter(request, keyword.size.name);
}

}  // namespace einx_command
