// bench [ROW...] [--row NAME] [--threads N[,N]] [--quick] [--alone] [--json FILE] [--extra FILE] [--calls] [--first-calls CASES.jsonl]
// Every timing is a ratio to a floor of the same run; peers are timed in turn with both.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "check.h"
#include "measure.h"
#include "report.h"

namespace bench {
namespace {

struct Settings {
  std::vector<std::string> names;
  std::vector<int> threads = {1, 2};
  bool quick = false, calls = false, alone = false;  ///< alone: without peers
  std::string json, extra, first_calls;
};

std::vector<int> numbers(const std::string& text) {
  std::vector<int> out;
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) out.push_back(std::atoi(item.c_str()));
  return out;
}

bool read(int argc, char** argv, Settings& s) {
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    const bool more = k + 1 < argc;
    if (word == "--calls") s.calls = true;
    else if (word == "--quick") s.quick = true;
    else if (word == "--alone") s.alone = true;
    else if (word == "--threads" && more) s.threads = numbers(argv[++k]);
    else if (word == "--row" && more) s.names.push_back(argv[++k]);
    else if (word == "--json" && more) s.json = argv[++k];
    else if (word == "--extra" && more) s.extra = argv[++k];
    else if (word == "--first-calls" && more) s.first_calls = argv[++k];
    else if (word.starts_with("--")) return false;
    else s.names.push_back(word);
  }
  for (const int threads : s.threads)
    if (threads < 1) return false;
  return true;
}

bool wanted(const Settings& s, const std::string& name) {
  if (s.names.empty()) return !s.calls && s.first_calls.empty();
  return std::find(s.names.begin(), s.names.end(), name) != s.names.end();
}

/// A row that cannot be measured says so, and the others go on.
void measure_row(const Row& row, const Settings& s, Report& report) {
  try {
    Job job = row.make();
    if (s.alone) job.peers.clear();
    if (const std::string wrong = check(job); !wrong.empty()) return report.failed(row.name, "the result is wrong: " + wrong);
    for (const int threads : s.threads) report.add(measure(row, job, threads, s.quick));
  } catch (const std::exception& error) {
    report.failed(row.name, error.what());
  }
}

int run(const Settings& s) {
  Report report(s.extra);
  for (const Row& row : rows())
    if (wanted(s, row.name)) measure_row(row, s, report);
  if (s.calls)
    for (const CallRow& row : call_rows()) report.add(row);
  if (!s.first_calls.empty())
    for (const auto& rows : {first_call_rows(s.first_calls), warm_call_rows(s.first_calls)})
      for (const CallRow& row : rows) report.add(row);
  report.print_summary();
  if (!s.json.empty()) report.write_json(s.json);
  return report.status();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--warm-calls") return bench::warm_calls(argv[2]);
  bench::Settings settings;
  if (!bench::read(argc, argv, settings)) {
    std::fprintf(stderr, "usage: bench [ROW...] [--row NAME] [--threads N[,N]] [--quick] [--alone] [--json FILE] [--extra FILE] [--calls] [--first-calls CASES.jsonl]\n");
    return 2;
  }
  return bench::run(settings);
}
