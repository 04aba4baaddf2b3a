// The table of primitives, and the text of a scalar function.
#include <charconv>
#include <cmath>

#include "ops/ops.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

struct PrimRow {
  Prim prim;
  std::string_view name;
  int arity;
};

// clang-format off
constexpr PrimRow kPrims[] = {
    {Prim::Arg, "arg", 0},        {Prim::Const, "const", 0},     {Prim::Cast, "cast", 1},
    {Prim::Add, "add", 2},        {Prim::Sub, "sub", 2},         {Prim::Mul, "mul", 2},
    {Prim::Div, "div", 2},        {Prim::FloorDiv, "floor_div", 2},
    {Prim::Max, "max", 2},        {Prim::Min, "min", 2},         {Prim::Abs, "abs", 1},
    {Prim::Neg, "neg", 1},        {Prim::Lt, "lt", 2},           {Prim::Le, "le", 2},
    {Prim::Eq, "eq", 2},          {Prim::Ne, "ne", 2},           {Prim::And, "and", 2},
    {Prim::Or, "or", 2},          {Prim::Not, "not", 1},         {Prim::NonZero, "nonzero", 1},
    {Prim::IsNan, "is_nan", 1},   {Prim::Select, "select", 3},   {Prim::Exp, "exp", 1},
    {Prim::Log, "log", 1},        {Prim::Log1p, "log1p", 1},     {Prim::Sqrt, "sqrt", 1},
    {Prim::Floor, "floor", 1},    {Prim::Tanh, "tanh", 1},
    {Prim::Erf, "erf", 1},        {Prim::Sin, "sin", 1},         {Prim::Cos, "cos", 1},
    {Prim::Pow, "pow", 2},
};
// clang-format on

consteval bool in_enum_order() {
  for (std::size_t i = 0; i < std::size(kPrims); ++i)
    if (std::size_t(kPrims[i].prim) != i) return false;
  return std::size(kPrims) == std::size_t(Prim::Pow) + 1;
}
static_assert(in_enum_order(), "kPrims is indexed by Prim");

std::string number_text(const tensor::Scalar& value) {
  if (value.dtype == boolean) return value.i != 0 ? "true" : "false";
  if (tensor::is_unsigned(value.dtype)) return std::to_string(value.u);
  if (tensor::is_integer(value.dtype)) return std::to_string(value.i);
  char buffer[64];
  const bool narrow = value.dtype != f64;  // shortest digits that give the value back in its own precision
  const auto end = narrow ? std::to_chars(buffer, buffer + sizeof buffer, float(value.f)).ptr
                          : std::to_chars(buffer, buffer + sizeof buffer, value.f).ptr;
  return std::string(buffer, end);
}

std::string numbered(char letter, int index) { return std::string(1, letter).append(std::to_string(index)); }

std::string node_text(const ScalarFn& fn, int index) {
  const ScalarNode& node = fn.nodes[index];
  if (node.prim == Prim::Arg) return numbered('a', node.arg);
  if (node.prim == Prim::Const) return number_text(node.constant);
  return numbered('t', index);
}

std::string call_text(const ScalarFn& fn, const ScalarNode& node) {
  std::vector<std::string> operands;
  for (int k = 0; k < arity_of(node.prim); ++k) operands.push_back(node_text(fn, node.args[k]));
  if (node.prim == Prim::Cast) operands.emplace_back(name_of(node.dtype));
  return std::string(name_of(node.prim)).append("(").append(support::join(operands, ", ")).append(")");
}

}  // namespace

std::string_view name_of(Prim prim) { return kPrims[int(prim)].name; }
int arity_of(Prim prim) { return kPrims[int(prim)].arity; }

bool ScalarFn::uses(int arg) const {
  for (const ScalarNode& node : nodes)
    if (node.prim == Prim::Arg && node.arg == arg) return true;
  return false;
}

std::string text(const ScalarFn& fn) {
  std::vector<std::string> args, lines, results;
  for (DType dtype : fn.args) args.emplace_back(einx::name_of(dtype));
  for (std::size_t i = 0; i < fn.nodes.size(); ++i)
    if (arity_of(fn.nodes[i].prim) > 0)
      lines.push_back(numbered('t', int(i)).append(" = ").append(call_text(fn, fn.nodes[i])));
  for (int result : fn.results) results.push_back(node_text(fn, result));
  lines.push_back(support::join(results, ", "));
  return std::string("(")
      .append(support::join(args, ", "))
      .append(") -> ")
      .append(support::join(lines, "; "));
}

}  // namespace einx::detail::ops
