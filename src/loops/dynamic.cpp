// One program for many sizes, found by comparison: each size is lowered to nests on its own, fused on its
// own, and what differs between their numbers becomes a parameter. What a schedule makes of parameters it
// knows no values of (schedules look at the first sample's, but only to guess what is fast).
#include "loops/dynamic.h"

#include <algorithm>
#include <cstring>

#include "loops/contract.h"
#include "loops/fuse.h"
#include "loops/strides.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kSpelledBytes = 64 << 10;  ///< of constants whose contents code may hold

/// A program's items, fused; its buffers, types and constants.
struct Lowered {
  Program program;
  std::vector<Item> items;
  std::vector<Simplified> simplified;  ///< what was done, if nothing was said
  bool fits = true;
};

/// Whether fusion may meet an axis of no or one value, of which it would conclude more than is true in
/// general.
bool has_short_axes(const std::vector<Item>& items) {
  return std::ranges::any_of(items, [](const Item& item) {
    const auto* nest = std::get_if<Nest>(&item.work);
    return nest != nullptr &&
           std::ranges::any_of(nest->axes, [](const NestAxis& axis) { return axis.extent.value < 2; });
  });
}

/// Products of many operands become nests of two each where that saves work, for that takes temporaries,
/// which each size has of its own.
void pair_products(Lowering& lowering) {
  std::vector<Item> items;
  for (Item& item : lowering.items) {
    const auto* nest = std::get_if<Nest>(&item.work);
    std::vector<Nest> pairs;
    if (nest != nullptr && nest->inputs.size() > 2 && !nest->epilogue &&
        std::holds_alternative<ops::Rows>(nest->meaning) && is_product_sum(*nest) &&
        !is_small_in_lanes(*nest, lowering.plan))
      pairs = pair_nests(*nest, lowering.plan);
    if (pairs.empty()) items.push_back(std::move(item));
    for (Nest& pair : pairs) items.push_back({std::move(pair), schedule});
  }
  lowering.items = std::move(items);
}

Lowered lowered(const graph::Graph& graph, const Machine& machine, const std::vector<Simplified>* as) {
  Lowered made;
  made.program.name = graph.name;
  Lowering lowering{graph, {made.program, machine}, {}, {}};
  lowering.simplified = &made.simplified;
  lowering.as_simplified = as;
  lower_nodes(lowering);
  made.fits = lowering.fits && (as == nullptr || lowering.next == as->size());
  const bool fuses = lowering.items.size() > 1;
  made.fits = made.fits && !(as != nullptr && fuses && has_short_axes(lowering.items));
  if (!made.fits) return made;
  fuse(lowering, false);
  fuse(lowering, true);
  pair_products(lowering);
  made.items = std::move(lowering.items);
  return made;
}

bool same_contents(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !std::ranges::equal(a.shape(), b.shape())) return false;
  const auto bytes = std::size_t(a.size()) * einx::size_of(a.dtype());
  return a.data() == b.data() || bytes == 0 || std::memcmp(a.data(), b.data(), bytes) == 0;
}

/// Constants that are the same in all samples, and small; empty tensors in place of the others.
std::vector<Tensor> common_constants(const std::vector<Lowered>& samples) {
  std::vector<Tensor> common = samples[0].program.constants;
  for (std::size_t k = 0; k < common.size(); ++k) {
    const bool small = common[k].size() * std::int64_t(einx::size_of(common[k].dtype())) <= kSpelledBytes;
    const bool equal = small && std::ranges::all_of(samples, [&](const Lowered& sample) {
                         return same_contents(common[k], sample.program.constants[k]);
                       });
    if (!equal) common[k] = Tensor();
  }
  return common;
}

bool same_interface(const Program& a, const Program& b) {
  return a.inputs.size() == b.inputs.size() && a.outputs.size() == b.outputs.size() &&
         a.constants.size() == b.constants.size() && a.in_place == b.in_place &&
         same_buffers(a.buffers, b.buffers);
}

/// Schedules take constants whose contents differ for operands.
class Hidden {
 public:
  Hidden(Program& program, const std::vector<Tensor>& common) : program_(program) {
    for (std::size_t k = 0; k < program.buffers.size(); ++k) {
      Buffer& buffer = program.buffers[k];
      if (buffer.kind != Buffer::Kind::Constant || common[std::size_t(buffer.index)].defined()) continue;
      hidden_.push_back(k);
      buffer.kind = Buffer::Kind::Input;
    }
  }
  ~Hidden() {
    for (const std::size_t k : hidden_) program_.buffers[k].kind = Buffer::Kind::Constant;
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  Program& program_;
  std::vector<std::size_t> hidden_;
};

void schedule_all(Program& program, Pattern& pattern) {
  Plan plan{program, pattern.machine};
  plan.bounded = true;
  for (Item item : pattern.items) {
    const std::size_t first = program.steps.size();
    schedule_item(item, plan);
    pattern.made.push_back({first, program.steps.size() - first});
  }
}

/// Numbers that differ between samples become parameters, each one of its own.
bool parametrise(const std::vector<Lowered>& samples, std::vector<Item>& items,
                 std::vector<std::int64_t>& parameters) {
  Match match;
  for (std::size_t k = 1; k < samples.size(); ++k)
    if (!match.items(items, samples[k].items)) return false;
  for (Item& item : items) {
    auto* nest = std::get_if<Nest>(&item.work);
    if (nest == nullptr) continue;
    each_number(*nest, [&](Int& number) {
      if (!match.differing().contains(&number)) return;
      number.param = int(parameters.size());
      parameters.push_back(number.value);
    });
  }
  return true;
}

std::optional<Template> of_samples(const std::vector<Lowered>& samples, Pattern pattern) {
  Template made;
  made.program = samples[0].program;
  pattern.items = samples[0].items;
  pattern.lowered_buffers = made.program.buffers.size();
  for (std::size_t k = 1; k < samples.size(); ++k)
    if (!samples[k].fits || !same_interface(made.program, samples[k].program)) return std::nullopt;
  if (!parametrise(samples, pattern.items, made.program.parameters)) return std::nullopt;
  pattern.constants = common_constants(samples);
  {
    const Hidden hidden(made.program, pattern.constants);
    schedule_all(made.program, pattern);
  }
  pattern.lives = lives(made.program);
  place_temporaries(made.program, pattern.lives);
  made.pattern = std::make_shared<const Pattern>(std::move(pattern));
  return made;
}

/// Plan::bounded.
bool is_bounded(const std::vector<Item>& items) {
  return std::ranges::all_of(items, [](const Item& item) {
    const auto* nest = std::get_if<Nest>(&item.work);
    return nest == nullptr || nest->count.value < kMostPositions;
  });
}

double total_elements(const graph::Graph& graph) {
  double sum = 0;
  for (const graph::Value& value : graph.values) sum += double(elements(value.type));
  return sum;
}

/// What is left of a kernel whose code is another program's.
Kernel named(const Kernel& kernel) {
  Kernel made;
  made.name = kernel.name;
  made.same_a = kernel.same_a, made.same_b = kernel.same_b;
  made.only_if = kernel.only_if, made.otherwise = kernel.otherwise;
  return made;
}

/// The template's steps with the numbers of this size. False if a plan cannot be made for its code.
bool add_steps(const Template& common, const std::vector<Item>& items, Program& program) {
  const Pattern& pattern = *common.pattern;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const Pattern::Made& made = pattern.made[k];
    if (const auto* own = std::get_if<Step>(&items[k].work)) {
      program.steps.push_back(*own);
      continue;
    }
    for (std::size_t s = made.first; s < made.first + made.count; ++s) {
      if (const auto* product = std::get_if<Matmul>(&common.program.steps[s])) {
        auto again = plan_again(std::get<Nest>(pattern.items[k].work), std::get<Nest>(items[k].work),
                                *product, pattern.machine);
        if (!again) return false;
        program.steps.emplace_back(std::move(*again));
        continue;
      }
      program.steps.emplace_back(named(std::get<Kernel>(common.program.steps[s])));
    }
  }
  return true;
}

}  // namespace

std::optional<Template> generalise(std::span<const graph::Graph> samples, const Machine& machine) {
  if (samples.size() < 2) return std::nullopt;
  // the largest first: its numbers are what schedules guess by
  std::vector<const graph::Graph*> order;
  for (const graph::Graph& sample : samples) order.push_back(&sample);
  std::ranges::stable_sort(order, std::greater{},
                           [](const graph::Graph* sample) { return total_elements(*sample); });
  for (const graph::Graph* base : order) {
    std::vector<Lowered> all{lowered(*base, machine, nullptr)};
    for (const graph::Graph* other : order)
      if (other != base) all.push_back(lowered(*other, machine, &all[0].simplified));
    Pattern pattern;
    pattern.machine = machine;
    pattern.simplified = all[0].simplified;
    if (auto found = of_samples(all, std::move(pattern))) return found;
  }
  return std::nullopt;
}

std::optional<Program> instantiate(const Template& common, const graph::Graph& graph) {
  const Pattern& pattern = *common.pattern;
  Lowered own = lowered(graph, pattern.machine, &pattern.simplified);
  if (!own.fits || !is_bounded(own.items) || own.program.buffers.size() != pattern.lowered_buffers)
    return std::nullopt;
  Program& program = own.program;
  const std::vector<Buffer>& buffers = common.program.buffers;
  program.buffers.insert(program.buffers.end(), buffers.begin() + std::ptrdiff_t(pattern.lowered_buffers),
                         buffers.end());
  if (!same_interface(common.program, program)) return std::nullopt;
  for (std::size_t k = 0; k < pattern.constants.size(); ++k)
    if (pattern.constants[k].defined() && !same_contents(pattern.constants[k], program.constants[k]))
      return std::nullopt;
  program.parameters.assign(common.program.parameters.size(), 0);
  if (!Match(program.parameters).items(pattern.items, own.items) || !add_steps(common, own.items, program))
    return std::nullopt;
  place_temporaries(program, pattern.lives);
  return std::move(own.program);
}

}  // namespace einx::detail::loops
