// What a legal graph is: two tables of sentences with a check each. Later rules rely on earlier ones.
#include <algorithm>
#include <set>
#include <unordered_set>

#include "graph/normal.h"
#include "graph/order.h"
#include "graph/print.h"
#include "graph/rules.h"

namespace einx::detail::graph {
namespace {

// ---------------------------------------------------------------- of the whole graph
bool names_are_legal(const Graph& graph) {
  return legal_name(graph.name) &&
         std::all_of(graph.values.begin(), graph.values.end(),
                     [](const Value& value) { return legal_value_name(value.name); });
}

bool names_are_unique(const Graph& graph) {
  std::unordered_set<std::string_view> names;
  return std::all_of(graph.values.begin(), graph.values.end(),
                     [&](const Value& value) { return names.insert(value.name).second; });
}

bool values_are_defined_once(const Graph& graph) {
  std::vector<int> definitions(graph.values.size(), 0);
  for (const Parameter& parameter : graph.parameters) ++definitions[parameter.value];
  for (const Constant& constant : graph.constants) ++definitions[constant.value];
  for (const Node& node : graph.nodes)
    for (const ValueId output : node.outputs) ++definitions[output];
  return std::all_of(definitions.begin(), definitions.end(), [](int count) { return count == 1; });
}

/// Passes walk `nodes` and `constants` front to back and rely on this.
bool statements_are_in_order(const Graph& graph) {
  ValueId last = -1;
  for (const Constant& constant : graph.constants) {
    if (constant.value <= last) return false;
    last = constant.value;
  }
  last = -1;
  for (const Node& node : graph.nodes) {
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      if (node.outputs[k] <= last || node.outputs[k] != node.outputs[0] + ValueId(k)) return false;
    if (!node.outputs.empty()) last = node.outputs.back();
  }
  return true;
}

bool types_are_normal(const Graph& graph) {
  return std::all_of(graph.values.begin(), graph.values.end(), [](const Value& value) {
    const Type& type = value.type;
    const bool sizes =
        std::all_of(type.shape.begin(), type.shape.end(), [](std::int64_t size) { return size >= 0; });
    return sizes && type.strides.size() == type.shape.size() && addressable(type.shape, type.dtype) &&
           type == make_type(type.dtype, type.shape, type.strides);
  });
}

bool constants_have_their_type(const Graph& graph) {
  return std::all_of(graph.constants.begin(), graph.constants.end(), [&](const Constant& constant) {
    const auto shape = constant.data.shape();
    return constant.data.contiguous() &&
           graph.values[constant.value].type ==
               make_type(constant.data.dtype(), Shape(shape.begin(), shape.end()));
  });
}

struct GraphRule {
  std::string_view sentence;
  bool (*holds)(const Graph&);
};
constexpr GraphRule kGraphRules[] = {
    {"every id is that of a value of the graph", ids_in_range},
    {"the graph and its values have legal names", names_are_legal},
    {"no two values have the same name", names_are_unique},
    {"every value is defined exactly once", values_are_defined_once},
    {"constants, nodes and a node's outputs stand in the order of their values", statements_are_in_order},
    {"every type has sizes >= 0 that fit in memory, and normal strides", types_are_normal},
    {"a constant has the type of its data and lies row-major", constants_have_their_type},
    {"a graph has a result", [](const Graph& graph) { return !graph.results.empty(); }},
};

// ---------------------------------------------------------------- of one node
bool axes_are_legal(const Graph&, const Node& node) {
  std::set<std::string_view> names;
  return std::all_of(node.expr.axes.begin(), node.expr.axes.end(), [&](const notation::Axis& axis) {
    return axis.size >= 0 && legal_name(axis.name) && names.insert(axis.name).second;
  });
}

bool fits(const notation::Solved& expr, const notation::TensorExpr& tensor) {
  Shape shape;
  for (const notation::Dim& dim : tensor.dims) {
    const auto size = checked_size(expr, dim);
    if (!size) return false;
    shape.push_back(*size);
  }
  return addressable(shape, DType::f64);
}

bool sizes_fit(const Graph&, const Node& node) {
  const auto tensor_fits = [&](const notation::TensorExpr& tensor) { return fits(node.expr, tensor); };
  return std::all_of(node.expr.inputs.begin(), node.expr.inputs.end(), tensor_fits) &&
         std::all_of(node.expr.outputs.begin(), node.expr.outputs.end(), tensor_fits);
}

bool operands_match(const Graph&, const Node& node) {
  return !node.outputs.empty() && node.inputs.size() == node.expr.inputs.size() &&
         node.outputs.size() == node.expr.outputs.size();
}

/// Parameters come before everything, whatever their number: a traced function may meet one late.
bool inputs_are_defined_before(const Graph& graph, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    return input < node.outputs.front() ||
           std::any_of(graph.parameters.begin(), graph.parameters.end(),
                       [&](const Parameter& parameter) { return parameter.value == input; });
  });
}

bool input_shapes_match(const Graph& graph, const Node& node) {
  for (std::size_t k = 0; k < node.inputs.size(); ++k)
    if (graph.values[node.inputs[k]].type.shape != notation::shape(node.expr, node.expr.inputs[k]))
      return false;
  return true;
}

/// An operation's own parameters are the axis names it reserves; each has one entry for every bracketed axis
/// of the first input.
bool attributes_are_known(const Graph&, const Node& node) {
  const std::vector<std::string> known = ops::rules(*node.op).reserved;
  if (node.attributes.size() != known.size()) return false;
  const std::size_t entries = notation::axes_of(node.expr, node.expr.inputs.front(), true).size();
  for (std::size_t k = 0; k < known.size(); ++k)
    if (node.attributes[k].first != known[k] || node.attributes[k].second.size() != entries) return false;
  return true;
}

bool output_types_follow(const Graph& graph, const Node& node) {
  const std::vector<DType> dtypes = output_dtypes(graph, node);
  for (std::size_t k = 0; k < node.outputs.size(); ++k)
    if (graph.values[node.outputs[k]].type !=
        make_type(dtypes[k], notation::shape(node.expr, node.expr.outputs[k])))
      return false;
  return true;
}

/// The rules of the operation's family are the notation's; rather than to state them twice, the printed
/// expression goes through it again with every size given (so that nothing is inferred or merged) and has to
/// come out as it went in (so that nothing is implied, like the brackets of "a b -> a"). Raises where the
/// notation refuses it.
bool notation_accepts(const Graph& graph, const Node& node) {
  std::vector<notation::Operand> operands;
  for (const ValueId input : node.inputs) operands.push_back({graph.values[input].type.shape, ""});
  std::vector<notation::Constraint> sizes;
  for (const notation::Axis& axis : node.expr.axes) sizes.push_back({axis.name, {}, {axis.size}, ""});
  const auto parsed = notation::parse(notation::text(node.expr));
  const auto expanded = notation::expand(parsed, ops::rules(*node.op), int(operands.size()));
  return normal_form(notation::solve(expanded, operands, sizes)) == node.expr;
}

struct NodeRule {
  std::string_view sentence;
  bool (*holds)(const Graph&, const Node&);  ///< may raise: the message is added to the sentence
};
constexpr NodeRule kNodeRules[] = {
    {"a node has an operation", [](const Graph&, const Node& node) { return node.op != nullptr; }},
    {"a node's expression is well formed",
     [](const Graph&, const Node& node) { return well_formed(node.expr); }},
    {"a node's expression is in normal form",
     [](const Graph&, const Node& node) { return normal_form(node.expr) == node.expr; }},
    {"the axes of a node have legal, distinct names and sizes >= 0", axes_are_legal},
    {"the tensors of a node fit in memory", sizes_fit},
    {"a node has a value for every input and output of its expression", operands_match},
    {"a value is defined before it is used", inputs_are_defined_before},
    {"the shapes of a node's inputs are those of its expression", input_shapes_match},
    {"the operation accepts the expression", notation_accepts},
    {"a node has its operation's parameters, an entry for each bracketed axis", attributes_are_known},
    {"the types of a node's outputs follow from its inputs and expression", output_types_follow},
};

}  // namespace

bool legal_value_name(std::string_view name) { return legal_name(name) && name != "def" && name != "return"; }

std::optional<std::string> violation(const Graph& graph, const Node& node, bool types) {
  for (const NodeRule& rule : kNodeRules) {
    if (rule.holds == output_types_follow && !types) continue;
    const std::string broken = "\"" + std::string(rule.sentence) + "\" does not hold";
    try {
      if (!rule.holds(graph, node)) return broken;
    } catch (const Error& error) {
      return broken + ": " + error.what();
    }
  }
  return std::nullopt;
}

std::optional<std::string> verify(const Graph& graph) {
  for (const GraphRule& rule : kGraphRules)
    if (!rule.holds(graph)) return "\"" + std::string(rule.sentence) + "\" does not hold";
  for (const Node& node : graph.nodes)
    if (auto broken = violation(graph, node)) return *broken + "\nin: " + node_text(graph, node);
  return std::nullopt;
}

Graph verified(std::string_view stage, Graph graph) {
  if (const auto broken = verify(graph))
    support::internal_error("after " + std::string(stage) + ": " + *broken + "\n" + text(graph));
  return graph;
}

}  // namespace einx::detail::graph
