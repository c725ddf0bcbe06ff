// The best edge of a dense layer out of each component: the step of Boruvka's algorithm.
//
// in:  a walk over the layer, and which component each neuron is in
// out: calls consider(edge) for the best edge out of its component at each neuron outside the
//      largest one, and for some others
//
// One pass over the weights at most: what lies inside the largest component is skipped where only
// few neurons are outside it. Without limits, weights are compared by their keys; where these are
// finer than values, any of the edges of the best value may be the one. Under limits, by the bits
// of the values, which are not negative.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/detail/edges/column_best.hpp>
#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/parallel.hpp>

namespace dgp::detail {

// Edges in the order of their weights.
template <class Walk>
class ByWeight {
 public:
  using Scalar = typename Walk::Scalar;
  using Key = Bits<Scalar>;
  explicit ByWeight(const Walk& walk) : map_(walk.map()) {}
  Key row_limit(Index) const { return static_cast<Key>(-1); }
  Key operator()(const Scalar& weight, Index) const { return map_.key(weight); }

 private:
  typename Walk::Map map_;
};

// Edges in the order of their values under the limits at their columns.
template <class Walk>
class ByValue {
 public:
  using Scalar = typename Walk::Scalar;
  using Key = Bits<Scalar>;
  explicit ByValue(const Walk& walk)
      : map_(walk.map()),
        row_limits_(walk.row_limits()),
        col_limits_(
            padded(std::vector<Scalar>(walk.col_limits(), walk.col_limits() + walk.cols()))) {}
  Key row_limit(Index row) const { return bits(row_limits_[row]); }
  Key operator()(const Scalar& weight, Index col) const {
    const Scalar value = map_(weight);
    const Scalar limit = col_limits_[static_cast<std::size_t>(col)];
    return bits(limit < value ? limit : value);
  }

 private:
  static Key bits(const Scalar& value) { return Eigen::numext::bit_cast<Key>(value); }
  typename Walk::Map map_;
  const Scalar* row_limits_;
  std::vector<Scalar> col_limits_;
};

// Keys move up by one, so that 0 can stand for an edge inside a component.
template <class Key>
Key raised(Key key, Key row_limit) {
  constexpr auto most = static_cast<Key>(-2);
  const Key limit = row_limit < most ? row_limit : most;
  return static_cast<Key>((limit < key ? limit : key) + 1);
}

// The column of a row's heaviest edge, the first of equals.
template <class Walk, class KeyOf>
Index heaviest_in_row(const Walk& walk, const KeyOf& key_of, Index row,
                      std::vector<typename Walk::Scalar>& spare) {
  using Scalar = typename Walk::Scalar;
  using Key = Bits<Scalar>;
  const Scalar* weights = walk.row(row, spare);
  const auto largest_of = [&](Index col, const Scalar* block) {
    Key largest = 0;
    for (Index i = 0; i < scan_block; ++i) {
      const Key key = key_of(block[i], col + i);
      largest = largest < key ? key : largest;
    }
    return largest;
  };
  Key largest = 0;
  for_each_block(weights, walk.cols(), [&](Index col, Index, const Scalar* block) {
    largest = std::max(largest, largest_of(col, block));
  });
  largest = std::min(largest, key_of.row_limit(row));
  Index col = 0;
  while (col + scan_block <= walk.cols() && largest_of(col, weights + col) < largest) {
    col += scan_block;
  }
  while (key_of(weights[col], col) < largest) ++col;
  return col;
}

// What one thread has found.
template <class Scalar>
struct BestOfRows {
  std::vector<Candidate<Scalar>> row_best;
  ColumnBest<Bits<Scalar>> col_best;
};

// The best edges of one row and what it brings the columns.
template <class Walk, class KeyOf>
void take_row(const Walk& walk, const KeyOf& key_of, Index row, const Components& components,
              const std::vector<Vertex>& col_components, std::vector<typename Walk::Scalar>& spare,
              BestOfRows<typename Walk::Scalar>& part) {
  using Scalar = typename Walk::Scalar;
  using Key = Bits<Scalar>;
  const Vertex component = components.of[walk.row_vertex(row)];
  const bool in_largest = component == components.largest;
  const Key row_limit = key_of.row_limit(row);
  Key row_largest = 0;
  Index row_best = 0;
  for_each_block(walk.row(row, spare), walk.cols(), [&](Index col, Index, const Scalar* weights) {
    const Vertex* far = col_components.data() + col;
    const Key* col_keys = part.col_best.keys.data() + col;
    const auto leaving_key = [&](Index i) {
      return static_cast<Key>(raised(key_of(weights[i], col + i), row_limit) &
                              -static_cast<Key>(far[i] != component));
    };
    // Most blocks hold nothing new, and nothing is written for them. Where all columns may
    // do better in row after row, finding that out would be one step more.
    if (!in_largest) {
      Key news = 0;
      for (Index i = 0; i < scan_block; ++i) {
        const Key leaving = leaving_key(i);
        const Key known = col_keys[i] < row_largest ? col_keys[i] : row_largest;
        news = static_cast<Key>(news | ((known < leaving ? leaving : known) ^ known));
      }
      if (news == 0) return;
    }
    std::array<Key, scan_block> keys;
    for (Index i = 0; i < scan_block; ++i) keys[static_cast<std::size_t>(i)] = leaving_key(i);
    part.col_best.take(col, static_cast<std::uint32_t>(row),
                       [&](Index i) { return keys[static_cast<std::size_t>(i)]; });
    if (in_largest) return;
    const Key largest = *std::max_element(keys.begin(), keys.end());
    if (row_largest < largest) {
      row_largest = largest;
      row_best = col;
      while (keys[static_cast<std::size_t>(row_best - col)] != largest) ++row_best;
    }
  });
  if (row_largest > 0) part.row_best.push_back(walk.edge(row, row_best));
}

template <class Walk, class KeyOf, class Consider>
void best_leaving_by(const KeyOf& key_of, const Walk& walk, const Components& components,
                     const Consider& consider) {
  using Scalar = typename Walk::Scalar;
  using Key = Bits<Scalar>;
  const auto col_components = column_components(walk, components);
  std::vector<Index> outside;
  for (Index col = 0; col < walk.cols(); ++col) {
    if (col_components[static_cast<std::size_t>(col)] != components.largest) outside.push_back(col);
  }
  const bool few_outside = static_cast<Index>(outside.size()) * 16 <= walk.cols();

  const RowTasks tasks = walk.tasks();
  std::vector<BestOfRows<Scalar>> parts(threads_for(tasks.count(), tasks.work));
  parallel_for_by_thread(parts.size(), tasks.count(), [&](std::size_t task, std::size_t thread) {
    BestOfRows<Scalar>& part = parts[thread];
    auto& [col_keys, col_rows] = part.col_best;
    std::vector<Scalar> spare;
    if (col_keys.empty()) {
      part.col_best.reset(walk.cols());
      // Nothing is sought for columns inside the largest component.
      for (std::size_t col = 0; col < col_components.size(); ++col) {
        if (col_components[col] == components.largest) col_keys[col] = static_cast<Key>(-1);
      }
    }
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      if (components.of[walk.row_vertex(row)] != components.largest && outside.empty()) {
        part.row_best.push_back(walk.edge(row, heaviest_in_row(walk, key_of, row, spare)));
        continue;
      }
      if (!few_outside || components.of[walk.row_vertex(row)] != components.largest) {
        take_row(walk, key_of, row, components, col_components, spare, part);
        continue;
      }
      const Key row_limit = key_of.row_limit(row);
      for (const Index col : outside) {
        const auto at = static_cast<std::size_t>(col);
        const Key key = raised(key_of(walk.weight(row, col), col), row_limit);
        if (col_keys[at] < key) {
          col_keys[at] = key;
          col_rows[at] = static_cast<std::uint32_t>(row);
        }
      }
    }
  });

  for (const auto& part : parts) {
    std::for_each(part.row_best.begin(), part.row_best.end(), consider);
    if (part.col_best.keys.empty()) continue;
    for (const Index col : outside) {
      const auto at = static_cast<std::size_t>(col);
      if (part.col_best.keys[at] > 0) consider(walk.edge(part.col_best.rows[at], col));
    }
  }
}

template <class Walk, class Consider>
void best_leaving(const Walk& walk, const Components& components, const Consider& consider) {
  if constexpr (!has_ordered_bits<typename Walk::Scalar>) {
    for (Index row = 0; row < walk.rows(); ++row) {
      for (Index col = 0; col < walk.cols(); ++col) {
        const bool leaving =
            components.of[walk.row_vertex(row)] != components.of[walk.col_vertex(col)];
        if (leaving) consider(walk.edge(row, col));
      }
    }
  } else if (walk.row_limits() == nullptr) {
    best_leaving_by(ByWeight<Walk>(walk), walk, components, consider);
  } else {
    best_leaving_by(ByValue<Walk>(walk), walk, components, consider);
  }
}

}  // namespace dgp::detail
