// What a template keeps of its samples. Private to the loops layer.
#pragma once
#include <set>

#include "loops/lowering.h"
#include "loops/memory.h"

namespace einx::detail::loops {

/// The items of the samples, with parameters where numbers differ, and what became of them.
struct Pattern {
  Machine machine;
  std::vector<Simplified> simplified;  ///< of the first sample: done to all
  std::vector<Item> items;
  struct Made {
    std::size_t first = 0, count = 0;  ///< steps
  };
  std::vector<Made> made;  ///< of each item
  std::vector<Life> lives;
  std::size_t lowered_buffers = 0;  ///< those behind are the schedules': of the same sizes always
  std::vector<Tensor> constants;    ///< contents that code may have spelled out; empty for those it has not
};

/// Compares what another size was lowered to with the pattern, number by number.
class Match {
 public:
  /// Collects the numbers that differ.
  Match() = default;
  /// Numbers that are no parameters have to agree; the others' values are put into `parameters`.
  explicit Match(std::vector<std::int64_t>& parameters) : parameters_(&parameters) {}

  /// False if more differs than numbers that may.
  bool items(const std::vector<Item>& pattern, const std::vector<Item>& other);
  const std::set<const Int*>& differing() const { return differing_; }

 private:
  bool item(const Item& pattern, const Item& other);
  bool nest(const Nest& pattern, const Nest& other);
  bool access(const Access& pattern, const Access& other, const std::vector<NestAxis>& axes);
  bool accesses(const std::vector<Access>& pattern, const std::vector<Access>& other,
                const std::vector<NestAxis>& axes);
  bool coordinate(const Coordinate& pattern, const Coordinate& other, const std::vector<NestAxis>& axes);
  bool strides(const std::vector<Int>& pattern, const std::vector<Int>& other,
               const std::vector<NestAxis>& axes);
  bool number(const Int& pattern, const Int& other, bool counts = true);

  std::vector<std::int64_t>* parameters_ = nullptr;
  std::set<const Int*> differing_;
  bool counts_ = true;  ///< whether what is addressed is ever touched
};

/// Whether buffers are the same but for how large they are.
bool same_buffers(const std::vector<Buffer>& a, const std::vector<Buffer>& b);

}  // namespace einx::detail::loops
