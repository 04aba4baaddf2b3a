// .npy files. Everything in a file is checked against the file's length before memory is taken for it.
#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tensor/npy_header.h"
#include "tensor/storage.h"

namespace einx {

using detail::Storage;
namespace impl = detail::tensor;

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = std::size_t(1) << 20;
constexpr std::size_t kHeaderAlignment = 64;

[[noreturn]] void bad_file(const std::string& path, const std::string& problem) {
  detail::support::raise<ValueError>(
      {.kind = "bad-file", .sentence = "The file \"" + path + "\" cannot be used: " + problem + "."});
}

/// Length of a file that is one; raises for folders, devices and what does not exist.
std::uint64_t file_length(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) bad_file(path, "there is no such file");
  const std::uintmax_t length = std::filesystem::file_size(path, error);
  if (error) bad_file(path, "its length cannot be read");
  return length;
}

void read_exactly(std::ifstream& file, const std::string& path, char* into, std::uint64_t bytes) {
  file.read(into, std::streamsize(bytes));
  if (!file || std::uint64_t(file.gcount()) != bytes) bad_file(path, "it ends too early");
}

/// The dict of a file of `length` bytes; leaves the file at its first element and `length` the bytes from
/// there on.
std::string read_header(std::ifstream& file, const std::string& path, std::uint64_t& length) {
  unsigned char start[12] = {};
  if (length < 10) bad_file(path, "it is too short for an .npy file");
  read_exactly(file, path, reinterpret_cast<char*>(start), 8);
  if (std::memcmp(start, kMagic.data(), kMagic.size()) != 0)
    bad_file(path, "it does not start like an .npy file");
  const int version = start[6];
  if (version < 1 || version > 3 || start[7] != 0)
    bad_file(path, "its format version " + std::to_string(version) + "." + std::to_string(start[7]) +
                       " is not supported");
  const std::uint64_t width = version == 1 ? 2 : 4;
  read_exactly(file, path, reinterpret_cast<char*>(start + 8), width);
  std::uint64_t size = 0;
  for (std::uint64_t i = 0; i < width; ++i) size |= std::uint64_t(start[8 + i]) << (8 * i);
  length -= std::min(length, 8 + width);
  if (size > length || size > kLongestHeader)
    bad_file(path, "its header is longer than the file or than 1 MiB");
  std::string text(size, '\0');
  read_exactly(file, path, text.data(), size);
  length -= size;
  return text;
}

void swap_bytes(Tensor& tensor) {
  const std::size_t bytes = size_of(tensor.dtype());
  char* const first = Storage::bytes_of(tensor);
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    std::reverse(first + i * std::int64_t(bytes), first + (i + 1) * std::int64_t(bytes));
}

/// A file may hold any byte; a bool in memory is 0 or 1.
void normalise_bools(Tensor& tensor) {
  char* const first = Storage::bytes_of(tensor);
  for (std::int64_t i = 0; i < tensor.size(); ++i) first[i] = first[i] != 0;
}

/// The elements in the order of the file.
Tensor read_elements(std::ifstream& file, const std::string& path, const impl::NpyHeader& header,
                     std::uint64_t length) {
  Shape shape = header.shape;
  if (header.fortran_order) std::reverse(shape.begin(), shape.end());
  if (shape.size() > impl::kMaxRank) bad_file(path, "its array has more than 64 axes");
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const auto elements = detail::support::checked_product(shape);
  const std::uint64_t most = length / size_of(header.dtype);
  if (!empty && (!elements || std::uint64_t(*elements) > most))
    bad_file(path, "its header announces shape " + impl::shape_text(header.shape) + " of " +
                       std::string(name_of(header.dtype)) + ", but only " + std::to_string(length) +
                       " bytes follow");
  Tensor result = Tensor::empty(shape, header.dtype);
  read_exactly(file, path, Storage::bytes_of(result), std::uint64_t(result.size()) * size_of(header.dtype));
  if (header.swap_bytes) swap_bytes(result);
  if (header.dtype == boolean) normalise_bools(result);
  return result;
}

}  // namespace

Tensor load_npy(const std::string& path) {
  std::uint64_t length = file_length(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) bad_file(path, "it cannot be opened");
  const std::string text = read_header(file, path, length);
  std::string problem;
  const auto header = impl::parse_npy_header(text, problem);
  if (!header) bad_file(path, problem);
  Tensor elements = read_elements(file, path, *header, length);
  if (!header->fortran_order) return elements;
  std::vector<int> order;
  for (int axis = elements.rank(); axis-- > 0;) order.push_back(axis);
  return elements.permuted(order).clone();
}

void save_npy(const std::string& path, const Tensor& tensor) {
  static_assert(std::endian::native == std::endian::little);
  if (!tensor.defined()) bad_file(path, "an undefined tensor cannot be written");
  const Tensor rows = tensor.contiguous() ? tensor : tensor.clone();
  std::string header = impl::npy_header_text(rows.dtype(), rows.shape());
  const std::size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((kHeaderAlignment - unpadded % kHeaderAlignment) % kHeaderAlignment, ' ');
  header += '\n';
  std::string start(kMagic);
  start += {'\x01', '\x00', char(header.size() & 0xff), char(header.size() >> 8)};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << start << header;
  file.write(static_cast<const char*>(rows.data()),
             std::streamsize(std::uint64_t(rows.size()) * size_of(rows.dtype())));
  file.close();
  if (!file) bad_file(path, "it cannot be written");
}

}  // namespace einx
