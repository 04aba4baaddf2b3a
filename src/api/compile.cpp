// The architecture in one function: signature -> parse -> expand -> solve -> trace -> simplify -> lower -> schedule -> emit -> ORC.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "api/api.h"
#include "api/disk.h"
#include "passes/passes.h"
#include "support/support.h"

namespace einx::detail::api {
namespace {

class Clock {
 public:
  /// Nanoseconds since the last lap.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double elapsed = std::chrono::duration<double, std::nano>(now - last_).count();
    last_ = now;
    return elapsed;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

/// EINX_DUMP: everything that was made, a file a representation.
void dump(const graph::Graph& graph, const loops::Program& program, const codegen::Listing& listing) {
  static std::atomic<int> count{0};
  const std::filesystem::path folder = support::environment().dump;
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  const std::string stem = (folder / (std::to_string(count++) + "_" + graph.name)).string();
  write(stem + ".graph", graph::text(graph));
  write(stem + ".loops", loops::text(program) + loops::schedule_text(program));
  write(stem + ".ll", listing.llvm_ir);
  write(stem + ".s", listing.assembly);
}

/// Where the elements of an operand lie around the first one.
Executable::Reach reach(const graph::Type& type) {
  Executable::Reach result;
  for (std::size_t d = 0; d < type.shape.size(); ++d) {
    if (type.shape[d] == 0) return {};
    const std::int64_t distance = (type.shape[d] - 1) * type.strides[d];
    (distance < 0 ? result.low : result.high) += distance;
  }
  const auto bytes = static_cast<std::int64_t>(size_of(type.dtype));
  return {result.low * bytes, (result.high + 1) * bytes};
}

Executable describe_graph(graph::Graph graph) {
  Executable result;
  for (const graph::Parameter& parameter : graph.parameters) result.inputs.push_back(graph.values[parameter.value].type);
  for (const graph::ValueId id : graph.results)
    result.outputs.push_back(graph::make_type(graph.values[id].type.dtype, graph.values[id].type.shape));
  for (const graph::Type& input : result.inputs) result.reaches.push_back(reach(input));
  for (const graph::Type& output : result.outputs)  // verified to fit into memory
    result.output_bytes.push_back(support::checked_product(output.shape).value_or(0) * static_cast<std::int64_t>(size_of(output.dtype)));
  result.graph = std::move(graph);
  return result;
}

}  // namespace

Options default_options() { return {.jit = support::environment().jit}; }

ExecutablePtr compile(const trace::Call& call, const Options& options, Stages* stages) {
  Stages unused;
  Stages& times = stages ? *stages : unused;
  Clock clock;
  const notation::Expanded expanded = trace::expand(call);
  times.parse = clock.lap();
  notation::Solved solved = trace::solve(call, expanded);
  times.solve = clock.lap();
  graph::Graph graph = trace::single(call, std::move(solved));
  times.trace = clock.lap();
  return compile(std::move(graph), options, stages);
}

ExecutablePtr compile(graph::Graph traced, const Options& options, Stages* stages) {
  Clock clock;
  graph::Graph graph = passes::run(std::move(traced));
  if (stages) stages->trace += clock.lap();
  return compile_as_it_is(std::move(graph), options, stages);
}

ExecutablePtr bound(graph::Graph graph, const loops::Program& program, std::shared_ptr<const codegen::Code> code) {
  Executable result = describe_graph(std::move(graph));
  result.empty_reduction = program.empty_reduction;
  result.in_place = program.in_place;
  result.code = std::move(code);
  return std::make_shared<const Executable>(std::move(result));
}

ExecutablePtr compile_as_it_is(graph::Graph graph, const Options& options, Stages* stages) {
  Stages unused;
  Stages& times = stages ? *stages : unused;
  Clock clock;
  Executable result = describe_graph(std::move(graph));
  times.trace += clock.lap();
  if (options.jit) {
    const codegen::Target& target = options.target ? *options.target : codegen::host_target();
    const loops::Program program = loops::lower(result.graph, target.machine, options.loops);
    times.lower = clock.lap();
    result.empty_reduction = program.empty_reduction;
    result.in_place = program.in_place;
    const bool dumping = !support::environment().dump.empty();
    codegen::Listing listing;
    codegen::Timing timing;
    result.code = dumping ? codegen::compile(program, target, &listing, &timing)
                          : stored_code(result.graph, program, target, options.loops, timing);
    times.emit = timing.emit;
    times.compile = timing.compile, times.passes = timing.passes;
    times.generate = timing.generate, times.link = timing.link;
    times.instructions = timing.instructions;
    if (dumping) dump(result.graph, program, listing);
  }
  return std::make_shared<const Executable>(std::move(result));
}

}  // namespace einx::detail::api
