// Modules to machine code: the target machine, the short pass list, object and assembly output. Everything
// here is one LLVM major's ways.
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/IR/PassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Mem2Reg.h>

#include <mutex>

#include "codegen/engine.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

/// Keeps LLVM's complaints about a module instead of printing them and leaving the process.
struct Complaints : llvm::DiagnosticHandler {
  std::string words;
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error) return true;
    llvm::raw_string_ostream stream(words);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }
};

void verify(const llvm::Module& module) {
  std::string words;
  llvm::raw_string_ostream stream(words);
  if (llvm::verifyModule(module, &stream)) support::internal_error("codegen: " + words);
}

void write(llvm::Module& module, llvm::TargetMachine& machine, llvm::raw_pwrite_stream& to,
           llvm::CodeGenFileType type) {
  auto handler = std::make_unique<Complaints>();
  const Complaints& complaints = *handler;
  module.getContext().setDiagnosticHandler(std::move(handler));
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, to, nullptr, type))
    support::internal_error("codegen: the target writes no such file");
  passes.run(module);
  if (!complaints.words.empty()) support::internal_error("codegen: " + complaints.words);
}

}  // namespace

const llvm::Target& native_target() {
  static const llvm::Target* const target = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    std::string words;
    const llvm::Target* found = llvm::TargetRegistry::lookupTarget(llvm::sys::getProcessTriple(), words);
    if (!found) support::internal_error("codegen: " + words);
    return found;
  }();
  return *target;
}

// CodeGenOptLevel: Less saves under 5 % of the compile time; None (FastISel) two thirds, but it spills all
// accumulators of a register tile (47 instead of 240 GFLOP/s) and fuses no multiplications with additions, so
// that results would differ from those of the other level.
namespace {

std::shared_ptr<llvm::TargetMachine> make_target_machine(const Target& target) {
  const llvm::TargetOptions options;
  return std::shared_ptr<llvm::TargetMachine>(native_target().createTargetMachine(
      llvm::sys::getProcessTriple(), target.cpu, target.features, options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default, true));
}

thread_local constinit bool thread_ends = false;

struct Kept {
  Target target;
  std::shared_ptr<llvm::TargetMachine> machine;
  ~Kept() { thread_ends = true; }
};

}  // namespace

std::shared_ptr<llvm::TargetMachine> target_machine(const Target& target) {
  if (thread_ends) return make_target_machine(target);  // a destructor of some other thread_local compiles
  thread_local Kept kept;
  if (!kept.machine || !(kept.target == target)) kept.machine = make_target_machine(target), kept.target = target;
  return kept.machine;
}

void set_layout(llvm::Module& module, llvm::TargetMachine& machine) {
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  verify(module);
  // Only what these passes ask for: registering every analysis there is would cost more than running them.
  llvm::FunctionAnalysisManager analyses;
  analyses.registerPass([] { return llvm::PassInstrumentationAnalysis(); });
  analyses.registerPass([] { return llvm::DominatorTreeAnalysis(); });
  analyses.registerPass([] { return llvm::AssumptionAnalysis(); });
  analyses.registerPass([] { return llvm::TargetLibraryAnalysis(); });
  analyses.registerPass([&] { return machine.getTargetIRAnalysis(); });
  // Registers were written as allocas, loops as more blocks than needed; addresses and splats may repeat.
  // That is all there is to clean up: the emitter places loop invariants itself, and the vectors are already
  // there.
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::PromotePass());
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::SimplifyCFGPass());
  for (llvm::Function& function : module) {
    if (!function.isDeclaration()) passes.run(function, analyses);
  }
}

std::string ir_text(const llvm::Module& module) {
  std::string words;
  llvm::raw_string_ostream stream(words);
  module.print(stream, nullptr);
  return words;
}

std::string assembly_text(const llvm::Module& module, llvm::TargetMachine& machine) {
  const std::unique_ptr<llvm::Module> copy = llvm::CloneModule(module);
  llvm::SmallVector<char, 0> text;
  llvm::raw_svector_ostream stream(text);
  write(*copy, machine, stream, llvm::CodeGenFileType::AssemblyFile);
  return std::string(text.begin(), text.end());
}

std::unique_ptr<llvm::MemoryBuffer> generate(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  write(module, machine, stream, llvm::CodeGenFileType::ObjectFile);
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(bytes), module.getModuleIdentifier(),
                                                         false);
}

}  // namespace einx::detail::codegen
