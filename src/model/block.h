// Straight-line pieces of a program at known types: a graph, and where control goes behind it. Private to the
// model layer.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "model/state.h"

namespace einx::detail::model {

/// Where a value comes from at a block's end: what the block was entered with, what its graph computed, what
/// never changes, or a number that is known.
struct Source {
  enum class Kind { Param, Result, Fixed, Number };
  Kind kind = Kind::Param;
  int index = -1;
  script::Number number = false;
};
/// A way to another state. One source for each of its values.
struct Edge {
  State state;
  std::vector<Source> values;
};

struct Go {
  Edge to;
};
/// The condition is a bool of rank 0.
struct Choose {
  Source condition;
  Edge yes, no;
};
/// The value of a variable of the innermost frame is needed before the operation's types are known; `at` is
/// the state without it.
struct Look {
  script::Var variable = -1;
  Source value;
  Edge at;
};
struct Finish {
  std::vector<Source> values;
  std::vector<graph::Type> types;
};
/// What comes next raises an error for these types, whatever the values are.
struct Fail {
  std::shared_ptr<const Error> error;
  script::Place place;
};
using End = std::variant<Go, Choose, Look, Finish, Fail>;

struct Block {
  graph::Graph graph;              ///< after the passes
  std::vector<Source> parameters;  ///< of the graph: Param or Fixed
  End end;
};

/// What all blocks of a signature share.
struct Surroundings {
  const script::Program& program;
  bool fold_constants = false;
  /// The instructions of a function for operands of these types. Raises ValueError if there is none, and what
  /// tracing it raises.
  std::function<LinearPtr(const std::string& name, const std::vector<graph::Type>& types)> function;
  std::function<int(const Tensor& constant)> fixed_constant;
  std::function<int(const std::string& name)> fixed_tensor;  ///< of the program's
  std::function<graph::Type(int fixed)> type_of_fixed;
};

/// The state in which a function begins with these operands, which are fixed values 0, 1, ... Raises
/// ValueError "script-signature" if they do not fit.
State entry_state(const Surroundings& in, const std::string& function,
                  const std::vector<graph::Type>& operands);
/// What runs from a state on, until control may go several ways, meets others or ends. Not yet through the
/// passes.
Block write_block(const Surroundings& in, const State& start);

/// ValueError "script-signature".
[[noreturn]] void wrong_signature(const std::string& problem);
/// "f returns 2 results here, but 1 are taken."
std::string wrong_results(const script::Invoke& invoke, std::size_t returned);
/// Raises unless a loop can go over the rows of a tensor with so many axes.
void require_rows(std::size_t rank);

}  // namespace einx::detail::model
