#include "check.h"

#include <cmath>

#include "api/api.h"
#include "reference/reference.h"
#include "tensor/tensor.h"

namespace bench {
namespace {

namespace api = einx::detail::api;
using einx::Tensor;

double points(const einx::detail::graph::Graph& graph) {
  double total = 0;
  for (const auto& node : graph.nodes) {
    double product = 1;
    for (const auto& axis : node.expr.axes) product *= double(axis.size);
    total += product;
  }
  return total;
}

Tensor expected(const einx::detail::graph::Graph& graph, const std::vector<Tensor>& operands) {
  constexpr double kPatience = 2e6;
  if (points(graph) <= kPatience) return einx::detail::reference::run(graph, operands).at(0);
  api::Options plain = api::default_options();
  plain.loops.dynamic = true;
  return api::run(*api::compile(graph, plain), operands).at(0);
}

double at(const Tensor& x, std::int64_t k) {
  const auto value = einx::detail::tensor::load(static_cast<const std::byte*>(x.data()) + k * std::int64_t(einx::size_of(x.dtype())), x.dtype());
  return einx::detail::tensor::convert(value, einx::f64).f;
}

}  // namespace

double difference(const einx::Tensor& want, const einx::Tensor& got) {
  double most = want.size() == got.size() ? 0 : 1e30;
  for (std::int64_t k = 0; most < 1e30 && k < want.size(); ++k) {
    const double a = at(want, k), b = at(got, k);
    most = std::max(most, std::abs(a - b) / (1 + std::abs(a)));
  }
  return most;
}

std::string check(const Job& job) {
  const auto graph = einx::detail::graph::parse(job.graph.text());
  const std::vector<einx::Operand> views(job.operands.begin(), job.operands.end());
  const Tensor got = job.graph.run(views).at(0), want = expected(graph, job.operands);
  for (std::int64_t k = 0; k < got.size(); ++k) {
    const double a = at(got, k), b = at(want, k);
    if (std::abs(a - b) > 1e-3 * (1 + std::abs(b))) return "element " + std::to_string(k) + " is " + std::to_string(a) + ", not " + std::to_string(b);
  }
  return got.size() == want.size() ? "" : "another number of elements";
}

}  // namespace bench
