// The errors einx raises. Every class derives from einx::Error; `what()` is the whole message:
//   a sentence, the expression with carets under what is wrong, the equations or operands involved, and a hint where there is one.
#pragma once
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace [[gnu::visibility("default")]] einx {

/// Base of all errors. Cheap to copy and to catch by reference; never carries a foreign exception type.
class Error : public std::exception {
 public:
  struct Details {
    std::string message;      ///< everything, as printed by what()
    std::string kind;         ///< one of the closed table in docs/errors.md, e.g. "invalid-token"
    std::string pattern;      ///< the expression as given; empty if the error is not about one
    std::vector<int> carets;  ///< 0-based code-point columns into `pattern`, ascending
    std::string operands;     ///< the operands' shapes and the given sizes, one per line
  };
  Error(std::string_view class_name, Details details) : class_(class_name), details_(std::move(details)) {}
  const char* what() const noexcept override { return details_.message.c_str(); }
  std::string_view class_name() const noexcept { return class_; }
  std::string_view kind() const noexcept { return details_.kind; }
  std::string_view pattern() const noexcept { return details_.pattern; }
  std::span<const int> carets() const noexcept { return details_.carets; }
  std::string_view operands() const noexcept { return details_.operands; }

 private:
  std::string class_;
  Details details_;
};

/// The expression is not well-formed.
struct SyntaxError : Error {
  explicit SyntaxError(Details d) : Error("SyntaxError", std::move(d)) {}
};
/// The number of dimensions, or of repetitions of an ellipsis, does not fit.
struct RankError : Error {
  explicit RankError(Details d) : Error("RankError", std::move(d)) {}
};
/// Axis sizes contradict each other or are not determined.
struct AxisSizeError : Error {
  explicit AxisSizeError(Details d) : Error("AxisSizeError", std::move(d)) {}
};
/// A well-formed expression that means nothing for this operation.
struct SemanticError : Error {
  explicit SemanticError(Details d) : Error("SemanticError", std::move(d)) {}
};
/// The operation does not exist, or not for these dtypes.
struct OperationNotSupportedError : Error {
  explicit OperationNotSupportedError(Details d) : Error("OperationNotSupportedError", std::move(d)) {}
};
/// The operation failed while it ran: an index out of range, a factory that threw.
struct CallOperationError : Error {
  explicit CallOperationError(Details d) : Error("CallOperationError", std::move(d)) {}
};
/// A number of operands, a constraint or a parameter has a value that is not allowed.
struct ValueError : Error {
  explicit ValueError(Details d) : Error("ValueError", std::move(d)) {}
};
/// An operand or parameter is of the wrong kind, or missing.
struct TypeError : Error {
  explicit TypeError(Details d) : Error("TypeError", std::move(d)) {}
};
/// A defect of this library, never of the caller.
struct InternalError : Error {
  explicit InternalError(Details d) : Error("InternalError", std::move(d)) {}
};

}  // namespace einx
