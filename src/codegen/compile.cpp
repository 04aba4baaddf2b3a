// The front: a program's kernels into one module, the module into code.
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "codegen/code.h"
#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

double nanoseconds() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The function of each step, in their order; empty for those that the driver has the runtime do.
std::vector<std::string> function_names(const loops::Program& program) {
  std::vector<std::string> names;
  for (const loops::Step& step : program.steps) {
    const std::string number = std::to_string(names.size());
    support::match(
        step, [&](const loops::Kernel&) { names.push_back("kernel" + number); },
        [&](const loops::Matmul&) { names.push_back("micro" + number); },
        [&](const auto&) { names.emplace_back(); });
  }
  return names;
}

/// Returns what it spent of the budget.
std::int64_t emit_steps(llvm::Module& module, const loops::Program& program, const Target& target,
                        const std::vector<std::string>& names) {
  Budget budget;
  // A function of hundreds of operations is as long as its user wrote it: what schedules may take stays what
  // it is, but each kernel gets its plain loops.
  budget.left += 128 * std::int64_t(names.size());
  const std::int64_t allowed = budget.left;
  for (std::size_t k = 0; k < names.size(); ++k) {
    support::match(
        program.steps[k],
        [&](const loops::Kernel& kernel) {
          KernelEmitter(module, target, program.buffers, kernel, budget).emit(names[k]);
        },
        [&](const loops::Matmul& product) {
          KernelEmitter(module, target, product.micro.buffers, product.micro.kernel, budget)
              .emit_micro(names[k]);
        },
        [](const auto&) {});
  }
  return allowed - budget.left;
}

}  // namespace

bool generates(const loops::Program& program) {
  return std::ranges::any_of(program.steps, [](const loops::Step& step) {
    return std::holds_alternative<loops::Kernel>(step) || std::holds_alternative<loops::Matmul>(step);
  });
}

std::shared_ptr<const Code> compile(const loops::Program& program, const Target& target, Listing* listing,
                                    Timing* timing, std::string* object) {
  if (object) object->clear();
  if (!generates(program)) {
    if (listing) *listing = {"; every step is the runtime's\n", "# every step is the runtime's\n"};
    return make_code(program, nullptr);
  }
  Timing times;
  double last = nanoseconds();
  const auto lap = [&last] {
    const double now = nanoseconds();
    return now - std::exchange(last, now);
  };
  const std::shared_ptr<llvm::TargetMachine> machine = target_machine(target);
  llvm::LLVMContext context;
  context.setDiscardValueNames(listing == nullptr);
  llvm::Module module(program.name, context);
  set_layout(module, *machine);
  const std::vector<std::string> names = function_names(program);
  times.instructions = double(emit_steps(module, program, target, names));
  times.emit = lap();
  optimise(module, *machine);
  times.passes = lap();
  if (listing) *listing = {ir_text(module), assembly_text(module, *machine)};
  lap();
  std::unique_ptr<llvm::MemoryBuffer> file = generate(module, machine);
  times.generate = lap();
  if (object) *object = file->getBuffer();
  std::unique_ptr<Loaded> loaded = load(std::move(file), names);
  times.link = lap();
  times.compile = times.passes + times.generate + times.link;
  if (timing) *timing = times;
  return make_code(program, std::move(loaded));
}

std::shared_ptr<const Code> link(const loops::Program& program, std::string_view object) {
  if (!generates(program)) return make_code(program, nullptr);
  auto file =
      llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()), program.name);
  return make_code(program, load(std::move(file), function_names(program)));
}

}  // namespace einx::detail::codegen
