#include "differential/case.h"

#include <sstream>

#include "tensor/tensor.h"

namespace differential {
namespace {
constexpr const char* kLayoutNames[] = {"contiguous", "permuted", "sliced", "reversed", "broadcast", "misaligned"};
}

std::string name_of(Layout layout) { return kLayoutNames[static_cast<int>(layout)]; }

std::string text(const Case& c) {
  std::ostringstream out;
  out << c.op << " \"" << c.pattern << "\"";
  for (const auto& [name, size] : c.sizes) out << " " << name << "=" << size;
  out << " ;";
  for (const OperandSpec& operand : c.operands) out << " " << einx::name_of(operand.dtype) << ":" << name_of(operand.layout);
  out << " ;" << (c.dynamic ? " dynamic" : "") << (c.special ? " special" : "") << (c.hostile ? " hostile" : "");
  for (std::size_t k = 0; k < c.shift.size(); ++k) out << (k ? "," : " shift=") << c.shift[k];
  out << " seed=" << c.seed;
  return out.str();
}

namespace {

bool parse_operand(const std::string& word, Case& c) {
  const std::size_t colon = word.find(':');
  const auto dtype = einx::detail::tensor::dtype_from(word.substr(0, colon));
  if (colon == std::string::npos || !dtype) return false;
  for (const Layout layout : kLayouts) {
    if (name_of(layout) != word.substr(colon + 1)) continue;
    c.operands.push_back({*dtype, layout});
    return true;
  }
  return false;
}

bool parse_shift(const std::string& list, Case& c) {
  std::istringstream entries(list);
  for (std::string entry; std::getline(entries, entry, ',');) c.shift.push_back(std::stoll(entry));
  return !c.shift.empty();
}

bool parse_word(const std::string& word, int section, Case& c) {
  if (section == 1) return parse_operand(word, c);
  if (word == "dynamic" || word == "special" || word == "hostile") {
    (word == "dynamic" ? c.dynamic : word == "special" ? c.special : c.hostile) = true;
    return section == 2;
  }
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return false;
  if (section == 2 && word.starts_with("shift=")) return parse_shift(word.substr(equals + 1), c);
  const auto value = std::stoull(word.substr(equals + 1));
  if (section == 0) c.sizes[word.substr(0, equals)] = static_cast<std::int64_t>(value);
  else c.seed = value;
  return true;
}

}  // namespace

std::optional<Case> parse(const std::string& line) {
  Case c;
  const std::size_t open = line.find('"'), close = line.rfind('"');
  if (open == std::string::npos || close <= open) return std::nullopt;
  std::istringstream head(line.substr(0, open)), tail(line.substr(close + 1));
  head >> c.op;
  c.pattern = line.substr(open + 1, close - open - 1);
  int section = 0;
  for (std::string word; tail >> word;) {
    if (word == ";") ++section;
    else if (!parse_word(word, section, c)) return std::nullopt;
  }
  return section == 2 ? std::optional(c) : std::nullopt;
}

}  // namespace differential
