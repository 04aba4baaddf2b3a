// Whether what is about to be timed is right.
#pragma once
#include <string>

#include "rows.h"

namespace bench {

/// Empty, or what is wrong with the graph's result. Compared with the reference interpreter; where that would take minutes, with
/// unscheduled scalar loops compiled for run-time extents, which the tests compare with it.
std::string check(const Job& job);

/// The largest distance of two elements, relative to one or the larger of them.
double difference(const einx::Tensor& want, const einx::Tensor& got);

}  // namespace bench
