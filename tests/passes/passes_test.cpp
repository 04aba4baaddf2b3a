// The passes: tables of graph texts before and after; what a graph computes never changes.
#include "passes/passes.h"
#include "passes/tables.h"

namespace passes = einx::detail::passes;
using namespace tables;

TEST_CASE("drop_identities: uses of an id that changes nothing become uses of its input") {
  const auto used = [](const std::string& id, const std::string& by) {
    return graph_text("    x0: f32[2, 3] = id(i0, " + id + ")\n    x1: f32[2, 3] = add(" + by + ", i0, \"a b, a b -> a b\")\n    return x1\n");
  };
  check_rows(passes::drop_identities,
             {
                 {"the same axes", used("\"a b -> a b\"", "x0"), used("\"a b -> a b\"", "i0")},
                 {"split and merged again", used("\"a (b c) -> a (b c)\", b=3, c=1", "x0"), used("\"a (b c) -> a (b c)\", b=3, c=1", "i0")},
                 {"a result keeps the node that makes it", graph_text("    x0: f32[2, 3] = id(i0, \"a b -> a b\")\n    return x0\n"),
                  graph_text("    x0: f32[2, 3] = id(i0, \"a b -> a b\")\n    return x0\n")},
                 {"a result that a node makes anyhow",
                  graph_text("    x0: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    x1: f32[2, 3] = id(x0, \"a b -> a b\")\n    return x1\n"),
                  graph_text("    x0: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    x1: f32[2, 3] = id(x0, \"a b -> a b\")\n    return x0\n")},
                 {"a chain",
                  graph_text("    x0: f32[2, 3] = id(i0, \"a b -> a b\")\n    x1: f32[2, 3] = id(x0, \"a b -> a b\")\n"
                             "    x2: f32[2, 3] = add(x1, x0, \"a b, a b -> a b\")\n    return x2\n"),
                  graph_text("    x0: f32[2, 3] = id(i0, \"a b -> a b\")\n    x1: f32[2, 3] = id(i0, \"a b -> a b\")\n"
                             "    x2: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    return x2\n")},
                 {"two results stay two values",
                  graph_text("    x0: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    x1: f32[2, 3] = id(x0, \"a b -> a b\")\n    return x0, x1\n",
                             "(i0: f32[2, 3]) -> f32[2, 3], f32[2, 3]"),
                  graph_text("    x0: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    x1: f32[2, 3] = id(x0, \"a b -> a b\")\n    return x0, x1\n",
                             "(i0: f32[2, 3]) -> f32[2, 3], f32[2, 3]")},
             });
}

TEST_CASE("drop_identities leaves every id that changes something") {
  const std::string kept[] = {
      graph_text("    x0: f32[3, 3] = id(i0, \"a b -> b a\")\n    x1: f32[3, 3] = add(x0, x0, \"a b, a b -> a b\")\n    return x1\n",
                 "(i0: f32[3, 3]) -> f32[3, 3]"),
      graph_text("    x0: f32[6] = id(i0, \"(a b) -> (b a)\", a=2, b=3)\n    x1: f32[6] = add(x0, x0, \"a, a -> a\")\n    return x1\n",
                 "(i0: f32[6]) -> f32[6]"),
      graph_text("    x0: f32[6] = id(i0, \"a b -> (a b)\")\n    x1: f32[6] = add(x0, x0, \"a, a -> a\")\n    return x1\n",
                 "(i0: f32[2, 3]) -> f32[6]"),
  };
  for (const std::string& text : kept) {
    CAPTURE(text);
    CHECK(graph::text(passes::drop_identities(graph::parse(text))) == text);
  }
}

TEST_CASE("merge_common: nodes that compute the same become one, whatever their axes are called") {
  const std::string head = "(i0: f32[2, 3]) -> f32[2]";
  const auto body = [](const std::string& second, const std::string& used) {
    return "    x0: f32[2] = sum(i0, \"a [b] -> a\")\n    x1: f32[2] = " + second + "\n    x2: f32[2] = add(x0, " + used +
           ", \"a, a -> a\")\n    return x2\n";
  };
  const auto row = [&](const std::string& what, const std::string& second, const std::string& used) {
    return Row{what, graph_text(body(second, "x1"), head), graph_text(body(second, used), head)};
  };
  check_rows(passes::merge_common, {
                                       row("the same text", "sum(i0, \"a [b] -> a\")", "x0"),
                                       row("other names", "sum(i0, \"q [a] -> q\")", "x0"),
                                       row("another operation", "max(i0, \"a [b] -> a\")", "x1"),
                                       row("another grouping", "sum(i0, \"a [(b c)] -> a\", b=3, c=1)", "x1"),
                                   });
  const std::string square = "    x0: f32[3, 3] = id(i0, \"a b -> b a\")\n    x1: f32[3, 3] = id(i0, \"b a -> b a\")\n"
                             "    x2: f32[3, 3] = id(i0, \"y x -> x y\")\n    return ";
  const std::string signature = "(i0: f32[3, 3]) -> f32[3, 3], f32[3, 3], f32[3, 3]";
  check_rows(passes::merge_common, {{"results", graph_text(square + "x0, x1, x2\n", signature), graph_text(square + "x0, x1, x0\n", signature)}});
}

TEST_CASE("drop_dead: what no result needs goes, parameters stay") {
  const std::string signature = "(i0: f32[2, 3], i1: f32[7]) -> f32[2, 3]";
  check_rows(passes::drop_dead,
             {
                 {"nodes and constants",
                  graph_text("    c0: f32[] = constant(2)\n    x0: f32[2, 3] = add(i0, c0, \"a b,  -> a b\")\n"
                             "    x1: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    x2: f32[2] = sum(x0, \"a [b] -> a\")\n    return x1\n",
                             signature),
                  graph_text("    x1: f32[2, 3] = add(i0, i0, \"a b, a b -> a b\")\n    return x1\n", signature)},
                 {"a node stays whole",
                  graph_text("    x0: f32[1, 3], x1: f32[1, 3] = id(i0, \"(a + b) c -> a c, b c\", a=1, b=1)\n    return x1\n",
                             "(i0: f32[2, 3]) -> f32[1, 3]"),
                  graph_text("    x0: f32[1, 3], x1: f32[1, 3] = id(i0, \"(a + b) c -> a c, b c\", a=1, b=1)\n    return x1\n",
                             "(i0: f32[2, 3]) -> f32[1, 3]")},
                 {"a parameter as result", graph_text("    x0: f32[2] = sum(i0, \"a [b] -> a\")\n    return i0\n"), graph_text("    return i0\n")},
             });
}

TEST_CASE("run: all passes in order") {
  check_rows(passes::run,
             {{"identities hide equal nodes",
               graph_text("    x0: f32[2, 3] = id(i0, \"a b -> a b\")\n    x1: f32[2] = sum(x0, \"a [b] -> a\")\n"
                          "    x2: f32[2] = sum(i0, \"q [r] -> q\")\n    x3: f32[2] = multiply(x1, x2, \"a, a -> a\")\n    return x3\n",
                          "(i0: f32[2, 3]) -> f32[2]"),
               graph_text("    x1: f32[2] = sum(i0, \"a [b] -> a\")\n    x3: f32[2] = multiply(x1, x1, \"a, a -> a\")\n    return x3\n",
                          "(i0: f32[2, 3]) -> f32[2]")}});
}

TEST_CASE("a pass that breaks a graph fails at its own name") {
  graph::Graph broken = graph::parse(graph_text("    x0: f32[2, 3] = id(i0, \"a b -> a b\")\n    return x0\n"));
  broken.values[1].type.dtype = einx::f64;
  try {
    passes::run(broken);
    FAIL("was accepted");
  } catch (const einx::InternalError& error) {
    CHECK(std::string(error.what()).find("after drop_identities") != std::string::npos);
  }
}
