// The front: a program's kernels into one module, the module into code.
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <chrono>

#include "codegen/code.h"
#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

double nanoseconds() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Emits every step's function and returns their names, in the order of the steps.
std::vector<std::string> emit_steps(llvm::Module& module, const loops::Program& program,
                                    const Target& target) {
  std::vector<std::string> names;
  Budget budget;
  for (const loops::Step& step : program.steps) {
    const std::string number = std::to_string(names.size());
    support::match(
        step,
        [&](const loops::Kernel& kernel) {
          names.push_back("kernel" + number);
          KernelEmitter(module, target, program.buffers, kernel, budget).emit(names.back());
        },
        [&](const loops::Matmul& product) {
          names.push_back("micro" + number);
          KernelEmitter(module, target, product.micro.buffers, product.micro.kernel, budget)
              .emit_micro(names.back());
        },
        [&](const auto&) { names.emplace_back(); });  // the driver calls the runtime: no code of its own
  }
  return names;
}

/// Whether any step has code of its own.
bool generates(const loops::Program& program) {
  return std::ranges::any_of(program.steps, [](const loops::Step& step) {
    return std::holds_alternative<loops::Kernel>(step) || std::holds_alternative<loops::Matmul>(step);
  });
}

}  // namespace

std::shared_ptr<const Code> compile(const loops::Program& program, const Target& target, Listing* listing,
                                    Timing* timing) {
  if (!generates(program)) {
    if (listing) *listing = {"; every step is the runtime's\n", "# every step is the runtime's\n"};
    return make_code(program, nullptr);
  }
  const double start = nanoseconds();
  const std::unique_ptr<llvm::TargetMachine> machine = make_target_machine(target);
  llvm::LLVMContext context;
  context.setDiscardValueNames(listing == nullptr);
  llvm::Module module(program.name, context);
  set_layout(module, *machine);
  const std::vector<std::string> names = emit_steps(module, program, target);
  const double emitted = nanoseconds();
  optimise(module, *machine);
  if (listing) *listing = {ir_text(module), assembly_text(module, *machine)};
  const double listed = nanoseconds();
  std::unique_ptr<Loaded> loaded = load(generate(module, *machine), names);
  if (timing) *timing = {emitted - start, nanoseconds() - (listing ? listed : emitted)};
  return make_code(program, std::move(loaded));
}

}  // namespace einx::detail::codegen
