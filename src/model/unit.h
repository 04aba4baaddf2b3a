// One signature of a program: its blocks by the states that they start in, made as they are needed. Private
// to the model layer.
#pragma once
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "api/api.h"
#include "model/block.h"
#include "model/model.h"
#include "passes/passes.h"

namespace einx::detail::model {

/// A program's functions as instructions. What C++ code writes down is kept by the types it was written for,
/// and used for others if everything that it assumed holds there.
class Functions {
 public:
  explicit Functions(const script::Program& program) : program_(program) {}
  LinearPtr find(const Surroundings& in, const std::string& name, const std::vector<graph::Type>& types);

 private:
  struct Traced {
    std::vector<std::pair<std::vector<graph::Type>, LinearPtr>> by_types;
    std::vector<LinearPtr> all;
  };
  LinearPtr replay(const Surroundings& in, const Traced& traced, const std::vector<graph::Type>& types) const;

  const script::Program& program_;
  std::recursive_mutex mutex_;
  std::map<std::string, LinearPtr> written_;
  std::map<std::string, Traced> traced_;
};

struct Fragment;

/// The block that starts in a state. Written when it is first run or looked at.
struct Version {
  State state;
  Block block;
  api::ExecutablePtr executable;                    ///< of the block alone
  std::atomic<bool> ready = false;                  ///< the block is written
  std::atomic<bool> runs = false;                   ///< and compiled
  std::array<std::atomic<Version*>, 2> next = {};   ///< along its ways, once known
  std::atomic<const Fragment*> fragment = nullptr;  ///< that begins here, once somebody has run it

  /// The ways that leave the block, in order.
  std::vector<const Edge*> edges() const;
};

/// Numbers that all threads add to.
struct Counters {
  std::atomic<std::uint64_t> signatures = 0, blocks = 0, kernels = 0, values = 0;
};

class Unit {
 public:
  struct Options {
    passes::OptimizeOptions optimize;
    bool fold_constants = false;
    int max_versions = 64;
  };
  /// Raises what the operands' types raise.
  Unit(const script::Program& program, Functions& functions, const Options& options, Counters& counters,
       const std::string& function, std::vector<graph::Type> operands);
  ~Unit();

  Version& entry() { return *entry_; }
  const Surroundings& surroundings() const { return surroundings_; }
  /// What never changes while the function runs: all that is known by now, as it is at this moment. Operands
  /// are left empty.
  std::vector<Tensor> fixed() const;
  /// Which of the program's tensors a fixed value is; -1: none.
  int program_tensor(std::size_t fixed) const;
  std::size_t operands() const { return operands_.size(); }

  /// The version that starts in a state; null if it is better run one operation at a time. `seen`: it stands
  /// for a value that was looked at.
  Version* version(const State& state, bool looked);
  /// The same along a way of another version. 0 or 1.
  Version* next(Version& from, std::size_t way);
  /// The same while code is made ahead of its use: null also if there are `most` versions of that place
  /// already.
  Version* ahead(Version& from, std::size_t way, int most);
  /// Writes the block, if nobody has.
  void write(Version& version);
  /// Compiles the block for itself, if nobody has. Null: it computes nothing.
  const api::Executable* compile(Version& version);
  /// The machine code that begins with the version, made by the first that asks.
  const Fragment& fragment(Version& version);
  std::recursive_mutex& mutex() { return mutex_; }

 private:
  struct Place {
    int versions = 0, looked = 0;
  };
  struct Fixed {
    graph::Type type;
    Tensor tensor;     ///< not of operands
    std::string name;  ///< of the program's
  };
  int fixed_tensor(const std::string& name);
  int fixed_constant(const Tensor& constant);

  const script::Program& program_;
  const Options options_;
  Counters& counters_;
  std::vector<graph::Type> operands_;
  mutable std::recursive_mutex mutex_;
  std::vector<Fixed> fixed_;
  Surroundings surroundings_;
  std::unordered_map<std::string, std::unique_ptr<Version>> versions_;
  std::map<std::pair<const Linear*, int>, Place> places_;
  std::unordered_set<std::size_t> seen_;  ///< hashes of states that were met once
  Version* entry_ = nullptr;
  std::vector<std::unique_ptr<const Fragment>> fragments_;
};

graph::Type type_of(const Tensor& tensor);

}  // namespace einx::detail::model
