// Makers of loops, addresses, registers and converted loads that the schedules share. Private to the loops layer.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "loops/nest.h"

namespace einx::detail::loops {

inline Int constant(std::int64_t value) { return Int{value, -1}; }
/// Bytes of an element, signed: qualify it, the public one is unsigned.
std::int64_t size_of(DType dtype);
std::int64_t round_up(std::int64_t value, std::int64_t multiple);
/// Work below two of these (about 50 us of reading each) is not worth a second thread.
inline constexpr std::int64_t kForkBytes = 1 << 20;
/// What one part of a parallel loop reads: small enough to balance, large enough to pay for its hand-over.
inline constexpr std::int64_t kPartBytes = 256 << 10;

// ---------------------------------------------------------------- scalar functions
ops::ScalarFn cast_fn(DType from, DType to);
/// One primitive applied to its arguments in order.
ops::ScalarFn prim_fn(ops::Prim prim, std::vector<DType> args, DType result);
/// Returns its first `results` arguments.
ops::ScalarFn forward_fn(std::vector<DType> args, int results);

/// The same function with other results; nodes and arguments that these do not need are gone from the nodes.
ops::ScalarFn with_results(const ops::ScalarFn& fn, const std::vector<int>& results);

/// A function cut in two: what follows from arguments that stay the same all along a loop is computed once before it.
struct Hoisted {
  ops::ScalarFn before;  ///< of the same arguments; its results are further arguments of `inside`, at the end
  ops::ScalarFn inside;
};
Hoisted hoist(const ops::ScalarFn& fn, const std::vector<bool>& fixed);

/// A value made only where a function really uses it.
using Lazy = std::function<Ref(Body&)>;
inline Lazy ready(Ref ref) {
  return [ref](Body&) { return ref; };
}
std::vector<Lazy> ready(std::span<const Ref> refs);
/// Made at its first use and then used again: for one body only.
Lazy once(Lazy make);

// ---------------------------------------------------------------- nests
/// Product of the extents of these axes (as they are now: for static nests only).
std::int64_t volume(const Nest& nest, std::span<const int> axes);
std::int64_t volume(const Nest& nest);
std::vector<int> axes_where(const Nest& nest, bool reduced);
/// Whether an input of the nest changes along the axis.
bool read_along(const Nest& nest, int axis);
/// Whether the axis' extent is a constant; whether offset and strides of the operand are.
bool fixed(const Nest& nest, int axis);
bool fixed_strides(const Access& access);
/// The constant stride, or 2 for a parameter: anything, so never taken for contiguous.
std::int64_t stride_of(const Access& access, int axis);

/// Makes one kernel. `at` says where each axis of the nest stands for the statements being made.
class AxisBuilder {
 public:
  struct AxisAt {
    std::vector<VarId> vars;  ///< the axis is the sum of these and of `start`
    std::int64_t start = 0;
  };

  AxisBuilder(const Nest& nest_of, Plan& plan_of);

  const Nest& nest;
  Plan& plan;
  Kernel kernel;
  std::vector<AxisAt> at;

  VarId var(const std::string& name);
  Ref reg(const std::string& name, DType dtype, int lanes = 0, int slots = 0);
  BufferId buffer(const std::string& name, Buffer::Kind kind, DType dtype, std::int64_t elements);
  void say(const std::string& sentence);
  /// Appends the kernel to the program.
  void finish(Body body);

  Address address(const Access& access) const;
  /// sum(strides[a] * axis a) from zero.
  Address address(std::span<const Int> strides) const;

  /// Loads an element of the operand and converts it to the dtype that is computed with.
  Ref load(Body& body, const Access& access);
  Ref load(Body& body, const std::string& name, BufferId from, DType dtype, Address where);
  /// Converts the value to the operand's dtype if it has another, and stores it.
  void store(Body& body, const Access& access, Ref value, bool streaming = false);
  Ref cast(Body& body, Ref value, DType dtype);
  void set(Body& body, Ref dst, tensor::Scalar value);
  Ref index(Body& body, const std::string& name, Address where, DType dtype = DType::i64);
  /// Applies the function to those arguments that it uses, converted to its dtypes; results that are arguments themselves cost nothing.
  std::vector<Ref> apply(Body& body, const std::string& name, const ops::ScalarFn& fn, const std::vector<Lazy>& args);

  using Inner = std::function<void(Body&)>;
  /// A loop over the axis, of the header's kind, around what `inner` makes. The header's extent is the axis' own unless it is given.
  void over(Body& body, int axis, Loop header, const Inner& inner);
  /// Serial loops over the axes in this order.
  void over(Body& body, std::span<const int> axes, const Inner& inner);

  DType dtype_of(Ref ref) const { return kernel.registers[ref.reg].dtype; }

 private:
  std::set<std::string> names_;        ///< of variables
  std::map<std::string, int> number_;  ///< the next that is tried behind a name that is taken
};

Loop header(LoopKind kind, std::int64_t step = 1, int unroll = 1, std::int64_t grain = 1);

}  // namespace einx::detail::loops
