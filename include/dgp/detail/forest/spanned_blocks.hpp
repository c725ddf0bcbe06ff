// Whether given edges can be the forest of given blocks of a matrix: for states that come from
// files, or from other machines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/coverage.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>

namespace dgp::detail {

// Sorted, each once.
inline void make_set(std::vector<Index>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

inline Vertex place_in(const std::vector<Index>& numbers, Index number) {
  return static_cast<Vertex>(std::lower_bound(numbers.begin(), numbers.end(), number) -
                             numbers.begin());
}

// How many numbers lie in at least one of these intervals [begin, end).
inline Index covered(std::vector<std::pair<Index, Index>> intervals) {
  std::sort(intervals.begin(), intervals.end());
  Index count = 0;
  Index reached = 0;
  for (const auto& [begin, end] : intervals) {
    count += std::max(Index{0}, end - std::max(begin, reached));
    reached = std::max(reached, end);
  }
  return count;
}

// A forest joins what the blocks join if it has no cycle, lies within them and has as many edges as
// there are neurons, less the sets of neurons that the blocks leave apart. Time O(edges · log +
// edges · blocks), memory O(edges + blocks), whatever the matrix's shape. Throws
// std::invalid_argument.
template <class Edge>
void check_spans(const std::vector<MatrixBlock>& blocks, const std::vector<Edge>& edges) {
  std::vector<Index> rows;
  std::vector<Index> cols;
  for (const auto& edge : edges) {
    const auto refuse = [&](const std::string& why) {
      throw std::invalid_argument("the edge at row " + std::to_string(edge.row) + ", column " +
                                  std::to_string(edge.col) + " of a forest " + why);
    };
    const bool inside = std::any_of(blocks.begin(), blocks.end(), [&](const MatrixBlock& block) {
      return block.first_row <= edge.row && edge.row < block.end_row() &&
             block.first_col <= edge.col && edge.col < block.end_col();
    });
    if (!inside) refuse("lies in none of its blocks");
    if (!is_finite(edge.weight)) refuse("weighs " + printed(edge.weight));
    rows.push_back(edge.row);
    cols.push_back(edge.col);
  }
  make_set(rows);
  make_set(cols);
  UnionFind neurons(rows.size() + cols.size());
  for (const auto& edge : edges) {
    const Vertex row = neurons.find(place_in(rows, edge.row));
    const Vertex col = neurons.find(static_cast<Vertex>(rows.size()) + place_in(cols, edge.col));
    if (row == col) {
      throw std::invalid_argument("the edge at row " + std::to_string(edge.row) + ", column " +
                                  std::to_string(edge.col) + " closes a cycle, in a forest");
    }
    neurons.join(row, col);
  }
  UnionFind sets(blocks.size());
  std::size_t apart = blocks.size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const MatrixBlock& a = blocks[i];
      const MatrixBlock& b = blocks[j];
      const bool share_rows = a.first_row < b.end_row() && b.first_row < a.end_row();
      const bool share_cols = a.first_col < b.end_col() && b.first_col < a.end_col();
      const Vertex one = sets.find(static_cast<Vertex>(i));
      const Vertex other = sets.find(static_cast<Vertex>(j));
      if (one == other || !(share_rows || share_cols)) continue;
      sets.join(one, other);
      --apart;
    }
  }
  std::vector<std::pair<Index, Index>> by_row;
  std::vector<std::pair<Index, Index>> by_col;
  for (const auto& block : blocks) {
    by_row.emplace_back(block.first_row, block.end_row());
    by_col.emplace_back(block.first_col, block.end_col());
  }
  const Index wanted = covered(by_row) + covered(by_col) - static_cast<Index>(apart);
  if (static_cast<Index>(edges.size()) != wanted) {
    throw std::invalid_argument("a forest of " + std::to_string(edges.size()) +
                                " edges where its blocks have one of " + std::to_string(wanted));
  }
}

}  // namespace dgp::detail
