// Which variables statements may assign, and which they read.
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

namespace {

class Reads {
 public:
  void add(Var variable) {
    if (std::ranges::find(found_, variable) == found_.end()) found_.push_back(variable);
  }
  void add(const Argument& argument) {
    if (const auto* variable = std::get_if<Var>(&argument)) add(*variable);
  }
  void add(const std::vector<Argument>& arguments) {
    for (const Argument& argument : arguments) add(argument);
  }
  void add(const Integer& integer) {
    if (const auto* variable = std::get_if<Var>(&integer)) add(*variable);
  }
  std::vector<Var> take() { return std::move(found_); }

 private:
  std::vector<Var> found_;
};

}  // namespace

std::vector<Var> read_by(const Statement& statement) {
  Reads reads;
  support::match(
      statement.node,
      [&](const Call& call) {
        reads.add(call.arguments);
        for (const NamedSize& named : call.sizes)
          if (const auto* size = std::get_if<Integer>(&named.size)) reads.add(*size);
      },
      [&](const Arrange& arrange) {
        reads.add(arrange.arguments);
        for (const std::optional<Integer>& integer : arrange.integers)
          if (integer) reads.add(*integer);
      },
      [&](const Invoke& invoke) { reads.add(invoke.arguments); },  //
      [&](const If& branch) { reads.add(branch.condition); },
      [&](const While& loop) { reads.add(loop.condition); },  //
      [&](const For& loop) { reads.add(loop.over); },
      [&](const Return& result) { reads.add(result.values); },  //
      [&](const Assume& assume) { reads.add(assume.of); },      //
      [](const auto&) {});
  return reads.take();
}

}  // namespace einx::detail::script
