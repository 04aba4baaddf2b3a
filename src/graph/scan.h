// Inside the graph layer: reads one line of graph text from left to right; every mistake names the line and
// what was expected there.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace einx::detail::graph {

/// The line up to its comment: a '#' that is not between quotation marks.
std::string_view without_comment(std::string_view line);

/// Raises SyntaxError "graph-text": the sentence, the line, a caret at `column` (in bytes of the line).
[[noreturn]] void graph_text_error(int line_number, std::string_view line, std::size_t column,
                                   std::string_view message);

class Scanner {
 public:
  Scanner(std::string_view line, int number) : shown_(line), line_(without_comment(line)), number_(number) {}

  [[noreturn]] void fail(std::string_view message) const;  ///< at the next token
  [[noreturn]] void fail_expected(std::string_view what) const;

  /// Skips spaces and, if `token` comes next, the token. A word only matches a whole word.
  bool accept(std::string_view token);
  void expect(std::string_view token, std::string_view what);
  void expect_end();
  bool at_end() { return rest().empty(); }

  std::string_view name(std::string_view what);    ///< a legal name
  std::int64_t integer(std::string_view what);     ///< of 64 bits, perhaps negative
  std::string_view quoted(std::string_view what);  ///< what stands between two '"'
  std::string_view element();  ///< an element of a constant, "nan(0x7fc00001)" in one piece
  std::vector<std::int64_t> integers(std::string_view close,
                                     std::string_view what);  ///< up to `close`, which stays

  std::size_t position();                                   ///< of the next token
  void return_to(std::size_t position) { at_ = position; }  ///< for an error about something already read

 private:
  std::string_view rest();
  std::string_view shown_, line_;  ///< the second one without its comment
  int number_;
  std::size_t at_ = 0;
};

}  // namespace einx::detail::graph
