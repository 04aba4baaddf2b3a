// What a compiled function relies on, and what a call would make of it.
//
//   const auto f = einx::jit([](einx::Value x) { return einx::einops::rearrange(x, "b (h w) -> b h w", {{"h", 2}}); });
//   f(x);
//   std::puts(f.guards().text().c_str());      // ... divisible: axis 1 of operand #1 by 2 (h), in "b (h w) -> b h w" ...
//   f.explain(y).text();                       // "replayed: axis 0 of operand #1 is 5, not 3"
#pragma once
#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] einx {

/// One thing that compiled code relies on. Rank, DType, Size and Layout are checked by every call (they are the key it is found by); a Captured tensor is compared,
/// or read anew; the others are part of what a new size must fulfil before what was recorded runs there.
struct Guard {
  enum class Kind { Rank, DType, Size, Layout, Divisible, Equal, Given, Parameter, Captured, Looked, Computed };
  Kind kind = Kind::Size;
  std::string text;  ///< "size: axis 0 of operand #1 is 3"
};

/// How a specialisation came to be: the function's code ran; what it did was run again at other sizes; only numbers were put into a kernel with run-time sizes.
enum class Origin { Traced, Replayed, Dynamic };

/// One signature of a function that is compiled now.
struct SpecialisationGuards {
  std::string signature;  ///< "(f32[3, 4])"
  Origin origin = Origin::Traced;
  std::vector<Guard> guards;
};

struct Guards {
  std::vector<SpecialisationGuards> specialisations;
  std::string text() const;  ///< a line a signature, its guards indented
};

/// What a call with some operands would do; nothing is run.
struct Explanation {
  enum class What { Hit, Replayed, Dynamic, Traced, Raises };
  What what = What::Traced;
  std::vector<std::string> broken;  ///< guards of the nearest specialisation that the operands break
  std::string error;                ///< for Raises: the message
  std::string text() const;
};

}  // namespace einx
