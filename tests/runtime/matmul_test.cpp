#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "runtime/runtime.h"

namespace {

/// How tiles meet a and c: the strides that the micro-kernel would have in its code. Set before a product.
struct Form {
  int32_t panel = EINX_A_DEPTHS;
  bool direct = false;
  int64_t a_row = 1, a_depth = 1, c_row = 1;
};
Form form;

/// What the code generator would make: a tile of mr x nr.
template <class T, int mr, int nr>
void kernel(const void* a, const void* b, void* c, const int64_t* parameters) {
  const T *pa = static_cast<const T*>(a), *pb = static_cast<const T*>(b);
  T* out = static_cast<T*>(c);
  for (int i = 0; i < mr; ++i)
    for (int j = 0; j < nr; ++j) {
      T sum = parameters[1] == 1 ? T(0) : parameters[2] == 1 ? out[i * form.c_row + j] : T(-1000);
      for (int64_t p = 0; p < parameters[0]; ++p)
        sum += pa[p * form.a_depth + i * form.a_row] * pb[p * nr + j];
      out[i * form.c_row + j] = sum;
    }
}

constexpr int64_t kDepth = 16;

/// Offsets of an axis of `extent` elements that start at `first`, `stride` apart.
std::vector<int64_t> axis(int64_t extent, int64_t stride, int64_t first = 0) {
  std::vector<int64_t> offsets(size_t(extent), first);
  for (int64_t i = 0; i < extent; ++i) offsets[size_t(i)] += i * stride;
  return offsets;
}

struct Sizes {
  int64_t batch, m, n, k;
};

/// How the operands lie in memory.
enum class Layout { row_major, transposed_inputs, reversed, gaps, shared_batch, transposed_output, gathered };
const Layout kLayouts[] = {Layout::row_major,    Layout::transposed_inputs, Layout::reversed, Layout::gaps,
                           Layout::shared_batch, Layout::transposed_output, Layout::gathered};

struct Offsets {
  std::vector<int64_t> batch_a, batch_b, batch_c, m_a, k_a, k_b, n_b, m_c, n_c;
};

Offsets offsets_for(const Sizes& s, Layout layout) {
  Offsets o{axis(s.batch, s.m * s.k),
            axis(s.batch, s.k * s.n),
            axis(s.batch, s.m * s.n),
            axis(s.m, s.k),
            axis(s.k, 1),
            axis(s.k, s.n),
            axis(s.n, 1),
            axis(s.m, s.n),
            axis(s.n, 1)};
  switch (layout) {
    case Layout::row_major:
      break;
    case Layout::transposed_inputs:
      o.m_a = axis(s.m, 1), o.k_a = axis(s.k, s.m), o.k_b = axis(s.k, 1), o.n_b = axis(s.n, s.k);
      break;
    case Layout::reversed:
      o.m_a = axis(s.m, -s.k, (s.m - 1) * s.k), o.n_b = axis(s.n, -1, s.n - 1);
      break;
    case Layout::gaps:
      o.k_a = axis(s.k, 2), o.m_a = axis(s.m, 2 * s.k), o.batch_a = axis(s.batch, 2 * s.m * s.k);
      break;
    case Layout::shared_batch:
      o.batch_b = axis(s.batch, 0);
      break;
    case Layout::transposed_output:
      o.m_c = axis(s.m, 1), o.n_c = axis(s.n, s.m);
      break;
    case Layout::gathered: {
      std::mt19937 random(1);
      std::shuffle(o.m_a.begin(), o.m_a.end(), random);
      std::shuffle(o.k_b.begin(), o.k_b.end(), random);
      std::shuffle(o.n_c.begin(), o.n_c.end(), random);
    }
  }
  return o;
}

template <class T>
std::vector<T> numbers(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& v : values) v = T(int(random() % 9) - 4);  // small integers: sums are exact in any order
  return values;
}

template <class T>
struct Problem {
  Sizes s;
  Offsets o;
  std::vector<T> a, b;

  Problem(const Sizes& sizes, Layout layout)
      : s(sizes),
        o(offsets_for(sizes, layout)),
        a(numbers<T>(2 * s.batch * s.m * s.k + 1, 1)),
        b(numbers<T>(s.batch * s.k * s.n + 1, 2)) {}

  /// With small blocks, so that there are several of every kind.
  std::vector<T> multiplied(int32_t mr, int32_t nr, einx_rt_microkernel micro, int32_t parallel) const {
    std::vector<T> c(size_t(s.batch * s.m * s.n), T(-77));
    einx_rt_matmul_plan plan{};
    plan.batch = s.batch, plan.m = s.m, plan.n = s.n, plan.k = s.k;
    plan.batch_a = o.batch_a.data(), plan.batch_b = o.batch_b.data(), plan.batch_c = o.batch_c.data();
    plan.m_a = o.m_a.data(), plan.k_a = o.k_a.data(), plan.k_b = o.k_b.data();
    plan.n_b = o.n_b.data(), plan.m_c = o.m_c.data(), plan.n_c = o.n_c.data();
    plan.element_bytes = sizeof(T), plan.mr = mr, plan.nr = nr, plan.parallel = parallel;
    plan.a_panel = form.panel, plan.c_direct = form.direct, plan.a_line = form.a_row;
    plan.kc = kDepth, plan.mc = 4 * mr, plan.nc = 3 * nr, plan.grain = 2;
    plan.row_parts = std::max<int64_t>(1, std::min<int64_t>(3, s.m / (2 * mr)));
    plan.column_parts = std::max<int64_t>(1, std::min<int64_t>(2, s.n / (2 * nr)));
    plan.kernel = micro;
    CHECK(einx_rt_matmul(&plan, a.data(), b.data(), c.data()) == EINX_OK);
    return c;
  }

  /// Every form that the layout allows for this tile.
  std::vector<Form> forms(int64_t mr, int64_t nr, Layout layout) const {
    const bool arithmetic = layout != Layout::gathered,
               runs = layout != Layout::gaps && layout != Layout::transposed_inputs;
    const bool whole = s.m >= mr && s.n >= nr;
    const bool stores = whole && arithmetic && layout != Layout::transposed_output;
    std::vector<Form> all;
    for (const bool direct : {false, true}) {
      if (direct && !stores) continue;
      const int64_t c_row = direct ? s.n : nr;
      all.push_back({EINX_A_DEPTHS, direct, 1, mr, c_row});
      if (runs) all.push_back({EINX_A_LINES, direct, kDepth + 3, 1, c_row});
      if (s.m >= mr && s.m > 1 && s.k > 1 && arithmetic)
        all.push_back({EINX_A_DIRECT, direct, o.m_a[1] - o.m_a[0], o.k_a[1] - o.k_a[0], c_row});
    }
    return all;
  }

  std::vector<T> expected() const {
    std::vector<T> c(size_t(s.batch * s.m * s.n), T(-77));
    for (size_t z = 0; z < size_t(s.batch); ++z)
      for (size_t i = 0; i < size_t(s.m); ++i)
        for (size_t j = 0; j < size_t(s.n); ++j) {
          T sum = 0;
          for (size_t p = 0; p < size_t(s.k); ++p)
            sum +=
                a[size_t(o.batch_a[z] + o.m_a[i] + o.k_a[p])] * b[size_t(o.batch_b[z] + o.k_b[p] + o.n_b[j])];
          c[size_t(o.batch_c[z] + o.m_c[i] + o.n_c[j])] = sum;
        }
    return c;
  }
};

const Sizes kSizes[] = {
    {1, 1, 1, 1},   {1, 5, 7, 3},     {2, 6, 16, 4},     {3, 13, 17, 19},  {1, 6, 16, 700}, {1, 40, 33, 530},
    {1, 300, 5, 9}, {1, 3, 700, 11},  {40, 7, 9, 5},     {2, 0, 3, 4},     {2, 3, 0, 4},    {2, 3, 4, 0},
    {0, 3, 4, 5},   {1, 65, 129, 63}, {2, 110, 130, 64}, {1, 1, 300, 600}, {1, 300, 1, 600}};

template <class T, int mr, int nr>
void check_all() {
  for (const Sizes& sizes : kSizes)
    for (const Layout layout : kLayouts) {
      CAPTURE(sizes.m);
      CAPTURE(sizes.n);
      CAPTURE(sizes.k);
      CAPTURE(int(layout));
      const Problem<T> problem(sizes, layout);
      const std::vector<T> expected = problem.expected();
      for (const Form& each : problem.forms(mr, nr, layout)) {
        form = each;
        CAPTURE(form.panel);
        CAPTURE(form.direct);
        CHECK((problem.multiplied(mr, nr, kernel<T, mr, nr>, 0) == expected));
        CHECK((problem.multiplied(mr, nr, kernel<T, mr, nr>, 1) == expected));
      }
    }
}

}  // namespace

TEST_CASE("f32 products of every layout agree with plain loops") {
  check_all<float, 6, 16>();
  check_all<float, 3, 5>();
  check_all<float, 4, 32>();  // squares of sixteen
}
TEST_CASE("f64 products of every layout agree with plain loops") {
  check_all<double, 4, 8>();
  check_all<double, 7, 3>();
}

TEST_CASE("the bits are the same for every number of threads") {
  Problem<float> problem({3, 150, 190, 900}, Layout::row_major);
  for (float& v : problem.a) v = v * 0.1f + 0.01f;
  for (const Form& each : problem.forms(6, 16, Layout::row_major)) {
    form = each;
    einx_rt_set_threads(1);
    const std::vector<float> serial = problem.multiplied(6, 16, kernel<float, 6, 16>, 1);
    for (const int32_t threads : {2, 5}) {
      einx_rt_set_threads(threads);
      CHECK((problem.multiplied(6, 16, kernel<float, 6, 16>, 1) == serial));
    }
    einx_rt_set_threads(0);
    CHECK((problem.multiplied(6, 16, kernel<float, 6, 16>, 0) == serial));
  }
}
