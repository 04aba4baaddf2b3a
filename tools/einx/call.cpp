// einx OPERATION PATTERN OPERAND...: an operation on .npy files.
#include <iostream>

#include "commands.h"
#include "ops/ops.h"
#include "types.h"

namespace einx_command {
namespace {

constexpr const char* kHelp = R"help(einx OPERATION PATTERN OPERAND... [NAME=SIZE...] [-o FILE.npy]...

An operand is the path of an .npy file, a number (which takes the other operands' dtype), or ones, zeros or iota, which get the shape
that the pattern gives them. A size is an integer, or a list for an axis under an ellipsis: b=2,3. Reductions take keepdims=true.
Every -o (--output) takes one result, in order; without any, the results are printed in short form. --dialect einx-0.3, einops or einsum
reads the operation, its pattern and its parameters as that notation does.

  einx sum "b c [h w]" image.npy -o out.npy
  einx id "b (q + k) -> b q, b k" x.npy q=4 -o q.npy -o k.npy
  einx multiply "a b," x.npy 2
  einx dot "a [b], [b] c -> a c" x.npy iota c=8
  einx --dialect einx-0.3 dot "a [b->c]" x.npy w.npy
)help";

int help(const Arguments& arguments) {
  if (!arguments.words.empty() && arguments.values("--dialect").empty()) {
    const einx::detail::ops::Op& op = einx::detail::ops::get(arguments.words[0]);
    std::cout << op.name << ": " << op.summary << "\n\n";
  }
  std::cout << kHelp;
  return 0;
}

}  // namespace

int call(const Words& words) {
  const Arguments arguments = parse_arguments(words, {"--output", "--dialect"});
  if (arguments.help) return help(arguments);
  const Request request = read_request(arguments, add_operand);
  const std::vector<einx::Tensor> results = run(prepare(request, einx::Location::current()));
  const std::vector<std::string> files = arguments.values("--output");
  if (!files.empty() && files.size() != results.size())
    throw UsageError("there are " + std::to_string(results.size()) + " results, but " +
                     std::to_string(files.size()) + " files for them");
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (files.empty())
      std::cout << results[k].to_string() << "\n";
    else
      einx::save_npy(files[k], results[k]);
  }
  return 0;
}

}  // namespace einx_command
