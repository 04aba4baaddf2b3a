// libxsmm: small products by a kernel generated for their sizes. Column-major: c' = b' a'.
#include <libxsmm.h>

#include "peers/peers.h"

namespace bench::peers {
namespace {

Maybe product(const Tensor& a, const Tensor& b, const Product& p) {
  if (p.b_transposed || p.m > 128 || p.n > 128 || p.k > 128) return {};
  const float alpha = 1, beta = 0;
  const auto kernel = libxsmm_smmdispatch(libxsmm_blasint(p.n), libxsmm_blasint(p.m), libxsmm_blasint(p.k), nullptr, nullptr, nullptr, &alpha, &beta,
                                          nullptr, nullptr);
  if (!kernel) return {};
  Tensor c = Tensor::zeros({p.batch, p.m, p.n}, einx::f32);
  return [=]() mutable {
    for (std::int64_t z = 0; z < p.batch; ++z)
      kernel(b.data_as<const float>() + z * p.k * p.n, a.data_as<const float>() + z * p.m * p.k, c.data_as<float>() + z * p.m * p.n);
  };
}

}  // namespace

Library xsmm() { return {"libxsmm", nullptr, nullptr, nullptr, product, nullptr, nullptr, nullptr, nullptr, nullptr}; }

}  // namespace bench::peers
