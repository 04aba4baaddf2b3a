// The rules of a program, checked after lowering in tests and by `einx`.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "loops/loops.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

/// Inclusive range of offsets.
struct Range {
  std::int64_t low = 0, high = 0;
};
Range operator+(Range a, Range b) { return {a.low + b.low, a.high + b.high}; }
Range scaled(std::int64_t extent, std::int64_t stride) {
  const std::int64_t reach = extent > 0 ? (extent - 1) * stride : 0;
  return {std::min<std::int64_t>(0, reach), std::max<std::int64_t>(0, reach)};
}

/// What an input's type lets it hold, around its first element.
Range room_of(const graph::Type& type) {
  Range room{0, 0};
  for (std::size_t d = 0; d < type.shape.size(); ++d) room = room + scaled(type.shape[d], type.strides[d]);
  return room;
}

Range room_of(const Program& program, const Buffer& buffer) {
  if (buffer.kind == Buffer::Kind::Input) return room_of(program.inputs[std::size_t(buffer.index)]);
  if (buffer.kind == Buffer::Kind::Constant)
    return {0, program.constants[std::size_t(buffer.index)].size() - 1};
  return {0, buffer.elements - 1};
}

class Verifier {
 public:
  Verifier(const Program* program, const std::vector<Buffer>& buffers, const Kernel& kernel)
      : program_(program), buffers_(buffers), kernel_(kernel) {}

  std::optional<std::string> run() {
    const auto names = [&](BufferId id) { return id >= 0 && std::size_t(id) < buffers_.size(); };
    require((kernel_.same_a < 0 && kernel_.same_b < 0) || (names(kernel_.same_a) && names(kernel_.same_b)),
            "a kernel that may be left out names two buffers");
    walk(kernel_.body, true);
    if (broken_.empty()) return std::nullopt;
    return kernel_.name + ": " + broken_;
  }

 private:
  void require(bool holds, const std::string& rule) {
    if (!holds && broken_.empty()) broken_ = rule;
  }
  std::string name(const Ref& ref) const { return kernel_.registers[std::size_t(ref.reg)].name; }

  bool known(const Ref& ref) {
    const bool exists = ref.reg >= 0 && std::size_t(ref.reg) < kernel_.registers.size();
    require(exists, "a reference names a register of the kernel");
    if (exists) {
      require(ref.index.size() == kernel_.registers[std::size_t(ref.reg)].extents.size(),
              "register " + name(ref) + " is indexed along all its axes");
      for (const VarId v : ref.index)
        require(open_.count(v) != 0 && open_.at(v)->kind == LoopKind::Unrolled,
                "register " + name(ref) + " is indexed by unrolled loops");
    }
    return exists;
  }
  void read(const Ref& ref) {
    if (known(ref))
      require(written_.count(ref.reg) != 0, "register " + name(ref) + " is written before it is read");
  }
  void read(const std::vector<Ref>& refs) {
    for (const Ref& ref : refs) read(ref);
  }
  void write(const Ref& ref) {
    if (known(ref)) written_.insert(ref.reg);
  }
  DType dtype(const Ref& ref) const { return kernel_.registers[std::size_t(ref.reg)].dtype; }

  void same_dtypes(const std::vector<Ref>& refs, const std::vector<DType>& dtypes, const std::string& what) {
    require(refs.size() == dtypes.size(), what + ": as many registers as the function has");
    for (std::size_t k = 0; broken_.empty() && k < refs.size(); ++k)
      require(refs[k].reg >= 0 && dtype(refs[k]) == dtypes[k],
              what + ": registers have the function's dtypes");
  }
  static std::vector<DType> results(const ops::ScalarFn& fn) {
    std::vector<DType> dtypes;
    for (std::size_t k = 0; k < fn.results.size(); ++k) dtypes.push_back(fn.result_dtype(int(k)));
    return dtypes;
  }

  // ------------------------------------------------------------ addresses
  /// The last value of the loop's variable if it runs over `extent`.
  static std::int64_t last_of(const Loop& loop, std::int64_t extent) {
    const bool stepped = loop.kind == LoopKind::Tile || loop.kind == LoopKind::Parallel;
    return extent <= 0 ? 0 : stepped ? (extent - 1) / loop.step * loop.step : extent - 1;
  }
  static std::int64_t last_of(const Loop& loop) { return last_of(loop, loop.extent.value); }
  /// stride_in * inner + stride_out * outer, where the inner loop covers what is left of a tile of the outer
  /// one.
  Range tiled(const Loop& inner, std::int64_t stride_in, std::int64_t stride_out) const {
    const Loop& outer = *open_.at(inner.outer);
    Range range{0, 0};
    const std::int64_t last = last_of(outer);
    for (const std::int64_t at : {std::int64_t(0), std::max<std::int64_t>(0, last - outer.step), last}) {
      const std::int64_t left = std::min(inner.extent.value, inner.outer_extent.value - at);
      const Range here =
          Range{at * stride_out, at * stride_out} + scaled(last_of(inner, left) + 1, stride_in);
      range = {std::min(range.low, here.low), std::max(range.high, here.high)};
    }
    return range;
  }
  static bool is_known(const Loop& loop) {
    return loop.part == Loop::Part::All && loop.extent.constant() && (loop.outer < 0 || loop.outer_extent.constant());
  }
  /// nullopt: not known before the kernel runs, or never run.
  std::optional<Range> reach(const Address& at) const {
    if (!at.indirect.empty() || !at.starts.empty() || !at.offset.constant()) return std::nullopt;
    Range range{at.offset.value, at.offset.value};
    std::map<VarId, std::int64_t> strides;
    for (const Address::Term& term : at.terms) {
      if (!term.stride.constant()) return std::nullopt;
      strides[term.var] += term.stride.value;
    }
    for (const auto& [var, loop] : open_)
      if (is_known(*loop) ? loop->extent.value <= 0 : strides.contains(var)) return std::nullopt;
    std::set<VarId> done;
    for (const auto& [var, stride] : strides) {
      const Loop& loop = *open_.at(var);
      if (loop.outer < 0) continue;
      if (open_.at(loop.outer)->outer >= 0 || done.count(loop.outer) != 0)
        return std::nullopt;  // tiles of tiles: not followed
      const auto outer = strides.find(loop.outer);
      range = range + tiled(loop, stride, outer == strides.end() ? 0 : outer->second);
      done.insert(var);
      done.insert(loop.outer);
    }
    for (const auto& [var, stride] : strides)
      if (done.count(var) == 0) range = range + scaled(last_of(*open_.at(var)) + 1, stride);
    return range;
  }
  bool room(const Buffer& buffer, Range& out) const {
    if (program_ == nullptr) return false;  // a micro-kernel's panels have any length
    out = room_of(*program_, buffer);
    return true;
  }
  void variables(const Address& at) {
    for (const Address::Term& term : at.terms)
      require(open_.count(term.var) != 0, "addresses use variables of open loops");
    for (const Address::Indirect& indirect : at.indirect) {
      read(Ref{indirect.index, {}});
      require(checked_.count(indirect.index) != 0, "index registers in addresses come from Check");
    }
  }
  void inside(BufferId id, const Address& at, Range extra = {}) {
    require(id >= 0 && std::size_t(id) < buffers_.size(), "an access names a buffer of the program");
    variables(at);
    if (!broken_.empty()) return;
    const auto range = reach(at);
    Range space;
    const Buffer& buffer = buffers_[std::size_t(id)];
    if (!range || !room(buffer, space)) return;
    const Range all = *range + extra;
    require(all.low >= space.low && all.high <= space.high,
            "addresses of " + buffer.name + " stay inside it: [" + std::to_string(all.low) + ", " +
                std::to_string(all.high) + "] is not in [" + std::to_string(space.low) + ", " +
                std::to_string(space.high) + "]");
  }

  // ------------------------------------------------------------ statements
  void visit(const Load& s) {
    inside(s.buffer, s.at);
    write(s.dst);
    if (broken_.empty())
      require(dtype(s.dst) == buffers_[std::size_t(s.buffer)].dtype, "a load has the dtype of its buffer");
  }
  void visit(const Store& s) {
    inside(s.buffer, s.at);
    read(s.value);
    if (!broken_.empty()) return;
    const Buffer& buffer = buffers_[std::size_t(s.buffer)];
    require(dtype(s.value) == buffer.dtype, "a store has the dtype of its buffer");
    require(buffer.kind != Buffer::Kind::Input && buffer.kind != Buffer::Kind::Constant,
            "inputs and constants are not written");
  }
  void visit(const Index& s) {
    variables(s.at);
    write(s.dst);
  }
  void visit(const Set& s) {
    write(s.dst);
    if (broken_.empty()) require(dtype(s.dst) == s.value.dtype, "a constant has the dtype of its register");
  }
  void visit(const Apply& s) {
    read(s.args);
    for (const Ref& ref : s.dst) write(ref);
    same_dtypes(s.args, s.fn.args, "apply");
    same_dtypes(s.dst, results(s.fn), "apply");
  }
  void visit(const Update& s) {
    read(s.accumulators);
    read(s.values);
    std::vector<Ref> args = s.accumulators;
    args.insert(args.end(), s.values.begin(), s.values.end());
    same_dtypes(args, s.combine.args, "update");
    same_dtypes(s.accumulators, results(s.combine), "update");
  }
  void visit(const Fold& s) {
    read(s.accumulators);
    for (const Ref& ref : s.dst) write(ref);
    require(vector_ < 0, "folds stand outside vector loops");
    for (const Ref& ref : s.accumulators)
      require(broken_.empty() && kernel_.registers[std::size_t(ref.reg)].lanes > 0,
              "folded registers are vector accumulators");
  }
  void visit(const Check& s) {
    read(s.coordinate);
    variables(s.position);
    write(s.dst);
    checked_.insert(s.dst.reg);
    if (broken_.empty())
      require(dtype(s.dst) == DType::i64 && dtype(s.coordinate) == DType::i64,
              "coordinates are checked as i64");
  }
  void visit(const Transpose& s) {
    require(vector_ < 0, "transposes stand outside vector loops");
    const bool known_strides = s.from_stride.constant() && s.to_stride.constant();
    if (!known_strides) return;
    inside(s.from, s.from_at, scaled(s.rows, s.from_stride.value) + scaled(s.cols, 1));
    inside(s.to, s.to_at, scaled(s.cols, s.to_stride.value) + scaled(s.rows, 1));
  }
  void visit(const Spread& s) {
    const Loop* vector = vector_ < 0 ? nullptr : open_.at(vector_);
    const bool one_strip = vector != nullptr && vector->extent.constant() && vector->outer < 0 &&
                           vector->extent.value <= vector->step * vector->unroll;
    require(one_strip, "a spread stands in a vector loop of one strip");
    if (one_strip) {
      const std::int64_t count = vector->extent.value, rows = (count + s.period - 1) / s.period;
      const auto start = reach(s.first);
      const Range all = start.value_or(Range{0, s.span}) + scaled(rows, s.across) +
                        scaled(std::min(s.period, count), s.along);
      require(start && all.low >= 0 && all.high < s.span, "a spread stays inside its span");
      inside(s.buffer, s.at, scaled(s.span, 1));
    }
    write(s.dst);
    if (broken_.empty())
      require(dtype(s.dst) == buffers_[std::size_t(s.buffer)].dtype, "a load has the dtype of its buffer");
  }
  /// Anywhere: it reads nothing. Its indices need not be checked.
  void visit(const Prefetch& s) {
    for (const Address::Indirect& term : s.at.indirect) read(Ref{term.index, {}});
  }
  void visit(const Loop& loop) {
    require(loop.var >= 0 && std::size_t(loop.var) < kernel_.vars.size() && open_.count(loop.var) == 0,
            "a loop has a variable of its own");
    require(loop.kind == LoopKind::Serial || loop.kind == LoopKind::Tile || (loop.part != Loop::Part::Rest && loop.part != Loop::Part::Last),
            "what is left of a loop is no vector, and nobody else's");
    require(loop.kind != LoopKind::Unrolled || loop.extent.constant(),
            "unrolled loops have constant extents");
    require(loop.kind != LoopKind::Vector || vector_ < 0, "vector loops do not nest");
    require(loop.kind != LoopKind::Parallel || (top_ && loop.grain > 0),
            "parallel loops stand at the top of a kernel");
    require(loop.step > 0 && loop.unroll > 0, "steps are positive");
    require(loop.outer < 0 || (open_.count(loop.outer) != 0 && open_.at(loop.outer)->step > 1),
            "a loop inside a tile names an open tiled loop");
    if (!broken_.empty()) return;
    const int vector = vector_;
    if (loop.kind == LoopKind::Vector) vector_ = loop.var;
    open_[loop.var] = &loop;
    walk(loop.body, false);
    open_.erase(loop.var);
    vector_ = vector;
  }

  void walk(const Body& body, bool top) {
    for (const Statement& statement : body) {
      top_ = top;
      std::visit([&](const auto& s) { visit(s); }, statement.node);
    }
  }

  const Program* program_;
  const std::vector<Buffer>& buffers_;
  const Kernel& kernel_;
  std::string broken_{};
  std::set<RegId> written_{}, checked_{};
  std::map<VarId, const Loop*> open_{};
  int vector_ = -1;
  bool top_ = true;
};

std::optional<std::string> verify_matmul(const Matmul& m) {
  const bool sizes = m.batch_a.size() == m.batch_c.size() && m.batch_b.size() == m.batch_c.size() &&
                     m.m_a.size() == m.m_c.size() && m.k_a.size() == m.k_b.size() &&
                     m.n_b.size() == m.n_c.size();
  if (!sizes) return "matmul: offset tables of one axis have the same length";
  return Verifier(nullptr, m.micro.buffers, m.micro.kernel).run();
}

/// Whether the rows of a sort lie in their buffer.
bool rows_inside(const Program& program, const Sort& s, BufferId id, std::int64_t offset,
                 const std::vector<std::int64_t>& strides, std::int64_t stride) {
  Range reach = Range{offset, offset} + scaled(s.length, stride);
  for (std::size_t k = 0; k < strides.size(); ++k) reach = reach + scaled(s.extents[k], strides[k]);
  const Range room = room_of(program, program.buffers[std::size_t(id)]);
  return reach.low >= room.low && reach.high <= room.high;
}

std::optional<std::string> verify_sort(const Program& program, const Sort& s) {
  if (s.from_strides.size() != s.extents.size() || s.to_strides.size() != s.extents.size())
    return "sort: a stride for every kept axis";
  if (!rows_inside(program, s, s.from, s.from_offset, s.from_strides, s.from_stride) ||
      !rows_inside(program, s, s.to, s.to_offset, s.to_strides, s.to_stride))
    return "sort: rows stay inside their buffers";
  const DType result = s.positions ? DType::i64 : s.dtype;
  if (program.buffers[std::size_t(s.from)].dtype != s.dtype ||
      program.buffers[std::size_t(s.to)].dtype != result)
    return "sort: buffers hold what is sorted and what comes of it";
  return std::nullopt;
}

std::optional<std::string> verify_native(const Native& n) {
  for (const auto* views : {&n.inputs, &n.outputs})
    for (const Native::View& view : *views)
      if (view.kept_strides.size() != n.extents.size() || view.shape.size() != view.strides.size())
        return "native: a stride for every kept axis and for every axis of a sub-tensor";
  return n.function ? std::nullopt : std::optional<std::string>("native: there is a function");
}

}  // namespace

std::optional<std::string> verify(const Program& program) {
  for (const Step& step : program.steps) {
    auto broken = support::match(
        step, [&](const Kernel& kernel) { return Verifier(&program, program.buffers, kernel).run(); },
        [](const Matmul& matmul) { return verify_matmul(matmul); },
        [&](const Sort& sort) { return verify_sort(program, sort); },
        [](const Native& native) { return verify_native(native); });
    if (broken) return broken;
  }
  return std::nullopt;
}

}  // namespace einx::detail::loops
