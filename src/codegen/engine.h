// Private to codegen: modules to objects, objects to callable memory. Names LLVM's types, includes none of
// its headers.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "codegen/codegen.h"

namespace llvm {
class MemoryBuffer;
class Module;
class Target;
class TargetMachine;
}  // namespace llvm

namespace einx::detail::codegen {

/// LLVM's back end for this machine, registered once; linking wants it, too.
const llvm::Target& native_target();
/// The calling thread's machine for the target. It is made once a thread: its tables for a CPU cost as much as a
/// small kernel, and threads cannot share one.
std::shared_ptr<llvm::TargetMachine> target_machine(const Target& target);
/// Gives the module the machine's triple and data layout; before anything is emitted into it.
void set_layout(llvm::Module& module, llvm::TargetMachine& machine);
/// Verifies the module and runs the short pass list.
void optimise(llvm::Module& module, llvm::TargetMachine& machine);
/// Beside that, for a driver with loops of its own: instructions are combined, what a loop does not change moves out of it.
void optimise_driver(llvm::Module& module, llvm::TargetMachine& machine, const std::string& function);
std::string ir_text(const llvm::Module& module);
std::string assembly_text(const llvm::Module& module, llvm::TargetMachine& machine);
/// An object file; destroys nothing but may change the module.
std::unique_ptr<llvm::MemoryBuffer> generate(llvm::Module& module,
                                             const std::shared_ptr<llvm::TargetMachine>& machine);

/// Memory with code in it; freed with the object.
class Loaded {
 public:
  virtual ~Loaded() = default;
  const std::vector<void*>& addresses() const { return addresses_; }

 protected:
  std::vector<void*> addresses_;  ///< of the functions asked for
};
/// Links an object into memory and finds functions. Raises CallOperationError without memory, InternalError
/// for anything else.
std::unique_ptr<Loaded> load(std::unique_ptr<llvm::MemoryBuffer> object,
                             const std::vector<std::string>& functions);

}  // namespace einx::detail::codegen
