// Front door of the loops layer: the loop representation, lowering of graphs, schedules.
//
// A Program is what one graph becomes: buffers and steps. A step is a kernel (a nest of loops and statements) or a matrix product done by the
// runtime around a generated micro-kernel. Schedules decide everything (vector axis, tiles, unrolling, parallel axis); the emitter only spells it out.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "ops/ops.h"

namespace einx::detail::loops {

using VarId = int;
using RegId = int;
using BufferId = int;

/// An integer that is a constant or a run-time parameter of the program (an index into Program::parameters; `value` is then only what it is
/// in the program at hand: never bake it into code or schedule facts on it).
struct Int {
  std::int64_t value = 0;
  int param = -1;
  std::int64_t multiple = 1;  ///< of a parameter: what it is known to be a multiple of where the code runs (Kernel::only_if)
  bool constant() const { return param < 0; }
  bool is_multiple(std::int64_t of) const { return (constant() ? value : multiple) % of == 0; }
  bool is(std::int64_t v) const { return constant() && value == v; }
  bool operator==(const Int&) const = default;
};

/// Element address: offset + sum(stride * loop variable) + sum(stride * checked index register). Unit: elements of the buffer.
struct Address {
  struct Term {
    VarId var = -1;
    Int stride;
    bool operator==(const Term&) const = default;
  };
  struct Indirect {
    RegId index = -1;  ///< an i64 register written by Check
    Int stride;
    bool operator==(const Indirect&) const = default;
  };
  Int offset;
  std::vector<Term> terms;
  std::vector<Indirect> indirect;
  /// Where axes with a run-time stride stand further on.
  struct Start {
    Int stride;
    std::int64_t times = 0;
    bool operator==(const Start&) const = default;
  };
  std::vector<Start> starts;
  bool operator==(const Address&) const = default;
};

/// A value of the innermost computation. Under a vector loop it holds `unroll` vectors of `step` lanes (or stays one scalar while nothing that it
/// is made of varies along that loop).
struct Register {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> extents;  ///< an array of registers, indexed by the variables of unrolled loops
  int lanes = 0, slots = 0;           ///< an accumulator Set before the vector loop(s) that update it: their step and unroll. Else 0
};
struct Ref {
  RegId reg = -1;
  std::vector<VarId> index;  ///< one unrolled loop variable per extent
  bool operator==(const Ref&) const = default;
};

// ---------------------------------------------------------------- statements
struct Load { Ref dst; BufferId buffer = -1; Address at; };
struct Store { BufferId buffer = -1; Address at; Ref value; bool streaming = false; };  ///< streaming: past the caches; at is vector-aligned, buffers are 64-byte aligned
/// dst (i64 or i32) = offset + sum(stride * variable); lanes count up along the vector variable.
struct Index { Ref dst; Address at; };
struct Set { Ref dst; tensor::Scalar value; };
struct Apply { std::vector<Ref> dst; ops::ScalarFn fn; std::vector<Ref> args; };
/// accumulators = combine(accumulators, values); masked lanes keep their accumulator.
struct Update { std::vector<Ref> accumulators; ops::ScalarFn combine; std::vector<Ref> values; };
/// dst (scalars) = all slots and lanes of the accumulators, combined in a tree that depends on lanes and slots only.
struct Fold { std::vector<Ref> dst; ops::ScalarFn combine; std::vector<Ref> accumulators; };
/// dst (i64) = coordinate, negative ones counted from the end; outside [-extent, extent) the kernel stops with a status.
struct Check { Ref dst; Ref coordinate; Int extent; int operand = 0; int axis = 0; Address position; };
/// to[c * to_stride + r] = from[r * from_stride + c] for a rows x cols block, both fast axes contiguous, transposed in registers.
/// ahead > 0: what lies so many elements further in each row is asked for in advance.
struct Transpose { BufferId from = -1, to = -1; Address from_at, to_at; Int from_stride, to_stride; int rows = 0, cols = 0; bool streaming = false; std::int64_t ahead = 0; };

/// Asks the memory system for what a later load will want. Never faults; one address a vector.
struct Prefetch { BufferId buffer = -1; Address at; bool far = false; };  ///< far: into the L2, for what is wanted after many other lines
/// For a vector loop of one strip: its element e = buffer[at + first + (e / period) * across + (e % period) * along]. The `span` elements from `at` on
/// are loaded as vectors and shuffled; `first` depends on unrolled loops only.
struct Spread { Ref dst; BufferId buffer = -1; Address at, first; std::int64_t span = 0, period = 1, across = 0, along = 0; };

enum class LoopKind { Serial, Parallel, Vector, Unrolled, Tile };
struct Statement;
using Body = std::vector<Statement>;

/// Serial, Parallel: variable 0, 1, ... extent - 1. Tile: 0, step, 2 step, ... (also Parallel with step > 1: parallel over tiles).
/// Vector: `unroll` vectors of `step` lanes at a time, then single vectors, the last one masked; nests at most one deep. Statements of an inner loop
/// are spelled out for all its vectors side by side (unroll and jam). Unrolled: constant extent, body repeated.
/// A loop inside a tile (outer >= 0) runs over [0, min(extent, outer_extent - outer variable)).
/// Parallel loops stand at the top of a kernel, in parts of at most `grain` iterations.
struct Loop {
  VarId var = -1;
  Int extent;
  LoopKind kind = LoopKind::Serial;
  std::int64_t step = 1;
  int unroll = 1;
  VarId outer = -1;
  Int outer_extent;
  std::int64_t grain = 1;
  /// Where only the run shows how many whole tiles there are: Whole runs to the extent (of the outer loop, if there is one) rounded down to a multiple of
  /// `unit`; Rest, a serial loop, from there to the extent; Last once at extent - unit if the extent is beyond `unit` and no multiple of it; Small over all of
  /// it if it is below `unit`, else not at all.
  enum class Part { All, Whole, Rest, Last, Small } part = Part::All;
  std::int64_t unit = 1;
  Body body;
};

struct Statement {
  std::variant<Load, Store, Index, Set, Apply, Update, Fold, Check, Transpose, Prefetch, Spread, Loop> node;
};

// ---------------------------------------------------------------- programs
struct Buffer {
  enum class Kind { Input, Output, Temporary, Constant, Local };
  std::string name;
  Kind kind = Kind::Input;
  DType dtype = DType::f32;
  int index = 0;               ///< Input: parameter of the graph. Output: result. Constant: graph.constants. Temporary: place, in 64-byte units
  std::int64_t elements = 0;   ///< Output, Temporary, Local (Local: in the kernel's stack frame, private to a thread, at most 128 KiB in sum)
};
/// Memory contract: outputs and temporaries are row-major, 64-byte aligned and overlap nothing. Inputs may overlap each other and have any alignment.

struct Kernel {
  std::string name;       ///< "k0"
  std::string schedule;   ///< what was chosen and why, a sentence a line, for --emit schedule
  std::vector<std::string> vars;
  std::vector<Register> registers;
  Body body;
  /// Not run if these two buffers are at one address: the copy that starts a scatter, when it updates in place.
  BufferId same_a = -1, same_b = -1;
  /// Run only if these parameters are multiples of these numbers; `otherwise`: only if the step before it is not.
  struct Condition {
    int param = -1;
    std::int64_t multiple = 1;
  };
  std::vector<Condition> only_if;
  bool otherwise = false;
};

/// One tile product of the runtime's matmul. Its buffers 0, 1, 2 are a, b and c as einx_rt_microkernel gets them, its parameters 0, 1, 2 the depth and the
/// 0 or 1 times that the tile is overwritten and added to.
struct MicroKernel {
  std::vector<Buffer> buffers;
  Kernel kernel;
};

/// einx_rt_matmul over offset tables (runtime/runtime.h says what the fields mean).
struct Matmul {
  std::string schedule;
  BufferId a = -1, b = -1, c = -1;
  DType dtype = DType::f32;
  std::int64_t offset_a = 0, offset_b = 0, offset_c = 0;
  std::vector<std::int64_t> batch_a, batch_b, batch_c, m_a, k_a, k_b, n_b, m_c, n_c;
  int mr = 0, nr = 0;
  std::int64_t line = 0, kc = 0, mc = 0, nc = 0, row_parts = 1, column_parts = 1, grain = 1;
  MicroKernel micro;
  enum class Rows { Direct, Lines, Depths } rows = Rows::Depths;  ///< of a: einx_rt_a_panel
  bool direct = false, streams = false, parallel = true;
};
/// einx_rt_sort along one axis, for all rows: extents and strides of the axes that are kept, and of the one that is sorted.
struct Sort {
  std::string schedule;
  BufferId from = -1, to = -1;
  DType dtype = DType::f32;  ///< of the elements; `to` holds them, or i64 positions
  bool positions = false;
  std::int64_t from_offset = 0, to_offset = 0;
  std::vector<std::int64_t> extents, from_strides, to_strides;  ///< elements
  std::int64_t length = 0, from_stride = 0, to_stride = 0;
};

/// A function of the user's, called for every assignment of the kept axes with views of the buffers.
struct Native {
  std::string schedule;
  std::shared_ptr<const ops::Native::Function> function;
  struct View {
    BufferId buffer = -1;
    DType dtype = DType::f32;
    std::int64_t offset = 0;
    std::vector<std::int64_t> kept_strides;  ///< one a kept axis
    Shape shape, strides;                    ///< of the sub-tensor
  };
  std::vector<View> inputs, outputs;
  std::vector<std::int64_t> extents;  ///< of the kept axes
};
using Step = std::variant<Kernel, Matmul, Sort, Native>;

struct Program {
  std::string name;
  std::vector<Buffer> buffers;
  std::vector<std::int64_t> parameters;  ///< values of the run-time parameters
  std::vector<graph::Type> inputs, outputs;
  std::vector<Tensor> constants;
  std::vector<Step> steps;
  /// Set by the lowering: a reduction that must not be empty is (the driver is never run; the caller raises this).
  std::string empty_reduction;
  /// Output 0 may be the memory of input 0 if that fits the contract: a scatter that writes where its tensor is.
  bool in_place = false;
};

/// The machine the schedules write for. All of it follows from the CPU level, so that equal levels give equal bits.
struct Machine {
  int vector_bytes = 16;       ///< 16, 32 or 64
  int vector_registers = 16;
  bool masks = false;          ///< masked loads and stores are cheap (AVX-512)
  bool fma = false;
  std::int64_t l1 = 32 << 10, l2 = 1 << 20, l3 = 16 << 20;
};

struct Options {
  bool dynamic = false;  ///< all extents and strides of operands become run-time parameters (the test hook of design.md)
};

/// Lowers every node to kernels and schedules them.
Program lower(const graph::Graph& graph, const Machine& machine, const Options& options = {});

// ---------------------------------------------------------------- one program for many sizes
/// What programs of graphs that differ in numbers only have in common (dynamic.cpp): where the numbers agreed they are constants, where they did not
/// parameters. Nothing is derived: another size is lowered again and compared. A value; copies share what does not change.
struct Template {
  Program program;  ///< scheduled: what to compile; its parameters are those of the first sample
  std::shared_ptr<const struct Pattern> pattern;
};

/// Of two or more samples: the same operations, passes done. nullopt if they differ in more than numbers.
std::optional<Template> generalise(std::span<const graph::Graph> samples, const Machine& machine);

/// The program of another size, or nullopt if the template does not fit it. Its code is the template's (codegen::rebind), so its kernels are names only:
/// it has parameters, buffers, types, constants and the plans of products, sorts and native functions of its own. Nothing is scheduled: microseconds.
std::optional<Program> instantiate(const Template& common, const graph::Graph& graph);

/// The loops as text (`--emit loops`); the decisions and their reasons (`--emit schedule`).
std::string text(const Program& program);
std::string schedule_text(const Program& program);

/// nullopt, or the broken rule: registers are written before they are read, vector loops do not nest, parallel loops are outermost, extents of unrolled loops are
/// constant, every address stays inside its buffer for all values of its variables (where all are constant and not indirect).
std::optional<std::string> verify(const Program& program);

}  // namespace einx::detail::loops
