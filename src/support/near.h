// Second front door of the support layer: names that a misspelt one may have meant.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace einx::detail::support {

/// "Did you mean 'sum' or 'sub'?", the nearest of the known names first; "" if none is near. Takes time for
/// every known name: for errors.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace einx::detail::support
