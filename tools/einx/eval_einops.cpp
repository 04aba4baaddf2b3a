// Cases of the einops and einsum dialects.
#include "dialects.h"
#include "eval_case.h"
#include "support/support.h"

namespace einx_command {
namespace {

Keyword keyword_of(const std::string& name, const Json& value) {
  Keyword keyword{to_size(name, value), value.is_string() ? value.get<std::string>() : value.dump(), {}};
  if (value.is_boolean()) keyword.flag = value.get<bool>();
  return keyword;
}

std::vector<Keyword> keywords_of(const Json& a_case) {
  std::vector<Keyword> keywords;
  const Json kwargs = a_case.value("kwargs", Json::object());
  for (const auto& [name, value] : kwargs.items()) {
    if (name != "packed_shapes") {
      keywords.push_back(keyword_of(name, value));
      continue;
    }
    if (!value.is_array()) bad_case("packed_shapes is a list of shapes");
    for (const Json& shape : value) keywords.push_back(keyword_of(name, shape));
  }
  const bool moves = a_case.at("op") != "pack" && a_case.at("op") != "unpack";
  if (moves && a_case.value("list", false)) keywords.push_back(keyword_of("list", true));
  return keywords;
}

Json parsed_shape(const Request& request) {
  const auto operands = request.operands.view();
  if (operands.size() != 1 || operands[0].kind() != einx::Operand::Kind::Tensor)
    bad_case("parse_shape takes one tensor");
  Json axes = Json::object();
  const einx::einops::AxisSizes sizes = einx::einops::parse_shape(operands[0].tensor(), request.pattern);
  for (const auto& [name, size] : sizes.items) axes[name] = size;
  return {{"axes", std::move(axes)}};
}

/// Without shapes nothing is computed, but the pattern and the tensor are checked.
Json unpacked_to_nothing(const Request& request) {
  static const einx::Axes none;
  einx::detail::check_unpacking(einx::detail::einops_call(
      "id", "unpack", request.pattern, request.operands.view(), none, einx::Location::current()));
  return {{"outputs", Json::array()}};
}

}  // namespace

Json evaluate_einops(const Json& a_case) {
  const auto function = a_case.at("op").get<std::string>();
  const bool einops = a_case.at("dialect") == "einops";
  Request request;
  request.pattern = a_case.at("pattern").get<std::string>();
  for (const Json& input : a_case.value("inputs", Json::array())) add_input(request.operands, input, false);
  if (einops && function == "parse_shape") return parsed_shape(request);
  complete(request, einops ? einx::Dialect::Einops : einx::Dialect::Einsum, function, keywords_of(a_case));
  if (request.function.ends_with(" list") || request.function == "pack")
    einx::detail::require_list(request.operands.view().size());
  if (request.function == "unpack" && request.sizes.empty()) return unpacked_to_nothing(request);
  Json result = computed(request);
  if (request.function == "pack")
    result["packed_shapes"] = einx::detail::packed_shapes(request.operands.view(), request.pattern);
  return result;
}

}  // namespace einx_command
