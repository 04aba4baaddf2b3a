// Functions and their signatures.
#include "graph/read.h"

#include <algorithm>
#include <charconv>

#include "script/reader.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::script {
namespace {

constexpr std::size_t kMaxText = std::size_t(2) << 20;
constexpr std::size_t kMaxRank = 64;

std::string shown(const Token& token) {
  switch (token.kind) {
    case Token::Kind::Line:
      return "the end of the line";
    case Token::Kind::Indent:
      return "a deeper indentation";
    case Token::Kind::Dedent:
      return "the end of the block";
    case Token::Kind::End:
      return "the end of the text";
    case Token::Kind::String:
      return "a text in quotation marks";
    default:
      return "'" + std::string(token.text.substr(0, 40)) + "'";
  }
}

}  // namespace

// ---------------------------------------------------------------- tokens
void Reader::step() {
  token_ = after_;
  if (after_.kind != Token::Kind::End) after_ = tokens_.next();
}

bool Reader::is(std::string_view text) const {
  return (is(Token::Kind::Sign) || is(Token::Kind::Name)) && token_.text == text;
}

bool Reader::accept(std::string_view text) {
  if (!is(text)) return false;
  step();
  return true;
}

void Reader::fail_expected(std::string_view what) const {
  fail("expected " + std::string(what) + ", but there is " + shown(token_));
}

void Reader::expect(std::string_view text, std::string_view what) {
  if (!accept(text)) fail_expected("'" + std::string(text) + "' " + std::string(what));
}

void Reader::expect_kind(Token::Kind kind, std::string_view what) {
  if (!is(kind)) fail_expected(what);
  step();
}

std::string Reader::name(std::string_view what) {
  if (!is(Token::Kind::Name)) fail_expected(what);
  if (reserved(token_.text))
    fail("expected " + std::string(what) + ", but '" + std::string(token_.text) +
         "' is a word of the language");
  if (!graph::legal_name(token_.text)) fail("expected " + std::string(what) + ", a name without dots");
  std::string word(token_.text);
  step();
  return word;
}

std::int64_t Reader::integer(std::string_view what) {
  const bool negative = accept("-");
  std::string digits = (negative ? "-" : "") + std::string(token_.text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (!is(Token::Kind::Digits) || error != std::errc() || end != digits.data() + digits.size())
    fail_expected(std::string(what) + " (an integer of 64 bits)");
  step();
  return value;
}

// ---------------------------------------------------------------- types
std::vector<std::int64_t> Reader::integers() {
  std::vector<std::int64_t> values;
  while (!is("]")) {
    values.push_back(integer("a stride"));
    if (!accept(",")) break;
  }
  return values;
}

Dim Reader::dim() {
  if (accept("...")) return {Dim::Kind::Ellipsis, 0, {}};
  if (accept("_")) return {};
  if (is(Token::Kind::Name)) return {Dim::Kind::Name, 0, name("a size, a name for it, '_' or '...'")};
  if (is("-")) fail("expected a size of at least 0");
  return {Dim::Kind::Size, integer("a size, a name for it, '_' or '...'"), {}};
}

std::vector<Dim> Reader::dims() {
  std::vector<Dim> dims;
  while (!is("]") && !is(":")) {
    const Token first = token_;
    dims.push_back(dim());
    const auto open = std::ranges::count(dims, Dim::Kind::Ellipsis, &Dim::kind);
    if (open > 1) fail_at(tokens_.text(), first.place, "expected '...' at most once in a type");
    if (dims.size() > kMaxRank) fail_at(tokens_.text(), first.place, "expected at most 64 axes");
    if (!accept(",")) break;
  }
  return dims;
}

/// A type whose sizes are all known has to be one that a tensor can have.
void Reader::check_type(const TypePattern& type, const Place& place) const {
  Shape shape;
  for (const Dim& dim : *type.dims) {
    if (dim.kind != Dim::Kind::Size) {
      if (type.strides)
        fail_at(tokens_.text(), place, "expected a size for every axis, since there are strides");
      return;
    }
    shape.push_back(dim.size);
  }
  const DType dtype = type.dtype.value_or(DType::f64);
  if (type.strides && type.strides->size() != shape.size())
    fail_at(tokens_.text(), place, "expected one stride for every axis");
  if (!graph::addressable(shape, dtype) || (type.strides && !graph::reachable(shape, *type.strides, dtype)))
    fail_at(tokens_.text(), place, "expected a tensor that fits in memory");
}

TypePattern Reader::type() {
  const Place place = token_.place;
  TypePattern type;
  const auto dtype = is(Token::Kind::Name) ? tensor::dtype_from(token_.text) : std::nullopt;
  if (dtype && name_of(*dtype) == token_.text)
    type.dtype = dtype;
  else if (!is("_"))
    fail_expected("an element type (bool, i8 ... i64, u8 ... u64, f16, bf16, f32, f64, or _ for any)");
  step();
  if (!accept("[")) return type;
  type.dims = dims();
  if (accept(":")) type.strides = integers();
  expect("]", "at the end of the type");
  check_type(type, place);
  return type;
}

// ---------------------------------------------------------------- functions
void Reader::parameters(WrittenFunction& function) {
  expect("(", "before the parameters");
  while (!is(")")) {
    Target parameter{{}, token_.place, {}};
    parameter.name = name("the name of a parameter");
    if (accept(":")) {
      accept("factory");  // of graph texts; a script is given the tensor
      parameter.type = type();
    }
    const auto same = [&](const Target& other) { return other.name == parameter.name; };
    if (std::ranges::any_of(function.parameters, same))
      fail_at(tokens_.text(), parameter.place,
              "expected a new name: there is a parameter '" + parameter.name + "'");
    function.parameters.push_back(std::move(parameter));
    if (!accept(",")) break;
  }
  expect(")", "or ',' after a parameter");
}

WrittenFunction Reader::function() {
  WrittenFunction function;
  if (is(Token::Kind::Indent)) fail("expected 'def' at the beginning of a line");
  expect("def", "at the beginning of a function");
  function.place = token_.place;
  if (!is(Token::Kind::Name) || reserved(token_.text)) fail_expected("the name of a function");
  function.name = token_.text;
  step();
  parameters(function);
  if (accept("->")) {
    function.results.emplace();
    do {
      function.result_places.push_back(token_.place);
      function.results->push_back(type());
    } while (accept(","));
  }
  expect(":", function.results ? "at the end of the signature"
                               : "at the end of the signature, or '->' and the types of the results");
  function.body = block();
  return function;
}

Tree Reader::read() {
  while (!is(Token::Kind::End)) tree_.functions.push_back(function());
  if (tree_.functions.empty()) fail_expected("'def'");
  return std::move(tree_);
}

Tree read(std::string_view text) {
  if (text.size() > kMaxText) fail_at(text.substr(0, 40), {1, 1}, "expected at most 2 MiB of text");
  return Reader(text).read();
}

}  // namespace einx::detail::script
