// Inside the passes: index maps put together. An `id` without concatenations maps the assignments of its axes
// to places in its input and in its output; whoever reads the output can read the input, if his axes are the
// map's cut into pieces, or the other way round.
#pragma once
#include <optional>

#include "graph/graph.h"

namespace einx::detail::passes {

/// One input, one output, no concatenation, nothing of size 0: the output's elements are the input's, each as
/// often as axes are new.
bool is_plain_map(const graph::Node& node);

/// `reader` with its input `at`, which is `map`'s output, replaced by what `map` reads. nullopt where that is
/// no expression: axes that do not line up, or a concatenation that would be read more than once or in
/// another order. Whether the reader's operation takes the expression is the caller's to decide.
std::optional<notation::Solved> read_through(const notation::Solved& reader, std::size_t at,
                                             const notation::Solved& map);

/// `writer` with its output `at`, which only `map` reads, replaced by what `map` makes of it; nullopt as
/// above, and where `map` repeats elements or drops some.
std::optional<notation::Solved> write_through(const notation::Solved& writer, std::size_t at,
                                              const notation::Solved& map);

}  // namespace einx::detail::passes
