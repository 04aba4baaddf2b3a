// Calls: functions of the program, what stands beside the operations, operations of the registry.
#include <algorithm>
#include <array>
#include <functional>

#include "graph/read.h"
#include "script/lower.h"
#include "support/near.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

constexpr std::array<std::string_view, 7> kReductions = {"min",  "max", "sum", "mean",
                                                         "prod", "any", "all"};  // of einops.reduce
constexpr std::array<std::pair<std::string_view, Dialect>, 4> kDialects = {{{"einx.", Dialect::Einx},
                                                                            {"einx03.", Dialect::Einx03},
                                                                            {"einops.", Dialect::Einops},
                                                                            {"numpy.", Dialect::Einsum}}};
constexpr std::array<std::string_view, 12> kBuiltIn = {"len",          "rank",      "size",     "reshape",
                                                       "broadcast_to", "transpose", "stack",    "concat",
                                                       "slice",        "select",    "constant", "parameter"};

/// Whether an operation without a pattern means something, as on traced values.
bool works_without_pattern(const ops::Op& op, std::size_t operands) {
  using notation::Family;
  return op.family == Family::Elementwise ||
         ((op.family == Family::Reduce || op.family == Family::Preserve) && operands == 1);
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<std::string_view> Scope::names_of_functions() const {
  std::vector<std::string_view> names(kBuiltIn.begin(), kBuiltIn.end());
  for (const auto& [name, known] : functions) names.push_back(name);
  for (const ops::Op* op : ops::all()) names.push_back(op->name);
  return names;
}

/// The positional arguments that are no texts.
std::vector<ExprId> Lowering::operands(const Expr& expr) const {
  std::vector<ExprId> found;
  for (std::size_t k = 0; k < expr.children.size() - tree_.details_of(expr).keywords.size(); ++k)
    if (tree_[expr.children[k]].kind != Expr::Kind::Text) found.push_back(expr.children[k]);
  return found;
}

std::string Lowering::text_of(const Expr& expr) const {
  std::string text;
  for (std::size_t k = 0; k < expr.text.size(); ++k) {
    const char next = k + 1 < expr.text.size() ? expr.text[k + 1] : ' ';
    const bool escaped = expr.text[k] == '\\' && (next == '"' || next == '\\' || next == 'n' || next == 't');
    if (!escaped)
      text += expr.text[k];
    else
      text += next == 'n' ? '\n' : next == 't' ? '\t' : next;
    k += escaped;
  }
  return text;
}

void Lowering::unknown_function(const Expr& expr, std::string_view path) const {
  fail(expr.place, "there is no function or operation '" + std::string(path.substr(0, 100)) + "'",
       support::did_you_mean(path, scope_.names_of_functions()));
}

std::vector<Argument> Lowering::call(const Expr& expr, std::vector<Into> into) {
  std::string_view path = expr.text;
  const bool member = path.starts_with("self.");
  if (member) path.remove_prefix(5);
  if (auto results = invoke(expr, path, into)) return *results;
  if (member) unknown_function(expr, path);
  Dialect dialect = Dialect::Einx;
  for (const auto& [prefix, named] : kDialects)
    if (path.starts_with(prefix)) {
      dialect = named;
      path.remove_prefix(prefix.size());
      break;
    }
  if (dialect != Dialect::Einx) return operation_call(expr, path, dialect, into);
  if (std::ranges::find(kBuiltIn, path) != kBuiltIn.end()) {
    if (into.size() != 1)
      fail(expr.place, "expected one variable: '" + std::string(path) + "' gives one result");
    return {built_in(expr, path, into[0])};
  }
  if (path == "range") fail(expr.place, "expected 'for i in' before 'range'");
  return operation_call(expr, path, Dialect::Einx, into);
}

// ---------------------------------------------------------------- functions of the program
std::optional<std::vector<Argument>> Lowering::invoke(const Expr& expr, std::string_view path,
                                                      const std::vector<Into>& into) {
  const auto found = scope_.functions.find(path);
  if (found == scope_.functions.end()) return std::nullopt;
  const Scope::Known& known = found->second;
  const std::vector<ExprId> given = operands(expr);
  if (given.size() != expr.children.size())
    fail(expr.place, "expected values by position for the function '" + std::string(path) + "'");
  if (known.takes && *known.takes != given.size())
    fail(expr.place, "expected " + counted(*known.takes, "operand") + " for '" + std::string(path) +
                         "', but there are " + std::to_string(given.size()));
  if (known.gives && *known.gives != into.size())
    fail(expr.place,
         "expected " + counted(*known.gives, "variable") + " for the results of '" + std::string(path) + "'");
  Invoke made;
  made.function = known.name;
  for (const ExprId id : given) made.arguments.push_back(value(id));
  std::vector<Argument> results;
  for (const Into& wanted : into) {
    made.results.push_back(wanted ? *wanted : fresh());
    results.emplace_back(made.results.back());
  }
  out_->push_back({expr.place, std::move(made)});
  return results;
}

// ---------------------------------------------------------------- beside the operations
Tensor Lowering::data(const Expr& expr) const {
  const bool named = expr.children.size() == 1 && tree_[expr.children[0]].kind == Expr::Kind::Text;
  if (!named) fail(expr.place, "expected the name of a tensor in quotation marks");
  const std::string name = text_of(tree_[expr.children[0]]);
  const auto found = scope_.data.find(name);
  if (found != scope_.data.end()) {
    scope_.constants.insert(name);
    return found->second;
  }
  std::vector<std::string_view> known;
  for (const auto& [other, tensor] : scope_.data) known.push_back(other);
  fail(tree_[expr.children[0]].place, "there is no data '" + name.substr(0, 100) + "' beside the text",
       support::did_you_mean(name, known));
}

Argument Lowering::built_in(const Expr& expr, std::string_view name, Into into) {
  using Kind = Arrange::Kind;
  if (name == "parameter") {
    const bool named = expr.children.size() == 1 && tree_[expr.children[0]].kind == Expr::Kind::Text;
    const auto found = named ? scope_.tensors.find(text_of(tree_[expr.children[0]])) : scope_.tensors.end();
    if (found == scope_.tensors.end())
      fail(expr.place, "expected the name of a tensor of the program in quotation marks");
    return parameter(found->second, expr.place, into);
  }
  if (name == "constant") {
    const Tensor tensor = data(expr);
    const Var result = into ? *into : fresh();
    out_->push_back({expr.place, Constant{result, tensor}});
    return result;
  }
  // name, arguments at least and at most, what is expected
  struct Row {
    std::string_view name;
    std::size_t least, most;
    Kind kind;
    std::string_view usage;
  };
  static constexpr std::array<Row, 10> rows = {
      {{"len", 1, 1, Kind::Size, "len(x)"},
       {"rank", 1, 1, Kind::Rank, "rank(x)"},
       {"size", 2, 2, Kind::Size, "size(x, axis)"},
       {"reshape", 2, 2, Kind::Reshape, "reshape(x, [2, -1])"},
       {"broadcast_to", 2, 2, Kind::BroadcastTo, "broadcast_to(x, [2, 3])"},
       {"transpose", 1, 2, Kind::Transpose, "transpose(x) or transpose(x, [1, 0])"},
       {"stack", 1, 2, Kind::Stack, "stack([x, y], axis)"},
       {"concat", 1, 2, Kind::Concat, "concat([x, y], axis)"},
       {"slice", 5, 5, Kind::Slice, "slice(x, axis, from, to, step), where none is an open end"},
       {"select", 3, 3, Kind::Select, "select(x, axis, position)"}}};
  const Row& row = *std::ranges::find(rows, name, &Row::name);
  const std::vector<Keyword>& keywords = tree_.details_of(expr).keywords;
  const bool lists = row.kind == Kind::Stack || row.kind == Kind::Concat;
  const bool axis_named =
      lists && keywords.size() == 1 && keywords[0].name == "axis" && expr.children.size() == 2;
  if (expr.children.size() < row.least || expr.children.size() > row.most ||
      (!keywords.empty() && !axis_named))
    fail(expr.place, "expected " + std::string(row.usage));
  std::vector<Argument> arguments;
  const Expr& first = tree_[expr.children[0]];
  if (lists && (first.kind != Expr::Kind::List || first.children.empty()))
    fail(first.place, "expected a list of at least one tensor: " + std::string(row.usage));
  for (const ExprId id : lists ? first.children : std::vector{expr.children[0]})
    arguments.push_back(value(id));
  std::vector<std::optional<Integer>> integers;
  if (row.kind == Kind::Reshape || row.kind == Kind::BroadcastTo ||
      (row.kind == Kind::Transpose && expr.children.size() == 2))
    integers = integer_list(expr.children[1]);
  else if (name == "len" || (lists && expr.children.size() == 1))
    integers = {std::int64_t(0)};
  else
    for (std::size_t k = 1; k < expr.children.size(); ++k)
      integers.push_back(k > 1 && row.kind == Kind::Slice ? maybe_integer(expr.children[k])
                                                          : integer(expr.children[k]));
  return arrange(row.kind, expr.place, std::move(arguments), std::move(integers), into);
}

// ---------------------------------------------------------------- operations
/// einops.reduce(x, "a b -> a", "mean"), einops.rearrange([x, y], ...), numpy.einsum(x, y, "ij,jk"): the
/// operation behind it, and what the dialect calls it.
void Lowering::dialect_function(const Expr& expr, std::string_view name, Call& call,
                                std::vector<std::string>& texts) {
  call.op = name;
  if (call.dialect == Dialect::Einsum || (call.dialect == Dialect::Einops && name == "einsum"))
    call.function = name;
  if (call.dialect != Dialect::Einops) return;
  const std::vector<ExprId> given = operands(expr);
  const bool list = given.size() == 1 && tree_[given[0]].kind == Expr::Kind::List;
  if (name == "rearrange" || name == "repeat" || name == "reduce")
    call.function = std::string(name) + (list ? " list" : "");
  if (name == "rearrange" || name == "repeat") call.op = "id";
  if (name != "reduce") return;
  if (texts.size() != 2)
    fail(expr.place, "expected a pattern and a reduction: einops.reduce(x, \"a b -> a\", \"mean\")");
  if (std::ranges::find(kReductions, texts[1]) == kReductions.end())
    fail(expr.place, "there is no reduction '" + texts[1].substr(0, 100) + "'",
         support::did_you_mean(texts[1], kReductions));
  call.op = texts[1];
  texts.pop_back();
}

void Lowering::check_operation(const Expr& expr, const Call& call, const ops::Op& op) const {
  const std::size_t count = call.arguments.size();
  const std::string name(op.name);
  const bool few = count < std::size_t(op.min_inputs),
             many = op.max_inputs >= 0 && count > std::size_t(op.max_inputs);
  if (call.dialect == Dialect::Einx && (few || many))
    fail(expr.place, "expected " + counted(std::size_t(few ? op.min_inputs : op.max_inputs), "operand") +
                         " for '" + name + "', but there " + (count == 1 ? "is " : "are ") +
                         std::to_string(count));
  if (call.pattern) return;
  if (call.dialect != Dialect::Einx || !works_without_pattern(op, count))
    fail(expr.place, "expected a pattern for '" + name + "', a text in quotation marks");
  if (!call.sizes.empty() || !call.attributes.empty() || call.keepdims)
    fail(expr.place, "expected a pattern beside sizes and parameters");
}

std::vector<Argument> Lowering::operation_call(const Expr& expr, std::string_view name, Dialect dialect,
                                               const std::vector<Into>& into) {
  Call made;
  made.dialect = dialect;
  std::vector<std::string> texts;
  for (std::size_t k = 0; k < expr.children.size() - tree_.details_of(expr).keywords.size(); ++k)
    if (tree_[expr.children[k]].kind == Expr::Kind::Text) texts.push_back(text_of(tree_[expr.children[k]]));
  std::vector<ExprId> given = operands(expr);
  if (dialect == Dialect::Einx && texts.empty() && given.size() == 2 && (name == "max" || name == "min"))
    name = name == "max" ? "maximum" : "minimum";
  if (dialect == Dialect::Einx && (name == "repeat" || name == "reduce") && !ops::find(name))
    made.dialect = Dialect::Einops;
  dialect_function(expr, name, made, texts);
  const ops::Op* op = ops::find(made.op);
  if (!op) unknown_function(expr, name);
  made.op = op->name;
  if (texts.size() > 1) fail(expr.place, "expected one pattern");
  if (!texts.empty()) made.pattern = texts[0];
  if (made.dialect == Dialect::Einops && given.size() == 1 && tree_[given[0]].kind == Expr::Kind::List)
    given = tree_[given[0]].children;
  for (const ExprId id : given) made.arguments.push_back(value(id));
  keywords(expr, made, *op);
  check_operation(expr, made, *op);
  std::vector<Argument> results;
  for (const Into& wanted : into) {
    made.results.push_back(wanted ? *wanted : fresh());
    results.emplace_back(made.results.back());
  }
  out_->push_back({expr.place, std::move(made)});
  return results;
}

/// Sizes of axes, parameters of the operation, keepdims.
void Lowering::keywords(const Expr& expr, Call& call, const ops::Op& op) {
  for (const Keyword& keyword : tree_.details_of(expr).keywords) {
    const Expr& given = tree_[keyword.value];
    const auto literals = [&]() -> std::vector<std::int64_t> {
      std::vector<std::int64_t> list;
      for (const ExprId child :
           given.kind == Expr::Kind::List ? given.children : std::vector{keyword.value}) {
        const auto* whole = tree_[child].kind == Expr::Kind::Literal && !tree_[child].huge
                                ? std::get_if<std::int64_t>(&tree_[child].number)
                                : nullptr;
        if (!whole) fail(tree_[child].place, "expected an integer that is written out");
        list.push_back(*whole);
      }
      return list;
    };
    if (keyword.name == "keepdims") {
      const auto* truth = given.kind == Expr::Kind::Literal ? std::get_if<bool>(&given.number) : nullptr;
      if (!truth) fail(given.place, "expected true or false");
      call.keepdims = *truth;
    } else if (keyword.name == "function" && given.kind == Expr::Kind::Text &&
               call.dialect != Dialect::Einx) {
      call.function = text_of(given);
    } else if (keyword.name == op.parameter || (call.dialect == Dialect::Einx03 && keyword.name == "cse")) {
      call.attributes.emplace_back(keyword.name, literals());
    } else if (given.kind == Expr::Kind::List) {
      call.sizes.push_back({keyword.name, literals()});
    } else {
      call.sizes.push_back({keyword.name, integer(keyword.value)});
    }
  }
}

}  // namespace einx::detail::script
