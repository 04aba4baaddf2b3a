// Code for programs with control flow: a driver whose branches and loops are machine code. Second front door
// of code generation, for the engine of scripts.
#pragma once
#include <cstdint>
#include <memory>

#include "codegen/codegen.h"
#include "loops/flow.h"

namespace einx::detail::codegen {

/// A carried value as it goes in and out: of rank 0 its bits, which begin where `data` does; else memory,
/// with `owned` the same address if whoever has the cell must free it (einx_rt_free), null if it only reads
/// it.
struct FlowCell {
  const void* data = nullptr;
  void* owned = nullptr;
};

/// Finished code of a flow. Immutable, callable from many threads.
class FlowCode {
 public:
  virtual ~FlowCode() = default;
  /// `fixed`: addresses of the first elements. `cells`: room for cells() of them; those of the first block's
  /// carried parameters go in, and what is handed out comes back, each at its place in Way::values (for
  /// Block::failed: at that of the parameter). A value that is handed out twice is owned at its first place.
  /// Returns the exit; -1 without memory to begin with. `kernels` is raised by the calls of kernels that are
  /// not part of the driver.
  virtual int run(const void* const* fixed, FlowCell* cells, std::uint64_t* kernels) const = 0;
  virtual std::size_t cells() const = 0;
};

/// Raises as `compile` does.
std::shared_ptr<const FlowCode> compile(const loops::Flow& flow, const Target& target,
                                        Listing* listing = nullptr);

}  // namespace einx::detail::codegen
