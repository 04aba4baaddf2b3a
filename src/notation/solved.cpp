// Questions about a solved expression: sizes, axes, and addresses.
#include <algorithm>

#include "notation/notation.h"

namespace einx::detail::notation {

std::int64_t size(const Solved& solved, const Dim& dim) {
  if (dim.kind == Dim::Kind::Axis) return solved.axes[dim.axis].size;
  if (dim.kind == Dim::Kind::Concat) {
    std::int64_t sum = 0;
    for (const Dim& part : dim.parts) sum += size(solved, part);
    return sum;
  }
  std::vector<std::int64_t> sizes;
  for (const Dim& part : dim.parts) sizes.push_back(size(solved, part));
  return support::checked_product(sizes).value_or(0);  // solving has refused what does not fit
}

Shape shape(const Solved& solved, const TensorExpr& expr) {
  Shape result;
  result.reserve(expr.dims.size());
  for (const Dim& dim : expr.dims) result.push_back(size(solved, dim));
  return result;
}

namespace {

void collect(const Dim& dim, std::vector<int>& found) {
  if (dim.kind == Dim::Kind::Axis && std::find(found.begin(), found.end(), dim.axis) == found.end())
    found.push_back(dim.axis);
  for (const Dim& part : dim.parts) collect(part, found);
}

}  // namespace

std::vector<int> axes_of(const TensorExpr& expr) {
  std::vector<int> found;
  for (const Dim& dim : expr.dims) collect(dim, found);
  return found;
}

std::vector<int> axes_of(const Solved& solved, const TensorExpr& expr, bool bracketed) {
  std::vector<int> found = axes_of(expr);
  std::erase_if(found, [&](int axis) { return solved.axes[axis].bracketed != bracketed; });
  return found;
}

namespace {

struct Pending {
  const Dim* dim;
  std::int64_t stride;
};

void add_term(IndexMap& map, int axis, std::int64_t stride) {
  for (Term& term : map.terms)
    if (term.axis == axis) {
      term.stride += stride;  // a diagonal
      return;
    }
  map.terms.push_back({axis, stride});
}

// The parts of a group with their strides, the last one fastest; pushed so that the first is popped next.
void push_parts(const Solved& solved, const Pending& group, std::vector<Pending>& rest) {
  std::int64_t stride = group.stride;
  for (std::size_t i = group.dim->parts.size(); i-- > 0;) {
    rest.push_back({&group.dim->parts[i], stride});
    stride *= size(solved, group.dim->parts[i]);
  }
}

// Decomposes what is pending from left to right; the first sum forks, which makes the leftmost sum the
// slowest.
void decompose(const Solved& solved, std::vector<Pending> rest, IndexMap map, std::vector<IndexMap>& maps) {
  while (!rest.empty()) {
    const Pending next = rest.back();
    rest.pop_back();
    if (next.dim->kind == Dim::Kind::Axis) {
      add_term(map, next.dim->axis, next.stride);
    } else if (next.dim->kind == Dim::Kind::Group) {
      push_parts(solved, next, rest);
    } else {
      for (const Dim& part : next.dim->parts) {
        std::vector<Pending> chosen = rest;
        chosen.push_back({&part, next.stride});
        decompose(solved, std::move(chosen), map, maps);
        map.offset += next.stride * size(solved, part);
      }
      return;
    }
  }
  maps.push_back(std::move(map));
}

}  // namespace

std::vector<IndexMap> index_maps(const Solved& solved, const TensorExpr& expr,
                                 std::span<const std::int64_t> strides) {
  if (strides.size() != expr.dims.size()) support::internal_error("index_maps takes one stride a dimension");
  std::vector<Pending> rest;
  for (std::size_t i = expr.dims.size(); i-- > 0;) rest.push_back({&expr.dims[i], strides[i]});
  std::vector<IndexMap> maps;
  decompose(solved, std::move(rest), {}, maps);
  return maps;
}

}  // namespace einx::detail::notation
