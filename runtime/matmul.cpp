// Matrix product around a generated micro-kernel, in the manner of BLIS (van Zee and van de Geijn, 2015): a
// panel of b is packed and stays in the first-level cache while rows of a, which stay in the second, pass by.
// Parts for threads and blocks are cut by shape, and every element is summed in the order of the depth, so
// the result does not depend on the number of threads. Elements are only moved here, never computed with.
#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "runtime/copy_run.h"
#include "runtime/memory.h"
#include "runtime/pack.h"
#include "runtime/runtime.h"

namespace einx::runtime {
namespace {

constexpr int64_t kTileElements = 4096;  ///< largest mr * nr that fits the stack

constexpr int64_t kLongRow = 1024;  ///< bytes

int64_t ceil_div(int64_t a, int64_t b) { return a / b + (a % b != 0); }

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

/// Memory for packed panels, freed at the end of a part.
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

/// Tiles [begin, end) along rows or columns.
struct Tiles {
  int64_t begin, end;
};

/// One of `parts` equal shares of the tiles.
Tiles share(int64_t tiles, int64_t part, int64_t parts) {
  return {part * tiles / parts, (part + 1) * tiles / parts};
}

/// Where a tile of `width` starts. The last one overlaps its neighbour; a single one may be too short.
int64_t start_of(int64_t tile, int64_t width, int64_t total) {
  return std::max<int64_t>(0, std::min(tile * width, total - width));
}

/// How much packed memory a part needs, in elements.
struct Room {
  int64_t a, b;
};

Room room_for(const einx_rt_matmul_plan& plan) {
  const int64_t rows = ceil_div(ceil_div(plan.m, plan.mr), plan.row_parts) * plan.mr;
  const int64_t columns = ceil_div(ceil_div(plan.n, plan.nr), plan.column_parts) * plan.nr;
  const int64_t line = plan.a_panel == EINX_A_LINES ? plan.a_line : plan.kc;
  return {plan.a_panel == EINX_A_DIRECT ? 0 : std::min(rows, plan.mc) * line,
          (rows <= plan.mc ? plan.nr : std::min(columns, plan.nc)) * plan.kc};
}

/// Asks for a panel's elements while the one before it is multiplied, some with every tile: they come from
/// far away and in runs too short for the processor to see a pattern.
class Ahead {
 public:
  Ahead() = default;
  /// `runs` of `run` elements each that start at base + offsets[i].
  template <class T>
  Ahead(const T* base, const int64_t* offsets, int64_t runs, int64_t run, int64_t tiles)
      : base_(reinterpret_cast<const char*>(base)),
        next_(offsets),
        end_(offsets + runs),
        size_(int64_t(sizeof(T))),
        bytes_(run * size_),
        each_(ceil_div(runs, std::max<int64_t>(tiles, 1))) {}

  void step() {
    const int64_t* const stop = next_ + std::min(each_, end_ - next_);
    for (; next_ < stop; ++next_)
      for (int64_t at = 0; at < bytes_; at += int64_t(kAlignment))
        _mm_prefetch(base_ + *next_ * size_ + at, _MM_HINT_T1);
  }

 private:
  const char* base_ = nullptr;
  const int64_t *next_ = nullptr, *end_ = nullptr;
  int64_t size_ = 0, bytes_ = 0, each_ = 0;
};

/// A range of tiles of one batch entry.
template <class T>
class Part {
 public:
  Part(const einx_rt_matmul_plan& plan, const T* a, const T* b, T* c, T* packed_a, T* packed_b)
      : plan_(plan), a_(a), b_(b), c_(c), packed_a_(packed_a), packed_b_(packed_b) {}

  void run(Tiles rows, Tiles columns) {
    const int64_t wide = plan_.nc / plan_.nr;
    for (int64_t j = columns.begin; j < columns.end; j += wide) {
      for (int64_t k = 0; k < plan_.k; k += plan_.kc) {
        k_ = k, depth_ = std::min(plan_.kc, plan_.k - k);
        block(rows, {j, std::min(j + wide, columns.end)});
      }
    }
  }

 private:
  /// Panels of b are packed when the first rows meet them; if no others do, each takes the place of the last.
  void block(Tiles rows, Tiles columns) {
    const int64_t high = plan_.mc / plan_.mr;
    const int64_t panel_size = rows.end - rows.begin <= high ? 0 : plan_.nr * depth_;
    const bool runs = consecutive(plan_.k_b + k_, depth_);
    for (int64_t i = rows.begin; i < rows.end; i += high) {
      const Tiles some{i, std::min(i + high, rows.end)};
      pack_rows(some);
      for (int64_t j = columns.begin; j < columns.end; ++j) {
        T* const panel = packed_b_ + (j - columns.begin) * panel_size;
        const int64_t first = start_of(j, plan_.nr, plan_.n);
        if (i == rows.begin)
          pack<T>({b_, plan_.n_b + first, plan_.k_b + k_, std::min<int64_t>(plan_.nr, plan_.n), depth_},
                  plan_.nr, runs, panel);
        Ahead ahead;
        if (i == rows.begin && j + 1 < columns.end) ahead = ahead_of(j + 1, k_, some.end - some.begin);
        if (j + 1 == columns.end) ahead = ahead_of(columns.begin, k_ + depth_, some.end - some.begin);
        Ahead further = j == columns.begin ? further_rows(some) : Ahead();
        for (int64_t tile = some.begin; tile < some.end; ++tile) {
          ahead.step();
          further.step();
          multiply(some, tile, j, panel);
        }
      }
    }
  }

  /// The panel of b that is packed next, to be asked for during so many tiles.
  Ahead ahead_of(int64_t column_tile, int64_t k, int64_t tiles) const {
    const int64_t depth = std::min(plan_.kc, plan_.k - k);
    if (depth <= 0) return {};
    const int64_t first = start_of(column_tile, plan_.nr, plan_.n),
                  lines = std::min<int64_t>(plan_.nr, plan_.n);
    if (consecutive(plan_.n_b + first, lines))
      return Ahead(b_ + plan_.n_b[first], plan_.k_b + k, depth, lines, tiles);
    return Ahead(b_ + plan_.k_b[k], plan_.n_b + first, lines, depth, tiles);
  }

  /// Rows of a that are multiplied in place, two tiles before their turn, if they are short: in long ones the
  /// processor sees by itself where it goes on.
  Ahead further_rows(Tiles rows) const {
    const int64_t first = row_of(rows.begin) + 2 * plan_.mr, end = row_of(rows.end - 1) + plan_.mr;
    if (plan_.a_panel != EINX_A_DIRECT || first >= end || depth_ * int64_t(sizeof(T)) >= kLongRow) return {};
    return Ahead(a_ + plan_.k_a[k_], plan_.m_a + first, end - first, depth_, rows.end - rows.begin);
  }

  int64_t row_of(int64_t tile) const { return start_of(tile, plan_.mr, plan_.m); }

  void pack_rows(Tiles rows) {
    if (plan_.a_panel == EINX_A_DIRECT) return;
    const int64_t first = row_of(rows.begin);
    const int64_t lines = std::min<int64_t>(row_of(rows.end - 1) + plan_.mr, plan_.m) - first;
    if (plan_.a_panel == EINX_A_LINES)
      return copy_lines<T>({a_, plan_.m_a + first, plan_.k_a + k_, lines, depth_}, plan_.a_line, plan_.mr,
                           packed_a_);
    const bool runs = consecutive(plan_.k_a + k_, depth_);
    T* to = packed_a_;
    for (int64_t tile = rows.begin; tile < rows.end; ++tile, to += plan_.mr * depth_)
      pack<T>({a_, plan_.m_a + row_of(tile), plan_.k_a + k_, std::min<int64_t>(plan_.mr, plan_.m), depth_},
              plan_.mr, runs, to);
  }

  const T* rows_at(Tiles rows, int64_t tile) const {
    switch (plan_.a_panel) {
      case EINX_A_DIRECT:
        return a_ + plan_.m_a[row_of(tile)] + plan_.k_a[k_];
      case EINX_A_LINES:
        return packed_a_ + (row_of(tile) - row_of(rows.begin)) * plan_.a_line;
      default:
        return packed_a_ + (tile - rows.begin) * plan_.mr * depth_;
    }
  }

  void multiply(Tiles rows, int64_t row_tile, int64_t column_tile, const T* panel) {
    const int64_t i = row_of(row_tile), j = start_of(column_tile, plan_.nr, plan_.n);
    const Overlap done{row_tile * plan_.mr - i, column_tile * plan_.nr - j};
    const T* const lines = rows_at(rows, row_tile);
    const std::array<int64_t, 3> parameters = {depth_, k_ == 0, k_ != 0};
    if (!plan_.c_direct) return through_tile(lines, panel, i, j, done, parameters.data());
    const bool twice = depth_ < plan_.k && (done.rows > 0 || done.columns > 0);
    if (twice) copy_tile(i, j, {0, 0}, true);
    plan_.kernel(lines, panel, c_ + plan_.m_c[i] + plan_.n_c[j], parameters.data());
    if (twice) restore(i, j, done);
  }

  /// Rows and columns at the start of a tile that its neighbours have computed.
  struct Overlap {
    int64_t rows, columns;
  };

  void through_tile(const T* lines, const T* panel, int64_t i, int64_t j, Overlap done,
                    const int64_t* parameters) {
    if (k_ != 0) copy_tile(i, j, {0, 0}, true);
    plan_.kernel(lines, panel, tile_, parameters);
    copy_tile(i, j, done, false);
  }

  /// Between c and the tile, without what others have computed.
  void copy_tile(int64_t i, int64_t j, Overlap done, bool from_c) {
    const int64_t rows = std::min<int64_t>(plan_.mr, plan_.m), columns = std::min<int64_t>(plan_.nr, plan_.n);
    const int64_t* const column = plan_.n_c + j;
    const bool run = consecutive(column, columns);
    for (int64_t r = done.rows; r < rows; ++r) {
      T* const line = tile_ + r * plan_.nr;
      T* const row = c_ + plan_.m_c[i + r];
      if (run && from_c) {
        copy_run(row + column[0], line, columns);
      } else if (run) {
        copy_run(line + done.columns, row + column[done.columns], columns - done.columns);
      } else {
        for (int64_t s = done.columns; s < columns; ++s)
          from_c ? line[s] = row[column[s]] : row[column[s]] = line[s];
      }
    }
  }

  /// Gives c back what had been complete, over this depth or all depths, before the tile met it once more.
  void restore(int64_t i, int64_t j, Overlap done) {
    for (int64_t r = 0; r < plan_.mr; ++r) {
      const int64_t columns = r < done.rows ? plan_.nr : done.columns;
      copy_run(tile_ + r * plan_.nr, c_ + plan_.m_c[i + r] + plan_.n_c[j], columns);
    }
  }

  const einx_rt_matmul_plan& plan_;
  const T *a_, *b_;
  T* c_;
  T *packed_a_, *packed_b_;
  int64_t k_ = 0, depth_ = 0;  ///< the block of the contracted axis
  alignas(kAlignment) T tile_[kTileElements];
};

/// An empty sum is zero.
template <class T>
void write_zeros(const einx_rt_matmul_plan& plan, T* c) {
  for (int64_t z = 0; z < plan.batch; ++z)
    for (int64_t i = 0; i < plan.m; ++i)
      for (int64_t j = 0; j < plan.n; ++j) c[plan.batch_c[z] + plan.m_c[i] + plan.n_c[j]] = 0;
}

template <class T>
int32_t multiply(const einx_rt_matmul_plan& plan, const T* a, const T* b, T* c) {
  if (plan.k == 0) {
    write_zeros(plan, c);
    return EINX_OK;
  }
  const Room room = room_for(plan);
  const int64_t parts = plan.row_parts * plan.column_parts;
  const int64_t row_tiles = ceil_div(plan.m, plan.mr), column_tiles = ceil_div(plan.n, plan.nr);
  std::atomic<int32_t> status = EINX_OK;
  for_parts(plan.parallel != 0, plan.batch * parts, plan.grain, [&](int64_t begin, int64_t end) {
    const Scratch scratch((room.a + room.b) * int64_t(sizeof(T)) + int64_t(kAlignment));
    if (scratch.data() == nullptr) {
      status = EINX_OUT_OF_MEMORY;
      return;
    }
    T* const packed_b = static_cast<T*>(scratch.data());
    T* const packed_a = packed_b + round_up(size_t(room.b), kAlignment / sizeof(T));
    for (int64_t at = begin; at < end; ++at) {
      const int64_t z = at / parts, part = at % parts;
      Part<T>(plan, a + plan.batch_a[z], b + plan.batch_b[z], c + plan.batch_c[z], packed_a, packed_b)
          .run(share(row_tiles, part % plan.row_parts, plan.row_parts),
               share(column_tiles, part / plan.row_parts, plan.column_parts));
    }
    if (plan.streams) _mm_sfence();
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
