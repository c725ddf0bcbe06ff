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
#include <dgp/io/stored_layers.hpp>

#include "same_bits.hpp"

namespace support {

// What is wrong with a tensor's blocks, as against all of it. Wide as a double is, Measured holds
// what is stored.
inline std::string mistake_of_blocks(const dgp::io::CheckpointFile& file,
                                     const dgp::io::TensorInfo& tensor,
                                     const dgp::RowMajorMatrix<double>& whole) {
  if (whole.size() == 0 || !file.stored_rows(tensor)) return "";
  dgp::io::StoredLayers<double> layers(file, {tensor}, {.block_bytes = 16, .on_block = {}});
  if (layers.rows(0) != whole.rows() || layers.cols(0) != whole.cols()) return "another shape";
  bool same = true;
  dgp::Index rows = 0;
  layers.for_each_block(0, [&](const auto& block, dgp::Index first_row) {
    same = same && first_row == rows &&
           same_matrix(block.template cast<double>(), whole.middleRows(first_row, block.rows()));
    rows += block.rows();
  });
  return same && rows == whole.rows() ? "" : "blocks that are not the tensor: " + tensor.name;
}

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
