// The rules that every program obeys.
#include <algorithm>
#include <set>

#include "graph/read.h"
#include "script/script.h"
#include "script/tokens.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

struct Broken {
  std::string rule;
};

/// A name, or several with dots between them: "encoder.norm.forward".
bool legal_path(std::string_view path) {
  while (true) {
    const std::size_t dot = path.find('.');
    const std::string_view part = path.substr(0, dot);
    const auto word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (part.empty() || !std::ranges::all_of(part, word)) return false;
    if (dot == path.npos) return true;
    path.remove_prefix(dot + 1);
  }
}

class Verifier {
 public:
  Verifier(const Program& program, const Function& function) : program_(program), function_(function) {}
  void run() const;

 private:
  void require(bool holds, const std::string& rule) const {
    if (!holds) throw Broken{function_.name + ": " + rule};
  }
  void body(const Body& body, bool in_loop, bool in_test) const;
  void statement(const Statement& statement, bool in_loop, bool in_test) const;
  void call(const Call& call) const;
  void invoke(const Invoke& invoke) const;
  void arrange(const Arrange& arrange) const;
  void results(const std::vector<Var>& results) const;

  const Program& program_;
  const Function& function_;
};

void Verifier::results(const std::vector<Var>& results) const {
  require(!results.empty(), "a call has a result");
  require(std::set(results.begin(), results.end()).size() == results.size(),
          "the results of a call are different variables");
}

void Verifier::call(const Call& call) const {
  results(call.results);
  require(ops::find(call.op), "there is an operation '" + call.op + "'");
  require(call.pattern || (call.sizes.empty() && call.attributes.empty() && !call.keepdims),
          "sizes and parameters stand beside a pattern");
}

void Verifier::invoke(const Invoke& invoke) const {
  results(invoke.results);
  const auto found =
      std::ranges::find(program_.functions, invoke.function, [](const auto& entry) { return entry.first; });
  require(found != program_.functions.end(), "there is a function '" + invoke.function + "'");
  const auto* callee = std::get_if<FunctionPtr>(&found->second);
  require(!callee || (*callee)->parameters.size() == invoke.arguments.size(),
          "'" + invoke.function + "' is given as many operands as it takes");
}

void Verifier::arrange(const Arrange& arrange) const {
  using Kind = Arrange::Kind;
  const std::size_t count = arrange.integers.size();
  const bool list = arrange.kind == Kind::Stack || arrange.kind == Kind::Concat;
  require(list ? !arrange.arguments.empty() : arrange.arguments.size() == 1,
          "an arrangement has one operand, stack and concat at least one");
  const bool open = arrange.kind == Kind::Slice;
  for (std::size_t k = 0; k < count; ++k)
    require(arrange.integers[k] || (open && k > 0), "only the ends and the step of a slice may be open");
  switch (arrange.kind) {
    case Kind::Slice:
      return require(count >= 1 && count <= 4, "a slice has an axis, two ends and a step");
    case Kind::Select:
      return require(count == 2, "a selection has an axis and a position");
    case Kind::Size:
    case Kind::Stack:
    case Kind::Concat:
      return require(count == 1, "a size, stack or concat has an axis");
    case Kind::Rank:
    case Kind::Copy:
      return require(count == 0, "a rank or copy has no integers");
    case Kind::Reshape:
    case Kind::BroadcastTo:
    case Kind::Transpose:
      return;
  }
}

void Verifier::statement(const Statement& statement, bool in_loop, bool in_test) const {
  const auto exists = [&](Var variable) {
    require(variable >= 0 && std::size_t(variable) < function_.variables.size(), "variables exist");
  };
  std::ranges::for_each(read_by(statement), exists);
  std::ranges::for_each(assigned({statement}), exists);
  support::match(
      statement.node, [&](const Call& node) { call(node); }, [&](const Invoke& node) { invoke(node); },
      [&](const Arrange& node) { arrange(node); },
      [&](const If& branch) {
        body(branch.then, in_loop, in_test);
        body(branch.otherwise, in_loop, in_test);
      },
      [&](const While& loop) {
        body(loop.test, false, true);
        body(loop.body, true, in_test);
      },
      [&](const For& loop) {
        require(loop.range || std::holds_alternative<Var>(loop.over), "a loop over rows is over a variable");
        body(loop.body, true, in_test);
      },
      [&](const Break&) { require(in_loop, "a break stands in a loop"); },
      [&](const Continue&) { require(in_loop, "a continue stands in a loop"); },
      [&](const Return& result) {
        require(!in_test, "the test of a loop does not return");
        require(!result.values.empty(), "a function returns something");
        require(!function_.results || function_.results->size() == result.values.size(),
                "a function returns as many results as its signature says");
      },
      [&](const Constant& constant) { require(constant.data.defined(), "a constant has data"); },
      [](const auto&) {});
}

void Verifier::body(const Body& body, bool in_loop, bool in_test) const {
  for (const Statement& each : body) statement(each, in_loop, in_test);
}

void Verifier::run() const {
  require(legal_path(function_.name) && !reserved(function_.name),
          "the name of a function is made of letters, digits, _ and dots");
  for (const Var size : function_.sizes)
    require(size >= 0 && std::size_t(size) < function_.variables.size(), "the name of a size is a variable");
  std::set<Var> given;
  for (const FunctionParameter& parameter : function_.parameters) {
    require(parameter.variable >= 0 && std::size_t(parameter.variable) < function_.variables.size() &&
                given.insert(parameter.variable).second,
            "parameters are different variables");
    if (!parameter.type.dims) continue;
    for (const Dim& dim : *parameter.type.dims) {
      const auto named = [&](Var size) { return function_.variables.at(std::size_t(size)) == dim.name; };
      require(dim.kind != Dim::Kind::Name || std::ranges::any_of(function_.sizes, named),
              "the name of a size is a variable");
    }
  }
  for (const Var size : function_.sizes) {
    const auto named = [&](const FunctionParameter& parameter) {
      return parameter.type.dims && std::ranges::any_of(*parameter.type.dims, [&](const Dim& dim) {
               return dim.kind == Dim::Kind::Name && dim.name == function_.variables.at(std::size_t(size));
             });
    };
    require(std::ranges::any_of(function_.parameters, named), "a parameter says what a size is");
  }
  body(function_.body, false, false);
  require(!falls_through(function_.body), "every path of the body ends with return");
}

}  // namespace

std::optional<std::string> verify(const Program& program) {
  std::set<std::string> names;
  try {
    for (const auto& [name, function] : program.functions) {
      if (!names.insert(name).second) return "there is one function '" + name + "'";
      if (const auto* written = std::get_if<FunctionPtr>(&function)) Verifier(program, **written).run();
    }
  } catch (const Broken& broken) {
    return broken.rule;
  }
  return std::nullopt;
}

}  // namespace einx::detail::script
