// A tensor of a file that may be broken, read in blocks where its file holds it row by row.
#pragma once

#include <stdexcept>
#include <string>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/io/stored_layers.hpp>
#include <dgp/io/tensor_info.hpp>

#include "same_bits.hpp"

namespace support {

// What is wrong with a tensor's blocks, as against all of it, which was read. Wide as a double is,
// Measured holds what is stored.
template <class File>
std::string mistake_of_blocks(const File& file, const dgp::io::TensorInfo& tensor,
                              const dgp::RowMajorMatrix<double>& whole) {
  if (whole.size() == 0 || !file.stored_rows(tensor)) return "";
  bool same = true;
  dgp::Index rows = 0;
  try {
    dgp::io::StoredLayers<double> layers(file, {tensor}, {.block_bytes = 16, .on_block = {}});
    if (layers.rows(0) != whole.rows() || layers.cols(0) != whole.cols()) return "another shape";
    layers.for_each_block(0, [&](const auto& block, dgp::Index first_row) {
      same = same && first_row == rows &&
             same_matrix(block.template cast<double>(), whole.middleRows(first_row, block.rows()));
      rows += block.rows();
    });
  } catch (const std::runtime_error& error) {
    return "blocks are refused where the tensor is read: " + std::string(error.what());
  }
  return same && rows == whole.rows() ? "" : "blocks that are not the tensor: " + tensor.name;
}

}  // namespace support
