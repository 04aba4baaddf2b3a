// Traced functions of numbers and rows as scalar functions and passes.
//
// A row's reductions become passes: what needs no other reduction is accumulated in the first pass, what needs the results of that in the second, and so on;
// equal accumulators are kept once. Everything between them is written into the scalar functions that use it.
#include "api/compose.h"

#include <algorithm>

#include "passes/passes.h"
#include "support/support.h"

namespace einx::detail::api {
namespace {

using graph::ValueId;

[[noreturn]] void not_possible(std::string_view op, const std::string& what) {
  support::raise<ValueError>({.kind = "bad-parameter",
                              .sentence = "The function of the operation '" + std::string(op) + "' " + what});
}

tensor::Scalar number_of(std::string_view op, const graph::Constant& constant) {
  if (constant.data.rank() != 0)
    not_possible(op, "uses a tensor that is not a single number; give it to the operation as an operand.");
  return tensor::load(constant.data.data(), constant.data.dtype());
}

const ops::Map& map_of(std::string_view op, const graph::Node& node, const ops::Resolved& resolved) {
  if (const auto* map = std::get_if<ops::Map>(&resolved.meaning)) return *map;
  not_possible(op, "uses " + std::string(node.op->name) + ", which does not work element by element.");
}

}  // namespace

int write(ops::Composer& to, std::string_view op, const graph::Graph& graph, std::span<const int> parameters) {
  std::vector<int> at(graph.values.size(), -1);
  for (std::size_t k = 0; k < parameters.size(); ++k) at[std::size_t(graph.parameters[k].value)] = parameters[k];
  for (const graph::Constant& constant : graph.constants)
    at[std::size_t(constant.value)] = to.constant(number_of(op, constant));
  for (const graph::Node& node : graph.nodes) {
    const ops::Resolved resolved = graph::resolve(graph, node);
    std::vector<int> args;
    for (const ValueId input : node.inputs) args.push_back(at[std::size_t(input)]);
    const ops::Map& map = map_of(op, node, resolved);
    if (!graph.values[std::size_t(node.outputs[0])].type.shape.empty())
      not_possible(op, "makes more than a single number of its arguments with " + std::string(node.op->name) + ".");
    at[std::size_t(node.outputs[0])] = to.call(map.fn, args)[0];
  }
  const ValueId result = graph.results[0];
  return to.cast(at[std::size_t(result)], graph.values[std::size_t(result)].type.dtype);
}

namespace {

/// One pass of one of the row's reductions.
struct Part {
  std::size_t node = 0, pass = 0;
};

class RowWriter {
 public:
  RowWriter(std::string_view op, const graph::Graph& graph) : op_(op), graph_(graph) {
    for (const graph::Node& node : graph_.nodes) {
      resolved_.push_back(graph::resolve(graph_, node));
      check(node, resolved_.back());
    }
    maker_.assign(graph_.values.size(), kNone);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) maker_[std::size_t(graph_.nodes[n].outputs[0])] = n;
    find_levels();
  }

  ops::Rows write() {
    first_accumulator_.resize(graph_.nodes.size());
    for (const std::vector<Part>& level : parts_) add_pass(level);
    const ValueId result = graph_.results[0];
    rows_.per_element = !shape(result).empty();
    if (rows_.passes.empty() && !rows_.per_element)
      not_possible(op_, "returns a number that does not depend on the row.");
    if (rows_.passes.empty()) add_empty_pass();
    rows_.nonempty = nonempty_ && !rows_.per_element;
    rows_.result = result_function(result);
    return std::move(rows_);
  }

 private:
  static constexpr std::size_t kNone = std::size_t(-1);

  const ops::Rows* reduction(std::size_t node) const { return std::get_if<ops::Rows>(&resolved_[node].meaning); }
  const Shape& shape(ValueId value) const { return graph_.values[std::size_t(value)].type.shape; }
  DType row_dtype() const { return graph_.values[std::size_t(graph_.parameters[0].value)].type.dtype; }

  void check(const graph::Node& node, const ops::Resolved& resolved) const {
    const std::string name(node.op->name);
    for (const ValueId value : node.inputs)
      if (shape(value).size() > 1) not_possible(op_, "makes more than a row with " + name + ".");
    if (shape(node.outputs[0]).size() > 1) not_possible(op_, "makes more than a row with " + name + ".");
    const auto* rows = std::get_if<ops::Rows>(&resolved.meaning);
    if (rows == nullptr) return void(map_of(op_, node, resolved));
    bool whole = !rows->coordinates;
    for (const ValueId value : node.inputs) whole &= shape(value) == Shape{kRowLength};
    for (const notation::Axis& axis : node.expr.axes) whole &= axis.bracketed;
    if (!whole) not_possible(op_, "uses " + name + " on something else than the whole row.");
  }

  /// The number of passes that must be over before a value is known; each reduction's passes follow those that its operands need.
  void find_levels() {
    std::vector<std::size_t> level(graph_.values.size(), 0);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      std::size_t own = 0;
      for (const ValueId input : graph_.nodes[n].inputs) own = std::max(own, level[std::size_t(input)]);
      if (const ops::Rows* rows = reduction(n)) {
        for (std::size_t pass = 0; pass < rows->passes.size(); ++pass, ++own) {
          if (parts_.size() <= own) parts_.resize(own + 1);
          parts_[own].push_back({n, pass});
        }
        nonempty_ |= rows->nonempty;
      }
      level[std::size_t(graph_.nodes[n].outputs[0])] = own;
    }
  }

  /// A function under construction and where its arguments are; -1 for those that it does not have.
  struct Place {
    ops::Composer to;
    int element = -1, accumulators = -1, count = -1, position = -1;
    std::vector<int> known;  ///< the node of each value of the graph that has been written
    Place(std::vector<DType> args, std::size_t values) : to(std::move(args)), known(values, -1) {}
  };

  int value(Place& place, ValueId id) const {
    int& known = place.known[std::size_t(id)];
    if (known >= 0) return known;
    const std::size_t node = maker_[std::size_t(id)];
    if (node != kNone) return known = made(place, node);
    if (id == graph_.parameters[0].value) return known = place.to.arg(place.element);
    const auto constant = std::ranges::find(graph_.constants, id, &graph::Constant::value);
    return known = place.to.constant(number_of(op_, *constant));
  }

  std::vector<int> operands(Place& place, std::size_t node) const {
    std::vector<int> args;
    for (const ValueId input : graph_.nodes[node].inputs) args.push_back(value(place, input));
    return args;
  }

  /// The accumulators of the first `passes` passes of a reduction, and the count.
  void append_accumulators(Place& place, std::size_t node, std::size_t passes, std::vector<int>& args) const {
    for (std::size_t pass = 0; pass < passes; ++pass)
      for (std::size_t k = 0; k < reduction(node)->passes[pass].identity.size(); ++k)
        args.push_back(place.to.arg(place.accumulators + first_accumulator_[node][pass] + int(k)));
    args.push_back(place.to.arg(place.count));
  }

  /// What a pass accumulates for an element.
  std::vector<int> mapped(Place& place, const Part& part) const {
    std::vector<int> args = operands(place, part.node);
    append_accumulators(place, part.node, part.pass, args);
    args.push_back(place.position >= 0 ? place.to.arg(place.position) : -1);
    return place.to.call(reduction(part.node)->passes[part.pass].map, args);
  }

  int made(Place& place, std::size_t node) const {
    const ops::Rows* rows = reduction(node);
    if (rows == nullptr)
      return place.to.call(std::get<ops::Map>(resolved_[node].meaning).fn, operands(place, node))[0];
    std::vector<int> args;
    if (rows->per_element) {
      args = operands(place, node);
      for (const int last : mapped(place, {node, rows->passes.size() - 1})) args.push_back(last);
    }
    append_accumulators(place, node, rows->passes.size(), args);
    return place.to.call(rows->result, args)[0];
  }

  std::vector<DType> accumulator_dtypes() const {
    std::vector<DType> dtypes;
    for (const ops::Pass& pass : rows_.passes)
      for (const tensor::Scalar& identity : pass.identity) dtypes.push_back(identity.dtype);
    return dtypes;
  }

  /// Accumulators that are kept in one pass, and what they are made of.
  struct Kept {
    std::vector<int> mapped;
    std::string combine;
    std::vector<tensor::Scalar> identity;
    int first = 0;
  };

  void add_pass(const std::vector<Part>& parts) {
    std::vector<DType> args = {row_dtype()};
    const std::vector<DType> earlier = accumulator_dtypes();
    args.insert(args.end(), earlier.begin(), earlier.end());
    args.insert(args.end(), {DType::i64, DType::i64});
    Place place(args, graph_.values.size());
    place.element = 0, place.accumulators = 1;
    place.count = int(args.size()) - 2, place.position = int(args.size()) - 1;
    std::vector<Kept> kept;
    std::vector<Part> sources;
    std::vector<int> results;
    ops::Pass made;
    for (const Part& part : parts) {
      const ops::Pass& from = reduction(part.node)->passes[part.pass];
      Kept one{mapped(place, part), ops::text(from.combine), from.identity, int(earlier.size() + results.size())};
      const auto same = std::ranges::find_if(kept, [&](const Kept& other) {
        return other.mapped == one.mapped && other.combine == one.combine &&
               std::ranges::equal(other.identity, one.identity, [](const auto& a, const auto& b) { return a.u == b.u; });
      });
      first_accumulator_[part.node].push_back(same == kept.end() ? one.first : same->first);
      if (same == kept.end()) {
        results.insert(results.end(), one.mapped.begin(), one.mapped.end());
        made.identity.insert(made.identity.end(), from.identity.begin(), from.identity.end());
        sources.push_back(part);
        kept.push_back(std::move(one));
      }
    }
    made.map = place.to.finish(results);
    made.combine = combination(sources, made.identity);
    last_ = std::move(sources);
    rows_.passes.push_back(std::move(made));
  }

  /// (accumulators, values) -> accumulators, of all parts side by side.
  ops::ScalarFn combination(const std::vector<Part>& parts, const std::vector<tensor::Scalar>& identity) const {
    std::vector<DType> args;
    for (int twice = 0; twice < 2; ++twice)
      for (const tensor::Scalar& one : identity) args.push_back(one.dtype);
    ops::Composer to(args);
    std::vector<int> results;
    for (const Part& part : parts) {
      const ops::Pass& pass = reduction(part.node)->passes[part.pass];
      const int width = int(pass.identity.size()), first = int(results.size()), all = int(identity.size());
      std::vector<int> own;
      for (const int side : {first, all + first})
        for (int k = 0; k < width; ++k) own.push_back(to.arg(side + k));
      for (const int result : to.call(pass.combine, own)) results.push_back(result);
    }
    return to.finish(results);
  }

  /// Meanings have at least one pass; this one does nothing.
  void add_empty_pass() {
    const tensor::Scalar no = tensor::make_scalar(std::int64_t(0), DType::boolean);
    ops::Composer map({row_dtype(), DType::i64, DType::i64}), combine({DType::boolean, DType::boolean});
    const int nothing = map.constant(no), first = combine.arg(0);
    rows_.passes.push_back({map.finish(std::span(&nothing, 1)), combine.finish(std::span(&first, 1)), {no}});
  }

  ops::ScalarFn result_function(ValueId result) const {
    std::vector<DType> args;
    const std::vector<DType> accumulators = accumulator_dtypes();
    const std::vector<tensor::Scalar>& last = rows_.passes.back().identity;
    if (rows_.per_element) {
      args.push_back(row_dtype());
      for (const tensor::Scalar& identity : last) args.push_back(identity.dtype);
    }
    const int first = int(args.size());
    args.insert(args.end(), accumulators.begin(), accumulators.end());
    args.push_back(DType::i64);
    Place place(args, graph_.values.size());
    if (rows_.per_element) place.element = 0;
    place.accumulators = first, place.count = int(args.size()) - 1;
    if (rows_.per_element) use_mapped(place);
    const int made = place.to.cast(value(place, result), graph_.values[std::size_t(result)].type.dtype);
    return place.to.finish(std::span(&made, 1));
  }

  /// A value that the last pass accumulated as it is waits for the result, like the exponentials of softmax.
  void use_mapped(Place& place) const {
    int arg = 1;
    for (const Part& part : last_) {
      const ops::Pass& pass = reduction(part.node)->passes[part.pass];
      const ValueId input = graph_.nodes[part.node].inputs[0];
      if (forwards(pass.map) && graph_.nodes[part.node].inputs.size() == 1 && maker_[std::size_t(input)] != kNone &&
          graph_.values[std::size_t(input)].type.dtype == resolved_[part.node].operands[0])
        place.known[std::size_t(input)] = place.to.cast(place.to.arg(arg), graph_.values[std::size_t(input)].type.dtype);
      arg += int(pass.identity.size());
    }
  }
  static bool forwards(const ops::ScalarFn& map) {
    const ops::ScalarNode* node = &map.nodes[std::size_t(map.results[0])];
    if (node->prim == ops::Prim::Cast && node->dtype == DType::f32) node = &map.nodes[std::size_t(node->args[0])];
    return map.results.size() == 1 && node->prim == ops::Prim::Arg && node->arg == 0 &&
           ops::computed_dtype(node->dtype) == map.result_dtype();
  }

  std::string_view op_;
  const graph::Graph& graph_;
  std::vector<ops::Resolved> resolved_;         ///< of each node
  std::vector<std::size_t> maker_;              ///< of each value: its node
  std::vector<std::vector<Part>> parts_;        ///< of each pass
  std::vector<std::vector<int>> first_accumulator_;  ///< of each node's passes
  std::vector<Part> last_;                      ///< what the last pass accumulates
  bool nonempty_ = false;
  ops::Rows rows_;
};

}  // namespace

ops::Rows rows_of(std::string_view op, const graph::Graph& graph) {
  const graph::Graph lean = passes::run(graph);
  return RowWriter(op, lean).write();
}

}  // namespace einx::detail::api
