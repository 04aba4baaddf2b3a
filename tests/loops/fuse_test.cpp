// Fusion of nests: chains of elementwise operations keep their bits, and become as few kernels as they can.
#include "loops/chains.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;
using graph::ValueId;

/// 0.5 x (1 + tanh(0.8 (x + 0.04 x^3))), every step an operation.
Chain gelu(graph::Type type) {
  const DType dtype = type.dtype;
  Chain c;
  const ValueId x = c.parameter(std::move(type));
  const ValueId cube = c.call("multiply", "a b, a b", {c.call("multiply", "a b, a b", {x, x}), x});
  const ValueId inner = c.call("add", "a b, a b", {x, c.call("multiply", "a b,", {cube, c.number(0.04, dtype)})});
  const ValueId tanh = c.call("tanh", "a b", {c.call("multiply", "a b,", {inner, c.number(0.8, dtype)})});
  const ValueId one = c.call("add", "a b,", {tanh, c.number(1, dtype)});
  c.graph.results = {c.call("multiply", "a b, a b", {c.call("multiply", "a b,", {x, c.number(0.5, dtype)}), one})};
  return c;
}

}  // namespace

TEST_CASE("an elementwise chain is one kernel with the bits of many") {
  for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16})
    for (const Shape& shape : {Shape{1, 1}, {3, 7}, {16, 33}, {5, 130}}) {
      const Chain c = gelu(type(dtype, shape));
      const Made made = lowered(c.graph);
      CHECK(made.steps == 1);
      CHECK(made.temporaries == 0);
      check_chain(c.graph, 0);
    }
}

TEST_CASE("products and sums on both sides of a seam do not contract") {
  Chain c;
  const ValueId x = c.parameter(f32_of({37, 19})), y = c.parameter(f32_of({37, 19})), z = c.parameter(f32_of({19}));
  const ValueId third = c.call("true_divide", "a b,", {x, c.number(3)});
  const ValueId product = c.call("multiply", "a b, a b", {third, y});
  c.graph.results = {c.call("subtract", "a b, b", {c.call("add", "a b, a b", {product, third}), z}),
                     c.call("add", "a b, b", {c.call("negative", "a b", {product}), z})};
  check_chain(c.graph, 0);
  CHECK(lowered(c.graph).temporaries == 0);
}

TEST_CASE("views between elementwise operations are strides of the fused kernel") {
  struct Row {
    std::string pattern, then;
    Shape shape, other;
    Sizes sizes = {};
  };
  const Row rows[] = {
      {"a b -> (a b)", "c, c", {6, 10}, {60}},
      {"(a b) -> a b", "a b, b", {60}, {10}, {{"b", 10}}},
      {"a b c -> (a b) c", "d c, c", {3, 4, 5}, {5}},
      {"(a b c) -> a (b c)", "a d, d", {60}, {12}, {{"a", 5}, {"b", 3}}},
      {"a b -> a b r", "a b r, r", {6, 10}, {3}, {{"r", 3}}},
      {"a a b -> a b", "a b, b", {6, 6, 5}, {5}},
      {"(a b) c -> a (b c)", "a d, d", {12, 5}, {15}, {{"b", 3}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    Chain c;
    const ValueId x = c.parameter(f32_of(row.shape)), y = c.parameter(f32_of(row.other));
    const ValueId moved = c.call("id", row.pattern, {c.call("exp", "x...", {x})}, row.sizes);
    c.graph.results = {c.call("multiply", row.then, {moved, y})};
    CHECK(lowered(c.graph).steps <= 2);
    check_chain(c.graph, 0);
  }
}

TEST_CASE("every dtype passes the seam as it was stored") {
  for (const DType dtype : {DType::i8, DType::i16, DType::i32, DType::i64, DType::u8, DType::u64, DType::f16, DType::bf16})
    for (const DType other : {DType::i8, DType::u16, DType::f16, DType::f32, DType::f64}) {
      Chain c;
      const ValueId x = c.parameter(type(dtype, {9, 21})), y = c.parameter(type(other, {21}));
      const ValueId product = c.call("multiply", "a b, a b", {x, x});
      const ValueId sum = c.call("add", "a b, b", {product, y});
      c.graph.results = {c.call("less", "a b, a b", {sum, x}), c.call("maximum", "a b, a b", {sum, product})};
      check_chain(c.graph, 0);
    }
}

TEST_CASE("what several kernels read is computed again only where that is cheap") {
  Chain cheap, dear;
  for (Chain* c : {&cheap, &dear}) {
    const ValueId x = c->parameter(f32_of({300, 500}));
    const ValueId y = c == &cheap ? c->call("negative", "a b", {x}) : c->call("pow", "a b, a b", {x, x});
    c->graph.results = {c->call("add", "a b, a b", {y, x}), c->call("multiply", "a b, a b", {y, x})};
  }
  CHECK(lowered(cheap.graph).temporaries == 0);
  CHECK(lowered(dear.graph).temporaries == 1);
}

TEST_CASE("broadcast results of exponentials are computed once") {
  Chain c;
  const ValueId x = c.parameter(f32_of({4000})), y = c.parameter(f32_of({1000, 4000}));
  c.graph.results = {c.call("add", "a b, b", {y, c.call("exp", "b", {x})})};
  const loops::Program program = loops::lower(c.graph, wide());
  CHECK(made_of(program).steps == 2);
  CHECK(loops::schedule_text(program).find("not fused: x0: to compute it for every element") != std::string::npos);
}

TEST_CASE("results are kept, and transposes of large tensors are not gathered") {
  Chain c;
  const ValueId x = c.parameter(f32_of({300, 400})), y = c.parameter(f32_of({400, 300}));
  const ValueId moved = c.call("id", "a b -> b a", {x});
  const ValueId kept = c.call("add", "b a, b a", {moved, y});
  c.graph.results = {kept, c.call("exp", "b a", {kept})};
  CHECK(lowered(c.graph).steps == 3);
  check_chain(c.graph, 0);
}

TEST_CASE("elementwise operations go into the reductions that follow") {
  for (const char* pattern : {"a [b]", "[a] b", "[a b]"}) {
    Chain c;
    const ValueId x = c.parameter(f32_of({37, 70})), y = c.parameter(f32_of({37, 70}));
    const ValueId far = c.call("abs", "a b", {c.call("subtract", "a b, a b", {x, y})});
    c.graph.results = {c.call("sum", pattern, {far}), c.call("max", pattern, {far}), c.call("var", pattern, {far}),
                       c.call("argmax", pattern, {c.call("exp", "a b", {x})})};
    check_chain(c.graph, 64);
  }
}

TEST_CASE("a multiplication before a sum is a contraction") {
  Chain c;
  const ValueId x = c.parameter(f32_of({300, 200})), y = c.parameter(f32_of({200, 100}));
  c.graph.results = {c.call("sum", "a [b] c", {c.call("multiply", "a b, b c -> a b c", {x, y})})};
  CHECK(lowered(c.graph).temporaries == 0);
  check_chain(c.graph, 256);
}

TEST_CASE("fusion stops at what takes a tensor as it is, and at empty extents") {
  Chain c;
  const ValueId x = c.parameter(f32_of({30, 8})), i = c.parameter(type(DType::i64, {5}));
  const ValueId at = c.call("maximum", "p,", {c.call("minimum", "p,", {i, c.number(29, DType::i64)}), c.number(0, DType::i64)});
  const ValueId taken = c.call("get_at", "[a] b, p -> p b", {c.call("exp", "a b", {x}), at});
  const ValueId sorted = c.call("sort", "p [b]", {c.call("negative", "p b", {taken})});
  c.graph.results = {c.call("add_at", "[a] b, p, p b", {c.call("abs", "a b", {x}), at, c.call("multiply", "p b, p b", {sorted, sorted})})};
  check_chain(c.graph, 0);
  Chain none;
  const ValueId e = none.parameter(f32_of({0, 4}));
  none.graph.results = {none.call("sum", "[a] b", {none.call("exp", "a b", {e})}), none.call("exp", "a b", {none.call("negative", "a b", {e})})};
  check_chain(none.graph, 0);
}
