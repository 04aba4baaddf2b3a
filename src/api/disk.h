// Code from the folder of compiled kernels, or compiled into it.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "codegen/codegen.h"
#include "graph/graph.h"
#include "loops/loops.h"

namespace einx::detail::api {

/// All that the object of a graph follows from, as bytes: equal keys, equal objects. nullopt for a graph whose object must not be kept.
std::optional<std::string> disk_key(const graph::Graph& graph, const codegen::Target& target, const loops::Options& options);

/// The code of a program that was lowered from this graph for this target with these options.
std::shared_ptr<const codegen::Code> stored_code(const graph::Graph& graph, const loops::Program& program, const codegen::Target& target,
                                                 const loops::Options& options, codegen::Timing& timing);

}  // namespace einx::detail::api
