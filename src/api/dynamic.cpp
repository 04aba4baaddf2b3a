// Kernels that several sizes share: made of the last samples of a site, then only numbers are put in.
#include "api/dynamic.h"

#include <algorithm>
#include <unordered_map>

#include "api/operands.h"
#include "cache/cache.h"
#include "codegen/codegen.h"
#include "support/support.h"

namespace einx::detail::api {

ExecutablePtr Sizes::instance(const graph::Graph& graph) const {
  std::vector<std::shared_ptr<const Shared>> kernels;
  {
    const std::lock_guard lock(mutex_);
    kernels = kernels_;
  }
  for (const auto& shared : kernels) {
    const std::optional<loops::Program> program = loops::instantiate(shared->common, graph);
    if (!program) continue;
    std::call_once(shared->once, [&] { shared->code = codegen::compile(shared->common.program, codegen::host_target()); });
    ++dynamic_count();
    return bound(graph, *program, codegen::rebind(shared->code, *program));
  }
  return nullptr;
}

bool Sizes::add(const graph::Graph& graph, std::int64_t after) {
  const std::lock_guard lock(mutex_);
  if (kernels_.size() >= kMostKernels) return false;
  samples_.push_back(graph);
  if (std::int64_t(samples_.size()) > after) samples_.pop_front();
  if (++tried_ < after) return false;
  tried_ = 0;  // where these have nothing in common, others may have
  const std::vector<graph::Graph> samples(samples_.begin(), samples_.end());
  std::optional<loops::Template> common = loops::generalise(samples, codegen::host_target().machine);
  if (!common || !loops::instantiate(*common, graph)) return false;
  auto shared = std::make_shared<Shared>();
  shared->common = std::move(*common);
  kernels_.push_back(std::move(shared));
  samples_.clear();
  return true;
}

bool Sizes::fits(const graph::Graph& graph) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(kernels_, [&](const auto& shared) { return loops::instantiate(shared->common, graph).has_value(); });
}

bool Sizes::has_kernels() const {
  const std::lock_guard lock(mutex_);
  return !kernels_.empty();
}

ExecutablePtr compile_among(Sizes& sizes, graph::Graph graph, const Location& site, std::string_view op) {
  const std::int64_t after = dynamic_after();
  if (after > 0 && sizes.add(graph, after)) {
    cache::retraces().dynamic(site, op, std::uint64_t(after));
    if (ExecutablePtr made = sizes.instance(graph)) return made;
  }
  return compile_as_it_is(std::move(graph));
}

namespace {

/// What stays equal where only sizes differ.
std::string kind_of(const Location& site, const trace::Call& call) {
  cache::KeyBuilder key;
  key.text(site.file_name());
  key.number(site.line());
  key.number(site.column());
  key.text(call.op->name);
  key.text(call.pattern);
  key.text(call.function);
  key.byte(static_cast<std::uint8_t>(call.dialect) << 1 | call.keepdims);
  for (const auto& [name, values] : call.attributes) {
    key.text(name);
    key.numbers(values);
  }
  for (const notation::Constraint& constraint : call.constraints) {
    key.text(constraint.name);
    key.numbers(constraint.dims);
  }
  for (const trace::Operand& operand : call.operands) {
    key.byte(static_cast<std::uint8_t>(operand.kind));
    key.byte(static_cast<std::uint8_t>(operand.type.dtype));
    key.number(std::int64_t(operand.type.shape.size()));
    key.byte(operand.type == graph::make_type(operand.type.dtype, operand.type.shape));  // row-major
  }
  return std::string(key.view().bytes);
}

struct Sites {
  static constexpr std::size_t kMost = 4096;
  std::mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<Sizes>> all;
};

}  // namespace

std::shared_ptr<Sizes> sizes_of(const Location& site, const trace::Call& call) {
  if (dynamic_after() == 0) return nullptr;
  static support::Immortal<Sites> sites;
  const std::string kind = kind_of(site, call);
  const std::lock_guard lock(sites.value.mutex);
  if (sites.value.all.size() >= Sites::kMost) sites.value.all.clear();
  std::shared_ptr<Sizes>& found = sites.value.all[kind];
  if (!found) found = std::make_shared<Sizes>();
  return found;
}

std::atomic<std::uint64_t>& dynamic_count() {
  static std::atomic<std::uint64_t> count = 0;
  return count;
}

std::atomic<std::int64_t>& wanted_after() {
  static std::atomic<std::int64_t> after = support::environment().dynamic_after;
  return after;
}

std::int64_t dynamic_after() {
  const std::int64_t after = wanted_after();
  return after <= 0 || !support::environment().jit ? 0 : std::max<std::int64_t>(after, 2);
}

}  // namespace einx::detail::api

namespace einx {

void set_dynamic_after(std::int64_t signatures) { detail::api::wanted_after() = signatures; }

}  // namespace einx
