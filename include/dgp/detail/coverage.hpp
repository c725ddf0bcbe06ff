// Which entries of a matrix have been seen, block by block.
//
// in:  blocks of it, in any order
// out: whether one overlaps what is there, and the first entry that none holds
//
// Blocks are kept as disjoint rectangles; two that make one are joined, so that blocks in any
// ordinary order stay few.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>

namespace dgp {

// Some entries of a matrix: rows × cols of them from (first_row, first_col) on.
struct MatrixBlock {
  Index first_row;  // from 0 on, in the matrix
  Index first_col;  // likewise
  Index rows;       // at least 1
  Index cols;       // at least 1

  // Behind the last one.
  Index end_row() const { return first_row + rows; }
  Index end_col() const { return first_col + cols; }
  friend bool operator==(const MatrixBlock&, const MatrixBlock&) = default;
};

namespace detail {

class Coverage {
 public:
  const std::vector<MatrixBlock>& blocks() const { return blocks_; }

  // The block there that shares entries with this one.
  std::optional<MatrixBlock> overlapped_by(const MatrixBlock& block) const {
    const auto found = std::find_if(blocks_.begin(), blocks_.end(), [&](const MatrixBlock& there) {
      return block.first_row < there.end_row() && there.first_row < block.end_row() &&
             block.first_col < there.end_col() && there.first_col < block.end_col();
    });
    return found == blocks_.end() ? std::nullopt : std::optional(*found);
  }

  // One that overlaps none. Time O(blocks) each time that two become one.
  void add(MatrixBlock block) {
    for (;;) {
      const auto next = std::find_if(blocks_.begin(), blocks_.end(), [&](const MatrixBlock& there) {
        return joined(there, block).has_value();
      });
      if (next == blocks_.end()) break;
      block = *joined(*next, block);
      *next = blocks_.back();
      blocks_.pop_back();
    }
    blocks_.push_back(block);
  }

  // By row, then by column.
  std::optional<std::pair<Index, Index>> first_missing(Index rows, Index cols) const {
    auto blocks = blocks_;
    std::sort(blocks.begin(), blocks.end(),
              [](const MatrixBlock& a, const MatrixBlock& b) { return a.first_col < b.first_col; });
    for (Index row = 0; row < rows;) {
      Index col = 0;
      Index next_row = rows;  // up to there, rows are covered as this one is
      for (const MatrixBlock& block : blocks) {
        if (row < block.first_row) next_row = std::min(next_row, block.first_row);
        if (row < block.first_row || row >= block.end_row()) continue;
        next_row = std::min(next_row, block.end_row());
        if (block.first_col == col) col = block.end_col();
      }
      if (col < cols) return std::pair(row, col);
      row = next_row;
    }
    return std::nullopt;
  }

 private:
  static std::optional<MatrixBlock> joined(const MatrixBlock& a, const MatrixBlock& b) {
    if (a.first_row == b.first_row && a.rows == b.rows) {
      if (a.end_col() == b.first_col || b.end_col() == a.first_col) {
        return MatrixBlock{a.first_row, std::min(a.first_col, b.first_col), a.rows,
                           a.cols + b.cols};
      }
    }
    if (a.first_col == b.first_col && a.cols == b.cols) {
      if (a.end_row() == b.first_row || b.end_row() == a.first_row) {
        return MatrixBlock{std::min(a.first_row, b.first_row), a.first_col, a.rows + b.rows,
                           a.cols};
      }
    }
    return std::nullopt;
  }

  std::vector<MatrixBlock> blocks_;  // disjoint
};

}  // namespace detail
}  // namespace dgp
