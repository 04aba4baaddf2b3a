#include "loops/memory.h"

#include <algorithm>
#include <numeric>

#include "loops/axis_builder.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

void each_buffer(Body& body, const EachBuffer& f) {
  for (Statement& statement : body)
    support::match(
        statement.node, [&](Load& s) { f(s.buffer); }, [&](Store& s) { f(s.buffer); },
        [&](Transpose& s) { f(s.from), f(s.to); }, [&](Prefetch& s) { f(s.buffer); },
        [&](Spread& s) { f(s.buffer); }, [&](Loop& s) { each_buffer(s.body, f); }, [](auto&) {});
}

constexpr std::int64_t kUnit = 64;

/// The lowest place beside those that are needed at the same time.
std::int64_t lowest(const Life& life, std::span<const Life> placed) {
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;
  for (const Life& other : placed)
    if (life.meets(other)) taken.emplace_back(other.at, other.at + other.units);
  std::ranges::sort(taken);
  std::int64_t at = 0;
  for (const auto& [from, to] : taken) {
    if (from >= at + life.units) break;
    at = std::max(at, to);
  }
  return at;
}

}  // namespace

std::vector<Life> lives(Program& program) {
  std::vector<Life> all;
  for (std::size_t k = 0; k < program.steps.size(); ++k)
    each_buffer(program.steps[k], [&](BufferId& id) {
      if (id < 0 || program.buffers[std::size_t(id)].kind != Buffer::Kind::Temporary) return;
      const auto known = std::ranges::find(all, id, &Life::id);
      if (known != all.end())
        known->last = k;
      else
        all.push_back({id, k, k});
    });
  return all;
}

void each_buffer(Step& step, const EachBuffer& f) {
  support::match(
      step, [&](Kernel& s) { f(s.same_a), f(s.same_b), each_buffer(s.body, f); },
      [&](Matmul& s) { f(s.a), f(s.b), f(s.c); }, [&](Sort& s) { f(s.from), f(s.to); },
      [&](Native& s) {
        for (auto* views : {&s.inputs, &s.outputs})
          for (Native::View& view : *views) f(view.buffer);
      });
}

void each_buffer(Item& item, const EachBuffer& f) {
  f(item.same_a), f(item.same_b);
  if (auto* step = std::get_if<Step>(&item.work)) return each_buffer(*step, f);
  auto& nest = std::get<Nest>(item.work);
  for (Access& access : nest.inputs) f(access.buffer);
  for (Access& access : nest.outputs) f(access.buffer);
  for (Coordinate& coordinate : nest.coordinates) f(coordinate.access.buffer), f(coordinate.position.buffer);
  if (nest.epilogue)
    for (Access& access : nest.epilogue->inputs) f(access.buffer);
}

void drop_buffers(Lowering& lowering) {
  std::vector<Buffer>& buffers = lowering.plan.program.buffers;
  std::vector<bool> used;
  for (const Buffer& buffer : buffers) used.push_back(buffer.kind != Buffer::Kind::Temporary);
  const auto each = [&](const auto& f) {
    for (Item& item : lowering.items)
      each_buffer(item, [&](BufferId& id) {
        if (id >= 0) f(id);
      });
  };
  each([&](BufferId& id) { used[std::size_t(id)] = true; });
  std::vector<BufferId> now(buffers.size(), -1);
  std::vector<Buffer> left;
  for (std::size_t k = 0; k < buffers.size(); ++k) {
    if (!used[k]) continue;
    now[k] = BufferId(left.size());
    left.push_back(std::move(buffers[k]));
  }
  buffers = std::move(left);
  each([&](BufferId& id) { id = now[std::size_t(id)]; });
  for (BufferId& id : lowering.buffers)
    if (id >= 0) id = now[std::size_t(id)];
}

void place_temporaries(Program& program) { place_temporaries(program, lives(program)); }

void place_temporaries(Program& program, std::vector<Life> all) {
  for (Life& life : all) {
    const Buffer& buffer = program.buffers[std::size_t(life.id)];
    life.units = round_up(buffer.elements * loops::size_of(buffer.dtype), kUnit) / kUnit;
  }
  std::ranges::stable_sort(all, std::greater{}, &Life::units);
  for (std::size_t k = 0; k < all.size(); ++k) {
    all[k].at = lowest(all[k], std::span(all).first(k));
    program.buffers[std::size_t(all[k].id)].index = int(all[k].at);
  }
}

}  // namespace einx::detail::loops
