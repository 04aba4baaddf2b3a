// Private to the interpreter: one function a meaning.
#pragma once
#include <span>
#include <vector>

#include "graph/graph.h"
#include "reference/walk.h"

namespace einx::detail::reference {

/// A node with its operands' data and the tensors that its results go to.
struct Step {
  const graph::Node& node;
  const ops::Resolved& resolved;
  std::span<const Tensor> inputs;
  std::span<Tensor> outputs;
};

void run_move(const Step& step);
void run_map(const Step& step, const ops::Map& map);
void run_rows(const Step& step, const ops::Rows& rows);
void run_gather(const Step& step);
void run_native(const Step& step, const ops::Native& native);
void run_scatter(const Step& step, const ops::Scatter& scatter);
void run_shuffle(const Step& step, const ops::Shuffle& shuffle);
void run_sort(const Step& step, const ops::Sort& sort);

// --- shared
/// The index map of every input and then of every output: one each, as only id has concatenations.
std::vector<notation::IndexMap> maps_of(const Step& step);
/// Vectorised axes of all tensors: the loops of notation.md 8. Outputs first, so that results are written in
/// order.
std::vector<int> vectorised_axes(const notation::Solved& expr);
std::vector<Source> sources_of(const Step& step);

}  // namespace einx::detail::reference
