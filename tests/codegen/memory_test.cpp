// Masked lanes touch no memory: operands end (or begin) at a page that cannot be accessed. Concurrency, and
// that code is freed.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <fstream>
#include <thread>

#include "codegen/values.h"

using namespace programs;
using ops::Prim;

namespace {

/// A block that ends at a page without access and one that begins after such a page.
class Guarded {
 public:
  Guarded()
      : base_(static_cast<unsigned char*>(
            mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    mprotect(base_, kPage, PROT_NONE);
    mprotect(base_ + 3 * kPage, kPage, PROT_NONE);
  }
  Guarded(const Guarded&) = delete;
  ~Guarded() { munmap(base_, 4 * kPage); }
  unsigned char* first() { return base_ + kPage; }
  unsigned char* last(std::size_t bytes) { return base_ + 3 * kPage - bytes; }

 private:
  static constexpr std::size_t kPage = 4096;
  unsigned char* base_;
};

/// out[k] = in[k * stride] by vectors, also with a run-time extent.
std::shared_ptr<const codegen::Code> copy_code(const codegen::Target& target, DType dtype, std::int64_t n,
                                               std::int64_t stride, bool dynamic) {
  Builder b;
  b.program.parameters = {n};
  const BufferId in = b.buffer(Buffer::Kind::Input, dtype, 0), out = b.buffer(Buffer::Kind::Output, dtype, n);
  const RegId x = b.reg(dtype);
  const std::int64_t offset = stride < 0 ? -stride * (n - 1) : 0;
  Loop vector =
      loop(0, n, LoopKind::Vector,
           {{Load{reg(x), in, at({along(0, stride)}, offset)}}, {Store{out, at({along(0)}), reg(x)}}},
           target.machine.vector_bytes / int(size_of(dtype)), 2);
  if (dynamic) vector.extent = Int{0, 0};
  b.kernel.body = {{vector}};
  return b.compile(target);
}

std::size_t mappings() {
  std::ifstream file("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

}  // namespace

TEST_CASE("ragged ends stay inside their operands") {
  Guarded in, out;
  for (const codegen::Target& target : targets()) {
    for (const DType dtype : {boolean, i8, f16, f32, f64}) {
      const std::int64_t width = target.machine.vector_bytes / std::int64_t(size_of(dtype));
      for (const std::int64_t n :
           {std::int64_t(1), width - 1, width, width + 1, 2 * width + 3, 3 * width - 1}) {
        for (const std::int64_t stride : {1, -1, 2}) {
          for (const bool dynamic : {false, true}) {
            if (dynamic && stride < 0) continue;
            const auto code = copy_code(target, dtype, n, stride, dynamic);
            const std::size_t size = size_of(dtype),
                              span = (std::size_t(n - 1) * std::size_t(std::abs(stride)) + 1) * size;
            for (const bool at_end : {false, true}) {
              unsigned char* from = at_end ? in.last(span) : in.first();
              unsigned char* to = at_end ? out.last(std::size_t(n) * size) : out.first();
              const std::vector<unsigned char> values = test_values(dtype, span / size, 9);
              std::memcpy(from, values.data(), span);
              REQUIRE(run(*code, {from}, {to}) == EINX_OK);
              std::size_t wrong = 0;
              for (std::int64_t k = 0; k < n; ++k) {
                const std::int64_t place = stride < 0 ? n - 1 - k : stride * k;
                wrong += std::memcmp(to + std::size_t(k) * size, from + std::size_t(place) * size, size) != 0;
              }
              CAPTURE(target.level);
              CAPTURE(name_of(dtype));
              CAPTURE(n);
              CAPTURE(stride);
              CHECK(wrong == 0);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("eight threads compile and run different programs at once") {
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (int id = 0; id < 8; ++id) {
    threads.emplace_back([id, &wrong] {
      for (int round = 0; round < 12; ++round) {
        const std::int64_t n = 1 + id * 7 + round;
        const auto count = static_cast<std::size_t>(n);
        std::vector<float> in(count, float(id)), out(count, -1);
        const auto code = map_code(codegen::host_target(), function(Prim::Add, {f32, f32}, f32), n, 8, 2);
        wrong[std::size_t(id)] +=
            run(*code, {in.data(), in.data()}, {out.data()}) != EINX_OK || out.back() != float(2 * id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("freed code leaves no mappings behind") {
  const auto once = [] { map_code(codegen::host_target(), function(Prim::Neg, {f32}, f32), 5, 4); };
  for (int k = 0; k < 20; ++k) once();
  const std::size_t before = mappings();
  for (int k = 0; k < 1500; ++k) once();
  CHECK(mappings() <= before + 20);
}
