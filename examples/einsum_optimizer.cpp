// The tutorial of opt_einsum_fx with einx: its function, first small, with the graph after each pass, then with a thousand matrices, timed beside what
// else one would write. The function: a product of three einsums' operands, and a scalar that does not have to be multiplied with everything.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <einx/einx.h>

#include "compare.h"
#include "hand_written.h"
#include "timing.h"

namespace {

using einx::Tensor, einx::Value;

/// The chain, twice its result, divided by what was multiplied too much.
Value model(Value x, Value y, Value v) { return 2.0 * einx::einsum("zij,zj->zi", x, einx::einsum("zjk,zk->zj", y, v)) / 4.0; }
/// The same in one einsum: what to multiply first is the optimiser's to find.
Value chain(Value x, Value y, Value v) { return einx::einsum("zij,zjk,zk->zi", x, y, v); }

std::vector<einx::Spec> specs(std::int64_t z) { return {{einx::f32, {z, 4, 5}}, {einx::f32, {z, 5, 8}}, {einx::f32, {z, 8}}}; }

Tensor numbers(const einx::Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<float> data(static_cast<std::size_t>(count));
  for (std::size_t k = 0; k < data.size(); ++k) data[k] = float((k * 2654435761U >> 7) % 1000) / 500 - 1;
  return Tensor::copy_of<float>(data, shape);
}

void show_passes() {
  const auto small = specs(7);
  const einx::Graph graph = einx::trace([](Value x, Value y, Value v) { return model(x, y, v); }, {small[0], small[1], small[2]});
  std::printf("The function as it was traced, z = 7: %.0f floating-point operations\n%s\n", einx::flops(graph), graph.text().c_str());
  std::string before = graph.text();
  const einx::Graph best = einx::optimize(graph, {}, [&](std::string_view pass, const einx::Graph& made) {
    if (made.text() == before) return;
    before = made.text();
    std::printf("after %.*s\n%s\n", int(pass.size()), pass.data(), before.c_str());
  });
  std::printf("%.0f floating-point operations are left. Its loops:\n%s\n", einx::flops(best), best.loops().c_str());
}

void show_path() {
  const einx::Shape shapes[] = {{1000, 4, 5}, {1000, 5, 8}, {1000, 8}};
  std::printf("%s\n", einx::contract_path("zij,zjk,zk->zi", {shapes[0], shapes[1], shapes[2]}).text().c_str());
}

/// numpy.einsum(optimize=True) of the same shapes in a process of its own: microseconds, or 0 if there is no NumPy.
double numpy() {
  const char* script =
      "PATH=/usr/bin:$PATH python3 -c \"import os; os.environ['OPENBLAS_NUM_THREADS'] = '1'\nimport numpy as np, timeit\n"
      "x, y, v = (np.random.rand(*s).astype('f') for s in ((1000, 4, 5), (1000, 5, 8), (1000, 8)))\n"
      "f = lambda: np.einsum('zij,zjk,zk->zi', x, y, v, optimize=True)\nf()\n"
      "print(min(timeit.repeat(f, number=200, repeat=9)) / 200 * 1e6)\" 2>/dev/null";
  double microseconds = 0;
  if (FILE* pipe = popen(script, "r")) {
    if (std::fscanf(pipe, "%lf", &microseconds) != 1) microseconds = 0;
    pclose(pipe);
  }
  return microseconds;
}

void line(const char* what, double microseconds, double ours) {
  std::printf("  %-58s %8.2f us   %5.2f times ours\n", what, microseconds, microseconds / ours);
}

void measure() {
  const Tensor x = numbers({1000, 4, 5}), y = numbers({1000, 5, 8}), v = numbers({1000, 8});
  const einx::Graph best = einx::optimize(einx::trace([](Value a, Value b, Value c) { return chain(a, b, c); }, {{einx::f32, {1000, 4, 5}}, {einx::f32, {1000, 5, 8}}, {einx::f32, {1000, 8}}}));
  Tensor out = best(x, y, v);
  Tensor* const outs[] = {&out};
  const einx::Operand operands[] = {x, y, v};
  const double ours = timing::best_of([&] { best.run_into(outs, operands); }) * 1e6;
  auto function = einx::jit([](Value a, Value b, Value c) { return chain(a, b, c); });
  function(x, y, v);
  std::vector<float> expected(4000);
  const auto loop = [&] { hand_written(x.data_as<float>(), y.data_as<float>(), v.data_as<float>(), expected.data(), 1000); };
  const double by_hand = timing::best_of(loop) * 1e6;
  std::printf("z = 1000, f32, one thread; results differ by %.1e\n", largest_difference(out, Tensor::view(expected, {1000, 4})));
  line("one kernel, as a graph", ours, ours);
  line("the same as a call of einx::jit, with its output", timing::best_of([&] { function(x, y, v); }) * 1e6, ours);
  line("two einx calls", timing::best_of([&] { einx::einsum("zij,zj->zi", x, einx::einsum("zjk,zk->zj", y, v)); }) * 1e6, ours);
  line("a fused loop by hand, g++ -O3 -march=native", by_hand, ours);
  if (const double other = numpy(); other > 0) line("numpy.einsum(optimize=True)", other, ours);
  else std::printf("  numpy.einsum(optimize=True): python3 has no NumPy here\n");
}

}  // namespace

int main() {
  try {
    show_passes();
    show_path();
    measure();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
