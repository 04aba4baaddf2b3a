// A tree of modules as functions of one program, before anything is traced. Private to the model layer.
#pragma once
#include <einx/compiled.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/model.h"

namespace einx::detail::model {

struct Node {
  std::string
      path;  ///< "encoder.norm", "" for the root; of a module that stands at several places the first one
  Module::ModulePtr module;
  CompileMode mode;  ///< the root's may be an override
  std::vector<std::pair<std::string, std::size_t>> children = {};
  bool inside = false;                      ///< a module above it is compiled, and calls it
  std::vector<std::size_t> functions = {};  ///< its entries
};

/// One entry of one module.
struct ModuleFunction {
  std::string name;  ///< in the program: "encoder.norm.forward"
  std::size_t node = 0;
  std::string entry;
  const Module::Entry* body = nullptr;  ///< C++; null: a script
  script::FunctionPtr text = nullptr;   ///< the script, with the program's names
  std::size_t given = 0;                ///< input specs there are
};

struct Problem {
  std::string what;  ///< "model.encoder.norm (BatchNorm): unsupported: its statistics change while it runs"
  bool structural = false;  ///< also of a module that only runs: it has no meaning
};

struct Tree {
  std::vector<Node> nodes;  ///< the root first, each module once
  std::vector<ModuleFunction> functions;
  std::vector<std::pair<std::string, Parameter>> parameters;  ///< by path
  std::string text;                                           ///< the scripts, one after the other
  std::vector<Problem> problems;

  void add(ModuleFunction function);
  const ModuleFunction* function(std::size_t node, std::string_view entry) const;
  const ModuleFunction* function(std::string_view name) const;
  std::optional<std::size_t> node(const Module* module) const;
  std::optional<std::size_t> node(std::size_t from, std::string_view path) const;
  /// "model.encoder.norm (BatchNorm)"
  std::string title(std::size_t node) const;
};

/// Looks at every module once. `root_mode` instead of the root's own.
Tree plant(Module::ModulePtr root, const std::optional<CompileMode>& root_mode = {});
/// ValueError "unsupported-module" with all of them, or nothing if there are none.
void raise_problems(const std::vector<Problem>& problems, const std::string& sentence, bool all);

/// "encoder.norm" + "forward"
std::string joined(const std::string& path, std::string_view name);

/// Reads a module's scripts: adds functions, whose calls and parameters have the program's names, or
/// problems. All nodes and C++ entries are there already.
void add_scripts(Tree& tree);

/// What an entry takes, as a script's signature says it; null without input specs.
script::FunctionPtr signature_of(const Tree& tree, const ModuleFunction& function);
/// The dims of the spec for so many axes; its ellipsis becomes as many as are missing.
std::vector<script::Dim> dims_of(const InputSpec& spec, std::optional<std::size_t> rank = {});

}  // namespace einx::detail::model
