// The first stages of a call: its text and its shapes, through the notation layer.
#include "trace/dialects.h"
#include "trace/einx03.h"

namespace einx::detail::trace {
namespace {

notation::Operand as_notation_sees(const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::Tensor:
      return {operand.type.shape, ""};
    case Operand::Kind::WeakBool:
    case Operand::Kind::WeakInt:
    case Operand::Kind::WeakFloat:
      return {Shape{}, ""};
    case Operand::Kind::Factory:
      return {std::nullopt, "factory"};
    case Operand::Kind::Unknown:
      return {std::nullopt, "unknown"};
  }
  support::internal_error("an operand is of one of six kinds");
}

std::vector<notation::Operand> notation_operands(const Call& call) {
  if (is_list(call)) return {stacked_operand(call)};
  std::vector<notation::Operand> operands;
  for (const Operand& operand : call.operands) operands.push_back(as_notation_sees(operand));
  return operands;
}

}  // namespace

notation::Expanded expand(const Call& call) {
  if (call.keepdims && !call.op->keepdims)
    support::raise<TypeError>(
        {.kind = "python-signature", .sentence = std::string(call.op->name) + " has no parameter keepdims."});
  notation::Rules rules = ops::rules(*call.op, call.keepdims);
  rules.dialect = call.dialect;
  if (!call.function.empty()) rules.op = function_name(call);
  if (call.dialect == Dialect::Einx03) read_parameters_einx03(call, rules);
  return notation::read(call.pattern, rules, notation_operands(call), call.constraints);
}

notation::Solved solve(const Call& call, const notation::Expanded& expanded) {
  return notation::solve(expanded, notation_operands(call), call.constraints);
}

std::vector<Shape> operand_shapes(const notation::Solved& solved) {
  std::vector<Shape> shapes;
  for (const notation::TensorExpr& input : solved.inputs) shapes.push_back(notation::shape(solved, input));
  return shapes;
}

}  // namespace einx::detail::trace
