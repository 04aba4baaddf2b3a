#include "model/session.h"

#include "model/advance.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

class Session {
 public:
  Session(Unit& unit, std::span<const Tensor> operands, Counters& counters) : unit_(unit), operands_(operands), counters_(counters) {}

  std::vector<Tensor> run() {
    Version* at = &unit_.entry();
    std::vector<Tensor> values = fixed_values(at->state);
    State state;  // where there is no version
    while (true) {
      if (!at) {
        Advanced advanced = advance(unit_.surroundings(), state, std::move(values));
        if (advanced.results) return std::move(*advanced.results);
        state = std::move(advanced.state), values = std::move(advanced.values);
        at = unit_.version(state, false);
        continue;
      }
      std::vector<Tensor> results;
      if (!run_block(*at, values, results)) {  // an operation failed: which one is found by running them one by one
        state = at->state, at = nullptr;
        continue;
      }
      Version& from = *at;
      const End& end = from.block.end;
      if (const auto* fail = std::get_if<Fail>(&end)) raise_at(*fail->error, fail->place, unit_.surroundings().program);
      if (const auto* finish = std::get_if<Finish>(&end)) return finished(*finish, values, results);
      if (const auto* look = std::get_if<Look>(&end)) {
        state = looked(*look, taken(look->value, {}, values, results));
        values = along(look->at, values, results);
        at = unit_.version(state, true);
        continue;
      }
      const auto* choose = std::get_if<Choose>(&end);
      const std::size_t way = choose && !truth(read_number(taken(choose->condition, {}, values, results))) ? 1 : 0;
      const Edge& edge = *from.edges()[way];
      values = along(edge, values, results);
      at = unit_.next(from, way);
      if (!at) state = edge.state;
    }
  }

 private:
  const Tensor& fixed(int index) {
    const auto k = std::size_t(index);
    if (k < operands_.size()) return operands_[k];
    if (k >= fixed_.size()) fixed_ = unit_.fixed();
    return fixed_.at(k);
  }
  std::vector<Tensor> fixed_values(const State& state) {
    std::vector<Tensor> values;
    for (const ValueState& value : state.values) values.push_back(fixed(value.fixed));
    return values;
  }
  Tensor taken(const Source& source, const graph::Type&, const std::vector<Tensor>& values, const std::vector<Tensor>& results) {
    switch (source.kind) {
      case Source::Kind::Param: return values.at(std::size_t(source.index));
      case Source::Kind::Result: return results.at(std::size_t(source.index));
      case Source::Kind::Fixed: return fixed(source.index);
      case Source::Kind::Number: return tensor_of(source.number);
    }
    support::internal_error("every value comes from somewhere");
  }
  std::vector<Tensor> along(const Edge& edge, const std::vector<Tensor>& values, const std::vector<Tensor>& results) {
    std::vector<Tensor> next;
    for (std::size_t k = 0; k < edge.values.size(); ++k)
      next.push_back(taken(edge.values[k], edge.state.values[k].type, values, results));
    return next;
  }

  /// False if an operation failed.
  bool run_block(Version& version, const std::vector<Tensor>& values, std::vector<Tensor>& results) {
    const api::Executable* executable = unit_.compile(version);
    if (!executable) return true;
    std::vector<Tensor> operands;
    for (const Source& source : version.block.parameters) operands.push_back(taken(source, {}, values, results));
    try {
      results = api::run(*executable, operands);
    } catch (const Error&) {
      return false;
    }
    counters_.kernels += executable->graph.nodes.size();
    return true;
  }

  /// Fresh tensors: what is an operand, a tensor of the program's, or stands twice among the results, is copied.
  std::vector<Tensor> finished(const Finish& finish, const std::vector<Tensor>& values, const std::vector<Tensor>& results) {
    std::vector<Tensor> made;
    std::vector<bool> given(results.size(), false);
    for (std::size_t k = 0; k < finish.values.size(); ++k) {
      const Source& source = finish.values[k];
      Tensor tensor = taken(source, finish.types[k], values, results);
      const bool ours = source.kind == Source::Kind::Number || (source.kind == Source::Kind::Result && !given[std::size_t(source.index)]);
      if (source.kind == Source::Kind::Result) given[std::size_t(source.index)] = true;
      made.push_back(ours ? std::move(tensor) : tensor.clone());
    }
    return made;
  }

  State looked(const Look& look, const Tensor& value) const {
    State state = look.at.state;
    FrameState& top = state.frames.back();
    try {
      top.slots[std::size_t(look.variable)].known = read_number(value);
    } catch (const Error& error) {
      raise_at(error, top.code->code[std::size_t(top.pc)].place, unit_.surroundings().program);
    }
    return state;
  }

  Unit& unit_;
  std::span<const Tensor> operands_;
  Counters& counters_;
  std::vector<Tensor> fixed_;
};

}  // namespace

std::vector<Tensor> run(Unit& unit, std::span<const Tensor> operands, Counters& counters) {
  return Session(unit, operands, counters).run();
}

}  // namespace einx::detail::model
