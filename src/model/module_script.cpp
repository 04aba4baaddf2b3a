// Scripts of modules: read, and their names - self.norm(x), self.weight - made those of the whole program.
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

/// One function of a script, as the program has it.
class Resolver {
 public:
  Resolver(Tree& tree, std::size_t node, int lines_before) : tree_(tree), node_(node), lines_(lines_before) {}

  void resolve(script::Function& function) {
    entry_ = function.name;
    for (script::FunctionParameter& parameter : function.parameters) move(parameter.place);
    resolve(function.body);
    function.name = joined(tree_.nodes[node_].path, function.name);
  }

 private:
  void move(script::Place& place) const {
    if (place.line > 0) place.line += lines_;
  }
  void resolve(script::Body& body) {
    for (script::Statement& statement : body) {
      place_ = statement.place;
      move(statement.place);
      support::match(
          statement.node, [&](script::Invoke& invoke) { invoke.function = function(invoke.function); },
          [&](script::Parameter& parameter) { parameter.name = tensor(parameter.name); },
          [&](script::If& branch) { resolve(branch.then), resolve(branch.otherwise); },
          [&](script::While& loop) { resolve(loop.test), resolve(loop.body); },  //
          [&](script::For& loop) { resolve(loop.body); }, [](auto&) {});
    }
  }
  void problem(const std::string& what) {
    const std::string at = place_.line > 0 ? " (line " + std::to_string(place_.line) + ", column " +
                                                 std::to_string(place_.column) + ")"
                                           : "";
    tree_.problems.push_back({tree_.title(node_) + ": " + entry_ + ": " + what + at, true});
  }
  /// norm: that child's forward; norm.lengths: another entry of it; lengths: an entry of this module.
  std::string function(std::string_view name) {
    if (name.starts_with("self.")) name.remove_prefix(5);
    const std::size_t dot = name.rfind('.');
    const std::string_view above = dot == name.npos ? std::string_view() : name.substr(0, dot),
                           last = dot == name.npos ? name : name.substr(dot + 1);
    const std::optional<std::size_t> child = tree_.node(node_, name), owner = tree_.node(node_, above);
    const ModuleFunction* found = child   ? tree_.function(*child, "forward")
                                  : owner ? tree_.function(*owner, last)
                                          : nullptr;
    if (found) return found->name;
    if (child)
      problem("calls self." + std::string(name) + ", which has no entry 'forward'");
    else
      problem("calls self." + std::string(name) + ", but there is no such child or entry");
    return std::string(name);
  }
  std::string tensor(std::string_view name) {
    if (name.starts_with("self.")) name.remove_prefix(5);
    const std::size_t dot = name.rfind('.');
    const auto owner = dot == name.npos ? std::optional(node_) : tree_.node(node_, name.substr(0, dot));
    if (owner) {
      const std::string full =
          joined(tree_.nodes[*owner].path, dot == name.npos ? name : name.substr(dot + 1));
      if (std::ranges::find(tree_.parameters, full, &std::pair<std::string, Parameter>::first) !=
          tree_.parameters.end())
        return full;
    }
    problem("reads self." + std::string(name) + ", but there is no such parameter");
    return std::string(name);
  }

  Tree& tree_;
  const std::size_t node_;
  const int lines_;
  std::string entry_;
  script::Place place_;
};

struct Source {
  std::size_t function;  ///< in Tree::functions
  script::Function written;
  int lines_before;
};

/// The functions of one text, without a body yet: others may call them.
void read(Tree& tree, std::size_t node, const std::string& text, std::vector<Source>& sources) {
  const int lines = int(std::ranges::count(tree.text, '\n')) + 1;
  script::Program program;
  try {
    program = script::parse(text);
  } catch (const Error& error) {
    tree.problems.push_back({tree.title(node) + ": its script: " + first_line(error), true});
    return;
  }
  tree.text += "# " + tree.title(node) + "\n" + text + (text.ends_with('\n') ? "" : "\n");
  for (auto& [name, function] : program.functions) {
    if (tree.function(node, name)) {
      tree.problems.push_back({tree.title(node) + ": has two entries '" + name + "'", true});
      continue;
    }
    sources.push_back({tree.functions.size(), *std::get<script::FunctionPtr>(function), lines});
    tree.functions.push_back({joined(tree.nodes[node].path, name), node, name, nullptr,
                              std::get<script::FunctionPtr>(function), 0});
  }
}

}  // namespace

void add_scripts(Tree& tree) {
  std::vector<Source> sources;
  for (std::size_t n = 0; n < tree.nodes.size(); ++n)
    for (const std::string& text : tree.nodes[n].module->scripts()) read(tree, n, text, sources);
  for (Source& source : sources) {
    ModuleFunction& function = tree.functions[source.function];
    Resolver(tree, function.node, source.lines_before).resolve(source.written);
    function.text = std::make_shared<const script::Function>(std::move(source.written));
  }
}

}  // namespace einx::detail::model
