// einx 0.3: the text to its full form (notation.md 10), after which the common solver goes on with the rules
// that this dialect sets. Checked against the executed cases of tests/conformance/einx-0.3.jsonl.
#include <algorithm>
#include <functional>
#include <set>

#include "notation/dialects.h"
#include "notation/expand.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

/// vmap and vmap_with_axis place no brackets of their own, and take the inputs for outputs that are left out.
bool is_vmap(const Rules& rules) { return rules.op == "vmap" || rules.op == "vmap_with_axis"; }

Rules dialect_rules(const Rules& given) {
  Rules rules = given;
  rules.opaque_ellipses = true;
  rules.squeeze_named = false;
  rules.assign_pieces = rules.merge_concat = rules.family == Family::Id;
  rules.merge_bracketed = rules.family == Family::Reduce && !is_vmap(rules);
  rules.permuted_brackets = rules.op != "vmap";
  if (rules.family == Family::Dot) rules.family = Family::Einsum;
  if (rules.family == Family::Einsum) rules.min_inputs = 1;
  rules.second_operand_shorthand =
      (rules.family == Family::Elementwise || rules.family == Family::Einsum) && !is_vmap(rules);
  return rules;
}

bool any_brackets(const std::vector<NodePtr>& trees) {
  return std::any_of(trees.begin(), trees.end(),
                     [](const NodePtr& tree) { return contains(*tree, Kind::Brackets); });
}

using Names = std::set<std::string>;

/// Names in brackets, or outside.
Names names_in(const std::vector<NodePtr>& trees, bool bracketed) {
  Names names;
  for (const NodePtr& tree : trees)
    for (const Occurrence& o : axes_in(*tree))
      if (!is_number(*o.axis) && o.bracketed == bracketed) names.insert(o.axis->name);
  return names;
}

Names all_names(const std::vector<NodePtr>& trees) {
  Names names = names_in(trees, true);
  names.merge(names_in(trees, false));
  return names;
}

// ---------------------------------------------------------------- outputs that are left out
/// The one input whose names contain those of all others; equal expressions count once. Numbers do not count.
NodePtr superset(const std::vector<NodePtr>& inputs) {
  const Names all = all_names(inputs);
  NodePtr found;
  for (const NodePtr& input : inputs) {
    if (all_names({input}) != all) continue;
    if (found && text(*found) != text(*input)) return nullptr;
    found = input;
  }
  return found;
}

[[noreturn]] void raise_missing_output(const Draft& draft) {
  raise<SemanticError>(draft.call, "missing-output",
                       "The expression of " + draft.rules.op + " needs '->' and an output in einx 0.3.", {},
                       {"Add '->' and the axes of the result."});
}

[[noreturn]] void raise_nothing_reduced(const Draft& draft) {
  raise<SemanticError>(
      draft.call, "nothing-reduced", "Nothing says which axes " + draft.rules.op + " works on.", {},
      {"Put them in brackets, as in 'a [b]', or leave them out of an output, as in 'a b -> a'."});
}

void imply_output_03(Draft& draft) {
  if (draft.arrow) return;
  const Family family = draft.rules.family;
  if (is_vmap(draft.rules) && family != Family::Id) {
    draft.outputs = draft.inputs;
    draft.arrow = true;
    check_counts(draft);
  } else if (family == Family::Elementwise) {
    draft.outputs = {superset(draft.inputs)};
    if (!draft.outputs[0])
      raise<SemanticError>(draft.call, "implicit-output-no-superset",
                           "The output can only be left out if exactly one input has the axes of all inputs.",
                           {}, {"Write the output: '" + text(draft.inputs, {}, false) + " -> ...'."});
  } else if (family == Family::Id || family == Family::Einsum) {
    raise_missing_output(draft);
  } else if (family == Family::Reduce && !any_brackets(draft.inputs)) {
    raise_nothing_reduced(draft);
  } else {
    imply_output(draft);
  }
}

// ---------------------------------------------------------------- brackets
using AxisTest = std::function<bool(const Node& axis)>;

bool is_one(const Node& node) { return is_number(node) && node.number == 1; }
AxisTest not_among(Names kept) {
  return [kept = std::move(kept)](const Node& axis) { return is_number(axis) || !kept.count(axis.name); };
}

/// Brackets the axes that pass; a whole group or run if all of it does, so that it can be merged.
NodePtr bracket_where(const NodePtr& node, const AxisTest& passes) {
  const auto whole = [&](const NodePtr& part) {
    const auto axes = axes_in(*part);
    return !axes.empty() &&
           std::all_of(axes.begin(), axes.end(), [&](const Occurrence& o) { return passes(*o.axis); });
  };
  if (whole(node)) return make_brackets(node, node->span);
  if (node->kind == Kind::Axis) return node;
  std::vector<NodePtr> children, run;
  const auto finish_run = [&] {
    if (run.empty()) return;
    const Span span{run.front()->span.begin, run.back()->span.end};
    children.push_back(make_brackets(make_list(std::move(run), span), span));
    run.clear();
  };
  for (const NodePtr& child : node->children) {
    if (node->kind == Kind::List && whole(child)) {
      run.push_back(child);
      continue;
    }
    finish_run();
    children.push_back(bracket_where(child, passes));
  }
  finish_run();
  return rebuild(*node, std::move(children));
}

/// `[X]...` as `[X...]`: the same, but an ellipsis that becomes one axis keeps its brackets.
NodePtr brackets_outside_ellipses(const NodePtr& node) {
  return transform(node, [](const NodePtr& n) -> NodePtr {
    if (n->kind != Kind::Ellipsis || n->children[0]->kind != Kind::Brackets) return nullptr;
    const NodePtr& brackets = n->children[0];
    return make_brackets(make_ellipsis(brackets->children[0], n->id, n->span), brackets->span);
  });
}

/// A literal 1 in brackets says nothing; numbers are new axes each time, so it could not be paired.
NodePtr without_bracketed_ones(const NodePtr& node) {
  return transform(node, [&](const NodePtr& n) -> NodePtr {
    if (n->kind != Kind::Brackets) return nullptr;
    const NodePtr& inner = n->children[0];
    if (inner->kind != Kind::List) return is_one(*inner) ? inner : n;
    std::vector<NodePtr> items;
    for (const NodePtr& item : inner->children)
      items.push_back(is_one(*item) ? item : make_brackets(item, n->span));
    return make_list(std::move(items), n->span);
  });
}

NodePtr bracket_names(const NodePtr& node, const Names& names) {
  return transform(node, [&](const NodePtr& n) -> NodePtr {
    if (n->kind == Kind::Brackets) return n;
    if (n->kind != Kind::Axis || is_number(*n) || !names.count(n->name)) return nullptr;
    return make_brackets(n, n->span);
  });
}

// ---------------------------------------------------------------- one family each
/// An axis outside brackets that the output leaves out is kept, if the output is otherwise that of the
/// brackets: "a [b] c -> a" is "a [b] c -> a c" (operations.md 17, row 28; the executed cases want it).
void keep_left_out(Draft& draft) {
  const NodePtr rest = drop_bracketed(draft.inputs[0]);
  const auto items = [](const NodePtr& node) {
    return node->kind == Kind::List ? node->children : std::vector<NodePtr>{node};
  };
  const std::vector<NodePtr> kept = items(rest), written = items(draft.outputs[0]);
  const auto plain = [](const NodePtr& n) {
    return n->kind == Kind::Axis || (n->kind == Kind::Ellipsis && n->children[0]->kind == Kind::Axis);
  };
  if (!std::all_of(kept.begin(), kept.end(), plain)) return;
  auto next = written.begin();
  for (const NodePtr& item : kept)
    if (next != written.end() && text(**next) == text(*item)) ++next;
  if (next == written.end()) draft.outputs = {rest};
}

void prepare_reduce(Draft& draft) {
  draft.inputs[0] = brackets_outside_ellipses(draft.inputs[0]);
  if (draft.rules.op != "vmap") {
    Names both = names_in(draft.outputs, true);
    const Names marked = names_in(draft.inputs, true);
    std::erase_if(both, [&](const std::string& name) { return !marked.count(name); });
    if (both.empty()) draft.outputs[0] = strip_brackets(draft.outputs[0]);  // they only say what is new there
  }
  if (draft.rules.op == "vmap") {  // a literal 1 that vanishes is the sub-tensor then
    if (!any_brackets(draft.inputs)) draft.inputs[0] = bracket_where(draft.inputs[0], is_one);
    return;
  }
  if (draft.arrow && any_brackets(draft.inputs) && !is_vmap(draft.rules)) keep_left_out(draft);
  if (!any_brackets(draft.inputs))
    draft.inputs[0] = bracket_where(draft.inputs[0], not_among(all_names(draft.outputs)));
  if (!any_brackets(draft.inputs)) raise_nothing_reduced(draft);
}

/// Without brackets the whole tensor is meant. roll then rolls it as one flat axis, which the tracer does.
void prepare_preserve(Draft& draft, Rules& rules) {
  for (auto* side : {&draft.inputs, &draft.outputs})
    for (NodePtr& tree : *side) tree = without_bracketed_ones(brackets_outside_ellipses(tree));
  if (any_brackets(draft.inputs) || rules.op == "vmap" || !rules.reserved.empty()) return;
  const Names inside = all_names(draft.inputs);
  draft.inputs[0] = bracket_where(draft.inputs[0], [](const Node& axis) { return !is_one(axis); });
  draft.outputs[0] = bracket_where(
      draft.outputs[0], [&](const Node& axis) { return !is_number(axis) && inside.count(axis.name); });
  rules.merge_bracketed = true;
}

void prepare_einsum(Draft& draft, Rules& rules) {
  for (NodePtr& input : draft.inputs) input = brackets_outside_ellipses(input);
  if (any_brackets(draft.inputs)) return;
  const Names kept = all_names(draft.outputs);
  for (NodePtr& input : draft.inputs) input = bracket_where(input, not_among(kept));
  rules.merge_bracketed = true;
}

void prepare_index(Draft& draft) {
  std::vector<Span> ones, unknown;
  for (const Occurrence& o : axes_in(*draft.inputs[0]))
    if (is_number(*o.axis) && o.axis->number == 1) ones.push_back(o.axis->span);
  if (!ones.empty())
    raise<SemanticError>(
        draft.call, "unnamed-axis",
        "The tensor of " + draft.rules.op + " cannot have an axis 1 without a name in einx 0.3.", ones,
        {"Give the axis a name."});
  if (draft.rules.family != Family::UpdateAt) return;
  draft.outputs[0] = bracket_names(draft.outputs[0], names_in({draft.inputs[0]}, true));
  const Names known = all_names({draft.inputs.begin(), draft.inputs.end() - 1});
  for (const Occurrence& o : axes_in(*draft.inputs.back()))
    if (is_number(*o.axis) ? o.axis->number != 1 : !known.count(o.axis->name))
      unknown.push_back(o.axis->span);
  if (!unknown.empty())
    raise<SemanticError>(
        draft.call, "update-axis",
        "Every axis of the updates has to be one of the tensor or of the coordinates in einx 0.3.", unknown);
}

void prepare_elementwise(Draft& draft) {
  if (draft.rules.op != "vmap") return;
  for (auto* side : {&draft.inputs, &draft.outputs})
    for (NodePtr& tree : *side) tree = strip_brackets(tree);
}

void prepare(Draft& draft, Rules& rules) {
  switch (rules.family) {
    case Family::Reduce:
      return prepare_reduce(draft);
    case Family::Preserve:
      return prepare_preserve(draft, rules);
    case Family::Einsum:
      return prepare_einsum(draft, rules);
    case Family::GetAt:
    case Family::UpdateAt:
      return prepare_index(draft);
    case Family::Elementwise:
      return prepare_elementwise(draft);
    default:
      return;
  }
}

// ---------------------------------------------------------------- what all have in common
NodePtr make_node(Kind kind, std::vector<NodePtr> children) {
  Node node;
  node.kind = kind;
  node.children = std::move(children);
  return std::make_shared<const Node>(std::move(node));
}

/// Numbers never pair, not even with the copies that lifting and left-out outputs make.
NodePtr with_fresh_numbers(const NodePtr& node, int& next) {
  return transform(node, [&](const NodePtr& n) -> NodePtr {
    return is_number(*n) && n->kind == Kind::Axis ? make_number(n->number, next--, n->span) : nullptr;
  });
}

void check_keepdims(const Draft& draft) {
  if (draft.rules.keepdims && draft.arrow)
    raise<ValueError>(draft.call, "bad-parameter", "keepdims cannot be given together with '->' in einx 0.3.",
                      arrow_spans(draft.call.text));
}

}  // namespace

Expanded read_einx03(std::string_view text, const Rules& given, std::span<const Operand> operands,
                     std::span<const Constraint> constraints) {
  const Parsed parsed = parse_einx03(text);
  Rules rules = dialect_rules(given);
  Draft draft{{parsed.text, operands, constraints}, rules, {}, {}, parsed.root->children.size() == 2};
  draft.inputs = parsed.root->children[0]->children;
  if (draft.arrow) draft.outputs = parsed.root->children[1]->children;
  const bool reduce_copy = rules.family == Family::Reduce && !draft.arrow;  // keeps the numbers of its input

  check_concatenation(draft);
  check_keepdims(draft);
  expand_second_operand(draft, int(operands.size()));
  check_counts(draft);
  imply_output_03(draft);
  prepare(draft, rules);
  check_bracket_consistency(parsed.text, *make_node(Kind::Op, {make_node(Kind::Args, draft.inputs),
                                                               make_node(Kind::Args, draft.outputs)}));
  check_brackets(draft);
  int next = -2;  // ids that neither the parser nor the implied [k] of argmax gives
  for (NodePtr& output : draft.outputs)
    if (!reduce_copy) output = with_fresh_numbers(output, next);
  return {parsed.text, std::move(rules), std::move(draft.inputs), std::move(draft.outputs)};
}

}  // namespace einx::detail::notation
