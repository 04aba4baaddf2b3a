#include "loops/stream.h"

namespace einx::detail::loops {

bool aligned_blocks(const Access& output, const Nest& nest, std::size_t axis, std::int64_t elements) {
  if (!output.strides[axis].is(1) || !output.offset.is_multiple(elements) ||
      !nest.axes[axis].extent.is_multiple(elements))
    return false;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    if (a != axis && !output.strides[a].is_multiple(elements)) return false;
  return true;
}

bool may_stream(const Access& output, const Nest& nest, std::size_t axis, std::int64_t lanes,
                const Machine& machine) {
  const std::int64_t bytes = loops::size_of(output.dtype), store = lanes * bytes;
  return volume(nest) * bytes > kStreamBytes && (store == 64 || store == machine.vector_bytes) &&
         aligned_blocks(output, nest, axis, lanes);
}

}  // namespace einx::detail::loops
