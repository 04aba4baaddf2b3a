// Inside the script layer: a text as it is written, before it is statements. Expressions lie in one vector
// and refer to each other by index, so that long ones are neither built nor destroyed by recursion.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "script/script.h"

namespace einx::detail::script {

using ExprId = int;
inline constexpr ExprId kNone = -1;

/// One place between the brackets of x[...]: a position, a range (each part may be missing), or the axes that
/// are left over.
struct Index {
  enum class Kind { At, Range, Rest };
  Kind kind = Kind::At;
  ExprId at = kNone;  ///< At; Range: where it begins
  ExprId to = kNone, step = kNone;
};
struct Keyword {
  std::string name;
  ExprId value = kNone;
  Place place;
};
/// A constant's elements as they are written: of which type they are is said elsewhere.
struct Elements {
  std::vector<std::string> texts;
  Shape shape;
};
struct Details {
  std::vector<Index> indices;
  std::vector<Keyword> keywords;
  Elements elements;
};

struct Expr {
  enum class Kind {
    Literal,   ///< `number`; `huge`: 2^63, legal behind a minus only
    Text,      ///< `text` in quotation marks
    Name,      ///< `text`: a variable or a path
    None,      ///< the word none
    List,      ///< children
    Call,      ///< `text`(children, keywords)
    Index,     ///< child[indices]
    Size,      ///< child.shape[child]
    Unary,     ///< the operation `text` of a child: negative, not
    Binary,    ///< the operation `text` of two
    Logical,   ///< `text` (and, or) of two or more
    Choice,    ///< child if child else child, in this order
    Elements,  ///< constant(elements)
  };
  Kind kind = Kind::Literal;
  bool huge = false;
  int depth = 1;
  Place place;
  Number number{};
  std::string_view text;
  std::vector<ExprId> children;
  int details = -1;  ///< of Tree::details
};

struct Target {
  std::string name;
  Place place;
  std::optional<TypePattern> type;
};

struct Line;
using Block = std::vector<Line>;
struct Line {
  enum class Kind { Assign, Return, Break, Continue, If, While, For, Assume };
  Kind kind = Kind::Assign;
  Place place;
  std::vector<Target> targets;  ///< For: the item
  std::string_view operation;   ///< x += y: add
  std::vector<ExprId>
      values;  ///< For: what is looped over, or the arguments of range; If, While: the condition
  bool range = false;
  Block test, body, otherwise;  ///< If: body and otherwise
  Assume assume;                ///< without the variable, which is the target
};

struct WrittenFunction {
  std::string name;
  Place place;
  std::vector<Target> parameters;
  std::optional<std::vector<TypePattern>> results;
  std::vector<Place> result_places;
  Block body;
};

struct Tree {
  std::vector<Expr> expressions;
  std::vector<Details> details;
  std::vector<WrittenFunction> functions;
  const Expr& operator[](ExprId id) const { return expressions[std::size_t(id)]; }
  const Details& details_of(const Expr& expr) const { return details[std::size_t(expr.details)]; }
};

/// Reads a text. Raises SyntaxError "script-text".
Tree read(std::string_view text);

}  // namespace einx::detail::script
