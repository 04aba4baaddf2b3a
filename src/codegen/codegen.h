// Front door of code generation: loops -> LLVM IR -> ORC -> machine code. The only layer that includes LLVM
// headers; none of them shows here.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loops/loops.h"
#include "runtime/runtime.h"

namespace einx::detail::codegen {

/// What code is generated for: the host by CPUID, or a lower level by name (EINX_CPU: "x86-64", "x86-64-v2",
/// "-v3", "-v4"; above the host: warned and clamped).
struct Target {
  std::string level;     ///< "x86-64-v4"
  std::string cpu;       ///< LLVM's CPU name
  std::string features;  ///< LLVM's feature string, "+avx2,+fma,..."
  loops::Machine machine;
  bool operator==(const Target&) const;
};
const Target& host_target();  ///< by EINX_CPU, found once
Target target_named(const std::string& level);

/// Finished code of one program. Immutable, callable from many threads; its memory is freed with the last
/// owner.
class Code {
 public:
  virtual ~Code() = default;
  /// inputs[k]: address of element (0, ...) of parameter k. outputs[k]: null to have it allocated by the
  /// runtime (then the caller owns it), or memory of the caller, 64-byte aligned, row-major, overlapping
  /// nothing. Returns an einx_status_code; details in
  /// `status`; after a failure it has freed what it allocated and nulled those outputs. What a function of the
  /// user's throws (Native steps) passes through, after the same.
  virtual int run(const void* const* inputs, void** outputs, einx_status* status) const = 0;
};

/// Text of the stages, filled when asked for.
struct Listing {
  std::string llvm_ir, assembly;
};
/// Nanoseconds of the stages, for `einx bench`. `compile` is the sum of its parts, or the time of `link`.
struct Timing {
  double emit = 0, compile = 0;
  double passes = 0, generate = 0, link = 0;  ///< parts of `compile`
  double instructions = 0;                    ///< emitted, of the budget (no time)
};

/// Raises InternalError if LLVM refuses (with its words), CallOperationError without memory for code. Safe to
/// call from many threads at once. `object`: receives the object file, for `link`; empty if nothing
/// was generated.
std::shared_ptr<const Code> compile(const loops::Program& program, const Target& target,
                                    Listing* listing = nullptr, Timing* timing = nullptr,
                                    std::string* object = nullptr);

/// Whether any step has code of its own: if none has, there is no object.
bool generates(const loops::Program& program);

/// The code of a program from the object that `compile` made of the same program and target in a process with
/// the same `build_identity`: relocated and bound, nothing is emitted. Raises as `compile` does.
std::shared_ptr<const Code> link(const loops::Program& program, std::string_view object);

/// The code of a template (loops::generalise) for another size: the same machine code, which lives as long as
/// any of its owners, with the parameters, buffers and plans of `instance` (loops::instantiate). Safe to call from
/// many threads; nothing is compiled.
std::shared_ptr<const Code> rebind(const std::shared_ptr<const Code>& code, const loops::Program& instance);

/// Names this build of einx and of LLVM by the identities that the linker gave them: objects are exchanged
/// between equal ones only. Empty if the linker gave none.
const std::string& build_identity();

/// Compiles a canned, hand-vectorised row sum through the same ORC instance: the yardstick of `first-call`
/// (performance.md). Nanoseconds.
double compile_yardstick();

}  // namespace einx::detail::codegen
