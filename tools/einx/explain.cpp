// einx explain: the representations of one call, from its expression to its machine code.
#include <iostream>
#include <optional>

#include "commands.h"
#include "emit.h"
#include "passes/passes.h"
#include "types.h"

namespace einx_command {
namespace {

namespace graph = einx::detail::graph;
namespace notation = einx::detail::notation;
namespace trace = einx::detail::trace;

constexpr const char* kHelp = R"help(einx explain OPERATION PATTERN TYPE... [NAME=SIZE...] [--emit WHAT]...

Shows what a call becomes. No data is needed: an operand is a type, f32[10, 10] (with strides f32[10, 10 : 1, 10]), a number, or factory.
  --emit expr       the expression in full form and solved
  --emit graph      the operations after the passes (default, with loops)
  --emit loops      the loop nests
  --emit schedule   what was chosen for each kernel, and why
  --emit llvm       the LLVM IR
  --emit asm        the assembly
  --emit dot        the graph for graphviz
  --emit json       the graph for other tools
With --dialect einx-0.3, einops or einsum, as for the operation itself.

  einx explain dot "b... (g [c1->c2])" "f32[8, 64]" factory g=2 c2=16 --emit loops --emit schedule
)help";

/// A call on its way through the pipeline; each stage is made when first asked for, so that an early one can be shown of what a later one refuses.
class Pipeline {
 public:
  explicit Pipeline(trace::Call call) : call_(std::move(call)) {}

  std::string expr() {
    std::string text =
        "full form  " + notation::text(expanded()) + "\nsolved     " + notation::text(solved()) + "\n";
    for (const notation::Axis& axis : solved().axes)
      text += "  " + axis.name + " = " + std::to_string(axis.size) +
              (axis.source != axis.name ? "  (" + axis.source + ")" : "") + "\n";
    return text;
  }
  Stages& stages() {
    if (!stages_) stages_.emplace(einx::detail::passes::run(trace::single(complete_call(), solved())));
    return *stages_;
  }

 private:
  const notation::Expanded& expanded() {
    if (!expanded_) expanded_ = trace::expand(call_);
    return *expanded_;
  }
  const notation::Solved& solved() {
    if (!solved_) solved_ = trace::solve(call_, expanded());
    return *solved_;
  }
  /// Factories that are never called are taken to give f32.
  trace::Call complete_call() {
    trace::Call call = call_;
    const std::vector<einx::Shape> shapes = trace::operand_shapes(solved());
    for (std::size_t k = 0; k < call.operands.size(); ++k)
      if (call.operands[k].kind == trace::Operand::Kind::Factory)
        call.operands[k].type = graph::make_type(einx::f32, shapes[k]);
    return call;
  }

  trace::Call call_;
  std::optional<notation::Expanded> expanded_;
  std::optional<notation::Solved> solved_;
  std::optional<Stages> stages_;
};

}  // namespace

int explain(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--emit", "--dialect"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  const std::vector<std::string> wanted = emit_names(arguments.values("--emit"), {"graph", "loops"}, {"expr"});
  Pipeline pipeline(read_call(arguments));
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::string text = wanted[k] == "expr" ? pipeline.expr() : emit(pipeline.stages(), wanted[k]);
    std::cout << (k > 0 ? "\n" : "") << text << (text.ends_with('\n') ? "" : "\n");
  }
  return 0;
}

}  // namespace einx_command
