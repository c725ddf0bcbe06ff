// Reads everything in a safetensors file that may be broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <dgp/io/safetensors.hpp>

#include "errors.hpp"

namespace support {

// What is wrong with what the reader gives; empty if nothing is. Counts the matrices that it gives,
// and throws what the reader throws.
template <class Scalar>
std::string mistake_of_safetensors(const std::filesystem::path& path, std::size_t size,
                                   int& matrices) {
  dgp::io::SafetensorsFile file(path);
  std::size_t extents = 0;
  std::uint64_t bytes = 0;
  for (const auto& tensor : file.tensors()) {
    extents += tensor.shape.size() + tensor.name.size() + tensor.type.size();
    if (tensor.begin < 8 || tensor.begin > tensor.end || tensor.end > size) {
      return "bytes of no file: " + tensor.name;
    }
    bytes += tensor.end - tensor.begin;
    if (!dgp::io::is_layer(tensor)) continue;
    try {
      const auto matrix = file.read_rows<Scalar>(tensor);
      ++matrices;
      const std::size_t width = tensor.type == "F64" ? 8 : tensor.type == "F32" ? 4 : 2;
      if (static_cast<std::size_t>(matrix.size()) * width != tensor.end - tensor.begin) {
        return "more weights than bytes: " + tensor.name;
      }
    } catch (const std::runtime_error& error) {
      if (byte_in(error.what(), path) < 0) return "a poor message: " + std::string(error.what());
    }
  }
  if (bytes > size) return "the same bytes in several tensors";
  return extents > size ? "more names and extents than the file has bytes" : "";
}

}  // namespace support
