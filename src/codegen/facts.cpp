#include "codegen/facts.h"

#include <algorithm>

#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using namespace loops;

void mention(Facts& facts, const std::vector<Ref>& refs) {
  for (const Ref& ref : refs) facts.registers.insert(ref.reg);
}
void mention(Facts& facts, const Address& at) {
  for (const Address::Indirect& term : at.indirect) facts.registers.insert(term.index);
}

void collect(Facts& facts, const Body& body) {
  for (const Statement& statement : body) {
    support::match(
        statement.node, [&](const Load& s) { mention(facts, {s.dst}), mention(facts, s.at); },
        [&](const Store& s) {
          mention(facts, {s.value}), mention(facts, s.at), facts.stored.insert(s.buffer);
        },
        [&](const Index& s) { mention(facts, {s.dst}), mention(facts, s.at); },
        [&](const Set& s) { mention(facts, {s.dst}); },
        [&](const Apply& s) { mention(facts, s.dst), mention(facts, s.args); },
        [&](const Update& s) { mention(facts, s.accumulators), mention(facts, s.values); },
        [&](const Fold& s) { mention(facts, s.dst), mention(facts, s.accumulators); },
        [&](const Check& s) {
          mention(facts, {s.dst, s.coordinate}), facts.checks = true;
        },
        [&](const Transpose& s) {
          mention(facts, s.from_at), mention(facts, s.to_at), facts.stored.insert(s.to);
        },
        [&](const Spread& s) { mention(facts, {s.dst}), mention(facts, s.at); },
        [&](const Prefetch& s) { mention(facts, s.at); }, [&](const Loop& s) { collect(facts, s.body); });
  }
}

/// Marks what varies until nothing new is found: registers carried around inner loops need a second round.
class Varying {
 public:
  Varying(const Kernel& kernel, VarId var) : var_(var) {
    for (const Register& reg : kernel.registers) found.push_back(reg.lanes > 0);
  }
  void run(const Body& body) {
    do {
      changed_ = false;
      visit(body);
    } while (changed_);
  }
  std::vector<bool> found;

 private:
  bool any(const std::vector<Ref>& refs) const {
    return std::any_of(refs.begin(), refs.end(), [&](const Ref& ref) { return found[std::size_t(ref.reg)]; });
  }
  bool address(const Address& at) const {
    return std::any_of(at.terms.begin(), at.terms.end(),
                       [&](const auto& term) { return term.var == var_ && !term.stride.is(0); }) ||
           std::any_of(at.indirect.begin(), at.indirect.end(),
                       [&](const auto& term) { return found[std::size_t(term.index)]; });
  }
  void mark(const std::vector<Ref>& refs, bool varies) {
    if (!varies) return;
    for (const Ref& ref : refs) {
      changed_ = changed_ || !found[std::size_t(ref.reg)];
      found[std::size_t(ref.reg)] = true;
    }
  }
  void visit(const Body& body) {
    for (const Statement& statement : body) {
      support::match(
          statement.node, [&](const Load& s) { mark({s.dst}, address(s.at)); }, [](const Store&) {},
          [&](const Index& s) { mark({s.dst}, address(s.at)); }, [](const Set&) {},
          [&](const Apply& s) { mark(s.dst, any(s.args)); },
          [&](const Update& s) { mark(s.accumulators, any(s.values) || any(s.accumulators)); },
          [](const Fold&) {}, [&](const Check& s) { mark({s.dst}, any({s.coordinate})); },
          [](const Transpose&) {}, [](const Prefetch&) {}, [&](const Spread& s) { mark({s.dst}, true); }, [&](const Loop& s) { visit(s.body); });
    }
  }

  VarId var_;
  bool changed_ = false;
};

}  // namespace

Facts facts_of(const Body& body) {
  Facts facts;
  collect(facts, body);
  return facts;
}

std::vector<bool> varying_registers(const Kernel& kernel, const Loop& vector_loop) {
  Varying varying(kernel, vector_loop.var);
  varying.run(vector_loop.body);
  return std::move(varying.found);
}

}  // namespace einx::detail::codegen
