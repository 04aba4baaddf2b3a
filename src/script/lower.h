// Inside the script layer: a function's tree -> its statements.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "script/syntax.h"
#include "script/tokens.h"

namespace einx::detail::script {

/// What all functions of a text see.
struct Scope {
  struct Known {
    std::string name;  ///< in the program
    std::optional<std::size_t> takes, gives;
  };
  std::string_view text;
  const Tree& tree;
  std::map<std::string, Known, std::less<>> functions;      ///< by the name that is written
  std::map<std::string, std::string, std::less<>> tensors;  ///< the same, to the name in the program
  std::map<std::string, Tensor, std::less<>> data;
  std::set<std::string> constants;  ///< data that constant("...") took
  std::vector<std::string_view> names_of_functions() const;
};

class Lowering {
 public:
  Lowering(Scope& scope, const WrittenFunction& written)
      : scope_(scope), tree_(scope.tree), written_(written) {}
  Function run();

 private:
  // --- variables
  void declare_parameters();
  void declare_sizes(const TypePattern& type, const Place& place);
  void check_results();
  void collect(const Block& block, std::set<std::string>& names) const;
  Var variable(const std::string& name);
  Var fresh();
  void assign(Var variable);
  [[noreturn]] void fail(const Place& place, const std::string& sentence,
                         const std::string& advice = {}) const {
    fail_at(scope_.text, place, sentence, advice);
  }

  // --- statements
  void block(const Block& block);
  void line(const Line& line);
  void assignment(const Line& line);
  void assign_values(const Line& line);
  void assign_results(const Line& line);
  void augmented(const Line& line);
  void constant_line(const Target& target, const Expr& value);
  void branch(const Line& line);
  void while_loop(const Line& line);
  void for_loop(const Line& line);
  Argument range_item(const Line& line, Argument& count, std::vector<Argument>& bounds);
  void returns(const Line& line);
  void assume(const Line& line);
  template <class Node>
  void emit(const Place& place, Node node);
  template <class Work>
  Body body(const Work& work);

  // --- expressions: `into` is where the result is wanted; the answer says where it is
  using Into = std::optional<Var>;
  Argument value(ExprId id, Into into = {});
  Argument name(const Expr& expr, Into into);
  Argument binary_chain(ExprId id, Into into);
  Argument operation(std::string_view op, const Place& place, std::vector<Argument> arguments, Into into);
  Argument combine(std::string_view op, const Place& place, Argument left, Argument right, Into into);
  Argument logical(const Expr& expr);
  Argument choice(const Expr& expr);
  Argument arrange(Arrange::Kind kind, const Place& place, std::vector<Argument> arguments,
                   std::vector<std::optional<Integer>> integers, Into into);
  Argument index(const Expr& expr, Into into);
  Argument size(const Expr& expr, Into into);
  Argument elements(const Expr& expr, const std::optional<TypePattern>& type, Into into);
  Argument parameter(const std::string& name, const Place& place, Into into);
  Integer integer(ExprId id);
  std::optional<Integer> maybe_integer(ExprId id);
  std::vector<std::optional<Integer>> integer_list(ExprId id);
  void copy(const Place& place, Var to, const Argument& from);

  // --- calls
  std::vector<Argument> call(const Expr& expr, std::vector<Into> into);
  std::optional<std::vector<Argument>> invoke(const Expr& expr, std::string_view path,
                                              const std::vector<Into>& into);
  Argument built_in(const Expr& expr, std::string_view name, Into into);
  std::vector<Argument> operation_call(const Expr& expr, std::string_view name, Dialect dialect,
                                       const std::vector<Into>& into);
  void keywords(const Expr& expr, Call& call, const ops::Op& op);
  void dialect_function(const Expr& expr, std::string_view name, Call& call, std::vector<std::string>& texts);
  void check_operation(const Expr& expr, const Call& call, const ops::Op& op) const;
  std::string text_of(const Expr& expr) const;
  std::vector<ExprId> operands(const Expr& expr) const;
  Tensor data(const Expr& expr) const;
  [[noreturn]] void unknown_function(const Expr& expr, std::string_view path) const;
  [[noreturn]] void unknown_name(const Expr& expr) const;

  Scope& scope_;
  const Tree& tree_;
  const WrittenFunction& written_;
  Function made_;
  std::map<std::string, Var, std::less<>> variables_;
  std::set<std::string> named_;  ///< everything the text assigns to in this function
  std::vector<bool> may_be_set_;
  std::vector<Var> trail_;  ///< what was added to it, in order, so that a branch can be taken back
  Body* out_ = nullptr;
  int loops_ = 0, temporaries_ = 0;
};

}  // namespace einx::detail::script
