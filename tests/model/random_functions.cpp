// Random functions - einx and einops calls, arithmetic on sizes, values as sizes, captured tensors, branches - traced at one shape and called at others: what
// einx::jit gives equals what the interpreter makes of the function traced there, or both raise errors of one class.
//
//   random_functions [COUNT] [SEED]
#include <einx/einx.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "api/tracing.h"
#include "model/model.h"

namespace {

using einx::Shape;
using einx::Tensor;
using einx::Value;
namespace detail = einx::detail;
namespace model = einx::detail::model;

/// One step: what is done with which of the values made so far, and with which numbers.
struct Step {
  std::string what;
  std::size_t a = 0, b = 0;
  std::int64_t n = 1;
};
using Recipe = std::vector<Step>;

const std::vector<std::string> kSteps = {"split",  "merge", "swap",   "sum",  "max",   "softmax", "add",   "times size", "repeat size", "repeat value", "divide size",
                                         "slice",  "flat",  "concat", "stack", "weight", "scale",  "branch", "size branch", "look",        "einsum",       "loop",
                                         "einx03", "roll",  "row"};

std::string text(const Recipe& recipe) {
  std::string all;
  for (const Step& step : recipe) all += "  " + step.what + " #" + std::to_string(step.a) + " #" + std::to_string(step.b) + " " + std::to_string(step.n) + "\n";
  return all;
}

std::size_t rank_of(const Value& v) {
  // not einx's shape(): what the generator looks at is the same at every size
  return v.tracing()->graph.values[std::size_t(v.id())].type.shape.size();
}

Value size_of(const Value& x, std::int64_t n) { return rank_of(x) == 0 ? einx::rank(x) + n : einx::size(x, int(n % std::int64_t(rank_of(x)))); }

/// Steps that do not apply to a value of this rank give it back.
Value apply(const Step& step, const std::vector<Value>& values, const Tensor& weight, const Tensor& scale) {
  using namespace einx::einops;
  const Value& v = values[step.a % values.size()];
  const Value& w = values[step.b % values.size()];
  const std::size_t rank = rank_of(v);
  const Value &x = values[0], &k = values[2];
  if (step.what == "split" && rank > 0 && rank < 4) return rearrange(v, "(p q) ... -> p q ...", {{"p", step.n}});
  if (step.what == "merge" && rank > 1) return rearrange(v, "a b ... -> (a b) ...");
  if (step.what == "swap" && rank > 1) return rearrange(v, "a b ... -> b a ...");
  if (step.what == "sum" && rank > 0) return einx::sum("[a]...", v) * 0.125;
  if (step.what == "max" && rank > 1) return einx::max("[a] b...", v);
  if (step.what == "softmax" && rank > 0) return einx::softmax("a... [b]", v);
  if (step.what == "add") return v + w;
  if (step.what == "times size") return v * size_of(x, step.n) + size_of(w, step.n);
  if (step.what == "repeat size" && rank < 3) return repeat(v, "... -> ... n", {{"n", size_of(x, step.n) + step.n}});
  if (step.what == "repeat value" && rank < 3) return repeat(v, "... -> n ...", {{"n", k + step.n - 1}});
  if (step.what == "divide size" && rank > 0) return rearrange(v, "(p q) ... -> p q ...", {{"p", floor_divide(size_of(v, 0), step.n)}});
  if (step.what == "slice" && rank > 0) return slice(v, 0, step.n - 2, {}, step.n == 2 ? -1 : 1);
  if (step.what == "flat") return reshape(v, step.n == 1 ? Shape{-1} : Shape{-1, step.n});
  if (step.what == "concat" && rank > 0) return einx::concat({v, v}, -1);
  if (step.what == "stack") return einx::stack({v, v * 2}, 0);
  if (step.what == "weight" && rank == 2) return einx::dot("a b, b c -> a c", v, weight);
  if (step.what == "scale") return v * scale;
  if (step.what == "branch") return einx::cond(einx::any(reshape(v, {-1}) > 1), [](Value t) { return t * 2; }, [](Value t) { return t + 1; }, v);
  if (step.what == "size branch") return einx::cond(einx::size(x, 0) > step.n, [](Value t) { return t * 2; }, [](Value t) { return t + 1; }, v);
  if (step.what == "look" && rank > 0) return v.shape()[0] > step.n ? v * 2 : v + 1;
  if (step.what == "einsum" && rank == 2) return einx::einsum("ab,cb->ac", v, v);
  if (step.what == "loop" && rank > 1) return einx::for_each(v, [](Value row, Value sum) { return sum * 0.5 + row; }, einx::sum("[a] b...", v));
  if (step.what == "einx03" && rank == 2) return einx::v03::rearrange("(a c) b -> a b c", v, {{"c", step.n}});
  if (step.what == "roll" && rank > 0) return einx::roll("[a] b...", v, einx::Shift{step.n});
  if (step.what == "row" && rank > 0) return select(v, 0, step.n - 2);
  return v;
}

struct Case {
  Recipe recipe;
  std::vector<Shape> shapes;  ///< of x; y has its last axis; the first is the one that is traced
  std::vector<std::int64_t> counts;
  std::int64_t after = 0;
};

std::vector<Tensor> operands_of(const Case& c, std::size_t k) {
  Tensor x = einx::Tensor::iota(c.shapes[k], einx::f32);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data_as<float>()[i] = float((i * 7 + 3) % 11) * 0.25F - 1;
  return {x, Tensor::full({c.shapes[k][1]}, 0.5), Tensor::scalar(c.counts[k])};
}

/// What a call gave: a tensor, or the class of what it raised.
using Outcome = std::variant<Tensor, std::string>;
template <class F>
Outcome outcome(F f) {
  try {
    return f();
  } catch (const einx::Error& error) {
    return std::string(error.class_name());
  }
}

bool same(const Outcome& a, const Outcome& b) {
  if (a.index() != b.index()) return false;
  if (a.index() == 1) return std::get<1>(a) == std::get<1>(b);
  const Tensor &s = std::get<0>(a), &t = std::get<0>(b);
  if (s.dtype() != t.dtype() || !std::ranges::equal(s.shape(), t.shape())) return false;
  const std::vector<double> p = s.to_vector<double>(), q = t.to_vector<double>();
  for (std::size_t k = 0; k < p.size(); ++k) {
    const bool equal = p[k] == q[k] || (std::isnan(p[k]) && std::isnan(q[k])) || std::abs(p[k] - q[k]) <= 1e-4 * (1 + std::abs(q[k]));
    if (!equal) return false;
  }
  return true;
}

std::string show(const Outcome& o) { return o.index() == 1 ? std::get<1>(o) : std::get<0>(o).to_string(); }

/// Steps that the last one does not need do nothing: compiled functions do not compute them, so they raise nothing there.
Recipe needed(Recipe recipe) {
  std::vector<bool> read(3 + recipe.size(), false);
  read.back() = true;
  for (std::size_t k = recipe.size(); k-- > 0;) {
    Step& step = recipe[k];
    if (!read[3 + k]) step.what = "nothing";
    if (step.what == "nothing") continue;
    read[step.a % (3 + k)] = true;
    if (step.what == "add") read[step.b % (3 + k)] = true;
  }
  return recipe;
}

/// Empty if every shape is right, else what is wrong.
std::string check(const Case& c) {
  einx::set_dynamic_after(c.after);
  Tensor weight = Tensor::iota({3, 2}), scale = Tensor::full({1}, 1.5);
  const Recipe recipe = needed(c.recipe);
  const auto run = [&](std::span<const Value> operands) {
    std::vector<Value> values(operands.begin(), operands.end());
    for (const Step& step : recipe) values.push_back(apply(step, values, weight, scale));
    return values.back();
  };
  const auto f = einx::jit([&](Value x, Value y, Value k) { return run(std::vector<Value>{x, y, k}); });
  for (std::size_t k = 0; k < c.shapes.size(); ++k) {
    if (k == 2) scale.data_as<float>()[0] = 2.5;  // not stale
    const std::vector<Tensor> operands = operands_of(c, k);
    const Outcome got = outcome([&] { return f(operands[0], operands[1], operands[2]); });
    const Outcome want = outcome([&] {
      std::vector<detail::graph::Type> types;
      for (const Tensor& t : operands) types.push_back(detail::graph::make_type(t.dtype(), Shape(t.shape().begin(), t.shape().end())));
      const model::Recording recording = model::record("f", types, [&](std::span<const Value> values) { return std::vector<Value>{run(values)}; }, {.name_of = {}, .examples = operands});
      detail::script::Program program;
      program.functions.emplace_back("f", recording.function);
      return model::interpret(program, "f", operands).at(0);
    });
    if (!same(got, want)) return "shape " + std::to_string(k) + " of the case: " + show(got) + "\n  instead of " + show(want);
  }
  return "";
}

Case random_case(std::mt19937_64& random) {
  const auto below = [&](std::int64_t n) { return std::int64_t(random() % std::uint64_t(n)); };
  Case c;
  c.after = below(2) == 0 ? 0 : 2;
  const std::int64_t steps = 1 + below(5);
  for (std::int64_t k = 0; k < steps; ++k) c.recipe.push_back({kSteps[std::size_t(below(std::int64_t(kSteps.size())))], std::size_t(below(8) < 6 ? 2 + k - (k == 0 ? 2 : 0) : below(3)), std::size_t(below(6)), 1 + below(3)});
  for (int k = 0; k < (c.after ? 5 : 3); ++k) {
    const bool keep = k > 0 && below(2) == 0;  // one axis differs
    c.shapes.push_back({below(4) == 0 ? below(2) : 2 + below(5), keep ? c.shapes[0][1] : 1 + below(4)});
    c.counts.push_back(below(4));
  }
  return c;
}

Case shrunk(Case c) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t k = 0; k < c.recipe.size() && !smaller; ++k) {
      Case less = c;
      less.recipe.erase(less.recipe.begin() + std::ptrdiff_t(k));
      if (!less.recipe.empty() && !check(less).empty()) c = less, smaller = true;
    }
    for (std::size_t k = 0; k < c.shapes.size() && c.shapes.size() > 1 && !smaller; ++k) {
      Case less = c;
      less.shapes.erase(less.shapes.begin() + std::ptrdiff_t(k));
      less.counts.erase(less.counts.begin() + std::ptrdiff_t(k));
      if (!check(less).empty()) c = less, smaller = true;
    }
  }
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc > 1 ? std::atol(argv[1]) : 2000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20261121;
  std::printf("%ld functions, seed %llu\n", count, static_cast<unsigned long long>(seed));
  int wrong = 0;
  for (long k = 0; k < count && wrong < 5; ++k) {
    std::mt19937_64 random(seed + std::uint64_t(k));
    const Case c = random_case(random);
    if (check(c).empty()) continue;
    ++wrong;
    const Case least = shrunk(c);
    std::printf("seed %llu, EINX_DYNAMIC_AFTER=%lld:\n%s", static_cast<unsigned long long>(seed + std::uint64_t(k)), static_cast<long long>(least.after), text(least.recipe).c_str());
    for (std::size_t s = 0; s < least.shapes.size(); ++s)
      std::printf("  x (%lld, %lld), k %lld\n", static_cast<long long>(least.shapes[s][0]), static_cast<long long>(least.shapes[s][1]), static_cast<long long>(least.counts[s]));
    std::printf("  %s\n", check(least).c_str());
  }
  const einx::CacheStats stats = einx::cache_stats();
  std::printf("%d wrong; %llu signatures compiled, %llu served by kernels with run-time sizes\n", wrong, static_cast<unsigned long long>(stats.compiled),
              static_cast<unsigned long long>(stats.dynamic));
  return wrong != 0;
}
