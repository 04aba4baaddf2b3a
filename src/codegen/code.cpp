// The driver: memory for outputs and temporaries, then the program's steps. Plain C++: it needs no
// specialisation, so it costs no compilation.
#include "codegen/code.h"

#include <algorithm>
#include <array>

#include "codegen/steps.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using loops::Buffer;

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
      calls_.push_back(make_call(program.steps[k], function));
    }
    skip_others(program);
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
  /// Of two kernels that do the same one is for these parameters.
  void skip_others(const loops::Program& program) {
    for (std::size_t k = 0; k < calls_.size(); ++k) {
      const auto* kernel = std::get_if<loops::Kernel>(&program.steps[k]);
      if (kernel == nullptr) continue;
      calls_[k].skipped = !std::ranges::all_of(kernel->only_if, [&](const loops::Kernel::Condition& one) {
        return parameters_[std::size_t(one.param)] % one.multiple == 0;
      });
      if (kernel->otherwise) calls_[k].skipped = k > 0 && !calls_[k - 1].skipped;
    }
  }

  /// Most programs: one kernel from operands to results, without temporaries.
  bool is_single() const {
    const auto elsewhere = [](const Buffer& buffer) { return buffer.kind != Buffer::Kind::Temporary; };
    const auto runs = [](const StepCall& call) { return !call.skipped; };
    return std::ranges::count_if(calls_, runs) == 1 && first().kernel && first().same_a < 0 && !empty_ && buffers_.size() <= kFewBuffers &&
           std::ranges::all_of(buffers_, elsewhere);
  }

  /// That is not skipped.
  const StepCall& first() const {
    return *std::ranges::find_if(calls_, [](const StepCall& call) { return !call.skipped; });
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
    first().kernel(at.data(), parameters_.data(), status);
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
    for (const StepCall& call : calls_) {
      // nobody asks for a value: only the coordinates of updates are looked at
      if (call.skipped || (empty_ && call.writes)) continue;
      if (call.same_a >= 0 && at[call.same_a] == at[call.same_b]) continue;
      run_call(call, at, parameters_.data(), status, failure);
      if (status->code != EINX_OK) return;
    }
  }

  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> parameters_, bytes_;
  std::int64_t shared_bytes_ = 0;  ///< of all temporaries (loops/memory.h)
  std::vector<Tensor> constants_;
  std::vector<StepCall> calls_;
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
