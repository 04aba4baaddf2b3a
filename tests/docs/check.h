// How a claim of the documentation is checked: the result of an expression is written down and compared with
// the comment beside it.
#pragma once
#include <einx/einx.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace docs {

struct Place {
  const char* file;
  int line;
};

/// "f32[2, 2] {1, 2, 3, 4}"
std::string describe(const einx::Tensor& tensor);
std::string describe(const einx::Value& value);
std::string describe(bool value);
std::string describe(double value);
std::string describe(std::int64_t value);
std::string describe(const std::string& value);
std::string describe(einx::DType value);
std::string describe(const einx::AxisSizes& value);
inline std::string describe(std::string_view value) { return describe(std::string(value)); }
inline std::string describe(const char* value) { return describe(std::string(value)); }
inline std::string describe(int value) { return describe(std::int64_t(value)); }
inline std::string describe(std::size_t value) { return describe(std::int64_t(value)); }
inline std::string describe(float value) { return describe(double(value)); }

// Lists: declared before the template that writes their elements, so that it finds them all.
std::string describe(std::span<const std::int64_t> values);
inline std::string describe(const einx::Shape& values) {
  return describe(std::span<const std::int64_t>(values));
}
inline std::string describe(std::span<const int> values) {
  return describe(einx::Shape(values.begin(), values.end()));
}

template <class Range>
std::string describe_list(const Range& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + describe(value);
  return text;
}
inline std::string describe(const std::vector<einx::Shape>& values) { return describe_list(values); }
inline std::string describe(const std::vector<einx::Tensor>& values) { return describe_list(values); }
template <std::size_t N>
std::string describe(const std::array<einx::Tensor, N>& values) {
  return describe_list(values);
}
template <class T>
std::string describe(const std::map<std::string, T>& values) {
  std::string text;
  for (const auto& [name, value] : values) text += (text.empty() ? "" : ", ") + name + "=" + describe(value);
  return text;
}

/// Counts a failure, and prints file:line, if the result is not the claim. A tensor's values may be left out
/// of the claim; numbers may differ in the sixth digit.
void claim(Place place, const std::string& claimed, const std::string& result);
/// "SemanticError input-axis-missing-in-output"; an empty text: raises nothing.
void claim_raises(Place place, const std::string& claimed, const std::function<void()>& example);
/// The line that is run next.
void step(int line);
/// A block, with its errors caught and reported at the last step.
void run(Place place, const std::function<void()>& block);
/// Of all claims; the exit status.
int summary();

}  // namespace docs
