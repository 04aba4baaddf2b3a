// The driver: memory for outputs and temporaries, then the program's steps. Plain C++: it needs no
// specialisation, so it costs no compilation.
#include "codegen/code.h"

#include <algorithm>
#include <array>

#include "codegen/facts.h"
#include "codegen/native.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using loops::Buffer;
using loops::Matmul;

using KernelFunction = void (*)(const void* const* buffers, const std::int64_t* parameters,
                                einx_status* status);

/// One call: of a kernel, or of the runtime's product or sort with a plan whose tables live here.
struct Call {
  KernelFunction kernel = nullptr;
  std::unique_ptr<const Matmul> product;
  einx_rt_matmul_plan plan{};
  std::unique_ptr<const loops::Sort> sort;
  einx_rt_sort_plan sort_plan{};
  std::unique_ptr<const loops::Native> native;
  loops::BufferId same_a = -1, same_b = -1;  ///< not called if these are at one address
  bool writes = true;                        ///< or it only checks coordinates
};

Call kernel_call(const loops::Kernel& step, void* function) {
  Call call;
  call.kernel = reinterpret_cast<KernelFunction>(function);
  call.same_a = step.same_a, call.same_b = step.same_b;
  call.writes = !facts_of(step.body).stored.empty();
  return call;
}

Call product_call(const Matmul& step, void* function) {
  Call call;
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

Call sort_call(const loops::Sort& step) {
  Call call;
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

std::int32_t run_product(const Call& call, const void* const* at) {
  const Matmul& p = *call.product;
  const auto size = std::int64_t(size_of(p.dtype));
  const auto place = [&](loops::BufferId id, std::int64_t offset) {
    return static_cast<const char*>(at[id]) + offset * size;
  };
  return einx_rt_matmul(&call.plan, place(p.a, p.offset_a), place(p.b, p.offset_b),
                        const_cast<char*>(place(p.c, p.offset_c)));
}

std::int32_t run_sort(const Call& call, const void* const* at) {
  const loops::Sort& s = *call.sort;
  const auto size = std::int64_t(size_of(s.dtype));
  const auto result_size = s.positions ? std::int64_t(sizeof(std::int64_t)) : size;
  return einx_rt_sort(&call.sort_plan, static_cast<const char*>(at[s.from]) + s.from_offset * size,
                      const_cast<char*>(static_cast<const char*>(at[s.to])) + s.to_offset * result_size);
}

constexpr std::int32_t kFunctionFailed = -1;  ///< beside an exception, which says what

constexpr std::size_t kFewBuffers = 32;
constexpr std::int64_t kUnit = 64;  ///< of the places of temporaries

/// Buffer addresses of one run, on the stack for all but the largest programs.
class Addresses {
 public:
  explicit Addresses(std::size_t count) {
    if (count > few_.size()) many_.resize(count);
  }
  const void** data() { return many_.empty() ? few_.data() : many_.data(); }

 private:
  std::array<const void*, kFewBuffers> few_;
  std::vector<const void*> many_;
};

class ProgramCode : public Code {
 public:
  /// `like`: code of the same steps, whose kernels are as they are there.
  ProgramCode(const loops::Program& program, std::shared_ptr<const Loaded> loaded, const ProgramCode* like = nullptr)
      : buffers_(program.buffers),
        parameters_(program.parameters),
        constants_(program.constants),
        loaded_(std::move(loaded)) {
    for (const Buffer& buffer : buffers_) {
      bytes_.push_back(buffer.elements * std::int64_t(size_of(buffer.dtype)));
      if (buffer.kind == Buffer::Kind::Temporary)
        shared_bytes_ = std::max(shared_bytes_, buffer.index * kUnit + bytes_.back());
    }
    empty_ = !program.outputs.empty();
    for (const graph::Type& output : program.outputs)
      empty_ &= std::ranges::find(output.shape, 0) != output.shape.end();
    for (std::size_t k = 0; k < program.steps.size(); ++k) {
      void* function = loaded_ ? loaded_->addresses()[k] : nullptr;
      support::match(
          program.steps[k],
          [&](const loops::Kernel& step) { calls_.push_back(kernel_call(step, function)); },
          [&](const Matmul& step) { calls_.push_back(product_call(step, function)); },
          [&](const loops::Sort& step) { calls_.push_back(sort_call(step)); },
          [&](const loops::Native& step) {
            calls_.emplace_back().native = std::make_unique<const loops::Native>(step);
          });
    }
    for (std::size_t k = 0; like != nullptr && k < calls_.size(); ++k) calls_[k].writes = like->calls_[k].writes;
    single_ = is_single();
  }
  const std::shared_ptr<const Loaded>& loaded() const { return loaded_; }
  std::size_t steps() const { return calls_.size(); }

  int run(const void* const* inputs, void** outputs, einx_status* status) const override {
    if (single_ && run_single(inputs, outputs, status)) return status->code;
    Addresses held(buffers_.size());
    const void** at = held.data();
    status->code = EINX_OK;
    std::uint64_t few_given = 0;  // outputs that we allocated; beyond 64 of them in `given`
    std::vector<bool> given(buffers_.size() > 64 ? buffers_.size() : 0);
    const auto ours = [&](std::size_t k) {
      return given.empty() ? (few_given >> k & 1) != 0 : bool(given[k]);
    };
    std::exception_ptr failure;  // of a function of the user's
    std::size_t done = 0;
    void* shared = shared_bytes_ > 0 ? einx_rt_allocate(shared_bytes_) : nullptr;
    if (shared_bytes_ > 0 && shared == nullptr) return status->code = EINX_OUT_OF_MEMORY;
    for (; done < buffers_.size(); ++done) {
      bool allocated = false;
      if (buffers_[done].kind == Buffer::Kind::Temporary)
        at[done] = static_cast<char*>(shared) + buffers_[done].index * kUnit;
      else if (!place(done, inputs, outputs, at, allocated))
        break;
      if (allocated && given.empty())
        few_given |= std::uint64_t(1) << done;
      else if (allocated)
        given[done] = true;
    }
    if (done < buffers_.size())
      status->code = EINX_OUT_OF_MEMORY;
    else
      call_all(at, status, failure);
    for (std::size_t k = 0; k < done; ++k) {
      if (!ours(k)) continue;
      const bool output = buffers_[k].kind == Buffer::Kind::Output;
      if (output && status->code == EINX_OK) continue;
      einx_rt_free(const_cast<void*>(at[k]), bytes_[k]);
      if (output) outputs[buffers_[k].index] = nullptr;
    }
    if (shared != nullptr) einx_rt_free(shared, shared_bytes_);
    if (failure) std::rethrow_exception(failure);
    return status->code;
  }

 private:
  /// Most programs: one kernel from operands to results, without temporaries.
  bool is_single() const {
    const auto elsewhere = [](const Buffer& buffer) { return buffer.kind != Buffer::Kind::Temporary; };
    return calls_.size() == 1 && calls_[0].kernel && calls_[0].same_a < 0 && !empty_ && buffers_.size() <= kFewBuffers &&
           std::ranges::all_of(buffers_, elsewhere);
  }

  /// The kernel with nothing around it, if every result has its memory already; else false.
  bool run_single(const void* const* inputs, void** outputs, einx_status* status) const {
    std::array<const void*, kFewBuffers> at;
    for (std::size_t k = 0; k < buffers_.size(); ++k) {
      const Buffer& buffer = buffers_[k];
      switch (buffer.kind) {
        case Buffer::Kind::Input: at[k] = inputs[buffer.index]; break;
        case Buffer::Kind::Constant: at[k] = constants_[std::size_t(buffer.index)].data(); break;
        case Buffer::Kind::Output:
          if (!outputs[buffer.index]) return false;
          at[k] = outputs[buffer.index];
          break;
        default: at[k] = nullptr;
      }
    }
    status->code = EINX_OK;
    calls_[0].kernel(at.data(), parameters_.data(), status);
    return true;
  }

  /// Finds or allocates a buffer; false without memory.
  bool place(std::size_t k, const void* const* inputs, void** outputs, const void** at,
             bool& allocated) const {
    const Buffer& buffer = buffers_[k];
    switch (buffer.kind) {
      case Buffer::Kind::Input:
        at[k] = inputs[buffer.index];
        return true;
      case Buffer::Kind::Constant:
        at[k] = constants_[std::size_t(buffer.index)].data();
        return true;
      case Buffer::Kind::Local:
        at[k] = nullptr;
        return true;
      case Buffer::Kind::Output:
        if (outputs[buffer.index]) {
          at[k] = outputs[buffer.index];
          return true;
        }
        break;
      case Buffer::Kind::Temporary:
        break;
    }
    void* memory = einx_rt_allocate(bytes_[k]);
    at[k] = memory;
    allocated = memory != nullptr;
    if (buffer.kind == Buffer::Kind::Output) outputs[buffer.index] = memory;
    return memory != nullptr || bytes_[k] == 0;
  }

  void call_all(const void** at, einx_status* status, std::exception_ptr& failure) const {
    for (const Call& call : calls_) {
      // nobody asks for a value: only the coordinates of updates are looked at
      if (empty_ && call.writes) continue;
      if (call.same_a >= 0 && at[call.same_a] == at[call.same_b]) continue;
      if (call.native) {
        failure = run_native(*call.native, at);
        if (failure) status->code = kFunctionFailed;
      } else if (call.kernel) {
        call.kernel(at, parameters_.data(), status);
      } else {
        status->code = call.product ? run_product(call, at) : run_sort(call, at);
      }
      if (status->code != EINX_OK) return;
    }
  }

  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> parameters_, bytes_;
  std::int64_t shared_bytes_ = 0;  ///< of all temporaries (loops/memory.h)
  std::vector<Tensor> constants_;
  std::vector<Call> calls_;
  bool empty_ = false;   ///< every output has no elements
  bool single_ = false;  ///< see is_single
  std::shared_ptr<const Loaded> loaded_;
};

}  // namespace

std::shared_ptr<const Code> make_code(const loops::Program& program, std::unique_ptr<Loaded> loaded) {
  return std::make_shared<ProgramCode>(program, std::move(loaded));
}

std::shared_ptr<const Code> rebind(const std::shared_ptr<const Code>& code, const loops::Program& instance) {
  const auto* like = dynamic_cast<const ProgramCode*>(code.get());
  if (like == nullptr || like->steps() != instance.steps.size())
    support::internal_error("codegen: this is no program of the template");
  return std::make_shared<ProgramCode>(instance, like->loaded(), like);
}

}  // namespace einx::detail::codegen
