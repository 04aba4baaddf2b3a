// Traced functions of several operations.
#pragma once
#include <array>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <vector>

#include <einx/call.h>

namespace [[gnu::visibility("default")]] einx {

namespace detail {
/// Traces once per signature of the operands, then runs the compiled graph. `trace` writes the body for given parameters.
struct JitCall {
  std::uint64_t identity;  ///< of the function
  Location site;           ///< of the jit(...) expression
  std::span<const Operand> operands;
  const std::function<std::vector<Value>(std::span<const Value>)>& trace;
};
std::vector<Tensor> call_jit(const JitCall& call);
std::uint64_t new_identity();

template <class F, std::size_t... I>
std::vector<Value> apply_values(const F& f, std::span<const Value> values, std::index_sequence<I...>) {
  using R = decltype(f(values[I]...));
  if constexpr (std::is_same_v<R, Value>) return {f(values[I]...)};
  else {
    const R results = f(values[I]...);
    return std::vector<Value>(results.begin(), results.end());
  }
}
}  // namespace detail

/// A function of tensors, traced once per signature into one compiled graph. F takes einx::Value and returns a Value, or an array or vector of them.
template <class F>
class Jit {
 public:
  Jit(F f, Location site) : f_(std::move(f)), site_(site), identity_(detail::new_identity()) {}
  /// Tensor for a function that returns a Value, else std::vector<Tensor>.
  template <OperandLike... A>
  auto operator()(const A&... operands) const {
    const Operand list[] = {Operand(operands)...};
    const std::function<std::vector<Value>(std::span<const Value>)> trace = [this](std::span<const Value> values) {
      return detail::apply_values(f_, values, std::make_index_sequence<sizeof...(A)>());
    };
    auto results = detail::call_jit({identity_, site_, list, trace});
    if constexpr (std::is_same_v<decltype(f_(value<A>()...)), Value>) return Tensor(std::move(results.at(0)));
    else return results;
  }

 private:
  template <class>
  static const Value& value();
  F f_;
  Location site_;
  std::uint64_t identity_;
};

/// auto f = einx::jit([](einx::Value a, einx::Value b) { return einx::softmax("b [k]", einx::dot("b c, k c -> b k", a, b)); });
template <class F>
Jit<F> jit(F f, Location site = Location::current()) {
  return Jit<F>(std::move(f), site);
}

}  // namespace einx
