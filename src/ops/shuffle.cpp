// flip, roll, sort, argsort: what is along the bracketed axes changes places. Nothing is computed, so that
// every dtype will do.
#include "ops/rules.h"

namespace einx::detail::ops {
namespace {

template <bool roll>
Resolved resolve_shuffle(const Op&, std::span<const DType> operands) {
  return {{operands[0]}, operands[0], Shuffle{roll}};
}

template <bool positions>
Resolved resolve_sort(const Op&, std::span<const DType> operands) {
  return {{operands[0]}, positions ? i64 : operands[0], Sort{positions}};
}

using Resolve = Resolved (*)(const Op&, std::span<const DType>);

constexpr Op shuffle_op(std::string_view name, std::string_view summary, Resolve resolve,
                        std::string_view parameter = {}) {
  Op op = make_op(notation::Family::Preserve, name, 1, 1, summary, resolve);
  op.parameter = parameter;
  return op;
}

constexpr Op sort_op(std::string_view name, std::string_view summary, Resolve resolve) {
  Op op = make_op(notation::Family::Preserve, name, 1, 1, summary, resolve);
  op.one_bracketed_axis = true;
  return op;
}

constexpr Op kShuffles[] = {
    shuffle_op("flip", "the elements in reverse order", resolve_shuffle<false>),
    sort_op("sort", "the elements in ascending order, nan last", resolve_sort<false>),
    sort_op("argsort", "the positions that sort the elements; equal ones keep their order",
            resolve_sort<true>),
    shuffle_op("roll", "the elements moved on by shift=, around the end", resolve_shuffle<true>, "shift"),
};

}  // namespace

std::vector<const Op*> shuffle_rows() { return addresses(kShuffles); }

}  // namespace einx::detail::ops
