// Expressions as operations on variables.
#include <algorithm>

#include "graph/literal.h"
#include "graph/read.h"
#include "script/lower.h"
#include "support/near.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

const Number kZero = std::int64_t(0);

}  // namespace

Argument Lowering::value(ExprId id, Into into) {
  const Expr& expr = tree_[id];
  switch (expr.kind) {
    case Expr::Kind::Literal:
      if (expr.huge) fail(expr.place, "expected an integer of 64 bits");
      return expr.number;
    case Expr::Kind::Name:
      return name(expr, into);
    case Expr::Kind::Call:
      return call(expr, {into}).at(0);
    case Expr::Kind::Index:
      return index(expr, into);
    case Expr::Kind::Size:
      return size(expr, into);
    case Expr::Kind::Unary: {
      const Argument operand = value(expr.children[0]);
      if (expr.text == "not") return operation("equal", expr.place, {operand, kZero}, into);
      return operation(expr.text, expr.place, {operand}, into);
    }
    case Expr::Kind::Binary:
      return binary_chain(id, into);
    case Expr::Kind::Logical:
      return logical(expr);
    case Expr::Kind::Choice:
      return choice(expr);
    case Expr::Kind::Elements:
      return elements(expr, {}, into);
    case Expr::Kind::Text:
      fail(expr.place, "expected a value: a text is the pattern of an operation");
    case Expr::Kind::List:
      fail(expr.place, "expected a value: a list is no tensor",
           "stack([a, b]) and constant([1, 2]) make tensors.");
    case Expr::Kind::None:
      fail(expr.place, "expected a value: 'none' is an open end of a slice");
  }
  support::internal_error("every kind of expression has a value");
}

Argument Lowering::operation(std::string_view op, const Place& place, std::vector<Argument> arguments,
                             Into into) {
  Call made;
  const Var result = into ? *into : fresh();
  made.results = {result};
  made.op = op;
  made.arguments = std::move(arguments);
  out_->push_back({place, std::move(made)});
  return result;
}

/// The remainder has the sign of the divisor, as Python's: x - x // y * y.
Argument Lowering::combine(std::string_view op, const Place& place, Argument left, Argument right,
                           Into into) {
  if (op != "remainder") return operation(op, place, {left, right}, into);
  const Argument quotient = operation("floor_divide", place, {left, right}, {});
  return operation("subtract", place, {left, operation("multiply", place, {quotient, right}, {})}, into);
}

/// a + b + c + ...: from the left, however long.
Argument Lowering::binary_chain(ExprId id, Into into) {
  std::vector<const Expr*> chain;
  for (; tree_[id].kind == Expr::Kind::Binary; id = tree_[id].children[0]) chain.push_back(&tree_[id]);
  Argument left = value(id);
  for (auto expr = chain.rbegin(); expr != chain.rend(); ++expr) {
    const bool last = expr + 1 == chain.rend();
    const Argument right = value((*expr)->children[1]);
    left = combine((*expr)->text, (*expr)->place, left, right, last ? into : Into{});
  }
  return left;
}

/// The value that decides, as in Python: later operands are computed only if the earlier ones leave it open.
Argument Lowering::logical(const Expr& expr) {
  const Argument first = value(expr.children[0]);
  const Var result = fresh();
  copy(expr.place, result, first);
  for (std::size_t k = 1; k < expr.children.size(); ++k) {
    If made{result, {}, {}};
    Body next;
    Body* const around = std::exchange(out_, &next);
    copy(expr.place, result, value(expr.children[k], result));
    out_ = around;
    (expr.text == "and" ? made.then : made.otherwise) = std::move(next);
    out_->push_back({expr.place, std::move(made)});
  }
  return result;
}

Argument Lowering::choice(const Expr& expr) {
  If made{value(expr.children[1]), {}, {}};
  const Var result = fresh();
  for (const auto& [child, side] :
       {std::pair{expr.children[0], &made.then}, {expr.children[2], &made.otherwise}}) {
    Body* const around = std::exchange(out_, side);
    copy(expr.place, result, value(child, result));
    out_ = around;
  }
  out_->push_back({expr.place, std::move(made)});
  return result;
}

// ---------------------------------------------------------------- names
Argument Lowering::parameter(const std::string& name, const Place& place, Into into) {
  const Var result = into ? *into : fresh();
  out_->push_back({place, Parameter{result, name}});
  return result;
}

Argument Lowering::name(const Expr& expr, Into into) {
  const auto known = variables_.find(expr.text);
  if (known != variables_.end() && may_be_set_[std::size_t(known->second)]) return known->second;
  if (named_.contains(std::string(expr.text)))
    fail(expr.place, "'" + std::string(expr.text) + "' has no value here yet");
  std::string_view path = expr.text;
  if (path.starts_with("self.")) path.remove_prefix(5);
  if (const auto tensor = scope_.tensors.find(path); tensor != scope_.tensors.end())
    return parameter(tensor->second, expr.place, into);
  unknown_name(expr);
}

void Lowering::unknown_name(const Expr& expr) const {
  std::string_view path = expr.text;
  const std::size_t dot = path.rfind('.');
  if (dot != path.npos && named_.contains(std::string(path.substr(0, dot))))
    fail(expr.place,
         "'" + std::string(path.substr(0, dot)) + "' has no '" + std::string(path.substr(dot + 1)) + "'",
         "A size is x.shape[k], the number of axes rank(x).");
  std::vector<std::string_view> known;
  for (const std::string& name : named_) known.push_back(name);
  const bool member = path.starts_with("self.");
  if (member) path.remove_prefix(5);
  for (const auto& [name, tensor] : scope_.tensors) known.push_back(name);
  const bool function = scope_.functions.contains(path) || ops::find(path);
  fail(expr.place,
       "there is no variable or tensor '" + std::string(expr.text.substr(0, 100)) + "'" +
           (function ? ", only a function of this name" : ""),
       support::did_you_mean(path, known));
}

// ---------------------------------------------------------------- shapes and pieces
Integer Lowering::integer(ExprId id) {
  const Argument found = value(id);
  if (const auto* variable = std::get_if<Var>(&found)) return *variable;
  if (const auto* whole = std::get_if<std::int64_t>(&std::get<Number>(found))) return *whole;
  fail(tree_[id].place, "expected an integer");
}

std::optional<Integer> Lowering::maybe_integer(ExprId id) {
  if (id == kNone || tree_[id].kind == Expr::Kind::None) return std::nullopt;
  return integer(id);
}

std::vector<std::optional<Integer>> Lowering::integer_list(ExprId id) {
  if (tree_[id].kind != Expr::Kind::List) fail(tree_[id].place, "expected a list of integers: [2, n, -1]");
  std::vector<std::optional<Integer>> integers;
  for (const ExprId child : tree_[id].children) integers.emplace_back(integer(child));
  return integers;
}

Argument Lowering::arrange(Arrange::Kind kind, const Place& place, std::vector<Argument> arguments,
                           std::vector<std::optional<Integer>> integers, Into into) {
  const Var result = into ? *into : fresh();
  out_->push_back({place, Arrange{kind, result, std::move(arguments), std::move(integers)}});
  return result;
}

Argument Lowering::size(const Expr& expr, Into into) {
  const Argument of = value(expr.children[0]);
  return arrange(Arrange::Kind::Size, expr.place, {of}, {integer(expr.children[1])}, into);
}

namespace {

/// One step of x[...]: what happens along which axis of what is left.
struct Step {
  Arrange::Kind kind;
  std::vector<std::optional<Integer>> integers;
};

/// Axes count from the front up to '...', behind it from the back; positions take an axis away.
std::vector<Step> steps_of(const std::vector<Index>& indices, const std::vector<Step>& parts) {
  const auto rest = std::ranges::find(indices, Index::Kind::Rest, &Index::kind);
  std::vector<Step> steps;
  std::int64_t axis = 0;
  const auto add = [&](std::size_t k, std::int64_t at) {
    const Step& part = parts[k];
    const bool range = part.kind == Arrange::Kind::Slice;
    const bool open = range && !part.integers[1] && !part.integers[2] && !part.integers[3];
    const bool shows_rank = rest == indices.end() && k + 1 == indices.size();  // x[:, :] is no vector
    if (!open || shows_rank) {
      steps.push_back(part);
      steps.back().integers[0] = at;
    }
    return range;
  };
  std::size_t k = 0;
  for (; k < indices.size() && indices[k].kind != Index::Kind::Rest; ++k) axis += add(k, axis);
  axis = -1;
  for (std::size_t last = indices.size(); last-- > k + 1;) axis -= add(last, axis);
  return steps;
}

}  // namespace

Argument Lowering::index(const Expr& expr, Into into) {
  const std::vector<Index>& indices = tree_.details_of(expr).indices;
  Argument of = value(expr.children[0]);
  std::vector<Step> parts;
  for (const Index& index : indices) {
    if (index.kind == Index::Kind::Range) {
      const std::optional<Integer> from = maybe_integer(index.at), to = maybe_integer(index.to),
                                   step = maybe_integer(index.step);
      if (step == Integer(std::int64_t(0))) fail(expr.place, "expected a step that is not 0");
      parts.push_back({Arrange::Kind::Slice, {std::nullopt, from, to, step}});
    } else {
      parts.push_back(
          {Arrange::Kind::Select,
           {std::nullopt, index.kind == Index::Kind::At ? std::optional(integer(index.at)) : std::nullopt}});
    }
  }
  const std::vector<Step> steps = steps_of(indices, parts);
  for (std::size_t k = 0; k < steps.size(); ++k)
    of = arrange(steps[k].kind, expr.place, {of}, steps[k].integers, k + 1 == steps.size() ? into : Into{});
  return of;
}

// ---------------------------------------------------------------- constants
namespace {

/// Without a type: bools, integers, or numbers with a fraction.
DType dtype_of_elements(const Elements& elements) {
  const auto whole = [](const std::string& text) {
    return text.find_first_not_of("-0123456789") == text.npos;
  };
  const auto truth = [](const std::string& text) { return text == "true" || text == "false"; };
  if (!elements.texts.empty() && std::ranges::all_of(elements.texts, truth)) return DType::boolean;
  return std::ranges::all_of(elements.texts, whole) && !elements.texts.empty() ? DType::i64 : DType::f64;
}

std::optional<Shape> shape_of(const TypePattern& type) {
  Shape shape;
  for (const Dim& dim : *type.dims) {
    if (dim.kind != Dim::Kind::Size) return std::nullopt;
    shape.push_back(dim.size);
  }
  return shape;
}

}  // namespace

Argument Lowering::elements(const Expr& expr, const std::optional<TypePattern>& type, Into into) {
  const Elements& written = tree_.details_of(expr).elements;
  const DType dtype = type && type->dtype ? *type->dtype : dtype_of_elements(written);
  Shape shape = written.shape;
  if (type && type->dims) {
    const std::optional<Shape> declared = shape_of(*type);
    if (!declared) fail(expr.place, "expected a size for every axis in the type of a constant");
    const bool empty = std::ranges::find(*declared, 0) != declared->end();
    if (empty ? !written.texts.empty() : *declared != shape)
      fail(expr.place,
           "expected elements of the shape " + support::tuple_text(*declared) + ", as the type says");
    shape = *declared;
    if (type->strides && graph::make_type(dtype, shape) != graph::make_type(dtype, shape, type->strides))
      fail(expr.place, "expected a constant of row-major type");
  }
  Tensor tensor = Tensor::empty(shape, dtype);
  auto* element = static_cast<std::byte*>(tensor.data());
  for (const std::string& text : written.texts) {
    if (!graph::read_element(text, dtype, element))
      fail(expr.place,
           "expected elements of type " + std::string(name_of(dtype)) + ", not '" + text.substr(0, 40) + "'");
    element += size_of(dtype);
  }
  const Var result = into ? *into : fresh();
  out_->push_back({expr.place, Constant{result, tensor}});
  return result;
}

}  // namespace einx::detail::script
