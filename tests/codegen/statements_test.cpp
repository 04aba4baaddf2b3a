// Statements beyond load and store: accumulators, folds, tiles, checks, transposes, local buffers, run-time
// parameters.
#include <doctest/doctest.h>

#include <numeric>

#include "codegen/values.h"

using namespace programs;
using ops::Prim;

namespace {

/// (max, its position): the first of equal ones wins; NaN is not tested here.
ops::ScalarFn first_max() {
  ops::ScalarFn fn;
  fn.args = {f32, i64, f32, i64};
  for (int k = 0; k < 4; ++k) fn.nodes.push_back(arg_node(k, fn.args[std::size_t(k)]));
  const auto add = [&](Prim prim, DType dtype, std::array<int, 3> args) {
    ops::ScalarNode node;
    node.prim = prim, node.dtype = dtype, node.args = args;
    fn.nodes.push_back(node);
    return int(fn.nodes.size()) - 1;
  };
  const int less = add(Prim::Lt, boolean, {0, 2, -1}), equal = add(Prim::Eq, boolean, {0, 2, -1}),
            earlier = add(Prim::Lt, boolean, {3, 1, -1});
  const int tie = add(Prim::And, boolean, {equal, earlier, -1}),
            take = add(Prim::Or, boolean, {less, tie, -1});
  fn.results = {add(Prim::Select, f32, {take, 2, 0}), add(Prim::Select, i64, {take, 3, 1})};
  return fn;
}

Set set(RegId r, double value, DType dtype) { return {reg(r), tensor::make_scalar(value, dtype)}; }

/// out[0], out1[0] = max and argmax of in, or the sum, over one vector loop with `slots` accumulators.
Builder argmax_program(std::int64_t n, int lanes, int slots) {
  Builder b;
  const BufferId in = b.buffer(Buffer::Kind::Input, f32, 0),
                 value_out = b.buffer(Buffer::Kind::Output, f32, 1, 0),
                 place_out = b.buffer(Buffer::Kind::Output, i64, 1, 1);
  const RegId best = b.reg(f32, lanes, slots), where = b.reg(i64, lanes, slots), x = b.reg(f32),
              k = b.reg(i64), max = b.reg(f32), argmax = b.reg(i64);
  b.kernel.body = {{set(best, -INFINITY, f32)},
                   {set(where, 1 << 30, i64)},
                   {loop(0, n, LoopKind::Vector,
                         {{Load{reg(x), in, at({along(0)})}},
                          {Index{reg(k), at({along(0)})}},
                          {Update{{reg(best), reg(where)}, first_max(), {reg(x), reg(k)}}}},
                         lanes, slots)},
                   {Fold{{reg(max), reg(argmax)}, first_max(), {reg(best), reg(where)}}},
                   {Store{value_out, at({}), reg(max)}},
                   {Store{place_out, at({}), reg(argmax)}}};
  return b;
}

}  // namespace

TEST_CASE("tuple accumulators in lanes and slots, folded") {
  for (const codegen::Target& target : targets()) {
    for (const int slots : {1, 3, 4}) {
      for (const std::int64_t n : sizes(8)) {
        CAPTURE(target.level);
        CAPTURE(slots);
        CAPTURE(n);
        std::vector<float> in(std::size_t(n) + 1);
        std::mt19937 random(unsigned(n) + 1);
        for (float& x : in) x = float(random() % 20);
        float max = 0;
        std::int64_t place = 0;
        REQUIRE(run(*argmax_program(n, 8, slots).compile(target), {in.data()}, {&max, &place}) == EINX_OK);
        if (n == 0) continue;
        const auto wanted = std::max_element(in.begin(), in.end() - 1);
        CHECK(max == *wanted);
        CHECK(place == wanted - in.begin());
      }
    }
  }
}

TEST_CASE("an array of accumulators in tiles: a matrix product with ragged ends") {
  for (const codegen::Target& target : targets()) {
    const int width = target.machine.vector_bytes / 4;
    const std::int64_t m = 7, n = width + 3, k = 5;
    Builder b;
    const BufferId a = b.buffer(Buffer::Kind::Input, f32, 0, 0), w = b.buffer(Buffer::Kind::Input, f32, 0, 1),
                   c = b.buffer(Buffer::Kind::Output, f32, m * n);
    const RegId acc = b.reg(f32, width, 2, {3}), x = b.reg(f32), y = b.reg(f32), xy = b.reg(f32);
    enum : VarId { I, Row, Column, K };
    const auto columns = [&](Body body) {
      return loop(Column, n, LoopKind::Vector, std::move(body), width, 2);
    };
    const auto rows = [&](Body body) {
      Loop inner = loop(Row, 3, LoopKind::Unrolled, std::move(body));
      inner.outer = I, inner.outer_extent = of(m);
      return inner;
    };
    Body multiply = {
        {Load{reg(x), a, at({along(I, k), along(Row, k), along(K)})}},
        {columns({{Load{reg(y), w, at({along(K, n), along(Column)})}},
                  {Apply{{reg(xy)}, function(Prim::Mul, {f32, f32}, f32), {reg(x), reg(y)}}},
                  {Update{{reg(acc, {Row})}, function(Prim::Add, {f32, f32}, f32), {reg(xy)}}}})}};
    b.kernel.body = {{loop(
        I, m, LoopKind::Tile,
        {{loop(Row, 3, LoopKind::Unrolled, {{Set{reg(acc, {Row}), tensor::make_scalar(0.0, f32)}}})},
         {loop(K, k, LoopKind::Serial, {{rows(multiply)}})},
         {rows({{columns({{Store{c, at({along(I, n), along(Row, n), along(Column)}), reg(acc, {Row})}}})}})}},
        3)}};
    std::vector<float> left(std::size_t(m * k)), right(std::size_t(k * n)), out(std::size_t(m * n));
    std::iota(left.begin(), left.end(), 1.0f), std::iota(right.begin(), right.end(), -3.0f);
    CAPTURE(target.level);
    REQUIRE(run(*b.compile(target), {left.data(), right.data()}, {out.data()}) == EINX_OK);
    std::size_t wrong = 0;
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        float sum = 0;
        for (std::int64_t q = 0; q < k; ++q)
          sum += left[std::size_t(i * k + q)] * right[std::size_t(q * n + j)];
        wrong += out[std::size_t(i * n + j)] != sum;
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("extents, strides and offsets as run-time parameters") {
  for (const codegen::Target& target : targets()) {
    for (const DType dtype : {f32, i8, f64}) {
      for (const std::int64_t n : sizes(16)) {
        for (const std::int64_t stride : {1, 3, -1}) {
          Builder b;
          b.program.parameters = {n, stride, stride < 0 ? n : 0};
          const BufferId in = b.buffer(Buffer::Kind::Input, dtype, 0),
                         out = b.buffer(Buffer::Kind::Output, dtype, n);
          const RegId x = b.reg(dtype);
          Address from{Int{0, 2}, {{0, Int{0, 1}}}, {}};
          Loop vector = loop(0, 0, LoopKind::Vector,
                             {{Load{reg(x), in, from}}, {Store{out, at({along(0)}), reg(x)}}}, 16, 2);
          vector.extent = Int{0, 0};
          b.kernel.body = {{vector}};
          const std::size_t size = size_of(dtype);
          const std::vector<unsigned char> values = test_values(dtype, std::size_t(3 * n) + 4, 5);
          std::vector<unsigned char> result((std::size_t(n) + 1) * size, 0xee);
          REQUIRE(run(*b.compile(target), {values.data()}, {result.data()}) == EINX_OK);
          std::size_t wrong = result[std::size_t(n) * size] != 0xee;
          for (std::int64_t k = 0; k < n; ++k) {
            const std::int64_t place = stride < 0 ? n - k : stride * k;
            wrong +=
                std::memcmp(&result[std::size_t(k) * size], &values[std::size_t(place) * size], size) != 0;
          }
          CAPTURE(target.level);
          CAPTURE(n);
          CAPTURE(stride);
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("checked coordinates: values, negative ones, and the first bad one in the status") {
  for (const codegen::Target& target : targets()) {
    for (const DType dtype : {i32, i64, u8, u64}) {
      for (const LoopKind kind : {LoopKind::Serial, LoopKind::Vector, LoopKind::Parallel}) {
        for (const std::int64_t bad :
             {std::int64_t(-1), std::int64_t(0), std::int64_t(37), std::int64_t(98)}) {
          const std::int64_t n = 99, extent = 50;
          Builder b;
          const BufferId table = b.buffer(Buffer::Kind::Input, f32, 0, 0),
                         index = b.buffer(Buffer::Kind::Input, dtype, 0, 1),
                         out = b.buffer(Buffer::Kind::Output, f32, n);
          const RegId i = b.reg(dtype), k = b.reg(i64), x = b.reg(f32);
          Address from = at({});
          from.indirect = {{k, of(2)}};
          Check test{reg(k), reg(i), of(extent), 3, 1, at({along(0, 10)}, 5)};
          Loop all = loop(0, n, kind,
                          {{Load{reg(i), index, at({along(0)})}},
                           {test},
                           {Load{reg(x), table, from}},
                           {Store{out, at({along(0)}), reg(x)}}},
                          kind == LoopKind::Vector ? 8 : 1, kind == LoopKind::Vector ? 3 : 1);
          all.grain = 1000;
          b.kernel.body = {{all}};
          std::vector<float> values(100);
          std::iota(values.begin(), values.end(), 0.0f);
          std::vector<unsigned char> indices(std::size_t(n) * 8);
          const bool negative = !tensor::is_unsigned(dtype);
          for (std::int64_t p = 0; p < n; ++p) {
            const std::int64_t coordinate = p == bad                 ? (negative ? -51 : 200)
                                            : negative && p % 3 == 0 ? -1 - p % 50
                                                                     : p % 50;
            tensor::store(&indices[std::size_t(p) * size_of(dtype)], tensor::make_scalar(coordinate, dtype));
          }
          std::vector<float> result(std::size_t(n) + 1);
          einx_status status{};
          CAPTURE(target.level);
          CAPTURE(name_of(dtype));
          CAPTURE(bad);
          CAPTURE(int(kind));
          const int code = run(*b.compile(target), {values.data(), indices.data()}, {result.data()}, &status);
          CHECK(code == (bad < 0 ? EINX_OK : EINX_INDEX_OUT_OF_RANGE));
          if (bad >= 0) {
            CHECK(status.value == (negative ? -51 : 200));
            CHECK(status.extent == 50);
            CHECK(status.operand == 3);
            CHECK(status.axis == 1);
            CHECK(status.position == 5 + 10 * bad);
            continue;
          }
          std::size_t wrong = 0;
          for (std::int64_t p = 0; p < n; ++p)
            wrong += result[std::size_t(p)] != float(2 * (negative && p % 3 == 0 ? 49 - p % 50 : p % 50));
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("blocks transposed in registers") {
  struct Row {
    int rows, cols;
  };
  for (const codegen::Target& target : targets()) {
    for (const DType dtype : {u8, f16, f32, f64}) {
      for (const Row& row :
           {Row{4, 4}, Row{8, 8}, Row{16, 16}, Row{8, 16}, Row{16, 4}, Row{2, 2}, Row{3, 5}, Row{32, 32}}) {
        for (const bool streaming : {false, true}) {
          const int from_stride = row.cols + 3, to_stride = row.rows + (streaming ? 64 - row.rows % 64 : 1),
                    bytes = int(size_of(dtype));
          Builder b;
          const BufferId in = b.buffer(Buffer::Kind::Input, dtype, 0),
                         out = b.buffer(Buffer::Kind::Output, dtype, row.cols * to_stride);
          b.kernel.body = {{Transpose{in, out, at({}, 1), at({}), of(from_stride), of(to_stride), row.rows,
                                      row.cols, streaming}}};
          const std::vector<unsigned char> values =
              test_values(dtype, std::size_t(row.rows * from_stride + 1), 3);
          Tensor result = Tensor::zeros({row.cols * to_stride}, dtype);
          REQUIRE(run(*b.compile(target), {values.data()}, {result.data()}) == EINX_OK);
          std::size_t wrong = 0;
          for (int r = 0; r < row.rows; ++r) {
            for (int c = 0; c < row.cols; ++c) {
              const char* got = static_cast<const char*>(result.data()) + (c * to_stride + r) * bytes;
              wrong += std::memcmp(got, &values[std::size_t((1 + r * from_stride + c) * bytes)],
                                   std::size_t(bytes)) != 0;
            }
          }
          CAPTURE(target.level);
          CAPTURE(name_of(dtype));
          CAPTURE(row.rows);
          CAPTURE(row.cols);
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("a parallel loop over tiles with a local buffer, an outer register and streaming stores") {
  for (const codegen::Target& target : targets()) {
    const int width = target.machine.vector_bytes / 4;
    const std::int64_t n = 100 * width, tile = 4 * width;
    Builder b;
    const BufferId in = b.buffer(Buffer::Kind::Input, f32, 0), out = b.buffer(Buffer::Kind::Output, f32, n),
                   stage = b.buffer(Buffer::Kind::Local, f32, tile);
    const RegId scale = b.reg(f32), x = b.reg(f32), y = b.reg(f32), z = b.reg(f32);
    const Loop fill = loop(1, tile, LoopKind::Vector,
                           {{Load{reg(x), in, at({along(0), along(1)})}},
                            {Apply{{reg(y)}, function(Prim::Mul, {f32, f32}, f32), {reg(x), reg(scale)}}},
                            {Store{stage, at({along(1)}), reg(y)}}},
                           width, 2);
    const Loop drain = loop(2, tile, LoopKind::Vector,
                            {{Load{reg(z), stage, at({along(2, -1)}, tile - 1)}},
                             {Store{out, at({along(0), along(2)}), reg(z), true}}},
                            width, 4);
    Loop all = loop(0, n, LoopKind::Parallel, {{fill}, {drain}}, tile);
    all.grain = 3;
    b.kernel.body = {{set(scale, 2, f32)}, {all}};
    std::vector<float> values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), 0.0f);
    Tensor result = Tensor::zeros({n}, f32);
    codegen::Listing listing;
    const auto code = b.compile(target, &listing);
    REQUIRE(run(*code, {values.data()}, {result.data()}) == EINX_OK);
    std::size_t wrong = 0;
    for (std::int64_t k = 0; k < n; ++k)
      wrong += static_cast<float*>(result.data())[k] !=
               2 * values[std::size_t(k / tile * tile + tile - 1 - k % tile)];
    CAPTURE(target.level);
    CHECK(wrong == 0);
    CHECK(listing.llvm_ir.find("einx_rt_parallel_for") != std::string::npos);
    CHECK(listing.assembly.find("movntps") != std::string::npos);
    CHECK(listing.assembly.find("sfence") != std::string::npos);
  }
}

TEST_CASE("outputs left out are allocated, temporaries live between kernels") {
  const std::int64_t n = 50;
  Program program;
  program.name = "two";
  program.buffers = {{"i", Buffer::Kind::Input, f32, 0, n},
                     {"t", Buffer::Kind::Temporary, f32, 0, n},
                     {"o", Buffer::Kind::Output, f32, 0, n}};
  for (int step = 0; step < 2; ++step) {
    Kernel kernel;
    kernel.registers = {{"x", f32, {}, 0, 0}, {"y", f32, {}, 0, 0}};
    kernel.body = {{loop(0, n, LoopKind::Vector,
                         {{Load{reg(0), step, at({along(0)})}},
                          {Apply{{reg(1)}, function(Prim::Add, {f32, f32}, f32), {reg(0), reg(0)}}},
                          {Store{step + 1, at({along(0)}), reg(1)}}},
                         4, 2)}};
    program.steps.push_back(kernel);
  }
  std::vector<float> values(n, 1.5f);
  const void* inputs[] = {values.data()};
  void* outputs[] = {nullptr};
  einx_status status{};
  REQUIRE(codegen::compile(program, codegen::host_target())->run(inputs, outputs, &status) == EINX_OK);
  REQUIRE(outputs[0] != nullptr);
  CHECK(reinterpret_cast<std::uintptr_t>(outputs[0]) % 64 == 0);
  CHECK(static_cast<float*>(outputs[0])[n - 1] == 6.0f);
  einx_rt_free(outputs[0], n * 4);
}

TEST_CASE("a program beyond the instruction budget is refused, not compiled for minutes") {
  Builder b;
  const BufferId out = b.buffer(Buffer::Kind::Output, f32, 1 << 20);
  const RegId x = b.reg(f32);
  b.kernel.body = {{set(x, 1, f32)},
                   {loop(0, 1 << 20, LoopKind::Unrolled, {{Store{out, at({along(0)}), reg(x)}}})}};
  CHECK_THROWS_AS(b.compile(codegen::host_target()), InternalError);
}

TEST_CASE("the yardstick compiles") { CHECK(codegen::compile_yardstick() > 0); }
