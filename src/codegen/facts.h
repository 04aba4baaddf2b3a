// Private to codegen: what statements do, found before they are emitted. No LLVM here.
#pragma once
#include <set>
#include <vector>

#include "loops/loops.h"

namespace einx::detail::codegen {

struct Facts {
  bool checks = false;               ///< a Check may stop the kernel
  std::set<loops::BufferId> stored;  ///< buffers written
  std::set<loops::RegId> registers;  ///< registers mentioned
};
Facts facts_of(const loops::Body& body);

/// By register: whether it holds one value per lane under this vector loop, because something that it is made
/// of varies along it.
std::vector<bool> varying_registers(const loops::Kernel& kernel, const loops::Loop& vector_loop);

}  // namespace einx::detail::codegen
