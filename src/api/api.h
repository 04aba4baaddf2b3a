// Front door of the api layer, for the command and the tests: the pipeline and finished signatures. The public functions are thin over it.
#pragma once
#include <einx/einx.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "graph/graph.h"
#include "graph/read.h"
#include "loops/loops.h"
#include "trace/trace.h"

namespace einx::detail::api {

/// A finished signature: what the cache holds and einx::Graph wraps. Immutable.
struct Executable {
  graph::Graph graph;                         ///< after the passes
  std::vector<graph::Type> inputs, outputs;
  std::shared_ptr<const codegen::Code> code;  ///< null: the reference interpreter runs it (EINX_JIT=0)
  std::string empty_reduction;                ///< not empty: running it raises this
  bool in_place = false;                      ///< result 0 may be the very memory of operand 0

  /// The bytes around the address of element (0, ...) that a tensor's elements lie in.
  struct Reach {
    std::int64_t low = 0, high = 0;
  };
  std::vector<Reach> reaches;             ///< of the inputs; both 0 for an empty one
  std::vector<std::int64_t> output_bytes;

  /// Not empty: what runs is no graph but this (a program with control flow); `outputs` only counts the results then.
  std::function<std::vector<Tensor>(std::span<const Tensor>)> program;
  /// Inputs behind the operands: tensors of the function's own, read where they are.
  std::vector<Tensor> captured;
  /// Tensors of which a copy is in the code: compared before it runs.
  struct Baked {
    Tensor original, copy;
  };
  std::vector<Baked> baked;
};
using ExecutablePtr = std::shared_ptr<const Executable>;

/// Nanoseconds of each stage of a first call.
struct Stages {
  double parse = 0, solve = 0, trace = 0, lower = 0, emit = 0, compile = 0;
  double passes = 0, generate = 0, link = 0;  ///< parts of `compile`, unless the object came from the disk
  double instructions = 0;                    ///< emitted, of codegen's budget
};

/// How to compile; the defaults are what every call uses.
struct Options {
  bool jit = true;               ///< false: reference interpreter
  loops::Options loops;
  const codegen::Target* target = nullptr;  ///< null: the host, as EINX_CPU limits it
};
Options default_options();

/// The pipeline, a line a stage.
ExecutablePtr compile(const trace::Call& call, const Options& options = default_options(), Stages* stages = nullptr);
/// Its second half, for graphs that exist already (traced functions, graph text).
ExecutablePtr compile(graph::Graph graph, const Options& options = default_options(), Stages* stages = nullptr);

/// The graph that the second half begins with: after the pipeline's passes.
ExecutablePtr compile_as_it_is(graph::Graph graph, const Options& options = default_options(), Stages* stages = nullptr);
/// With code that exists: `program` is that of this graph (loops::instantiate).
ExecutablePtr bound(graph::Graph graph, const loops::Program& program, std::shared_ptr<const codegen::Code> code);

/// A call as the tracer wants it. Factories keep kind Factory with an empty type.
trace::Call describe(const CallInfo& info);

/// Runs a signature on tensors of its inputs' types (not checked here). `results`: undefined tensors are allocated, others written to.
void run(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor> results);

/// The same on addresses of the elements (0, ...), for an executable with code.
void run_code(const Executable& executable, const void* const* inputs, void** outputs);
void run(const Executable& executable, const void* const* inputs, std::span<Tensor> results);

std::vector<const Tensor*> addresses(std::span<const Tensor> tensors);
/// The same for operands held by value, into fresh results.
std::vector<Tensor> run(const Executable& executable, std::span<const Tensor> operands);

/// The same into the caller's tensors of any strides, which may overlap the operands. Raises ValueError or TypeError if their type is not the results'.
void run_into(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor* const> results);
/// The same on addresses, for an executable with code. Allocates nothing if the results fit the memory contract of generated code.
void run_into(const Executable& executable, const void* const* inputs, std::span<Tensor* const> results);
/// The same into memory that is described only; shape and dtype are checked, ValueError or TypeError if they are not the results'.
void run_into(const Executable& executable, const void* const* inputs, std::span<const MutableView> results);

/// Tensors and numbers (of i64, f64 or bool) as tensors, for callees without an expression that would give a factory its shape. TypeError "operand-kind" for other
/// operands, with `callee` ("A traced function").
std::vector<Tensor> operand_tensors(std::span<const Operand> operands, std::string_view callee);

/// The finished signature of a call, from the cache or compiled into it, and the tensors to run it on (weak numbers as rank-0 tensors,
/// factories called).
struct Prepared {
  ExecutablePtr executable;
  std::vector<Tensor> operands;
};
Prepared prepare(const CallInfo& info);

/// A call of something that is compiled for its operands' types but is no operation: a traced function, an entry of a module.
struct Invocation {
  std::uint64_t identity;  ///< tells functions apart
  Location site;           ///< misses count for it
  std::span<const Operand> operands;
};
std::uint64_t new_identity();
/// Makes an executable for tensors of these types; calls `compiles` before it traces or compiles something: a miss of the call's site.
using MakeFor = std::function<ExecutablePtr(std::span<const Tensor> operands, const std::function<void()>& compiles)>;
/// Runs what the caches have, or what `make` gives; `results_for` gives room for so many results. False: nothing was run, since a tensor
/// of which the code has a copy is not what it was.
bool invoke(const Invocation& call, const MakeFor& make,
            const std::function<std::span<Tensor>(std::size_t)>& results_for);
/// Whether the caches have it.
bool cached(const Invocation& call);

/// A signature that is compiled when it is first needed: its graph after the passes, and what gives the executable (from the cache, or into it).
struct Deferred {
  graph::Graph graph;
  std::function<ExecutablePtr()> make;
};
Deferred defer(const CallInfo& info);

/// A graph for users, which compiles itself when it is first needed. The way back: the graph in it, as it was made.
einx::Graph make_public(graph::Graph graph);
const graph::Graph& graph_of(const einx::Graph& graph);

/// arange of einx 0.3 as a call of id in the default dialect: an operand that counts for every axis, put side by side.
struct Counting {
  std::string pattern;
  std::vector<Tensor> operands;
  std::vector<notation::Constraint> sizes;
};
Counting count(std::string_view pattern, std::span<const notation::Constraint> sizes, DType dtype, bool merge);

}  // namespace einx::detail::api

/// What a public Graph holds.
struct einx::Graph::Impl {
  using Make = std::function<einx::detail::api::ExecutablePtr()>;
  Impl(std::string name, einx::detail::graph::Graph made, Make make) : source(std::move(name)), graph(std::move(made)), make_(std::move(make)) {}

  const std::string source;                ///< "sum(\"a [b]\")", for messages
  const einx::detail::graph::Graph graph;  ///< as it was made: a call's after the passes, others before them
  /// Compiled by the first thread that asks; others wait. What compiling raises is raised, and the next one tries again.
  const einx::detail::api::Executable& executable() const {
    const auto* ready = ready_.load(std::memory_order_acquire);
    return ready ? *ready : compile();
  }

 private:
  const einx::detail::api::Executable& compile() const;
  mutable std::mutex mutex_;
  mutable Make make_;
  mutable einx::detail::api::ExecutablePtr executable_;
  mutable std::atomic<const einx::detail::api::Executable*> ready_ = nullptr;
};
