// The tensor behind a parameter's handle. Private to the model layer.
#pragma once
#include <einx/module.h>

#include <atomic>
#include <mutex>

/// Copies of a module share it; compiled programs read it.
struct einx::Parameter::Slot {
  Slot(std::string n, Tensor t) : name(std::move(n)), first(t), now(std::move(t)) {}

  const std::string name;
  const Tensor first;  ///< as it was registered: code that holds the tensor itself means this parameter

  Tensor read() const {
    const std::lock_guard lock(mutex);
    return now;
  }
  void write(Tensor tensor);
  /// Whether a tensor that code uses is this parameter: the same elements.
  bool is(const Tensor& tensor) const;

  /// Counts how often any parameter was set, so that programs see at one glance that nothing was.
  static std::uint64_t changes();

 private:
  mutable std::mutex mutex;
  Tensor now;
};
