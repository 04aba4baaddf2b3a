// Equivariant networks: builds a layer of modules over irreps, shows that it commutes with rotations, and
// times e3nn's recorded layers as one compiled function against the same graphs run operation by operation.
//
//   equivariant [FOLDER]     the folder of the recorded graphs; examples/equivariant/recorded if left out
#include <algorithm>
#include <cstdio>
#include <exception>

#include "../timing.h"
#include "equivariant.h"
#include "recorded.h"
#include "testing.h"

using namespace equivariant;

namespace {

void show_mathematics() {
  std::printf("1x1o x 1x2e = %s\n", to_string(tensor_product("1o", "2e")).c_str());
  const std::vector<double>& symbol = wigner_3j(1, 1, 2);
  const auto zeros = std::ranges::count(symbol, 0.0);
  std::printf("the 3j symbol of (1, 1, 2): %zu numbers, %zu of them not zero\n", symbol.size(),
              symbol.size() - static_cast<std::size_t>(zeros));
  std::printf("Y(0, 1, 0) up to l = 2:");
  for (const double value : spherical_harmonics("0e + 1o + 2e", {0, 1, 0}, {Normalization::component, true}))
    std::printf(" %.4f", value);
  std::printf("\n");
}

template <einx::DType dtype>
double message_error(const Message& layer, std::mt19937_64& random) {
  constexpr std::int64_t edges = 64;
  const einx::CompiledModule f = einx::compile(layer);
  std::vector<Input> inputs{{random_tensor({edges, layer.in().dim()}, dtype, random), layer.in()},
                            {random_tensor({edges, 3}, dtype, random), Irreps("1o")},
                            {random_tensor({edges, layer.edge_weights()}, dtype, random)}};
  for (const Tensor& parameter : random_parameters(layer.weights(), dtype, random))
    inputs.push_back({parameter});
  double worst = 0;
  for (int k = 0; k < 4; ++k) {
    const Function call = [&](const std::vector<Tensor>& x) { return f.run("forward", x)[0]; };
    worst =
        std::max(worst, equivariance_error(call, inputs, layer.out(), Rotation::random(random), k % 2 == 1));
  }
  return worst;
}

void show_network() {
  const Message layer("16x0e + 8x1o + 4x2e", "16x0e + 8x1o + 4x2e", 2);
  std::printf(
      "\na layer of messages\n  in        %s\n  harmonics %s\n  product   %s\n  gate in   %s\n  out       "
      "%s\n",
      to_string(layer.in()).c_str(), to_string(layer.harmonics()).c_str(),
      to_string(simplify(layer.product().out())).c_str(), to_string(layer.gate().in()).c_str(),
      to_string(layer.out()).c_str());
  for (const Parameter& parameter : layer.weights())
    std::printf("  %-9s %s\n", parameter.name.c_str(), to_string(parameter.shape).c_str());
  std::printf("  weights of each edge: %lld\n", static_cast<long long>(layer.edge_weights()));
  std::mt19937_64 random(1);
  std::printf("  equivariance error: %.1e (f32), ", message_error<einx::f32>(layer, random));
  std::printf("%.1e (f64)\n", message_error<einx::f64>(layer, random));
}

/// What e3nn's documents tell of compile modes: control flow by data survives in a script above and below
/// what is traced.
void show_stories() {
  const auto print = [](const char* title, const Tensor& x, const Tensor& y) {
    std::printf("  %-28s %s -> %s\n", title, x.to_string().c_str(), y.to_string().c_str());
  };
  std::printf("\na script over a traced norm: the norms, or half of them unless one is above 7\n");
  const einx::CompiledModule half = einx::compile(HalfNorm("2x1o"));
  for (const float length : {4.0f, 8.0f}) {
    const Tensor x = Tensor::copy_of<float>({3, 0, length, 1, 2, 2}, {1, 6});
    print(length < 7 ? "no norm above 7" : "a norm above 7", x, half(x));
  }
  std::printf(
      "\na traced module over a script: the first row with a component above 0.1, or everything, plus 3\n");
  const einx::CompiledModule three = einx::trace(PlusThree(), {Tensor::zeros({2, 3})});
  std::mt19937_64 random(3);
  for (const Shape& shape : {Shape{2, 3}, Shape{3}}) {
    const Tensor zero = Tensor::zeros(shape), numbers = random_tensor(shape, einx::f32, random);
    print("zero", zero, three(zero));
    print("random", numbers, three(numbers));
  }
}

/// One recorded graph and the module that computes the same.
void compare(const char* title, const std::string& path, const Function& module) {
  const Recorded recorded = Recorded::load(path);
  std::mt19937_64 random(2);
  const std::vector<Tensor> inputs = random_parameters(recorded.inputs(), einx::f32, random);
  Tensor ours, theirs;
  const double first = timing::seconds([&] { ours = module(inputs); });
  theirs = recorded.run(inputs);
  const double together = timing::best_of([&] { module(inputs); }, 0.25, 0),
               apart = timing::best_of([&] { recorded.run(inputs); }, 0.25, 0);
  std::printf(
      "  %-16s %3zu operations  %8.1f us   compiled as one %8.1f us   ratio %5.2f   first call %.0f ms   "
      "differ by %.0e\n",
      title, recorded.size(), apart * 1e6, together * 1e6, apart / together, first * 1e3,
      relative_difference(ours, theirs));
}

Tensor shared(const Tensor& weights) { return weights.reshaped({weights.size()}); }

void show_recorded(const std::string& folder) {
  std::printf("\ne3nn's recorded layers, operation by operation and as one function\n");
  const einx::CompiledModule mixed = einx::compile(Linear("64x0e + 64x1o + 64x2e", "64x0e + 64x1o + 64x2e"));
  compare("linear", folder + "/linear.txt",
          [&](const std::vector<Tensor>& x) { return mixed(x[0], shared(x[1])); });

  const einx::CompiledModule multiplied =
      einx::compile(fully_connected("4x0e + 4x1o", "4x0e + 4x1o", "4x0e + 4x1o"));
  compare("fully connected", folder + "/fully_connected.txt",
          [&](const std::vector<Tensor>& x) { return multiplied(x[0], x[1], shared(x[2])); });

  const einx::CompiledModule convolved =
      einx::compile(channel_wise("32x0e + 32x1o + 32x2e", "0e + 1o + 2e", "0e + 1o + 2e"));
  compare("convolution", folder + "/convolution.txt",
          [&](const std::vector<Tensor>& x) { return convolved(x[0], x[1], x[2]); });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    show_mathematics();
    show_network();
    show_stories();
    show_recorded(argc > 1 ? argv[1] : "examples/equivariant/recorded");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
