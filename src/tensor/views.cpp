// Views: other shapes and strides over the same memory.
#include <algorithm>

#include "tensor/storage.h"

namespace einx {

using detail::Storage;
namespace impl = detail::tensor;

namespace {

Tensor checked_view(void* data, bool writable, DType dtype, const Shape& shape, const Shape* strides) {
  const std::int64_t elements = impl::checked_elements(shape, dtype);
  if (strides != nullptr && strides->size() != shape.size())
    impl::bad_view("The shape " + impl::shape_text(shape) + " and the strides " + impl::shape_text(*strides) +
                   " have different numbers of axes.");
  if (elements > 0 && data == nullptr)
    impl::bad_view("A view of shape " + impl::shape_text(shape) + " needs memory, but its address is null.");
  if (elements > 0 && strides != nullptr) impl::checked_reach(shape, *strides, dtype);
  return Storage::borrow(data, writable, dtype, shape,
                         strides != nullptr ? *strides : impl::row_major(shape));
}

/// The memory itself may be read-only: such a tensor is never writable, whatever type its address has.
void* address_of(const void* data) { return const_cast<void*>(data); }

void require_axis(const Tensor& tensor, int axis) {
  if (axis < 0 || axis >= tensor.rank())
    impl::bad_view("There is no axis " + std::to_string(axis) + " in the shape " +
                   impl::shape_text(tensor.shape()) + ".");
}

/// Number of elements of the range; raises if it does not lie in [0, extent].
std::int64_t checked_range(std::int64_t extent, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const bool forward = step > 0 && 0 <= start && start <= stop && stop <= extent;
  const bool backward = step < 0 && extent > start && start >= stop && stop >= -1;
  if (!forward && !backward)
    impl::bad_view("The range from " + std::to_string(start) + " to " + std::to_string(stop) +
                   " in steps of " + std::to_string(step) + " does not lie in an axis of size " +
                   std::to_string(extent) + ".");
  const std::int64_t length = forward ? stop - start : start - stop;
  const std::uint64_t stride = forward ? std::uint64_t(step) : 0 - std::uint64_t(step);
  return std::int64_t((std::uint64_t(length) + stride - 1) / stride);
}

/// One axis of a tensor, or several that are stepped through as one.
struct Run {
  std::int64_t extent, stride;
};

/// Axes from the innermost out, merged where an outer one continues an inner one, without those of size 1.
std::vector<Run> merged_runs(const Tensor& tensor) {
  std::vector<Run> runs;
  for (std::size_t axis = tensor.shape().size(); axis-- > 0;) {
    const std::int64_t extent = tensor.shape()[axis], stride = tensor.strides()[axis];
    if (extent == 1) continue;
    if (!runs.empty() && stride == runs.back().extent * runs.back().stride)
      runs.back().extent *= extent;
    else
      runs.push_back({extent, stride});
  }
  return runs;
}

/// Strides of a non-empty tensor's elements under another shape of the same size; false if they cannot be
/// expressed.
bool reshape_strides(const Tensor& tensor, const Shape& shape, Shape& strides) {
  const std::vector<Run> runs = merged_runs(tensor);
  std::size_t run = 0;
  std::int64_t inside = 1;  // how much of the current run the inner axes use
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = 1;
    if (shape[axis] == 1) continue;
    if (inside == runs[run].extent) {
      ++run;
      inside = 1;
    }
    if (runs[run].extent / inside % shape[axis] != 0) return false;
    strides[axis] = inside * runs[run].stride;
    inside *= shape[axis];
  }
  return true;
}

}  // namespace

Tensor Tensor::view(void* data, DType dtype, const Shape& shape) {
  return checked_view(data, true, dtype, shape, nullptr);
}
Tensor Tensor::view(void* data, DType dtype, const Shape& shape, const Shape& strides) {
  return checked_view(data, true, dtype, shape, &strides);
}
Tensor Tensor::view(const void* data, DType dtype, const Shape& shape) {
  return checked_view(address_of(data), false, dtype, shape, nullptr);
}
Tensor Tensor::view(const void* data, DType dtype, const Shape& shape, const Shape& strides) {
  return checked_view(address_of(data), false, dtype, shape, &strides);
}

Tensor Tensor::view_checked(const void* data, bool read_only, std::size_t count, DType dtype,
                            const Shape& shape, const Shape* strides) {
  Tensor result = checked_view(address_of(data), !read_only, dtype, shape, strides);
  if (result.size() == 0) return result;
  const impl::Reach reach = impl::checked_reach(result.shape(), result.strides(), dtype);
  if (reach.lowest < 0 || std::uint64_t(reach.highest) >= count)
    impl::bad_view("A view of shape " + impl::shape_text(shape) + " and strides " +
                   impl::shape_text(result.strides()) + " reaches elements " + std::to_string(reach.lowest) +
                   " to " + std::to_string(reach.highest) + " of " + std::to_string(count) + ".");
  return result;
}

Tensor Tensor::permuted(const std::vector<int>& order) const {
  Shape sizes, steps;
  std::uint64_t seen = 0;
  for (const int axis : order) {
    require_axis(*this, axis);
    seen |= std::uint64_t(1) << axis;
    sizes.push_back(shape()[std::size_t(axis)]);
    steps.push_back(strides()[std::size_t(axis)]);
  }
  if (order.size() != std::size_t(rank_) || std::size_t(__builtin_popcountll(seen)) != order.size())
    impl::bad_view("An order of axes must name each axis of the shape " + impl::shape_text(shape()) +
                   " once.");
  return Storage::restrided(*this, sizes, steps, 0, true);
}

Tensor Tensor::sliced(int axis, std::int64_t start, std::int64_t stop, std::int64_t step) const {
  require_axis(*this, axis);
  Shape sizes(shape().begin(), shape().end()), steps(strides().begin(), strides().end());
  std::int64_t& size = sizes[std::size_t(axis)];
  std::int64_t& stride = steps[std::size_t(axis)];
  size = checked_range(size, start, stop, step);
  const bool has_elements = std::find(sizes.begin(), sizes.end(), 0) == sizes.end();
  const std::int64_t offset = has_elements ? start * stride : 0;
  if (has_elements && size > 1) stride *= step;
  return Storage::restrided(*this, sizes, steps, offset, true);
}

Tensor Tensor::reversed(int axis) const {
  require_axis(*this, axis);
  const std::int64_t extent = shape()[std::size_t(axis)];
  return extent < 2 ? *this : sliced(axis, extent - 1, -1, -1);
}

Tensor Tensor::broadcast_to(const Shape& target) const {
  impl::checked_elements(target, dtype_);
  Shape steps(target.size(), 0);
  const std::size_t added = target.size() - std::min(target.size(), shape().size());
  bool fits = target.size() >= shape().size();
  for (std::size_t axis = 0; fits && axis < shape().size(); ++axis) {
    const std::int64_t extent = shape()[axis];
    fits = extent == target[added + axis] || extent == 1;
    if (extent == target[added + axis]) steps[added + axis] = strides()[axis];
  }
  if (!fits)
    impl::bad_view("A tensor of shape " + impl::shape_text(shape()) + " cannot be broadcast to " +
                   impl::shape_text(target) + ".");
  const bool repeats =
      impl::checked_elements(target, dtype_) != size();  // writing one element would write several
  return Storage::restrided(*this, target, steps, 0, !repeats);
}

Tensor Tensor::reshaped(const Shape& target) const {
  const std::int64_t elements = impl::checked_elements(target, dtype_);
  if (elements != size())
    impl::bad_shape("The " + std::to_string(size()) + " elements of shape " + impl::shape_text(shape()) +
                    " do not fill the shape " + impl::shape_text(target) + ".");
  Shape steps = impl::row_major(target);
  if (elements == 0 || contiguous() || reshape_strides(*this, target, steps))
    return Storage::restrided(*this, target, steps, 0, true);
  return clone().reshaped(target);
}

}  // namespace einx
