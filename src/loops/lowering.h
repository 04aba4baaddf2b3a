// What the lowering of every meaning shares: a node's solved expression as nests. Private to the loops layer.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "loops/nest.h"

namespace einx::detail::loops {

/// What runs one after the other: a nest with the schedule that will take it, or a step that has no loops.
struct Item {
  std::variant<Nest, Step> work;
  void (*schedule)(const Nest&, Plan&) = nullptr;  ///< of a nest
  BufferId same_a = -1, same_b = -1;               ///< of a nest: Kernel::same_a, same_b
  std::vector<std::string> fused;                  ///< of a nest: the values that it holds, in the order of the graph
  std::string kept;                                ///< of a nest: why its result is not fused into what follows
};

struct Lowering {
  const graph::Graph& graph;
  Plan plan;
  std::vector<BufferId> buffers;  ///< of each value
  std::vector<Item> items;
  std::vector<Simplified>* simplified = nullptr;         ///< receives what is done to each nest
  const std::vector<Simplified>* as_simplified = nullptr;  ///< of a graph that differs in sizes: done to this one's nests
  std::size_t next = 0;                                  ///< of `as_simplified`
  bool fits = true;                                      ///< as far as it could be

  /// A number of the graph's types: a constant, or in a dynamic program a parameter of its own.
  Int number(std::int64_t value) {
    if (!plan.dynamic) return {value, -1};
    plan.program.parameters.push_back(value);
    return {value, int(plan.program.parameters.size()) - 1};
  }
};

/// The axes of one nest.
struct Axes {
  const notation::Solved& expr;
  std::vector<int> solved;  ///< index into expr.axes, one per axis of the nest
  std::vector<NestAxis> axes;

  /// Does nothing for an axis that is there already.
  void add(Lowering& lowering, int axis, bool reduced);
};

std::int64_t elements(const graph::Type& type);
BufferId add_buffer(Program& program, std::string name, Buffer::Kind kind, DType dtype, int index,
                    std::int64_t count);
/// "sum(i0) -> x0"
std::string label(const Lowering& lowering, const graph::Node& node, std::size_t output);

// ---------------------------------------------------------------- index maps and accesses
bool bracketed(const notation::Solved& expr, const notation::Term& term);
/// One map a piece: several only for the concatenations of id.
std::vector<notation::IndexMap> maps_of(const Lowering& lowering, const graph::Node& node,
                                        const notation::TensorExpr& expr, graph::ValueId value);
/// The map of every input of an operation without concatenations.
std::vector<notation::IndexMap> input_maps(const Lowering& lowering, const graph::Node& node);
/// Adds the axes of the map that are not bracketed.
void add_kept(Lowering& lowering, Axes& axes, const notation::IndexMap& map);
/// How an operand is read, and converted to `computed`, along these axes.
Access access_of(Lowering& lowering, const Axes& axes, graph::ValueId value, const notation::IndexMap& map,
                 DType computed);
/// The same for a value that is written: row-major, so its last axis is contiguous also in a dynamic program.
Access output_of(Lowering& lowering, const Axes& axes, graph::ValueId value, const notation::IndexMap& map);

/// Whether a nest without elements needs no step: not in programs of other sizes, too.
bool drops_empty(const Lowering& lowering);
/// `simplify`, or what was done to the nest of another size.
void simplify(Lowering& lowering, Nest& nest);
/// Simplifies the nest and puts it behind the others; an output of no elements needs no step, a reduction of
/// none is left to plain loops.
void finish(Lowering& lowering, Nest nest);

/// The graph's buffers and its nodes as items, nothing fused or scheduled.
void lower_nodes(Lowering& lowering);
/// Appends the steps of an item.
void schedule_item(Item& item, Plan& plan);

// ---------------------------------------------------------------- passes over the items
/// Nests that share an independent axis and are small beside it become one kernel (blocks.cpp).
void run_in_blocks(Lowering& lowering);

// ---------------------------------------------------------------- meanings in files of their own
void lower_gather(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved);
void lower_native(Lowering& lowering, const graph::Node& node, const ops::Native& function);
void lower_shuffle(Lowering& lowering, const graph::Node& node, const ops::Shuffle& shuffle);
void lower_sort(Lowering& lowering, const graph::Node& node, const ops::Sort& sort);
void lower_scatter(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved);

}  // namespace einx::detail::loops
