// Eigen: Tensor shuffles on its thread pool, reductions and products of matrices.
#define EIGEN_USE_THREADS
#include <Eigen/Core>
#include <array>
#include <memory>
#include <unsupported/Eigen/CXX11/Tensor>

#include "peers/peers.h"

namespace bench::peers {
namespace {

template <int Rank>
using In = Eigen::TensorMap<const Eigen::Tensor<float, Rank, Eigen::RowMajor>>;
template <int Rank>
using Out = Eigen::TensorMap<Eigen::Tensor<float, Rank, Eigen::RowMajor>>;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Pool {
  std::unique_ptr<Eigen::ThreadPool> pool = std::make_unique<Eigen::ThreadPool>(1);
  std::unique_ptr<Eigen::ThreadPoolDevice> device = std::make_unique<Eigen::ThreadPoolDevice>(pool.get(), 1);
};
Pool& pool() {
  static Pool instance;
  return instance;
}

template <int Rank>
std::array<Eigen::Index, Rank> dims_of(std::span<const std::int64_t> shape) {
  std::array<Eigen::Index, Rank> dims;
  std::copy(shape.begin(), shape.end(), dims.begin());
  return dims;
}

template <int Rank>
Work shuffle(const Tensor& x, const Axes& axes) {
  einx::Shape shape;
  for (const int axis : axes) shape.push_back(x.shape()[std::size_t(axis)]);
  Tensor y = Tensor::zeros(shape, einx::f32);
  std::array<int, Rank> order;
  std::copy(axes.begin(), axes.end(), order.begin());
  return [=]() mutable {
    const In<Rank> from(x.data_as<const float>(), dims_of<Rank>(x.shape()));
    Out<Rank> to(y.data_as<float>(), dims_of<Rank>(shape));
    if (pool().pool->NumThreads() == 1) to = from.shuffle(order);
    else to.device(*pool().device) = from.shuffle(order);
  };
}

Maybe permute(const Tensor& x, const Axes& axes) {
  switch (axes.size()) {
    case 2: return shuffle<2>(x, axes);
    case 3: return shuffle<3>(x, axes);
    case 4: return shuffle<4>(x, axes);
    case 5: return shuffle<5>(x, axes);
    default: return {};
  }
}

/// Two axes, of which one is reduced: as a matrix, which is several times faster than reductions of its Tensor.
Maybe reduce(const Tensor& x, Reduction kind, const Axes& axes) {
  if (x.rank() != 2 || axes.size() != 1 || (kind != Reduction::Sum && kind != Reduction::Max)) return {};
  Tensor y = Tensor::zeros({x.shape()[std::size_t(1 - axes[0])]}, einx::f32);
  const bool sum = kind == Reduction::Sum, last = axes[0] == 1;
  return [=]() mutable {
    const Eigen::Map<const Matrix> from(x.data_as<const float>(), x.shape()[0], x.shape()[1]);
    Eigen::Map<Eigen::VectorXf> to(y.data_as<float>(), y.size());
    if (last && sum) to = from.rowwise().sum();
    else if (last) to = from.rowwise().maxCoeff();
    else if (sum) to = from.colwise().sum();
    else to = from.colwise().maxCoeff();
  };
}

Maybe product(const Tensor& a, const Tensor& b, const Product& p) {
  Tensor c = Tensor::zeros({p.batch, p.m, p.n}, einx::f32);
  return [=]() mutable {
    for (std::int64_t z = 0; z < p.batch; ++z) {
      const Eigen::Map<const Matrix> x(a.data_as<const float>() + z * p.m * p.k, p.m, p.k);
      Eigen::Map<Matrix> to(c.data_as<float>() + z * p.m * p.n, p.m, p.n);
      const float* right = b.data_as<const float>() + z * p.k * p.n;
      if (p.b_transposed) to.noalias() = x * Eigen::Map<const Matrix>(right, p.n, p.k).transpose();
      else to.noalias() = x * Eigen::Map<const Matrix>(right, p.k, p.n);
    }
  };
}

Maybe add_bias(const Tensor& x, const Tensor& y) {
  Tensor z = Tensor::zeros({x.shape()[0], x.shape()[1]}, einx::f32);
  return [=]() mutable {
    Eigen::Map<Matrix>(z.data_as<float>(), x.shape()[0], x.shape()[1]) =
        Eigen::Map<const Matrix>(x.data_as<const float>(), x.shape()[0], x.shape()[1]).rowwise() +
        Eigen::Map<const Eigen::RowVectorXf>(y.data_as<const float>(), y.size());
  };
}

void use_threads(int threads) {
  Eigen::setNbThreads(threads);
  pool().device.reset();
  pool().pool = std::make_unique<Eigen::ThreadPool>(threads);
  pool().device = std::make_unique<Eigen::ThreadPoolDevice>(pool().pool.get(), threads);
}

}  // namespace

Library eigen() { return {"Eigen", use_threads, permute, reduce, product, add_bias, nullptr, nullptr, nullptr, nullptr}; }

}  // namespace bench::peers
