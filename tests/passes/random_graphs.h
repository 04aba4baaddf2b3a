// Random graphs with operands, and the comparison of an optimised graph with the one it was made of. For
// every test of passes.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "reference/reference.h"

namespace random_graphs {

namespace detail = einx::detail;
using detail::graph::Graph;
using detail::graph::ValueId;
using einx::DType;
using einx::Shape;
using einx::Tensor;

struct Options {
  int max_nodes = 12;
  DType dtype = DType::f64;  ///< of parameters and constants
  bool only_einsums =
      false;  ///< dot, einsum, id without concatenation, sums, products with scalars; no others
};

struct Case {
  Graph graph;
  std::vector<Tensor> operands;
};

/// EINX_TEST_SEED and EINX_TEST_CASES: where the seeds of a test start, and how many graphs it makes.
inline unsigned from_environment(const char* name, unsigned otherwise) {
  const char* given = std::getenv(name);
  return given ? unsigned(std::strtoul(given, nullptr, 10)) : otherwise;
}

class Maker {
 public:
  Maker(unsigned seed, Options options) : random_(seed), options_(options) {}

  Case make() {
    const int nodes = pick(1, options_.max_nodes);
    for (int k = 0; k < nodes; ++k) add_step();
    if (made_.graph.nodes.empty()) operand(Shape{2});
    pick_results();
    return std::move(made_);
  }

 private:
  struct Axis {
    std::string name;
    std::int64_t size;
  };
  using Axes = std::vector<Axis>;

  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  bool chance(int of) { return pick(1, of) == 1; }

  // ------------------------------------------------------------ values
  Tensor data(const Shape& shape) {
    Tensor out = Tensor::empty(shape, DType::f64);
    for (std::int64_t k = 0; k < out.size(); ++k)
      out.data_as<double>()[k] = detail::tensor::is_float(options_.dtype) ? pick(-8, 8) / 4.0 : pick(-3, 3);
    return out.cast(options_.dtype);
  }
  ValueId operand(const Shape& shape) {
    if (chance(3)) return detail::graph::add_constant(made_.graph, data(shape));
    made_.operands.push_back(data(shape));
    return detail::graph::add_parameter(made_.graph, detail::graph::make_type(options_.dtype, shape));
  }
  const Shape& shape_of(ValueId id) const { return made_.graph.values[id].type.shape; }

  /// Often one that is there, more often a late one: chains, and values that are used twice.
  ValueId value() {
    std::vector<ValueId> fitting;
    for (ValueId id = 0; id < ValueId(made_.graph.values.size()); ++id)
      if (made_.graph.values[id].type.dtype == options_.dtype && !shape_of(id).empty()) fitting.push_back(id);
    if (!fitting.empty() && !chance(4)) {
      const int last = int(fitting.size()) - 1;
      return fitting[std::size_t(chance(2) ? last : pick(0, last))];
    }
    constexpr std::int64_t sizes[] = {2, 3, 4, 6, 1, 2};
    Shape shape;
    for (int k = pick(1, 3); k > 0; --k) shape.push_back(sizes[pick(0, 5)]);
    return operand(shape);
  }

  ValueId scalar() {
    Tensor one = data({});
    const double value = one.cast(DType::f64).item<double>();
    if (value == 0) return scalar();
    if (!chance(3)) return detail::graph::add_constant(made_.graph, one);
    made_.operands.push_back(one);
    return detail::graph::add_parameter(made_.graph, detail::graph::make_type(options_.dtype, {}));
  }

  // ------------------------------------------------------------ expressions
  Axis axis_of(std::int64_t size, Axes& axes) {
    if (!chance(3))
      for (const Axis& axis : axes)
        if (axis.size == size && !chance(3)) return axis;
    axes.push_back({std::string(1, char('a' + axes.size() % 26)) + (axes.size() < 26 ? "" : "z"), size});
    return axes.back();
  }

  /// The dimensions of an operand as axes, known ones or new.
  std::vector<Axes> dims_of(ValueId id, Axes& axes) {
    std::vector<Axes> dims;
    for (const std::int64_t size : shape_of(id)) {
      Axes dim;
      if ((size == 4 || size == 6) && chance(2)) {
        dim.push_back(axis_of(2, axes));
        dim.push_back(axis_of(size / 2, axes));
      } else if (size != 1 || chance(2)) {
        dim.push_back(axis_of(size, axes));
      }
      dims.push_back(std::move(dim));
    }
    return dims;
  }

  static std::string text(const std::vector<Axes>& dims, const std::vector<std::string>& bracketed) {
    std::string out;
    for (const Axes& dim : dims) {
      out += dim.size() == 1 ? " " : " (";
      for (const Axis& axis : dim) {
        const bool marked = std::find(bracketed.begin(), bracketed.end(), axis.name) != bracketed.end();
        out += marked ? " [" + axis.name + "]" : " " + axis.name;
      }
      if (dim.size() != 1) out += ")";
    }
    return out;
  }

  /// The axes in another order, now and then some of them in a group, now and then with another one.
  std::vector<Axes> output(Axes axes, bool broadcast) {
    if (broadcast && chance(4)) axes.push_back({"w", 2});
    if (!chance(3)) std::shuffle(axes.begin(), axes.end(), random_);
    std::vector<Axes> dims;
    for (const Axis& axis : axes) {
      if (!dims.empty() && chance(4))
        dims.back().push_back(axis);
      else
        dims.push_back({axis});
    }
    return dims;
  }

  static Axes without(const Axes& axes, const std::vector<std::string>& names) {
    Axes kept;
    for (const Axis& axis : axes)
      if (std::find(names.begin(), names.end(), axis.name) == names.end()) kept.push_back(axis);
    return kept;
  }

  std::vector<ValueId> add(const std::string& op, const std::string& pattern, Axes axes,
                           std::vector<ValueId> inputs) {
    std::vector<std::pair<std::string, std::int64_t>> sizes;
    axes.push_back({"w", 2});
    for (const Axis& axis : axes) sizes.emplace_back(axis.name, axis.size);
    Graph grown = made_.graph;
    std::vector<ValueId> outputs;
    try {
      outputs = detail::graph::add_node(grown, detail::ops::get(op),
                                        detail::notation::parse_solved(pattern, sizes), std::move(inputs));
    } catch (const einx::Error&) {
      return {};
    }
    grown.results = outputs;  // a graph has some
    std::int64_t elements = 1;
    for (const ValueId id : outputs)
      for (const std::int64_t size : grown.values[id].type.shape) elements *= size;
    std::int64_t steps = 1;  // of the interpreter, which takes them one by one
    for (const auto& axis : grown.nodes.back().expr.axes) steps *= axis.size;
    if (elements > 4096 || steps > 10000 || detail::graph::verify(grown))
      return {};  // brackets or axes that the operation does not take
    grown.results.clear();
    made_.graph = std::move(grown);
    return outputs;
  }

  // ------------------------------------------------------------ nodes
  void add_step() {
    const std::size_t before = made_.graph.nodes.size();
    for (int tries = 0; tries < 10 && made_.graph.nodes.size() == before; ++tries) {
      switch (pick(0, options_.only_einsums ? 6 : 12)) {
        case 0:
        case 1:
          id();
          break;
        case 2:
        case 3:
          contraction();
          break;
        case 4:
          reduction();
          break;
        case 5:
        case 6:
          scaling();
          break;
        case 7:
        case 8:
        case 9:
          elementwise();
          break;
        case 10:
          rowwise();
          break;
        case 11:
          concatenation();
          break;
        default:
          split();
          break;
      }
    }
  }

  void id() {
    const ValueId x = value();
    Axes axes;
    const auto dims = dims_of(x, axes);
    add("id", text(dims, {}) + " ->" + text(output(axes, true), {}), axes, {x});
  }

  void elementwise() {
    const bool floats = detail::tensor::is_float(options_.dtype);
    const std::vector<std::pair<std::string, int>> ops = {
        {"add", 2},      {"add", 3},     {"subtract", 2}, {"multiply", 2},
        {"multiply", 3}, {"maximum", 2}, {"minimum", 2},  {"where", 3},
        {"negative", 1}, {"abs", 1},     {"multiply", 2}, {floats ? "tanh" : "abs", 1}};
    const auto& [op, operands] = ops[std::size_t(pick(0, int(ops.size()) - 1))];
    Axes axes;
    std::vector<ValueId> inputs;
    std::string pattern;
    for (int k = 0; k < operands; ++k) {
      inputs.push_back(k > 0 && chance(4) ? inputs.back() : value());
      pattern += (k > 0 ? "," : "") + text(dims_of(inputs.back(), axes), {});
    }
    add(op, pattern + " ->" + text(output(axes, false), {}), axes, inputs);
  }

  void scaling() {
    const bool floats = detail::tensor::is_float(options_.dtype);
    const ValueId x = value(), s = scalar();
    Axes axes;
    const std::string tensor = text(dims_of(x, axes), {}), out = " ->" + text(output(axes, false), {});
    const int kind = pick(0, 4);
    if (kind == 0)
      add("multiply", " ," + tensor + out, axes, {s, x});
    else if (kind == 1 && floats)
      add("true_divide", tensor + ", " + out, axes, {x, s});
    else if (kind == 2)
      add("negative", tensor + out, axes, {x});
    else
      add("multiply", tensor + ", " + out, axes, {x, s});
  }

  void contraction() {
    Axes axes;
    std::vector<ValueId> inputs;
    std::vector<std::vector<Axes>> operands;
    const bool pairs = chance(2);
    for (int k = pairs ? 2 : pick(1, 4); k > 0; --k) {
      inputs.push_back(!inputs.empty() && chance(5) ? inputs.back() : value());
      operands.push_back(dims_of(inputs.back(), axes));
    }
    std::vector<std::string> summed;
    for (const Axis& axis : axes)
      if (chance(2)) summed.push_back(axis.name);
    std::string pattern;
    for (const auto& dims : operands) pattern += (pattern.empty() ? "" : ",") + text(dims, summed);
    add(pairs ? "dot" : "einsum", pattern + " ->" + text(output(without(axes, summed), false), {}), axes,
        inputs);
  }

  void reduction() {
    constexpr const char* ops[] = {"sum", "max", "mean", "min", "sum"};
    const ValueId x = value();
    Axes axes;
    const auto dims = dims_of(x, axes);
    std::vector<std::string> summed;
    for (const Axis& axis : axes)
      if (chance(2)) summed.push_back(axis.name);
    const char* op =
        options_.only_einsums ? "sum" : ops[pick(0, detail::tensor::is_float(options_.dtype) ? 4 : 1)];
    add(op, text(dims, summed) + " ->" + text(output(without(axes, summed), false), {}), axes, {x});
  }

  void rowwise() {
    constexpr const char* ops[] = {"flip", "sort", "softmax"};
    const ValueId x = value();
    Axes axes;
    const auto dims = dims_of(x, axes);
    if (axes.empty()) return;
    const std::vector<std::string> marked = {axes[std::size_t(pick(0, int(axes.size()) - 1))].name};
    const char* op = ops[pick(0, detail::tensor::is_float(options_.dtype) ? 2 : 1)];
    add(op, text(dims, marked) + " ->" + text(output(axes, false), marked), axes, {x});
  }

  void concatenation() {
    const ValueId x = value(), y = value();
    const std::string first = std::to_string(shape_of(x)[0]), second = std::to_string(shape_of(y)[0]);
    Axes axes = {{"p", shape_of(x)[0]}, {"q", shape_of(y)[0]}};
    std::string rest;
    for (std::size_t k = 1; k < shape_of(x).size(); ++k) {
      axes.push_back({std::string(1, char('a' + k)), shape_of(x)[k]});
      rest += " " + axes.back().name;
    }
    const std::string out = chance(2) ? "(p + q)" + rest : rest + " (p + q)";
    if (shape_of(x).size() == shape_of(y).size())
      add("id", "p" + rest + ", q" + rest + " -> " + out, axes, {x, y});
  }

  void split() {
    const ValueId x = value();
    const std::int64_t whole = shape_of(x)[0];
    if (whole < 2) return;
    const std::int64_t at = pick(1, int(whole) - 1);
    Axes axes = {{"p", at}, {"q", whole - at}};
    std::string rest;
    for (std::size_t k = 1; k < shape_of(x).size(); ++k) {
      axes.push_back({std::string(1, char('a' + k)), shape_of(x)[k]});
      rest += " " + axes.back().name;
    }
    add("id", "(p + q)" + rest + " -> p" + rest + "," + rest + " q", axes, {x});
  }

  /// What nobody reads, and now and then a value in between.
  void pick_results() {
    std::vector<int> uses(made_.graph.values.size(), 0);
    for (const auto& node : made_.graph.nodes)
      for (const ValueId id : node.inputs) ++uses[id];
    for (const auto& node : made_.graph.nodes)
      for (const ValueId id : node.outputs)
        if ((uses[id] == 0 && !chance(8)) || chance(8)) made_.graph.results.push_back(id);
    if (made_.graph.results.empty()) made_.graph.results.push_back(ValueId(made_.graph.values.size()) - 1);
  }

  std::mt19937 random_;
  Options options_;
  Case made_;
};

inline Case random_case(unsigned seed, Options options) { return Maker(seed, options).make(); }

inline double largest(const std::vector<Tensor>& tensors) {
  double found = 0;
  for (const Tensor& tensor : tensors)
    for (const double x : tensor.to_vector<double>())
      found = std::isfinite(x) ? std::max(found, std::abs(x)) : INFINITY;
  return found;
}

/// The largest number that comes up in the graph, which the rounding errors of its results are in proportion
/// to; infinity if any is not finite.
inline double magnitude(const Case& made) {
  Graph all = made.graph;
  for (const auto& node : made.graph.nodes)
    all.results.insert(all.results.end(), node.outputs.begin(), node.outputs.end());
  return std::max(largest(detail::reference::run(all, made.operands)), largest(made.operands));
}

/// `optimised` gives what the case's own graph gives: integers exactly, floats but for rounding.
inline void check_same(const Case& made, const Graph& optimised) {
  const double size = magnitude(made);
  if (!(size < 1e30)) return;  // where numbers overflow, orders of computation differ
  const auto expected = detail::reference::run(made.graph, made.operands),
             found = detail::reference::run(optimised, made.operands);
  REQUIRE(expected.size() == found.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    CAPTURE(k);
    REQUIRE(found[k].dtype() == expected[k].dtype());
    REQUIRE(std::ranges::equal(found[k].shape(), expected[k].shape()));
    const DType dtype = expected[k].dtype();
    if (!detail::tensor::is_float(dtype)) {
      REQUIRE(found[k].to_vector<std::int64_t>() == expected[k].to_vector<std::int64_t>());
      continue;
    }
    // sums that cancel are multiplied with sums that do not: some digits more than the results' own rounding
    const double bound = (1 + size) * (dtype == DType::f64 ? 1e-11 : dtype == DType::f32 ? 1e-4 : 1e-2);
    const auto a = expected[k].to_vector<double>(), b = found[k].to_vector<double>();
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(std::abs(a[i] - b[i]) <= bound);
  }
}

}  // namespace random_graphs
