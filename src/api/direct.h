// A thread's own cache of finished signatures, in front of the shared table: no lock, no key, no reference count. Private to the api layer.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "api/api.h"
#include "cache/cache.h"

namespace einx::detail::api {

/// Direct-mapped: a call is compared with the one signature that its hash leads to, in place, by contents. What the table has dropped
/// is not found any more; it is let go at the thread's next miss, or when the thread ends.
class Direct {
 public:
  static constexpr std::size_t kMostOperands = 8;

  Direct();
  ~Direct();
  Direct(const Direct&) = delete;

  /// The signature of a call of tensors and numbers that this thread has run before, or null. It lives as long as a `Running` does that
  /// was made before anything else is called.
  static const Executable* find(const CallInfo& info);
  /// Remembers a call that the table had. Calls with factories, without compiled code or with many operands are left to the table.
  static void keep(const CallInfo& info, cache::Table::HeldPtr held);
  /// Lets go of what the table has dropped.
  static void tidy();
  /// Hits of all threads, which the table has not seen.
  static std::uint64_t hits();

  /// While a signature that was found runs: calls nested in it (functions of the user's) change nothing here.
  class Running {
   public:
    Running();
    ~Running();
    Running(const Running&) = delete;
  };

 private:
  struct Slot {
    cache::Table::HeldPtr held;
    const Executable* executable = nullptr;
    std::string op, pattern;
    std::string parameters;  ///< the call's part of the key, if it has sizes, parameters or a dialect
    std::uint32_t operands = 0;
    bool keepdims = false, has_parameters = false;
    std::array<std::uint32_t, kMostOperands> heads{};  ///< kind, dtype and rank of each operand
    std::vector<std::int64_t> dims;                    ///< shape and strides of each tensor
  };

  static Direct* of_thread();
  Slot& slot_of(const CallInfo& info);
  bool same(const Slot& slot, const CallInfo& info);
  std::string_view parameters_of(const CallInfo& info);
  void sweep();

  std::array<Slot, 128> slots_;
  cache::KeyBuilder builder_;
  std::uint64_t drops_ = 0;  ///< of the table, when this was swept
  std::atomic<std::uint64_t> hits_ = 0;  ///< written by its thread, read by all
  int running_ = 0;
};

/// The operands of a call that `Direct` found as addresses; numbers, in the dtypes that they take, live here.
class Arguments {
 public:
  Arguments(const Executable& executable, const CallInfo& info);
  Arguments(const Arguments&) = delete;
  const void* const* data() const { return addresses_.data(); }

 private:
  std::array<const void*, Direct::kMostOperands> addresses_;
  std::array<std::uint64_t, Direct::kMostOperands> numbers_;
};

}  // namespace einx::detail::api
