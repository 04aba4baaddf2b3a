// einx explain: the representations of one call, from its expression to its machine code.
#include <algorithm>
#include <iostream>
#include <optional>

#include "codegen/codegen.h"
#include "commands.h"
#include "loops/loops.h"
#include "ops/ops.h"
#include "passes/passes.h"
#include "support/support.h"
#include "types.h"

namespace einx_command {
namespace {

namespace codegen = einx::detail::codegen;
namespace graph = einx::detail::graph;
namespace loops = einx::detail::loops;
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
  const graph::Graph& simplified() {
    if (!graph_) graph_ = einx::detail::passes::run(trace::single(complete_call(), solved()));
    return *graph_;
  }
  const loops::Program& program() {
    if (!program_) program_ = loops::lower(simplified(), codegen::host_target().machine);
    return *program_;
  }
  const codegen::Listing& listing() {
    if (!listing_) codegen::compile(program(), codegen::host_target(), &listing_.emplace());
    return *listing_;
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
  std::optional<graph::Graph> graph_;
  std::optional<loops::Program> program_;
  std::optional<codegen::Listing> listing_;
};

struct Representation {
  const char* name;
  std::string (*show)(Pipeline&);
};
constexpr Representation kRepresentations[] = {
    {"expr", [](Pipeline& call) { return call.expr(); }},
    {"graph", [](Pipeline& call) { return graph::text(call.simplified()); }},
    {"loops", [](Pipeline& call) { return loops::text(call.program()); }},
    {"schedule", [](Pipeline& call) { return loops::schedule_text(call.program()); }},
    {"llvm", [](Pipeline& call) { return call.listing().llvm_ir; }},
    {"asm", [](Pipeline& call) { return call.listing().assembly; }},
    {"dot", [](Pipeline& call) { return graph::dot(call.simplified()); }},
};

const Representation& representation(const std::string& name) {
  const auto* found = std::find_if(std::begin(kRepresentations), std::end(kRepresentations),
                                   [&](const auto& row) { return row.name == name; });
  if (found != std::end(kRepresentations)) return *found;
  std::vector<std::string> names;
  for (const Representation& row : kRepresentations) names.push_back(row.name);
  throw UsageError("--emit takes " + einx::detail::support::join(names, ", ") + ", not " + name);
}

}  // namespace

int explain(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--emit", "--dialect"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  std::vector<const Representation*> wanted;
  for (const std::string& name : arguments.values("--emit"))
    for (const std::string& each : split_list(name)) wanted.push_back(&representation(each));
  if (wanted.empty()) wanted = {&representation("graph"), &representation("loops")};
  Pipeline pipeline(read_call(arguments));
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::string text = wanted[k]->show(pipeline);
    std::cout << (k > 0 ? "\n" : "") << text << (text.ends_with('\n') ? "" : "\n");
  }
  return 0;
}

}  // namespace einx_command
