#include "script/same.h"

#include <cstring>
#include <map>

#include "support/support.h"

namespace same_programs {
namespace {

using namespace einx::detail::script;
namespace support = einx::detail::support;

/// Variables by the order in which they are met; constants by their bytes.
class Numbering {
 public:
  void add(Var& variable) { variable = numbers_.emplace(variable, Var(numbers_.size())).first->second; }
  void add(Argument& argument) {
    if (auto* variable = std::get_if<Var>(&argument)) add(*variable);
  }
  void add(Integer& integer) {
    if (auto* variable = std::get_if<Var>(&integer)) add(*variable);
  }
  template <class T>
  void add(std::vector<T>& all) {
    for (T& each : all) add(each);
  }
  void add(Statement& statement) {
    support::match(
        statement.node,
        [&](Call& call) {
          add(call.arguments);
          for (NamedSize& named : call.sizes)
            if (auto* size = std::get_if<Integer>(&named.size)) add(*size);
          add(call.results);
        },
        [&](Arrange& arrange) {
          add(arrange.arguments);
          for (auto& integer : arrange.integers)
            if (integer) add(*integer);
          add(arrange.result);
        },
        [&](Constant& constant) { add(constant.result); },
        [&](Parameter& parameter) { add(parameter.result); },
        [&](Invoke& invoke) { add(invoke.arguments), add(invoke.results); },
        [&](If& branch) { add(branch.condition), add(branch.then), add(branch.otherwise); },
        [&](While& loop) { add(loop.test), add(loop.condition), add(loop.body); },
        [&](For& loop) { add(loop.over), add(loop.item), add(loop.body); },
        [&](Return& result) { add(result.values); }, [&](Assume& assume) { add(assume.of); }, [](auto&) {});
  }
  void add(Function& function) {
    for (FunctionParameter& parameter : function.parameters) add(parameter.variable);
    add(function.sizes);
    add(function.body);
  }

 private:
  std::map<Var, Var> numbers_;
};

bool same(const einx::Tensor& a, const einx::Tensor& b) {
  const einx::Tensor left = a.clone(), right = b.clone();
  const bool alike = a.dtype() == b.dtype() && std::vector(a.shape().begin(), a.shape().end()) ==
                                                   std::vector(b.shape().begin(), b.shape().end());
  return alike && (a.size() == 0 || std::memcmp(left.data(), right.data(),
                                                std::size_t(a.size()) * einx::size_of(a.dtype())) == 0);
}

std::string difference(const Body& a, const Body& b);

std::string difference(const Statement& a, const Statement& b) {
  if (a.node.index() != b.node.index()) return "kinds of statements";
  return support::match(
      a.node,
      [&](const Constant& left) -> std::string {
        return same(left.data, std::get<Constant>(b.node).data) &&
                       left.result == std::get<Constant>(b.node).result
                   ? ""
                   : "constants";
      },
      [&](const If& left) {
        const auto& right = std::get<If>(b.node);
        return left.condition != right.condition
                   ? "conditions"
                   : difference(left.then, right.then) + difference(left.otherwise, right.otherwise);
      },
      [&](const While& left) {
        const auto& right = std::get<While>(b.node);
        return left.condition != right.condition
                   ? "conditions"
                   : difference(left.test, right.test) + difference(left.body, right.body);
      },
      [&](const For& left) {
        const auto& right = std::get<For>(b.node);
        const bool head = left.item == right.item && left.over == right.over && left.range == right.range;
        return head ? difference(left.body, right.body) : "loops";
      },
      [](const Break&) -> std::string { return ""; }, [](const Continue&) -> std::string { return ""; },
      [&](const Return& left) -> std::string {
        return left.values == std::get<Return>(b.node).values ? "" : "results";
      },
      [&](const auto& left) -> std::string {
        return left == std::get<std::decay_t<decltype(left)>>(b.node) ? "" : "statements of one kind";
      });
}

std::string difference(const Body& a, const Body& b) {
  if (a.size() != b.size()) return "lengths of bodies";
  for (std::size_t k = 0; k < a.size(); ++k)
    if (const std::string found = difference(a[k], b[k]); !found.empty())
      return found + " at line " + std::to_string(a[k].place.line);
  return "";
}

}  // namespace

std::string difference(const Program& a, const Program& b) {
  if (a.functions.size() != b.functions.size()) return "numbers of functions";
  for (std::size_t k = 0; k < a.functions.size(); ++k) {
    Function left = *std::get<FunctionPtr>(a.functions[k].second),
             right = *std::get<FunctionPtr>(b.functions[k].second);
    if (left.name != right.name || left.parameters.size() != right.parameters.size() ||
        left.results != right.results)
      return "signatures of " + left.name;
    for (std::size_t p = 0; p < left.parameters.size(); ++p)
      if (left.parameters[p].type != right.parameters[p].type) return "types of " + left.name;
    Numbering().add(left);
    Numbering().add(right);
    if (left.sizes != right.sizes) return "sizes of " + left.name;
    if (const std::string found = difference(left.body, right.body); !found.empty())
      return left.name + ": " + found;
  }
  return "";
}

}  // namespace same_programs
