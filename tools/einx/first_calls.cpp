// einx bench --first-call: the stages of first calls over a file of cases.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
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

/// Of each call, the fastest of so many compilations: others use the machine, too.
constexpr int kRepetitions = 3;
constexpr std::size_t kSlowest = 10;

double total(const api::Stages& s) { return s.parse + s.solve + s.trace + s.lower + s.emit + s.compile; }

api::Stages compiled(const Call& call) {
  api::Stages stages;
  api::compile(call, api::default_options(), &stages);
  return stages;
}

double canned_row_sum() {
  double best = einx::detail::codegen::compile_yardstick();
  for (int k = 1; k < kRepetitions; ++k) best = std::min(best, einx::detail::codegen::compile_yardstick());
  return best;
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
    {"first call", total},
};

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, std::size_t(share * double(values.size())))];
}

/// The calls that the last percentile is made of.
void print_slowest(std::vector<std::pair<double, std::string>> calls) {
  std::ranges::sort(calls, std::greater());
  for (std::size_t k = 0; k < std::min<std::size_t>(calls.size(), kSlowest); ++k)
    std::printf("%-14s %12.1f %s\n", k == 0 ? "slowest" : "", calls[k].first / 1e3, calls[k].second.c_str());
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
  api::Stages first;
  std::vector<api::Stages> all;
  std::vector<double> canned;
  std::vector<std::pair<double, std::string>> by_time;
  for (const Call& call : distinct_calls(path)) {
    try {
      if (all.empty()) first = compiled(call);
      api::Stages best = compiled(call);
      for (int k = 1; k < kRepetitions; ++k)
        if (const api::Stages again = compiled(call); total(again) < total(best)) best = again;
      if (best.compile == 0) continue;  // no code of its own
      all.push_back(best);
      by_time.emplace_back(total(best), std::string(call.op->name) + " " + call.pattern);
    } catch (const einx::Error&) {  // a case of an error
    }
    if (all.size() % 8 == 1) canned.push_back(canned_row_sum());
  }
  if (all.empty()) throw UsageError("no calls in " + path);
  print(all, first, canned);
  print_slowest(std::move(by_time));
  return 0;
}

}  // namespace einx_command
