// Graph text -> graph: a line a statement, every line checked by the verifier's rules as it is read. Whatever
// the text, the answer is a legal graph or a SyntaxError; time and memory are bounded by the length of the
// text.
#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <unordered_map>

#include "graph/literal.h"
#include "graph/normal.h"
#include "graph/parse_expression.h"
#include "graph/rules.h"
#include "graph/scan.h"

namespace einx::detail::graph {
namespace {

constexpr std::size_t kMaxText = std::size_t(4) << 20;
constexpr std::size_t kMaxRank = 64;
constexpr std::size_t kMaxAttributes = 16;  // they are searched by name

using Data = std::vector<std::pair<std::string, Tensor>>;

Type read_type(Scanner& line) {
  const std::size_t start = line.position();
  const std::string_view word = line.name("a type such as f32[2, 3]");
  const auto dtype = tensor::dtype_from(word);
  if (!dtype || name_of(*dtype) != word) {
    line.return_to(start);
    line.fail_expected("an element type: bool, i8 ... i64, u8 ... u64, f16, bf16, f32 or f64");
  }
  line.expect("[", "before the shape");
  const Shape shape = line.integers("]", "a size");
  std::optional<Shape> strides;
  if (line.accept(":")) strides = line.integers("]", "a stride");
  line.expect("]", "after the shape");

  const auto refuse = [&](std::string_view why) {
    line.return_to(start);
    line.fail(why);
  };
  if (shape.size() > kMaxRank) refuse("expected at most 64 axes");
  for (const std::int64_t size : shape)
    if (size < 0) refuse("expected sizes of at least 0");
  if (strides && strides->size() != shape.size()) refuse("expected one stride for every axis");
  if (!addressable(shape, *dtype) || (strides && !reachable(shape, *strides, *dtype)))
    refuse("expected a tensor that fits in memory");
  return make_type(*dtype, shape, strides);
}

class GraphParser {
 public:
  explicit GraphParser(const Data& data) : data_(data) {}
  Graph run(std::string_view text);

 private:
  struct Target {
    std::string name;
    Type type;
    std::size_t position = 0;
  };
  void read_signature(Scanner& line);
  void read_statement(Scanner& line);
  void read_return(Scanner& line);
  void read_constant(Scanner& line, const Target& target);
  void read_node(Scanner& line, const ops::Op& op, const std::vector<Target>& targets);
  void read_arguments(Scanner& line, Node& node);
  void read_keyword(Scanner& line, Node& node, Sizes& sizes);
  Tensor read_inline(Scanner& line, const Type& type);
  Tensor named_data(Scanner& line, const Type& type);

  Target read_target(Scanner& line);
  ValueId read_value(Scanner& line);
  void define(Scanner& line, const Target& target, ValueId id);

  const Data& data_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> ids_;
  std::vector<Type> result_types_;
};

GraphParser::Target GraphParser::read_target(Scanner& line) {
  Target target{.name = {}, .type = {}, .position = line.position()};
  target.name = line.name("the name of a value");
  if (!legal_value_name(target.name)) {
    line.return_to(target.position);
    line.fail_expected("the name of a value, which is not \"def\" or \"return\"");
  }
  return target;
}

ValueId GraphParser::read_value(Scanner& line) {
  const std::size_t start = line.position();
  const auto found = ids_.find(std::string(line.name("the name of a value")));
  if (found != ids_.end()) return found->second;
  line.return_to(start);
  line.fail_expected("a value that is defined above");
}

void GraphParser::define(Scanner& line, const Target& target, ValueId id) {
  if (ids_.emplace(target.name, id).second) return;
  line.return_to(target.position);
  line.fail("expected a new name: \"" + target.name + "\" is already defined");
}

void GraphParser::read_signature(Scanner& line) {
  line.expect("def", "at the beginning of a graph");
  graph_.name = line.name("the name of the graph");
  line.expect("(", "before the parameters");
  for (bool more = !line.accept(")"); more;) {
    Target target = read_target(line);
    line.expect(":", "and a type");
    const bool factory = line.accept("factory");
    target.type = read_type(line);
    const ValueId id = ValueId(graph_.values.size());
    define(line, target, id);
    graph_.values.push_back({target.name, target.type});
    graph_.parameters.push_back({id, factory});
    more = line.accept(",");
    if (!more) line.expect(")", "or ',' after a parameter");
  }
  line.expect("->", "and the types of the results");
  do result_types_.push_back(read_type(line));
  while (line.accept(","));
  line.expect(":", "at the end of the signature");
  line.expect_end();
}

void GraphParser::read_statement(Scanner& line) {
  std::vector<Target> targets;
  do {
    targets.push_back(read_target(line));
    line.expect(":", "and a type");
    targets.back().type = read_type(line);
  } while (line.accept(","));
  line.expect("=", "or ',' after a value");

  const std::size_t start = line.position();
  const std::string_view name = line.name("an operation");
  line.expect("(", "before the operands");
  if (name == "constant") {
    if (targets.size() != 1) line.fail("expected one value for a constant");
    read_constant(line, targets.front());
  } else if (const ops::Op* op = ops::find(name)) {
    read_node(line, *op, targets);
  } else {
    line.return_to(start);
    line.fail_expected("an operation; there is none called \"" + std::string(name) + "\"");
  }
}

Tensor GraphParser::read_inline(Scanner& line, const Type& type) {
  const std::size_t width = size_of(type.dtype);
  std::vector<std::byte>
      bytes;  // grows with what is read: the type may promise far more elements than the text has
  const auto read_axis = [&](const auto& self, std::size_t axis) -> void {
    if (axis == type.shape.size()) {
      const std::size_t start = line.position();
      bytes.resize(bytes.size() + width);
      if (read_element(line.element(), type.dtype, bytes.data() + bytes.size() - width)) return;
      line.return_to(start);
      line.fail_expected("an element of type " + std::string(name_of(type.dtype)));
    }
    line.expect("[", "before the elements of an axis");
    for (std::int64_t k = 0; k < type.shape[axis]; ++k) {
      if (k > 0) line.expect(",", "between elements, as many as the type says");
      self(self, axis + 1);
    }
    line.expect("]", "after the elements of an axis, as many as the type says");
  };
  const bool empty = std::find(type.shape.begin(), type.shape.end(), 0) != type.shape.end();
  if (empty) {
    line.expect("[", "before the elements");
    line.expect("]", "of a constant without elements");
  } else {
    read_axis(read_axis, 0);
  }
  Tensor tensor = Tensor::empty(type.shape, type.dtype);
  if (!empty) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  return tensor;
}

Tensor GraphParser::named_data(Scanner& line, const Type& type) {
  const std::size_t start = line.position();
  const std::string_view name = line.quoted("the name of the constant's data");
  for (const auto& [key, tensor] : data_) {
    if (key != name) continue;
    if (tensor.dtype() == type.dtype &&
        std::equal(tensor.shape().begin(), tensor.shape().end(), type.shape.begin(), type.shape.end()))
      return tensor;
    line.return_to(start);
    line.fail("expected data of type " + text(type) + ", as this constant is declared");
  }
  line.return_to(start);
  line.fail_expected("the name of data that was given beside the text");
}

void GraphParser::read_constant(Scanner& line, const Target& target) {
  const std::size_t start = line.position();
  const Tensor data = line.accept("\"") ? (line.return_to(start), named_data(line, target.type))
                                        : read_inline(line, target.type);
  line.expect(")", "after the constant");
  line.expect_end();
  if (make_type(target.type.dtype, target.type.shape) != target.type)
    line.fail("expected a constant of row-major type");
  const ValueId id = ValueId(graph_.values.size());
  define(line, target, id);
  graph_.values.push_back({target.name, target.type});
  graph_.constants.push_back({id, owned(data)});
}

void GraphParser::read_keyword(Scanner& line, Node& node, Sizes& sizes) {
  const std::size_t start = line.position();
  const std::string name(line.name("an axis or parameter"));
  const auto refuse = [&](const std::string& why) {
    line.return_to(start);
    line.fail(why);
  };
  for (const auto& [other, values] : node.attributes)
    if (other == name) refuse("expected \"" + name + "\" only once");
  if (sizes.count(name)) refuse("expected no size for \"" + name + "\": it is already known");

  line.expect("=", "and a size or list");
  if (line.accept("[")) {
    if (node.attributes.size() == kMaxAttributes) refuse("expected fewer parameters");
    node.attributes.emplace_back(name, line.integers("]", "an entry of the list"));
    line.expect("]", "at the end of the list");
    return;
  }
  const std::int64_t size = line.integer("a size or a list");
  if (size < 0) refuse("expected a size of at least 0");
  sizes.emplace(name, size);
}

void GraphParser::read_arguments(Scanner& line, Node& node) {
  const std::size_t first = line.position();
  while (!line.accept("\"")) {
    node.inputs.push_back(read_value(line));
    line.expect(",", "and another operand or the expression");
  }
  line.return_to(line.position() - 1);
  const std::size_t start = line.position();
  const std::string_view pattern = line.quoted("the expression");
  std::vector<Shape> shapes;
  for (const ValueId input : node.inputs) shapes.push_back(graph_.values[input].type.shape);
  try {
    const Words words = words_of(pattern);
    Sizes sizes = sizes_from(words, shapes);
    while (line.accept(",")) read_keyword(line, node, sizes);
    line.expect(")", "or ',' after the operands");
    node.expr = solved_from(pattern, words, sizes);
  } catch (const ExpressionError& error) {
    line.return_to(std::max(first, start));
    line.fail(error.message);
  }
}

void GraphParser::read_node(Scanner& line, const ops::Op& op, const std::vector<Target>& targets) {
  Node node{.op = &op};
  read_arguments(line, node);
  line.expect_end();
  for (const Target& target : targets) {
    const ValueId id = ValueId(graph_.values.size());
    define(line, target, id);
    graph_.values.push_back({target.name, target.type});
    node.outputs.push_back(id);
  }
  if (const auto broken = violation(graph_, node)) {
    line.return_to(targets.front().position);
    line.fail(broken->substr(0, broken->find('\n')));
  }
  graph_.nodes.push_back(std::move(node));
}

void GraphParser::read_return(Scanner& line) {
  const std::size_t start = line.position();
  do graph_.results.push_back(read_value(line));
  while (line.accept(","));
  line.expect_end();
  line.return_to(start);
  if (graph_.results.size() != result_types_.size())
    line.fail_expected(std::to_string(result_types_.size()) + " results, as the signature says");
  for (std::size_t k = 0; k < result_types_.size(); ++k) {
    const Value& result = graph_.values[graph_.results[k]];
    if (result.type != result_types_[k])
      line.fail("expected results of the types in the signature: " + result.name + " is " +
                text(result.type));
  }
}

Graph GraphParser::run(std::string_view text) {
  enum class State { Signature, Body, End };
  State state = State::Signature;
  int number = 0;
  std::string_view last;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    last = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    Scanner line(last, number);
    if (last.find_first_not_of(' ') == last.npos) continue;
    if (state == State::Signature) {
      read_signature(line);
      state = State::Body;
    } else if (state == State::End) {
      line.fail_expected("the end of the text after \"return\"");
    } else if (line.accept("return")) {
      read_return(line);
      state = State::End;
    } else {
      read_statement(line);
    }
  }
  if (state == State::Signature) graph_text_error(number, last, last.size(), "expected \"def\"");
  if (state == State::Body)
    graph_text_error(number, last, last.size(), "expected \"return\" at the end of the graph");
  return std::move(graph_);
}

}  // namespace

Graph parse(std::string_view text, const Data& data) {
  if (text.size() > kMaxText) graph_text_error(1, text.substr(0, 40), 0, "expected at most 4 MiB of text");
  return GraphParser(data).run(text);
}

}  // namespace einx::detail::graph
