// flip, roll, sort and argsort as programs, against the reference: layouts, dtypes, several rolled axes, rows
// that the output repeats; and what lowering makes of them.
#include <algorithm>

#include "loops/cases.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

const DType kDtypes[] = {DType::boolean, DType::i8,  DType::i16, DType::i32, DType::i64,
                         DType::u8,      DType::u16, DType::u32, DType::u64, DType::f16,
                         DType::bf16,    DType::f32, DType::f64};

graph::Attributes shift(std::vector<std::int64_t> by) { return {{"shift", std::move(by)}}; }

loops::Program lowered(const Case& c, bool dynamic = false) {
  return loops::lower(call(c.op, c.pattern, c.types, c.sizes, c.attributes), wide(), {.dynamic = dynamic});
}

template <class Step>
int steps(const loops::Program& program) {
  int count = 0;
  for (const loops::Step& step : program.steps) count += std::holds_alternative<Step>(step);
  return count;
}

}  // namespace

TEST_CASE("flips along contiguous and other axes, of any layout") {
  std::vector<Case> cases;
  for (const std::int64_t n : {1, 2, 7, 8, 15, 16, 17, 64, 100})
    cases.push_back({"flip", "a [b]", {f32_of({3, n})}});
  for (const DType dtype : kDtypes) cases.push_back({"flip", "[a] b", {type(dtype, {9, 37})}});
  for (const Case& c : std::initializer_list<Case>{
           {"flip", "[a b]", {f32_of({20, 30})}},
           {"flip", "a [b] c -> c [b] a", {f32_of({5, 6, 40})}},
           {"flip", "(a [b]) c", {f32_of({60, 7})}, {{"b", 5}}},
           {"flip", "a a [b] -> [b] a", {f32_of({17, 17, 9})}},
           {"flip", "[b b]", {f32_of({20, 20})}},
           {"flip", "a [b]", {type(DType::i32, {9, 40}, {-40, -1})}},
           {"flip", "a [b]", {type(DType::i32, {9, 40}, {1, 9})}},
           {"flip", "a [b] -> a [b] r", {type(DType::i32, {9, 4}, {0, 3})}, {{"r", 5}}},
           {"flip", "a [b]", {f32_of({3, 0})}},
           {"flip", "a b -> b a", {f32_of({3, 4})}},
           {"flip", "[a]", {f32_of({300000})}},
       })
    cases.push_back(c);
  check_everywhere(cases);
}

TEST_CASE("rolls of one to five axes, of any layout") {
  std::vector<Case> cases;
  for (const std::int64_t by : {1, -1, 16, 39, 40, 123456789, -7})
    cases.push_back({"roll", "a [b]", {f32_of({3, 40})}, {}, 0, shift({by})});
  for (const DType dtype : kDtypes)
    cases.push_back({"roll", "[a b]", {type(dtype, {9, 37})}, {}, 0, shift({4, 5})});
  for (const Case& c : std::initializer_list<Case>{
           {"roll", "[a] b", {f32_of({20, 30})}, {}, 0, shift({3})},
           {"roll", "[a b c]", {f32_of({5, 6, 17})}, {}, 0, shift({2, 3, 4})},
           {"roll", "[a b c d]", {f32_of({3, 4, 5, 17})}, {}, 0, shift({1, 2, 3, 4})},
           {"roll",
            "[a b c d e] -> r [a b c d e]",
            {f32_of({3, 2, 3, 2, 9})},
            {{"r", 2}},
            0,
            shift({1, 1, 1, 1, 1})},
           {"roll", "[a b c d e]", {f32_of({3, 2, 3, 2, 9})}, {}, 0, shift({3, 1, 0, 1, 18})},
           {"roll", "a [b] c -> c [b] a", {f32_of({5, 6, 40})}, {}, 0, shift({-2})},
           {"roll", "(a [b]) c", {f32_of({60, 7})}, {{"b", 5}}, 0, shift({2})},
           {"roll", "[b b] a -> a [b b]", {f32_of({6, 6, 9})}, {}, 0, shift({1, 2})},
           {"roll", "a [b]", {type(DType::i32, {9, 40}, {-40, -1})}, {}, 0, shift({11})},
           {"roll", "a [b] -> a [b] r", {type(DType::i32, {9, 4}, {0, 3})}, {{"r", 5}}, 0, shift({1})},
           {"roll", "a [b]", {f32_of({3, 0})}, {}, 0, shift({2})},
           {"roll", "[a]", {f32_of({1})}, {}, 0, shift({2})},
           {"roll", "a b -> b a", {f32_of({3, 4})}, {}, 0, shift({})},
       })
    cases.push_back(c);
  check_everywhere(cases);
}

TEST_CASE("sorts of every dtype and layout") {
  std::vector<Case> cases;
  for (const char* op : {"sort", "argsort"}) {
    for (const DType dtype : kDtypes) {
      cases.push_back({op, "a [b]", {type(dtype, {19, 33})}});
      cases.push_back({op, "[a] b", {type(dtype, {300, 5})}});
    }
    for (const Case& c : std::initializer_list<Case>{
             {op, "a [b] c -> c a [b]", {f32_of({5, 60, 7})}},
             {op, "(a [b]) c", {f32_of({60, 7})}, {{"b", 5}}},
             {op, "a a [b] -> [b] a", {f32_of({17, 17, 9})}},
             {op, "a [b]", {type(DType::i32, {9, 40}, {-40, -1})}},
             {op, "a [b]", {type(DType::i32, {9, 40}, {1, 9})}},
             {op, "a [b]", {type(DType::i32, {9, 40}, {0, 1})}},
             {op, "a [b]", {type(DType::i32, {9, 40}, {1, 0})}},
             {op, "a [b] -> r a [b] s", {f32_of({9, 40})}, {{"r", 3}, {"s", 2}}},
             {op, "a [b] 1 -> a [b]", {f32_of({3, 7, 1})}},
             {op, "a [b]", {f32_of({3, 0})}},
             {op, "a [b]", {f32_of({0, 3})}},
             {op, "a [b]", {f32_of({3, 1})}},
             {op, "[a]", {f32_of({20000})}},
         })
      cases.push_back(c);
  }
  check_everywhere(cases);
}

TEST_CASE("a roll is a nest for every combination of ranges, at most three axes at once") {
  struct Row {
    std::string pattern;
    Shape shape;
    std::vector<std::int64_t> by;
    int kernels, temporaries;
  };
  const Row rows[] = {
      {"[a]", {8}, {3}, 2, 0},
      {"[a]", {8}, {16}, 1, 0},
      {"[a b]", {8, 8}, {3, 1}, 4, 0},
      {"[a b]", {8, 8}, {0, 1}, 2, 0},
      {"[a b c]", {4, 4, 4}, {1, 1, 1}, 8, 0},
      {"[a b c d]", {4, 4, 4, 4}, {1, 1, 1, 1}, 8 + 2, 1},
      {"[a b c d e f g]", {2, 2, 2, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1, 1}, 8 + 8 + 2, 2},
      {"a b", {8, 8}, {}, 1, 0},
      {"[a] b", {8, 0}, {1}, 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    const loops::Program program = lowered({"roll", row.pattern, {f32_of(row.shape)}, {}, 0, shift(row.by)});
    CHECK(steps<loops::Kernel>(program) == row.kernels);
    CHECK(std::ranges::count_if(program.buffers, [](const loops::Buffer& buffer) {
            return buffer.kind == loops::Buffer::Kind::Temporary;
          }) == row.temporaries);
  }
}

TEST_CASE("a sort alone needs no kernel; a row that is repeated is sorted once") {
  for (const bool dynamic : {false, true}) {
    const loops::Program plain = lowered({"sort", "a [b] c -> c [b] a", {f32_of({3, 4, 5})}}, dynamic);
    REQUIRE(plain.steps.size() == 1);
    CHECK(steps<loops::Sort>(plain) == 1);
    const loops::Program repeated =
        lowered({"argsort", "a [b] -> a [b] r", {f32_of({3, 4})}, {{"r", 7}}}, dynamic);
    CHECK(steps<loops::Sort>(repeated) == 1);
    CHECK(steps<loops::Kernel>(repeated) == 1);
    const auto& sort = std::get<loops::Sort>(repeated.steps[0]);
    CHECK(sort.extents == std::vector<std::int64_t>{3});
    CHECK(loops::schedule_text(repeated).find("argsort(i0) -> x0: sort") != std::string::npos);
  }
  const loops::Program merged = lowered({"sort", "a b [c] 1", {f32_of({3, 4, 5, 1})}});
  CHECK(std::get<loops::Sort>(merged.steps.at(0)).extents == std::vector<std::int64_t>{12});
}

TEST_CASE("a program of the runtime's steps alone lists no code, and runs") {
  const loops::Program program = lowered({"sort", "[a]", {f32_of({5})}});
  codegen::Listing listing;
  const auto code = codegen::compile(program, codegen::host_target(), &listing);
  CHECK(listing.llvm_ir.find("define") == std::string::npos);
  const float from[] = {3, 1, 2, 5, 4};
  float to[5] = {};
  const void* inputs[] = {from};
  void* outputs[] = {to};
  einx_status status{};
  REQUIRE(code->run(inputs, outputs, &status) == EINX_OK);
  CHECK(std::ranges::is_sorted(to));
}
