// Expressions with Python's precedence. Equal operators in a row are a loop here, not a recursion.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "script/reader.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

constexpr int kMaxCalls = 400, kMaxDepth = 200;  // of the reader within itself; of a tree
constexpr std::uint64_t kHuge = std::uint64_t(1) << 63;
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kComparisons = {
    {{"<", "less"},
     {"<=", "less_equal"},
     {">", "greater"},
     {">=", "greater_equal"},
     {"==", "equal"},
     {"!=", "not_equal"}}};

}  // namespace

/// One level more, as long as it lives.
struct Reader::Deeper {
  explicit Deeper(Reader& of) : reader(of) {
    if (++reader.depth_ > kMaxCalls) reader.fail("expected an expression that is nested less deep");
  }
  ~Deeper() { --reader.depth_; }
  Reader& reader;
};

// ---------------------------------------------------------------- nodes
/// What is too deep although nothing was nested: x[0][0][0]...
ExprId Reader::add(Expr expr) {
  for (const ExprId child : expr.children) {
    const Expr& inner = tree_[child];
    const bool chain =
        child == expr.children.front() && inner.kind == expr.kind && expr.kind == Expr::Kind::Binary;
    expr.depth = std::max(expr.depth, inner.depth + (chain ? 0 : 1));
  }
  if (expr.depth > kMaxDepth)
    fail_at(tokens_.text(), expr.place, "expected an expression that is nested less deep");
  tree_.expressions.push_back(std::move(expr));
  return ExprId(tree_.expressions.size() - 1);
}

ExprId Reader::add(Expr expr, Details details) {
  expr.details = int(tree_.details.size());
  tree_.details.push_back(std::move(details));
  return add(std::move(expr));
}

ExprId Reader::unary(std::string_view operation, const Place& place, ExprId operand) {
  return add({.kind = Expr::Kind::Unary, .place = place, .text = operation, .children = {operand}});
}

ExprId Reader::binary(std::string_view operation, const Place& place, ExprId left, ExprId right) {
  return add({.kind = Expr::Kind::Binary, .place = place, .text = operation, .children = {left, right}});
}

// ---------------------------------------------------------------- operators, weakest first
ExprId Reader::expression() {
  const Deeper deeper(*this);
  const ExprId value = logical("or");
  const Place place = token_.place;
  if (!accept("if")) return value;
  const ExprId condition = logical("or");
  expect("else", "and the other value");
  const ExprId other = expression();
  return add({.kind = Expr::Kind::Choice, .place = place, .children = {value, condition, other}});
}

ExprId Reader::logical(std::string_view word) {
  const auto operand = [&] { return word == "or" ? logical("and") : negation(); };
  std::vector<ExprId> operands = {operand()};
  const Place place = token_.place;
  while (accept(word)) operands.push_back(operand());
  if (operands.size() == 1) return operands[0];
  return add({.kind = Expr::Kind::Logical, .place = place, .text = word, .children = std::move(operands)});
}

ExprId Reader::negation() {
  const Deeper deeper(*this);
  const Place place = token_.place;
  if (!accept("not")) return comparison();
  return unary("not", place, negation());
}

ExprId Reader::comparison() {
  const ExprId left = sum();
  const auto found = [&] {
    return std::ranges::find_if(
        kComparisons, [&](const auto& row) { return is(Token::Kind::Sign) && token_.text == row.first; });
  };
  const auto row = found();
  if (row == kComparisons.end()) return left;
  const Place place = token_.place;
  step();
  const ExprId right = sum();
  if (found() != kComparisons.end()) fail("expected one comparison: write 'a < b and b < c'");
  return binary(row->second, place, left, right);
}

ExprId Reader::sum() {
  ExprId left = product();
  while (is(Token::Kind::Sign) && (token_.text == "+" || token_.text == "-")) {
    const Token sign = token_;
    step();
    left = binary(sign.text == "+" ? "add" : "subtract", sign.place, left, product());
  }
  return left;
}

ExprId Reader::product() {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> operations = {
      {{"*", "multiply"}, {"/", "true_divide"}, {"//", "floor_divide"}, {"%", "remainder"}}};
  ExprId left = factor();
  while (is(Token::Kind::Sign)) {
    const auto row =
        std::ranges::find(operations, token_.text, &std::pair<std::string_view, std::string_view>::first);
    if (row == operations.end()) break;
    const Place place = token_.place;
    step();
    left = binary(row->second, place, left, factor());
  }
  return left;
}

/// A minus before a number is part of the number.
ExprId Reader::factor() {
  const Deeper deeper(*this);
  const Place place = token_.place;
  if (is(Token::Kind::Sign) && accept("+")) return factor();
  if (!is(Token::Kind::Sign) || !accept("-")) return power();
  const ExprId operand = factor();
  Expr& literal = tree_.expressions[std::size_t(operand)];
  if (literal.kind != Expr::Kind::Literal || literal.number.index() == 0)
    return unary("negative", place, operand);
  if (literal.huge)
    literal.number = std::numeric_limits<std::int64_t>::min();
  else if (auto* whole = std::get_if<std::int64_t>(&literal.number))
    *whole = *whole == std::numeric_limits<std::int64_t>::min() ? *whole : -*whole;
  else
    literal.number = -std::get<double>(literal.number);
  literal.huge = false;
  literal.place = place;
  return operand;
}

ExprId Reader::power() {
  const ExprId base = postfix();
  const Place place = token_.place;
  if (!is(Token::Kind::Sign) || !accept("**")) return base;
  return binary("pow", place, base, factor());
}

// ---------------------------------------------------------------- what operators stand between
ExprId Reader::postfix() {
  ExprId value = primary();
  while (is(Token::Kind::Sign) && (token_.text == "[" || token_.text == ".")) {
    const Place place = token_.place;
    if (token_.text == "[") {
      value = index(value);
      continue;
    }
    step();
    if (!accept("shape")) fail_expected("'shape' and an axis");
    value = size(value, place);
  }
  return value;
}

ExprId Reader::primary() {
  const Deeper deeper(*this);
  if (is(Token::Kind::Digits)) return number();
  if (is(Token::Kind::Name)) return named();
  if (is(Token::Kind::String)) {
    const Token text = token_;
    step();
    return add({.kind = Expr::Kind::Text, .place = text.place, .text = text.text});
  }
  if (is("[")) return list();
  if (!accept("(")) fail_expected("a value");
  const ExprId inner = expression();
  expect(")", "to close the parenthesis");
  return inner;
}

ExprId Reader::number() {
  const Token token = token_;
  const std::string_view text = token.text;
  const auto finished = [&](const std::from_chars_result& result) {
    return result.ec == std::errc() && result.ptr == text.data() + text.size();
  };
  Expr expr{.kind = Expr::Kind::Literal, .place = token.place};
  std::uint64_t whole = 0;
  double real = 0;
  if (finished(std::from_chars(text.data(), text.data() + text.size(), whole))) {
    if (whole > kHuge) fail("expected an integer of 64 bits");
    expr.huge = whole == kHuge;
    if (!expr.huge) expr.number = std::int64_t(whole);
    if (expr.huge) expr.number = std::int64_t(0);
  } else if (text.find_first_not_of("0123456789") != text.npos &&
             finished(std::from_chars(text.data(), text.data() + text.size(), real)) && std::isfinite(real)) {
    expr.number = real;
  } else {
    fail("expected a number: '" + std::string(text.substr(0, 40)) + "' is none, or too large");
  }
  step();
  return add(std::move(expr));
}

ExprId Reader::named() {
  const Token name = token_;
  const auto literal = [&](Number number) {
    step();
    return add({.kind = Expr::Kind::Literal, .place = name.place, .number = number});
  };
  if (is("true") || is("True")) return literal(true);
  if (is("false") || is("False")) return literal(false);
  if (is("inf")) return literal(std::numeric_limits<double>::infinity());
  if (is("nan")) return literal(std::numeric_limits<double>::quiet_NaN());
  if (is("none")) {
    step();
    return add({.kind = Expr::Kind::None, .place = name.place});
  }
  if (reserved(name.text)) fail_expected("a value");
  step();
  if (is("("))
    return name.text == "constant" && !(after_.kind == Token::Kind::String) ? elements(name) : call(name);
  constexpr std::string_view member = ".shape";
  Expr expr{.kind = Expr::Kind::Name, .place = name.place, .text = name.text};
  if (!name.text.ends_with(member) || name.text == "self.shape" || !is("[")) return add(std::move(expr));
  expr.text.remove_suffix(member.size());
  return size(add(std::move(expr)), name.place);
}

ExprId Reader::list() {
  Expr expr{.kind = Expr::Kind::List, .place = token_.place};
  step();
  while (!is("]")) {
    expr.children.push_back(expression());
    if (!accept(",")) break;
  }
  expect("]", "at the end of the list");
  return add(std::move(expr));
}

ExprId Reader::call(const Token& name) {
  Expr expr{.kind = Expr::Kind::Call, .place = name.place, .text = name.text};
  Details details;
  step();
  while (!is(")")) {
    argument(expr, details);
    if (!accept(",")) break;
  }
  expect(")", "or ',' after an argument of " + std::string(name.text.substr(0, 40)));
  return add(std::move(expr), std::move(details));
}

/// A value, or name=value; "any text"=value for sizes whose names are none.
void Reader::argument(Expr& call, Details& details) {
  const Token first = token_;
  const bool keyword = (is(Token::Kind::Name) || is(Token::Kind::String)) &&
                       after_.kind == Token::Kind::Sign && after_.text == "=";
  if (!keyword) {
    if (!details.keywords.empty())
      fail("expected name=value: arguments without names stand before those with names");
    call.children.push_back(expression());
    return;
  }
  step(), step();
  details.keywords.push_back({std::string(first.text), expression(), first.place});
  call.children.push_back(details.keywords.back().value);  // the last ones are the keywords'
}

ExprId Reader::size(ExprId of, const Place& place) {
  expect("[", "and an axis: one size of a shape is a number, a whole shape is no value");
  const ExprId axis = expression();
  expect("]", "after the axis");
  return add({.kind = Expr::Kind::Size, .place = place, .children = {of, axis}});
}

Index Reader::index_entry() {
  if (accept("...")) return {Index::Kind::Rest};
  const auto ends = [&] { return is(":") || is(",") || is("]"); };
  Index entry;
  if (!ends()) entry.at = expression();
  if (!is(":")) {
    if (entry.at == kNone) fail_expected("a position or a range");
    return entry;
  }
  step();
  entry.kind = Index::Kind::Range;
  if (!ends()) entry.to = expression();
  if (accept(":") && !ends()) entry.step = expression();
  return entry;
}

ExprId Reader::index(ExprId of) {
  Expr expr{.kind = Expr::Kind::Index, .place = token_.place, .children = {of}};
  Details details;
  step();
  do {
    const Place place = token_.place;
    const Index entry = index_entry();
    const auto rest = [](const Index& other) { return other.kind == Index::Kind::Rest; };
    if (rest(entry) && std::ranges::any_of(details.indices, rest))
      fail_at(tokens_.text(), place, "expected '...' at most once");
    if (details.indices.size() == 64) fail("expected at most 64 axes");
    for (const ExprId part : {entry.at, entry.to, entry.step})
      if (part != kNone) expr.children.push_back(part);  // for the depth
    details.indices.push_back(entry);
  } while (accept(",") && !is("]"));
  expect("]", "after the positions");
  return add(std::move(expr), std::move(details));
}

// ---------------------------------------------------------------- constants
/// One element as it is written: -1.5, true, nan(0x7fc00001).
std::string Reader::element() {
  std::string text = is(Token::Kind::Sign) && accept("-") ? "-" : "";
  if (!is(Token::Kind::Digits) && !is(Token::Kind::Name)) fail_expected("an element");
  text += token_.text;
  step();
  if (text != "nan" || !is("(")) return text;
  step();
  text += "(" + std::string(token_.text) + ")";
  expect_kind(Token::Kind::Digits, "the bits of the nan");
  expect(")", "after the bits");
  return text;
}

void Reader::element_axis(Elements& elements, std::size_t axis) {
  if (!is("[")) {
    if (axis != elements.shape.size()) fail("expected lists as deep as the first ones");
    elements.texts.push_back(element());
    return;
  }
  const Place place = token_.place;
  step();
  const bool first = elements.texts.empty() && axis == elements.shape.size();
  if (first) elements.shape.resize(axis + 1, -1);
  if (axis >= elements.shape.size() || axis >= 64)
    fail_at(tokens_.text(), place, "expected lists as deep as the first ones");
  std::int64_t count = 0;
  for (; !is("]"); ++count) {
    element_axis(elements, axis + 1);
    if (!accept(",")) {
      ++count;
      break;
    }
  }
  expect("]", "or ',' after an element");
  std::int64_t& known = elements.shape[axis];
  if (known >= 0 && known != count)
    fail_at(tokens_.text(), place,
            "expected " + std::to_string(known) + " entries in this list, as in those before");
  known = count;
}

ExprId Reader::elements(const Token& name) {
  step();
  Details details;
  element_axis(details.elements, 0);
  expect(")", "after the elements");
  return add({.kind = Expr::Kind::Elements, .place = name.place}, std::move(details));
}

}  // namespace einx::detail::script
