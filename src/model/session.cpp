#include "model/session.h"

#include <array>
#include <cstring>

#include "model/advance.h"
#include "model/fragment.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::model {
namespace {

/// Room for a few without allocation.
template <class T>
class Room {
 public:
  explicit Room(std::size_t count) {
    if (count > few_.size()) many_.resize(count);
    data_ = count > few_.size() ? many_.data() : few_.data();
  }
  Room(const Room&) = delete;
  T& operator[](std::size_t k) { return data_[k]; }
  T* data() { return data_; }

 private:
  std::array<T, 16> few_;
  std::vector<T> many_;
  T* data_;
};

class Session {
 public:
  Session(Unit& unit, std::span<const Tensor> operands, Counters& counters)
      : unit_(unit), operands_(operands), counters_(counters) {}

  std::vector<Tensor> run() {
    Version* at = &unit_.entry();
    for (const ValueState& value : at->state.values) values_.push_back(fixed(value.fixed));
    State state;  // where there is no version
    while (true) {
      if (!at) {
        Advanced advanced = advance(unit_.surroundings(), state, std::move(values_));
        if (advanced.results) return std::move(*advanced.results);
        state = std::move(advanced.state), values_ = std::move(advanced.values);
        at = unit_.version(state, false);
        continue;
      }
      const Exit exit = follow(*at);
      Version& from = *exit.version;
      at = nullptr;
      switch (exit.kind) {
        case Exit::Kind::Finish:
          return std::move(values_);
        case Exit::Kind::Fail: {
          const Fail& fail = std::get<Fail>(from.block.end);
          raise_at(*fail.error, fail.place, unit_.surroundings().program);
        }
        case Exit::Kind::Stopped:
          state = from.state;
          break;  // which operation failed is found by running them one by one
        case Exit::Kind::Look:
          state = looked(std::get<Look>(from.block.end), values_.front());
          values_.erase(values_.begin());
          at = unit_.version(state, true);
          break;
        case Exit::Kind::Way:
          at = unit_.next(from, exit.way);
          if (!at) state = from.edges()[exit.way]->state;
      }
    }
  }

 private:
  const Tensor& fixed(int index) {
    const auto k = std::size_t(index);
    if (k < operands_.size()) return operands_[k];
    if (k >= fixed_.size()) fixed_ = unit_.fixed();
    return fixed_.at(k);
  }

  /// Runs from a version on. What the exit hands out is in values_: of a way's state, what was looked at
  /// before those, results, or the version's own values.
  Exit follow(Version& version) {
    const Fragment& fragment = unit_.fragment(version);
    if (!fragment.code) return run_block(version);
    Room<const void*> addresses(fragment.fixed.size());
    const auto& tensors = unit_.surroundings().program.tensors;
    for (std::size_t k = 0; k < fragment.fixed.size(); ++k) {
      const auto& [program, constant] = fragment.fixed[k];
      addresses[k] = k < operands_.size() ? operands_[k].data()
                     : program >= 0       ? tensors[std::size_t(program)].second.data()
                                          : constant.data();
    }
    Room<codegen::FlowCell> cells(fragment.code->cells());
    for (std::size_t k = 0; k < values_.size(); ++k)
      if (version.state.values[k].fixed < 0) cells[k] = cell_of(values_[k]);
    std::uint64_t kernels = 0;
    const int number = fragment.code->run(addresses.data(), cells.data(), &kernels);
    counters_.kernels.fetch_add(kernels, std::memory_order_relaxed);
    if (number < 0)
      support::raise<CallOperationError>(
          {.kind = "runtime", .sentence = "There is not enough memory to run this function."});
    const Exit exit = fragment.exits.at(std::size_t(number));
    take(exit, cells);
    return exit;
  }

  static codegen::FlowCell cell_of(const Tensor& tensor) {
    codegen::FlowCell cell{tensor.data(), nullptr};
    if (tensor.rank() == 0) std::memcpy(&cell.data, tensor.data(), size_of(tensor.dtype()));
    return cell;
  }

  // ---------------------------------------------------------------- what comes out of generated code
  void take(const Exit& exit, Room<codegen::FlowCell>& cells) {
    const Version& from = *exit.version;
    std::vector<Tensor> values;
    const auto add = [&](const Source& source, const graph::Type& type, bool fresh) {
      const std::size_t k = values.size();
      if (source.kind == Source::Kind::Fixed)
        values.push_back(fresh ? fixed(source.index).clone() : fixed(source.index));
      else if (source.kind == Source::Kind::Number)
        values.push_back(tensor_of(source.number));
      else
        values.push_back(tensor_in(cells[k], type, fresh));
    };
    const auto all = [&](const Edge& edge) {
      for (std::size_t k = 0; k < edge.values.size(); ++k)
        add(edge.values[k], edge.state.values[k].type, false);
    };
    switch (exit.kind) {
      case Exit::Kind::Fail:
        break;
      case Exit::Kind::Way:
        all(*from.edges()[exit.way]);
        break;
      case Exit::Kind::Finish: {
        const auto& finish = std::get<Finish>(from.block.end);
        for (std::size_t k = 0; k < finish.values.size(); ++k) add(finish.values[k], finish.types[k], true);
        break;
      }
      case Exit::Kind::Look: {
        const auto& look = std::get<Look>(from.block.end);
        add(look.value, look_type(from, look), false);
        all(look.at);
        break;
      }
      case Exit::Kind::Stopped:
        for (std::size_t k = 0; k < from.state.values.size(); ++k) {
          const ValueState& value = from.state.values[k];
          add({value.fixed >= 0 ? Source::Kind::Fixed : Source::Kind::Param, value.fixed, {}}, value.type,
              false);
        }
    }
    values_ = std::move(values);
  }
  static graph::Type look_type(const Version& from, const Look& look) {
    if (look.value.kind == Source::Kind::Param)
      return from.state.values.at(std::size_t(look.value.index)).type;
    if (look.value.kind != Source::Kind::Result) return {};
    const graph::Graph& graph = from.block.graph;
    return graph.values.at(std::size_t(graph.results.at(std::size_t(look.value.index)))).type;
  }
  /// Memory that is not ours is an operand, a tensor of the program's, or what this session gave to the code
  /// or has taken from it already.
  Tensor tensor_in(const codegen::FlowCell& cell, const graph::Type& type, bool fresh) {
    if (type.shape.empty()) {
      Tensor number = Tensor::empty(type.shape, type.dtype);
      std::memcpy(number.data(), &cell.data, size_of(type.dtype));
      return number;
    }
    if (cell.owned) return tensor::adopt(cell.owned, type.shape, type.dtype);
    if (!fresh)
      for (const Tensor& known : values_)
        if (known.data() == cell.data && type_of(known) == type) return known;
    const Tensor view = Tensor::view(cell.data, type.dtype, type.shape, type.strides);
    if (fresh) return view.clone();
    for (const Tensor& operand : operands_)
      if (operand.data() == cell.data) return view;
    for (const Tensor& known : fixed_)
      if (known.data() == cell.data) return view;
    return view.clone();
  }

  // ---------------------------------------------------------------- block by block
  Tensor taken(const Source& source, const std::vector<Tensor>& results) {
    switch (source.kind) {
      case Source::Kind::Param:
        return values_.at(std::size_t(source.index));
      case Source::Kind::Result:
        return results.at(std::size_t(source.index));
      case Source::Kind::Fixed:
        return fixed(source.index);
      case Source::Kind::Number:
        return tensor_of(source.number);
    }
    support::internal_error("every value comes from somewhere");
  }
  std::vector<Tensor> all_taken(const std::vector<Source>& sources, const std::vector<Tensor>& results) {
    std::vector<Tensor> tensors;
    for (const Source& source : sources) tensors.push_back(taken(source, results));
    return tensors;
  }

  Exit run_block(Version& version) {
    std::vector<Tensor> results;
    if (const api::Executable* executable = unit_.compile(version)) {
      try {
        results = api::run(*executable, all_taken(version.block.parameters, results));
      } catch (const Error&) {
        return {&version, Exit::Kind::Stopped, 0};
      }
      counters_.kernels += executable->graph.nodes.size();
    }
    Exit exit{&version, Exit::Kind::Way, 0};
    support::match(
        version.block.end,  //
        [&](const Go& go) { values_ = all_taken(go.to.values, results); },
        [&](const Choose& choose) {
          exit.way = truth(read_number(taken(choose.condition, results))) ? 0 : 1;
          values_ = all_taken(version.edges()[exit.way]->values, results);
        },
        [&](const Look& look) {
          exit.kind = Exit::Kind::Look;
          std::vector<Tensor> values = all_taken(look.at.values, results);
          values.insert(values.begin(), taken(look.value, results));
          values_ = std::move(values);
        },
        [&](const Finish& finish) {
          exit.kind = Exit::Kind::Finish;
          std::vector<Tensor> values = all_taken(finish.values, results);
          for (Tensor& value : values) value = value.clone();
          values_ = std::move(values);
        },
        [&](const Fail&) { exit.kind = Exit::Kind::Fail; });
    return exit;
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
  std::vector<Tensor> values_, fixed_;
};

}  // namespace

std::vector<Tensor> run(Unit& unit, std::span<const Tensor> operands, Counters& counters) {
  return Session(unit, operands, counters).run();
}

}  // namespace einx::detail::model
