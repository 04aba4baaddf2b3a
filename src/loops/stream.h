// When outputs are written past the caches. Private to the loops layer.
#pragma once
#include "loops/axis_builder.h"

namespace einx::detail::loops {

/// Outputs beyond this do not stay in a cache: ordinary stores would read every line first. Measured where it
/// pays from 16 to 64 MiB on.
inline constexpr std::int64_t kStreamBytes = std::int64_t(16) << 20;
inline constexpr std::int64_t kLine = 64;  ///< bytes of a cache line

/// Whether whole vectors of `lanes` along `axis` may leave by streaming stores: the output is large, the
/// vectors are whole and aligned.
bool may_stream(const Access& output, const Nest& nest, std::size_t axis, std::int64_t lanes,
                const Machine& machine);
/// The same without asking for the size: every block of `elements` along `axis` starts at a multiple of
/// itself.
bool aligned_blocks(const Access& output, const Nest& nest, std::size_t axis, std::int64_t elements);

}  // namespace einx::detail::loops
