// The maximum spanning forest of a matrix that is never there as a whole.
//
// in:  blocks of the matrix with their places, in any order, here or on several machines
// out: the forest that maximum_spanning_forest finds of all of it, bit for bit
//
// Each block is reduced to its own forest, of rows + cols - 1 of its edges, or at once to those
// edges that what is there already does not rule out, and all these to one forest; why nothing is
// lost, detail/forest/merged_forest.hpp tells. A matrix of a billion weights is summed up by as
// many edges as it has rows and columns.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/coverage.hpp>
#include <dgp/detail/forest/merged_forest.hpp>
#include <dgp/detail/forest/spanned_blocks.hpp>
#include <dgp/detail/keys/filtration_maps.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

// Takes blocks of a matrix, and gives its forest. Weights count as they are given, signs included;
// for neural persistence, give `.cwiseAbs()`.
template <class Scalar>
class ForestMerger {
 public:
  // Of a matrix (rows × cols). Throws std::invalid_argument for an empty one, std::length_error for
  // more neurons than 32 bits count.
  ForestMerger(Index rows, Index cols) : rows_(rows), cols_(cols), forest_(rows + cols) {
    detail::check_shape("matrix", rows, cols);
  }

  // What `blocks()` and `edges()` of another one said, from a file, say. Throws
  // std::invalid_argument where they do not belong together: where the edges are not those of a
  // forest that joins what the blocks join, or one has no finite weight.
  ForestMerger(Index rows, Index cols, const std::vector<MatrixBlock>& blocks,
               const std::vector<Edge<Scalar>>& edges)
      : ForestMerger(rows, cols) {
    for (const auto& block : blocks) {
      check_place(block);
      blocks_.add(block);
    }
    detail::check_spans(blocks, edges);
    std::vector<detail::Candidate<Scalar>> forest;
    for (const auto& [row, col, weight] : edges) forest.push_back(candidate(row, col, weight));
    forest_.add(forest);
  }

  // A block whose first entry is that of the matrix at (first_row, first_col); any dense expression
  // of Scalar. Time O(n log n) for n weights, mostly one look at each where blocks before it have
  // its rows or its columns; memory O((rows + cols) log) beside the block. Throws
  // std::invalid_argument for an empty block, one that reaches beyond the matrix or holds an entry
  // that is there already, and for a weight that is not finite (its place is told in the whole
  // matrix); all stays as it was then.
  template <WeightMatrix Block>
  void add(const Block& block, Index first_row, Index first_col) {
    static_assert(std::is_same_v<scalar_t<Block>, Scalar>,
                  "dgp: the block must have the merger's scalar type");
    const detail::NetworkWeights<Scalar> weights(block, "block");
    const detail::WeightView<Scalar>& view = weights[0];
    const MatrixBlock place{first_row, first_col, view.rows, view.cols};
    check_place(place);
    const bool finite = forest_.add(view, detail::AsGiven<Scalar>{}, row_vertex(first_row),
                                    static_cast<detail::Vertex>(first_col));
    if (!finite) detail::check_finite("matrix", view, first_row, first_col);
    blocks_.add(place);
  }

  // What another one of the same matrix has seen. Time O((rows + cols) log). Throws
  // std::invalid_argument for another shape, and where both have seen an entry; both stay as they
  // were then.
  void merge(const ForestMerger& other) {
    if (other.rows_ != rows_ || other.cols_ != cols_) {
      throw std::invalid_argument("a merger of a " + detail::shape(other.rows_, other.cols_) +
                                  " matrix cannot be merged with one of a " +
                                  detail::shape(rows_, cols_));
    }
    for (const auto& block : other.blocks_.blocks()) check_place(block);
    for (const auto& block : other.blocks_.blocks()) blocks_.add(block);
    forest_.add(other.forest_.edges());
  }

  // The forest of the whole matrix. Time and memory O((rows + cols) log). Throws std::logic_error
  // where an entry has not been seen.
  SpanningForest<Scalar> finish() const {
    if (const auto missing = blocks_.first_missing(rows_, cols_)) {
      throw std::logic_error("the forest is not complete: row " + std::to_string(missing->first) +
                             ", column " + std::to_string(missing->second) +
                             " of the matrix is in no block");
    }
    return detail::as_forest(forest_.edges(), rows_, cols_);
  }

  // Of the whole matrix.
  Index rows() const { return rows_; }
  Index cols() const { return cols_; }

  // What has been seen, disjoint, in any order; and the forest of it, heaviest edge first.
  const std::vector<MatrixBlock>& blocks() const { return blocks_.blocks(); }
  std::vector<Edge<Scalar>> edges() const {
    return detail::as_forest(forest_.edges(), rows_, cols_).edges;
  }

 private:
  detail::Candidate<Scalar> candidate(Index row, Index col, const Scalar& weight) const {
    return {weight, row_vertex(row), static_cast<detail::Vertex>(col)};
  }
  detail::Vertex row_vertex(Index row) const { return static_cast<detail::Vertex>(cols_ + row); }

  void check_place(const MatrixBlock& block) const {
    const auto words = [](const MatrixBlock& some) {
      return "the " + detail::shape(some.rows, some.cols) + " block from row " +
             std::to_string(some.first_row) + ", column " + std::to_string(some.first_col) + " on";
    };
    const bool inside = block.rows > 0 && block.cols > 0 && block.first_row >= 0 &&
                        block.first_col >= 0 && block.first_row <= rows_ - block.rows &&
                        block.first_col <= cols_ - block.cols;
    if (!inside) {
      throw std::invalid_argument(words(block) + " is not inside a " + detail::shape(rows_, cols_) +
                                  " matrix");
    }
    if (const auto there = blocks_.overlapped_by(block)) {
      throw std::invalid_argument(words(block) + " overlaps " + words(*there) +
                                  ", which is there already");
    }
  }

  Index rows_;
  Index cols_;
  detail::Coverage blocks_;
  mutable detail::MergedForest<Scalar> forest_;  // gathered edges are reduced when asked for
};

}  // namespace dgp
