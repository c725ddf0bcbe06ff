// Reads everything in a PyTorch checkpoint that may be broken, whole and in blocks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <dgp/io/pytorch.hpp>

#include "errors.hpp"
#include "reading_blocks.hpp"

namespace support {

// What is wrong with what the reader gives; empty if nothing is. Counts the tensors that it gives,
// and throws what the reader throws.
inline std::string mistake_of_pytorch(const std::filesystem::path& path, std::size_t size,
                                      int& tensors) {
  dgp::io::PytorchFile file(path);
  std::size_t values = 0;
  std::size_t names = 0;
  for (const auto& tensor : file.tensors()) {
    names += tensor.name.size() + 8 * tensor.shape.size();
    if (tensor.begin > tensor.end || tensor.end > 1032 * size) return "a range past the file";
    try {
      values += static_cast<std::size_t>(file.read_rows<float>(tensor).size());
      ++tensors;
      const std::string mistake = mistake_of_blocks(file, tensor, file.read_rows<double>(tensor));
      if (!mistake.empty()) return mistake;
    } catch (const std::runtime_error& error) {
      if (byte_in(error.what(), path) < 0) return error.what();
    }
  }
  if (names > 64 * size) return "more names than the file justifies";
  return values > 100 * size ? "more values than the file justifies" : "";
}

}  // namespace support
