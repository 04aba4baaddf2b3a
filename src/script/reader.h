// Inside the script layer: tokens -> a tree. One member function a rule of the grammar.
#pragma once
#include <string>
#include <string_view>

#include "script/syntax.h"
#include "script/tokens.h"

namespace einx::detail::script {

class Reader {
 public:
  explicit Reader(std::string_view text) : tokens_(text), token_(tokens_.next()), after_(tokens_.next()) {}
  Tree read();

 private:
  // --- tokens
  void step();
  bool is(Token::Kind kind) const { return token_.kind == kind; }
  bool is(std::string_view text) const;
  bool accept(std::string_view text);
  void expect(std::string_view text, std::string_view what);
  void expect_kind(Token::Kind kind, std::string_view what);
  [[noreturn]] void fail(const std::string& sentence) const {
    fail_at(tokens_.text(), token_.place, sentence);
  }
  [[noreturn]] void fail_expected(std::string_view what) const;
  std::string name(std::string_view what);
  std::int64_t integer(std::string_view what);

  // --- signatures and statements
  WrittenFunction function();
  void parameters(WrittenFunction& function);
  TypePattern type();
  std::vector<Dim> dims();
  Dim dim();
  std::vector<std::int64_t> integers();
  void check_type(const TypePattern& type, const Place& place) const;
  Block block();
  void statement(Block& block);
  Line if_line();
  Line while_line();
  Line for_line();
  Line return_line();
  Line assume_line();
  Line assignment();
  Target target();
  std::string_view augmented();
  void end_of_line();
  void split_test(Line& loop);

  // --- expressions
  ExprId expression();  ///< with `if else`
  ExprId logical(std::string_view word);
  ExprId negation();
  ExprId comparison();
  ExprId sum();
  ExprId product();
  ExprId factor();
  ExprId power();
  ExprId postfix();
  ExprId primary();
  ExprId named();
  ExprId call(const Token& name);
  void argument(Expr& call, Details& details);
  ExprId elements(const Token& name);
  void element_axis(Elements& elements, std::size_t axis);
  std::string element();
  ExprId index(ExprId of);
  Index index_entry();
  ExprId size(ExprId of, const Place& place);
  ExprId list();
  ExprId number();
  ExprId unary(std::string_view operation, const Place& place, ExprId operand);
  ExprId binary(std::string_view operation, const Place& place, ExprId left, ExprId right);
  ExprId add(Expr expr);
  ExprId add(Expr expr, Details details);

  Tokens tokens_;
  Token token_, after_;
  Tree tree_;
  int depth_ = 0;   ///< of expressions
  int blocks_ = 0;  ///< of statements
  struct Deeper;
};

}  // namespace einx::detail::script
