// pack and unpack of einops (notation.md 9.3): concatenations of groups, one a tensor, in the place of the
// star.
#include <map>

#include "notation/einops_terms.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

struct PackPattern {
  std::vector<NodePtr> before, after;
  Span star;
  std::size_t axes() const { return before.size() + after.size(); }
};

class PatternReader {
 public:
  explicit PatternReader(const Call& call) : call_(call) {}

  PackPattern read() {
    for (const EinopsToken& token : lex_einops(call_.text)) take(token);
    if (stars_.size() != 1)
      raise_syntax(call_.text, "invalid-token",
                   "The pattern has one '*' in the place of the packed axes, not " +
                       std::to_string(stars_.size()) + ".",
                   stars_);
    std::vector<Span> repeated;
    for (const auto& [name, places] : places_)
      if (places.size() > 1) repeated.insert(repeated.end(), places.begin(), places.end());
    if (!repeated.empty())
      raise<SemanticError>(call_, "auto-bracket-duplicate-axis", "The names of a pattern are all different.",
                           repeated);
    pattern_.star = stars_[0];
    return std::move(pattern_);
  }

 private:
  void take(const EinopsToken& token) {
    switch (token.kind) {
      case EinopsToken::Kind::Star:
        stars_.push_back(token.span);
        break;
      case EinopsToken::Kind::Arrow:
        raise_syntax(call_.text, "arrow-not-allowed",
                     "A packing pattern describes one tensor and has no '->'.", {token.span});
      case EinopsToken::Kind::Word:
        name(token);
        break;
      default:
        refuse(token);
    }
  }

  [[noreturn]] void refuse(const EinopsToken& token) const {
    raise_syntax(call_.text, "invalid-token", "A packing pattern has names and one '*' only.", {token.span});
  }

  void name(const EinopsToken& token) {
    const std::string name(token.text);
    if (name.front() == '_' || name.back() == '_' || (name.front() >= '0' && name.front() <= '9'))
      refuse(token);
    places_[name].push_back(token.span);
    (stars_.empty() ? pattern_.before : pattern_.after).push_back(make_axis(name, token.span));
  }

  const Call& call_;
  PackPattern pattern_;
  std::vector<Span> stars_;
  std::map<std::string, std::vector<Span>> places_;
};

NodePtr around(const PackPattern& pattern, std::vector<NodePtr> middle) {
  std::vector<NodePtr> dims = pattern.before;
  dims.insert(dims.end(), middle.begin(), middle.end());
  dims.insert(dims.end(), pattern.after.begin(), pattern.after.end());
  return make_list(std::move(dims), {});
}

/// The packed dimension: a group for each tensor, one after the other.
NodePtr packed(const PackPattern& pattern, const std::vector<std::vector<NodePtr>>& middles) {
  std::vector<NodePtr> groups;
  for (const std::vector<NodePtr>& middle : middles)
    groups.push_back(make_group(make_list(middle, pattern.star), pattern.star));
  return groups.size() == 1 ? groups[0] : make_concat(std::move(groups), pattern.star);
}

/// The number in front counts the packed axes of a call, so that names differ; no user can write it.
std::string packed_name(int number) { return "*" + std::to_string(number); }

}  // namespace

Expanded read_pack(const Call& call, const Rules& rules) {
  const PackPattern pattern = PatternReader(call).read();
  check_sizes(call, {});
  int axes = 0;
  std::vector<std::vector<NodePtr>> middles;
  std::vector<NodePtr> inputs;
  for (std::size_t k = 0; k < call.operands.size(); ++k) {
    const std::optional<Shape>& shape = call.operands[k].shape;
    if (!shape) support::raise<TypeError>(report(call, "operand-kind", "pack takes tensors.", {}));
    if (shape->size() < pattern.axes())
      raise<RankError>(call, "ndim-mismatch",
                       "Operand #" + std::to_string(k + 1) + " has " +
                           counted(std::int64_t(shape->size()), "axis", "axes") +
                           ", but the pattern needs at least " + std::to_string(pattern.axes()) + ".",
                       {});
    std::vector<NodePtr> middle;
    for (std::size_t i = pattern.axes(); i < shape->size(); ++i)
      middle.push_back(make_axis(packed_name(++axes), pattern.star));
    inputs.push_back(around(pattern, middle));
    middles.push_back(std::move(middle));
  }
  if (middles.empty()) raise<ValueError>(call, "num-tensors", "pack needs at least one tensor.", {});
  return full_form(call, rules, std::move(inputs), {around(pattern, {packed(pattern, middles)})});
}

namespace {

/// The axes of one packed shape: a size each, and -1 for one that the solver finds.
std::vector<NodePtr> axes_of_shape(const Call& call, const Constraint& shape, Span star, int& next,
                                   int& unknown) {
  if (!shape.not_integer.empty() || shape.dims.size() != 1)
    raise<ValueError>(call, "constraint-not-integer", "A packed shape is a list of integers.", {});
  std::vector<NodePtr> axes;
  for (const std::int64_t size : shape.values) {
    ++next;
    if (size < -1)
      raise<AxisSizeError>(call, "axis-conflict", "A packed shape has sizes, and at most one -1.", {star});
    if (size == -1) ++unknown;
    axes.push_back(size == -1 ? make_axis(packed_name(next), star) : make_number(size, next, star));
  }
  return axes;
}

}  // namespace

Expanded read_unpack(const Call& call, const Rules& rules) {
  const PackPattern pattern = PatternReader(call).read();
  int next = 0, unknown = 0;
  std::vector<std::vector<NodePtr>> middles;
  std::vector<NodePtr> outputs;
  for (const Constraint& shape : call.constraints) {
    middles.push_back(axes_of_shape(call, shape, pattern.star, next, unknown));
    outputs.push_back(around(pattern, middles.back()));
  }
  if (unknown > 1)
    raise<AxisSizeError>(
        call, "axis-ambiguous",
        "At most one size of the packed shapes is -1, but there are " + std::to_string(unknown) + ".",
        {pattern.star});
  if (middles.empty()) {  // there is nothing to compute; the pattern and the tensor are checked all the same
    const NodePtr whole = around(pattern, {make_axis(packed_name(1), pattern.star)});
    return full_form(call, rules, {whole}, {whole});
  }
  return full_form(call, rules, {around(pattern, {packed(pattern, middles)})}, std::move(outputs));
}

}  // namespace einx::detail::notation
