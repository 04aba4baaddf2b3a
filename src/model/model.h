// Front door of the model layer: programs of functions with control flow run - interpreted, or specialised to blocks, compiled and driven natively.
#pragma once
#include <einx/einx.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "script/script.h"

namespace einx::detail::model {

using ProgramPtr = std::shared_ptr<const script::Program>;

/// The oracle: statement by statement, each operation by the reference interpreter. Raises what the operations raise, with the line and a caret where the program
/// has a text; ValueError "script-signature" for operands that do not fit the parameters, RuntimeError kinds as calls do.
std::vector<Tensor> interpret(const script::Program& program, std::string_view function, std::span<const Tensor> operands);

/// Raises the error again with the place in the program's text: line, column, the line and a caret under it. Without a text, as it is.
[[noreturn]] void raise_at(const Error& error, const script::Place& place, const script::Program& program);

// ---------------------------------------------------------------- recordings of C++ code
struct RecordOptions {
  /// The name in Program::tensors of a tensor that the code uses (a module's parameter); nullopt: it is a constant.
  std::function<std::optional<std::string>(const Tensor&)> name_of;
  /// Operands to compute with where a type depends on values: the result of a scripted child, a computed size. Empty: such a call raises TypeError "operand-kind".
  std::vector<Tensor> examples;
  /// Functions that the body calls (record_invoke), for the examples; may be null.
  const script::Program* program = nullptr;
};
/// What a body wrote: the same operations as statements (replayed for other shapes) and as the graph of these types.
struct Recording {
  script::FunctionPtr function;
  graph::Graph graph;                 ///< not there (no results) if the body calls functions, has control flow or sizes that it computes
  std::vector<std::pair<std::string, Tensor>> tensors;  ///< named ones that were used: parameters of the graph, behind the operands
  std::vector<std::string> warnings;  ///< what was baked in because the code looked: "a size of operand #1 (axis 0: 4) was read"
};
/// Runs a body once on Values of these types. Raises what the body raises; TypeError "operand-kind" for results of another trace.
Recording record(std::string_view name, std::span<const graph::Type> types, const TraceBody& body, const RecordOptions& options = {});
/// Inside of a recorded body: a call of a function of the program, whose results have these types (of the examples).
std::vector<Value> record_invoke(const std::string& function, std::span<const Value> arguments, std::span<const graph::Type> results);
/// Inside of a recorded body with examples: the tensor that a value is for them.
Tensor example_of(const Value& value);

// ---------------------------------------------------------------- compiled programs
struct EngineOptions {
  bool jit = true;                  ///< false: `interpret`
  OptimizeOptions optimize;
  bool fold_constants = false;      ///< the program's tensors are constants of the compiled code (a guard says so), not read anew by every call
  int max_versions = 64;            ///< of one place of a function; beyond, its operations are called one by one
};

/// A program that is compiled as it is used: every function once per signature, every place in it once per types of what is alive there. Callable from many threads.
class Engine {
 public:
  explicit Engine(ProgramPtr program, EngineOptions options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  /// Raises as `interpret` does.
  std::vector<Tensor> run(std::string_view function, std::span<const Tensor> operands) const;
  /// The same for those who can trace again: throws BrokenAssumption where something that a trace assumed does not hold, which `run` makes a ValueError.
  std::vector<Tensor> run_assuming(std::string_view function, std::span<const Tensor> operands) const;
  const script::Program& program() const;

  struct Counts {
    std::uint64_t signatures = 0;  ///< of functions that were called from outside
    std::uint64_t blocks = 0;      ///< versions of straight-line blocks
    std::uint64_t kernels = 0;     ///< launched by generated code or as steps, so far (counted when EINX_COUNT_STEPS is set by a test)
    std::uint64_t values = 0;      ///< versions made for a value that was used as a size
  };
  Counts counts() const;
  /// Blocks, branches and kernels of a signature, compiled if it was not.
  std::string text(std::string_view function, std::span<const Spec> specs) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace einx::detail::model
