// The einops dialect (notation.md 9): its own rules are checked here, sizes are left to the common solver.
#include <algorithm>
#include <set>

#include "notation/einops_terms.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

using AxisKind = EinopsAxis::Kind;
using Names = std::set<std::string>;

/// Names, and "..." for the ellipsis. A number is an axis that no other term has.
Names identifiers(const EinopsTerm& term) {
  Names found;
  for_each_axis(term, [&](const EinopsItem&, const EinopsAxis& axis) {
    if (axis.kind != AxisKind::Number) found.insert(axis.name);
  });
  return found;
}

bool known(const Names& names, const EinopsAxis& axis) {
  return axis.kind != AxisKind::Number && names.contains(axis.name);
}

/// Raises `kind` for the axes of a term of which `wrong` is true.
template <class Wrong>
void refuse(const Call& call, const EinopsTerm& term, Wrong wrong, const char* kind, const std::string& rule,
            std::vector<std::string> advice = {}) {
  std::vector<std::string> names;
  std::vector<Span> spans;
  for_each_axis(term, [&](const EinopsItem&, const EinopsAxis& axis) {
    if (!wrong(axis)) return;
    names.push_back(axis.name);
    spans.push_back(axis.span);
  });
  if (!names.empty()) raise<SemanticError>(call, kind, rule + quoted(names) + ".", spans, std::move(advice));
}

/// rearrange and repeat keep all axes; rearrange and reduce make none, and repeat cannot make as many as it
/// likes.
void check_sides(const Call& call, const std::string& op, const EinopsTerm& input, const EinopsTerm& output) {
  const Names from = identifiers(input), to = identifiers(output);
  if (op != "reduce")
    refuse(call, input, [&](const EinopsAxis& axis) { return !known(to, axis); },
           "input-axis-missing-in-output", op + " keeps every axis of the input, but the output lacks ",
           {"reduce leaves axes out; a '1' or '()' stands for an axis of size 1 that is to go."});
  const auto is_new = [&](const EinopsAxis& axis) {
    return !known(from, axis) && (op != "repeat" || axis.kind == AxisKind::Ellipsis);
  };
  refuse(
      call, output, is_new, "unknown-output-axis", op + " does not make new axes of this kind: ",
      {"repeat makes new axes with a name and a size, or of a number; a '1' or '()' makes one of size 1."});
}

std::vector<std::string> names_of(std::initializer_list<const EinopsTerm*> terms) {
  Names names;
  for (const EinopsTerm* term : terms) names.merge(identifiers(*term));
  names.erase("...");
  return {names.begin(), names.end()};
}

/// The rules of einops are about the shapes of tensors that are there.
void require_shapes(const Call& call) {
  for (std::size_t k = 0; k < call.operands.size(); ++k)
    if (!call.operands[k].shape)
      support::raise<TypeError>(
          report(call, "operand-kind",
                 "Operand #" + std::to_string(k + 1) + " of an einops call has to be a tensor.", {}));
}

bool nowhere(const EinopsAxis&) { return false; }

/// rearrange, repeat, reduce.
Expanded read_transformation(const Call& call, const Rules& rules) {
  const EinopsSides sides = split_einops(call, false);
  const EinopsTerm input = read_einops_term(call, sides.inputs[0], {});
  const EinopsTerm output = read_einops_term(call, sides.output, {.output = true});
  check_sides(call, rules.op, input, output);
  check_sizes(call, names_of({&input, &output}));
  require_shapes(call);
  const Names to = identifiers(output);
  EinopsTrees trees;
  NodePtr left =
      trees.tree(input, [&](const EinopsAxis& axis) { return rules.op == "reduce" && !known(to, axis); });
  return full_form(call, rules, {std::move(left)}, {trees.tree(output, nowhere)});
}

constexpr std::size_t kMostEinsumNames = 52;  // the letters that einops hands on to the frameworks' einsum

/// Dimensions of einsum are names: groups, numbers and 1 are refused.
ContractionTerm einsum_term(const Call& call, const EinopsTerm& term) {
  ContractionTerm out;
  std::vector<Span> wrong;
  for (const EinopsItem& item : term.items) {
    const bool single = item.axes.size() == 1 && item.axes[0].kind != AxisKind::Number;
    if (!single || (item.group && item.axes[0].kind == AxisKind::Ellipsis)) {
      wrong.push_back(item.span);
      continue;
    }
    const EinopsAxis& axis = item.axes[0];
    out.items.push_back({axis.kind == AxisKind::Ellipsis ? "" : axis.name, axis.span});
  }
  if (!wrong.empty())
    raise_syntax(call.text, "invalid-token", "einsum takes names and '...' only, no groups and no numbers.",
                 wrong, {"Split and compose axes with rearrange, or use einx::dot."});
  return out;
}

Expanded read_einops_einsum(const Call& call, const Rules& rules) {
  const EinopsSides sides = split_einops(call, true);
  Contraction contraction;
  Names names;
  for (const std::vector<EinopsToken>& tokens : sides.inputs) {
    const EinopsTerm term = read_einops_term(call, tokens, {.underscore = true, .duplicates = true});
    contraction.inputs.push_back(einsum_term(call, term));
    names.merge(identifiers(term));
  }
  contraction.output =
      einsum_term(call, read_einops_term(call, sides.output, {.underscore = true, .output = true}));
  names.erase("...");
  if (names.size() > kMostEinsumNames)
    raise_syntax(call.text, "pattern-too-large",
                 "einops.einsum takes up to " + std::to_string(kMostEinsumNames) + " names, not " +
                     std::to_string(names.size()) + ".",
                 {}, {"einx::einsum takes any number."});
  return expand_contraction(call, rules, contraction);
}

/// EinMix as "input, weight -> output": groups on the outside, names in the weight. The bias is one of its
/// calls, too: "output, bias -> output".
Expanded read_mix(const Call& call, const Rules& rules) {
  const EinopsSides sides = split_einops(call, true);
  if (sides.inputs.size() != 2)
    raise_syntax(call.text, "invalid-token", "EinMix has one input and one weight.", {});
  const EinopsTerm input = read_einops_term(call, sides.inputs[0], {});
  const EinopsTerm weight = read_einops_term(call, sides.inputs[1], {});
  const EinopsTerm output = read_einops_term(call, sides.output, {.output = true});
  const auto number = [](const EinopsAxis& axis) { return axis.kind == AxisKind::Number; };
  for (const EinopsTerm* term : {&input, &weight, &output})
    refuse(call, *term, number, "unknown-output-axis", "Every axis of EinMix has a name; numbers here: ");
  for (const EinopsItem& item : weight.items)
    if (item.group || item.axes.size() != 1 || item.is_ellipsis())
      raise_syntax(call.text, "invalid-token", "The weight has axes with names only, no groups, 1 or '...'.",
                   {item.span});
  const Names from = identifiers(input), with = identifiers(weight), to = identifiers(output);
  refuse(
      call, output, [&](const EinopsAxis& axis) { return !known(from, axis) && !known(with, axis); },
      "unknown-output-axis", "The output has axes that neither the input nor the weight has: ");
  refuse(
      call, weight, [&](const EinopsAxis& axis) { return !known(from, axis) && !known(to, axis); },
      "input-axis-missing-in-output",
      "The weight has axes that are neither of the input nor of the output: ");
  refuse(
      call, input,
      [&](const EinopsAxis& axis) { return axis.kind == AxisKind::Ellipsis && !to.contains("..."); },
      "input-axis-missing-in-output", "EinMix keeps the axes of an ellipsis, but the output lacks ");
  check_sizes(call, names_of({&input, &weight, &output}));
  EinopsTrees trees;
  const auto summed = [&](const EinopsAxis& axis) { return !known(to, axis); };
  return full_form(call, rules, {trees.tree(input, summed), trees.tree(weight, summed)},
                   {trees.tree(output, nowhere)});
}

/// A tensor whose axes are named: `_` and `...` skip, numbers are checked.
Expanded read_shape(const Call& call, const Rules& rules) {
  const std::vector<EinopsToken> tokens = lex_einops(call.text);
  for (const EinopsToken& token : tokens)
    if (token.kind == EinopsToken::Kind::Arrow)
      raise_syntax(call.text, "arrow-not-allowed", "parse_shape describes one tensor and has no '->'.",
                   {token.span});
  EinopsTerm term = read_einops_term(call, tokens, {.underscore = true});
  int skipped = 0;
  for (EinopsItem& item : term.items) {
    if (item.axes.size() > 1)
      raise_syntax(call.text, "invalid-token",
                   "parse_shape does not split a dimension: a group has one name at most.", {item.span});
    for (EinopsAxis& axis : item.axes)
      if (axis.name == "_") axis.name += std::to_string(++skipped);
  }
  require_shapes(call);
  EinopsTrees trees;
  return full_form(call, rules, {trees.tree(term, nowhere)}, {});
}

struct FunctionRow {
  std::string_view name;
  Expanded (*read)(const Call&, const Rules&);
};
constexpr FunctionRow kFunctions[] = {
    {"rearrange", read_transformation},
    {"repeat", read_transformation},
    {"reduce", read_transformation},
    {"einsum", read_einops_einsum},
    {"pack", read_pack},
    {"unpack", read_unpack},
    {"parse_shape", read_shape},
    {"EinMix", read_mix},
};

}  // namespace

Expanded read_einops(std::string_view text, const Rules& rules, std::span<const Operand> operands,
                     std::span<const Constraint> constraints) {
  const auto* row = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                 [&](const FunctionRow& r) { return r.name == rules.op; });
  if (row == std::end(kFunctions))
    support::raise<OperationNotSupportedError>(
        {.kind = "unknown-operation",
         .sentence = "einops has no function '" + rules.op + "'.",
         .advice = {"It has rearrange, reduce, repeat, einsum, pack, unpack and parse_shape."}});
  return row->read({text, operands, constraints}, rules);
}

}  // namespace einx::detail::notation
