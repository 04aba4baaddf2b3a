// Packed matrix product around a generated micro-kernel, in the manner of BLIS (van Zee and van de Geijn,
// 2015): the contracted axis and the columns are cut into blocks whose packed panels fit the caches. Blocks
// are cut by shape and summed in a fixed order, so the result does not depend on the number of threads.
// Panels of b are the wide ones: they stay in the second-level cache while the panel of a that meets them
// stays in the first.
#include <algorithm>
#include <atomic>

#include "runtime/copy_run.h"
#include "runtime/memory.h"
#include "runtime/pack.h"
#include "runtime/runtime.h"

namespace einx::runtime {
namespace {

constexpr int64_t kPanelBytes = 24 << 10;   ///< a panel of a: half of the first-level cache
constexpr int64_t kBlockBytes = 512 << 10;  ///< a block of b's panels: half of the second-level cache
constexpr int64_t kPackedABytes = 4 << 20;  ///< all packed panels of a at a time
constexpr int64_t kPackedBBytes = 8 << 20;  ///< all packed panels of b at a time
constexpr int64_t kTaskWork = 1 << 22;      ///< multiplications that are worth a part of their own
constexpr int64_t kTileElements = 4096;     ///< largest mr * nr that fits the stack

int64_t ceil_div(int64_t a, int64_t b) { return a / b + (a % b != 0); }

/// Cuts `total` into equal blocks of at most `most`, each a multiple of `step` but for the last.
int64_t even_block(int64_t total, int64_t most, int64_t step) {
  const int64_t limit = std::max(most / step * step, step);
  return ceil_div(ceil_div(total, ceil_div(total, limit)), step) * step;
}

struct Blocking {
  int64_t kc;      ///< depth of a panel
  int64_t nb;      ///< columns of b that a task keeps in cache
  int64_t nc, mc;  ///< columns and rows that are packed at a time
  int64_t mb;      ///< rows of a task
};

Blocking choose_blocking(const einx_rt_matmul_plan& plan) {
  const int64_t bytes = plan.element_bytes, mr = plan.mr, nr = plan.nr;
  Blocking b;
  b.kc = even_block(plan.k, std::clamp<int64_t>(kPanelBytes / (mr * bytes), 64, 512), 4);
  b.nb = even_block(plan.n, kBlockBytes / (b.kc * bytes), nr);
  b.nc = even_block(plan.n, kPackedBBytes / (b.kc * bytes), b.nb);
  b.mc = even_block(plan.m, kPackedABytes / (b.kc * bytes), mr);
  b.mb = even_block(b.mc, std::max<int64_t>(kTaskWork / std::max<int64_t>(b.kc * b.nb, 1), 8 * mr), mr);
  return b;
}

template <class F>
void for_parts(bool parallel, int64_t count, int64_t grain, F&& body) {
  const einx_rt_body call = [](void* context, int64_t begin, int64_t end) {
    (*static_cast<F*>(context))(begin, end);
  };
  if (parallel)
    einx_rt_parallel_for(count, grain, call, &body);
  else
    body(int64_t(0), count);
}

/// Memory for the packed panels, freed at the end of the product.
class Scratch {
 public:
  explicit Scratch(int64_t bytes) : data_(einx_rt_allocate(bytes)), bytes_(bytes) {}
  Scratch(const Scratch&) = delete;
  ~Scratch() { einx_rt_free(data_, bytes_); }
  void* data() const { return data_; }

 private:
  void* data_;
  int64_t bytes_;
};

/// One batch entry's product.
template <class T>
struct Product {
  const einx_rt_matmul_plan& plan;
  const Blocking& blocking;
  const T *a, *b;
  T* c;
  bool parallel;
  T *packed_a, *packed_b;  ///< scratch for mc x kc and kc x nc, rounded up to whole panels

  void run() const;
  void pack_block(int64_t i0, int64_t rows, int64_t j0, int64_t columns, int64_t k0, int64_t depth,
                  bool pack_b) const;
  void multiply_block(int64_t i0, int64_t rows, int64_t j0, int64_t columns, int64_t k0, int64_t depth) const;
  void store_tile(const T* tile, int64_t i, int64_t rows, int64_t j, int64_t columns, bool first) const;
};

/// Adds a tile to c, or writes it if it is the first along the contracted axis.
template <class T>
void Product<T>::store_tile(const T* tile, int64_t i, int64_t rows, int64_t j, int64_t columns,
                            bool first) const {
  const int64_t* const column = plan.n_c + j;
  const bool run = consecutive(column, columns);
  for (int64_t r = 0; r < rows; ++r, tile += plan.nr) {
    T* const row = c + plan.m_c[i + r];
    if (run && first) {
      copy_run(tile, row + column[0], columns);
    } else if (run) {
      T* const to = row + column[0];
      for (int64_t s = 0; s < columns; ++s) to[s] += tile[s];
    } else {
      for (int64_t s = 0; s < columns; ++s) row[column[s]] = first ? tile[s] : row[column[s]] + tile[s];
    }
  }
}

template <class T>
void Product<T>::pack_block(int64_t i0, int64_t rows, int64_t j0, int64_t columns, int64_t k0, int64_t depth,
                            bool pack_b) const {
  const int64_t a_panels = ceil_div(rows, plan.mr), b_panels = pack_b ? ceil_div(columns, plan.nr) : 0;
  const bool a_runs = consecutive(plan.k_a + k0, depth), b_runs = consecutive(plan.k_b + k0, depth);
  const int64_t grain = std::max<int64_t>(1, (int64_t(1) << 19) / (depth * std::max(plan.mr, plan.nr)));
  for_parts(parallel, a_panels + b_panels, grain, [&](int64_t begin, int64_t end) {
    if (begin < std::min(end, a_panels)) {
      const int64_t first = begin * plan.mr,
                    lines = std::min(std::min(end, a_panels) * plan.mr, rows) - first;
      pack<T>({a, plan.m_a + i0 + first, plan.k_a + k0, lines, depth}, plan.mr, a_runs,
              packed_a + first * depth);
    }
    if (end > a_panels) {
      const int64_t first = (std::max(begin, a_panels) - a_panels) * plan.nr;
      const int64_t lines = std::min((end - a_panels) * plan.nr, columns) - first;
      pack<T>({b, plan.n_b + j0 + first, plan.k_b + k0, lines, depth}, plan.nr, b_runs,
              packed_b + first * depth);
    }
  });
}

template <class T>
void Product<T>::multiply_block(int64_t i0, int64_t rows, int64_t j0, int64_t columns, int64_t k0,
                                int64_t depth) const {
  const int64_t row_tasks = ceil_div(rows, blocking.mb), column_tasks = ceil_div(columns, blocking.nb);
  for_parts(parallel, row_tasks * column_tasks, 1, [&](int64_t begin, int64_t end) {
    alignas(kAlignment) T tile[kTileElements];
    for (int64_t task = begin; task < end; ++task) {
      const int64_t i_begin = task % row_tasks * blocking.mb, i_end = std::min(i_begin + blocking.mb, rows);
      const int64_t j_begin = task / row_tasks * blocking.nb,
                    j_end = std::min(j_begin + blocking.nb, columns);
      for (int64_t i = i_begin; i < i_end; i += plan.mr) {
        for (int64_t j = j_begin; j < j_end; j += plan.nr) {
          plan.kernel(packed_a + i * depth, packed_b + j * depth, tile, depth);
          store_tile(tile, i0 + i, std::min<int64_t>(plan.mr, i_end - i), j0 + j,
                     std::min<int64_t>(plan.nr, j_end - j), k0 == 0);
        }
      }
    }
  });
}

template <class T>
void Product<T>::run() const {
  for (int64_t j = 0; j < plan.n; j += blocking.nc) {
    const int64_t columns = std::min(blocking.nc, plan.n - j);
    for (int64_t k = 0; k < plan.k; k += blocking.kc) {
      const int64_t depth = std::min(blocking.kc, plan.k - k);
      for (int64_t i = 0; i < plan.m; i += blocking.mc) {
        const int64_t rows = std::min(blocking.mc, plan.m - i);
        pack_block(i, rows, j, columns, k, depth, i == 0);
        multiply_block(i, rows, j, columns, k, depth);
      }
    }
  }
}

/// An empty sum is zero.
template <class T>
void write_zeros(const einx_rt_matmul_plan& plan, T* c) {
  for (int64_t z = 0; z < plan.batch; ++z)
    for (int64_t i = 0; i < plan.m; ++i)
      for (int64_t j = 0; j < plan.n; ++j) c[plan.batch_c[z] + plan.m_c[i] + plan.n_c[j]] = 0;
}

/// Entries of a batch run side by side if there are many or each is small; else the threads share each entry.
template <class T>
int32_t multiply(const einx_rt_matmul_plan& plan, const T* a, const T* b, T* c) {
  if (plan.k == 0) {
    write_zeros(plan, c);
    return EINX_OK;
  }
  const Blocking blocking = choose_blocking(plan);
  const int64_t a_elements =
      int64_t(round_up(size_t(std::min(blocking.mc, plan.m)), size_t(plan.mr))) * blocking.kc;
  const int64_t b_elements =
      int64_t(round_up(size_t(std::min(blocking.nc, plan.n)), size_t(plan.nr))) * blocking.kc;
  const double work = double(plan.m) * double(plan.n) * double(plan.k);
  const bool across = plan.batch >= 32 || work < double(kTaskWork);
  const int64_t grain =
      across ? std::clamp<int64_t>(int64_t(double(kTaskWork) / work), 1, plan.batch) : plan.batch;
  std::atomic<int32_t> status = EINX_OK;
  for_parts(plan.parallel != 0 && across, plan.batch, grain, [&](int64_t begin, int64_t end) {
    const Scratch scratch((a_elements + b_elements) * int64_t(sizeof(T)) + int64_t(kAlignment));
    if (scratch.data() == nullptr) {
      status = EINX_OUT_OF_MEMORY;
      return;
    }
    T* const packed_a = static_cast<T*>(scratch.data());
    T* const packed_b = packed_a + round_up(size_t(a_elements), kAlignment / sizeof(T));
    for (int64_t z = begin; z < end; ++z)
      Product<T>{plan,
                 blocking,
                 a + plan.batch_a[z],
                 b + plan.batch_b[z],
                 c + plan.batch_c[z],
                 plan.parallel != 0 && !across,
                 packed_a,
                 packed_b}
          .run();
  });
  return status;
}

}  // namespace
}  // namespace einx::runtime

extern "C" int32_t einx_rt_matmul(const einx_rt_matmul_plan* plan, const void* a, const void* b, void* c) {
  using namespace einx::runtime;
  if (plan->batch <= 0 || plan->m <= 0 || plan->n <= 0) return EINX_OK;
  if (plan->element_bytes == 4)
    return multiply(*plan, static_cast<const float*>(a), static_cast<const float*>(b),
                    static_cast<float*>(c));
  return multiply(*plan, static_cast<const double*>(a), static_cast<const double*>(b),
                  static_cast<double*>(c));
}
