// Statements: a line each, or blocks.
#include <algorithm>
#include <array>
#include <utility>

#include "graph/read.h"
#include "script/reader.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::script {
namespace {

constexpr int kMaxBlocks = 100;
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kAugmented = {{{"+=", "add"},
                                                                                      {"-=", "subtract"},
                                                                                      {"*=", "multiply"},
                                                                                      {"/=", "true_divide"},
                                                                                      {"//=", "floor_divide"},
                                                                                      {"%=", "remainder"},
                                                                                      {"**=", "pow"}}};

}  // namespace

std::string_view Reader::augmented() {
  for (const auto& [sign, operation] : kAugmented)
    if (is(Token::Kind::Sign) && token_.text == sign) return operation;
  return {};
}

void Reader::end_of_line() {
  if (is(Token::Kind::End)) return;
  if (is(";")) fail("expected one statement in a line");
  expect_kind(Token::Kind::Line, "the end of the line");
}

/// What stands behind a colon: lines that are indented further, or one statement in the same line.
Block Reader::block() {
  Block block;
  if (!is(Token::Kind::Line)) {
    if (is("if") || is("while") || is("for") || is(Token::Kind::End))
      fail_expected("a simple statement, or a new line and an indented block");
    statement(block);
    return block;
  }
  step();
  if (!is(Token::Kind::Indent)) fail_expected("an indented block");
  step();
  if (++blocks_ > kMaxBlocks) fail("expected blocks nested at most " + std::to_string(kMaxBlocks) + " deep");
  while (!is(Token::Kind::Dedent)) {
    if (is(Token::Kind::Indent)) fail("expected the indentation of the block");
    statement(block);
  }
  --blocks_;
  step();
  return block;
}

void Reader::statement(Block& block) {
  if (is("def")) fail("expected no function inside of a function");
  if (is("else") || is("elif"))
    fail("this '" + std::string(token_.text) + "' belongs to no 'if' of this block");
  if (is("if")) return block.push_back(if_line());
  if (is("while")) return block.push_back(while_line());
  if (is("for")) return block.push_back(for_line());
  const Place place = token_.place;
  if (accept("pass")) return end_of_line();
  if (is("break") || is("continue")) {
    block.push_back({is("break") ? Line::Kind::Break : Line::Kind::Continue, place});
    step();
  } else if (is("return")) {
    block.push_back(return_line());
  } else if (is("assume") && after_.kind == Token::Kind::Name) {
    block.push_back(assume_line());
  } else {
    block.push_back(assignment());
  }
  end_of_line();
}

Line Reader::return_line() {
  Line line{Line::Kind::Return, token_.place};
  step();
  if (is(Token::Kind::Line) || is(Token::Kind::End)) fail("expected a value to return");
  do line.values.push_back(expression());
  while (accept(","));
  return line;
}

Line Reader::if_line() {
  Line line{Line::Kind::If, token_.place};
  step();
  line.values = {expression()};
  expect(":", "after the condition");
  line.body = block();
  if (is("elif")) {
    if (++blocks_ > kMaxBlocks)
      fail("expected at most " + std::to_string(kMaxBlocks) + " branches and blocks within each other");
    line.otherwise.push_back(if_line());
    --blocks_;
  } else if (accept("else")) {
    expect(":", "after 'else'");
    line.otherwise = block();
  }
  return line;
}

/// `while:` is a loop whose test takes several lines: those of its block up to `test x`.
Line Reader::while_line() {
  Line line{Line::Kind::While, token_.place};
  step();
  if (!is(":")) line.values = {expression()};
  expect(":", "after the condition");
  line.body = block();
  if (line.values.empty()) split_test(line);
  return line;
}

void Reader::split_test(Line& loop) {
  const auto is_test = [](const Line& line) {
    return line.kind == Line::Kind::Assign && line.targets.empty();
  };
  const auto test = std::ranges::find_if(loop.body, is_test);
  if (test == loop.body.end())
    fail_at(tokens_.text(), loop.place, "expected a condition, or a line 'test x' in the block of this loop");
  loop.values = test->values;
  loop.test.assign(std::make_move_iterator(loop.body.begin()), std::make_move_iterator(test));
  loop.body.erase(loop.body.begin(), test + 1);
}

Line Reader::for_line() {
  Line line{Line::Kind::For, token_.place};
  step();
  line.targets = {target()};
  expect("in", "after the loop's variable");
  if (is("range") && after_.text == "(") {
    line.range = true;
    step(), step();
    do line.values.push_back(expression());
    while (accept(",") && !is(")"));
    if (line.values.size() > 3) fail("expected at most three numbers for a range");
    expect(")", "after the range");
  } else {
    line.values = {expression()};
  }
  expect(":", "after what the loop is over");
  line.body = block();
  return line;
}

/// assume x.shape[0] == 4, assume rank(x) == 2, assume x.dtype == f32: what a trace has looked at.
Line Reader::assume_line() {
  Line line{Line::Kind::Assume, token_.place};
  step();
  Target of{{}, token_.place, {}};
  std::string_view path = token_.text;
  const auto of_member = [&](std::string_view member) {
    if (!path.ends_with(member)) return false;
    of.name = path.substr(0, path.size() - member.size());
    step();
    return true;
  };
  if (of_member(".dtype")) {
    line.assume.axis = -2;
    expect("==", "and the element type");
    const std::optional<TypePattern> known = type();
    if (!known->dtype || known->dims) fail_at(tokens_.text(), of.place, "expected an element type");
    line.assume.value = std::int64_t(*known->dtype);
  } else if (of_member(".shape")) {
    expect("[", "and the axis");
    line.assume.axis = int(integer("an axis"));
    expect("]", "after the axis");
  } else {
    expect("rank", "or x.shape[k] or x.dtype");
    expect("(", "and the variable");
    of.place = token_.place;
    of.name = name("a variable");
    expect(")", "after the variable");
    line.assume.axis = -1;
  }
  if (line.assume.axis != -2) {
    expect("==", "and the number");
    line.assume.value = integer("the number");
  }
  line.targets = {std::move(of)};
  return line;
}

Target Reader::target() {
  Target target{{}, token_.place, {}};
  target.name = name("the name of a variable");
  return target;
}

/// a, b: f32[2] = values; x += value; test value.
Line Reader::assignment() {
  Line line{Line::Kind::Assign, token_.place};
  const bool sign = after_.kind == Token::Kind::Sign;
  if (is("test") && (!sign || after_.text == "(" || after_.text == "-")) {
    step();
    line.values = {expression()};
    return line;
  }
  do {
    line.targets.push_back(target());
    if (accept(":")) line.targets.back().type = type();
  } while (accept(","));
  if (line.operation = augmented(); !line.operation.empty()) {
    if (line.targets.size() > 1) fail("expected one variable before this sign");
    step();
    line.values = {expression()};
    return line;
  }
  if (is(Token::Kind::Sign) && (token_.text == "(" || token_.text == "["))
    fail(token_.text == "(" ? "expected '=': what is computed here is not used"
                            : "expected '=': tensors are not written to; x = set_at(...) makes another one");
  expect("=", "after what is assigned to");
  do line.values.push_back(expression());
  while (accept(","));
  for (std::size_t k = 0; k < line.targets.size(); ++k)
    for (std::size_t other = 0; other < k; ++other)
      if (line.targets[k].name == line.targets[other].name)
        fail_at(tokens_.text(), line.targets[k].place,
                "expected another variable: '" + line.targets[k].name + "' is assigned to twice");
  return line;
}

}  // namespace einx::detail::script
