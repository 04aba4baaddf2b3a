// Private to the tensor layer: the header of .npy files, a Python dict in text form.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace einx::detail::tensor {

struct NpyHeader {
  DType dtype = f32;
  bool swap_bytes = false;  ///< the file has the other byte order than this machine
  bool fortran_order = false;
  Shape shape;
};

/// Reads the dict `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`; else nullopt and what is
/// wrong in `problem`.
std::optional<NpyHeader> parse_npy_header(std::string_view text, std::string& problem);
/// The dict of a row-major tensor on a little-endian machine.
std::string npy_header_text(DType dtype, std::span<const std::int64_t> shape);

}  // namespace einx::detail::tensor
