// Characters of names in einops and einsum, which may be those of any language.
#include <algorithm>
#include <iterator>

#include "notation/dialects.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

constexpr char32_t kNoCodePoint = 0xFFFFFFFF;

struct Range {
  char32_t first, last;
};
// Blocks of Unicode beyond ASCII that hold no letters: signs and spaces of Latin-1, punctuation, arrows,
// mathematical operators, drawings, signs of East Asian texts, surrogates, private use, pictures. Everything
// else is a letter here, which is coarser than Unicode's classes.
constexpr Range kNoLetters[] = {
    {0x80, 0xA9},          {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},       {0xD7, 0xD7},
    {0xF7, 0xF7},          {0x2000, 0x203E}, {0x2041, 0x2053}, {0x2055, 0x2070},   {0x20A0, 0x20CF},
    {0x2190, 0x2BFF},      {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030},   {0xD800, 0xF8FF},
    {0xFE10, 0xFE1F},      {0xFE30, 0xFE6F}, {0xFEFF, 0xFEFF}, {0xFF00, 0xFF20},   {0xFF3B, 0xFF3E},
    {0xFF40, 0xFF40},      {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0xE007F},
    {0xF0000, 0xFFFFFFFF},
};

int length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xF0 && lead < 0xF8) return 4;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xC0 && lead < 0xE0 ? 2 : 0;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const int length = length_of(byte(at));
  if (length == 0 || at + std::size_t(length) > text.size()) return {kNoCodePoint, 1};
  if (length == 1) return {byte(at), 1};
  char32_t value = char32_t(byte(at)) & (0x7Fu >> length);
  for (int i = 1; i < length; ++i) {
    if ((byte(at + std::size_t(i)) & 0xC0) != 0x80) return {kNoCodePoint, 1};
    value = value << 6 | (byte(at + std::size_t(i)) & 0x3Fu);
  }
  return {value, length};
}

void check_length(std::string_view text) {
  if (text.size() > kMaxText)
    support::raise<SyntaxError>({.kind = "pattern-too-large",
                                 .sentence = "The expression has " + std::to_string(text.size()) +
                                             " bytes; at most " + std::to_string(kMaxText) +
                                             " are allowed."});
}

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return std::none_of(std::begin(kNoLetters), std::end(kNoLetters),
                      [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace einx::detail::notation
