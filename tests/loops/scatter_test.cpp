// Programs of set_at, add_at, subtract_at against the reference, bit by bit: every update of an element
// counts, in its order.
#include <cstring>
#include <limits>

#include "loops/cases.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

const DType kDtypes[] = {DType::boolean, DType::i8,  DType::i16, DType::i32, DType::i64,
                         DType::u8,      DType::u16, DType::u32, DType::u64, DType::f16,
                         DType::bf16,    DType::f32, DType::f64};

/// `below` is for the coordinates, all operands but the first and the last.
std::vector<Tensor> operands_of(const Case& c, const graph::Graph& graph, bool at_end) {
  std::vector<Tensor> operands;
  for (std::size_t k = 0; k < c.types.size(); ++k) {
    const bool coordinate = k > 0 && k + 1 < c.types.size();
    operands.push_back(operand(graph.values[graph.parameters[k].value].type, unsigned(k) + 1, at_end,
                               coordinate ? c.below : 0));
  }
  return operands;
}

void check_scatter(const Case& c, const codegen::Target& target, bool dynamic, bool at_end) {
  CAPTURE(c.op);
  CAPTURE(c.pattern);
  CAPTURE(target.level);
  CAPTURE(dynamic);
  const graph::Graph graph = call(c.op, c.pattern, c.types, c.sizes);
  CAPTURE(graph::text(graph));
  const std::vector<Tensor> operands = operands_of(c, graph, at_end);
  const auto expected = reference::run(graph, operands);
  loops::Options options;
  options.dynamic = dynamic;
  const Ran ran = run_program(graph, operands, target, options);
  REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
  REQUIRE(ran.code == EINX_OK);
  CHECK(difference(expected[0], ran.outputs[0], 0) == "");
}

void check_scatters(const std::vector<Case>& cases) {
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) check_scatter(c, target, false, true);
  for (const Case& c : cases) check_scatter(c, codegen::host_target(), true, false);
}

graph::Type i64_of(Shape shape) { return type(DType::i64, std::move(shape)); }
graph::Type i32_of(Shape shape) { return type(DType::i32, std::move(shape)); }

}  // namespace

TEST_CASE("scatters: slices of every length around a vector") {
  std::vector<Case> cases;
  for (const std::int64_t n : {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130})
    for (const char* op : {"set_at", "add_at"})
      cases.push_back({op, "[v] c, b t, b t c", {f32_of({6, n}), i64_of({3, 5}), f32_of({3, 5, n})}, {}, 6});
  check_scatters(cases);
}

TEST_CASE("scatters: every pair of dtypes") {
  const std::vector<codegen::Target> levels = targets();
  for (std::size_t level = 0; level < levels.size(); ++level)
    for (const DType x : kDtypes)
      for (const DType by : kDtypes) {
        if (level > 0 && by != x && by != DType::f32)
          continue;  // the pairs' arithmetic is one for all levels
        const std::vector<graph::Type> types{type(x, {3, 19}), type(DType::i32, {7}), type(by, {7, 19})};
        check_scatter({"set_at", "[h] c, p, p c", types, {}, 3}, levels[level], false, true);
        check_scatter({"add_at", "[h] c, p, p c", types, {}, 3}, levels[level], false, true);
        if (x == by && x != DType::boolean)
          check_scatter({"subtract_at", "[h] c, p, p c", types, {}, 3}, levels[level], false, true);
      }
}

TEST_CASE("scatters: slices of a tensor beyond the caches are asked for in advance") {
  std::vector<Case> cases;
  for (const std::int64_t updates : {3, 4, 5, 9})  // around the advance
    for (const char* op : {"set_at", "add_at"}) {
      cases.push_back({op, "[v] c, b, b c", {f32_of({4001, 67}), i64_of({updates}), f32_of({updates, 67})}, {}, 4001});
      cases.push_back({op, "c [v], b, c b", {f32_of({67, 4001}), i32_of({updates}), f32_of({67, updates})}, {}, 4001});
      cases.push_back({op, "[v w] c, b [2], b a c",
                       {type(DType::f64, {40, 50, 70}), i64_of({updates, 2}), type(DType::f64, {updates, 2, 70})}, {}, 40});
      cases.push_back({op, "[v w] c, b [2], b c",
                       {type(DType::f64, {40, 50, 70}), i64_of({updates, 2}), type(DType::f64, {updates, 70})}, {}, 40});
    }
  for (const Case& c : {cases.front(), cases.back()}) {
    const loops::Program program = loops::lower(call(c.op, c.pattern, c.types, {}), loops::Machine{});
    const bool asks = loops::schedule_text(program).find("asked for 4 updates in advance") != std::string::npos;
    CHECK(asks == (c.types[1].shape[0] > 4));
  }
  check_scatters(cases);
}

TEST_CASE("scatters: coordinates of every dtype") {
  std::vector<Case> cases;
  for (const DType dtype :
       {DType::i8, DType::i16, DType::i32, DType::i64, DType::u8, DType::u16, DType::u32, DType::u64})
    for (const std::int64_t n : {0, 1, 2, 5, 16, 37})
      cases.push_back({"add_at", "[h], p, p", {i32_of({9}), type(dtype, {n}), f32_of({n})}, {}, 9});
  check_scatters(cases);
}

TEST_CASE("scatters: all forms of coordinates, and axes that only some tensors have") {
  std::vector<Case> cases;
  for (const char* op : {"set_at", "add_at", "subtract_at"})
    for (Case c : std::initializer_list<Case>{
             {"", "[h], ,", {i32_of({6}), i64_of({}), f32_of({})}, {}, 6},
             {"", "[h], p,", {i32_of({6}), i64_of({20}), f32_of({})}, {}, 6},
             {"", "[h w], p [2], p", {i32_of({6, 7}), i64_of({40, 2}), f32_of({40})}, {}, 6},
             {"", "[h w], [2] p, p", {i32_of({6, 7}), i64_of({2, 40}), f32_of({40})}, {}, 6},
             {"", "[h w], p, q, q p", {i32_of({6, 7}), i64_of({8}), i32_of({5}), f32_of({5, 8})}, {}, 6},
             {"",
              "[a b c], p [2], q, p q",
              {i32_of({4, 5, 6}), i64_of({9, 2}), i64_of({3}), f32_of({9, 3})},
              {},
              4},
             {"",
              "b [h w] c, b p [2], b p c",
              {i32_of({2, 6, 7, 33}), i64_of({2, 9, 2}), f32_of({2, 9, 33})},
              {},
              6},
             {"",
              "[h w] c, b p [2], b p c",
              {i32_of({6, 7, 5}), i64_of({2, 9, 2}), f32_of({2, 9, 5})},
              {},
              6},
             {"", "[h] c, p, p -> [h] c", {i32_of({6, 40}), i64_of({20}), f32_of({20})}, {}, 6},
             {"", "[h] c, p, c -> [h] c", {i32_of({6, 40}), i64_of({20}), f32_of({40})}, {}, 6},
             {"", "[h] c, p c, p c -> [h] c", {i32_of({6, 40}), i64_of({20, 40}), f32_of({20, 40})}, {}, 6},
             {"", "c [h], c p, p c -> c [h]", {i32_of({40, 6}), i64_of({40, 20}), f32_of({20, 40})}, {}, 6},
             {"", "[h] c, p, p c -> c [h]", {i32_of({6, 40}), i64_of({20}), f32_of({20, 40})}, {}, 6},
             {"",
              "a [h] c, p, p a c -> c [h] a",
              {i32_of({3, 6, 9}), i64_of({20}), f32_of({20, 3, 9})},
              {},
              6},
             {"", "[h], p, p q -> [h]", {i32_of({6}), i64_of({20}), f32_of({20, 3})}, {}, 6},
             {"", "[h], q p, p q -> [h]", {i32_of({6}), i64_of({5, 20}), f32_of({20, 5})}, {}, 6},
             {"", "[h], p q, k q -> [h]", {i32_of({6}), i64_of({5, 8}), f32_of({3, 8})}, {}, 6},
             {"", "[h], p, p k c -> [h] c", {i32_of({6}), i64_of({5}), f32_of({5, 3, 20})}, {}, 6},
             {"",
              "[h] c, p, p c -> [h] r c s",
              {i32_of({6, 9}), i64_of({8}), f32_of({8, 9})},
              {{"r", 2}, {"s", 3}},
              6},
             {"",
              "([h] w), p, p w -> ([h] w)",
              {i32_of({60}), i64_of({20}), f32_of({20, 10})},
              {{"h", 6}},
              6},
             {"", "[h h] c, p [2], p c", {i32_of({6, 6, 4}), i64_of({20, 2}), f32_of({20, 4})}, {}, 6},
             {"", "a a [h], a p, p -> a [h]", {i32_of({5, 5, 6}), i64_of({5, 9}), f32_of({9})}, {}, 6},
             {"", "[h] 1, p, p -> 1 [h]", {i32_of({6, 1}), i64_of({9}), f32_of({9})}, {}, 6},
             {"", "[h] c, p, p c -> c [h]", {i32_of({6, 9}), i64_of({0}), f32_of({0, 9})}, {}, 6},
             {"", "[h] c, p, p c k -> [h] c", {i32_of({6, 9}), i64_of({3}), f32_of({3, 9, 0})}, {}, 6},
             {"", "[h] c, p, p c", {i32_of({0, 9}), i64_of({0}), f32_of({0, 9})}, {}, 1},
         }) {
      c.op = op;
      // an implicit output is the tensor's expression
      cases.push_back(c);
    }
  check_scatters(cases);
}

TEST_CASE("scatters: strides of all operands") {
  std::vector<Case> cases;
  for (const char* op : {"set_at", "add_at"}) {
    const auto add = [&](graph::Type x, graph::Type at, graph::Type by) {
      cases.push_back({op, "[h] c, p, p c", {std::move(x), std::move(at), std::move(by)}, {}, 6});
    };
    const graph::Type x = i32_of({6, 40}), at = i64_of({20}), by = f32_of({20, 40});
    add(type(DType::i32, {6, 40}, {-40, -1}), at, by);
    add(type(DType::i32, {6, 40}, {1, 6}), at, by);
    add(type(DType::i32, {6, 40}, {0, 1}), at, by);
    add(x, type(DType::i64, {20}, {-3}), by);
    add(x, type(DType::i64, {20}, {0}), by);
    add(x, at, type(DType::f32, {20, 40}, {1, 20}));
    add(x, at, type(DType::f32, {20, 40}, {-40, -1}));
    add(x, at, type(DType::f32, {20, 40}, {0, 1}));
    add(x, at, type(DType::f32, {20, 40}, {1, 0}));
    add(x, at, type(DType::f32, {20, 40}, {90, 2}));
  }
  check_scatters(cases);
}

TEST_CASE(
    "scatters: cut among threads, by slices, by columns of a slice, by single elements of many columns") {
  const std::vector<Case> cases = {
      {"add_at", "[v] c, b t, b t c", {i32_of({50, 3000}), i64_of({16, 70}), f32_of({16, 70, 3000})}, {}, 50},
      {"set_at", "[v] c, b t, b t c", {f32_of({50, 3001}), i64_of({16, 70}), f32_of({16, 70, 3001})}, {}, 50},
      {"add_at",
       "b [v] c, b t, b t c",
       {i32_of({40, 9, 130}), i64_of({40, 300}), f32_of({40, 300, 130})},
       {},
       9},
      {"set_at", "[h] c, p c, p c", {f32_of({9, 700}), i64_of({700, 700}), f32_of({700, 700})}, {}, 9},
      {"add_at", "[h], p, p", {i32_of({9}), i64_of({700000}), f32_of({700000})}, {}, 9},
      {"add_at", "c [h], p, p c -> c [h]", {i32_of({900, 9}), i32_of({700}), f32_of({700, 900})}, {}, 9},
  };
  for (const Case& c : cases)
    for (const bool dynamic : {false, true}) check_scatter(c, codegen::host_target(), dynamic, true);
}

TEST_CASE("scatters: the tensor's own memory is updated where the output's expression is the tensor's") {
  struct Row {
    std::string pattern;
    std::vector<graph::Type> types;
    bool in_place;
  };
  const graph::Type at = i64_of({20}), by = f32_of({20, 40});
  const Row rows[] = {
      {"[h] c, p, p c", {i32_of({6, 40}), at, by}, true},
      {"[h] c, p, p c -> [h] 1 c", {i32_of({6, 40}), at, by}, true},
      {"[h] c, p, p c -> c [h]", {i32_of({6, 40}), at, by}, false},
      {"[h] c, p, p c -> [h] c 2", {i32_of({6, 40}), at, by}, false},
      {"[h] c, p, p c", {type(DType::i32, {6, 40}, {41, 1}), at, by}, false},
      {"[h] c, p, p c", {type(DType::i32, {6, 40}, {-40, 1}), at, by}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    const graph::Graph graph = call("add_at", row.pattern, row.types);
    const std::vector<Tensor> operands = operands_of({"add_at", row.pattern, row.types, {}, 6}, graph, true);
    const codegen::Target target = codegen::host_target();
    const loops::Program program = loops::lower(graph, target.machine);
    CHECK(program.in_place == row.in_place);
    if (!row.in_place) continue;
    const Tensor expected = reference::run(graph, operands)[0];
    Tensor memory = operands[0].clone();
    const void* inputs[] = {memory.data(), operands[1].data(), operands[2].data()};
    void* outputs[] = {memory.data()};
    einx_status status{};
    REQUIRE(codegen::compile(program, target)->run(inputs, outputs, &status) == EINX_OK);
    CHECK(std::memcmp(memory.data(), expected.data(), std::size_t(expected.size()) * 4) == 0);
  }
}

TEST_CASE("a value of several nodes is no memory of the caller's") {
  graph::Graph graph = call("add_at", "[h], p, p", {f32_of({6}), i64_of({3}), f32_of({3})});
  const graph::Graph second = call("add", "h, h", {f32_of({6}), f32_of({6})});
  graph.results = graph::add_node(graph, *second.nodes[0].op, second.nodes[0].expr,
                                  {graph.results[0], graph.parameters[0].value});
  CHECK_FALSE(loops::lower(graph, wide()).in_place);
}

namespace {

struct Hostile {
  DType dtype;
  std::vector<std::int64_t> values;
};
constexpr std::int64_t kHalf = std::int64_t(1) << 31, kMost = std::numeric_limits<std::int64_t>::max(),
                       kLeast = std::numeric_limits<std::int64_t>::min();
/// For an axis of size 5; u64 takes the bits, so that -1 is its largest.
const Hostile kHostile[] = {
    {DType::i8, {5, -6, 127, -128}},
    {DType::i16, {5, -6, 32767, -32768}},
    {DType::i32, {5, -6, kHalf - 1, -kHalf}},
    {DType::i64, {5, -6, kHalf, -kHalf, kMost, kLeast, kLeast + 5, kMost - 4}},
    {DType::u8, {5, 255}},
    {DType::u16, {5, 65535}},
    {DType::u32, {5, 2 * kHalf - 1, kHalf}},
    {DType::u64, {5, -1, -5, kLeast, kMost, kHalf}},
};

/// Coordinates that are right but for one.
Tensor coordinates_with(DType dtype, std::int64_t bad, std::int64_t count, std::int64_t place) {
  Tensor made = Tensor::zeros({count}, dtype);
  std::memcpy(static_cast<std::byte*>(made.data()) + std::size_t(place) * size_of(dtype), &bad,
              size_of(dtype));
  return made;
}

}  // namespace

TEST_CASE("hostile coordinates: nothing is written, the status says which") {
  constexpr std::int64_t kCount = 37, kPlace = 30;
  for (const codegen::Target& target : targets())
    for (const bool dynamic : {false, true})
      for (const Hostile& hostile : kHostile)
        for (const char* op : {"set_at", "add_at", "get_at"}) {
          const bool gather = std::string(op) == "get_at";
          std::vector<graph::Type> types{f32_of({5, 20}), type(hostile.dtype, {kCount})};
          if (!gather) types.push_back(f32_of({kCount, 20}));
          const graph::Graph graph = call(op, gather ? "[v] c, p -> p c" : "[v] c, p, p c", types);
          loops::Options options;
          options.dynamic = dynamic;
          const auto program = loops::lower(graph, target.machine, options);
          for (const std::int64_t bad : hostile.values) {
            CAPTURE(op);
            CAPTURE(bad);
            CAPTURE(target.level);
            std::vector<Tensor> operands{operand(types[0], 1),
                                         coordinates_with(hostile.dtype, bad, kCount, kPlace)};
            if (!gather) operands.push_back(operand(types[2], 2));
            const Ran ran = run_program(program, operands, target);
            REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
            CHECK(ran.code == EINX_INDEX_OUT_OF_RANGE);
            CHECK(ran.status.operand == 1);
            CHECK(ran.status.extent == 5);
            CHECK(ran.status.position == kPlace);
            if (!gather)
              CHECK(difference(Tensor::zeros({5, 20}), ran.outputs[0]) == "");  // as the pages were
          }
        }
}

TEST_CASE("coordinates are looked at also where nothing is updated or nothing is there") {
  const Tensor bad = Tensor::copy_of({std::int64_t(0), std::int64_t(7)}, {2});
  for (const bool dynamic : {false, true}) {
    loops::Options options;
    options.dynamic = dynamic;
    const graph::Graph none =
        call("add_at", "[h] c, p, p k -> [h] c", {f32_of({5, 2}), i64_of({2}), f32_of({2, 0})});
    const Ran ran = run_program(none, std::vector{Tensor::zeros({5, 2}), bad, Tensor::zeros({2, 0})},
                                codegen::host_target(), options);
    CHECK(ran.code == EINX_INDEX_OUT_OF_RANGE);
    const graph::Graph empty = call("add_at", "[h] c, p, p c", {f32_of({5, 0}), i64_of({2}), f32_of({2, 0})});
    const Ran nothing = run_program(empty, std::vector{Tensor::zeros({5, 0}), bad, Tensor::zeros({2, 0})},
                                    codegen::host_target(), options);
    CHECK(nothing.code == EINX_INDEX_OUT_OF_RANGE);
    CHECK(nothing.status.position == 1);
  }
}
