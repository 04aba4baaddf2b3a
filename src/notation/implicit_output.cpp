// Outputs that are left out, family by family (notation.md 4).
#include <algorithm>
#include <set>

#include "notation/expand.h"

namespace einx::detail::notation {

namespace {

// Names of an input; a number other than 1 is an axis of its own, a 1 does not count.
std::set<std::string> counted_names(const Node& node) {
  std::set<std::string> names;
  for (const Occurrence& occurrence : axes_in(node)) {
    if (!is_number(*occurrence.axis))
      names.insert(occurrence.axis->name);
    else if (occurrence.axis->number != 1)
      names.insert("#" + std::to_string(occurrence.axis->id));
  }
  return names;
}

// The one input whose axes contain those of all others; equal expressions count once.
NodePtr superset(const Draft& draft) {
  std::vector<std::set<std::string>> names;
  names.reserve(draft.inputs.size());
  std::size_t largest = 0;
  for (const NodePtr& input : draft.inputs) {
    names.push_back(counted_names(*input));
    if (names.back().size() > names[largest].size()) largest = names.size() - 1;
  }
  for (const auto& other : names)
    if (!std::includes(names[largest].begin(), names[largest].end(), other.begin(), other.end()))
      return nullptr;
  // Every candidate has the same names as the largest.
  const std::string form = text(*draft.inputs[largest]);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == names[largest] && text(*draft.inputs[i]) != form) return nullptr;
  return draft.inputs[largest];
}

[[noreturn]] void raise_no_superset(const Draft& draft) {
  if (draft.rules.family == Family::Id)
    raise<SemanticError>(draft.call, "implicit-output-no-superset",
                         "With several inputs, the outputs of id have to be written.", {},
                         {"Write '->' and one output for each input, in the same order."});
  raise<SemanticError>(draft.call, "implicit-output-no-superset",
                       "The output can only be left out if exactly one input has the axes of all inputs.", {},
                       {"Write the output: '" + text(draft.inputs, {}, false) +
                        " -> ...' with the axes in the order you want."});
}

void imply_superset(Draft& draft) {
  NodePtr output = superset(draft);
  if (!output) raise_no_superset(draft);
  draft.outputs = {std::move(output)};
}

[[noreturn]] void raise_missing_output(const Draft& draft) {
  raise<SemanticError>(draft.call, "missing-output",
                       "The expression of " + draft.rules.op + " needs '->' and an output here.", {},
                       {"Add '->' and the axes of the result."});
}

int bracket_pairs(const Node& node) {
  int count = node.kind == Kind::Brackets;
  for (const NodePtr& child : node.children) count += bracket_pairs(*child);
  return count;
}

// The only bracket becomes one bracketed axis with as many entries as axes are marked, which an equation
// finds out.
void imply_argfind(Draft& draft) {
  const NodePtr& input = draft.inputs[0];
  const int pairs = bracket_pairs(*input);
  if (pairs == 0)
    raise<SemanticError>(draft.call, "argfind-needs-one-bracket",
                         draft.rules.op + " needs the axes it searches in brackets.", {},
                         {"Put the axes to search in brackets, as in 'a [b]'."});
  if (pairs > 1) {
    std::vector<Span> spans;
    bracket_spans(*input, spans);
    raise<SemanticError>(
        draft.call, "implicit-output-multi-bracket",
        "With several brackets in the input, the place of the coordinates in the output has to be written.",
        spans, {"Add '->' and an output with one bracketed axis, as in '-> a [2]'."});
  }
  draft.outputs = {transform(input, [](const NodePtr& n) -> NodePtr {
    if (n->kind != Kind::Brackets) return nullptr;
    constexpr int kImpliedId = -1;  // no parsed number has it
    return make_brackets(make_number(kUnknownNumber, kImpliedId, {n->span.begin, n->span.begin}), n->span);
  })};
}

void imply_reduced(Draft& draft) {
  if (!draft.rules.keepdims) {
    draft.outputs = {drop_bracketed(draft.inputs[0])};
    return;
  }
  draft.outputs = {transform(draft.inputs[0], [](const NodePtr& n) -> NodePtr {
    return n->kind == Kind::Brackets ? make_group(make_list({}, n->span), n->span) : nullptr;
  })};
}

bool any_brackets(const std::vector<NodePtr>& trees) {
  return std::any_of(trees.begin(), trees.end(),
                     [](const NodePtr& tree) { return contains(*tree, Kind::Brackets); });
}

}  // namespace

void imply_output(Draft& draft) {
  if (draft.arrow) return;
  switch (draft.rules.family) {
    case Family::Id:
      if (draft.inputs.size() != 1) raise_no_superset(draft);
      draft.outputs = {draft.inputs[0]};
      break;
    case Family::Elementwise:
      imply_superset(draft);
      break;
    case Family::Reduce:
      imply_reduced(draft);
      break;
    case Family::Dot:
      if (any_brackets(draft.inputs)) raise_missing_output(draft);
      imply_superset(draft);
      break;
    case Family::Preserve:
    case Family::UpdateAt:
      draft.outputs = {draft.inputs[0]};
      break;
    case Family::ArgFind:
      imply_argfind(draft);
      break;
    case Family::GetAt:
    case Family::Einsum:
    case Family::Native:
      raise_missing_output(draft);
    case Family::Solve:
      break;
  }
}

namespace {

NodePtr bracket_axes_except(const NodePtr& tree, const std::set<std::string>& kept) {
  return transform(tree, [&](const NodePtr& n) -> NodePtr {
    if (n->kind != Kind::Axis) return nullptr;
    return !is_number(*n) && kept.count(n->name) ? n : make_brackets(n, n->span);
  });
}

}  // namespace

void bracket_missing_axes(Draft& draft) {
  const bool automatic = draft.rules.family == Family::Reduce || draft.rules.family == Family::Dot;
  if (!automatic || any_brackets(draft.inputs)) return;
  check_auto_duplicates(draft);
  if (!draft.arrow) return;  // the implied output misses nothing
  std::set<std::string> kept;
  for (const NodePtr& output : draft.outputs)
    for (const Occurrence& occurrence : axes_in(*output))
      if (!is_number(*occurrence.axis)) kept.insert(occurrence.axis->name);
  for (NodePtr& input : draft.inputs) input = bracket_axes_except(input, kept);
}

}  // namespace einx::detail::notation
