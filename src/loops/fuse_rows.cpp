// Rows written into what follows from their results: the passes of the one, then those of the other, over the same rows; or an epilogue, where the result is stored.
#include <algorithm>
#include <cstdlib>
#include <functional>

#include "loops/estimate.h"
#include "loops/fuse.h"
#include "loops/fuse_meanings.h"
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

constexpr std::size_t kNone = std::size_t(-1);
using List = std::vector<std::size_t>;

class RowsFusion {
 public:
  RowsFusion(const Nest& producer, const Nest& consumer, BufferId buffer, std::string& why)
      : p_(producer), c_(consumer), buffer_(buffer), why_(why), from_(std::get<ops::Rows>(p_.meaning)) {}

  std::optional<Nest> run(const Machine& machine) {
    if (!suits() || !match_results()) return std::nullopt;
    if (!from_.per_element && off_.empty()) return with_epilogue();
    if (!match_rows()) return std::nullopt;
    Nest made = joined();
    if (!worthwhile(made, machine)) return std::nullopt;
    simplify(made, false);
    return made;
  }

 private:
  bool no(const std::string& reason) {
    why_ = reason;
    return false;
  }
  const ops::Rows* later() const { return std::get_if<ops::Rows>(&c_.meaning); }

  bool suits() {
    const bool elementwise = std::holds_alternative<ops::Map>(c_.meaning) || std::holds_alternative<ops::Move>(c_.meaning);
    if (!elementwise && (later() == nullptr || later()->coordinates)) return no(c_.label + " takes it as it is");
    if (reads_after() && (p_.epilogue || from_.per_element)) return no("the epilogue of " + c_.label + " reads it");
    if (reads_after() && !std::ranges::all_of(c_.epilogue->inputs, reads_it()))
      return no("the epilogue of " + c_.label + " has other operands");
    const Access* first = nullptr;
    std::vector<Access> all = c_.inputs;
    if (c_.epilogue) all.insert(all.end(), c_.epilogue->inputs.begin(), c_.epilogue->inputs.end());
    for (const Access& input : all) {
      if (input.buffer != buffer_) continue;
      if (first != nullptr && (first->strides != input.strides || first->offset != input.offset))
        return no(c_.label + " reads it in two orders");
      if (first == nullptr) first = &input;
    }
    return true;
  }
  std::function<bool(const Access&)> reads_it() const {
    return [this](const Access& access) { return access.buffer == buffer_; };
  }
  bool reads_after() const { return c_.epilogue && std::ranges::any_of(c_.epilogue->inputs, reads_it()); }
  const Access& read() const {
    const auto found = std::ranges::find(c_.inputs, buffer_, &Access::buffer);
    return found != c_.inputs.end() ? *found : *std::ranges::find(c_.epilogue->inputs, buffer_, &Access::buffer);
  }

  /// The consumer's axes along which it reads the results, slowest first, and those along which it reads the same one again.
  bool match_results() {
    on_ = axes_along(c_, read(), true);
    off_ = axes_along(c_, read(), false);
    produced_ = axes_along(p_, p_.outputs[0], true);
    if (!is_dense(c_, read(), on_, volume_of(p_, produced_)))
      return no(c_.label + " reads parts of it, or in another order");
    return true;
  }
  static std::int64_t volume_of(const Nest& nest, const List& axes) {
    std::int64_t product = 1;
    for (const std::size_t a : axes) product *= nest.axes[a].extent.value;
    return product;
  }

  /// Marks what is left of the consumer's axes as a row: both are all of it.
  bool match_rows() {
    if (is_product()) return no("it is a product");
    if (uses_position(p_) || uses_position(c_)) return no("positions in the row matter");
    List own;
    for (std::size_t a = 0; a < p_.axes.size(); ++a)
      if (p_.axes[a].reduced && !from_.per_element) own.push_back(a);
    if (from_.per_element && !off_.empty()) return no(c_.label + " uses each of its elements several times");
    if (volume_of(p_, own) != volume_of(c_, off_)) return no("the rows of " + c_.label + " have another size");
    order_alike(own);
    on_.insert(on_.end(), off_.begin(), off_.end());
    produced_.insert(produced_.end(), own.begin(), own.end());
    if (!pair_axes()) return false;
    for (std::size_t a = 0; a < c_.axes.size(); ++a) {
      const bool inside = p_.axes[pair_[a]].reduced;
      if (later() != nullptr && c_.axes[a].reduced != inside) return no(c_.label + " has other rows");
      c_.axes[a].reduced = inside;
    }
    return true;
  }

  /// One operand meets many elements of another: a contraction's schedules know how, rows do not.
  bool is_product() const {
    return p_.inputs.size() > 1 && from_.passes.size() == 1 && !from_.per_element &&
           std::ranges::any_of(p_.inputs, [&](const Access& input) {
             return volume_of(p_, axes_along(p_, input, true)) != volume(p_) && kept_without(input);
           });
  }
  bool kept_without(const Access& input) const {
    for (std::size_t a = 0; a < p_.axes.size(); ++a)
      if (!p_.axes[a].reduced && input.strides[a].is(0) && read_along(p_, int(a))) return true;
    return false;
  }

  bool pair_axes() {
    if (!align(p_, produced_, c_, on_)) return no("the axes of " + c_.label + " do not line up with its own");
    pair_.assign(c_.axes.size(), kNone);
    for (std::size_t k = 0; k < on_.size(); ++k) pair_[on_[k]] = produced_[k];
    return true;
  }

  /// Both lists by the steps of an operand that both read.
  void order_alike(List& own) {
    for (const Access& mine : p_.inputs)
      for (const Access& other : c_.inputs) {
        if (mine.buffer != other.buffer) continue;
        const auto by = [](const Access& access) {
          return [&access](std::size_t a) { return std::abs(access.strides[a].value); };
        };
        std::ranges::stable_sort(own, std::greater{}, by(mine));
        std::ranges::stable_sort(off_, std::greater{}, by(other));
        return;
      }
  }

  // -------------------------------------------------------------- rows
  Access over_consumer(const Access& operand) const {
    Access made = operand;
    made.strides.clear();
    for (const std::size_t a : pair_) made.strides.push_back(operand.strides[a]);
    return made;
  }

  Nest joined() {
    Nest made = c_;
    FusedInputs inputs;
    FusedSources sources;
    const auto add_producer = [&] {
      for (const Access& operand : p_.inputs) sources.producer.push_back(inputs.add(over_consumer(operand)));
      if (p_.epilogue)
        for (const Access& operand : p_.epilogue->inputs) sources.producer.push_back(inputs.add(over_consumer(operand)));
    };
    for (const Access& input : c_.inputs) {
      sources.consumer.push_back(input.buffer == buffer_ ? -1 : inputs.add(input));
      if (input.buffer == buffer_ && sources.producer.empty()) add_producer();
    }
    if (sources.producer.empty()) add_producer();
    if (reads_after()) made.epilogue.reset();
    sources.inputs = inputs.dtypes();
    shares_ = from_.per_element || std::ranges::any_of(sources.producer, [&](int k) {
      return std::ranges::find(sources.consumer, k) != sources.consumer.end();
    });
    ops::Rows rows = fused_meaning(p_, c_, std::move(sources), reads_after());
    drop_repeated(rows, inputs.list.size());
    if (rows.per_element) reuse_mapped(rows, inputs.list.size());
    made.meaning = std::move(rows);
    made.inputs = std::move(inputs.list);
    made.count = p_.count;
    number(made);
    return made;
  }

  /// No meaning looks at positions; a row that waits in a local one lies there as in the output.
  static void number(Nest& nest) {
    List order;
    for (std::size_t a = 0; a < nest.axes.size(); ++a)
      if (nest.axes[a].reduced) order.push_back(a);
    std::ranges::stable_sort(order, std::greater{}, [&](std::size_t a) { return nest.outputs[0].strides[a].value; });
    nest.position_strides.assign(nest.axes.size(), constant(0));
    std::int64_t inside = 1;
    for (auto a = order.rbegin(); a != order.rend(); inside *= nest.axes[*a].extent.value, ++a)
      nest.position_strides[*a] = constant(inside);
  }

  /// Rows that wait in a cache while they are passed over again, and enough of them for the threads.
  bool worthwhile(const Nest& nest, const Machine& machine) {
    constexpr std::int64_t kEnoughRows = 16, kColumns = 64;
    if (!shares_) return no(c_.label + " reads other operands");
    std::int64_t bytes = 0, rows = 1, row = 1;
    bool along = false;
    for (const NestAxis& axis : nest.axes) (axis.reduced ? row : rows) *= axis.extent.value;
    for (const Access& input : nest.inputs) {
      bool inside = false;
      for (std::size_t a = 0; a < nest.axes.size(); ++a) {
        inside |= nest.axes[a].reduced && !input.strides[a].is(0);
        along |= nest.axes[a].reduced && input.strides[a].is(1);
      }
      bytes += inside ? row * loops::size_of(input.dtype) : 0;
    }
    if (!along) bytes *= std::min(rows, kColumns);
    if (bytes > machine.l2 / 2) return no("a row of " + std::to_string(bytes) + " bytes does not wait in the cache");
    if (rows < kEnoughRows && rows * bytes > 2 * kForkBytes) return no("threads share its few rows");
    return true;
  }

  // -------------------------------------------------------------- epilogues
  Access over_producer(const Access& operand) const {
    Access made = operand;
    made.strides.assign(p_.axes.size(), constant(0));
    for (std::size_t a = 0; a < c_.axes.size(); ++a) made.strides[pair_[a]] = operand.strides[a];
    return made;
  }

  std::optional<Nest> with_epilogue() {
    if (later() != nullptr) return no(c_.label + " reduces its results"), std::nullopt;
    if (!pair_axes()) return std::nullopt;
    FusedInputs extra;
    std::vector<int> at;
    if (p_.epilogue)
      for (const Access& operand : p_.epilogue->inputs) extra.add(operand);
    const std::size_t own = extra.list.size();
    for (const Access& input : c_.inputs)
      at.push_back(input.buffer == buffer_ ? -1 : extra.add(over_producer(input)));
    const DType rounded = p_.epilogue ? p_.epilogue->fn.args[0] : p_.outputs[0].dtype;
    const bool product = p_.inputs.size() > 1 && from_.passes.size() == 1;
    const bool folds = extra.list.empty() && !product;
    Nest made = p_;
    ops::Rows& rows = std::get<ops::Rows>(made.meaning);
    std::vector<DType> args = folds ? rows.result.args : std::vector{rounded};
    for (const Access& operand : extra.list) args.push_back(operand.computed);
    Joined to(args);
    std::vector<int> given;
    for (std::size_t k = 0; k < (folds ? args.size() : 1 + own); ++k) given.push_back(to.arg(int(k)));
    int node = given[0];
    if (folds) node = to.append(rows.result, given)[0];
    if (p_.epilogue) node = to.append(p_.epilogue->fn, given)[0];
    node = to.fence(to.cast(node, p_.outputs[0].dtype));
    given.clear();
    for (std::size_t j = 0; j < at.size(); ++j)
      given.push_back(at[j] >= 0 ? to.arg(1 + at[j]) : to.cast(node, c_.inputs[j].computed));
    ops::ScalarFn fn = to.finish(to.append(as_map(c_).fn, given));
    if (folds)
      rows.result = without_fences(fn);
    else
      made.epilogue = Epilogue{std::move(fn), std::move(extra.list)};
    made.outputs[0] = over_producer(c_.outputs[0]);
    made.label += ", then " + c_.label;
    simplify(made, false);
    return made;
  }

  Nest p_, c_;
  BufferId buffer_;
  std::string& why_;
  ops::Rows from_;
  List produced_, on_, off_;  ///< axes of the producer's output; of the consumer: along which it reads several or the same
  List pair_;            ///< of each axis of the consumer: the producer's
  bool shares_ = false;
};

}  // namespace

std::optional<Nest> fuse_rows(const Nest& producer, const Nest& consumer, BufferId buffer, const Machine& machine,
                              std::string& why) {
  return RowsFusion(producer, consumer, buffer, why).run(machine);
}

}  // namespace einx::detail::loops
