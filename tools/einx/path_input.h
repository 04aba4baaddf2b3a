// What `einx path` reads: equations with shapes, networks as JSON. Both raise UsageError for what makes no
// sense.
#pragma once
#include <einx/paths.h>

#include <map>
#include <string>
#include <vector>

namespace einx_command {

/// "2,100" or "(2, 100)"; "" and "()" for a scalar.
einx::Shape read_shape(const std::string& word);

/// {"inputs": [[label, ...], ...], "output": [...], "size_dict": {...}}; labels are strings or integers.
struct NetworkFile {
  einx::TensorNetwork network;
  std::map<std::string, std::string> names;  ///< of the labels by their numbers' texts, as JSON
};
/// `name`: of the file, for messages.
NetworkFile read_network(const std::string& text, const std::string& name);

}  // namespace einx_command
