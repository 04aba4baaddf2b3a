// Private to codegen: the driver of a flow as one function.
#pragma once
#include "codegen/emit.h"
#include "codegen/flow_calls.h"
#include "loops/flow.h"

namespace einx::detail::codegen {

inline constexpr const char* kFlowFunction = "flow";
std::string flow_step_name(std::size_t block, std::size_t step);

/// i32 flow(fixed: ptr to ptr[], cells: ptr to {ptr, ptr}[], status: ptr, kernels: ptr to i64, arena: ptr),
/// and the kernels.
class FlowEmitter {
  static constexpr unsigned kFixed = 0, kCells = 1, kStatus = 2, kKernels = 3, kArena = 4;  ///< arguments

 public:
  FlowEmitter(llvm::Module& module, const Target& target, const loops::Flow& flow, const FlowCalls& calls);
  /// Kernels of a few statements have become part of the driver.
  void emit();

 private:
  using Source = loops::Flow::Source;
  /// A carried parameter: a register, or an address with what must be freed for it.
  struct Place {
    llvm::AllocaInst *data = nullptr, *owned = nullptr;
  };
  /// One value on its way: a register's, or both addresses.
  struct Moved {
    llvm::Value *data = nullptr, *owned = nullptr;
  };
  /// A block while it is written.
  struct Current {
    std::size_t number = 0;
    const loops::Flow::Block* block = nullptr;
    llvm::BasicBlock* failed = nullptr;
    std::vector<llvm::Value*> buffers;  ///< addresses; registers: their allocas
    std::vector<bool> registers;
    std::vector<llvm::Value*> results;  ///< by result: an alloca, or memory
  };

  void open();
  void block(std::size_t number);
  void make_places();
  void take_parameters();
  void make_buffers();
  llvm::Value* input(const Source& source);
  llvm::Value* constant_buffer(const loops::Buffer& buffer);
  void step(std::size_t number);
  void small_kernel(const loops::Kernel& kernel, const std::string& name);
  void kernel(const loops::Kernel& kernel, const std::string& name);
  void callback(std::size_t number);
  llvm::Value* address_array(bool before, llvm::Value* array, const std::vector<bool>& mentioned);
  std::vector<bool> mentioned(const loops::Step& step) const;
  void check(llvm::Value* wrong);
  void count();
  void failed();
  void way(const loops::Flow::Way& way);
  Moved moved(const Source& source, const graph::Type& type);
  void release(const std::vector<std::vector<bool>>& kept);
  llvm::Value* allocate(const graph::Type& type);
  void free(llvm::Value* address, const graph::Type& type);
  void leave(int exit);
  void close();
  llvm::Value* cell(std::size_t number, unsigned field);
  llvm::AllocaInst* alloca_of(llvm::Type* type);
  llvm::Value* fixed(int number);
  llvm::Value* pointer(const void* address);
  llvm::Constant* memory_constant(const tensor::Scalar& value);

  llvm::Module& module_;
  llvm::LLVMContext& context_;
  Builder b_;
  const Target& target_;
  const loops::Flow& flow_;
  const FlowCalls& calls_;
  llvm::Function* function_ = nullptr;
  llvm::BasicBlock* entry_ = nullptr;
  std::vector<llvm::BasicBlock*> blocks_;
  std::vector<std::vector<Place>> places_;  ///< by block and parameter
  std::map<int, llvm::Value*> fixed_;
  std::map<std::int64_t, llvm::AllocaInst*>
      spare_;  ///< by bytes: memory that was freed, for the next that wants as much
  llvm::BasicBlock* close_ = nullptr;
  llvm::AllocaInst* exit_ = nullptr;
  std::vector<llvm::CallInst*> small_;
  std::map<std::pair<std::size_t, loops::BufferId>, llvm::AllocaInst*> spilled_;
  Current now_;
};

}  // namespace einx::detail::codegen
