// Structured statements to jumps; which variables are alive where.
#include "model/linear.h"

#include <algorithm>

#include "support/support.h"

namespace einx::detail::model {
namespace {

using script::Body;
using script::Statement;
using script::Var;

/// Whether control never leaves the body at its end.
bool ends(const Body& body) {
  if (body.empty()) return false;
  const Statement& last = body.back();
  if (const auto* branch = std::get_if<script::If>(&last.node))
    return ends(branch->then) && ends(branch->otherwise);
  return std::holds_alternative<script::Return>(last.node) ||
         std::holds_alternative<script::Break>(last.node) ||
         std::holds_alternative<script::Continue>(last.node);
}

std::vector<Var> assigned_in(const Body& first, const Body& second) {
  std::vector<Var> all = script::assigned(first), more = script::assigned(second), both;
  std::ranges::set_union(all, more, std::back_inserter(both));
  return both;
}

class Lineariser {
 public:
  explicit Lineariser(Linear& to) : to_(to) {}

  void body(const Body& statements) {
    for (const Statement& next : statements) statement(next);
  }

 private:
  struct Loop {
    int head = -1;
    std::vector<int> breaks;  ///< jumps to be sent behind the loop
  };

  int here() const { return int(to_.code.size()); }
  template <class Work>
  int add(const script::Place& place, Work work) {
    to_.code.push_back({place, std::move(work)});
    return here() - 1;
  }
  void send(int jump, int to) {
    auto& work = to_.code[std::size_t(jump)].work;
    if (auto* branch = std::get_if<Branch>(&work))
      branch->otherwise = to;
    else
      std::get<Jump>(work).to = to;
  }
  Var hidden(std::string name) {
    to_.names.push_back(std::move(name));
    return Var(to_.names.size()) - 1;
  }
  template <class Node>
  void write(const script::Place& place, Node node) {
    to_.written.push_back({place, std::move(node)});
    add(place, Write{&to_.written.back()});
  }

  void statement(const Statement& s) {
    support::match(
        s.node, [&](const script::If& node) { branch(s.place, node); },
        [&](const script::While& node) { loop_while(s.place, node); },
        [&](const script::For& node) { loop_for(s.place, node); },
        [&](const script::Break&) { loops_.back().breaks.push_back(add(s.place, Jump{})); },
        [&](const script::Continue&) { add(s.place, Jump{loops_.back().head}); },
        [&](const script::Return& node) { add(s.place, &node); },
        [&](const script::Invoke& node) { add(s.place, &node); },
        [&](const auto&) { add(s.place, Write{&s}); });
  }

  void branch(const script::Place& place, const script::If& node) {
    const int test = add(place, Branch{node.condition});
    body(node.then);
    const bool then_ends = ends(node.then), otherwise_ends = ends(node.otherwise);
    const int over = then_ends ? -1 : add(place, Jump{});
    send(test, here());
    body(node.otherwise);
    if (over >= 0) send(over, here());
    if (then_ends || otherwise_ends) return;
    std::get<Branch>(to_.code[std::size_t(test)].work).join = here();
    add(place, Join{assigned_in(node.then, node.otherwise), false});
  }

  void loop(const script::Place& place, const std::vector<Var>& assigned, const std::function<int()>& test,
            const Body& inside) {
    loops_.push_back({add(place, Join{assigned, true}), {}});
    const int leave = test();
    body(inside);
    add(place, Jump{loops_.back().head});
    send(leave, here());
    for (const int jump : loops_.back().breaks) send(jump, here());
    if (!loops_.back().breaks.empty()) add(place, Join{assigned, false});
    loops_.pop_back();
  }

  void loop_while(const script::Place& place, const script::While& node) {
    const script::Place where = node.test.empty() ? place : node.test.back().place;
    const auto test = [&] {
      body(node.test);
      return add(where, Branch{node.condition});
    };
    loop(place, assigned_in(node.test, node.body), test, node.body);
  }

  void loop_for(const script::Place& place, const script::For& node) {
    using Kind = script::Arrange::Kind;
    const std::string item = to_.names.at(std::size_t(node.item));
    const Var over = hidden(item + ".over"), count = node.range ? over : hidden(item + ".count");
    const Var at = hidden(item + ".at"), inside = hidden(item + ".inside");
    if (node.range) {
      add(place, Count{over, node.over});
    } else {
      add(place, Rows{over, node.over});
      write(place, script::Arrange{Kind::Size, count, {over}, {std::int64_t(0)}});
    }
    write(place, script::Arrange{Kind::Copy, at, {script::Number(std::int64_t(0))}, {}});
    std::vector<Var> assigned = script::assigned(node.body);
    for (const Var variable : {node.item, at, inside})
      if (std::ranges::find(assigned, variable) == assigned.end()) assigned.push_back(variable);
    const auto test = [&] {
      write(place, script::Call{.results = {inside}, .op = "less", .pattern = {}, .arguments = {at, count}});
      const int leave = add(place, Branch{inside});
      if (node.range)
        write(place, script::Arrange{Kind::Copy, node.item, {at}, {}});
      else
        write(place, script::Arrange{Kind::Select, node.item, {over}, {std::int64_t(0), at}});
      write(place, script::Call{.results = {at},
                                .op = "add",
                                .pattern = {},
                                .arguments = {at, script::Number(std::int64_t(1))}});
      return leave;
    };
    loop(place, assigned, test, node.body);
  }

  Linear& to_;
  std::vector<Loop> loops_;
};

// ---------------------------------------------------------------- what is alive
struct Effect {
  std::vector<Var> reads, assigns;
};

void add_argument(std::vector<Var>& reads, const script::Argument& argument) {
  if (const auto* variable = std::get_if<Var>(&argument)) reads.push_back(*variable);
}

Effect effect_of(const Instruction& instruction) {
  Effect effect;
  const auto all = [&](const std::vector<script::Argument>& arguments) {
    for (const script::Argument& argument : arguments) add_argument(effect.reads, argument);
  };
  support::match(
      instruction.work,
      [&](const Write& w) {
        effect = {script::read_by(*w.statement), script::assigned({*w.statement})};
      },
      [&](const Branch& branch) { add_argument(effect.reads, branch.condition); },
      [&](const Count& count) { add_argument(effect.reads, count.over), effect.assigns = {count.result}; },
      [&](const Rows& rows) { add_argument(effect.reads, rows.over), effect.assigns = {rows.result}; },
      [&](const script::Invoke* invoke) { all(invoke->arguments), effect.assigns = invoke->results; },
      [&](const script::Return* result) { all(result->values); }, [](const auto&) {});
  return effect;
}

std::vector<int> followers(const Instruction& instruction, int pc) {
  if (const auto* jump = std::get_if<Jump>(&instruction.work)) return {jump->to};
  if (std::holds_alternative<const script::Return*>(instruction.work)) return {};
  if (const auto* branch = std::get_if<Branch>(&instruction.work)) return {pc + 1, branch->otherwise};
  return {pc + 1};
}

void find_live(Linear& linear, const std::vector<Effect>& effects) {
  const std::size_t count = linear.code.size();
  linear.live.assign(count + 1, std::vector<bool>(linear.names.size(), false));
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t pc = count; pc-- > 0;) {
      std::vector<bool> live(linear.names.size(), false);
      for (const int next : followers(linear.code[pc], int(pc)))
        for (std::size_t v = 0; v < live.size(); ++v) live[v] = live[v] || linear.live[std::size_t(next)][v];
      for (const Var variable : effects[pc].assigns) live[std::size_t(variable)] = false;
      for (const Var variable : effects[pc].reads) live[std::size_t(variable)] = true;
      changed = changed || live != linear.live[pc];
      linear.live[pc] = std::move(live);
    }
  }
}

/// Variables that a statement needs the values of: sizes, but not the position of a row, which is gathered.
std::vector<Var> sizes_in(const Statement& statement) {
  std::vector<Var> found;
  const auto look = [&](const script::Integer& integer) {
    if (const auto* variable = std::get_if<Var>(&integer)) found.push_back(*variable);
  };
  if (const auto* call = std::get_if<script::Call>(&statement.node)) {
    for (const script::NamedSize& named : call->sizes)
      if (const auto* size = std::get_if<script::Integer>(&named.size)) look(*size);
  } else if (const auto* arrange = std::get_if<script::Arrange>(&statement.node)) {
    if (arrange->kind != script::Arrange::Kind::Select)
      for (const auto& integer : arrange->integers)
        if (integer) look(*integer);
  }
  return found;
}

/// What sizes are computed from is of interest, too; what other functions do with their operands is not
/// looked at.
void find_sizes(Linear& linear, const std::vector<Effect>& effects) {
  linear.sizes.assign(linear.names.size(), false);
  const auto mark = [&](const std::vector<Var>& variables) {
    bool fresh = false;
    for (const Var variable : variables) {
      fresh = fresh || !linear.sizes[std::size_t(variable)];
      linear.sizes[std::size_t(variable)] = true;
    }
    return fresh;
  };
  for (std::size_t pc = 0; pc < linear.code.size(); ++pc) {
    if (const auto* w = std::get_if<Write>(&linear.code[pc].work)) mark(sizes_in(*w->statement));
    if (std::holds_alternative<const script::Invoke*>(linear.code[pc].work)) mark(effects[pc].reads);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const Effect& effect : effects)
      if (std::ranges::any_of(effect.assigns, [&](Var v) { return linear.sizes[std::size_t(v)]; }))
        changed = mark(effect.reads) || changed;
  }
}

}  // namespace

LinearPtr linearise(const script::FunctionPtr& function) {
  const auto linear = std::make_shared<Linear>();
  linear->function = function;
  linear->names = function->variables;
  Lineariser(*linear).body(function->body);
  std::vector<Effect> effects;
  for (const Instruction& instruction : linear->code) effects.push_back(effect_of(instruction));
  find_live(*linear, effects);
  find_sizes(*linear, effects);
  return linear;
}

}  // namespace einx::detail::model
