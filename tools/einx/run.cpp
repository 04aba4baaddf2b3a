// einx run: a function of a file on .npy files.
#include <einx/saved.h>

#include <iostream>

#include "api/api.h"
#include "commands.h"
#include "model.h"
#include "support/support.h"
#include "types.h"

namespace einx_command {
namespace {

namespace graph = einx::detail::graph;
namespace support = einx::detail::support;

constexpr const char* kHelp = R"help(einx run MODEL OPERAND... [--function NAME] [-o FILE.npy]...

Runs the function of a file (.einx, .json, or .einxc of einx::save) on .npy files, numbers, or ones, zeros and iota, one for each parameter. Every -o (--output) takes
one result, in order; without any, the results are printed in short form. --function says which one, if the file has several; of scripts and saved programs the first
one runs where none is named.

  einx run model.einx x.npy y.npy -o z.npy
  einx run model.einx x.npy --function norm
)help";

graph::Graph only_function(const Arguments& arguments) {
  std::vector<graph::Graph> functions = chosen_functions(arguments);
  if (functions.size() == 1) return std::move(functions[0]);
  std::vector<std::string> names;
  for (const graph::Graph& function : functions) names.push_back(function.name);
  throw UsageError(arguments.words[0] + " has " + std::to_string(names.size()) + " functions, " + support::join(names, ", ") + ": --function says which to run");
}

/// A file in another order of elements is as good: its elements in the order that the function was made for.
einx::Tensor fitted(const einx::Tensor& tensor, const graph::Type& type) {
  const einx::Shape shape(tensor.shape().begin(), tensor.shape().end()), strides(tensor.strides().begin(), tensor.strides().end());
  const bool same = tensor.dtype() == type.dtype && shape == type.shape;
  return same && graph::make_type(type.dtype, shape, strides) != type ? tensor.clone() : tensor;
}

void add(OperandList& operands, const std::string& word, const graph::Type& type) {
  OperandList one;
  add_operand(one, word);
  const einx::Operand& given = one.view()[0];
  if (given.kind() == einx::Operand::Kind::Tensor) operands.add(fitted(given.tensor(), type));
  else add_operand(operands, word);
}

/// Prints results, or writes those that have a file.
void give(const std::vector<einx::Tensor>& results, const std::vector<std::string>& files) {
  if (!files.empty() && files.size() != results.size())
    throw UsageError("there are " + std::to_string(results.size()) + " results, but " + std::to_string(files.size()) + " files for them");
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (files.empty()) std::cout << results[k].to_string() << "\n";
    else einx::save_npy(files[k], results[k]);
  }
}

/// A script, or a file of einx::save: shapes are not known before it is called.
template <class Program>
int run_program(const Arguments& arguments, const Program& program, const std::vector<std::string>& functions) {
  const std::vector<std::string> named = arguments.values("--function");
  OperandList operands;
  for (std::size_t k = 1; k < arguments.words.size(); ++k) add_operand(operands, arguments.words[k]);
  give(program.run(named.empty() ? functions.front() : named.back(), operands.view()), arguments.values("--output"));
  return 0;
}

}  // namespace

int run_model(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--output", "--function"});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (arguments.words.empty() || !arguments.settings.empty()) throw UsageError("einx run takes a file and the operands of its function");
  const std::string& path = arguments.words[0];
  if (path.ends_with(".einxc")) {
    const einx::Saved saved = einx::load(path);
    return run_program(arguments, saved, saved.entries());
  }
  if (const std::optional<einx::Script> script = read_script(path)) return run_program(arguments, *script, script->functions());
  const graph::Graph function = only_function(arguments);
  const std::size_t given = arguments.words.size() - 1;
  if (given != function.parameters.size())
    throw UsageError(signature(function) + " takes " + std::to_string(function.parameters.size()) + " operands, not " + std::to_string(given));
  const std::vector<std::string> files = arguments.values("--output");
  if (!files.empty() && files.size() != function.results.size())
    throw UsageError(signature(function) + " has " + std::to_string(function.results.size()) + " results, but there are " + std::to_string(files.size()) +
                     " files for them");
  OperandList operands;
  for (std::size_t k = 0; k < given; ++k)
    add(operands, arguments.words[k + 1], function.values[std::size_t(function.parameters[k].value)].type);
  const std::vector<einx::Tensor> results = einx::detail::api::make_public(function).run(operands.view());
  give(results, files);
  return 0;
}

}  // namespace einx_command
