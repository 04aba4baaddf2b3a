// Every call of the conformance corpus that can be traced is printed as graph text and read back.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "graph/graphs.h"
#include "tensor/tensor.h"

namespace graph = einx::detail::graph;
namespace notation = einx::detail::notation;
using namespace graphs;

namespace {

/// A number is a constraint without dimensions, a list one of its length; false for anything else.
bool add_constraint(std::vector<notation::Constraint>& constraints, const std::string& name,
                    const nlohmann::json& value) {
  if (value.is_number_integer()) {
    constraints.push_back({name, {}, {value.get<std::int64_t>()}, ""});
    return true;
  }
  if (!value.is_array()) return false;
  notation::Constraint list{name, {std::int64_t(value.size())}, {}, ""};
  for (const auto& item : value) {
    if (!item.is_number_integer()) return false;
    list.values.push_back(item.get<std::int64_t>());
  }
  constraints.push_back(list);
  return true;
}

/// The operation's own parameter: one entry a bracketed axis, as the tracer completes it.
graph::Attributes attributes_of(const einx::detail::ops::Op& op, const notation::Solved& solved, const nlohmann::json& kwargs) {
  if (op.parameter.empty()) return {};
  std::vector<std::int64_t> values(notation::axes_of(solved, solved.inputs.front(), true).size());
  const auto& given = kwargs.at(std::string(op.parameter));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = given.is_array() ? given.at(k % given.size()).get<std::int64_t>() : given.get<std::int64_t>();
  return {{std::string(op.parameter), values}};
}

/// nullopt if the case is not a call of tensors that the notation and the operation accept.
std::optional<Graph> traced(const nlohmann::json& row) {
  const auto* op = einx::detail::ops::find(row["op"].get<std::string>());
  if (op == nullptr || !row["expect"].contains("outputs") || !row["inputs"].is_array()) return std::nullopt;
  Graph made;
  std::vector<ValueId> inputs;
  std::vector<notation::Operand> operands;
  for (const auto& input : row["inputs"]) {
    if (!input.is_object() || !input.contains("shape") || !input.contains("dtype")) return std::nullopt;
    const auto dtype = einx::detail::tensor::dtype_from(input["dtype"].get<std::string>());
    if (!dtype) return std::nullopt;
    const Shape shape = input["shape"].get<Shape>();
    operands.push_back({shape, ""});
    inputs.push_back(graph::add_parameter(made, graph::make_type(*dtype, shape)));
  }
  std::vector<notation::Constraint> constraints;
  for (const auto& [name, value] : row["kwargs"].items())
    if (!add_constraint(constraints, name, value)) return std::nullopt;
  try {
    const auto parsed = notation::parse(row["pattern"].get<std::string>());
    const auto expanded = notation::expand(parsed, einx::detail::ops::rules(*op), int(operands.size()));
    const notation::Solved solved = notation::solve(expanded, operands, constraints);
    made.results = graph::add_node(made, *op, solved, inputs, attributes_of(*op, solved, row["kwargs"]));
  } catch (const einx::Error&) {
    return std::nullopt;
  }
  return made;
}

}  // namespace

TEST_CASE("calls of the corpus survive printing and parsing") {
  std::ifstream file(EINX_CORPUS);
  REQUIRE(file);
  int made_graphs = 0;
  for (std::string line; std::getline(file, line);) {
    const auto row = nlohmann::json::parse(line);
    const auto made = traced(row);
    if (!made) continue;
    ++made_graphs;
    const std::string id = row["id"].get<std::string>();
    CAPTURE(id);
    const std::string text = graph::text(*made);
    CAPTURE(text);
    CHECK(graph::verify(*made).value_or("") == "");
    try {
      const Graph parsed = graph::parse(text);
      CHECK(parsed == *made);
      CHECK(graph::text(parsed) == text);
    } catch (const einx::SyntaxError& error) {
      FAIL_CHECK(error.what());
    }
  }
  MESSAGE(made_graphs << " graphs");
  CHECK(made_graphs > 500);
}
