// Which producers are written into their consumers. The list is walked from its end, so that every consumer has taken what it can by the time it is offered more:
// in softmax by hand the division takes the sum, then the exponentials that both read, then the maximum.
#include "loops/fuse.h"

#include <algorithm>

#include "loops/estimate.h"
#include "loops/memory.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

constexpr std::size_t kMostNodes = 160;   ///< of a scalar function: registers and compile time
constexpr std::size_t kMostOperands = 12;
constexpr double kBytesPerNs = 15;        ///< of memory
constexpr double kCallNs = 30;            ///< of a kernel
constexpr double kGatherNs = 0.6;         ///< of an element that is not beside the one before

const Nest* nest_of(const Item& item) { return std::get_if<Nest>(&item.work); }

bool any_reads(std::span<const Access> accesses, BufferId buffer) {
  return std::ranges::any_of(accesses, [&](const Access& access) { return access.buffer == buffer; });
}

/// Whether the item mentions the buffer elsewhere than among the operands of a nest.
bool reads_otherwise(Item& item, BufferId buffer) {
  if (const Nest* nest = nest_of(item))
    return std::ranges::any_of(nest->coordinates, [&](const Coordinate& c) { return c.access.buffer == buffer; });
  bool mentioned = false;
  each_buffer(item, [&](BufferId& id) { mentioned |= id == buffer; });
  return mentioned;
}
bool reads(const Nest& nest, BufferId buffer) {
  return any_reads(nest.inputs, buffer) || (nest.epilogue && any_reads(nest.epilogue->inputs, buffer));
}

bool writes(const Item& item, BufferId buffer) {
  const Nest* nest = nest_of(item);
  return nest != nullptr && any_reads(nest->outputs, buffer);
}

/// Elements of the operand that the nest looks at.
double distinct(const Nest& nest, const Access& access) {
  double count = 1;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    if (!access.strides[a].is(0)) count *= double(nest.axes[a].extent.value);
  return count;
}

double bytes(DType dtype) { return double(loops::size_of(dtype)); }

class Fusion {
 public:
  Fusion(Lowering& lowering, bool epilogues)
      : lowering_(lowering), items_(lowering.items), epilogues_(epilogues) {}

  void run() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = items_.size(); i-- > 0;) changed = try_item(i) || changed;
    }
  }

 private:
  const Buffer& buffer(BufferId id) const { return lowering_.plan.program.buffers[std::size_t(id)]; }

  /// What writes a whole temporary, alone, as a row-major tensor.
  bool may_go(std::size_t i) const {
    const Nest* nest = nest_of(items_[i]);
    if (nest == nullptr || nest->outputs.size() != 1 || items_[i].schedule != schedule || items_[i].same_a >= 0)
      return false;
    const bool fits = support::match(
        nest->meaning, [](const ops::Move&) { return true; }, [](const ops::Map&) { return true; },
        [](const ops::Rows& rows) { return !rows.coordinates; }, [](const auto&) { return false; });
    const Access& output = nest->outputs[0];
    const Buffer& to = buffer(output.buffer);
    return fits && to.kind == Buffer::Kind::Temporary && to.elements > 0 &&
           std::ranges::count_if(items_, [&](const Item& item) { return writes(item, output.buffer); }) == 1 &&
           is_dense(*nest, output, axes_along(*nest, output, true), to.elements);
  }

  bool try_item(std::size_t i) {
    if (!may_go(i)) return false;
    const BufferId buffer = nest_of(items_[i])->outputs[0].buffer;
    std::vector<std::size_t> users;
    std::string& why = items_[i].kept;
    why.clear();
    for (std::size_t j = 0; j < items_.size(); ++j) {
      if (reads_otherwise(items_[j], buffer)) return keep(why, buffer, "a step that takes it as it is reads it");
      if (const Nest* nest = nest_of(items_[j]); nest != nullptr && reads(*nest, buffer)) users.push_back(j);
    }
    std::vector<Nest> made;
    for (const std::size_t j : users) {
      std::string reason;
      auto nest = fused(i, j, buffer, reason);
      if (!nest) return keep(why, buffer, reason);
      made.push_back(std::move(*nest));
    }
    if (std::string reason; !pays(i, users, made, reason)) return keep(why, buffer, reason);
    for (std::size_t k = 0; k < users.size(); ++k) put(i, users[k], std::move(made[k]));
    items_.erase(items_.begin() + std::ptrdiff_t(i));
    return true;
  }

  bool keep(std::string& why, BufferId id, const std::string& reason) const {
    why = buffer(id).name + ": " + reason;
    return false;
  }

  std::optional<Nest> fused(std::size_t i, std::size_t j, BufferId buffer, std::string& reason) const {
    const Nest &producer = *nest_of(items_[i]), &consumer = *nest_of(items_[j]);
    if (items_[j].same_a >= 0 || std::holds_alternative<ops::Gather>(consumer.meaning)) {
      reason = consumer.label + " takes it as it is";
      return std::nullopt;
    }
    auto made = std::holds_alternative<ops::Rows>(producer.meaning)
                    ? fuse_rows(producer, consumer, buffer, lowering_.plan.machine, reason)
                    : fuse_map(producer, consumer, buffer, reason);
    if (made && made->epilogue && !epilogues_) return std::nullopt;
    if (made && too_large(*made)) {
      reason = "the fused kernel would be too large";
      return std::nullopt;
    }
    return made;
  }

  static bool too_large(const Nest& nest) {
    std::size_t nodes = 0;
    if (const auto* map = std::get_if<ops::Map>(&nest.meaning)) nodes = map->fn.nodes.size();
    if (const auto* rows = std::get_if<ops::Rows>(&nest.meaning)) {
      nodes = rows->result.nodes.size();
      for (const ops::Pass& pass : rows->passes) nodes = std::max(nodes, pass.map.nodes.size());
    }
    return nodes > kMostNodes || nest.inputs.size() > kMostOperands;
  }

  // -------------------------------------------------------------- by cost
  /// The temporary's round trip through memory and the call of a kernel, against what is computed and read more than once.
  bool pays(std::size_t i, std::span<const std::size_t> users, std::span<const Nest> made, std::string& reason) const {
    const Nest& producer = *nest_of(items_[i]);
    if (std::holds_alternative<ops::Rows>(producer.meaning)) {
      if (users.size() == 1) return true;
      reason = "several kernels read it";
      return false;
    }
    const Access& output = producer.outputs[0];
    const double count = double(buffer(output.buffer).elements), size = count * bytes(output.dtype);
    double operands = 0, evaluations = 0, gathers = 0;
    for (const Access& input : producer.inputs) operands += distinct(producer, input) * bytes(input.dtype);
    for (std::size_t k = 0; k < users.size(); ++k) {
      const Nest& consumer = *nest_of(items_[users[k]]);
      if (in_product(consumer, producer, output.buffer)) {
        reason = consumer.label + " reuses its elements";
        return false;
      }
      evaluations += evaluations_of(consumer, made[k], output.buffer);
      if (scattered(consumer, made[k], output.buffer)) gathers += volume(made[k]);
    }
    const double repeats = count > 1 ? std::max(0.0, evaluations - count) : 0;
    const double saved = size * double(1 + users.size()) / kBytesPerNs + kCallNs;
    const double lost = repeats * each(producer) + gathers * kGatherNs +
                        double(users.size() - 1) * operands / kBytesPerNs;
    reason = gathers > 0       ? "its operands would be read across their rows"
             : users.size() > 1 ? "to compute it for every one of " + std::to_string(users.size()) + " kernels costs more"
                                : "to compute it for every element that uses it costs more";
    return lost <= saved;
  }

  /// Nanoseconds of one element, vectorised.
  double each(const Nest& producer) const {
    const auto* map = std::get_if<ops::Map>(&producer.meaning);
    const double lanes = double(lowering_.plan.machine.vector_bytes) / double(widest_bytes(producer));
    return map == nullptr ? 0 : cost(map->fn) / std::max(1.0, lanes / 2);
  }

  /// An operand of a product that meets several elements of the other: made once, it is read many times. What only moves elements stays a strided operand.
  static bool in_product(const Nest& consumer, const Nest& producer, BufferId buffer) {
    const auto* rows = std::get_if<ops::Rows>(&consumer.meaning);
    if (rows == nullptr || consumer.inputs.size() < 2 || rows->passes.size() != 1 || rows->per_element) return false;
    const double all = double(volume(consumer));
    for (const Access& input : consumer.inputs) {
      if (input.buffer != buffer || distinct(consumer, input) == all) continue;
      const bool repeats = std::ranges::any_of(
          producer.inputs, [&](const Access& from) { return distinct(producer, from) < double(volume(producer)); });
      if (std::holds_alternative<ops::Map>(producer.meaning) || repeats ||
          producer.inputs[0].dtype != producer.outputs[0].dtype)
        return true;
    }
    return false;
  }

  /// How often elements are made: in every pass that looks at them, and for results unless the last pass' values wait for these.
  double evaluations_of(const Nest& consumer, const Nest& made, BufferId buffer) const {
    double most = 0;
    for (std::size_t k = 0; k < consumer.inputs.size(); ++k) {
      if (consumer.inputs[k].buffer != buffer) continue;
      double times = 1;
      if (const auto* rows = std::get_if<ops::Rows>(&consumer.meaning)) {
        times = 0;
        for (const ops::Pass& pass : rows->passes) times += pass.map.uses(int(k));
        const auto& kept = std::get<ops::Rows>(made.meaning);
        const bool waits = rows->passes.back().map.uses(int(k)) && kept.result.uses(int(made.inputs.size()));
        if (rows->per_element && rows->result.uses(int(k)) && !waits) times += 1;
      }
      most = std::max(most, times * double(volume(consumer)));
    }
    return most;
  }

  /// Whether an operand of a fused nest that writes element by element is read across its rows, where the temporary was read along them.
  static bool scattered(const Nest& consumer, const Nest& made, BufferId buffer) {
    const auto* rows = std::get_if<ops::Rows>(&made.meaning);
    if (made.axes.empty() || (rows != nullptr && !rows->per_element)) return false;
    const auto across = [](const Nest& nest, const Access& access) {
      for (std::size_t a = 0; a < nest.axes.size(); ++a)
        if (nest.outputs[0].strides[a].is(1)) return std::abs(stride_of(access, int(a))) > 1;
      return false;
    };
    const auto is_across = [&](const Nest& nest) {
      return [&](const Access& access) { return across(nest, access); };
    };
    const bool before = std::ranges::any_of(consumer.inputs, is_across(consumer));
    return !before && std::ranges::any_of(made.inputs, is_across(made)) && any_reads(consumer.inputs, buffer);
  }

  // -------------------------------------------------------------- the result
  void put(std::size_t i, std::size_t j, Nest nest) {
    Item& item = items_[j];
    item.work = std::move(nest);
    std::vector<std::string> names = items_[i].fused;
    names.push_back(buffer(nest_of(items_[i])->outputs[0].buffer).name);
    for (std::string& name : names)
      if (std::ranges::find(item.fused, name) == item.fused.end()) item.fused.push_back(std::move(name));
    std::ranges::sort(item.fused, {}, [&](const std::string& name) { return place(name); });
  }
  std::size_t place(const std::string& name) const {
    const std::vector<Buffer>& all = lowering_.plan.program.buffers;
    return std::size_t(std::ranges::find(all, name, &Buffer::name) - all.begin());
  }

  Lowering& lowering_;
  std::vector<Item>& items_;
  bool epilogues_;
};

}  // namespace

void fuse(Lowering& lowering, bool epilogues) {
  if (lowering.plan.dynamic || lowering.items.size() < 2) return;
  Fusion(lowering, epilogues).run();
  drop_buffers(lowering);
}

}  // namespace einx::detail::loops
