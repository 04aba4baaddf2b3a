// Integer labels of einsum as letters.
#include <einx/einsum.h>

#include "support/support.h"

namespace einx::detail {
namespace {

constexpr int kLetters = 26;
constexpr int kMostLabels = 20000;
constexpr char32_t kManyLetters = 0x4E00;  // the ideographs: a block of letters that is long enough

void append_utf8(std::string& text, char32_t c) {
  text += static_cast<char>(0xE0 | c >> 12);
  text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
  text += static_cast<char>(0x80 | (c & 0x3F));
}

void append_label(std::string& text, int label) {
  if (label == ellipsis) {
    text += "...";
  } else if (label < 0 || label > kMostLabels) {
    support::raise<ValueError>({.kind = "bad-parameter",
                                .sentence = "A label of einsum is a number from 0 to " +
                                            std::to_string(kMostLabels) + " or einx::ellipsis, not " +
                                            std::to_string(label) + "."});
  } else if (label < 2 * kLetters) {
    text += static_cast<char>(label < kLetters ? 'A' + label : 'a' + label - kLetters);
  } else {
    append_utf8(text, kManyLetters + char32_t(label - 2 * kLetters));
  }
}

}  // namespace

std::string einsum_pattern(std::span<const Labels> inputs, const Labels& output) {
  std::string text;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (k > 0) text += ',';
    for (const int label : inputs[k].values) append_label(text, label);
  }
  if (!output.given) return text;
  text += "->";
  for (const int label : output.values) append_label(text, label);
  return text;
}

}  // namespace einx::detail
