// OpenBLAS: products.
#include <cblas.h>

#include "peers/peers.h"

namespace bench::peers {
namespace {

Maybe product(const Tensor& a, const Tensor& b, const Product& p) {
  Tensor c = Tensor::zeros({p.batch, p.m, p.n}, einx::f32);
  const auto m = blasint(p.m), n = blasint(p.n), k = blasint(p.k);
  return [=]() mutable {
    for (std::int64_t z = 0; z < p.batch; ++z)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, p.b_transposed ? CblasTrans : CblasNoTrans, m, n, k, 1, a.data_as<const float>() + z * p.m * p.k, k,
                  b.data_as<const float>() + z * p.k * p.n, p.b_transposed ? k : n, 0, c.data_as<float>() + z * p.m * p.n, n);
  };
}

void use_threads(int threads) { openblas_set_num_threads(threads); }

}  // namespace

Library openblas() { return {"OpenBLAS", use_threads, nullptr, nullptr, product, nullptr, nullptr, nullptr, nullptr, nullptr}; }

}  // namespace bench::peers
