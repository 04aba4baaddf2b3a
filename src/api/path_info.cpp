// The table of a path, as opt_einsum's users know it.
#include <einx/paths.h>

#include <algorithm>
#include <cstdio>

namespace einx {
namespace {

constexpr std::size_t kWidth = 96, kCurrent = 34, kRemaining = 38;

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3e", value);
  return buffer;
}

/// Code points: letters may be of any alphabet.
std::size_t columns(const std::string& text) {
  return std::size_t(std::count_if(text.begin(), text.end(),
                                   [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, columns(text)), ' ') + text;
}

std::string line(const std::string& name, const std::string& value) {
  return right(name + ":", 24) + "  " + value + "\n";
}

}  // namespace

std::string PathInfo::text() const {
  std::string out =
      line("Complete contraction", equation) + line("Naive scaling", std::to_string(naive_scaling)) +
      line("Optimized scaling", std::to_string(scaling)) + line("Naive FLOP count", number(naive_flops)) +
      line("Optimized FLOP count", number(flops)) + line("Theoretical speedup", number(speedup())) +
      line("Largest intermediate", number(largest) + " elements");
  if (!slices.empty()) {
    std::string names;
    for (const std::string& name : slices) names += (names.empty() ? "" : ", ") + name;
    out += line("Sliced axes", names + "  (" + number(slice_count) + " slices; the steps are those of one)");
  }
  const std::string rule = std::string(kWidth, '-') + "\n";
  out += rule + "scaling" + right("FLOPs", 14) + right("current", kCurrent) + "  " +
         right("remaining", kRemaining) + "\n" + rule;
  for (const PathStep& step : steps)
    out += right(std::to_string(step.scaling), 4) + "   " + right(number(step.flops), 14) +
           right(step.equation, kCurrent) + "  " + right(step.remaining, kRemaining) + "\n";
  return out;
}

}  // namespace einx
