// Blocks transposed in registers: rows are loaded as vectors, shuffled, and stored as vectors of columns.
#include <algorithm>

#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

namespace {

using Vectors = std::vector<llvm::Value*>;

bool is_power_of_two(int value) { return value > 0 && (value & (value - 1)) == 0; }

int lanes_of(const Vectors& rows) {
  return int(llvm::cast<llvm::FixedVectorType>(rows[0]->getType())->getNumElements());
}

/// Transposes within every group of `lane` elements (128 bits) of `lane` rows, by unpacks of single elements:
/// log2(lane) rounds of which each moves one bit of the row number into the position and one back.
Vectors unpack_groups(Builder& b, Vectors rows, int lane) {
  const int lanes = lanes_of(rows);
  for (int round = 1; round < lane; round *= 2) {
    Vectors next(rows.size());
    for (std::size_t group = 0; group < rows.size(); group += std::size_t(lane)) {
      for (int k = 0; k < lane / 2; ++k) {
        for (int upper = 0; upper < 2; ++upper) {
          llvm::SmallVector<int, 64> from;
          for (int at = 0; at < lanes; ++at) {
            const int inside = at % lane;
            from.push_back(at / lane * lane + upper * lane / 2 + inside / 2 + (inside % 2) * lanes);
          }
          next[group + std::size_t(2 * k + upper)] = b.CreateShuffleVector(
              rows[group + std::size_t(k)], rows[group + std::size_t(k + lane / 2)], from);
        }
      }
    }
    rows = std::move(next);
  }
  return rows;
}

/// Transposes units of `lane` elements between vectors: rounds that take the even and the odd units of two
/// vectors, which are single shuffles of 128-bit lanes. Every row has as many units as there are vectors.
Vectors unzip_units(Builder& b, Vectors rows, int lane) {
  const int lanes = lanes_of(rows);
  for (std::size_t round = 1; round < rows.size(); round *= 2) {
    Vectors even, odd;
    for (std::size_t k = 0; k < rows.size(); k += 2) {
      for (int parity = 0; parity < 2; ++parity) {
        llvm::SmallVector<int, 64> from;
        for (int at = 0; at < lanes; ++at) from.push_back((2 * (at / lane) + parity) * lane + at % lane);
        (parity ? odd : even).push_back(b.CreateShuffleVector(rows[k], rows[k + 1], from));
      }
    }
    even.insert(even.end(), odd.begin(), odd.end());
    rows = std::move(even);
  }
  return rows;
}

/// Vectors one behind the other, as one.
llvm::Value* joined(Builder& b, Vectors parts) {
  while (parts.size() > 1) {
    Vectors pairs;
    llvm::SmallVector<int, 64> all;
    for (int at = 0; at < 2 * lanes_of(parts); ++at) all.push_back(at);
    for (std::size_t k = 0; k < parts.size(); k += 2)
      pairs.push_back(b.CreateShuffleVector(parts[k], parts[k + 1], all));
    parts = std::move(pairs);
  }
  return parts[0];
}

}  // namespace

/// n vectors of n elements; or of several times n, where a vector holds rows that are a unit of 128 bits
/// apart.
Vectors KernelEmitter::transposed(Vectors rows, int element_bytes) {
  const int size = int(rows.size()), lane = std::min(size, 16 / element_bytes);
  rows = unpack_groups(b_, std::move(rows), lane);
  Vectors result(rows.size());
  for (int at = 0; at < lane; ++at) {
    Vectors group;
    for (int k = at; k < size; k += lane) group.push_back(rows[std::size_t(k)]);
    group = unzip_units(b_, std::move(group), lane);
    for (std::size_t k = 0; k < group.size(); ++k) result[k * std::size_t(lane) + std::size_t(at)] = group[k];
  }
  return result;
}

/// Address of an element of a line, `stride` from one line to the next.
llvm::Value* KernelEmitter::line(BufferId id, const Address& at, const Int& stride, int number, int offset) {
  const auto bytes = std::int64_t(size_of(buffers_[std::size_t(id)].dtype));
  llvm::Value* first = pointer(id, at);
  if (stride.constant()) return shifted(first, (number * stride.value + offset) * bytes);
  return shifted(b_.CreateGEP(b_.getInt8Ty(), first, b_.CreateNSWMul(integer(stride), int64(number * bytes))),
                 offset * bytes);
}

llvm::Value* KernelEmitter::load_line(const Transpose& statement, int row, int column, int length) {
  const int bits = int(size_of(buffers_[std::size_t(statement.from)].dtype)) * 8;
  return b_.CreateAlignedLoad(llvm::FixedVectorType::get(b_.getIntNTy(unsigned(bits)), unsigned(length)),
                              line(statement.from, statement.from_at, statement.from_stride, row, column),
                              access(statement.from, statement.from_at).align);
}

/// Rows of `size` elements, a few times as many: each vector holds several rows, and is stored as one column.
void KernelEmitter::transpose_tall(const Transpose& statement, int size) {
  const int bytes = int(size_of(buffers_[std::size_t(statement.from)].dtype));
  const int lane = 16 / bytes, times = statement.rows / size;
  Vectors rows;
  for (int k = 0; k < size; ++k) {
    Vectors parts;
    for (int part = 0; part < times; ++part)
      parts.push_back(load_line(statement, (k / lane * times + part) * lane + k % lane, 0, size));
    rows.push_back(joined(b_, std::move(parts)));
  }
  for (int k = 0; k < statement.rows && statement.ahead > 0; ++k)
    prefetch(line(statement.from, statement.from_at, statement.from_stride, k, int(statement.ahead)));
  rows = transposed(std::move(rows), bytes);
  for (int k = 0; k < size; ++k)
    b_.CreateAlignedStore(rows[std::size_t(k)],
                          line(statement.to, statement.to_at, statement.to_stride, k, 0),
                          access(statement.to, statement.to_at).align);
}

/// `size` rows, each a few times as long: a vector a row, of which each unit of 128 bits is part of a column.
void KernelEmitter::transpose_flat(const Transpose& statement, int size) {
  const int bytes = int(size_of(buffers_[std::size_t(statement.from)].dtype)), lane = 16 / bytes;
  Vectors rows;
  for (int k = 0; k < size; ++k) rows.push_back(load_line(statement, k, 0, statement.cols));
  rows = unpack_groups(b_, std::move(rows), lane);
  for (int column = 0; column < statement.cols; ++column) {
    Vectors parts;
    llvm::SmallVector<int, 64> unit;
    for (int at = 0; at < lane; ++at) unit.push_back(column / lane * lane + at);
    for (int group = 0; group < size; group += lane)
      parts.push_back(b_.CreateShuffleVector(rows[std::size_t(group + column % lane)], unit));
    b_.CreateAlignedStore(joined(b_, std::move(parts)),
                          line(statement.to, statement.to_at, statement.to_stride, column, 0),
                          access(statement.to, statement.to_at).align);
  }
}

/// One square block at (row, column) of the statement's: its side is the number of lanes.
void KernelEmitter::transpose_block(const Transpose& statement, int row, int column, int size) {
  const auto bytes = std::int64_t(size_of(buffers_[std::size_t(statement.from)].dtype));
  Vectors rows;
  for (int k = 0; k < size; ++k) rows.push_back(load_line(statement, row + k, column, size));
  for (int k = 0; k < size && statement.ahead > 0; ++k)
    prefetch(line(statement.from, statement.from_at, statement.from_stride, row + k,
                  column + int(statement.ahead)));
  rows = transposed(std::move(rows), int(bytes));
  const std::int64_t whole = std::min<std::int64_t>(bytes * size, 64);
  const bool streams = statement.streaming && whole >= 16 && aligned(statement.to_at, whole, bytes) &&
                       statement.to_stride.is_multiple(std::max<std::int64_t>(1, whole / bytes)) &&
                       row * bytes % whole == 0;
  for (int k = 0; k < size; ++k) {
    llvm::Value* to = line(statement.to, statement.to_at, statement.to_stride, column + k, row);
    llvm::StoreInst* store =
        b_.CreateAlignedStore(rows[std::size_t(k)], to, access(statement.to, statement.to_at).align);
    if (!streams) continue;
    store->setAlignment(llvm::Align(std::uint64_t(whole)));
    store->setMetadata(llvm::LLVMContext::MD_nontemporal,
                       llvm::MDNode::get(context_, llvm::ConstantAsMetadata::get(b_.getInt32(1))));
    frame_.streamed = true;
  }
}

/// For blocks whose sides are no powers of two.
void KernelEmitter::transpose_elements(const Transpose& statement) {
  const auto bytes = std::int64_t(size_of(buffers_[std::size_t(statement.from)].dtype));
  llvm::Type* element = b_.getIntNTy(unsigned(bytes) * 8);
  const auto at = [&](llvm::Value* first, const Int& stride, int line, int offset) {
    llvm::Value* start =
        b_.CreateGEP(b_.getInt8Ty(), first, b_.CreateNSWMul(integer(stride), int64(line * bytes)));
    return shifted(start, offset * bytes);
  };
  llvm::Value* from = pointer(statement.from, statement.from_at);
  llvm::Value* to = pointer(statement.to, statement.to_at);
  const llvm::Align source = access(statement.from, statement.from_at).align,
                    target = access(statement.to, statement.to_at).align;
  for (int r = 0; r < statement.rows; ++r) {
    for (int c = 0; c < statement.cols; ++c) {
      llvm::Value* value = b_.CreateAlignedLoad(element, at(from, statement.from_stride, r, c), source);
      b_.CreateAlignedStore(value, at(to, statement.to_stride, c, r), target);
    }
  }
}

void KernelEmitter::emit(const Transpose& statement) {
  if (vector_) support::internal_error("codegen: a transpose stands outside of vector loops");
  if (size_of(buffers_[std::size_t(statement.from)].dtype) !=
      size_of(buffers_[std::size_t(statement.to)].dtype))
    support::internal_error("codegen: a transpose changes the dtype");
  const int size = std::min(statement.rows, statement.cols);
  budget_.spend(std::int64_t(statement.rows) * statement.cols / std::max(1, size) * 8);
  const bool square =
      is_power_of_two(size) && size > 1 && statement.rows % size == 0 && statement.cols % size == 0;
  if (!square) return transpose_elements(statement);
  const int bytes = int(size_of(buffers_[std::size_t(statement.from)].dtype)),
            times = statement.rows * statement.cols / (size * size);
  const bool several =
      (times == 2 || times == 4) && size * bytes >= 16 && times * size * bytes <= vector_bytes_;
  if (several && !statement.streaming)
    return statement.rows > statement.cols ? transpose_tall(statement, size)
                                           : transpose_flat(statement, size);
  for (int row = 0; row < statement.rows; row += size) {
    for (int column = 0; column < statement.cols; column += size)
      transpose_block(statement, row, column, size);
  }
}

}  // namespace einx::detail::codegen
