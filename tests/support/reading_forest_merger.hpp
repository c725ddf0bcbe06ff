// Reads a file of a half-fed forest that may be broken, and goes on with what it holds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>

#include <Eigen/Core>

#include <dgp/forest_merger.hpp>
#include <dgp/io/forest_merger.hpp>

namespace support {

// What is wrong with what the reader gives; empty if nothing is. Throws what the reader throws.
// Small matrices are fed to the end.
inline std::string mistake_of_forest_merger(const std::filesystem::path& path, std::size_t size,
                                            int& finished) {
  auto merger = dgp::io::read_forest_merger<float>(path);
  const auto edges = merger.edges();
  const auto blocks = merger.blocks();
  if (8 * edges.size() + 32 * blocks.size() > size) return "more than the file holds";
  for (std::size_t i = 1; i < edges.size(); ++i) {
    if (edges[i - 1].weight < edges[i].weight) return "edges out of order";
  }
  dgp::ForestMerger<float> same(merger.rows(), merger.cols());
  same.merge(merger);
  if (same.edges() != edges) return "a forest that does not merge with nothing";

  constexpr dgp::Index most = 64;
  if (merger.rows() > most || merger.cols() > most) return "";
  const Eigen::MatrixXf entry = Eigen::MatrixXf::Constant(1, 1, 0.5F);
  for (dgp::Index row = 0; row < merger.rows(); ++row) {
    for (dgp::Index col = 0; col < merger.cols(); ++col) {
      const bool is_there = std::any_of(blocks.begin(), blocks.end(), [&](const auto& block) {
        return block.first_row <= row && row < block.end_row() && block.first_col <= col &&
               col < block.end_col();
      });
      if (!is_there) merger.add(entry, row, col);
    }
  }
  const auto forest = merger.finish();
  ++finished;
  const auto wanted = static_cast<std::size_t>(merger.rows() + merger.cols() - 1);
  return forest.edges.size() == wanted ? "" : "a forest that does not span its matrix";
}

}  // namespace support
