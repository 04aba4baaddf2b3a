// einsum as NumPy, torch and opt_einsum write it: a letter an axis.
//
//   einx::einsum("ij, jk -> ik", x, y)     einx::einsum("ij,jk", x, y)      the output left out: axes that occur once, sorted
//   einx::einsum("...ij, ...jk", x, y)     einx::einsum("ii", x)            broadcasting as in NumPy; the trace
//   einx::einsum(x, {0, 1}, y, {1, 2}, {0, 2})                              integer labels instead of letters
//
// Letters may be those of any language, spaces say nothing. Axes of size 1 broadcast. An ellipsis that the output leaves out is summed. Operands are multiplied in
// their common dtype, which is the result's.
#pragma once
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <einx/graph.h>

namespace [[gnu::visibility("default")]] einx {

/// The label that stands for "...".
inline constexpr int ellipsis = -1;

/// Axes of one tensor as numbers from 0 to 20000, or einx::ellipsis. Lives as long as the call's full expression.
struct Labels {
  std::span<const int> values;
  bool given = true;
  Labels(std::initializer_list<int> labels) : values(labels.begin(), labels.size()) {}
  Labels(const std::vector<int>& labels) : values(labels) {}
  Labels(std::span<const int> labels) : values(labels) {}
  static Labels implied() {
    Labels out{std::span<const int>()};
    out.given = false;
    return out;
  }
};
/// {x, {0, 1}}: a tensor with its labels, for more operands than three.
struct Labelled {
  Operand operand;
  Labels labels;
};

namespace detail {
/// Labels as letters: 0 to 25 are A to Z, 26 to 51 a to z, as in NumPy, later ones of another alphabet, in order. Raises ValueError bad-parameter.
std::string einsum_pattern(std::span<const Labels> inputs, const Labels& output);

inline CallInfo einsum_call(std::string_view pattern, std::span<const Operand> operands, Location site) {
  static const Axes none;
  return {"einsum", pattern, operands, none, false, site, {}, Dialect::Einsum, "einsum"};
}
}  // namespace detail

/// einsum(pattern, operands...), einsum(pattern, {operands...}), einsum(x, labels, y, labels, output labels). Raises SyntaxError, SemanticError, RankError, AxisSizeError,
/// ValueError num-tensors.
template <class How = Compute>
struct Einsum {
  template <OperandLike A>
  auto operator()(std::string_view pattern, const A& a, Location site = Location::current()) const {
    return run<Result<A>>(pattern, {Operand(a)}, site);
  }
  template <OperandLike A, OperandLike B>
  auto operator()(std::string_view pattern, const A& a, const B& b, Location site = Location::current()) const {
    return run<Result<A, B>>(pattern, {Operand(a), Operand(b)}, site);
  }
  template <OperandLike A, OperandLike B, OperandLike C>
  auto operator()(std::string_view pattern, const A& a, const B& b, const C& c, Location site = Location::current()) const {
    return run<Result<A, B, C>>(pattern, {Operand(a), Operand(b), Operand(c)}, site);
  }
  auto operator()(std::string_view pattern, std::initializer_list<Operand> operands, Location site = Location::current()) const {
    return run<Tensor>(pattern, operands, site);
  }
  auto operator()(std::string_view pattern, const std::vector<Tensor>& operands, Location site = Location::current()) const {
    const std::vector<Operand> list(operands.begin(), operands.end());
    return How::template make<Tensor>(detail::einsum_call(pattern, list, site));
  }
  auto operator()(std::string_view pattern, const std::vector<Value>& operands, Location site = Location::current()) const {
    const std::vector<Operand> list(operands.begin(), operands.end());
    return How::template make<Value>(detail::einsum_call(pattern, list, site));
  }
  template <values::Traced V>
  auto operator()(std::string_view pattern, std::initializer_list<V> operands, Location site = Location::current()) const {
    return How::template make<Value>(detail::einsum_call(pattern, detail::operands_of(operands), site));
  }

  template <OperandLike A>
  auto operator()(const A& a, Labels la, Labels output = Labels::implied(), Location site = Location::current()) const {
    const Labels labels[] = {la};
    return run<Result<A>>(detail::einsum_pattern(labels, output), {Operand(a)}, site);
  }
  template <OperandLike A, OperandLike B>
  auto operator()(const A& a, Labels la, const B& b, Labels lb, Labels output = Labels::implied(), Location site = Location::current()) const {
    const Labels labels[] = {la, lb};
    return run<Result<A, B>>(detail::einsum_pattern(labels, output), {Operand(a), Operand(b)}, site);
  }
  template <OperandLike A, OperandLike B, OperandLike C>
  auto operator()(const A& a, Labels la, const B& b, Labels lb, const C& c, Labels lc, Labels output = Labels::implied(),
                  Location site = Location::current()) const {
    const Labels labels[] = {la, lb, lc};
    return run<Result<A, B, C>>(detail::einsum_pattern(labels, output), {Operand(a), Operand(b), Operand(c)}, site);
  }
  /// einsum({{x, {0, 1}}, {y, {1, 2}}, {z, {2, 3}}, {w, {3}}}, {0})
  auto operator()(std::initializer_list<Labelled> terms, Labels output = Labels::implied(), Location site = Location::current()) const {
    std::vector<Operand> operands;
    std::vector<Labels> labels;
    for (const Labelled& term : terms) operands.push_back(term.operand), labels.push_back(term.labels);
    return How::template make<Tensor>(detail::einsum_call(detail::einsum_pattern(labels, output), operands, site));
  }
  /// The same of traced values: einsum({x, y, z, w}, {{0, 1}, {1, 2}, {2, 3}, {3}}, {0})
  auto operator()(const std::vector<Value>& operands, std::initializer_list<Labels> labels, Labels output = Labels::implied(),
                  Location site = Location::current()) const {
    const std::string pattern = detail::einsum_pattern({labels.begin(), labels.size()}, output);
    return How::template make<Value>(detail::einsum_call(pattern, detail::operands_of(operands), site));
  }

 private:
  template <class R>
  static auto run(std::string_view pattern, std::initializer_list<Operand> operands, Location site) {
    return How::template make<R>(detail::einsum_call(pattern, {operands.begin(), operands.size()}, site));
  }
};

inline constexpr Einsum<> einsum{};
namespace graph {
inline constexpr Einsum<MakeGraph> einsum{};
}

}  // namespace einx
