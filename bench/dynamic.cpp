#include "dynamic.h"

#include <algorithm>
#include <cstdio>

#include "api/api.h"
#include "check.h"
#include "graph/read.h"
#include "passes/passes.h"
#include "rows.h"

namespace bench {
namespace {

namespace codegen = einx::detail::codegen;
namespace graph = einx::detail::graph;
namespace loops = einx::detail::loops;
namespace notation = einx::detail::notation;

/// The axis that the first operand's first, or last, elements are counted along.
int end_axis(const graph::Graph& made, bool last) {
  const graph::Node& node = made.nodes[0];
  const graph::Type& type = made.values[std::size_t(node.inputs[0])].type;
  const auto maps = notation::index_maps(node.expr, node.expr.inputs[0], type.strides);
  const auto slower = [](const notation::Term& a, const notation::Term& b) { return a.stride < b.stride; };
  const auto& terms = maps[0].terms;
  return (last ? std::min_element(terms.begin(), terms.end(), slower)
               : std::max_element(terms.begin(), terms.end(), slower))
      ->axis;
}

/// The type with its dimension that holds the axis `by` elements of that axis longer.
graph::Type resized(const graph::Node& node, std::size_t input, const graph::Type& type, int axis,
                    std::int64_t by) {
  einx::Shape shape = type.shape;
  const std::int64_t size = node.expr.axes[std::size_t(axis)].size;
  const auto maps = notation::index_maps(node.expr, node.expr.inputs[input], type.strides);
  for (const notation::Term& term : maps[0].terms)
    for (std::size_t d = 0; term.axis == axis && d < shape.size(); ++d)
      if (type.strides[d] <= term.stride && term.stride < type.strides[d] * type.shape[d]) {
        shape[d] = shape[d] / size * (size + by);
        break;
      }
  return graph::make_type(type.dtype, shape);
}

/// The graph with the axis of its first node so much longer.
graph::Graph resized(const graph::Graph& made, int axis, std::int64_t by) {
  const graph::Node& node = made.nodes[0];
  const std::int64_t size = node.expr.axes[std::size_t(axis)].size;
  std::vector<graph::Type> types;
  for (const graph::Parameter& parameter : made.parameters) {
    const graph::Type& type = made.values[std::size_t(parameter.value)].type;
    const auto found = std::find(node.inputs.begin(), node.inputs.end(), parameter.value);
    if (found != node.inputs.end()) {
      types.push_back(resized(node, std::size_t(found - node.inputs.begin()), type, axis, by));
      continue;
    }
    einx::Shape shape = type.shape;  // of a later node: the sizes of these rows tell axes apart
    std::replace(shape.begin(), shape.end(), size, size + by);
    types.push_back(graph::make_type(type.dtype, shape));
  }
  std::vector<std::string> keep;
  for (const notation::Axis& other : node.expr.axes)
    if (&other != &node.expr.axes[std::size_t(axis)]) keep.push_back(other.name);
  return einx::detail::passes::propagate_shapes(made, types, keep);
}

/// What runs a program on operands, into memory that stays warm.
struct Runner {
  std::shared_ptr<const codegen::Code> code;
  std::vector<einx::Tensor> outputs;
  std::vector<const void*> inputs;
  std::vector<void*> results;

  Runner(std::shared_ptr<const codegen::Code> finished, const loops::Program& program,
         const std::vector<einx::Tensor>& operands)
      : code(std::move(finished)) {
    for (const graph::Type& type : program.outputs)
      outputs.push_back(einx::Tensor::zeros(type.shape, type.dtype));
    for (const einx::Tensor& operand : operands) inputs.push_back(operand.data());
    for (einx::Tensor& output : outputs) results.push_back(output.data());
  }
  void run() {
    einx_status status{};
    code->run(inputs.data(), results.data(), &status);
  }
};

struct Measured {
  double ratio = 0, bind = 0;  ///< bind: nanoseconds from a graph to code for it
  std::string wrong;
};

Measured measure_free(const Job& job, bool last, bool verbose) {
  const codegen::Target& target = codegen::host_target();
  const graph::Graph made = graph::parse(job.graph.text());
  const int axis = end_axis(made, last);
  const std::int64_t size = made.nodes[0].expr.axes[std::size_t(axis)].size;
  const graph::Graph samples[] = {made, resized(made, axis, -size / 4), resized(made, axis, 1)};
  const auto common = loops::generalise(samples, target.machine);
  if (!common) return {0, 0, "no template"};
  if (verbose)
    std::printf("%s%s", loops::schedule_text(common->program).c_str(), loops::text(common->program).c_str());
  Measured result;
  const std::optional<loops::Program> program = loops::instantiate(*common, made);
  if (!program) return {0, 0, "does not fit its own sample"};
  const loops::Program fixed = loops::lower(made, target.machine);
  const auto code = codegen::compile(common->program, target);
  result.bind = 1e9 * fastest({[&] { codegen::rebind(code, *loops::instantiate(*common, made)); }}, 20, 0.01)[0];
  Runner dynamic(codegen::rebind(code, *program), *program, job.operands);
  Runner special(codegen::compile(fixed, target), fixed, job.operands);
  const std::vector<double> times = fastest({[&] { special.run(); }, [&] { dynamic.run(); }}, 5, 0.4);
  result.ratio = times[1] / times[0];
  const double far = difference(special.outputs[0], dynamic.outputs[0]);
  if (far > 1e-3) result.wrong = "differs by " + std::to_string(far);
  return result;
}

}  // namespace

int print_dynamic(const std::vector<std::string>& names) {
  einx::set_num_threads(1);
  int status = 0;
  const bool verbose = names.size() == 1;
  std::printf("%-16s %12s %12s %14s\n", "row", "first free", "last free", "another size");
  for (const auto group : {copy_rows, reduce_rows, contract_rows})
    for (const Row& row : group()) {
      if (!names.empty() && std::find(names.begin(), names.end(), row.name) == names.end()) continue;
      const Job job = row.make();
      const Measured first = measure_free(job, false, verbose), last = measure_free(job, true, verbose);
      const auto text = [](const Measured& m) {
        char words[32];
        std::snprintf(words, sizeof words, "%.2f", m.ratio);
        return m.wrong.empty() ? std::string(words) : m.wrong;
      };
      std::printf("%-16s %12s %12s %11.1f us\n", row.name.c_str(), text(first).c_str(), text(last).c_str(),
                  std::max(first.bind, last.bind) / 1e3);
      std::fflush(stdout);
      if (!first.wrong.empty() || !last.wrong.empty()) status = 1;
    }
  return status;
}

}  // namespace bench
