// Modules to machine code: the target machine, the short pass list, object and assembly output. Everything
// here is one LLVM major's ways.
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/IR/PassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Mem2Reg.h>

#include <algorithm>
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

void add_passes(llvm::legacy::PassManager& passes, llvm::TargetMachine& machine, llvm::raw_pwrite_stream& to,
                llvm::CodeGenFileType type) {
  if (machine.addPassesToEmitFile(passes, to, nullptr, type))
    support::internal_error("codegen: the target writes no such file");
}

void run_passes(llvm::legacy::PassManager& passes, llvm::Module& module) {
  auto handler = std::make_unique<Complaints>();
  const Complaints& complaints = *handler;
  module.getContext().setDiagnosticHandler(std::move(handler));
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

namespace {

// CodeGenOptLevel: Less saves under 5 % of the compile time; None (FastISel) two thirds, but it spills all
// accumulators of a register tile (47 instead of 240 GFLOP/s) and fuses no multiplications with additions, so
// that results would differ from those of the other level.
std::shared_ptr<llvm::TargetMachine> make_target_machine(const Target& target) {
  const llvm::TargetOptions options;
  return std::shared_ptr<llvm::TargetMachine>(native_target().createTargetMachine(
      llvm::sys::getProcessTriple(), target.cpu, target.features, options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default, true));
}

/// The code generator's passes and the memory that they write an object into. Used for one module after
/// another: making them takes a fifth of the time of compiling a small kernel, and the first module through
/// new ones another fifth. Members are in the order in which they depend on each other.
struct ObjectWriter {
  explicit ObjectWriter(std::shared_ptr<llvm::TargetMachine> for_machine) : machine(std::move(for_machine)) {
    add_passes(passes, *machine, stream, llvm::CodeGenFileType::ObjectFile);
  }
  const std::shared_ptr<llvm::TargetMachine> machine;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream{bytes};
  llvm::legacy::PassManager passes;
};

thread_local constinit bool thread_ends = false;

/// What a thread that compiles keeps for its next module.
struct Kept {
  Target target;
  std::shared_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<ObjectWriter> writer;
  ~Kept() { thread_ends = true; }
};

/// Null while the thread ends, when a destructor of some other thread_local may still compile.
Kept* kept() {
  if (thread_ends) return nullptr;
  thread_local Kept instance;
  return &instance;
}

}  // namespace

std::shared_ptr<llvm::TargetMachine> target_machine(const Target& target) {
  Kept* const mine = kept();
  if (!mine) return make_target_machine(target);
  if (!mine->machine || !(mine->target == target)) {
    mine->writer = nullptr;
    mine->machine = make_target_machine(target);
    mine->target = target;
  }
  return mine->machine;
}

void set_layout(llvm::Module& module, llvm::TargetMachine& machine) {
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
}

/// Local buffers, of which what is only met at known places may become registers.
bool has_frames(const llvm::Function& function) {
  return std::ranges::any_of(function.getEntryBlock(), [](const llvm::Instruction& instruction) {
    const auto* local = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    return local != nullptr && local->getAllocatedType()->isArrayTy();
  });
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
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    llvm::FunctionPassManager passes;
    if (has_frames(function))
      passes.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
    else
      passes.addPass(llvm::PromotePass());
    passes.addPass(llvm::EarlyCSEPass());
    passes.addPass(llvm::SimplifyCFGPass());
    passes.run(function, analyses);
  }
}

void optimise_driver(llvm::Module& module, llvm::TargetMachine& machine, const std::string& function) {
  verify(module);
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::FunctionPassManager passes;
  const auto blocks = llvm::SimplifyCFGOptions().speculateUnpredictables(true);
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass(true));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass(blocks));
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), true));
  passes.addPass(llvm::GVNPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass(blocks));
  passes.run(*module.getFunction(function), functions);
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
  llvm::legacy::PassManager passes;
  add_passes(passes, machine, stream, llvm::CodeGenFileType::AssemblyFile);
  run_passes(passes, *copy);
  return std::string(text.begin(), text.end());
}

std::unique_ptr<llvm::MemoryBuffer> generate(llvm::Module& module,
                                             const std::shared_ptr<llvm::TargetMachine>& machine) {
  Kept* const mine = kept();
  std::unique_ptr<ObjectWriter> writer = mine && mine->writer ? std::move(mine->writer) : nullptr;
  if (!writer || writer->machine != machine) writer = std::make_unique<ObjectWriter>(machine);
  writer->bytes.clear();
  run_passes(writer->passes, module);  // raises: then nobody uses this writer again
  auto object = std::make_unique<llvm::SmallVectorMemoryBuffer>(llvm::SmallVector<char, 0>(writer->bytes),
                                                                module.getModuleIdentifier(), false);
  if (mine && mine->machine == machine) mine->writer = std::move(writer);
  return object;
}

}  // namespace einx::detail::codegen
