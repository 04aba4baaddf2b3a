// Words and terms of einops (notation.md 9.1). Parentheses separate by themselves, groups do not nest.
#include "notation/einops_terms.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

using Tok = EinopsToken::Kind;

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool in_word(char32_t c) { return c == '_' || is_digit(c) || is_letter(c); }

struct Sign {
  std::string_view text;
  Tok kind;
};
constexpr Sign kSigns[] = {{"->", Tok::Arrow}, {"...", Tok::Dots}, {"(", Tok::Open},
                           {")", Tok::Close},  {",", Tok::Comma},  {"*", Tok::Star}};

const Sign* sign_at(std::string_view rest) {
  const auto* found = std::find_if(std::begin(kSigns), std::end(kSigns),
                                   [&](const Sign& sign) { return rest.starts_with(sign.text); });
  return found == std::end(kSigns) ? nullptr : found;
}

std::vector<std::string> advice_for(std::string_view word) {
  if (word == ".") return {"An ellipsis has three dots: '...'."};
  if (word == "-" || word == ">") return {"The arrow is written '->'."};
  if (word == "[" || word == "]" || word == "+")
    return {"Brackets and '+' are einx's own notation: call einx::id or einx::sum for them."};
  if (word == "\t" || word == "\n" || word == "\r") return {"Only the plain space separates axes."};
  return {};
}

/// Adjacent words, ellipses and stars: `a...`, `......`.
void check_glue(std::string_view text, const std::vector<EinopsToken>& tokens) {
  const auto glues = [](const EinopsToken& t) {
    return t.kind == Tok::Word || t.kind == Tok::Dots || t.kind == Tok::Star;
  };
  for (std::size_t begin = 0; begin < tokens.size(); ++begin) {
    std::size_t end = begin;
    while (end + 1 < tokens.size() && glues(tokens[end]) && glues(tokens[end + 1]) &&
           tokens[end].span.end == tokens[end + 1].span.begin)
      ++end;
    if (end > begin)
      raise_syntax(text, "invalid-token",
                   "An ellipsis or a star stands alone, between spaces or parentheses.",
                   {{tokens[begin].span.begin, tokens[end].span.end}});
  }
}

}  // namespace

std::vector<EinopsToken> lex_einops(std::string_view text) {
  check_length(text);
  std::vector<EinopsToken> tokens;
  int column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const int first = column;
    if (text[at] == ' ') {
      ++at, ++column;
      continue;
    }
    if (const Sign* sign = sign_at(text.substr(at))) {
      at += sign->text.size();
      column += int(sign->text.size());
      tokens.push_back({sign->kind, {first, column}, sign->text});
      continue;
    }
    for (CodePoint c = code_point_at(text, at); in_word(c.value); c = code_point_at(text, at)) {
      at += std::size_t(c.bytes);
      ++column;
      if (at == text.size()) break;
    }
    if (at == begin) {
      const std::string_view bad = text.substr(at, std::size_t(code_point_at(text, at).bytes));
      raise_syntax(text, "invalid-token", "'" + std::string(bad) + "' is no character of an einops pattern.",
                   {{first, first + 1}}, advice_for(bad));
    }
    tokens.push_back({Tok::Word, {first, column}, text.substr(begin, at - begin)});
  }
  check_glue(text, tokens);
  return tokens;
}

EinopsSides split_einops(const Call& call, bool several_inputs) {
  const std::vector<EinopsToken> tokens = lex_einops(call.text);
  EinopsSides sides;
  sides.inputs.emplace_back();
  std::vector<Span> arrows;
  for (const EinopsToken& token : tokens) {
    if (token.kind == Tok::Arrow)
      arrows.push_back(token.span);
    else if (!arrows.empty())
      sides.output.push_back(token);
    else if (token.kind == Tok::Comma && several_inputs)
      sides.inputs.emplace_back();
    else
      sides.inputs.back().push_back(token);
  }
  if (arrows.empty())
    raise<SemanticError>(call, "missing-output", "An einops pattern needs '->' and an output.", {},
                         {"Add '->' and the axes of the result."});
  if (arrows.size() > 1)
    raise_syntax(call.text, "multiple-arrows", "An einops pattern has exactly one '->'.", arrows);
  return sides;
}

namespace {

class TermReader {
 public:
  TermReader(const Call& call, const EinopsTermRules& rules) : call_(call), rules_(rules) {}

  EinopsTerm read(std::span<const EinopsToken> tokens) {
    for (const EinopsToken& token : tokens) {
      switch (token.kind) {
        case Tok::Word:
        case Tok::Dots:
          add(token);
          break;
        case Tok::Open:
          open(token);
          break;
        case Tok::Close:
          close(token);
          break;
        default:
          syntax("invalid-token", "'" + std::string(token.text) + "' has no meaning here.", {token.span});
      }
    }
    if (group_) syntax("unclosed-open", "This parenthesis is never closed.", {open_});
    check_ellipses();
    check_duplicates();
    return std::move(term_);
  }

 private:
  [[noreturn]] void syntax(const char* kind, std::string sentence, std::vector<Span> spans,
                           std::vector<std::string> advice = {}) const {
    raise_syntax(call_.text, kind, std::move(sentence), std::move(spans), std::move(advice));
  }

  void open(const EinopsToken& token) {
    if (group_)
      syntax("invalid-token", "Groups do not nest in einops.", {token.span},
             {"einx::id takes nested groups."});
    open_ = token.span;
    group_.emplace(EinopsItem{{}, true, token.span});
  }

  void close(const EinopsToken& token) {
    if (!group_) syntax("unmatched-close", "This parenthesis has no matching opening one.", {token.span});
    group_->span.end = token.span.end;
    term_.items.push_back(std::move(*group_));
    group_.reset();
  }

  void add(const EinopsToken& token) {
    std::optional<EinopsAxis> axis = axis_of(token);
    if (group_) {
      if (axis) group_->axes.push_back(std::move(*axis));  // a 1 in a group says nothing
      return;
    }
    EinopsItem item{{}, false, token.span};
    if (axis) item.axes.push_back(std::move(*axis));
    term_.items.push_back(std::move(item));
  }

  /// nullopt for the number 1.
  std::optional<EinopsAxis> axis_of(const EinopsToken& token) const {
    const std::string word(token.text);
    if (token.kind == Tok::Dots) return EinopsAxis{EinopsAxis::Kind::Ellipsis, word, 0, token.span};
    if (std::all_of(word.begin(), word.end(), [](char c) { return is_digit(char32_t(c)); }))
      return number_of(token);
    const bool lone = word == "_" && rules_.underscore;
    if (!lone && (word.front() == '_' || word.back() == '_' || is_digit(char32_t(word.front()))))
      syntax("invalid-token", "'" + word + "' is not the name of an axis.", {token.span},
             {"A name begins with a letter and does not end with an underscore."});
    return EinopsAxis{EinopsAxis::Kind::Name, word, 0, token.span};
  }

  std::optional<EinopsAxis> number_of(const EinopsToken& token) const {
    std::int64_t value = 0;
    const auto result = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    if (result.ec != std::errc()) value = kHugeNumber;
    if (value == 0) syntax("invalid-token", "An axis without a name has at least size 1.", {token.span});
    if (value == 1) return std::nullopt;
    return EinopsAxis{EinopsAxis::Kind::Number, std::string(token.text), value, token.span};
  }

  void check_ellipses() const {
    std::vector<Span> all, grouped;
    for_each_axis(term_, [&](const EinopsItem& item, const EinopsAxis& axis) {
      if (axis.kind != EinopsAxis::Kind::Ellipsis) return;
      all.push_back(axis.span);
      if (item.group) grouped.push_back(axis.span);
    });
    if (all.size() > 1) raise<RankError>(call_, "ellipsis-ambiguous", "A tensor has at most one '...'.", all);
    if (!grouped.empty() && !rules_.output)
      raise<RankError>(call_, "ellipsis-ambiguous",
                       "In an input, '...' cannot stand in parentheses: nothing says how many axes it has.",
                       grouped);
  }

  void check_duplicates() const {
    std::map<std::string, std::vector<Span>> places;
    for_each_axis(term_, [&](const EinopsItem&, const EinopsAxis& axis) {
      if (axis.kind == EinopsAxis::Kind::Name && !(rules_.underscore && axis.name == "_" && !rules_.output))
        places[axis.name].push_back(axis.span);
    });
    std::vector<std::string> names;
    std::vector<Span> spans;
    for (const auto& [name, where] : places) {
      if (where.size() < 2 || rules_.duplicates) continue;
      names.push_back(name);
      spans.insert(spans.end(), where.begin(), where.end());
    }
    if (!names.empty())
      raise<SemanticError>(
          call_, rules_.output ? "duplicate-output-axis" : "auto-bracket-duplicate-axis",
          "A name stands once on a side; repeated here: " + quoted(names) + ".", spans,
          {rules_.output ? ""
                         : "einsum takes a name twice in one tensor, and einx::id: both read the diagonal."});
  }

  const Call& call_;
  const EinopsTermRules& rules_;
  EinopsTerm term_;
  std::optional<EinopsItem> group_;
  Span open_;
};

}  // namespace

EinopsTerm read_einops_term(const Call& call, std::span<const EinopsToken> tokens,
                            const EinopsTermRules& rules) {
  return TermReader(call, rules).read(tokens);
}

NodePtr EinopsTrees::leaf(const EinopsAxis& axis) {
  switch (axis.kind) {
    case EinopsAxis::Kind::Name:
      return make_axis(axis.name, axis.span);
    case EinopsAxis::Kind::Number:
      return make_number(axis.number, next_id_++, axis.span);
    case EinopsAxis::Kind::Ellipsis:
      return make_ellipsis(make_axis(kAnonymous, {axis.span.begin, axis.span.begin}), next_id_++, axis.span);
  }
  support::internal_error("an axis of einops is of one of three kinds");
}

NodePtr EinopsTrees::tree(const EinopsTerm& term, const std::function<bool(const EinopsAxis&)>& bracketed) {
  std::vector<NodePtr> dims;
  for (const EinopsItem& item : term.items) {
    std::vector<NodePtr> axes;
    for (const EinopsAxis& axis : item.axes) {
      const NodePtr node = leaf(axis);
      axes.push_back(bracketed(axis) ? make_brackets(node, axis.span) : node);
    }
    NodePtr list = make_list(std::move(axes), item.span);
    const bool alone = !item.group && !item.axes.empty();
    dims.push_back(alone ? list : make_group(std::move(list), item.span));
  }
  return make_list(std::move(dims), {});
}

Expanded full_form(const Call& call, const Rules& rules, std::vector<NodePtr> inputs,
                   std::vector<NodePtr> outputs) {
  Expanded out{std::string(call.text), rules, std::move(inputs), std::move(outputs)};
  out.rules.merge = false;
  return out;
}

}  // namespace einx::detail::notation
