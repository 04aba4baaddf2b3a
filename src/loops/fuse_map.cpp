// A producer of elements written into a consumer: the consumer reads the producer's operands where it read the temporary.
#include <algorithm>
#include <functional>

#include "loops/estimate.h"
#include "loops/fuse.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

bool same(const Access& a, const Access& b) {
  return a.buffer == b.buffer && a.dtype == b.dtype && a.computed == b.computed && a.offset == b.offset &&
         a.strides == b.strides;
}

/// How the fused nest has the elements of the consumer's inputs: as inputs of its own, or made by the producer of some of these.
struct Elements {
  FusedInputs inputs;
  std::vector<int> at;                    ///< of each consumer's input; -1: the producer makes it
  std::vector<std::vector<int>> made_of;  ///< the inputs that it makes it of
};

/// Elements are moved as they are stored.
bool only_moves(const Nest& nest) {
  return std::holds_alternative<ops::Move>(nest.meaning) && nest.inputs[0].dtype == nest.outputs[0].dtype;
}

Elements elements_of(const Nest& producer, const Nest& consumer, std::span<const std::optional<Digits>> digits) {
  Elements made;
  for (std::size_t j = 0; j < consumer.inputs.size(); ++j) {
    std::vector<int>& of = made.made_of.emplace_back();
    if (digits[j] && only_moves(producer)) {
      Access moved = through(producer.inputs[0], *digits[j]);
      moved.computed = consumer.inputs[j].computed;
      made.at.push_back(made.inputs.add(moved));
      continue;
    }
    if (digits[j])
      for (const Access& operand : producer.inputs) of.push_back(made.inputs.add(through(operand, *digits[j])));
    made.at.push_back(digits[j] ? -1 : made.inputs.add(consumer.inputs[j]));
  }
  return made;
}

class MapFusion {
 public:
  MapFusion(const Nest& producer, const Nest& consumer, const Elements& elements, bool fences)
      : producer_(producer), consumer_(consumer), elements_(elements), fences_(fences) {}

  ops::Map map(const ops::Map& map) const { return {rewrite(map.fn)}; }
  ops::Map map(const ops::Move&) const {
    const DType dtype = consumer_.inputs[0].computed;
    return {rewrite(forward({dtype}))};
  }
  ops::Rows rows(ops::Rows rows) const {
    for (ops::Pass& pass : rows.passes) pass.map = without_fences(rewrite(pass.map));
    if (!rows.per_element) return rows;
    rows.result = without_fences(rewrite(rows.result));
    reuse_mapped(rows, elements_.inputs.list.size());
    return rows;
  }

  /// An update of (element, new element): the tensor's element stays the first argument.
  ops::ScalarFn update(const ops::ScalarFn& fn) const {
    Joined to({fn.args[0], elements_.inputs.list[0].computed});
    const std::vector<int> given{to.arg(0), made(to, 0, 1)};
    return to.finish(to.append(fn, given));
  }

 private:
  static ops::ScalarFn forward(std::vector<DType> args) {
    Joined to(std::move(args));
    const int node = to.arg(0);
    return to.finish(std::span(&node, 1));
  }

  /// What the producer makes for the consumer's input; its own elements are arguments from `first` on.
  int made(Joined& to, std::size_t input, int first) const {
    if (elements_.at[input] >= 0) return to.arg(first + elements_.at[input]);
    std::vector<int> args;
    for (const int k : elements_.made_of[input]) args.push_back(to.arg(first + k));
    int node = args[0];
    if (const auto* map = std::get_if<ops::Map>(&producer_.meaning)) node = to.append(map->fn, args)[0];
    node = to.cast(node, producer_.outputs[0].dtype);
    return to.cast(fences_ ? to.fence(node) : node, consumer_.inputs[input].computed);
  }

  /// The function of the consumer's elements and other things as one of the fused nest's elements and these.
  ops::ScalarFn rewrite(const ops::ScalarFn& fn) const {
    const std::size_t before = consumer_.inputs.size();
    std::vector<DType> args = elements_.inputs.dtypes();
    const int others = int(args.size()) - int(before);
    args.insert(args.end(), fn.args.begin() + std::ptrdiff_t(before), fn.args.end());
    Joined to(args);
    std::vector<int> given;
    for (std::size_t j = 0; j < fn.args.size(); ++j) {
      if (!fn.uses(int(j)))
        given.push_back(-1);
      else if (j >= before)
        given.push_back(to.arg(others + int(j)));
      else
        given.push_back(made(to, j, 0));
    }
    return to.finish(to.append(fn, given));
  }

  const Nest &producer_, &consumer_;
  const Elements& elements_;
  bool fences_;
};

/// Of every input that reads the buffer, over axes of the consumer that suit all of them; false if there are none.
bool find_digits(const Nest& producer, Nest& consumer, BufferId buffer, std::vector<std::optional<Digits>>& digits) {
  for (std::size_t axes = std::size_t(-1); axes != consumer.axes.size();) {
    axes = consumer.axes.size();
    digits.assign(consumer.inputs.size(), std::nullopt);
    for (std::size_t j = 0; j < consumer.inputs.size(); ++j) {
      if (consumer.inputs[j].buffer != buffer) continue;
      digits[j] = digits_of(producer, consumer, j);
      if (!digits[j]) return false;
    }
  }
  return true;
}

}  // namespace

int FusedInputs::add(const Access& access) {
  const auto found = std::ranges::find_if(list, [&](const Access& other) { return same(access, other); });
  if (found != list.end()) return int(found - list.begin());
  list.push_back(access);
  return int(list.size()) - 1;
}

std::vector<DType> FusedInputs::dtypes() const {
  std::vector<DType> dtypes;
  for (const Access& access : list) dtypes.push_back(access.computed);
  return dtypes;
}

std::optional<Nest> fuse_map(const Nest& producer, const Nest& consumer, BufferId buffer, std::string& why) {
  Nest made = consumer;
  std::vector<std::optional<Digits>> digits;
  if (consumer.epilogue && std::ranges::find(consumer.epilogue->inputs, buffer, &Access::buffer) != consumer.epilogue->inputs.end()) {
    why = "the epilogue of " + consumer.label + " reads it";
    return std::nullopt;
  }
  if (!find_digits(producer, made, buffer, digits)) {
    why = "the axes of " + made.label + " do not line up with its own";
    return std::nullopt;
  }
  const Elements elements = elements_of(producer, made, digits);
  const bool elementwise = !std::holds_alternative<ops::Rows>(made.meaning);
  const MapFusion fusion(producer, consumer, elements, elementwise);
  if (auto* map = std::get_if<ops::Map>(&made.meaning)) {
    *map = fusion.map(*map);
  } else if (auto* rows = std::get_if<ops::Rows>(&made.meaning)) {
    *rows = fusion.rows(std::move(*rows));
  } else if (auto* scatter = std::get_if<ops::Scatter>(&made.meaning)) {
    if (elements.inputs.list.size() != 1) {
      why = made.label + " takes one operand as its update";
      return std::nullopt;
    }
    scatter->update = fusion.update(scatter->update);
  } else if (!only_moves(producer)) {
    made.meaning = fusion.map(std::get<ops::Move>(made.meaning));
  }
  made.inputs = elements.inputs.list;
  simplify(made, false);
  return made;
}

}  // namespace einx::detail::loops
