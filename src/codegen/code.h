// Private to codegen: a program's finished code. No LLVM here.
#pragma once
#include <memory>

#include "codegen/engine.h"

namespace einx::detail::codegen {

/// Calls the steps of a program one after the other. `loaded` has one function a step: a kernel, or a
/// product's micro-kernel.
std::shared_ptr<const Code> make_code(const loops::Program& program, std::unique_ptr<Loaded> loaded);

}  // namespace einx::detail::codegen
