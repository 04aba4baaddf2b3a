// The main job: the five calls with which einx's documentation explains its compilation, on a real picture and real elevations. For each:
// the graph, its loops, a look at its LLVM IR, the result's shape, and what the first call, a cached call and a direct call of the graph cost.
#include <cstdio>
#include <exception>
#include <functional>
#include <string>

#include <einx/einx.h>

#include "timing.h"

namespace {

/// The first lines of a text, indented.
void show(const char* title, const std::string& text, int lines) {
  std::printf("  %s:\n", title);
  std::size_t begin = 0;
  for (int line = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (line == lines) {
      std::printf("    ...\n");
      break;
    }
    std::printf("    %s\n", text.substr(begin, end - begin).c_str());
    begin = end + 1;
  }
}

/// The part of a module that one wants to see: from its first vector instruction's function on.
std::string look(const std::string& llvm_ir) {
  const std::size_t at = llvm_ir.find("define ");
  return at == std::string::npos ? llvm_ir : llvm_ir.substr(at);
}

struct Example {
  const char* title;
  std::function<einx::Tensor()> call;
  std::function<einx::Graph()> graph;
  std::function<einx::Tensor(const einx::Graph&)> direct;
};

void run(const Example& example) {
  std::printf("\n%s\n", example.title);
  einx::Tensor result;
  const double first = timing::seconds([&] { result = example.call(); });
  const einx::Graph graph = example.graph();
  show("graph", graph.text(), 20);
  show("loops", graph.loops(), 24);
  show("LLVM IR", look(graph.llvm_ir()), 10);
  std::printf("  result: %s\n", result.to_string().substr(0, 100).c_str());
  const double cached = timing::best_of([&] { example.call(); }, 0, 1000);
  const double direct = timing::best_of([&] { example.direct(graph); }, 0, 1000);
  std::printf("  first call %.2f ms, cached call %.2f us, direct call of the graph %.2f us\n", first * 1e3, cached * 1e6, direct * 1e6);
}

/// Four 128 x 128 quarters of the picture as one batch: "(bh h) (bw w) c -> (bh bw) h w c".
einx::Tensor quarters(const einx::Tensor& picture) {
  return einx::id("(u h) (v w) c -> (u v) h w c", picture.cast(einx::f32), {{"u", 2}, {"v", 2}});
}

/// 1,024 points a picture, spread by two strides that are prime to 128.
einx::Tensor points() {
  std::vector<std::int32_t> values;
  for (std::int32_t k = 0; k < 4 * 1024; ++k) {
    values.push_back(k * 37 % 128);
    values.push_back(k * 101 % 128);
  }
  return einx::Tensor::copy_of(values, {4, 1024, 2});
}

/// Every call has another number of rows: after a few of them that is a number which the kernel is given.
void call_with_many_sizes(const einx::Tensor& elevation) {
  std::printf("\nTwelve shapes at one call site (with EINX_DYNAMIC_AFTER=0, EINX_WARN_ON_RETRACE=10 warns of them on stderr):\n");
  const std::uint64_t before = einx::cache_stats().compiled, dynamic = einx::cache_stats().dynamic;
  double highest = 0;
  for (int rows = 31; rows < 43; ++rows) highest = std::max<double>(highest, einx::max("[a b]", elevation.sliced(0, 0, rows)).item<std::int16_t>());
  const einx::CacheStats after = einx::cache_stats();
  std::printf("  highest point of the northern edge: %.0f m; compiled %llu times, a kernel with run-time sizes served %llu shapes\n", highest,
              static_cast<unsigned long long>(after.compiled - before), static_cast<unsigned long long>(after.dynamic - dynamic));
}

void run_all(const std::string& folder) {
  const einx::Tensor picture = einx::load_npy(folder + "/picture.npy");
  const einx::Tensor elevation = einx::load_npy(folder + "/elevation.npy");
  const einx::Tensor x = elevation.sliced(0, 0, 10).sliced(1, 0, 10).cast(einx::f32);
  const einx::Tensor images = quarters(picture), coordinates = points();
  const einx::Tensor pixels = picture.cast(einx::f32), brightness = einx::mean("h w [c]", pixels);
  const Example examples[] = {
      {"sum(\"a [b]\", x)   x: f32[10, 10], elevations in metres", [&] { return einx::sum("a [b]", x); }, [&] { return einx::graph::sum("a [b]", x); },
       [&](const einx::Graph& graph) { return graph(x); }},
      {"sum(\"b... (g [c])\", x, g=2)", [&] { return einx::sum("b... (g [c])", x, {{"g", 2}}); },
       [&] { return einx::graph::sum("b... (g [c])", x, {{"g", 2}}); }, [&](const einx::Graph& graph) { return graph(x); }},
      {"dot(\"b... (g [c1->c2])\", x, ones, g=2, c2=8)", [&] { return einx::dot("b... (g [c1->c2])", x, einx::ones, {{"g", 2}, {"c2", 8}}); },
       [&] { return einx::graph::dot("b... (g [c1->c2])", x, einx::ones, {{"g", 2}, {"c2", 8}}); },
       [&](const einx::Graph& graph) { return graph(x, einx::ones); }},
      {"get_at(\"b [h w] c, b p [2] -> b p c\", images, points)   f32[4, 128, 128, 3], i32[4, 1024, 2]",
       [&] { return einx::get_at("b [h w] c, b p [2] -> b p c", images, coordinates); },
       [&] { return einx::graph::get_at("b [h w] c, b p [2] -> b p c", images, coordinates); },
       [&](const einx::Graph& graph) { return graph(images, coordinates); }},
      {"id(\"h w c, h w -> h w (c + 1)\", picture, brightness)", [&] { return einx::id("h w c, h w -> h w (c + 1)", pixels, brightness); },
       [&] { return einx::graph::id("h w c, h w -> h w (c + 1)", pixels, brightness); },
       [&](const einx::Graph& graph) { return graph(pixels, brightness); }},
  };
  for (const Example& example : examples) run(example);
  call_with_many_sizes(elevation);
  const einx::CacheStats stats = einx::cache_stats();
  std::printf("\ncache: %llu hits, %llu misses, %llu signatures compiled\n", static_cast<unsigned long long>(stats.hits),
              static_cast<unsigned long long>(stats.misses), static_cast<unsigned long long>(stats.compiled));
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // warnings on stderr stay where they happen
  try {
    run_all(argc > 1 ? argv[1] : "examples/data");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
