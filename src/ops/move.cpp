// id: permute, reshape, broadcast, take diagonals, concatenate, split. The meaning is in the index maps; no
// arithmetic.
#include "ops/rules.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

Resolved resolve_move(const Op&, std::span<const DType> operands) {
  Resolved out;
  out.result = tensor::promote(operands);
  out.operands.assign(operands.size(), out.result);
  out.meaning = Move{};
  return out;
}

constexpr Op kMove[] = {
    make_op(notation::Family::Id, "id", 1, -1,
            "moves elements: permute, reshape, repeat, diagonal, concatenate, split", resolve_move),
};

/// Number of pieces of a tensor after its concatenations are split: a product over dimensions and groups, a
/// sum over `+`.
std::size_t pieces(const notation::Dim& dim) {
  if (dim.kind == notation::Dim::Kind::Axis) return 1;
  const bool sum = dim.kind == notation::Dim::Kind::Concat;
  std::size_t count = sum ? 0 : 1;
  for (const notation::Dim& part : dim.parts) count = sum ? count + pieces(part) : count * pieces(part);
  return count;
}

std::size_t pieces(const notation::TensorExpr& expr) {
  std::size_t count = 1;
  for (const notation::Dim& dim : expr.dims) count *= pieces(dim);
  return count;
}

/// A function says how many outputs it fills; the notation lets it have any number.
std::vector<DType> native_dtypes(const Op& op, const notation::Solved& expr,
                                 std::span<const DType> operands) {
  std::vector<DType> results = std::get<Native>(op.resolve(op, operands).meaning).results;
  if (results.size() != expr.outputs.size())
    support::raise<SemanticError>({.kind = "num-output-exprs",
                                   .sentence = std::string(op.name) + " fills " +
                                               std::to_string(results.size()) + " outputs, but there are " +
                                               std::to_string(expr.outputs.size()) + " output expressions."});
  return results;
}

}  // namespace

std::vector<const Op*> move_rows() { return addresses(kMove); }

std::vector<DType> output_dtypes(const Op& op, const notation::Solved& expr,
                                 std::span<const DType> operands) {
  if (op.family == notation::Family::Native) return native_dtypes(op, expr, operands);
  if (op.family != notation::Family::Id)
    return std::vector<DType>(expr.outputs.size(), op.resolve(op, operands).result);
  std::vector<DType> of_piece;
  for (std::size_t i = 0; i < expr.inputs.size(); ++i)
    of_piece.insert(of_piece.end(), pieces(expr.inputs[i]), operands[i]);

  std::vector<DType> out;
  std::size_t first = 0;
  for (const notation::TensorExpr& output : expr.outputs) {
    const std::size_t count = pieces(output);
    if (first + count > of_piece.size()) support::internal_error("id: an output piece has no input piece");
    out.push_back(tensor::promote(std::span(of_piece).subspan(first, count)));
    first += count;
  }
  return out;
}

}  // namespace einx::detail::ops
