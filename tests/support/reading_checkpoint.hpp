// Reads a checkpoint of any format that may be broken: its tensors one by one and, where its file
// holds them row by row, in blocks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/io/checkpoint.hpp>

#include "reading_blocks.hpp"

namespace support {

// What is wrong with what the reader gives; empty if nothing is. Throws what the reader throws.
inline std::string mistake_of_checkpoint(const std::filesystem::path& path, std::size_t size) {
  dgp::io::CheckpointFile file(path);
  std::size_t values = 0;
  for (const auto& tensor : file.tensors()) {
    dgp::RowMajorMatrix<double> matrix;
    try {
      matrix = file.read_rows<double>(tensor);
    } catch (const std::runtime_error& error) {
      if (!std::string(error.what()).starts_with(path.parent_path().string())) return error.what();
      continue;
    }
    values += static_cast<std::size_t>(matrix.size());
    const std::string mistake = mistake_of_blocks(file, tensor, matrix);
    if (!mistake.empty()) return mistake;
  }
  file.skipped();
  return values > 1032 * size ? "more values than the file justifies" : "";
}

}  // namespace support
