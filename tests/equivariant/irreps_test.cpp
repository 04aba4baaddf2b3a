// Irreps: text, sizes, order, products, mistakes.
#include "irreps.h"

#include <doctest/doctest.h>
#include <einx/error.h>

using namespace equivariant;

TEST_CASE("texts that are irreps, and how they are printed") {
  struct Row {
    const char *text, *printed;
    std::int64_t dim, num;
    int lmax;
  };
  const Row rows[] = {
      {"2x0e + 1x1o", "2x0e+1x1o", 5, 3, 1},
      {"1o", "1x1o", 3, 1, 1},
      {"  16x0e+8x2e ", "16x0e+8x2e", 56, 24, 2},
      {"0e + 1y + 2y", "1x0e+1x1o+1x2e", 9, 3, 2},
      {"0x3o", "0x3o", 0, 0, 3},
      {"", "", 0, 0, -1},
      {"12x11e", "12x11e", 276, 12, 11},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Irreps irreps = row.text;
    CHECK(to_string(irreps) == row.printed);
    CHECK(Irreps(to_string(irreps)) == irreps);
    CHECK(irreps.dim() == row.dim);
    CHECK(irreps.num_irreps() == row.num);
    CHECK(irreps.lmax() == row.lmax);
  }
}

TEST_CASE("texts that are none say where") {
  struct Row {
    const char* text;
    int caret;
    const char* part;
  };
  const Row rows[] = {
      {"2x0e + ", 6, "no irrep"},
      {"+1o", 0, "no irrep"},
      {"2x0e + 1z", 7, "parity"},
      {"1", 0, "parity"},
      {"e", 0, "degree"},
      {"-1x0e", 0, "multiplicity"},
      {"ax1o", 0, "multiplicity"},
      {"x1o", 0, "multiplicity"},
      {"0e + 2x", 5, "degree"},
      {"2 x 1o", 0, "multiplicity"},
      {"1oo", 0, "parity"},
      {"1001e", 0, "degree"},
      {"9999999999x0e", 0, "multipli"},
      {"1x-1o", 0, "degree"},
      {"1e 1o", 0, "parity"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    try {
      const Irreps irreps = row.text;
      FAIL("was read as " << to_string(irreps));
    } catch (const einx::SyntaxError& error) {
      CHECK(error.kind() == "invalid-token");
      REQUIRE(!error.carets().empty());
      CHECK(error.carets().front() == row.caret);
      CHECK(std::string(error.what()).find(row.part) != std::string::npos);
    }
  }
}

TEST_CASE("where the terms lie, and how often an irrep occurs") {
  const Irreps irreps = "2x0e + 3x1o + 0e";
  CHECK(irreps.slices() == std::vector<Range>{{0, 2}, {2, 11}, {11, 12}});
  CHECK(irreps.count({0, 1}) == 3);
  CHECK(irreps.count({1, 1}) == 0);
}

TEST_CASE("sorting is stable and says where each term went; neighbours merge") {
  const Sorted sorted = sort("2o + 1e + 0e + 3x1e + 1o");
  CHECK(to_string(sorted.irreps) == "1x0e+1x1o+1x1e+3x1e+1x2o");
  CHECK(sorted.position == std::vector<int>{4, 2, 0, 3, 1});
  CHECK(to_string(simplify("1e + 1e + 0e + 1e + 0x2e")) == "2x1e+1x0e+1x1e");
  CHECK(to_string(simplify(sort("1e + 1e + 0e + 1e").irreps)) == "1x0e+3x1e");
}

TEST_CASE("products of irreps") {
  CHECK(to_string(tensor_product("1o", "1o")) == "1x0e+1x1e+1x2e");
  CHECK(to_string(tensor_product("2x0e + 1o", "3x1o")) == "3x0e+6x1o+3x1e+3x2e");
  CHECK(tensor_product("3x2e + 1o", "4x3o + 0e").dim() ==
        Irreps("3x2e + 1o").dim() * Irreps("4x3o + 0e").dim());
  CHECK(to_string(Irreps::spherical_harmonics(3)) == "1x0e+1x1o+1x2e+1x3o");
  CHECK(to_string(Irreps::spherical_harmonics(2, 1)) == "1x0e+1x1e+1x2e");
  CHECK_THROWS_AS(Irreps::spherical_harmonics(2, 0), einx::ValueError);
}
