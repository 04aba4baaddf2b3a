#include "tensor/npy_header.h"

#include <bit>
#include <charconv>

namespace einx::detail::tensor {
namespace {

struct Description {
  std::string_view code;  ///< of the array protocol, without the byte order
  DType dtype;
};
constexpr Description kDescriptions[] = {{"b1", boolean}, {"i1", i8},  {"i2", i16}, {"i4", i32}, {"i8", i64},
                                         {"u1", u8},      {"u2", u16}, {"u4", u32}, {"u8", u64}, {"f2", f16},
                                         {"V2", bf16},    {"f4", f32}, {"f8", f64}};

/// Reads one Python literal after another from the front of a text. A false answer leaves `problem` set.
class Reader {
 public:
  Reader(std::string_view text, std::string& problem) : rest_(text), problem_(problem) {}

  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool accept(std::string_view word) {
    skip_spaces();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool expect(std::string_view word) {
    return accept(word) || fail("the header lacks \"" + std::string(word) + "\"");
  }
  bool string(std::string& into) {
    const char quote = accept("'") ? '\'' : accept("\"") ? '"' : '\0';
    const std::size_t end = rest_.find(quote);
    if (quote == '\0' || end == std::string_view::npos) return fail("the header lacks a string");
    into = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }
  bool boolean_value(bool& into) {
    into = accept("True");
    return into || accept("False") || fail("fortran_order is neither True nor False");
  }
  /// A tuple of sizes.
  bool shape(Shape& into) {
    if (!expect("(")) return false;
    while (!accept(")")) {
      std::int64_t size = 0;
      if (!integer(size)) return false;
      into.push_back(size);
      if (accept(",")) continue;
      return expect(")");
    }
    return true;
  }
  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }

 private:
  bool integer(std::int64_t& into) {
    skip_spaces();
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), into);
    if (error != std::errc() || into < 0) return fail("the shape has an entry that is not a size");
    rest_.remove_prefix(std::size_t(end - rest_.data()));
    accept("L");  // Python 2 wrote long integers so
    return true;
  }
  void skip_spaces() {
    const std::size_t first = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
  }

  std::string_view rest_;
  std::string& problem_;
};

bool read_description(Reader& reader, NpyHeader& header) {
  std::string text;
  if (!reader.string(text)) return reader.fail("its dtype is not a simple one");
  const char order = text.empty() ? '\0' : text[0];
  for (const Description& description : kDescriptions) {
    if (text.size() != 3 || text.substr(1) != description.code ||
        std::string_view("<>|=").find(order) == std::string_view::npos)
      continue;
    header.dtype = description.dtype;
    header.swap_bytes = order == (std::endian::native == std::endian::little ? '>' : '<');
    return true;
  }
  return reader.fail("the dtype '" + text + "' is not supported");
}

}  // namespace

std::optional<NpyHeader> parse_npy_header(std::string_view text, std::string& problem) {
  NpyHeader header;
  Reader reader(text, problem);
  bool has_dtype = false, has_order = false, has_shape = false;
  if (!reader.expect("{")) return std::nullopt;
  while (!reader.accept("}")) {
    std::string key;
    bool ok = reader.string(key) && reader.expect(":");
    bool& seen = key == "descr" ? has_dtype : key == "fortran_order" ? has_order : has_shape;
    if (ok && seen) ok = reader.fail("the key '" + key + "' is not expected");
    seen = true;
    if (ok && key == "descr")
      ok = read_description(reader, header);
    else if (ok && key == "fortran_order")
      ok = reader.boolean_value(header.fortran_order);
    else if (ok && key == "shape")
      ok = reader.shape(header.shape);
    else if (ok)
      ok = reader.fail("the key '" + key + "' is not expected");
    if (!ok) return std::nullopt;
    if (!reader.accept(",")) {
      if (!reader.expect("}")) return std::nullopt;
      break;
    }
  }
  if (has_dtype && has_order && has_shape && reader.at_end()) return header;
  problem = reader.at_end() ? "the header lacks one of descr, fortran_order and shape"
                            : "the header has text after its dict";
  return std::nullopt;
}

std::string npy_header_text(DType dtype, std::span<const std::int64_t> shape) {
  std::string sizes;
  for (const std::int64_t extent : shape) sizes += std::to_string(extent) + ", ";
  std::string code;
  for (const Description& description : kDescriptions)
    if (description.dtype == dtype) code = description.code;
  const bool ordered = size_of(dtype) > 1 && dtype != bf16;
  return std::string("{'descr': '") + (ordered ? '<' : '|') + code + "', 'fortran_order': False, 'shape': (" +
         sizes + "), }";
}

}  // namespace einx::detail::tensor
