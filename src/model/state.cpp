#include "model/state.h"

#include <algorithm>

#include "support/support.h"

namespace einx::detail::model {
namespace {

class Bytes {
 public:
  template <class T>
  void add(const T& plain) {
    text_.append(reinterpret_cast<const char*>(&plain), sizeof plain);
  }
  void add(const Shape& numbers) {
    add(numbers.size());
    for (const std::int64_t number : numbers) add(number);
  }
  void add(const script::Number& number) {
    add(number.index());
    std::visit([&](const auto& plain) { add(plain); }, number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string key_of(const State& state) {
  Bytes bytes;
  for (const FrameState& frame : state.frames) {
    bytes.add(frame.code.get());
    bytes.add(frame.pc);
    if (frame.bound && frame.code->function->results) bytes.add(Shape(frame.bound->sizes));
    for (std::size_t v = 0; v < frame.slots.size(); ++v) {
      const SlotState& slot = frame.slots[v];
      if (slot.kind == Slot::Kind::Unset) continue;
      bytes.add(int(v)), bytes.add(slot.kind), bytes.add(slot.value);
      if (slot.known) bytes.add(*slot.known);
    }
    bytes.add(-1);
  }
  for (const ValueState& value : state.values) {
    bytes.add(value.fixed), bytes.add(value.type.dtype);
    bytes.add(value.type.shape), bytes.add(value.type.strides);
  }
  return bytes.take();
}

std::pair<const Linear*, int> place_of(const State& state) {
  return {state.top().code.get(), state.top().pc};
}

std::string text(const State& state) {
  std::vector<std::string> frames;
  for (const FrameState& frame : state.frames) {
    std::vector<std::string> slots;
    for (std::size_t v = 0; v < frame.slots.size(); ++v) {
      const SlotState& slot = frame.slots[v];
      if (slot.kind == Slot::Kind::Unset) continue;
      std::string what = slot.kind == Slot::Kind::Number ? "number" : "";
      if (slot.value >= 0) {
        const ValueState& value = state.values.at(std::size_t(slot.value));
        what += (what.empty() ? "" : " ") + graph::text(value.type) +
                (value.fixed >= 0 ? " fixed #" + std::to_string(value.fixed) : "");
      }
      if (slot.known)
        what += " = " + std::visit([](auto number) { return std::to_string(number); }, *slot.known);
      slots.push_back(frame.code->names[v] + ": " + what);
    }
    frames.push_back(frame.code->function->name + "@" + std::to_string(frame.pc) + " {" +
                     support::join(slots, ", ") + "}");
  }
  return support::join(frames, " > ");
}

bool forgets(const Join& join, const Linear& code, script::Var variable) {
  return (join.loop || !code.sizes[std::size_t(variable)]) &&
         std::ranges::find(join.assigned, variable) != join.assigned.end();
}

const Join* settle(const Linear& code, int& pc) {
  while (const auto* jump = std::get_if<Jump>(&code.code.at(std::size_t(pc)).work)) pc = jump->to;
  return std::get_if<Join>(&code.code[std::size_t(pc)].work);
}

bool is_live(const Linear& code, int pc, bool waiting, std::size_t variable) {
  if (!code.live.at(std::size_t(pc))[variable]) return false;
  if (!waiting) return true;
  const auto* invoke = std::get<const script::Invoke*>(code.code.at(std::size_t(pc) - 1).work);
  return std::ranges::find(invoke->results, script::Var(variable)) == invoke->results.end();
}

}  // namespace einx::detail::model
