// Reading IDX files, the format of MNIST and its relatives: arrays of bytes.
//
// in:  a file that is not trusted: nothing is allocated that its own size does not justify
// out: the array's shape and values
//
// The format: two zero bytes, the type (0x08: bytes), the number of dimensions, each extent in 4
// big-endian bytes, then the values, the last index running fastest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <dgp/io/detail/input_file.hpp>

namespace dgp::io {

// An array of bytes, of any number of dimensions.
struct IdxArray {
  std::vector<std::size_t> shape;    // MNIST's images: {60000, 28, 28}; its labels: {60000}
  std::vector<std::uint8_t> values;  // row by row: the last index runs fastest
};

// Reads one. Time and memory O(file). Throws std::runtime_error, with path and, once the file is
// open, byte offset, for a file that cannot be read, is not a whole IDX file, holds anything but
// unsigned bytes, or is compressed.
inline IdxArray read_idx(const std::filesystem::path& path) {
  detail::InputFile file(path);
  std::array<unsigned char, 4> start{};
  if (file.size() >= 2) {
    file.read(0, start.data(), 2);
    if (start[0] == 0x1f && start[1] == 0x8b) {
      file.fail(0, "the file is compressed; unpack it first, for example with gunzip");
    }
  }
  if (file.size() < start.size()) file.fail(file.size(), "the file ends before its header");
  file.read(0, start.data(), start.size());
  if (start[0] != 0 || start[1] != 0) file.fail(0, "not an IDX file");
  constexpr unsigned char unsigned_bytes = 0x08;
  if (start[2] != unsigned_bytes) {
    file.fail(
        2, "values of type " + std::to_string(start[2]) + " are not read (8, unsigned bytes, are)");
  }
  const std::size_t dimensions = start[3];
  if (dimensions == 0) file.fail(3, "an array without dimensions");
  const std::uint64_t begin = start.size() + 4 * dimensions;
  if (file.size() < begin) file.fail(file.size(), "the file ends before its header");

  IdxArray array;
  bool empty = false;
  for (std::size_t d = 0; d < dimensions; ++d) {
    std::array<unsigned char, 4> bytes{};
    file.read(start.size() + 4 * d, bytes.data(), bytes.size());
    std::size_t extent = 0;
    for (const unsigned char byte : bytes) extent = extent << 8 | byte;
    array.shape.push_back(extent);
    empty = empty || extent == 0;
  }
  std::uint64_t count = empty ? 0 : 1;
  for (std::size_t d = 0; d < dimensions && !empty; ++d) {
    if (count > std::numeric_limits<std::uint64_t>::max() / array.shape[d]) {
      file.fail(start.size() + 4 * d, "an impossible shape");
    }
    count *= array.shape[d];
  }
  if (count != file.size() - begin) {
    file.fail(begin, "the shape needs " + std::to_string(count) + " bytes, but there are " +
                         std::to_string(file.size() - begin));
  }
  array.values.resize(static_cast<std::size_t>(count));
  file.read(begin, array.values.data(), count);
  return array;
}

}  // namespace dgp::io
