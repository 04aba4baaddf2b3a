// The einops module that other tracers warn of: its recipe - what is reshaped and transposed to what - goes stale where sizes, ranks or computed numbers change.
// Here what is kept is the expression, so every call is right; the re-specialisations and what each relies on are printed.
//
//   stale          prints them; exit 1 if a call is wrong
#include <einx/einx.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using einx::Shape;
using einx::Tensor;
using einx::Value;
using einx::einops::rearrange;
using einx::einops::repeat;

int wrong = 0;

std::string text_of(const Tensor& t) {
  std::string text = "(";
  for (const std::int64_t size : t.shape()) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

void expect(const char* what, const Tensor& got, const Tensor& want) {
  const bool right = std::ranges::equal(got.shape(), want.shape()) && got.to_vector<float>() == want.to_vector<float>();
  std::printf("    %s %s %s\n", what, text_of(got).c_str(), right ? "" : "WRONG");
  wrong += !right;
}

/// "b c h w -> b (h w c)" of an image, and what a computed number makes of it: `b` rows of it, each a copy.
struct Flatten {
  int traced = 0;
  Value forward(const Value& x, const Value& b) {
    ++traced;
    const Value flat = rearrange(x, "b c h w -> b (h w c)");
    return repeat(flat, "one n -> (one b) n", {{"b", b}});
  }
};

/// What it should give: every step on its own, nothing kept.
Tensor eager(const Tensor& x, std::int64_t b) { return repeat(rearrange(x, "b c h w -> b (h w c)"), "one n -> (one b) n", {{"b", b}}); }

void other_sizes() {
  std::puts("other h, w, c and a computed b");
  Flatten module;
  const auto f = einx::jit([&module](Value x, Value b) { return module.forward(x, einx::sum("[i]", b)); });
  const std::vector<std::pair<Shape, std::vector<std::int32_t>>> calls = {
      {{1, 3, 4, 4}, {1, 1}}, {{1, 3, 4, 4}, {2, 1}}, {{1, 3, 8, 8}, {2, 1}}, {{1, 5, 8, 2}, {1, 0}}, {{2, 1, 1, 7}, {3, 2}}, {{2, 1, 1, 7}, {0, 0}}};
  for (const auto& [shape, counts] : calls) {
    const Tensor x = Tensor::iota(shape), b = Tensor::copy_of(counts, {2});
    std::printf("  %s\n", f.explain(x, b).text().c_str());
    expect("->", f(x, b), eager(x, counts[0] + counts[1]));
  }
  std::printf("  the module's code ran %d time\n%s", module.traced, f.guards().text().c_str());
  wrong += module.traced != 1;
}

void other_kinds() {
  std::puts("another rank, another dtype, a size that no longer divides");
  const auto f = einx::jit([](Value x) { return rearrange(x, "b ... (h w) -> b h ... w", {{"h", 2}}); });
  for (const Tensor& x : {Tensor::iota({2, 4}), Tensor::iota({2, 6}), Tensor::iota({2, 3, 6}), Tensor::iota({2, 3, 6}, einx::i32)}) {
    std::printf("  %s\n", f.explain(x).text().c_str());
    expect("->", f(x), rearrange(x, "b ... (h w) -> b h ... w", {{"h", 2}}));
  }
  const Tensor odd = Tensor::iota({2, 5});
  std::printf("  %s\n", f.explain(odd).broken.empty() ? "" : f.explain(odd).broken[0].c_str());
  try {
    f(odd);
    ++wrong;
  } catch (const einx::AxisSizeError& error) {
    std::printf("    %s\n", error.what());
  }
}

void many_sizes() {
  std::puts("a hundred batch sizes: after a few, the size is a number that the kernel is given");
  const auto f = einx::jit([](Value x) { return rearrange(x, "b c h w -> b (h w c)"); });
  const std::uint64_t before = einx::cache_stats().compiled;
  for (std::int64_t b = 2; b < 102; ++b) {
    const Tensor x = Tensor::iota({b, 2, 3, 3}), got = f(x);
    wrong += got.to_vector<float>() != rearrange(x, "b c h w -> b (h w c)").to_vector<float>();
  }
  std::printf("  compiled %llu times for 100 sizes\n", static_cast<unsigned long long>(einx::cache_stats().compiled - before));
}

}  // namespace

int main() {
  other_sizes();
  other_kinds();
  many_sizes();
  std::printf("%d wrong\n", wrong);
  return wrong != 0;
}
