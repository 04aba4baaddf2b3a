#include "passes/workloads.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "passes/einsums.h"

namespace workloads {
namespace {

namespace graph = einx::detail::graph;
namespace notation = einx::detail::notation;
namespace ops = einx::detail::ops;
using einx::Shape;
using nlohmann::json;

json read(const std::string& name) {
  std::ifstream file(std::string(EINX_WORKLOADS) + "/" + name + ".json");
  if (!file) throw std::runtime_error("no workload " + name);
  return json::parse(file);
}

notation::Dim axis_dim(int axis) { return {notation::Dim::Kind::Axis, axis, {}}; }

int add_axis(notation::Solved& expr, std::int64_t size) {
  expr.axes.push_back({"a" + std::to_string(expr.axes.size()), size, false, false, ""});
  return int(expr.axes.size()) - 1;
}

/// The range of the last axis that a slice takes; the others are whole in these graphs.
std::pair<std::int64_t, std::int64_t> last_range(const json& op) {
  if (op["op"] == "narrow") return {op["args"][2], op["args"][2].get<std::int64_t>() + op["args"][3].get<std::int64_t>()};
  const json& slice = op["args"][1].back()["slice"];
  return {slice[0], slice[1]};
}

std::int64_t count(const Shape& shape) {
  std::int64_t out = 1;
  for (const std::int64_t size : shape) out *= size;
  return out;
}

einx::Tensor weights(const Shape& shape, einx::DType dtype) {
  std::vector<double> values(std::size_t(count(shape)));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = 0.5 + double((k * 37) % 101) / 101;
  return einx::Tensor::copy_of(values, shape).cast(dtype);
}

class Reader {
 public:
  Reader(bool constant_weights, einx::DType dtype) : constant_weights_(constant_weights), dtype_(dtype) {}

  graph::Graph read(const json& operations) {
    for (const json& op : operations) {
      if (op["op"] == "output") graph_.results = {value(op["args"])};
      else values_[op["id"]] = made(op);
    }
    return std::move(graph_);
  }

 private:
  graph::ValueId value(const json& reference) const { return values_.at(reference.at("ref").get<int>()); }
  const Shape& shape(graph::ValueId id) const { return graph_.values[std::size_t(id)].type.shape; }

  graph::ValueId made(const json& op) {
    const std::string kind = op["op"];
    const json args = op.value("args", json::array());
    if (kind == "placeholder") {
      const Shape shape = op["shape"].get<Shape>();
      if (op["name"] == "w" && constant_weights_) return graph::add_constant(graph_, weights(shape, dtype_));
      return einsums::parameter(graph_, shape, dtype_);
    }
    if (kind == "get_attr")
      return graph::add_constant(graph_, einx::Tensor::copy_of(op["values"].get<std::vector<double>>(), op["shape"].get<Shape>()).cast(dtype_));
    if (kind == "expand" || kind == "reshape") return reshaped(value(args[0]), op["shape"].get<Shape>());
    if (kind == "getitem" || kind == "narrow") return sliced(value(args[0]), last_range(op));
    if (kind == "einsum") return einsum(args);
    if (kind == "mul") return args[0].is_number() ? einsums::scaled(graph_, args[0], value(args[1])) : einsums::scaled(graph_, args[1], value(args[0]));
    if (kind == "truediv") return elementwise("true_divide", value(args[0]), graph::add_constant(graph_, einx::Tensor::full({}, args[1], dtype_)));
    if (kind == "add") return elementwise("add", value(args[0]), value(args[1]));
    if (kind == "cat") return concatenated(args[0]);
    throw std::runtime_error("an operation that no recorded graph has: " + kind);
  }

  graph::ValueId add(const char* op, notation::Solved expr, std::vector<graph::ValueId> inputs, std::size_t output = 0) {
    return graph::add_node(graph_, ops::get(op), std::move(expr), std::move(inputs)).at(output);
  }

  graph::ValueId einsum(const json& args) {
    std::vector<graph::ValueId> operands;
    for (std::size_t k = 1; k < args.size(); ++k) operands.push_back(value(args[k]));
    return einsums::einsum(graph_, args[0].get<std::string>(), operands);
  }

  /// Axes that both shapes can be written with; here there always are some.
  graph::ValueId reshaped(graph::ValueId from, const Shape& to) {
    notation::Solved expr;
    notation::TensorExpr input, output;
    const Shape& shape = this->shape(from);
    std::size_t i = 0, j = 0;
    std::int64_t left = 1, right = 1;
    notation::Dim a{notation::Dim::Kind::Group, -1, {}}, b = a;
    while (i < shape.size() || j < to.size()) {
      if (left == 1) left = i < shape.size() ? shape[i] : 1;
      if (right == 1) right = j < to.size() ? to[j] : 1;
      const std::int64_t size = std::min(left, right);
      if ((size == 0) != (left == 0 && right == 0) || (size && (left % size || right % size))) throw std::runtime_error("a reshape without common axes");
      const int axis = add_axis(expr, size);
      a.parts.push_back(axis_dim(axis));
      b.parts.push_back(axis_dim(axis));
      left = size ? left / size : 1;
      right = size ? right / size : 1;
      const auto close = [&](std::int64_t& rest, std::size_t& at, std::size_t count, notation::Dim& dim, notation::TensorExpr& tensor) {
        if (rest != 1 || at >= count) return;
        tensor.dims.push_back(dim);
        dim.parts.clear();
        ++at;
      };
      close(left, i, shape.size(), a, input);
      close(right, j, to.size(), b, output);
    }
    expr.inputs = {input};
    expr.outputs = {output};
    return add("id", std::move(expr), {from});
  }

  graph::ValueId sliced(graph::ValueId from, std::pair<std::int64_t, std::int64_t> range) {
    notation::Solved expr;
    notation::TensorExpr rest;
    const Shape shape = this->shape(from);
    for (std::size_t d = 0; d + 1 < shape.size(); ++d) rest.dims.push_back(axis_dim(add_axis(expr, shape[d])));
    notation::Dim sum{notation::Dim::Kind::Concat, -1, {}};
    std::size_t wanted = 0;
    for (const std::int64_t size : {range.first, range.second - range.first, shape.back() - range.second}) {
      if (size == 0) continue;
      if (int(sum.parts.size()) == (range.first > 0)) wanted = sum.parts.size();
      sum.parts.push_back(axis_dim(add_axis(expr, size)));
    }
    if (sum.parts.size() == 1) return from;
    for (const notation::Dim& part : sum.parts) {
      expr.outputs.push_back(rest);
      expr.outputs.back().dims.push_back(part);
    }
    rest.dims.push_back(sum);
    expr.inputs = {rest};
    return add("id", std::move(expr), {from}, wanted);
  }

  graph::ValueId elementwise(const char* op, graph::ValueId x, graph::ValueId y) {
    notation::Solved expr;
    notation::TensorExpr axes;
    for (const std::int64_t size : shape(x)) axes.dims.push_back(axis_dim(add_axis(expr, size)));
    expr.inputs = {axes, shape(y).empty() ? notation::TensorExpr{} : axes};
    expr.outputs = {axes};
    return add(op, std::move(expr), {x, y});
  }

  graph::ValueId concatenated(const json& parts) {
    notation::Solved expr;
    notation::TensorExpr all;
    std::vector<graph::ValueId> inputs;
    for (const json& part : parts) inputs.push_back(value(part));
    for (std::size_t d = 0; d + 1 < shape(inputs[0]).size(); ++d) all.dims.push_back(axis_dim(add_axis(expr, shape(inputs[0])[d])));
    notation::Dim sum{notation::Dim::Kind::Concat, -1, {}};
    for (const graph::ValueId input : inputs) {
      sum.parts.push_back(axis_dim(add_axis(expr, shape(input).back())));
      expr.inputs.push_back(all);
      expr.inputs.back().dims.push_back(sum.parts.back());
    }
    all.dims.push_back(sum);
    expr.outputs = {all};
    return add("id", std::move(expr), inputs);
  }

  bool constant_weights_;
  einx::DType dtype_;
  graph::Graph graph_;
  std::map<int, graph::ValueId> values_;
};

// ---------------------------------------------------------------- the recorded semantics, on plain arrays
struct Array {
  Shape shape;
  std::vector<double> values;
};

/// Every assignment of the labels, with the offset of each operand and of the output.
Array plain_einsum(const std::string& equation, const std::vector<const Array*>& operands, const Shape& shape) {
  const std::size_t arrow = equation.find("->");
  const std::string inputs = equation.substr(0, arrow), output = equation.substr(arrow + 2);
  std::string labels;
  std::map<char, std::int64_t> sizes;
  std::size_t operand = 0, place = 0;
  std::vector<std::map<char, std::int64_t>> strides(operands.size() + 1);
  const auto add_strides = [&](std::map<char, std::int64_t>& to, const std::string& letters, const Shape& of) {
    std::int64_t stride = 1;
    for (std::size_t k = letters.size(); k-- > 0; stride *= of[k]) to[letters[k]] += stride;
  };
  std::string term;
  for (const char letter : inputs + ",") {
    if (letter == ',') {
      add_strides(strides[operand], term, operands[operand]->shape);
      term.clear(), ++operand, place = 0;
      continue;
    }
    term += letter;
    sizes[letter] = operands[operand]->shape[place++];
  }
  add_strides(strides.back(), output, shape);
  for (const auto& entry : sizes) labels += entry.first;
  Array result{shape, std::vector<double>(std::size_t(count(shape)), 0)};
  std::vector<std::int64_t> index(labels.size(), 0), at(strides.size(), 0);
  for (;;) {
    double product = 1;
    for (std::size_t k = 0; k < operands.size(); ++k) product *= operands[k]->values[std::size_t(at[k])];
    result.values[std::size_t(at.back())] += product;
    std::size_t k = labels.size();
    while (k-- > 0) {
      ++index[k];
      const bool wrapped = index[k] == sizes[labels[k]];
      for (std::size_t s = 0; s < at.size(); ++s) at[s] += strides[s][labels[k]] * (wrapped ? 1 - index[k] : 1);
      if (!wrapped) break;
      index[k] = 0;
    }
    if (k == std::size_t(-1)) return result;
  }
}

Array plain_slice(const Array& from, std::pair<std::int64_t, std::int64_t> range) {
  Array out{from.shape, {}};
  out.shape.back() = range.second - range.first;
  for (std::size_t row = 0; row < from.values.size(); row += std::size_t(from.shape.back()))
    out.values.insert(out.values.end(), from.values.begin() + std::ptrdiff_t(row) + range.first, from.values.begin() + std::ptrdiff_t(row) + range.second);
  return out;
}

Array plain_cat(const std::vector<const Array*>& parts) {
  Array out{parts[0]->shape, {}};
  out.shape.back() = 0;
  for (const Array* part : parts) out.shape.back() += part->shape.back();
  for (std::size_t row = 0; row < parts[0]->values.size() / std::size_t(parts[0]->shape.back()); ++row)
    for (const Array* part : parts) {
      const auto first = part->values.begin() + std::ptrdiff_t(row) * part->shape.back();
      out.values.insert(out.values.end(), first, first + part->shape.back());
    }
  return out;
}

}  // namespace

Workload load(const std::string& name, bool constant_weights, einx::DType dtype) {
  const json file = read(name);
  Workload out{Reader(constant_weights, dtype).read(file["ops"]), file["flops_opt_einsum_fx"], -1};
  out.graph.name = name;
  int place = 0;
  for (const json& op : file["ops"]) {
    if (op["op"] != "placeholder") continue;
    if (op["name"] == "w") out.weights = place;
    ++place;
  }
  return out;
}

std::vector<double> run_plainly(const std::string& name, const std::vector<einx::Tensor>& operands) {
  std::map<int, Array> values;
  std::size_t next = 0;
  const json file = read(name);
  for (const json& op : file["ops"]) {
    const json args = op.value("args", json::array());
    const auto array = [&](const json& reference) -> const Array& { return values.at(reference.at("ref").get<int>()); };
    const std::string kind = op["op"];
    if (kind == "output") return array(args).values;
    Array made{op["shape"].get<Shape>(), {}};
    if (kind == "placeholder") {
      made.values = operands.at(next++).to_vector<double>();
    } else if (kind == "get_attr") {
      made.values = op["values"].get<std::vector<double>>();
    } else if (kind == "expand" || kind == "reshape") {
      made.values = array(args[0]).values;
    } else if (kind == "getitem" || kind == "narrow") {
      made = plain_slice(array(args[0]), last_range(op));
    } else if (kind == "einsum") {
      std::vector<const Array*> terms;
      for (std::size_t k = 1; k < args.size(); ++k) terms.push_back(&array(args[k]));
      made = plain_einsum(args[0], terms, made.shape);
    } else if (kind == "cat") {
      std::vector<const Array*> parts;
      for (const json& part : args[0]) parts.push_back(&array(part));
      made = plain_cat(parts);
    } else {
      const std::size_t first = args[0].is_number() ? 1 : 0;
      made.values = array(args[first]).values;
      const json& other = args[1 - first];
      for (std::size_t k = 0; k < made.values.size(); ++k) {
        double& value = made.values[k];
        if (kind == "mul") value *= other.get<double>();
        else if (kind == "truediv") value /= other.get<double>();
        else value += array(other).values[k];
      }
    }
    values[op["id"]] = std::move(made);
  }
  throw std::runtime_error("a workload without output");
}

}  // namespace workloads
