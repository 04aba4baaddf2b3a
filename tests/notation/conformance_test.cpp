// Runs the conformance cases through parse, expand and solve: error classes, kinds and carets, and the shapes
// of results. What only a run can tell (values, coordinates out of range, dtypes) is left to the operations'
// tests.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "notation/notation.h"

using namespace einx::detail::notation;
using Json = nlohmann::json;

namespace {

struct OpRow {
  std::vector<std::string> names;
  Rules rules;
};

Rules rules(Family family, int min_inputs, int max_inputs) {
  Rules r;
  r.family = family;
  r.min_inputs = min_inputs;
  r.max_inputs = max_inputs;
  return r;
}

std::vector<OpRow> op_table() {
  Rules elementwise_n = rules(Family::Elementwise, 1, -1), elementwise_2 = rules(Family::Elementwise, 2, 2),
        dot = rules(Family::Dot, 2, -1);
  for (Rules* r : {&elementwise_n, &elementwise_2, &dot}) r->second_operand_shorthand = true;
  Rules sorting = rules(Family::Preserve, 1, 1), roll = sorting;
  sorting.one_bracketed_axis = true;
  roll.reserved = {"shift"};
  return {
      {{"id", "rearrange"}, rules(Family::Id, 1, -1)},
      {{"add", "multiply", "maximum", "minimum", "logical_and", "logical_or", "logaddexp"}, elementwise_n},
      {{"subtract", "divide", "true_divide", "floor_divide", "less", "less_equal", "greater", "greater_equal",
        "equal", "not_equal"},
       elementwise_2},
      {{"where"}, rules(Family::Elementwise, 3, 3)},
      {{"sum", "mean", "std", "var", "prod", "count_nonzero", "any", "all", "max", "min", "logsumexp"},
       rules(Family::Reduce, 1, 1)},
      {{"dot"}, dot},
      {{"softmax", "log_softmax", "flip"}, rules(Family::Preserve, 1, 1)},
      {{"sort", "argsort"}, sorting},
      {{"roll"}, roll},
      {{"argmax", "argmin"}, rules(Family::ArgFind, 1, 1)},
      {{"get_at"}, rules(Family::GetAt, 2, -1)},
      {{"set_at", "add_at", "subtract_at"}, rules(Family::UpdateAt, 3, -1)},
      {{"solve_axes", "solve_shapes", "matches", "check"}, rules(Family::Solve, 1, -1)}};
}

Rules rules_of(const Json& test) {
  const std::string op = test["op"];
  for (const OpRow& row : op_table())
    for (const std::string& name : row.names)
      if (name == op) {
        Rules found = row.rules;
        found.op = op;
        found.keepdims = test["kwargs"].value("keepdims", false);
        return found;
      }
  FAIL("unknown operation " << op);
  return {};
}

void flatten(const Json& value, std::size_t level, Constraint& out) {
  if (!value.is_array()) {
    if (value.is_number_integer())
      out.values.push_back(value);
    else
      out.not_integer = value.dump();
    return;
  }
  if (out.dims.size() == level) out.dims.push_back(std::int64_t(value.size()));
  for (const Json& item : value) flatten(item, level + 1, out);
}

std::vector<Constraint> constraints_of(const Json& test) {
  std::vector<Constraint> all;
  for (const auto& [name, value] : test["kwargs"].items()) {
    const bool parameter = name == "keepdims" || (name == "shift" && test["op"] == "roll");
    if (parameter) continue;
    Constraint constraint;
    constraint.name = name;
    flatten(value, 0, constraint);
    all.push_back(constraint);
  }
  return all;
}

std::vector<Operand> operands_of(const Json& test) {
  std::vector<Operand> all;
  for (const Json& input : test["inputs"]) {
    if (input.contains("shape"))
      all.push_back({input["shape"].get<einx::Shape>(), ""});
    else if (input.contains("scalar"))
      all.push_back({einx::Shape{}, ""});
    else
      all.push_back({std::nullopt, input.contains("factory") ? "factory" : "unknown"});
  }
  return all;
}

Json result_of(const Json& test) {
  const std::string op = test["op"], pattern = test["pattern"];
  const std::vector<Operand> operands = operands_of(test);
  const std::vector<Constraint> constraints = constraints_of(test);
  const Rules rules = rules_of(test);
  if (rules.family != Family::Solve) {
    const Solved solved = solve(expand(parse(pattern), rules, operands, constraints), operands, constraints);
    Json shapes = Json::array();
    for (const TensorExpr& output : solved.outputs) shapes.push_back(shape(solved, output));
    std::vector<std::pair<std::string, std::int64_t>> sizes;
    for (const Axis& axis : solved.axes) sizes.emplace_back(axis.name, axis.size);
    const std::string printed = text(solved);
    CHECK_MESSAGE(text(parse_solved(printed, sizes)) == printed, printed);
    CHECK_MESSAGE(parse_solved(printed, sizes) == solved, printed);
    return {{"outputs", shapes}};
  }
  const SolvedAxes solved = solve_axes(pattern, operands, constraints, op != "solve_axes");
  if (op == "matches") return {{"bool", true}};
  if (op == "check") return {{"ok", true}};
  if (op == "solve_shapes") return {{"shapes", solved.shapes}};
  Json axes = Json::object();
  for (const auto& [name, value] : solved.axes)
    if (value.dims.empty())
      axes[name] = value.values[0];
    else
      axes[name] = value.values;
  return {{"axes", axes}};
}

Json expected_of(const Json& expect) {
  if (!expect.contains("outputs")) return expect;
  Json shapes = Json::array();
  for (const Json& output : expect["outputs"]) shapes.push_back(output["shape"]);
  return {{"outputs", shapes}};
}

// "" if the error is what the case expects.
std::string judge(const Json& expect, const einx::Error& error) {
  if (!expect.contains("error"))
    return "unexpected " + std::string(error.class_name()) + " " + std::string(error.kind()) + ": " +
           error.what();
  const std::string want = expect["error"];
  if (error.class_name() == "InternalError") return error.what();
  if (want != "any" && want != error.class_name())
    return "expected " + want + ", got " + std::string(error.class_name()) + " " + std::string(error.kind());
  if (expect.contains("kind") && expect["kind"] != error.kind()) return "kind " + std::string(error.kind());
  const std::vector<int> carets(error.carets().begin(), error.carets().end());
  if (expect.contains("carets") && expect["carets"] != Json(carets)) return "carets " + Json(carets).dump();
  return "";
}

std::string run(const Json& test) {
  const Json& expect = test["expect"];
  try {
    const Json result = result_of(test);
    if (expect.contains("error"))
      return "expected " + expect["error"].get<std::string>() + ", got " + result.dump();
    return result == expected_of(expect) ? "" : "got " + result.dump();
  } catch (const einx::Error& error) {
    if (test["op"] == "matches" && error.class_name() != "InternalError")
      return expect["bool"] == false ? "" : std::string("no match: ") + error.what();
    return judge(expect, error);
  }
}

// Errors that only a run or a dtype can raise, and rows of the table of defects that we do better
// (operations.md 17, rows 2 and 10).
bool decidable(const Json& test) {
  const Json& expect = test["expect"];
  const std::string pattern = test["pattern"], op = test["op"];
  if (expect.value("kind", "") == "runtime") return false;
  if (op == "roll" && expect.value("error", "") == "any") return false;
  return pattern != "... (a ...) -> a ... " && pattern != "[a...]... b";
}

}  // namespace

TEST_CASE("conformance: errors and shapes of the einx dialect") {
  std::ifstream file(EINX_CONFORMANCE "/einx.jsonl");
  REQUIRE(file);
  int decided = 0;
  for (std::string line; std::getline(file, line);) {
    const Json test = Json::parse(line);
    if (!decidable(test)) continue;
    ++decided;
    const std::string why = run(test);
    CHECK_MESSAGE(why.empty(), test["id"].get<std::string>()
                                   << " " << test["op"].get<std::string>() << " '"
                                   << test["pattern"].get<std::string>() << "' " << test["kwargs"].dump()
                                   << " want " << test["expect"].dump().substr(0, 200) << ": " << why);
  }
  CHECK(decided > 2000);
}
