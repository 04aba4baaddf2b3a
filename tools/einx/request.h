// One call of an operation with everything it refers to, wherever it came from: the command line or a line of
// JSON.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/api.h"

namespace einx_command {

using Factory = std::function<einx::Tensor(const einx::Shape&)>;

/// Operands and what they refer to. May be moved, not copied: einx::Operand points into it.
class OperandList {
 public:
  OperandList() = default;
  OperandList(OperandList&&) = default;
  OperandList& operator=(OperandList&&) = default;

  void add(einx::Tensor tensor) { view_.emplace_back(tensors_.emplace_back(std::move(tensor))); }
  void add(Factory factory) { view_.emplace_back(factories_.emplace_back(std::move(factory))); }
  template <einx::Number T>
  void add_weak(T number) {
    view_.emplace_back(number);
  }
  void add_unknown() { view_.emplace_back(nullptr); }
  /// Memory that a tensor added as a view points into.
  void keep(einx::Tensor memory) { tensors_.push_back(std::move(memory)); }

  std::span<const einx::Operand> view() const { return view_; }

 private:
  std::deque<einx::Tensor> tensors_;
  std::deque<Factory> factories_;
  std::vector<einx::Operand> view_;
};

struct Request {
  std::string op, pattern;
  OperandList operands;
  std::vector<einx::detail::notation::Constraint> sizes;
  bool keepdims = false;
  einx::detail::graph::Attributes attributes;  ///< parameters of the operation's own: shift
  einx::Dialect dialect = einx::Dialect::Einx;
  std::string function;  ///< as the case names it in its dialect, if that is not `op`
};

/// Finds or compiles it through the library's cache, as a call at `site`, and calls its factories. Raises
/// einx::Error.
einx::detail::api::Prepared prepare(const Request& request, einx::Location site);
std::vector<einx::Tensor> run(const einx::detail::api::Prepared& prepared);
/// The same call for the tracer; factories have an empty type.
einx::detail::trace::Call traced(const Request& request);

/// "2", "2,3", "[2, 3]": a size as the command line gives it. What is no integer is left to the library to
/// complain about.
einx::detail::notation::Constraint read_size(const std::string& name, const std::string& text);

/// The same for a parameter of an operation's own: an integer or a list of integers. Raises ValueError "shift-type".
std::vector<std::int64_t> read_parameter(const std::string& name, const std::string& text);
[[noreturn]] void wrong_parameter(const std::string& name, const std::string& given);

}  // namespace einx_command
