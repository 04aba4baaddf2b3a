// One case: operands from the seed, the reference's answer, compiled code's answer, and how near they must be.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <set>

#include "differential/case.h"
#include "differential/operands.h"
#include "notation/notation.h"
#include "passes/passes.h"
#include "runtime/runtime.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace differential {
namespace {

namespace api = einx::detail::api;
namespace notation = einx::detail::notation;
namespace ops = einx::detail::ops;
namespace tensor = einx::detail::tensor;
namespace trace = einx::detail::trace;

std::vector<notation::Constraint> constraints(const Case& c) {
  std::vector<notation::Constraint> result;
  for (const auto& [name, size] : c.sizes) {
    notation::Constraint constraint;
    constraint.name = name;
    constraint.values = {size};
    result.push_back(constraint);
  }
  return result;
}

/// The operands' shapes follow from the input side of the pattern and the sizes.
std::vector<Shape> shapes(const Case& c) {
  const std::string inputs = c.pattern.substr(0, c.pattern.find("->"));
  const std::vector<notation::Operand> unknown(c.operands.size(), notation::Operand{std::nullopt, "unknown"});
  return notation::solve_axes(inputs, unknown, constraints(c), false).shapes;
}

trace::Call describe(const Case& c, const std::vector<Tensor>& operands) {
  trace::Call call;
  call.op = &ops::get(c.op);
  call.pattern = c.pattern;
  call.constraints = constraints(c);
  if (!call.op->parameter.empty()) call.attributes = {{std::string(call.op->parameter), c.shift}};
  for (const Tensor& operand : operands) {
    const Shape shape(operand.shape().begin(), operand.shape().end()), strides(operand.strides().begin(), operand.strides().end());
    call.operands.push_back({trace::Operand::Kind::Tensor, einx::detail::graph::make_type(operand.dtype(), shape, strides)});
  }
  return call;
}

bool updates(const Case& c) { return ops::get(c.op).family == notation::Family::UpdateAt; }

/// Smallest indexed axis: coordinates below it are valid wherever they are used.
std::int64_t smallest_indexed(const Case& c) {
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  const std::string tensor_expr = c.pattern.substr(0, c.pattern.find(','));
  for (const auto& [name, size] : c.sizes)
    if (tensor_expr.find("[" + name + "]") != std::string::npos) smallest = std::min(smallest, size);
  return smallest;
}

std::vector<Tensor> operands(const Case& c, Memory& memory) {
  Random random(c.seed);
  std::vector<Tensor> result;
  const std::vector<Shape> all = shapes(c);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Filling filling{c.special, c.op == "prod" || c.op == "multiply", c.hostile, holds_coordinates(c, k) ? smallest_indexed(c) : 0};
    result.push_back(make_operand(all[k], c.operands[k], filling, random, memory));
  }
  return result;
}

/// The class of design: by meaning, and whether the packed product was taken.
std::string class_of(const api::Executable& executable, const einx::detail::loops::Program& program) {
  if (executable.graph.nodes.empty()) return "none";
  for (const auto& step : program.steps)
    if (std::holds_alternative<einx::detail::loops::Matmul>(step)) return "contract-packed";
  const auto& node = executable.graph.nodes[0];
  return einx::detail::support::match(
      einx::detail::graph::resolve(executable.graph, node).meaning, [](const ops::Move&) { return std::string("copy"); },
      [](const ops::Map&) { return std::string("map"); }, [](const ops::Gather&) { return std::string("index"); },
      [](const ops::Scatter&) { return std::string("index"); }, [](const ops::Shuffle&) { return std::string("copy"); },
      [](const ops::Sort&) { return std::string("order"); }, [](const ops::Native&) { return std::string("native"); },
      [&](const ops::Rows& rows) {
        if (rows.coordinates) return std::string("order");
        if (node.inputs.size() > 1) return std::string("contract");
        return std::string(rows.per_element || rows.passes.size() > 1 ? "row-wise" : "reduce");
      });
}

/// The graph of the same case with some axes longer by `more` and something.
einx::detail::graph::Graph longer(const Case& c, std::int64_t more) {
  Case other = c;
  Random random(c.seed + 1);
  for (auto& [name, size] : other.sizes)
    if (random() % 3 != 0) size += more * std::int64_t(1 + random() % 3);
  Memory memory(false, false);
  return api::compile(describe(other, operands(other, memory)), api::Options{.jit = false, .loops = {}})->graph;
}

/// Code that two other sizes have in common, for this one's; null where there is none.
std::shared_ptr<const einx::detail::codegen::Code> common_code(const Case& c, const api::Executable& reference, std::string& empty_reduction, bool& in_place) {
  namespace loops = einx::detail::loops;
  namespace codegen = einx::detail::codegen;
  std::vector<einx::detail::graph::Graph> samples;
  try {
    for (const std::int64_t more : {8, 3}) samples.push_back(longer(c, more));
  } catch (const einx::Error&) {
    return nullptr;  // other sizes are refused
  }
  const auto common = loops::generalise(samples, codegen::host_target().machine);
  if (!common) return nullptr;
  if (const auto broken = loops::verify(common->program)) throw std::runtime_error("verify: " + *broken);
  const auto program = loops::instantiate(*common, reference.graph);
  if (!program) return nullptr;
  empty_reduction = program->empty_reduction, in_place = program->in_place;
  return codegen::rebind(codegen::compile(common->program, codegen::host_target()), *program);
}

api::Executable compiled(const Case& c, const api::Executable& reference, const Bug* bug, bool& planted, std::string& op_class) {
  api::Executable result = reference;
  const auto& target = einx::detail::codegen::host_target();
  auto program = einx::detail::loops::lower(reference.graph, target.machine, {.dynamic = c.dynamic});
  op_class = class_of(reference, program);
  if (c.dynamic && !bug && c.seed % 4 != 0)
    if ((result.code = common_code(c, reference, result.empty_reduction, result.in_place))) return result;
  planted = bug && bug->plant(program);
  if (!bug)
    if (const auto broken = einx::detail::loops::verify(program)) throw std::runtime_error("verify: " + *broken);
  result.empty_reduction = program.empty_reduction;
  result.in_place = program.in_place;
  result.code = einx::detail::codegen::compile(program, target);
  return result;
}

double epsilon_of(DType dtype) {
  if (!tensor::is_float(dtype)) return 0;
  return dtype == DType::f64 ? 2.3e-16 : dtype == DType::f32 ? 1.2e-7 : dtype == DType::f16 ? 9.8e-4 : 7.9e-3;
}

/// How far apart results may be, relative to the magnitudes that went in. Operands of a fold meet pairwise: the least precise one counts.
double tolerance(const Case& c, DType dtype, double magnitude, double count) {
  if (!tensor::is_float(dtype)) return 0;
  double epsilon = epsilon_of(dtype);
  for (const OperandSpec& operand : c.operands) {
    const bool from_integers = c.op == "logaddexp" && !tensor::is_float(operand.dtype);  // two bytes meet in f16, two shorts in f32
    const DType met = !from_integers ? operand.dtype : einx::size_of(operand.dtype) == 1 ? DType::f16 : einx::size_of(operand.dtype) == 2 ? DType::f32 : DType::f64;
    epsilon = std::max(epsilon, epsilon_of(met));
  }
  static const std::set<std::string> exact = {"id", "max", "min", "get_at", "maximum", "minimum", "where", "flip", "roll", "sort", "set_at", "add_at", "subtract_at"};
  if (exact.contains(c.op)) return 0;
  // the reference adds one by one: of few different values, as there are in integers, it rounds every sum the same way
  const double roundings = c.op == "var" || c.op == "std" ? count / 2 : 4 * std::sqrt(count);
  return epsilon * (16 + roundings) * magnitude;
}

/// Operations that show an unstable order by the signs of zeros.
bool keeps_signs(const Case& c) { return c.op == "sort" || c.op == "flip" || c.op == "roll"; }

bool close(double a, double b, double allowed) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  if (std::isinf(a) || std::isinf(b)) return false;
  return std::fabs(a - b) <= allowed;
}

/// Several operands are multiplied in pairs, some of them after sums: infinities of both signs may meet (nan) in one order of that only.
bool may_lose_nan(const Case& c) { return c.special && c.operands.size() > 2 && (c.op == "dot" || c.op == "einsum"); }

/// Largest finite magnitude among the operands' values, and 1.
double magnitude(const std::vector<Tensor>& tensors, bool product) {
  double result = 1;
  for (const Tensor& t : tensors) {
    double largest = 1;
    for (const double v : t.to_vector<double>())
      if (std::isfinite(v)) largest = std::max(largest, std::fabs(v));
    result = product ? result * largest : std::max(result, largest);
  }
  return result;
}

std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string compare(const Case& c, const std::vector<Tensor>& inputs, const Tensor& got, const Tensor& want) {
  if (got.dtype() != want.dtype() || !std::ranges::equal(got.shape(), want.shape())) return "another type";
  double count = 1;
  for (const Tensor& input : inputs) count = std::max(count, static_cast<double>(input.size()));
  const double scale = magnitude(inputs, c.op == "dot" || c.op == "multiply") * (c.op == "var" || c.op == "std" || c.op == "sum" || c.op == "dot" ? 8 : 1);
  const Tensor flat_got = got.clone(), flat_want = want.clone();
  const auto bytes = static_cast<std::int64_t>(einx::size_of(got.dtype()));
  for (std::int64_t k = 0; k < got.size(); ++k) {
    const auto a = tensor::load(static_cast<const char*>(flat_got.data()) + k * bytes, got.dtype());
    const auto b = tensor::load(static_cast<const char*>(flat_want.data()) + k * bytes, got.dtype());
    const double x = tensor::to_double(a), y = tensor::to_double(b);
    const bool other_sign = keeps_signs(c) && x == 0 && std::signbit(x) != std::signbit(y);
    if (may_lose_nan(c) && !std::isfinite(x) && !std::isfinite(y)) continue;
    const bool same = other_sign ? false : tensor::is_float(got.dtype()) ? close(x, y, tolerance(c, got.dtype(), std::max(scale, std::fabs(y)), count)) : a.i == b.i;
    if (!same) return "element " + std::to_string(k) + ": compiled " + digits(x) + ", reference " + digits(y);
  }
  return "";
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * einx::size_of(a.dtype())) == 0;
}

/// Results between guard pages, at the end that the operands do not lie at.
std::vector<Tensor> results_in(Memory& memory, const api::Executable& executable, const std::vector<Tensor>& inputs) {
  constexpr std::size_t kAlignment = 64;  // what generated code counts on
  std::vector<Tensor> results;
  for (const auto& type : executable.outputs) results.push_back(memory.make(type.shape, type.dtype, kAlignment));
  std::vector<Tensor*> places;
  for (Tensor& result : results) places.push_back(&result);
  api::run_into(executable, api::addresses(inputs), places);
  return results;
}

/// The results on one thread, after those on several, which must be the same in every bit; "" or what is wrong. With guard pages on 2, 3 and 8 threads,
/// and nothing may be touched outside.
std::string on_threads(const api::Executable& executable, const std::vector<Tensor>& inputs, Memory& memory, std::vector<Tensor>& got) {
  const auto run = [&](int threads) {
    einx_rt_set_threads(threads);
    return memory.guarded() ? results_in(memory, executable, inputs) : api::run(executable, inputs);
  };
  std::vector<std::pair<int, std::vector<Tensor>>> several;
  for (const int threads : memory.guarded() ? std::vector{2, 3, 8} : std::vector{2}) several.emplace_back(threads, run(threads));
  got = run(1);
  if (!memory.intact()) return "something is written behind a result's end";
  for (const auto& [threads, results] : several)
    for (std::size_t k = 0; k < got.size(); ++k)
      if (!same_bytes(got[k], results[k])) return "output " + std::to_string(k) + " has other bits on " + std::to_string(threads) + " threads than on one";
  return "";
}

/// An update where the tensor is: what a fresh result would have been, or, if it is refused, as it was.
std::string in_place(const Case& c, const api::Executable& executable, std::vector<Tensor> inputs, const Tensor* want) {
  if (!executable.in_place || !inputs[0].contiguous()) return "";
  const Tensor before = inputs[0].clone();
  Tensor x = before.clone();
  inputs[0] = x;
  Tensor result = x.reshaped(executable.outputs[0].shape);  // the same memory
  Tensor* const results[] = {&result};
  try {
    api::run_into(executable, api::addresses(inputs), results);
  } catch (const einx::CallOperationError&) {
    if (want != nullptr) throw;
    return same_bytes(x, before) ? "" : "a refused update in place has written";
  }
  if (want == nullptr) return "an update in place is not refused";
  const std::string why = compare(c, inputs, result, *want);
  return why.empty() ? "" : "in place, " + why;
}

}  // namespace

bool holds_coordinates(const Case& c, std::size_t operand) {
  if (operand == 0) return false;
  return c.op == "get_at" || (updates(c) && operand + 1 < c.operands.size());
}

namespace {

/// What compiled code does, against the reference's results; `refused`: the class of the error it raised instead.
Outcome run_compiled(const Case& c, const Bug* bug, const std::vector<Tensor>& inputs, const api::Executable& reference, const std::vector<Tensor>& want,
                     const std::string& refused, Memory& memory) {
  Outcome outcome;
  const auto different = [&](const std::string& why) { return Outcome{Outcome::Kind::Different, why, outcome.op_class}; };
  try {
    bool planted = false;
    const api::Executable executable = compiled(c, reference, bug, planted, outcome.op_class);
    if (bug && !planted) return {Outcome::Kind::Refused, "no place for the bug", "refused"};
    if (!refused.empty() && !bug)
      if (const std::string why = in_place(c, executable, inputs, nullptr); !why.empty()) return different(why);
    std::vector<Tensor> got;
    std::string why = bug ? "" : on_threads(executable, inputs, memory, got);
    if (bug) got = api::run(executable, inputs);
    if (!refused.empty()) return different("the reference raises " + refused + ", compiled code does not");
    for (std::size_t k = 0; k < want.size() && why.empty(); ++k)
      if (why = compare(c, inputs, got[k], want[k]); !why.empty()) why = "output " + std::to_string(k) + ", " + why;
    if (why.empty()) why = in_place(c, executable, inputs, &want[0]);
    return why.empty() ? outcome : different(why);
  } catch (const einx::Error& error) {
    if (error.class_name() == refused) return {Outcome::Kind::Refused, error.what(), "refused"};
    return different(std::string(error.class_name()) + ": " + error.what());
  } catch (const std::exception& error) {
    return different(error.what());
  }
}

}  // namespace

Outcome run(const Case& c, const Bug* bug, bool strict) {
  Memory memory(strict, c.seed % 2 == 0);
  const std::vector<Tensor> inputs = operands(c, memory);
  api::ExecutablePtr reference;
  std::vector<Tensor> want;
  std::string refused;
  try {
    reference = api::compile(describe(c, inputs), api::Options{.jit = false, .loops = {}});
    want = api::run(*reference, inputs);
  } catch (const einx::InternalError& error) {
    return {Outcome::Kind::Different, std::string("reference: ") + error.what(), ""};
  } catch (const einx::Error& error) {
    if (!reference) return {Outcome::Kind::Refused, error.what(), "refused"};
    refused = error.class_name();
  }
  return run_compiled(c, bug, inputs, *reference, want, refused, memory);
}

}  // namespace differential
