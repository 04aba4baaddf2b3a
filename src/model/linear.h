// Functions as lists of instructions, so that a place in a function is a number. Private to the model layer.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "script/script.h"

namespace einx::detail::model {

/// What goes on in a straight line: a statement that `write` takes.
struct Write {
  const script::Statement* statement = nullptr;
};
struct Jump {
  int to = -1;
};
/// Goes on if the condition holds, else at `otherwise`. `join`: where both ways meet again, -1 if they do
/// not.
struct Branch {
  script::Argument condition;
  int otherwise = -1, join = -1;
};
/// Several ways meet here: a loop's head, or what follows an if or a loop. `assigned`: what those ways may
/// have assigned.
struct Join {
  std::vector<script::Var> assigned;
  bool loop = false;
};
/// result = the integer that a loop counts to, as a number of i64.
struct Count {
  script::Var result = -1;
  script::Argument over;
};
/// result = a tensor with an axis to loop over.
struct Rows {
  script::Var result = -1;
  script::Argument over;
};

struct Instruction {
  script::Place place;
  std::variant<Write, Jump, Branch, Join, Count, Rows, const script::Invoke*, const script::Return*> work;
};

struct Linear {
  script::FunctionPtr function;
  std::vector<Instruction> code;
  std::vector<std::string> names;       ///< of the variables: the function's, then hidden ones of loops
  std::vector<std::vector<bool>> live;  ///< live[pc][variable]: read at pc or later, before it is assigned
  std::vector<bool>
      sizes;  ///< of a variable: a shape may depend on its value, so that numbers are worth versions
  std::deque<script::Statement> written;  ///< statements of hidden variables
};
using LinearPtr = std::shared_ptr<const Linear>;

LinearPtr linearise(const script::FunctionPtr& function);

}  // namespace einx::detail::model
