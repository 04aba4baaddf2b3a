// Chains of nests that become one kernel, against the reference: batches around whole vectors, dtypes,
// strides, results in between, steps of every kind, threads, sparse constants; and chains drawn at random.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

#include "graph/graphs.h"
#include "loops/cases.h"
#include "runtime/runtime.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;
using graph::ValueId;
using graphs::append;

/// What is done: an operation on operands and earlier results, by number.
struct Doing {
  std::string op, pattern;
  std::vector<int> of;
  Sizes sizes = {};
};
struct Chain {
  std::vector<graph::Type> types;
  std::vector<Tensor> constants = {};
  std::vector<Doing> steps;       ///< numbers: parameters, constants, then each step's result
  std::vector<int> results = {};  ///< beside the last step's
};

graph::Graph graph_of(const Chain& chain) {
  graph::Graph made;
  std::vector<ValueId> values;
  for (const graph::Type& type : chain.types) values.push_back(graph::add_parameter(made, type));
  for (const Tensor& constant : chain.constants) values.push_back(graph::add_constant(made, constant));
  for (const Doing& step : chain.steps) {
    std::vector<ValueId> of;
    for (int k : step.of) of.push_back(values.at(std::size_t(k)));
    values.push_back(append(made, step.op, step.pattern, of, step.sizes).front());
  }
  for (int k : chain.results) made.results.push_back(values.at(std::size_t(k)));
  made.results.push_back(values.back());
  return made;
}

std::vector<Tensor> operands_of(const graph::Graph& made, bool at_end) {
  std::vector<Tensor> operands;
  for (std::size_t k = 0; k < made.parameters.size(); ++k)
    operands.push_back(operand(made.values[made.parameters[k].value].type, unsigned(k) + 1, at_end));
  return operands;
}

void check_graph(const graph::Graph& made, const codegen::Target& target, bool at_end, double tolerance) {
  CAPTURE(target.level);
  CAPTURE(graph::text(made));
  const std::vector<Tensor> operands = operands_of(made, at_end);
  const auto expected = reference::run(made, operands);
  const Ran ran = run_program(made, operands, target);
  REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
  CHECK(ran.code == EINX_OK);
  REQUIRE(ran.outputs.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::string wrong = difference(expected[k], ran.outputs[k], tolerance);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
}

void check(const Chain& chain, double tolerance = 64) {
  const graph::Graph made = graph_of(chain);
  for (const codegen::Target& target : targets())
    for (const bool at_end : {true, false}) check_graph(made, target, at_end, tolerance);
}

/// How many steps the program has for the largest machine, and its buffers in memory beside operands and
/// results.
struct Size {
  std::size_t steps = 0, temporaries = 0;
};
Size size_of(const Chain& chain) {
  const loops::Program program = loops::lower(graph_of(chain), wide());
  Size size{program.steps.size(), 0};
  for (const loops::Buffer& buffer : program.buffers)
    size.temporaries += buffer.kind == loops::Buffer::Kind::Temporary;
  return size;
}
bool is_one_kernel(const Chain& chain) {
  const Size size = size_of(chain);
  return size.steps == 1 && size.temporaries == 0;
}

/// Adds up how many elements of each buffer the loops load, store and transpose.
void count_touched(const loops::Body& body, std::int64_t times, std::map<int, std::int64_t>& touched) {
  for (const loops::Statement& statement : body) {
    if (const auto* loop = std::get_if<loops::Loop>(&statement.node)) {
      const bool tiled = loop->kind == loops::LoopKind::Tile || loop->kind == loops::LoopKind::Parallel;
      count_touched(loop->body, times * (tiled ? loop->extent.value / loop->step : loop->extent.value),
                    touched);
    } else if (const auto* load = std::get_if<loops::Load>(&statement.node)) {
      touched[load->buffer] += times;
    } else if (const auto* store = std::get_if<loops::Store>(&statement.node)) {
      touched[store->buffer] += times;
    } else if (const auto* block = std::get_if<loops::Transpose>(&statement.node)) {
      touched[block->from] += times * block->rows * block->cols;
      touched[block->to] += times * block->rows * block->cols;
    }
  }
}

/// The tutorial's function of opt_einsum_fx.
Chain tutorial(std::int64_t z, DType dtype = DType::f32) {
  return {{type(dtype, {z, 4, 5}), type(dtype, {z, 5, 8}), type(dtype, {z, 8})},
          {},
          {{"dot", "z j [k], z [k] -> z j", {1, 2}}, {"dot", "z i [j], z [j] -> z i", {0, 3}}}};
}

/// A tensor of a few ones, minus ones and halves.
Tensor sparse(Shape shape, DType dtype = einx::f32) {
  Tensor made = Tensor::zeros(shape, einx::f32);
  auto* at = made.data_as<float>();
  for (std::int64_t k = 0; k < made.size(); ++k)
    at[k] = k % 4 == 1 ? 1.0F : k % 7 == 2 ? -1.0F : k % 11 == 3 ? 0.5F : 0.0F;
  return made.cast(dtype);
}

}  // namespace

TEST_CASE("blocks: a chain of two contractions is one kernel and leaves nothing in memory") {
  for (const std::int64_t z : {16, 64, 1000}) CHECK(is_one_kernel(tutorial(z)));
  const std::string why = loops::schedule_text(loops::lower(graph_of(tutorial(1000)), wide()));
  CHECK(why.find("2 nests in one kernel") != std::string::npos);
  CHECK(why.find("x0 never in memory") != std::string::npos);
  for (const std::int64_t z : {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 97, 1000})
    check(tutorial(z));
}

TEST_CASE("blocks: memory is touched once") {
  // vectors divide the batch, transposes the rows: nothing is read twice for alignment
  const Chain chain = {{f32_of({64, 8, 8}), f32_of({64, 8, 8}), f32_of({64, 8})},
                       {},
                       {{"dot", "z j [k], z [k] -> z j", {1, 2}}, {"dot", "z i [j], z [j] -> z i", {0, 3}}}};
  const loops::Program program = loops::lower(graph_of(chain), wide());
  REQUIRE(program.steps.size() == 1);
  std::map<int, std::int64_t> touched;
  count_touched(std::get<loops::Kernel>(program.steps[0]).body, 1, touched);
  std::int64_t elements = 0;
  for (const auto& [id, count] : touched)
    if (program.buffers[std::size_t(id)].kind != loops::Buffer::Kind::Local) elements += count;
  CHECK(elements == 64 * (64 + 64 + 8 + 8));
}

TEST_CASE("blocks: every dtype") {
  for (const DType dtype :
       {DType::f64, DType::i32, DType::bf16, DType::f16, DType::i64, DType::u8, DType::i16})
    for (const std::int64_t z : {5, 16, 37}) check(tutorial(z, dtype));
}

TEST_CASE("blocks: strided and repeated operands") {
  Chain chain = tutorial(20);
  chain.types = {type(DType::f32, {20, 4, 5}, {-1, 20, 80}), f32_of({20, 5, 8}),
                 type(DType::f32, {20, 8}, {0, 1})};
  check(chain);
  chain.types = {type(DType::f32, {20, 4, 5}, {20, 0, 1}), type(DType::f32, {20, 5, 8}, {0, 8, 1}),
                 type(DType::f32, {20, 8}, {-30, 3})};
  check(chain);
  chain.types = {type(DType::f32, {20, 4, 5}, {1, 20, 80}), type(DType::f32, {20, 5, 8}, {1, 20, 100}),
                 type(DType::f32, {20, 8}, {1, 20})};
  check(chain);
}

TEST_CASE("blocks: results in between are written as well") {
  Chain chain = tutorial(35);
  chain.results = {3};
  CHECK(size_of(chain).steps == 1);
  check(chain);
  chain.results = {3, 4};
  check(chain);
}

TEST_CASE("blocks: the shared axis may stand anywhere, also inside of merged axes") {
  const std::vector<Chain> chains = {
      {{f32_of({40, 5, 6}), f32_of({40, 6})},
       {},
       {{"dot", "z j [k], z [k] -> j z", {0, 1}}, {"dot", "j z, j z -> z j", {2, 2}}, {"sum", "z [j]", {3}}}},
      {{f32_of({5, 40, 6}), f32_of({40, 6})},
       {},
       {{"dot", "j z [k], z [k] -> z j", {0, 1}},
        {"multiply", "z j, -> z j", {2, 2}},
        {"dot", "z [j], z [j] k -> k z", {3, 3}}}},
      {{f32_of({40, 5, 6}), f32_of({40, 6}), f32_of({5})},
       {},
       {{"dot", "z j [k], z [k] -> z j", {0, 1}},
        {"exp", "z j", {3}},
        {"multiply", "z j, j", {4, 2}},
        {"sum", "z [j]", {5}}}},
      {{f32_of({3, 40, 5, 6}), f32_of({3, 40, 6}), f32_of({40, 5})},
       {},
       {{"dot", "b z j [k], b z [k] -> b z j", {0, 1}}, {"dot", "b z [j], z [j] -> z b", {3, 2}}}},
  };
  for (Chain chain : chains) {
    if (chain.steps[1].pattern == "z j, -> z j") chain.steps[1].pattern = "z j, z j";
    if (chain.steps.back().pattern == "z [j], z [j] k -> k z")
      chain.steps.back() = {"dot", "z [j], z [j] -> z", {3, 2}};
    check(chain);
  }
}

TEST_CASE("blocks: rows, elements and moves between contractions") {
  const std::vector<Chain> chains = {
      // attention with short rows
      {{f32_of({50, 4, 8}), f32_of({50, 6, 8}), f32_of({50, 6, 8})},
       {},
       {{"dot", "z q [c], z k [c] -> z q k", {0, 1}},
        {"softmax", "z q [k]", {3}},
        {"dot", "z q [k], z [k] c -> z q c", {4, 2}}}},
      {{f32_of({33, 4, 5}), f32_of({33, 5, 3})},
       {},
       {{"dot", "z i [j], z [j] k -> z i k", {0, 1}},
        {"var", "z i [k]", {2}},
        {"id", "z i, z i -> z (i + i)", {3, 3}},
        {"max", "z [i]", {4}}}},
      {{f32_of({33, 4, 5}), f32_of({33, 5})},
       {},
       {{"dot", "z i [j], z [j] -> z i", {0, 1}},
        {"flip", "z [i]", {2}},
        {"logsumexp", "z [i]", {3}},
        {"subtract", "z i, z", {2, 4}}}},
      {{type(DType::f64, {33, 4, 5}), type(DType::i32, {33, 5})},
       {},
       {{"dot", "z i [j], z [j] -> z i", {0, 1}}, {"less", "z i, z i", {2, 2}}, {"sum", "z [i]", {3}}}},
  };
  for (const Chain& chain : chains) check(chain);
  CHECK(size_of(chains[0]).temporaries == 0);
}

TEST_CASE("blocks: what stands between and belongs elsewhere runs before or behind") {
  const Chain chain = {{f32_of({40, 4, 5}), f32_of({40, 5}), f32_of({7, 9})},
                       {},
                       {{"dot", "z i [j], z [j] -> z i", {0, 1}},
                        {"sum", "a [b]", {2}},                     // 4: of neither
                        {"sum", "[z] i", {3}},                     // 5: reads all of the first
                        {"dot", "z [i], z [i] j -> z j", {3, 0}},  // 6
                        {"add", "i, a -> i a", {5, 4}},            // 7: behind
                        {"dot", "z [j], z [j] -> z", {6, 1}}},
                       {7}};
  check(chain);
}

TEST_CASE("blocks: large products, small matrices that fill vectors, and dynamic programs stay alone") {
  const auto two = [](std::int64_t z, std::int64_t n) {
    return Chain{
        {f32_of({z, n, n}), f32_of({z, n, n}), f32_of({z, n, n})},
        {},
        {{"dot", "z i [j], z [j] k -> z i k", {0, 1}}, {"dot", "z i [j], z [j] k -> z i k", {3, 2}}}};
  };
  for (const auto& [z, n] : {std::pair(4096, 4), {1024, 8}, {64, 32}, {16, 256}})
    CHECK(size_of(two(z, n)).steps == 2);
  const Chain layers = {{f32_of({512, 256}), f32_of({256, 256}), f32_of({256, 256})},
                        {},
                        {{"dot", "z [i], [i] j -> z j", {0, 1}}, {"dot", "z [j], [j] k -> z k", {3, 2}}}};
  CHECK(size_of(layers).steps == 2);
  loops::Options options;
  options.dynamic = true;
  CHECK(loops::lower(graph_of(tutorial(1000)), wide(), options).steps.size() == 2);
}

TEST_CASE("blocks: a loop around the nests where frames would be too large") {
  Chain chain = {{f32_of({37, 64, 5}), f32_of({37, 5}), f32_of({37, 64})},
                 {sparse({5, 5, 3})},
                 {{"dot", "z u i, z j -> z u i j", {0, 1}},
                  {"dot", "z u [i] [j], [i] [j] k, z u -> z u k", {4, 3, 2}},
                  {"multiply", "z u k, z u", {5, 2}},
                  {"id", "z u k -> z (u k)", {6}}}};
  CHECK(is_one_kernel(chain));
  const std::string why = loops::schedule_text(loops::lower(graph_of(chain), wide()));
  CHECK(why.find("around them all") != std::string::npos);
  check(chain, 256);
  chain.results = {5};
  check(chain, 256);
  chain.results = {4, 6};
  check(chain, 256);
  chain.steps.push_back({"id", "z a, z u k -> z (a + (u k))", {7, 5}});
  chain.results = {};
  check(chain, 256);
  // a sum over u stays outside of the loop, and so does what is made of it
  chain.steps.push_back({"sum", "z [a]", {8}});
  chain.steps.push_back({"multiply", "z, z u", {9, 2}});
  check(chain, 256);
}

TEST_CASE("blocks: what a step without loops reads is in memory") {
  const Chain chain = {{f32_of({40, 4, 5}), f32_of({40, 5})},
                       {},
                       {{"dot", "z i [j], z [j] -> z i", {0, 1}},
                        {"dot", "z [i], z [i] j -> z j", {2, 0}},
                        {"sort", "z [i]", {2}},
                        {"dot", "z [i], z [i] j -> z j", {4, 0}},
                        {"add", "z j, z j", {3, 5}}}};
  check(chain);
}

TEST_CASE("blocks: equal bits for any number of threads") {
  const graph::Graph made = graph_of(tutorial(200000));
  const std::vector<Tensor> operands = operands_of(made, true);
  const int before = einx_rt_threads();
  std::vector<Tensor> first;
  for (const int threads : {1, 2, 3, 8}) {
    einx_rt_set_threads(threads);
    const Ran ran = run_program(made, operands, codegen::host_target());
    REQUIRE(ran.broken.empty());
    if (first.empty()) first = ran.outputs;
    const auto bytes = std::size_t(first[0].size()) * sizeof(float);
    CHECK(std::memcmp(first[0].data(), ran.outputs[0].data(), bytes) == 0);
  }
  einx_rt_set_threads(before);
}

TEST_CASE("blocks: constants with few nonzero elements are numbers in the code") {
  for (const DType dtype : {einx::f32, einx::f64, einx::i32, einx::bf16}) {
    const std::vector<Chain> chains = {
        {{type(dtype, {20, 6, 3}), type(dtype, {20, 4, 3})},
         {sparse({3, 3, 5}, dtype)},
         {{"dot", "z u [i], z v [j], [i j] k -> z u v k", {0, 1, 2}}}},
        {{type(dtype, {20, 6, 3})}, {sparse({3, 5}, dtype)}, {{"dot", "z u [i], [i] k -> z u k", {0, 1}}}},
        {{type(dtype, {37, 3})}, {sparse({3, 3, 5}, dtype)}, {{"dot", "z [i], [i] j k -> z k j", {0, 1}}}},
        {{type(dtype, {20, 3, 6, 5}), type(dtype, {5, 7})},
         {sparse({3, 5}, dtype)},
         {{"dot", "z [i] u [w], [i] k, [w] v -> z k v u", {0, 2, 1}}}},
        {{type(dtype, {64, 2, 2, 3, 3}), type(dtype, {2, 2, 3})},
         {sparse({3, 3, 5}, dtype)},
         {{"dot", "[i j] k, z [u v i j] -> z u v k", {2, 0}},
          {"dot", "[u v] w, z [u v] k -> z w k", {1, 3}}}},
    };
    for (Chain chain : chains) {
      if (chain.steps.size() == 2) chain.steps[0].pattern = "[i j] k, z u v [i j] -> z u v k";
      check(chain, 256);
    }
  }
  const Chain one = {{f32_of({200, 3}), f32_of({200, 3})},
                     {sparse({3, 3, 5})},
                     {{"dot", "z [i], z [j], [i j] k -> z k", {0, 1, 2}}}};
  const std::string why = loops::schedule_text(loops::lower(graph_of(one), wide()));
  CHECK(why.find("of the 45 elements of a constant are not zero") != std::string::npos);
}

TEST_CASE("blocks: random chains") {
  const char* given = std::getenv("EINX_TEST_SEED");
  const unsigned seed = given != nullptr ? unsigned(std::strtoul(given, nullptr, 10)) : 1;
  MESSAGE("EINX_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
  const std::vector<Doing> known = {
      {"dot", "z i [j], z [j] k -> z i k", {}},
      {"dot", "z i [j], z k [j] -> z i k", {}},
      {"dot", "z [i] j, z [i] k -> k z j", {}},
      {"add", "z i j, z i j", {}},
      {"multiply", "z i j, i j", {}},
      {"softmax", "z [i] j", {}},
      {"tanh", "z i j", {}},
      {"id", "z i j -> z j i", {}},
      {"id", "z i j, z i k -> z i (j + k)", {}},
      {"dot", "z i [j], [j] k -> i k z", {}},
      {"mean", "z i [j] -> z i 1", {}},
      {"logsumexp", "z [i] j -> z 1 j", {}},
  };
  int fused = 0;
  for (int round = 0; round < 60; ++round) {
    graph::Graph made;
    const std::int64_t z = pick(3, 40), wide = pick(0, 3) == 0 ? 40 : 4;  // large ones get a loop around
    std::vector<ValueId> values;
    for (int k = 0; k < 3; ++k)
      values.push_back(graph::add_parameter(made, f32_of({z, k == 0 ? wide : pick(1, 4), pick(1, 4)})));
    values.push_back(graph::add_parameter(made, f32_of({pick(1, 4), pick(1, 4)})));
    values.push_back(graph::add_constant(made, sparse({pick(2, 4), pick(2, 4)})));
    int nodes = 0;
    for (int tries = 0; nodes < 5 && tries < 400; ++tries) {
      const Doing& step = known[std::size_t(pick(0, int(known.size()) - 1))];
      std::vector<ValueId> of;
      const auto commas = std::ranges::count(step.pattern.substr(0, step.pattern.find("->")), ',');
      for (std::ptrdiff_t k = 0; k <= commas; ++k)
        of.push_back(values[std::size_t(pick(0, int(values.size()) - 1))]);
      try {
        values.push_back(append(made, step.op, step.pattern, of, step.sizes).front());
        ++nodes;
      } catch (const einx::Error&) {
        // shapes that do not fit
      }
    }
    if (nodes == 0) continue;
    made.results.push_back(values.back());
    if (pick(0, 3) == 0) made.results.push_back(values[values.size() - 2]);
    CAPTURE(round);
    check_graph(made, codegen::host_target(), pick(0, 1) == 0, 4096);
    fused += loops::schedule_text(loops::lower(made, codegen::host_target().machine))
                 .find("nests in one kernel") != std::string::npos;
  }
  CHECK(fused > 5);
}
