// Programs with control flow: blocks of lowered programs, and where control goes behind each. Second front
// door of the loops layer, for the engine of scripts.
#pragma once
#include <string>
#include <vector>

#include "loops/loops.h"

namespace einx::detail::loops {

/// What never changes while a flow runs (operands, tensors of the program's) is *fixed* and read where it
/// lies; everything else is *carried*: along every way, one value for each parameter of the block that it
/// leads to. Carried values of rank 0 are registers; others are memory that the flow allocates, hands on and
/// frees, or memory of the caller's that it only reads.
struct Flow {
  struct Source {
    enum class Kind { Param, Result, Fixed, Number };
    Kind kind = Kind::Param;
    int index = -1;         ///< of a parameter of the block, a result of its program, a fixed value
    tensor::Scalar number;  ///< of the dtype that is wanted
  };
  struct Param {
    graph::Type type;
    bool fixed = false;  ///< nothing is carried
  };
  /// To a block of this flow, or out of it. `values`: a source for each parameter of the block, or for each
  /// of what is handed out. (Those of fixed ones are not read.)
  struct Way {
    int block = -1, exit = -1;
    std::vector<Source> values;
    std::vector<graph::Type> types;
  };
  struct Block {
    std::vector<Param> params;
    Program program;             ///< its inputs come from `inputs`; may have no steps
    std::vector<Source> inputs;  ///< Param or Fixed
    bool branches = false;       ///< `yes` if the condition is not false, else `no`; or always `yes`
    Source condition;            ///< a bool of rank 0
    Way yes, no;
    int failed = -1;     ///< exit, with all parameters, after a step that failed, or without memory
    bool fails = false;  ///< always, without running anything: a reduction of nothing
  };
  std::string name = "flow";
  std::vector<graph::Type> fixed;
  std::vector<Block> blocks;  ///< begins with the first
  int exits = 0;
};

/// Whether a step is so little that it is written into the code around it: no loops, a few statements.
bool is_small(const Step& step);
/// Every buffer that it mentions, in ascending order.
std::vector<BufferId> buffers_of(Step step);

}  // namespace einx::detail::loops
