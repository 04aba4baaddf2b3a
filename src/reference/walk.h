// Private to the interpreter: nested loops over axes, and access to elements.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "notation/notation.h"
#include "tensor/tensor.h"

namespace einx::detail::reference {

using tensor::Scalar;

/// A nest of loops that keeps, for each of several index maps, the offset of the current element. The last
/// axis is innermost.
class Walk {
 public:
  Walk(const notation::Solved& expr, std::vector<int> axes, std::span<const notation::IndexMap> maps);

  /// Calls body(offsets) for every assignment of the axes in row-major order; without axes once, with an
  /// empty axis never. `start` has one offset a map: the origin, or where an outer nest stands. Allocates
  /// nothing; not for use within itself.
  template <class Body>
  void each(const std::int64_t* start, Body&& body) {
    if (count_ == 0) return;
    offsets_.assign(start, start + offsets_.size());
    counters_.assign(counters_.size(), 0);
    do body(static_cast<const std::int64_t*>(offsets_.data()));
    while (advance());
  }

  const std::int64_t* origin() const { return origin_.data(); }  ///< the maps' own offsets
  std::int64_t count() const { return count_; }                  ///< number of assignments
  const std::vector<int>& axes() const { return axes_; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  const std::vector<std::int64_t>& counters() const {
    return counters_;
  }  ///< within body: the value of each axis

 private:
  bool advance();

  std::vector<int> axes_;
  std::vector<std::int64_t> sizes_, counters_;
  std::vector<std::int64_t> steps_;  ///< axes x maps
  std::vector<std::int64_t> origin_, offsets_;
  std::int64_t count_ = 1;
};

/// Stride of an axis in a map; 0 if it does not occur there.
std::int64_t stride_of(const notation::IndexMap& map, int axis);
/// The axes that are in any of the expressions, each once, in order of appearance; bracketed or not.
std::vector<int> axes_of_all(const notation::Solved& expr, std::span<const notation::TensorExpr> tensors,
                             bool bracketed);

/// Where elements are read from; converts them to the dtype that the operation wants.
struct Source {
  const std::byte* data;
  DType stored, wanted;

  Source(const Tensor& tensor, DType as)
      : data(static_cast<const std::byte*>(tensor.data())), stored(tensor.dtype()), wanted(as) {}
  Scalar at(std::int64_t offset) const {
    const Scalar value = tensor::load(data + offset * std::int64_t(size_of(stored)), stored);
    return stored == wanted ? value : tensor::convert(value, wanted);
  }
};

/// Where results are written to.
struct Target {
  std::byte* data;
  DType dtype;

  explicit Target(Tensor& tensor) : data(static_cast<std::byte*>(tensor.data())), dtype(tensor.dtype()) {}
  void put(std::int64_t offset, const Scalar& value) const {
    std::byte* address = data + offset * std::int64_t(size_of(dtype));
    tensor::store(address, value.dtype == dtype ? value : tensor::convert(value, dtype));
  }
};

}  // namespace einx::detail::reference
