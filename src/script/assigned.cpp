// Which variables statements may assign.
#include <algorithm>

#include "script/script.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

void collect(const Body& body, std::vector<Var>& found) {
  const auto add = [&](Var variable) { found.push_back(variable); };
  for (const Statement& statement : body)
    support::match(
        statement.node,
        [&](const Call& call) { found.insert(found.end(), call.results.begin(), call.results.end()); },
        [&](const Invoke& invoke) { found.insert(found.end(), invoke.results.begin(), invoke.results.end()); },
        [&](const Arrange& arrange) { add(arrange.result); },
        [&](const Constant& constant) { add(constant.result); },
        [&](const Parameter& parameter) { add(parameter.result); },
        [&](const If& branch) { collect(branch.then, found), collect(branch.otherwise, found); },
        [&](const While& loop) { collect(loop.test, found), collect(loop.body, found); },
        [&](const For& loop) { add(loop.item), collect(loop.body, found); },
        [](const auto&) {});
}

}  // namespace

std::vector<Var> assigned(const Body& body) {
  std::vector<Var> found;
  collect(body, found);
  std::ranges::sort(found);
  const auto same = std::ranges::unique(found);
  found.erase(same.begin(), same.end());
  return found;
}

}  // namespace einx::detail::script
