// Programs as bytes. What a file says is believed only behind its checksum, and then bounds and the rules of programs are still looked at.
#include "model/save.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "graph/read.h"
#include "model/archive.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx {

// fields() is found beside the types it is for
template <class A>
void fields(A& archive, Tensor& tensor);
template <class A>
void fields(A& archive, PathOptions& options) {
  detail::model::transfer_all(archive, options.optimize, options.minimize, options.seconds, options.memory_limit, options.slicing, options.seed, options.constants);
}
template <class A>
void fields(A& archive, OptimizeOptions& options) {
  detail::model::transfer_all(archive, options.scalars, options.fusion, options.contraction, options.paths);
}

}  // namespace einx

namespace einx::detail::graph {

template <class A>
void fields(A& archive, Type& type) {
  model::transfer_all(archive, type.dtype, type.shape, type.strides);
  if constexpr (A::reading) {
    if (type.dtype > DType::f64 || type.strides.size() != type.shape.size() || std::ranges::any_of(type.shape, [](std::int64_t size) { return size < 0; }) ||
        !addressable(type.shape, type.dtype) || !reachable(type.shape, type.strides, type.dtype))
      throw model::Damaged{"a type is none"};
  }
}

}  // namespace einx::detail::graph

namespace einx::detail::script {

using model::transfer_all;
using model::transfer_up_to;

template <class A> void fields(A& a, Place& v) { transfer_all(a, v.line, v.column); }
template <class A> void fields(A& a, NamedSize& v) { transfer_all(a, v.name, v.size); }
template <class A> void fields(A& a, Call& v) { transfer_all(a, v.results, v.op, v.pattern, v.arguments, v.sizes, v.attributes, v.keepdims, v.function), transfer_up_to(a, v.dialect, Dialect::Einsum); }
template <class A> void fields(A& a, Arrange& v) { transfer_up_to(a, v.kind, Arrange::Kind::Copy), transfer_all(a, v.result, v.arguments, v.integers); }
template <class A> void fields(A& a, Constant& v) { transfer_all(a, v.result, v.data); }
template <class A> void fields(A& a, Parameter& v) { transfer_all(a, v.result, v.name); }
template <class A> void fields(A& a, Invoke& v) { transfer_all(a, v.results, v.function, v.arguments); }
template <class A> void fields(A& a, Statement& v);
template <class A> void fields(A& a, If& v) { transfer_all(a, v.condition, v.then, v.otherwise); }
template <class A> void fields(A& a, While& v) { transfer_all(a, v.test, v.condition, v.body); }
template <class A> void fields(A& a, For& v) { transfer_all(a, v.item, v.over, v.range, v.body); }
template <class A> void fields(A&, Break&) {}
template <class A> void fields(A&, Continue&) {}
template <class A> void fields(A& a, Return& v) { transfer_all(a, v.values); }
template <class A> void fields(A& a, Assume& v) { transfer_all(a, v.of, v.axis, v.value); }
template <class A> void fields(A& a, Statement& v) { transfer_all(a, v.place, v.node); }
template <class A> void fields(A& a, Dim& v) { transfer_up_to(a, v.kind, Dim::Kind::Ellipsis), transfer_all(a, v.size, v.name); }
template <class A>
void fields(A& a, TypePattern& v) {
  transfer_all(a, v.dtype, v.dims, v.strides);
  if (v.dtype && *v.dtype > DType::f64) throw model::Damaged{"a type is none"};
}
template <class A> void fields(A& a, FunctionParameter& v) { transfer_all(a, v.variable, v.type, v.place); }
template <class A> void fields(A& a, Function& v) { transfer_all(a, v.name, v.variables, v.parameters, v.sizes, v.results, v.body); }

}  // namespace einx::detail::script

namespace einx {

/// dtype, shape, elements in row-major order.
template <class A>
void fields(A& archive, Tensor& tensor) {
  namespace model = detail::model;
  DType dtype = tensor.defined() ? tensor.dtype() : DType::f32;
  Shape shape = tensor.defined() ? Shape(tensor.shape().begin(), tensor.shape().end()) : Shape{};
  model::transfer_all(archive, dtype, shape);
  if constexpr (A::reading) {
    const bool legal = dtype <= DType::f64 && std::ranges::none_of(shape, [](std::int64_t size) { return size < 0; });
    const auto elements = legal ? detail::support::checked_product(shape) : std::nullopt;
    if (!elements || std::uint64_t(*elements) > archive.left()) throw model::Damaged{"a tensor is larger than the file"};
    tensor = Tensor::empty(shape, dtype);
  } else if (!tensor.contiguous()) {
    tensor = tensor.clone();
  }
  archive.raw(tensor.data(), std::size_t(tensor.size()) * size_of(dtype));
}

namespace detail::model {

template <class A>
void fields(A& archive, script::FunctionPtr& function) {
  script::Function held = function ? *function : script::Function();
  transfer(archive, held);
  if constexpr (A::reading) function = std::make_shared<const script::Function>(std::move(held));
}
template <class A>
void fields(A& archive, Trace& trace) {
  transfer_all(archive, trace.function, trace.types);
  fields(archive, trace.recorded);
}

/// A function that is C++ is only named.
template <class A>
void transfer_functions(A& archive, script::Program& program) {
  const std::size_t count = transfer_count(archive, program.functions.size());
  if constexpr (A::reading) program.functions.clear();
  for (std::size_t k = 0; k < count; ++k) {
    if constexpr (A::reading) program.functions.emplace_back();
    auto& [name, function] = program.functions[k];
    bool written = std::holds_alternative<script::FunctionPtr>(function);
    transfer_all(archive, name, written);
    if (!written) {
      if constexpr (A::reading) function = script::Traceable();
    } else {
      if constexpr (A::reading) function = script::FunctionPtr();
      fields(archive, std::get<script::FunctionPtr>(function));
    }
  }
}

template <class A>
void fields(A& archive, SavedProgram& saved) {
  transfer_functions(archive, saved.program);
  transfer_all(archive, saved.program.tensors, saved.program.text, saved.traces, saved.entries, saved.optimize, saved.fold_constants, saved.guards);
}

namespace {

constexpr std::string_view kMagic = "einxc\r\n\x1a";
constexpr std::uint32_t kFormat = 1;

struct Header {
  char magic[8];
  std::uint32_t format, flags;
  std::uint64_t bytes;        ///< behind the header
  std::uint64_t checksum[2];  ///< of the rest of the header and what is behind it
};
static_assert(sizeof(Header) == 40);

void set_checksum(Header& header, std::string_view values) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, &header, offsetof(Header, checksum));
  XXH3_128bits_update(&state, values.data(), values.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  header.checksum[0] = hash.low64, header.checksum[1] = hash.high64;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why, const std::string& advice = {}) {
  support::Report report{.kind = "bad-file", .sentence = "\"" + path + "\" cannot be loaded: " + why + "."};
  if (!advice.empty()) report.advice = {advice};
  support::raise<ValueError>(report);
}

bool has_function(const script::Program& program, const std::string& name) {
  return std::ranges::any_of(program.functions, [&](const auto& entry) { return entry.first == name; });
}

/// A rule of programs that the values break, or nothing.
std::optional<std::string> broken_rule(const SavedProgram& saved) {
  script::Program whole = saved.program;
  for (std::size_t k = 0; k < saved.traces.size(); ++k) {
    if (!has_function(saved.program, saved.traces[k].function)) return "a recording is of no function";
    if (saved.traces[k].types.size() != saved.traces[k].recorded->parameters.size()) return "a recording has other parameters than types";
    whole.functions.emplace_back(saved.traces[k].function + "#" + std::to_string(k), saved.traces[k].recorded);
  }
  if (saved.entries.empty()) return "it has no function to call";
  for (const std::string& entry : saved.entries)
    if (!has_function(saved.program, entry)) return "it has no function \"" + entry + "\"";
  return script::verify(whole);
}

}  // namespace

std::string encode(const SavedProgram& saved) {
  Writer writer;
  SavedProgram copy = saved;  // transfer works both ways, so it wants what it could change
  fields(writer, copy);
  const std::string values = writer.take();
  Header header{{}, kFormat, 0, values.size(), {}};
  kMagic.copy(header.magic, sizeof header.magic);
  set_checksum(header, values);
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + values;
}

SavedProgram decode(std::string_view bytes, const std::string& path) {
  Header header;
  if (bytes.size() < sizeof header || bytes.substr(0, kMagic.size()) != kMagic) refuse(path, "it is no file of einx::save");
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::string_view values = bytes.substr(sizeof header);
  Header expected = header;
  set_checksum(expected, values);
  if (header.bytes != values.size() || std::memcmp(&header, &expected, sizeof header) != 0)
    refuse(path, "it is damaged: its checksum is not that of its contents", "Save it again, or copy it again from where it was written.");
  if (header.format != kFormat || header.flags != 0)
    refuse(path, "its format is " + std::to_string(header.format) + ", and this einx reads format " + std::to_string(kFormat),
           "Load it with the version of einx that wrote it.");
  try {
    Reader reader(values);
    SavedProgram saved;
    fields(reader, saved);
    if (reader.left() > 0) throw Damaged{"there is something behind its end"};
    if (const auto rule = broken_rule(saved)) throw Damaged{*rule};
    return saved;
  } catch (const Damaged& damaged) {
    refuse(path, "it is damaged: " + damaged.why);
  }
}

// ---------------------------------------------------------------- running
namespace {

bool same_kind(const std::vector<graph::Type>& a, const std::vector<graph::Type>& b) {
  return std::ranges::equal(a, b, [](const graph::Type& x, const graph::Type& y) { return x.dtype == y.dtype && x.shape.size() == y.shape.size(); });
}
bool same_sizes(const std::vector<graph::Type>& a, const std::vector<graph::Type>& b) {
  return std::ranges::equal(a, b, [](const graph::Type& x, const graph::Type& y) { return x.dtype == y.dtype && x.shape == y.shape; });
}

[[noreturn]] void no_recording(const std::string& function, const std::vector<graph::Type>& types, const std::vector<Trace>& traces) {
  std::vector<std::string> given, known;
  for (const graph::Type& type : types) given.push_back(graph::text(type));
  for (const Trace& trace : traces) {
    std::vector<std::string> texts;
    for (const graph::Type& type : trace.types) texts.push_back(graph::text(type));
    known.push_back(function + "(" + support::join(texts, ", ") + ")");
  }
  support::raise<ValueError>({.kind = "script-signature",
                              .sentence = "The saved function " + function + " was recorded from C++, and not for (" + support::join(given, ", ") + ").",
                              .operands = known,
                              .advice = {"Call it with such operands before it is saved."}});
}

/// What was recorded for the types; else for the same ranks and dtypes, where the guards of the recording decide.
script::Traceable recordings(std::string function, std::vector<Trace> traces) {
  return [function = std::move(function), traces = std::move(traces)](const std::vector<graph::Type>& types) {
    for (const auto& same : {same_sizes, same_kind})
      for (const Trace& trace : traces)
        if (same(trace.types, types)) return trace.recorded;
    no_recording(function, types, traces);
  };
}

}  // namespace

script::Program runnable(const SavedProgram& saved) {
  script::Program program = saved.program;
  for (auto& [name, function] : program.functions) {
    if (std::holds_alternative<script::FunctionPtr>(function)) continue;
    std::vector<Trace> own;
    for (const Trace& trace : saved.traces)
      if (trace.function == name) own.push_back(trace);
    function = recordings(name, std::move(own));
  }
  return program;
}

}  // namespace detail::model
}  // namespace einx
