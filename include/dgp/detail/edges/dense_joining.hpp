// The edges of a dense layer that may be in a forest, where paths between its neurons are known.
//
// in:  a walk over the layer, and by neuron a limit: edges that do not pass it appear later than
//      all edges of a path from the neuron to a root, one for all; where no path is known, all pass
// out: a batch with all edges that pass the limit of one of their ends or more, but for some that
//      do not matter once others are there; and whether all weights were valid
//
// What is left out is the last edge of a cycle by way of the root (forest/root_paths.hpp). Each
// edge that is taken may raise its ends' limits, as a way to the root for each of them by the
// other's path. Edges that follow at the same neuron pass a limit only with a greater value. For
// in a walk by rows all edges seen before come earlier among equals; in one by columns those of the
// path do, since by edges of the layer no path goes from a row on to a later one: within a column,
// rows are met in ascending order, and no column is met again. One pass over the weights; of random
// ones about log(n) edges are taken for each of n neurons, or fewer where limits are known.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/detail/edges/dense_collect.hpp>
#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/keys/threshold.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/row_tasks.hpp>

namespace dgp::detail {

// Keys counted from the lowest finite weight's: what is not finite is above all that is.
template <class Scalar, class Map>
Bits<Scalar> joining_key(const Map& map, Bits<Scalar> key) {
  if constexpr (Map::is_signed) {
    return static_cast<Bits<Scalar>>(key - map.key(Eigen::NumTraits<Scalar>::lowest()));
  } else {
    return key;
  }
}

// A threshold on such keys; of scalar types without keys, on values.
template <class Scalar>
using JoiningLimit = std::conditional_t<has_ordered_bits<Scalar>, Bits<Scalar>, Threshold<Scalar>>;

template <class Scalar, class Map>
JoiningLimit<Scalar> joining_limit(const Map& map, Threshold<Scalar> threshold) {
  if constexpr (has_ordered_bits<Scalar>) {
    if (threshold.value == Scalar(0)) threshold.value = Scalar(0);  // without a sign
    return joining_key<Scalar>(map, first_key(map, threshold));
  } else {
    return threshold;
  }
}

// Adds the edges of one row.
template <class Walk, class Scalar>
requires has_ordered_bits<Scalar>
void join_row(const Walk& walk, Index row, Bits<Scalar> row_limit, Bits<Scalar>* col_limits,
              std::vector<Scalar>& spare, Batch<Scalar>& batch) {
  using Key = Bits<Scalar>;
  const auto map = walk.map();
  for_each_block(walk.row(row, spare), walk.cols(),
                 [&](Index col, Index count, const Scalar* weights) {
                   Key* const limits = col_limits + col;
                   Key any = 0;
                   for_each_key<Scalar>(map, weights, nullptr, [&](Index i, Key key) {
                     const Key from_lowest = joining_key<Scalar>(map, key);
                     const bool later = (from_lowest < row_limit) & (from_lowest < limits[i]);
                     any = static_cast<Key>(any | static_cast<Key>(later ? 0 : 1));
                   });
                   if (any == 0) return;
                   for (Index i = 0; i < count; ++i) {
                     const Key key = map.key(weights[i]);
                     const Key from_lowest = joining_key<Scalar>(map, key);
                     if (from_lowest < row_limit && from_lowest < limits[i]) continue;
                     if (!is_valid<typename Walk::Map, Scalar>({key, key})) {
                       batch.valid = false;
                       return;
                     }
                     batch.edges.push_back(walk.edge(row, col + i, weights[i]));
                     const auto above = static_cast<Key>(from_lowest + 1);
                     const Key by_col = std::min(above, limits[i]);
                     const Key by_row = std::min(above, row_limit);
                     row_limit = std::max(row_limit, by_col);
                     limits[i] = std::max(limits[i], by_row);
                   }
                 });
}

// Value by value, for scalar types without ordered bits, whose weights have been checked.
template <class Walk, class Scalar>
requires(!has_ordered_bits<Scalar>) void join_row(const Walk& walk, Index row,
                                                  Threshold<Scalar> row_limit,
                                                  Threshold<Scalar>* col_limits,
                                                  std::vector<Scalar>&, Batch<Scalar>& batch) {
  const auto lower = [](const auto& a, const auto& b) { return a.above(b) ? b : a; };
  for (Index col = 0; col < walk.cols(); ++col) {
    const auto edge = walk.edge(row, col);
    if (!row_limit.passes(edge.value) && !col_limits[col].passes(edge.value)) continue;
    batch.edges.push_back(edge);
    const Threshold<Scalar> above{edge.value, true};
    const auto by_col = lower(above, col_limits[col]);
    const auto by_row = lower(above, row_limit);
    if (by_col.above(row_limit)) row_limit = by_col;
    if (by_row.above(col_limits[col])) col_limits[col] = by_row;
  }
}

// Limits by rows and columns of the walk. Stops where a thread has taken more than `most`.
template <class Walk, class Scalar>
void collect_joining(const Walk& walk, const std::vector<JoiningLimit<Scalar>>& row_limits,
                     const std::vector<JoiningLimit<Scalar>>& col_limits, std::size_t most,
                     Batch<Scalar>& batch) {
  const RowTasks tasks = walk.tasks();
  const std::size_t threads = threads_for(tasks.count(), tasks.work);
  std::vector<std::vector<JoiningLimit<Scalar>>> raised(threads, padded(col_limits));
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  collect_by_thread(threads, tasks.count(), batch, all, [&](auto task, auto thread, auto& part) {
    std::vector<Scalar> spare;
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      if (!part.valid || part.edges.size() > most) return;
      join_row(walk, row, row_limits[static_cast<std::size_t>(row)], raised[thread].data(), spare,
               part);
    }
  });
}

}  // namespace dgp::detail
