// Errors of statements say where the statement stands.
#include <algorithm>
#include <array>
#include <utility>

#include "model/model.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

template <class E>
[[noreturn]] void throw_as(Error::Details details) {
  throw E(std::move(details));
}
using Throw = void (*)(Error::Details);
constexpr std::array<std::pair<std::string_view, Throw>, 9> kClasses = {
    {{"SyntaxError", throw_as<SyntaxError>},
     {"RankError", throw_as<RankError>},
     {"AxisSizeError", throw_as<AxisSizeError>},
     {"SemanticError", throw_as<SemanticError>},
     {"OperationNotSupportedError", throw_as<OperationNotSupportedError>},
     {"CallOperationError", throw_as<CallOperationError>},
     {"ValueError", throw_as<ValueError>},
     {"TypeError", throw_as<TypeError>},
     {"InternalError", throw_as<InternalError>}}};

constexpr std::string_view kFirst = "line ", kSecond = ", column ";
constexpr std::size_t kShownLine = 400;  // bytes; of longer lines the beginning

/// Whether a message begins with "line 3, column 5: " already: what an inner statement raised keeps its
/// place.
bool has_place(std::string_view message) {
  if (!message.starts_with(kFirst)) return false;
  const std::size_t after = message.find_first_not_of("0123456789", kFirst.size());
  return after != message.npos && message.substr(after).starts_with(kSecond);
}

std::string_view line_of(std::string_view text, int number) {
  for (; number > 1 && !text.empty(); --number)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

void raise_at(const Error& error, const script::Place& place, const script::Program& program) {
  Error::Details details{error.what(),
                         std::string(error.kind()),
                         std::string(error.pattern()),
                         {error.carets().begin(), error.carets().end()},
                         std::string(error.operands())};
  if (place.line > 0 && !program.text.empty() && !has_place(details.message)) {
    details.message = std::string(kFirst) + std::to_string(place.line) + std::string(kSecond) +
                      std::to_string(place.column) + ": " + details.message;
    std::string line(line_of(program.text, place.line));
    std::ranges::replace(line, '\t', ' ');
    if (line.size() <= kShownLine)
      details.message +=
          "\n    " + line + "\n    " + std::string(std::size_t(std::max(place.column - 1, 0)), ' ') + "^";
  }
  const auto row =
      std::ranges::find(kClasses, error.class_name(), &std::pair<std::string_view, Throw>::first);
  if (row != kClasses.end()) row->second(std::move(details));
  throw Error(error.class_name(), std::move(details));
}

}  // namespace einx::detail::model
