// Inside the graph layer: a node as it was written - by the printer, by hand, by another program - becomes one of a
// graph.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::graph {

/// name=3 or name=[1, 2]: the size of an axis (a list for one under an ellipsis), or a parameter of the operation.
struct Keyword {
  std::string name;
  bool list = false;
  std::vector<std::int64_t> values;
};

/// What a node defines; without a type it has the one that follows.
struct Target {
  std::string name;
  std::optional<Type> type;
};

struct WrittenNode {
  const ops::Op* op = nullptr;
  std::vector<ValueId> inputs;
  std::string_view pattern;
  std::vector<Keyword> keywords;
};

/// What is wrong with a node; the readers add where it stands.
struct NodeError {
  enum class At { Node, Pattern, Keyword, Target };
  std::string message;
  At at = At::Node;
  std::size_t index = 0;  ///< the byte of the pattern, the keyword, the target
};

/// Appends the node and its values and gives their ids. A complete expression - in full form, every axis of known size,
/// as it is printed - is taken as it stands; anything else is solved like the expression of a call. Throws NodeError.
std::vector<ValueId> append_written(Graph& graph, const WrittenNode& written, std::span<const Target> targets);

}  // namespace einx::detail::graph
