// How exact the inlined functions are, over the whole range of f32 and over random bits of f64: a sample in
// each run, every f32 and millions of f64 in those that tools/test --full adds (they are skipped without
// --no-skip). f32 is held against the C library's functions of double, f64 against those of long double.
#include "codegen/ulps.h"

#include <doctest/doctest.h>

#include <bit>
#include <thread>

#include "codegen/values.h"

using namespace programs;
using ops::Prim;

namespace {

struct Unary {
  Prim prim;
  double (*in_double)(double);
  long double (*in_long_double)(long double);
  double f32_most, f64_most;  ///< what docs/operations.md promises
};
const std::vector<Unary> kUnary = {
    {Prim::Exp, std::exp, std::exp, 2, 4},       {Prim::Log, std::log, std::log, 2, 4},
    {Prim::Log1p, std::log1p, std::log1p, 2, 4}, {Prim::Tanh, std::tanh, std::tanh, 2, 4},
    {Prim::Erf, std::erf, std::erf, 2, 4},       {Prim::Sin, std::sin, std::sin, 2, 4},
    {Prim::Cos, std::cos, std::cos, 2, 4},
};

constexpr std::int64_t kBlock = 1 << 14;
constexpr std::int64_t kEveryBlock = (std::int64_t(1) << 32) / kBlock;  ///< of all f32

/// What exact values are held in.
template <class T>
using Exact = std::conditional_t<sizeof(T) == 4, double, long double>;

/// A function compiled for blocks of kBlock values on every level of this machine. Beyond 1e5, sin and cos
/// are the C library's, which takes too long for every f32 on every level: `all` asks for the highest one
/// only.
template <class T>
std::vector<std::shared_ptr<const codegen::Code>> codes_of(Prim prim, int operands, bool all) {
  const DType dtype = dtype_of<T>;
  std::vector<std::shared_ptr<const codegen::Code>> codes;
  std::vector<codegen::Target> levels = targets();
  if (all && (prim == Prim::Sin || prim == Prim::Cos)) levels = {levels.back()};
  for (const codegen::Target& target : levels)
    codes.push_back(map_code(target, function(prim, std::vector<DType>(std::size_t(operands), dtype), dtype),
                             kBlock, int(64 / sizeof(T))));
  return codes;
}

/// Blocks of arguments from `fill(block, x, y)`, shared among two threads; the worst of all levels, of those
/// results that are not the nearest number: 0 if all are.
template <class T, class Fill, class Function>
Worst<T> worst_of(Prim prim, int operands, std::int64_t blocks, const Fill& fill, const Function& exact) {
  const auto codes = codes_of<T>(prim, operands, blocks == kEveryBlock);
  const auto part = [&](std::int64_t first, Worst<T>& worst) {
    std::vector<T> x(kBlock), y(kBlock), out(kBlock);
    std::vector<Exact<T>> wanted(kBlock);
    for (std::int64_t block = first; block < blocks; block += 2) {
      fill(block, x, y);
      for (std::size_t k = 0; k < x.size(); ++k) wanted[k] = exact(x[k], y[k]);
      for (const auto& code : codes) {
        std::vector<const void*> in{x.data()};
        if (operands == 2) in.push_back(y.data());
        if (run(*code, in, {out.data()}) != EINX_OK) worst.see(std::numeric_limits<double>::infinity(), x[0]);
        for (std::size_t k = 0; k < x.size(); ++k)
          if (T(wanted[k]) != out[k]) worst.see(ulps_from(out[k], (long double)(wanted[k])), x[k], y[k]);
      }
    }
  };
  Worst<T> one, two;
  std::thread other([&] { part(1, two); });
  part(0, one);
  other.join();
  one.see(two);
  return one;
}

template <class T>
void expect(Prim prim, const Worst<T>& worst, double most) {
  CAPTURE(worst.x);
  CAPTURE(worst.y);
  MESSAGE(ops::name_of(prim), sizeof(T) == 4 ? " f32: " : " f64: ", worst.error, " ulp at ", worst.x, ", ",
          worst.y);
  CHECK(worst.error <= most);
}

/// Bits k stride, k = 0, 1, ... of the whole range. Strides are odd, so that all bits vary.
void check_f32(std::uint32_t stride) {
  const auto blocks = std::int64_t(((std::uint64_t(1) << 32) / stride + kBlock - 1) / kBlock);
  for (const Unary& row : kUnary) {
    const auto fill = [&](std::int64_t block, std::vector<float>& x, std::vector<float>&) {
      for (std::size_t k = 0; k < x.size(); ++k)
        x[k] = std::bit_cast<float>(std::uint32_t((std::uint64_t(block) * kBlock + k) * stride));
    };
    const auto exact = [&](float x, float) { return row.in_double(double(x)); };
    expect(row.prim, worst_of<float>(row.prim, 1, blocks, fill, exact), row.f32_most);
  }
}

/// The neighbours of numbers where something changes.
template <class T>
std::vector<T> edges() {
  std::vector<double> centres = special_numbers();
  for (const double more : {0.29,
                            0.625,
                            1.0,
                            2.0,
                            4.0,
                            6.0,
                            0.41421356237309505,
                            0.7071067811865476,
                            1.4142135623730951,
                            0.34657359027997264,
                            1.5707963267948966,
                            3.141592653589793,
                            1e5,
                            88.72283905206835,
                            103.97207708,
                            709.782712893384,
                            745.1332191019411,
                            double(std::numeric_limits<T>::max()),
                            double(std::numeric_limits<T>::min()),
                            double(std::numeric_limits<T>::denorm_min())})
    centres.push_back(more), centres.push_back(-more);
  std::vector<T> all;
  for (const double centre : centres) {
    T up = T(centre), down = T(centre);
    for (int k = 0; k < 20; ++k) {
      all.push_back(up), all.push_back(down);
      up = std::nextafter(up, std::numeric_limits<T>::infinity());
      down = std::nextafter(down, -std::numeric_limits<T>::infinity());
    }
  }
  return all;
}

template <class T>
T random_value(std::mt19937_64& random, double scale) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const std::uint64_t bits = random();
  if (bits % 4 == 0) {
    const T any = std::bit_cast<T>(Bits(random()));
    return std::isnan(any) ? std::numeric_limits<T>::quiet_NaN()
                           : any;  // C leaves pow of a signalling one open
  }
  const double uniform = double(std::int64_t(random())) * 0x1p-63;
  return T(bits % 4 == 1 ? uniform : bits % 4 == 2 ? uniform * 20 : uniform * scale);
}

void check_f64(std::int64_t blocks) {
  const std::vector<double> special = edges<double>();
  for (const Unary& row : kUnary) {
    const auto fill = [&](std::int64_t block, std::vector<double>& x, std::vector<double>&) {
      std::mt19937_64 random{std::uint64_t(block)};
      for (std::size_t k = 0; k < x.size(); ++k)
        x[k] = block == 0 ? special[k % special.size()] : random_value<double>(random, 800);
    };
    const auto exact = [&](double x, double) { return row.in_long_double((long double)(x)); };
    expect(row.prim, worst_of<double>(row.prim, 1, blocks, fill, exact), row.f64_most);
  }
}

/// Bases and exponents: edges with each other, random bits, whole exponents, and powers that are neither zero
/// nor infinite.
template <class T>
void check_pow(std::int64_t blocks, double most) {
  const std::vector<T> special = edges<T>();
  const double largest = std::log(double(std::numeric_limits<T>::max()));
  const auto fill = [&](std::int64_t block, std::vector<T>& x, std::vector<T>& y) {
    std::mt19937_64 random{std::uint64_t(block)};
    for (std::size_t k = 0; k < x.size(); ++k) {
      const std::uint64_t choice = random() % 8;
      x[k] = choice < 2 ? special[random() % special.size()] : random_value<T>(random, 800);
      y[k] = choice % 2 == 0 ? special[random() % special.size()] : random_value<T>(random, 800);
      if (choice == 4) y[k] = T(std::int64_t(random() % 64) - 32);
      if (choice >= 5) {
        x[k] = std::fabs(x[k]);
        y[k] = T(double(std::int64_t(random())) * 0x1p-63 * 1.05 * largest / std::log(double(x[k])));
      }
    }
  };
  const auto exact = [](T x, T y) { return std::pow(Exact<T>(x), Exact<T>(y)); };
  expect(Prim::Pow, worst_of<T>(Prim::Pow, 2, blocks, fill, exact), most);
}

template <class T>
void check_special_powers(const codegen::Target& target, int lanes) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T big = std::numeric_limits<T>::max(), tiny = std::numeric_limits<T>::denorm_min(),
          odd = T(std::ldexp(1.0, std::numeric_limits<T>::digits) - 1);
  const std::vector<T> values = {0,      T(-0.0), 1,      -1,      2,    -2,      3,        -3,
                                 T(0.5), T(-0.5), T(1.5), T(-2.5), inf,  -inf,    nan,      big,
                                 -big,   tiny,    -tiny,  odd,     -odd, odd + 1, T(0.999), T(-1.001)};
  std::vector<T> x, y;
  for (const T a : values)
    for (const T b : values) x.push_back(a), y.push_back(b);
  std::vector<T> out(x.size());
  REQUIRE(run(*map_code(target, function(Prim::Pow, {dtype_of<T>, dtype_of<T>}, dtype_of<T>),
                        std::int64_t(x.size()), lanes),
              {x.data(), y.data()}, {out.data()}) == EINX_OK);
  for (std::size_t k = 0; k < x.size(); ++k) {
    CAPTURE(x[k]);
    CAPTURE(y[k]);
    const T wanted = std::pow(x[k], y[k]);
    CHECK(std::isnan(out[k]) == std::isnan(wanted));
    if (std::isnan(wanted)) continue;
    CHECK(std::signbit(out[k]) == std::signbit(wanted));
    CHECK(ulps_from(out[k], (long double)(wanted)) <= 1.5);
  }
}

}  // namespace

TEST_CASE("a sample of all f32") { check_f32(10007); }
TEST_CASE("edges and random f64") { check_f64(8); }
TEST_CASE("pow") {
  check_pow<float>(16, 2);
  check_pow<double>(16, 4);
}
TEST_CASE("pow at special values is C's") {
  for (const codegen::Target& target : targets())
    for (const int lanes : {1, 4, 16}) {
      CAPTURE(target.level);
      check_special_powers<float>(target, lanes);
      check_special_powers<double>(target, lanes);
    }
}
TEST_CASE("full: every f32" * doctest::skip()) { check_f32(1); }
TEST_CASE("full: millions of f64, of powers" * doctest::skip()) {
  check_f64(600);
  check_pow<float>(600, 2);
  check_pow<double>(600, 4);
}
