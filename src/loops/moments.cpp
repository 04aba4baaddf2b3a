// Variance in one reading: means and sums of squared deviations of groups, merged. The two passes of `var` as
// they are written read everything twice, which a nest that is larger than the caches pays for; those of a
// group of rows find it in registers, and groups merge without cancellation (Chan, Golub and LeVeque 1979).
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

using ops::Prim;
using ops::ScalarFn;

/// A scalar function that grows node by node.
struct Formula {
  explicit Formula(std::vector<DType> args) : fn(forward_fn(std::move(args), 0)) {}
  ScalarFn fn;

  int add(const ops::ScalarNode& made) {
    fn.nodes.push_back(made);
    return int(fn.nodes.size()) - 1;
  }
  int node(Prim prim, DType dtype, int a, int b = -1, int c = -1) {
    ops::ScalarNode made{.prim = prim, .dtype = dtype};
    made.args = {a, b, c};
    return add(made);
  }
  int constant(const tensor::Scalar& value) {
    ops::ScalarNode made{.prim = Prim::Const, .dtype = value.dtype};
    made.constant = value;
    return add(made);
  }
  int number(double value, DType dtype) { return constant(tensor::make_scalar(value, dtype)); }
  int integer(std::int64_t value) { return constant(tensor::make_scalar(value, DType::i64)); }
  ScalarFn finish(std::vector<int> results) {
    fn.results = std::move(results);
    return with_results(fn, fn.results);
  }
};

/// Pairwise, whatever the number.
int sum_of(Formula& f, DType t, std::vector<int> values) {
  for (; values.size() > 1; values.resize((values.size() + 1) / 2)) {
    for (std::size_t k = 0; k < values.size() / 2; ++k)
      values[k] = f.node(Prim::Add, t, values[2 * k], values[2 * k + 1]);
    if (values.size() % 2 == 1) values[values.size() / 2] = values.back();
  }
  return values[0];
}

// ---------------------------------------------------------------- what a variance looks like
bool is_arg(const ScalarFn& fn, int node, std::size_t arg) {
  return fn.nodes[node].prim == Prim::Arg && fn.nodes[node].arg == int(arg);
}

bool sums(const ops::Pass& pass) {
  return pass.identity.size() == 1 && tensor::is_float(pass.identity[0].dtype) && pass.identity[0].f == 0 &&
         pass.combine.nodes[pass.combine.results[0]].prim == Prim::Add;
}

/// first accumulator / count
bool is_mean(const ScalarFn& fn, int node, std::size_t inputs) {
  const ops::ScalarNode& quotient = fn.nodes[node];
  if (quotient.prim != Prim::Div || !is_arg(fn, quotient.args[0], inputs)) return false;
  const ops::ScalarNode& count = fn.nodes[quotient.args[1]];
  return count.prim == Prim::Cast && is_arg(fn, count.args[0], inputs + 1);
}

// ---------------------------------------------------------------- merging
/// (count, mean, squares) of two disjoint sets -> of both; an empty set has zeros.
ScalarFn merged(DType t) {
  Formula f({t, t, t, t, t, t});
  const int count = f.node(Prim::Add, t, 0, 3);
  const int share = f.node(Prim::Div, t, 3, f.node(Prim::Max, t, count, f.number(1, t)));
  const int delta = f.node(Prim::Sub, t, 4, 1);
  const int mean = f.node(Prim::Add, t, 1, f.node(Prim::Mul, t, delta, share));
  const int between =
      f.node(Prim::Mul, t, f.node(Prim::Mul, t, delta, delta), f.node(Prim::Mul, t, 0, share));
  return f.finish({count, mean, f.node(Prim::Add, t, f.node(Prim::Add, t, 2, 5), between)});
}

/// (mean, squares, number of elements, number of the part) -> what a part contributes; the last may be
/// shorter.
ScalarFn contribution(DType t, const RowParts& parts) {
  Formula f({t, t, DType::i64, DType::i64});
  int size = f.number(double(parts.size), t);
  if (parts.rest > 0) {
    const int whole = f.node(Prim::Lt, DType::boolean, 3, f.integer(parts.whole));
    size = f.node(Prim::Select, t, whole, size, f.number(double(parts.rest), t));
  }
  return f.finish({size, 0, 1});
}

}  // namespace

bool same_value(const ScalarFn& f, int a, const ScalarFn& g, int b) {
  if (a < 0 || b < 0) return a == b;
  const ops::ScalarNode &x = f.nodes[a], &y = g.nodes[b];
  if (x.prim != y.prim || x.dtype != y.dtype || x.arg != y.arg) return false;
  if (x.prim == Prim::Const && x.constant.u != y.constant.u) return false;
  for (std::size_t k = 0; k < x.args.size(); ++k)
    if (!same_value(f, x.args[k], g, y.args[k])) return false;
  return true;
}

bool is_variance(const Nest& nest) {
  const auto& rows = std::get<ops::Rows>(nest.meaning);
  const std::size_t inputs = nest.inputs.size();
  if (rows.passes.size() != 2 || rows.per_element || !sums(rows.passes[0]) || !sums(rows.passes[1]))
    return false;
  const ScalarFn &first = rows.passes[0].map, &second = rows.passes[1].map;
  if (first.uses(int(inputs)) || first.uses(int(inputs) + 1)) return false;
  const ops::ScalarNode& square = second.nodes[second.results[0]];
  if (square.prim != Prim::Mul || square.args[0] != square.args[1]) return false;
  const ops::ScalarNode& deviation = second.nodes[square.args[0]];
  return deviation.prim == Prim::Sub && same_value(first, first.results[0], second, deviation.args[0]) &&
         is_mean(second, deviation.args[1], inputs);
}

ScalarFn group_weights(DType t, int count) {
  Formula f({DType::i64});
  const int before = f.node(Prim::Cast, t, 0), size = f.number(count, t);
  const int share = f.node(Prim::Div, t, size, f.node(Prim::Add, t, before, size));
  return f.finish({share, f.node(Prim::Mul, t, before, share)});
}

ScalarFn group_moments(DType t, int count) {
  Formula f(std::vector<DType>(std::size_t(count) + 4, t));
  const int mean = count, squares = count + 1, share = count + 2, weight = count + 3;
  std::vector<int> values, deviations;
  for (int k = 0; k < count; ++k) values.push_back(k);
  const int center = f.node(Prim::Mul, t, sum_of(f, t, values), f.number(1.0 / count, t));
  for (const int value : values) {
    const int deviation =
        f.node(Prim::Sub, t, value, center);  // of a single element: 0, or nan if it is infinite
    deviations.push_back(f.node(Prim::Mul, t, deviation, deviation));
  }
  const int delta = f.node(Prim::Sub, t, center, mean);
  const int moved = f.node(Prim::Add, t, mean, f.node(Prim::Mul, t, delta, share));
  deviations.push_back(f.node(Prim::Mul, t, f.node(Prim::Mul, t, delta, delta), weight));
  return f.finish({moved, f.node(Prim::Add, t, squares, sum_of(f, t, deviations))});
}

ScalarFn with_moments(const ScalarFn& result, DType t) {
  ops::Composer made({t, t, DType::i64});
  const int count = made.cast(made.arg(2), t);
  const int sum = made.call(prim_fn(Prim::Mul, {t, t}, t), std::vector{made.arg(0), count})[0];
  return made.finish(made.call(result, std::vector{sum, made.arg(1), made.arg(2)}));
}

ScalarFn part_moments(DType t) {
  Formula f({t, t, DType::i64});
  return f.finish({f.node(Prim::Div, t, 0, f.node(Prim::Cast, t, 2)), 1});
}

ops::Rows merge_moments(const ops::Rows& rows, const RowParts& parts) {
  const DType t = rows.passes[0].identity[0].dtype;
  ops::Rows made = rows;
  made.passes = {{contribution(t, parts), merged(t), std::vector(3, tensor::make_scalar(0.0, t))}};
  ops::Composer result({t, t, t, DType::i64});
  made.result = result.finish(
      result.call(with_moments(rows.result, t), std::vector{result.arg(1), result.arg(2), result.arg(3)}));
  return made;
}

}  // namespace einx::detail::loops
