// What compiles trees of modules (module.h):
//
//   einx::CompiledModule compiled = einx::compile(model);
//   einx::Tensor y = compiled(x);                  // its `forward`
//   compiled["encoder.norm"](h);                   // a child of it
//
// The module is not changed: what is given here for one compilation - another mode, tracing inputs - is kept
// nowhere.
#pragma once
#include <einx/guards.h>
#include <einx/module.h>
#include <einx/optimize_options.h>

#include <initializer_list>

namespace [[gnu::visibility("default")]] einx {

namespace detail {
namespace script {
struct Program;
}
namespace model {
struct SavedProgram;
}
struct Compilation;  // a tree of modules as one program, and what runs it
}  // namespace detail

struct CompileOptions {
  std::optional<CompileMode> mode = {};    ///< of the root, instead of its own
  std::vector<TracingInputs> inputs = {};  ///< of the root, instead of those that it would make
  int n_trace_checks =
      1;  ///< sets of tracing inputs that recordings and results are checked with; 0: nothing is run
  bool error_on_warnings =
      false;  ///< what the tracer warns of (sizes and data that code looked at) cannot be compiled
  bool fold_constants = false;  ///< parameters become constants of the compiled code
  OptimizeOptions optimize = {};
};

/// A tree of modules, compiled: every function once a signature, when it is first called with it. Cheap to
/// copy; callable from many threads. It has its own copies of the modules and shares their parameters.
class CompiledModule {
 public:
  explicit CompiledModule(std::shared_ptr<const detail::Compilation> compilation, std::size_t node = 0)
      : compilation_(std::move(compilation)), node_(node) {}

  /// `forward` of tensors and numbers. Raises what the operations raise; ValueError "script-signature" for
  /// operands that do not fit the entry's inputs, TypeError "operand-kind" if it returns several tensors.
  template <OperandLike... A>
  Tensor operator()(const A&... operands) const {
    const std::array<Operand, sizeof...(A)> list{Operand(operands)...};
    return detail::only(run("forward", list), "forward");
  }
  std::vector<Tensor> run(std::string_view entry, std::span<const Operand> operands) const;
  std::vector<Tensor> run(std::string_view entry, std::initializer_list<Operand> operands) const {
    return run(entry, std::span(operands.begin(), operands.size()));
  }

  std::vector<Tensor> run(std::string_view entry, const std::vector<Tensor>& operands) const {
    const std::vector<Operand> list(operands.begin(), operands.end());
    return run(entry, std::span<const Operand>(list));
  }

  /// A child by its path. Raises ValueError "bad-parameter" that names those there are.
  CompiledModule operator[](std::string_view path) const;
  CompileMode mode() const;
  const Module& module() const;  ///< the copy that is compiled

  /// What the C++ entries of this module and of those below have assumed so far, a signature each, and which
  /// parameters they read.
  Guards guards() const;
  /// What a call would do; nothing is run. Scripts are compiled for any types, so that only their signature
  /// can be broken.
  Explanation explain(std::string_view entry, std::span<const Operand> operands) const;
  template <OperandLike... A>
  Explanation explain(const A&... operands) const {
    const std::array<Operand, sizeof...(A)> list{Operand(operands)...};
    return explain("forward", std::span<const Operand>(list));
  }

  /// Functions as text: scripts, and what traced code has written down so far.
  std::string text() const;
  /// Blocks, branches and kernels for operands of these types.
  std::string text(std::string_view entry, std::span<const Spec> specs) const;
  /// The whole tree as one program; functions are named by path and entry, "encoder.norm.forward".
  std::shared_ptr<const detail::script::Program> program() const;
  /// For einx::save (saved.h): parameters as they are now; C++ entries as they were recorded so far.
  std::shared_ptr<const detail::model::SavedProgram> saved_program() const;
  const std::shared_ptr<const detail::Compilation>& compilation() const { return compilation_; }
  std::size_t node() const { return node_; }

 private:
  std::shared_ptr<const detail::Compilation> compilation_;
  std::size_t node_;
};

namespace detail {
CompiledModule compile_module(std::shared_ptr<const Module> module, CompileOptions options);
}

/// Compiles a tree: scripts are read, C++ entries run with Values, both as one program whose control flow is
/// kept. First everything is looked for that cannot be compiled, and listed at once, by path: ValueError
/// "unsupported-module". Then what is traced runs with n_trace_checks sets of tracing inputs: uncompiled,
/// recorded twice, compiled; a difference raises the same error with the first one.
template <std::derived_from<Module> M>
CompiledModule compile(const M& module, CompileOptions options = {}) {
  return detail::compile_module(std::make_shared<const M>(module), std::move(options));
}
template <std::derived_from<Module> M>
CompiledModule compile(const std::shared_ptr<M>& module, CompileOptions options = {}) {
  return detail::compile_module(module, std::move(options));
}
template <std::derived_from<Module> M>
CompiledModule compile(const Child<M>& module, CompileOptions options = {}) {
  return detail::compile_module(module.pointer(), std::move(options));
}

/// A module, a pointer to one, or a child of another.
template <class M>
concept Compilable = requires(const M& module) { einx::compile(module); };

/// The same with the root's mode set to script, or to trace with inputs of its `forward` or of several
/// entries. The module keeps its own.
template <Compilable M>
CompiledModule script(const M& module, CompileOptions options = {}) {
  options.mode = Mode::script;
  return compile(module, std::move(options));
}
template <Compilable M>
CompiledModule trace_module(const M& module, TracingInputs inputs, CompileOptions options = {}) {
  options.mode = Mode::trace;
  options.inputs = {std::move(inputs)};
  return compile(module, std::move(options));
}
template <Compilable M>
CompiledModule trace(const M& module, std::initializer_list<Tensor> inputs, CompileOptions options = {}) {
  return trace_module(module, {{"forward", std::vector<Tensor>(inputs)}}, std::move(options));
}
template <Compilable M>
CompiledModule trace(const M& module, const std::vector<Tensor>& inputs, CompileOptions options = {}) {
  return trace_module(module, {{"forward", inputs}}, std::move(options));
}

// ---------------------------------------------------------------- for test suites
struct AssertOptions {
  bool strict_shapes =
      true;  ///< every static axis of every input, changed by +1 and -1 and to 1, has to be refused
  int n_trace_checks = 2;
  bool error_on_warnings = true;
  CompileOptions compile = {};  ///< the rest
};

namespace detail {
CompiledModule check_compilable(std::shared_ptr<const Module> module, const AssertOptions& options);
}

/// Compiles a module, compares it with itself uncompiled on tracing inputs, and sees that wrong shapes are
/// refused: axes that the input specs or a script's signature give as numbers. Nothing is drawn at random.
/// Raises ValueError "unsupported-module" with everything that failed, by path, entry, argument and axis.
template <std::derived_from<Module> M>
CompiledModule assert_compilable(const M& module, const AssertOptions& options = {}) {
  return detail::check_compilable(std::make_shared<const M>(module), options);
}

}  // namespace einx
