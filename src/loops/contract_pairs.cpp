// A product of more than two operands as steps of two, through temporaries: the order of least work, of all
// orders while the operands are few, else by the cheapest pair.
#include <algorithm>
#include <limits>

#include "loops/contract.h"
#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

using AxisSet = std::vector<bool>;

AxisSet axes_of(const Nest& nest, const Access& access) {
  AxisSet set(nest.axes.size());
  for (std::size_t a = 0; a < set.size(); ++a) set[a] = !access.strides[a].is(0);
  return set;
}

double volume(const Nest& nest, const AxisSet& axes) {
  double product = 1;
  for (std::size_t a = 0; a < axes.size(); ++a)
    if (axes[a]) product *= double(nest.axes[a].extent.value);
  return product;
}

AxisSet both(const AxisSet& a, const AxisSet& b) {
  AxisSet set = a;
  for (std::size_t k = 0; k < set.size(); ++k) set[k] = a[k] || b[k];
  return set;
}

/// What is left of the axes of factors i and j once they are multiplied: those of the output, and those that
/// other factors have.
AxisSet product_axes(const Nest& nest, const std::vector<AxisSet>& factors, std::size_t i, std::size_t j) {
  AxisSet set = both(factors[i], factors[j]);
  for (std::size_t a = 0; a < set.size(); ++a) {
    bool needed = !nest.axes[a].reduced;
    for (std::size_t k = 0; k < factors.size(); ++k) needed = needed || (k != i && k != j && factors[k][a]);
    set[a] = set[a] && needed;
  }
  return set;
}

std::vector<AxisSet> multiplied(const Nest& nest, std::vector<AxisSet> factors, std::size_t i,
                                std::size_t j) {
  AxisSet product = product_axes(nest, factors, i, j);
  factors.erase(factors.begin() + std::ptrdiff_t(j));
  factors.erase(factors.begin() + std::ptrdiff_t(i));
  factors.push_back(std::move(product));
  return factors;
}

struct Order {
  double work = std::numeric_limits<double>::infinity();
  std::size_t first = 0, second = 1;  ///< the pair to begin with
};

/// No product in between may be larger than `most` elements.
Order best_order(const Nest& nest, const std::vector<AxisSet>& factors, double most) {
  constexpr std::size_t kFew = 6;
  if (factors.size() < 2) return {0};
  Order best;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    for (std::size_t j = i + 1; j < factors.size(); ++j) {
      double work = volume(nest, both(factors[i], factors[j]));
      if (factors.size() > 2 && volume(nest, product_axes(nest, factors, i, j)) > most) continue;
      if (factors.size() <= kFew && work < best.work)
        work += best_order(nest, multiplied(nest, factors, i, j), most).work;
      if (work < best.work) best = {work, i, j};
    }
  }
  return best;
}

/// The nest of two accesses over the axes that are wanted, kept ones first.
Nest nest_of(const Nest& nest, const Access& a, const Access& b, const Access& output, const AxisSet& kept,
             const AxisSet& summed) {
  Nest made = nest;
  made.axes.clear();
  made.inputs = {a, b};
  made.outputs = {output};
  for (Access* access : {&made.inputs[0], &made.inputs[1], &made.outputs[0]}) access->strides.clear();
  for (const AxisSet* wanted : {&kept, &summed}) {
    for (std::size_t k = 0; k < nest.axes.size(); ++k) {
      if (!(*wanted)[k]) continue;
      made.axes.push_back({nest.axes[k].name, nest.axes[k].extent, wanted == &summed});
      made.inputs[0].strides.push_back(a.strides[k]);
      made.inputs[1].strides.push_back(b.strides[k]);
      made.outputs[0].strides.push_back(output.strides[k]);
    }
  }
  made.position_strides.assign(made.axes.size(), constant(0));
  ops::Rows& rows = std::get<ops::Rows>(made.meaning);
  const DType dtype = rows.passes[0].identity[0].dtype;
  ops::ScalarFn product = forward_fn({dtype, dtype, DType::i64, DType::i64}, 0);
  product.results = {int(product.nodes.size())};
  product.nodes.push_back({.prim = ops::Prim::Mul, .dtype = dtype, .args = {0, 1, -1}});
  rows.passes[0].map = std::move(product);
  return made;
}

/// A row-major temporary over these axes.
Access temporary(const Nest& nest, Plan& plan, const AxisSet& axes) {
  const DType dtype = std::get<ops::Rows>(nest.meaning).passes[0].identity[0].dtype;
  Access access{BufferId(plan.program.buffers.size()), dtype, dtype, constant(0),
                std::vector<Int>(nest.axes.size(), constant(0))};
  std::int64_t elements = 1;
  for (const bool reduced : {true, false}) {
    for (std::size_t a = nest.axes.size(); a-- > 0;) {
      if (!axes[a] || nest.axes[a].reduced != reduced) continue;
      access.strides[a] = constant(elements);
      elements *= nest.axes[a].extent.value;
    }
  }
  plan.program.buffers.push_back(
      {"product" + std::to_string(access.buffer), Buffer::Kind::Temporary, dtype, 0, elements});
  return access;
}

Nest simplified(Nest pair) {
  simplify(pair, false);
  return pair;
}

}  // namespace

std::vector<Nest> pair_nests(const Nest& nest, Plan& plan) {
  std::vector<Nest> nests;
  if (nest.inputs.size() < 3 || !is_product_sum(nest)) return nests;
  std::vector<Access> operands = nest.inputs;
  std::vector<AxisSet> factors;
  double most = volume(nest, axes_of(nest, nest.outputs[0]));
  for (const Access& input : operands) {
    factors.push_back(axes_of(nest, input));
    most = std::max(most, volume(nest, factors.back()));
  }
  const double at_once = double(operands.size() - 1) * volume(nest, AxisSet(nest.axes.size(), true));
  if (best_order(nest, factors, 4 * most).work > at_once / 2) return nests;
  AxisSet left(nest.axes.size());
  for (std::size_t a = 0; a < left.size(); ++a) left[a] = nest.axes[a].reduced;
  while (operands.size() > 2) {
    const Order order = best_order(nest, factors, 4 * most);
    const AxisSet kept = product_axes(nest, factors, order.first, order.second);
    AxisSet summed = both(factors[order.first], factors[order.second]);
    for (std::size_t a = 0; a < summed.size(); ++a) {
      summed[a] = summed[a] && !kept[a];
      left[a] = left[a] && !summed[a];
    }
    const Access product = temporary(nest, plan, kept);
    Nest pair = nest_of(nest, operands[order.first], operands[order.second], product, kept, summed);
    pair.label += ", operands in pairs";
    std::get<ops::Rows>(pair.meaning).result = forward_fn({product.dtype, DType::i64}, 1);
    nests.push_back(simplified(std::move(pair)));
    factors = multiplied(nest, std::move(factors), order.first, order.second);
    operands.erase(operands.begin() + std::ptrdiff_t(order.second));
    operands.erase(operands.begin() + std::ptrdiff_t(order.first));
    operands.push_back(product);
  }
  AxisSet kept(nest.axes.size());
  for (std::size_t a = 0; a < kept.size(); ++a) kept[a] = !nest.axes[a].reduced;
  Nest last = nest_of(nest, operands[0], operands[1], nest.outputs[0], kept, left);
  last.label += ", the last pair";
  nests.push_back(simplified(std::move(last)));
  return nests;
}

bool schedule_pairs(const Nest& nest, Plan& plan) {
  const std::vector<Nest> nests = pair_nests(nest, plan);
  for (const Nest& pair : nests) schedule_contract(pair, plan);
  return !nests.empty();
}

}  // namespace einx::detail::loops
