#include "api/direct.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>

#include "api/operands.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::api {
namespace {

template <class T>
std::uint64_t piece(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Equal contents. Patterns are short: what calling memcmp costs would be most of it.
bool same_text(std::string_view a, std::string_view b) {
  const std::size_t n = a.size();
  if (n != b.size()) return false;
  const char *p = a.data(), *q = b.data();
  if (n >= 8) {
    std::uint64_t different = piece<std::uint64_t>(p + n - 8) ^ piece<std::uint64_t>(q + n - 8);
    for (std::size_t k = 0; k + 8 < n; k += 8) different |= piece<std::uint64_t>(p + k) ^ piece<std::uint64_t>(q + k);
    return different == 0;
  }
  if (n >= 4) return piece<std::uint32_t>(p) == piece<std::uint32_t>(q) && piece<std::uint32_t>(p + n - 4) == piece<std::uint32_t>(q + n - 4);
  for (std::size_t k = 0; k < n; ++k)
    if (p[k] != q[k]) return false;
  return true;
}

/// The ends of a text, which tell most texts apart.
std::uint64_t ends(std::string_view text) {
  const char* p = text.data();
  const std::size_t n = text.size();
  if (n >= 8) return piece<std::uint64_t>(p) + 3 * piece<std::uint64_t>(p + n - 8) + n;
  if (n >= 4) return piece<std::uint32_t>(p) + 3 * piece<std::uint32_t>(p + n - 4) + n;
  std::uint64_t value = n;
  for (const char c : text) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// The call's part of the key that is more than its operation and pattern.
bool has_parameters(const CallInfo& info) { return !info.axes.items.empty() || !info.attributes.empty() || info.dialect != Dialect::Einx; }

constexpr std::uint32_t kNever = ~std::uint32_t(0);

/// kNever for what has no data yet, which no signature is found for.
std::uint32_t head(const Operand& operand) {
  const auto kind = static_cast<std::uint32_t>(operand.kind());
  switch (operand.kind()) {
    case Operand::Kind::Tensor: {
      const Tensor& tensor = operand.tensor();
      return tensor.defined() ? kind << 16 | static_cast<std::uint32_t>(tensor.dtype()) << 8 | static_cast<std::uint32_t>(tensor.rank()) : kNever;
    }
    case Operand::Kind::WeakBool:
    case Operand::Kind::WeakInt:
    case Operand::Kind::WeakFloat: return kind << 16;
    default: return kNever;
  }
}

/// Shape, then strides: they lie side by side in a tensor, but only it knows that.
bool same_dims(const Tensor& tensor, const std::int64_t* dims) {
  const std::int64_t *shape = tensor.shape().data(), *strides = tensor.strides().data();
  const int rank = tensor.rank();
  std::int64_t different = 0;
  for (int d = 0; d < rank; ++d) different |= (shape[d] ^ dims[d]) | (strides[d] ^ dims[rank + d]);
  return different == 0;
}

/// All threads' caches, for their counters.
struct Registry {
  std::mutex mutex;
  std::vector<const Direct*> all;
  std::uint64_t retired = 0;  ///< hits of threads that have ended
};
Registry& registry() {
  static support::Immortal<Registry> instance;
  return instance.value;
}

// Plain variables: access costs no guard, and works while the thread ends.
thread_local constinit Direct* mine = nullptr;
thread_local constinit bool ended = false;

struct Owner {
  std::unique_ptr<Direct> direct;
  ~Owner() {
    ended = true;
    mine = nullptr;
  }
};
thread_local Owner owner;

}  // namespace

Direct::Direct() {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.all.push_back(this);
}

Direct::~Direct() {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  std::erase(r.all, this);
  r.retired += hits_.load(std::memory_order_relaxed);
}

Direct* Direct::of_thread() {
  if (mine == nullptr && !ended) {
    owner.direct = std::make_unique<Direct>();  // the first touch registers the destructor
    mine = owner.direct.get();
  }
  return mine;
}

std::uint64_t Direct::hits() {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  std::uint64_t sum = r.retired;
  for (const Direct* each : r.all) sum += each->hits_.load(std::memory_order_relaxed);
  return sum;
}

Direct::Slot& Direct::slot_of(const CallInfo& info) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = (ends(info.pattern) + ends(info.op)) * kMix + info.operands.size();
  for (const Operand& operand : info.operands) {
    if (operand.kind() != Operand::Kind::Tensor) continue;
    const Tensor& tensor = operand.tensor();
    hash += static_cast<std::uint64_t>(tensor.dtype());
    for (const std::int64_t extent : tensor.shape()) hash = (hash + static_cast<std::uint64_t>(extent)) * kMix;
  }
  return slots_[hash * kMix >> (64 - std::bit_width(slots_.size() - 1))];
}

std::string_view Direct::parameters_of(const CallInfo& info) {
  builder_.clear();
  key_call(builder_, info);
  return builder_.view().bytes;
}

bool Direct::same(const Slot& slot, const CallInfo& info) {
  if (!slot.held || slot.operands != info.operands.size() || slot.keepdims != info.keepdims || slot.has_parameters != has_parameters(info)) return false;
  if (!same_text(slot.pattern, info.pattern) || !same_text(slot.op, info.op)) return false;
  const std::int64_t* dims = slot.dims.data();
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    const Operand& operand = info.operands[k];
    if (slot.heads[k] != head(operand)) return false;
    if (operand.kind() != Operand::Kind::Tensor) continue;
    if (!same_dims(operand.tensor(), dims)) return false;
    dims += 2 * operand.tensor().rank();
  }
  return (!slot.has_parameters || slot.parameters == parameters_of(info)) && !slot.held->dropped.load(std::memory_order_acquire);
}

const Executable* Direct::find(const CallInfo& info) {
  Direct* const direct = mine;
  if (direct == nullptr) return nullptr;
  const Slot& slot = direct->slot_of(info);
  if (!direct->same(slot, info)) return nullptr;
  direct->hits_.store(direct->hits_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  cache::signatures().touch(*slot.held);
  return slot.executable;
}

void Direct::keep(const CallInfo& info, cache::Table::HeldPtr held) {
  const auto* executable = static_cast<const Executable*>(held->entry.get());
  const bool fits = executable->code && executable->empty_reduction.empty() && info.operands.size() <= kMostOperands &&
                    std::ranges::none_of(info.operands, [](const Operand& operand) { return head(operand) == kNever; });
  Direct* const direct = fits ? of_thread() : nullptr;
  if (direct == nullptr || direct->running_ > 0) return;
  Slot& slot = direct->slot_of(info);
  slot.held = std::move(held);
  slot.executable = executable;
  slot.op.assign(info.op), slot.pattern.assign(info.pattern);
  slot.keepdims = info.keepdims, slot.has_parameters = has_parameters(info);
  slot.parameters.assign(slot.has_parameters ? direct->parameters_of(info) : std::string_view());
  slot.operands = static_cast<std::uint32_t>(info.operands.size());
  slot.dims.clear();
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    slot.heads[k] = head(info.operands[k]);
    if (info.operands[k].kind() != Operand::Kind::Tensor) continue;
    const Tensor& tensor = info.operands[k].tensor();
    slot.dims.insert(slot.dims.end(), tensor.shape().begin(), tensor.shape().end());
    slot.dims.insert(slot.dims.end(), tensor.strides().begin(), tensor.strides().end());
  }
}

void Direct::tidy() {
  Direct* const direct = mine;
  if (direct != nullptr && direct->running_ == 0 && direct->drops_ != cache::signatures().drops()) direct->sweep();
}

void Direct::sweep() {
  drops_ = cache::signatures().drops();  // first: what is dropped from now on is looked for again
  for (Slot& slot : slots_)
    if (slot.held && slot.held->dropped.load(std::memory_order_acquire)) slot.held = nullptr, slot.executable = nullptr;
}

Direct::Running::Running() { ++mine->running_; }
Direct::Running::~Running() { --mine->running_; }

Arguments::Arguments(const Executable& executable, const CallInfo& info) {
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    const Operand& operand = info.operands[k];
    if (operand.kind() == Operand::Kind::Tensor) {
      addresses_[k] = operand.tensor().data();
      continue;
    }
    const DType dtype = executable.inputs[k].dtype;
    addresses_[k] = &numbers_[k];
    tensor::store(&numbers_[k], operand.kind() == Operand::Kind::WeakFloat ? tensor::make_scalar(operand.real(), dtype)
                                                                           : tensor::make_scalar(operand.integer(), dtype));
  }
}

}  // namespace einx::detail::api
