// Private to codegen: what the driver of a flow calls beside kernels. No LLVM here.
#pragma once
#include <vector>

#include "codegen/steps.h"

namespace einx::detail::codegen {

/// What the driver of a flow calls by address.
struct FlowCalls {
  std::vector<std::vector<std::unique_ptr<StepCall>>> steps;  ///< by block and step; null for kernels
};
/// Runs a step that is no kernel; returns its status.
extern "C" std::int32_t einx_codegen_step(const StepCall* call, const void* const* buffers,
                                          einx_status* status);
/// A copy of owned memory; null of what is not owned, and without memory.
extern "C" void* einx_codegen_copy(const void* data, void* owned, std::int64_t bytes);

}  // namespace einx::detail::codegen
