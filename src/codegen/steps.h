// Private to codegen: one step of a program as a call, for whoever drives it. No LLVM here.
#pragma once
#include <exception>
#include <memory>

#include "codegen/codegen.h"

namespace einx::detail::codegen {

using KernelFunction = void (*)(const void* const* buffers, const std::int64_t* parameters,
                                einx_status* status);

/// One call: of a kernel, or of the runtime's product or sort with a plan whose tables live here.
struct StepCall {
  KernelFunction kernel = nullptr;
  std::unique_ptr<const loops::Matmul> product;
  einx_rt_matmul_plan plan{};
  std::unique_ptr<const loops::Sort> sort;
  einx_rt_sort_plan sort_plan{};
  std::unique_ptr<const loops::Native> native;
  loops::BufferId same_a = -1, same_b = -1;  ///< not called if these are at one address
  bool writes = true;                        ///< or it only checks coordinates
  bool skipped = false;                      ///< another step does it for these parameters
};

/// `function`: the generated kernel or micro-kernel of the step, if it has one.
StepCall make_call(const loops::Step& step, void* function);
/// Runs it on the program's buffers; what goes wrong is in the status, and in `failure` what a function of
/// the user's threw.
void run_call(const StepCall& call, const void* const* at, const std::int64_t* parameters,
              einx_status* status, std::exception_ptr& failure);

}  // namespace einx::detail::codegen
