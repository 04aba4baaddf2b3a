// Graphs for the tests of loops and code generation: one call each, or graph text.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "loops/loops.h"
#include "trace/trace.h"

namespace einx::detail::loops_test {

using Sizes = std::vector<std::pair<std::string, std::int64_t>>;

inline graph::Type type(DType dtype, Shape shape) { return graph::make_type(dtype, std::move(shape)); }
inline graph::Type type(DType dtype, Shape shape, Shape strides) {
  return graph::make_type(dtype, std::move(shape), std::move(strides));
}
inline graph::Type f32_of(Shape shape) { return type(DType::f32, std::move(shape)); }

/// The graph of one call, as the pipeline makes it.
inline graph::Graph call(const std::string& op, const std::string& pattern,
                         const std::vector<graph::Type>& types, const Sizes& sizes = {},
                         const graph::Attributes& attributes = {}) {
  trace::Call made;
  made.attributes = attributes;
  made.op = &ops::get(op);
  made.pattern = pattern;
  for (const graph::Type& t : types) made.operands.push_back({trace::Operand::Kind::Tensor, t});
  for (const auto& [name, size] : sizes) made.constraints.push_back({name, {}, {size}, {}});
  return trace::single(made, trace::solve(made, trace::expand(made)));
}

/// The largest machine, so that texts do not depend on the host.
inline loops::Machine wide() { return {64, 32, true, true}; }
inline loops::Machine narrow() { return {16, 16, false, false}; }

}  // namespace einx::detail::loops_test
