// Functions as text, with control flow that depends on data: docs/scripts.md.
//
//   const einx::Script script = einx::Script::parse(R"(
//   def forward(x: f32[b, 3]) -> f32[...]:
//       for row in x:
//           if any(row > 0.1):
//               return row
//       return x
//   )");
//   einx::Tensor y = script(x);
//
// Shapes are not known before a function is called. It is compiled as it is used: every function once for the types of its operands, its branches and loops when they are
// first taken.
#pragma once
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <einx/graph.h>
#include <einx/optimize_options.h>

namespace [[gnu::visibility("default")]] einx {

namespace detail::model {
struct SavedProgram;
}

struct ScriptOptions {
  OptimizeOptions optimize;
  bool fold_constants = false;  ///< tensors given beside the text are computed with when it is compiled
};

/// The functions of a text. Cheap to copy, callable from many threads.
class Script {
 public:
  struct Impl;
  /// Tensors beside the text by name: constant("name") is one of them, self.name and name another that the program keeps.
  using Data = std::vector<std::pair<std::string, Tensor>>;
  /// Raises SyntaxError "script-text" with line, column, a caret, and what was expected.
  static Script parse(std::string_view text, const Data& data = {}, const ScriptOptions& options = {});

  /// Names, in the order of the text; the first one is called where none is named.
  std::vector<std::string> functions() const;
  /// All results of a function. Raises ValueError "script-signature" for operands that its parameters do not fit, ValueError "bad-parameter" for a function that is not
  /// there, what its operations raise with the line they stand in, "script-variable", "script-condition", "script-size" where a statement cannot be carried out.
  std::vector<Tensor> run(std::string_view function, std::span<const Operand> operands) const;
  std::vector<Tensor> run(std::string_view function, std::initializer_list<Operand> operands) const {
    return run(function, std::span(operands.begin(), operands.size()));
  }
  /// The first result of the first function.
  template <OperandLike... A>
  Tensor operator()(const A&... operands) const {
    const Operand list[] = {Operand(operands)...};
    return run_one(list);
  }
  std::string text() const;  ///< statements as they are understood, one a line; parse reads it back
  Data data() const;         ///< what parse wants beside it
  /// What a function has become for operands of these types: blocks, branches, and the graph of each.
  std::string explain(std::string_view function, std::span<const Spec> specs) const;
  std::string explain(std::string_view function, std::initializer_list<Spec> specs) const { return explain(function, std::span(specs.begin(), specs.size())); }

  /// For einx::save.
  std::shared_ptr<const detail::model::SavedProgram> saved_program() const;

 private:
  explicit Script(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  Tensor run_one(std::span<const Operand> operands) const;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace einx
