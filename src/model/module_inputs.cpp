// Tracing inputs: given, made by the module, or drawn from what its entries declare.
#include "model/module_inputs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "model/unit.h"
#include "model/write.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::model {

// ---------------------------------------------------------------- tensors
std::vector<graph::Type> types_of(const std::vector<Tensor>& tensors) {
  std::vector<graph::Type> types;
  for (const Tensor& tensor : tensors) types.push_back(type_of(tensor));
  return types;
}

std::vector<Tensor> tensors_of(std::span<const Operand> operands, std::string_view entry) {
  using Kind = Operand::Kind;
  std::vector<Tensor> tensors;
  for (const Operand& operand : operands) {
    switch (operand.kind()) {
      case Kind::WeakBool:
        tensors.push_back(tensor_of(operand.integer() != 0));
        continue;
      case Kind::WeakInt:
        tensors.push_back(tensor_of(operand.integer()));
        continue;
      case Kind::WeakFloat:
        tensors.push_back(tensor_of(operand.real()));
        continue;
      case Kind::Tensor:
        if (operand.tensor().defined()) {
          tensors.push_back(operand.tensor());
          continue;
        }
        break;
      default:
        break;
    }
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "'" + std::string(entry) +
                                           "' takes tensors and numbers; operand #" +
                                           std::to_string(tensors.size() + 1) + " is neither."});
  }
  return tensors;
}

namespace {

/// Source: splitmix64 (Steele, Lea, Flood, 2014).
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x5851F42D4C957F2Du) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  /// Nearly normal: a sum of four uniform numbers, of variance 1.
  double normal() {
    const std::uint64_t bits = next();
    double sum = -2;
    for (int k = 0; k < 4; ++k) sum += double((bits >> (16 * k)) & 0xFFFF) / 65536;
    return sum * std::sqrt(3.0);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

Tensor drawn(const graph::Type& type, std::uint64_t seed) {
  Draw draw(seed);
  const bool real = tensor::is_float(type.dtype);
  Tensor made = Tensor::empty(type.shape, real ? DType::f64 : DType::i64);
  if (real)
    std::generate_n(made.data_as<double>(), made.size(), [&] { return draw.normal(); });
  else
    std::generate_n(made.data_as<std::int64_t>(), made.size(),
                    [&] { return std::int64_t(draw.next() & 1); });  // positions of any axis
  return made.dtype() == type.dtype ? made : made.cast(type.dtype);
}

// ---------------------------------------------------------------- drawn operands
namespace {

/// Sizes for free axes: primes that nothing else in the signature has, from one that the set chooses.
class FreeSizes {
 public:
  FreeSizes(const script::Function& signature, int set) : next_(std::size_t(set - 1)) {
    for (const script::FunctionParameter& parameter : signature.parameters)
      for (const script::Dim& dim : parameter.type.dims.value_or(std::vector<script::Dim>{}))
        if (dim.kind == script::Dim::Kind::Size) taken_.insert(dim.size);
  }
  std::int64_t of(const std::string& name) {
    if (name == "_") return fresh();
    const auto known = sizes_.find(name);
    return known != sizes_.end() ? known->second : sizes_.emplace(name, fresh()).first->second;
  }

 private:
  std::int64_t fresh() {
    constexpr std::array<std::int64_t, 16> primes = {3,  5,  7,  11, 13, 17, 19, 23,
                                                     29, 31, 37, 41, 43, 47, 53, 59};
    while (next_ < primes.size() && taken_.contains(primes[next_])) ++next_;
    return next_ < primes.size() ? primes[next_++] : 2;
  }
  std::map<std::string, std::int64_t> sizes_;
  std::set<std::int64_t> taken_;
  std::size_t next_;
};

}  // namespace

std::optional<std::vector<Tensor>> drawn_operands(const script::Function& signature, int set) {
  FreeSizes sizes(signature, set);
  std::vector<Tensor> operands;
  for (const script::FunctionParameter& parameter : signature.parameters) {
    if (!parameter.type.dims) return std::nullopt;
    Shape shape;
    for (const script::Dim& dim : *parameter.type.dims) {
      if (dim.kind == script::Dim::Kind::Size)
        shape.push_back(dim.size);
      else if (dim.kind == script::Dim::Kind::Name)
        shape.push_back(sizes.of(dim.name));
      else if (dim.kind == script::Dim::Kind::Any)
        shape.push_back(sizes.of("_"));
      else
        for (int k = 0; k < 1 + (set + 1) % 2; ++k)
          shape.push_back(sizes.of("..." + std::to_string(k)));  // one axis, two, one, ...
    }
    operands.push_back(drawn(graph::make_type(parameter.type.dtype.value_or(DType::f32), std::move(shape)),
                             97 * std::uint64_t(set) + operands.size()));
  }
  return operands;
}

// ---------------------------------------------------------------- sets of inputs
namespace {

std::string first_line(std::string_view message) {
  return std::string(message.substr(0, message.find('\n')));
}

/// The sets of a module that makes its own; what it throws is its problem.
std::vector<TracingInputs> made_by(const Tree& tree, std::size_t node, int n,
                                   std::vector<Problem>& problems) {
  try {
    return tree.nodes[node].module->make_tracing_inputs(n);
  } catch (const std::exception& error) {
    problems.push_back({tree.title(node) + ": make_tracing_inputs raised: " + first_line(error.what())});
    return {};
  }
}

void add_set(const Tree& tree, std::size_t node, const TracingInputs& inputs, int set,
             std::vector<Trial>& trials, std::vector<Problem>& problems) {
  for (const auto& [entry, operands] : inputs) {
    const ModuleFunction* function = tree.function(node, entry);
    const std::string where = tree.title(node) + ": " + entry + ": ";
    const auto undefined =
        std::ranges::find_if(operands, [](const Tensor& tensor) { return !tensor.defined(); });
    if (!function)
      problems.push_back({where + "has tracing inputs, but there is no such entry"});
    else if (undefined != operands.end())
      problems.push_back({where + "operand #" + std::to_string(undefined - operands.begin() + 1) +
                          " of its tracing inputs is undefined"});
    else if (function->body && function->body->arity >= 0 &&
             std::size_t(function->body->arity) != operands.size())
      problems.push_back({where + "takes " + std::to_string(function->body->arity) +
                          " operands, but its tracing inputs are " + std::to_string(operands.size())});
    else
      trials.push_back({function, operands, set});
  }
}

}  // namespace

std::vector<Trial> trials_of(const Tree& tree, std::size_t node, int n,
                             const std::vector<TracingInputs>& given, std::vector<Problem>& problems) {
  std::vector<Trial> trials;
  const std::vector<TracingInputs> sets = given.empty() ? made_by(tree, node, n, problems) : given;
  for (std::size_t k = 0; k < sets.size(); ++k) add_set(tree, node, sets[k], int(k) + 1, trials, problems);
  for (const ModuleFunction& function : tree.functions) {
    if (function.node != node || !sets.empty()) continue;
    const script::FunctionPtr signature = signature_of(tree, function);
    for (int set = 1; set <= n; ++set) {
      if (!signature && function.body->arity == 0) trials.push_back({&function, {}, set});
      if (!signature) continue;
      if (auto operands = drawn_operands(*signature, set))
        trials.push_back({&function, std::move(*operands), set});
    }
  }
  return trials;
}

std::vector<Problem> missing_inputs(const Tree& tree, std::size_t node, const std::vector<Trial>& trials) {
  std::vector<Problem> problems;
  if (std::ranges::any_of(trials, [&](const Trial& trial) { return trial.function->node == node; }))
    return problems;  // the entries that it wants to be traced
  for (const ModuleFunction& function : tree.functions)
    if (function.node == node && function.body)
      problems.push_back({tree.title(node) + ": " + function.entry +
                          ": has no inputs to be traced with: declare them by input(name, spec), override "
                          "make_tracing_inputs, or give them to einx::trace"});
  return problems;
}

// ---------------------------------------------------------------- results
namespace {

double tolerance(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 1e-10;
    case DType::f32:
      return 1e-4;
    case DType::f16:
      return 1e-2;
    case DType::bf16:
      return 5e-2;
    default:
      return 0;
  }
}

std::string position_text(std::size_t at, const Shape& shape) {
  Shape position(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;)
    position[d] = std::int64_t(at) % shape[d], at /= std::size_t(shape[d]);
  return support::tuple_text(position);
}

std::string element_difference(const Tensor& got, const Tensor& expected) {
  const std::vector<double> a = got.to_vector<double>(), b = expected.to_vector<double>();
  double size = 0;
  for (const double value : b) size = std::isfinite(value) ? std::max(size, std::abs(value)) : size;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const bool same = a[k] == b[k] || (std::isnan(a[k]) && std::isnan(b[k])) ||
                      std::abs(a[k] - b[k]) <= tolerance(got.dtype()) * size;
    if (same) continue;
    return "element " + position_text(k, Shape(got.shape().begin(), got.shape().end())) + " is " +
           std::to_string(a[k]) + ", not " + std::to_string(b[k]);
  }
  return "";
}

}  // namespace

std::string difference(const std::vector<Tensor>& got, const std::vector<Tensor>& expected) {
  if (got.size() != expected.size())
    return std::to_string(got.size()) + " results, not " + std::to_string(expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    const graph::Type a = type_of(got[k]), b = type_of(expected[k]);
    const std::string what = a.dtype != b.dtype || a.shape != b.shape
                                 ? "is " + graph::text(a) + ", not " + graph::text(b)
                                 : element_difference(got[k], expected[k]);
    if (!what.empty()) return "result " + std::to_string(k + 1) + ": " + what;
  }
  return "";
}

}  // namespace einx::detail::model
