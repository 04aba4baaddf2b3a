// Where a program is, and what it holds there, as far as it is known before it runs. Private to the model
// layer.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/linear.h"
#include "model/write.h"

namespace einx::detail::model {

/// One value that is alive: a carried one, which whoever goes here brings along, or one that never changes
/// while the function runs - an operand, a tensor of the program's, a constant - by its number among those.
struct ValueState {
  graph::Type type;
  int fixed = -1;
};
/// A variable: nothing (or nobody reads it any more), a value, a known number, or a value that has been
/// looked at.
struct SlotState {
  Slot::Kind kind = Slot::Kind::Unset;
  int value = -1;
  std::optional<script::Number> known;
};
/// One call of a function. Of all but the innermost, pc is behind the Invoke that waits.
struct FrameState {
  LinearPtr code;
  int pc = 0;
  std::shared_ptr<const script::Bound> bound;  ///< the shape variables, for the results' declared types
  std::vector<SlotState> slots;
};
/// Equal states run the same code. Values are numbered in the order in which slots mention them.
struct State {
  std::vector<FrameState> frames;
  std::vector<ValueState> values;

  const FrameState& top() const { return frames.back(); }
};

/// All that code for a state depends on, as bytes.
std::string key_of(const State& state);
/// The place in the program: the function and pc of the innermost frame.
std::pair<const Linear*, int> place_of(const State& state);
/// "f32[3] carried, operand #1": for people.
std::string text(const State& state);

/// Whether another version is not worth a variable's known number where ways meet: in a loop never, else if
/// no shape depends on it.
bool forgets(const Join& join, const Linear& code, script::Var variable);
/// Follows jumps; the join that the place is, if any.
const Join* settle(const Linear& code, int& pc);
/// Whether frame `depth` of so many still needs a variable: results of a waiting call are about to be
/// assigned.
bool is_live(const Linear& code, int pc, bool waiting, std::size_t variable);

}  // namespace einx::detail::model
