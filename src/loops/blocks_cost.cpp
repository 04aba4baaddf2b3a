// What a nest costs by itself, as far as its shape tells: whether vectors are full, how often loops start,
// what goes through memory. The constants are from an EPYC of 2025, in nanoseconds; only ratios matter.
#include <algorithm>
#include <cmath>

#include "loops/blocks.h"
#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

constexpr double kStep = 25;       ///< to call a kernel, and to allocate what it writes
constexpr double kByte = 0.01;     ///< of a temporary in the second-level cache, written or read
constexpr double kFarByte = 0.04;  ///< of one beyond it
constexpr double kRun = 2;         ///< to start the innermost loops
constexpr double kFold = 0.8;      ///< to add the lanes of a vector
constexpr double kShortFold = 3;   ///< the same where a row is shorter than a vector
constexpr double kSpread = 0.3;    ///< a vector of products of small matrices, side by side
constexpr double kProduct = 0.15;  ///< a vector of products in a register tile
constexpr double kVector = 0.25;   ///< any other operation on a vector

double length(const Nest& nest, int axis) { return double(nest.axes[std::size_t(axis)].extent.value); }

/// The longest axis of these that every access walks through in steps of one, or not at all.
int contiguous(const Nest& nest, std::span<const int> axes) {
  int best = -1;
  for (int axis : axes) {
    bool fits = nest.axes[std::size_t(axis)].reduced || stride_of(nest.outputs[0], axis) <= 1, reads = false;
    for (const Access& input : nest.inputs) {
      const std::int64_t stride = stride_of(input, axis);
      fits = fits && (stride == 0 || stride == 1);
      reads = reads || stride == 1;
    }
    if (fits && reads && (best < 0 || length(nest, axis) > length(nest, best))) best = axis;
  }
  return best;
}

/// Lanes that are in use when an axis of so many elements fills vectors.
double used(double extent, double lanes) { return extent / std::max(1.0, std::ceil(extent / lanes)); }

/// Products of small matrices whose rows stand side by side in vectors: what schedule_flat takes.
bool is_flat(const Nest& nest, double lanes) {
  constexpr std::int64_t kDeepest = 16;
  if (nest.inputs.size() != 2 || !is_product_sum(nest)) return false;
  const Classes axes = classify(nest);
  if (axes.m.size() != 1 || axes.n.size() != 1 || volume(nest, axes.k) > kDeepest) return false;
  const double m = length(nest, axes.m[0]), n = length(nest, axes.n[0]);
  const double columns = stride_of(nest.outputs[0], axes.n[0]) == 1 ? n : m;
  return 2 * columns <= lanes && 2 * m * n > lanes;
}

double sums_alone(const Nest& nest, double lanes, double product) {
  const std::vector<int> kept = axes_where(nest, false), reduced = axes_where(nest, true);
  const double all = double(volume(nest)), depth = double(volume(nest, reduced));
  if (is_flat(nest, lanes)) {
    const Classes axes = classify(nest);
    return all / used(double(volume(nest, axes.m) * volume(nest, axes.n)), lanes) * kSpread;
  }
  if (const int columns = contiguous(nest, kept); columns >= 0) {
    const double n = length(nest, columns);
    double rows = 1;
    for (int axis : kept)
      if (axis != columns &&
          std::ranges::any_of(nest.inputs, [&](const Access& input) { return !moves(input, axis); }))
        rows = std::max(rows, length(nest, axis));
    return all / (n * depth * rows) * 2 * kRun + all / used(n, lanes) * product;
  }
  const int along = contiguous(nest, reduced);
  if (nest.inputs.size() == 2) {
    constexpr double kPacked = 1 << 15;      // products that are worth packing
    const Classes classes = classify(nest);  // a product of matrices: packed, or transposed into frames
    const auto m = double(volume(nest, classes.m)), n = double(volume(nest, classes.n));
    if (m >= 4 && n >= 4 && (depth >= 16 || m * n * depth >= kPacked))
      return all / lanes * 2 * product + double(volume(nest, classes.batch)) * 4 * kRun;
  }
  if (along < 0) return all * kVector;
  const double fold = length(nest, along) < lanes ? kShortFold : kFold;
  return all / depth * fold + all / used(length(nest, along), lanes) * kVector;
}

double operations(const Nest& nest) { return std::max(kVector, (cost(nest) - 0.2) * 2.5); }

double elements_alone(const Nest& nest, double lanes) {
  const double all = double(volume(nest)), each = operations(nest);
  const int along = contiguous(nest, axes_where(nest, false));
  if (along < 0) return all * each / 2;
  const double n = length(nest, along);
  return all / n * kRun + all / used(n, lanes) * each;
}

double rows_alone(const Nest& nest, const ops::Rows& rows, double lanes) {
  const double passes = double(rows.passes.size()) + double(rows.per_element);
  return passes * sums_alone(nest, lanes, kVector) + double(volume(nest)) / lanes * operations(nest);
}

double temporaries(const Nest& nest, const Plan& plan) {
  double bytes = 0;
  const auto add = [&](const Access& access) {
    const Buffer& buffer = plan.program.buffers[std::size_t(access.buffer)];
    if (buffer.kind == Buffer::Kind::Temporary)
      bytes += double(buffer.elements * loops::size_of(buffer.dtype));
  };
  for (const Access& input : nest.inputs) add(input);
  add(nest.outputs[0]);
  return bytes * (bytes > double(plan.machine.l2) ? kFarByte : kByte);
}

/// Of a product of several operands: in the lanes if it can be, else as products of two.
double several_alone(const Nest& nest, const Plan& plan, double lanes) {
  if (nest.axes.empty()) return kProduct;  // numbers
  const LanesGroup group{{make_member(nest, 0, -1, plan.program)}, nest.axes[0].extent.value, 0, {}};
  if (!nest.axes[0].reduced && lanes_of(group, plan) > 0) return time_in_lanes(group, lanes_of(group, plan));
  return double(volume(nest)) / lanes * kProduct;
}

}  // namespace

double time_alone(const Nest& nest, const Plan& plan) {
  const double lanes = double(plan.machine.vector_bytes) / double(widest_bytes(nest));
  const double fixed = kStep + temporaries(nest, plan);
  const auto* rows = std::get_if<ops::Rows>(&nest.meaning);
  if (rows == nullptr) return fixed + elements_alone(nest, lanes);
  if (nest.inputs.size() > 2 && is_product_sum(nest)) return fixed + several_alone(nest, plan, lanes);
  if (rows->passes.size() == 1 && !rows->per_element) return fixed + sums_alone(nest, lanes, kProduct);
  return fixed + rows_alone(nest, *rows, lanes);
}

}  // namespace einx::detail::loops
