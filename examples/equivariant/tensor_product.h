// Bilinear maps that commute with rotations: products of irreps by the Wigner 3j symbols, with weights.
#pragma once
#include "parts.h"

namespace equivariant {

/// How the copies of two terms meet, as in e3nn: the letters are the copies of the first input's term, the
/// second's, the output's. What is not in the third letter is summed over with the weights; "uvuv" keeps
/// both.
enum class Mode { uvw, uvu, uvv, uuw, uuu, uvuv };
std::string to_string(Mode mode);

/// One path (e3nn: instruction): terms of the inputs and of the output, by position.
struct Path {
  int in1 = 0, in2 = 0, out = 0;
  Mode mode = Mode::uvw;
  bool weighted = true;
  double weight = 1;  ///< of its variance in the output
};

enum class IrrepNormalization { component, norm, none };
enum class PathNormalization { element, path, none };
struct ProductOptions {
  IrrepNormalization irreps = IrrepNormalization::component;
  PathNormalization paths = PathNormalization::element;
};

/// x: [..., in1], y: [..., in2], weights: [n] or [..., n]  ->  [..., out]
///
/// Source of the factors and of the einsums: e3nn 0.6 (Geiger, Smidt: e3nn: Euclidean neural networks, 2022),
/// so that weights can be taken over from there.
class TensorProduct : public einx::Module {
 public:
  /// Raises einx::ValueError that names the path if its terms do not exist, their irreps have no such
  /// product, or the copies do not fit the mode.
  TensorProduct(Irreps in1, Irreps in2, Irreps out, std::vector<Path> paths,
                const ProductOptions& options = {});

  const Irreps& in1() const { return in1_; }
  const Irreps& in2() const { return in2_; }
  const Irreps& out() const { return out_; }
  const std::vector<Path>& paths() const { return paths_; }
  double coefficient(std::size_t path) const { return coefficients_[path]; }
  std::int64_t weight_count() const;
  std::vector<Parameter> weights() const;
  einx::CompileMode default_mode() const override { return einx::Mode::script; }

  Value forward(const Value& x, const Value& y) const;  ///< if no path is weighted, else einx::ValueError
  Value forward(const Value& x, const Value& y, const Value& weight) const;

 private:
  struct Call;
  Value run(const Value& x, const Value& y, Weights weights) const;
  Value path_value(std::size_t path, Call& call) const;
  Shape weight_shape(const Path& path) const;

  Irreps in1_, in2_, out_;
  std::vector<Path> paths_;
  std::vector<double> coefficients_;
};

/// Every product of a term of in1 and one of in2 that gives a term of the output, with all copies mixed
/// (uvw).
TensorProduct fully_connected(const Irreps& in1, const Irreps& in2, const Irreps& out);

/// Every product that gives one of the irreps in `targets`, copy by copy of the first input (uvu): the
/// convolution over the neighbours of a point. The output is sorted, one term a path. Source: NequIP (Batzner
/// et al., 2022).
TensorProduct channel_wise(const Irreps& in1, const Irreps& in2, const Irreps& targets);

}  // namespace equivariant
