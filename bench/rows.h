// The rows of the performance table: what runs, which floor it is compared with, what result is right, and who else can do it.
#pragma once
#include <einx/einx.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "timing.h"

namespace bench {

enum class Floor { Copy, Read, Peak };

/// Somebody else's way to the same result, on the same operands, into warm memory of its own.
struct Peer {
  std::string name;
  Work run;
};
/// A ratio of performance.md for a peer that Debian does not have.
struct Quote {
  std::string name;
  double one = 0, two = 0;  ///< on 1 and 2 threads; 0: unknown
};

/// A row with its operands made: run() computes into a warm output.
struct Job {
  Work run;
  double amount = 0;  ///< Copy, Read: bytes that the floor moves. Peak: floating-point operations
  einx::Graph graph;  ///< what runs: its reference checks the result
  std::vector<einx::Tensor> operands;
  std::vector<Peer> peers;
};

struct Row {
  std::string name, what;
  Floor floor = Floor::Copy;
  double goal_one = 0, goal_two = 0;  ///< of performance.md: time over floor (Copy, Read) or share of peak (Peak)
  std::function<Job()> make;
  std::vector<Quote> quotes;
};
const std::vector<Row>& rows();

// --- one file a class of kernels
std::vector<Row> copy_rows();
std::vector<Row> reduce_rows();
std::vector<Row> contract_rows();
std::vector<Row> map_rows();

// --- what the rows are made of
double elements(const einx::Shape& shape);
/// Uniform in [-1, 1), the same every time.
einx::Tensor random(const einx::Shape& shape);
/// Runs the graph on these operands into one output that stays warm.
Job job(const einx::Graph& graph, std::vector<einx::Tensor> operands, double amount, std::vector<Peer> peers = {});

/// What a call costs beside its kernel, and what a first call costs.
struct CallRow {
  std::string name, unit;
  double ours = 0, floor = 0, goal = 0;  ///< seconds; goal: ours / floor
};
std::vector<CallRow> call_rows();
std::vector<CallRow> first_call_rows(const std::string& conformance_file);
/// First calls of new processes whose kernels are on disk.
std::vector<CallRow> warm_call_rows(const std::string& conformance_file);
/// Loops of scripts beside the same in C++, and what a call of a script costs beside one of a graph.
std::vector<CallRow> script_rows();
/// What such a process does: `main` hands over to it.
int warm_calls(const std::string& conformance_file);

}  // namespace bench
