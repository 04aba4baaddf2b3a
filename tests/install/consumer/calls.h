// Calls of several families with their expected results: what both programs do with the installed library.
#pragma once
#include <einx/einx.h>

#include <cstdio>
#include <string>

/// Prints one line a call; returns how many had another result than the expected one.
inline int make_calls() {
  using einx::Tensor;
  int wrong = 0;
  const auto show = [&](const char* what, const Tensor& result, const std::string& expected) {
    std::printf("%s = %s\n", what, result.to_string().c_str());
    if (result.to_string() == expected) return;
    std::printf("  expected %s\n", expected.c_str());
    ++wrong;
  };
  const Tensor x = Tensor::iota({2, 3});
  show("sum", einx::sum("a [b]", x), "f32[2] [3, 12]");
  show("dot", einx::dot("a [b], c [b] -> a c", x, x), "f32[2, 2] [[5, 14], [14, 50]]");
  show("id", einx::id("a b -> b a", x), "f32[3, 2] [[0, 3], [1, 4], [2, 5]]");
  show("where", einx::where("a b, , ", einx::less("a b, ", x, 3), 1, 0), "i64[2, 3] [[1, 1, 1], [0, 0, 0]]");
  show("argmax", einx::argmax("a [b] -> [1] a", x), "i64[1, 2] [[2, 2]]");
  show("get_at", einx::get_at("[a] b, p -> p b", x, Tensor::copy_of({1, -2}, {2})),
       "f32[2, 3] [[3, 4, 5], [0, 1, 2]]");
  const auto f = einx::jit([](einx::Value a) { return einx::sum("[a]", einx::multiply("a, a", a, a)); });
  show("jit", f(Tensor::iota({4})), "f32[] 14");
  show("sort", einx::sort("a [b] -> [b] a", Tensor::copy_of({3, 1, 2, 4}, {2, 2})),
       "i32[2, 2] [[1, 2], [3, 4]]");
  show("einops", einx::einops::reduce(x, "a b -> b", "max"), "f32[3] [3, 4, 5]");
  show("einx 0.3", einx::v03::dot("a [b->c]", x, Tensor::ones({3, 1})), "f32[2, 1] [[3], [12]]");
  const auto twice = einx::elementwise("consumer_twice", [](einx::Value a) { return a + a; });
  show("own", twice("a b -> b a", x), "f32[3, 2] [[0, 6], [2, 8], [4, 10]]");
  try {
    einx::sum("a [b", x);
    ++wrong;
  } catch (const einx::SyntaxError& error) {
    std::printf("%s %s\n", std::string(error.class_name()).c_str(), std::string(error.kind()).c_str());
  }
  return wrong;
}

/// Makes the library warn on stderr: one call site with two shapes.
inline void make_einx_warn() {
  einx::set_warn_on_retrace(2);
  for (const int size : {5, 6}) einx::sum("[a]", einx::Tensor::iota({size}));
}
