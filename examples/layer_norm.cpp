// A layer norm written with elementary operations, traced: one kernel that reads and writes each row once. Timed beside the operations one by one and a copy.
#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

#include <einx/einx.h>

#include "compare.h"
#include "timing.h"

namespace {

using einx::Tensor, einx::Value;

Value layer_norm(Value x, Value scale, Value shift) {
  const Value mean = einx::mean("b [c]", x), centred = einx::subtract("b c, b -> b c", x, mean);
  const Value deviation = sqrt(einx::mean("b [c]", centred * centred) + 1e-5);
  return einx::divide("b c, b -> b c", centred, deviation) * scale + shift;
}

Tensor one_by_one(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  const Tensor centred = einx::subtract("b c, b -> b c", x, einx::mean("b [c]", x));
  const Tensor variance = einx::mean("b [c]", einx::multiply("b c, b c", centred, centred));
  const Tensor normal = einx::divide("b c, b -> b c", centred, einx::sqrt("b", einx::add("b,", variance, 1e-5F)));
  return einx::add("b c, c", einx::multiply("b c, c", normal, scale), shift);
}

void run(std::int64_t rows, std::int64_t columns) {
  std::vector<float> data(static_cast<std::size_t>(rows * columns)), copy(data.size());
  for (std::size_t k = 0; k < data.size(); ++k) data[k] = float((k * 2654435761U >> 9) % 2000) / 500 - 1;
  const Tensor x = Tensor::copy_of<float>(data, {rows, columns});
  const Tensor scale = Tensor::full({columns}, 1.25F), shift = Tensor::full({columns}, 0.5F);
  const einx::Spec row{einx::f32, {columns}};
  const einx::Graph graph = einx::optimize(einx::trace([](Value a, Value s, Value t) { return layer_norm(a, s, t); }, {{einx::f32, {rows, columns}}, row, row}));
  if (rows == 512) std::printf("%s\n%s\n", graph.text().c_str(), graph.loops().c_str());
  const Tensor got = graph(x, scale, shift), want = one_by_one(x, scale, shift);
  const double fused = timing::best_of([&] { graph(x, scale, shift); }), single = timing::best_of([&] { one_by_one(x, scale, shift); });
  const double memory = timing::best_of([&] { std::memcpy(copy.data(), data.data(), data.size() * sizeof(float)); });
  std::printf("%5lld x %4lld: %8.1f us as one function, %8.1f us one by one, ratio %.2f; %.2f times a copy; differ by %.1e\n", static_cast<long long>(rows), static_cast<long long>(columns),
              fused * 1e6, single * 1e6, single / fused, fused / memory, largest_difference(got, want));
}

}  // namespace

int main() {
  try {
    run(512, 768);
    run(8192, 1024);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
