// Checks of a full expression against what its family allows, before anything is solved.
#include <map>
#include <set>

#include "notation/expand.h"

namespace einx::detail::notation {

namespace {

void concat_spans(const Node& node, std::vector<Span>& spans) {
  if (node.kind == Kind::Concat) spans.push_back(node.span);
  for (const NodePtr& child : node.children) concat_spans(*child, spans);
}

std::string range_text(int low, int high) {
  if (low == high) return std::to_string(low);
  return high < 0 ? "at least " + std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

}  // namespace

void check_concatenation(const Draft& draft) {
  if (draft.rules.family == Family::Id || draft.rules.family == Family::Solve) return;
  std::vector<Span> spans;
  for (const auto* side : {&draft.inputs, &draft.outputs})
    for (const NodePtr& tree : *side) concat_spans(*tree, spans);
  if (!spans.empty())
    raise<SemanticError>(draft.call, "concat-not-allowed",
                         "Only id concatenates and splits with '+', " + draft.rules.op + " does not.", spans,
                         {"Split or concatenate with id before or after."});
}

void check_counts(const Draft& draft) {
  const Rules& rules = draft.rules;
  const int inputs = int(draft.inputs.size());
  if (inputs < rules.min_inputs || (rules.max_inputs >= 0 && inputs > rules.max_inputs)) {
    const std::string range = range_text(rules.min_inputs, rules.max_inputs);
    raise<SemanticError>(draft.call, "num-input-exprs",
                         rules.op + " takes " + range + " input " +
                             (range == "1" ? "expression" : "expressions") + ", but there " +
                             (inputs == 1 ? "is " : "are ") + std::to_string(inputs) + ".",
                         {}, {"Input expressions are separated by ',' before the '->'."});
  }
  if (!draft.arrow || rules.family == Family::Id || rules.family == Family::Solve ||
      rules.family == Family::Native ||
      draft.outputs.size() == 1)
    return;
  raise<SemanticError>(
      draft.call, "num-output-exprs",
      rules.op + " has one output expression, but there are " + std::to_string(draft.outputs.size()) + ".",
      {});
}

namespace {

// The first expression with brackets is reported.
void forbid_brackets(const Draft& draft, const std::vector<NodePtr>& trees, const std::string& where) {
  for (const NodePtr& tree : trees) {
    if (!contains(*tree, Kind::Brackets)) continue;
    std::vector<Span> spans;
    bracket_spans(*tree, spans);
    raise<SemanticError>(draft.call, "brackets-not-allowed",
                         draft.rules.op + " takes no brackets" + where + ".", spans);
  }
}

bool outputs_may_have_brackets(Family family) {
  return family == Family::Preserve || family == Family::ArgFind || family == Family::UpdateAt ||
         family == Family::Solve || family == Family::Native;
}

void check_brackets_required(const Draft& draft) {
  if (draft.rules.family != Family::Preserve && draft.rules.family != Family::UpdateAt) return;
  const NodePtr& output = draft.outputs[0];
  if (!contains(*draft.inputs[0], Kind::Brackets) || contains(*output, Kind::Brackets)) return;
  std::vector<Span> spans;
  if (!is_empty(*output)) spans.push_back(output->span);
  raise<SemanticError>(
      draft.call, "brackets-required",
      "The axes in brackets have to be in brackets in the output of " + draft.rules.op + ", too.", spans);
}

}  // namespace

void check_brackets(const Draft& draft) {
  const Family family = draft.rules.family;
  const bool nowhere = family == Family::Id || family == Family::Elementwise;
  if (nowhere) forbid_brackets(draft, draft.inputs, "");
  if (family == Family::UpdateAt) forbid_brackets(draft, {draft.inputs.back()}, " in its updates");
  if (!outputs_may_have_brackets(family))
    forbid_brackets(draft, draft.outputs, nowhere ? "" : " in its output");
  check_brackets_required(draft);
}

namespace {

using Counts = std::map<std::string_view, int>;

// Highest number of times a vectorised name occurs in one piece of the tree: parts of a concatenation are in
// different pieces.
Counts counts_per_piece(const Node& node) {
  if (node.kind == Kind::Brackets) return {};
  if (node.kind == Kind::Axis) return is_number(node) ? Counts{} : Counts{{node.name, 1}};
  Counts counts;
  for (const NodePtr& child : node.children) {
    Counts part = counts_per_piece(*child);
    if (part.size() > counts.size())
      std::swap(part, counts);  // the smaller into the larger, or deep nesting costs its square
    for (const auto& [name, count] : part) {
      int& total = counts[name];
      total = node.kind == Kind::Concat ? std::max(total, count) : total + count;
    }
  }
  return counts;
}

// Raises for the axes that `repeated` tells of a tree, if there are any.
template <class Repeated>
void refuse_repeated(const Draft& draft, const Node& tree, Repeated repeated, const char* kind,
                     const char* rule, std::vector<std::string> advice) {
  std::vector<Span> spans;
  std::vector<std::string> names;
  for (const Occurrence& o : axes_in(tree)) {
    if (is_number(*o.axis) || !repeated(o)) continue;
    spans.push_back(o.axis->span);
    names.push_back(is_anonymous(*o.axis) ? "..." : o.axis->name);
  }
  if (!names.empty())
    raise<SemanticError>(draft.call, kind, std::string(rule) + "; repeated here: " + quoted(names) + ".",
                         spans, std::move(advice));
}

std::map<std::string_view, int> count_names(const Node& tree, bool only_bracketed) {
  std::map<std::string_view, int> counts;
  for (const Occurrence& o : axes_in(tree))
    if (!is_number(*o.axis) && (o.bracketed || !only_bracketed)) ++counts[o.axis->name];
  return counts;
}

}  // namespace

void check_duplicates(const Draft& draft) {
  if (draft.rules.family == Family::Solve) return;
  for (const NodePtr& output : draft.outputs) {
    const Counts counts = counts_per_piece(*output);
    refuse_repeated(draft, *output,
                    [&](const Occurrence& o) { return !o.bracketed && counts.at(o.axis->name) > 1; },
                    "duplicate-output-axis", "An axis may occur once in an output",
                    {"There is no notation that writes a diagonal."});
  }
  if (draft.rules.family != Family::Dot) return;
  for (const NodePtr& input : draft.inputs) {
    const auto counts = count_names(*input, true);
    refuse_repeated(draft, *input,
                    [&](const Occurrence& o) { return o.bracketed && counts.at(o.axis->name) > 1; },
                    "duplicate-bracket-axis", "A contracted axis occurs once in a tensor", {});
  }
}

void check_auto_duplicates(const Draft& draft) {
  for (const NodePtr& input : draft.inputs) {
    const auto counts = count_names(*input, false);
    refuse_repeated(draft, *input, [&](const Occurrence& o) { return counts.at(o.axis->name) > 1; },
                    "auto-bracket-duplicate-axis", "Without brackets, an axis may occur once in an input",
                    {"Write brackets to say which axes " + draft.rules.op + " works on."});
  }
}

}  // namespace einx::detail::notation
