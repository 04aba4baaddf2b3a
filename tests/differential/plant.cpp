// Deliberate mistakes, made in the loops between schedule and code generation. Each is one that a schedule or an emitter could make.
#include <functional>

#include "differential/case.h"

namespace differential {
namespace {

namespace loops = einx::detail::loops;
using loops::Address;
using loops::Loop;
using loops::LoopKind;

/// Calls `visit` on every statement of a body, outer ones first, until it answers true.
bool any(loops::Body& body, const std::function<bool(loops::Statement&)>& visit) {
  for (loops::Statement& statement : body) {
    if (visit(statement)) return true;
    if (auto* loop = std::get_if<Loop>(&statement.node); loop && any(loop->body, visit)) return true;
  }
  return false;
}
bool any(loops::Program& program, const std::function<bool(loops::Statement&)>& visit) {
  for (loops::Step& step : program.steps)
    if (auto* kernel = std::get_if<loops::Kernel>(&step); kernel && any(kernel->body, visit)) return true;
  return false;
}
template <class Node>
bool first(loops::Program& program, const std::function<bool(Node&)>& change) {
  return any(program, [&](loops::Statement& statement) {
    auto* node = std::get_if<Node>(&statement.node);
    return node && change(*node);
  });
}

bool change_loop(loops::Program& program, LoopKind kind, const std::function<bool(Loop&)>& change) {
  return first<Loop>(program, [&](Loop& loop) { return loop.kind == kind && loop.extent.constant() && change(loop); });
}

/// Reads and stores stay inside memory: strides shrink, extents shrink, offsets move toward the middle.
bool shorter_vector_tail(loops::Program& p) {
  return change_loop(p, LoopKind::Vector, [](Loop& loop) { return loop.extent.value % loop.step > 1 ? (--loop.extent.value, true) : false; });
}
bool dropped_vector_tail(loops::Program& p) {
  return change_loop(p, LoopKind::Vector, [](Loop& loop) {
    const std::int64_t rest = loop.extent.value % loop.step;
    if (rest == 0 || loop.extent.value < loop.step) return false;
    loop.extent.value -= rest;
    return true;
  });
}
bool shorter_serial(loops::Program& p) {
  return change_loop(p, LoopKind::Serial, [](Loop& loop) { return loop.extent.value > 1 ? (--loop.extent.value, true) : false; });
}
bool shorter_parallel(loops::Program& p) {
  return change_loop(p, LoopKind::Parallel, [](Loop& loop) { return loop.extent.value > loop.step ? (loop.extent.value -= loop.step, true) : false; });
}
bool shorter_unrolled(loops::Program& p) {
  return change_loop(p, LoopKind::Unrolled, [](Loop& loop) { return loop.extent.value > 1 ? (--loop.extent.value, true) : false; });
}
bool whole_tile(loops::Program& p) {  // the last, ragged tile is skipped
  return first<Loop>(p, [](Loop& loop) {
    if (loop.kind != LoopKind::Tile && !(loop.kind == LoopKind::Parallel && loop.step > 1)) return false;
    const std::int64_t rest = loop.extent.value % loop.step;
    if (!loop.extent.constant() || rest == 0 || loop.extent.value < loop.step) return false;
    loop.extent.value -= rest;
    return true;
  });
}

template <class Node>
bool change_terms(loops::Program& p, const std::function<bool(Address&)>& change) {
  return first<Node>(p, [&](Node& node) { return change(node.at); });
}
bool stride_off_by_one(Address& at) {
  for (Address::Term& term : at.terms)
    if (term.stride.constant() && term.stride.value > 1) return --term.stride.value, true;
  return false;
}
bool load_stride_off(loops::Program& p) { return change_terms<loops::Load>(p, stride_off_by_one); }
bool store_stride_off(loops::Program& p) { return change_terms<loops::Store>(p, stride_off_by_one); }
bool swapped(Address& at) {
  for (std::size_t i = 0; i + 1 < at.terms.size(); ++i)
    for (std::size_t j = i + 1; j < at.terms.size(); ++j)
      if (at.terms[i].stride.constant() && at.terms[j].stride.constant() && at.terms[i].stride.value != at.terms[j].stride.value &&
          at.terms[i].stride.value > 0 && at.terms[j].stride.value > 0) {
        at.terms[i].stride.value = at.terms[j].stride.value = std::min(at.terms[i].stride.value, at.terms[j].stride.value);
        return true;
      }
  return false;
}
bool load_axes_confused(loops::Program& p) { return change_terms<loops::Load>(p, swapped); }
bool store_axes_confused(loops::Program& p) { return change_terms<loops::Store>(p, swapped); }
bool dropped_offset(Address& at) { return at.offset.constant() && at.offset.value > 0 ? (at.offset.value = 0, true) : false; }
bool load_offset_dropped(loops::Program& p) { return change_terms<loops::Load>(p, dropped_offset); }
bool store_offset_dropped(loops::Program& p) { return change_terms<loops::Store>(p, dropped_offset); }
bool load_axis_dropped(loops::Program& p) {
  return change_terms<loops::Load>(p, [](Address& at) {
    if (at.terms.empty() || !at.terms.back().stride.constant() || at.terms.back().stride.value < 0) return false;
    at.terms.pop_back();
    return true;
  });
}

bool wrong_identity(loops::Program& p) {
  return first<loops::Set>(p, [](loops::Set& set) {
    set.value = einx::detail::tensor::make_scalar(std::int64_t(1) - static_cast<std::int64_t>(einx::detail::tensor::to_double(set.value) == 1), set.value.dtype);
    return true;
  });
}
bool lost_update(loops::Program& p) {  // each value replaces the accumulator instead of joining it
  return first<loops::Update>(p, [](loops::Update& update) {
    if (update.accumulators.size() != 1) return false;
    for (auto& node : update.combine.nodes)
      if (node.prim == einx::detail::ops::Prim::Arg) node.arg = 1;
    return true;
  });
}
bool lost_index(loops::Program& p) {  // the second of a tuple is not updated
  return first<loops::Update>(p, [](loops::Update& update) {
    if (update.accumulators.size() < 2) return false;
    for (std::size_t k = 0; k < update.combine.nodes.size(); ++k)
      if (update.combine.nodes[k].prim == einx::detail::ops::Prim::Arg && update.combine.nodes[k].arg == 1) update.combine.results[1] = static_cast<int>(k);
    return true;
  });
}
bool skipped_slots(loops::Program& p) {  // one vector instead of several is folded
  return any(p, [](loops::Statement& s) {
    auto* loop = std::get_if<Loop>(&s.node);
    if (!loop || loop->kind != LoopKind::Vector || loop->unroll < 2 || !loop->extent.constant() || loop->extent.value <= loop->step) return false;
    loop->extent.value = loop->step;
    return true;
  });
}
bool swapped_arguments(loops::Program& p) {
  return first<loops::Apply>(p, [](loops::Apply& apply) {
    for (auto& node : apply.fn.nodes) {
      using einx::detail::ops::Prim;
      const bool ordered = node.prim == Prim::Sub || node.prim == Prim::Div || node.prim == Prim::Lt || node.prim == Prim::FloorDiv;
      if (ordered && node.args[0] != node.args[1]) return std::swap(node.args[0], node.args[1]), true;
    }
    return false;
  });
}
bool index_of_last_axis(loops::Program& p) {  // a gather reads its first coordinate for every axis
  return first<loops::Load>(p, [](loops::Load& load) {
    if (load.at.indirect.empty() || !load.at.indirect[0].stride.constant() || load.at.indirect[0].stride.value < 2) return false;
    load.at.indirect[0].stride.value -= 1;
    return true;
  });
}
bool unchecked_negative(loops::Program& p) {  // coordinates from the end wrap around a smaller axis
  return first<loops::Check>(p, [](loops::Check& check) { return check.extent.constant() && check.extent.value > 1 ? (--check.extent.value, true) : false; });
}
bool position_off(loops::Program& p) {
  return first<loops::Index>(p, [](loops::Index& index) { return ++index.at.offset.value, index.at.offset.constant(); });
}
bool skipped_step(loops::Program& p) { return p.steps.size() > 1 ? (p.steps.pop_back(), true) : false; }
bool transposed_block(loops::Program& p) {
  return first<loops::Transpose>(p, [](loops::Transpose& t) { return t.cols > 1 ? (--t.cols, true) : false; });
}
bool matmul_short(loops::Program& p) {
  for (loops::Step& step : p.steps)
    if (auto* matmul = std::get_if<loops::Matmul>(&step); matmul && matmul->k_a.size() > 1) return matmul->k_a.pop_back(), matmul->k_b.pop_back(), true;
  return false;
}

// ---------------------------------------------------------------- flip, roll, sort, updates
/// Extent of the loop over a variable, if it is the only one of its axis.
std::int64_t whole_extent(loops::Kernel& kernel, loops::VarId var) {
  std::int64_t extent = 0;
  any(kernel.body, [&](loops::Statement& s) {
    auto* loop = std::get_if<Loop>(&s.node);
    if (!loop || loop->var != var || loop->outer >= 0 || loop->step > 1 || !loop->extent.constant()) return false;
    extent = loop->extent.value;
    return true;
  });
  return extent;
}
loops::Kernel* kernel_of(loops::Step& step, const char* op) {
  auto* kernel = std::get_if<loops::Kernel>(&step);
  return kernel && kernel->schedule.starts_with(op) ? kernel : nullptr;
}
/// What was read backwards is read forwards: the same elements.
bool missing_negation(loops::Program& p) {
  for (loops::Step& step : p.steps) {
    loops::Kernel* kernel = kernel_of(step, "flip(");
    if (!kernel) continue;
    const bool changed = any(kernel->body, [&](loops::Statement& s) {
      auto* load = std::get_if<loops::Load>(&s.node);
      if (!load || !load->at.offset.constant()) return false;
      for (Address::Term& term : load->at.terms) {
        const std::int64_t extent = whole_extent(*kernel, term.var);
        if (!term.stride.constant() || term.stride.value >= 0 || extent < 2) continue;
        load->at.offset.value += term.stride.value * (extent - 1);
        term.stride.value = -term.stride.value;
        return true;
      }
      return false;
    });
    if (changed) return true;
  }
  return false;
}
bool shift_range(loops::Program& p) {
  if (p.steps.empty() || !kernel_of(p.steps[0], "roll(")) return false;
  return change_terms<loops::Load>(p, [](Address& at) { return at.offset.constant() && at.offset.value > 0 ? (--at.offset.value, true) : false; });
}
loops::Sort* sort_of(loops::Program& p) {
  for (loops::Step& step : p.steps)
    if (auto* sort = std::get_if<loops::Sort>(&step)) return sort;
  return nullptr;
}
bool unstable_sort(loops::Program& p) {  // equal elements come out in reverse, which only zeros show
  loops::Sort* sort = sort_of(p);
  if (!sort || sort->positions || sort->length < 2) return false;
  sort->from_offset += sort->from_stride * (sort->length - 1);
  sort->from_stride = -sort->from_stride;
  return true;
}
bool unsigned_sort(loops::Program& p) {
  loops::Sort* sort = sort_of(p);
  if (!sort || sort->dtype != DType::i32) return false;
  sort->dtype = DType::u32;
  return true;
}
bool sort_short(loops::Program& p) {
  loops::Sort* sort = sort_of(p);
  return sort && sort->length > 1 ? (--sort->length, true) : false;
}
bool sort_rows(loops::Program& p) {
  loops::Sort* sort = sort_of(p);
  if (!sort || sort->extents.empty() || sort->from_strides[0] == 0) return false;
  sort->from_strides[0] = 0;
  return true;
}
bool writes_at_coordinates(loops::Statement& s) {
  const auto* store = std::get_if<loops::Store>(&s.node);
  return store && !store->at.indirect.empty();
}
/// The copy that starts an update: one element of it too few is left to chance, so it copies another one twice.
bool skipped_copy(loops::Program& p) {
  const bool updates = any(p, writes_at_coordinates);
  return updates && change_terms<loops::Load>(p, [](Address& at) {
    if (!at.indirect.empty() || at.terms.empty() || !at.terms.back().stride.constant() || at.terms.back().stride.value == 0) return false;
    at.terms.back().stride.value = 0;
    return true;
  });
}
bool lost_last_update(loops::Program& p) {
  return any(p, [](loops::Statement& s) {
    auto* loop = std::get_if<Loop>(&s.node);
    if (!loop || !loop->extent.constant() || loop->extent.value < 2 || loop->step > 1 || !any(loop->body, writes_at_coordinates)) return false;
    --loop->extent.value;
    return true;
  });
}

}  // namespace

const std::vector<Bug>& bugs() {
  static const std::vector<Bug> list = {
      {"short-tail", "the masked tail misses its last lane", shorter_vector_tail},
      {"no-tail", "what is left beyond whole vectors is skipped", dropped_vector_tail},
      {"short-serial", "a serial loop stops one early", shorter_serial},
      {"short-parallel", "the last part of a parallel loop is missing", shorter_parallel},
      {"short-unrolled", "an unrolled loop misses its last copy", shorter_unrolled},
      {"ragged-tile", "the last, ragged tile is skipped", whole_tile},
      {"load-stride", "a load's stride is off by one", load_stride_off},
      {"store-stride", "a store's stride is off by one", store_stride_off},
      {"load-axes", "two axes of a load share a stride", load_axes_confused},
      {"store-axes", "two axes of a store share a stride", store_axes_confused},
      {"load-offset", "a load forgets its offset", load_offset_dropped},
      {"store-offset", "a store forgets its offset", store_offset_dropped},
      {"load-axis", "a load forgets its innermost axis", load_axis_dropped},
      {"identity", "an accumulator starts from another value", wrong_identity},
      {"lost-update", "an accumulator is overwritten", lost_update},
      {"lost-index", "argmax keeps the first index", lost_index},
      {"lost-slots", "only one of several vectors is visited", skipped_slots},
      {"swapped-arguments", "the operands of an ordered primitive are swapped", swapped_arguments},
      {"gather-stride", "an indexed axis has a stride one too small", index_of_last_axis},
      {"gather-extent", "coordinates are checked against one too few", unchecked_negative},
      {"position", "positions count from one", position_off},
      {"lost-step", "the last kernel of several is not called", skipped_step},
      {"transpose-block", "a register transpose misses its last column", transposed_block},
      {"flip-forwards", "a flipped axis is read forwards", missing_negation},
      {"shift-range", "a range of a roll begins one element early", shift_range},
      {"unstable-sort", "equal elements change places", unstable_sort},
      {"unsigned-sort", "signed elements are compared as unsigned", unsigned_sort},
      {"sort-short", "the last element of a row is not sorted", sort_short},
      {"sort-rows", "the first row is sorted for all", sort_rows},
      {"update-copy", "the copy that starts an update forgets an axis", skipped_copy},
      {"update-last", "the last update is dropped", lost_last_update},
      {"matmul-depth", "a matrix product misses its last term", matmul_short},
  };
  return list;
}

}  // namespace differential
