// einx compile: a file's functions as machine code.
#include <chrono>
#include <cstdio>
#include <iostream>

#include "api/api.h"
#include "commands.h"
#include "emit.h"
#include "model.h"
#include "passes/passes.h"

namespace einx_command {
namespace {

namespace graph = einx::detail::graph;

constexpr const char* kHelp = R"help(einx compile MODEL.einx [--function NAME] [--emit WHAT]... [-o FILE]

Compiles the functions of a file (.einx or .json) and says how long it took. The code is kept where einx keeps it (einx cache dir), so that einx run finds it.
  --emit WHAT   shows loops, schedule, llvm, asm, graph, json or dot of the simplified functions instead
  -o FILE       writes that to a file (asm, if nothing else is said)

  einx compile model.einx
  einx compile model.einx --emit loops,schedule
  einx compile model.einx -o model.s
)help";

std::string milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", seconds * 1e3);
  return text;
}

void compile_now(const graph::Graph& function) {
  const auto start = std::chrono::steady_clock::now();
  einx::detail::api::compile(function);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::cout << signature(function) << ": " << milliseconds(taken.count()) << "\n";
}

}  // namespace

int compile(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--output", "--function", "--emit"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (arguments.words.size() != 1 || !arguments.settings.empty()) throw UsageError("einx compile takes one file");
  const std::vector<std::string> files = arguments.values("--output");
  if (files.size() > 1) throw UsageError("einx compile writes one file");
  const auto wanted = emit_names(arguments.values("--emit"), files.empty() ? std::vector<std::string>{} : std::vector<std::string>{"asm"});
  std::string text;
  for (const graph::Graph& function : chosen_functions(arguments)) {
    if (wanted.empty()) compile_now(function);
    if (wanted.empty()) continue;
    Stages stages(einx::detail::passes::run(function));
    for (const std::string& what : wanted) text += emit(stages, what);
  }
  if (files.empty()) std::cout << text;
  else write_text(files[0], text);
  return 0;
}

}  // namespace einx_command
