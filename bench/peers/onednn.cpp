// oneDNN: reorder, reduction, matmul, binary, softmax, layer normalization.
#include <omp.h>

#include <algorithm>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

#include "peers/peers.h"

namespace bench::peers {
namespace {

using dnnl::memory;

struct Engine {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};
Engine& cpu() {
  static Engine instance;
  return instance;
}

memory::dims dims_of(const Tensor& x) { return {x.shape().begin(), x.shape().end()}; }
memory::dims strides_of(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (std::size_t d = dims.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * dims[d + 1];
  return strides;
}
memory::desc plain(const memory::dims& dims) { return {dims, memory::data_type::f32, strides_of(dims)}; }
memory of(const Tensor& x, const memory::desc& desc) { return {desc, cpu().engine, const_cast<void*>(x.data())}; }

/// A primitive with its operands and its own output.
template <class Primitive>
Work work(Primitive primitive, Tensor keep, std::unordered_map<int, memory> arguments) {
  return [primitive, keep, arguments]() mutable {
    primitive.execute(cpu().stream, arguments);
    cpu().stream.wait();
  };
}

/// The same from its description, which lives on: the reduction of oneDNN 2.6 refers to it.
template <class Primitive>
Work described(const typename Primitive::desc& desc, Tensor keep, std::unordered_map<int, memory> arguments) {
  const typename Primitive::primitive_desc description(desc, cpu().engine);
  return [description, run = work(Primitive(description), std::move(keep), std::move(arguments))] { run(); };
}

Maybe permute(const Tensor& x, const Axes& axes) {
  memory::dims shape, strides;
  for (const int axis : axes) {
    shape.push_back(x.shape()[std::size_t(axis)]);
    strides.push_back(x.strides()[std::size_t(axis)]);
  }
  Tensor y = Tensor::zeros(einx::Shape(shape.begin(), shape.end()), einx::f32);
  memory from = of(x, {shape, memory::data_type::f32, strides}), to = of(y, plain(shape));
  return work(dnnl::reorder(from, to), y, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

Maybe reduce(const Tensor& x, Reduction kind, const Axes& axes) {
  using dnnl::algorithm;
  if (kind == Reduction::ArgMax || kind == Reduction::Var) return {};
  memory::dims kept = dims_of(x);
  for (const int axis : axes) kept[std::size_t(axis)] = 1;
  Tensor y = Tensor::zeros(einx::Shape(kept.begin(), kept.end()), einx::f32);
  const algorithm how = kind == Reduction::Sum ? algorithm::reduction_sum : kind == Reduction::Mean ? algorithm::reduction_mean : algorithm::reduction_max;
  const dnnl::reduction::desc desc(how, plain(dims_of(x)), plain(kept), 0.0F, 0.0F);
  memory from = of(x, plain(dims_of(x))), to = of(y, plain(kept));
  return described<dnnl::reduction>(desc, y, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}});
}

Maybe product(const Tensor& a, const Tensor& b, const Product& p) {
  const memory::dims left = {p.batch, p.m, p.k}, right = {p.batch, p.k, p.n}, out = {p.batch, p.m, p.n};
  const memory::desc right_desc =
      p.b_transposed ? memory::desc(right, memory::data_type::f32, memory::dims{p.k * p.n, 1, p.k}) : plain(right);
  Tensor c = Tensor::zeros({p.batch, p.m, p.n}, einx::f32);
  memory x = of(a, plain(left)), y = of(b, right_desc), z = of(c, plain(out));
  const dnnl::matmul::desc desc(plain(left), right_desc, plain(out));
  return described<dnnl::matmul>(desc, c, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, y}, {DNNL_ARG_DST, z}});
}

Maybe add_bias(const Tensor& x, const Tensor& y) {
  const memory::dims shape = dims_of(x), row = {1, shape[1]};
  Tensor z = Tensor::zeros({shape[0], shape[1]}, einx::f32);
  memory a = of(x, plain(shape)), b = of(y, plain(row)), c = of(z, plain(shape));
  const dnnl::binary::desc desc(dnnl::algorithm::binary_add, plain(shape), plain(row), plain(shape));
  return described<dnnl::binary>(desc, z, {{DNNL_ARG_SRC_0, a}, {DNNL_ARG_SRC_1, b}, {DNNL_ARG_DST, c}});
}

Maybe softmax(const Tensor& x) {
  const memory::dims shape = dims_of(x);
  Tensor y = Tensor::zeros(einx::Shape(shape.begin(), shape.end()), einx::f32);
  memory from = of(x, plain(shape)), to = of(y, plain(shape));
  const dnnl::softmax_forward::desc desc(dnnl::prop_kind::forward_inference, plain(shape), int(shape.size()) - 1);
  return described<dnnl::softmax_forward>(desc, y, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}});
}

/// The product, with sum and gelu done on the way out.
Maybe gelu(const Tensor& x, const Tensor& w, const Tensor& b) {
  const memory::dims shape = dims_of(x), row = {1, shape[1]};
  Tensor z = Tensor::zeros({shape[0], shape[1]}, einx::f32);
  dnnl::post_ops after;
  after.append_binary(dnnl::algorithm::binary_add, plain(row));
  after.append_eltwise(1, dnnl::algorithm::eltwise_gelu_tanh, 0, 0);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  const dnnl::binary::desc desc(dnnl::algorithm::binary_mul, plain(shape), plain(row), plain(shape));
  const dnnl::binary::primitive_desc description(desc, attributes, cpu().engine);
  memory from = of(x, plain(shape)), scale = of(w, plain(row)), shift = of(b, plain(row)), to = of(z, plain(shape));
  return [description, run = work(dnnl::binary(description), z,
                                  {{DNNL_ARG_SRC_0, from},
                                   {DNNL_ARG_SRC_1, scale},
                                   {DNNL_ARG_DST, to},
                                   {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, shift}})] { run(); };
}

Maybe layer_norm(const Tensor& x, float scale, float shift) {
  using dnnl::normalization_flags;
  const memory::dims shape = dims_of(x), both = {2, shape[1]};
  Tensor z = Tensor::zeros({shape[0], shape[1]}, einx::f32), factors = Tensor::zeros({2, shape[1]}, einx::f32);
  std::fill_n(factors.data_as<float>(), shape[1], scale);
  std::fill_n(factors.data_as<float>() + shape[1], shape[1], shift);
  const dnnl::layer_normalization_forward::desc desc(dnnl::prop_kind::forward_inference, plain(shape), 1e-5F,
                                                     normalization_flags::use_scale_shift);
  memory from = of(x, plain(shape)), weights = of(factors, plain(both)), to = of(z, plain(shape));
  return [factors, run = described<dnnl::layer_normalization_forward>(
                       desc, z, {{DNNL_ARG_SRC, from}, {DNNL_ARG_SCALE_SHIFT, weights}, {DNNL_ARG_DST, to}})] { run(); };
}

void use_threads(int threads) { omp_set_num_threads(threads); }

}  // namespace

Library onednn() { return {"oneDNN", use_threads, permute, reduce, product, add_bias, nullptr, softmax, nullptr, nullptr, gelu, layer_norm}; }

}  // namespace bench::peers
