// einx bench: one call, from its first to its kernel, beside what the machine can do.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <numeric>

#include "commands.h"
#include "graph/graph.h"
#include "ops/ops.h"
#include "support/support.h"
#include "types.h"
#include "yardsticks.h"

namespace einx_command {
namespace {

namespace api = einx::detail::api;
namespace graph = einx::detail::graph;
namespace ops = einx::detail::ops;
using einx::Tensor;

constexpr const char* kHelp = R"help(einx bench OPERATION PATTERN TYPE... [NAME=SIZE...]

Times a call on made-up data: its first time split into stages, a cached call, and the kernel alone into warm memory. Bytes and arithmetic
per second are given beside a copy of as many bytes and a loop of fused multiply-adds, measured in turns with the kernel on the same
threads; each is the minimum of at least seven rounds. An operand is a type, f32[10, 10] (with strides f32[10, 10 : 1, 10]), a number, or factory.

With --dialect einx-0.3, einops or einsum the operation is one of that notation.

  einx bench sum "a [b]" "f32[4096, 4096]"

einx bench --first-call CASES.jsonl

Times first calls only: each operation and pattern of a file of cases (as `einx eval` reads them) is compiled, and a table gives the median,
the 99th percentile and the largest time of each stage, the first compilation of the process apart, beside the compilation of a canned
row sum. parse, solve and trace are what a known pattern costs for a new shape.
)help";

/// Arithmetic of one evaluation of a scalar function.
double arithmetic(const ops::ScalarFn& fn) {
  using enum ops::Prim;
  double count = 0;
  for (const ops::ScalarNode& node : fn.nodes)
    count += node.prim != Arg && node.prim != Const && node.prim != Cast && node.prim != Select;
  return count;
}

/// Arithmetic for one point of the loop nest that the expression means; a fixed number for each operation and
/// dtype.
double arithmetic(const ops::Meaning& meaning) {
  return einx::detail::support::match(
      meaning,
      [](const ops::Map& map) { return arithmetic(map.fn); },
      [](const ops::Rows& rows) {
        double count = rows.per_element ? arithmetic(rows.result) : 0;
        for (const ops::Pass& pass : rows.passes) count += arithmetic(pass.map) + arithmetic(pass.combine);
        return count;
      },
      [](const ops::Scatter& scatter) { return arithmetic(scatter.update); },
      [](const auto&) { return 0.0; });  // the others only move elements, or compare them
}

double arithmetic(const graph::Graph& graph) {
  double count = 0;
  for (const graph::Node& node : graph.nodes) {
    double points = 1;
    for (const auto& axis : node.expr.axes) points *= double(axis.size);
    count += points * arithmetic(graph::resolve(graph, node).meaning);
  }
  return count;
}

double bytes(const std::vector<graph::Type>& types) {
  double sum = 0;
  for (const graph::Type& type : types)
    sum += std::accumulate(type.shape.begin(), type.shape.end(), double(einx::size_of(type.dtype)),
                           std::multiplies<>());
  return sum;
}

void print_time(const char* what, double nanoseconds) {
  const char* unit = nanoseconds < 1e3 ? "ns" : nanoseconds < 1e6 ? "us" : "ms";
  const double value = nanoseconds < 1e3   ? nanoseconds
                       : nanoseconds < 1e6 ? nanoseconds / 1e3
                                           : nanoseconds / 1e6;
  std::printf("%-14s %10.2f %s\n", what, value, unit);
}

/// "  31.2 GB/s     0.93 of a copy (33.5 GB/s)"; both per nanosecond, which is giga per second.
void print_rate(double rate, const char* unit, double yardstick, const char* of) {
  std::printf("%-14s %10.2f %-8s %6.3f of %s (%.2f %s)\n", "", rate, unit, rate / yardstick, of, yardstick,
              unit);
}

/// The types that a first compilation needs: factories have given theirs.
einx::detail::trace::Call complete_call(const Request& request, const api::Prepared& prepared) {
  einx::detail::trace::Call call = traced(request);
  for (std::size_t k = 0; k < call.operands.size(); ++k)
    if (call.operands[k].kind == einx::detail::trace::Operand::Kind::Factory)
      call.operands[k].type = prepared.executable->inputs[k];
  return call;
}

void print_first_call(const einx::detail::trace::Call& call) {
  api::Stages stages;
  api::compile(call, api::default_options(), &stages);
  const double total =
      stages.parse + stages.solve + stages.trace + stages.lower + stages.emit + stages.compile;
  print_time("first call", total);
  print_time("  parse", stages.parse);
  print_time("  solve", stages.solve);
  print_time("  trace", stages.trace);
  print_time("  lower", stages.lower);
  print_time("  emit", stages.emit);
  print_time("  compile", stages.compile);
}

void print_calls(const Request& request, const api::Prepared& prepared) {
  const api::Executable& executable = *prepared.executable;
  const std::vector<const Tensor*> operands = api::addresses(prepared.operands);
  std::vector<Tensor> results;
  for (const graph::Type& type : executable.outputs) results.push_back(Tensor::zeros(type.shape, type.dtype));

  const double moved = bytes(executable.inputs) + bytes(executable.outputs),
               work = arithmetic(executable.graph);
  CopyYardstick plain_copy(std::int64_t(moved), false), streaming_copy(std::int64_t(moved), true);
  PeakYardstick peak_loop;
  Stopwatch cached([&] { run(prepare(request, einx::Location::current())); });
  Stopwatch kernel([&] { api::run(executable, operands, results); });
  Stopwatch plain([&] { plain_copy(); });
  Stopwatch streaming([&] { streaming_copy(); });
  Stopwatch peak([&] { peak_loop(); });
  Stopwatch* const all[] = {&cached, &kernel, &plain, &streaming, &peak};
  take_turns(all);

  // An f64 vector has half the lanes.
  const double peak_rate =
      peak_loop.flops() / peak.nanoseconds() / (executable.outputs.front().dtype == einx::f64 ? 2 : 1);
  const double copy_rate =
      double(plain_copy.bytes()) / std::min(plain.nanoseconds(), streaming.nanoseconds());
  print_time("cached call", cached.nanoseconds());
  print_time("kernel", kernel.nanoseconds());
  print_rate(moved / kernel.nanoseconds(), "GB/s", copy_rate, "a copy");
  if (work > 0)
    print_rate(work / kernel.nanoseconds(), "GFLOP/s", peak_rate, "peak multiply-add");
}

}  // namespace

int bench(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--dialect", "--first-call"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (const auto cases = arguments.values("--first-call"); !cases.empty()) return first_calls(cases.back());
  const Request request = read_request(arguments, add_typed_operand);
  const api::Prepared prepared = prepare(request, einx::Location::current());
  run(prepared);  // raises what there is to raise before anything is printed
  print_first_call(complete_call(request, prepared));
  print_calls(request, prepared);
  return 0;
}

}  // namespace einx_command
