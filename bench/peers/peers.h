// Other libraries on the rows' problems. All write to memory of their own that stays warm.
#pragma once
#include <optional>
#include <string_view>

#include "rows.h"

namespace bench::peers {

using einx::Tensor;
using Axes = std::vector<int>;
using Maybe = std::optional<Work>;  ///< nothing: the library does not do this problem

enum class Reduction { Sum, Mean, Max, ArgMax, Var };

/// Row-major batches: c[z] = a[z] b[z], or b[z] transposed. batch 1: a plain product.
struct Product {
  std::int64_t batch = 1, m = 0, n = 0, k = 0;
  bool b_transposed = false;
};

/// What one library does; a null pointer: nothing of this kind.
struct Library {
  std::string_view name;
  void (*set_threads)(int) = nullptr;
  Maybe (*permute)(const Tensor& x, const Axes& axes) = nullptr;  ///< out[d] = in[axes[d]]
  Maybe (*reduce)(const Tensor& x, Reduction kind, const Axes& axes) = nullptr;
  Maybe (*product)(const Tensor& a, const Tensor& b, const Product& sizes) = nullptr;
  Maybe (*add_bias)(const Tensor& x, const Tensor& y) = nullptr;
  Maybe (*select)(const Tensor& mask, const Tensor& x, const Tensor& y) = nullptr;  ///< y along the last axis
  Maybe (*softmax)(const Tensor& x) = nullptr;                                      ///< over the last axis
  Maybe (*gather)(const Tensor& table, const Tensor& indices) = nullptr;
  Maybe (*scatter_add)(const Tensor& table, const Tensor& indices, const Tensor& rows) = nullptr;
  Maybe (*gelu)(const Tensor& x, const Tensor& w, const Tensor& b) = nullptr;  ///< tanh form of gelu(x w + b), w and b along the last axis
  Maybe (*layer_norm)(const Tensor& x, float scale, float shift) = nullptr;    ///< rows of two axes, epsilon 1e-5
  Maybe (*chain)(const Tensor& x, const Tensor& y, const Tensor& v) = nullptr;  ///< x[z] (y[z] v[z]) of 4 x 5, 5 x 8 and 8
};

// --- one file a library
Library plain_loops();
Library onednn();
Library openblas();
Library eigen();
Library xtensor();
Library xsmm();

/// Those that were there when this was built.
const std::vector<Library>& libraries();
void set_threads(int threads);

/// The peers of all libraries for one problem: all(&Library::permute, x, axes).
template <class Member, class... A>
std::vector<Peer> all(Member member, const A&... arguments) {
  std::vector<Peer> found;
  for (const Library& library : libraries()) {
    if (library.*member == nullptr) continue;
    if (Maybe work = (library.*member)(arguments...)) found.push_back({std::string(library.name), std::move(*work)});
  }
  return found;
}

}  // namespace bench::peers
