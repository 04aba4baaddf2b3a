// Third front door of the graph layer, for scripts: elements of constants as text, exact both ways.
#pragma once
#include <einx/tensor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace einx::detail::graph {

/// Constants of more elements than this are printed by name.
inline constexpr std::int64_t kInlineElements = 16;

/// The shortest text that `read_element` turns into the same bits: "true", "-7", "0.1", "-0", "inf"; NaN is
/// "nan" if it is the quiet one without payload, else its bits: "nan(0x7fa00001)".
std::string element_text(const void* element, DType dtype);
/// Writes one element; false if the text is not one of this dtype (also if an integer is out of its range).
bool read_element(std::string_view text, DType dtype, void* element);

/// All elements of a row-major tensor as nested lists: "[[1, 2], [3, 4]]"; a scalar is bare, a tensor without
/// elements is "[]".
std::string data_text(const Tensor& data);

}  // namespace einx::detail::graph
