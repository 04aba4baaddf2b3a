// Hand-built programs for the code generator's tests.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "codegen/codegen.h"

namespace programs {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops;

inline Int of(std::int64_t value) { return {value}; }
inline Ref reg(RegId id, std::vector<VarId> index = {}) { return {id, std::move(index)}; }
inline Address at(std::vector<Address::Term> terms, std::int64_t offset = 0) {
  return {of(offset), std::move(terms), {}};
}
inline Address::Term along(VarId var, std::int64_t stride = 1) { return {var, of(stride)}; }

inline Loop loop(VarId var, std::int64_t extent, LoopKind kind, Body body, std::int64_t step = 1,
                 int unroll = 1) {
  Loop result;
  result.var = var;
  result.extent = of(extent);
  result.kind = kind;
  result.step = step;
  result.unroll = unroll;
  result.body = std::move(body);
  return result;
}

inline ops::ScalarNode arg_node(int arg, DType dtype) {
  ops::ScalarNode node;
  node.dtype = dtype;
  node.arg = arg;
  return node;
}

/// prim(arg 0, ...) of operands of one dtype.
inline ops::ScalarFn function(ops::Prim prim, std::vector<DType> args, DType result) {
  ops::ScalarFn fn;
  fn.args = args;
  ops::ScalarNode node;
  node.prim = prim;
  node.dtype = result;
  for (std::size_t k = 0; k < args.size(); ++k) {
    fn.nodes.push_back(arg_node(int(k), args[k]));
    node.args[k] = int(k);
  }
  fn.nodes.push_back(node);
  fn.results = {int(args.size())};
  return fn;
}

/// A program of one kernel; buffers and registers are added by the test.
struct Builder {
  Program program;
  Kernel kernel;
  BufferId buffer(Buffer::Kind kind, DType dtype, std::int64_t elements, int index = 0) {
    program.buffers.push_back({"b", kind, dtype, index, elements});
    return BufferId(program.buffers.size()) - 1;
  }
  RegId reg(DType dtype, int lanes = 0, int slots = 0, std::vector<std::int64_t> extents = {}) {
    kernel.registers.push_back(
        {"r" + std::to_string(kernel.registers.size()), dtype, std::move(extents), lanes, slots});
    return RegId(kernel.registers.size()) - 1;
  }
  std::shared_ptr<const codegen::Code> compile(const codegen::Target& target,
                                               codegen::Listing* listing = nullptr) {
    program.name = "test";
    program.steps.push_back(kernel);
    return codegen::compile(program, target, listing);
  }
};

/// All levels that this machine has.
inline std::vector<codegen::Target> targets() {
  std::vector<codegen::Target> found;
  for (const char* name : {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    codegen::Target target = codegen::target_named(name);
    if (target.level == name) found.push_back(target);
  }
  return found;
}

inline int run(const codegen::Code& code, std::vector<const void*> inputs, std::vector<void*> outputs,
               einx_status* status = nullptr) {
  einx_status local{};
  return code.run(inputs.data(), outputs.data(), status ? status : &local);
}

inline std::vector<std::int64_t> sizes(std::int64_t width) {
  return {0, 1, width - 1, width, width + 1, 2 * width + 3, 97, 257};
}

}  // namespace programs
