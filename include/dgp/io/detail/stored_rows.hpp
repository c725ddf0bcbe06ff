// Tensors as they lie in a file: where their rows stand one behind the other, in a type of this
// machine, they can be read a few at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// The type of the numbers in a file: of 16, 16, 32 or 64 bits.
enum class StoredType { half, bfloat16, single, wide };

// Reads so many bytes from `begin` on.
using ReadBytes = std::function<void(std::uint64_t begin, void* target, std::uint64_t count)>;

// The rows of a tensor, (first extent × all others together), in a file.
struct StoredRows {
  std::filesystem::path path;               // of the file
  std::uint64_t size;                       // of the file …
  std::filesystem::file_time_type written;  // … and when it was written last, as it was opened
  std::uint64_t begin;                      // of the first row
  Index rows;                               // the first extent
  Index cols;                               // all others together
  StoredType type;                          // of the numbers
  // Opens the entry that holds them, where the file is an archive and `begin` is a place in it.
  std::function<ReadBytes()> open_entry = {};
};

namespace detail {

// `type` as safetensors spell it. Nothing of a pipe, on a machine of another byte order, and of
// types that are no floating-point numbers.
inline std::optional<StoredRows> stored_rows(const InputFile& file, const TensorInfo& tensor,
                                             const std::string& type) {
  if (file.is_pipe() || std::endian::native != std::endian::little) return std::nullopt;
  const bool known = type == "F16" || type == "BF16" || type == "F32" || type == "F64";
  if (!known || tensor.shape.empty()) return std::nullopt;
  const auto [rows, cols] = shape_by_rows(file, tensor);
  return StoredRows{file.path(),
                    file.size(),
                    file.written(),
                    tensor.begin,
                    rows,
                    cols,
                    type == "F16"    ? StoredType::half
                    : type == "BF16" ? StoredType::bfloat16
                    : type == "F32"  ? StoredType::single
                                     : StoredType::wide,
                    {}};
}

// Room for a block that is looked at and one that is read meanwhile; kept from tensor to tensor,
// since the system takes its time to give as much memory anew.
struct BlockBuffers {
  std::vector<std::byte> current;
  std::vector<std::byte> next;
};

// Calls visit(block, first_row) for the rows from `begin` to before `end` in ascending order, in
// blocks of about so many bytes, one row at least. The next block is read by a second thread while
// this one is looked at. Throws std::runtime_error where the file is not what it was when it was
// opened.
template <class Stored, class Visit>
void for_each_block(const StoredRows& tensor, Index begin, Index end, std::size_t block_bytes,
                    BlockBuffers& buffers, const Visit& visit) {
  InputFile file(tensor.path);
  if (file.size() != tensor.size || file.written() != tensor.written) {
    file.fail(0, "the file has changed since it was opened first");
  }
  ReadBytes read_bytes;
  if (tensor.open_entry) {
    read_bytes = tensor.open_entry();
  } else {
    read_bytes = [&file](auto place, void* target, auto count) { file.read(place, target, count); };
  }
  const std::uint64_t row_bytes = static_cast<std::uint64_t>(tensor.cols) * sizeof(Stored);
  const auto most = static_cast<Index>(
      std::max<std::uint64_t>(1, block_bytes / std::max<std::uint64_t>(1, row_bytes)));
  const auto rows_from = [&](Index first) { return std::min(most, end - first); };
  const auto read = [&](Index first) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(rows_from(first)) * row_bytes;
    if (buffers.next.size() < bytes) buffers.next.resize(static_cast<std::size_t>(bytes));
    read_bytes(tensor.begin + static_cast<std::uint64_t>(first) * row_bytes, buffers.next.data(),
               bytes);
  };
  std::future<void> ahead;  // its end waits for the thread: so it goes before what that works on
  for (Index first = begin; first < end;) {
    if (first == begin) {
      read(first);
    } else {
      ahead.get();
    }
    std::swap(buffers.current, buffers.next);
    const Index rows = rows_from(first);
    const Index then = first + rows;
    if (then < end) ahead = std::async(std::launch::async, read, then);
    const auto* weights = reinterpret_cast<const Stored*>(buffers.current.data());
    visit(Eigen::Map<const RowMajorMatrix<Stored>>(weights, rows, tensor.cols), first);
    first = then;
  }
  file.check_unchanged();
}

}  // namespace detail
}  // namespace dgp::io
