#include "model/unit.h"

#include <algorithm>
#include <cstring>

#include "model/fragment.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

constexpr int kAtOnce =
    8;  ///< versions of a place that are made when they are first met; more only when met again
constexpr int kMostValues = 8;  ///< versions of a place for values that were looked at
constexpr std::size_t kMostSeen = 4096;
constexpr std::size_t kMostRecordings = 16;  ///< of a traced function that are tried for other types

bool same(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !std::ranges::equal(a.shape(), b.shape())) return false;
  if (a.data() == b.data()) return std::ranges::equal(a.strides(), b.strides());
  return a.contiguous() && b.contiguous() &&
         std::memcmp(a.data(), b.data(), std::size_t(a.size()) * size_of(a.dtype())) == 0;
}

}  // namespace

graph::Type type_of(const Tensor& tensor) {
  return graph::make_type(tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end()),
                          Shape(tensor.strides().begin(), tensor.strides().end()));
}

// ---------------------------------------------------------------- functions
LinearPtr Functions::find(const Surroundings& in, const std::string& name,
                          const std::vector<graph::Type>& types) {
  const std::lock_guard lock(mutex_);
  if (const auto known = written_.find(name); known != written_.end()) return known->second;
  const auto found =
      std::ranges::find(program_.functions, name, [](const auto& entry) { return entry.first; });
  if (found == program_.functions.end())
    support::raise<ValueError>(
        {.kind = "bad-parameter", .sentence = "The program has no function '" + name + "'."});
  if (const auto* written = std::get_if<script::FunctionPtr>(&found->second))
    return written_[name] = linearise(*written);
  for (const auto& [known, code] : traced_[name].by_types)
    if (known == types) return code;
  LinearPtr code = replay(in, traced_[name], types);
  if (!code) {
    code = linearise(std::get<script::Traceable>(found->second)(types));
    traced_[name].all.push_back(code);
  }
  traced_[name].by_types.emplace_back(types, code);
  return code;
}

/// A recording of straight-line code that runs to its end with these types.
LinearPtr Functions::replay(const Surroundings& in, const Traced& traced,
                            const std::vector<graph::Type>& types) const {
  const std::size_t tried = std::min(traced.all.size(), kMostRecordings);
  for (std::size_t k = 0; k < tried; ++k) {
    const LinearPtr& code = traced.all[traced.all.size() - 1 - k];
    const bool straight = std::ranges::all_of(code->code, [](const Instruction& next) {
      return std::holds_alternative<Write>(next.work) ||
             std::holds_alternative<const script::Return*>(next.work);
    });
    if (!straight || !script::bind(*code->function, types).problem.empty()) continue;
    Surroundings alone = in;
    alone.function = [&](const std::string&, const std::vector<graph::Type>&) { return code; };
    try {
      if (std::holds_alternative<Finish>(
              write_block(alone, entry_state(alone, code->function->name, types)).end))
        return code;
    } catch (const BrokenAssumption&) {  // its code must run again
    }
  }
  return nullptr;
}

// ---------------------------------------------------------------- versions
std::vector<const Edge*> Version::edges() const {
  if (const auto* go = std::get_if<Go>(&block.end)) return {&go->to};
  if (const auto* choose = std::get_if<Choose>(&block.end)) return {&choose->yes, &choose->no};
  if (const auto* look = std::get_if<Look>(&block.end)) return {&look->at};
  return {};
}

Unit::Unit(const script::Program& program, Functions& functions, const Options& options, Counters& counters,
           const std::string& function, std::vector<graph::Type> operands)
    : program_(program),
      options_(options),
      counters_(counters),
      operands_(std::move(operands)),
      surroundings_{program,
                    options.fold_constants,
                    [this, &functions](const std::string& name, const std::vector<graph::Type>& types) {
                      return functions.find(surroundings_, name, types);
                    },
                    [this](const Tensor& constant) { return fixed_constant(constant); },
                    [this](const std::string& name) { return fixed_tensor(name); },
                    [this](int fixed) {
                      const std::lock_guard lock(mutex_);
                      return fixed_.at(std::size_t(fixed)).type;
                    }} {
  for (const graph::Type& type : operands_) fixed_.push_back({type, {}, {}});
  auto version = std::make_unique<Version>();
  version->state = entry_state(surroundings_, function, operands_);
  entry_ = version.get();
  ++places_[place_of(version->state)].versions;
  versions_.emplace(key_of(entry_->state), std::move(version));
  ++counters_.signatures;
}

Unit::~Unit() = default;

const Fragment& Unit::fragment(Version& version) {
  if (const Fragment* known = version.fragment.load(std::memory_order_acquire)) return *known;
  const std::lock_guard lock(mutex_);
  if (const Fragment* known = version.fragment) return *known;
  fragments_.push_back(make_fragment(*this, version));
  version.fragment.store(fragments_.back().get(), std::memory_order_release);
  return *fragments_.back();
}

std::vector<Tensor> Unit::fixed() const {
  const std::lock_guard lock(mutex_);
  std::vector<Tensor> tensors;
  for (const Fixed& fixed : fixed_) {
    const auto now = std::ranges::find(program_.tensors, fixed.name, &std::pair<std::string, Tensor>::first);
    tensors.push_back(
        fixed.name.empty()
            ? fixed.tensor
            : now->second);  // of the same type: the signature has the types of the program's tensors
  }
  return tensors;
}

int Unit::program_tensor(std::size_t fixed) const {
  const std::lock_guard lock(mutex_);
  const std::string& name = fixed_.at(fixed).name;
  const auto found = std::ranges::find(program_.tensors, name, &std::pair<std::string, Tensor>::first);
  return name.empty() ? -1 : int(found - program_.tensors.begin());
}

int Unit::fixed_tensor(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(fixed_, name, &Fixed::name);
  if (known != fixed_.end()) return int(known - fixed_.begin());
  for (const auto& [given, tensor] : program_.tensors)
    if (given == name) fixed_.push_back({type_of(tensor), tensor, name});
  return int(fixed_.size()) - 1;
}

int Unit::fixed_constant(const Tensor& constant) {
  const std::lock_guard lock(mutex_);
  for (std::size_t k = operands_.size(); k < fixed_.size(); ++k)
    if (fixed_[k].name.empty() && same(fixed_[k].tensor, constant)) return int(k);
  fixed_.push_back({type_of(constant), constant, {}});
  return int(fixed_.size()) - 1;
}

Version* Unit::version(const State& state, bool looked) {
  const std::lock_guard lock(mutex_);
  std::string key = key_of(state);
  if (const auto known = versions_.find(key); known != versions_.end()) return known->second.get();
  Place& place = places_[place_of(state)];
  if (place.versions >= options_.max_versions || (looked && place.looked >= kMostValues)) return nullptr;
  if (place.versions >= kAtOnce) {
    if (seen_.size() > kMostSeen) seen_.clear();
    if (seen_.insert(std::hash<std::string>()(key)).second) return nullptr;
  }
  auto made = std::make_unique<Version>();
  made->state = state;
  ++place.versions;
  if (looked) ++place.looked, ++counters_.values;
  return versions_.emplace(std::move(key), std::move(made)).first->second.get();
}

Version* Unit::next(Version& from, std::size_t way) {
  if (Version* known = from.next[way].load(std::memory_order_acquire)) return known;
  Version* found = version(from.edges().at(way)->state, false);
  if (found) from.next[way].store(found, std::memory_order_release);
  return found;
}

Version* Unit::ahead(Version& from, std::size_t way, int most) {
  if (Version* known = from.next[way].load(std::memory_order_acquire)) return known;
  const std::lock_guard lock(mutex_);
  const State& state = from.edges().at(way)->state;
  const auto known = versions_.find(key_of(state));
  if (known == versions_.end() && places_[place_of(state)].versions >= most) return nullptr;
  return next(from, way);
}

void Unit::write(Version& version) {
  if (version.ready.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  if (version.ready) return;
  Block block = write_block(surroundings_, version.state);
  if (block.graph.results.empty())
    block.graph.nodes.clear();
  else
    block.graph = passes::optimize(graph::verified("block", std::move(block.graph)), options_.optimize);
  version.block = std::move(block);
  ++counters_.blocks;
  version.ready.store(true, std::memory_order_release);
}

const api::Executable* Unit::compile(Version& version) {
  write(version);
  if (!version.runs.load(std::memory_order_acquire)) {
    const std::lock_guard lock(mutex_);
    if (!version.executable && !version.block.graph.results.empty())
      version.executable = api::compile(version.block.graph);
    version.runs.store(true, std::memory_order_release);
  }
  return version.executable.get();
}

}  // namespace einx::detail::model
