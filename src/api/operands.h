// Operands of a call as the cache, the tracer and the kernels see them. Private to the api layer.
#pragma once
#include "api/api.h"
#include "cache/cache.h"

namespace einx::detail::api {

/// The part of the key that every operand of a call shares: operation, pattern, parameters, sizes.
void key_call(cache::KeyBuilder& key, const CallInfo& info);
/// kind and, for tensors, type. A factory is keyed by the tensor it gave, if it has been called.
void key_operand(cache::KeyBuilder& key, const Operand& operand, const Tensor* made);

std::vector<notation::Constraint> constraints(const Axes& axes);
trace::Operand describe(const Operand& operand);
/// Raises ValueError "bad-shape" for a type that no tensor can have, "bad-view" for strides that do not fit it; `which` names it there.
graph::Type type_of(const Spec& spec, const std::string& which);
/// A weak number as a rank-0 tensor.
Tensor number(const Operand& operand, DType dtype);
/// Calls a factory: CallOperationError "runtime" if it throws. `op`, `pattern`: for the message; a pattern may be left out.
Tensor run_factory(const Operand& operand, const Shape& shape, std::size_t position, std::string_view op, std::string_view pattern = {});
/// The same, and what it gives must have the shape (else the same error).
Tensor call_factory(const Operand& operand, const Shape& shape, std::size_t position, const CallInfo& info);
/// SemanticError "num-output-exprs" unless the expression has as many outputs as the call takes.
void require_results(const CallInfo& info, std::size_t outputs, std::size_t wanted);
/// For the retrace monitor: what this miss looked like.
cache::Signature signature(const trace::Call& call);

}  // namespace einx::detail::api
