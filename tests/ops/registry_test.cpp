// The rows as data: names, arities, rules for the notation, errors, and what holds for every scalar function of every row.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "ops/ops.h"
#include "support/support.h"
#include "values.h"

using namespace einx;
using namespace einx::detail;
using notation::Family;

TEST_CASE("the rows are exactly these, in the order of operations.md") {
  const std::vector<std::string_view> expected = {
      "id", "add", "subtract", "multiply", "true_divide", "divide", "floor_divide", "maximum", "minimum", "less", "less_equal",
      "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logaddexp", "pow", "hypot", "where", "abs",
      "negative", "exp", "log", "log1p", "sqrt", "tanh", "erf", "sin", "cos", "floor", "sum", "mean", "var",
      "std", "prod", "count_nonzero", "any", "all", "max", "min", "logsumexp", "dot", "einsum", "softmax", "log_softmax", "flip",
      "sort", "argsort", "roll", "get_at", "set_at", "add_at", "subtract_at",
      "argmax", "argmin"};
  std::vector<std::string_view> names;
  for (const ops::Op* op : ops::all()) {
    names.push_back(op->name);
    CHECK(ops::find(op->name) == op);
    CHECK(&ops::get(op->name) == op);
    CHECK_FALSE(op->summary.empty());
  }
  CHECK(names == expected);
  CHECK(ops::find("rearrange") == ops::find("id"));
  CHECK(ops::find("to_f32")->name == "to_f32");  // conversions are found, not listed
}

TEST_CASE("rows of the user's own: found by name, one an identity") {
  const auto row = [] {
    ops::UserRow made{"own_row", Family::Elementwise, 1, 1, {}};
    made.resolve = [](const ops::Op& op, std::span<const DType> operands) {
      CHECK(op.name.starts_with("own_row"));
      return ops::get("abs").resolve(ops::get("abs"), operands);
    };
    return made;
  };
  const ops::Op& first = ops::add_row(row(), "one");
  CHECK(first.name == "own_row");
  CHECK(&ops::add_row(row(), "one") == &first);
  CHECK(ops::add_row(row(), "two").name == "own_row_2");
  CHECK(ops::add_row(row(), "").name == "own_row_3");
  CHECK(ops::add_row(row(), "").name == "own_row_4");
  CHECK(&ops::add_row(row(), "two") == ops::find("own_row_2"));
  CHECK(ops::find("own_row") == &first);
  CHECK(std::ranges::find(ops::all(), &first) == ops::all().end());
  const std::vector<DType> dtypes = {DType::i8};
  CHECK(first.resolve(first, dtypes).result == DType::i8);
  for (const char* name : {"sum", "rearrange", "to_i8", "", "a b", "1", "return"}) {
    ops::UserRow bad = row();
    bad.name = name;
    CHECK_THROWS_AS(ops::add_row(std::move(bad), ""), ValueError);
  }
}

TEST_CASE("functions composed of functions compute in f32 between halves, unless a conversion is asked for") {
  const auto fn_of = [](std::string_view name, std::vector<DType> dtypes) {
    return std::get<ops::Map>(ops::get(name).resolve(ops::get(name), dtypes).meaning).fn;
  };
  ops::Composer composer({DType::f16, DType::f16});
  const int both[] = {composer.arg(0), composer.arg(1)};
  const int sum = composer.call(fn_of("add", {DType::f16, DType::f16}), both)[0];
  const int twice[] = {sum, sum};
  const int square = composer.call(fn_of("multiply", {DType::f16, DType::f16}), twice)[0];
  CHECK(ops::text(composer.finish(std::span(&square, 1))) ==
        "(f16, f16) -> t2 = cast(a0, f32); t3 = cast(a1, f32); t4 = add(t2, t3); t5 = mul(t4, t4); t6 = cast(t5, f16); t6");
  const int wide = composer.cast(sum, DType::f32);
  const int rounded = composer.call(fn_of("to_f16", {DType::f32}), std::span(&wide, 1))[0];
  const int kept = composer.cast(rounded, DType::f32);
  CHECK(ops::text(composer.finish(std::span(&kept, 1))).ends_with("t5 = cast(t4, f16); t6 = cast(t5, f32); t6"));
}

TEST_CASE("what the notation may do with an operation") {
  struct Row {
    std::string_view name;
    Family family;
    int min_inputs, max_inputs;
    bool shorthand, keepdims;
  };
  const Row rows[] = {
      {"id", Family::Id, 1, -1, false, false},
      {"add", Family::Elementwise, 1, -1, true, false},
      {"subtract", Family::Elementwise, 2, 2, true, false},
      {"less", Family::Elementwise, 2, 2, true, false},
      {"logical_or", Family::Elementwise, 1, -1, true, false},
      {"logaddexp", Family::Elementwise, 1, -1, true, false},
      {"where", Family::Elementwise, 3, 3, true, false},
      {"sum", Family::Reduce, 1, 1, false, true},
      {"logsumexp", Family::Reduce, 1, 1, false, true},
      {"dot", Family::Dot, 2, -1, true, false},
      {"einsum", Family::Einsum, 1, -1, false, false},
      {"softmax", Family::Preserve, 1, 1, false, false},
      {"get_at", Family::GetAt, 2, -1, false, false},
      {"set_at", Family::UpdateAt, 3, -1, false, false},
      {"add_at", Family::UpdateAt, 3, -1, false, false},
      {"subtract_at", Family::UpdateAt, 3, -1, false, false},
      {"argmin", Family::ArgFind, 1, 1, false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const notation::Rules rules = ops::rules(ops::get(row.name), true);
    CHECK(rules.op == row.name);
    CHECK(rules.family == row.family);
    CHECK(rules.min_inputs == row.min_inputs);
    CHECK(rules.max_inputs == row.max_inputs);
    CHECK(rules.second_operand_shorthand == row.shorthand);
    CHECK(rules.keepdims == row.keepdims);
    CHECK_FALSE(ops::rules(ops::get(row.name)).keepdims);
    CHECK(rules.reserved.empty());
    CHECK_FALSE(rules.one_bracketed_axis);
  }
}

TEST_CASE("operations that move what is along an axis") {
  struct Row {
    std::string_view name;
    bool one_axis;
    std::vector<std::string> reserved;
  };
  for (const Row& row : {Row{"flip", false, {}}, {"roll", false, {"shift"}}, {"sort", true, {}}, {"argsort", true, {}}}) {
    CAPTURE(row.name);
    const notation::Rules rules = ops::rules(ops::get(row.name), true);
    CHECK(rules.family == Family::Preserve);
    CHECK(rules.min_inputs == 1);
    CHECK(rules.max_inputs == 1);
    CHECK(rules.one_bracketed_axis == row.one_axis);
    CHECK(rules.reserved == row.reserved);
    CHECK_FALSE(rules.keepdims);
    CHECK_FALSE(rules.second_operand_shorthand);
  }
}

TEST_CASE("names that are no operation") {
  struct Row {
    std::string_view name, message;
  };
  const Row rows[] = {
      {"summ", "'sum'"},                    {"ad_at", "'add_at'"},
      {"mutliply", "'multiply'"},           {"log_sofmax", "'log_softmax'"},
      {"substract", "'subtract'"},          {"rearange", "'rearrange'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(ops::find(row.name) == nullptr);
    try {
      ops::get(row.name);
      FAIL("expected an error");
    } catch (const OperationNotSupportedError& error) {
      CHECK(error.kind() == "unknown-operation");
      CHECK(std::string_view(error.what()).find(row.message) != std::string_view::npos);
      CHECK(std::string_view(error.what()).find(row.name) != std::string_view::npos);
    }
  }
  for (const std::string& far : {std::string("frobnicate"), std::string(), std::string(5000, 's')}) {
    CHECK(ops::find(far) == nullptr);
    try {
      ops::get(far);
      FAIL("expected an error");
    } catch (const OperationNotSupportedError& error) {
      CHECK(std::string_view(error.what()).find("Did you mean") == std::string_view::npos);
    }
  }
}

namespace {

void check_function(const ops::ScalarFn& fn, const std::vector<DType>& args) {
  CAPTURE(ops::text(fn));
  CHECK(fn.args == args);
  std::set<int> needed(fn.results.begin(), fn.results.end());
  for (int i = int(fn.nodes.size()); i-- > 0;) {
    const ops::ScalarNode& node = fn.nodes[i];
    CHECK(needed.count(i) == 1);
    for (int k = 0; k < 3; ++k) CHECK((node.args[k] >= 0) == (k < ops::arity_of(node.prim)));
    for (int k = 0; k < ops::arity_of(node.prim); ++k) {
      CHECK(node.args[k] < i);
      needed.insert(node.args[k]);
      if (node.prim != ops::Prim::Cast) CHECK_FALSE(tensor::is_half(fn.nodes[node.args[k]].dtype));
    }
    if (node.prim == ops::Prim::Arg) CHECK(node.dtype == args[node.arg]);
    if (node.prim == ops::Prim::Const) CHECK(node.constant.dtype == node.dtype);
  }
}

std::vector<DType> joined(std::vector<DType> a, const std::vector<DType>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void check_rows(const ops::Rows& rows, const ops::Resolved& resolved) {
  std::vector<DType> accumulators, last;
  for (const ops::Pass& pass : rows.passes) {
    check_function(pass.map, joined(joined(resolved.operands, accumulators), {i64, i64}));
    last.clear();
    for (const tensor::Scalar& value : pass.identity) last.push_back(value.dtype);
    for (std::size_t k = 0; k < last.size(); ++k) {
      CHECK_FALSE(tensor::is_half(last[k]));
      CHECK(pass.map.result_dtype(int(k)) == last[k]);
      CHECK(pass.combine.result_dtype(int(k)) == last[k]);
    }
    CHECK(pass.map.results.size() == last.size());
    CHECK(pass.combine.results.size() == last.size());
    check_function(pass.combine, joined(last, last));
    accumulators = joined(accumulators, last);
  }
  std::vector<DType> args = rows.per_element ? joined(resolved.operands, last) : std::vector<DType>{};
  check_function(rows.result, joined(joined(args, accumulators), {i64}));
  CHECK(rows.result.result_dtype() == resolved.result);
}

void check_meaning(const ops::Resolved& resolved) {
  support::match(
      resolved.meaning,  //
      [](const ops::Move&) {},
      [&](const ops::Map& map) {
        check_function(map.fn, resolved.operands);
        CHECK(map.fn.result_dtype() == resolved.result);
      },
      [&](const ops::Rows& rows) { check_rows(rows, resolved); },
      [&](const ops::Scatter& scatter) {
        check_function(scatter.update, {resolved.result, resolved.operands.back()});
        CHECK(scatter.update.result_dtype() == resolved.result);
      },
      [](const auto&) {});  // no function
}

}  // namespace

TEST_CASE("every row's functions are well formed for every dtype") {
  int resolved = 0;
  for (const ops::Op* op : ops::all()) {
    for (DType dtype : values::all_dtypes()) {
      for (int count = op->min_inputs; count <= (op->max_inputs < 0 ? 4 : op->max_inputs); ++count) {
        CAPTURE(op->name);
        CAPTURE(name_of(dtype));
        std::vector<DType> dtypes(count, dtype);
        if (op->family == Family::GetAt) std::fill(dtypes.begin() + 1, dtypes.end(), i64);
        if (op->family == Family::UpdateAt) std::fill(dtypes.begin() + 1, dtypes.end() - 1, i64);
        try {
          check_meaning(op->resolve(*op, dtypes));
          ++resolved;
        } catch (const OperationNotSupportedError& error) {
          CHECK(error.kind() == "dtype-not-supported");
          CHECK(dtype == boolean);
        }
      }
    }
  }
  CHECK(resolved > 600);
}

TEST_CASE("outputs of id have the dtype of what they are made of") {
  const auto axis = [](int i) { return notation::Dim{notation::Dim::Kind::Axis, i, {}}; };
  const notation::TensorExpr a{{axis(0)}}, b{{axis(1)}};
  const notation::Dim sum{notation::Dim::Kind::Concat, -1, {axis(0), axis(1)}};
  notation::Solved expr;
  expr.axes = {{"a", 2, false, false, "a"}, {"b", 3, false, false, "b"}};
  expr.inputs = {a, b};
  const std::vector<DType> dtypes = {i64, f32};

  expr.outputs = {a, b};
  CHECK(ops::output_dtypes(ops::get("id"), expr, dtypes) == std::vector{i64, f32});
  expr.outputs = {{{sum}}};
  CHECK(ops::output_dtypes(ops::get("id"), expr, dtypes) == std::vector{f64});
  // (a + b) (a + b), a -> (a + b) (a + b), a: four pieces, then one
  expr.inputs = expr.outputs = {{{sum, sum}}, a};
  CHECK(ops::output_dtypes(ops::get("id"), expr, dtypes) == std::vector{i64, f32});
  expr.inputs = expr.outputs = {a};
  CHECK(ops::output_dtypes(ops::get("sum"), expr, std::vector{i8}) == std::vector{i64});
}
