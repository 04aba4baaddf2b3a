// Compiled kernels on disk. What is kept is the object file alone: lowering a graph again, which gives the driver its tables and the functions
// their names, takes a hundredth of the time of compiling it and less than a serialised program would take to be written, read and trusted.
#include "api/disk.h"

#include <einx/cache.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <chrono>

#include "disk/disk.h"
#include "ops/ops.h"
#include "support/support.h"

namespace einx {
namespace detail::api {
namespace {

/// Constants up to this size in sum are part of the key, byte by byte; graphs with more are not kept.
constexpr std::int64_t kConstantBytes = std::int64_t(1) << 20;

/// Without build ids nobody can tell whose object a file holds: said once, since someone has asked for the cache.
bool identified() {
  static const bool known = [] {
    if (codegen::build_identity().empty())
      support::log().warn("kernel cache: not used: einx or LLVM was linked without a build id (-Wl,--build-id)");
    return !codegen::build_identity().empty();
  }();
  return known;
}

/// A graph text names operations. What a built-in name means follows from the build; a name of the user's means one function today and another one
/// after the next edit of the program, and its code may hold addresses of this process.
bool built_in(const graph::Node& node) { return std::ranges::find(ops::all(), node.op) != ops::all().end(); }

/// Every member by name: a new one does not compile until it is part of the key.
std::string machine_text(const loops::Machine& machine) {
  const auto& [vector_bytes, vector_registers, masks, fma, l1, l2, l3] = machine;
  std::string text;
  for (const std::int64_t value : {std::int64_t(vector_bytes), std::int64_t(vector_registers), std::int64_t(masks), std::int64_t(fma), l1, l2, l3})
    text += std::to_string(value) + " ";
  return text;
}

/// Code may depend on values of constants (an exponent that is 2), and the text names large ones only. False if they are too large for a key.
bool append_constants(std::string& key, const graph::Graph& graph) {
  std::int64_t left = kConstantBytes;
  for (const auto& [name, data] : graph::data_beside(graph)) {
    const Tensor rows = data.contiguous() ? data : data.clone();
    const std::int64_t bytes = rows.size() * static_cast<std::int64_t>(size_of(rows.dtype()));
    left -= bytes;
    if (left < 0) return false;
    key.append(name).append("\n").append(static_cast<const char*>(rows.data()), static_cast<std::size_t>(bytes));
  }
  return true;
}

/// An object that passes every check and cannot be linked is our defect or a lack of memory; compiling it is an answer to both.
std::shared_ptr<const codegen::Code> link_stored(disk::Store& store, const std::string& key, const loops::Program& program) {
  const std::optional<std::string> object = store.load(key);
  if (object) try {
      return codegen::link(program, *object);
    } catch (const Error& error) {
      store.reject(key, error.what());
    }
  return nullptr;
}

}  // namespace

std::optional<std::string> disk_key(const graph::Graph& graph, const codegen::Target& target, const loops::Options& options) {
  const auto& [dynamic] = options;
  if (!identified() || !std::ranges::all_of(graph.nodes, built_in)) return {};
  std::string key = codegen::build_identity() + "\n" + target.level + " " + target.cpu + " " + target.features + "\n" + machine_text(target.machine) +
                    (dynamic ? "dynamic" : "static") + "\n" + graph::text(graph);
  if (!append_constants(key, graph)) return {};
  return key;
}

std::shared_ptr<const codegen::Code> stored_code(const graph::Graph& graph, const loops::Program& program, const codegen::Target& target,
                                                 const loops::Options& options, codegen::Timing& timing) {
  const std::shared_ptr<disk::Store> store = codegen::generates(program) ? disk::store() : nullptr;
  const std::optional<std::string> key = store ? disk_key(graph, target, options) : std::nullopt;
  if (!key) return codegen::compile(program, target, nullptr, &timing);
  const auto start = std::chrono::steady_clock::now();
  if (auto code = link_stored(*store, *key, program)) {
    timing.compile = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    return code;
  }
  std::string object;
  auto code = codegen::compile(program, target, nullptr, &timing, &object);
  store->save(*key, object);
  return code;
}

}  // namespace detail::api

void set_cache_directory(std::string_view directory) { detail::disk::use_folder(directory); }

DiskCacheStats disk_cache_stats() {
  const auto store = detail::disk::store();
  if (!store) return {};
  const detail::disk::Counters counters = store->counters();
  return {counters.loaded, counters.saved, counters.rejected};
}

}  // namespace einx
