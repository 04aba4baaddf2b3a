// einx optimize: what the passes make of a file's functions.
#include <iostream>

#include "commands.h"
#include "emit.h"
#include "model.h"
#include "passes/passes.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace graph = einx::detail::graph;
namespace passes = einx::detail::passes;

constexpr const char* kHelp = R"help(einx optimize MODEL.einx [-o OUT.einx] [--function NAME] [--print-after-all] [--emit WHAT]...

Simplifies the functions of a file (a .json file has one) and prints them, or writes them with -o: as text, or as JSON to a .json file. Constants of more than 16
elements are written beside it, one .npy file each.
  --print-after-all   each function after every pass that changed it
  --function NAME     only this function
  --emit WHAT         instead of graph: json, dot, loops, schedule, llvm, asm

  einx optimize model.einx -o out.einx
  einx optimize model.einx --print-after-all
)help";

graph::Graph with_report(const graph::Graph& function) {
  std::string before = graph::text(function);
  std::cout << "# before\n" << before;
  return passes::optimize(function, {}, [&](std::string_view pass, const graph::Graph& made) {
    const std::string text = graph::text(made);
    std::cout << "\n# after " << pass << (text == before ? ": as before\n" : "\n" + text);
    before = text;
  });
}

}  // namespace

int optimize(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--output", "--function", "--emit"}, {"--print-after-all"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (arguments.words.size() != 1 || !arguments.settings.empty()) throw UsageError("einx optimize takes one file");
  const bool report = arguments.flag("--print-after-all");
  const std::vector<std::string> files = arguments.values("--output");
  if (files.size() > 1) throw UsageError("einx optimize writes one file");
  const auto wanted = emit_names(arguments.values("--emit"), report || !files.empty() ? std::vector<std::string>{} : std::vector<std::string>{"graph"});
  std::vector<graph::Graph> made;
  for (const graph::Graph& function : chosen_functions(arguments)) {
    made.push_back(report ? with_report(function) : passes::optimize(function));
    Stages stages(made.back());
    for (const std::string& what : wanted) std::cout << (made.size() > 1 ? "\n" : "") << emit(stages, what);
  }
  if (!files.empty()) write_model(files[0], made);
  return 0;
}

}  // namespace einx_command
