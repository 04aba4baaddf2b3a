// Files of functions: .einx (docs/functions.md) and .json. Data of large constants lies beside them, one .npy file each.
#pragma once
#include <einx/script.h>

#include <optional>
#include <string>
#include <vector>

#include "arguments.h"
#include "graph/graph.h"

namespace einx_command {

/// The functions of a .einx file that are no graphs, but a script (docs/scripts.md), whose data lies beside it as model.NAME.npy. Raises SyntaxError "script-text" with the
/// name of the file for a text that is neither.
std::optional<einx::Script> read_script(const std::string& path);
/// Every function of a file; a .json file has one. The data of a constant "c0" of model.einx is in model.c0.npy, or in the file c0 beside it. Raises ValueError
/// "bad-file", SyntaxError "graph-text" with the name of the file.
std::vector<einx::detail::graph::Graph> read_model(const std::string& path);
/// The functions that --function names, or all. Raises UsageError for a name that is not there.
std::vector<einx::detail::graph::Graph> chosen_functions(const Arguments& arguments);
/// The functions as text, or as JSON if the file is so called, and the data of their large constants beside it. Raises ValueError "bad-file".
void write_model(const std::string& path, const std::vector<einx::detail::graph::Graph>& functions);
/// Raises ValueError "bad-file".
void write_text(const std::string& path, const std::string& text);
/// "f(i0: f32[2, 3]) -> f32[2]"
std::string signature(const einx::detail::graph::Graph& graph);

}  // namespace einx_command
