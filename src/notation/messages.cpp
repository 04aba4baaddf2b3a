#include "notation/messages.h"

#include <algorithm>

#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

constexpr std::size_t kLongestValue = 20;  // longer keyword values are left out of messages

// Columns cannot line up once the text breaks the line.
std::vector<Span> carets(std::string_view text, std::vector<Span> spans) {
  if (text.find('\n') != std::string_view::npos) spans.clear();
  return spans;
}

std::string operand_line(std::size_t index, const Operand& operand) {
  std::string line = "#" + std::to_string(index + 1) + ": ";
  if (!operand.text.empty()) return line + operand.text;
  return line + (operand.shape ? "shape " + support::tuple_text(*operand.shape) : "unknown");
}

std::string constraint_line(const Constraint& constraint) {
  const std::string value = constraint.not_integer.empty() ? constraint.text() : constraint.not_integer;
  return constraint.name + " = " + (value.size() < kLongestValue ? value : "...");
}

std::string nested_text(const std::vector<std::int64_t>& dims, std::size_t level, const std::int64_t*& next) {
  if (level == dims.size()) return std::to_string(*next++);
  std::string out = "(";
  for (std::int64_t i = 0; i < dims[level]; ++i) out += (i ? ", " : "") + nested_text(dims, level + 1, next);
  return out + (dims[level] == 1 ? ",)" : ")");
}

}  // namespace

std::string Constraint::text() const {
  if (std::int64_t(values.size()) != support::checked_product(dims)) return "?";
  const std::int64_t* next = values.data();
  return nested_text(dims, 0, next);
}

support::Report report(const Call& call, std::string kind, std::string sentence, std::vector<Span> spans,
                       std::vector<std::string> advice) {
  support::Report out;
  out.kind = std::move(kind);
  out.sentence = std::move(sentence);
  out.pattern = call.text;
  out.show_pattern = true;
  out.underline = carets(call.text, std::move(spans));
  for (std::size_t i = 0; i < call.operands.size(); ++i)
    out.operands.push_back(operand_line(i, call.operands[i]));
  for (const Constraint& constraint : call.constraints) out.operands.push_back(constraint_line(constraint));
  out.advice = std::move(advice);
  return out;
}

void raise_syntax(std::string_view pattern, std::string kind, std::string sentence, std::vector<Span> spans,
                  std::vector<std::string> advice) {
  raise<SyntaxError>(Call{pattern, {}, {}}, std::move(kind), std::move(sentence), std::move(spans),
                     std::move(advice));
}

std::string quoted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += "'" + names[i] + "'";
  }
  return out;
}

std::string counted(std::int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace einx::detail::notation
