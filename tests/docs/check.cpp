#include "check.h"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace docs {
namespace {

int claims = 0, failures = 0, current_line = 0;
const char* current_file = "";

void fail(Place place, const std::string& what) {
  ++failures;
  std::printf("%s:%d: %s\n", place.file, place.line, what.c_str());
  std::fflush(stdout);
}

/// Of no use to anybody but this program, which only has to say where it was.
void report_crash(int signal) {
  std::printf("%s:%d: this example ended the program by signal %d\n", current_file, current_line, signal);
  std::fflush(stdout);
  std::_Exit(1);
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// The words of a claim: numbers, names, and signs of one character; white space, and braces within braces,
/// mean nothing.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  int depth = 0;
  const auto joins = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-' || c == '+';
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (joins(text[at]))
      while (end < text.size() && joins(text[end])) ++end;
    const std::string word = text.substr(at, end - at);
    at = end;
    if (word == "{" && depth++ > 0) continue;
    if (word == "}" && --depth > 0) continue;
    if (!std::isspace(static_cast<unsigned char>(word[0]))) result.push_back(word);
  }
  return result;
}

bool same_word(const std::string& claimed, const std::string& result) {
  if (claimed == result) return true;
  char *claimed_end = nullptr, *result_end = nullptr;
  const double a = std::strtod(claimed.c_str(), &claimed_end), b = std::strtod(result.c_str(), &result_end);
  if (*claimed_end || *result_end || claimed.empty()) return false;
  return a == b || std::abs(a - b) <= 1e-5 * std::abs(b) || (std::isnan(a) && std::isnan(b));
}

/// Where a list of values starts right after a type, the claim may go on without it.
std::size_t after_values(const std::vector<std::string>& result, std::size_t at) {
  if (at == 0 || result[at - 1] != "]") return at;
  while (at < result.size() && result[at] != "}") ++at;
  return at + 1;
}

bool matches(const std::vector<std::string>& claimed, const std::vector<std::string>& result) {
  std::size_t at = 0;
  for (const std::string& word : claimed) {
    if (at < result.size() && result[at] == "{" && word != "{") at = after_values(result, at);
    if (at >= result.size() || !same_word(word, result[at])) return false;
    ++at;
  }
  if (at < result.size() && result[at] == "{") at = after_values(result, at);
  return at == result.size();
}

}  // namespace

std::string describe(const einx::Tensor& tensor) {
  std::string text = std::string(einx::name_of(tensor.dtype())) + "[";
  for (int axis = 0; axis < tensor.rank(); ++axis)
    text += (axis ? ", " : "") + std::to_string(tensor.shape()[axis]);
  text += "] {";
  const std::vector<double> values = tensor.to_vector<double>();
  for (std::size_t k = 0; k < values.size(); ++k) text += (k ? ", " : "") + number(values[k]);
  return text + "}";
}
std::string describe(const einx::Value& value) {
  std::string text = describe(einx::Tensor::empty(value.shape(), value.dtype()));
  return text.substr(0, text.find(" {"));
}
std::string describe(bool value) { return value ? "true" : "false"; }
std::string describe(double value) { return number(value); }
std::string describe(std::int64_t value) { return std::to_string(value); }
std::string describe(const std::string& value) { return '"' + value + '"'; }
std::string describe(einx::DType value) { return std::string(einx::name_of(value)); }
std::string describe(std::span<const std::int64_t> values) { return "{" + describe_list(values) + "}"; }
std::string describe(const einx::AxisSizes& value) {
  return value.dims.empty() ? describe(value.values.at(0)) : describe(value.values);
}

void claim(Place place, const std::string& claimed, const std::string& result) {
  ++claims;
  if (!matches(words(claimed), words(result)))
    fail(place, "the text says " + claimed + ", the result is " + result);
}

void claim_raises(Place place, const std::string& claimed, const std::function<void()>& example) {
  ++claims;
  std::string raised;
  try {
    example();
  } catch (const einx::Error& error) {
    raised = std::string(error.class_name()) + " " + std::string(error.kind());
    if (raised != claimed) raised += " (" + std::string(error.what()) + ")";
  }
  if (raised != claimed)
    fail(place, "the text says " + (claimed.empty() ? "that it works" : claimed) + ", raised is " +
                    (raised.empty() ? "nothing" : raised));
}

void step(int line) { current_line = line; }

void run(Place place, const std::function<void()>& block) {
  current_line = place.line;
  current_file = place.file;
  for (const int crash : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS}) std::signal(crash, report_crash);
  try {
    block();
  } catch (const std::exception& error) {
    fail({place.file, current_line}, std::string("this example raised ") + error.what());
  }
}

int summary() {
  std::printf("%d claims checked, %d failures\n", claims, failures);
  return failures || claims == 0 ? 1 : 0;
}

}  // namespace docs
