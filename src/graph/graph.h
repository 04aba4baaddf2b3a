// Front door of the graph layer: an SSA list of operations with their solved expressions; verifier, text both ways, DOT, JSON.
#pragma once
#include <einx/tensor.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notation/notation.h"
#include "ops/ops.h"

namespace einx::detail::graph {

using ValueId = int;

struct Type {
  DType dtype = DType::f32;
  Shape shape;
  Shape strides;  ///< elements; axes of size 1 (and all, if the tensor is empty) have their row-major stride, so equal types compare equal
  bool operator==(const Type&) const = default;
};
/// Row-major unless strides are given; normalises them.
Type make_type(DType dtype, Shape shape, std::optional<Shape> strides = {});
std::string text(const Type& type);  ///< "f32[10, 10 : 1, 10]"

struct Value {
  std::string name;  ///< "i0", "x3": legal and unique in its graph
  Type type;
  bool operator==(const Value&) const = default;
};

struct Parameter {
  ValueId value = -1;
  bool factory = false;  ///< called with the shape when the graph runs
  bool operator==(const Parameter&) const = default;
};

/// A tensor known when the graph was made. Printed inline up to 16 elements, by name with its data beside the text beyond that.
struct Constant {
  ValueId value = -1;
  Tensor data;
};

using Attributes = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;  ///< an operation's own parameters: shift=[1, 2]

struct Node {
  const ops::Op* op = nullptr;
  notation::Solved expr;
  std::vector<ValueId> inputs, outputs;
  Attributes attributes;
  bool operator==(const Node&) const = default;
};

struct Graph {
  std::string name = "op0";
  std::vector<Value> values;  ///< parameters, constants and node outputs, in the order they are made
  std::vector<Parameter> parameters;
  std::vector<Constant> constants;
  std::vector<Node> nodes;
  std::vector<ValueId> results;
};
bool operator==(const Graph& a, const Graph& b);  ///< constants by their bits

// --- building
ValueId add_parameter(Graph& graph, Type type, bool factory = false);
ValueId add_constant(Graph& graph, Tensor data);
/// Resolves dtypes, derives the outputs' types (row-major) and appends the node. Raises OperationNotSupportedError.
std::vector<ValueId> add_node(Graph& graph, const ops::Op& op, notation::Solved expr, std::vector<ValueId> inputs, Attributes attributes = {});

/// The form all nodes have, so that equal texts are equal nodes: axes stand in the order of their first appearance (axes that do not appear are
/// dropped), and a group of a single item is that item. `expr` must be well formed.
notation::Solved normal_form(notation::Solved expr);
/// The dtypes and meaning of a node for its operands' dtypes.
ops::Resolved resolve(const Graph& graph, const Node& node);

/// nullopt if every rule holds, else the broken rule as a sentence with the node's text.
std::optional<std::string> verify(const Graph& graph);
/// Raises InternalError with the stage's name and the graph if a rule is broken.
Graph verified(std::string_view stage, Graph graph);

// --- text: what `text` prints `parse` reads back, byte for byte
std::string text(const Graph& graph);
/// `data`: constants printed by name. Raises SyntaxError "graph-text" with the line and what was expected.
Graph parse(std::string_view text, const std::vector<std::pair<std::string, Tensor>>& data = {});
/// Constants too large for the text, by name: what `parse` wants beside it.
std::vector<std::pair<std::string, Tensor>> data_beside(const Graph& graph);
std::string dot(const Graph& graph);
std::string json(const Graph& graph);

}  // namespace einx::detail::graph
