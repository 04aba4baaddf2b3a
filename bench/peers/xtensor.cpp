// xtensor: lazy expressions assigned to containers.
#include <algorithm>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>

#include "peers/peers.h"

namespace bench::peers {
namespace {

auto view(const Tensor& x) {
  const std::vector<std::size_t> shape(x.shape().begin(), x.shape().end());
  return xt::adapt(x.data_as<const float>(), std::size_t(x.size()), xt::no_ownership(), shape);
}

Maybe permute(const Tensor& x, const Axes& axes) {
  std::vector<std::size_t> order(axes.begin(), axes.end()), shape;
  for (const int axis : axes) shape.push_back(std::size_t(x.shape()[std::size_t(axis)]));
  auto y = std::make_shared<xt::xarray<float>>(shape);
  return [=] { xt::noalias(*y) = xt::transpose(view(x), order); };
}

Maybe reduce(const Tensor& x, Reduction kind, const Axes& axes) {
  if (kind != Reduction::Sum) return {};
  const std::vector<std::size_t> along(axes.begin(), axes.end());
  std::vector<std::size_t> kept;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (std::ranges::find(axes, axis) == axes.end()) kept.push_back(std::size_t(x.shape()[std::size_t(axis)]));
  auto y = std::make_shared<xt::xarray<float>>(kept);
  // Lazily: its immediate reductions of such a view crash (xtensor 0.24).
  return [=] { xt::noalias(*y) = xt::sum(view(x), along); };
}

Maybe add_bias(const Tensor& x, const Tensor& y) {
  auto z = std::make_shared<xt::xarray<float>>(std::vector<std::size_t>{std::size_t(x.shape()[0]), std::size_t(x.shape()[1])});
  return [=] { xt::noalias(*z) = view(x) + view(y); };
}

}  // namespace

Library xtensor() { return {"xtensor", nullptr, permute, reduce, nullptr, add_bias, nullptr, nullptr, nullptr, nullptr}; }

}  // namespace bench::peers
