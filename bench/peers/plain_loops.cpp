// Plain loops as a C++ programmer would write them, by this compiler with -O3 and OpenMP.
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "peers/peers.h"

namespace bench::peers {
namespace {

std::int64_t dim(const Tensor& x, std::size_t d) { return x.shape()[d]; }
const float* floats(const Tensor& x) { return x.data_as<const float>(); }
float* floats(Tensor& x) { return x.data_as<float>(); }

/// Loops in the output's order.
Maybe permute(const Tensor& x, const Axes& axes) {
  einx::Shape shape;
  std::vector<std::int64_t> strides;
  for (const int axis : axes) {
    shape.push_back(x.shape()[std::size_t(axis)]);
    strides.push_back(x.strides()[std::size_t(axis)]);
  }
  Tensor y = Tensor::zeros(shape, einx::f32);
  return [x, y, shape, strides]() mutable {
    const float* from = floats(x);
    float* to = floats(y);
    const std::size_t rank = shape.size();
    const std::int64_t inner = shape[rank - 1], step = strides[rank - 1], outer = y.size() / inner;
#pragma omp parallel for
    for (std::int64_t k = 0; k < outer; ++k) {
      std::int64_t rest = k, at = 0;
      for (std::size_t d = rank - 1; d-- > 0; rest /= shape[d]) at += rest % shape[d] * strides[d];
      for (std::int64_t j = 0; j < inner; ++j) to[k * inner + j] = from[at + j * step];
    }
  };
}

/// Of the last axes, merged; or of the first axis of two.
Maybe reduce(const Tensor& x, Reduction kind, const Axes& axes) {
  if (kind != Reduction::Sum && kind != Reduction::Mean && kind != Reduction::Max) return {};
  const bool last = axes.back() == x.rank() - 1;
  std::int64_t length = 1;
  for (const int axis : axes) length *= x.shape()[std::size_t(axis)];
  const std::int64_t rows = x.size() / length;
  Tensor y = Tensor::zeros({rows}, einx::f32);
  const bool max = kind == Reduction::Max;
  if (last)
    return [=]() mutable {
      float* to = floats(y);
#pragma omp parallel for
      for (std::int64_t r = 0; r < rows; ++r) {
        const float* row = floats(x) + r * length;
        float total = max ? row[0] : 0;
        for (std::int64_t k = 0; k < length; ++k) total = max ? std::max(total, row[k]) : total + row[k];
        to[r] = kind == Reduction::Mean ? total / float(length) : total;
      }
    };
  if (axes.front() != 0) return {};
  return [=]() mutable {
    float* to = floats(y);
    std::fill(to, to + rows, max ? -INFINITY : 0.0F);
    for (std::int64_t k = 0; k < length; ++k)
      for (std::int64_t r = 0; r < rows; ++r) to[r] = max ? std::max(to[r], floats(x)[k * rows + r]) : to[r] + floats(x)[k * rows + r];
  };
}

Maybe product(const Tensor& a, const Tensor& b, const Product& p) {
  if (p.batch * p.m * p.n * p.k > (std::int64_t(1) << 27)) return {};  // seconds
  Tensor c = Tensor::zeros({p.batch, p.m, p.n}, einx::f32);
  return [=]() mutable {
#pragma omp parallel for collapse(2)
    for (std::int64_t z = 0; z < p.batch; ++z)
      for (std::int64_t i = 0; i < p.m; ++i) {
        const float* x = floats(a) + (z * p.m + i) * p.k;
        const float* y = floats(b) + z * p.k * p.n;
        float* to = floats(c) + (z * p.m + i) * p.n;
        std::fill(to, to + p.n, 0.0F);
        for (std::int64_t k = 0; k < p.k; ++k)
          for (std::int64_t j = 0; j < p.n; ++j) to[j] += x[k] * (p.b_transposed ? y[j * p.k + k] : y[k * p.n + j]);
      }
  };
}

Maybe add_bias(const Tensor& x, const Tensor& y) {
  Tensor z = Tensor::zeros({dim(x, 0), dim(x, 1)}, einx::f32);
  return [=]() mutable {
    const std::int64_t n = dim(x, 1);
#pragma omp parallel for
    for (std::int64_t r = 0; r < dim(x, 0); ++r)
      for (std::int64_t k = 0; k < n; ++k) floats(z)[r * n + k] = floats(x)[r * n + k] + floats(y)[k];
  };
}

Maybe select(const Tensor& mask, const Tensor& x, const Tensor& y) {
  Tensor z = Tensor::zeros({dim(x, 0), dim(x, 1)}, einx::f32);
  return [=]() mutable {
    const std::int64_t n = dim(x, 1);
    const bool* chosen = mask.data_as<const bool>();
#pragma omp parallel for
    for (std::int64_t r = 0; r < dim(x, 0); ++r)
      for (std::int64_t k = 0; k < n; ++k) floats(z)[r * n + k] = chosen[r * n + k] ? floats(x)[r * n + k] : floats(y)[k];
  };
}

Maybe softmax(const Tensor& x) {
  const std::int64_t n = x.shape().back(), rows = x.size() / n;
  Tensor y = Tensor::zeros({rows, n}, einx::f32);
  return [=]() mutable {
#pragma omp parallel for
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* row = floats(x) + r * n;
      float* to = floats(y) + r * n;
      float largest = row[0], total = 0;
      for (std::int64_t k = 1; k < n; ++k) largest = std::max(largest, row[k]);
      for (std::int64_t k = 0; k < n; ++k) total += to[k] = std::exp(row[k] - largest);
      for (std::int64_t k = 0; k < n; ++k) to[k] /= total;
    }
  };
}

Maybe gather(const Tensor& table, const Tensor& indices) {
  const std::int64_t n = dim(table, 1), count = indices.size();
  Tensor y = Tensor::zeros({count, n}, einx::f32);
  return [=]() mutable {
    const std::int64_t* at = indices.data_as<const std::int64_t>();
#pragma omp parallel for
    for (std::int64_t r = 0; r < count; ++r) std::copy_n(floats(table) + at[r] * n, n, floats(y) + r * n);
  };
}

Maybe scatter_add(const Tensor& table, const Tensor& indices, const Tensor& rows) {
  const std::int64_t n = dim(table, 1), count = indices.size();
  Tensor y = table.clone();
  return [=]() mutable {
    const std::int64_t* at = indices.data_as<const std::int64_t>();
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t k = 0; k < n; ++k) floats(y)[at[r] * n + k] += floats(rows)[r * n + k];
  };
}

Maybe gelu(const Tensor& x, const Tensor& w, const Tensor& b) {
  Tensor z = Tensor::zeros({dim(x, 0), dim(x, 1)}, einx::f32);
  return [=]() mutable {
    const std::int64_t n = dim(x, 1);
#pragma omp parallel for
    for (std::int64_t r = 0; r < dim(x, 0); ++r)
      for (std::int64_t k = 0; k < n; ++k) {
        const float y = floats(x)[r * n + k] * floats(w)[k] + floats(b)[k];
        floats(z)[r * n + k] = y / (1 + std::exp(-1.5957691F * (y + 0.044715F * y * y * y)));
      }
  };
}

Maybe layer_norm(const Tensor& x, float scale, float shift) {
  Tensor z = Tensor::zeros({dim(x, 0), dim(x, 1)}, einx::f32);
  return [=]() mutable {
    const std::int64_t n = dim(x, 1);
#pragma omp parallel for
    for (std::int64_t r = 0; r < dim(x, 0); ++r) {
      const float* row = floats(x) + r * n;
      float sum = 0, squares = 0;
      for (std::int64_t k = 0; k < n; ++k) sum += row[k];
      const float mean = sum / float(n);
      for (std::int64_t k = 0; k < n; ++k) squares += (row[k] - mean) * (row[k] - mean);
      const float factor = scale / std::sqrt(squares / float(n) + 1e-5F);
      for (std::int64_t k = 0; k < n; ++k) floats(z)[r * n + k] = (row[k] - mean) * factor + shift;
    }
  };
}

/// The fused loop that one would write: sizes known to the compiler, nothing in memory between. Too little for threads.
Maybe chain(const Tensor& x, const Tensor& y, const Tensor& v) {
  constexpr int kRows = 4, kInner = 5, kDeep = 8;
  const std::int64_t count = dim(x, 0);
  if (dim(x, 1) != kRows || dim(x, 2) != kInner || dim(y, 2) != kDeep) return {};
  Tensor result = Tensor::zeros({count, kRows}, einx::f32);
  return [=]() mutable {
    const float *__restrict a = floats(x), *__restrict b = floats(y), *__restrict c = floats(v);
    float* __restrict to = floats(result);
    for (std::int64_t z = 0; z < count; ++z, a += kRows * kInner, b += kInner * kDeep, c += kDeep, to += kRows) {
      float inner[kInner];
      for (int j = 0; j < kInner; ++j) {
        float total = 0;
        for (int k = 0; k < kDeep; ++k) total += b[j * kDeep + k] * c[k];
        inner[j] = total;
      }
      for (int i = 0; i < kRows; ++i) {
        float total = 0;
        for (int j = 0; j < kInner; ++j) total += a[i * kInner + j] * inner[j];
        to[i] = total;
      }
    }
  };
}

}  // namespace

Library plain_loops() {
  return {"g++ loops", nullptr, permute, reduce, product, add_bias, select, softmax, gather, scatter_add, gelu, layer_norm, chain};
}

}  // namespace bench::peers
