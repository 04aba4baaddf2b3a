// Random graphs of einsums: fused and ordered, they compute what they did. EINX_TEST_CASES and EINX_TEST_SEED choose how many and which.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "passes/einsums.h"
#include "passes/passes.h"

using namespace einsums;
namespace passes = einx::detail::passes;
namespace notation = einx::detail::notation;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

/// Draws a graph of 1 to 12 nodes: einsums of 1 to 4 operands (a value may come twice, a letter in any number of them), numbers, repetitions, merges and
/// splits, additions between.
class Drawing {
 public:
  explicit Drawing(std::uint64_t seed) : random_(seed) {}

  graph::Graph draw() {
    constexpr einx::DType dtypes[] = {einx::i64, einx::i64, einx::i32, einx::u8, einx::boolean, einx::f64, einx::f32};
    dtype_ = dtypes[below(7)];
    for (std::uint64_t k = 0, count = 1 + below(4); k < count; ++k) add_operand(below(4) == 0);
    for (std::uint64_t k = 0, count = 1 + below(12); k < count; ++k) add_node();
    for (std::uint64_t k = 0, count = 1 + below(3); k < count; ++k) graph_.results.push_back(made_[below(made_.size())]);
    if (below(2)) graph_.results.push_back(made_.back());
    return std::move(graph_);
  }

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }

  void add_operand(bool constant) {
    einx::Shape shape;
    for (std::uint64_t k = 0, rank = below(4); k < rank; ++k) shape.push_back(std::int64_t(1 + below(4)));
    values_.push_back(constant ? graph::add_constant(graph_, einx::Tensor::iota(shape, einx::f64).cast(dtype_)) : parameter(graph_, shape, dtype_));
  }

  const einx::Shape& shape(graph::ValueId value) const { return graph_.values[std::size_t(value)].type.shape; }

  /// Recent values more often: chains.
  graph::ValueId any_value() { return values_[values_.size() - 1 - std::min(below(values_.size()), below(values_.size()))]; }

  void add_node() {
    graph::ValueId value = -1;
    switch (below(8)) {
      case 0: value = scaled(graph_, double(1 + below(3)), any_value()); break;
      case 1: value = repeated(any_value()); break;
      case 2: value = merged(any_value()); break;
      case 3: value = added(any_value()); break;
      default: value = contracted();
    }
    if (value < 0) return add_node();
    values_.push_back(value);
    made_.push_back(value);
  }

  graph::ValueId repeated(graph::ValueId value) {
    const std::string letters = std::string("abcdefg").substr(0, shape(value).size());
    if (letters.size() > 3) return -1;
    std::string output = letters + "r";
    std::shuffle(output.begin(), output.end(), random_);
    return einsum(graph_, letters + "->" + output, {value}, "r" + std::to_string(1 + below(3)));
  }

  /// All axes as one, or one axis as two.
  graph::ValueId merged(graph::ValueId value) {
    notation::Solved expr;
    notation::TensorExpr split;
    notation::Dim group{notation::Dim::Kind::Group, -1, {}};
    for (const std::int64_t size : shape(value)) {
      split.dims.push_back({notation::Dim::Kind::Axis, int(expr.axes.size()), {}});
      expr.axes.push_back({"m" + std::to_string(expr.axes.size()), size, false, false, ""});
    }
    if (expr.axes.empty()) return -1;
    if (expr.axes.size() == 1 && expr.axes[0].size % 2 == 0) {
      expr.axes[0].size /= 2;
      expr.axes.push_back({"n", 2, false, false, ""});
      group.parts = {{notation::Dim::Kind::Axis, 0, {}}, {notation::Dim::Kind::Axis, 1, {}}};
      expr.inputs = {{{group}}};
      expr.outputs = {{group.parts}};
    } else {
      group.parts = split.dims;
      expr.inputs = {split};
      expr.outputs = {{{group}}};
    }
    return graph::add_node(graph_, einx::detail::ops::get("id"), std::move(expr), {value})[0];
  }

  graph::ValueId added(graph::ValueId value) {
    notation::Solved expr;
    notation::TensorExpr axes;
    for (const std::int64_t size : shape(value)) {
      axes.dims.push_back({notation::Dim::Kind::Axis, int(expr.axes.size()), {}});
      expr.axes.push_back({"d" + std::to_string(expr.axes.size()), size, false, false, ""});
    }
    expr.inputs = {axes, axes};
    expr.outputs = {axes};
    return graph::add_node(graph_, einx::detail::ops::get("add"), std::move(expr), {value, value})[0];
  }

  /// Axes of equal size get the same letter half of the time.
  graph::ValueId contracted() {
    std::vector<graph::ValueId> operands;
    std::string equation, letters;
    std::vector<std::int64_t> sizes;
    double iterations = 1;
    for (std::uint64_t k = 0, count = 1 + below(4); k < count; ++k) {
      operands.push_back(k > 0 && below(5) == 0 ? operands.back() : any_value());
      equation += k ? "," : "";
      for (const std::int64_t size : shape(operands.back())) {
        const auto known = std::find(sizes.begin(), sizes.end(), size);
        if (known != sizes.end() && below(2)) {
          std::size_t place = std::size_t(known - sizes.begin());
          for (std::size_t other = place + 1; other < sizes.size(); ++other)
            if (sizes[other] == size && below(2)) place = other;
          equation += letters[place];
          continue;
        }
        iterations *= double(size);
        letters += char('a' + letters.size());
        sizes.push_back(size);
        equation += letters.back();
      }
    }
    if (iterations > 2e4 || letters.size() > 20) return -1;
    std::string output;
    double elements = 1;
    for (std::size_t k = 0; k < letters.size(); ++k)
      if (below(2) && output.size() < 4 && elements * double(sizes[k]) < 200) output += letters[k], elements *= double(sizes[k]);
    std::shuffle(output.begin(), output.end(), random_);
    return einsum(graph_, equation + "->" + output, operands);
  }

  std::mt19937_64 random_;
  graph::Graph graph_;
  einx::DType dtype_ = einx::f64;
  std::vector<graph::ValueId> values_, made_;
};

}  // namespace

TEST_CASE("random graphs: fused, ordered, fused again") {
  const std::uint64_t seed = from_environment("EINX_TEST_SEED", 1), cases = from_environment("EINX_TEST_CASES", 400);
  MESSAGE("seed " << seed << ", " << cases << " cases");
  passes::PathOptions options;
  options.seconds = 0.01;
  int fewer = 0, cheaper = 0;
  for (std::uint64_t k = 0; k < cases; ++k) {
    CAPTURE(seed + k);
    const graph::Graph before = Drawing(seed + k).draw();
    CAPTURE(graph::text(before));
    REQUIRE_FALSE(graph::verify(before));
    const graph::Graph fused = graph::verified("fuse_einsums", passes::fuse_einsums(before));
    const graph::Graph after = graph::verified("optimize_einsums", passes::optimize_einsums(fused, options));
    CAPTURE(graph::text(after));
    std::mt19937_64 random(seed + k);
    const auto operands = operands_for(before, random, false);
    const einx::DType dtype = before.values[std::size_t(before.results[0])].type.dtype;
    const double bound = dtype == einx::f32 ? 2e-5 : dtype == einx::f64 ? 1e-13 : 0;
    CHECK(difference(before, after, operands) <= bound);
    CHECK(passes::flops(after) <= passes::flops(before));
    CHECK(graph::text(passes::fuse_einsums(before)) == graph::text(fused));  // no hash, no address, no clock
    fewer += fused.nodes.size() < before.nodes.size();
    cheaper += passes::flops(after) < passes::flops(before);
  }
  CHECK(fewer > int(cases) / 4);  // the graphs are such that there is something to do
  CHECK(cheaper > int(cases) / 4);
}
