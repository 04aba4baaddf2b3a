// einx path: in which order an einsum is best contracted.
#include <einx/error.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "arguments.h"
#include "commands.h"
#include "path_input.h"

namespace einx_command {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kHelp = R"help(einx path EQUATION SHAPE... [OPTION VALUE]...
einx path --json FILE [OPTION VALUE]...

Finds the order in which the operands of an einsum are contracted. FILE (- for standard input) is a network of any number of tensors:
{"inputs": [[label, ...], ...], "output": [label, ...], "size_dict": {label: size, ...}}, labels being strings or integers.
  --optimize auto|optimal|dp|greedy|random-greedy
  --minimize flops|size|write|time
  --time SECONDS       most time for the search
  --memory-limit N     most elements of an intermediate: what breaks it is sliced
  --slices yes|no      no: an error instead of slices
  --constants 1,2      operands whose own contractions cost nothing
  --seed N
  --print text|json    json: {"path": [[i, j], ...], "flops", "largest", "seconds", "slices"}, positions in the list of operands, of which those of a
                       step are removed and its result appended

  einx path "ij,jk,kl->il" 2,100 100,2 2,100
)help";

// ---------------------------------------------------------------- while it searches
volatile std::sig_atomic_t interrupted = 0;

extern "C" void interrupt(int) { interrupted = 1; }

/// The first Ctrl-C ends the search; a second one the process, as always.
class Interruptible {
 public:
  Interruptible() {
    struct sigaction action = {};
    action.sa_handler = interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
  }
  Interruptible(const Interruptible&) = delete;
  ~Interruptible() { sigaction(SIGINT, &before_, nullptr); }

 private:
  struct sigaction before_ = {};
};

/// A bar on a terminal once a second has passed.
class Bar {
 public:
  bool operator()(const einx::PathProgress& now) {
    constexpr double kFirst = 1, kEvery = 0.1;
    if (terminal_ && now.seconds >= kFirst && now.seconds - shown_at_ >= kEvery) show(now);
    return interrupted == 0;
  }
  void clear() const {
    if (shown_at_ > 0) std::fputs("\r\x1b[K", stderr);
  }

 private:
  void show(const einx::PathProgress& now) {
    constexpr int kCells = 30;
    const int full = int(std::lround(kCells * now.fraction));
    std::fprintf(stderr, "\r[%s%s] %3.0f %%  %.0f s  best %.3e  %d paths",
                 std::string(std::size_t(full), '#').c_str(),
                 std::string(std::size_t(kCells - full), '.').c_str(), 100 * now.fraction, now.seconds,
                 now.best, now.trials);
    std::fflush(stderr);
    shown_at_ = now.seconds;
  }

  bool terminal_ = isatty(STDERR_FILENO) != 0;
  double shown_at_ = 0;
};

// ---------------------------------------------------------------- what is asked for
/// The last value given; none: nullptr.
const std::string* last(const Arguments& arguments, std::string_view option) {
  const std::string* found = nullptr;
  for (const auto& [name, value] : arguments.options)
    if (name == option) found = &value;
  return found;
}

template <class T>
void read_option(const Arguments& arguments, std::string_view option, T& into, T least, const char* what) {
  const std::string* text = last(arguments, option);
  if (text && (!read_number(*text, into) || !(into >= least)))
    throw UsageError("option " + std::string(option) + " takes " + what + ", not \"" + *text + "\"");
}

std::string choice(const Arguments& arguments, std::string_view option,
                   const std::vector<std::string>& choices) {
  const std::string* given = last(arguments, option);
  if (!given) return choices[0];
  for (const std::string& each : choices)
    if (*given == each) return each;
  std::string all;
  for (const std::string& each : choices) all += (all.empty() ? "" : ", ") + each;
  throw UsageError("option " + std::string(option) + " takes one of " + all + ", not \"" + *given + "\"");
}

einx::PathOptions read_options(const Arguments& arguments) {
  einx::PathOptions options;
  options.optimize = choice(arguments, "--optimize", {"auto", "optimal", "dp", "greedy", "random-greedy"});
  options.minimize = choice(arguments, "--minimize", {"flops", "size", "write", "time"});
  options.slicing = choice(arguments, "--slices", {"yes", "no"}) == "yes";
  read_option(arguments, "--time", options.seconds, 0.0, "a number of seconds");
  read_option(arguments, "--memory-limit", options.memory_limit, 1.0, "a number of elements, at least 1");
  std::int64_t seed = 0;
  read_option(arguments, "--seed", seed, std::int64_t(0), "an integer that is not negative");
  options.seed = std::uint64_t(seed);
  if (const std::string* constants = last(arguments, "--constants"))
    for (const std::string& item : split_list(*constants)) {
      std::int64_t position = 0;
      if (!read_number(item, position) || position < 0 || position > 1000000)
        throw UsageError("option --constants takes positions of operands with commas, not \"" + *constants +
                         "\"");
      options.constants.push_back(int(position));
    }
  return options;
}

std::string contents(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw UsageError("the file " + file + " cannot be read");
  text << stream.rdbuf();
  return text.str();
}

/// Wrong numbers of shapes and impossible options are mistakes of the command line here.
template <class Run>
einx::PathInfo usage_checked(const Run& run) {
  try {
    return run();
  } catch (const einx::ValueError& error) {
    if (error.kind() == "num-tensors" || error.kind() == "bad-parameter") throw UsageError(error.what());
    throw;
  }
}

einx::PathInfo find_path(const Arguments& arguments, const einx::PathOptions& options) {
  const std::string* file = last(arguments, "--json");
  if (file) {
    if (!arguments.words.empty()) throw UsageError("with --json there is no equation");
    NetworkFile network = read_network(contents(*file), *file == "-" ? "standard input" : *file);
    einx::PathInfo info = usage_checked([&] { return einx::contract_path(network.network, options); });
    for (std::string& slice : info.slices) slice = network.names.at(slice);
    return info;
  }
  if (arguments.words.empty()) throw UsageError("an equation is missing");
  std::vector<einx::Shape> shapes;
  for (std::size_t k = 1; k < arguments.words.size(); ++k) shapes.push_back(read_shape(arguments.words[k]));
  return usage_checked([&] { return einx::contract_path(arguments.words[0], shapes, options); });
}

/// Labels of a file are JSON already.
Json json(const einx::PathInfo& info, bool from_file) {
  Json slices = Json::array();
  for (const std::string& slice : info.slices) slices.push_back(from_file ? Json::parse(slice) : Json(slice));
  return {{"path", info.path},           {"flops", info.flops}, {"largest", info.largest},
          {"seconds", info.seconds},     {"slices", slices},    {"slice_count", info.slice_count},
          {"algorithm", info.algorithm}, {"exact", info.exact}};
}

}  // namespace

int path(const Words& words) {
  const Arguments arguments =
      parse_arguments(words, {"--json", "--optimize", "--minimize", "--time", "--memory-limit", "--slices",
                              "--constants", "--seed", "--print"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (!arguments.settings.empty()) throw UsageError("path takes no NAME=SIZE");
  const bool as_json = choice(arguments, "--print", {"text", "json"}) == "json";
  einx::PathOptions options = read_options(arguments);
  Bar bar;
  options.progress = [&bar](const einx::PathProgress& now) { return bar(now); };
  const Interruptible scope;
  const einx::PathInfo info = find_path(arguments, options);
  bar.clear();
  if (interrupted) std::cerr << "einx: interrupted; this is the best path so far\n";
  if (as_json)
    std::cout << json(info, last(arguments, "--json") != nullptr).dump() << "\n";
  else
    std::cout << info.text();
  return 0;
}

}  // namespace einx_command
