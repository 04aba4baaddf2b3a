#include "script/tokens.h"

#include <algorithm>
#include <array>

#include "support/support.h"

namespace einx::detail::script {
namespace {

constexpr std::size_t kShownLine =
    400;  // bytes; of a longer line only the surroundings of the mistake are shown
constexpr std::size_t kMaxBlocks = 100;

constexpr std::array kReserved = {"def",   "return",   "if",   "elif", "else", "while", "for",  "in",
                                  "break", "continue", "pass", "and",  "or",   "not",   "true", "false",
                                  "True",  "False",    "inf",  "nan",  "none", "self"};
// The longest ones first: the first that fits is taken.
constexpr std::array<std::string_view, 32> kSigns = {
    "**=", "//=", "...", "->", "**", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "(",
    ")",   "[",   "]",   ",",  ":",  "=",  "+",  "-",  "*",  "/",  "%",  "<",  ">",  ".",  ";",  "@"};

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool word(char c) { return letter(c) || digit(c); }

std::size_t word_length(std::string_view text) {
  return std::size_t(std::ranges::find_if_not(text, word) - text.begin());
}

std::string_view line_of(std::string_view text, int number) {
  for (; number > 1; --number) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, std::min(text.find('\n'), text.size()));
}

/// Bytes of so many code points.
std::size_t bytes_of(std::string_view line, int columns) {
  std::size_t at = 0;
  for (; at < line.size() && columns > 0; --columns) {
    ++at;
    while (at < line.size() && continuation(line[at])) ++at;
  }
  return at;
}

}  // namespace

void fail_at(std::string_view text, const Place& place, const std::string& sentence,
             const std::string& advice) {
  std::string line(line_of(text, place.line));
  if (line.ends_with('\r')) line.pop_back();
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  int caret = place.column - 1;
  if (line.size() > kShownLine) {
    const std::size_t at = bytes_of(line, caret);
    std::size_t start = at > kShownLine / 2 ? at - kShownLine / 2 : 0;
    while (start > 0 && continuation(line[start])) --start;
    caret =
        int(std::ranges::count_if(line.substr(start, at - start), [](char c) { return !continuation(c); }));
    line = line.substr(start, kShownLine);
  }
  if (caret >= std::ranges::count_if(line, [](char c) { return !continuation(c); }))
    line += ' ';  // for a caret behind the end
  support::raise<SyntaxError>({.kind = "script-text",
                               .sentence = "line " + std::to_string(place.line) + ", column " +
                                           std::to_string(place.column) + ": " + sentence,
                               .pattern = line,
                               .show_pattern = true,
                               .underline = {{caret, caret + 1}},
                               .advice = advice.empty() ? std::vector<std::string>{} : std::vector{advice}});
}

bool reserved(std::string_view word) { return std::ranges::find(kReserved, word) != kReserved.end(); }

void Tokens::advance(std::size_t bytes) {
  for (const char c : text_.substr(at_, bytes)) {
    if (c == '\n')
      place_ = {place_.line + 1, 1};
    else if (!continuation(c))
      ++place_.column;
  }
  at_ += bytes;
}

Token Tokens::take(Token::Kind kind, std::size_t length) {
  const Token token{kind, text_.substr(at_, length), place_};
  advance(length);
  return token;
}

/// Spaces and comments, and between parentheses also the ends of lines.
void Tokens::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#')
      advance(std::min(rest().find('\n'), rest().size()));
    else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && open_ > 0))
      advance(1);
    else
      return;
  }
}

/// At the beginning of a line: whether blocks begin or end there.
bool Tokens::begin_line(Token& token) {
  while (true) {
    const std::size_t spaces = std::min(rest().find_first_not_of(' '), rest().size());
    const std::size_t first = at_ + std::min(rest().find_first_not_of(" \t\r"), rest().size());
    if (first < text_.size() && (text_[first] == '\n' || text_[first] == '#')) {
      const std::size_t end = rest().find('\n');
      advance(end == std::string_view::npos ? rest().size() : end + 1);
      continue;
    }
    advance(spaces);
    break;
  }
  if (rest().starts_with('\t') && rest().find_first_not_of(" \t\r") != std::string_view::npos)
    fail_at(text_, place_, "expected spaces, not a tab, before a statement");
  if (rest().find_first_not_of(" \t\r") == std::string_view::npos) advance(rest().size());
  fresh_ = false;
  const int column = at_ == text_.size() ? 0 : place_.column - 1;
  token = {Token::Kind::Indent, rest().substr(0, 0), place_};
  if (column > indents_.back()) {
    if (indents_.size() > kMaxBlocks)
      fail_at(text_, place_, "expected blocks nested at most " + std::to_string(kMaxBlocks) + " deep");
    indents_.push_back(column);
    return true;
  }
  for (; column < indents_.back(); indents_.pop_back()) ++dedents_;
  if (column != indents_.back())
    fail_at(text_, place_, "expected the indentation of one of the blocks around");
  return false;
}

Token Tokens::next() {
  Token token;
  if (fresh_ && begin_line(token)) return token;
  if (dedents_ > 0) {
    --dedents_;
    return {Token::Kind::Dedent, rest().substr(0, 0), place_};
  }
  skip_blanks();
  if (at_ == text_.size()) {
    if (open_ > 0 || indents_.size() == 1) return {Token::Kind::End, rest(), place_};
    fresh_ = true;  // blocks end here, too
    return {Token::Kind::Line, rest(), place_};
  }
  const char c = text_[at_];
  if (c == '\n') {
    fresh_ = true;
    return take(Token::Kind::Line, 1);
  }
  if (letter(c)) return name();
  if (digit(c)) return number();
  if (c == '"') return quoted();
  return sign();
}

Token Tokens::name() {
  const std::string_view text = rest();
  std::size_t length = word_length(text);
  while (length + 1 < text.size() && text[length] == '.' && word(text[length + 1]))
    length += 1 + word_length(text.substr(length + 1));
  return take(Token::Kind::Name, length);
}

Token Tokens::number() {
  const std::string_view text = rest();
  const bool hex = text.starts_with("0x");
  std::size_t length = 0;
  while (length < text.size()) {
    const char c = text[length];
    const bool exponent =
        !hex && (c == '+' || c == '-') && (text[length - 1] == 'e' || text[length - 1] == 'E');
    if (!word(c) && !(c == '.' && !text.substr(length).starts_with("..")) && !exponent) break;
    ++length;
  }
  return take(Token::Kind::Digits, length);
}

Token Tokens::quoted() {
  const std::string_view text = rest();
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"' && text[end] != '\n')
    end += text[end] == '\\' && end + 1 < text.size() && text[end + 1] != '\n' ? 2 : 1;
  if (end >= text.size() || text[end] != '"')
    fail_at(text_, place_, "this quotation mark is not closed in its line");
  Token token = take(Token::Kind::String, end + 1);
  token.text = token.text.substr(1, end - 1);
  return token;
}

Token Tokens::sign() {
  const auto found =
      std::ranges::find_if(kSigns, [&](std::string_view sign) { return rest().starts_with(sign); });
  if (found == kSigns.end()) {
    const bool quote = text_[at_] == '\'';
    fail_at(text_, place_,
            quote ? "expected a text in double quotation marks" : "this sign means nothing here");
  }
  if (*found == "(" || *found == "[") ++open_;
  if ((*found == ")" || *found == "]") && --open_ < 0)
    fail_at(text_, place_, "this '" + std::string(*found) + "' closes nothing");
  return take(Token::Kind::Sign, found->size());
}

}  // namespace einx::detail::script
