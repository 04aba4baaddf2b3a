// Many small problems side by side: an axis that every nest of a group has becomes the lanes of vectors. What
// is done for one of its values is then done for a vector of them, and what one nest hands to the next stays
// in a thread's frame. Private to the loops layer.
#pragma once
#include <map>
#include <optional>

#include "loops/contract_pack.h"

namespace einx::detail::loops {

/// A buffer that nests of the group write and read: they meet it in a frame, a vector for each of its
/// elements beside the axis in the lanes, and of one step of the loop around the nests if there is one.
struct Inner {
  std::int64_t stride = 0, around = 0;  ///< of these two axes
  bool leaves =
      false;  ///< memory gets it, too: a result, or read by what comes after the group; then of all steps
};

/// Nests with an axis in common, and perhaps a second one: a loop around them all.
struct LanesGroup {
  struct Member {
    Nest nest;
    int lane = -1, around = -1;   ///< its axes of the group's extents
    double vectors = 0;           ///< nanoseconds of computing it for one vector of lanes
    std::int64_t in_between = 0;  ///< elements of its products that wait in frames, for each lane
  };
  std::vector<Member> members;
  std::int64_t extent = 0, around = 0;  ///< of the axis in the lanes, of the loop; 0: there is none
  std::map<BufferId, Inner> inner;
};

/// A member with what it takes found out.
LanesGroup::Member make_member(Nest nest, int lane, int around, const Program& program);
/// The access as it is in memory that holds one value of the axis only.
Access without(Access access, int axis, std::int64_t extent);
/// Elements of an inner buffer in its frame, for each lane.
std::int64_t elements_of(const LanesGroup& group, const Inner& inner, const Buffer& buffer);

/// The rows of a sum of products of several operands; nullptr: the nest is something else.
const ops::Rows* product_rows(const Nest& nest);
/// Moving along the lanes, but not contiguous: transposed on its way in or out.
bool packs(const Access& access, int lane);
/// Lanes of full vectors for everything that the group computes, of what the axis has.
int full_lanes(const LanesGroup& group, const Plan& plan);
/// As many lanes of those for everything that the group loads, computes and stores, whose frames fit; 0:
/// there are none.
int lanes_of(const LanesGroup& group, const Plan& plan);
/// Nanoseconds of the group in so many lanes on one thread, roughly.
double time_in_lanes(const LanesGroup& group, int lanes);
/// Appends one kernel; `why` are its first words. Buffers of `inner` that do not leave are not used any more.
void emit_lanes(const LanesGroup& group, Plan& plan, int lanes, const std::string& why);

// ---------------------------------------------------------------- products in the lanes
/// A nonzero element of a constant: where it is along the constant's axes, and what.
struct Term {
  std::vector<std::int64_t> at;
  tensor::Scalar value;
};
/// The terms of a small constant that is worth writing out, value by value; nullopt: the operand is none.
std::optional<std::vector<Term>> terms_of(const Nest& nest, const Access& access, std::span<const int> axes,
                                          const Program& program);
/// Axes that the operand moves along, without the one in the lanes (and without that of the loop around); the
/// longest stride first.
std::vector<int> axes_of(const Nest& nest, const Access& access, int lane, int around = -1);

/// One factor of a product: an operand or a product so far.
struct Factor {
  Source source;
  std::vector<int> axes;
  std::optional<std::vector<Term>> terms;
  bool has(int axis) const;
};

std::vector<Factor> factors_of(const Nest& nest, const Program& program, int lane, int around);

/// The product of two factors, summed over `reduced`; those in front of the list are meant.
struct PairStep {
  std::size_t first = 0, second = 1;  ///< of the factors that are left; their product is appended
  std::vector<int> kept, reduced;
  double work = 0;  ///< products
};
/// Two at a time, in the order of least work: a sparse constant costs its terms only.
std::vector<PairStep> pair_steps(const Nest& nest, std::vector<Factor> factors, std::span<const int> kept,
                                 std::span<const int> reduced);

/// Sums of products of factors that are in the lanes.
class ProductSum {
 public:
  /// `sum`: the nest, for its sum and its result.
  ProductSum(const Nest& sum, std::vector<Factor> factors, std::vector<int> kept, std::vector<int> reduced);

  /// Inside the vector loop over `lane`; may be called more than once.
  void emit(AxisBuilder& b, Body& body, int lane, int lanes, const std::function<void(Body&, Ref)>& store);
  /// What was decided, in words.
  std::string words(const Nest& nest) const;

 private:
  void pair(AxisBuilder& b, Body& body, const PairStep& step, const Factor& left, const Factor& right,
            const std::function<void(Body&, Ref)>& sink) const;

  ops::Rows rows_;
  Int count_;
  std::vector<Factor> factors_;
  std::vector<int> kept_, reduced_;
  std::vector<Source> frames_;  ///< of products in between
};

}  // namespace einx::detail::loops
