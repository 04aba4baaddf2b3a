// One call of an operation through the notation, the graph and the interpreter; and tables of such calls.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "reference/reference.h"
#include "support/support.h"

namespace reference_test {

using namespace einx;
using namespace einx::detail;

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

using Sizes = std::vector<std::pair<std::string, std::int64_t>>;

inline graph::Type type_of(const Tensor& tensor) {
  const auto shape = tensor.shape(), strides = tensor.strides();
  return graph::make_type(tensor.dtype(), Shape(shape.begin(), shape.end()), Shape(strides.begin(), strides.end()));
}

inline notation::Solved solved(const ops::Op& op, const std::string& pattern, const std::vector<Tensor>& operands, const Sizes& sizes) {
  std::vector<notation::Operand> shapes;
  for (const Tensor& operand : operands) shapes.push_back({Shape(operand.shape().begin(), operand.shape().end()), ""});
  std::vector<notation::Constraint> constraints;
  for (const auto& [name, size] : sizes) constraints.push_back({name, {}, {size}, ""});
  const auto expanded = notation::expand(notation::parse(pattern), ops::rules(op), int(operands.size()));
  return notation::solve(expanded, shapes, constraints);
}

inline std::vector<Tensor> call_all(const std::string& name, const std::string& pattern, const std::vector<Tensor>& operands,
                                    const Sizes& sizes = {}) {
  const ops::Op& op = ops::get(name);
  graph::Graph graph;
  std::vector<graph::ValueId> inputs;
  for (const Tensor& operand : operands) inputs.push_back(graph::add_parameter(graph, type_of(operand)));
  graph.results = graph::add_node(graph, op, solved(op, pattern, operands, sizes), inputs);
  return reference::run(graph, operands);
}

inline Tensor call(const std::string& name, const std::string& pattern, const std::vector<Tensor>& operands, const Sizes& sizes = {}) {
  return call_all(name, pattern, operands, sizes).at(0);
}

/// A tensor as a table writes it. Without numbers: 0, 1, 2, ...
struct In {
  DType dtype;
  Shape shape;
  std::vector<double> numbers = {};

  Tensor tensor() const {
    if (numbers.empty()) return Tensor::iota(shape, dtype);
    return Tensor::copy_of(std::span<const double>(numbers), shape).cast(dtype);
  }
};

struct Row {
  std::string op, pattern;
  std::vector<In> inputs;
  Sizes sizes;
  In expected;
  double tolerance = 0;
};

inline bool close(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= tolerance * std::fmax(1.0, std::fabs(b));
}

inline void check_tensor(const Tensor& actual, const In& expected, double tolerance = 0) {
  CAPTURE(actual.to_string());
  CHECK(name_of(actual.dtype()) == name_of(expected.dtype));
  REQUIRE(Shape(actual.shape().begin(), actual.shape().end()) == expected.shape);
  const std::vector<double> a = actual.to_vector<double>(), b = expected.tensor().to_vector<double>();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    CAPTURE(a[i]);
    CAPTURE(b[i]);
    CHECK(close(a[i], b[i], tolerance));
  }
}

inline void check_rows(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.op);
    CAPTURE(row.pattern);
    std::vector<Tensor> operands;
    for (const In& input : row.inputs) operands.push_back(input.tensor());
    check_tensor(call(row.op, row.pattern, operands, row.sizes), row.expected, row.tolerance);
  }
}

/// The message of the CallOperationError that a call raises.
inline std::string runtime_error(const std::string& name, const std::string& pattern, const std::vector<In>& inputs, const Sizes& sizes = {}) {
  std::vector<Tensor> operands;
  for (const In& input : inputs) operands.push_back(input.tensor());
  try {
    call(name, pattern, operands, sizes);
  } catch (const CallOperationError& error) {
    CHECK(error.kind() == "runtime");
    return error.what();
  }
  FAIL("expected a CallOperationError");
  return "";
}

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace reference_test
