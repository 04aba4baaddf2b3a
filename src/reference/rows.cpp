// Reductions, dot, softmax, argmax: passes over the bracketed axes for every assignment of the others.
#include <algorithm>

#include "reference/meanings.h"
#include "support/support.h"

namespace einx::detail::reference {
namespace {

Scalar integer(std::int64_t value) { return tensor::make_scalar(value, i64); }

/// The buffers of one row: made once, used for every row.
class RowRunner {
 public:
  RowRunner(const Step& step, const ops::Rows& rows, Walk& inner)
      : rows_(rows), inner_(inner), sources_(sources_of(step)), target_(step.outputs[0]) {
    for (const ops::Pass& pass : rows.passes) {
      args_.emplace_back(pass.map.args.size());
      pairs_.emplace_back(pass.combine.args.size());
      first_.push_back(accumulators_.size());
      accumulators_.insert(accumulators_.end(), pass.identity.begin(), pass.identity.end());
    }
    result_args_.resize(rows.result.args.size());
    find_coordinates(step);
  }

  /// `at`: the offsets of the row's first elements, the output's last.
  void run(const std::int64_t* at) {
    for (std::size_t p = 0; p < rows_.passes.size(); ++p) run_pass(p, at);
    rows_.per_element ? write_elements(at) : write_result(at);
  }

 private:
  void find_coordinates(const Step& step) {
    if (!rows_.coordinates) return;
    const notation::Solved& expr = step.node.expr;
    const std::vector<int> axis = notation::axes_of(expr, expr.outputs[0], true);
    if (!axis.empty()) coordinate_stride_ = stride_of(maps_of(step).back(), axis[0]);
  }

  void load(std::vector<Scalar>& args, const std::int64_t* at) const {
    for (std::size_t i = 0; i < sources_.size(); ++i) args[i] = sources_[i].at(at[i]);
  }

  /// The values that pass p accumulates are in the second half of pairs_[p] after this.
  void map_element(std::size_t p, std::int64_t position, const std::int64_t* at) {
    load(args_[p], at);
    args_[p].back() = integer(position);
    const std::size_t width = rows_.passes[p].identity.size();
    ops::evaluate(rows_.passes[p].map, args_[p], std::span(pairs_[p]).last(width));
  }

  void run_pass(std::size_t p, const std::int64_t* at) {
    const ops::Pass& pass = rows_.passes[p];
    std::vector<Scalar>& args = args_[p];
    std::copy_n(accumulators_.begin(), first_[p], args.begin() + sources_.size());
    args[args.size() - 2] = integer(inner_.count());
    std::copy(pass.identity.begin(), pass.identity.end(), pairs_[p].begin());
    std::int64_t position = 0;
    inner_.each(at, [&](const std::int64_t* element) {
      map_element(p, position++, element);
      ops::evaluate(pass.combine, pairs_[p], std::span(pairs_[p]).first(pass.identity.size()));
    });
    std::copy_n(pairs_[p].begin(), pass.identity.size(), accumulators_.begin() + first_[p]);
  }

  void write_elements(const std::int64_t* at) {
    const std::size_t last = rows_.passes.size() - 1;
    const std::size_t width = rows_.passes[last].identity.size();
    std::copy(accumulators_.begin(), accumulators_.end(), result_args_.begin() + sources_.size() + width);
    result_args_.back() = integer(inner_.count());
    std::int64_t position = 0;
    Scalar result;
    inner_.each(at, [&](const std::int64_t* element) {
      load(result_args_, element);
      map_element(last, position++, element);
      std::copy(pairs_[last].end() - width, pairs_[last].end(), result_args_.begin() + sources_.size());
      ops::evaluate(rows_.result, result_args_, std::span(&result, 1));
      target_.put(element[sources_.size()], result);
    });
  }

  void write_result(const std::int64_t* at) {
    std::copy(accumulators_.begin(), accumulators_.end(), result_args_.begin());
    result_args_.back() = integer(inner_.count());
    Scalar result;
    ops::evaluate(rows_.result, result_args_, std::span(&result, 1));
    if (rows_.coordinates) return write_coordinates(at[sources_.size()], result.i);
    target_.put(at[sources_.size()], result);
  }

  /// Row-major over the bracketed axes as written: the last one varies fastest.
  void write_coordinates(std::int64_t offset, std::int64_t position) {
    for (std::size_t k = inner_.axes().size(); k-- > 0;) {
      const std::int64_t size = inner_.sizes()[k];
      target_.put(offset + std::int64_t(k) * coordinate_stride_, integer(position % size));
      position /= size;
    }
  }

  const ops::Rows& rows_;
  Walk& inner_;
  std::vector<Source> sources_;
  Target target_;
  std::vector<std::vector<Scalar>> args_;   ///< per pass: the arguments of its map
  std::vector<std::vector<Scalar>> pairs_;  ///< per pass: accumulators, values
  std::vector<std::size_t> first_;          ///< per pass: where its accumulators are in
  std::vector<Scalar> accumulators_;        ///< those of all passes
  std::vector<Scalar> result_args_;
  std::int64_t coordinate_stride_ = 0;
};

[[noreturn]] void nothing_to_choose_from(const Step& step, const Walk& inner) {
  const std::size_t k = std::find(inner.sizes().begin(), inner.sizes().end(), 0) - inner.sizes().begin();
  const notation::Axis& axis = step.node.expr.axes[inner.axes()[k]];
  const std::string_view op = step.node.op->name;
  support::Report report;
  report.kind = "runtime";
  report.sentence = std::string("The operation '").append(op).append("' asks for the ");
  report.sentence += op.find("min") != op.npos ? "minimum" : "maximum";
  report.sentence +=
      " of an empty axis: '" + (axis.source.empty() ? axis.name : axis.source) + "' has size 0.";
  support::raise<CallOperationError>(report);
}

}  // namespace

void run_rows(const Step& step, const ops::Rows& rows) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<notation::IndexMap> maps = maps_of(step);
  Walk outer(expr, vectorised_axes(expr), maps);
  Walk inner(expr, axes_of_all(expr, expr.inputs, true), maps);
  if (rows.nonempty && outer.count() > 0 && inner.count() == 0) nothing_to_choose_from(step, inner);
  RowRunner runner(step, rows, inner);
  outer.each(outer.origin(), [&](const std::int64_t* at) { runner.run(at); });
}

}  // namespace einx::detail::reference
