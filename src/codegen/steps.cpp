#include "codegen/steps.h"

#include "codegen/facts.h"
#include "codegen/native.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using loops::Matmul;

StepCall kernel_call(const loops::Kernel& step, void* function) {
  StepCall call;
  call.kernel = reinterpret_cast<KernelFunction>(function);
  call.same_a = step.same_a, call.same_b = step.same_b;
  call.writes = !facts_of(step.body).stored.empty();
  return call;
}

StepCall product_call(const Matmul& step, void* function) {
  StepCall call;
  call.product = std::make_unique<const Matmul>(step);
  const Matmul& p = *call.product;
  einx_rt_matmul_plan& plan = call.plan;
  plan.batch = std::int64_t(p.batch_c.size()), plan.m = std::int64_t(p.m_c.size());
  plan.n = std::int64_t(p.n_c.size()), plan.k = std::int64_t(p.k_a.size());
  plan.batch_a = p.batch_a.data(), plan.batch_b = p.batch_b.data(), plan.batch_c = p.batch_c.data();
  plan.m_a = p.m_a.data(), plan.k_a = p.k_a.data(), plan.k_b = p.k_b.data();
  plan.n_b = p.n_b.data(), plan.m_c = p.m_c.data(), plan.n_c = p.n_c.data();
  plan.element_bytes = std::int32_t(size_of(p.dtype));
  plan.mr = p.mr, plan.nr = p.nr, plan.parallel = p.parallel;
  plan.a_panel = p.rows == Matmul::Rows::Direct  ? EINX_A_DIRECT
                 : p.rows == Matmul::Rows::Lines ? EINX_A_LINES
                                                 : EINX_A_DEPTHS;
  plan.c_direct = p.direct, plan.streams = p.streams;
  plan.a_line = p.line, plan.kc = p.kc, plan.mc = p.mc, plan.nc = p.nc;
  plan.row_parts = p.row_parts, plan.column_parts = p.column_parts, plan.grain = p.grain;
  plan.kernel = reinterpret_cast<einx_rt_microkernel>(function);
  return call;
}

StepCall sort_call(const loops::Sort& step) {
  StepCall call;
  call.sort = std::make_unique<const loops::Sort>(step);
  const loops::Sort& s = *call.sort;
  const bool real = tensor::is_float(s.dtype);
  einx_rt_sort_plan& plan = call.sort_plan;
  plan.kind = s.dtype == DType::bf16       ? EINX_SORT_BFLOAT
              : real                       ? EINX_SORT_FLOAT
              : tensor::is_signed(s.dtype) ? EINX_SORT_SIGNED
                                           : EINX_SORT_UNSIGNED;
  plan.element_bytes = std::int32_t(size_of(s.dtype));
  plan.positions = s.positions;
  plan.rank = std::int32_t(s.extents.size());
  plan.extents = s.extents.data();
  plan.from_strides = s.from_strides.data(), plan.to_strides = s.to_strides.data();
  plan.length = s.length, plan.from_stride = s.from_stride, plan.to_stride = s.to_stride;
  return call;
}

std::int32_t run_product(const StepCall& call, const void* const* at) {
  const Matmul& p = *call.product;
  const auto size = std::int64_t(size_of(p.dtype));
  const auto place = [&](loops::BufferId id, std::int64_t offset) {
    return static_cast<const char*>(at[id]) + offset * size;
  };
  return einx_rt_matmul(&call.plan, place(p.a, p.offset_a), place(p.b, p.offset_b),
                        const_cast<char*>(place(p.c, p.offset_c)));
}

std::int32_t run_sort(const StepCall& call, const void* const* at) {
  const loops::Sort& s = *call.sort;
  const auto size = std::int64_t(size_of(s.dtype));
  const auto result_size = s.positions ? std::int64_t(sizeof(std::int64_t)) : size;
  return einx_rt_sort(&call.sort_plan, static_cast<const char*>(at[s.from]) + s.from_offset * size,
                      const_cast<char*>(static_cast<const char*>(at[s.to])) + s.to_offset * result_size);
}

constexpr std::int32_t kFunctionFailed = -1;  ///< beside an exception, which says what

}  // namespace

StepCall make_call(const loops::Step& step, void* function) {
  return support::match(
      step, [&](const loops::Kernel& kernel) { return kernel_call(kernel, function); },
      [&](const Matmul& product) { return product_call(product, function); },
      [&](const loops::Sort& sort) { return sort_call(sort); },
      [&](const loops::Native& native) {
        StepCall call;
        call.native = std::make_unique<const loops::Native>(native);
        return call;
      });
}

void run_call(const StepCall& call, const void* const* at, const std::int64_t* parameters,
              einx_status* status, std::exception_ptr& failure) {
  if (call.native) {
    failure = run_native(*call.native, at);
    if (failure) status->code = kFunctionFailed;
  } else if (call.kernel) {
    call.kernel(at, parameters, status);
  } else {
    status->code = call.product ? run_product(call, at) : run_sort(call, at);
  }
}

}  // namespace einx::detail::codegen
