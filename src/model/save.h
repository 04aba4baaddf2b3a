// Programs as files: what save and load (include/einx/saved.h) are made of. Private to the model layer and its tests.
#pragma once
#include <einx/saved.h>

#include <string>
#include <string_view>
#include <vector>

#include "script/script.h"

namespace einx::detail::model {

/// C++ code as far as it is known: what a function wrote down for operands of these types. Other sizes use it as long as its Assume statements hold.
struct Trace {
  std::string function;
  std::vector<graph::Type> types;
  script::FunctionPtr recorded;
};

/// Everything that a file holds.
struct SavedProgram {
  script::Program program;           ///< functions that are C++ (Traceable) are only named
  std::vector<Trace> traces;         ///< of those
  std::vector<std::string> entries;  ///< the functions to be called from outside; the first one is meant where none is named
  OptimizeOptions optimize;
  bool fold_constants = false;
  std::string guards;  ///< what the traces have assumed, to be read
};

/// The bytes of a file: a header (magic, format, length, XXH3 128-bit checksum of all the rest) and the values.
std::string encode(const SavedProgram& saved);
/// Raises ValueError "bad-file" with `path` for bytes that are no such file, damaged, of another format, or whose program breaks a rule.
SavedProgram decode(std::string_view bytes, const std::string& path);

/// The program with functions for the traces: each gives what was recorded for the types, for the same ranks and dtypes if nothing was recorded for the sizes; ValueError
/// "script-signature" if there is none.
script::Program runnable(const SavedProgram& saved);

}  // namespace einx::detail::model
