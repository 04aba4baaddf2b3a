// einx ops, einx env: what the library knows about itself.
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "arguments.h"
#include "commands.h"
#include "ops/ops.h"
#include "support/support.h"

namespace einx_command {
namespace {

using Table = std::vector<std::vector<std::string>>;

/// Columns as wide as their widest cell; the last one runs free.
void print(const Table& table) {
  std::vector<std::size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  for (const auto& row : table) {
    for (std::size_t column = 0; column + 1 < row.size(); ++column)
      std::cout << std::left << std::setw(int(widths[column]) + 2) << row[column];
    std::cout << row.back() << "\n";
  }
}

const char* name_of(einx::detail::notation::Family family) {
  using enum einx::detail::notation::Family;
  switch (family) {
    case Id:
      return "id";
    case Elementwise:
      return "elementwise";
    case Reduce:
      return "reduction";
    case Dot:
      return "dot";
    case Preserve:
      return "shape-preserving";
    case ArgFind:
      return "position";
    case GetAt:
      return "indexing";
    case UpdateAt:
      return "update";
    case Einsum:
      return "einsum";
    case Native:
      return "native";
    case Solve:
      return "solving";
  }
  return "";
}

std::string inputs_of(const einx::detail::ops::Op& op) {
  const std::string least = std::to_string(op.min_inputs);
  if (op.max_inputs < 0) return least + " or more";
  return op.max_inputs == op.min_inputs ? least : least + " to " + std::to_string(op.max_inputs);
}

/// Both commands take nothing; true if only their help was wanted.
bool helped(const Words& words, const char* help) {
  const Arguments arguments = parse_arguments(words, {});
  if (!arguments.words.empty() || !arguments.settings.empty())
    throw UsageError("there is nothing to add to this command");
  if (arguments.help) std::cout << help;
  return arguments.help;
}

}  // namespace

int list_operations(const Words& words) {
  if (helped(words, "einx ops\n\nLists the operations: name, family, number of operands, meaning.\n"))
    return 0;
  Table table{{"operation", "family", "operands", "meaning"}};
  for (const einx::detail::ops::Op* op : einx::detail::ops::all())
    table.push_back({std::string(op->name), name_of(op->family), inputs_of(*op), std::string(op->summary)});
  print(table);
  return 0;
}

int list_environment(const Words& words) {
  if (helped(words, "einx env\n\nLists the environment variables: name, value now, default, meaning.\n"))
    return 0;
  Table table{{"variable", "value", "default", "meaning"}};
  for (const auto& row : einx::detail::support::environment_table())
    table.push_back({row.name, row.value.empty() ? "-" : row.value,
                     row.default_value.empty() ? "-" : row.default_value, row.meaning});
  print(table);
  return 0;
}

}  // namespace einx_command
