// A walk over the weights of one dense layer at the speed of memory.
//
// in:  the weights of a layer, which may be stored as a narrower type than they are measured in, a
//      map from weight to filtration value, the vertices of its neurons, and, optionally, what
//      limits the values at each neuron
// out: values and edges by place, and weights and keys block by block
//
// Weights are compared as ordered integers (ordered_bits.hpp), of which the filtration value is a
// monotone function, 32 at a time: a block of which no edge passes is left after one maximum.
// Values themselves are computed for the few edges that pass.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/detail/weights/widened.hpp>

namespace dgp::detail {

template <class Weight, class MapOf, class StoredAs = Weight>
class DenseWalk {
 public:
  using Scalar = Weight;
  using Stored = StoredAs;
  using Map = MapOf;
  using Key = Bits<Scalar>;

  DenseWalk(const WeightView<Stored>& weights, const Map& map, Vertex first_row, Vertex first_col)
      : map_(map),
        flipped_(walks_by_column(weights)),
        weights_(along_memory(weights)),
        first_row_(flipped_ ? first_col : first_row),
        first_col_(flipped_ ? first_row : first_col) {}

  // The limits must outlive it.
  DenseWalk limited(const PathLimits<Scalar>& limits) const {
    DenseWalk walk(*this);
    walk.row_limits_ = (flipped_ ? limits.entry : limits.exit).strength.data() + first_row_;
    walk.col_limits_ = (flipped_ ? limits.exit : limits.entry).strength.data() + first_col_;
    return walk;
  }

  // Rows and columns in the order of the walk: where weights lie by column, rows are columns.
  Index rows() const { return weights_.rows; }
  Index cols() const { return weights_.cols; }
  bool flipped() const { return flipped_; }
  const Map& map() const { return map_; }
  Vertex row_vertex(Index row) const { return first_row_ + static_cast<Vertex>(row); }
  Vertex col_vertex(Index col) const { return first_col_ + static_cast<Vertex>(col); }
  RowTasks tasks() const { return RowTasks(rows(), cols()); }

  // By row and by column; null without limits.
  const Scalar* row_limits() const { return row_limits_; }
  const Scalar* col_limits() const { return col_limits_; }

  decltype(auto) weight(Index row, Index col) const {
    if constexpr (as_stored) {
      return weights_(row, col);
    } else {
      return static_cast<Scalar>(weights_(row, col));
    }
  }
  Candidate<Scalar> edge(Index row, Index col) const { return edge(row, col, weight(row, col)); }

  // Where the weight there is known already.
  Candidate<Scalar> edge(Index row, Index col, const Scalar& weight) const {
    Scalar value = map_(weight);
    if (row_limits_ != nullptr) {
      value = std::min(value, std::min(row_limits_[row], col_limits_[col]));
    }
    const Vertex a = row_vertex(row);
    const Vertex b = col_vertex(col);
    return {value, flipped_ ? b : a, flipped_ ? a : b};
  }

  // The weights of a row side by side: where memory does not hold them so, copied to `spare`.
  const Scalar* row(Index row, std::vector<Scalar>& spare) const {
    const Stored* first = &weights_(row, 0);
    if constexpr (as_stored) {
      if (weights_.col_stride == 1) return first;
    }
    spare.resize(static_cast<std::size_t>(cols()));
    if constexpr (!as_stored) {
      if (weights_.col_stride == 1) {
        widen(first, cols(), spare.data());
        return spare.data();
      }
    }
    for (Index col = 0; col < cols(); ++col) {
      spare[static_cast<std::size_t>(col)] = static_cast<Scalar>(first[col * weights_.col_stride]);
    }
    return spare.data();
  }

 private:
  static constexpr bool as_stored = std::is_same_v<Stored, Scalar>;

  Map map_;
  bool flipped_;
  WeightView<Stored> weights_;
  Vertex first_row_;
  Vertex first_col_;
  const Scalar* row_limits_ = nullptr;
  const Scalar* col_limits_ = nullptr;
};

// Calls visit(col, count, weights) for the blocks of one row. Where the row ends within a block,
// `count` weights are its own and the last one is repeated.
template <class Scalar, class Visit>
[[gnu::always_inline]] inline void for_each_block(const Scalar* row, Index cols,
                                                  const Visit& visit) {
  Index col = 0;
  for (; col + scan_block <= cols; col += scan_block) {
    fetch_ahead<scan_block>(row + col);
    visit(col, scan_block, row + col);
  }
  if (col == cols) return;
  std::array<Scalar, scan_block> rest;
  std::fill(std::copy(row + col, row + cols, rest.begin()), rest.end(), row[cols - 1]);
  visit(col, cols - col, rest.data());
}

// Calls take(i, key) for the keys of a block; `mask` has bits of these, or is null. Only inlined do
// the maxima that `take` keeps stay in registers, and only then is it vectorised.
template <class Scalar, class Map, class Take>
[[gnu::always_inline]] inline void for_each_key(const Map& map, const Scalar* weights,
                                                const Bits<Scalar>* mask, const Take& take) {
  if (mask == nullptr) {
    for (Index i = 0; i < scan_block; ++i) take(i, map.key(weights[i]));
  } else {
    for (Index i = 0; i < scan_block; ++i) {
      take(i, static_cast<Bits<Scalar>>(map.key(weights[i]) & mask[i]));
    }
  }
}

// Which component the neuron of each column is in, in whole blocks.
template <class Walk>
std::vector<Vertex> column_components(const Walk& walk, const Components& components) {
  const auto first = components.of.begin() + walk.col_vertex(0);
  return padded(std::vector<Vertex>(first, first + walk.cols()));
}

}  // namespace dgp::detail
