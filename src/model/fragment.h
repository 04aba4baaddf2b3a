// The blocks that can be reached from a state without looking at values, as machine code. Private to the
// model layer.
#pragma once
#include <memory>
#include <vector>

#include "codegen/flow.h"
#include "model/unit.h"

namespace einx::detail::model {

/// How a run of a fragment can end.
struct Exit {
  enum class Kind { Way, Look, Finish, Fail, Stopped };
  Version* version = nullptr;  ///< whose end was reached; Stopped: in which an operation failed
  Kind kind = Kind::Stopped;
  std::size_t way = 0;
};

struct Fragment {
  std::shared_ptr<const codegen::FlowCode> code;  ///< null: its blocks are too large for one piece of code
  std::vector<Exit> exits;
  /// A fixed value: of the program's tensors, which may be others at the next call; else a constant, or none
  /// for an operand.
  struct Fixed {
    int program = -1;
    Tensor constant;
  };
  std::vector<Fixed> fixed;
  std::size_t blocks = 0;
};

/// Explores and compiles. The unit is locked.
std::unique_ptr<Fragment> make_fragment(Unit& unit, Version& root);
/// The same as generated code and loops, for people.
std::string listing(Unit& unit, Version& root);

}  // namespace einx::detail::model
