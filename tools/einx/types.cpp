#include "types.h"

#include <algorithm>

#include "dialects.h"
#include "ops/ops.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx_command {
namespace {

namespace graph = einx::detail::graph;
namespace support = einx::detail::support;
namespace tensor = einx::detail::tensor;
namespace trace = einx::detail::trace;
using einx::DType;
using einx::Shape;
using einx::Tensor;

[[noreturn]] void no_type(std::string_view text, const std::string& why) {
  throw UsageError("\"" + std::string(text) + "\" is not an operand: " + why +
                   " (a type is \"f32[10, 10]\", with strides \"f32[10, 10 : 1, 10]\")");
}

Shape integers(std::string_view type, std::string_view text) {
  Shape values;
  for (const std::string& item : split_list(text)) {
    std::int64_t value = 0;
    if (!read_number(item, value)) no_type(type, "\"" + item + "\" is not an integer");
    values.push_back(value);
  }
  return values;
}

/// Where the elements of a type lie, relative to its first: [lowest, highest].
struct Extent {
  std::int64_t lowest = 0, highest = 0;
};
Extent extent_of(const graph::Type& type) {
  Extent extent;
  for (std::size_t axis = 0; axis < type.shape.size(); ++axis) {
    const auto reach =
        support::checked_mul(type.strides[axis], std::max<std::int64_t>(type.shape[axis] - 1, 0));
    std::int64_t& end = reach && *reach < 0 ? extent.lowest : extent.highest;
    const auto moved = reach ? support::checked_add(end, *reach) : std::nullopt;
    if (!moved) throw UsageError(graph::text(type) + " is too large");
    end = *moved;
  }
  return extent;
}

/// Reals in [0.5, 1.5) that repeat after a prime number of elements; integers 0, 1, 2, ... below `bound`.
Tensor made_up(std::int64_t elements, DType dtype, std::int64_t bound) {
  Tensor made = Tensor::empty({elements}, dtype);
  auto* address = static_cast<char*>(made.data());
  for (std::int64_t i = 0; i < elements; ++i, address += einx::size_of(dtype)) {
    const bool real = tensor::is_float(dtype);
    tensor::store(address, real ? tensor::make_scalar(0.5 + double(i % 1021) / 1021, dtype)
                                : tensor::make_scalar(i % bound, dtype));
  }
  return made;
}

/// The smallest axis of the first operand: what is below it is a coordinate of any of its axes.
std::int64_t smallest_axis(const OperandList& operands) {
  std::int64_t least = 100;
  if (operands.view().empty() || operands.view()[0].kind() != einx::Operand::Kind::Tensor) return least;
  for (const std::int64_t size : operands.view()[0].tensor().shape())
    least = std::min(least, std::max<std::int64_t>(size, 1));
  return least;
}

void add_made_up(OperandList& operands, const graph::Type& type) {
  const Extent extent = extent_of(type);
  Tensor memory = made_up(extent.highest - extent.lowest + 1, type.dtype, smallest_axis(operands));
  auto* first = static_cast<char*>(memory.data()) - extent.lowest * std::int64_t(einx::size_of(type.dtype));
  Tensor view = Tensor::view(static_cast<void*>(first), type.dtype, type.shape, type.strides);
  operands.keep(std::move(memory));
  operands.add(std::move(view));
}

/// Numbers and factories, which both kinds of command lines share; false for anything else.
bool add_common(OperandList& operands, const std::string& word) {
  std::int64_t integer = 0;
  double real = 0;
  if (word == "ones")
    operands.add(Factory(einx::ones));
  else if (word == "zeros")
    operands.add(Factory(einx::zeros));
  else if (word == "iota")
    operands.add(Factory(einx::iota));
  else if (word == "true" || word == "false")
    operands.add_weak(word == "true");
  else if (read_number(word, integer))
    operands.add_weak(integer);
  else if (read_number(word, real))
    operands.add_weak(real);
  else
    return false;
  return true;
}

einx::Dialect dialect_of(const Arguments& arguments) {
  const std::vector<std::string> given = arguments.values("--dialect");
  return given.empty() ? einx::Dialect::Einx : dialect_from(given.back());
}

/// Everything but the operands, which are the words from the third on.
Request read_head(const Arguments& arguments) {
  const einx::Dialect dialect = dialect_of(arguments);
  if (arguments.words.empty()) throw UsageError("an operation is missing (einx ops lists them)");
  const std::string& function = arguments.words[0];
  if (dialect == einx::Dialect::Einx)
    einx::detail::ops::get(function);  // an unknown one is the first thing to hear about
  if (arguments.words.size() < 2) throw UsageError("an expression is missing, such as \"a [b]\"");
  if (dialect == einx::Dialect::Einx03 && function == "arange" && arguments.words.size() > 2)
    throw UsageError("arange takes sizes and no operands");
  Request request;
  request.pattern = arguments.words[1];
  std::vector<Keyword> keywords;
  const einx::detail::ops::Op* op = einx::detail::ops::find(function);
  for (const auto& [name, value] : arguments.settings) {
    keywords.push_back(read_keyword(name, value));
    if (name == "keepdims" && op && op->keepdims && !keywords.back().flag)
      throw UsageError("keepdims is true or false");
  }
  complete(request, dialect, function, keywords);
  return request;
}

trace::Operand traced_operand(const std::string& word) {
  OperandList number;
  if (word == "factory") return {trace::Operand::Kind::Factory, {}};
  if (!add_common(number, word)) return {trace::Operand::Kind::Tensor, parse_type(word)};
  Request request{.op = "id"};
  request.operands = std::move(number);
  return traced(request).operands.front();
}

}  // namespace

graph::Type parse_type(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const std::size_t open = whole.find('[');
  if (open == std::string_view::npos || !whole.ends_with(']'))
    no_type(text, "neither a type nor a number nor a factory");
  const auto dtype = tensor::dtype_from(trimmed(whole.substr(0, open)));
  if (!dtype) no_type(text, "unknown dtype");
  const std::string_view inner = whole.substr(open + 1, whole.size() - open - 2);
  const std::size_t colon = inner.find(':');
  Shape shape = integers(text, trimmed(inner.substr(0, colon)));
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; }))
    no_type(text, "a size is negative");
  if (colon == std::string_view::npos) return graph::make_type(*dtype, std::move(shape));
  Shape strides = integers(text, trimmed(inner.substr(colon + 1)));
  if (strides.size() != shape.size()) no_type(text, "there is not one stride for every axis");
  return graph::make_type(*dtype, std::move(shape), std::move(strides));
}

void add_operand(OperandList& operands, const std::string& word) {
  if (!add_common(operands, word)) operands.add(einx::load_npy(word));
}

void add_typed_operand(OperandList& operands, const std::string& word) {
  if (word == "factory")
    operands.add(Factory(einx::iota));
  else if (!add_common(operands, word))
    add_made_up(operands, parse_type(word));
}

Request read_request(const Arguments& arguments, AddOperand add) {
  Request request = read_head(arguments);
  for (std::size_t k = 2; k < arguments.words.size(); ++k) add(request.operands, arguments.words[k]);
  return request;
}

trace::Call read_call(const Arguments& arguments) {
  trace::Call call = traced(read_head(arguments));
  for (std::size_t k = 2; k < arguments.words.size(); ++k)
    call.operands.push_back(traced_operand(arguments.words[k]));
  return call;
}

}  // namespace einx_command
