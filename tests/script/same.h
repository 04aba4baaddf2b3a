// Whether two programs are the same statements, whatever their variables are numbered and called.
#pragma once
#include <string>

#include "script/script.h"

namespace same_programs {

/// "" or where they differ.
std::string difference(const einx::detail::script::Program& a, const einx::detail::script::Program& b);

}  // namespace same_programs
