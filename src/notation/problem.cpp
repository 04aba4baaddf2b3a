// Indexing of axes and ellipses, and the rule that an axis is under as many ellipses everywhere
// (notation.md 5.2).
#include <algorithm>

#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

int find_root(const std::vector<int>& parent, int variable) {
  while (parent[variable] != variable) variable = parent[variable];
  return variable;
}

class Indexer {
 public:
  explicit Indexer(Problem& problem) : problem_(problem) {}

  void visit(const Node& node) {
    if (node.kind == Kind::Ellipsis) enclosing_.push_back(variable(node.id));
    for (const NodePtr& child : node.children) visit(*child);
    if (node.kind == Kind::Ellipsis) enclosing_.pop_back();
    if (node.kind == Kind::Axis) record(node);
  }

 private:
  int variable(int id) {
    const auto [found, fresh] = problem_.ellipsis.try_emplace(id, int(problem_.parent.size()));
    if (fresh) problem_.parent.push_back(found->second);
    return found->second;
  }

  SourceAxis& entry(const Node& node) {
    const int next = int(problem_.axes.size());
    const auto place = is_number(node) ? problem_.by_number.try_emplace(node.id, next).first->second
                                       : problem_.by_name.try_emplace(node.name, next).first->second;
    if (place == next) problem_.axes.push_back({&node, {}, enclosing_, {}, nullptr});
    return problem_.axes[place];
  }

  void record(const Node& node) {
    SourceAxis& axis = entry(node);
    axis.spans.push_back(node.span);
    const int depth = int(enclosing_.size());
    if (std::find(axis.depths.begin(), axis.depths.end(), depth) == axis.depths.end())
      axis.depths.push_back(depth);
    for (std::size_t level = 0; level < std::min(axis.levels.size(), enclosing_.size()); ++level)
      unite(axis.levels[level], enclosing_[level]);
  }

  void unite(int a, int b) {
    a = find_root(problem_.parent, a);
    b = find_root(problem_.parent, b);
    problem_.parent[std::max(a, b)] = std::min(a, b);
  }

  Problem& problem_;
  std::vector<int> enclosing_;
};

std::vector<std::string> depth_advice() {
  return {"An axis has to be under the same number of ellipses wherever it occurs.",
          "A size by keyword has at most one list level for each ellipsis around the axis."};
}

void check_depths(const Problem& problem) {
  std::vector<Span> spans;
  std::vector<std::string> names;
  bool values = true;  // only sizes by keyword are at fault
  for (const SourceAxis& axis : problem.axes) {
    const bool deep_value = axis.constraint && axis.constraint->dims.size() > axis.levels.size();
    if (axis.depths.size() < 2 && !deep_value) continue;
    values = values && axis.depths.size() < 2;
    spans.insert(spans.end(), axis.spans.begin(), axis.spans.end());
    names.push_back(is_anonymous(*axis.node) ? "..." : axis.node->name);
  }
  if (names.empty()) return;
  const std::string list =
      (names.size() == 1 ? "The axis " : "The axes ") + quoted(names) + (names.size() == 1 ? " is" : " are");
  raise_with_equations<RankError>(
      problem, nullptr, "ellipsis-depth",
      list + (values ? " under fewer ellipses than the given sizes have list levels."
                     : " not under the same number of ellipses everywhere."),
      spans, depth_advice());
}

}  // namespace

int Problem::variable_of(const Node& ellipsis_node) const {
  return find_root(parent, ellipsis.at(ellipsis_node.id));
}

Problem make_problem(const Expanded& expanded, std::span<const Operand> operands,
                     std::span<const Constraint> constraints) {
  Problem problem;
  problem.call = {expanded.text, operands, constraints};
  problem.rules = &expanded.rules;
  problem.merge = expanded.rules.merge;
  problem.merge_concat = expanded.rules.merge_concat;
  for (std::size_t i = 0; i < expanded.inputs.size(); ++i)
    problem.expressions.push_back({expanded.inputs[i], i < operands.size() ? &operands[i] : nullptr, false});
  for (const NodePtr& output : expanded.outputs) problem.expressions.push_back({output, nullptr, true});
  check_call(problem);
  Indexer indexer(problem);
  for (const Expression& expression : problem.expressions) indexer.visit(*expression.tree);
  for (const Constraint& constraint : constraints) {
    const auto found = problem.by_name.find(constraint.name);
    if (found != problem.by_name.end()) problem.axes[found->second].constraint = &constraint;
  }
  check_depths(problem);
  return problem;
}

}  // namespace einx::detail::notation
