// A matrix cut into blocks at random, and forests merged from them against that of the whole.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/random_network.hpp"
#include "against_naive.hpp"
#include "naive.hpp"

namespace oracle {

using dgp::MatrixBlock;
using support::Random;

// Adds these blocks, in one storage order or the other.
template <class Scalar>
void add_blocks(dgp::ForestMerger<Scalar>& merger, const support::Matrix<Scalar>& weights,
                const std::vector<MatrixBlock>& blocks, Random& random) {
  const dgp::RowMajorMatrix<Scalar> by_row = weights;
  for (const auto& [row, col, rows, cols] : blocks) {
    if (random.below(2) == 0) {
      merger.add(weights.block(row, col, rows, cols), row, col);
    } else {
      merger.add(by_row.block(row, col, rows, cols), row, col);
    }
  }
}

// A matrix cut at random places, again and again; or into single rows, or columns.
inline std::vector<MatrixBlock> random_blocks(Random& random, int rows, int cols) {
  std::vector<MatrixBlock> blocks;
  const int way = random.below(4);
  if (way == 0) {
    for (int row = 0; row < rows; ++row) blocks.push_back({row, 0, 1, cols});
  } else if (way == 1) {
    for (int col = 0; col < cols; ++col) blocks.push_back({0, col, rows, 1});
  } else {
    blocks.push_back({0, 0, rows, cols});
    for (int cuts = random.below(12); cuts > 0; --cuts) {
      auto& block = blocks[static_cast<std::size_t>(random.below(static_cast<int>(blocks.size())))];
      const bool across = random.below(2) == 0;
      const auto extent = across ? block.rows : block.cols;
      if (extent < 2) continue;
      const dgp::Index cut = 1 + random.below(static_cast<int>(extent) - 1);
      MatrixBlock rest = block;
      (across ? rest.first_row : rest.first_col) += cut;
      (across ? rest.rows : rest.cols) -= cut;
      (across ? block.rows : block.cols) = cut;
      blocks.push_back(rest);
    }
  }
  for (std::size_t i = blocks.size(); i > 1; --i) {
    std::swap(blocks[i - 1], blocks[static_cast<std::size_t>(random.below(static_cast<int>(i)))]);
  }
  return blocks;
}

// Blocks of the matrix, given to half-fed mergers, and these merged in a tree of any form. What
// differs, bit for bit; nothing if nothing does.
template <class Scalar>
std::string mistake_of_merger(const Matrix<Scalar>& weights, const std::vector<MatrixBlock>& blocks,
                              Random& random) {
  std::vector<dgp::ForestMerger<Scalar>> mergers;
  for (int count = 1 + random.below(4); count > 0; --count) {
    mergers.emplace_back(weights.rows(), weights.cols());
  }
  for (const auto& block : blocks) {
    const auto at = static_cast<std::size_t>(random.below(static_cast<int>(mergers.size())));
    add_blocks(mergers[at], weights, {block}, random);
  }
  while (mergers.size() > 1) {
    const auto at = static_cast<std::size_t>(random.below(static_cast<int>(mergers.size()) - 1));
    mergers[at].merge(mergers.back());
    mergers.pop_back();
  }
  const auto forest = mergers[0].finish();
  if (forest.rows != weights.rows() || forest.cols != weights.cols()) return "another shape";
  if (!same_edges(forest.edges, naive::spanning_forest(weights))) return "another forest";
  if (forest.edges != dgp::maximum_spanning_forest(weights).edges) return "another than at once";
  const std::vector<MatrixBlock> all{{0, 0, weights.rows(), weights.cols()}};
  return mergers[0].blocks() == all ? "" : "blocks that are not seen as the whole";
}

}  // namespace oracle
