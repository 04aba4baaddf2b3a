// The notations that patterns may be written in.
#pragma once
#include <cstdint>

namespace [[gnu::visibility("default")]] einx {

/// einx 0.4 (the default), einx 0.3 (einx::v03), einops (einx::einops), and einsum as NumPy, torch and opt_einsum write it (einx::einsum).
enum class Dialect : std::uint8_t { Einx, Einx03, Einops, Einsum };

}  // namespace einx
