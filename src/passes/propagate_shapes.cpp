// The types of all values for other types of the inputs. Nothing is executed and nothing is allocated: every
// expression is solved again.
#include <algorithm>
#include <map>

#include "passes/passes.h"
#include "passes/writer.h"
#include "support/support.h"

namespace einx::detail::passes {
namespace {

using notation::Axis;
using notation::Dim;
using notation::Solved;

void axes_below(const Dim& dim, std::vector<int>& found) {
  if (dim.kind == Dim::Kind::Axis) found.push_back(dim.axis);
  for (const Dim& part : dim.parts) axes_below(part, found);
}

/// One node under new shapes. Which sizes are the pattern's own? Axes that only the output has, and numbers,
/// are; those that are whole dimensions of an input are not; of the rest, those in a dimension that has
/// changed may have.
class Resolving {
 public:
  Resolving(const graph::Node& node, std::vector<Shape> shapes, const std::vector<std::string>& keep)
      : node_(node),
        shapes_(std::move(shapes)),
        free_(node.expr.axes.size(), false),
        kept_(node.expr.axes.size(), false) {
    for (std::size_t k = 0; k < kept_.size(); ++k) {
      const Axis& axis = node.expr.axes[k];
      kept_[k] = axis.unnamed || std::find(keep.begin(), keep.end(), axis.name) != keep.end();
    }
    for (const notation::TensorExpr& input : node.expr.inputs)
      for (const Dim& dim : input.dims)
        if (dim.kind == Dim::Kind::Axis && !kept_[std::size_t(dim.axis)]) free_[std::size_t(dim.axis)] = true;
  }

  Solved run() {
    collect_choices();
    std::vector<Solved> found;
    std::vector<bool> free = free_;
    try_all(0, free, found);
    if (found.empty()) return solve(free_, choices_);  // raises why
    if (found.size() > 1) ambiguous(found);
    return std::move(found[0]);
  }

 private:
  /// For each dimension that its axes' sizes no longer give: the axes of which one may have changed.
  void collect_choices() {
    for (std::size_t k = 0; k < node_.expr.inputs.size(); ++k) {
      const std::vector<Dim>& dims = node_.expr.inputs[k].dims;
      if (dims.size() != shapes_[k].size()) return;  // the solver says so
      for (std::size_t d = 0; d < dims.size(); ++d) {
        if (dims[d].kind == Dim::Kind::Axis) continue;
        std::vector<int> axes, open;
        axes_below(dims[d], axes);
        const bool moved =
            std::any_of(axes.begin(), axes.end(), [&](int axis) { return free_[std::size_t(axis)]; });
        for (const int axis : axes)
          if (!free_[std::size_t(axis)] && !kept_[std::size_t(axis)] &&
              std::find(open.begin(), open.end(), axis) == open.end())
            open.push_back(axis);
        if (!open.empty() && (moved || notation::size(node_.expr, dims[d]) != shapes_[k][d]))
          choices_.push_back(std::move(open));
      }
    }
  }

  /// Every way in which one axis of each changed dimension takes up the change.
  void try_all(std::size_t choice, std::vector<bool>& free, std::vector<Solved>& found) const {
    if (choice == choices_.size()) {
      try {
        Solved solved = solve(free, {});
        if (std::find(found.begin(), found.end(), solved) == found.end()) found.push_back(std::move(solved));
      } catch (const AxisSizeError&) {
      }
      return;
    }
    for (const int axis : choices_[choice]) {
      const bool before = free[std::size_t(axis)];
      free[std::size_t(axis)] = true;
      try_all(choice + 1, free, found);
      free[std::size_t(axis)] = before;
      if (found.size() > 1) return;
    }
  }

  Solved solve(std::vector<bool> free, const std::vector<std::vector<int>>& also_free) const {
    for (const std::vector<int>& axes : also_free)
      for (const int axis : axes) free[std::size_t(axis)] = true;
    std::vector<notation::Operand> operands;
    for (const Shape& shape : shapes_) operands.push_back({shape, ""});
    std::vector<notation::Constraint> sizes;
    for (std::size_t k = 0; k < free.size(); ++k)
      if (!free[k]) sizes.push_back({node_.expr.axes[k].name, {}, {node_.expr.axes[k].size}, ""});
    notation::Rules rules = ops::rules(*node_.op);
    rules.merge = false;
    const auto expanded =
        notation::expand(notation::parse(notation::text(node_.expr)), rules, int(operands.size()));
    return marked(notation::solve(expanded, operands, sizes));
  }

  /// What the text does not keep: which axes are numbers.
  Solved marked(Solved solved) const {
    std::map<std::string_view, const Axis*> before;
    for (const Axis& axis : node_.expr.axes) before[axis.name] = &axis;
    for (Axis& axis : solved.axes)
      if (const auto known = before.find(axis.name); known != before.end())
        axis.unnamed = known->second->unnamed, axis.source = known->second->source;
    return solved;
  }

  [[noreturn]] void ambiguous(const std::vector<Solved>& found) const {
    std::vector<std::string> ways;
    for (const Solved& solved : found) {
      std::vector<std::string> sizes;
      for (std::size_t k = 0; k < solved.axes.size() && k < node_.expr.axes.size(); ++k)
        if (solved.axes[k].size != node_.expr.axes[k].size && !free_[k])
          sizes.push_back(solved.axes[k].name + " = " + std::to_string(solved.axes[k].size));
      ways.push_back(support::join(sizes, ", "));
    }
    support::raise<AxisSizeError>(
        {.kind = "axis-ambiguous",
         .sentence = "The new shapes of the operands of " + std::string(node_.op->name) +
                     " fit several sizes: " + support::join(ways, "; or ") + ".",
         .pattern = notation::text(node_.expr),
         .show_pattern = true,
         .advice = {"Name the axes that keep their sizes, or trace the function with the new shapes."}});
  }

  const graph::Node& node_;
  const std::vector<Shape> shapes_;
  std::vector<bool> free_, kept_;
  std::vector<std::vector<int>> choices_;
};

bool same_shapes(const Writer& writer, const graph::Graph& graph, const graph::Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](graph::ValueId input) {
    return writer.type(writer.number(input)).shape == graph.values[input].type.shape;
  });
}

}  // namespace

graph::Graph propagate_shapes(const graph::Graph& graph, const std::vector<graph::Type>& inputs,
                              const std::vector<std::string>& keep) {
  if (inputs.size() != graph.parameters.size())
    support::raise<ValueError>({.kind = "num-tensors",
                                .sentence = "The graph " + graph.name + " has " +
                                            std::to_string(graph.parameters.size()) + " parameters, but " +
                                            std::to_string(inputs.size()) + " types are given."});
  Writer writer(graph, inputs);
  for_each_statement(
      graph, [&](const graph::Constant& constant) { writer.copy(constant); },
      [&](const graph::Node& node) {
        if (same_shapes(writer, graph, node)) return writer.copy(node, node.expr);  // dtypes may be others
        std::vector<Shape> shapes;
        for (const graph::ValueId input : node.inputs)
          shapes.push_back(writer.type(writer.number(input)).shape);
        writer.copy(node, Resolving(node, std::move(shapes), keep).run());
      });
  return writer.finish();
}

}  // namespace einx::detail::passes
