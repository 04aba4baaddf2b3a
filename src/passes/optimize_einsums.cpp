// Einsums of many operands become steps over two: the order comes from a search over paths, the axes of what
// lies between from what reads it.
#include <spdlog/logger.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "passes/contraction_order.h"
#include "passes/einsum.h"
#include "passes/passes.h"
#include "passes/writer.h"

namespace einx::detail::passes {
namespace {

using graph::ValueId;
using notation::TensorExpr;

/// An operand or the result of a step.
struct Term {
  ValueId value = -1;  ///< in the new graph; -1: not made yet
  TensorExpr expr;
  std::vector<int> labels;  ///< in the order of `expr`
  double elements = 1;
  bool constant = false;
};

bool has(const std::vector<int>& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

int place_in(const std::vector<int>& labels, int label) {
  return int(std::find(labels.begin(), labels.end(), label) - labels.begin());
}

/// One node written as the steps of an order.
class Steps {
 public:
  Steps(Writer& writer, const Einsum& einsum, const Order& order, const std::vector<bool>& constant)
      : writer_(writer), einsum_(einsum), order_(order) {
    for (std::size_t k = 0; k < einsum.operands.size(); ++k) {
      const ValueId operand = einsum.operands[k];
      terms_.push_back(term(einsum.expr.inputs[k]));
      terms_[k].value = writer.number(operand);
      terms_[k].constant = constant[operand];
      if (terms_[k].labels.empty()) numbers_.push_back(int(k));
    }
    for (const OrderStep& step : order.steps) {
      terms_.push_back(term(flat(step.kept)));
      terms_.back().constant = std::all_of(step.operands.begin(), step.operands.end(),
                                           [&](int place) { return terms_[std::size_t(place)].constant; });
    }
    choose_axes();
    place_numbers();
  }

  /// The value of the whole einsum.
  ValueId write() {
    for (std::size_t k = 0; k < einsum_.operands.size(); ++k) scale(int(k));
    for (std::size_t s = 0; s < order_.steps.size(); ++s) {
      terms_[result(s)].value = step(s);
      scale(int(result(s)));
    }
    Term& last = terms_.back();
    if (writer_.type(last.value).dtype != einsum_.dtype) convert(last, einsum_.dtype);
    return last.value;
  }

 private:
  std::size_t result(std::size_t step) const { return einsum_.operands.size() + step; }

  Term term(TensorExpr expr) const {
    Term out{-1, std::move(expr), {}, 1, false};
    out.labels = labels_of(out.expr);
    std::set<int> seen;
    for (const int label : out.labels)
      if (seen.insert(label).second) out.elements *= double(einsum_.expr.axes[std::size_t(label)].size);
    return out;
  }
  static TensorExpr flat(const std::vector<int>& labels) {
    TensorExpr expr;
    for (const int label : labels) expr.dims.push_back({notation::Dim::Kind::Axis, label, {}});
    return expr;
  }

  /// From the last step back, each intermediate in the order in which the step that reads it wants it: the
  /// axes that are looped over in both operands first, then its own, and the summed ones last, where they are
  /// contiguous.
  void choose_axes() {
    terms_.back() = {-1, einsum_.expr.outputs[0], labels_of(einsum_.expr.outputs[0]), terms_.back().elements,
                     terms_.back().constant};
    for (std::size_t s = order_.steps.size(); s-- > 0;)
      for (const int place : order_.steps[s].operands)
        if (std::size_t(place) >= einsum_.operands.size()) order_axes(terms_[std::size_t(place)], s, place);
  }

  void order_axes(Term& read, std::size_t step, int place) {
    const std::vector<int>& output = terms_[result(step)].labels;
    const std::vector<int> partner = partner_labels(step, place);
    std::sort(read.labels.begin(), read.labels.end(), [&](int a, int b) {
      const auto rank = [&](int label) {
        const bool kept = has(output, label), both = has(partner, label);
        return std::tuple(kept ? (both ? 0 : 1) : 2,
                          kept ? place_in(output, label) : place_in(partner, label), label);
      };
      return rank(a) < rank(b);
    });
    read.expr = flat(read.labels);
  }

  /// The labels of the other operands, as they lie in memory if they are the einsum's own; between two
  /// intermediates, ascending.
  std::vector<int> partner_labels(std::size_t step, int place) const {
    std::vector<int> labels;
    for (const int other : order_.steps[step].operands) {
      if (other == place) continue;
      std::vector<int> own = terms_[std::size_t(other)].labels;
      if (std::size_t(other) >= einsum_.operands.size()) std::sort(own.begin(), own.end());
      labels.insert(labels.end(), own.begin(), own.end());
    }
    return labels;
  }

  /// Known numbers go into a constant operand, where they cost nothing at run time; others, or without one,
  /// to the smallest value on the way.
  void place_numbers() {
    std::vector<int> known, given;
    for (const int number : numbers_)
      (terms_[std::size_t(number)].constant ? known : given).push_back(number);
    scaled_.resize(terms_.size());
    if (!known.empty()) scaled_[std::size_t(cheapest(true))] = known;
    if (!given.empty()) {
      std::vector<int>& there = scaled_[std::size_t(cheapest(false))];
      there.insert(there.end(), given.begin(), given.end());
    }
  }

  /// The term that is multiplied with least work; a number that is not `known` would make a constant one, and
  /// all that follows from it, wait for run time.
  int cheapest(bool known) const {
    int best = int(terms_.size()) - 1;
    const auto cost = [&](int place) {
      const Term& term = terms_[std::size_t(place)];
      return std::pair(known && term.constant ? 0 : 1, term.elements);
    };
    for (int place = best; place-- > 0;)
      if (!has(numbers_, place) && (known || !terms_[std::size_t(place)].constant) &&
          cost(place) < cost(best))
        best = place;
    return best;
  }

  /// The value times its numbers, the first of them last: 2 * (3 * x).
  void scale(int place) {
    const std::vector<int>& numbers = scaled_[std::size_t(place)];
    if (numbers.empty()) return;
    Term& scaled = terms_[std::size_t(place)];
    widen(scaled);
    Einsum product{{einsum_.expr.axes, {scaled.expr}, {scaled.expr}}, {scaled.value}, einsum_.dtype};
    const bool diagonal =
        std::set<int>(scaled.labels.begin(), scaled.labels.end()).size() != scaled.labels.size();
    if (diagonal) product.expr = distinct(scaled.expr);
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
      product.expr.inputs.push_back(terms_[std::size_t(*number)].expr);
      product.operands.push_back(terms_[std::size_t(*number)].value);
    }
    scaled.value = add(product);
  }

  /// The same dimensions under labels that occur once each: all elements, not only those on a diagonal.
  notation::Solved distinct(TensorExpr expr) const {
    notation::Solved out;
    const auto renamed = [&](notation::Dim& dim) {
      out.axes.push_back(einsum_.expr.axes[std::size_t(dim.axis)]);
      dim.axis = int(out.axes.size()) - 1;
    };
    for (notation::Dim& dim : expr.dims) {
      if (dim.kind == notation::Dim::Kind::Axis) renamed(dim);
      for (notation::Dim& part : dim.parts) renamed(part);
    }
    out.inputs = out.outputs = {std::move(expr)};
    return out;
  }

  /// First the operand whose own axes come first in the result, so that the rows of the left are its rows.
  std::vector<int> in_order_of_output(std::size_t s) const {
    std::vector<int> operands = order_.steps[s].operands;
    const std::vector<int>& output = terms_[result(s)].labels;
    const auto first = [&](int place) {
      const std::vector<int> partner = partner_labels(s, place);
      for (std::size_t k = 0; k < output.size(); ++k)
        if (has(terms_[std::size_t(place)].labels, output[k]) && !has(partner, output[k])) return k;
      return output.size();
    };
    std::stable_sort(operands.begin(), operands.end(), [&](int a, int b) { return first(a) < first(b); });
    return operands;
  }

  ValueId step(std::size_t s) {
    const std::vector<int> operands = in_order_of_output(s);
    const bool last = s + 1 == order_.steps.size() && scaled_.back().empty();
    if (!last) widen_one(operands);
    Einsum einsum{{einsum_.expr.axes, {}, {terms_[result(s)].expr}}, {}, einsum_.dtype};
    for (const int place : operands) {
      einsum.expr.inputs.push_back(terms_[std::size_t(place)].expr);
      einsum.operands.push_back(terms_[std::size_t(place)].value);
    }
    return add(einsum);
  }

  // Half precision: what lies between is f32, as it is inside of one nest. An operand in f32 makes the step
  // one in f32.
  void widen(Term& term) {
    if (tensor::is_half(writer_.type(term.value).dtype)) convert(term, DType::f32);
  }
  void widen_one(const std::vector<int>& operands) {
    int smallest = operands[0];
    for (const int place : operands) {
      if (!tensor::is_half(writer_.type(terms_[std::size_t(place)].value).dtype)) return;
      if (terms_[std::size_t(place)].elements < terms_[std::size_t(smallest)].elements) smallest = place;
    }
    widen(terms_[std::size_t(smallest)]);
  }
  void convert(Term& term, DType dtype) {
    notation::Solved expr = distinct(term.expr);
    for (notation::Axis& axis : expr.axes) axis.bracketed = false;
    tidy(expr);
    term.value = writer_.add(ops::get("to_" + std::string(name_of(dtype))), std::move(expr), {term.value});
  }

  ValueId add(Einsum einsum) {
    tidy(einsum.expr);
    NodeForm form = form_of(einsum);
    return writer_.add(*form.op, std::move(form.expr), std::move(einsum.operands));
  }

  Writer& writer_;
  const Einsum& einsum_;
  const Order& order_;
  std::vector<Term> terms_;  ///< operands, then the results of the steps
  std::vector<int> numbers_;
  std::vector<std::vector<int>> scaled_;  ///< by term, the numbers that go there
};

bool sums(const Einsum& einsum) {
  const std::vector<bool> kept = kept_labels(einsum);
  return std::find(kept.begin(), kept.end(), false) != kept.end();
}

/// Whether the steps are other than the node itself.
bool worth_writing(const Einsum& einsum, const Order& order) {
  if (order.steps.empty()) return false;
  const bool numbers = order.steps.size() == 1 && order.steps[0].operands.size() < einsum.operands.size();
  return order.steps.size() > 1 || (numbers && sums(einsum));
}

void write(Writer& writer, const graph::Graph& graph, const graph::Node& node,
           const std::vector<bool>& constant, const PathOptions& options) {
  const std::optional<Einsum> einsum = einsum_of(graph, node);
  const Order order = einsum ? contraction_order(*einsum, constant, options) : Order{};
  if (order.over_limit)
    support::log().warn(
        "optimize_einsums: no order of the operands of {} keeps what lies between them within the memory "
        "limit of {} elements: left as one node",
        graph.values[node.outputs[0]].name, options.memory_limit);
  if (!einsum || !worth_writing(*einsum, order)) return writer.copy(node);
  const std::size_t first = writer.count();
  const ValueId result = Steps(writer, *einsum, order, constant).write();
  writer.replace(node.outputs[0], result, first);
}

}  // namespace

graph::Graph optimize_einsums(graph::Graph graph, const PathOptions& options) {
  const std::vector<bool> constant = constant_values(graph);
  Writer writer(graph);
  for_each_statement(
      graph, [&](const graph::Constant& c) { writer.copy(c); },
      [&](const graph::Node& node) { write(writer, graph, node, constant, options); });
  return writer.finish();
}

}  // namespace einx::detail::passes
