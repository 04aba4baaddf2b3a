// Graph text -> graphs: a line a statement, every line checked by the verifier's rules as it is read. Types that are
// not written are those that follow. Whatever the text, the answer is legal graphs or a SyntaxError; time and memory
// are bounded by the length of the text.
#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_map>

#include "graph/literal.h"
#include "graph/make_node.h"
#include "graph/normal.h"
#include "graph/rules.h"
#include "graph/scan.h"

namespace einx::detail::graph {
namespace {

constexpr std::size_t kMaxText = std::size_t(4) << 20;
constexpr std::size_t kMaxRank = 64;

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

/// One function, line by line.
class FunctionParser {
 public:
  explicit FunctionParser(const DataSource& data) : data_(data) {}
  void read_signature(Scanner& line);
  /// A statement, or `return`, which ends the function.
  void read_line(Scanner& line);
  bool ended() const { return ended_; }
  const std::string& name() const { return graph_.name; }
  Graph take() { return std::move(graph_); }

 private:
  struct Place {
    Target target;
    std::size_t position = 0;
  };
  void read_statement(Scanner& line);
  void read_return(Scanner& line);
  void read_constant(Scanner& line, const Place& place);
  void read_node(Scanner& line, const ops::Op& op, const std::vector<Place>& places);
  Keyword read_keyword(Scanner& line);
  Tensor read_inline(Scanner& line, const Type& type);
  Tensor named_data(Scanner& line, const Type& type);
  void check_results(Scanner& line, std::size_t start);

  Place read_target(Scanner& line);
  ValueId read_value(Scanner& line);
  void define(Scanner& line, const Place& place, ValueId id);

  const DataSource& data_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> ids_;
  std::vector<Type> result_types_;  ///< empty if the signature has none
  bool ended_ = false;
};

FunctionParser::Place FunctionParser::read_target(Scanner& line) {
  Place place{{}, line.position()};
  place.target.name = line.name("the name of a value");
  if (!legal_value_name(place.target.name)) {
    line.return_to(place.position);
    line.fail_expected("the name of a value, which is not \"def\" or \"return\"");
  }
  return place;
}

ValueId FunctionParser::read_value(Scanner& line) {
  const std::size_t start = line.position();
  const std::string name(line.name("the name of a value"));
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  line.return_to(start);
  line.fail_expected("a value that is defined above; \"" + name + "\" is not");
}

void FunctionParser::define(Scanner& line, const Place& place, ValueId id) {
  if (ids_.emplace(place.target.name, id).second) return;
  line.return_to(place.position);
  line.fail("expected a new name: \"" + place.target.name + "\" is already defined");
}

void FunctionParser::read_signature(Scanner& line) {
  line.expect("def", "at the beginning of a function");
  graph_.name = line.name("the name of the graph");
  line.expect("(", "before the parameters");
  for (bool more = !line.accept(")"); more;) {
    Place place = read_target(line);
    line.expect(":", "and a type");
    const bool factory = line.accept("factory");
    place.target.type = read_type(line);
    const ValueId id = ValueId(graph_.values.size());
    define(line, place, id);
    graph_.values.push_back({place.target.name, *place.target.type});
    graph_.parameters.push_back({id, factory});
    more = line.accept(",");
    if (!more) line.expect(")", "or ',' after a parameter");
  }
  if (line.accept("->")) {
    do result_types_.push_back(read_type(line));
    while (line.accept(","));
    line.expect(":", "at the end of the signature");
  } else {
    line.expect(":", "at the end of the signature, or '->' and the types of the results");
  }
  line.expect_end();
}

void FunctionParser::read_line(Scanner& line) {
  if (line.accept("return")) read_return(line);
  else read_statement(line);
}

void FunctionParser::read_statement(Scanner& line) {
  std::vector<Place> places;
  do {
    places.push_back(read_target(line));
    if (line.accept(":")) places.back().target.type = read_type(line);
  } while (line.accept(","));
  line.expect("=", "after the values, or ':' and a type");

  const std::size_t start = line.position();
  const std::string_view name = line.name("an operation");
  line.expect("(", "before the operands");
  if (name == "constant") {
    if (places.size() != 1) line.fail("expected one value for a constant");
    return read_constant(line, places.front());
  }
  try {
    read_node(line, ops::get(name), places);
  } catch (const OperationNotSupportedError& error) {
    std::string what = error.what();  // with the names that are near
    std::replace(what.begin(), what.end(), '\n', ' ');
    line.return_to(start);
    line.fail_expected("an operation: " + what);
  }
}

Tensor FunctionParser::read_inline(Scanner& line, const Type& type) {
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

Tensor FunctionParser::named_data(Scanner& line, const Type& type) {
  const std::size_t start = line.position();
  const std::optional<Tensor> tensor = data_(std::string(line.quoted("the name of the constant's data")));
  if (tensor && tensor->dtype() == type.dtype &&
      std::equal(tensor->shape().begin(), tensor->shape().end(), type.shape.begin(), type.shape.end()))
    return *tensor;
  line.return_to(start);
  if (!tensor) line.fail_expected("the name of data that was given beside the text");
  line.fail("expected data of type " + text(type) + ", as this constant is declared, not " +
            tensor::type_text(tensor->dtype(), tensor->shape(), tensor->strides()));
}

void FunctionParser::read_constant(Scanner& line, const Place& place) {
  const std::size_t start = line.position();
  if (!place.target.type) {
    line.return_to(place.position);
    line.fail("expected the type of a constant: " + place.target.name + ": f32[] = constant(...)");
  }
  const Type& type = *place.target.type;
  const Tensor data =
      line.accept("\"") ? (line.return_to(start), named_data(line, type)) : read_inline(line, type);
  line.expect(")", "after the constant");
  line.expect_end();
  if (make_type(type.dtype, type.shape) != type) line.fail("expected a constant of row-major type");
  const ValueId id = ValueId(graph_.values.size());
  define(line, place, id);
  graph_.values.push_back({place.target.name, type});
  graph_.constants.push_back({id, owned(data)});
}

Keyword FunctionParser::read_keyword(Scanner& line) {
  Keyword keyword{std::string(line.name("an axis or parameter")), false, {}};
  line.expect("=", "and a size or list");
  keyword.list = line.accept("[");
  if (!keyword.list) {
    keyword.values = {line.integer("a size or a list")};
    return keyword;
  }
  keyword.values = line.integers("]", "an entry of the list");
  line.expect("]", "at the end of the list");
  return keyword;
}

void FunctionParser::read_node(Scanner& line, const ops::Op& op, const std::vector<Place>& places) {
  WrittenNode written{&op, {}, {}, {}};
  const std::size_t first = line.position();
  while (!line.accept("\"")) {
    written.inputs.push_back(read_value(line));
    line.expect(",", "and another operand or the expression");
  }
  line.return_to(line.position() - 1);
  const std::size_t pattern = line.position();
  written.pattern = line.quoted("the expression");
  std::vector<std::size_t> keywords;
  while (line.accept(",")) {
    keywords.push_back(line.position());
    written.keywords.push_back(read_keyword(line));
  }
  line.expect(")", "or ',' after the operands");
  line.expect_end();

  std::vector<Target> targets;
  for (const Place& place : places) {
    define(line, place, ValueId(graph_.values.size() + targets.size()));
    targets.push_back(place.target);
  }
  try {
    append_written(graph_, written, targets);
  } catch (const NodeError& error) {
    switch (error.at) {
      case NodeError::At::Node: line.return_to(first); break;
      case NodeError::At::Pattern: line.return_to(pattern + 1 + error.index); break;
      case NodeError::At::Keyword: line.return_to(keywords[std::min(error.index, keywords.size() - 1)]); break;
      case NodeError::At::Target: line.return_to(places[error.index].position); break;
    }
    line.fail(error.message);
  }
}

void FunctionParser::read_return(Scanner& line) {
  const std::size_t start = line.position();
  do graph_.results.push_back(read_value(line));
  while (line.accept(","));
  line.expect_end();
  check_results(line, start);
  ended_ = true;
}

void FunctionParser::check_results(Scanner& line, std::size_t start) {
  line.return_to(start);
  if (result_types_.empty()) return;
  if (graph_.results.size() != result_types_.size())
    line.fail_expected(std::to_string(result_types_.size()) + " results, as the signature says");
  for (std::size_t k = 0; k < result_types_.size(); ++k) {
    const Value& result = graph_.values[graph_.results[k]];
    if (result.type != result_types_[k])
      line.fail("expected results of the types in the signature: " + result.name + " is " + text(result.type) +
                ", not " + text(result_types_[k]));
  }
}

// ---------------------------------------------------------------- files
/// The first line of a function is where a mistake about it as a whole stands.
struct Parsed {
  Graph graph;
  int number = 0;
  std::string_view line;
};

std::vector<Parsed> parse_functions(std::string_view text, const DataSource& data) {
  if (text.size() > kMaxText) graph_text_error(1, text.substr(0, 40), 0, "expected at most 4 MiB of text");
  std::vector<Parsed> functions;
  std::optional<FunctionParser> open;
  int number = 0;
  std::string_view last;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    last = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (last.ends_with('\r')) last.remove_suffix(1);
    Scanner line(last, ++number);
    if (line.at_end()) continue;
    if (!open) {
      open.emplace(data);
      open->read_signature(line);
      functions.push_back({{}, number, last});
      const auto same = [&](const Parsed& other) { return other.graph.name == open->name(); };
      if (std::any_of(functions.begin(), functions.end() - 1, same))
        graph_text_error(number, last, 0, "expected a new name: there is a function \"" + open->name() + "\" above");
      continue;
    }
    open->read_line(line);
    if (!open->ended()) continue;
    functions.back().graph = open->take();
    open.reset();
  }
  if (open) graph_text_error(number, last, last.size(), "expected \"return\" at the end of the graph");
  if (functions.empty()) graph_text_error(number, last, last.size(), "expected \"def\"");
  return functions;
}

}  // namespace

DataSource source_of(const std::vector<std::pair<std::string, Tensor>>& data) {
  return [&data](const std::string& name) -> std::optional<Tensor> {
    const auto found = std::find_if(data.begin(), data.end(), [&](const auto& entry) { return entry.first == name; });
    return found == data.end() ? std::nullopt : std::optional(found->second);
  };
}

std::vector<Graph> parse_all(std::string_view text, const DataSource& data) {
  std::vector<Graph> graphs;
  for (Parsed& function : parse_functions(text, data)) graphs.push_back(std::move(function.graph));
  return graphs;
}

Graph parse(std::string_view text, const std::vector<std::pair<std::string, Tensor>>& data) {
  std::vector<Parsed> functions = parse_functions(text, source_of(data));
  if (functions.size() == 1) return std::move(functions.front().graph);
  std::vector<std::string> names;
  for (const Parsed& function : functions) names.push_back(function.graph.name);
  graph_text_error(functions[1].number, functions[1].line, 0,
                   "expected one function, but there are " + std::to_string(names.size()) + ": " +
                       support::join(names, ", ") + "; parse_all reads all of them");
}

}  // namespace einx::detail::graph
