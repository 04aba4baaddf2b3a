// Private to codegen: the driver of functions of the user's. No LLVM here.
#pragma once
#include <exception>

#include "codegen/codegen.h"

namespace einx::detail::codegen {

/// Calls the function for every assignment of the kept axes, in parts on several threads. The first exception
/// by position, or null; assignments after one that failed may have been left out.
std::exception_ptr run_native(const loops::Native& step, const void* const* buffers);

}  // namespace einx::detail::codegen
