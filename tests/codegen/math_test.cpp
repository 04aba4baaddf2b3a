// How exact the inlined functions are: random and special arguments against libm in the next wider format.
#include <doctest/doctest.h>

#include "codegen/values.h"

using namespace programs;
using ops::Prim;

namespace {

struct Row {
  Prim prim;
  long double (*exact)(long double);
  double low, high;  ///< where random arguments are drawn from
};
const std::vector<Row> kRows = {{Prim::Exp, std::exp, -110, 95},    {Prim::Exp, std::exp, -750, 715},
                                {Prim::Exp, std::exp, -1, 1},       {Prim::Log, std::log, 0, 1e30},
                                {Prim::Log, std::log, 0.5, 2},      {Prim::Log, std::log, 0, 1e-37},
                                {Prim::Log1p, std::log1p, -1, 1},   {Prim::Log1p, std::log1p, -1e-4, 1e-4},
                                {Prim::Log1p, std::log1p, 0, 1e10}, {Prim::Tanh, std::tanh, -1, 1},
                                {Prim::Tanh, std::tanh, -25, 25},   {Prim::Tanh, std::tanh, -1e-5, 1e-5},
                                {Prim::Erf, std::erf, -1, 1},       {Prim::Erf, std::erf, -7, 7},
                                {Prim::Erf, std::erf, 0.99, 1.01},  {Prim::Erf, std::erf, -1e-5, 1e-5},
                                {Prim::Sin, std::sin, -4, 4},       {Prim::Sin, std::sin, -1e5, 1e5},
                                {Prim::Sin, std::sin, 9e4, 1.1e5},  {Prim::Sin, std::sin, -1e-5, 1e-5},
                                {Prim::Sin, std::sin, -1e30, 1e30}, {Prim::Cos, std::cos, -4, 4},
                                {Prim::Cos, std::cos, -1e5, 1e5},   {Prim::Cos, std::cos, -1e30, 1e30},
                                {Prim::Cos, std::cos, 1.5707, 1.5709}};

template <class T>
std::vector<T> arguments(const Row& row, std::size_t n) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(row.low, row.high);
  std::vector<T> values;
  for (const double special : special_numbers()) values.push_back(T(special));
  values.push_back(std::numeric_limits<T>::denorm_min());
  values.push_back(std::numeric_limits<T>::min());
  values.push_back(std::nextafter(T(-1), T(0)));
  while (values.size() < n) values.push_back(T(uniform(random)));
  return values;
}

template <class T>
double worst(const codegen::Target& target, const Row& row, int lanes, T& where) {
  const DType dtype = dtype_of<T>;
  const std::vector<T> in = arguments<T>(row, 40000);
  std::vector<T> out(in.size());
  REQUIRE(run(*map_code(target, function(row.prim, {dtype}, dtype), std::int64_t(in.size()), lanes),
              {in.data()}, {out.data()}) == EINX_OK);
  double most = 0;
  for (std::size_t k = 0; k < in.size(); ++k) {
    const long double exact = row.exact((long double)in[k]);
    const double rounded = double(T(exact));
    double error = ulps(double(out[k]), rounded, dtype);
    if (std::isfinite(rounded) && std::isfinite(out[k])) {
      const int lowest = dtype == f64 ? -1022 : -126;
      const int exponent = rounded == 0 ? lowest : std::max(lowest, std::ilogb(rounded));
      error = double(std::fabs((long double)out[k] - exact) /
                     std::ldexp(1.0L, exponent - (dtype == f64 ? 52 : 23)));
    }
    if (error > most) most = error, where = in[k];
  }
  return most;
}

template <class T>
void check(const codegen::Target& target) {
  for (const Row& row : kRows) {
    for (const int lanes : {1, 2, 16, 32}) {
      CAPTURE(target.level);
      CAPTURE(ops::name_of(row.prim));
      CAPTURE(row.low);
      CAPTURE(lanes);
      T where = 0;
      const double error = worst<T>(target, row, lanes, where);
      CAPTURE(where);
      CHECK(error <= 2.0);
    }
  }
}

}  // namespace

TEST_CASE("exp, log, log1p, tanh, erf, sin and cos are within 2 units in the last place") {
  for (const codegen::Target& target : targets()) {
    check<float>(target);
    check<double>(target);
  }
}

TEST_CASE("signs of zero and values at the ends") {
  for (const codegen::Target& target : targets()) {
    CAPTURE(target.level);
    const std::vector<float> in = {-0.0f, 0.0f, -1.0f, INFINITY, -INFINITY};
    std::vector<float> out(5);
    REQUIRE(run(*map_code(target, function(Prim::Log1p, {f32}, f32), 5, 4), {in.data()}, {out.data()}) ==
            EINX_OK);
    CHECK(std::signbit(out[0]));
    CHECK(!std::signbit(out[1]));
    CHECK(out[2] == -INFINITY);
    CHECK(out[3] == INFINITY);
    CHECK(std::isnan(out[4]));
    REQUIRE(run(*map_code(target, function(Prim::Tanh, {f32}, f32), 5, 4), {in.data()}, {out.data()}) ==
            EINX_OK);
    CHECK(std::signbit(out[0]));
    CHECK(out[3] == 1.0f);
    CHECK(out[4] == -1.0f);
  }
}
