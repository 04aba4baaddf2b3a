// The dtype table of operations.md 1, written a second time as text and checked for every dtype and every pair.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <sstream>

#include "ops/ops.h"
#include "values.h"

using namespace einx;
using namespace einx::detail;

namespace {

std::optional<DType> result_of(std::string_view name, const std::vector<DType>& dtypes) {
  const ops::Op& op = ops::get(name);
  try {
    return op.resolve(op, dtypes).result;
  } catch (const OperationNotSupportedError& error) {
    CHECK(error.kind() == "dtype-not-supported");
    CHECK(std::string_view(error.what()).find(name) != std::string_view::npos);
    return std::nullopt;
  }
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> out;
  for (std::string word; stream >> word;) out.push_back(word);
  return out;
}

/// "P" is the operand's own dtype in a table of one dtype.
void check_word(std::string_view op, const std::vector<DType>& dtypes, const std::string& word, DType same) {
  CAPTURE(op);
  CAPTURE(values::names(dtypes));
  const std::optional<DType> result = result_of(op, dtypes);
  if (word == "error") {
    CHECK_FALSE(result.has_value());
  } else {
    REQUIRE(result.has_value());
    CHECK(name_of(*result) == (word == "same" ? name_of(same) : std::string_view(word)));
  }
}

}  // namespace

TEST_CASE("result dtype where all operands have one dtype") {
  struct Row {
    std::string ops;
    int operands;
    // bool    i8 i16 i32 i64    u8 u16 u32 u64    f16 bf16 f32 f64
    std::string results;
  };
  const std::string same = "same same same same same same same same same same same same same";
  const std::string floats = " same same same same";
  const std::string to_float = "f16 f32 f64 f64 f16 f32 f64 f64" + floats;
  const Row rows[] = {
      {"sum prod", 1, "i64 i64 i64 i64 i64 u64 u64 u64 u64" + floats},
      {"mean var std", 1, "f64 f64 f64 f64 f64 f64 f64 f64 f64" + floats},
      {"max min id flip roll sort", 1, same},
      {"any all", 1, "bool bool bool bool bool bool bool bool bool bool bool bool bool"},
      {"count_nonzero argmax argmin argsort", 1, "i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64"},
      {"logsumexp softmax log_softmax", 1, "error " + to_float},
      {"add multiply maximum minimum", 2, same},
      {"add multiply maximum minimum", 5, same},
      {"subtract", 2, "error same same same same same same same same" + floats},
      {"true_divide divide", 2, "f64 f64 f64 f64 f64 f64 f64 f64 f64" + floats},
      {"floor_divide", 2, "i8 same same same same same same same same" + floats},
      {"logaddexp", 2, "f16 " + to_float},
      {"logaddexp", 3, "f16 " + to_float},
      {"hypot", 2, "f16 " + to_float},
      {"less less_equal greater greater_equal equal not_equal logical_and logical_or", 2,
       "bool bool bool bool bool bool bool bool bool bool bool bool bool"},
      {"where", 3, same},
      {"pow", 2, "f64 f64 f64 f64 f64 f64 f64 f64 f64" + floats},
      {"abs floor", 1, same},
      {"negative", 1, "error same same same same same same same same" + floats},
      {"exp log log1p sqrt tanh erf sin cos", 1, "f16 " + to_float},
      {"dot", 2, same},
      {"dot", 3, same},
      {"add multiply maximum minimum logical_and logical_or logaddexp", 1, same},
  };
  for (const Row& row : rows) {
    const std::vector<std::string> results = words(row.results);
    REQUIRE(results.size() == values::all_dtypes().size());
    for (const std::string& op : words(row.ops))
      for (std::size_t i = 0; i < results.size(); ++i) {
        const DType dtype = values::all_dtypes()[i];
        check_word(op, std::vector<DType>(row.operands, dtype), results[i], dtype);
      }
  }
}

TEST_CASE("result dtype of every pair") {
  // P of the row's and the column's dtype. An unsigned and a signed integer meet in a signed one that holds both, as in numpy.
  const char* table[] = {
      "        bool i8   i16  i32  i64  u8   u16  u32  u64  f16  bf16 f32  f64",
      "bool    bool i8   i16  i32  i64  u8   u16  u32  u64  f16  bf16 f32  f64",
      "i8      i8   i8   i16  i32  i64  i16  i32  i64  f64  f16  bf16 f32  f64",
      "i16     i16  i16  i16  i32  i64  i16  i32  i64  f64  f32  f32  f32  f64",
      "i32     i32  i32  i32  i32  i64  i32  i32  i64  f64  f64  f64  f64  f64",
      "i64     i64  i64  i64  i64  i64  i64  i64  i64  f64  f64  f64  f64  f64",
      "u8      u8   i16  i16  i32  i64  u8   u16  u32  u64  f16  bf16 f32  f64",
      "u16     u16  i32  i32  i32  i64  u16  u16  u32  u64  f32  f32  f32  f64",
      "u32     u32  i64  i64  i64  i64  u32  u32  u32  u64  f64  f64  f64  f64",
      "u64     u64  f64  f64  f64  f64  u64  u64  u64  u64  f64  f64  f64  f64",
      "f16     f16  f16  f32  f64  f64  f16  f32  f64  f64  f16  f32  f32  f64",
      "bf16    bf16 bf16 f32  f64  f64  bf16 f32  f64  f64  f32  bf16 f32  f64",
      "f32     f32  f32  f32  f64  f64  f32  f32  f64  f64  f32  f32  f32  f64",
      "f64     f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64",
  };
  const std::vector<DType>& all = values::all_dtypes();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<std::string> row = words(table[i + 1]);
    REQUIRE(row.size() == all.size() + 1);
    for (std::size_t k = 0; k < all.size(); ++k) {
      const DType a = all[i], b = all[k];
      const std::string& p = row[k + 1];
      for (const char* op : {"add", "multiply", "maximum", "minimum", "dot"}) check_word(op, {a, b}, p, a);
      const bool is_float = p[0] == 'f' || p == "bf16";
      check_word("subtract", {a, b}, p == "bool" ? "error" : p, a);
      check_word("true_divide", {a, b}, is_float ? p : "f64", a);
      check_word("floor_divide", {a, b}, p == "bool" ? "i8" : p, a);
      check_word("where", {f32, a, b}, p, a);
      check_word("where", {a, b, b}, std::string(name_of(b)), a);
      for (const char* op : {"less", "greater_equal", "equal", "not_equal", "logical_and", "logical_or"})
        check_word(op, {a, b}, "bool", a);
    }
  }
}

TEST_CASE("logaddexp of two integer dtypes is the float that holds both") {
  struct Row {
    DType a, b;
    std::string result;
  };
  const Row rows[] = {{i8, u8, "f16"},  {boolean, i8, "f16"}, {i8, i16, "f32"},   {u16, i16, "f32"}, {i32, u8, "f64"},
                      {u64, i8, "f64"}, {i8, f16, "f16"},     {u8, bf16, "bf16"}, {i16, f16, "f32"}, {f16, bf16, "f32"}};
  for (const Row& row : rows) {
    check_word("logaddexp", {row.a, row.b}, row.result, row.a);
    check_word("logaddexp", {row.b, row.a}, row.result, row.a);
  }
}

TEST_CASE("the dtypes operands are converted to") {
  struct Row {
    std::string_view op;
    std::vector<DType> given, converted;
  };
  const Row rows[] = {
      {"sum", {i8}, {i64}},
      {"mean", {u16}, {f64}},
      {"any", {f16}, {f16}},
      {"softmax", {i16}, {f32}},
      {"softmax", {bf16}, {bf16}},
      {"argmax", {u64}, {u64}},
      {"add", {i32, f32}, {f64, f64}},
      {"where", {f32, i8, i32}, {f32, i32, i32}},  // the mask keeps its own
      {"logical_and", {f32, i8}, {f32, i8}},
      {"true_divide", {i8, i8}, {f64, f64}},
      {"dot", {i8, i16, boolean}, {i16, i16, i16}},
      {"get_at", {f16, u8, i64}, {f16, u8, i64}},  // coordinates keep theirs
      {"add_at", {f16, u8, i64, f64}, {f16, u8, i64, f64}},  // so does the update: every step is rounded
      {"add", {i8, i8, i32}, {i8, i8, i32}},       // folded: the first two meet in i8
  };
  for (const Row& row : rows) {
    CAPTURE(row.op);
    const ops::Op& op = ops::get(row.op);
    CHECK(op.resolve(op, row.given).operands == row.converted);
  }
}

TEST_CASE("updates have the tensor's dtype; bools are not subtracted") {
  for (const char* name : {"set_at", "add_at", "subtract_at"})
    for (DType tensor : {boolean, i8, u64, f16, f64})
      for (DType by : {boolean, i16, bf16, f32}) {
        CAPTURE(name);
        const ops::Op& op = ops::get(name);
        const std::vector<DType> dtypes = {tensor, i32, by};
        if (std::string_view(name) == "subtract_at" && tensor == boolean && by == boolean) {
          CHECK_THROWS_AS(op.resolve(op, dtypes), OperationNotSupportedError);
          continue;
        }
        const ops::Resolved resolved = op.resolve(op, dtypes);
        CHECK(resolved.result == tensor);
        const auto& scatter = std::get<ops::Scatter>(resolved.meaning);
        CHECK(scatter.update.args == std::vector<DType>{tensor, by});
        CHECK(scatter.update.result_dtype() == tensor);
        CHECK(scatter.reads == scatter.update.uses(0));
      }
}

TEST_CASE("coordinates that are not integers are an error of the call") {
  for (DType dtype : {boolean, f16, bf16, f32, f64}) {
    const std::vector<DType> updated = {f32, i64, dtype, f32};
    CHECK_THROWS_AS(ops::get("set_at").resolve(ops::get("set_at"), updated), CallOperationError);
    const ops::Op& op = ops::get("get_at");
    const std::vector<DType> dtypes = {f32, i64, dtype};
    try {
      op.resolve(op, dtypes);
      FAIL("expected an error");
    } catch (const CallOperationError& error) {
      CHECK(error.kind() == "runtime");
      CHECK(std::string_view(error.what()).find("#3") != std::string_view::npos);
    }
  }
}
