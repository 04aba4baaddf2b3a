// Sizes as run-time parameters: signatures that differ in sizes only share a kernel once there have been some of them. A second front door of the api layer.
#pragma once
#include <deque>

#include "api/api.h"

namespace einx::detail::api {

/// The graphs of one call site or recording, which differ in sizes, and the kernels made for several of them. Callable from many threads.
class Sizes {
 public:
  /// The executable of a graph (passes done) from a kernel with run-time sizes; null if none fits. Lowers it, compiles nothing but such a kernel at its first use.
  ExecutablePtr instance(const graph::Graph& graph) const;
  /// Notes a size that no kernel fits. True if it makes one, together with those before: `after` in all.
  bool add(const graph::Graph& graph, std::int64_t after);
  bool has_kernels() const;
  bool fits(const graph::Graph& graph) const;

 private:
  struct Shared {
    loops::Template common;
    mutable std::once_flag once;
    mutable std::shared_ptr<const codegen::Code> code;
  };
  static constexpr std::size_t kMostKernels = 4;

  mutable std::mutex mutex_;
  std::deque<graph::Graph> samples_;
  std::vector<std::shared_ptr<const Shared>> kernels_;
  std::int64_t tried_ = 0;  ///< sizes since the last attempt
};

/// Compiles a graph that no kernel with run-time sizes fits: into one, if it is the k-th, else as always. The site's retrace warning hears of it.
ExecutablePtr compile_among(Sizes& sizes, graph::Graph graph, const Location& site, std::string_view op);
/// The Sizes of a direct call's site, operation, pattern, ranks, dtypes and given names; null if EINX_DYNAMIC_AFTER is 0 or there is no compiled code.
std::shared_ptr<Sizes> sizes_of(const Location& site, const trace::Call& call);
/// The k of EINX_DYNAMIC_AFTER: at least 2, or 0 for never.
std::int64_t dynamic_after();
std::atomic<std::int64_t>& wanted_after();  ///< as it was given
/// How many signatures were served by kernels with run-time sizes, so far.
std::atomic<std::uint64_t>& dynamic_count();

}  // namespace einx::detail::api
