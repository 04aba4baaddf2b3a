// einx::Module: what is registered, by name; and parameters.
#include <cxxabi.h>
#include <einx/compiled.h>

#include <algorithm>
#include <set>
#include <typeinfo>

#include "graph/read.h"
#include "model/module_slot.h"
#include "model/module_trace.h"
#include "support/support.h"

namespace einx {

namespace support = detail::support;

std::string_view name_of(Mode mode) noexcept {
  constexpr std::string_view names[] = {"unset", "trace", "script", "unsupported"};
  return names[std::size_t(mode)];
}

// ---------------------------------------------------------------- parameters
namespace {

std::atomic<std::uint64_t> set_parameters{0};

bool same_elements(const Tensor& a, const Tensor& b) {
  return a.data() == b.data() && a.dtype() == b.dtype() && std::ranges::equal(a.shape(), b.shape()) &&
         std::ranges::equal(a.strides(), b.strides());
}

void require_tensor(const Tensor& tensor, std::string_view name) {
  if (!tensor.defined())
    support::raise<TypeError>(
        {.kind = "operand-kind",
         .sentence = "The parameter '" + std::string(name) + "' was given an undefined tensor."});
}

[[noreturn]] void bad_name(const std::string& sentence, std::vector<std::string> advice = {}) {
  support::raise<ValueError>({.kind = "bad-parameter", .sentence = sentence, .advice = std::move(advice)});
}

}  // namespace

std::uint64_t Parameter::Slot::changes() { return set_parameters.load(std::memory_order_acquire); }

void Parameter::Slot::write(Tensor tensor) {
  {
    const std::lock_guard lock(mutex);
    now = std::move(tensor);
  }
  set_parameters.fetch_add(1, std::memory_order_release);
}

bool Parameter::Slot::is(const Tensor& tensor) const {
  return same_elements(tensor, first) || same_elements(tensor, read());
}

Value Parameter::operator()() const { return detail::model::value_of_parameter(*this); }

Tensor Parameter::tensor() const {
  if (!slot_)
    support::raise<TypeError>(
        {.kind = "operand-kind",
         .sentence = "This einx::Parameter is of no module: parameter(name, tensor) makes one."});
  detail::model::looked_at(*this);
  return slot_->read();
}

void Parameter::set(Tensor tensor) const {
  require_tensor(tensor, slot_ ? slot_->name : "");
  if (!slot_) bad_name("This einx::Parameter is of no module: parameter(name, tensor) makes one.");
  slot_->write(std::move(tensor));
}

const std::string& Parameter::name() const {
  static const std::string none;
  return slot_ ? slot_->name : none;
}

// ---------------------------------------------------------------- registration
Module::~Module() = default;

std::string Module::class_name() const {
  if (!class_name_.empty()) return class_name_;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> full(
      abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), std::free);
  std::string name = full ? full.get() : typeid(*this).name();
  int depth = 0;  // of template arguments: A<b::C>
  for (std::size_t k = name.size(); k-- > 0;) {
    depth += name[k] == '>' ? 1 : name[k] == '<' ? -1 : 0;
    if (depth == 0 && name[k] == ':') return name.substr(k + 1);
  }
  return name;
}

void Module::require_free(std::string_view name, std::string_view what) const {
  if (!detail::graph::legal_name(name))
    bad_name("'" + std::string(name) + "' cannot be the name of " + std::string(what) + " of " +
                 class_name() + ".",
             {"A name has letters, digits and _, and begins with no digit."});
  const auto taken = [&](const auto& list, auto key) {
    return std::ranges::find(list, name, key) != list.end();
  };
  if (taken(children_, &std::pair<std::string, ModulePtr>::first) || taken(parameters_, &Named::path))
    bad_name(class_name() + " has a child or parameter '" + std::string(name) + "' already.");
}

Parameter Module::add_parameter(std::string name, Parameter parameter, bool buffer) {
  require_free(name, "a parameter");
  parameters_.push_back({std::move(name), parameter, buffer});
  return parameter;
}

Parameter Module::parameter(std::string name, Tensor tensor) {
  require_tensor(tensor, name);
  return add_parameter(name, Parameter(std::make_shared<Parameter::Slot>(name, std::move(tensor))), false);
}
Parameter Module::buffer(std::string name, Tensor tensor) {
  require_tensor(tensor, name);
  return add_parameter(name, Parameter(std::make_shared<Parameter::Slot>(name, std::move(tensor))), true);
}
Parameter Module::parameter(std::string name, const Parameter& shared) {
  if (!shared.slot())
    bad_name("The parameter '" + name + "' of " + class_name() +
             " is to be another module's, but that one is of no module.");
  return add_parameter(std::move(name), shared, false);
}

void Module::add_child(std::string name, ModulePtr module) {
  require_free(name, "a child");
  if (!module) bad_name("The child '" + name + "' of " + class_name() + " is a null pointer.");
  children_.emplace_back(std::move(name), std::move(module));
}

void Module::add_entry(Entry entry) {
  if (!detail::graph::legal_name(entry.name))
    bad_name("'" + entry.name + "' cannot be the name of an entry of " + class_name() + ".");
  if (std::ranges::find(entries_, entry.name, &Entry::name) != entries_.end())
    bad_name(class_name() + " has an entry '" + entry.name + "' already.");
  entries_.push_back(std::move(entry));
}

void Module::script(std::string text) { scripts_.push_back(std::move(text)); }

void Module::input(std::string name, InputSpec spec, std::string entry) {
  const auto names = inputs(entry);
  if (!detail::graph::legal_name(name) || std::ranges::find(names, name, &Input::name) != names.end())
    bad_name("'" + name + "' cannot be the name of an input of " + class_name() + "'s entry '" + entry +
             "', or there is one already.");
  for (const InputAxis& axis : spec.axes) {
    const bool free = axis.size < 0;
    if (free && axis.name != "..." && axis.name != "_" && !detail::graph::legal_name(axis.name))
      bad_name("The input '" + name + "' of " + class_name() + " has an axis \"" + axis.name + "\".",
               {"An axis is a size, a name, \"_\" or \"...\"."});
  }
  if (std::ranges::count(spec.axes, std::string("..."), &InputAxis::name) > 1)
    bad_name("The input '" + name + "' of " + class_name() + " has two \"...\".");
  inputs_.push_back({std::move(entry), std::move(name), std::move(spec)});
}

std::vector<TracingInputs> Module::make_tracing_inputs(int) const { return {}; }

// ---------------------------------------------------------------- what it is made of
std::vector<Module::Input> Module::inputs(std::string_view entry) const {
  std::vector<Input> found;
  std::ranges::copy_if(inputs_, std::back_inserter(found),
                       [&](const Input& input) { return input.entry == entry; });
  return found;
}

Module::ModulePtr Module::child(std::string_view path) const {
  const std::string_view name = path.substr(0, path.find('.'));
  for (const auto& [known, module] : children_)
    if (known == name)
      return name.size() == path.size() ? module : module->child(path.substr(name.size() + 1));
  std::vector<std::string> names;
  for (const auto& [known, module] : children_) names.push_back(known);
  bad_name(class_name() + " has no child '" + std::string(name) + "'.",
           {names.empty() ? "It has none." : "Its children: " + support::join(names, ", ") + "."});
}

Parameter Module::parameter(std::string_view path) const {
  const std::size_t last = path.rfind('.');
  if (last != path.npos) return child(path.substr(0, last))->parameter(path.substr(last + 1));
  const auto found = std::ranges::find(parameters_, path, &Named::path);
  if (found != parameters_.end()) return found->parameter;
  std::vector<std::string> names;
  for (const Named& known : parameters_) names.push_back(known.path);
  bad_name(class_name() + " has no parameter '" + std::string(path) + "'.",
           {names.empty() ? "It has none." : "Its parameters: " + support::join(names, ", ") + "."});
}

std::vector<Module::Named> Module::parameters() const { return parameters_; }

namespace {

/// A child may be its own ancestor: every module and every parameter is looked at once.
struct Collector {
  std::vector<Module::Named> found = {};
  std::set<const Module*> modules = {};
  std::set<const void*> slots = {};

  void collect(const Module& module, const std::string& prefix) {
    if (!modules.insert(&module).second) return;
    for (Module::Named named : module.parameters()) {
      named.path = prefix + named.path;
      if (slots.insert(named.parameter.slot().get()).second) found.push_back(std::move(named));
    }
    for (const auto& [name, child] : module.children()) collect(*child, prefix + name + ".");
  }
};

}  // namespace

std::vector<Module::Named> Module::all_parameters() const {
  Collector collector;
  collector.collect(*this, "");
  return collector.found;
}

// ---------------------------------------------------------------- what the templates call
namespace detail {

void refuse_results(std::string_view entry, std::size_t given) {
  support::raise<TypeError>(
      {.kind = "operand-kind",
       .sentence = "'" + std::string(entry) + "' returns " + std::to_string(given) + " results, not one.",
       .advice = {"run(entry, operands) gives all of them."}});
}
void refuse_slice(std::string_view entry) {
  support::raise<TypeError>(
      {.kind = "operand-kind",
       .sentence = "The entry '" + std::string(entry) +
                   "' is a member function of a class that this module is no object of any more: it was "
                   "copied as its base.",
       .advice = {"Keep modules as objects of their own class, or in a std::shared_ptr."}});
}
void refuse_arity(std::string_view entry, std::size_t takes, std::size_t given) {
  support::raise<ValueError>({.kind = "num-tensors",
                              .sentence = "'" + std::string(entry) + "' takes " + std::to_string(takes) +
                                          " operands, not " + std::to_string(given) + "."});
}

}  // namespace detail
}  // namespace einx
