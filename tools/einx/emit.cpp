#include "emit.h"

#include <algorithm>

#include "arguments.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace codegen = einx::detail::codegen;
namespace graph = einx::detail::graph;
namespace loops = einx::detail::loops;

struct Representation {
  const char* name;
  std::string (*show)(Stages&);
};
constexpr Representation kRepresentations[] = {
    {"graph", [](Stages& stages) { return graph::text(stages.graph()); }},
    {"json", [](Stages& stages) { return graph::json(stages.graph()); }},
    {"dot", [](Stages& stages) { return graph::dot(stages.graph()); }},
    {"loops", [](Stages& stages) { return loops::text(stages.program()); }},
    {"schedule", [](Stages& stages) { return loops::schedule_text(stages.program()); }},
    {"llvm", [](Stages& stages) { return stages.listing().llvm_ir; }},
    {"asm", [](Stages& stages) { return stages.listing().assembly; }},
};

const Representation* find(const std::string& name) {
  const auto* found = std::find_if(std::begin(kRepresentations), std::end(kRepresentations), [&](const auto& row) { return row.name == name; });
  return found == std::end(kRepresentations) ? nullptr : found;
}

}  // namespace

const loops::Program& Stages::program() {
  if (!program_) program_ = loops::lower(graph_, codegen::host_target().machine);
  return *program_;
}

const codegen::Listing& Stages::listing() {
  if (!listing_) codegen::compile(program(), codegen::host_target(), &listing_.emplace());
  return *listing_;
}

bool can_emit(const std::string& what) { return find(what) != nullptr; }
std::string emit(Stages& stages, const std::string& what) { return find(what)->show(stages); }

std::vector<std::string> emit_names(const std::vector<std::string>& given, std::vector<std::string> otherwise, const std::vector<std::string>& more) {
  std::vector<std::string> wanted;
  for (const std::string& list : given)
    for (const std::string& name : split_list(list)) {
      wanted.push_back(name);
      if (can_emit(name) || std::find(more.begin(), more.end(), name) != more.end()) continue;
      std::vector<std::string> names = more;
      for (const Representation& row : kRepresentations) names.push_back(row.name);
      throw UsageError("--emit takes " + einx::detail::support::join(names, ", ") + ", not " + name);
    }
  return wanted.empty() ? std::move(otherwise) : wanted;
}

}  // namespace einx_command
