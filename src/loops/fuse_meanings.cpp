// Scalar functions of rows that are fused.
#include "loops/fuse_meanings.h"

#include "loops/fuse.h"
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

std::vector<DType> accumulators_of(std::span<const ops::Pass> passes) {
  std::vector<DType> dtypes;
  for (const ops::Pass& pass : passes)
    for (const tensor::Scalar& identity : pass.identity) dtypes.push_back(identity.dtype);
  return dtypes;
}

/// Scalar functions of the fused rows.
class Meanings {
 public:
  Meanings(const Nest& producer, const Nest& consumer, FusedSources sources, bool epilogue)
      : p_(producer),
        c_(consumer),
        epilogue_(epilogue),
        from_(std::get<ops::Rows>(producer.meaning)),
        sources_(std::move(sources)),
        before_(accumulators_of(from_.passes)) {}

  ops::Rows rows() const {
    ops::Rows made;
    made.nonempty = from_.nonempty;
    for (std::size_t k = 0; k < from_.passes.size(); ++k) made.passes.push_back(first_pass(k));
    const auto* later = std::get_if<ops::Rows>(&c_.meaning);
    for (std::size_t k = 0; later != nullptr && k < later->passes.size(); ++k)
      made.passes.push_back(later_pass(*later, k));
    made.per_element = later == nullptr || later->per_element;
    made.result = made.per_element ? element_result(made, later) : row_result(*later);
    return made;
  }

 private:
  int inputs() const { return int(sources_.inputs.size()); }

  /// Elements, accumulators and others as the arguments of a function.
  std::vector<DType> arguments(std::span<const DType> accumulators, std::vector<DType> others) const {
    std::vector<DType> args = sources_.inputs;
    args.insert(args.end(), accumulators.begin(), accumulators.end());
    args.insert(args.end(), others.begin(), others.end());
    return args;
  }
  std::vector<int> producer_elements(Joined& to) const {
    std::vector<int> nodes;
    for (std::size_t k = 0; k < p_.inputs.size(); ++k) nodes.push_back(to.arg(sources_.producer[k]));
    return nodes;
  }
  static void append_args(Joined& to, std::vector<int>& nodes, int first, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) nodes.push_back(to.arg(first + int(k)));
  }

  ops::Pass first_pass(std::size_t k) const {
    ops::Pass pass = from_.passes[k];
    const std::vector<DType> earlier = accumulators_of(std::span(from_.passes).first(k));
    Joined to(arguments(earlier, {DType::i64, DType::i64}));
    std::vector<int> args = producer_elements(to);
    append_args(to, args, inputs(), earlier.size() + 2);
    pass.map = to.finish(to.append(pass.map, args));
    return pass;
  }

  ops::Pass later_pass(const ops::Rows& later, std::size_t k) const {
    ops::Pass pass = later.passes[k];
    std::vector<DType> all = before_;
    const std::vector<DType> earlier = accumulators_of(std::span(later.passes).first(k));
    all.insert(all.end(), earlier.begin(), earlier.end());
    Joined to(arguments(all, {DType::i64, DType::i64}));
    const int count = inputs() + int(all.size());
    std::vector<int> args = consumer_elements(to, pass.map, inputs(), count, -1);
    append_args(to, args, inputs() + int(before_.size()), earlier.size() + 2);
    pass.map = without_fences(to.finish(to.append(pass.map, args)));
    return pass;
  }

  /// The consumer's elements that its function uses.
  std::vector<int> consumer_elements(Joined& to, const ops::ScalarFn& fn, int accumulators, int count,
                                     int mapped) const {
    std::vector<int> nodes;
    for (std::size_t j = 0; j < c_.inputs.size(); ++j) {
      const int source = sources_.consumer[j];
      nodes.push_back(!fn.uses(int(j)) ? -1
                      : source >= 0
                          ? to.arg(source)
                          : to.cast(produced(to, accumulators, count, mapped), c_.inputs[j].computed));
    }
    return nodes;
  }

  /// The producer's result as it would be stored, from its accumulators and the count; `mapped`: what its
  /// last pass maps the element to, if that is known.
  int produced(Joined& to, int accumulators, int count, int mapped) const {
    std::vector<int> args;
    if (from_.per_element) {
      args = producer_elements(to);
      const ops::Pass& last = from_.passes.back();
      const std::size_t own = last.identity.size();
      if (mapped >= 0) {
        append_args(to, args, mapped, own);
      } else {
        std::vector<int> again = args;
        append_args(to, again, accumulators, before_.size() - own);
        again.insert(again.end(), {to.arg(count), -1});
        for (const int node : to.append(last.map, again)) args.push_back(node);
      }
    }
    append_args(to, args, accumulators, before_.size());
    args.push_back(to.arg(count));
    int node = to.append(from_.result, args)[0];
    if (p_.epilogue) {
      std::vector<int> operands{node};
      for (std::size_t k = p_.inputs.size(); k < sources_.producer.size(); ++k)
        operands.push_back(to.arg(sources_.producer[k]));
      node = to.append(p_.epilogue->fn, operands)[0];
    }
    return to.cast(node, p_.outputs[0].dtype);
  }

  ops::ScalarFn element_result(const ops::Rows& made, const ops::Rows* later) const {
    const std::vector<DType> all = accumulators_of(made.passes);
    const std::vector<tensor::Scalar>& last = made.passes.back().identity;
    std::vector<DType> others;
    for (const tensor::Scalar& identity : last) others.push_back(identity.dtype);
    others.insert(others.end(), all.begin(), all.end());
    others.push_back(DType::i64);
    Joined to(arguments({}, others));
    const int mapped = inputs(), first = mapped + int(last.size()), count = first + int(all.size());
    const ops::ScalarFn fn = later != nullptr ? later->result : as_map(c_).fn;
    std::vector<int> args = consumer_elements(to, fn, first, count, later == nullptr ? mapped : -1);
    if (later != nullptr) {
      append_args(to, args, mapped, last.size());
      append_args(to, args, first + int(before_.size()), all.size() - before_.size() + 1);
    }
    return without_fences(to.finish(to.append(fn, args)));
  }

  /// Of accumulators and the count; with the consumer's epilogue, if the producer's result is all that this
  /// reads.
  ops::ScalarFn row_result(const ops::Rows& later) const {
    std::vector<DType> args = before_;
    args.insert(args.end(), later.result.args.begin(), later.result.args.end());
    Joined to(args);
    std::vector<int> given;
    append_args(to, given, int(before_.size()), later.result.args.size());
    std::vector<int> result = to.append(later.result, given);
    if (!epilogue_) return to.finish(result);
    for (const Access& input : c_.epilogue->inputs)
      result.push_back(to.cast(produced(to, 0, int(args.size()) - 1, -1), input.computed));
    return without_fences(to.finish(to.append(c_.epilogue->fn, result)));
  }

  const Nest &p_, &c_;
  bool epilogue_;  ///< the consumer's reads the producer's result, and nothing else
  const ops::Rows& from_;
  FusedSources sources_;
  std::vector<DType> before_;  ///< the producer's accumulators
};

/// The function with its argument `gone` read from the argument `same`.
ops::ScalarFn redirect(const ops::ScalarFn& fn, int gone, int same) {
  std::vector<DType> args = fn.args;
  args.erase(args.begin() + gone);
  Joined to(args);
  std::vector<int> given;
  for (int k = 0; k < int(fn.args.size()); ++k) given.push_back(to.arg(k == gone ? same : k - (k > gone)));
  return to.finish(to.append(fn, given));
}

/// A pass that looks at elements only.
bool of_elements(const ops::Pass& pass, std::size_t inputs) {
  for (std::size_t k = inputs; k < pass.map.args.size(); ++k)
    if (pass.map.uses(int(k))) return false;
  return pass.identity.size() == 1;
}

}  // namespace

ops::Map as_map(const Nest& nest) {
  if (const auto* map = std::get_if<ops::Map>(&nest.meaning)) return *map;
  return {forward_fn({nest.inputs[0].computed}, 1)};
}

ops::Rows fused_meaning(const Nest& producer, const Nest& consumer, FusedSources sources, bool epilogue) {
  return Meanings(producer, consumer, std::move(sources), epilogue).rows();
}

void drop_repeated(ops::Rows& rows, std::size_t inputs) {
  const auto same = [&](const ops::Pass& a, const ops::Pass& b) {
    return of_elements(a, inputs) && of_elements(b, inputs) && a.identity[0].dtype == b.identity[0].dtype &&
           a.identity[0].u == b.identity[0].u && ops::text(a.combine) == ops::text(b.combine) &&
           same_value(a.map, a.map.results[0], b.map, b.map.results[0]);
  };
  int at = 0;  // first accumulator of pass k
  for (std::size_t k = 0; k + 1 < rows.passes.size(); at += int(rows.passes[k].identity.size()), ++k) {
    int earlier = 0;
    for (std::size_t i = 0; i < k; earlier += int(rows.passes[i].identity.size()), ++i) {
      if (!same(rows.passes[i], rows.passes[k])) continue;
      for (std::size_t later = k + 1; later < rows.passes.size(); ++later)
        rows.passes[later].map = redirect(rows.passes[later].map, int(inputs) + at, int(inputs) + earlier);
      const int first = rows.per_element ? int(inputs + rows.passes.back().identity.size()) : 0;
      rows.result = redirect(rows.result, first + at, first + earlier);
      rows.passes.erase(rows.passes.begin() + std::ptrdiff_t(k));
      return drop_repeated(rows, inputs);
    }
  }
}

}  // namespace einx::detail::loops
