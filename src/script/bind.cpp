// A call's types against a function's signature.
#include <algorithm>
#include <map>

#include "script/script.h"
#include "support/support.h"

namespace einx::detail::script {
namespace {

std::string text(const Dim& dim) {
  switch (dim.kind) {
    case Dim::Kind::Size:
      return std::to_string(dim.size);
    case Dim::Kind::Name:
      return dim.name;
    case Dim::Kind::Any:
      return "_";
    case Dim::Kind::Ellipsis:
      return "...";
  }
  support::internal_error("every kind of dimension has a text");
}

/// What the names in types have turned out to be.
using Sizes = std::map<std::string, std::int64_t>;

/// "" or why an axis is not as it is declared.
std::string axis_problem(const Dim& dim, std::int64_t size, std::size_t axis, Sizes& sizes) {
  const std::string found = "axis " + std::to_string(axis) + " has size " + std::to_string(size);
  if (dim.kind == Dim::Kind::Size && dim.size != size) return found + ", not " + std::to_string(dim.size);
  if (dim.kind != Dim::Kind::Name) return "";
  const auto [known, fresh] = sizes.emplace(dim.name, size);
  return fresh || known->second == size
             ? ""
             : found + ", but " + dim.name + " is " + std::to_string(known->second);
}

std::string dims_problem(const std::vector<Dim>& dims, const Shape& shape, Sizes& sizes) {
  const auto ellipsis = std::ranges::find(dims, Dim::Kind::Ellipsis, &Dim::kind);
  const bool open = ellipsis != dims.end();
  const std::size_t least = dims.size() - open, rank = shape.size();
  if (open ? rank < least : rank != least)
    return "it has " + std::to_string(rank) + (rank == 1 ? " axis" : " axes") + ", not " +
           std::to_string(least) + (open ? " or more" : "");
  const auto front = std::size_t(ellipsis - dims.begin());
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (axis >= front && axis < front + (rank - least) && open) continue;
    const std::size_t k = axis < front ? axis : axis - rank + dims.size();
    if (std::string problem = axis_problem(dims[k], shape[axis], axis, sizes); !problem.empty())
      return problem;
  }
  return "";
}

/// "" or why a type is not one that the pattern describes.
std::string problem_of(const TypePattern& pattern, const graph::Type& type, Sizes& sizes) {
  if (pattern.dtype && *pattern.dtype != type.dtype)
    return "its elements are " + std::string(name_of(type.dtype)) + ", not " +
           std::string(name_of(*pattern.dtype));
  if (!pattern.dims) return "";
  std::string problem = dims_problem(*pattern.dims, type.shape, sizes);
  if (!problem.empty() || !pattern.strides) return problem;
  return graph::make_type(type.dtype, type.shape, pattern.strides) == type ? "" : "its strides are others";
}

std::string wants(const std::string& what, const TypePattern& pattern, const graph::Type& type,
                  const std::string& problem) {
  return what + " is declared as " + text(pattern) + ", but this is " + graph::text(type) + ": " + problem +
         ".";
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string text(const TypePattern& pattern) {
  const std::string dtype = pattern.dtype ? std::string(name_of(*pattern.dtype)) : pattern.dims ? "_" : "";
  if (!pattern.dims) return dtype;
  std::vector<std::string> dims, strides;
  for (const Dim& dim : *pattern.dims) dims.push_back(text(dim));
  if (pattern.strides)
    for (const std::int64_t stride : *pattern.strides) strides.push_back(std::to_string(stride));
  return dtype + "[" + support::join(dims, ", ") +
         (pattern.strides ? " : " + support::join(strides, ", ") : "") + "]";
}

Bound bind(const Function& function, const std::vector<graph::Type>& types) {
  Bound bound;
  if (types.size() != function.parameters.size()) {
    bound.problem = function.name + " takes " + counted(function.parameters.size(), "operand") +
                    ", but is given " + std::to_string(types.size()) + ".";
    return bound;
  }
  Sizes sizes;
  for (std::size_t k = 0; k < types.size(); ++k) {
    const FunctionParameter& parameter = function.parameters[k];
    const std::string problem = problem_of(parameter.type, types[k], sizes);
    if (problem.empty()) continue;
    bound.problem = wants(
        "Parameter '" + function.variables.at(std::size_t(parameter.variable)) + "' of " + function.name,
        parameter.type, types[k], problem);
    return bound;
  }
  for (const Var variable : function.sizes)
    bound.sizes.push_back(sizes.at(function.variables.at(std::size_t(variable))));
  return bound;
}

std::string check_results(const Function& function, const Bound& bound,
                          const std::vector<graph::Type>& types) {
  if (!function.results) return "";
  const std::vector<TypePattern>& wanted = *function.results;
  if (types.size() != wanted.size())
    return function.name + " is declared to return " + counted(wanted.size(), "result") + ", but returns " +
           std::to_string(types.size()) + ".";
  Sizes sizes;
  for (std::size_t k = 0; k < function.sizes.size(); ++k)
    sizes.emplace(function.variables.at(std::size_t(function.sizes[k])), bound.sizes.at(k));
  for (std::size_t k = 0; k < types.size(); ++k) {
    const std::string problem = problem_of(wanted[k], types[k], sizes);
    if (!problem.empty())
      return wants("Result " + std::to_string(k + 1) + " of " + function.name, wanted[k], types[k], problem);
  }
  return "";
}

}  // namespace einx::detail::script
