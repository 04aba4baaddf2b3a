// Scripts of modules: read with the names of the module's children and parameters.
#include <algorithm>

#include "model/module_tree.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

/// The first line of a message, for lists.
std::string first_line(const Error& error) {
  const std::string_view message = error.what();
  return std::string(message.substr(0, message.find('\n')));
}

/// Places count lines of the whole program's text.
void move(script::Place& place, int lines) {
  if (place.line > 0) place.line += lines;
}
void move(script::Body& body, int lines) {
  for (script::Statement& statement : body) {
    move(statement.place, lines);
    support::match(
        statement.node,  //
        [&](script::If& branch) { move(branch.then, lines), move(branch.otherwise, lines); },
        [&](script::While& loop) { move(loop.test, lines), move(loop.body, lines); },
        [&](script::For& loop) { move(loop.body, lines); }, [](auto&) {});
  }
}

class Reader {
 public:
  explicit Reader(Tree& tree) : tree_(tree), read_(tree.nodes.size()) {}

  /// Children first: a script may call what theirs define.
  void read(std::size_t node) {
    if (read_[node]) return;
    read_[node] = true;
    for (const auto& [name, child] : tree_.nodes[node].children) read(child);
    const std::vector<std::string>& scripts = tree_.nodes[node].module->scripts();
    if (!scripts.empty()) parse(node, support::join(scripts, "\n"));
  }

 private:
  script::Surroundings surroundings(std::size_t node) const {
    script::Surroundings names;
    names.prefix = joined(tree_.nodes[node].path, "");
    if (!names.prefix.empty()) names.prefix += ".";
    for (const ModuleFunction& own : tree_.functions)
      if (own.node == node) names.functions.emplace_back(own.entry, own.name);
    add_children(node, "", names, 0);
    for (const Module::Named& named : tree_.nodes[node].module->parameters())
      names.tensors.emplace_back(named.path, joined(tree_.nodes[node].path, named.path));
    return names;
  }
  /// self.norm(x) and self.norm.forward(x), self.encoder.norm.scale.
  void add_children(std::size_t node, const std::string& prefix, script::Surroundings& names,
                    int depth) const {
    if (depth > 32) return;  // a cycle, which is a problem of its own
    for (const auto& [name, child] : tree_.nodes[node].children) {
      const std::string path = prefix + name;
      const bool failed = std::ranges::find(failed_, child) != failed_.end();
      if (failed) names.functions.emplace_back(path, joined(tree_.nodes[child].path, "forward"));
      for (const ModuleFunction& function : tree_.functions) {
        if (function.node != child) continue;
        if (function.entry == "forward") names.functions.emplace_back(path, function.name);
        names.functions.emplace_back(path + "." + function.entry, function.name);
      }
      for (const Module::Named& named : tree_.nodes[child].module->parameters())
        names.tensors.emplace_back(path + "." + named.path, joined(tree_.nodes[child].path, named.path));
      add_children(child, path + ".", names, depth + 1);
    }
  }
  void problem(std::size_t node, const std::string& what) {
    tree_.problems.push_back({tree_.title(node) + ": " + what, true});
    failed_.push_back(node);
  }

  void parse(std::size_t node, const std::string& text) {
    const int lines = int(std::ranges::count(tree_.text, '\n')) + 1;
    script::Program program;
    try {
      program = script::parse(text, {}, surroundings(node));
    } catch (const Error& error) {
      problem(node, "its script: " + first_line(error));
      return;
    }
    tree_.text += "# " + tree_.title(node) + "\n" + text + (text.ends_with('\n') ? "" : "\n");
    for (auto& [name, written] : program.functions) {
      script::Function function = *std::get<script::FunctionPtr>(written);
      const std::string entry = name.substr(name.rfind('.') + 1);
      if (tree_.function(node, entry)) problem(node, "has two entries '" + entry + "'");
      for (script::FunctionParameter& parameter : function.parameters) move(parameter.place, lines);
      move(function.body, lines);
      tree_.add(
          {name, node, entry, nullptr, std::make_shared<const script::Function>(std::move(function)), 0});
    }
  }

  Tree& tree_;
  std::vector<bool> read_;
  std::vector<std::size_t> failed_;
};

}  // namespace

void add_scripts(Tree& tree) {
  Reader reader(tree);
  reader.read(0);
}

}  // namespace einx::detail::model
