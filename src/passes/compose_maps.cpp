#include "passes/compose_maps.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "passes/rewrite.h"

namespace einx::detail::passes {
namespace {

using notation::Axis;
using notation::Dim;
using notation::Solved;
using notation::TensorExpr;

/// Which dimensions stand for an axis; none for an axis of size 1 that has none on the other side.
using AxisMap = std::map<int, std::vector<Dim>>;

Dim axis_dim(int axis) {
  Dim dim;
  dim.axis = axis;
  return dim;
}

Dim grouped(std::vector<Dim> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  Dim group;
  group.kind = Dim::Kind::Group;
  group.parts = std::move(parts);
  return group;
}

/// What a dimension becomes, as the parts of a group: groups in groups are spliced, as the notation has them.
void replaced(const Dim& dim, const AxisMap& map, std::vector<Dim>& out) {
  if (dim.kind == Dim::Kind::Axis) {
    const auto found = map.find(dim.axis);
    if (found == map.end())
      out.push_back(dim);
    else
      out.insert(out.end(), found->second.begin(), found->second.end());
  } else if (dim.kind == Dim::Kind::Group) {
    for (const Dim& part : dim.parts) replaced(part, map, out);
  } else {
    Dim sum;
    sum.kind = Dim::Kind::Concat;
    for (const Dim& part : dim.parts) {
      std::vector<Dim> parts;
      replaced(part, map, parts);
      sum.parts.push_back(grouped(std::move(parts)));
    }
    out.push_back(std::move(sum));
  }
}

TensorExpr replaced(const TensorExpr& expr, const AxisMap& map) {
  TensorExpr result;
  for (const Dim& dim : expr.dims) {
    std::vector<Dim> parts;
    replaced(dim, map, parts);
    result.dims.push_back(grouped(std::move(parts)));
  }
  return result;
}

/// The concatenations in text order. Pieces are paired by it.
void collect_sums(const Dim& dim, std::vector<Dim>& sums) {
  if (dim.kind == Dim::Kind::Concat)
    sums.push_back(dim);
  else
    for (const Dim& part : dim.parts) collect_sums(part, sums);
}

std::vector<Dim> sums_of(const TensorExpr& expr) {
  std::vector<Dim> sums;
  for (const Dim& dim : expr.dims) collect_sums(dim, sums);
  return sums;
}

/// Two solved expressions over one list of axes, whose dimensions are cut until they correspond.
class Frame {
 public:
  Frame(const Solved& map, const Solved& other) : solved_{map.axes, {}, {}}, shift_(int(map.axes.size())) {
    for (const Axis& axis : other.axes) solved_.axes.push_back(axis);
    solved_.inputs = {map.inputs[0], map.outputs[0]};
    for (const TensorExpr& expr : other.inputs) solved_.outputs.push_back(shifted(expr));
    for (const TensorExpr& expr : other.outputs) solved_.outputs.push_back(shifted(expr));
    inputs_ = other.inputs.size();
  }

  TensorExpr& map_input() { return solved_.inputs[0]; }
  TensorExpr& map_output() { return solved_.inputs[1]; }
  TensorExpr& other(std::size_t k) { return solved_.outputs[k]; }  ///< the other's inputs, then its outputs
  const Axis& axis(int number) const { return solved_.axes[number]; }

  /// Pairs of items that are the same part of the same dimension: axes, or an axis and a concatenation; those
  /// of size 1 are left out.
  std::optional<std::vector<std::pair<Dim, Dim>>> line_up(const TensorExpr& left, const TensorExpr& right) {
    for (;;) {
      std::vector<std::pair<Dim, Dim>> pairs;
      switch (try_line_up(left, right, pairs)) {
        case Outcome::Done:
          return pairs;
        case Outcome::Impossible:
          return std::nullopt;
        case Outcome::Cut:
          break;  // an axis has become two: once more
      }
    }
  }

  /// The other expression as it has become.
  Solved result() const {
    Solved out;
    out.axes = solved_.axes;
    out.inputs.assign(solved_.outputs.begin(), solved_.outputs.begin() + std::ptrdiff_t(inputs_));
    out.outputs.assign(solved_.outputs.begin() + std::ptrdiff_t(inputs_), solved_.outputs.end());
    return graph::normal_form(std::move(out));
  }

 private:
  enum class Outcome { Done, Impossible, Cut };

  TensorExpr shifted(TensorExpr expr) const {
    for (Dim& dim : expr.dims) shift(dim);
    return expr;
  }
  void shift(Dim& dim) const {
    if (dim.kind == Dim::Kind::Axis) dim.axis += shift_;
    for (Dim& part : dim.parts) shift(part);
  }

  void append_items(const Dim& dim, std::vector<Dim>& items) const {
    if (dim.kind == Dim::Kind::Group) {
      for (const Dim& part : dim.parts) append_items(part, items);
    } else if (notation::size(solved_, dim) != 1) {
      items.push_back(dim);
    }
  }

  Outcome try_line_up(const TensorExpr& left, const TensorExpr& right,
                      std::vector<std::pair<Dim, Dim>>& pairs) {
    for (std::size_t d = 0; d < left.dims.size(); ++d) {
      std::vector<Dim> a, b;
      append_items(left.dims[d], a);
      append_items(right.dims[d], b);
      while (!a.empty() && !b.empty()) {
        const std::int64_t size_a = notation::size(solved_, a.back()),
                           size_b = notation::size(solved_, b.back());
        if (size_a != size_b)
          return size_a > size_b ? cut(a.back(), size_a, size_b) : cut(b.back(), size_b, size_a);
        pairs.emplace_back(a.back(), b.back());
        a.pop_back();
        b.pop_back();
      }
      if (a.size() != b.size()) return Outcome::Impossible;
    }
    return Outcome::Done;
  }

  /// Everywhere two axes instead of one, the second of size `low`.
  Outcome cut(const Dim& item, std::int64_t size, std::int64_t low) {
    if (item.kind != Dim::Kind::Axis || size % low != 0) return Outcome::Impossible;
    const int whole = item.axis;  // `item` may be of an expression that is rewritten
    AxisMap parts;
    for (const std::int64_t part : {size / low, low}) {
      Axis axis = solved_.axes[whole];
      axis.name = fresh_name(axis.name);
      axis.size = part;
      parts[whole].push_back(axis_dim(int(solved_.axes.size())));
      solved_.axes.push_back(std::move(axis));
    }
    for (TensorExpr& expr : solved_.inputs) expr = replaced(expr, parts);
    for (TensorExpr& expr : solved_.outputs) expr = replaced(expr, parts);
    return Outcome::Cut;
  }

  std::string fresh_name(const std::string& base) const {
    for (int k = 0;; ++k) {
      const std::string name = base + std::to_string(k);
      if (std::none_of(solved_.axes.begin(), solved_.axes.end(),
                       [&](const Axis& axis) { return axis.name == name; }))
        return name;
    }
  }

  Solved solved_;  // inputs: those of the map; outputs: all of the other
  int shift_;
  std::size_t inputs_ = 0;
};

/// Whether every axis of the expression, but those of size 1, has something in its place; gives those of size
/// 1 nothing.
bool complete(const Frame& frame, const TensorExpr& expr, AxisMap& map) {
  for (const int axis : notation::axes_of(expr)) {
    if (map.contains(axis)) continue;
    if (frame.axis(axis).size != 1) return false;
    map[axis] = {};
  }
  return true;
}

bool same_ranks(const TensorExpr& a, const TensorExpr& b) { return a.dims.size() == b.dims.size(); }

bool has_empty_axis(const Solved& expr) {
  return std::any_of(expr.axes.begin(), expr.axes.end(), [](const Axis& axis) { return axis.size == 0; });
}

}  // namespace

bool is_plain_map(const graph::Node& node) {
  return node.op->family == notation::Family::Id && node.inputs.size() == 1 && node.outputs.size() == 1 &&
         !has_concatenation(node.expr.inputs[0]) && !has_concatenation(node.expr.outputs[0]) &&
         !has_empty_axis(node.expr);
}

std::optional<Solved> read_through(const Solved& reader, std::size_t at, const Solved& map) {
  if (has_empty_axis(reader) || !same_ranks(reader.inputs[at], map.outputs[0])) return std::nullopt;
  Frame frame(map, reader);
  const auto pairs = frame.line_up(frame.map_output(), frame.other(at));
  if (!pairs) return std::nullopt;
  AxisMap places;
  for (const auto& [of_map, of_reader] : *pairs)
    if (of_map.kind != Dim::Kind::Axis || !places.emplace(of_map.axis, std::vector{of_reader}).second)
      return std::nullopt;
  if (!complete(frame, frame.map_input(), places)) return std::nullopt;
  TensorExpr read = replaced(frame.map_input(), places);
  if (sums_of(read) != sums_of(frame.other(at))) return std::nullopt;
  frame.other(at) = std::move(read);
  return frame.result();
}

std::optional<Solved> write_through(const Solved& writer, std::size_t at, const Solved& map) {
  const std::size_t output = writer.inputs.size() + at;
  if (has_empty_axis(writer) || !same_ranks(writer.outputs[at], map.inputs[0])) return std::nullopt;
  Frame frame(map, writer);
  const auto pairs = frame.line_up(frame.map_input(), frame.other(output));
  if (!pairs) return std::nullopt;
  AxisMap places;
  for (const auto& [of_map, of_writer] : *pairs)
    if (of_map.kind != Dim::Kind::Axis || !places.emplace(of_map.axis, std::vector{of_writer}).second)
      return std::nullopt;
  if (!complete(frame, frame.map_output(), places)) return std::nullopt;
  TensorExpr written = replaced(frame.map_output(), places);
  if (sums_of(written) != sums_of(frame.other(output))) return std::nullopt;
  frame.other(output) = std::move(written);
  return frame.result();
}

}  // namespace einx::detail::passes
