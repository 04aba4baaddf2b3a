// What a call costs: cached calls in robin-map look-ups, first calls in compilations of a canned row sum.
#include <tsl/robin_map.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "api/api.h"
#include "calls.h"
#include "rows.h"
#include "tensor/tensor.h"
#include "timing.h"

namespace bench {
namespace {

using einx::Tensor;

constexpr int kBatch = 1000;
[[maybe_unused]] volatile int sink;  // keeps the look-ups alive

/// The key of the yardstick: what a hand-written cache of kernels would look up.
struct Key {
  const char* pattern;
  int dtype;
  std::array<std::int64_t, 4> dims;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t h = reinterpret_cast<std::size_t>(key.pattern) * 31 + static_cast<std::size_t>(key.dtype);
    for (const std::int64_t d : key.dims) h = (h ^ static_cast<std::size_t>(d)) * 0x9E3779B97F4A7C15ULL;
    return h;
  }
};

Work look_ups() {
  auto map = std::make_shared<tsl::robin_map<Key, int, KeyHash>>();
  static const char* const pattern = "a [b]";
  for (int k = 0; k < 1000; ++k) (*map)[{pattern, 0, {k, 4, 0, 0}}] = k;
  return [map] {
    for (int k = 0; k < kBatch; ++k) sink = map->find({pattern, 0, {k, 4, 0, 0}})->second;
  };
}

}  // namespace

std::vector<CallRow> call_rows() {
  const Tensor x = Tensor::iota({4, 4});
  const einx::Graph graph = einx::graph::sum("a [b]", x);
  Tensor y = graph(x);
  const einx::Operand operands[] = {einx::Operand(x)};
  Tensor* const results[] = {&y};
  const auto times = fastest({look_ups(), [&] { for (int k = 0; k < kBatch; ++k) graph.run_into(results, operands); },
                              [&] { for (int k = 0; k < kBatch; ++k) einx::sum("a [b]", x); }});
  const double nano = 1e9 / kBatch;
  return {{"call-graph", "ns", times[1] * nano, times[0] * nano, 5}, {"call-pattern", "ns", times[2] * nano, times[0] * nano, 15}};
}

namespace {

/// A conformance case as the tracer wants it; false for those that are not calls of an operation on tensors.
bool read_call(const nlohmann::json& c, einx::detail::trace::Call& call) {
  namespace trace = einx::detail::trace;
  call.op = einx::detail::ops::find(c["op"].get<std::string>());
  if (!call.op || !c["expect"].contains("outputs")) return false;
  call.pattern = c["pattern"];
  for (const auto& input : c["inputs"]) {
    if (!input.contains("shape")) return false;
    const auto dtype = einx::detail::tensor::dtype_from(input["dtype"].get<std::string>());
    call.operands.push_back({trace::Operand::Kind::Tensor, einx::detail::graph::make_type(*dtype, input["shape"].get<einx::Shape>())});
  }
  for (const auto& [name, value] : c["kwargs"].items()) {
    if (!value.is_number_integer()) return false;
    einx::detail::notation::Constraint constraint;
    constraint.name = name;
    constraint.values = {value.get<std::int64_t>()};
    call.constraints.push_back(constraint);
  }
  return true;
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

}  // namespace

std::vector<einx::detail::trace::Call> distinct_calls(const std::string& conformance_file) {
  std::ifstream file(conformance_file);
  std::vector<einx::detail::trace::Call> calls;
  std::set<std::string> seen;
  for (std::string line; std::getline(file, line);) {
    einx::detail::trace::Call call;
    const auto c = nlohmann::json::parse(line);
    if (read_call(c, call) && seen.insert(call.pattern + c["op"].get<std::string>()).second) calls.push_back(call);
  }
  return calls;
}

std::vector<CallRow> first_call_rows(const std::string& conformance_file) {
  namespace api = einx::detail::api;
  einx::set_cache_directory("");  // whatever the environment says: these are compiled
  std::vector<double> first, yardstick, front;
  einx::detail::codegen::compile_yardstick();
  for (const einx::detail::trace::Call& call : distinct_calls(conformance_file)) {
    api::Stages stages;
    try {
      first.push_back(seconds([&] { api::compile(call, api::default_options(), &stages); }));
    } catch (const einx::Error&) {
      continue;
    }
    front.push_back((stages.parse + stages.solve + stages.trace) * 1e-9);
    if (first.size() % 10 == 1) yardstick.push_back(einx::detail::codegen::compile_yardstick() * 1e-9);
  }
  if (first.empty()) return {};
  const double milli = 1e3, unit = percentile(yardstick, 0.5) * milli;
  return {{"first-call", "ms", percentile(first, 0.5) * milli, unit, 1.5},
          {"first-call-p99", "ms", percentile(first, 0.99) * milli, unit, 5},
          {"new-shape", "ms", percentile(front, 0.5) * milli, unit, 0.02}};
}

}  // namespace bench
