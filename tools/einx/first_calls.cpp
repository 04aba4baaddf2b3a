// einx bench --first-call: the stages of first calls over a file of cases.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

#include "arguments.h"
#include "commands.h"
#include "eval_case.h"

namespace einx_command {
namespace {

namespace api = einx::detail::api;
using Call = einx::detail::trace::Call;
using Kind = einx::detail::trace::Operand::Kind;

/// A case that is a call of an operation on tensors and numbers, as the tracer wants it.
std::optional<Call> call_of(const Json& a_case) {
  if (a_case.value("dialect", "einx") != "einx" || !einx::detail::ops::find(a_case.value("op", ""))) return {};
  Call call = traced(request_of(a_case));
  const bool complete = std::ranges::none_of(call.operands, [](const auto& operand) {
    return operand.kind == Kind::Factory || operand.kind == Kind::Unknown;
  });
  return complete ? std::optional(std::move(call)) : std::nullopt;
}

/// One call for each operation and pattern.
std::vector<Call> distinct_calls(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw UsageError("cannot read " + path);
  std::vector<Call> calls;
  std::set<std::string> seen;
  for (std::string line; std::getline(file, line);) {
    const Json a_case = Json::parse(line);
    try {
      std::optional<Call> call = call_of(a_case);
      if (call && seen.insert(std::string(call->op->name) + " " + call->pattern).second)
        calls.push_back(std::move(*call));
    } catch (const einx::Error&) {  // a case of an error
    }
  }
  return calls;
}

struct Row {
  const char* name;
  double (*value)(const api::Stages&);
};
constexpr Row kRows[] = {
    {"parse", [](const api::Stages& s) { return s.parse; }},
    {"solve", [](const api::Stages& s) { return s.solve; }},
    {"trace", [](const api::Stages& s) { return s.trace; }},
    {"lower", [](const api::Stages& s) { return s.lower; }},
    {"emit", [](const api::Stages& s) { return s.emit; }},
    {"passes", [](const api::Stages& s) { return s.passes; }},
    {"generate", [](const api::Stages& s) { return s.generate; }},
    {"link", [](const api::Stages& s) { return s.link; }},
    {"new shape", [](const api::Stages& s) { return s.parse + s.solve + s.trace; }},
    {"first call",
     [](const api::Stages& s) { return s.parse + s.solve + s.trace + s.lower + s.emit + s.compile; }},
};

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, std::size_t(share * double(values.size())))];
}

void print(const std::vector<api::Stages>& all, const api::Stages& first, const std::vector<double>& canned) {
  std::printf("%-14s %12s %12s %12s %12s\n", "us", "median", "99 %", "largest", "process's 1st");
  for (const Row& row : kRows) {
    std::vector<double> values;
    for (const api::Stages& stages : all) values.push_back(row.value(stages) / 1e3);
    std::printf("%-14s %12.1f %12.1f %12.1f %12.1f\n", row.name, percentile(values, 0.5),
                percentile(values, 0.99), percentile(values, 1), row.value(first) / 1e3);
  }
  std::vector<double> values, instructions;
  for (const double nanoseconds : canned) values.push_back(nanoseconds / 1e3);
  for (const api::Stages& stages : all) instructions.push_back(stages.instructions);
  std::printf("%-14s %12.1f %12.1f %12.1f\n", "row sum", percentile(values, 0.5), percentile(values, 0.99),
              percentile(values, 1));
  std::printf("%-14s %12.0f %12.0f %12.0f   of codegen's budget; %zu calls\n", "instructions",
              percentile(instructions, 0.5), percentile(instructions, 0.99), percentile(instructions, 1),
              all.size());
}

}  // namespace

int first_calls(const std::string& path) {
  std::vector<api::Stages> all;
  std::vector<double> canned;
  for (const Call& call : distinct_calls(path)) {
    api::Stages stages;
    try {
      api::compile(call, api::default_options(), &stages);
    } catch (const einx::Error&) {  // a case of an error
      continue;
    }
    if (stages.compile > 0) all.push_back(stages);  // the others have no code of their own
    if (all.size() % 8 == 1) canned.push_back(einx::detail::codegen::compile_yardstick());
  }
  if (all.size() < 2) throw UsageError("no calls in " + path);
  const api::Stages first = all.front();
  all.erase(all.begin());
  print(all, first, canned);
  return 0;
}

}  // namespace einx_command
