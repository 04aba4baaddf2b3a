// The representations of a graph, for --emit: each is made when it is first asked for, so that an early one can be shown of what a later one refuses.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "graph/graph.h"
#include "loops/loops.h"

namespace einx_command {

class Stages {
 public:
  explicit Stages(einx::detail::graph::Graph graph) : graph_(std::move(graph)) {}
  const einx::detail::graph::Graph& graph() const { return graph_; }
  const einx::detail::loops::Program& program();
  const einx::detail::codegen::Listing& listing();

 private:
  einx::detail::graph::Graph graph_;
  std::optional<einx::detail::loops::Program> program_;
  std::optional<einx::detail::codegen::Listing> listing_;
};

/// graph, json, dot, loops, schedule, llvm or asm.
bool can_emit(const std::string& what);
std::string emit(Stages& stages, const std::string& what);
/// What --emit was given, split at commas, or `otherwise`. Raises UsageError for what is none of `more` and cannot be emitted.
std::vector<std::string> emit_names(const std::vector<std::string>& given, std::vector<std::string> otherwise, const std::vector<std::string>& more = {});

}  // namespace einx_command
