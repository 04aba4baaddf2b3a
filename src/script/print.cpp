// Programs as text, a statement a line; parse.cpp is the way back.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "graph/literal.h"
#include "graph/read.h"
#include "script/script.h"
#include "script/tokens.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kSigns = {{{"add", "+"},
                                                                                   {"subtract", "-"},
                                                                                   {"multiply", "*"},
                                                                                   {"true_divide", "/"},
                                                                                   {"floor_divide", "//"},
                                                                                   {"pow", "**"},
                                                                                   {"less", "<"},
                                                                                   {"less_equal", "<="},
                                                                                   {"greater", ">"},
                                                                                   {"greater_equal", ">="},
                                                                                   {"equal", "=="},
                                                                                   {"not_equal", "!="}}};
constexpr std::array<std::string_view, 7> kReductions = {"min", "max", "sum", "mean", "prod", "any", "all"};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
  }
  return out + "\"";
}

std::string text_of(double real) {
  if (std::isnan(real)) return "nan";
  std::array<char, 64> buffer;
  std::string digits(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), real).ptr);
  return digits.find_first_of(".ein") == digits.npos ? digits + ".0" : digits;
}

std::string text_of(const Number& number) {
  return support::match(
      number, [](bool truth) { return std::string(truth ? "true" : "false"); },
      [](std::int64_t whole) { return std::to_string(whole); }, [](double real) { return text_of(real); });
}

std::string list_text(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(std::to_string(value));
  return "[" + support::join(items, ", ") + "]";
}

/// All constants of a body, in order.
void collect(const Body& body, std::vector<const Constant*>& found) {
  for (const Statement& statement : body)
    support::match(
        statement.node, [&](const Constant& constant) { found.push_back(&constant); },
        [&](const If& branch) { collect(branch.then, found), collect(branch.otherwise, found); },
        [&](const While& loop) { collect(loop.test, found), collect(loop.body, found); },
        [&](const For& loop) { collect(loop.body, found); }, [](const auto&) {});
}

using Names = std::map<const Constant*, std::string>;

/// Names of the constants that are too large for the text: "f.weights", "f.weights_2".
void name_constants(const Function& function, std::set<std::string>& taken, Names& names) {
  std::vector<const Constant*> constants;
  collect(function.body, constants);
  for (const Constant* constant : constants) {
    if (constant->data.size() <= graph::kInlineElements) continue;
    const std::string first = function.name + "." + function.variables.at(std::size_t(constant->result));
    std::string name = first;
    for (int k = 2; !taken.insert(name).second; ++k) name = first + "_" + std::to_string(k);
    names.emplace(constant, name);
  }
}

Names name_constants(const Program& program) {
  std::set<std::string> taken;
  for (const auto& [name, tensor] : program.tensors) taken.insert(name);
  Names names;
  for (const auto& [name, function] : program.functions)
    if (const auto* written = std::get_if<FunctionPtr>(&function)) name_constants(**written, taken, names);
  return names;
}

class Printer {
 public:
  Printer(const Function& function, const Program* program, const Names& constants)
      : function_(function), program_(program), constants_(constants) {
    name_variables();
  }
  std::string run();

 private:
  void name_variables();
  std::string type(TypePattern type) const;
  void body(const Body& body);
  void block(const Body& body);
  void line(const std::string& text) { out_ += std::string(std::size_t(4 * depth_), ' ') + text + "\n"; }
  void print(const Statement& statement);
  void print(const While& loop);
  std::string text(const Call& call) const;
  std::string function_of(const Call& call, std::vector<std::string>& arguments) const;
  void add_keywords(const Call& call, std::vector<std::string>& arguments) const;
  std::string text(const Arrange& arrange) const;
  std::string piece(const Arrange& arrange) const;
  std::string text(const Constant& constant) const;
  std::string text(const Assume& assume) const;

  std::string name(Var variable) const { return names_.at(std::size_t(variable)); }
  std::string text(const Argument& argument) const;
  std::string text(const Integer& integer) const;
  std::string text(const std::optional<Integer>& integer) const { return integer ? text(*integer) : "none"; }
  std::string integers(const Arrange& arrange) const;
  std::vector<std::string> texts(const std::vector<Argument>& arguments) const;
  std::string names(const std::vector<Var>& variables) const;
  /// A name of the language's own, where a function of the program has it, too.
  std::string own(std::string_view name) const;

  const Function& function_;
  const Program* program_;
  const Names& constants_;
  std::vector<std::string> names_;
  std::string out_;
  int depth_ = 0;
};

// ---------------------------------------------------------------- names and values
void Printer::name_variables() {
  std::set<std::string> taken;
  for (const std::string& wanted : function_.variables) {
    const std::string first = graph::legal_name(wanted) && !reserved(wanted) && wanted != "_" ? wanted : "v";
    std::string name = first;
    for (int k = 2; !taken.insert(name).second; ++k) name = first + "_" + std::to_string(k);
    names_.push_back(std::move(name));
  }
}

std::string Printer::own(std::string_view name) const {
  const auto same = [&](const auto& entry) { return entry.first == name; };
  return (program_ && std::ranges::any_of(program_->functions, same) ? "einx." : "") + std::string(name);
}

std::string Printer::text(const Argument& argument) const {
  const auto* variable = std::get_if<Var>(&argument);
  return variable ? name(*variable) : text_of(std::get<Number>(argument));
}
std::string Printer::text(const Integer& integer) const {
  const auto* variable = std::get_if<Var>(&integer);
  return variable ? name(*variable) : std::to_string(std::get<std::int64_t>(integer));
}
std::vector<std::string> Printer::texts(const std::vector<Argument>& arguments) const {
  std::vector<std::string> out;
  for (const Argument& argument : arguments) out.push_back(text(argument));
  return out;
}
std::string Printer::names(const std::vector<Var>& variables) const {
  return support::join(texts({variables.begin(), variables.end()}), ", ");
}
std::string Printer::integers(const Arrange& arrange) const {
  std::vector<std::string> items;
  for (const std::optional<Integer>& integer : arrange.integers) items.push_back(text(integer));
  return "[" + support::join(items, ", ") + "]";
}

// ---------------------------------------------------------------- operations
/// What is called, in its dialect; lists and named reductions of einops become arguments.
std::string Printer::function_of(const Call& call, std::vector<std::string>& arguments) const {
  if (call.dialect == Dialect::Einx) return own(call.op);
  if (call.dialect == Dialect::Einx03) return "einx03." + call.op;
  if (call.dialect == Dialect::Einsum) return "numpy." + call.op;
  const bool list = call.function.ends_with(" list");
  const std::string function = call.function.substr(0, call.function.size() - (list ? 5 : 0));
  const bool moves = call.op == "id" && (function == "rearrange" || function == "repeat");
  const bool reduces = function == "reduce" && std::ranges::find(kReductions, call.op) != kReductions.end();
  if (!moves && !reduces) return "einops." + call.op;
  if (list) arguments = {"[" + support::join(arguments, ", ") + "]"};
  return "einops." + function;
}

void Printer::add_keywords(const Call& call, std::vector<std::string>& arguments) const {
  for (const auto& [name, values] : call.attributes) arguments.push_back(name + "=" + list_text(values));
  for (const NamedSize& named : call.sizes) {
    const std::string name = graph::legal_name(named.name) ? named.name : quoted(named.name);
    const auto* list = std::get_if<std::vector<std::int64_t>>(&named.size);
    arguments.push_back(name + "=" + (list ? list_text(*list) : text(std::get<Integer>(named.size))));
  }
  if (call.keepdims) arguments.push_back("keepdims=true");
}

std::string Printer::text(const Call& call) const {
  std::vector<std::string> arguments = texts(call.arguments);
  const auto sign = std::ranges::find(kSigns, call.op, &std::pair<std::string_view, std::string_view>::first);
  if (!call.pattern && call.dialect == Dialect::Einx && sign != kSigns.end() && arguments.size() == 2) {
    if (call.op == "pow" && arguments[0].starts_with('-')) arguments[0] = "(" + arguments[0] + ")";
    return arguments[0] + " " + std::string(sign->second) + " " + arguments[1];
  }
  const std::string function = function_of(call, arguments);
  if (call.pattern) arguments.push_back(quoted(*call.pattern));
  if (function == "einops.reduce") arguments.push_back(quoted(call.op));
  add_keywords(call, arguments);
  const bool implied =
      function == "einops.reduce" || function == "einops.rearrange" || function == "einops.repeat" ||
      call.function.empty() ||
      ((call.dialect == Dialect::Einsum || function == "einops.einsum") && call.function == call.op);
  if (!implied) arguments.push_back("function=" + quoted(call.function));
  return function + "(" + support::join(arguments, ", ") + ")";
}

/// x[1:2], x[:, i], x[..., ::-1] where that can be said, else as a function.
std::string Printer::piece(const Arrange& arrange) const {
  const bool range = arrange.kind == Arrange::Kind::Slice;
  std::vector<std::optional<Integer>> parts = arrange.integers;
  parts.resize(range ? 4 : 2);
  const auto* axis = parts[0] ? std::get_if<std::int64_t>(&*parts[0]) : nullptr;
  const bool open = range && !parts[1] && !parts[2] && !parts[3];
  const bool still = range && parts[3] == Integer(std::int64_t(0));
  if (!axis || *axis < -1 || *axis > 3 || (*axis < 0 && open) || still ||
      !std::holds_alternative<Var>(arrange.arguments.at(0))) {
    std::string all = text(arrange.arguments.at(0));
    for (const std::optional<Integer>& part : parts) all += ", " + text(part);
    return own(range ? "slice" : "select") + "(" + all + ")";
  }
  std::string before = *axis < 0 ? "..., " : "";
  for (std::int64_t k = 0; k < *axis; ++k) before += ":, ";
  const auto part = [&](std::size_t k) { return parts[k] ? text(*parts[k]) : ""; };
  const std::string at = range ? part(1) + ":" + part(2) + (parts[3] ? ":" + part(3) : "") : part(1);
  return text(arrange.arguments[0]) + "[" + before + at + "]";
}

std::string Printer::text(const Arrange& arrange) const {
  using Kind = Arrange::Kind;
  const std::vector<std::string> all = texts(arrange.arguments);
  const std::string list = "[" + support::join(all, ", ") + "]";
  const auto first = [&] { return arrange.integers.empty() ? "0" : text(arrange.integers[0]); };
  switch (arrange.kind) {
    case Kind::Reshape:
      return own("reshape") + "(" + all.at(0) + ", " + integers(arrange) + ")";
    case Kind::BroadcastTo:
      return own("broadcast_to") + "(" + all.at(0) + ", " + integers(arrange) + ")";
    case Kind::Transpose:
      return own("transpose") + "(" + all.at(0) +
             (arrange.integers.empty() ? ")" : ", " + integers(arrange) + ")");
    case Kind::Slice:
    case Kind::Select:
      return piece(arrange);
    case Kind::Stack:
      return own("stack") + "(" + list + ", " + first() + ")";
    case Kind::Concat:
      return own("concat") + "(" + list + ", " + first() + ")";
    case Kind::Size:
      return std::holds_alternative<Var>(arrange.arguments.at(0))
                 ? all[0] + ".shape[" + first() + "]"
                 : own("size") + "(" + all[0] + ", " + first() + ")";
    case Kind::Rank:
      return own("rank") + "(" + all.at(0) + ")";
    case Kind::Copy:
      return all.at(0);
  }
  support::internal_error("every kind of arrangement has a text");
}

std::string Printer::text(const Constant& constant) const {
  const auto named = constants_.find(&constant);
  const auto type = graph::make_type(constant.data.dtype(),
                                     Shape(constant.data.shape().begin(), constant.data.shape().end()));
  const std::string data =
      named != constants_.end() ? quoted(named->second) : graph::data_text(constant.data.clone());
  return name(constant.result) + ": " + graph::text(type) + " = " + own("constant") + "(" + data + ")";
}

std::string Printer::text(const Assume& assume) const {
  const std::string of = name(assume.of);
  if (assume.axis == -2) return "assume " + of + ".dtype == " + std::string(name_of(DType(assume.value)));
  return "assume " +
         (assume.axis == -1 ? "rank(" + of + ")" : of + ".shape[" + std::to_string(assume.axis) + "]") +
         " == " + std::to_string(assume.value);
}

// ---------------------------------------------------------------- statements
void Printer::body(const Body& body) {
  for (const Statement& statement : body) print(statement);
}

void Printer::block(const Body& inner) {
  ++depth_;
  body(inner);
  if (inner.empty()) line("pass");
  --depth_;
}

void Printer::print(const While& loop) {
  if (loop.test.empty()) {
    line("while " + text(loop.condition) + ":");
    return block(loop.body);
  }
  line("while:");
  ++depth_;
  body(loop.test);
  line("test " + text(loop.condition));
  body(loop.body);
  --depth_;
}

void Printer::print(const Statement& statement) {
  support::match(
      statement.node,  //
      [&](const Call& call) { line(names(call.results) + " = " + text(call)); },
      [&](const Arrange& arrange) { line(name(arrange.result) + " = " + text(arrange)); },
      [&](const Constant& constant) { line(text(constant)); },
      [&](const Parameter& parameter) {
        line(name(parameter.result) + " = " + own("parameter") + "(" + quoted(parameter.name) + ")");
      },
      [&](const Invoke& invoke) {
        line(names(invoke.results) + " = " + invoke.function + "(" +
             support::join(texts(invoke.arguments), ", ") + ")");
      },
      [&](const If& branch) {
        line("if " + text(branch.condition) + ":");
        block(branch.then);
        if (branch.otherwise.empty()) return;
        line("else:");
        block(branch.otherwise);
      },
      [&](const While& loop) { print(loop); },
      [&](const For& loop) {
        line("for " + name(loop.item) + " in " +
             (loop.range ? "range(" + text(loop.over) + ")" : text(loop.over)) + ":");
        block(loop.body);
      },
      [&](const Break&) { line("break"); },  //
      [&](const Continue&) { line("continue"); },
      [&](const Return& result) { line("return " + support::join(texts(result.values), ", ")); },
      [&](const Assume& assume) { line(text(assume)); });
}

/// The names of sizes are those of their variables.
std::string Printer::type(TypePattern type) const {
  for (Dim& dim : type.dims ? *type.dims : std::vector<Dim>{})
    for (const Var size : function_.sizes)
      if (dim.kind == Dim::Kind::Name && dim.name == function_.variables.at(std::size_t(size)))
        dim.name = name(size);
  return script::text(type);
}

std::string Printer::run() {
  std::vector<std::string> parameters, results;
  for (const FunctionParameter& parameter : function_.parameters) {
    const std::string declared = type(parameter.type);
    parameters.push_back(name(parameter.variable) + (declared.empty() ? "" : ": " + declared));
  }
  if (function_.results)
    for (const TypePattern& result : *function_.results)
      results.push_back(result.dtype || result.dims ? type(result) : "_");
  line("def " + function_.name + "(" + support::join(parameters, ", ") + ")" +
       (results.empty() ? "" : " -> " + support::join(results, ", ")) + ":");
  block(function_.body);
  return std::move(out_);
}

}  // namespace

std::string text(const Function& function) {
  std::set<std::string> taken;
  Names names;
  name_constants(function, taken, names);
  return Printer(function, nullptr, names).run();
}

std::string text(const Program& program) {
  const Names names = name_constants(program);
  std::string out;
  for (const auto& [name, function] : program.functions)
    if (const auto* written = std::get_if<FunctionPtr>(&function))
      out += (out.empty() ? "" : "\n") + Printer(**written, &program, names).run();
  return out;
}

std::vector<std::pair<std::string, Tensor>> data_beside(const Program& program) {
  std::vector<std::pair<std::string, Tensor>> data;
  for (const auto& [constant, name] : name_constants(program)) data.emplace_back(name, constant->data);
  std::ranges::sort(data, {}, &std::pair<std::string, Tensor>::first);
  data.insert(data.end(), program.tensors.begin(), program.tensors.end());
  return data;
}

}  // namespace einx::detail::script
