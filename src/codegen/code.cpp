// The driver: memory for outputs and temporaries, then the program's steps. Plain C++: it needs no
// specialisation, so it costs no compilation.
#include "codegen/code.h"

#include <algorithm>
#include <array>

#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using loops::Buffer;
using loops::Matmul;

using KernelFunction = void (*)(const void* const* buffers, const std::int64_t* parameters,
                                einx_status* status);

/// One call: of a kernel, or of the runtime's product with a plan whose tables live here.
struct Call {
  KernelFunction kernel = nullptr;
  std::unique_ptr<const Matmul> product;
  einx_rt_matmul_plan plan{};
};

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
  plan.kernel = reinterpret_cast<einx_rt_microkernel>(function);
  return call;
}

/// Buffer addresses of one run, on the stack for all but the largest programs.
class Addresses {
 public:
  explicit Addresses(std::size_t count) {
    if (count > few_.size()) many_.resize(count);
  }
  const void** data() { return many_.empty() ? few_.data() : many_.data(); }

 private:
  std::array<const void*, 32> few_;
  std::vector<const void*> many_;
};

class ProgramCode : public Code {
 public:
  ProgramCode(const loops::Program& program, std::unique_ptr<Loaded> loaded)
      : buffers_(program.buffers),
        parameters_(program.parameters),
        constants_(program.constants),
        loaded_(std::move(loaded)) {
    for (const Buffer& buffer : buffers_)
      bytes_.push_back(buffer.elements * std::int64_t(size_of(buffer.dtype)));
    empty_ = !program.outputs.empty();
    for (const graph::Type& output : program.outputs)
      empty_ &= std::ranges::find(output.shape, 0) != output.shape.end();
    for (std::size_t k = 0; k < program.steps.size(); ++k) {
      void* function = loaded_->addresses()[k];
      support::match(
          program.steps[k],
          [&](const loops::Kernel&) {
            calls_.push_back({reinterpret_cast<KernelFunction>(function), nullptr, {}});
          },
          [&](const Matmul& step) { calls_.push_back(product_call(step, function)); },
          [&](const loops::Sort&) { support::internal_error("sort is not driven yet"); },
          [&](const loops::Native&) { support::internal_error("native functions are not driven yet"); });
    }
  }

  int run(const void* const* inputs, void** outputs, einx_status* status) const override {
    Addresses held(buffers_.size());
    const void** at = held.data();
    status->code = EINX_OK;
    std::uint64_t few_given = 0;  // outputs that we allocated; beyond 64 of them in `given`
    std::vector<bool> given(buffers_.size() > 64 ? buffers_.size() : 0);
    const auto ours = [&](std::size_t k) {
      return given.empty() ? (few_given >> k & 1) != 0 : bool(given[k]);
    };
    std::size_t done = 0;
    for (; done < buffers_.size(); ++done) {
      bool allocated = false;
      if (!place(done, inputs, outputs, at, allocated)) break;
      if (allocated && given.empty())
        few_given |= std::uint64_t(1) << done;
      else if (allocated)
        given[done] = true;
    }
    if (done < buffers_.size())
      status->code = EINX_OUT_OF_MEMORY;
    else if (!empty_)  // nobody asks for a value: coordinates are not looked at either
      call_all(at, status);
    for (std::size_t k = 0; k < done; ++k) {
      if (!ours(k)) continue;
      const bool output = buffers_[k].kind == Buffer::Kind::Output;
      if (output && status->code == EINX_OK) continue;
      einx_rt_free(const_cast<void*>(at[k]), bytes_[k]);
      if (output) outputs[buffers_[k].index] = nullptr;
    }
    return status->code;
  }

 private:
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

  void call_all(const void** at, einx_status* status) const {
    for (const Call& call : calls_) {
      if (call.kernel) {
        call.kernel(at, parameters_.data(), status);
      } else {
        const Matmul& p = *call.product;
        const auto size = std::int64_t(size_of(p.dtype));
        const auto place = [&](loops::BufferId id, std::int64_t offset) {
          return static_cast<const char*>(at[id]) + offset * size;
        };
        status->code = einx_rt_matmul(&call.plan, place(p.a, p.offset_a), place(p.b, p.offset_b),
                                      const_cast<char*>(place(p.c, p.offset_c)));
      }
      if (status->code != EINX_OK) return;
    }
  }

  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> parameters_, bytes_;
  std::vector<Tensor> constants_;
  std::vector<Call> calls_;
  bool empty_ = false;  ///< every output has no elements
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace

std::shared_ptr<const Code> make_code(const loops::Program& program, std::unique_ptr<Loaded> loaded) {
  return std::make_shared<ProgramCode>(program, std::move(loaded));
}

}  // namespace einx::detail::codegen
