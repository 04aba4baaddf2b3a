// Rows of passes: identities are neutral, combine is commutative and associative where values are exact, ties and nan of argmax.
#include <doctest/doctest.h>

#include "ops/ops.h"
#include "values.h"

using namespace einx;
using namespace einx::detail;
using values::inf;
using values::NaN;

namespace {

ops::Rows rows_of(std::string_view name, DType dtype) {
  const ops::Op& op = ops::get(name);
  const std::vector<DType> dtypes(op.min_inputs, dtype);
  return std::get<ops::Rows>(op.resolve(op, dtypes).meaning);
}

std::vector<tensor::Scalar> combine(const ops::Pass& pass, std::vector<tensor::Scalar> a, const std::vector<tensor::Scalar>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::vector<tensor::Scalar> out(b.size());
  ops::evaluate(pass.combine, a, out);
  return out;
}

bool same(const std::vector<tensor::Scalar>& a, const std::vector<tensor::Scalar>& b) {
  for (std::size_t k = 0; k < a.size(); ++k)
    if (a[k].dtype != b[k].dtype || !values::close(tensor::to_double(a[k]), tensor::to_double(b[k]), 0)) return false;
  return a.size() == b.size();
}

/// Accumulators as they occur: small values (0 and 1 exact everywhere), the extremes of floats; for argmax with positions. The shift of a softmax is
/// never a nan.
std::vector<std::vector<tensor::Scalar>> samples(const ops::Pass& pass, bool nan) {
  std::vector<double> numbers = {0, 1, 1, 3};
  if (tensor::is_float(pass.identity[0].dtype)) numbers.insert(numbers.end(), {inf, -inf, nan ? NaN : 2, -2});
  std::vector<std::vector<tensor::Scalar>> out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    out.push_back({tensor::make_scalar(numbers[i], pass.identity[0].dtype)});
    if (pass.identity.size() == 2) out.back().push_back(tensor::make_scalar(std::int64_t(i), i64));
  }
  return out;
}

}  // namespace

TEST_CASE("identities are neutral, and the order of combining does not matter") {
  for (const char* name : {"sum", "mean", "var", "std", "prod", "count_nonzero", "any", "all", "max", "min", "logsumexp", "dot",
                           "softmax", "log_softmax", "argmax", "argmin"}) {
    for (DType dtype : values::all_dtypes()) {
      CAPTURE(name);
      CAPTURE(name_of(dtype));
      if (dtype == boolean && std::string_view(name).find("soft") != std::string_view::npos) continue;
      if (dtype == boolean && std::string_view(name) == "logsumexp") continue;
      const ops::Rows rows = rows_of(name, dtype);
      for (const ops::Pass& pass : rows.passes) {
        const bool shift = rows.passes.size() == 2 && &pass == &rows.passes[0] && (rows.per_element || std::string_view(name) == "logsumexp");
        const auto accumulators = samples(pass, !shift);
        for (const auto& a : accumulators) {
          CHECK(same(combine(pass, pass.identity, a), a));
          CHECK(same(combine(pass, a, pass.identity), a));
          for (const auto& b : accumulators) {
            CHECK(same(combine(pass, a, b), combine(pass, b, a)));
            for (const auto& c : accumulators)
              CHECK(same(combine(pass, combine(pass, a, b), c), combine(pass, a, combine(pass, b, c))));
          }
        }
      }
    }
  }
}

TEST_CASE("the better of two candidates of argmax and argmin") {
  struct Row {
    std::string_view op;
    DType dtype;
    std::vector<double> pair;  // value, position, other value, other position
    double position;
  };
  const double far = double(std::int64_t(1) << 62);
  const Row rows[] = {
      {"argmax", f32, {1, 0, 2, 1}, 1},
      {"argmax", f32, {2, 4, 2, 3}, 3},       // ties: the lower position
      {"argmax", f32, {NaN, 5, inf, 0}, 5},   // nan counts as the extremum
      {"argmax", f32, {NaN, 5, NaN, 2}, 2},
      {"argmax", f32, {-inf, far, -inf, 7}, 7},
      {"argmax", f32, {0, 1, -0.0, 0}, 0},
      {"argmax", boolean, {0, 0, 1, 1}, 1},
      {"argmax", u64, {0, far, 0, 3}, 3},
      {"argmin", f32, {1, 0, 2, 1}, 0},
      {"argmin", f32, {-inf, 0, NaN, 9}, 9},
      {"argmin", boolean, {1, 0, 0, 1}, 1},
      {"argmin", i8, {127, far, 127, 0}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.op);
    const ops::Pass pass = rows_of(row.op, row.dtype).passes[0];
    const auto all = values::scalars(pass.combine.args, row.pair);
    const auto best = combine(pass, {all[0], all[1]}, {all[2], all[3]});
    CHECK(tensor::to_double(best[1]) == row.position);
  }
}

TEST_CASE("an element equal to the identity's value beats the identity") {
  for (const char* name : {"argmax", "argmin"})
    for (DType dtype : values::all_dtypes()) {
      const ops::Pass pass = rows_of(name, dtype).passes[0];
      const std::vector<tensor::Scalar> element = {pass.identity[0], tensor::make_scalar(std::int64_t{12}, i64)};
      CHECK(combine(pass, pass.identity, element)[1].i == 12);
    }
}

TEST_CASE("which rows refuse an empty sub-tensor, and which have results per element") {
  for (const char* name : {"max", "min", "argmax", "argmin"}) CHECK(rows_of(name, f32).nonempty);
  for (const char* name : {"sum", "mean", "var", "prod", "any", "all", "logsumexp", "dot", "softmax"}) CHECK_FALSE(rows_of(name, f32).nonempty);
  for (const char* name : {"softmax", "log_softmax"}) CHECK(rows_of(name, f32).per_element);
  CHECK_FALSE(rows_of("sum", f32).per_element);
  CHECK(rows_of("argmin", f32).coordinates);
  CHECK_FALSE(rows_of("max", f32).coordinates);
}
