#include "graph/scan.h"

#include <algorithm>
#include <charconv>

#include "graph/normal.h"
#include "support/support.h"

namespace einx::detail::graph {
namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::size_t kShownLine = 400;  // of a longer line only the surroundings of the mistake are shown

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

int code_points(std::string_view text) {
  return int(std::count_if(text.begin(), text.end(), [](char c) { return !continuation(c); }));
}

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t word_length(std::string_view text) {
  return std::size_t(std::find_if_not(text.begin(), text.end(), word_character) - text.begin());
}

}  // namespace

void graph_text_error(int line_number, std::string_view line, std::size_t column, std::string_view message) {
  column = std::min(column, line.size());
  if (line.size() > kShownLine) {
    const std::size_t start = column > kShownLine / 2 ? column - kShownLine / 2 : 0;
    line = line.substr(start, kShownLine);
    column -= start;
  }
  const int caret = code_points(line.substr(0, column));
  support::raise<SyntaxError>(
      {.kind = "graph-text",
       .sentence = "line " + std::to_string(line_number) + " of the graph's text: " + std::string(message),
       .pattern = std::string(line),
       .show_pattern = true,
       .underline = {{caret, caret + 1}}});
}

std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '"') quoted = !quoted;
    if (line[at] == '#' && !quoted) return line.substr(0, at);
  }
  return line;
}

std::string_view Scanner::rest() {
  while (at_ < line_.size() && kBlank.find(line_[at_]) != kBlank.npos) ++at_;
  return line_.substr(at_);
}

std::size_t Scanner::position() {
  rest();
  return at_;
}

void Scanner::fail(std::string_view message) const {
  const std::size_t column = std::min(line_.find_first_not_of(kBlank, at_), line_.size());
  graph_text_error(number_, shown_, column, message);
}

void Scanner::fail_expected(std::string_view what) const { fail("expected " + std::string(what)); }

bool Scanner::accept(std::string_view token) {
  const std::string_view text = rest();
  if (!text.starts_with(token)) return false;
  if (word_character(token.back()) && word_length(text) != token.size()) return false;
  at_ += token.size();
  return true;
}

void Scanner::expect(std::string_view token, std::string_view what) {
  if (!accept(token)) fail_expected("'" + std::string(token) + "' " + std::string(what));
}

void Scanner::expect_end() {
  if (!rest().empty()) fail_expected("the end of the line");
}

std::string_view Scanner::name(std::string_view what) {
  const std::string_view text = rest();
  const std::string_view word = text.substr(0, word_length(text));
  if (!legal_name(word)) fail_expected(what);
  at_ += word.size();
  return word;
}

std::int64_t Scanner::integer(std::string_view what) {
  const std::string_view text = rest();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) fail_expected(std::string(what) + " (an integer of 64 bits)");
  at_ += std::size_t(end - text.data());
  return value;
}

std::string_view Scanner::quoted(std::string_view what) {
  const std::string_view text = rest();
  if (!text.starts_with('"')) fail_expected(std::string(what) + " in quotation marks");
  const std::size_t end = text.find('"', 1);
  if (end == text.npos) fail("this quotation mark is never closed");
  at_ += end + 1;
  return text.substr(1, end - 1);
}

std::string_view Scanner::element() {
  const std::string_view text = rest();
  std::size_t length = std::min(text.find_first_of(" ,])("), text.size());
  if (text.starts_with("nan(")) length = std::min(text.find(')'), text.size() - 1) + 1;
  at_ += length;
  return text.substr(0, length);
}

std::vector<std::int64_t> Scanner::integers(std::string_view close, std::string_view what) {
  std::vector<std::int64_t> values;
  if (rest().starts_with(close)) return values;
  do values.push_back(integer(what));
  while (accept(","));
  return values;
}

}  // namespace einx::detail::graph
