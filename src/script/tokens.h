// Inside the script layer: a text as tokens, with Python's blocks by indentation.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "script/script.h"

namespace einx::detail::script {

/// Raises SyntaxError "script-text": line and column, the sentence, the line with a caret, what would help.
[[noreturn]] void fail_at(std::string_view text, const Place& place, const std::string& sentence,
                          const std::string& advice = {});

struct Token {
  enum class Kind {
    Name,    ///< also a path: self.blocks.0.weight
    Digits,  ///< letters and digits from the first digit on; what it is worth is found out later
    String,  ///< without its quotation marks, as written
    Sign,
    Line,  ///< the end of one
    Indent,
    Dedent,
    End
  };
  Kind kind = Kind::End;
  std::string_view text;
  Place place;
};

/// Gives one token after the other. Lines end at the line's end unless a parenthesis or bracket is open;
/// empty lines and comments are nothing.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}
  Token next();
  std::string_view text() const { return text_; }

 private:
  bool begin_line(Token& token);
  void skip_blanks();
  Token take(Token::Kind kind, std::size_t length);
  Token name();
  Token number();
  Token quoted();
  Token sign();
  void advance(std::size_t bytes);
  std::string_view rest() const { return text_.substr(at_); }

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_{1, 1};
  int open_ = 0;                 ///< parentheses and brackets
  bool fresh_ = true;            ///< at the beginning of a line outside of parentheses
  std::vector<int> indents_{0};  ///< of the blocks around
  int dedents_ = 0;              ///< still to be given
};

/// The words that are no names of variables.
bool reserved(std::string_view word);

}  // namespace einx::detail::script
