#include "cache/differences.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace einx::detail::cache {
namespace {

using Signatures = std::vector<Signature>;
using Operand = Signature::Operand;

/// Collects the lines; a feature is a text per signature, and makes a line if these texts are not all the
/// same.
class Comparison {
 public:
  explicit Comparison(const Signatures& signatures) : signatures_(signatures) {}

  bool compare(const std::string& name, const std::function<std::string(const Signature&)>& feature,
               const std::string& advice) {
    std::vector<std::string> distinct;  // in order of first appearance
    for (const Signature& signature : signatures_) {
      std::string value = feature(signature);
      if (std::find(distinct.begin(), distinct.end(), value) == distinct.end())
        distinct.push_back(std::move(value));
    }
    if (distinct.size() > 1) found.push_back({name + ": " + support::join(distinct, ", "), advice});
    return distinct.size() > 1;
  }
  /// The same for a feature of operand k, which every signature has.
  bool compare(const std::string& name, std::size_t k,
               const std::function<std::string(const Operand&)>& feature, const std::string& advice) {
    return compare(
        name + " of operand " + std::to_string(k),
        [&](const Signature& signature) { return feature(signature.operands[k]); }, advice);
  }
  const Signatures& signatures() const { return signatures_; }

  std::vector<Difference> found;

 private:
  const Signatures& signatures_;
};

/// Strides as far as they mean something: an axis of size 1 gets the row-major one.
Shape meaningful_strides(const Operand& operand) {
  Shape strides = operand.strides;
  const Shape plain = tensor::row_major(operand.shape);
  for (std::size_t axis = 0; axis < strides.size() && axis < plain.size(); ++axis)
    if (operand.shape[axis] == 1) strides[axis] = plain[axis];
  return strides;
}

std::string layout(const Operand& operand) {
  const bool plain =
      operand.strides.empty() || meaningful_strides(operand) == tensor::row_major(operand.shape);
  return plain ? "row-major" : "strided";
}

/// How the pattern calls a dimension; its number where the pattern differs from call to call.
std::string axis_name(const Comparison& comparison, std::size_t k, std::size_t axis) {
  const auto& names = comparison.signatures().front().operands[k].axes;
  const bool same =
      std::all_of(comparison.signatures().begin(), comparison.signatures().end(),
                  [&](const Signature& signature) { return signature.operands[k].axes == names; });
  return same && axis < names.size() ? names[axis] : "number " + std::to_string(axis);
}

void compare_shapes(Comparison& comparison, std::size_t k) {
  const auto rank = [](const Operand& operand) { return std::to_string(operand.shape.size()); };
  const std::string strided =
      "make operand " + std::to_string(k) + " contiguous (Tensor::clone) before the call";
  if (comparison.compare("rank", k, rank, "use one call site for each rank of operand " + std::to_string(k)))
    return;
  const std::size_t axes = comparison.signatures().front().operands[k].shape.size();
  bool sizes_differ = false;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::string name = axis_name(comparison, k, axis);
    const auto size = [axis](const Operand& operand) { return std::to_string(operand.shape[axis]); };
    const std::string advice =
        "pad or bucket axis " + name + " to a few sizes, or process it in blocks of one size and a rest";
    sizes_differ |= comparison.compare("axis " + name, k, size, advice);
  }
  // Where sizes differ, so do strides: then only the kind of layout says something.
  if (sizes_differ)
    comparison.compare("layout", k, layout, strided);
  else
    comparison.compare(
        "strides", k, [](const Operand& operand) { return support::tuple_text(meaningful_strides(operand)); },
        strided);
}

void compare_operand(Comparison& comparison, std::size_t k) {
  const std::string number = std::to_string(k);
  const auto kind = [](const Operand& operand) { return operand.kind; };
  const auto dtype = [](const Operand& operand) { return std::string(name_of(operand.dtype)); };
  comparison.compare("kind", k, kind,
                     "pass operand " + number + " as one kind: always a tensor, or always a number");
  comparison.compare("dtype", k, dtype, "use one dtype for operand " + number + " (Tensor::cast)");
  compare_shapes(comparison, k);
}

std::string size_text(const Signature& signature, const std::string& name) {
  for (const auto& [key, value] : signature.sizes)
    if (key == name) return value;
  return "not given";
}

void compare_sizes(Comparison& comparison) {
  std::vector<std::string> names;
  for (const Signature& signature : comparison.signatures())
    for (const auto& [name, value] : signature.sizes)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  for (const std::string& name : names)
    comparison.compare(
        "size or parameter " + name, [&](const Signature& signature) { return size_text(signature, name); },
        "keep " + name + " to a few values at this call site");
}

auto fields(const Operand& operand) {
  return std::tie(operand.kind, operand.dtype, operand.shape, operand.strides);
}

bool alike(const Signature& a, const Signature& b) {
  const auto same_operand = [](const Operand& x, const Operand& y) { return fields(x) == fields(y); };
  return a.pattern == b.pattern && a.sizes == b.sizes &&
         std::equal(a.operands.begin(), a.operands.end(), b.operands.begin(), b.operands.end(), same_operand);
}

}  // namespace

std::vector<Difference> differences(const std::vector<Signature>& signatures) {
  if (signatures.size() < 2) return {};
  Comparison comparison(signatures);
  const auto pattern = [](const Signature& signature) { return "\"" + signature.pattern + "\""; };
  const auto count = [](const Signature& signature) { return std::to_string(signature.operands.size()); };
  comparison.compare(
      "pattern", pattern,
      "write the pattern as a constant; give sizes by name instead of building them into the text");
  const bool counts_differ =
      comparison.compare("number of operands", count, "use one call site for each number of operands");
  for (std::size_t k = 0; !counts_differ && k < signatures.front().operands.size(); ++k)
    compare_operand(comparison, k);
  compare_sizes(comparison);
  return std::move(comparison.found);
}

bool repeats(const std::vector<Signature>& signatures) {
  for (std::size_t later = 1; later < signatures.size(); ++later)
    for (std::size_t earlier = 0; earlier < later; ++earlier)
      if (alike(signatures[earlier], signatures[later])) return true;
  return false;
}

}  // namespace einx::detail::cache
