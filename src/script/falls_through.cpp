// Where control goes on behind a statement.
#include <algorithm>

#include "script/script.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

/// Whether a loop's own body leaves it.
bool leaves(const Body& body) {
  return std::ranges::any_of(body, [](const Statement& statement) {
    if (std::holds_alternative<Break>(statement.node)) return true;
    const auto* branch = std::get_if<If>(&statement.node);
    return branch && (leaves(branch->then) || leaves(branch->otherwise));
  });
}

}  // namespace

bool falls_through(const Statement& statement) {
  return support::match(
      statement.node,  //
      [](const If& branch) { return falls_through(branch.then) || falls_through(branch.otherwise); },
      [](const While& loop) { return loop.condition != Argument(Number(true)) || leaves(loop.body); },  //
      [](const Break&) { return false; },                                                               //
      [](const Continue&) { return false; },                                                            //
      [](const Return&) { return false; },                                                              //
      [](const auto&) { return true; });
}

bool falls_through(const Body& body) {
  return std::ranges::all_of(body, [](const Statement& statement) { return falls_through(statement); });
}

}  // namespace einx::detail::script
