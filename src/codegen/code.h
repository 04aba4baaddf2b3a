// Private to codegen: a program's finished code. No LLVM here.
#pragma once
#include <memory>

#include "codegen/engine.h"

namespace einx::detail::codegen {

/// Calls the steps of a program one after the other. `loaded` has one function a step: a kernel, a product's
/// micro-kernel, or none; it is null for a program all of whose steps are the runtime's.
std::shared_ptr<const Code> make_code(const loops::Program& program, std::unique_ptr<Loaded> loaded);

}  // namespace einx::detail::codegen
