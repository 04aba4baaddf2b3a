// einx::elementwise, einx::reduction, einx::rowwise: rows of the registry whose meaning is traced from the user's functions.
#include <einx/custom.h>

#include <bit>
#include <cmath>

#include "api/compose.h"
#include "support/support.h"

namespace einx::detail {
namespace {

using api::TracedFunction;
using notation::Family;
using ops::Composer;

graph::Type number(DType dtype) { return graph::make_type(dtype, {}); }

DType result_dtype(const graph::Graph& graph) { return graph.values[std::size_t(graph.results[0])].type.dtype; }

/// Registers the row; kind: the maker, so that operations of different makers never share an identity.
std::string_view add(std::string_view name, std::string_view kind, const std::string& identity, ops::UserRow row) {
  row.name = std::string(name);
  return ops::add_row(std::move(row), identity.empty() ? "" : std::string(kind) + " " + identity).name;
}

// ---------------------------------------------------------------- elementwise
ops::Resolved resolve_elementwise(const ops::Op& op, const TracedFunction& function, std::span<const DType> operands) {
  std::vector<graph::Type> types;
  for (const DType dtype : operands) types.push_back(number(dtype));
  const graph::Graph graph = api::traced(op.name, function, types);
  ops::Resolved resolved;
  resolved.operands.assign(operands.begin(), operands.end());
  resolved.result = result_dtype(graph);
  Composer composer(resolved.operands);
  std::vector<int> args;
  for (std::size_t k = 0; k < operands.size(); ++k) args.push_back(composer.arg(int(k)));
  const int result = api::write(composer, op.name, graph, args);
  resolved.meaning = ops::Map{composer.finish(std::span(&result, 1))};
  return resolved;
}

// ---------------------------------------------------------------- reductions
tensor::Scalar scalar(const WeakNumber& number, DType dtype) {
  if (number.integral) return tensor::make_scalar(number.integer, dtype);
  return tensor::make_scalar(number.real, dtype);
}

/// Whether a number written as 1.0 is meant as 1 beside integers.
bool fits(const WeakNumber& number, DType dtype) {
  if (number.integral || tensor::is_float(dtype)) return true;
  return tensor::to_double(scalar(number, dtype)) == number.real;
}

/// The traced parts of a reduction for one dtype. Values of f16 and bf16 are so in name only: they are computed and accumulated in f32.
struct TracedReduction {
  std::optional<graph::Graph> map, finish;
  graph::Graph combine;
  DType accumulator = DType::f32, result = DType::f32;
};

/// The accumulator has the dtype that combining gives: that of the mapped element, unless combining or the identity needs a wider one.
TracedReduction trace_reduction(const ops::Op& op, const ReductionParts& parts, DType dtype) {
  TracedReduction made;
  const graph::Type element = number(dtype);
  made.accumulator = dtype;
  if (parts.map) {
    made.map = api::traced(op.name, parts.map, std::span(&element, 1));
    made.accumulator = result_dtype(*made.map);
  }
  if (!fits(parts.identity, made.accumulator)) made.accumulator = DType::f64;
  for (DType before = DType::boolean, first = made.accumulator;; first = made.accumulator) {
    const std::array two = {number(first), number(first)};
    made.combine = api::traced(op.name, parts.combine, two);
    before = first;
    made.accumulator = tensor::promote(before, result_dtype(made.combine));
    if (made.accumulator == before) break;
  }
  made.result = made.accumulator;
  if (parts.finish) {
    const DType count = tensor::is_float(made.accumulator) ? made.accumulator : DType::i64;
    const std::array both = {number(made.accumulator), number(count)};
    made.finish = api::traced(op.name, parts.finish, both);
    made.result = result_dtype(*made.finish);
  }
  return made;
}

ops::Pass reduction_pass(const ops::Op& op, const TracedReduction& traced, const WeakNumber& identity, DType dtype) {
  const DType kept = ops::computed_dtype(traced.accumulator);
  Composer map({dtype, DType::i64, DType::i64});
  int element = map.arg(0);
  if (traced.map) element = api::write(map, op.name, *traced.map, std::span(&element, 1));
  element = map.cast(map.cast(element, traced.accumulator), kept);
  Composer combine({kept, kept});
  const std::array both = {combine.cast(combine.arg(0), traced.accumulator), combine.cast(combine.arg(1), traced.accumulator)};
  const int combined =
      combine.cast(combine.cast(api::write(combine, op.name, traced.combine, both), traced.accumulator), kept);
  return {map.finish(std::span(&element, 1)), combine.finish(std::span(&combined, 1)), {scalar(identity, kept)}};
}

ops::ScalarFn reduction_result(const ops::Op& op, const TracedReduction& traced) {
  const DType kept = ops::computed_dtype(traced.accumulator);
  Composer result({kept, DType::i64});
  int made = result.cast(result.arg(0), traced.accumulator);
  if (traced.finish) {
    const bool real = tensor::is_float(traced.accumulator);
    const int count = real ? result.cast(result.cast(result.arg(1), kept), traced.accumulator) : result.arg(1);
    const std::array both = {made, count};
    made = api::write(result, op.name, *traced.finish, both);
  }
  return result.finish(std::span(&made, 1));
}

ops::Resolved resolve_reduction(const ops::Op& op, const ReductionParts& parts, std::span<const DType> operands) {
  const TracedReduction traced = trace_reduction(op, parts, operands[0]);
  ops::Resolved resolved;
  resolved.operands = {operands[0]};
  resolved.result = traced.result;
  ops::Rows rows;
  rows.passes = {reduction_pass(op, traced, parts.identity, operands[0])};
  rows.result = reduction_result(op, traced);
  resolved.meaning = std::move(rows);
  return resolved;
}

// ---------------------------------------------------------------- rows
graph::Graph trace_row(std::string_view op, const TracedFunction& function, DType dtype) {
  const graph::Type row = graph::make_type(dtype, {api::kRowLength});
  return api::traced(op, function, std::span(&row, 1));
}

const Shape& result_shape(const graph::Graph& graph) { return graph.values[std::size_t(graph.results[0])].type.shape; }

ops::Resolved resolve_row(const ops::Op& op, const TracedFunction& function, std::span<const DType> operands) {
  const graph::Graph graph = trace_row(op.name, function, operands[0]);
  if (result_shape(graph).empty() != (op.family == Family::Reduce))
    support::raise<ValueError>({.kind = "bad-parameter",
                                .sentence = "The function of the operation '" + std::string(op.name) +
                                            "' returns a row for some dtypes and a single number for others."});
  ops::Resolved resolved;
  resolved.operands = {operands[0]};
  resolved.result = result_dtype(graph);
  resolved.meaning = api::rows_of(op.name, graph);
  return resolved;
}

/// What the function returns decides which patterns the operation takes. Not every function works for every dtype: the first that does tells.
Family family_of_row(std::string_view name, const TracedFunction& function) {
  std::exception_ptr first;
  for (const DType dtype : {DType::f32, DType::i32, DType::boolean}) try {
      return result_shape(trace_row(name, function, dtype)).empty() ? Family::Reduce : Family::Preserve;
    } catch (const Error&) {
      if (!first) first = std::current_exception();
    }
  std::rethrow_exception(first);
}

}  // namespace

std::string_view add_elementwise(std::string_view name, const std::string& identity, int inputs, TracedFunction function) {
  ops::UserRow row{.family = Family::Elementwise, .min_inputs = inputs, .max_inputs = inputs, .resolve = {}};
  row.resolve = [function = std::move(function)](const ops::Op& op, std::span<const DType> operands) {
    return resolve_elementwise(op, function, operands);
  };
  return add(name, "elementwise", identity, std::move(row));
}

std::string_view add_reduction(std::string_view name, const std::string& identity, ReductionParts parts) {
  const WeakNumber start = parts.identity;
  const std::string number = std::to_string(start.integral) + " " + std::to_string(start.integer) + " " +
                             std::to_string(std::bit_cast<std::uint64_t>(start.real));
  ops::UserRow row{.family = Family::Reduce, .resolve = {}};
  row.resolve = [parts = std::move(parts)](const ops::Op& op, std::span<const DType> operands) {
    return resolve_reduction(op, parts, operands);
  };
  return add(name, "reduction " + number, identity, std::move(row));
}

std::string_view add_rowwise(std::string_view name, const std::string& identity, TracedFunction function) {
  const Family family = family_of_row(name, function);
  ops::UserRow row{.family = family, .resolve = {}};
  row.resolve = [function = std::move(function)](const ops::Op& op, std::span<const DType> operands) {
    return resolve_row(op, function, operands);
  };
  return add(name, "rowwise", identity, std::move(row));
}

}  // namespace einx::detail
