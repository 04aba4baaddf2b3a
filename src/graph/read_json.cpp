// JSON -> graph: what json.cpp writes, or another program in its form. Types of outputs and sizes of axes that are left
// out follow, as in the text.
#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "graph/literal.h"
#include "graph/make_node.h"
#include "graph/normal.h"
#include "graph/rules.h"
#include "tensor/tensor.h"

namespace einx::detail::graph {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = std::size_t(64) << 20;
constexpr std::size_t kMaxRank = 64;

[[noreturn]] void json_error(const std::string& path, const std::string& message) {
  const std::string where = path.empty() ? "the graph's JSON: " : "\"" + path + "\" of the graph's JSON: ";
  support::raise<SyntaxError>({.kind = "graph-text", .sentence = where + message});
}

/// Keeps numbers with a fraction or an exponent as they are written: a float that went through a double would not
/// always be the same.
class Reader : public nlohmann::detail::json_sax_dom_parser<Json> {
 public:
  using json_sax_dom_parser::json_sax_dom_parser;
  bool number_float(double, const std::string& written) {
    std::string text = written;
    return string(text);
  }
};

/// A value and where it stands.
class Field {
 public:
  Field(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  [[noreturn]] void fail(const std::string& message) const { json_error(path_, message); }
  [[noreturn]] void fail_expected(const std::string& what) const {
    fail("expected " + what + ", not " + std::string(value_->type_name()));
  }
  const std::string& path() const { return path_; }

  Field at(const std::string& name) const {
    if (auto found = find(name)) return *found;
    fail("expected a field \"" + name + "\"");
  }
  std::optional<Field> find(const std::string& name) const {
    if (!value_->is_object()) fail_expected("an object");
    const auto found = value_->find(name);
    if (found == value_->end()) return std::nullopt;
    return Field(*found, path_.empty() ? name : path_ + "." + name);
  }
  std::string text() const {
    if (!value_->is_string()) fail_expected("a string");
    return value_->get<std::string>();
  }
  bool truth() const {
    if (!value_->is_boolean()) fail_expected("true or false");
    return value_->get<bool>();
  }
  std::int64_t integer() const {
    if (value_->is_number_unsigned() && value_->get<std::uint64_t>() <= std::uint64_t(INT64_MAX))
      return value_->get<std::int64_t>();
    if (value_->is_number_integer() && !value_->is_number_unsigned()) return value_->get<std::int64_t>();
    fail_expected("an integer of 64 bits");
  }
  std::vector<Field> items() const {
    if (!value_->is_array()) fail_expected("an array");
    std::vector<Field> items;
    for (const Json& item : *value_) items.emplace_back(item, path_ + "[" + std::to_string(items.size()) + "]");
    return items;
  }
  std::vector<std::pair<std::string, Field>> fields() const {
    if (!value_->is_object()) fail_expected("an object");
    std::vector<std::pair<std::string, Field>> fields;
    for (const auto& [name, value] : value_->items()) fields.emplace_back(name, Field(value, path_ + "." + name));
    return fields;
  }
  std::vector<std::int64_t> integers() const {
    std::vector<std::int64_t> values;
    for (const Field& item : items()) values.push_back(item.integer());
    return values;
  }
  bool is_array() const { return value_->is_array(); }
  /// An element of a constant as the text has it: numbers, true and false, or a string.
  std::string element() const {
    if (value_->is_string()) return value_->get<std::string>();
    if (value_->is_primitive() && !value_->is_null()) return value_->dump();
    fail_expected("a number");
  }

 private:
  const Json* value_;
  std::string path_;
};

DType read_dtype(const Field& field) {
  const std::string name = field.text();
  const auto dtype = tensor::dtype_from(name);
  if (!dtype || name_of(*dtype) != name) field.fail("expected an element type: bool, i8 ... f64, not \"" + name + "\"");
  return *dtype;
}

Type read_type(const Field& field) {
  const DType dtype = read_dtype(field.at("dtype"));
  const Field sizes = field.at("shape");
  const Shape shape = sizes.integers();
  if (shape.size() > kMaxRank || std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; }) ||
      !addressable(shape, dtype))
    sizes.fail("expected the shape of a tensor that fits in memory");
  const auto steps = field.find("strides");
  if (!steps) return make_type(dtype, shape);
  const Shape strides = steps->integers();
  if (strides.size() != shape.size() || !reachable(shape, strides, dtype))
    steps->fail("expected one stride for every axis, within memory");
  return make_type(dtype, shape, strides);
}

class JsonReader {
 public:
  explicit JsonReader(const DataSource& data) : data_(data) {}

  Graph run(const Field& graph) {
    graph_.name = graph.at("name").text();
    if (!legal_name(graph_.name)) graph.at("name").fail("expected a name of letters, digits and _");
    for (const Field& parameter : graph.at("parameters").items()) read_parameter(parameter);
    std::vector<Field> constants;
    if (const auto given = graph.find("constants")) constants = given->items();
    const std::vector<Field> nodes = graph.at("nodes").items();
    std::size_t next = 0;
    for (std::size_t n = 0; n <= nodes.size(); ++n) {
      for (; next < constants.size() && place_of(constants[next], nodes.size()) <= n; ++next)
        read_constant(constants[next]);
      if (n < nodes.size()) read_node(nodes[n]);
    }
    const Field results = graph.at("results");
    for (const Field& result : results.items()) graph_.results.push_back(value(result));
    if (graph_.results.empty()) results.fail("expected a result");
    return std::move(graph_);
  }

 private:
  /// Constants stand before the node of this number: the first one, if nothing is said.
  static std::size_t place_of(const Field& constant, std::size_t nodes) {
    const auto before = constant.find("before_node");
    if (!before) return 0;
    const std::int64_t place = before->integer();
    if (place < 0 || std::size_t(place) > nodes) before->fail("expected the number of a node");
    return std::size_t(place);
  }

  void define(const Field& field, const std::string& name, ValueId id) {
    if (!legal_value_name(name)) field.fail("expected the name of a value, not \"" + name + "\"");
    if (!ids_.emplace(name, id).second) field.fail("expected a new name: \"" + name + "\" is already defined");
  }
  ValueId value(const Field& field) const {
    const std::string name = field.text();
    const auto found = ids_.find(name);
    if (found == ids_.end()) field.fail("expected a value that is defined before; \"" + name + "\" is not");
    return found->second;
  }
  ValueId add_value(const Field& field, Type type) {
    const ValueId id = ValueId(graph_.values.size());
    const Field name = field.at("name");
    define(name, name.text(), id);
    graph_.values.push_back({name.text(), std::move(type)});
    return id;
  }

  void read_parameter(const Field& field) {
    const ValueId id = add_value(field, read_type(field));
    const auto factory = field.find("factory");
    graph_.parameters.push_back({id, factory && factory->truth()});
  }

  void read_constant(const Field& field) {
    const Type type = read_type(field);
    if (make_type(type.dtype, type.shape) != type) field.fail("expected a constant of row-major type");
    const ValueId id = add_value(field, type);
    const auto elements = field.find("data");
    graph_.constants.push_back({id, elements ? inline_data(*elements, type) : named_data(field, type)});
  }
  static Tensor inline_data(const Field& field, const Type& type) {
    const std::vector<Field> elements = field.items();
    const std::int64_t size = support::checked_product(type.shape).value_or(-1);
    if (std::int64_t(elements.size()) != size)
      field.fail("expected " + std::to_string(size) + " elements, as the shape says, not " + std::to_string(elements.size()));
    Tensor tensor = Tensor::empty(type.shape, type.dtype);
    auto* to = static_cast<std::byte*>(tensor.data());
    for (const Field& element : elements) {
      if (!read_element(element.element(), type.dtype, to))
        element.fail("expected an element of type " + std::string(name_of(type.dtype)));
      to += size_of(type.dtype);
    }
    return tensor;
  }
  Tensor named_data(const Field& field, const Type& type) const {
    const std::optional<Tensor> tensor = data_(field.at("name").text());
    if (!tensor) field.fail("expected \"data\", or data of this name that is given beside the JSON");
    if (tensor->dtype() != type.dtype ||
        !std::equal(tensor->shape().begin(), tensor->shape().end(), type.shape.begin(), type.shape.end()))
      field.fail("expected data of type " + graph::text(type));
    return owned(*tensor);
  }

  void read_node(const Field& field) {
    const Field name = field.at("op"), expression = field.at("expression");
    const ops::Op* op = nullptr;
    try {
      op = &ops::get(name.text());
    } catch (const OperationNotSupportedError& error) {
      std::string what = error.what();
      std::replace(what.begin(), what.end(), '\n', ' ');
      name.fail("expected an operation: " + what);
    }
    const std::string pattern = expression.text();
    WrittenNode written{op, {}, pattern, {}};
    for (const Field& input : field.at("inputs").items()) written.inputs.push_back(value(input));
    if (const auto axes = field.find("axes")) add_keywords(*axes, written.keywords);
    if (const auto attributes = field.find("attributes")) add_keywords(*attributes, written.keywords);
    std::vector<Target> targets;
    for (const Field& output : field.at("outputs").items()) {
      const std::string target = output.at("name").text();
      define(output, target, ValueId(graph_.values.size() + targets.size()));
      targets.push_back({target, output.find("dtype") ? std::optional(read_type(output)) : std::nullopt});
    }
    try {
      append_written(graph_, written, targets);
    } catch (const NodeError& error) {
      const bool in_expression = error.at == NodeError::At::Pattern;
      (in_expression ? expression : field).fail(error.message);
    }
  }
  static void add_keywords(const Field& field, std::vector<Keyword>& keywords) {
    for (const auto& [name, value] : field.fields()) {
      if (value.is_array()) keywords.push_back({name, true, value.integers()});
      else keywords.push_back({name, false, {value.integer()}});
    }
  }

  const DataSource& data_;
  Graph graph_;
  std::map<std::string, ValueId, std::less<>> ids_;
};

}  // namespace

Graph from_json(std::string_view text, const DataSource& data) {
  if (text.size() > kMaxText) json_error("", "expected at most 64 MiB of text");
  Json parsed;
  Reader reader(parsed, true);
  try {
    Json::sax_parse(text, &reader);
  } catch (const Json::exception& error) {
    json_error("", std::string("expected legal JSON: ") + error.what());
  }
  return JsonReader(data).run(Field(parsed, ""));
}

}  // namespace einx::detail::graph
