// Trees of functions with parameters: einx::Module. What compiles them is in compiled.h.
//
//   struct Norm : einx::Module {
//     einx::Parameter scale;
//     Norm() : scale(parameter("scale", einx::Tensor::ones({1}))) {
//       entry("forward", &Norm::forward);
//       input("x", {einx::f32, {"batch", 3}});
//     }
//     einx::CompileMode default_mode() const override { return einx::Mode::trace; }
//     einx::Value forward(const einx::Value& x) const { return sqrt(einx::sum("b [c]", x * x)) * scale(); }
//   };
//
// A module has named children, parameters, buffers and entry points. Entry points are C++ over einx::Value,
// or a script (docs/scripts.md). Modules are values: a copy has children, entries and a mode of its own; only
// parameters are handles, which copies share as copies of a Tensor share their data.
#pragma once
#include <einx/jit.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace [[gnu::visibility("default")]] einx {

// ---------------------------------------------------------------- how a module is compiled
/// trace: its C++ entries are run with tracing inputs, and what they wrote is checked. script: compiled as it
/// stands, without inputs. unset: left alone, but its children are compiled. unsupported: whoever compiles a
/// tree that it is in gets its reason.
enum class Mode : std::uint8_t { unset, trace, script, unsupported };
std::string_view name_of(Mode mode) noexcept;

/// A mode, and for `unsupported` why.
struct CompileMode {
  Mode mode = Mode::unset;
  std::string reason;
  CompileMode(Mode what = Mode::unset, std::string why = {}) : mode(what), reason(std::move(why)) {}
  bool operator==(const CompileMode&) const = default;
};

// ---------------------------------------------------------------- inputs
/// An axis of an input: a size that the module is made for, or a name - free: of any size, but equal names
/// are equal sizes. "..." is any number of free axes, "_" a free one without a name.
struct InputAxis {
  std::int64_t size = -1;  ///< -1: free
  std::string name;
  template <std::integral I>
  requires(!std::same_as<I, bool>) InputAxis(I n) : size(static_cast<std::int64_t>(n)) {}
  InputAxis(const char* free) : name(free) {}
  InputAxis(std::string free) : name(std::move(free)) {}
  bool operator==(const InputAxis&) const = default;
};
/// What an entry takes at one position: {einx::f32, {"batch", 3}}; without a dtype, any.
struct InputSpec {
  std::optional<DType> dtype;
  std::vector<InputAxis> axes;
  InputSpec(DType type, std::vector<InputAxis> sizes) : dtype(type), axes(std::move(sizes)) {}
  InputSpec(std::vector<InputAxis> sizes) : axes(std::move(sizes)) {}
  bool operator==(const InputSpec&) const = default;
};
/// Operands by entry.
using TracingInputs = std::map<std::string, std::vector<Tensor>, std::less<>>;

// ---------------------------------------------------------------- parameters
/// A tensor of a module's: a handle that copies share. Compiled code reads it anew with every call.
class Parameter {
 public:
  struct Slot;
  Parameter() = default;
  explicit Parameter(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}
  /// Its value in the entry that is being traced.
  Value operator()() const;
  /// The tensor as it is now. In an entry this looks at data, which the trace is warned of: the code will not
  /// run again for other data.
  Tensor tensor() const;
  /// Another tensor from the next call on; other shapes and dtypes are compiled for. Raises TypeError
  /// "operand-kind" for an undefined one.
  void set(Tensor tensor) const;
  const std::string& name() const;
  const std::shared_ptr<Slot>& slot() const { return slot_; }

 private:
  std::shared_ptr<Slot> slot_;
};

class Module;

namespace detail {
/// An entry of a module on values of the function that is being traced. Where a tree is being compiled,
/// children that are compiled are called, not copied into the caller.
std::vector<Value> call_module(const Module& module, std::string_view entry, std::span<const Value> operands);
std::vector<Tensor> run_module(const Module& module, std::string_view entry,
                               std::span<const Operand> operands);
/// TypeError "operand-kind" unless there is one.
[[noreturn]] void refuse_results(std::string_view entry, std::size_t given);
[[noreturn]] void refuse_slice(std::string_view entry);
[[noreturn]] void refuse_arity(std::string_view entry, std::size_t takes, std::size_t given);

template <class T>
const T& only(const std::vector<T>& results, std::string_view entry) {
  if (results.size() != 1) refuse_results(entry, results.size());
  return results[0];
}

/// How many values a function takes; -1 for a span of any length.
template <class F, std::size_t N = 0>
consteval int arity_of() {
  if constexpr (takes_span<F>)
    return -1;
  else if constexpr (takes_each<F, N>)
    return int(N);
  else {
    static_assert(N < 12,
                  "an entry of a module takes einx::Value, as many as it has operands, or a std::span<const "
                  "einx::Value>");
    return arity_of<F, N + 1>();
  }
}
template <int arity, class F>
std::vector<Value> call_values(const F& function, std::string_view name, std::span<const Value> values) {
  constexpr std::size_t count = arity < 0 ? 0 : std::size_t(arity);
  if (arity >= 0 && values.size() != count) refuse_arity(name, count, values.size());
  return ReturnedBy<count, F>::values(apply_values<count>(function, values));
}
}  // namespace detail

// ---------------------------------------------------------------- children
/// A child as its parent holds it: shared, and not changed any more. Given to two parents, or twice, it is
/// one module and compiled once.
template <class M = Module>
class Child {
 public:
  Child() = default;
  explicit Child(std::shared_ptr<const M> module) : module_(std::move(module)) {}
  const M& operator*() const { return *module_; }
  const M* operator->() const { return module_.get(); }
  const std::shared_ptr<const M>& pointer() const { return module_; }
  /// Its `forward` on values.
  template <OperandLike... A>
  auto operator()(const A&... operands) const {
    return module_->call(operands...);
  }

 private:
  std::shared_ptr<const M> module_;
};
/// A module that several parents take.
template <std::derived_from<Module> M>
Child<M> share(M module) {
  return Child<M>(std::make_shared<const M>(std::move(module)));
}

// ---------------------------------------------------------------- modules
class Module {
 public:
  /// The name of the class is found out unless it is given.
  explicit Module(std::string class_name = {}) : class_name_(std::move(class_name)) {}
  virtual ~Module();
  Module(const Module&) = default;
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;

  // -------------------------------------------------------------- what a constructor registers. Raise
  // ValueError "bad-parameter" for a name that is none, or taken.
  Parameter parameter(std::string name, Tensor tensor);
  /// A parameter that is not learned.
  Parameter buffer(std::string name, Tensor tensor);
  /// Another module's parameter under a name of this one's.
  Parameter parameter(std::string name, const Parameter& shared);
  template <std::derived_from<Module> M>
  Child<M> child(std::string name, M module) {
    return child(std::move(name), share(std::move(module)));
  }
  template <std::derived_from<Module> M>
  Child<M> child(std::string name, Child<M> shared) {
    add_child(std::move(name), shared.pointer());
    return shared;
  }
  template <std::derived_from<Module> M>
  Child<M> child(std::string name, std::shared_ptr<M> shared) {
    return child(std::move(name), Child<M>(std::move(shared)));
  }
  /// A member function over values: entry("forward", &Norm::forward).
  template <class C, class R, class... A>
  void entry(std::string name, R (C::*method)(A...) const);
  /// Any function over values. It is kept, so it captures by value, and not `this`.
  template <class F>
  requires(!std::is_member_function_pointer_v<F>) void entry(std::string name, F function);
  /// Entries as text: every function of it. self.norm(x) calls a child, self.norm.lengths(x) another entry of
  /// it, self.weight is a parameter. Read when the module is compiled or run.
  void script(std::string text);
  /// What the next operand of an entry is: the operands of compiled code are checked against it, and tracing
  /// inputs are made of it.
  void input(std::string name, InputSpec spec, std::string entry = "forward");
  /// Instead of the class' mode.
  void set_mode(CompileMode mode) { mode_ = std::move(mode); }

  // -------------------------------------------------------------- what a class says
  virtual CompileMode default_mode() const { return Mode::unset; }
  /// About n sets of operands, each for every entry that is to be traced. Empty, as here: they are made of
  /// the input specs.
  virtual std::vector<TracingInputs> make_tracing_inputs(int n) const;

  // -------------------------------------------------------------- use without compiling
  /// `forward`: of values in a traced function, or of tensors and numbers, interpreted. Raises TypeError
  /// "operand-kind" if it has not one result.
  template <OperandLike... A>
  auto call(const A&... operands) const;
  template <OperandLike... A>
  auto operator()(const A&... operands) const {
    return call(operands...);
  }
  /// Any entry of values, or of tensors.
  std::vector<Value> call_entry(std::string_view entry, std::span<const Value> values) const {
    return detail::call_module(*this, entry, values);
  }
  std::vector<Tensor> run(std::string_view entry, std::span<const Operand> operands) const {
    return detail::run_module(*this, entry, operands);
  }
  std::vector<Tensor> run(std::string_view entry, std::initializer_list<Operand> operands) const {
    return run(entry, std::span(operands.begin(), operands.size()));
  }

  // -------------------------------------------------------------- what it is made of
  struct Entry {
    std::string name;
    int arity = -1;  ///< -1: any
    std::function<std::vector<Value>(const Module& self, std::span<const Value>)> body;
  };
  struct Input {
    std::string entry, name;
    InputSpec spec;
  };
  using ModulePtr = std::shared_ptr<const Module>;
  CompileMode mode() const { return mode_ ? *mode_ : default_mode(); }
  std::string class_name() const;
  const std::vector<std::pair<std::string, ModulePtr>>& children() const { return children_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<std::string>& scripts() const { return scripts_; }
  std::vector<Input> inputs(std::string_view entry = "forward") const;
  /// By name or path: "weight", "encoder.norm.scale". Raises ValueError "bad-parameter".
  Parameter parameter(std::string_view path) const;
  ModulePtr child(std::string_view path) const;
  struct Named {
    std::string path;
    Parameter parameter;
    bool buffer = false;
  };
  std::vector<Named> parameters() const;  ///< own ones
  std::vector<Named> all_parameters()
      const;  ///< with those of all children, by path; what is shared only once

 private:
  void add_child(std::string name, ModulePtr module);
  void add_entry(Entry entry);
  Parameter add_parameter(std::string name, Parameter parameter, bool buffer);
  void require_free(std::string_view name, std::string_view what) const;

  std::string class_name_;
  std::vector<std::pair<std::string, ModulePtr>> children_;
  std::vector<Named> parameters_;
  std::vector<Entry> entries_;
  std::vector<std::string> scripts_;
  std::vector<Input> inputs_;
  std::optional<CompileMode> mode_;
};

template <class C, class R, class... A>
void Module::entry(std::string name, R (C::*method)(A...) const) {
  static_assert(std::derived_from<C, Module>, "an entry is a member function of the module");
  constexpr int arity = detail::takes_span<R (*)(A...)> ? -1 : int(sizeof...(A));
  const auto body = [name, method](const Module& self, std::span<const Value> values) {
    const auto* object = dynamic_cast<const C*>(&self);
    if (!object) detail::refuse_slice(name);
    return detail::call_values<arity>([&](A... each) -> R { return (object->*method)(each...); }, name,
                                      values);
  };
  add_entry({std::move(name), arity, body});
}

template <class F>
requires(!std::is_member_function_pointer_v<F>) void Module::entry(std::string name, F function) {
  constexpr int arity = detail::arity_of<F>();
  const auto body = [name, function](const Module&, std::span<const Value> values) {
    return detail::call_values<arity>(function, name, values);
  };
  add_entry({std::move(name), arity, body});
}

template <OperandLike... A>
auto Module::call(const A&... operands) const {
  const std::array<Operand, sizeof...(A)> list{Operand(operands)...};
  if constexpr ((is_value<A> || ...)) {
    const std::array<Value, sizeof...(A)> values{constant(Operand(operands))...};
    return detail::only(call_entry("forward", values), "forward");
  } else {
    return detail::only(run("forward", list), "forward");
  }
}

}  // namespace einx
