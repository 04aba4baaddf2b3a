// The rows of the performance table: what runs, and which floor it is compared with.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include <einx/einx.h>

namespace bench {

enum class Floor { Copy, Read, Peak };

/// A row with its operands made: run() computes into warm outputs.
struct Job {
  std::function<void()> run;
  double amount = 0;  ///< Copy, Read: bytes that the floor moves. Peak: floating-point operations
};
struct Row {
  std::string name, what;
  Floor floor = Floor::Copy;
  double goal = 0;  ///< of performance.md: time over floor (Copy, Read) or share of peak (Peak)
  std::function<Job()> make;
};
const std::vector<Row>& rows();

/// What a call costs beside its kernel, and what a first call costs: printed, not rows of the same kind.
void print_calls();
void print_first_calls(const std::string& conformance_file);

}  // namespace bench
