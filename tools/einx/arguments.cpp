#include "arguments.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>

namespace einx_command {
namespace {

/// Where the name of "name=value" ends; npos if the text is not of that form.
std::size_t setting_name(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; };
  if (text.empty() || !letter(text[0])) return std::string_view::npos;
  std::size_t end = 1;
  while (end < text.size() && (letter(text[end]) || std::isdigit(static_cast<unsigned char>(text[end]))))
    ++end;
  return end < text.size() && text[end] == '=' ? end : std::string_view::npos;
}

bool is_option(std::string_view word) {
  double ignored = 0;
  return word.size() > 1 && word[0] == '-' && !word.starts_with("->") && !read_number(word, ignored);
}

template <class T>
bool read_whole(std::string_view text, T& into) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

bool read_number(std::string_view text, double& into) { return read_whole(text, into); }
bool read_number(std::string_view text, std::int64_t& into) { return read_whole(text, into); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  for (;;) {
    const std::size_t comma = text.find(',');
    items.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (items.back().empty()) items.pop_back();
  return items;
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : options)
    if (name == option) found.push_back(value);
  return found;
}

bool Arguments::flag(std::string_view name) const { return std::find(flags.begin(), flags.end(), name) != flags.end(); }

Arguments parse_arguments(const std::vector<std::string>& given, const std::vector<std::string_view>& known,
                          const std::vector<std::string_view>& flags) {
  Arguments result;
  bool only_words = false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& word = given[i];
    if (!only_words && word == "--") {
      only_words = true;
    } else if (!only_words && (word == "--help" || word == "-h")) {
      result.help = true;
    } else if (!only_words && std::find(flags.begin(), flags.end(), word) != flags.end()) {
      result.flags.push_back(word);
    } else if (!only_words && is_option(word)) {
      const std::size_t equals = word.find('=');
      std::string name = word.substr(0, equals);
      if (name == "-o") name = "--output";
      if (std::find(known.begin(), known.end(), name) == known.end())
        throw UsageError("there is no option " + name + " here");
      if (equals == std::string::npos && i + 1 == given.size())
        throw UsageError("option " + name + " needs a value");
      result.options.emplace_back(name, equals == std::string::npos ? given[++i] : word.substr(equals + 1));
    } else if (const std::size_t name = setting_name(word); !only_words && name != std::string::npos) {
      result.settings.emplace_back(word.substr(0, name), word.substr(name + 1));
    } else {
      result.words.push_back(word);
    }
  }
  return result;
}

}  // namespace einx_command
