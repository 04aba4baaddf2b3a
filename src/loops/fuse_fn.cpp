// Scalar functions of fused nests.
#include <algorithm>

#include "loops/axis_builder.h"
#include "loops/fuse.h"

namespace einx::detail::loops {
namespace {

using ops::Prim;
using ops::ScalarNode;

bool same(const ScalarNode& a, const ScalarNode& b) {
  return a.prim == b.prim && a.dtype == b.dtype && a.args == b.args && a.arg == b.arg &&
         a.constant.dtype == b.constant.dtype && a.constant.u == b.constant.u;
}

/// Primitives whose result no later addition contracts with: not products, nor functions that end in one.
bool rounds(Prim prim) {
  switch (prim) {
    case Prim::Arg:
    case Prim::Const:
    case Prim::Cast:
    case Prim::Add:
    case Prim::Sub:
    case Prim::Div:
    case Prim::Sqrt:
    case Prim::Max:
    case Prim::Min:
    case Prim::Abs:
    case Prim::Floor:
      return true;
    default:
      return false;
  }
}

bool is_fence(const ops::ScalarFn& fn, const ScalarNode& node) {
  return node.prim == Prim::Cast && fn.nodes[std::size_t(node.args[0])].dtype == node.dtype;
}

}  // namespace

Joined::Joined(std::vector<DType> args) { fn_.args = std::move(args); }

int Joined::add(ScalarNode node) {
  const auto found = std::ranges::find_if(fn_.nodes, [&](const ScalarNode& other) { return same(other, node); });
  if (found != fn_.nodes.end()) return now(int(found - fn_.nodes.begin()));
  fn_.nodes.push_back(node);
  return int(fn_.nodes.size()) - 1;
}

int Joined::now(int node) const {
  for (const auto& [from, to] : replaced_)
    if (from == node) return to;
  return node;
}

int Joined::arg(int index) {
  return add({.prim = Prim::Arg, .dtype = fn_.args[std::size_t(index)], .arg = index});
}

int Joined::cast(int node, DType dtype) {
  if (fn_.nodes[std::size_t(node)].dtype == dtype) return node;
  return add({.prim = Prim::Cast, .dtype = dtype, .args = {node, -1, -1}});
}

int Joined::fence(int node) {
  const ScalarNode& made = fn_.nodes[std::size_t(node)];
  if (!tensor::is_float(made.dtype) || tensor::is_half(made.dtype) || rounds(made.prim)) return node;
  return add({.prim = Prim::Cast, .dtype = made.dtype, .args = {node, -1, -1}});
}

std::vector<int> Joined::append(const ops::ScalarFn& fn, std::span<const int> args) {
  std::vector<int> made;
  for (const ScalarNode& node : fn.nodes) {
    if (node.prim == Prim::Arg) {
      const int given = args[std::size_t(node.arg)];
      made.push_back(given < 0 ? -1 : cast(given, node.dtype));
      continue;
    }
    ScalarNode copy = node;
    for (int& operand : copy.args)
      if (operand >= 0) operand = made[std::size_t(operand)];
    made.push_back(add(copy));
  }
  std::vector<int> results;
  for (const int result : fn.results) results.push_back(made[std::size_t(result)]);
  return results;
}

void Joined::replace(int from, int to) { replaced_.emplace_back(from, to); }

ops::ScalarFn Joined::finish(std::span<const int> results) const {
  return with_results(fn_, std::vector<int>(results.begin(), results.end()));
}

ops::ScalarFn without_fences(const ops::ScalarFn& fn) {
  ops::ScalarFn bare = fn;
  std::vector<int> at(fn.nodes.size());
  for (std::size_t n = 0; n < fn.nodes.size(); ++n) {
    for (int& operand : bare.nodes[n].args)
      if (operand >= 0) operand = at[std::size_t(operand)];
    at[n] = is_fence(fn, fn.nodes[n]) ? bare.nodes[n].args[0] : int(n);
  }
  for (int& result : bare.results) result = at[std::size_t(result)];
  return with_results(bare, bare.results);
}

void reuse_mapped(ops::Rows& rows, std::size_t inputs) {
  const ops::Pass& last = rows.passes.back();
  const std::size_t own = last.identity.size(), count = rows.result.args.size() - 1, first = inputs + own;
  if (last.map.uses(int(last.map.args.size()) - 1)) return;  // a position is known to passes only
  Joined to(rows.result.args);
  std::vector<int> given, all;
  for (std::size_t k = 0; k < rows.result.args.size(); ++k) all.push_back(to.arg(int(k)));
  for (std::size_t k = 0; k < count; ++k)
    if (k < inputs || (k >= first && k + own < count)) given.push_back(all[k]);
  given.insert(given.end(), {all[count], -1});
  const std::vector<int> mapped = to.append(last.map, given);
  for (std::size_t k = 0; k < own; ++k) {
    const Prim prim = last.map.nodes[std::size_t(last.map.results[k])].prim;
    if (prim != Prim::Arg && prim != Prim::Const && prim != Prim::Cast) to.replace(mapped[k], all[inputs + k]);
  }
  rows.result = to.finish(to.append(rows.result, all));
}

}  // namespace einx::detail::loops
