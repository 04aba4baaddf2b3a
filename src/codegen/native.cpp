#include "codegen/native.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using View = loops::Native::View;

class NativeRun {
 public:
  NativeRun(const loops::Native& step, const void* const* buffers) : step_(step), buffers_(buffers) {}

  std::exception_ptr run() {
    const std::int64_t count = support::checked_product(step_.extents).value_or(0);
    constexpr std::int64_t kParts =
        1024;  // what a call costs is not known: parts as small as their number allows
    einx_rt_parallel_for(count, std::max<std::int64_t>(1, count / kParts), part, this);
    return failure_;
  }

 private:
  static void part(void* self, std::int64_t begin, std::int64_t end) {
    auto& run = *static_cast<NativeRun*>(self);
    for (std::int64_t position = begin; position < end; ++position) {
      if (position > run.failed_.load(std::memory_order_relaxed)) return;
      try {
        run.call(position);
      } catch (...) {
        return run.note(position);
      }
    }
  }

  void note(std::int64_t position) {
    const std::lock_guard lock(mutex_);
    if (position > failed_) return;
    failed_ = position;
    failure_ = std::current_exception();
  }

  char* address(const View& view, std::int64_t position) const {
    std::int64_t offset = view.offset;
    for (std::size_t axis = step_.extents.size(); axis-- > 0;) {
      offset += position % step_.extents[axis] * view.kept_strides[axis];
      position /= step_.extents[axis];
    }
    const auto* first = static_cast<const char*>(buffers_[view.buffer]);
    return const_cast<char*>(first) + offset * std::int64_t(size_of(view.dtype));
  }

  void call(std::int64_t position) const {
    std::vector<Tensor> inputs, outputs;
    inputs.reserve(step_.inputs.size()), outputs.reserve(step_.outputs.size());
    for (const View& view : step_.inputs) {
      const void* data = address(view, position);  // constant: the view is not writable
      inputs.push_back(Tensor::view(data, view.dtype, view.shape, view.strides));
    }
    for (const View& view : step_.outputs) {
      void* data = address(view, position);
      outputs.push_back(Tensor::view(data, view.dtype, view.shape, view.strides));
    }
    (*step_.function)(inputs, outputs);
  }

  const loops::Native& step_;
  const void* const* buffers_;
  std::atomic<std::int64_t> failed_ = std::numeric_limits<std::int64_t>::max();
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

std::exception_ptr run_native(const loops::Native& step, const void* const* buffers) {
  return NativeRun(step, buffers).run();
}

}  // namespace einx::detail::codegen
