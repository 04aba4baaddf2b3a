// Front door of the support layer: spans and error building, checked arithmetic, the environment table, the logger.
#pragma once
#include <cstdint>
#include <einx/error.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace spdlog { class logger; }

namespace einx::detail::support {

/// Half-open range of code-point columns of a pattern.
struct Span {
  int begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  bool operator==(const Span&) const = default;
};

/// The parts of a message in the order they are printed (notation.md 7.2). Only `sentence` and `kind` are required.
struct Report {
  std::string kind;
  std::string sentence;
  std::string pattern;            ///< printed only if show_pattern
  bool show_pattern = false;
  std::vector<Span> underline;    ///< what gets carets
  std::vector<std::string> equations;
  std::vector<std::string> operands;  ///< "#1: shape (3, 4)", "a = 3"
  std::vector<std::string> advice;    ///< lines after the block: what would fix it
};
/// Lays a report out and turns spans into caret columns.
Error::Details details(const Report& report);
/// throw_error<SemanticError>(report)
template <class E>
[[noreturn]] void raise(const Report& report) { throw E(details(report)); }
/// A defect of ours: names the broken rule.
[[noreturn]] void internal_error(std::string_view rule);

/// Error kinds: the one closed table. `known_kind` is asserted for every report in tests.
struct Kind {
  std::string_view class_name, kind, meaning;
};
const std::vector<Kind>& kinds();
bool known_kind(std::string_view class_name, std::string_view kind);

// --- checked 64-bit arithmetic: nullopt on overflow
std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b);
std::optional<std::int64_t> checked_mul(std::int64_t a, std::int64_t b);
/// Product of non-negative sizes; 0 if any is 0, even if the others overflow.
std::optional<std::int64_t> checked_product(const std::vector<std::int64_t>& sizes);

// --- the environment, read once at first use
struct Environment {
  std::int64_t warn_on_retrace = 0;
  std::int64_t cache_size = -1;
  bool jit = true;
  std::string cpu = "host";
  std::int64_t dynamic_after = 4;
  int num_threads = 0;  ///< 0: OpenMP's own choice
  std::string cache_dir;  ///< empty: no disk cache
  std::int64_t disk_cache_bytes = std::int64_t(1) << 28;
  std::int64_t pool_bytes = std::int64_t(1) << 30;
  std::string log = "warn";
  std::string dump;
};
const Environment& environment();
/// The same from any source of values (nullptr: unset). A malformed value keeps its default and adds one warning.
Environment read_environment(const std::function<const char*(const char*)>& lookup, std::vector<std::string>& warnings);
/// One row a variable, as `einx env` prints it.
struct EnvironmentRow {
  std::string name, value, default_value, meaning;
};
std::vector<EnvironmentRow> environment_table();

/// Our own logger "einx": to stderr, level from EINX_LOG; never spdlog's default registry.
spdlog::logger& log();

/// A value that is never destroyed, for statics that code running at process exit may still need.
template <class T>
union Immortal {
  T value;
  template <class... A>
  explicit Immortal(A&&... arguments) : value(std::forward<A>(arguments)...) {}
  Immortal(const Immortal&) = delete;
  ~Immortal() {}
};

/// match(variant, lambdas...): exhaustive, fails to compile when a case is missing.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class V, class... F>
decltype(auto) match(V&& variant, F&&... cases) {
  return std::visit(Overloaded<std::decay_t<F>...>{std::forward<F>(cases)...}, std::forward<V>(variant));
}

/// "(3, 4)", "(3,)", "()".
std::string tuple_text(const std::vector<std::int64_t>& values);
/// Items joined by a separator.
std::string join(const std::vector<std::string>& items, std::string_view separator);

}  // namespace einx::detail::support
