// The one process-wide ORC instance: links objects into memory, frees them, binds what generated code may
// call.
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/TargetParser/Host.h>

#include <atomic>
#include <cmath>
#include <cstring>

#include "codegen/engine.h"
#include "codegen/flow_calls.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

namespace orc = llvm::orc;

/// The first failed check wins: the others leave the status alone.
extern "C" void einx_codegen_report(einx_status* status, std::int32_t operand, std::int32_t axis,
                                    std::int64_t value, std::int64_t extent, std::int64_t position) {
  std::int32_t fine = EINX_OK;
  if (!std::atomic_ref(status->code).compare_exchange_strong(fine, EINX_INDEX_OUT_OF_RANGE)) return;
  status->operand = operand;
  status->axis = axis;
  status->value = value;
  status->extent = extent;
  status->position = position;
}

[[noreturn]] void fail(llvm::Error error) {
  const std::string words = llvm::toString(std::move(error));
  if (words.find("allocate memory") == std::string::npos) support::internal_error("codegen: " + words);
  support::Report report;
  report.kind = "out-of-memory";
  report.sentence = "There is no memory for generated code: " + words;
  support::raise<CallOperationError>(report);
}

template <class T>
T checked(llvm::Expected<T> value) {
  if (!value) fail(value.takeError());
  return std::move(*value);
}

template <class F>
orc::ExecutorSymbolDef symbol(F* function) {
  return {orc::ExecutorAddr::fromPtr(reinterpret_cast<void*>(function)),
          llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
}

/// Everything that generated code may call; nothing is ever searched for in the process.
orc::SymbolMap runtime_symbols(orc::LLJIT& jit) {
  orc::SymbolMap map;
  const auto add = [&](const char* name, orc::ExecutorSymbolDef definition) {
    map[jit.mangleAndIntern(name)] = definition;
  };
  add("einx_rt_parallel_for", symbol(&einx_rt_parallel_for));
  add("einx_codegen_report", symbol(&einx_codegen_report));
  add("einx_rt_allocate", symbol(&einx_rt_allocate));
  add("einx_rt_free", symbol(&einx_rt_free));
  add("einx_codegen_step", symbol(&einx_codegen_step));
  add("einx_codegen_copy", symbol(&einx_codegen_copy));
  add("fmod", symbol(static_cast<double (*)(double, double)>(&std::fmod)));
  add("fmodf", symbol(static_cast<float (*)(float, float)>(&std::fmod)));
  add("einx_codegen_sin", symbol(static_cast<double (*)(double)>(&std::sin)));
  add("einx_codegen_cos", symbol(static_cast<double (*)(double)>(&std::cos)));
  add("einx_codegen_pow", symbol(static_cast<double (*)(double, double)>(&std::pow)));
  add("floor", symbol(static_cast<double (*)(double)>(&std::floor)));
  add("floorf", symbol(static_cast<float (*)(float)>(&std::floor)));
  add("memcpy", symbol(&std::memcpy));
  add("memmove", symbol(&std::memmove));
  add("memset", symbol(&std::memset));
  return map;
}

std::unique_ptr<orc::LLJIT> make_jit() {
  native_target();
  orc::LLJITBuilder builder;
  builder.setJITTargetMachineBuilder(
      orc::JITTargetMachineBuilder(llvm::Triple(llvm::sys::getProcessTriple())));
  // What an object needs is linked by the thread that asks for it: the threads that LLJIT would start for
  // each object cost more than the linking.
  builder.setExecutorProcessControl(checked(
      orc::SelfExecutorProcessControl::Create(nullptr, std::make_unique<orc::InPlaceTaskDispatcher>())));
  builder.setSupportConcurrentCompilation(true);
  builder.setLinkProcessSymbolsByDefault(false);
  builder.setPlatformSetUp(orc::setUpInactivePlatform);
  builder.setObjectLinkingLayerCreator([](orc::ExecutionSession& session, const llvm::Triple&) {
    return llvm::Expected<std::unique_ptr<orc::ObjectLayer>>(
        std::make_unique<orc::ObjectLinkingLayer>(session));
  });
  std::unique_ptr<orc::LLJIT> jit = checked(builder.create());
  // What a failing look-up says is in the error that it returns; the session's own report would go to stderr
  // as well.
  jit->getExecutionSession().setErrorReporter(
      [](llvm::Error error) { llvm::consumeError(std::move(error)); });
  if (auto error = jit->getMainJITDylib().define(orc::absoluteSymbols(runtime_symbols(*jit))))
    fail(std::move(error));
  return jit;
}

/// Never destroyed: threads may run generated code while the process exits.
orc::LLJIT& jit() {
  static const support::Immortal<std::unique_ptr<orc::LLJIT>> instance(make_jit());
  return *instance.value;
}

class Library : public Loaded {
 public:
  Library(std::unique_ptr<llvm::MemoryBuffer> object, const std::vector<std::string>& functions) {
    static std::atomic<std::uint64_t> number = 0;
    orc::ExecutionSession& session = jit().getExecutionSession();
    library_ = &session.createBareJITDylib("einx." + std::to_string(number++));
    try {
      library_->addToLinkOrder(jit().getMainJITDylib());
      if (auto error = jit().addObjectFile(*library_, std::move(object))) fail(std::move(error));
      find(session, functions);
    } catch (...) {
      release();
      throw;
    }
  }
  ~Library() override { release(); }

 private:
  void find(orc::ExecutionSession& session, const std::vector<std::string>& functions) {
    orc::SymbolLookupSet names;
    for (const std::string& name : functions)
      if (!name.empty()) names.add(jit().mangleAndIntern(name));
    const auto found = checked(session.lookup(orc::makeJITDylibSearchOrder({library_}), std::move(names)));
    for (const std::string& name : functions)
      addresses_.push_back(
          name.empty() ? nullptr : found.lookup(jit().mangleAndIntern(name)).getAddress().toPtr<void*>());
  }
  void release() { llvm::consumeError(jit().getExecutionSession().removeJITDylib(*library_)); }

  orc::JITDylib* library_ = nullptr;
};

}  // namespace

std::unique_ptr<Loaded> load(std::unique_ptr<llvm::MemoryBuffer> object,
                             const std::vector<std::string>& functions) {
  return std::make_unique<Library>(std::move(object), functions);
}

}  // namespace einx::detail::codegen
