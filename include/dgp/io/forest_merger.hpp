// A half-fed ForestMerger in a file: so that a matrix's blocks can be summed up at different times,
// or on different machines.
//
// in:  a ForestMerger; or a file that is not trusted
// out: a safetensors file with the F64 rows shape (rows, cols), blocks (four numbers each: first
//      row, first column, rows, columns), edge_rows and edge_cols, and the vector edge_weights of
//      the weights' own type; or the ForestMerger it holds
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/forest_merger.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/whole_numbers.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>

namespace dgp::io {

// Of half, bfloat16, float or double. Time and memory O(rows + cols). Throws std::runtime_error
// where the file cannot be written: a file that stood there stays as it was.
template <class Scalar>
void write_forest_merger(const std::filesystem::path& path, const ForestMerger<Scalar>& merger) {
  std::vector<Index> blocks;
  for (const auto& block : merger.blocks()) {
    blocks.insert(blocks.end(), {block.first_row, block.first_col, block.rows, block.cols});
  }
  const auto edges = merger.edges();
  std::vector<Index> rows;
  std::vector<Index> cols;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> weights(static_cast<Index>(edges.size()));
  for (const auto& edge : edges) {
    weights(static_cast<Index>(rows.size())) = edge.weight;
    rows.push_back(edge.row);
    cols.push_back(edge.col);
  }
  using detail::tensor_of_whole_numbers;
  write_safetensors(
      path, {tensor_of_whole_numbers("shape", std::vector<Index>{merger.rows(), merger.cols()}),
             tensor_of_whole_numbers("blocks", blocks), tensor_of_whole_numbers("edge_rows", rows),
             tensor_of_whole_numbers("edge_cols", cols), named_tensor("edge_weights", weights)});
}

// What write_forest_merger wrote, of the type in which it was written. Time O(file · log), and
// edges · blocks; memory O(file). Throws std::runtime_error for a file that cannot be read, holds
// anything else, or edges that are not the forest of its blocks.
template <class Scalar>
ForestMerger<Scalar> read_forest_merger(const std::filesystem::path& path) {
  SafetensorsFile file(path);
  const std::string type = named_tensor("", Eigen::Matrix<Scalar, 1, 1>(Scalar(0))).type;
  detail::refuse_others(
      file,
      [&](const TensorInfo& tensor) {
        if (tensor.name == "edge_weights") return tensor.type == type && tensor.shape.size() == 1;
        const bool known = tensor.name == "shape" || tensor.name == "blocks" ||
                           tensor.name == "edge_rows" || tensor.name == "edge_cols";
        return known && tensor.type == "F64";
      },
      "a half-fed forest of " + type);
  const auto shape = detail::read_whole_numbers<Index>(file, "shape");
  const auto numbers = detail::read_whole_numbers<Index>(file, "blocks");
  const auto rows = detail::read_whole_numbers<Index>(file, "edge_rows");
  const auto cols = detail::read_whole_numbers<Index>(file, "edge_cols");
  if (shape.size() != 2 || numbers.size() % 4 != 0) {
    detail::fail(path, 0, "a half-fed forest has a shape of two numbers and blocks of four");
  }
  const auto weights = file.read_rows<Scalar>(file.tensor("edge_weights"));
  if (rows.size() != cols.size() || std::ssize(rows) != weights.size()) {
    detail::fail(path, 0, "rows, columns and weights of edges are not of one number");
  }
  std::vector<MatrixBlock> blocks;
  for (std::size_t i = 0; i < numbers.size(); i += 4) {
    blocks.push_back({numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]});
  }
  std::vector<Edge<Scalar>> edges;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    edges.push_back({rows[i], cols[i], weights(static_cast<Index>(i))});
  }
  try {
    return ForestMerger<Scalar>(shape[0], shape[1], blocks, edges);
  } catch (const std::logic_error& error) {
    detail::fail(path, 0, error.what());
  }
}

}  // namespace dgp::io
