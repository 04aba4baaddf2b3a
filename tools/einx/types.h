// Operands of the command line: files, numbers, factories; or, for explain and bench, types without data.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "arguments.h"
#include "graph/graph.h"
#include "request.h"

namespace einx_command {

/// "f32[10, 10]", with strides "f32[10, 10 : 1, 10]". Raises UsageError.
einx::detail::graph::Type parse_type(std::string_view text);

/// Adds what a word stands for: "ones", "zeros", "iota", a number, or the path of an .npy file. Raises
/// ValueError "bad-file".
void add_operand(OperandList& operands, const std::string& word);
/// The same with types instead of files, for which tensors are made up: numbers of which no operation makes
/// anything special, and for integers small ones that are coordinates of every axis of the first operand.
/// Also "factory".
void add_typed_operand(OperandList& operands, const std::string& word);

using AddOperand = void (*)(OperandList& operands, const std::string& word);
/// Operation, pattern, operands and sizes. Raises UsageError, and OperationNotSupportedError for an unknown
/// operation.
Request read_request(const Arguments& arguments, AddOperand add);
/// The same for the tracer, from types alone: no tensor is made, however large the types are.
einx::detail::trace::Call read_call(const Arguments& arguments);

}  // namespace einx_command
