// Which schedule takes which nest. The first row that matches does; a schedule may still hand a nest on to
// the plain one. Here, too, is the bound on compile times: what would become too many instructions is plain.
#include <algorithm>

#include "loops/estimate.h"
#include "loops/stream.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

const ops::Rows* rows(const Nest& nest) { return std::get_if<ops::Rows>(&nest.meaning); }
bool one_pass(const Nest& nest) {
  return rows(nest) != nullptr && rows(nest)->passes.size() == 1 && !rows(nest)->per_element;
}
bool is_move(const Nest& nest) { return std::holds_alternative<ops::Move>(nest.meaning); }
bool is_map(const Nest& nest) { return std::holds_alternative<ops::Map>(nest.meaning); }
bool is_gather(const Nest& nest) { return std::holds_alternative<ops::Gather>(nest.meaning); }
bool converts(const Nest& nest) { return nest.inputs[0].dtype != nest.outputs[0].dtype; }
bool finds_position(const Nest& nest) { return rows(nest) != nullptr && rows(nest)->coordinates; }
bool contracts(const Nest& nest) {
  return one_pass(nest) && nest.inputs.size() >= 2 && rows(nest)->passes[0].identity.size() == 1;
}
bool reduces(const Nest& nest) {
  return one_pass(nest) && nest.inputs.size() == 1 && rows(nest)->passes[0].identity.size() == 1;
}

struct Choice {
  bool (*matches)(const Nest&);
  void (*schedule)(const Nest&, Plan&);
};

const Choice kChoices[] = {
    {[](const Nest& n) { return is_move(n) && !converts(n); }, schedule_copy},
    {[](const Nest& n) { return is_map(n) || is_move(n); }, schedule_map},
    {finds_position, schedule_order},
    {contracts, schedule_contract},
    {reduces, schedule_reduce},
    {[](const Nest& n) { return rows(n) != nullptr; }, schedule_rowwise},
    {is_gather, schedule_index},
};

// ---------------------------------------------------------------- the instruction budget
/// Instructions that the schedules of a program may become; LLVM compiles some ten thousand a second. Plain
/// loops are not refused: codegen allows a third more.
constexpr std::int64_t kBudget = 12000;
/// A nest may take this share of what is left, so that the parts of a concatenation all get something.
constexpr std::int64_t kShare = 2;
/// Nobody looks at what small kernels take.
constexpr std::int64_t kSmall = 64;

std::int64_t instructions(const ops::ScalarFn& fn) {
  std::int64_t sum = 0;
  for (const ops::ScalarNode& node : fn.nodes) {
    using enum ops::Prim;
    const bool inlined = node.prim == Exp || node.prim == Log || node.prim == Log1p || node.prim == Tanh ||
                         node.prim == Erf || node.prim == Sin || node.prim == Cos || node.prim == Pow;
    sum += inlined ? 32 : node.prim == Cast ? 4 : node.prim == Arg || node.prim == Const ? 0 : 1;
  }
  return sum;
}

std::int64_t instructions(const Body& body, std::int64_t slots);

/// Of a vector loop: whole groups, then what remains.
std::int64_t instructions_of_strips(const Loop& loop) {
  const std::int64_t group = loop.step * loop.unroll;
  const std::int64_t rest =
      !loop.extent.constant() ? 2 : (loop.extent.value % group + loop.step - 1) / loop.step;
  const bool whole = !loop.extent.constant() || loop.extent.value >= group;
  return (whole ? instructions(loop.body, loop.unroll) : 0) + (rest > 0 ? instructions(loop.body, rest) : 0);
}

std::int64_t instructions(const Loop& loop, std::int64_t slots) {
  if (loop.kind == LoopKind::Vector) return 4 + instructions_of_strips(loop);
  if (loop.kind == LoopKind::Unrolled) return loop.extent.value * instructions(loop.body, slots);
  return 4 + instructions(loop.body, slots);
}

std::int64_t instructions(const Body& body, std::int64_t slots) {
  std::int64_t sum = 0;
  for (const Statement& statement : body)
    sum += support::match(
        statement.node, [&](const Loop& s) { return instructions(s, slots); },
        [&](const Apply& s) { return slots * (1 + instructions(s.fn)); },
        [&](const Update& s) { return slots * (1 + instructions(s.combine)); },
        [&](const Fold& s) { return 8 * (1 + instructions(s.combine)); },
        [](const Transpose& s) { return std::int64_t(8 + s.rows * s.cols * 5 / 8); },
        [&](const auto&) { return 2 * slots; });
  return sum;
}

std::int64_t instructions(const Program& program, std::size_t first_step) {
  std::int64_t sum = 0;
  for (std::size_t k = first_step; k < program.steps.size(); ++k)
    if (const auto* kernel = std::get_if<Kernel>(&program.steps[k])) sum += instructions(kernel->body, 1);
  return sum;
}

/// Steps from `first_step` on are the nest's: they become plain if they take more than their share of the
/// budget.
void limit(const Nest& nest, Plan& plan, std::size_t first_step, std::size_t first_buffer) {
  Program& program = plan.program;
  const std::int64_t wanted = instructions(program, first_step);
  if (wanted <= kSmall) return;
  const std::int64_t left =
      std::max<std::int64_t>(0, kBudget - plan.reserved - (instructions(program, 0) - wanted));
  if (wanted <= left / kShare) return;
  program.steps.erase(program.steps.begin() + std::ptrdiff_t(first_step), program.steps.end());
  program.buffers.erase(program.buffers.begin() + std::ptrdiff_t(first_buffer), program.buffers.end());
  schedule_plain(nest, plan);
  if (auto* kernel = std::get_if<Kernel>(&program.steps.back()))
    kernel->schedule += "\nplain, since its schedule would take " + std::to_string(wanted) +
                        " instructions, and " + std::to_string(left) + " of the program's " +
                        std::to_string(kBudget) + " are left for it and what follows";
}

}  // namespace

std::int64_t instructions(const Kernel& kernel) { return instructions(kernel.body, 1); }

std::int64_t affordable(const Plan& plan) {
  return std::max<std::int64_t>(0, kBudget - plan.reserved - instructions(plan.program, 0)) / kShare;
}

namespace {

void schedule_one(const Nest& nest, Plan& plan) {
  const std::size_t steps = plan.program.steps.size(), buffers = plan.program.buffers.size();
  for (const Choice& choice : kChoices) {
    if (!choice.matches(nest)) continue;
    choice.schedule(nest, plan);
    return limit(nest, plan, steps, buffers);
  }
}

bool streams(const Body& body) {
  return std::ranges::any_of(body, [](const Statement& statement) {
    return support::match(
        statement.node, [](const Store& s) { return s.streaming; }, [](const Transpose& s) { return s.streaming; },
        [](const Loop& s) { return streams(s.body); }, [](const auto&) { return false; });
  });
}

/// Stores past the caches want whole lines, which parameters do not promise: a kernel for those that are multiples of a line's elements, where it
/// makes a difference. What follows is for the others.
bool schedule_lined(const Nest& nest, Plan& plan) {
  constexpr std::int64_t kElements = 64;
  Nest lined = nest;
  std::vector<Kernel::Condition> only_if;
  const auto suppose = [&](Int& number) {
    if (number.constant() || number.value < kElements) return;  // too small to be one, as far as samples tell
    number.multiple = kElements;
    only_if.push_back({number.param, kElements});
  };
  suppose(lined.outputs[0].offset);
  for (Int& stride : lined.outputs[0].strides) suppose(stride);
  for (std::size_t a = 0; a < lined.axes.size(); ++a) {
    const auto runs_along = [&](const Access& access) { return access.strides[a].is(1); };
    if (runs_along(lined.outputs[0]) || std::ranges::any_of(lined.inputs, runs_along)) suppose(lined.axes[a].extent);
  }
  if (only_if.empty()) return false;
  Program& program = plan.program;
  const std::size_t steps = program.steps.size(), buffers = program.buffers.size();
  schedule_one(lined, plan);
  auto* kernel = program.steps.size() == steps + 1 ? std::get_if<Kernel>(&program.steps.back()) : nullptr;
  if (kernel == nullptr || !streams(kernel->body)) {
    program.steps.resize(steps);
    program.buffers.resize(buffers);
    return false;
  }
  kernel->only_if = std::move(only_if);
  kernel->schedule += "\nonly if what it wants to be multiples of " + std::to_string(kElements) + " are such";
  return true;
}

bool may_line(const Nest& nest, const Plan& plan) {
  return plan.dynamic && plan.bounded && (is_move(nest) || is_map(nest)) &&
         double(volume(nest)) * double(loops::size_of(nest.outputs[0].dtype)) > double(kStreamBytes);
}

}  // namespace

void schedule(const Nest& nest, Plan& plan) {
  const bool lined = may_line(nest, plan) && schedule_lined(nest, plan);
  schedule_one(nest, plan);
  if (!lined) return;
  if (auto* kernel = std::get_if<Kernel>(&plan.program.steps.back())) kernel->otherwise = true;
}

}  // namespace einx::detail::loops
