#include <algorithm>
#include <array>

#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

struct Literal {
  std::string_view text;
  Token::Kind kind;
};
// The order matters only for "->" and "...", which are longer than what they begin with.
constexpr std::array<Literal, 9> kLiterals{{{"->", Token::Kind::Arrow},
                                            {",", Token::Kind::Comma},
                                            {"+", Token::Kind::Plus},
                                            {" ", Token::Kind::Space},
                                            {"(", Token::Kind::Open},
                                            {"[", Token::Kind::OpenBracket},
                                            {")", Token::Kind::Close},
                                            {"]", Token::Kind::CloseBracket},
                                            {"...", Token::Kind::Dots}}};

const Literal* literal_at(std::string_view rest) {
  for (const Literal& literal : kLiterals)
    if (rest.starts_with(literal.text)) return &literal;
  return nullptr;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool legal_name(std::string_view word) {
  return is_letter(word[0]) &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_letter(c) || is_digit(c); });
}
bool legal_number(std::string_view word) { return std::all_of(word.begin(), word.end(), is_digit); }

// A column is a code point: continuation bytes do not count. Stray bytes of broken UTF-8 do no harm: no word
// may hold them.
int columns(std::string_view bytes) {
  return int(std::count_if(bytes.begin(), bytes.end(),
                           [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> advice_for(std::string_view word) {
  if (word == "|") return {"The separator '|' of older versions is written '->'."};
  if (word == "." || word == "..") return {"An ellipsis has three dots: '...'."};
  if (word == "-" || word == ">" || word == "=>" || word == "<-") return {"The arrow is written '->'."};
  if (is_digit(word[0]) &&
      std::all_of(word.begin(), word.end(), [](char c) { return is_letter(c) || is_digit(c); }))
    return {"A name cannot begin with a digit."};
  if (word.find_first_of("\t\n\r") != std::string_view::npos) return {"Only the plain space separates axes."};
  return {"An axis is a name of letters, digits and underscores, or a number."};
}

}  // namespace

std::vector<Token> lex(std::string_view text, bool bar) {
  if (text.size() > kMaxText) {
    support::Report report;
    report.kind = "pattern-too-large";
    report.sentence = "The expression has " + std::to_string(text.size()) + " bytes; at most " +
                      std::to_string(kMaxText) + " are allowed.";
    support::raise<SyntaxError>(report);
  }
  std::vector<Token> tokens;
  tokens.reserve(text.size() / 2 + 4);
  int column = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (const Literal* literal = literal_at(text.substr(at))) {
      const int width = int(literal->text.size());
      tokens.push_back({literal->kind, {column, column + width}, literal->text});
      column += width;
      at += literal->text.size();
      continue;
    }
    if (bar && text[at] == '|') {
      tokens.push_back({Token::Kind::Arrow, {column, column + 1}, text.substr(at, 1)});
      ++column, ++at;
      continue;
    }
    std::size_t end = at + 1;  // '|' is a literal without a meaning: a word of its own
    while (text[at] != '|' && end < text.size() && text[end] != '|' && !literal_at(text.substr(end))) ++end;
    const std::string_view word = text.substr(at, end - at);
    const Span span{column, column + columns(word)};
    const bool name = legal_name(word);
    if (!name && !legal_number(word))
      raise_syntax(text, "invalid-token",
                   "'" + std::string(word) + "' is not an axis name, a number or an operator.", {span},
                   advice_for(word));
    tokens.push_back({name ? Token::Kind::Name : Token::Kind::Number, span, word});
    column = span.end;
    at = end;
  }
  return tokens;
}

std::vector<Span> arrow_spans(std::string_view text) {
  std::vector<Span> spans;
  int column = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int width = text[at] == '|' ? 1 : text.substr(at, 2) == "->" ? 2 : 0;
    if (width > 0) spans.push_back({column, column + width});
    column += columns(text.substr(at, 1));
  }
  return spans;
}

}  // namespace einx::detail::notation
