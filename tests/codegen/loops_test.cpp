// Every kind of loop, on hand-built programs, at sizes around the vector width, on every level of this
// machine.
#include <doctest/doctest.h>

#include <numeric>

#include "codegen/programs.h"

using namespace programs;

namespace {

/// out[k] = in[k * stride] + in2[0] for n elements, in one loop of the given kind.
Builder add_program(std::int64_t n, Loop shape, std::int64_t stride) {
  Builder b;
  const BufferId in = b.buffer(Buffer::Kind::Input, f32, 0, 0),
                 other = b.buffer(Buffer::Kind::Input, f32, 0, 1);
  const BufferId out = b.buffer(Buffer::Kind::Output, f32, n);
  const RegId x = b.reg(f32), y = b.reg(f32), z = b.reg(f32);
  shape.extent = of(n);
  shape.body = {{Load{reg(x), in, at({along(0, stride)}, stride < 0 ? -stride * (n - 1) : 0)}},
                {Load{reg(y), other, at({})}},
                {Apply{{reg(z)}, function(ops::Prim::Add, {f32, f32}, f32), {reg(x), reg(y)}}},
                {Store{out, at({along(0)}), reg(z)}}};
  b.kernel.body = {{shape}};
  return b;
}

struct Kind {
  const char* name;
  Loop shape;
};

std::vector<Kind> kinds(int width) {
  return {{"serial", loop(0, 0, LoopKind::Serial, {})},
          {"unrolled", loop(0, 0, LoopKind::Unrolled, {})},
          {"parallel",
           [] {
             Loop l = loop(0, 0, LoopKind::Parallel, {});
             l.grain = 10;
             return l;
           }()},
          {"vector", loop(0, 0, LoopKind::Vector, {}, width)},
          {"vectors", loop(0, 0, LoopKind::Vector, {}, width, 4)},
          {"wide vectors", loop(0, 0, LoopKind::Vector, {}, 2 * width, 2)}};
}

}  // namespace

TEST_CASE("one loop of every kind, size and stride") {
  for (const codegen::Target& target : targets()) {
    const int width = target.machine.vector_bytes / 4;
    for (const Kind& kind : kinds(width)) {
      for (const std::int64_t n : sizes(width)) {
        for (const std::int64_t stride : {1, 0, -1, 2, 3, -2}) {
          CAPTURE(target.level);
          CAPTURE(kind.name);
          CAPTURE(n);
          CAPTURE(stride);
          const auto code = add_program(n, kind.shape, stride).compile(target);
          std::vector<float> in(std::size_t(std::max<std::int64_t>(1, n * std::abs(stride)))),
              out(std::size_t(n) + 1, -1);
          std::iota(in.begin(), in.end(), 1.0f);
          const float y = 0.5f;
          REQUIRE(run(*code, {in.data(), &y}, {out.data()}) == EINX_OK);
          bool same = out[std::size_t(n)] == -1;
          for (std::int64_t k = 0; k < n; ++k)
            same = same && out[std::size_t(k)] ==
                               in[std::size_t(stride < 0 ? -stride * (n - 1 - k) : stride * k)] + y;
          CHECK(same);
        }
      }
    }
  }
}
