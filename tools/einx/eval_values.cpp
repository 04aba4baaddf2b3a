#include "eval_values.h"

#include <cmath>
#include <limits>

#include "support/support.h"
#include "tensor/tensor.h"

namespace einx_command {
namespace {

namespace support = einx::detail::support;
namespace tensor = einx::detail::tensor;
using einx::DType;
using einx::Shape;
using einx::Tensor;
using einx::detail::notation::Constraint;

DType read_dtype(const Json& input) {
  const std::string name = input.at("dtype").get<std::string>();
  const auto dtype = tensor::dtype_from(name);
  if (!dtype) bad_case("there is no dtype " + name);
  return *dtype;
}

double special(const std::string& text) {
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  bad_case("\"" + text + "\" is not a number");
}

/// Integers never pass through double: they are exact to the last of 64 bits.
tensor::Scalar read_scalar(const Json& value, DType dtype) {
  if (value.is_boolean()) return tensor::make_scalar(std::int64_t(value.get<bool>()), dtype);
  if (value.is_string()) return tensor::make_scalar(special(value.get<std::string>()), dtype);
  if (value.is_number_unsigned()) {
    tensor::Scalar wide;
    wide.dtype = DType::u64;
    wide.u = value.get<std::uint64_t>();
    return tensor::convert(wide, dtype);
  }
  if (value.is_number_integer()) return tensor::make_scalar(value.get<std::int64_t>(), dtype);
  if (value.is_number()) return tensor::make_scalar(value.get<double>(), dtype);
  bad_case(value.dump() + " is not a number");
}

Shape read_shape(const Json& values) {
  Shape shape;
  for (const Json& size : values) {
    if (!size.is_number_integer() ||
        (size.is_number_unsigned() && size.get<std::uint64_t>() > std::uint64_t(INT64_MAX)))
      bad_case("a shape has integers only");
    shape.push_back(size.get<std::int64_t>());
  }
  return shape;
}

Tensor read_tensor(const Json& input) {
  const Shape shape = read_shape(input.at("shape"));
  const DType dtype = read_dtype(input);
  Tensor result = Tensor::zeros(shape, dtype);
  if (!input.contains("data")) return result;
  const Json& data = input.at("data");
  if (std::int64_t(data.size()) != result.size())
    bad_case("there are " + std::to_string(data.size()) + " values for shape " + support::tuple_text(shape));
  auto* address = static_cast<char*>(result.data());
  for (const Json& value : data) {
    tensor::store(address, read_scalar(value, dtype));
    address += einx::size_of(dtype);
  }
  return result;
}

Factory read_factory(const Json& factory) {
  const std::int64_t modulus = factory.at("iota_mod").get<std::int64_t>();
  const DType dtype = read_dtype(factory);
  if (modulus <= 0) bad_case("iota_mod must be positive");
  return [modulus, dtype](const Shape& shape) {
    Tensor result = Tensor::empty(shape, dtype);
    auto* address = static_cast<char*>(result.data());
    for (std::int64_t i = 0; i < result.size(); ++i, address += einx::size_of(dtype))
      tensor::store(address, tensor::make_scalar(i % modulus, dtype));
    return result;
  };
}

void add_scalar(OperandList& operands, const Json& input, bool weak) {
  const std::string kind = input.at("scalar").get<std::string>();
  const DType dtype = kind == "bool" ? DType::boolean : kind == "int" ? DType::i64 : DType::f64;
  if (dtype == DType::f64 && kind != "float") bad_case("a scalar is int, float or bool, not " + kind);
  Tensor scalar = Tensor::empty({}, dtype);
  tensor::store(scalar.data(), read_scalar(input.at("value"), dtype));
  if (!weak)
    operands.add(std::move(scalar));
  else if (dtype == DType::boolean)
    operands.add_weak(scalar.item<bool>());
  else if (dtype == DType::i64)
    operands.add_weak(scalar.item<std::int64_t>());
  else
    operands.add_weak(scalar.item<double>());
}

Json element(const void* address, DType dtype) {
  const tensor::Scalar value = tensor::load(address, dtype);
  if (dtype == DType::boolean) return value.i != 0;
  if (tensor::is_unsigned(dtype)) return value.u;
  if (!tensor::is_float(dtype)) return value.i;
  if (std::isnan(value.f)) return "nan";
  if (std::isinf(value.f)) return value.f > 0 ? "inf" : "-inf";
  return value.f;
}

bool is_size(const Json& value) {
  return value.is_number_integer() &&
         !(value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t(INT64_MAX));
}

/// Appends the leaves of nested lists of one shape; false if something is not an integer or the lists are
/// ragged.
bool read_sizes(const Json& value, std::size_t depth, Constraint& into) {
  if (!value.is_array()) {
    if (!is_size(value) || depth != into.dims.size()) return false;
    into.values.push_back(value.get<std::int64_t>());
    return true;
  }
  if (depth == into.dims.size()) {
    if (!into.values.empty()) return false;
    into.dims.push_back(std::int64_t(value.size()));
  }
  if (into.dims[depth] != std::int64_t(value.size())) return false;
  for (const Json& item : value)
    if (!read_sizes(item, depth + 1, into)) return false;
  return true;
}

}  // namespace

void bad_case(const std::string& why) {
  support::raise<einx::ValueError>({.kind = "bad-parameter", .sentence = "This is not a case: " + why + "."});
}

void add_input(OperandList& operands, const Json& input, bool weak_scalars) {
  if (input.contains("none"))
    operands.add_unknown();
  else if (input.contains("factory"))
    operands.add(read_factory(input.at("factory")));
  else if (input.contains("scalar"))
    add_scalar(operands, input, weak_scalars);
  else
    operands.add(read_tensor(input));
}

Json to_json(const Tensor& given) {
  const Tensor dense = given.contiguous() ? given : given.clone();
  Json data = Json::array();
  const auto* address = static_cast<const char*>(dense.data());
  for (std::int64_t i = 0; i < dense.size(); ++i, address += einx::size_of(dense.dtype()))
    data.push_back(element(address, dense.dtype()));
  return {{"shape", Shape(dense.shape().begin(), dense.shape().end())},
          {"dtype", tensor::long_name(dense.dtype())},
          {"data", std::move(data)}};
}

Constraint to_size(const std::string& name, const Json& value) {
  Constraint size{.name = name};
  if (!read_sizes(value, 0, size)) size = {.name = name, .not_integer = value.dump()};
  return size;
}

namespace {

Json nested(const einx::detail::notation::AxisValue& value, std::size_t depth, std::size_t& next) {
  if (depth == value.dims.size()) return value.values.at(next++);
  Json list = Json::array();
  for (std::int64_t i = 0; i < value.dims[depth]; ++i) list.push_back(nested(value, depth + 1, next));
  return list;
}

}  // namespace

Json to_json(const einx::detail::notation::AxisValue& value) {
  std::size_t next = 0;
  return nested(value, 0, next);
}

}  // namespace einx_command
