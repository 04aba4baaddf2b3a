// Compiled functions, scripts and modules as files, for other processes and other machines.
//
//   einx::save("model.einxc", compiled);                 // an einx::Script, a function of einx::jit or a compiled module
//   einx::Saved model = einx::load("model.einxc");
//   einx::Tensor y = model(x);
//
// A file holds functions before shapes are known, the recordings of what was C++, parameters, constants, guards and options: it needs nothing of the program that wrote
// it but operations of the user's own, which are registered under the same names before it is called. What is in it is compiled for the machine that loads it.
#pragma once
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <einx/operand.h>
#include <einx/optimize_options.h>

namespace [[gnu::visibility("default")]] einx {

namespace detail::model {
struct SavedProgram;
}

/// A program from a file. Cheap to copy, callable from many threads; compiled as it is used.
class Saved {
 public:
  struct Impl;
  explicit Saved(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  /// The functions that can be called; the first one is called where none is named.
  std::vector<std::string> entries() const;
  /// Raises what the functions raise; ValueError "bad-parameter" for an entry that is not there, "script-signature" for operands of a type that what was C++ has no
  /// recording for.
  std::vector<Tensor> run(std::string_view entry, std::span<const Operand> operands) const;
  std::vector<Tensor> run(std::string_view entry, std::initializer_list<Operand> operands) const { return run(entry, std::span(operands.begin(), operands.size())); }
  /// The first result of the first entry.
  template <OperandLike... A>
  Tensor operator()(const A&... operands) const {
    const Operand list[] = {Operand(operands)...};
    return run_one(list);
  }
  std::string guards() const;  ///< what recordings of C++ have assumed, a line each
  std::string text() const;    ///< the functions, as Script::parse reads them

 private:
  Tensor run_one(std::span<const Operand> operands) const;
  std::shared_ptr<const Impl> impl_;
};

/// What can be saved: what says how.
template <class T>
concept Savable = requires(const T& thing) {
  { thing.saved_program() } -> std::convertible_to<std::shared_ptr<const detail::model::SavedProgram>>;
};

namespace detail {
void save_program(const std::string& path, const model::SavedProgram& program);
}
/// Writes the file whole or not at all. Functions that are C++ are saved as they were recorded so far: call them with operands of each rank and dtype first. Raises
/// ValueError "bad-file" if the file cannot be written.
template <Savable T>
void save(const std::string& path, const T& thing) {
  detail::save_program(path, *thing.saved_program());
}
/// Raises ValueError "bad-file" for a file that cannot be read, is none of ours, of another format, or damaged.
Saved load(const std::string& path);

}  // namespace einx
