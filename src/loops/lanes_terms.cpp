// Sparse constants (coupling coefficients, stencils, permutations): their nonzero elements are numbers in the
// code, and nothing is computed for the others. What 0 * inf and 0 * nan would add is lost; docs/optimizer.md
// says so.
#include <algorithm>
#include <map>

#include "loops/lanes_pair.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kLargest = 1024;  ///< elements of a constant that is looked at
constexpr std::size_t kMostTerms = 192;
constexpr std::int64_t kSmall = 32;  ///< elements that are written out even if none is zero

using Place = std::vector<std::int64_t>;

/// All values of these axes in row-major order.
std::vector<Place> places(const Nest& nest, std::span<const int> axes) {
  std::vector<Place> all{{}};
  for (int axis : axes) {
    std::vector<Place> longer;
    for (const Place& place : all)
      for (std::int64_t at = 0; at < nest.axes[axis].extent.value; ++at) {
        longer.push_back(place);
        longer.back().push_back(at);
      }
    all = std::move(longer);
  }
  return all;
}

bool is_zero(const tensor::Scalar& value) { return tensor::to_double(value) == 0; }

/// Where a term is along some of the constant's axes.
Place part_of(const Term& term, std::span<const int> all, std::span<const int> some) {
  Place part;
  for (int axis : some) part.push_back(term.at[std::size_t(std::ranges::find(all, axis) - all.begin())]);
  return part;
}

class TermsKernel {
 public:
  explicit TermsKernel(const PairJob& job)
      : j_(job),
        b_(job.b),
        constant_(job.left.terms ? job.left : job.right),
        other_(job.left.terms ? job.right : job.left),
        dtype_(job.pass.identity[0].dtype) {
    const auto split = [&](std::span<const int> axes, std::vector<int>& inside, std::vector<int>& around) {
      for (int axis : axes) (constant_.has(axis) ? inside : around).push_back(axis);
    };
    std::vector<int> summed;
    split(j_.kept, results_, loops_);
    split(j_.reduced, summed, around_);
    for (int axis : constant_.axes)
      if (other_.has(axis)) shared_.push_back(axis);
  }

  void make(Body& body) {
    b_.over(body, loops_, [&](Body& in) {
      if (around_.empty()) return store(in, terms(in));
      std::vector<Ref> sums;
      for (std::size_t k = 0; k < places(b_.nest, results_).size(); ++k) {
        sums.push_back(b_.reg("acc", dtype_));
        b_.set(in, sums.back(), j_.pass.identity[0]);
      }
      b_.over(in, around_, [&](Body& at) {
        const std::vector<Ref> found = terms(at);
        for (std::size_t k = 0; k < sums.size(); ++k)
          at.push_back({Update{{sums[k]}, j_.pass.combine, {found[k]}}});
      });
      store(in, sums);
    });
  }

 private:
  void stand_at(std::span<const int> axes, const Place& place) {
    for (std::size_t k = 0; k < axes.size(); ++k) b_.at[axes[k]].start = place[k];
  }
  void leave(std::span<const int> axes) { stand_at(axes, Place(axes.size(), 0)); }

  /// One function makes all results of the constant's kept axes from the elements that terms meet.
  std::vector<Ref> terms(Body& body) {
    std::map<Place, int> argument;
    std::vector<Ref> loaded;
    for (const Term& term : *constant_.terms) {
      const Place place = part_of(term, constant_.axes, shared_);
      if (!argument.emplace(place, int(loaded.size())).second) continue;
      stand_at(shared_, place);
      loaded.push_back(b_.cast(body, load(b_, body, other_.source, j_.lane), dtype_));
    }
    leave(shared_);
    ops::Composer composer(std::vector<DType>(loaded.size(), dtype_));
    std::vector<int> sums;
    for (const Place& result : places(b_.nest, results_)) {
      int sum = -1;
      for (const Term& term : *constant_.terms)
        if (part_of(term, constant_.axes, results_) == result)
          sum = added(composer, sum, term.value,
                      composer.arg(argument.at(part_of(term, constant_.axes, shared_))));
      sums.push_back(sum < 0 ? composer.constant(j_.pass.identity[0]) : sum);
    }
    const ops::ScalarFn fn = composer.finish(sums);
    return b_.apply(body, "t", fn, ready(loaded));
  }

  int added(ops::Composer& composer, int sum, const tensor::Scalar& factor, int value) const {
    const std::vector<DType> two{dtype_, dtype_};
    const auto call = [&](ops::Prim prim, int a, int b) {
      const int args[] = {a, b};
      return composer.call(prim_fn(prim, two, dtype_), args)[0];
    };
    const double number = tensor::to_double(factor);
    if (number == -1 && sum >= 0) return call(ops::Prim::Sub, sum, value);
    if (number != 1) value = call(ops::Prim::Mul, composer.constant(tensor::convert(factor, dtype_)), value);
    return sum < 0 ? value : call(ops::Prim::Add, sum, value);
  }

  void store(Body& body, const std::vector<Ref>& sums) {
    const std::vector<Place> all = places(b_.nest, results_);
    for (std::size_t k = 0; k < all.size(); ++k) {
      stand_at(results_, all[k]);
      j_.sink(body, sums[k]);
    }
    leave(results_);
  }

  const PairJob& j_;
  AxisBuilder& b_;
  const Factor &constant_, &other_;
  DType dtype_;
  std::vector<int> loops_, results_;  ///< kept axes: of the other factor alone, of the constant
  std::vector<int> around_;           ///< summed axes of the other factor alone
  std::vector<int> shared_;           ///< of both
};

}  // namespace

std::optional<std::vector<Term>> terms_of(const Nest& nest, const Access& access, std::span<const int> axes,
                                          const Program& program) {
  if (access.buffer < 0 || std::size_t(access.buffer) >= program.buffers.size()) return {};
  const Buffer& buffer = program.buffers[std::size_t(access.buffer)];
  const std::int64_t elements = volume(nest, std::vector(axes.begin(), axes.end()));
  if (buffer.kind != Buffer::Kind::Constant || axes.empty() || elements > kLargest) return {};
  const Tensor& data = program.constants[std::size_t(buffer.index)];
  const auto* bytes = static_cast<const std::byte*>(data.data());
  std::vector<Term> terms;
  for (Place& place : places(nest, axes)) {
    std::int64_t at = access.offset.value;
    for (std::size_t k = 0; k < axes.size(); ++k) at += place[k] * access.strides[axes[k]].value;
    const auto value = tensor::convert(tensor::load(bytes + at * loops::size_of(buffer.dtype), buffer.dtype),
                                       access.computed);
    if (!is_zero(value)) terms.push_back({std::move(place), value});
    if (terms.size() > kMostTerms) return {};
  }
  const bool few = elements <= kSmall || std::int64_t(terms.size()) * 3 <= elements * 2;
  return few ? std::optional(std::move(terms)) : std::nullopt;
}

void emit_terms(const PairJob& job, Body& body) { TermsKernel(job).make(body); }

}  // namespace einx::detail::loops
