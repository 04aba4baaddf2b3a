// The commands behind `einx`: each takes the words after its name and returns the exit status. They raise
// UsageError and einx::Error.
#pragma once
#include <string>
#include <vector>

namespace einx_command {

using Words = std::vector<std::string>;

int call(const Words& words);     ///< an operation on files; the operation is the first word
int explain(const Words& words);  ///< what a call becomes, stage by stage
int bench(const Words& words);    ///< how long its stages, a cached call and its kernel take
int first_calls(const std::string& cases);  ///< bench --first-call: where the time of first calls goes
int eval(const Words& words);     ///< JSON cases in, JSON results out
int optimize(const Words& words);   ///< functions of a file, simplified
int compile(const Words& words);    ///< functions of a file as machine code
int run_model(const Words& words);  ///< a function of a file on files
int cache(const Words& words);    ///< the folder of compiled kernels
int path(const Words& words);     ///< in which order an einsum is best contracted
int list_operations(const Words& words);
int list_environment(const Words& words);

}  // namespace einx_command
