// Few results of many elements: the longest reduced axis is cut into parts of a size that follows from the
// shape; each part is reduced on its own (by whichever thread), and a second kernel combines the parts. The
// tree is the same for every number of threads.
#include <algorithm>
#include <numeric>

#include "loops/estimate.h"
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

const ops::Rows& rows_of(const Nest& nest) { return std::get<ops::Rows>(nest.meaning); }

constexpr std::int64_t kMaxParts = 256;
constexpr std::int64_t kMaxColumnParts = 32;  ///< each leaves a whole row of results
constexpr double kPartTime =
    25e3;  ///< nanoseconds by the estimate: half a fork's worth, as there are many parts

struct Cut {
  int axis = -1;
  std::int64_t part = 0, parts = 0, rest = 0;
};

/// What a part leaves: its accumulators; of a variance, mean and squares.
std::vector<DType> dtypes_of_part(const Nest& nest) {
  std::vector<DType> dtypes;
  for (const tensor::Scalar& identity : rows_of(nest).passes[0].identity) dtypes.push_back(identity.dtype);
  if (is_variance(nest)) dtypes.push_back(dtypes[0]);
  return dtypes;
}

Cut choose_cut(const Nest& nest, const RowsChoice& choice, const Plan& plan) {
  Cut cut;
  for (int axis : axes_where(nest, true))
    if (cut.axis < 0 || nest.axes[axis].extent.value > nest.axes[cut.axis].extent.value) cut.axis = axis;
  if (cut.axis < 0) return cut;
  const std::int64_t extent = nest.axes[cut.axis].extent.value;
  const double each = time_of(nest, choice.lanes) / double(extent);
  const std::int64_t unit = cut.axis == choice.vector ? std::int64_t(choice.lanes) * choice.unroll : 4;
  const std::int64_t wanted = std::max<std::int64_t>(1, std::int64_t(kPartTime / std::max(each, 1e-3)));
  const bool columns = choice.vector >= 0 && !nest.axes[choice.vector].reduced;
  const std::int64_t most = columns ? kMaxColumnParts : kMaxParts;
  cut.part = round_up(std::max(wanted, (extent + most - 1) / most), unit);
  if (!columns && is_variance(nest)) {  // its two passes find a part in the cache
    const std::int64_t each_bytes = nest.count.value / extent * loops::size_of(nest.inputs[0].dtype);
    const std::int64_t fits = plan.machine.l2 / 2 / std::max<std::int64_t>(1, each_bytes);
    cut.part = std::min(cut.part, round_up(std::max<std::int64_t>(1, fits), unit));
  }
  cut.parts = extent / cut.part;
  cut.rest = extent % cut.part;
  return cut;
}

/// Row-major strides of the kept axes that something reads: where a part's results lie in a temporary.
std::vector<Int> dense_strides(const Nest& nest) {
  std::vector<Int> strides(nest.axes.size(), constant(0));
  std::int64_t stride = 1;
  for (std::size_t a = nest.axes.size(); a-- > 0;) {
    if (nest.axes[a].reduced || !read_along(nest, int(a))) continue;
    strides[a] = constant(stride);
    stride *= nest.axes[a].extent.value;
  }
  return strides;
}

std::vector<DType> plus_counts(std::vector<DType> dtypes, int counts) {
  dtypes.insert(dtypes.end(), std::size_t(counts), DType::i64);
  return dtypes;
}

/// An axis in front of all others, with its strides.
void add_axis(Nest& nest, const NestAxis& axis, const std::vector<Int>& inputs, Int outputs, Int position) {
  nest.axes.insert(nest.axes.begin(), axis);
  for (std::size_t k = 0; k < nest.inputs.size(); ++k)
    nest.inputs[k].strides.insert(nest.inputs[k].strides.begin(), inputs[k]);
  for (Access& output : nest.outputs) output.strides.insert(output.strides.begin(), outputs);
  if (nest.epilogue)
    for (Access& input : nest.epilogue->inputs) input.strides.insert(input.strides.begin(), constant(0));
  nest.position_strides.insert(nest.position_strides.begin(), position);
}

void drop_axis(Nest& nest, int axis) {
  const auto drop = [&](auto& items) { items.erase(items.begin() + axis); };
  drop(nest.axes);
  drop(nest.position_strides);
  for (Access& access : nest.inputs) drop(access.strides);
  for (Access& access : nest.outputs) drop(access.strides);
  if (nest.epilogue)
    for (Access& access : nest.epilogue->inputs) drop(access.strides);
}

std::vector<Access> temporaries(const Nest& nest, Plan& plan, const Cut& cut, std::int64_t results) {
  std::vector<Access> accesses;
  for (DType dtype : dtypes_of_part(nest)) {
    const auto id = BufferId(plan.program.buffers.size());
    const std::int64_t elements = results * (cut.parts + (cut.rest > 0));
    plan.program.buffers.push_back(
        {"part" + std::to_string(id), Buffer::Kind::Temporary, dtype, 0, elements});
    accesses.push_back({id, dtype, dtype, constant(0), dense_strides(nest)});
  }
  return accesses;
}

/// The nest of all whole parts, or of the shorter last one: accumulators as results, the number of the part
/// in front.
Nest partial(const Nest& nest, const Cut& cut, const std::vector<Access>& temporary, std::int64_t results,
             bool rest) {
  Nest made = nest;
  auto& rows = std::get<ops::Rows>(made.meaning);
  const std::vector<DType> dtypes = dtypes_of_part(nest);
  rows.result =
      is_variance(nest) ? part_moments(dtypes[0]) : forward_fn(plus_counts(dtypes, 1), int(dtypes.size()));
  rows.coordinates = false;
  made.epilogue.reset();
  const std::int64_t length = rest ? cut.rest : cut.part;
  made.count = constant(nest.count.value / nest.axes[cut.axis].extent.value * length);
  made.outputs = temporary;
  for (int axis = int(made.axes.size()) - 1; axis >= 0; --axis)
    if (!made.axes[axis].reduced && !read_along(nest, axis)) drop_axis(made, axis);
  int cut_axis = cut.axis;
  for (int axis = 0; axis < cut.axis; ++axis) cut_axis -= !nest.axes[axis].reduced && !read_along(nest, axis);
  std::vector<Int> strides;
  for (const Access& input : made.inputs)
    strides.push_back(constant(input.strides[cut_axis].value * cut.part));
  const Int position = constant(made.position_strides[cut_axis].value * cut.part);
  made.axes[cut_axis].extent = constant(length);
  made.label += rest ? ", the last part" : ", " + std::to_string(cut.parts) + " parts";
  add_axis(made, {"part", constant(rest ? 1 : cut.parts), false}, strides, constant(results), position);
  return made;
}

/// The nest that combines the parts into the results of the original.
Nest combining(const Nest& nest, const Cut& cut, const std::vector<Access>& temporary, std::int64_t results) {
  Nest made = nest;
  made.label += ", the parts combined";
  made.inputs = temporary;
  for (std::size_t axis = made.axes.size(); axis-- > 0;)
    if (made.axes[axis].reduced) drop_axis(made, int(axis));
  add_axis(made, {"part", constant(cut.parts + (cut.rest > 0)), true},
           std::vector<Int>(temporary.size(), constant(results)), constant(0), constant(0));
  auto& rows = std::get<ops::Rows>(made.meaning);
  if (is_variance(nest)) {
    const std::int64_t others = nest.count.value / nest.axes[cut.axis].extent.value;
    rows = merge_moments(rows, {cut.parts, cut.part * others, cut.rest * others});
    made.position_strides[0] = constant(1);
    return made;
  }
  const std::vector<DType> dtypes = dtypes_of_part(nest);
  rows.passes[0].map = forward_fn(plus_counts(dtypes, 2), int(dtypes.size()));
  return made;
}

/// Whether the kept axes give threads enough to do: blocks of columns that are narrower than a run of memory
/// that is read well are not.
bool enough_parts(const Nest& nest, const RowsChoice& choice) {
  constexpr std::int64_t kEnough = 12;
  if (choice.tile > 0)
    return nest.axes[choice.vector].extent.value >= kEnough * std::max(choice.tile, kColumnRun);
  return choice.grain > 0 && nest.axes[choice.outer[0]].extent.value >= kEnough * choice.grain;
}

/// Whether the second pass of a variance finds the sub-tensor in memory only.
bool reads_again(const Nest& nest, const Plan& plan) {
  return nest.count.value * loops::size_of(nest.inputs[0].dtype) > plan.machine.l2;
}

}  // namespace

bool schedule_split(const Nest& nest, Plan& plan, const RowsChoice& choice) {
  const ops::Rows& rows = rows_of(nest);
  if (plan.dynamic) return false;  // how many parts there are is a matter of the sizes
  if ((rows.passes.size() != 1 && !is_variance(nest)) || rows.per_element) return false;
  if (enough_parts(nest, choice) && !(is_variance(nest) && reads_again(nest, plan))) return false;
  const Cut cut = choose_cut(nest, choice, plan);
  if (cut.axis < 0 || cut.parts < 4) return false;
  std::int64_t results = 1;
  for (int axis : axes_where(nest, false))
    if (read_along(nest, axis)) results *= nest.axes[axis].extent.value;
  const std::vector<Access> temporary = temporaries(nest, plan, cut, results);
  const auto emit = [&](bool rest) {
    const Nest part = partial(nest, cut, temporary, results, rest);
    RowsChoice c = choose_rows(part, plan);
    c.start = rest ? cut.parts : 0;
    if (choice.in_order) sort_by_position(part, c);
    if (choice.in_order && goes_forward(part, c)) c.in_order = choice.in_order;
    if (!schedule_columns(part, plan, c)) emit_rows(part, plan, c);
  };
  emit(false);
  if (cut.rest > 0) emit(true);
  Nest last = combining(nest, cut, temporary, results);
  emit_rows(last, plan, choose_rows(last, plan));
  return true;
}

}  // namespace einx::detail::loops
