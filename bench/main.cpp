// bench [ROW...] [--row NAME] [--threads N[,N]] [--quick] [--alone] [--json FILE] [--markdown FILE] [--extra FILE] [--cases FILE]
// bench --networks [SECONDS]: path searches over families of tensor networks.
// bench --dynamic [ROW...]: kernels for many sizes beside those for one.
// Every timing is a ratio to a floor of the same run; peers are timed in turn with both.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "check.h"
#include "dynamic.h"
#include "measure.h"
#include "networks.h"
#include "report.h"

namespace bench {
namespace {

struct Settings {
  std::vector<std::string> names;
  std::vector<int> threads = {1, 2};
  bool quick = false, alone = false;  ///< alone: without peers
  std::string json, markdown, extra;
  std::string cases = "tests/conformance/einx.jsonl";  ///< calls whose first call is timed
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
    if (word == "--quick") s.quick = true;
    else if (word == "--alone") s.alone = true;
    else if (word == "--threads" && more) s.threads = numbers(argv[++k]);
    else if (word == "--row" && more) s.names.push_back(argv[++k]);
    else if (word == "--json" && more) s.json = argv[++k];
    else if (word == "--extra" && more) s.extra = argv[++k];
    else if (word == "--markdown" && more) s.markdown = argv[++k];
    else if (word == "--cases" && more) s.cases = argv[++k];
    else if (word.starts_with("--")) return false;
    else s.names.push_back(word);
  }
  for (const int threads : s.threads)
    if (threads < 1) return false;
  return true;
}

/// Rows of calls that are measured together.
struct CallGroup {
  std::vector<std::string> names;
  std::function<std::vector<CallRow>(const Settings&)> measure;
};
const std::vector<CallGroup>& call_groups() {
  static const std::vector<CallGroup> groups = {
      {{"call-graph", "call-pattern"}, [](const Settings&) { return call_rows(); }},
      {{"first-call", "first-call-p99", "new-shape"}, [](const Settings& s) { return first_call_rows(s.cases); }},
      {{"script-numbers", "script-integers", "script-tensors", "script-call"}, [](const Settings&) { return script_rows(); }},
      {{"first-call-warm"}, [](const Settings& s) { return warm_call_rows(s.cases); }},
  };
  return groups;
}

bool wanted(const Settings& s, const std::string& name) {
  return s.names.empty() || std::find(s.names.begin(), s.names.end(), name) != s.names.end();
}

/// A name that no row has; "" if there is none.
std::string unknown(const Settings& s) {
  std::vector<std::string> known;
  for (const Row& row : rows()) known.push_back(row.name);
  for (const CallGroup& group : call_groups()) known.insert(known.end(), group.names.begin(), group.names.end());
  for (const std::string& name : s.names)
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  return {};
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

void measure_calls(const CallGroup& group, const Settings& s, Report& report) {
  if (std::none_of(group.names.begin(), group.names.end(), [&](const std::string& name) { return wanted(s, name); })) return;
  try {
    const std::vector<CallRow> measured = group.measure(s);
    if (measured.empty()) report.failed(group.names[0], "no cases in " + s.cases);
    for (const CallRow& row : measured)
      if (wanted(s, row.name)) report.add(row);
  } catch (const std::exception& error) {
    report.failed(group.names[0], error.what());
  }
}

int run(const Settings& s) {
  Report report(s.extra);
  for (const Row& row : rows())
    if (wanted(s, row.name)) measure_row(row, s, report);
  for (const CallGroup& group : call_groups()) measure_calls(group, s, report);
  report.print_summary();
  if (!s.json.empty()) report.write_json(s.json);
  if (!s.markdown.empty()) report.write_markdown(s.markdown);
  return report.status();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--warm-calls") return bench::warm_calls(argv[2]);
  if ((argc == 2 || argc == 3) && std::string(argv[1]) == "--networks") return bench::print_networks(argc == 3 ? std::atof(argv[2]) : 1);
  if (argc >= 2 && std::string(argv[1]) == "--dynamic") return bench::print_dynamic({argv + 2, argv + argc});
  bench::Settings settings;
  if (!bench::read(argc, argv, settings)) {
    std::fprintf(stderr, "usage: bench [ROW...] [--row NAME] [--threads N[,N]] [--quick] [--alone] [--json FILE] [--markdown FILE] [--extra FILE] [--cases FILE]\n");
    return 2;
  }
  if (const std::string name = bench::unknown(settings); !name.empty()) {
    std::fprintf(stderr, "there is no row '%s'; docs/performance.md lists them\n", name.c_str());
    return 2;
  }
  return bench::run(settings);
}
