// A function of C++ as it was recorded: for each ranks and dtypes (and what its code looked at) one recording, which other sizes run again. Private to the model layer.
#pragma once
#include <einx/guards.h>

#include <atomic>
#include <mutex>

#include "api/dynamic.h"
#include "model/model.h"

namespace einx::detail::model {

/// One recording, with the tensors that it captured, and what was compiled of it.
struct Recorded {
  std::vector<graph::Type> types;  ///< of the operands that it was traced with
  Recording recording;             ///< `tensors`: captured ones that every call reads anew
  std::vector<api::Executable::Baked> baked;
  std::vector<std::string> captured;  ///< a line for each captured tensor: what became of it
  api::Sizes sizes;                      ///< kernels with run-time sizes
  std::unique_ptr<const Engine> engine;  ///< not of what is straight
  bool straight = false;              ///< it is a graph: no control flow, no computed sizes

  struct Instance {
    std::vector<graph::Type> types;
    Origin origin = Origin::Traced;
    std::weak_ptr<const api::Executable> executable;  ///< alive while it is in a cache
  };
  std::vector<Tensor> run(std::span<const Tensor> operands) const { return engine->run_assuming("forward", operands); }
  void add(Instance instance);
  std::vector<Instance> live() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Instance> instances_;
};
using RecordedPtr = std::shared_ptr<Recorded>;

std::vector<graph::Type> types_of(std::span<const Tensor> operands);
/// Equal ranks and dtypes: what a recording is made for.
bool same_kinds(const std::vector<graph::Type>& a, const std::vector<graph::Type>& b);

/// Runs the body on values of these operands' types, with the operands as examples.
RecordedPtr make_tape(const TraceBody& body, std::span<const Tensor> operands, const OptimizeOptions& options);
/// What a recording does with operands of other types, as a graph: no code of the user's runs. The recording's tensors are parameters behind the operands. Throws
/// BrokenAssumption; raises what the statements raise.
graph::Graph replay(const Recording& recording, std::span<const graph::Type> types);

/// Control flow and calls of functions.
bool is_flow(const script::Statement& statement);
/// Whether something that is assumed before the first branch, loop or computed size does not hold. Raises what the statements before raise.
bool breaks(const Recorded& tape, std::span<const graph::Type> types);

/// What the code of a recording relies on for operands of these types; `types`: what they are now.
std::vector<Guard> guards_of(const Recorded& tape, const std::vector<graph::Type>& types);
/// "(f32[3, 4], i64[])"
std::string signature_text(const std::vector<graph::Type>& types);
/// The sentence about a captured tensor that is not what it was when it was baked, if there is one.
std::optional<std::string> changed_capture(const std::vector<RecordedPtr>& tapes);
/// What a signature that is not compiled would do, and which guards of the nearest specialisation it breaks.
Explanation explain(const std::vector<RecordedPtr>& tapes, const std::vector<graph::Type>& types, const OptimizeOptions& options);
/// "axis 0 of operand #1 is 3", as a sentence about what the code has read.
std::string text_of(const script::Assume& assume, const script::Function& function);

}  // namespace einx::detail::model
