// Rules of programs: lowered graphs keep them for every machine, and a program that breaks one is told which.
#include <doctest/doctest.h>

#include "loops/graphs.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

struct Case {
  std::string op, pattern;
  std::vector<graph::Type> types;
  Sizes sizes;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> rows = {
      {"id", "a b c -> c b a", {f32_of({24, 17, 33})}, {}},
      {"id", "(a + b) c -> a c, c b", {type(DType::u8, {40, 50})}, {{"a", 17}}},
      {"id", "a b -> b a", {type(DType::f64, {40, 50}, {-1, 64})}, {}},
      {"id", "a -> a a2 r", {type(DType::i16, {40})}, {{"r", 3}, {"a2", 5}}},
      {"add", "a b, c b -> c a b", {f32_of({3, 50}), type(DType::f64, {4, 50})}, {}},
      {"less", "a, b -> a b", {f32_of({300}), f32_of({70})}, {}},
      {"sum", "a [b] c [d]", {f32_of({3, 4, 5, 6})}, {}},
      {"mean", "a [b]", {type(DType::f16, {3, 70})}, {}},
      {"var", "[a] b", {f32_of({30, 70})}, {}},
      {"softmax", "a [b] c", {f32_of({3, 70, 5})}, {}},
      {"logsumexp", "a [b]", {f32_of({3, 70})}, {}},
      {"argmax", "a [b c] -> [2] a", {f32_of({3, 7, 9})}, {}},
      {"dot", "a b, b c -> a c", {f32_of({30, 40}), f32_of({40, 50})}, {}},
      {"get_at", "b [h w] c, b p [2] -> b p c", {f32_of({2, 3, 4, 5}), type(DType::i64, {2, 6, 2})}, {}},
      {"flip", "[a] b", {type(DType::f64, {40, 50}, {-1, 64})}, {}},
      {"sort", "a [b] c -> c a [b]", {type(DType::f16, {4, 9, 6}, {54, -6, 1})}, {}},
      {"argsort", "[a] b -> [a] r b", {type(DType::i8, {40, 50})}, {{"r", 3}}},
      {"get_at", "[v] c, b -> b c", {f32_of({9, 70}), type(DType::u64, {6})}, {}},
      {"add_at", "[v] c, b, b c", {f32_of({9, 70}), type(DType::u64, {6}), f32_of({6, 70})}, {}},
      {"set_at",
       "b [h w], p [2], p b -> b [h w]",
       {f32_of({9, 7, 5}), type(DType::i8, {6, 2}), f32_of({6, 9})},
       {}},
  };
  return rows;
}

}  // namespace

TEST_CASE("every lowered program keeps the rules") {
  for (const Case& c : cases())
    for (const loops::Machine& machine : {wide(), narrow()})
      for (const bool dynamic : {false, true}) {
        CAPTURE(c.op);
        CAPTURE(c.pattern);
        CAPTURE(dynamic);
        loops::Options options;
        options.dynamic = dynamic;
        const loops::Program program =
            loops::lower(call(c.op, c.pattern, c.types, c.sizes), machine, options);
        CAPTURE(loops::text(program));
        const auto broken = loops::verify(program);
        CHECK_MESSAGE(!broken, broken.value_or(""));
        CHECK(!program.steps.empty());
      }
}

namespace {

/// The kernel of `y[a] = x[a]`, to be broken in one place.
loops::Program copy_of_ten() { return loops::lower(call("id", "a -> a", {f32_of({10})}), wide()); }
loops::Kernel& kernel(loops::Program& program) { return std::get<loops::Kernel>(program.steps.at(0)); }
loops::Loop& loop(loops::Program& program) { return std::get<loops::Loop>(kernel(program).body.at(0).node); }

struct Broken {
  std::string rule;
  void (*damage)(loops::Program&);
};

const Broken kBroken[] = {
    {"written before it is read", [](loops::Program& p) { loop(p).body.erase(loop(p).body.begin()); }},
    {"stay inside it", [](loops::Program& p) { loop(p).extent.value = 11; }},
    {"stay inside it",
     [](loops::Program& p) { std::get<loops::Load>(loop(p).body[0].node).at.offset.value = -1; }},
    {"are not written", [](loops::Program& p) { std::get<loops::Store>(loop(p).body[1].node).buffer = 0; }},
    {"vector loops do not nest",
     [](loops::Program& p) {
       loops::Loop inner = loop(p);
       kernel(p).vars.push_back("again");
       inner.var = loops::VarId(kernel(p).vars.size()) - 1;
       loop(p).body.push_back({inner});
     }},
    {"at the top of a kernel",
     [](loops::Program& p) {
       loops::Loop outer;
       kernel(p).vars.push_back("outer");
       outer.var = loops::VarId(kernel(p).vars.size()) - 1;
       outer.extent = {2, -1};
       loop(p).kind = loops::LoopKind::Parallel;
       outer.body = kernel(p).body;
       kernel(p).body = {{outer}};
     }},
    {"unrolled loops have constant extents",
     [](loops::Program& p) {
       loop(p).kind = loops::LoopKind::Unrolled;
       loop(p).extent.param = 0;
     }},
    {"variables of open loops",
     [](loops::Program& p) { std::get<loops::Load>(loop(p).body[0].node).at.terms[0].var = 7; }},
    {"dtype of its buffer", [](loops::Program& p) { kernel(p).registers[0].dtype = DType::i32; }},
    {"names two buffers", [](loops::Program& p) { kernel(p).same_a = 0; }},
};

}  // namespace

TEST_CASE("a broken program is told which rule it breaks") {
  for (const Broken& broken : kBroken) {
    CAPTURE(broken.rule);
    loops::Program program = copy_of_ten();
    REQUIRE(!loops::verify(program));
    broken.damage(program);
    const auto found = loops::verify(program);
    REQUIRE(found);
    CHECK_MESSAGE(found->find(broken.rule) != std::string::npos, *found);
  }
}

TEST_CASE("a sort reads and writes inside its buffers, and what they hold") {
  struct Row {
    void (*spoil)(loops::Sort&);
    const char* rule;
  };
  const Row rows[] = {
      {[](loops::Sort& s) { s.extents.push_back(2); }, "a stride for every kept axis"},
      {[](loops::Sort& s) { ++s.length; }, "rows stay inside"},
      {[](loops::Sort& s) { --s.from_offset; }, "rows stay inside"},
      {[](loops::Sort& s) { ++s.to_strides[0]; }, "rows stay inside"},
      {[](loops::Sort& s) { s.from_stride = -1; }, "rows stay inside"},
      {[](loops::Sort& s) { s.dtype = DType::u32; }, "buffers hold"},
      {[](loops::Sort& s) { s.positions = true; }, "buffers hold"},
  };
  for (const Row& row : rows) {
    loops::Program program = loops::lower(call("sort", "a [b]", {f32_of({3, 5})}), wide(), {});
    auto& sort = std::get<loops::Sort>(program.steps.at(0));
    REQUIRE(!loops::verify(program));
    row.spoil(sort);
    CHECK(loops::verify(program).value_or("").find(row.rule) != std::string::npos);
  }
}

namespace {

/// The first spread below, with the vector loop around it.
std::pair<loops::Spread*, loops::Loop*> first_spread(loops::Body& body, loops::Loop* vector = nullptr) {
  for (loops::Statement& statement : body) {
    if (auto* spread = std::get_if<loops::Spread>(&statement.node)) return {spread, vector};
    auto* inner = std::get_if<loops::Loop>(&statement.node);
    if (inner == nullptr) continue;
    const auto found = first_spread(inner->body, inner->kind == loops::LoopKind::Vector ? inner : vector);
    if (found.first != nullptr) return found;
  }
  return {nullptr, nullptr};
}

}  // namespace

TEST_CASE("a spread stays inside its span, and in one strip of a vector loop") {
  struct Row {
    void (*spoil)(loops::Spread&, loops::Loop&);
    const char* rule;
  };
  const Row rows[] = {
      {[](loops::Spread& s, loops::Loop&) { s.span = 1; }, "a spread stays inside its span"},
      {[](loops::Spread& s, loops::Loop&) { s.across += s.span; }, "a spread stays inside its span"},
      {[](loops::Spread& s, loops::Loop&) { s.first.offset.value = -1; }, "a spread stays inside its span"},
      {[](loops::Spread& s, loops::Loop&) { s.at.offset.value += 1 << 20; }, "stay inside it"},
      {[](loops::Spread&, loops::Loop& loop) { loop.extent.value = loop.step * loop.unroll + 1; },
       "a vector loop of one strip"},
  };
  for (const Row& row : rows) {
    loops::Program program = loops::lower(
        call("dot", "z i [j], z [j] k -> z i k", {f32_of({1000, 4, 4}), f32_of({1000, 4, 4})}), wide());
    const auto [spread, vector] = first_spread(kernel(program).body);
    REQUIRE(spread != nullptr);
    REQUIRE(vector != nullptr);
    REQUIRE(!loops::verify(program));
    row.spoil(*spread, *vector);
    CHECK_MESSAGE(loops::verify(program).value_or("").find(row.rule) != std::string::npos,
                  loops::verify(program).value_or("nothing"));
  }
}
