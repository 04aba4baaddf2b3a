#include "graph/make_node.h"

#include <algorithm>
#include <set>

#include "graph/normal.h"
#include "graph/parse_expression.h"
#include "graph/rules.h"

namespace einx::detail::graph {
namespace {

constexpr std::size_t kMaxKeywords = 4096;  // the notation's budget of axes

using At = NodeError::At;

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

/// Where a code point of a text begins.
std::size_t byte_of(std::string_view text, int code_point) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && code_point-- == 0) break;
  return at;
}

bool is_parameter(const ops::Op& op, const std::string& name) {
  const std::vector<std::string> known = ops::rules(op).reserved;
  return std::find(known.begin(), known.end(), name) != known.end();
}

// ---------------------------------------------------------------- expressions
/// Every axis by name, each with a size; nothing left to infer but what the operation's rules imply.
std::optional<notation::Solved> as_it_stands(const WrittenNode& written, const std::vector<Shape>& shapes) {
  if (written.pattern.find("->") == written.pattern.npos || written.pattern.find('.') != written.pattern.npos)
    return std::nullopt;
  try {
    const Words words = words_of(written.pattern);
    Sizes sizes = sizes_from(words, shapes);
    for (const Keyword& keyword : written.keywords) {
      if (is_parameter(*written.op, keyword.name)) continue;
      if (keyword.list || keyword.values[0] < 0) return std::nullopt;
      const auto [known, is_new] = sizes.emplace(keyword.name, keyword.values[0]);
      if (!is_new && known->second != keyword.values[0]) return std::nullopt;
    }
    return solved_from(written.pattern, words, sizes);
  } catch (const ExpressionError&) {
    return std::nullopt;
  }
}

/// As the expression of a call.
notation::Solved inferred(const WrittenNode& written, const std::vector<Shape>& shapes) {
  std::vector<notation::Operand> operands;
  for (const Shape& shape : shapes) operands.push_back({shape, ""});
  std::vector<notation::Constraint> sizes;
  for (const Keyword& keyword : written.keywords) {
    if (is_parameter(*written.op, keyword.name)) continue;
    notation::Constraint size{keyword.name, {}, keyword.values, ""};
    if (keyword.list) size.dims = {std::int64_t(keyword.values.size())};
    sizes.push_back(std::move(size));
  }
  try {
    const auto parsed = notation::parse(written.pattern);
    const auto expanded = notation::expand(parsed, ops::rules(*written.op), operands, sizes);
    return normal_form(notation::solve(expanded, operands, sizes));
  } catch (const InternalError&) {
    throw;
  } catch (const Error& error) {
    const std::size_t at = error.carets().empty() ? 0 : byte_of(written.pattern, error.carets().front());
    throw NodeError{"expected a legal expression: " + first_line(error.what()), At::Pattern, at};
  }
}

/// Sizes of axes that there are, each given once.
void check_keywords(const WrittenNode& written) {
  if (written.keywords.size() > kMaxKeywords) throw NodeError{"expected fewer keywords", At::Keyword, kMaxKeywords};
  const std::set<std::string, std::less<>> names = names_in(written.pattern);
  std::set<std::string_view> seen;
  for (std::size_t k = 0; k < written.keywords.size(); ++k) {
    const Keyword& keyword = written.keywords[k];
    if (!seen.insert(keyword.name).second)
      throw NodeError{"expected \"" + keyword.name + "\" only once", At::Keyword, k};
    if (is_parameter(*written.op, keyword.name)) continue;
    if (!names.contains(keyword.name))
      throw NodeError{"expected no size for \"" + keyword.name + "\": the expression has no such axis, and " +
                          std::string(written.op->name) + " no such parameter",
                      At::Keyword, k};
    if (std::any_of(keyword.values.begin(), keyword.values.end(), [](std::int64_t size) { return size < 0; }))
      throw NodeError{"expected a size of at least 0", At::Keyword, k};
  }
}

// ---------------------------------------------------------------- parameters
/// One entry for each bracketed axis of the first input; a single number counts for all of them.
Attributes attributes_of(const WrittenNode& written, const notation::Solved& expr) {
  Attributes attributes;
  for (const std::string& name : ops::rules(*written.op).reserved) {
    const auto given = std::find_if(written.keywords.begin(), written.keywords.end(),
                                    [&](const Keyword& keyword) { return keyword.name == name; });
    if (given == written.keywords.end())
      throw NodeError{"expected the parameter " + name + " of " + std::string(written.op->name)};
    const std::size_t entries = notation::axes_of(expr, expr.inputs.front(), true).size();
    std::vector<std::int64_t> values = given->values;
    if (!given->list) values.assign(entries, given->values[0]);
    if (values.size() != entries)
      throw NodeError{"expected " + std::to_string(entries) + " entries of " + name + ", one for each axis in brackets",
                      At::Keyword, std::size_t(given - written.keywords.begin())};
    attributes.emplace_back(name, std::move(values));
  }
  return attributes;
}

// ---------------------------------------------------------------- nodes
/// The node with values of the types that follow, at the end of the graph; the broken rule if it obeys not all of them,
/// and the graph is as before.
std::optional<std::string> add(Graph& graph, const WrittenNode& written, notation::Solved expr) {
  const std::size_t before = graph.values.size();
  Node node{written.op, std::move(expr), written.inputs, {}, {}};
  for (std::size_t k = 0; k < node.expr.outputs.size(); ++k) {
    node.outputs.push_back(ValueId(graph.values.size()));
    graph.values.push_back({"", {}});
  }
  node.attributes = attributes_of(written, node.expr);
  std::optional<std::string> broken = violation(graph, node, false);
  try {
    const std::vector<DType> dtypes = broken ? std::vector<DType>{} : output_dtypes(graph, node);
    for (std::size_t k = 0; k < dtypes.size(); ++k)
      graph.values[before + k].type = make_type(dtypes[k], notation::shape(node.expr, node.expr.outputs[k]));
    if (!broken) broken = violation(graph, node, true);
  } catch (const InternalError&) {
    throw;
  } catch (const Error& error) {
    broken = first_line(error.what());
  }
  if (broken)
    graph.values.resize(before);
  else
    graph.nodes.push_back(std::move(node));
  return broken;
}

void check_targets(const Graph& graph, std::span<const Target> targets) {
  const std::vector<ValueId>& outputs = graph.nodes.back().outputs;
  if (outputs.size() != targets.size())
    throw NodeError{"expected " + std::to_string(outputs.size()) + " names before '=', one for each result of " +
                        std::string(graph.nodes.back().op->name) + ", not " + std::to_string(targets.size()),
                    At::Target, 0};
  for (std::size_t k = 0; k < targets.size(); ++k) {
    const Type& type = graph.values[outputs[k]].type;
    if (targets[k].type && *targets[k].type != type)
      throw NodeError{"expected the type that follows from the operands: " + targets[k].name + " is " + text(type) +
                          ", not " + text(*targets[k].type),
                      At::Target, k};
  }
}

}  // namespace

std::vector<ValueId> append_written(Graph& graph, const WrittenNode& written, std::span<const Target> targets) {
  if (written.inputs.empty()) throw NodeError{"expected an operand"};
  check_keywords(written);
  std::vector<Shape> shapes;
  for (const ValueId input : written.inputs) shapes.push_back(graph.values[input].type.shape);
  std::optional<notation::Solved> complete = as_it_stands(written, shapes);
  if (!complete || add(graph, written, std::move(*complete)))
    if (const auto broken = add(graph, written, inferred(written, shapes))) throw NodeError{*broken};
  check_targets(graph, targets);
  const std::vector<ValueId> outputs = graph.nodes.back().outputs;
  for (std::size_t k = 0; k < outputs.size(); ++k) graph.values[outputs[k]].name = targets[k].name;
  return outputs;
}

}  // namespace einx::detail::graph
