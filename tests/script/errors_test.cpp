// Mistakes: in texts, with their place; of running ones, with the line they happened in.
#include <doctest/doctest.h>

#include "model/model.h"

using namespace einx;
namespace script = einx::detail::script;
namespace model = einx::detail::model;

namespace {

struct Mistake {
  std::string text;
  std::string begins;  ///< "line 2, column 5: expected"
  std::string advice;
};

}  // namespace

TEST_CASE("mistakes in texts") {
  const std::vector<Mistake> rows = {
      {"", "line 1, column 1: expected 'def', but there is the end of the text"},
      {"x = 3", "line 1, column 1: expected 'def' at the beginning of a function"},
      {"  def f(x): return x", "line 1, column 3: expected 'def' at the beginning of a line"},
      {"def f(x)\n    return x\n", "line 1, column 9: expected ':' at the end of the signature"},
      {"def f(x, x): return x", "line 1, column 10: expected a new name: there is a parameter 'x'"},
      {"def f(x: f31[2]): return x", "line 1, column 10: expected an element type"},
      {"def f(x: f32[-2]): return x", "line 1, column 14: expected a size of at least 0"},
      {"def f(x: f32[..., ...]): return x", "line 1, column 19: expected '...' at most once"},
      {"def f(x: f32[b : 1]): return x", "line 1, column 10: expected a size for every axis"},
      {"def f(x: f32[x]): return x", "line 1, column 7: expected another name for this size"},
      {"def f(if): return x",
       "line 1, column 7: expected the name of a parameter, but 'if' is a word of the language"},
      {"def f(x):\nreturn x\n", "line 2, column 1: expected an indented block"},
      {"def f(x):\n    y = x\n      return y\n", "line 3, column 7: expected the indentation of the block"},
      {"def f(x):\n    if x:\n        y = x\n      return y\n",
       "line 4, column 7: expected the indentation of one of the blocks around"},
      {"def f(x):\n\treturn x\n", "line 2, column 1: expected spaces, not a tab"},
      {"def f(x):\n    return\n", "line 2, column 11: expected a value to return"},
      {"def f(x):\n    return (x + 1\n",
       "line 3, column 1: expected ')' to close the parenthesis, but there is the end of the text"},
      {"def f(x):\n    return x)\n", "line 2, column 13: this ')' closes nothing"},
      {"def f(x):\n    return x +\n",
       "line 2, column 15: expected a value, but there is the end of the line"},
      {"def f(x):\n    return x ? 1\n", "line 2, column 14: this sign means nothing here"},
      {"def f(x):\n    return sum(x, 'a [b]')\n",
       "line 2, column 19: expected a text in double quotation marks"},
      {"def f(x):\n    return sum(x, \"a [b])\n", "line 2, column 19: this quotation mark is not closed"},
      {"def f(x):\n    return 1 < x < 3\n", "line 2, column 18: expected one comparison"},
      {"def f(x):\n    return 99999999999999999999\n", "line 2, column 12: expected a number"},
      {"def f(x):\n    return 9223372036854775808\n", "line 2, column 12: expected an integer of 64 bits"},
      {"def f(x):\n    return 1.5.3\n", "line 2, column 12: expected a number: '1.5.3' is none"},
      {"def f(x):\n    return totla\n\ndef total(x): return x",
       "line 2, column 12: there is no variable or tensor 'totla'"},
      {"def f(x):\n    value = x\n    return valu\n",
       "line 3, column 12: there is no variable or tensor 'valu'", "Did you mean 'value'?"},
      {"def f(x):\n    return summ(x)\n", "line 2, column 12: there is no function or operation 'summ'",
       "'sum'"},
      {"def f(x):\n    return hepler(x)\n\ndef helper(x): return x",
       "line 2, column 12: there is no function or operation 'hepler'", "'helper'"},
      {"def f(x):\n    return self.norm(x)\n", "line 2, column 12: there is no function or operation 'norm'"},
      {"def f(x):\n    return x.size\n", "line 2, column 12: 'x' has no 'size'", "A size is x.shape[k]"},
      {"def f(x):\n    return sum\n",
       "line 2, column 12: there is no variable or tensor 'sum', only a function of this name"},
      {"def f(x):\n    y = y + 1\n    return y\n", "line 2, column 9: 'y' has no value here yet"},
      {"def f(x):\n    y += 1\n    return y\n", "line 2, column 5: 'y' has no value here yet"},
      {"def f(x):\n    if x:\n        y = 1\n        return y\n    return y\n",
       "line 5, column 12: 'y' has no value here yet"},
      {"def f(x):\n    if x:\n        y = 1\n    else:\n        return y\n    return y\n",
       "line 5, column 16: 'y' has no value here yet"},
      {"def f(x):\n    y = x\n", "line 1, column 5: 'f' may end without a value"},
      {"def f(x):\n    if x:\n        return x\n", "line 1, column 5: 'f' may end without a value"},
      {"def f(x):\n    while true:\n        if x: break\n", "line 1, column 5: 'f' may end without a value"},
      {"def f(x):\n    return x\n    y = x\n", "line 3, column 5: this statement is never reached"},
      {"def f(x):\n    while true:\n        x = x + 1\n    return x\n",
       "line 4, column 5: this statement is never reached"},
      {"def f(x):\n    for i in range(3):\n        break\n        x = x + 1\n    return x\n",
       "line 4, column 9: this statement is never reached"},
      {"def f(x):\n    break\n", "line 2, column 5: expected a loop around 'break'"},
      {"def f(x):\n    if x: return x\n    return x, x\n",
       "line 3, column 5: expected 1 result, as in the first 'return'"},
      {"def f(x) -> f32, f32:\n    return x\n",
       "line 2, column 5: expected 2 results, as the signature says"},
      {"def f(x):\n    return g(x, x)\n\ndef g(x): return x",
       "line 2, column 12: expected 1 operand for 'g', but there are 2"},
      {"def f(x):\n    return g(x)\n\ndef g(x): return x, x",
       "line 2, column 12: expected 2 variables for the results of 'g'"},
      {"def f(x):\n    a, b = x\n    return a\n", "line 2, column 12: expected 2 values, or a call"},
      {"def f(x):\n    a, b = x, x, x\n    return a\n",
       "line 2, column 5: expected 2 values, but there are 3"},
      {"def f(x):\n    a, a = x, x\n    return a\n",
       "line 2, column 8: expected another variable: 'a' is assigned to twice"},
      {"def f(x):\n    g(x)\n    return x\n",
       "line 2, column 6: expected '=': what is computed here is not used"},
      {"def f(x):\n    x[0] = 3\n    return x\n",
       "line 2, column 6: expected '=': tensors are not written to"},
      {"def f(x):\n    return sum(x, x)\n",
       "line 2, column 12: expected 1 operand for 'sum', but there are 2"},
      {"def f(x):\n    return dot(x, x)\n", "line 2, column 12: expected a pattern for 'dot'"},
      {"def f(x):\n    return sum(x, b=3)\n", "line 2, column 12: expected a pattern beside sizes"},
      {"def f(x):\n    return sum(x, \"a [b]\", b=1.5)\n", "line 2, column 30: expected an integer"},
      {"def f(x):\n    return sum(x, \"a [b]\", \"c\")\n", "line 2, column 12: expected one pattern"},
      {"def f(x):\n    return sum(x, \"a [b]\", b=[1, x])\n",
       "line 2, column 34: expected an integer that is written out"},
      {"def f(x):\n    return sum(b=3, x)\n", "line 2, column 21: expected name=value"},
      {"def f(x):\n    return reshape(x, 3)\n", "line 2, column 23: expected a list of integers"},
      {"def f(x):\n    return reshape(x)\n", "line 2, column 12: expected reshape(x, [2, -1])"},
      {"def f(x):\n    return stack(x, x)\n", "line 2, column 18: expected a list of at least one tensor"},
      {"def f(x):\n    return [x]\n", "line 2, column 12: expected a value: a list is no tensor", "stack"},
      {"def f(x):\n    return \"a\"\n", "line 2, column 12: expected a value: a text is the pattern"},
      {"def f(x):\n    return x.shape\n", "line 2, column 12: 'x' has no 'shape'", "A size is x.shape[k]"},
      {"def f(x):\n    return x[1.5]\n", "line 2, column 14: expected an integer"},
      {"def f(x):\n    return x[::0]\n", "line 2, column 13: expected a step that is not 0"},
      {"def f(x):\n    return x[..., ...]\n", "line 2, column 19: expected '...' at most once"},
      {"def f(x):\n    return x[]\n", "line 2, column 14: expected a position or a range"},
      {"def f(x):\n    for i in range(1, 2, 0): x = i\n    return x\n",
       "line 2, column 26: expected a step that is not 0"},
      {"def f(x):\n    for i in 3: x = i\n    return x\n", "line 2, column 14: expected a tensor with rows"},
      {"def f(x):\n    return range(3)\n", "line 2, column 12: expected 'for i in' before 'range'"},
      {"def f(x):\n    return constant(\"c\")\n", "line 2, column 21: there is no data 'c' beside the text"},
      {"def f(x):\n    c: f32[2] = constant([1, 2, 3])\n    return c\n",
       "line 2, column 17: expected elements of the shape (2,)"},
      {"def f(x):\n    c: i8[1] = constant([300])\n    return c\n",
       "line 2, column 16: expected elements of type i8, not '300'"},
      {"def f(x):\n    return constant([[1, 2], [3]])\n",
       "line 2, column 30: expected 2 entries in this list"},
      {"def f(x):\n    return constant([1, [3]])\n", "line 2, column 25: expected lists as deep"},
      {"def f(x): return x\ndef f(x): return x\n",
       "line 2, column 5: expected a new name: there is a function 'f' above"},
      {"def f(x):\n    def g(y): return y\n    return x\n",
       "line 2, column 5: expected no function inside of a function"},
      {"def f(x):\n    else: pass\n", "line 2, column 5: this 'else' belongs to no 'if'"},
      {"def f(x):\n    y = x; return y\n", "line 2, column 10: expected one statement in a line"},
      {"def f(x):\n    while:\n        x = x\n    return x\n",
       "line 2, column 5: expected a condition, or a line 'test x'"},
      {"def f(x):\n    test x\n    return x\n", "line 2, column 5: expected no 'test' here"},
      {"def f(x):\n    while:\n        return x\n        test x\n    return x\n",
       "line 3, column 9: expected no 'return' in the test of a loop"},
      {"def f(x):\n    return einops.reduce(x, \"a b -> a\", \"meen\")\n",
       "line 2, column 12: there is no reduction 'meen'", "'mean'"},
      {"def f(x):\n    assume x.shape == 3\n    return x\n", "line 2, column 20: expected '[' and the axis"},
      {"def f(x):\n    a, b = len(x)\n    return a\n",
       "line 2, column 12: expected one variable: 'len' gives one result"},
      {"def f(x):\n    return x # \u00e9\u00e9 \n    \u00e9",
       "line 3, column 5: this sign means nothing here"},
  };
  for (const Mistake& row : rows) {
    CAPTURE(row.text);
    std::string message = "no error", kind;
    try {
      script::parse(row.text);
    } catch (const SyntaxError& error) {
      message = error.what();
      kind = error.kind();
    }
    CHECK(message.substr(0, row.begins.size()) == row.begins);
    CHECK(message.find(row.advice) != message.npos);
    if (kind != "script-text") MESSAGE(message);
  }
}

TEST_CASE("the whole message: sentence, line, caret, advice") {
  try {
    script::parse("def f(x):\n    y = summ(x)\n    return y\n");
    FAIL("no error");
  } catch (const SyntaxError& error) {
    CHECK(std::string(error.what()) ==
          "line 2, column 9: there is no function or operation 'summ'\n"
          "Expression: \"    y = summ(x)\"\n"
          "                     ^      \n"
          "Did you mean 'sum'?");
  }
}

TEST_CASE("deep and long texts end in bounded time") {
  const auto outcome = [](const std::string& text) -> std::string {
    try {
      script::parse(text);
      return "fine";
    } catch (const SyntaxError& error) {
      return std::string(error.kind());
    }
  };
  const auto repeated = [](const std::string& piece, int count) {
    std::string text;
    for (int k = 0; k < count; ++k) text += piece;
    return text;
  };
  const std::string head = "def f(x):\n    return ";
  CHECK(outcome(head + repeated("(", 50) + "x" + repeated(")", 50)) == "fine");
  for (const std::string piece :
       {"(", "[", "-", "not ", "f(", "x[", "x if x else ", "2 ** ", "x and (", "((x) + "})
    CHECK(outcome(head + repeated(piece, 50000)) == "script-text");
  CHECK(outcome(head + "x" + repeated("[0]", 50000)) == "script-text");
  CHECK(outcome(head + "x" + repeated(" + x", 50000)) == "fine");
  CHECK(outcome(head + "x" + repeated(" and x", 50000)) == "fine");
  CHECK(outcome(head + "[" + repeated("x, ", 50000) + "x]") == "script-text");
  CHECK(outcome("def f(x: f32[" + repeated("1, ", 50000) + "]): return x") == "script-text");
  CHECK(outcome(head + "constant(" + repeated("[", 50000)) == "script-text");
  std::string nested = "def f(x):\n", chain = "def f(x):\n    if x: pass\n", flat = nested;
  for (int k = 0; k < 2000; ++k) nested += std::string(std::size_t(k) + 4, ' ') + "if x:\n";
  CHECK(outcome(nested) == "script-text");
  CHECK(outcome(chain + repeated("    elif x: pass\n", 20000) + "    return x") == "script-text");
  for (int k = 0; k < 20000; ++k) flat += "    if x: y" + std::to_string(k) + " = x\n";
  CHECK(outcome(flat + "    return x") == "fine");
  CHECK(outcome(std::string(3 << 20, 'x')) == "script-text");
}

TEST_CASE("what goes wrong while a program runs names its line, once") {
  const auto message = [](const std::string& text, const std::vector<Tensor>& operands) -> std::string {
    const script::Program program = script::parse(text);
    try {
      model::interpret(program, "f", operands);
      return "no error";
    } catch (const Error& error) {
      return std::string(error.class_name()) + ": " + error.what();
    }
  };
  CHECK(message("def f(x):\n    for row in x:\n        y = g(row)\n    return y\n\ndef g(x):\n    return x + "
                "sum(x, \"a [b]\")\n",
                {Tensor::iota({2, 3})}) ==
        "RankError: line 7, column 16: 'a [b]' has 2 dimensions, but operand #1 of shape (3,) has 1.\n"
        "    a [b] = 3\n"
        "#1: shape (3,)\n"
        "        return x + sum(x, \"a [b]\")\n"
        "                   ^");
  CHECK(message("def f(x: f32[b, 3]):\n    return x\n", {Tensor::iota({2, 4})}) ==
        "ValueError: Parameter 'x' of f is declared as f32[b, 3], but this is f32[2, 4]: axis 1 has size 4, "
        "not 3.");
  CHECK(message("def f(x):\n    return 1 + g(x)\n\ndef g(x: f32[]):\n    return x\n", {Tensor::iota({2})}) ==
        "ValueError: line 2, column 16: Parameter 'x' of g is declared as f32[], but this is f32[2]: it has "
        "1 axis, not 0.\n"
        "        return 1 + g(x)\n"
        "                   ^");
  CHECK(message("def f(x):\n    if x > 1:\n        return x\n    return x\n", {Tensor::iota({2})}) ==
        "TypeError: line 2, column 5: A condition, size or count is one number, but this value has the shape "
        "(2,).\n"
        "Reduce it first, for instance with any, all or sum.\n"
        "        if x > 1:\n"
        "        ^");
  CHECK(message("def f(x):\n    if all(x > 7):\n        y = x\n    return y\n", {Tensor::iota({2})}) ==
        "ValueError: line 4, column 5: The variable 'y' is read here, but nothing was assigned to it on the "
        "way.\n"
        "        return y\n"
        "        ^");
}
