// Graphs: what a call, a traced function (jit.h) or a text becomes; to look at and to call directly.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <einx/call.h>

namespace [[gnu::visibility("default")]] einx {

/// Memory of the caller's as an operand, described in place: nothing is made, copied or owned.
struct View {
  const void* data = nullptr;  ///< of element (0, 0, ...)
  DType dtype = f32;
  std::span<const std::int64_t> shape;
  std::span<const std::int64_t> strides = {};  ///< in elements; none: row-major
};
/// The same for a result.
struct MutableView {
  void* data = nullptr;
  DType dtype = f32;
  std::span<const std::int64_t> shape;
  std::span<const std::int64_t> strides = {};
};

/// A tensor of which only the type is known: {einx::f32, {2, 3}}, {einx::f32, {2, 3}, {1, 2}} with strides in elements, or that of a tensor.
struct Spec {
  DType dtype = f32;
  Shape shape;
  std::optional<Shape> strides = {};  ///< none: row-major
  Spec(DType type, Shape sizes) : dtype(type), shape(std::move(sizes)) {}
  Spec(DType type, Shape sizes, Shape steps) : dtype(type), shape(std::move(sizes)), strides(std::move(steps)) {}
  Spec(const Tensor& like);
  bool operator==(const Spec&) const = default;
};

/// Operations on values of known types: a function of tensors. einx::graph::sum("a [b]", x) makes one without running it, einx::trace(f, specs) one of a function,
/// Graph::parse one of a text. Nothing is compiled before the graph runs, or its machine code is asked for; then it is, once. Cheap to copy; callable from many
/// threads.
class Graph {
 public:
  struct Impl;
  explicit Graph(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::string name() const;
  std::vector<Spec> inputs() const;
  std::vector<Spec> outputs() const;
  std::string text() const;      ///< operations with their solved expressions; Graph::parse reads it back
  std::string loops() const;     ///< the kernels' loop nests
  std::string schedule() const;  ///< what the schedules chose, and why
  std::string llvm_ir() const;
  std::string assembly() const;
  std::string dot() const;   ///< for graphviz
  std::string json() const;

  /// Runs it: no look-up, no tracing. Raises ValueError "graph-signature" that says what differs if the operands are not of the signature the graph was made for.
  template <OperandLike... A>
  Tensor operator()(const A&... operands) const {
    const Operand list[] = {Operand(operands)...};
    return run_one(list);
  }
  /// The same for any number of operands and results.
  std::vector<Tensor> run(std::span<const Operand> operands) const;
  std::vector<Tensor> run(std::initializer_list<Operand> operands) const { return run(std::span(operands.begin(), operands.size())); }
  /// Into the caller's tensors, which have the results' shape and dtype. Allocates nothing if they are row-major, 64-byte aligned and overlap no
  /// operand; otherwise the results are computed elsewhere and copied.
  void run_into(std::span<Tensor* const> results, std::span<const Operand> operands) const;
  /// The same without a Tensor around any memory. A view that is not of the signature raises ValueError "graph-signature"; one without an address "bad-view".
  void run_into(std::span<const MutableView> results, std::span<const View> operands) const;

  /// Tensors of the constants that a text or JSON only names, since they have more than 16 elements.
  using Data = std::vector<std::pair<std::string, Tensor>>;
  Data data() const;
  /// The way back from text(), and what may be written by hand: docs/functions.md. Raises SyntaxError "graph-text" with the line and a caret, also for a text of
  /// several functions.
  static Graph parse(std::string_view text, const Data& data = {});
  /// Every function of a text.
  static std::vector<Graph> parse_all(std::string_view text, const Data& data = {});
  /// The way back from json(). Raises SyntaxError "graph-text" with the path of the field, like nodes[2].op.
  static Graph from_json(std::string_view text, const Data& data = {});

  const std::shared_ptr<const Impl>& impl() const { return impl_; }

 private:
  Tensor run_one(std::span<const Operand> operands) const;  ///< the first result
  std::shared_ptr<const Impl> impl_;
};

/// Makes a graph instead of running the call.
struct MakeGraph {
  template <class>
  static Graph make(const detail::CallInfo& info) { return detail::make_graph(info); }
};
template <int Min, int Max>
using GraphOperation = Operation<Min, Max, MakeGraph>;

}  // namespace einx
