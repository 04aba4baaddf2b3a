#include "report.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "api/api.h"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

std::string text(Floor floor, double ratio) {
  char buffer[32];
  if (floor == Floor::Peak) std::snprintf(buffer, sizeof buffer, "%6.1f %%", 100 * ratio);
  else std::snprintf(buffer, sizeof buffer, "%6.2f x", ratio);
  return buffer;
}

/// The best of the measured peers: its name and its ratio.
std::optional<std::pair<std::string, double>> best_peer(const Result& r) {
  std::optional<std::pair<std::string, double>> best;
  for (const auto& [name, time] : r.peers)
    if (!best || time < r.peers.at(best->first)) best = {name, r.ratio(time)};
  return best;
}

std::string load_average() {
  double loads[1] = {0};
  char buffer[16];
  if (getloadavg(loads, 1) != 1) return "?";
  std::snprintf(buffer, sizeof buffer, "%.1f", loads[0]);
  return buffer;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace

Report::Report(const std::string& extra) {
  if (extra.empty()) return;
  std::ifstream file(extra);
  const Json all = Json::parse(file, nullptr, false);
  if (all.is_array()) extra_ = all;
}

void Report::add(Result r) {
  // times of other processes: their ratio to the floor that was measured there, at this floor
  for (const Json& entry : extra_)
    if (entry["row"] == r.row && entry["threads"] == r.threads)
      r.peers[entry["peer"]] = r.floor_kind == Floor::Peak ? r.floor / entry["ratio"].get<double>() : r.floor * entry["ratio"].get<double>();
  const auto best = best_peer(r);
  std::printf("%-16s %d  %8.3f ms   ours %s   best peer %s %-14s goal %s  %s\n", r.row.c_str(), r.threads, r.floor, text(r.floor_kind, r.ratio(r.ours)).c_str(),
              best ? text(r.floor_kind, best->second).c_str() : "       -", best ? best->first.c_str() : "", text(r.floor_kind, r.goal).c_str(),
              r.met() ? "met" : "not met");
  std::fflush(stdout);
  met_ += r.met();
  Json row = {{"row", r.row}, {"threads", r.threads}, {"unit", r.unit}, {"ours", r.ours}, {"floor", r.floor}, {"ratio", r.ratio(r.ours)},
              {"goal", r.goal}, {"met", r.met()}, {"share", r.floor_kind == Floor::Peak}, {"peers", Json::object()}};
  for (const auto& [name, time] : r.peers) row["peers"][name] = time;
  for (const auto& [name, ratio] : r.quoted) row["quoted"][name] = ratio;
  rows_.push_back(std::move(row));
}

void Report::add(const CallRow& r) {
  const double ratio = r.ours / r.floor;
  std::printf("%-16s    floor %.4g %s   ours %.4g %s = %.3f x   goal %.3g  %s\n", r.name.c_str(), r.floor, r.unit.c_str(), r.ours, r.unit.c_str(), ratio, r.goal,
              ratio <= r.goal ? "met" : "not met");
  met_ += ratio <= r.goal;
  rows_.push_back({{"row", r.name}, {"threads", 1}, {"unit", r.unit}, {"ours", r.ours}, {"floor", r.floor}, {"ratio", ratio}, {"goal", r.goal},
                   {"met", ratio <= r.goal}, {"share", false}, {"peers", Json::object()}});
}

void Report::failed(const std::string& row, const std::string& why) {
  std::printf("%-16s could not be measured: %s\n", row.c_str(), why.c_str());
  ++failures_;
}

void Report::print_summary() const {
  std::printf("%d of %zu goals met; load %s; %s, %s\n", met_, rows_.size(), load_average().c_str(), cpu_name().c_str(),
              einx::detail::codegen::host_target().level.c_str());
}

void Report::write_json(const std::string& path) const {
  const Json machine = {{"cpu", cpu_name()}, {"cores", std::thread::hardware_concurrency()}, {"level", einx::detail::codegen::host_target().level}, {"load", load_average()}};
  std::ofstream(path) << Json{{"machine", machine}, {"rows", rows_}}.dump(1) << "\n";
}

void Report::write_markdown(const std::string& path) const {
  std::ofstream out(path);
  char line[256];
  out << "| row | threads | ours | best peer | quoted | goal | |\n| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const Json& row : rows_) {
    const bool share = row["share"];
    const auto shown = [&](double ratio) {
      std::snprintf(line, sizeof line, share ? "%.0f %%" : ratio < 0.1 ? "%.3f x" : "%.2f x", share ? 100 * ratio : ratio);
      return std::string(line);
    };
    std::string peer = "-", quoted = "-";
    double fastest = 0;
    for (const auto& [name, time] : row["peers"].items())
      if (fastest == 0 || time < fastest) {
        fastest = time;
        const double floor = row["floor"];
        peer = name + " " + shown(share ? floor / fastest : fastest / floor);
      }
    if (row.contains("quoted")) {
      quoted.clear();
      for (const auto& [name, ratio] : row["quoted"].items()) quoted += (quoted.empty() ? "" : ", ") + name + " " + shown(ratio);
    }
    out << "| `" << row["row"].get<std::string>() << "` | " << row["threads"] << " | **" << shown(row["ratio"]) << "** | " << peer << " | " << quoted << " | "
        << shown(row["goal"]) << " | " << (row["met"] ? "met" : "") << " |\n";
  }
}

int Report::status() const { return failures_ > 0 ? 1 : rows_.empty() ? 2 : 0; }

}  // namespace bench
