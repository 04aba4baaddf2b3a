// Runs a graph through lowering and code generation between guard pages, to be held against the reference
// interpreter.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "loops/loops.h"

namespace einx::detail::loops_test {

/// A tensor of this type with reproducible values, strides as they are, ending (or beginning) at a page that
/// must not be touched. Integers are small (0 ... `below` - 1 if that is given, for coordinates); floats are
/// multiples of 1/8 in [-2, 2].
Tensor operand(const graph::Type& type, unsigned seed, bool at_end = true, std::int64_t below = 0);

struct Ran {
  std::string broken;  ///< the rule that lowering broke, or what was written outside an output; "" if none
  int code = 0;
  einx_status status{};
  std::vector<Tensor> outputs;
};
Ran run_program(const graph::Graph& graph, std::span<const Tensor> operands, const codegen::Target& target,
                const loops::Options& options = {});
/// The same for a program that is lowered already.
Ran run_program(const loops::Program& program, std::span<const Tensor> operands,
                const codegen::Target& target);

/// Finished code, of this program or of one that it was rebound to.
Ran run_code(const codegen::Code& code, const loops::Program& program, std::span<const Tensor> operands);

/// "" if equal: dtype, shape, integers exactly, floats within `tolerance` relative units of their dtype's
/// last place.
std::string difference(const Tensor& expected, const Tensor& actual, double tolerance = 16);

}  // namespace einx::detail::loops_test
