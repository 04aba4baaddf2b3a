// Texts -> programs.
#include "script/lower.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

const Line* first_return(const Block& block) {
  for (const Line& line : block) {
    if (line.kind == Line::Kind::Return) return &line;
    for (const Block* inner : {&line.body, &line.otherwise})
      if (const Line* found = first_return(*inner)) return found;
  }
  return nullptr;
}

/// A function without any return is refused when its body is read.
std::size_t results_of(const WrittenFunction& function) {
  if (function.results) return function.results->size();
  const Line* found = first_return(function.body);
  return found ? found->values.size() : 1;
}

Scope scope_of(std::string_view text, const Tree& tree,
               const std::vector<std::pair<std::string, Tensor>>& data, const Surroundings& surroundings) {
  Scope scope{text, tree, {}, {}, {}, {}};
  for (const auto& [written, name] : surroundings.functions) scope.functions[written] = {name, {}, {}};
  for (const auto& [name, tensor] : data) {
    scope.data.emplace(name, tensor);
    scope.tensors.emplace(name, name);
  }
  for (const auto& [written, name] : surroundings.tensors) scope.tensors[written] = name;
  for (const WrittenFunction& function : tree.functions) {
    Scope::Known& known = scope.functions[function.name];
    if (known.takes)
      fail_at(text, function.place, "expected a new name: there is a function '" + function.name + "' above");
    known = {surroundings.prefix + function.name, function.parameters.size(), results_of(function)};
  }
  return scope;
}

}  // namespace

Program parse(std::string_view text, const std::vector<std::pair<std::string, Tensor>>& data,
              const Surroundings& surroundings) {
  const Tree tree = read(text);
  Scope scope = scope_of(text, tree, data, surroundings);
  Program program;
  for (const WrittenFunction& written : tree.functions) {
    Function made = Lowering(scope, written).run();
    std::string name = made.name;
    program.functions.emplace_back(std::move(name), std::make_shared<const Function>(std::move(made)));
  }
  for (const auto& entry : data)
    if (!scope.constants.contains(entry.first)) program.tensors.push_back(entry);
  program.text = text;
  return program;
}

}  // namespace einx::detail::script
