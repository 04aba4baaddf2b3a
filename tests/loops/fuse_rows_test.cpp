// Chains over rows as one kernel: softmax, layer norm and their like by hand; epilogues; random chains; where temporaries lie.
#include <cstdlib>
#include <random>

#include "loops/chains.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;
using graph::ValueId;

Chain softmax(graph::Type type) {
  Chain c;
  const ValueId x = c.parameter(std::move(type));
  const ValueId e = c.call("exp", "a b", {c.call("subtract", "a b, a", {x, c.call("max", "a [b]", {x})})});
  c.graph.results = {c.call("true_divide", "a b, a", {e, c.call("sum", "a [b]", {e})})};
  return c;
}

Chain layer_norm(graph::Type type, bool variance) {
  const DType dtype = type.dtype;
  const std::int64_t n = type.shape[1];
  Chain c;
  const ValueId x = c.parameter(std::move(type)), scale = c.parameter(loops_test::type(dtype, {n})),
                bias = c.parameter(loops_test::type(dtype, {n}));
  const ValueId mean = c.call("mean", "a [b]", {x}), d = c.call("subtract", "a b, a", {x, mean});
  const ValueId var = variance ? c.call("var", "a [b]", {x}) : c.call("mean", "a [b]", {c.call("multiply", "a b, a b", {d, d})});
  const ValueId deviation = c.call("sqrt", "a", {c.call("add", "a,", {var, c.number(1e-5, dtype)})});
  const ValueId unit = c.call("true_divide", "a b, a", {d, deviation});
  c.graph.results = {c.call("add", "a b, b", {c.call("multiply", "a b, b", {unit, scale}), bias})};
  return c;
}

}  // namespace

TEST_CASE("softmax by hand is one kernel that computes each exponential once") {
  for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16})
    for (const Shape& shape : {Shape{3, 1}, {5, 7}, {4, 64}, {33, 130}}) {
      const Chain c = softmax(type(dtype, shape));
      const Made made = lowered(c.graph);
      CHECK(made.steps <= (shape[1] == 1 ? 2 : 1));  // an axis of one element is no axis
      CHECK(made.temporaries <= (shape[1] == 1 ? 1 : 0));
      check_chain(c.graph, 16);
    }
  const std::string text = loops::text(loops::lower(softmax(f32_of({64, 100})).graph, wide()));
  CHECK(text.find("exp") != std::string::npos);
  CHECK(text.find("exp", text.find("exp") + 1) == std::string::npos);
}

TEST_CASE("layer norm by hand is one kernel") {
  for (const bool variance : {false, true})
    for (const DType dtype : {DType::f32, DType::f64, DType::f16})
      for (const Shape& shape : {Shape{5, 7}, {9, 768}, {200, 33}}) {
        const Chain c = layer_norm(type(dtype, shape), variance);
        const Made made = lowered(c.graph);
        CHECK(made.steps == 1);
        CHECK(made.temporaries == 0);
        check_chain(c.graph, 64);
      }
}

TEST_CASE("rows of several axes, strided operands, and kept axes on either side") {
  struct Row {
    std::string reduce, expand, pattern;
    graph::Type type;
  };
  const Row rows[] = {
      {"[a] b", "a b, b", "a b", f32_of({20, 30})},
      {"a [b c]", "a b c, a", "a b c", f32_of({6, 5, 9})},
      {"a [b] c", "a b c, a c", "a b c", f32_of({6, 15, 9})},
      {"[a] b [c]", "a b c, b", "a b c", f32_of({6, 15, 9})},
      {"a [b]", "a b, a", "a b", type(DType::f32, {30, 20}, {1, 30})},
      {"a [b]", "a b, a", "a b", type(DType::f32, {30, 20}, {-20, -1})},
      {"a [b]", "a b, a", "a b", type(DType::f32, {30, 20}, {0, 1})},
      {"[a b]", "a b,", "a b", f32_of({30, 20})},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reduce);
    Chain c;
    const ValueId x = c.parameter(row.type);
    const ValueId e = c.call("exp", row.pattern, {c.call("subtract", row.expand, {x, c.call("max", row.reduce, {x})})});
    const ValueId sum = c.call("sum", row.reduce, {e});
    c.graph.results = {c.call("true_divide", row.expand, {e, sum})};
    CHECK(lowered(c.graph).steps == 1);
    check_chain(c.graph, 16);
  }
}

TEST_CASE("logsumexp by hand, and a maximum of differences") {
  Chain c;
  const ValueId x = c.parameter(f32_of({40, 50}));
  const ValueId max = c.call("max", "a [b]", {x});
  const ValueId sum = c.call("sum", "a [b]", {c.call("exp", "a b", {c.call("subtract", "a b, a", {x, max})})});
  c.graph.results = {c.call("add", "a, a", {c.call("log", "a", {sum}), max})};
  CHECK(lowered(c.graph).steps == 1);
  check_chain(c.graph, 16);
  Chain d;
  const ValueId y = d.parameter(f32_of({40, 50}));
  const ValueId far = d.call("abs", "a b", {d.call("subtract", "a b, a", {y, d.call("mean", "a [b]", {y})})});
  d.graph.results = {d.call("max", "a [b]", {far})};
  CHECK(lowered(d.graph).steps == 1);
  check_chain(d.graph, 16);
}

TEST_CASE("softmax goes on with what follows it, and with what comes before") {
  Chain c;
  const ValueId x = c.parameter(f32_of({30, 70})), mask = c.parameter(f32_of({70}));
  const ValueId scaled = c.call("multiply", "a b,", {x, c.number(0.25)});
  const ValueId soft = c.call("softmax", "a [b]", {c.call("add", "a b, b", {scaled, mask})});
  c.graph.results = {c.call("multiply", "a b, b", {soft, mask})};
  CHECK(lowered(c.graph).steps == 1);
  check_chain(c.graph, 16);
}

TEST_CASE("rows that do not wait in a cache, or that threads should share, stay as they are") {
  for (const Shape& shape : {Shape{64, 1 << 20}, {4, 1 << 19}}) {
    CAPTURE(shape[0]);
    Chain c;
    const ValueId x = c.parameter(f32_of(shape));
    c.graph.results = {c.call("subtract", "a b, a", {x, c.call("mean", "a [b]", {x})})};
    CHECK(lowered(c.graph).steps > 1);
  }
}

TEST_CASE("what follows a reduction becomes its epilogue") {
  struct Row {
    std::string op, pattern, after;
    graph::Type x, other;
  };
  const Row rows[] = {
      {"sum", "a [b]", "a, a", f32_of({40, 50}), f32_of({40})},
      {"sum", "[a] b", "b, b", f32_of({40, 50}), f32_of({50})},
      {"max", "a [b] c", "a c, c", f32_of({5, 40, 50}), f32_of({50})},
      {"mean", "[a b]", ", c -> c", f32_of({40, 50}), f32_of({7})},
      {"sum", "[a b]", ",", f32_of({1200, 1000}), f32_of({})},
      {"var", "[a] b", "b, b", f32_of({3000, 50}), f32_of({50})},
      {"sum", "a [b]", "a, a", type(DType::f16, {40, 50}), type(DType::f16, {40})},
      {"count_nonzero", "a [b]", "a, a", f32_of({40, 50}), f32_of({40})},
  };
  for (const Row& row : rows) {
    CAPTURE(row.op);
    CAPTURE(row.pattern);
    Chain c;
    const ValueId x = c.parameter(row.x), y = c.parameter(row.other);
    c.graph.results = {c.call("add", row.after, {c.call(row.op, row.pattern, {x}), y})};
    check_chain(c.graph, 64);
  }
  Chain c;
  const ValueId x = c.parameter(f32_of({40, 50})), y = c.parameter(f32_of({40}));
  c.graph.results = {c.call("maximum", "a,", {c.call("add", "a, a", {c.call("sum", "a [b]", {x}), y}), c.number(0)})};
  CHECK(lowered(c.graph).steps == 1);
}

TEST_CASE("scale, bias and relu after products of every schedule") {
  const std::int64_t sizes[][3] = {{1, 1, 1}, {3, 4, 5}, {7, 8, 40}, {33, 20, 64}, {96, 96, 96}, {130, 200, 150}, {200, 1, 300}, {1, 300, 200}};
  for (const auto& [m, k, n] : sizes)
    for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::i32}) {
      CAPTURE(m);
      Chain c;
      const ValueId x = c.parameter(type(dtype, {m, k})), w = c.parameter(type(dtype, {k, n})), b = c.parameter(type(dtype, {n}));
      const ValueId product = c.call("multiply", "m n,", {c.call("dot", "m [k], [k] n -> m n", {x, w}), c.number(2, dtype)});
      const ValueId sum = c.call("add", "m n, n", {product, b});
      c.graph.results = {c.call("maximum", "m n,", {sum, c.number(0, dtype)})};
      check_chain(c.graph, 512);
    }
  Chain c;
  const ValueId x = c.parameter(f32_of({9, 5, 4})), w = c.parameter(f32_of({9, 4, 30})), b = c.parameter(f32_of({30}));
  c.graph.results = {c.call("less", "z a c, c", {c.call("dot", "z a [b], z [b] c -> z a c", {x, w}), b})};
  check_chain(c.graph, 0);
}

TEST_CASE("temporaries that are not needed at the same time share memory") {
  Chain c;
  ValueId x = c.parameter(f32_of({64, 64}));
  const ValueId w = c.parameter(f32_of({64, 64}));
  for (int k = 0; k < 6; ++k) x = c.call("sort", "a [b]", {c.call("dot", "a [b], [b] c -> a c", {x, w})});
  c.graph.results = {x};
  const loops::Program program = loops::lower(c.graph, wide());
  CHECK(made_of(program).temporaries == 11);
  std::int64_t end = 0;
  for (const loops::Buffer& buffer : program.buffers)
    if (buffer.kind == loops::Buffer::Kind::Temporary) end = std::max<std::int64_t>(end, buffer.index * 64 + buffer.elements * 4);
  CHECK(end == 2 * 64 * 64 * 4);
  check_chain(c.graph, 512);
}

namespace {

/// Random chains of elementwise operations, reductions, views and products over [a, b], [a] and [b].
struct Random {
  std::mt19937 random;
  Chain c;
  std::int64_t a, b;
  std::vector<ValueId> full, rows, columns;
  bool reduces = false;

  explicit Random(unsigned seed) : random(seed) {
    const std::int64_t sizes[] = {1, 2, 5, 8, 16, 19, 33, 64, 70};
    a = sizes[random() % 9], b = sizes[random() % 9];
    const bool turned = random() % 3 == 0;
    full = {c.parameter(turned ? type(DType::f32, {a, b}, {1, a}) : f32_of({a, b})), c.parameter(f32_of({a, b}))};
    rows = {c.parameter(f32_of({a}))}, columns = {c.parameter(f32_of({b}))};
  }
  ValueId any(const std::vector<ValueId>& from) { return from[random() % from.size()]; }
  void step() {
    const char* binary[] = {"add", "subtract", "multiply", "maximum", "minimum"};
    const char* unary[] = {"negative", "abs", "tanh", "erf"};
    const char* reduction[] = {"sum", "max", "mean", "var", "min"};
    const std::string two = binary[random() % 5], one = unary[random() % 4], less = reduction[random() % 5];
    switch (random() % 10) {
      case 0: return full.push_back(c.call(one, "a b", {any(full)}));
      case 1: return full.push_back(c.call(two, "a b, a b", {any(full), any(full)}));
      case 2: return full.push_back(c.call(two, "a b, a", {any(full), any(rows)}));
      case 3: return full.push_back(c.call(two, "a b, b", {any(full), any(columns)}));
      case 4: return rows.push_back(c.call(two, "a, a", {any(rows), any(rows)}));
      case 5: return reduces = true, rows.push_back(c.call(less, "a [b]", {any(full)}));
      case 6: return reduces = true, columns.push_back(c.call(less, "[a] b", {any(full)}));
      case 7: return reduces = true, full.push_back(c.call("softmax", "a [b]", {any(full)}));
      case 8: return full.push_back(c.call("id", "(a b) -> a b", {c.call("id", "a b -> (a b)", {any(full)})}, {{"a", a}, {"b", b}}));
      default: return columns.push_back(c.call(one, "b", {any(columns)}));
    }
  }
};

}  // namespace

TEST_CASE("random chains are what their operations are") {
  const char* given = std::getenv("EINX_TEST_SEED");
  const unsigned first = given != nullptr ? unsigned(std::atoi(given)) : 1;
  MESSAGE("seeds from " << first << " (EINX_TEST_SEED)");
  for (unsigned seed = first; seed < first + 60; ++seed) {
    CAPTURE(seed);
    Random made(seed);
    const int steps = 2 + int(made.random() % 10);
    for (int k = 0; k < steps; ++k) made.step();
    made.c.graph.results = {made.full.back()};
    if (made.random() % 2 == 0) made.c.graph.results.push_back(made.rows.back());
    if (made.random() % 3 == 0) made.c.graph.results.push_back(made.columns.back());
    const graph::Graph& graph = made.c.graph;
    CAPTURE(graph::text(graph));
    const codegen::Target target = targets()[seed % targets().size()];
    const std::vector<Tensor> operands = operands_of(graph, seed);
    const std::vector<Tensor> expected = one_by_one(graph, operands, target);
    const loops::Program program = loops::lower(graph, target.machine);
    CAPTURE(loops::schedule_text(program));
    const Ran ran = run_program(program, operands, target);
    REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const std::string wrong = difference(expected[k], ran.outputs[k], made.reduces ? 4096 : 0);
      CHECK_MESSAGE(wrong.empty(), wrong);
    }
  }
}
