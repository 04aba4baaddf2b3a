// vmap, vmap_with_axis, reduce and elementwise of einx 0.3 with functions of the caller's: solved as every
// call, then the function is called on views of the operands. Moves before and after are calls of id.
#include <einx/v03.h>

#include <algorithm>

#include "api/api.h"
#include "api/operands.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::v03 {
namespace {

namespace api = detail::api;
namespace notation = detail::notation;
namespace support = detail::support;
using notation::Dim;
using notation::Family;
using notation::Solved;
using notation::TensorExpr;

[[noreturn]] void fail(const Call& call, const std::string& sentence) {
  support::raise<CallOperationError>(
      {.kind = "runtime", .sentence = sentence, .pattern = std::string(call.pattern), .show_pattern = true});
}

/// A call whose expression is solved and whose operands are tensors.
struct Problem {
  Solved solved;
  std::vector<Tensor> tensors;
};

void check_operands(const Call& call) {
  for (std::size_t k = 0; k < call.operands.size(); ++k) {
    const Operand& operand = call.operands[k];
    const bool data = operand.kind() == Operand::Kind::Tensor ? operand.tensor().defined()
                                                              : operand.kind() != Operand::Kind::Value &&
                                                                    operand.kind() != Operand::Kind::Unknown;
    if (data) continue;
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "Operand #" + std::to_string(k + 1) + " of " +
                                           std::string(call.function) +
                                           " has no data, but a function of tensors is to be called on it."});
  }
}

Tensor tensor_of(const Call& call, std::size_t k, const Shape& shape) {
  const Operand& operand = call.operands[k];
  if (operand.kind() == Operand::Kind::Tensor) return operand.tensor();
  if (operand.kind() == Operand::Kind::Factory)
    return api::call_factory(
        operand, shape, k, {call.function, call.pattern, call.operands, call.options.axes, false, call.site});
  return api::number(operand, detail::trace::weak_dtype(api::describe(operand).kind, {}));
}

Problem prepare(const Call& call, Family family) {
  check_operands(call);
  notation::Rules rules;
  rules.family = family;
  rules.dialect = Dialect::Einx03;
  rules.op = call.function;
  rules.max_inputs = family == Family::Reduce ? 1 : -1;
  rules.keepdims = call.options.keep.value_or(false);
  rules.merge = call.options.merge.value_or(true);
  std::vector<notation::Operand> shapes;
  for (const Operand& operand : call.operands) {
    const auto traced = api::describe(operand);
    using Kind = detail::trace::Operand::Kind;
    const bool open = traced.kind == Kind::Factory || traced.kind == Kind::Unknown;
    shapes.push_back({open ? std::nullopt : std::optional(traced.type.shape), open ? "factory" : ""});
  }
  const std::vector<notation::Constraint> sizes = api::constraints(call.options.axes);
  Problem problem{notation::solve(notation::read(call.pattern, rules, shapes, sizes), shapes, sizes), {}};
  for (std::size_t k = 0; k < call.operands.size(); ++k)
    problem.tensors.push_back(tensor_of(call, k, notation::shape(problem.solved, problem.solved.inputs[k])));
  return problem;
}

/// The function's results; what it throws becomes an error of einx.
template <class Invoke>
std::vector<Tensor> invoke(const Call& call, Invoke f) {
  try {
    return f();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail(call, "The function given to " + std::string(call.function) + " threw: " + error.what());
  }
}

void check_result(const Call& call, const Tensor& result, const Shape& wanted) {
  if (!result.defined())
    fail(call, "The function given to " + std::string(call.function) + " returned an undefined tensor.");
  const Shape got(result.shape().begin(), result.shape().end());
  if (got != wanted)
    fail(call, "The function given to " + std::string(call.function) + " returned a tensor of shape " +
                   support::tuple_text(got) + " where " + support::tuple_text(wanted) + " is needed.");
}

// ---------------------------------------------------------------- vmap
/// Where the elements of a tensor lie for an assignment of the axes: one stride an axis, 0 for axes that it
/// does not have.
std::vector<std::int64_t> strides_by_axis(const Solved& solved, const TensorExpr& expr,
                                          std::span<const std::int64_t> strides) {
  std::vector<std::int64_t> by_axis(solved.axes.size(), 0);
  const notation::IndexMap map = notation::index_maps(solved, expr, strides).at(0);
  for (const notation::Term& term : map.terms) by_axis[term.axis] = term.stride;
  return by_axis;
}

/// A part of a tensor: some axes of it, at a place given by the others.
struct Part {
  std::vector<int> axes;
  std::vector<std::int64_t> by_axis;

  Tensor at(const Solved& solved, const Tensor& tensor, std::int64_t offset) const {
    Shape shape, strides;
    for (int axis : axes) {
      shape.push_back(solved.axes[axis].size);
      strides.push_back(by_axis[axis]);
    }
    auto* first =
        static_cast<char*>(const_cast<void*>(static_cast<const void*>(std::as_const(tensor).data())));
    return Tensor::view(static_cast<void*>(first + offset * std::int64_t(size_of(tensor.dtype()))),
                        tensor.dtype(), shape, strides);
  }
};

std::int64_t bracketed_elements(const Solved& solved, const Dim& dim, bool& any) {
  if (dim.kind == Dim::Kind::Axis) {
    any = any || solved.axes[dim.axis].bracketed;
    return solved.axes[dim.axis].bracketed ? solved.axes[dim.axis].size : 1;
  }
  std::int64_t product = 1;
  for (const Dim& part : dim.parts) product *= bracketed_elements(solved, part, any);
  return product;
}

/// The shape of a sub-tensor as the function sees it: a dimension for what is in brackets in one dimension of
/// the tensor, or one an axis.
Shape part_shape(const Solved& solved, const TensorExpr& expr, bool flat) {
  Shape shape;
  if (flat) {
    for (int axis : notation::axes_of(solved, expr, true)) shape.push_back(solved.axes[axis].size);
    return shape;
  }
  for (const Dim& dim : expr.dims) {
    bool any = false;
    const std::int64_t elements = bracketed_elements(solved, dim, any);
    if (any) shape.push_back(elements);
  }
  return shape;
}

class Vmap {
 public:
  Vmap(const Call& call, const TensorFunction& f)
      : call_(call), f_(f), problem_(prepare(call, Family::Native)), solved_(problem_.solved) {
    for (std::size_t k = 0; k < solved_.inputs.size(); ++k) {
      const TensorExpr& expr = solved_.inputs[k];
      inputs_.push_back({notation::axes_of(solved_, expr, true),
                         strides_by_axis(solved_, expr, problem_.tensors[k].strides())});
      for (int axis : notation::axes_of(solved_, expr, false))
        if (std::find(loops_.begin(), loops_.end(), axis) == loops_.end()) loops_.push_back(axis);
    }
    for (const TensorExpr& expr : solved_.outputs) {
      const Shape strides = detail::tensor::row_major(notation::shape(solved_, expr));
      Part part{{}, strides_by_axis(solved_, expr, strides)};
      for (int axis : notation::axes_of(solved_, expr, false))  // what only an output has is repeated
        if (std::find(loops_.begin(), loops_.end(), axis) == loops_.end()) part.axes.push_back(axis);
      for (int axis : notation::axes_of(solved_, expr, true)) part.axes.push_back(axis);
      outputs_.push_back(std::move(part));
    }
  }

  std::vector<Tensor> run() {
    results_.resize(outputs_.size());
    std::vector<std::int64_t> index(loops_.size(), 0);
    bool left =
        std::all_of(loops_.begin(), loops_.end(), [&](int axis) { return solved_.axes[axis].size > 0; });
    while (left) {
      step(index);
      left = advance(index);
    }
    for (std::size_t k = 0; k < results_.size();
         ++k)  // the function was never called: nothing says what it gives
      if (!results_[k].defined())
        results_[k] =
            Tensor::zeros(notation::shape(solved_, solved_.outputs[k]), problem_.tensors.front().dtype());
    return std::move(results_);
  }

 private:
  bool advance(std::vector<std::int64_t>& index) const {
    for (std::size_t k = index.size(); k-- > 0;) {
      if (++index[k] < solved_.axes[loops_[k]].size) return true;
      index[k] = 0;
    }
    return false;
  }

  std::int64_t offset(const Part& part, const std::vector<std::int64_t>& index) const {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < index.size(); ++k) sum += index[k] * part.by_axis[loops_[k]];
    return sum;
  }

  void step(const std::vector<std::int64_t>& index) {
    std::vector<Tensor> parts;
    for (std::size_t k = 0; k < inputs_.size(); ++k)
      parts.push_back(inputs_[k]
                          .at(solved_, problem_.tensors[k], offset(inputs_[k], index))
                          .reshaped(part_shape(solved_, solved_.inputs[k], call_.options.flattened)));
    const std::vector<Tensor> given = invoke(call_, [&] { return f_(parts); });
    if (given.size() != outputs_.size())
      fail(call_, "The function given to vmap returned " + std::to_string(given.size()) + " tensors for " +
                      std::to_string(outputs_.size()) + " outputs.");
    for (std::size_t k = 0; k < given.size(); ++k) {
      check_result(call_, given[k], part_shape(solved_, solved_.outputs[k], call_.options.flattened));
      store(k, given[k], offset(outputs_[k], index));
    }
  }

  void store(std::size_t k, const Tensor& given, std::int64_t at) {
    if (!results_[k].defined())
      results_[k] = Tensor::empty(notation::shape(solved_, solved_.outputs[k]), given.dtype());
    if (given.dtype() != results_[k].dtype())
      fail(call_, "The function given to vmap returned tensors of different dtypes for one output.");
    Tensor to = outputs_[k].at(solved_, results_[k], at);
    Shape shape;
    for (int axis : notation::axes_of(solved_, solved_.outputs[k], true))
      shape.push_back(solved_.axes[axis].size);
    detail::tensor::copy(to, given.reshaped(shape).broadcast_to(Shape(to.shape().begin(), to.shape().end())));
  }

  const Call& call_;
  const TensorFunction& f_;
  Problem problem_;
  const Solved& solved_;
  std::vector<int> loops_;
  std::vector<Part> inputs_, outputs_;
  std::vector<Tensor> results_;
};

// ---------------------------------------------------------------- whole tensors
bool literal_one(const Solved& solved, int axis) {
  return solved.axes[axis].unnamed && solved.axes[axis].size == 1;
}

std::vector<int> axes_without_ones(const Solved& solved, const TensorExpr& expr) {
  std::vector<int> axes = notation::axes_of(expr);
  std::erase_if(axes, [&](int axis) { return literal_one(solved, axis); });
  return axes;
}

/// A tensor with these axes as dimensions; -1 is one of size 1.
TensorExpr expression_of(const std::vector<int>& axes) {
  TensorExpr expr;
  for (int axis : axes) {
    Dim dim;
    dim.axis = axis;
    if (axis < 0) {
      dim.kind = Dim::Kind::Group;
      dim.axis = -1;
    }
    expr.dims.push_back(std::move(dim));
  }
  return expr;
}

/// id from one expression to another, in the default dialect with every size given.
Tensor move(const Call& call, const Solved& axes, TensorExpr from, TensorExpr to, const Tensor& tensor) {
  Solved expr{axes.axes, {std::move(from)}, {std::move(to)}};
  for (notation::Axis& axis : expr.axes) axis.bracketed = false;
  std::vector<int> used = notation::axes_of(expr.inputs[0]);
  for (int axis : notation::axes_of(expr.outputs[0]))
    if (std::find(used.begin(), used.end(), axis) == used.end()) used.push_back(axis);
  Axes sizes;
  for (int axis : used) sizes.items.push_back({expr.axes[axis].name, expr.axes[axis].size});
  const std::string pattern = notation::text(expr);
  const Operand operands[] = {Operand(tensor)};
  return detail::call_one<Tensor>({"id", pattern, operands, sizes, false, call.site});
}

/// The operands with the axes `common`, of size 1 where an operand lacks one; a single operand keeps its own
/// order if `own`.
class Whole {
 public:
  Whole(const Call& call, Family family)
      : call_(call), problem_(prepare(call, family)), solved_(problem_.solved) {
    if (solved_.outputs.size() != 1)
      support::raise<SemanticError>({.kind = "num-output-exprs",
                                     .sentence = std::string(call.function) + " has one output expression.",
                                     .pattern = std::string(call.pattern),
                                     .show_pattern = true});
    for (const TensorExpr& input : solved_.inputs)
      for (int axis : axes_without_ones(solved_, input))
        if (!has(in_, axis)) in_.push_back(axis);
    for (int axis : axes_without_ones(solved_, solved_.outputs[0]))
      if (has(in_, axis)) out_.push_back(axis);
  }

  /// One operand in its own order; the function leaves the axes that the output has.
  Tensor run_single(const AxisFunction& f) {
    std::vector<int> kept;
    for (int axis : in_)
      if (has(out_, axis)) kept.push_back(axis);
    return run(in_, kept, f);
  }

  /// Operands in the output's order.
  Tensor run_aligned(const AxisFunction& f) {
    for (int axis : in_)
      if (!has(out_, axis))
        support::raise<SemanticError>({.kind = "input-axis-missing-in-output",
                                       .sentence = "With several operands, " + std::string(call_.function) +
                                                   " needs all their axes in the output.",
                                       .pattern = std::string(call_.pattern),
                                       .show_pattern = true});
    return run(out_, out_, f);
  }

  std::size_t operands() const { return problem_.tensors.size(); }

 private:
  static bool has(const std::vector<int>& axes, int axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  }

  Tensor run(const std::vector<int>& order, const std::vector<int>& result_axes, const AxisFunction& f) {
    std::vector<Tensor> tensors;
    for (std::size_t k = 0; k < operands(); ++k) {
      const std::vector<int> own = notation::axes_of(solved_.inputs[k]);
      std::vector<int> dims = order;
      for (int& axis : dims)
        if (!has(own, axis)) axis = -1;
      tensors.push_back(move(call_, solved_, solved_.inputs[k], expression_of(dims), problem_.tensors[k]));
    }
    std::vector<int> along;
    for (std::size_t d = 0; d < order.size(); ++d)
      if (solved_.axes[order[d]].bracketed) along.push_back(int(d));
    const std::vector<Tensor> given = invoke(call_, [&] { return f(tensors, along); });
    if (given.size() != 1)
      fail(call_, "The function given to " + std::string(call_.function) + " returned several tensors.");
    Shape wanted;
    for (int axis : result_axes) wanted.push_back(solved_.axes[axis].size);
    check_result(call_, given[0], wanted);
    return move(call_, solved_, expression_of(result_axes), solved_.outputs[0], given[0]);
  }

  const Call& call_;
  Problem problem_;
  Solved& solved_;
  std::vector<int> in_, out_;
};

}  // namespace

void refuse_count(std::size_t count) {
  support::raise<ValueError>(
      {.kind = "num-tensors",
       .sentence = "The function does not take " + std::to_string(count) + " tensors."});
}

Tensor only_result(const Call& call, std::vector<Tensor> results) {
  if (results.size() == 1) return std::move(results.front());
  support::raise<SemanticError>(
      {.kind = "num-output-exprs",
       .sentence = "The expression has " + std::to_string(results.size()) + " outputs, but the call takes 1.",
       .pattern = std::string(call.pattern),
       .show_pattern = true,
       .advice = {"Use einx::v03::vmap_all for several outputs."}});
}

std::vector<Tensor> vmap_callable(const Call& call, const TensorFunction& f) { return Vmap(call, f).run(); }

std::vector<Tensor> vmap_with_axis_callable(const Call& call, const AxisFunction& f) {
  Whole whole(call, Family::Native);
  return {whole.operands() == 1 ? whole.run_single(f) : whole.run_aligned(f)};
}

Tensor reduce_callable(const Call& call, const AxisFunction& f) {
  return Whole(call, Family::Reduce).run_single(f);
}

Tensor elementwise_callable(const Call& call, const TensorFunction& f) {
  return Whole(call, Family::Elementwise)
      .run_aligned([&](std::span<const Tensor> tensors, const std::vector<int>&) { return f(tensors); });
}

}  // namespace einx::v03
