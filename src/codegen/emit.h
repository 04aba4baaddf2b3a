// Private to codegen: what the files that write LLVM IR share.
#pragma once
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>

#include "codegen/codegen.h"
#include "codegen/facts.h"

namespace einx::detail::codegen {

using Builder = llvm::IRBuilder<>;

/// What a level's instructions allow, as far as the emitters write different code for it.
struct Features {
  bool fma = false, avx512 = false, f16c = false;
};
Features features_of(const Target& target);

/// A register's value: one scalar (lanes 0), or a vector of `lanes` for each slot.
struct Operand {
  llvm::SmallVector<llvm::Value*, 4> parts;
  int lanes = 0;
};

/// Where arithmetic is written to.
struct Arithmetic {
  Builder& b;
  Features features;
};

// --- emit_scalar.cpp. f16 and bf16 live in registers as their bits (i16), bool as i1; in memory bool is an
// i8.
llvm::Type* register_type(llvm::LLVMContext& context, DType dtype, int lanes = 0);
llvm::Type* memory_type(llvm::LLVMContext& context, DType dtype, int lanes = 0);
llvm::Constant* constant(llvm::LLVMContext& context, const tensor::Scalar& value);
/// The value with as many slots and lanes as asked for.
Operand spread(Builder& b, const Operand& value, int slots, int lanes);
std::vector<Operand> emit_function(const Arithmetic& to, const ops::ScalarFn& fn,
                                   std::span<const Operand> args);

// --- convert.cpp: tensor::convert on scalars and vectors
llvm::Value* emit_convert(const Arithmetic& to, llvm::Value* value, DType from, DType dtype);

// --- emit_math.cpp: inline, for f32 and f64, scalars and vectors; at most 2 units in the last place
llvm::Value* emit_fma(const Arithmetic& to, llvm::Value* a, llvm::Value* b, llvm::Value* c);
llvm::Value* emit_exp(const Arithmetic& to, llvm::Value* x);
/// For x that is never above 0.
llvm::Value* emit_exp_below(const Arithmetic& to, llvm::Value* x);
llvm::Value* emit_log(const Arithmetic& to, llvm::Value* x);
llvm::Value* emit_log1p(const Arithmetic& to, llvm::Value* x);
llvm::Value* emit_tanh(const Arithmetic& to, llvm::Value* x);
llvm::Value* emit_erf(const Arithmetic& to, llvm::Value* x);
/// By the C library, but for exponents that are known to be small integers.
llvm::Value* emit_pow(const Arithmetic& to, llvm::Value* x, llvm::Value* y);
llvm::Value* emit_sin(const Arithmetic& to, llvm::Value* x);
llvm::Value* emit_cos(const Arithmetic& to, llvm::Value* x);
/// A function of the C library (einx_codegen_<name>, of doubles) for every lane.
llvm::Value* emit_libm(const Arithmetic& to, const char* name, std::initializer_list<llvm::Value*> args);

/// Counts what is emitted and refuses programs that would compile for seconds.
struct Budget {
  std::int64_t left = 16'000;  // about a second and a half
  void spend(std::int64_t instructions);
};

/// Writes one kernel as a function; a parallel loop's body becomes a second one.
class KernelEmitter {
 public:
  KernelEmitter(llvm::Module& module, const Target& target, std::span<const loops::Buffer> buffers,
                const loops::Kernel& kernel, Budget& budget);
  /// void name(buffers: ptr to ptr[], parameters: ptr to i64[], status: ptr)
  void emit(const std::string& name);
  /// void name(buffers: ptr ..., status: ptr): each of `ids` by itself, for kernels without parallel loops that become part of
  /// other code. `numbers`: buffers of one element whose value is known.
  void emit_apart(const std::string& name, std::span<const loops::BufferId> ids,
                  std::map<loops::BufferId, llvm::Constant*> numbers);
  /// void name(a: ptr, b: ptr, c: ptr, parameters: ptr to i64[])
  void emit_micro(const std::string& name);

 private:
  /// A loop's variable while its body is written. `scope` is the block where everything that depends on
  /// nothing deeper is computed, before its terminator: loop invariants are placed right from the start, so
  /// that no pass has to move them.
  struct Variable {
    llvm::Value* value = nullptr;
    llvm::BasicBlock* scope = nullptr;
    int depth = 0;
    std::int64_t step = 1;  ///< the value is a multiple of this
  };
  using PointerKey =
      std::tuple<llvm::Value*, llvm::Value*, std::int64_t, int>;        ///< pointer, variable, stride
  using StorageKey = std::tuple<loops::RegId, std::int64_t, int, int>;  ///< register, flat index, lanes, slot
  /// The function being written. `entry` takes allocas and what depends on no variable; `leave` is the one
  /// way out. The maps hold what has been computed already, so that equal addresses are computed once.
  struct Frame {
    llvm::Function* function = nullptr;
    llvm::BasicBlock *entry = nullptr, *leave = nullptr;
    llvm::Value *buffer_array = nullptr, *parameter_array = nullptr, *status = nullptr;
    std::map<loops::BufferId, llvm::Value*> buffers;
    std::map<int, llvm::Value*> parameters;
    std::map<loops::VarId, Variable> variables;
    std::map<PointerKey, llvm::Value*> pointers;
    std::map<StorageKey, llvm::AllocaInst*> storage;
    bool streamed = false;
  };
  /// The vector loop around the statement being written: every statement is spelled out for all slots, side
  /// by side.
  struct Vector {
    loops::VarId var = -1;
    int lanes = 0;
    std::vector<llvm::Value*> masks;  ///< one a slot; nullptr: all lanes
    std::vector<bool> varying;        ///< by register
    int slots() const { return int(masks.size()); }
  };
  /// How far a loop runs; `at_most` is known also where a ragged tile's extent is not.
  struct Extent {
    std::optional<std::int64_t> constant;
    llvm::Value* value = nullptr;
    std::optional<std::int64_t> at_most;
  };
  /// A parallel body as a function, and what it is to be called with.
  struct Outlined {
    llvm::Function* function = nullptr;
    llvm::Value* context = nullptr;
  };

  // emit_kernel.cpp: functions and loops
  void open(llvm::Function* function);
  void close();
  void declare(const std::string& name, std::span<llvm::Type* const> arguments);
  void body(const loops::Body& statements);
  void statement(const loops::Statement& statement);
  void loop(const loops::Loop& loop);
  void counted(const loops::Loop& loop, llvm::Value* begin, llvm::Value* end, std::int64_t step, bool guard,
               const std::function<void()>& body);
  void with_variable(const loops::Loop& loop, Variable variable, const std::function<void()>& body);
  void serial_loop(const loops::Loop& loop);
  void unrolled_loop(const loops::Loop& loop);
  void vector_loop(const loops::Loop& loop);
  void vector_constant(const loops::Loop& loop, std::int64_t extent);
  void vector_dynamic(const loops::Loop& loop, const Extent& extent);
  void strip(const loops::Loop& loop, std::vector<llvm::Value*> masks);
  void parallel_loop(const loops::Loop& loop);
  Outlined outline(const loops::Loop& loop, llvm::Value* extent);
  void parallel_part(const loops::Loop& loop);
  llvm::Value* end_of(const loops::Loop& loop, const loops::Int& extent);
  llvm::Value* begin_of(const loops::Loop& loop);
  llvm::Value* rounded_down(llvm::Value* value, std::int64_t unit);
  Extent extent_of(const loops::Loop& loop);
  Variable variable(llvm::Value* value, llvm::BasicBlock* scope, std::int64_t step = 1) const;
  llvm::Value* integer(const loops::Int& value);
  llvm::ConstantInt* int64(std::int64_t value) { return b_.getInt64(std::uint64_t(value)); }

  // emit_statements.cpp: values and the statements on them
  std::int64_t flat_index(const loops::Ref& ref) const;
  std::pair<int, int> shape_of(loops::RegId reg) const;  ///< slots, lanes
  llvm::AllocaInst* storage(loops::RegId reg, std::int64_t index, int lanes, int slot);
  Operand read(const loops::Ref& ref);
  void write(const loops::Ref& ref, const Operand& value);
  std::vector<Operand> read_all(std::span<const loops::Ref> refs);
  std::vector<Operand> apply(const ops::ScalarFn& fn, std::span<const Operand> args);
  void emit(const loops::Index& statement);
  void emit(const loops::Set& statement);
  void emit(const loops::Apply& statement);
  void emit(const loops::Update& statement);
  void emit(const loops::Fold& statement);
  void emit(const loops::Check& statement);
  void report(const loops::Check& statement, const Operand& coordinates, const Operand& bad);

  // emit_memory.cpp: addresses, loads, stores, transposes
  /// How a statement meets memory along the vector variable: one element for all lanes, neighbours upwards or
  /// downwards, or any lanes. `invariant`: nothing in the kernel writes to the buffer, so loads may move
  /// freely.
  struct Access {
    enum class Kind { Uniform, Forward, Backward, Lanes } kind = Kind::Uniform;
    DType dtype = DType::f32;
    llvm::Align align;
    bool invariant = false;
  };
  llvm::Value* buffer(loops::BufferId id);
  llvm::Value* offset_by(llvm::Value* pointer, const Variable& variable, const loops::Int& stride,
                         std::int64_t size);
  llvm::Value* pointer(loops::BufferId id, const loops::Address& at, int slot = 0);
  /// A constant number of bytes on: kept out of the shared part, where the addressing mode takes it.
  llvm::Value* shifted(llvm::Value* pointer, std::int64_t bytes);
  llvm::Value* position(const loops::Address& at, llvm::Value* lane);
  loops::Int lane_stride(const loops::Address& at) const;
  bool indirect_lanes(const loops::Address& at) const;
  Access access(loops::BufferId id, const loops::Address& at) const;
  bool aligned(const loops::Address& at, std::int64_t bytes, std::int64_t size) const;
  llvm::Value* lane_offsets(const loops::Address& at, int slot);
  llvm::Value* load_part(const loops::Load& statement, const Access& access, int slot);
  llvm::Value* load_lanes(const loops::Load& statement, const Access& access, int slot);
  void store_part(const loops::Store& statement, const Access& access, llvm::Value* value, int slot);
  void store_lanes(const loops::Store& statement, const Access& access, llvm::Value* value, int slot);
  llvm::Value* mask_of(int slot) const { return vector_->masks[std::size_t(slot)]; }
  llvm::Value* reversed(llvm::Value* vector);
  void emit(const loops::Load& statement);
  void emit(const loops::Store& statement);
  void emit(const loops::Transpose& statement);
  void emit(const loops::Prefetch& statement);
  void emit(const loops::Spread& statement);
  llvm::Value* chunk(const loops::Spread& statement, std::int64_t number, std::int64_t lanes);
  llvm::Value* repeated(const loops::Spread& statement, std::int64_t first);
  llvm::Value* shuffled(const loops::Spread& statement, std::span<const std::int64_t> from);
  void prefetch(llvm::Value* at, bool far = false);  ///< a read soon; far: not for the L1
  llvm::Value* line(loops::BufferId id, const loops::Address& at, const loops::Int& stride, int number,
                    int offset);
  llvm::Value* load_line(const loops::Transpose& statement, int row, int column, int length);
  void transpose_tall(const loops::Transpose& statement, int size);
  void transpose_flat(const loops::Transpose& statement, int size);
  void transpose_block(const loops::Transpose& statement, int row, int column, int size);
  void transpose_elements(const loops::Transpose& statement);
  std::vector<llvm::Value*> transposed(std::vector<llvm::Value*> rows, int element_bytes);

  llvm::Module& module_;
  llvm::LLVMContext& context_;
  Builder b_;
  Features features_;
  int vector_bytes_ = 16;
  std::span<const loops::Buffer> buffers_;
  const loops::Kernel& kernel_;
  Facts facts_;  ///< of the whole kernel
  Budget& budget_;
  Frame frame_;
  std::optional<Vector> vector_;
  std::map<loops::BufferId, llvm::Constant*> numbers_;  ///< buffers whose only element is known
  std::map<loops::RegId, llvm::Constant*> known_;       ///< scalars that were loaded from those
  int outlined_ = 0;
};

}  // namespace einx::detail::codegen
