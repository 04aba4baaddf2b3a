// Tile and block sizes of large products (BLIS: Low, Igual, Smith, Quintana-Orti, "Analytical modeling is
// enough for high-performance BLIS", 2016). A panel of b, nr columns wide, stays in the first-level cache
// while rows of a pass by, which stay in the second.
#include "loops/blocking.h"

#include <algorithm>
#include <cmath>

namespace einx::detail::loops {
namespace {

constexpr double kOverhead = 0.1;               ///< cycles a step along k beyond loads and products
constexpr double kWorthIt = 0.99;               ///< a less usual tile must save this much
constexpr int kChains = 8;                      ///< independent accumulators that hide the latency
constexpr std::int64_t kMostDepth = 512;        ///< of a block
constexpr std::int64_t kRowBytes = 512 << 10;   ///< rows of a that are kept: half of the second-level cache
constexpr std::int64_t kPackedBytes = 1 << 20;  ///< panels of b that are packed at a time
constexpr std::int64_t kPartWork = 1 << 22;     ///< products that are worth a part: some 30 us
constexpr std::int64_t kParts = 8;              ///< parts of the whole that are enough for a few threads
constexpr std::int64_t kLargePart = 1 << 27;    ///< what large products are cut into for many threads
constexpr double kPacking = 5;                  ///< to pack an element of b, in readings of one of a

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

/// Cuts `total` into equal blocks of at most `most`, each a multiple of `step` but for the last.
std::int64_t even_block(std::int64_t total, std::int64_t most, std::int64_t step) {
  const std::int64_t limit = std::max(most / step * step, step);
  return ceil_div(ceil_div(total, ceil_div(total, limit)), step) * step;
}

/// Cycles of one step along k: two products or two loads at a time.
double cycles(int rows, int vectors) {
  return double(std::max({rows * vectors, kChains, rows + vectors})) / 2 + kOverhead;
}

/// The register tile that wastes least at the edges of m and n. Two vectors times eight rows are tried first:
/// enough accumulators, few instructions.
void choose_tile(const Machine& machine, const ProductSizes& sizes, Blocking& blocking) {
  const auto lanes = int(machine.vector_bytes / sizes.bytes);
  const int spare = machine.fma ? 2 : 3;  // one for an element of a, one in reserve, one for a product
  double best = INFINITY;
  for (const int vectors : {2, 3, 1}) {
    if (vectors > 1 && vectors * lanes > sizes.n) continue;
    for (const int rows : {8, 9, 10, 11, 12, 13, 14, 7, 6, 5, 4}) {
      if (rows > sizes.m || rows * vectors + vectors + spare > machine.vector_registers) continue;
      const double tiles = double(ceil_div(sizes.m, rows)) * double(ceil_div(sizes.n, vectors * lanes));
      const double time = tiles * cycles(rows, vectors);
      if (time >= best * kWorthIt) continue;
      best = time;
      blocking.mr = rows, blocking.nr = vectors * lanes;
    }
  }
}

/// Parts of rows pack all of b again, parts of columns read all of a again: the cut where both together cost
/// least. A part is at least two tiles high and wide, so that the overlapping last tiles stay inside.
void choose_parts(const ProductSizes& sizes, Blocking& blocking) {
  const double work = double(sizes.m) * double(sizes.n) * double(sizes.k);
  const std::int64_t rows = std::max<std::int64_t>(sizes.m / (2 * blocking.mr), 1);
  const std::int64_t columns = std::max<std::int64_t>(sizes.n / (2 * blocking.nr), 1);
  const auto most = std::max(ceil_div(kParts, sizes.batch), std::int64_t(work / double(kLargePart)));
  const auto wanted = std::clamp<std::int64_t>(std::int64_t(work / double(kPartWork)), 1, most);
  double best = INFINITY;
  for (std::int64_t across = 1; across <= std::min(columns, wanted); ++across) {
    const std::int64_t down = std::min(ceil_div(wanted, across), rows);
    if (across * down < std::min(wanted, columns * rows)) continue;
    const double cost = kPacking * double(down) * double(sizes.n) + double(across) * double(sizes.m);
    if (cost >= best) continue;
    best = cost;
    blocking.row_parts = down, blocking.column_parts = across;
  }
  const double part = work / double(blocking.row_parts * blocking.column_parts);
  blocking.grain = std::max<std::int64_t>(1, std::int64_t(double(kPartWork) / part));
  blocking.parallel = double(sizes.batch) * work >= 2 * double(kPartWork);
}

}  // namespace

Blocking choose_blocking(const Machine& machine, const ProductSizes& sizes) {
  Blocking tile;
  choose_tile(machine, sizes, tile);
  return choose_blocking(machine, sizes, tile.mr, tile.nr);
}

Blocking choose_blocking(const Machine& machine, const ProductSizes& sizes, int mr, int nr) {
  Blocking blocking;
  blocking.mr = mr, blocking.nr = nr;
  const std::int64_t depth =
      std::clamp<std::int64_t>(machine.l1 / (blocking.nr * sizes.bytes), 64, kMostDepth);
  blocking.kc = even_block(sizes.k, depth, 16);
  blocking.mc = even_block(sizes.m, kRowBytes / (blocking.kc * sizes.bytes), blocking.mr);
  blocking.nc = even_block(sizes.n, kPackedBytes / (blocking.kc * sizes.bytes), blocking.nr);
  choose_parts(sizes, blocking);
  return blocking;
}

std::string describe(const Blocking& b, const ProductSizes& sizes) {
  const auto text = [](std::int64_t value) { return std::to_string(value); };
  std::string words = "register tile " + text(b.mr) + " x " + text(b.nr) + ", which wastes least of " +
                      text(sizes.m) + " x " + text(sizes.n) + "; panels of b " +
                      text(std::min(b.kc, sizes.k)) + " deep in the first-level cache, " +
                      text(std::min(b.mc, sizes.m)) + " rows of a in the second";
  if (b.parallel)
    words += "; parts for threads: " + text(b.row_parts) + " of the rows, " + text(b.column_parts) +
             " of the columns of each of " + text(sizes.batch) + ", " + text(b.grain) + " at a time";
  return words;
}

}  // namespace einx::detail::loops
