// One row on so many threads: ours, the floor and the peers, in turn.
#pragma once
#include <map>

#include "rows.h"

namespace bench {

struct Result {
  std::string row, unit;  ///< unit: "ms"
  int threads = 1;
  Floor floor_kind = Floor::Copy;
  double ours = 0, floor = 0;  ///< in the unit. Peak: what the row's arithmetic takes at the peak
  double goal = 0;             ///< Copy, Read: time over floor; Peak: share of the peak
  std::map<std::string, double> peers, quoted;  ///< times in the unit; quoted: ratios to a floor elsewhere

  /// Time over floor; for Peak floor over time, a share.
  double ratio(double time) const { return floor_kind == Floor::Peak ? floor / time : time / floor; }
  bool met() const { return floor_kind == Floor::Peak ? ratio(ours) >= goal : ratio(ours) <= goal; }
};

/// At least 7 rounds (3 if quick), the minimum of each candidate.
Result measure(const Row& row, const Job& job, int threads, bool quick);

}  // namespace bench
