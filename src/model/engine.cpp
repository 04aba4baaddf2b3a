// Programs as users hold them: signatures by the types of operands.
#include <algorithm>

#include "api/tracing.h"
#include "cache/cache.h"
#include "model/model.h"
#include "model/session.h"
#include "model/write.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

constexpr std::int64_t kMostSignatures = 1024;

}  // namespace

struct Engine::Impl {
  Impl(ProgramPtr given, EngineOptions wanted)
      : program(std::move(given)),
        options(std::move(wanted)),
        functions(*program),
        units(-1, kMostSignatures) {}

  const ProgramPtr program;
  const EngineOptions options;
  mutable Functions functions;
  mutable Counters counters;
  mutable cache::Table units;

  std::shared_ptr<Unit> make(const std::string& function, std::vector<graph::Type> types) const {
    const Unit::Options wanted{passes_of(options.optimize), options.fold_constants, options.max_versions};
    return std::make_shared<Unit>(*program, functions, wanted, counters, function, std::move(types));
  }
  static passes::OptimizeOptions passes_of(const OptimizeOptions& options) {
    return api::optimize_options(options);
  }

  /// The signature's unit, made if this is its first call.
  template <class TypesOf, class Write>
  std::shared_ptr<Unit> unit(std::string_view function, const Write& write, const TypesOf& types) const {
    thread_local cache::KeyBuilder builder;
    builder.clear();
    builder.text(function);
    for (const auto& [name, tensor] : program->tensors) {  // they may be others than at the last call
      builder.tensor(tensor.dtype(), tensor.shape(), tensor.strides());
      if (options.fold_constants)
        builder.number(std::int64_t(reinterpret_cast<std::intptr_t>(tensor.data())));
    }
    write(builder);
    const cache::KeyView view = builder.view();
    if (const cache::Table::Entry found = units.find(view)) return as_unit(found);
    const std::string bytes(view.bytes), name(function);
    return as_unit(
        units.find_or_make({bytes, view.hash}, [&]() -> cache::Table::Entry { return make(name, types()); }));
  }
  static std::shared_ptr<Unit> as_unit(const cache::Table::Entry& entry) {
    return std::const_pointer_cast<Unit>(std::static_pointer_cast<const Unit>(entry));
  }
};

Engine::Engine(ProgramPtr program, EngineOptions options)
    : impl_(std::make_unique<Impl>(std::move(program), std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;

const script::Program& Engine::program() const { return *impl_->program; }

std::vector<Tensor> Engine::run(std::string_view function, std::span<const Tensor> operands) const {
  try {
    return run_assuming(function, operands);
  } catch (const BrokenAssumption&) {
    wrong_signature(
        "Code of " + std::string(function) +
        " was traced for values of other types than it gets here, and looked at their sizes while it was.");
  }
}

std::vector<Tensor> Engine::run_assuming(std::string_view function, std::span<const Tensor> operands) const {
  for (const Tensor& operand : operands)
    if (!operand.defined())
      support::raise<TypeError>(
          {.kind = "operand-kind",
           .sentence = "An undefined tensor was given to " + std::string(function) + "."});
  if (!impl_->options.jit || !support::environment().jit)
    return interpret(*impl_->program, function, operands);
  const auto write = [&](cache::KeyBuilder& key) {
    for (const Tensor& operand : operands) key.tensor(operand.dtype(), operand.shape(), operand.strides());
  };
  const auto types = [&] {
    std::vector<graph::Type> all;
    for (const Tensor& operand : operands) all.push_back(type_of(operand));
    return all;
  };
  return model::run(*impl_->unit(function, write, types), operands, impl_->counters);
}

Engine::Counts Engine::counts() const {
  const Counters& counters = impl_->counters;
  return {counters.signatures, counters.blocks, counters.kernels, counters.values};
}

namespace {

std::string text(const Source& source) {
  switch (source.kind) {
    case Source::Kind::Param:
      return "v" + std::to_string(source.index);
    case Source::Kind::Result:
      return "r" + std::to_string(source.index);
    case Source::Kind::Fixed:
      return "fixed #" + std::to_string(source.index);
    case Source::Kind::Number:
      return std::visit([](auto number) { return std::to_string(number); }, source.number);
  }
  return "";
}
std::string text(const std::vector<Source>& sources) {
  std::vector<std::string> all;
  for (const Source& source : sources) all.push_back(text(source));
  return "(" + support::join(all, ", ") + ")";
}

/// Blocks in the order in which they are met, as far as they follow from types.
class Listing {
 public:
  explicit Listing(Unit& unit) : unit_(unit) {}

  std::string all() {
    name(&unit_.entry());
    std::string out;
    for (std::size_t k = 0; k < order_.size() && k < kMost; ++k) out += block(*order_[k]);
    return out;
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::string name(Version* version) {
    if (!version) return "(not made)";
    auto found = std::ranges::find(order_, version);
    if (found == order_.end()) found = order_.insert(order_.end(), version);
    return "block " + std::to_string(found - order_.begin());
  }
  std::string way(Version& from, std::size_t k) {
    return name(unit_.ahead(from, k, kAhead)) + text(from.edges()[k]->values);
  }
  std::string end(Version& version) {
    return support::match(
        version.block.end,  //
        [&](const Go&) { return "go to " + way(version, 0); },
        [&](const Choose& choose) {
          return "if " + text(choose.condition) + " go to " + way(version, 0) + " else " + way(version, 1);
        },
        [&](const Look& look) {
          const FrameState& top = look.at.state.top();
          return "look at " + top.code->names[std::size_t(look.variable)] + " = " + text(look.value);
        },
        [&](const Finish& finish) { return "return " + text(finish.values); },
        [&](const Fail& fail) {
          return "raise " + std::string(fail.error->class_name()) + " " + std::string(fail.error->kind());
        });
  }
  std::string block(Version& version) {
    unit_.write(version);
    std::string out = name(&version) + ": " + model::text(version.state) + "\n";
    if (!version.block.graph.nodes.empty()) out += graph::text(version.block.graph);
    return out + "  " + end(version) + "\n";
  }

  static constexpr int kAhead = 4;
  Unit& unit_;
  std::vector<Version*> order_;
};

}  // namespace

std::string Engine::text(std::string_view function, std::span<const Spec> specs) const {
  std::vector<graph::Type> types;
  for (const Spec& spec : specs) types.push_back(api::type_of(spec, "#" + std::to_string(types.size() + 1)));
  const auto write = [&](cache::KeyBuilder& key) {
    for (const graph::Type& type : types) key.tensor(type.dtype, type.shape, type.strides);
  };
  return Listing(*impl_->unit(function, write, [&] { return types; })).all();
}

}  // namespace einx::detail::model
