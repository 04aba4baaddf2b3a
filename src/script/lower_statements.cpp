// Functions and control flow.
#include <algorithm>

#include "script/lower.h"
#include "support/support.h"

namespace einx::detail::script {

// ---------------------------------------------------------------- variables
Var Lowering::variable(const std::string& name) {
  const auto [known, fresh] = variables_.emplace(name, Var(made_.variables.size()));
  if (fresh) {
    made_.variables.push_back(name);
    may_be_set_.push_back(false);
  }
  return known->second;
}

Var Lowering::fresh() {
  std::string name;
  do name = "t" + std::to_string(++temporaries_);
  while (named_.contains(name));
  const Var made = variable(name);
  assign(made);
  return made;
}

void Lowering::assign(Var variable) {
  if (may_be_set_[std::size_t(variable)]) return;
  may_be_set_[std::size_t(variable)] = true;
  trail_.push_back(variable);
}

/// The names in a type are variables of the function: each a number that the operands' shapes give.
void Lowering::declare_sizes(const TypePattern& type, const Place& place) {
  if (!type.dims) return;
  for (const Dim& dim : *type.dims) {
    if (dim.kind != Dim::Kind::Name) continue;
    const auto parameter = [&](const Target& other) { return other.name == dim.name; };
    if (std::ranges::any_of(written_.parameters, parameter))
      fail(place, "expected another name for this size: '" + dim.name + "' is a parameter");
    const Var size = variable(dim.name);
    if (std::ranges::find(made_.sizes, size) != made_.sizes.end()) continue;
    made_.sizes.push_back(size);
    assign(size);
  }
}

void Lowering::declare_parameters() {
  for (const Target& parameter : written_.parameters) {
    const Var made = variable(parameter.name);
    assign(made);
    made_.parameters.push_back({made, parameter.type.value_or(TypePattern{}), parameter.place});
  }
  for (const Target& parameter : written_.parameters)
    if (parameter.type) declare_sizes(*parameter.type, parameter.place);
  made_.results = written_.results;
}

void Lowering::collect(const Block& block, std::set<std::string>& names) const {
  for (const Line& line : block) {
    if (line.kind != Line::Kind::Assume)
      for (const Target& target : line.targets) names.insert(target.name);
    collect(line.test, names);
    collect(line.body, names);
    collect(line.otherwise, names);
  }
}

Function Lowering::run() {
  made_.name = scope_.functions.find(written_.name)->second.name;
  declare_parameters();
  for (const auto& [name, variable] : variables_) named_.insert(name);
  collect(written_.body, named_);
  made_.body = body([&] { block(written_.body); });
  if (falls_through(made_.body))
    fail(written_.place, "'" + written_.name + "' may end without a value",
         "Every way through a function ends with 'return' and its results.");
  return std::move(made_);
}

// ---------------------------------------------------------------- blocks
template <class Node>
void Lowering::emit(const Place& place, Node node) {
  out_->push_back({place, std::move(node)});
}

/// The statements that `work` emits.
template <class Work>
Body Lowering::body(const Work& work) {
  Body made;
  Body* const around = std::exchange(out_, &made);
  work();
  out_ = around;
  return made;
}

void Lowering::copy(const Place& place, Var to, const Argument& from) {
  if (from != Argument(to)) emit(place, Arrange{Arrange::Kind::Copy, to, {from}, {}});
  assign(to);
}

void Lowering::block(const Block& block) {
  for (const Line& written : block) {
    if (!out_->empty() && !falls_through(out_->back()))
      fail(written.place, "this statement is never reached");
    line(written);
  }
}

void Lowering::line(const Line& line) {
  switch (line.kind) {
    case Line::Kind::Assign:
      return assignment(line);
    case Line::Kind::Return:
      return returns(line);
    case Line::Kind::If:
      return branch(line);
    case Line::Kind::While:
      return while_loop(line);
    case Line::Kind::For:
      return for_loop(line);
    case Line::Kind::Assume:
      return assume(line);
    case Line::Kind::Break:
    case Line::Kind::Continue: {
      const bool leaves = line.kind == Line::Kind::Break;
      if (loops_ == 0)
        fail(line.place, std::string("expected a loop around '") + (leaves ? "break'" : "continue'"));
      return leaves ? emit(line.place, Break{}) : emit(line.place, Continue{});
    }
  }
}

// ---------------------------------------------------------------- assignments
void Lowering::assignment(const Line& line) {
  if (line.targets.empty()) fail(line.place, "expected no 'test' here: it stands in the block of 'while:'");
  if (!line.operation.empty()) return augmented(line);
  if (line.targets.size() != line.values.size()) {
    if (line.values.size() == 1) return assign_results(line);
    fail(line.place, "expected " + std::to_string(line.targets.size()) + " values, but there are " +
                         std::to_string(line.values.size()));
  }
  if (line.targets.size() > 1) return assign_values(line);
  const Target& target = line.targets[0];
  const Expr& expr = tree_[line.values[0]];
  if (target.type &&
      (expr.kind == Expr::Kind::Elements || (expr.kind == Expr::Kind::Call && expr.text == "constant")))
    return constant_line(target, expr);
  const Var to = variable(target.name);
  copy(expr.place, to, value(line.values[0], to));
}

/// Only constants need their types, and are held to them; what follows for others is left to the types of a
/// call.
void Lowering::constant_line(const Target& target, const Expr& expr) {
  const Var to = variable(target.name);
  if (expr.kind == Expr::Kind::Elements) {
    elements(expr, target.type, to);
  } else {
    const Tensor tensor = data(expr);
    Function declared;
    declared.variables = {target.name};
    declared.parameters = {{0, *target.type, {}}};
    const auto type = graph::make_type(tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end()));
    if (!bind(declared, {type}).problem.empty())
      fail(target.place,
           "expected data of the type " + script::text(*target.type) + "; this is " + graph::text(type));
    emit(expr.place, Constant{to, tensor});
  }
  assign(to);
}

void Lowering::augmented(const Line& line) {
  const Target& target = line.targets[0];
  const auto known = variables_.find(target.name);
  if (known == variables_.end() || !may_be_set_[std::size_t(known->second)])
    fail(target.place, "'" + target.name + "' has no value here yet");
  const Var variable = known->second;
  copy(line.place, variable, combine(line.operation, line.place, variable, value(line.values[0]), variable));
}

/// a, b = b, a: all values are there before the first variable changes.
void Lowering::assign_values(const Line& line) {
  std::vector<Argument> made;
  for (const ExprId id : line.values) {
    Argument result = value(id);
    const auto* read = std::get_if<Var>(&result);
    if (read && tree_[id].kind == Expr::Kind::Name) {
      const Var kept = fresh();
      copy(tree_[id].place, kept, result);
      result = kept;
    }
    made.push_back(result);
  }
  for (std::size_t k = 0; k < made.size(); ++k)
    copy(line.targets[k].place, variable(line.targets[k].name), made[k]);
}

void Lowering::assign_results(const Line& line) {
  const Expr& expr = tree_[line.values[0]];
  if (expr.kind != Expr::Kind::Call)
    fail(expr.place,
         "expected " + std::to_string(line.targets.size()) + " values, or a call that gives as many");
  std::vector<Into> into;
  for (const Target& target : line.targets) into.emplace_back(variable(target.name));
  call(expr, into);
  for (const Into& made : into) assign(*made);
}

void Lowering::returns(const Line& line) {
  if (loops_ < 0) fail(line.place, "expected no 'return' in the test of a loop");
  const std::size_t wanted = scope_.functions.find(written_.name)->second.gives.value();
  if (line.values.size() != wanted)
    fail(line.place, "expected " + std::to_string(wanted) + (wanted == 1 ? " result" : " results") +
                         (written_.results ? ", as the signature says" : ", as in the first 'return'"));
  Return made;
  for (const ExprId id : line.values) made.values.push_back(value(id));
  emit(line.place, std::move(made));
}

void Lowering::assume(const Line& line) {
  const Target& of = line.targets[0];
  const auto known = variables_.find(of.name);
  if (known == variables_.end() || !may_be_set_[std::size_t(known->second)])
    fail(of.place, "'" + of.name + "' has no value here yet");
  Assume made = line.assume;
  made.of = known->second;
  emit(line.place, made);
}

// ---------------------------------------------------------------- control flow
/// What one branch sets is not set in the other; afterwards it may be, unless the branch does not go on.
void Lowering::branch(const Line& line) {
  If made;
  made.condition = value(line.values[0]);
  const std::size_t mark = trail_.size();
  const auto take_back = [&] {
    std::vector<Var> taken(trail_.begin() + std::ptrdiff_t(mark), trail_.end());
    for (const Var variable : taken) may_be_set_[std::size_t(variable)] = false;
    trail_.resize(mark);
    return taken;
  };
  made.then = body([&] { block(line.body); });
  const std::vector<Var> then_set = take_back();
  made.otherwise = body([&] { block(line.otherwise); });
  if (!falls_through(made.otherwise)) take_back();
  if (falls_through(made.then))
    for (const Var variable : then_set) assign(variable);
  emit(line.place, std::move(made));
}

void Lowering::while_loop(const Line& line) {
  std::set<std::string> changed;
  collect({line}, changed);
  for (const std::string& name : changed) assign(variable(name));
  While made;
  const int around = std::exchange(loops_, -1);  // a test neither leaves loops nor returns
  made.test = body([&] {
    for (const Line& test : line.test) {
      if (test.kind == Line::Kind::Break || test.kind == Line::Kind::Continue)
        fail(test.place, "expected nothing that leaves the loop in its test");
      this->line(test);
    }
    made.condition = value(line.values[0]);
  });
  loops_ = around < 0 ? -1 : around + 1;
  made.body = body([&] { block(line.body); });
  loops_ = around;
  emit(line.place, std::move(made));
}

/// What range(from, to, step) counts: the number of rounds; `bounds` are kept as they are before the first
/// one.
Argument Lowering::range_item(const Line& line, Argument& count, std::vector<Argument>& bounds) {
  for (const ExprId id : line.values) {
    Argument bound = value(id);
    if (std::holds_alternative<Var>(bound) && tree_[id].kind == Expr::Kind::Name) {
      const Var kept = fresh();
      copy(tree_[id].place, kept, bound);
      bound = kept;
    }
    bounds.push_back(bound);
  }
  if (bounds.size() == 3 && bounds[2] == Argument(Number(std::int64_t(0))))
    fail(tree_[line.values[2]].place, "expected a step that is not 0");
  if (bounds.size() == 2) {
    count = combine("subtract", line.place, bounds[1], bounds[0], {});
  } else {  // rounded up: -((from - to) // step)
    const Argument steps = combine("floor_divide", line.place,
                                   combine("subtract", line.place, bounds[0], bounds[1], {}), bounds[2], {});
    count = operation("negative", line.place, {steps}, {});
  }
  return fresh();
}

void Lowering::for_loop(const Line& line) {
  For made;
  made.range = line.range;
  std::vector<Argument> bounds;
  const bool counts = line.range && line.values.size() > 1;
  const Argument counter = counts ? range_item(line, made.over, bounds) : Argument(-1);
  if (!counts) made.over = value(line.values[0]);
  if (!line.range && !std::holds_alternative<Var>(made.over))
    fail(tree_[line.values[0]].place, "expected a tensor with rows; range(n) counts");
  std::set<std::string> changed;
  collect({line}, changed);
  for (const std::string& name : changed) assign(variable(name));
  const Var item = variable(line.targets[0].name);
  made.item = counts ? std::get<Var>(counter) : item;
  loops_ = loops_ < 0 ? -1 : loops_ + 1;
  made.body = body([&] {
    if (counts) {
      const Argument offset =
          bounds.size() == 3 ? combine("multiply", line.place, counter, bounds[2], {}) : counter;
      copy(line.place, item, combine("add", line.place, bounds[0], offset, item));
    }
    block(line.body);
  });
  loops_ = loops_ < 0 ? -1 : loops_ - 1;
  emit(line.place, std::move(made));
}

}  // namespace einx::detail::script
