// Random programs: texts that are well typed most of the time, with operands. Floating-point values stay
// small whole numbers where they decide a branch, so that another order of summation changes none.
#pragma once
#include <einx/tensor.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace random_programs {

/// A line, and what is indented below it.
struct Node {
  std::string line;
  std::vector<Node> below;
};

struct Case {
  unsigned seed = 0;
  std::vector<Node> functions;                   ///< the first one is called: "f"
  std::vector<std::vector<einx::Tensor>> calls;  ///< operands, of one signature and of others
  std::vector<std::pair<std::string, einx::Tensor>> data;
  std::string text() const;
};

struct Options {
  int statements = 12;  ///< about
  int depth = 3;        ///< of blocks
};
Case random_case(unsigned seed, const Options& options = {});

/// The smallest case found for which `fails` still holds: lines and blocks left out, blocks replaced by what
/// is in them, calls left out.
Case shrunk(Case failing, const std::function<bool(const Case&)>& fails);
/// The text and the operands, to be put into a report.
std::string describe(const Case& shown);

unsigned from_environment(const char* name, unsigned otherwise);

}  // namespace random_programs
