#include "model/fragment.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "loops/flow.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

using loops::Flow;

constexpr std::size_t kMostBlocks = 48;
constexpr std::size_t kMostSteps = 160;
constexpr int kAhead = 4;  ///< versions of a place that are made before anybody has come there

tensor::Scalar scalar_of(const script::Number& number) {
  if (const auto* truth = std::get_if<bool>(&number))
    return tensor::convert(tensor::make_scalar(std::int64_t(*truth), DType::i64), DType::boolean);
  if (const auto* whole = std::get_if<std::int64_t>(&number)) return tensor::make_scalar(*whole, DType::i64);
  return tensor::make_scalar(std::get<double>(number), DType::f64);
}

Flow::Source source_of(const Source& source) {
  using To = Flow::Source::Kind;
  switch (source.kind) {
    case Source::Kind::Param:
      return {To::Param, source.index, {}};
    case Source::Kind::Result:
      return {To::Result, source.index, {}};
    case Source::Kind::Fixed:
      return {To::Fixed, source.index, {}};
    case Source::Kind::Number:
      return {To::Number, -1, scalar_of(source.number)};
  }
  support::internal_error("every value comes from somewhere");
}

class Explorer {
 public:
  explicit Explorer(Unit& unit) : unit_(unit) {}

  Flow run(Version& root, std::vector<Exit>& exits) {
    exits_ = &exits;
    versions_.push_back(&root);
    for (std::size_t k = 0; k < versions_.size(); ++k) flow_.blocks.push_back(block(*versions_[k]));
    flow_.exits = int(exits.size());
    return std::move(flow_);
  }

 private:
  int exit(Exit made) {
    exits_->push_back(made);
    return int(exits_->size()) - 1;
  }

  Flow::Block block(Version& version) {
    unit_.write(version);
    const Block& from = version.block;
    Flow::Block made;
    for (const ValueState& value : version.state.values)
      made.params.push_back({value.type, value.fixed >= 0});
    for (const Source& source : from.parameters) made.inputs.push_back(source_of(source));
    if (!from.graph.results.empty()) made.program = loops::lower(from.graph, codegen::host_target().machine);
    steps_ += made.program.steps.size();
    made.fails = !made.program.empty_reduction.empty();
    made.failed = exit({&version, Exit::Kind::Stopped, 0});
    support::match(
        from.end,  //
        [&](const Go&) { made.yes = way(version, 0); },
        [&](const Choose& choose) {
          made.branches = true;
          made.condition = source_of(choose.condition);
          made.yes = way(version, 0), made.no = way(version, 1);
        },
        [&](const Look& look) {
          made.yes = edge(look.at);
          made.yes.values.insert(made.yes.values.begin(), source_of(look.value));
          made.yes.types.insert(made.yes.types.begin(), type_of(version, look.value));
          made.yes.exit = exit({&version, Exit::Kind::Look, 0});
        },
        [&](const Finish& finish) {
          for (const Source& source : finish.values) made.yes.values.push_back(source_of(source));
          made.yes.types = finish.types;
          made.yes.exit = exit({&version, Exit::Kind::Finish, 0});
        },
        [&](const Fail&) {
          made.yes.exit = exit({&version, Exit::Kind::Fail, 0});
        });
    return made;
  }

  static graph::Type type_of(const Version& version, const Source& source) {
    const graph::Graph& graph = version.block.graph;
    if (source.kind == Source::Kind::Param) return version.state.values.at(std::size_t(source.index)).type;
    if (source.kind == Source::Kind::Result)
      return graph.values.at(std::size_t(graph.results.at(std::size_t(source.index)))).type;
    return {};
  }

  static Flow::Way edge(const Edge& from) {
    Flow::Way made;
    for (const Source& source : from.values) made.values.push_back(source_of(source));
    for (const ValueState& value : from.state.values) made.types.push_back(value.type);
    return made;
  }
  Flow::Way way(Version& from, std::size_t number) {
    Flow::Way made = edge(*from.edges()[number]);
    const bool room = versions_.size() < kMostBlocks && steps_ < kMostSteps;
    Version* to = unit_.ahead(from, number, room ? kAhead : 0);
    auto known = std::ranges::find(versions_, to);
    if (to && room && known == versions_.end()) known = versions_.insert(versions_.end(), to);
    if (to && known != versions_.end())
      made.block = int(known - versions_.begin());
    else
      made.exit = exit({&from, Exit::Kind::Way, number});
    return made;
  }

  Unit& unit_;
  Flow flow_;
  std::vector<Exit>* exits_ = nullptr;
  std::vector<Version*> versions_;
  std::size_t steps_ = 0;
};

}  // namespace

namespace {

/// EINX_DUMP: the driver as it was generated.
std::shared_ptr<const codegen::FlowCode> compiled(const Flow& flow) {
  const std::filesystem::path folder = support::environment().dump;
  if (folder.empty()) return codegen::compile(flow, codegen::host_target());
  static std::atomic<int> count = 0;
  codegen::Listing listing;
  auto code = codegen::compile(flow, codegen::host_target(), &listing);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  const std::string stem = (folder / ("flow" + std::to_string(count++))).string();
  std::ofstream(stem + ".ll") << listing.llvm_ir;
  std::ofstream(stem + ".s") << listing.assembly;
  return code;
}

}  // namespace

std::unique_ptr<Fragment> make_fragment(Unit& unit, Version& root) {
  auto made = std::make_unique<Fragment>();
  const Flow flow = Explorer(unit).run(root, made->exits);
  for (const Tensor& tensor : unit.fixed()) {
    const int program = unit.program_tensor(made->fixed.size());
    made->fixed.push_back({program, program < 0 ? tensor : Tensor()});
  }
  made->blocks = flow.blocks.size();
  try {
    made->code = compiled(flow);
  } catch (
      const InternalError& error) {  // beyond the budget for generated code: block by block, each has its own
    if (std::string_view(error.what()).find("instruction budget") == std::string_view::npos) throw;
  }
  return made;
}

std::string listing(Unit& unit, Version& root) {
  const std::lock_guard lock(unit.mutex());
  std::vector<Exit> exits;
  const Flow flow = Explorer(unit).run(root, exits);
  std::string out;
  for (std::size_t k = 0; k < flow.blocks.size(); ++k) {
    const loops::Program& program = flow.blocks[k].program;
    const auto small = std::ranges::count_if(program.steps, loops::is_small);
    out += "block " + std::to_string(k) + ": " + std::to_string(small) + " kernels in the driver, " +
           std::to_string(std::int64_t(program.steps.size()) - small) + " called\n" +
           (program.steps.empty() ? "" : loops::text(program));
  }
  return out;
}

}  // namespace einx::detail::model
