// What a run found: lines as it goes, a summary, JSON.
#pragma once
#include <nlohmann/json.hpp>

#include "measure.h"

namespace bench {

class Report {
 public:
  /// `extra`: a JSON file of bench/peers.py with ratios of peers measured in a process of their own; may be empty.
  explicit Report(const std::string& extra);
  void add(Result result);
  void add(const CallRow& row);
  void failed(const std::string& row, const std::string& why);
  void print_summary() const;
  /// {"machine": {...}, "rows": [{"row", "threads", "unit", "ours", "floor", "ratio", "goal", "met", "peers": {name: value}}]}
  void write_json(const std::string& path) const;
  /// The same as a table for docs/performance.md.
  void write_markdown(const std::string& path) const;
  int status() const;  ///< 0; 1 if a row failed; 2 if there was none

 private:
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array(), extra_ = nlohmann::ordered_json::array();
  int failures_ = 0, met_ = 0;
};

}  // namespace bench
