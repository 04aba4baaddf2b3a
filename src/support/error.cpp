// Lays out error messages (notation.md 7.2): sentence, expression with carets, equations, operands, advice.
#include <algorithm>

#include "support/support.h"

namespace einx::detail::support {
namespace {

constexpr std::string_view kExpression = "Expression: \"";

/// Columns of UTF-8 text: every byte that does not continue a code point starts one.
int code_points(std::string_view text) {
  return int(std::count_if(text.begin(), text.end(),
                           [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The underlined columns that lie in the text, ascending, each once.
std::vector<int> columns(const std::vector<Span>& spans, int length) {
  std::vector<int> result;
  for (const Span& span : spans)
    for (int column = std::max(span.begin, 0); column < std::min(span.end, length); ++column)
      result.push_back(column);
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::string caret_line(const std::vector<int>& carets, int length) {
  std::string line(kExpression.size() + std::size_t(length), ' ');
  for (const int column : carets) line[kExpression.size() + std::size_t(column)] = '^';
  return line;
}

std::string without_trailing_newlines(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

Error::Details details(const Report& report) {
  const int length = code_points(report.pattern);
  Error::Details result;
  result.kind = report.kind;
  result.pattern = report.pattern;
  result.carets = columns(report.underline, length);
  result.operands = join(report.operands, "\n");

  std::vector<std::string> lines{without_trailing_newlines(report.sentence)};
  if (report.show_pattern) {
    lines.push_back(std::string(kExpression) + report.pattern + "\"");
    lines.push_back(caret_line(result.carets, length));
  }
  for (const std::string& equation : report.equations) lines.push_back(std::string(4, ' ') + equation);
  lines.insert(lines.end(), report.operands.begin(), report.operands.end());
  lines.insert(lines.end(), report.advice.begin(), report.advice.end());
  result.message = join(lines, "\n");
  return result;
}

void internal_error(std::string_view rule) {
  raise<InternalError>({.kind = "internal",
                        .sentence = "internal error in einx (a defect of the library, not of the call): " +
                                    std::string(rule)});
}

}  // namespace einx::detail::support
