#include "irreps.h"

#include <einx/error.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace equivariant {

void refuse(const std::string& message) {
  throw einx::ValueError(
      {.message = message, .kind = "bad-parameter", .pattern = "", .carets = {}, .operands = ""});
}

namespace {

constexpr std::int64_t largest_mul = 1'000'000'000;
constexpr std::int64_t largest_l = 1000;

/// Where a text was given, what is wrong with a piece of it.
[[noreturn]] void refuse_text(std::string_view text, std::size_t begin, std::size_t end,
                              const std::string& what) {
  einx::Error::Details details{
      .message = "", .kind = "invalid-token", .pattern = std::string(text), .carets = {}, .operands = ""};
  std::string line(text.size() + 1, ' ');
  for (std::size_t k = begin; k < std::max(end, begin + 1); ++k) {
    details.carets.push_back(static_cast<int>(k));
    line[k] = '^';
  }
  line.erase(line.find_last_not_of(' ') + 1);
  details.message =
      "Irreps cannot be read: " + what + "\n  " + details.pattern + "\n  " + line +
      "\nIrreps are written \"2x0e + 1x1o\": how many, x, the degree, and the parity e, o or y.";
  throw einx::SyntaxError(std::move(details));
}

/// A number from the beginning of a piece, which it is taken off; -1 if there is none that is small enough.
std::int64_t take_number(std::string_view& piece, std::int64_t largest) {
  std::int64_t value = -1;
  if (piece.empty() || piece.front() < '0' || piece.front() > '9') return -1;
  const auto [end, error] = std::from_chars(piece.data(), piece.data() + piece.size(), value);
  if (error != std::errc() || value > largest) return -1;
  piece.remove_prefix(static_cast<std::size_t>(end - piece.data()));
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

MulIrrep parse_term(std::string_view text, std::string_view whole) {
  std::string_view rest = trimmed(text);
  const std::size_t begin = static_cast<std::size_t>((rest.empty() ? text : rest).data() - whole.data());
  const std::size_t end = begin + rest.size();
  if (rest.empty()) refuse_text(whole, begin, end, "there is no irrep here.");
  const std::string word(rest);
  MulIrrep term;
  if (rest.find('x') != std::string_view::npos) {
    term.mul = take_number(rest, largest_mul);
    if (term.mul < 0 || !rest.starts_with('x'))
      refuse_text(whole, begin, end,
                  "'" + word + "' does not begin with a multiplicity from 0 to 1000000000 and 'x'.");
    rest.remove_prefix(1);
  }
  term.ir.l = static_cast<int>(take_number(rest, largest_l));
  if (term.ir.l < 0) refuse_text(whole, begin, end, "'" + word + "' has no degree from 0 to 1000.");
  if (rest != "e" && rest != "o" && rest != "y")
    refuse_text(whole, begin, end, "'" + word + "' does not end in a parity.");
  term.ir.p = rest == "e" || (rest == "y" && term.ir.l % 2 == 0) ? 1 : -1;
  return term;
}

}  // namespace

std::string to_string(Irrep irrep) { return std::to_string(irrep.l) + (irrep.p > 0 ? "e" : "o"); }

std::vector<Irrep> operator*(Irrep a, Irrep b) {
  std::vector<Irrep> product;
  for (int l = std::abs(a.l - b.l); l <= a.l + b.l; ++l) product.push_back({l, a.p * b.p});
  return product;
}

Irreps::Irreps(std::string_view text) {
  if (trimmed(text).empty()) return;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    terms_.push_back(parse_term(text.substr(begin, end - begin), text));
    begin = end + 1;
  }
}

Irreps Irreps::spherical_harmonics(int lmax, int p) {
  if (p != 1 && p != -1) refuse("A parity is 1 or -1, not " + std::to_string(p) + ".");
  std::vector<MulIrrep> terms;
  for (int l = 0; l <= lmax; ++l) terms.push_back({1, {l, l % 2 == 0 ? 1 : p}});
  return terms;
}

std::int64_t Irreps::dim() const {
  std::int64_t sum = 0;
  for (const MulIrrep& term : terms_) sum += term.dim();
  return sum;
}

std::int64_t Irreps::num_irreps() const {
  std::int64_t sum = 0;
  for (const MulIrrep& term : terms_) sum += term.mul;
  return sum;
}

int Irreps::lmax() const {
  int largest = -1;
  for (const MulIrrep& term : terms_) largest = std::max(largest, term.ir.l);
  return largest;
}

std::int64_t Irreps::count(Irrep irrep) const {
  std::int64_t sum = 0;
  for (const MulIrrep& term : terms_) sum += term.ir == irrep ? term.mul : 0;
  return sum;
}

std::vector<Range> Irreps::slices() const {
  std::vector<Range> ranges;
  std::int64_t begin = 0;
  for (const MulIrrep& term : terms_) {
    ranges.push_back({begin, begin + term.dim()});
    begin += term.dim();
  }
  return ranges;
}

std::string to_string(const Irreps& irreps) {
  std::string text;
  for (const MulIrrep& term : irreps)
    text += (text.empty() ? "" : "+") + std::to_string(term.mul) + "x" + to_string(term.ir);
  return text;
}

Irreps operator+(const Irreps& a, const Irreps& b) {
  std::vector<MulIrrep> terms(a.begin(), a.end());
  terms.insert(terms.end(), b.begin(), b.end());
  return terms;
}

Irreps simplify(const Irreps& irreps) {
  std::vector<MulIrrep> terms;
  for (const MulIrrep& term : irreps) {
    if (!terms.empty() && terms.back().ir == term.ir)
      terms.back().mul += term.mul;
    else if (term.mul > 0)
      terms.push_back(term);
  }
  return terms;
}

Sorted sort(const Irreps& irreps) {
  std::vector<int> order(irreps.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](int k) { return irreps[static_cast<std::size_t>(k)].ir; });
  std::vector<MulIrrep> terms;
  std::vector<int> position(irreps.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    terms.push_back(irreps[static_cast<std::size_t>(order[k])]);
    position[static_cast<std::size_t>(order[k])] = static_cast<int>(k);
  }
  return {terms, position};
}

Irreps tensor_product(const Irreps& a, const Irreps& b) {
  std::vector<MulIrrep> terms;
  for (const MulIrrep& x : a)
    for (const MulIrrep& y : b)
      for (const Irrep ir : x.ir* y.ir) terms.push_back({x.mul * y.mul, ir});
  return simplify(sort(terms).irreps);
}

}  // namespace equivariant
