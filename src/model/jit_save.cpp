#include "model/jit_save.h"

#include <algorithm>

#include "support/support.h"

namespace einx::detail::model {
namespace {

/// Captured tensors become constants: in a file nobody writes to them any more.
void bake(script::Body& body, const Recording& recording) {
  for (script::Statement& statement : body) {
    if (const auto* parameter = std::get_if<script::Parameter>(&statement.node)) {
      const auto found = std::ranges::find(recording.tensors, parameter->name, [](const auto& entry) { return entry.first; });
      if (found == recording.tensors.end()) support::internal_error("a recording has the tensors that it names");
      statement.node = script::Constant{parameter->result, found->second.clone()};
      continue;
    }
    support::match(
        statement.node,  //
        [&](script::If& branch) { bake(branch.then, recording), bake(branch.otherwise, recording); },
        [&](script::While& loop) { bake(loop.test, recording), bake(loop.body, recording); },
        [&](script::For& loop) { bake(loop.body, recording); },  //
        [](auto&) {});
  }
}

}  // namespace

SavedProgram saved_recordings(const std::vector<RecordedPtr>& tapes, const OptimizeOptions& options, const Guards& guards) {
  SavedProgram saved;
  saved.program.functions.emplace_back("forward", script::Traceable());
  saved.entries = {"forward"};
  saved.optimize = options;
  saved.guards = guards.text();
  for (const RecordedPtr& tape : tapes) {
    script::Function function = *tape->recording.function;
    function.name = "forward";
    bake(function.body, tape->recording);
    saved.traces.push_back({"forward", tape->types, std::make_shared<const script::Function>(std::move(function))});
  }
  return saved;
}

}  // namespace einx::detail::model
