// Recursive descent over token ranges: `->`, `,`, `+`, space, postfix `...` from the loosest to the tightest
// (notation.md 2).
#include <charconv>

#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

using Tok = Token::Kind;

struct Range {
  int begin, end;
};

bool opens(Tok kind) { return kind == Tok::Open || kind == Tok::OpenBracket; }
bool closes(Tok kind) { return kind == Tok::Close || kind == Tok::CloseBracket; }

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Token>& tokens)
      : text_(text), tokens_(tokens), partner_(tokens.size(), -1) {
    match_delimiters();
  }
  NodePtr expression(Range range, bool in_group);

 private:
  void match_delimiters();
  bool has(Range range, Tok separator) const;
  std::vector<Range> split(Range range, Tok separator) const;
  Range trimmed(Range range) const;
  Span span_of(Range range) const;
  NodePtr arguments(Range range, bool in_group);
  NodePtr sum(Range range, bool in_group);
  void check_operands(const std::vector<Range>& ranges, const std::vector<NodePtr>& operands) const;
  NodePtr list(Range range);
  NodePtr item(Range range);
  NodePtr primary(int at);
  bool is_item(Range range) const;

  std::string_view text_;
  const std::vector<Token>& tokens_;
  std::vector<int> partner_;  // of an opening token: its closing one
  int next_id_ = 1;
  int brackets_ = 0;  // open around what is being parsed
};

void Parser::match_delimiters() {
  std::vector<int> open;
  for (int i = 0; i < int(tokens_.size()); ++i) {
    const Token& token = tokens_[i];
    if (opens(token.kind)) {
      open.push_back(i);
      if (int(open.size()) > kMaxNesting)
        raise_syntax(text_, "pattern-too-large",
                     "Groups and brackets may be nested " + std::to_string(kMaxNesting) + " deep.",
                     {token.span});
    } else if (closes(token.kind)) {
      const bool fits =
          !open.empty() && (tokens_[open.back()].kind == Tok::Open) == (token.kind == Tok::Close);
      if (!fits) {
        std::vector<std::string> advice;
        if (!open.empty())
          advice.push_back(std::string("The innermost open delimiter here is '") +
                           std::string(tokens_[open.back()].text) + "'.");
        raise_syntax(text_, "unmatched-close",
                     "'" + std::string(token.text) + "' closes nothing that is open.", {token.span}, advice);
      }
      partner_[open.back()] = i;
      open.pop_back();
    }
  }
  if (!open.empty()) {
    const Token& token = tokens_[open.back()];
    raise_syntax(text_, "unclosed-open", "'" + std::string(token.text) + "' is never closed.", {token.span});
  }
}

bool Parser::has(Range range, Tok separator) const {
  for (int i = range.begin; i < range.end; ++i) {
    if (partner_[i] >= 0)
      i = partner_[i];
    else if (tokens_[i].kind == separator)
      return true;
  }
  return false;
}

// Parts between the separators that are not inside a group or bracket.
std::vector<Range> Parser::split(Range range, Tok separator) const {
  std::vector<Range> parts;
  int begin = range.begin;
  for (int i = range.begin; i < range.end; ++i) {
    if (partner_[i] >= 0) {
      i = partner_[i];
    } else if (tokens_[i].kind == separator) {
      parts.push_back({begin, i});
      begin = i + 1;
    }
  }
  parts.push_back({begin, range.end});
  return parts;
}

Range Parser::trimmed(Range range) const {
  while (range.begin < range.end && tokens_[range.begin].kind == Tok::Space) ++range.begin;
  while (range.begin < range.end && tokens_[range.end - 1].kind == Tok::Space) --range.end;
  return range;
}

Span Parser::span_of(Range range) const {
  range = trimmed(range);
  if (range.begin >= range.end) return {};
  return {tokens_[range.begin].span.begin, tokens_[range.end - 1].span.end};
}

NodePtr Parser::expression(Range range, bool in_group) {
  if (!has(range, Tok::Arrow)) return arguments(range, in_group);
  const std::vector<Range> parts = split(range, Tok::Arrow);
  Node node;
  node.kind = Kind::Op;
  node.span = span_of(range);
  for (const Range& part : parts) node.children.push_back(arguments(part, false));
  return std::make_shared<const Node>(std::move(node));
}

NodePtr Parser::arguments(Range range, bool in_group) {
  if (!has(range, Tok::Comma)) return sum(range, in_group);
  const std::vector<Range> parts = split(range, Tok::Comma);
  Node node;
  node.kind = Kind::Args;
  node.span = span_of(range);
  for (const Range& part : parts) node.children.push_back(sum(part, false));
  return std::make_shared<const Node>(std::move(node));
}

NodePtr Parser::sum(Range range, bool in_group) {
  if (!has(range, Tok::Plus)) return list(range);
  const std::vector<Range> parts = split(range, Tok::Plus);
  std::vector<NodePtr> operands;
  operands.reserve(parts.size());
  for (const Range& part : parts) operands.push_back(list(part));
  check_operands(parts, operands);
  if (!in_group)
    raise_syntax(text_, "concat-without-parens",
                 "A concatenation with '+' has to stand alone in parentheses.", {span_of(range)},
                 {"Write (" + text(operands, {}, false) + ") with '+' between the parts."});
  return make_concat(std::move(operands), span_of(range));
}

void Parser::check_operands(const std::vector<Range>& ranges, const std::vector<NodePtr>& operands) const {
  std::vector<Span> spans;
  bool bad = false;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i > 0) spans.push_back(tokens_[ranges[i].begin - 1].span);
    const Kind kind = operands[i]->kind;
    if (kind == Kind::Axis || kind == Kind::Flattened) continue;
    bad = true;
    const Range range = trimmed(ranges[i]);
    const bool between = i > 0 && i + 1 < operands.size();
    if (range.begin < range.end)
      spans.push_back(kind == Kind::Concat ? operands[i]->span : span_of(range));
    else if (between && ranges[i].begin < ranges[i].end)
      spans.push_back(tokens_[ranges[i].begin].span);
  }
  if (bad)
    raise_syntax(text_, "bad-concat-operand",
                 "Each part of a concatenation has to be an axis, a number or a group in parentheses.", spans,
                 {"Put several axes of one part in parentheses: (a + (b c))."});
}

NodePtr Parser::list(Range range) {
  std::vector<NodePtr> items;
  for (const Range& part : split(range, Tok::Space))
    if (part.begin < part.end) items.push_back(item(part));
  return make_list(std::move(items), span_of(range));
}

// Where the primary that begins at the range ends: one token, or a delimited run.
bool Parser::is_item(Range range) const {
  const int first = range.begin;
  if (tokens_[first].kind == Tok::Dots)
    return range.end - first <= 2 && tokens_[range.end - 1].kind == Tok::Dots;
  const int after = (partner_[first] >= 0 ? partner_[first] : first) + 1;
  return after == range.end || (after + 1 == range.end && tokens_[after].kind == Tok::Dots);
}

NodePtr Parser::item(Range range) {
  const Span span{tokens_[range.begin].span.begin, tokens_[range.end - 1].span.end};
  if (!is_item(range))
    raise_syntax(text_, "missing-whitespace",
                 "Axes, groups and brackets that stand side by side are separated by spaces.", {span});
  if (tokens_[range.begin].kind != Tok::Dots) {
    const NodePtr inner = primary(range.begin);
    return tokens_[range.end - 1].kind == Tok::Dots ? make_ellipsis(inner, next_id_++, span) : inner;
  }
  NodePtr node = make_axis(kAnonymous, {span.begin, span.begin});
  for (int i = range.begin; i < range.end; ++i)
    node = make_ellipsis(node, next_id_++, {span.begin, tokens_[i].span.end});
  return node;
}

NodePtr Parser::primary(int at) {
  const Token& token = tokens_[at];
  if (token.kind == Tok::Name) return make_axis(std::string(token.text), token.span);
  if (token.kind == Tok::Number) {
    std::int64_t value = 0;
    const auto result = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    return make_number(result.ec == std::errc() ? value : kHugeNumber, next_id_++, token.span);
  }
  const Range inside{at + 1, partner_[at]};
  const Span span{token.span.begin, tokens_[partner_[at]].span.end};
  if (token.kind == Tok::Open) return make_group(expression(inside, true), span);
  ++brackets_;
  NodePtr child = expression(inside, false);
  --brackets_;
  return brackets_ > 0 ? child
                       : make_brackets(std::move(child), span);  // inside brackets, brackets say nothing new
}

}  // namespace

NodePtr parse_tokens(std::string_view text, const std::vector<Token>& tokens) {
  return Parser(text, tokens).expression({0, int(tokens.size())}, false);
}

Parsed parse(std::string_view text) {
  const std::vector<Token> tokens = lex(text);
  return {std::string(text), lift(text, parse_tokens(text, tokens))};
}

}  // namespace einx::detail::notation
