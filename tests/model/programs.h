// Programs for tests, built by hand with variables by name.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "model/model.h"

namespace model_tests {

using namespace einx;
using namespace einx::detail;
using Literal = script::Number;
using script::Body;
using script::Statement;

/// A name is a variable, everything else is a literal.
struct Term {
  Term(const char* variable) : name(variable) {}
  Term(const std::string& variable) : name(variable) {}
  Term(int number) : literal(std::int64_t(number)) {}
  Term(double number) : literal(number) {}
  Term(bool truth) : literal(truth) {}
  std::string name;
  Literal literal = false;
};

class Builder {
 public:
  Builder(std::string name, std::vector<std::string> parameters) {
    function_.name = std::move(name);
    for (const std::string& parameter : parameters) function_.parameters.push_back({variable(parameter), {}, {}});
  }

  script::Var variable(const std::string& name) {
    const auto found = std::ranges::find(function_.variables, name);
    if (found != function_.variables.end()) return script::Var(found - function_.variables.begin());
    function_.variables.push_back(name);
    return script::Var(function_.variables.size()) - 1;
  }
  script::Argument argument(const Term& term) {
    if (term.name.empty()) return term.literal;
    return variable(term.name);
  }
  std::vector<script::Argument> arguments(const std::vector<Term>& terms) {
    std::vector<script::Argument> made;
    for (const Term& term : terms) made.push_back(argument(term));
    return made;
  }

  Statement call(const std::string& result, std::string op, const std::vector<Term>& terms, std::optional<std::string> pattern = {},
                 std::vector<script::NamedSize> sizes = {}) {
    script::Call made;
    made.results = {variable(result)};
    made.op = std::move(op);
    made.pattern = std::move(pattern);
    made.arguments = arguments(terms);
    made.sizes = std::move(sizes);
    return {{}, made};
  }
  Statement arrange(const std::string& result, script::Arrange::Kind kind, const Term& term,
                    std::vector<std::optional<script::Integer>> integers = {}) {
    return {{}, script::Arrange{kind, variable(result), {argument(term)}, std::move(integers)}};
  }
  Statement copy(const std::string& result, const Term& term) { return arrange(result, script::Arrange::Kind::Copy, term); }
  Statement size(const std::string& result, const Term& term, std::int64_t axis) {
    return arrange(result, script::Arrange::Kind::Size, term, {script::Integer(axis)});
  }
  Statement tensor(const std::string& result, std::string name) { return {{}, script::Parameter{variable(result), std::move(name)}}; }
  Statement invoke(const std::string& result, std::string function, const std::vector<Term>& terms) {
    return {{}, script::Invoke{{variable(result)}, std::move(function), arguments(terms)}};
  }
  Statement when(const Term& condition, Body then, Body otherwise = {}) {
    return {{}, script::If{argument(condition), std::move(then), std::move(otherwise)}};
  }
  Statement loop(Body test, const Term& condition, Body body) {
    return {{}, script::While{std::move(test), argument(condition), std::move(body)}};
  }
  Statement rows(const std::string& item, const Term& over, Body body) {
    return {{}, script::For{variable(item), argument(over), false, std::move(body)}};
  }
  Statement range(const std::string& item, const Term& over, Body body) {
    return {{}, script::For{variable(item), argument(over), true, std::move(body)}};
  }
  Statement result(const std::vector<Term>& terms) { return {{}, script::Return{arguments(terms)}}; }
  static Statement leave() { return {{}, script::Break{}}; }
  static Statement again() { return {{}, script::Continue{}}; }

  script::FunctionPtr done(Body body) {
    function_.body = std::move(body);
    return std::make_shared<const script::Function>(function_);
  }

 private:
  script::Function function_;
};

inline model::ProgramPtr program(std::vector<script::FunctionPtr> functions, std::vector<std::pair<std::string, Tensor>> tensors = {}) {
  script::Program made;
  for (const script::FunctionPtr& function : functions) made.functions.emplace_back(function->name, function);
  made.tensors = std::move(tensors);
  return std::make_shared<const script::Program>(std::move(made));
}

/// Results as text, or the error's class and kind.
template <class Run>
std::string outcome(const Run& run) {
  try {
    std::string text;
    for (const Tensor& tensor : run()) text += tensor.to_string() + "\n";
    return text;
  } catch (const Error& error) {
    return std::string(error.class_name()) + " " + std::string(error.kind()) + ": " + error.what();
  }
}

}  // namespace model_tests
