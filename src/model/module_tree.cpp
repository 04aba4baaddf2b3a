// Which modules there are, what they are called, and everything about them that cannot be compiled.
#include "model/module_tree.h"

#include <algorithm>

#include "support/support.h"

namespace einx::detail::model {

std::string joined(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : name.empty() ? path : path + "." + std::string(name);
}

void Tree::add(ModuleFunction function) {
  nodes[function.node].functions.push_back(functions.size());
  functions.push_back(std::move(function));
}
const ModuleFunction* Tree::function(std::size_t node, std::string_view entry) const {
  for (const std::size_t each : nodes[node].functions)
    if (functions[each].entry == entry) return &functions[each];
  return nullptr;
}
const ModuleFunction* Tree::function(std::string_view name) const {
  const auto found = std::ranges::find(functions, name, &ModuleFunction::name);
  return found == functions.end() ? nullptr : &*found;
}
std::optional<std::size_t> Tree::node(const Module* module) const {
  const auto found = std::ranges::find(nodes, module, [](const Node& node) { return node.module.get(); });
  return found == nodes.end() ? std::nullopt : std::optional<std::size_t>(found - nodes.begin());
}
std::optional<std::size_t> Tree::node(std::size_t from, std::string_view path) const {
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('.'));
    const auto& children = nodes[from].children;
    const auto found = std::ranges::find(children, name, &std::pair<std::string, std::size_t>::first);
    if (found == children.end()) return std::nullopt;
    from = found->second;
    path.remove_prefix(std::min(name.size() + 1, path.size()));
  }
  return from;
}
std::string Tree::title(std::size_t node) const {
  return joined("model", nodes[node].path) + " (" + nodes[node].module->class_name() + ")";
}

namespace {

/// Depth first; a module that is its own ancestor ends there.
class Planter {
 public:
  explicit Planter(Tree& tree) : tree_(tree) {}

  std::size_t visit(const Module::ModulePtr& module, const std::string& path, bool inside,
                    const std::optional<CompileMode>& mode) {
    if (const auto known = tree_.node(module.get())) {
      const auto above = std::ranges::find(above_, *known);
      if (above != above_.end())
        tree_.problems.push_back({joined("model", path) + " (" + module->class_name() + "): is " +
                                      joined("model", tree_.nodes[*known].path) +
                                      " itself, whose child it is: a cycle",
                                  true});
      else if (inside)
        called_from_compiled(*known);
      return *known;
    }
    const std::size_t index = tree_.nodes.size();
    tree_.nodes.push_back({path, module, mode ? *mode : module->mode(), {}, inside});
    const bool compiled = inside || tree_.nodes[index].mode.mode != Mode::unset;
    above_.push_back(index);
    for (const auto& [name, child] : module->children()) {
      const std::size_t at = visit(child, joined(path, name), compiled, {});
      tree_.nodes[index].children.emplace_back(name, at);
    }
    above_.pop_back();
    return index;
  }

 private:
  /// A shared module that was found below one that is left alone first, and below one that is compiled now.
  void called_from_compiled(std::size_t node) {
    if (std::exchange(tree_.nodes[node].inside, true)) return;
    for (const auto& [name, child] : tree_.nodes[node].children) called_from_compiled(child);
  }

  Tree& tree_;
  std::vector<std::size_t> above_;
};

void add_entries(Tree& tree) {
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    const Node& node = tree.nodes[n];
    for (const Module::Entry& entry : node.module->entries())
      tree.add({joined(node.path, entry.name), n, entry.name, &entry, nullptr,
                node.module->inputs(entry.name).size()});
    for (const Module::Named& named : node.module->parameters())
      tree.parameters.emplace_back(joined(node.path, named.path), named.parameter);
  }
}

void add_problem(Tree& tree, std::size_t node, const std::string& what, bool structural) {
  tree.problems.push_back({tree.title(node) + ": " + what, structural});
}

void check_modes(Tree& tree) {
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    const Node& node = tree.nodes[n];
    if (node.mode.mode == Mode::unsupported)
      add_problem(tree, n,
                  "unsupported" + (node.mode.reason.empty() ? std::string(", without a reason")
                                                            : ": " + node.mode.reason),
                  false);
    else if (node.mode.mode != Mode::unset && node.functions.empty() && node.module->scripts().empty())
      add_problem(tree, n,
                  "has the mode " + std::string(name_of(node.mode.mode)) +
                      ", but no entry: entry(name, function) or script(text) adds one",
                  false);
  }
}

/// Specs that are of no entry, or more than it takes.
void check_inputs(Tree& tree) {
  for (const ModuleFunction& f : tree.functions)
    if (f.body && f.body->arity >= 0 && f.given > std::size_t(f.body->arity))
      add_problem(tree, f.node,
                  f.entry + ": has " + std::to_string(f.given) + " input specs, but takes " +
                      std::to_string(f.body->arity) + " operands",
                  true);
    else if (f.body && f.given > 0 && f.body->arity >= 0 && f.given < std::size_t(f.body->arity))
      add_problem(tree, f.node,
                  f.entry + ": has " + std::to_string(f.given) + " input specs for " +
                      std::to_string(f.body->arity) + " operands",
                  true);
}

}  // namespace

Tree plant(Module::ModulePtr root, const std::optional<CompileMode>& root_mode) {
  Tree tree;
  Planter(tree).visit(root, "", false, root_mode);
  add_entries(tree);
  add_scripts(tree);
  check_modes(tree);
  check_inputs(tree);
  return tree;
}

void raise_problems(const std::vector<Problem>& problems, const std::string& sentence, bool all) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems)
    if (all || problem.structural) lines.push_back(problem.what);
  if (!lines.empty())
    support::raise<ValueError>(
        {.kind = "unsupported-module", .sentence = sentence, .operands = std::move(lines)});
}

// ---------------------------------------------------------------- signatures
std::vector<script::Dim> dims_of(const InputSpec& spec, std::optional<std::size_t> rank) {
  std::vector<script::Dim> dims;
  for (const InputAxis& axis : spec.axes) {
    script::Dim dim;
    if (axis.size >= 0)
      dim.kind = script::Dim::Kind::Size, dim.size = axis.size;
    else if (axis.name == "...")
      dim.kind = script::Dim::Kind::Ellipsis;
    else if (axis.name != "_")
      dim.kind = script::Dim::Kind::Name, dim.name = axis.name;
    if (dim.kind == script::Dim::Kind::Ellipsis && rank)
      dims.insert(dims.end(), *rank + 1 - std::min(spec.axes.size(), *rank + 1), script::Dim{});
    else
      dims.push_back(std::move(dim));
  }
  return dims;
}

script::FunctionPtr signature_of(const Tree& tree, const ModuleFunction& function) {
  if (function.text) return function.text;
  const std::vector<Module::Input> inputs = tree.nodes[function.node].module->inputs(function.entry);
  if (inputs.empty()) return nullptr;
  script::Function signature{
      .name = function.name, .variables = {}, .parameters = {}, .sizes = {}, .results = {}, .body = {}};
  for (const Module::Input& input : inputs) {
    signature.parameters.push_back(
        {script::Var(signature.variables.size()), {input.spec.dtype, dims_of(input.spec), {}}, {}});
    signature.variables.push_back(input.name);
  }
  return std::make_shared<const script::Function>(std::move(signature));
}

}  // namespace einx::detail::model
