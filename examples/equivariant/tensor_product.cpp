#include "tensor_product.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "wigner.h"

namespace equivariant {

namespace {

/// The letters of a mode: those of the weights, of the second input's copies, and of the output's.
struct Letters {
  const char *name, *weight, *second, *out;
};
Letters letters(Mode mode) {
  switch (mode) {
    case Mode::uvw:
      return {"uvw", "uvw", "v", "w"};
    case Mode::uvu:
      return {"uvu", "uv", "v", "u"};
    case Mode::uvv:
      return {"uvv", "uv", "v", "v"};
    case Mode::uuw:
      return {"uuw", "uw", "u", "w"};
    case Mode::uuu:
      return {"uuu", "u", "u", "u"};
    case Mode::uvuv:
      break;
  }
  return {"uvuv", "uv", "v", "uv"};
}

struct Terms {
  const MulIrrep &x, &y, &out;
};

/// How many numbers are summed into one of the output: weights are normal numbers.
double summed(Mode mode, const Terms& t) {
  switch (mode) {
    case Mode::uvw:
      return static_cast<double>(t.x.mul * t.y.mul);
    case Mode::uvu:
      return static_cast<double>(t.y.mul);
    case Mode::uvv:
    case Mode::uuw:
      return static_cast<double>(t.x.mul);
    case Mode::uuu:
    case Mode::uvuv:
      break;
  }
  return 1;
}

/// Why the copies do not fit the mode; empty if they do.
std::string complaint(const Path& path, const Terms& t) {
  const auto differ = [](const char* what, std::int64_t a, std::int64_t b) {
    return a == b ? std::string()
                  : std::string(what) + " (" + std::to_string(a) + " and " + std::to_string(b) + ")";
  };
  switch (path.mode) {
    case Mode::uvw:
      return path.weighted ? "" : "it mixes all copies, which takes weights";
    case Mode::uvu:
      return differ("the output has other copies than the first input", t.out.mul, t.x.mul);
    case Mode::uvv:
      return differ("the output has other copies than the second input", t.out.mul, t.y.mul);
    case Mode::uuw: {
      const std::string inputs = differ("the inputs have different numbers of copies", t.x.mul, t.y.mul);
      return !inputs.empty() || path.weighted ? inputs
                                              : differ("without weights all copies sum to one", t.out.mul, 1);
    }
    case Mode::uuu: {
      const std::string inputs = differ("the inputs have different numbers of copies", t.x.mul, t.y.mul);
      return inputs.empty() ? differ("the output has other copies than the inputs", t.out.mul, t.x.mul)
                            : inputs;
    }
    case Mode::uvuv:
      break;
  }
  return differ("the output has not every pair of copies", t.out.mul, t.x.mul * t.y.mul);
}

void check(const Path& path, const Irreps& in1, const Irreps& in2, const Irreps& out) {
  const auto inside = [](int k, const Irreps& irreps) {
    return k >= 0 && static_cast<std::size_t>(k) < irreps.size();
  };
  const std::string name = "The path (" + std::to_string(path.in1) + ", " + std::to_string(path.in2) + ", " +
                           std::to_string(path.out) + ") " + to_string(path.mode);
  if (!inside(path.in1, in1) || !inside(path.in2, in2) || !inside(path.out, out))
    refuse(name + " names a term that does not exist: the irreps are " + to_string(in1) + ", " +
           to_string(in2) + " and " + to_string(out) + ".");
  const Terms t{term(in1, path.in1), term(in2, path.in2), term(out, path.out)};
  const std::vector<Irrep> products = t.x.ir * t.y.ir;
  if (std::ranges::find(products, t.out.ir) == products.end())
    refuse(name + ": " + to_string(t.out.ir) + " is not in the product of " + to_string(t.x.ir) + " and " +
           to_string(t.y.ir) + ".");
  if (std::max({t.x.ir.l, t.y.ir.l, t.out.ir.l}) > max_l)
    refuse(name + ": products are available up to degree " + std::to_string(max_l) + ".");
  const std::string why = complaint(path, t);
  if (!why.empty()) refuse(name + ": " + why + ".");
  if (!(path.weight >= 0)) refuse(name + ": the weight of a path is not negative.");
}

/// The square root of what gives the output's numbers a variance of 1 if the inputs' and the weights' have
/// it.
double coefficient(const Path& path, const std::vector<Path>& all, const std::array<const Irreps*, 3>& irreps,
                   const ProductOptions& options) {
  const auto terms = [&](const Path& p) {
    return Terms{term(*irreps[0], p.in1), term(*irreps[1], p.in2), term(*irreps[2], p.out)};
  };
  const Terms t = terms(path);
  double alpha = 1;
  if (options.irreps == IrrepNormalization::component) alpha = t.out.ir.dim();
  if (options.irreps == IrrepNormalization::norm) alpha = static_cast<double>(t.x.ir.dim()) * t.y.ir.dim();
  double elements = 0, count = 0;
  for (const Path& other : all)
    if (other.out == path.out) elements += summed(other.mode, terms(other)), count += 1;
  if (options.paths == PathNormalization::path) elements = summed(path.mode, t) * count;
  if (options.paths != PathNormalization::none && elements > 0) alpha /= elements;
  return std::sqrt(alpha * path.weight);
}

}  // namespace

/// One call: the inputs' terms and, for general products, their outer products, each written once.
struct TensorProduct::Call {
  Rows x, y;
  Weights weights;
  std::map<std::array<int, 3>, Value> outer = {};  ///< by terms, and whether copies are paired
};

std::string to_string(Mode mode) { return letters(mode).name; }

TensorProduct::TensorProduct(Irreps in1, Irreps in2, Irreps out, std::vector<Path> paths,
                             const ProductOptions& options)
    : in1_(std::move(in1)), in2_(std::move(in2)), out_(std::move(out)), paths_(std::move(paths)) {
  for (const Path& path : paths_) check(path, in1_, in2_, out_);
  for (const Path& path : paths_)
    coefficients_.push_back(equivariant::coefficient(path, paths_, {&in1_, &in2_, &out_}, options));
  using Plain = Value (TensorProduct::*)(const Value&, const Value&) const;
  using Weighted = Value (TensorProduct::*)(const Value&, const Value&, const Value&) const;
  if (weights().empty())
    entry("forward", Plain(&TensorProduct::forward));
  else
    entry("forward", Weighted(&TensorProduct::forward));
  input("x", features(in1_));
  input("y", features(in2_));
  for (const Parameter& weight : weights()) input(weight.name, equivariant::weights(weight.shape[0]));
}

Shape TensorProduct::weight_shape(const Path& path) const {
  Shape shape;
  for (const char letter : std::string(letters(path.mode).weight))
    shape.push_back(letter == 'u'   ? term(in1_, path.in1).mul
                    : letter == 'v' ? term(in2_, path.in2).mul
                                    : term(out_, path.out).mul);
  return shape;
}

std::int64_t TensorProduct::weight_count() const {
  std::int64_t count = 0;
  for (const Path& path : paths_) {
    std::int64_t size = path.weighted ? 1 : 0;
    for (const std::int64_t n : weight_shape(path)) size *= n;
    count += size;
  }
  return count;
}

std::vector<Parameter> TensorProduct::weights() const {
  if (std::ranges::none_of(paths_, &Path::weighted)) return {};
  return {{"weight", {weight_count()}}};
}

Value TensorProduct::forward(const Value& x, const Value& y) const {
  if (std::ranges::any_of(paths_, &Path::weighted))
    refuse("This product has " + std::to_string(weight_count()) + " weights, which are its third operand.");
  return run(x, y, {});
}

Value TensorProduct::forward(const Value& x, const Value& y, const Value& weight) const {
  return run(x, y, Weights(weight, weight_count(), rows_of(x, in1_, "first input").leading));
}

Value TensorProduct::run(const Value& x, const Value& y, Weights weights) const {
  Call call{rows_of(x, in1_, "first input"), rows_of(y, in2_, "second input"), std::move(weights)};
  require_same(call.x.leading, call.y.leading, "second input");
  std::vector<std::optional<Value>> sums(out_.size());
  for (std::size_t k = 0; k < paths_.size(); ++k) {
    const Path& path = paths_[k];
    if (term(in1_, path.in1).mul * term(in2_, path.in2).mul * term(out_, path.out).mul == 0) continue;
    auto& sum = sums[static_cast<std::size_t>(path.out)];
    const Value value = reshape(path_value(k, call), {call.x.rows(), term(out_, path.out).dim()});
    sum = sum ? *sum + value : value;
  }
  return join(sums, out_, call.x);
}

/// [rows, copies..., components]. Where a degree is 0 the 3j symbol is the identity divided by the root of
/// its size, and an index less is summed over.
Value TensorProduct::path_value(std::size_t k, Call& call) const {
  const Path& path = paths_[k];
  const Letters l = letters(path.mode);
  const Irrep a = term(in1_, path.in1).ir, b = term(in2_, path.in2).ir, c = term(out_, path.out).ir;
  const std::string second = l.second,
                    out = std::string("->z") + (path.mode == Mode::uuw && !path.weighted ? "" : l.out);
  std::string weight;
  std::vector<Value> operands;
  if (path.weighted) {
    weight = std::string(call.weights.per_row() ? "z" : "") + l.weight + ",";
    operands.push_back(call.weights.take(weight_shape(path)));
  }
  const auto flat = [&](const Value& x) { return reshape(x, {x.shape()[0], x.shape()[1]}); };
  const auto product = [&](const std::string& pattern, const Value& x, const Value& y, int size) {
    operands.insert(operands.end(), {x, y});
    return scaled(einx::einsum(weight + pattern, operands),
                  coefficients_[k] / std::sqrt(static_cast<double>(size)));
  };
  const Value x = block(call.x, in1_, path.in1), y = block(call.y, in2_, path.in2);
  if (a.l == 0 && b.l == 0) return product("zu,z" + second + out, flat(x), flat(y), 1);
  if (a.l == 0) return product("zu,z" + second + "j" + out + "j", flat(x), y, c.dim());
  if (b.l == 0) return product("zui,z" + second + out + "i", x, flat(y), c.dim());
  if (c.l == 0) return product("zui,z" + second + "i" + out, x, y, a.dim());

  const bool paired = second == "u";
  const std::string both = paired ? "zuij" : "zuvij";
  const std::array<int, 3> key{path.in1, path.in2, paired};
  if (!call.outer.contains(key)) call.outer.emplace(key, einx::einsum("zui,z" + second + "j->" + both, x, y));
  const Value symbol =
      constant_like(x, wigner_3j(a.l, b.l, c.l), {a.dim(), b.dim(), c.dim()}, coefficients_[k]);
  operands.insert(operands.end(), {symbol, call.outer.at(key)});
  return einx::einsum(weight + "ijk," + both + out + "k", operands);
}

TensorProduct fully_connected(const Irreps& in1, const Irreps& in2, const Irreps& out) {
  std::vector<Path> paths;
  for (int i = 0; i < static_cast<int>(in1.size()); ++i)
    for (int j = 0; j < static_cast<int>(in2.size()); ++j)
      for (int k = 0; k < static_cast<int>(out.size()); ++k) {
        const std::vector<Irrep> products = term(in1, i).ir * term(in2, j).ir;
        if (std::ranges::find(products, term(out, k).ir) != products.end()) paths.push_back({i, j, k});
      }
  return {in1, in2, out, paths};
}

TensorProduct channel_wise(const Irreps& in1, const Irreps& in2, const Irreps& targets) {
  std::vector<Path> paths;
  std::vector<MulIrrep> terms;
  for (int i = 0; i < static_cast<int>(in1.size()); ++i)
    for (int j = 0; j < static_cast<int>(in2.size()); ++j)
      for (const Irrep ir : term(in1, i).ir* term(in2, j).ir) {
        if (std::ranges::none_of(targets, [&](const MulIrrep& target) { return target.ir == ir; })) continue;
        paths.push_back({i, j, static_cast<int>(terms.size()), Mode::uvu});
        terms.push_back({term(in1, i).mul, ir});
      }
  const Sorted sorted = sort(terms);
  for (Path& path : paths) path.out = sorted.position[static_cast<std::size_t>(path.out)];
  return {in1, in2, sorted.irreps, paths};
}

}  // namespace equivariant
