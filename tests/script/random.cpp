#include "script/random.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>

namespace random_programs {
namespace {

using einx::DType;
using einx::Shape;
using einx::Tensor;

/// What the generator believes a variable to be; it may be wrong, since branches and loops change variables.
struct Type {
  enum class Kind { Whole, Real, Truth, Tensor, Unknown };
  Kind kind = Kind::Unknown;
  DType dtype = DType::f32;
  Shape shape;
  bool operator==(const Type&) const = default;
};
struct Variable {
  std::string name;
  Type type;
  bool mutable_ = true;  ///< counters of while loops are left alone, or the loops might not end
};
struct Helper {
  std::string name;
  std::vector<Type> takes;
  std::size_t gives = 1;
  std::optional<Type> first;
};

bool is_float(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }

class Generator {
 public:
  Generator(unsigned seed, const Options& options) : random_(seed), options_(options) { made_.seed = seed; }

  Case run() {
    made_.data = {{"weight", tensor({Type::Kind::Tensor, DType::f32, {3}})},
                  {"bias", tensor({Type::Kind::Tensor, DType::f64, {2, 3}})}};
    std::vector<Node> helpers;
    for (int k = 0, count = pick(3); k < count; ++k) helpers.push_back(helper("g" + std::to_string(k)));
    std::vector<Type> takes;
    for (int k = 0, count = 1 + pick(3); k < count; ++k) takes.push_back(operand_type());
    made_.functions = {function("f", takes, 1 + std::size_t(pick(2)))};
    made_.functions.insert(made_.functions.end(), helpers.begin(), helpers.end());
    for (int call = 0; call < 4; ++call) {
      std::vector<Tensor> operands;
      for (Type type : takes) {
        if (call == 2 && !type.shape.empty())
          type.shape[std::size_t(pick(int(type.shape.size())))] = 1 + pick(4);
        if (call == 3 && chance(30)) type = operand_type();
        operands.push_back(tensor(type));
      }
      made_.calls.push_back(std::move(operands));
    }
    return std::move(made_);
  }

 private:
  int pick(int count) { return int(std::uniform_int_distribution<int>(0, count - 1)(random_)); }
  bool chance(int percent) { return pick(100) < percent; }
  std::string number(int below) { return std::to_string(pick(below)); }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[std::size_t(pick(int(all.size())))];
  }

  // ---------------------------------------------------------------- values
  Type operand_type() {
    static const std::vector<DType> dtypes = {DType::f32, DType::f32, DType::f32,    DType::f64,
                                              DType::i32, DType::i64, DType::boolean};
    static const std::vector<Shape> shapes = {{3}, {3}, {2, 3}, {2, 3}, {4}, {}, {1, 3}, {2, 2, 3}, {0, 3}};
    Type type{Type::Kind::Tensor, one_of(dtypes), one_of(shapes)};
    if (chance(25)) type = {Type::Kind::Tensor, DType::i64, {}};
    return type;
  }
  Tensor tensor(const Type& type) {
    Tensor out = Tensor::empty(type.shape, DType::f64);
    auto* element = out.data_as<double>();
    for (std::int64_t k = 0; k < out.size(); ++k) element[k] = double(pick(7) - 2);
    return out.cast(type.dtype);
  }

  std::vector<const Variable*> those(const std::function<bool(const Type&)>& fits) const {
    std::vector<const Variable*> found;
    for (const Variable& variable : variables_)
      if (fits(variable.type)) found.push_back(&variable);
    return found;
  }
  std::optional<Variable> any(const std::function<bool(const Type&)>& fits) {
    const std::vector<const Variable*> found = those(fits);
    if (found.empty()) return std::nullopt;
    return *one_of(found);
  }
  static bool is_tensor(const Type& type) { return type.kind == Type::Kind::Tensor; }
  static bool has_axes(const Type& type) { return is_tensor(type) && !type.shape.empty(); }

  // ---------------------------------------------------------------- expressions
  /// A whole number, of no particular range.
  std::string whole(int depth) {
    if (depth > 0 && chance(60)) {
      switch (pick(6)) {
        case 0:
          return "(" + whole(depth - 1) + " + " + whole(depth - 1) + ")";
        case 1:
          return "(" + whole(depth - 1) + " - " + whole(depth - 1) + ")";
        case 2:
          return "(" + whole(depth - 1) + " * " + number(4) + ")";
        case 3:
          return "(" + whole(depth - 1) + " // 2)";
        case 4:
          return "(" + whole(depth - 1) + " % 5)";
        default:
          return "(" + whole(depth - 1) + " if " + condition(depth - 1) + " else " + whole(depth - 1) + ")";
      }
    }
    if (const auto x = any(has_axes); x && chance(30))
      return chance(30)   ? "len(" + x->name + ")"
             : chance(30) ? "rank(" + x->name + ")"
                          : x->name + ".shape[" + std::to_string(pick(int(x->type.shape.size()))) + "]";
    if (const auto n = any([](const Type& type) { return type.kind == Type::Kind::Whole; }); n && chance(75))
      return n->name;
    if (const auto n = any([](const Type& type) {
          return is_tensor(type) && type.shape.empty() && type.dtype == DType::i64;
        });
        n && chance(60))
      return n->name;
    return number(5);
  }
  /// A size: small and not negative, nearly always; from a number, a size or a value.
  std::string size() {
    if (chance(40)) return std::to_string(1 + pick(4));
    if (const auto x = any(has_axes); x && chance(30)) return x->name + ".shape[-1]";
    if (const auto x = any([](const Type& type) { return has_axes(type) && type.dtype != DType::f64; });
        x && chance(40))
      return "sum(" + x->name + " > 0) % 4";
    return chance(90) ? "1 + " + whole(1) + " % 3" : "(" + whole(1) + " % 7)";
  }
  std::string condition(int depth) {
    if (depth > 0 && chance(35)) {
      const std::string left = condition(depth - 1);
      switch (pick(4)) {
        case 0:
          return "(" + left + " and " + condition(depth - 1) + ")";
        case 1:
          return "(" + left + " or " + condition(depth - 1) + ")";
        default:
          return "(not " + left + ")";
      }
    }
    static const std::vector<std::string> signs = {"<", "<=", ">", ">=", "==", "!="};
    if (const auto x = any([](const Type& type) { return is_tensor(type) && type.dtype != DType::boolean; });
        x && chance(60)) {
      const std::string edge = number(4) + ".5";
      if (x->type.shape.empty()) return "(" + x->name + " > " + edge + ")";
      static const std::vector<std::string> reductions = {"any(X > E)", "all(X < E)", "(sum(X) > E)",
                                                          "(max(X) > E)"};
      std::string out = one_of(reductions);
      out.replace(out.find('X'), 1, x->name);
      out.replace(out.find('E'), 1, edge);
      return out;
    }
    if (const auto t = any([](const Type& type) { return type.kind == Type::Kind::Truth; }); t && chance(40))
      return t->name;
    if (chance(3)) return chance(50) ? "true" : "0";
    return "(" + whole(1) + " " + one_of(signs) + " " + whole(1) + ")";
  }

  struct Made {
    std::string text;
    Type type;
  };
  Made variable_or(const std::function<bool(const Type&)>& fits) {
    if (const auto found = any(fits)) return {found->name, found->type};
    return {"parameter(\"weight\")", {Type::Kind::Tensor, DType::f32, {3}}};
  }
  static DType promoted(DType a, DType b) {
    if (a == b) return a;
    if (a == DType::boolean) return b;
    if (b == DType::boolean) return a;
    return is_float(a) || is_float(b) ? (a == DType::f32 && b == DType::f32 ? DType::f32 : DType::f64)
                                      : DType::i64;
  }

  /// A tensor made of one or two others.
  Made made_tensor(int depth) {
    if (depth == 0) return variable_or(is_tensor);
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
        return arithmetic(depth);
      case 3:
        return reduction(depth);
      case 4:
        return row(depth);
      case 5:
        return slice(depth);
      case 6:
        return repetition();
      case 7:
        return shape(depth);
      case 8: {
        const Made x = made_tensor(depth - 1);
        return {"where(" + x.text + " > " + number(3) + ", " + x.text + ", " + number(3) + ")",
                x.type.dtype == DType::boolean ? Type{} : x.type};
      }
      case 9: {
        const Made x = made_tensor(depth - 1);
        static const std::vector<std::string> functions = {"abs",    "floor", "to_f32",
                                                           "to_i64", "flip",  "sort"};
        const std::string function = one_of(functions);
        Type type = x.type;
        if (function == "to_f32") type.dtype = DType::f32;
        if (function == "to_i64") type.dtype = DType::i64;
        if (function != "flip" && function != "sort") return {function + "(" + x.text + ")", type};
        return {function + "(" + x.text + (type.shape.size() == 1 ? ", \"[a]\")" : ", \"... [a]\")"), type};
      }
      case 10: {
        const Made x = base(depth);
        return {"stack([" + x.text + ", " + x.text + "], 0)", with_axis(x.type, 2)};
      }
      case 11: {
        const Made x = base(depth);
        Type type = x.type;
        if (!type.shape.empty()) type.shape[0] *= 2;
        return {"concat([" + x.text + ", " + x.text + "])", type};
      }
      case 12: {
        const Made x = made_tensor(depth - 1);
        const Made y = variable_or([&](const Type& type) { return type == x.type; });
        return {"(" + x.text + " if " + condition(1) + " else " + y.text + ")",
                x.type == y.type ? x.type : Type{}};
      }
      default:
        return variable_or(is_tensor);
    }
  }
  static Type with_axis(Type type, std::int64_t size) {
    type.shape.insert(type.shape.begin(), size);
    return type;
  }
  /// What may be made larger: in a loop, nothing that the loop has made.
  Made base(int depth) {
    if (loops_ == 0 && !in_helper_) return made_tensor(depth - 1);
    return {"parameter(\"weight\")", {Type::Kind::Tensor, DType::f32, {3}}};
  }
  Made arithmetic(int depth) {
    static const std::vector<std::string> signs = {"+", "-", "*", "+", "*"};
    const Made x = made_tensor(depth - 1);
    std::string sign = one_of(signs);
    if (sign == "-" && x.type.dtype == DType::boolean && chance(90)) sign = "+";
    if (chance(35))
      return {"(" + x.text + " " + sign + " " + number(4) + ")",
              x.type.dtype == DType::boolean ? Type{} : x.type};
    if (chance(20)) return {"(" + x.text + " " + sign + " " + whole(1) + ")", Type{}};
    const Made y = chance(95) ? variable_or([&](const Type& type) {
      return is_tensor(type) && (type.shape == x.type.shape || type.shape.empty());
    })
                              : variable_or(is_tensor);
    Type type = x.type;
    type.dtype = promoted(x.type.dtype, y.type.dtype);
    if (sign == "*" && (chance(50)))
      return {"minimum(" + x.text + " * " + y.text + ", 50)",
              y.type.shape.empty() || y.type.shape == x.type.shape ? type : Type{}};
    return {"(" + x.text + " " + sign + " " + y.text + ")",
            y.type.shape.empty() || y.type.shape == x.type.shape ? type : Type{}};
  }
  Made reduction(int depth) {
    const Made x = made_tensor(depth - 1);
    static const std::vector<std::string> functions = {"sum", "sum", "max", "min", "count_nonzero"};
    const std::string function = one_of(functions);
    Type type = x.type;
    if (function == "count_nonzero" || (function == "sum" && !is_float(type.dtype))) type.dtype = DType::i64;
    if (chance(50) || type.shape.size() < 2) {
      type.shape.clear();
      return {function + "(" + x.text + ")", type};
    }
    if (chance(50)) {
      type.shape.pop_back();
      return {function + "(" + x.text + ", \"... [a]\")", type};
    }
    type.shape.erase(type.shape.begin());
    return {function + "(" + x.text + ", \"[a] ...\")", type};
  }
  Made row(int depth) {
    const Made x = depth > 1 ? made_tensor(depth - 1) : variable_or(has_axes);
    Type type = x.type;
    const std::size_t rank = type.shape.size();
    const std::string at = chance(60) || rank == 0
                               ? number(rank > 0 && type.shape[0] > 0 && chance(95) ? int(type.shape[0]) : 3)
                               : whole(1) + " % 2";
    if (rank > 1 && chance(30)) {
      type.shape.pop_back();
      return {x.text + "[..., " + number(2) + "]", type};
    }
    if (!type.shape.empty()) type.shape.erase(type.shape.begin());
    return {x.text + "[" + at + "]", type};
  }
  Made slice(int depth) {
    const Made x = depth > 1 ? made_tensor(depth - 1) : variable_or(has_axes);
    static const std::vector<std::string> ranges = {"1:", ":2", "::-1", ":-1", "0:2"};
    return {x.text + "[" + (chance(70) ? one_of(ranges) : ":" + size()) + "]", Type{}};
  }
  Made repetition() {
    const Made x = base(1);
    return {"repeat(" + x.text + ", \"" + (chance(50) ? "... -> ... n" : "... -> n ...") + "\", n=" + size() +
                ")",
            Type{}};
  }
  Made shape(int depth) {
    const Made x = base(depth);
    Type type = x.type;
    if (chance(30)) {
      std::ranges::reverse(type.shape);
      return {"transpose(" + x.text + ")", type};
    }
    std::int64_t elements = 1;
    for (const std::int64_t each : type.shape) elements *= each;
    if (chance(50)) {
      type.shape = {elements};
      return {"reshape(" + x.text + ", [-1])", type};
    }
    if (type.shape.size() >= 2 && chance(60)) {
      Type joined = type;
      joined.shape = {type.shape[0] * type.shape[1]};
      joined.shape.insert(joined.shape.end(), type.shape.begin() + 2, type.shape.end());
      return {"id(" + x.text + ", \"a b ... -> (a b) ...\")", joined};
    }
    return {"broadcast_to(" + x.text + ", [" + size() +
                (type.shape.empty() ? "" : ", " + std::to_string(type.shape.back())) + "])",
            Type{}};
  }

  Made expression() {
    const int kind = pick(100);
    if (kind < 20) return {whole(2), {Type::Kind::Whole, DType::i64, {}}};
    if (kind < 28) return {condition(2), {Type::Kind::Truth, DType::boolean, {}}};
    if (kind < 33) return {"(" + whole(1) + " + 0.5)", {Type::Kind::Real, DType::f64, {}}};
    if (kind < 37) return {"weight", {Type::Kind::Tensor, DType::f32, {3}}};
    if (kind < 40) return {"self.bias", {Type::Kind::Tensor, DType::f64, {2, 3}}};
    if (kind < 43)
      return {"constant([" + number(5) + ", " + number(5) + ", 1])", {Type::Kind::Tensor, DType::i64, {3}}};
    if (kind < 46)
      if (const auto any_value = any([](const Type& type) { return type.kind == Type::Kind::Unknown; }))
        return {"(" + any_value->name + " + 1)", Type{}};
    return made_tensor(1 + pick(2));
  }

  // ---------------------------------------------------------------- statements
  void set(const std::string& name, const Type& type) {
    const auto found = std::ranges::find(variables_, name, &Variable::name);
    if (found == variables_.end())
      variables_.push_back({name, type});
    else
      found->type = type;
  }
  std::string target() {
    std::vector<std::string> names;
    for (const Variable& variable : variables_)
      if (variable.mutable_) names.push_back(variable.name);
    if (!names.empty() && chance(45)) return one_of(names);
    return "v" + std::to_string(next_variable_++);
  }
  /// After a branch or a loop: what both ways agree on is still known.
  void join(const std::vector<Variable>& other) {
    for (Variable& variable : variables_) {
      const auto found = std::ranges::find(other, variable.name, &Variable::name);
      if (found != other.end() && found->type != variable.type) variable.type = {};
    }
    std::erase_if(variables_, [&](const Variable& variable) {
      return std::ranges::find(other, variable.name, &Variable::name) == other.end() && !chance(4);
    });
  }

  Node assignment() {
    const Made value = expression();
    const std::string name = target();
    set(name, value.type);
    return {name + " = " + value.text, {}};
  }
  Node update() {
    const auto x = any([](const Type& type) {
      return type.kind == Type::Kind::Whole || (is_tensor(type) && type.dtype != DType::boolean);
    });
    if (!x || !x->mutable_) return assignment();
    return {x->name + (chance(50) ? " += " : chance(50) ? " *= " : " -= ") + number(3), {}};
  }
  Node call() {
    std::vector<const Helper*> known;
    for (const Helper& helper : helpers_) known.push_back(&helper);
    if (known.empty()) return assignment();
    const Helper& helper = *one_of(known);
    std::string text = helper.name + "(";
    for (std::size_t k = 0; k < helper.takes.size(); ++k) {
      const Type& type = helper.takes[k];
      const Made value = variable_or(
          [&](const Type& each) { return each == type || (chance(3) && each.kind != Type::Kind::Unknown); });
      text += (k ? ", " : "") + value.text;
    }
    std::string names;
    for (std::size_t k = 0; k < helper.gives; ++k) {
      const std::string name = "v" + std::to_string(next_variable_++);
      names += (k ? ", " : "") + name;
      set(name, k == 0 && helper.first ? *helper.first : Type{});
    }
    return {names + " = " + text + ")", {}};
  }
  std::string result() {
    return any([](const Type& type) { return type.kind != Type::Kind::Unknown || true; })
        .value_or(Variable{"0", {}, true})
        .name;
  }
  Node returns() {
    std::string text = "return " + (chance(70) ? result() : made_tensor(1).text);
    for (std::size_t k = 1; k < gives_; ++k) text += ", " + result();
    return {text, {}};
  }

  std::vector<Node> branch(int depth) {
    Node test{"if " + condition(2) + ":", {}}, otherwise{"else:", {}};
    const std::vector<Variable> before = variables_;
    test.below = block(depth - 1);
    const bool leaves = chance(15);
    if (leaves) test.below.push_back(leave());
    std::vector<Variable> after = variables_;
    variables_ = before;
    if (chance(50)) {
      if (chance(20)) {
        Node again{"elif " + condition(1) + ":", block(depth - 1)};
        join(before);
        otherwise.below = block(depth - 1);
        if (!leaves) join(after);
        return {test, again, otherwise};
      }
      otherwise.below = block(depth - 1);
    }
    if (!leaves) join(after);
    if (otherwise.below.empty()) return {test};
    return {test, otherwise};
  }
  Node leave() {
    if (loops_ > 0 && chance(60)) return {chance(60) ? "break" : "continue", {}};
    return returns();
  }

  std::vector<Node> loop(int depth) {
    const std::vector<Variable> before = variables_;
    forget_some();
    ++loops_;
    std::vector<Node> made;
    if (const auto x = any(has_axes); x && chance(35)) {
      const std::string item = "r" + std::to_string(next_variable_++);
      Type type = x->type;
      type.shape.erase(type.shape.begin());
      set(item, type);
      made = {{"for " + item + " in " + x->name + ":", block(depth - 1)}};
    } else if (chance(60)) {
      const std::string item = "i" + std::to_string(next_variable_++);
      set(item, {Type::Kind::Whole, DType::i64, {}});
      const std::string range = chance(60)   ? number(5)
                                : chance(50) ? whole(1) + " % 4"
                                             : number(3) + ", " + number(6) + (chance(50) ? ", 2" : "");
      made = {{"for " + item + " in range(" + range + "):", block(depth - 1)}};
    } else {
      const std::string counter = "n" + std::to_string(next_variable_++);
      variables_.push_back({counter, {Type::Kind::Whole, DType::i64, {}}, false});
      Node body{"while " + counter + " < " + number(5) + (chance(40) ? " and " + condition(1) : "") + ":",
                {{counter + " += 1", {}}}};
      for (Node& node : block(depth - 1)) body.below.push_back(std::move(node));
      made = {{counter + " = 0", {}}, body};
    }
    if (chance(40)) made.back().below.push_back({"if " + condition(1) + ":", {leave()}});
    --loops_;
    join(before);
    return made;
  }
  /// In a loop a variable may be what a later statement makes of it.
  void forget_some() {
    for (Variable& variable : variables_)
      if (variable.mutable_ && chance(10)) variable.type = {};
  }

  std::vector<Node> block(int depth) {
    std::vector<Node> nodes;
    for (int k = 0, count = 1 + pick(depth == options_.depth ? options_.statements : 3); k < count; ++k) {
      const int kind = pick(100);
      std::vector<Node> made;
      if (kind < 14 && depth > 0)
        made = branch(depth);
      else if (kind < 26 && depth > 0)
        made = loop(depth);
      else if (kind < 34)
        made = {call()};
      else if (kind < 44)
        made = {update()};
      else
        made = {assignment()};
      for (Node& node : made) nodes.push_back(std::move(node));
    }
    return nodes;
  }

  Node function(const std::string& name, const std::vector<Type>& takes, std::size_t gives) {
    variables_.clear();
    gives_ = gives;
    std::string text = "def " + name + "(";
    for (std::size_t k = 0; k < takes.size(); ++k) {
      const std::string parameter = "x" + std::to_string(k);
      const bool declared = chance(20) && takes[k].shape.empty();
      text += (k ? ", " : "") + parameter + (declared ? ": _[...]" : "");
      set(parameter, takes[k]);
    }
    Node made{text + "):", block(options_.depth)};
    made.below.push_back(returns());
    return made;
  }
  Node helper(const std::string& name) {
    std::vector<Type> takes;
    for (int k = 0, count = 1 + pick(2); k < count; ++k) takes.push_back(operand_type());
    const Options outer = options_;
    options_ = {4, 2};
    in_helper_ = true;
    const std::size_t gives = chance(70) ? 1 : 2;
    Node made = function(name, takes, gives);
    options_ = outer;
    in_helper_ = false;
    helpers_.push_back({name, takes, gives, {}});
    return made;
  }

  std::mt19937 random_;
  Options options_;
  Case made_;
  std::vector<Variable> variables_;
  std::vector<Helper> helpers_;
  std::size_t gives_ = 1;
  int next_variable_ = 0, loops_ = 0;
  bool in_helper_ = false;
};

void print(const Node& node, int depth, std::string& out) {
  out += std::string(std::size_t(4 * depth), ' ') + node.line + "\n";
  for (const Node& below : node.below) print(below, depth + 1, out);
}

// ---------------------------------------------------------------- shrinking
/// Calls `use` with every simpler version of a list of nodes until it takes one.
bool simpler(std::vector<Node>& nodes, const std::function<bool()>& use) {
  for (std::size_t k = nodes.size(); k-- > 0;) {
    const std::vector<Node> before = nodes;
    nodes.erase(nodes.begin() + std::ptrdiff_t(k));
    if (use()) return true;
    nodes = before;
    if (!before[k].below.empty() && !before[k].line.starts_with("def")) {
      nodes.erase(nodes.begin() + std::ptrdiff_t(k));
      nodes.insert(nodes.begin() + std::ptrdiff_t(k), before[k].below.begin(), before[k].below.end());
      if (use()) return true;
      nodes = before;
    }
    if (simpler(nodes[k].below, use)) return true;
  }
  return false;
}

}  // namespace

std::string Case::text() const {
  std::string out;
  for (const Node& function : functions) print(function, 0, out);
  return out;
}

Case random_case(unsigned seed, const Options& options) { return Generator(seed, options).run(); }

Case shrunk(Case failing, const std::function<bool(const Case&)>& fails) {
  int budget = 3000;
  const auto use = [&] { return budget-- > 0 && fails(failing); };
  bool smaller = true;
  while (smaller && budget > 0) {
    smaller = simpler(failing.functions, use);
    for (std::size_t k = failing.calls.size(); !smaller && failing.calls.size() > 1 && k-- > 0;) {
      const auto before = failing.calls;
      failing.calls.erase(failing.calls.begin() + std::ptrdiff_t(k));
      if (use())
        smaller = true;
      else
        failing.calls = before;
    }
  }
  return failing;
}

std::string describe(const Case& shown) {
  std::string out = "seed " + std::to_string(shown.seed) + "\n" + shown.text();
  for (const auto& call : shown.calls) {
    out += "called with";
    for (const Tensor& operand : call) out += "  " + operand.to_string();
    out += "\n";
  }
  for (const auto& [name, tensor] : shown.data) out += name + ": " + tensor.to_string() + "\n";
  return out;
}

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text ? unsigned(std::strtoul(text, nullptr, 10)) : otherwise;
}

}  // namespace random_programs
