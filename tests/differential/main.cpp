// Random differential test: compiled code against the reference interpreter.
//   differential [--cases N] [--seed S] [--jobs J] [--op NAME] [--plant BUG | --plant all] [--case 'LINE'] [--strict] [--list-bugs]
// Prints the seed, the counts by operation, class, dtype and layout, and for a failure the case as drawn and as shrunk. Exit 1 if any case failed
// (with --plant: if the bug was not found). --strict: every operand and result lies beside pages that fault, on 1, 2, 3 and 8 threads.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "differential/case.h"

namespace {

using namespace differential;

struct Settings {
  int cases = 2000, jobs = 1;
  std::uint64_t seed = 20261121;
  std::string op, plant, line;
  bool list_bugs = false, strict = false;
};

struct Counts {
  std::map<std::string, int> op, op_class, dtype, layout;
  int refused = 0, failed = 0, dynamic = 0;
  void add(const Case& c, const Outcome& outcome) {
    ++op[c.op];
    ++op_class[outcome.op_class];
    dynamic += c.dynamic;
    refused += outcome.kind == Outcome::Kind::Refused;
    for (const OperandSpec& operand : c.operands) {
      ++dtype[std::string(einx::name_of(operand.dtype))];
      ++layout[name_of(operand.layout)];
    }
  }
};

void print(const char* title, const std::map<std::string, int>& counts) {
  std::printf("%s:", title);
  for (const auto& [name, count] : counts) std::printf(" %s %d", name.c_str(), count);
  std::printf("\n");
}

/// A fault is a failure, too; the case that was running is told by the handler.
char running[4096];
void tell_fault(int) {
  constexpr char told[] = "FAULT in --case '";
  [[maybe_unused]] auto written = write(STDOUT_FILENO, told, sizeof told - 1);
  written = write(STDOUT_FILENO, running, std::strlen(running));
  written = write(STDOUT_FILENO, "'\n", 2);
  _exit(1);
}

void report(const Case& c, const Outcome& outcome, const Settings& settings) {
  std::printf("FAILED %s\n  %s\n", text(c).c_str(), outcome.why.c_str());
  const Case small = shrink(c, nullptr, settings.strict);
  std::printf("  shrunk: --case '%s'\n  %s\n", text(small).c_str(), run(small, nullptr, settings.strict).why.c_str());
}

/// The number of cases until the bug shows, or -1.
int hunt(const Bug& bug, const Settings& settings) {
  Random random(settings.seed);
  for (int k = 1; k <= settings.cases; ++k) {
    const Case c = generate(random, settings.op);
    const Outcome outcome = run(c, &bug);
    if (outcome.kind != Outcome::Kind::Different) continue;
    std::printf("%-24s found by case %4d: %s\n", bug.name.c_str(), k, text(c).c_str());
    return k;
  }
  std::printf("%-24s NOT FOUND in %d cases (%s)\n", bug.name.c_str(), settings.cases, bug.meaning.c_str());
  return -1;
}

int hunt_all(const Settings& settings) {
  int missed = 0, hunted = 0;
  for (const Bug& bug : bugs()) {
    if (settings.plant != "all" && settings.plant != bug.name) continue;
    ++hunted;
    missed += hunt(bug, settings) < 0;
  }
  std::printf("%d planted bugs, %d not found\n", hunted, missed);
  return missed || !hunted ? 1 : 0;
}

int run_random(const Settings& settings) {
  if (settings.strict) std::signal(SIGSEGV, tell_fault);
  Random random(settings.seed);
  Counts counts;
  for (int k = 0; k < settings.cases && counts.failed < 5; ++k) {
    const Case c = generate(random, settings.op);
    std::snprintf(running, sizeof running, "%s", text(c).c_str());
    const Outcome outcome = run(c, nullptr, settings.strict);
    counts.add(c, outcome);
    if (outcome.kind != Outcome::Kind::Different) continue;
    ++counts.failed;
    report(c, outcome, settings);
  }
  print("operations", counts.op);
  print("classes", counts.op_class);
  print("dtypes", counts.dtype);
  print("layouts", counts.layout);
  std::printf("seed %llu: %d cases, %d of them dynamic, %d refused by both, %d failed\n", static_cast<unsigned long long>(settings.seed), settings.cases,
              counts.dynamic, counts.refused, counts.failed);
  return counts.failed ? 1 : 0;
}

/// The cases in as many processes, each with a seed and a thread pool of its own. (Not fork alone: OpenMP has no threads in a forked child.)
int run_jobs(const Settings& settings) {
  std::vector<pid_t> started;
  for (int job = 0; job < settings.jobs; ++job) {
    const int share = settings.cases / settings.jobs + (job < settings.cases % settings.jobs);
    std::vector<std::string> words = {"differential", "--cases", std::to_string(share), "--seed", std::to_string(settings.seed * 1000 + static_cast<unsigned>(job))};
    if (!settings.op.empty()) words.insert(words.end(), {"--op", settings.op});
    if (settings.strict) words.push_back("--strict");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    if (posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) == 0) started.push_back(child);
  }
  int failed = settings.jobs - static_cast<int>(started.size());
  for (const pid_t child : started) {
    int status = 0;
    failed += waitpid(child, &status, 0) != child || status != 0;
  }
  std::printf("%d cases in %d processes, %d of these failed\n", settings.cases, settings.jobs, failed);
  return failed != 0;
}

int run_line(const std::string& line, bool strict) {
  const auto c = parse(line);
  if (!c) {
    std::fprintf(stderr, "not a case: %s\n", line.c_str());
    return 2;
  }
  const Outcome outcome = run(*c, nullptr, strict);
  std::printf("%s: %s %s\n", text(*c).c_str(), outcome.kind == Outcome::Kind::Different ? "FAILED" : "ok", outcome.why.c_str());
  return outcome.kind == Outcome::Kind::Different;
}

bool read(int argc, char** argv, Settings& settings) {
  for (int k = 1; k < argc; ++k) {
    const std::string flag = argv[k];
    if (flag == "--list-bugs" || flag == "--strict") {
      (flag == "--strict" ? settings.strict : settings.list_bugs) = true;
      continue;
    }
    if (++k >= argc) return false;
    if (flag == "--cases") settings.cases = std::atoi(argv[k]);
    else if (flag == "--jobs") settings.jobs = std::atoi(argv[k]);
    else if (flag == "--seed") settings.seed = std::strtoull(argv[k], nullptr, 10);
    else if (flag == "--op") settings.op = argv[k];
    else if (flag == "--plant") settings.plant = argv[k];
    else if (flag == "--case") settings.line = argv[k];
    else return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (!read(argc, argv, settings)) {
    std::fprintf(stderr, "usage: differential [--cases N] [--seed S] [--jobs J] [--op NAME] [--plant BUG|all] [--case 'LINE'] [--strict] [--list-bugs]\n");
    return 2;
  }
  if (settings.list_bugs) {
    for (const Bug& bug : bugs()) std::printf("%-24s %s\n", bug.name.c_str(), bug.meaning.c_str());
    return 0;
  }
  if (!settings.line.empty()) return run_line(settings.line, settings.strict);
  if (!settings.plant.empty()) return hunt_all(settings);
  return settings.jobs > 1 ? run_jobs(settings) : run_random(settings);
}
