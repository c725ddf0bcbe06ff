// The heaviest edge of each neuron of a layer.
//
// in:  a layer's edges
// out: the value of each neuron's heaviest edge (of equal ones the first in the order of the walk),
//      which of these are the heaviest of both their neurons, and the lightest value of all
//
// One pass over the weights. A column's best is written only where a block holds a better one,
// which is seldom once a few rows have been seen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/detail/edges/column_best.hpp>
#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/row_tasks.hpp>

namespace dgp::detail {

template <class Scalar>
struct HeaviestEdges {
  std::vector<Scalar> of_rows;  // rows and columns of the walk; neither side is told apart
  std::vector<Scalar> of_cols;
  std::vector<std::uint8_t> shared;  // by column: whether its heaviest edge is its row's too
  Scalar lightest;                   // of all edges
};

// What one thread has found so far.
template <class Scalar, class Map>
class HeaviestScan {
  using Key = Bits<Scalar>;

 public:
  explicit HeaviestScan(const DenseWalk<Scalar, Map>& edges) : edges_(edges) {
    best_.reset(edges.cols());
  }

  struct RowBest {
    Index col;
    Key key;
  };

  // Rows come in ascending order.
  RowBest take_row(Index row, std::vector<Scalar>& spare) {
    const Map map = edges_.map();
    const auto row_index = static_cast<std::uint32_t>(row);
    RowBest best{0, 0};
    for_each_block(edges_.row(row, spare), edges_.cols(),
                   [&](Index col, Index, const Scalar* weights) {
                     const Key* known = best_.keys.data() + col;
                     Key largest = 0;
                     Key smallest = static_cast<Key>(-1);
                     Key news = 0;
                     for_each_key<Scalar>(map, weights, nullptr, [&](Index i, Key key) {
                       largest = largest < key ? key : largest;
                       smallest = key < smallest ? key : smallest;
                       const Key larger = known[i] < key ? key : known[i];
                       news = static_cast<Key>(news | (larger ^ known[i]));
                     });
                     smallest_ = std::min(smallest_, smallest);
                     if (best.key < largest) best = {col, largest};
                     if (news != 0) {
                       best_.take(col, row_index, [&](Index i) { return map.key(weights[i]); });
                     }
                   });
    while (map.key(edges_.weight(row, best.col)) < best.key) ++best.col;
    return best;
  }

  void merge(const HeaviestScan& other) {
    smallest_ = std::min(smallest_, other.smallest_);
    for (std::size_t col = 0; col < best_.keys.size(); ++col) {
      const Key key = other.best_.keys[col];
      const std::uint32_t row = other.best_.rows[col];
      if (key < best_.keys[col] || (key == best_.keys[col] && best_.rows[col] < row)) continue;
      best_.keys[col] = key;
      best_.rows[col] = row;
    }
  }

  Key smallest() const { return smallest_; }
  Key col_key(Index col) const { return best_.keys[static_cast<std::size_t>(col)]; }
  Index col_row(Index col) const { return best_.rows[static_cast<std::size_t>(col)]; }

 private:
  const DenseWalk<Scalar, Map>& edges_;
  ColumnBest<Key> best_;
  Key smallest_ = static_cast<Key>(-1);
};

template <class Scalar, class Map>
requires has_ordered_bits<Scalar> HeaviestEdges<Scalar> heaviest_of_neurons(
    const WeightView<Scalar>& weights, const Map& map) {
  using Scan = HeaviestScan<Scalar, Map>;
  const DenseWalk<Scalar, Map> edges(weights, map, 0, 0);
  const RowTasks tasks(edges.rows(), edges.cols());
  std::vector<typename Scan::RowBest> row_best(static_cast<std::size_t>(edges.rows()));
  std::vector<Scan> parts(threads_for(tasks.count(), tasks.work), Scan(edges));
  parallel_for_by_thread(parts.size(), tasks.count(), [&](std::size_t task, std::size_t thread) {
    std::vector<Scalar> spare;
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      row_best[static_cast<std::size_t>(row)] = parts[thread].take_row(row, spare);
    }
  });
  Scan& all = parts.front();
  for (std::size_t thread = 1; thread < parts.size(); ++thread) all.merge(parts[thread]);

  HeaviestEdges<Scalar> heaviest{{}, {}, {}, map.value_of(all.smallest())};
  for (const auto& best : row_best) heaviest.of_rows.push_back(map.value_of(best.key));
  for (Index col = 0; col < edges.cols(); ++col) {
    heaviest.of_cols.push_back(map.value_of(all.col_key(col)));
    const Index row = all.col_row(col);
    heaviest.shared.push_back(row_best[static_cast<std::size_t>(row)].col == col);
  }
  return heaviest;
}

// Value by value, for scalar types without ordered bits.
template <class Scalar, class Map>
HeaviestEdges<Scalar> heaviest_of_neurons(const WeightView<Scalar>& layer, const Map& map) {
  const WeightView<Scalar> weights = along_memory(layer);
  std::vector<Index> best_col(static_cast<std::size_t>(weights.rows), 0);
  std::vector<Index> best_row(static_cast<std::size_t>(weights.cols), 0);
  HeaviestEdges<Scalar> heaviest{{}, {}, {}, map(weights(0, 0))};
  for (Index row = 0; row < weights.rows; ++row) heaviest.of_rows.push_back(map(weights(row, 0)));
  for (Index col = 0; col < weights.cols; ++col) heaviest.of_cols.push_back(map(weights(0, col)));
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) {
      const Scalar value = map(weights(row, col));
      heaviest.lightest = std::min(heaviest.lightest, value);
      const auto take = [&](Scalar& best, Index& place, Index here) {
        if (!(best < value)) return;
        best = value;
        place = here;
      };
      const auto r = static_cast<std::size_t>(row);
      const auto c = static_cast<std::size_t>(col);
      take(heaviest.of_rows[r], best_col[r], col);
      take(heaviest.of_cols[c], best_row[c], row);
    }
  }
  for (Index col = 0; col < weights.cols; ++col) {
    const Index row = best_row[static_cast<std::size_t>(col)];
    heaviest.shared.push_back(best_col[static_cast<std::size_t>(row)] == col);
  }
  return heaviest;
}

}  // namespace dgp::detail
