// Private to the contraction schedules: the cost model of large products.
#pragma once
#include <string>

#include "loops/loops.h"

namespace einx::detail::loops {

/// batch times m x n x k of elements of so many bytes.
struct ProductSizes {
  std::int64_t batch, m, n, k, bytes;
};

/// How a product is cut: the register tile, the blocks that stay in caches, and the parts for threads. All
/// of it follows from the sizes and the CPU level, so that equal levels give equal bits.
struct Blocking {
  int mr = 0, nr = 0;
  std::int64_t kc = 0, mc = 0, nc = 0;
  std::int64_t row_parts = 1, column_parts = 1, grain = 1;
  bool parallel = false;
};
Blocking choose_blocking(const Machine& machine, const ProductSizes& sizes);
/// The same around a register tile that is there already.
Blocking choose_blocking(const Machine& machine, const ProductSizes& sizes, int mr, int nr);

/// The decisions as a sentence.
std::string describe(const Blocking& blocking, const ProductSizes& sizes);

}  // namespace einx::detail::loops
