// Sweeps over a layer's edges at the speed of memory.
//
// in:  the weights of one layer, a map from weight to filtration value, and optionally a cap for
//      each neuron: an edge's value is min(cap of its row, map(weight), cap of its column)
// out: the largest value at each neuron; all edges above a threshold; the best edge that leaves
//      each neuron's component
//
// Weights are compared as ordered integers (ordered_bits.hpp), of which the filtration value is a
// monotone function, 32 at a time: a block of which no edge passes is left after one maximum.
// Values themselves are computed for the few edges that pass. Every sweep is cut into tasks of
// fixed size, whatever the number of threads; what threads find is combined so that neither their
// number nor their order matters.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/detail/filtration_maps.hpp>
#include <dgp/detail/kruskal.hpp>
#include <dgp/detail/ordered_bits.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/row_tasks.hpp>
#include <dgp/detail/value_keys.hpp>
#include <dgp/detail/weight_view.hpp>

namespace dgp::detail {

// One layer as edges of a graph whose vertices are numbered through the whole network.
template <class Scalar, class Map>
class LayerEdges {
 public:
  using Key = Bits<Scalar>;

  LayerEdges(const WeightView<Scalar>& weights, const Map& map, Vertex first_row, Vertex first_col)
      : map_(map),
        flipped_(walks_by_column(weights)),
        weights_(along_memory(weights)),
        first_row_(flipped_ ? first_col : first_row),
        first_col_(flipped_ ? first_row : first_col) {}

  // Caps by row and column of the layer as it was given; they must outlive the edges.
  void set_caps(const Caps<Scalar>& by_row, const Caps<Scalar>& by_col) {
    const Caps<Scalar>& rows = flipped_ ? by_col : by_row;
    const Caps<Scalar>& cols = flipped_ ? by_row : by_col;
    row_caps_ = rows ? rows.values.data() : nullptr;
    row_keys_ = rows ? rows.keys.data() : nullptr;
    col_caps_ = cols ? cols.values.data() : nullptr;
    col_keys_ = cols ? cols.keys.data() : nullptr;
  }

  // Rows and columns in the order of the walk.
  Index rows() const { return weights_.rows; }
  Index cols() const { return weights_.cols; }
  bool flipped() const { return flipped_; }
  const Map& map() const { return map_; }
  Vertex row_vertex(Index row) const { return first_row_ + static_cast<Vertex>(row); }
  Vertex col_vertex(Index col) const { return first_col_ + static_cast<Vertex>(col); }

  // From this column on; null without caps.
  const Key* col_keys(Index col) const { return col_keys_ == nullptr ? nullptr : col_keys_ + col; }
  Key row_key(Index row) const {
    return row_keys_ == nullptr ? static_cast<Key>(-1) : row_keys_[row];
  }

  Scalar value(Index row, Index col) const { return value(row, col, weights_(row, col)); }
  Candidate<Scalar> edge(Index row, Index col) const { return edge(row, col, weights_(row, col)); }

  // Where the weight there is known already.
  Scalar value(Index row, Index col, const Scalar& weight) const {
    Scalar value = map_(weight);
    if (row_caps_ != nullptr) value = std::min(value, row_caps_[row]);
    if (col_caps_ != nullptr) value = std::min(value, col_caps_[col]);
    return value;
  }
  Candidate<Scalar> edge(Index row, Index col, const Scalar& weight) const {
    const Vertex a = row_vertex(row);
    const Vertex b = col_vertex(col);
    return {value(row, col, weight), flipped_ ? b : a, flipped_ ? a : b};
  }

  // Under the cap of its column only.
  Key key(Index row, Index col) const {
    const Key key = map_.key(weights_(row, col));
    return col_keys_ == nullptr ? key : std::min(key, col_keys_[col]);
  }

  // The weights of a row side by side: where memory does not hold them so, copied to `spare`.
  const Scalar* row(Index row, std::vector<Scalar>& spare) const {
    const Scalar* first = &weights_(row, 0);
    if (weights_.col_stride == 1) return first;
    spare.resize(static_cast<std::size_t>(cols()));
    for (Index col = 0; col < cols(); ++col) {
      spare[static_cast<std::size_t>(col)] = first[col * weights_.col_stride];
    }
    return spare.data();
  }

 private:
  Map map_;
  bool flipped_;
  WeightView<Scalar> weights_;
  Vertex first_row_;
  Vertex first_col_;
  const Scalar* row_caps_ = nullptr;
  const Scalar* col_caps_ = nullptr;
  const Key* row_keys_ = nullptr;
  const Key* col_keys_ = nullptr;
};

// Calls visit(col, count, weights) for the blocks of one row. Where the row ends within a block,
// `count` weights are its own and the last one is repeated.
template <class Scalar, class Visit>
void for_each_block(const Scalar* row, Index cols, const Visit& visit) {
  Index col = 0;
  for (; col + scan_block <= cols; col += scan_block) {
    fetch_ahead<scan_block>(row + col);
    visit(col, scan_block, row + col);
  }
  if (col == cols) return;
  std::array<Scalar, scan_block> rest;
  for (Index i = 0; i < scan_block; ++i) {
    rest[static_cast<std::size_t>(i)] = row[std::min(col + i, cols - 1)];
  }
  visit(col, cols - col, rest.data());
}

// Edges above a threshold, which is raised where more than `limit` would pass it.
template <class Scalar>
struct Batch {
  std::vector<Candidate<Scalar>> edges;
  Threshold<Scalar> threshold;
  bool valid = true;  // whether all weights were (edges with caps have been checked before)

  void raise(const Threshold<Scalar>& higher) {
    if (!higher.above(threshold)) return;
    threshold = higher;
    std::erase_if(edges, [&](const auto& edge) { return !threshold.passes(edge.value); });
  }
  void shrink_to(std::size_t limit) {
    if (edges.size() <= limit) return;
    const auto middle = edges.begin() + static_cast<std::ptrdiff_t>(edges.size() / 2);
    std::nth_element(edges.begin(), middle, edges.end(), appears_earlier<Scalar>);
    raise({middle->value, true});
  }
};

// Calls take(i, key) for the keys of `count` weights; `caps` are those of their columns, or null.
// Only inlined do the maxima that `take` keeps stay in registers, and only then is it vectorised.
template <class Scalar, class Map, class Take>
[[gnu::always_inline]] inline void for_each_key(const Map& map, const Scalar* weights,
                                                const Bits<Scalar>* caps, Index count,
                                                const Take& take) {
  if (caps == nullptr) {
    for (Index i = 0; i < count; ++i) take(i, map.key(weights[i]));
  } else {
    for (Index i = 0; i < count; ++i) {
      const Bits<Scalar> key = map.key(weights[i]);
      take(i, caps[i] < key ? caps[i] : key);
    }
  }
}

template <class Scalar, class Map>
[[gnu::always_inline]] inline Bits<Scalar> largest_key(const Map& map, const Scalar* weights,
                                                       const Bits<Scalar>* caps, Index count) {
  Bits<Scalar> largest = 0;
  for_each_key(map, weights, caps, count,
               [&](Index, Bits<Scalar> key) { largest = largest < key ? key : largest; });
  return largest;
}

// Raises the maxima of a block's columns to the keys of one row, which has this cap.
template <class Scalar, class Map>
[[gnu::always_inline]] inline void raise_columns(const Map& map, const Scalar* weights,
                                                 Bits<Scalar> row_cap, Bits<Scalar>* maxima) {
  for_each_key<Scalar>(map, weights, nullptr, scan_block, [&](Index i, Bits<Scalar> key) {
    const Bits<Scalar> capped = row_cap < key ? row_cap : key;
    maxima[i] = maxima[i] < capped ? capped : maxima[i];
  });
}

// Adds those of the first `count` edges of a block that pass the threshold; only keys from `first`
// on can.
template <class Scalar, class Map>
void add_passing(const LayerEdges<Scalar, Map>& edges, Index row, Index col, Index count,
                 const Scalar* weights, const std::array<Bits<Scalar>, scan_block>& keys,
                 Bits<Scalar> first, const Threshold<Scalar>& threshold,
                 std::vector<Candidate<Scalar>>& to) {
  std::uint32_t passing = 0;
  for (Index i = 0; i < scan_block; ++i) {
    passing |= keys[static_cast<std::size_t>(i)] >= first ? std::uint32_t{1} << i : 0;
  }
  passing &= ~std::uint32_t{0} >> (scan_block - count);
  // One place further on only if the edge passes: no branch to be guessed wrong.
  std::array<Candidate<Scalar>, scan_block> added;
  auto end = added.begin();
  for (; passing != 0; passing &= passing - 1) {
    const int i = std::countr_zero(passing);
    *end = edges.edge(row, col + i, weights[i]);
    end += threshold.passes(end->value);
  }
  to.insert(to.end(), added.begin(), end);
}

template <class Key>
struct KeyRange {
  Key smallest;
  Key largest;
};

// The largest key of a block; the smallest too where keys are signed, to find what is not finite.
template <class Scalar, class Map>
KeyRange<Bits<Scalar>> range_of_keys(const Map& map, const Scalar* weights,
                                     const Bits<Scalar>* caps) {
  using Key = Bits<Scalar>;
  KeyRange<Key> range{static_cast<Key>(-1), 0};
  for_each_key(map, weights, caps, scan_block, [&](Index, Key key) {
    range.largest = range.largest < key ? key : range.largest;
    if constexpr (Map::is_signed) range.smallest = key < range.smallest ? key : range.smallest;
  });
  return range;
}

// Whether all weights of a block are finite, and have no sign where the map wants none.
template <class Map, class Scalar>
bool is_valid(const KeyRange<Bits<Scalar>>& range) {
  if constexpr (std::is_same_v<Map, NonNegative<Scalar>>) {
    return range.largest < Map::end;
  } else if constexpr (Map::is_signed) {
    const Scalar infinity = Eigen::NumTraits<Scalar>::infinity();
    return signed_key<Scalar>(-infinity) < range.smallest && range.largest < signed_key(infinity);
  } else {
    return range.largest < infinite_magnitude<Scalar>;
  }
}

// Which component each vertex is in.
struct Components {
  std::vector<Vertex> of;
  Vertex largest;
};

// By column, in whole blocks.
template <class Scalar, class Map>
std::vector<Vertex> column_components(const LayerEdges<Scalar, Map>& edges,
                                      const Components& components) {
  const auto first = components.of.begin() + edges.col_vertex(0);
  return padded(std::vector<Vertex>(first, first + edges.cols()));
}

// Raises maxima to others; either may be empty.
template <class Key>
void raise_to(std::vector<Key>& maxima, const std::vector<Key>& others) {
  maxima.resize(std::max(maxima.size(), others.size()), 0);
  for (std::size_t i = 0; i < others.size(); ++i) maxima[i] = std::max(maxima[i], others[i]);
}

// The neurons at which a scan is to find the largest keys: those of the rows (under the columns'
// caps) or of the columns (under the rows' caps) of the walk.
enum class MaximaAt { nowhere, rows, columns };

// Adds all edges of a layer that pass the batch's threshold, or, where components are given, all of
// these between them. One pass over the weights. Returns the maxima wanted.
template <MaximaAt side = MaximaAt::nowhere, class Scalar, class Map>
std::vector<Bits<Scalar>> scan_above(const LayerEdges<Scalar, Map>& edges, Batch<Scalar>& batch,
                                     std::size_t limit, const Components* components = nullptr) {
  using Key = Bits<Scalar>;
  const auto col_component =
      components == nullptr ? std::vector<Vertex>() : column_components(edges, *components);
  const RowTasks tasks(edges.rows(), edges.cols());
  // What each thread finds; the first one adds to what there is.
  struct Part {
    Batch<Scalar> batch;
    std::vector<Key> at_columns;
  };
  std::vector<Part> parts(most_threads(), Part{{{}, batch.threshold}, {}});
  std::swap(parts.front().batch, batch);
  std::vector<Key> at_rows(side == MaximaAt::rows ? static_cast<std::size_t>(edges.rows()) : 0);
  parallel_for_by_thread(tasks.count(), tasks.work, [&](std::size_t task, std::size_t thread) {
    Batch<Scalar>& part = parts[thread].batch;
    std::vector<Key>& at_columns = parts[thread].at_columns;
    if (side == MaximaAt::columns && at_columns.empty()) {
      at_columns.assign(whole_blocks(edges.cols()), 0);
    }
    std::vector<Scalar> spare;
    const Map map = edges.map();
    Key first = scan_from(map, part.threshold);
    for (Index row = tasks.begin(task); row < tasks.end(task) && part.valid; ++row) {
      const Key row_cap = edges.row_key(row);
      if (side == MaximaAt::nowhere && row_cap < first) continue;
      Key row_maximum = 0;
      for_each_block(
          edges.row(row, spare), edges.cols(), [&](Index col, Index count, const Scalar* weights) {
            const Key* caps = edges.col_keys(col);
            if constexpr (side == MaximaAt::columns) {
              raise_columns(map, weights, row_cap, at_columns.data() + col);
            }
            std::array<Key, scan_block> keys;
            if (components != nullptr) {
              const Vertex component = components->of[edges.row_vertex(row)];
              const Vertex* far = col_component.data() + col;
              Key largest = 0;
              for_each_key(map, weights, caps, scan_block, [&](Index i, Key key) {
                const auto leaving = static_cast<Key>(key & -static_cast<Key>(far[i] != component));
                keys[static_cast<std::size_t>(i)] = leaving;
                largest = largest < leaving ? leaving : largest;
              });
              if (largest < first) return;
            } else {
              const KeyRange<Key> range = range_of_keys(map, weights, caps);
              if constexpr (side == MaximaAt::rows) {
                row_maximum = std::max(row_maximum, range.largest);
              }
              if (!is_valid<Map, Scalar>(range)) part.valid = false;
              if (range.largest < first || row_cap < first || !part.valid) return;
              for_each_key(map, weights, caps, scan_block,
                           [&](Index i, Key key) { keys[static_cast<std::size_t>(i)] = key; });
            }
            add_passing(edges, row, col, count, weights, keys, first, part.threshold, part.edges);
          });
      if constexpr (side == MaximaAt::rows) at_rows[static_cast<std::size_t>(row)] = row_maximum;
      if (part.edges.size() > limit) {
        part.shrink_to(limit);
        first = scan_from(map, part.threshold);
      }
    }
  });

  std::swap(parts.front().batch, batch);
  std::vector<Key> at_columns = std::move(parts.front().at_columns);
  for (std::size_t thread = 1; thread < parts.size(); ++thread) {
    Batch<Scalar>& part = parts[thread].batch;
    batch.valid &= part.valid;
    batch.raise(part.threshold);
    part.raise(batch.threshold);
    batch.edges.insert(batch.edges.end(), part.edges.begin(), part.edges.end());
    part.edges = {};
    raise_to(at_columns, parts[thread].at_columns);
  }
  batch.shrink_to(limit);
  if constexpr (side == MaximaAt::rows) {
    return at_rows;
  } else {
    return at_columns;
  }
}

// The column of a row's heaviest edge, the first of equals.
template <class Scalar, class Map>
Index heaviest_in_row(const LayerEdges<Scalar, Map>& edges, Index row, std::vector<Scalar>& spare) {
  using Key = Bits<Scalar>;
  const Map map = edges.map();
  const Scalar* weights = edges.row(row, spare);
  const Key largest =
      std::min(edges.row_key(row), largest_key(map, weights, edges.col_keys(0), edges.cols()));
  for (Index col = 0;; col += scan_block) {
    const Index count = std::min(scan_block, edges.cols() - col);
    const Key* caps = edges.col_keys(col);
    if (largest_key(map, weights + col, caps, count) < largest) continue;
    while (edges.key(row, col) < largest) ++col;
    return col;
  }
}

// The largest key of each column so far, and the first row that has it.
template <class Key>
struct ColumnBest {
  std::vector<Key> keys;  // 0: none yet; both in whole blocks
  std::vector<std::uint32_t> rows;

  void reset(Index cols) {
    keys.assign(whole_blocks(cols), 0);
    rows.assign(whole_blocks(cols), 0);
  }
  // The keys of a block of one row; rows come in ascending order.
  template <class KeyAt>
  [[gnu::always_inline]] void take(Index col, std::uint32_t row, const KeyAt& key_at) {
    Key* best_keys = keys.data() + col;
    std::uint32_t* best_rows = rows.data() + col;
    for (Index i = 0; i < scan_block; ++i) {
      const Key key = key_at(i);
      const auto better = -static_cast<std::uint32_t>(best_keys[i] < key);
      best_rows[i] = (row & better) | (best_rows[i] & ~better);
      best_keys[i] = best_keys[i] < key ? key : best_keys[i];
    }
  }
};

// Calls consider(edge) for the best edge out of its component at each vertex outside the largest
// one, and for some others; where values round keys, for any of the edges of the best value. One
// pass over the weights at most: what lies inside the largest component is skipped where only few
// neurons are outside it.
template <class Scalar, class Map, class Consider>
void scan_best(const LayerEdges<Scalar, Map>& edges, const Components& components,
               const Consider& consider) {
  // Keys move up by one, so that 0 can stand for an edge inside a component.
  using Key = Bits<Scalar>;
  constexpr Key no_more = static_cast<Key>(-1);
  const auto col_component = column_components(edges, components);
  std::vector<Index> outside;
  for (Index col = 0; col < edges.cols(); ++col) {
    if (col_component[static_cast<std::size_t>(col)] != components.largest) outside.push_back(col);
  }
  const bool few_outside = static_cast<Index>(outside.size()) * 16 <= edges.cols();

  // What one thread has found.
  struct Part {
    std::vector<Candidate<Scalar>> row_best;
    ColumnBest<Key> col_best;
  };
  const RowTasks tasks(edges.rows(), edges.cols());
  std::vector<Part> parts(most_threads());
  parallel_for_by_thread(tasks.count(), tasks.work, [&](std::size_t task, std::size_t thread) {
    Part& part = parts[thread];
    std::vector<Scalar> spare;
    const Map map = edges.map();
    if (part.col_best.keys.empty()) {
      part.col_best.reset(edges.cols());
      // Nothing is sought for columns inside the largest component.
      for (std::size_t col = 0; col < col_component.size(); ++col) {
        if (col_component[col] == components.largest) part.col_best.keys[col] = no_more;
      }
    }
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      const Vertex component = components.of[edges.row_vertex(row)];
      const bool in_largest = component == components.largest;
      const Key row_cap = std::min(edges.row_key(row), static_cast<Key>(-2));
      const auto row_index = static_cast<std::uint32_t>(row);
      const auto raised = [&](Key key) {
        return static_cast<Key>((row_cap < key ? row_cap : key) + 1);
      };
      if (in_largest && few_outside) {
        for (const Index col : outside) {
          const auto at = static_cast<std::size_t>(col);
          const Key key = raised(edges.key(row, col));
          if (part.col_best.keys[at] < key) {
            part.col_best.keys[at] = key;
            part.col_best.rows[at] = row_index;
          }
        }
        continue;
      }
      if (!in_largest && outside.empty()) {
        part.row_best.push_back(edges.edge(row, heaviest_in_row(edges, row, spare)));
        continue;
      }
      Key row_largest = 0;
      Index row_best = 0;
      for_each_block(
          edges.row(row, spare), edges.cols(), [&](Index col, Index, const Scalar* weights) {
            const Key* caps = edges.col_keys(col);
            const Vertex* far = col_component.data() + col;
            const Key* col_keys = part.col_best.keys.data() + col;
            const auto leaving_key = [&](Index i, Key key) {
              return static_cast<Key>(raised(key) & -static_cast<Key>(far[i] != component));
            };
            // Most blocks hold nothing new, and nothing is written for them. Where all columns may
            // do better in row after row, finding that out would be one step more.
            if (!in_largest) {
              Key news = 0;
              for_each_key(map, weights, caps, scan_block, [&](Index i, Key key) {
                const Key known = col_keys[i] < row_largest ? col_keys[i] : row_largest;
                const Key leaving = leaving_key(i, key);
                news = static_cast<Key>(news | ((known < leaving ? leaving : known) ^ known));
              });
              if (news == 0) return;
            }
            std::array<Key, scan_block> keys;
            for_each_key(map, weights, caps, scan_block, [&](Index i, Key key) {
              keys[static_cast<std::size_t>(i)] = leaving_key(i, key);
            });
            part.col_best.take(col, row_index,
                               [&](Index i) { return keys[static_cast<std::size_t>(i)]; });
            if (in_largest) return;
            const Key largest = *std::max_element(keys.begin(), keys.end());
            if (row_largest < largest) {
              row_largest = largest;
              row_best = col;
              while (keys[static_cast<std::size_t>(row_best - col)] != largest) ++row_best;
            }
          });
      if (row_largest > 0) part.row_best.push_back(edges.edge(row, row_best));
    }
  });

  for (const auto& part : parts) {
    std::for_each(part.row_best.begin(), part.row_best.end(), consider);
    if (part.col_best.keys.empty()) continue;
    for (const Index col : outside) {
      const auto at = static_cast<std::size_t>(col);
      if (part.col_best.keys[at] > 0) consider(edges.edge(part.col_best.rows[at], col));
    }
  }
}

// The largest key of each row (of the walk), under the columns' caps.
template <class Scalar, class Map>
std::vector<Bits<Scalar>> row_maxima(const LayerEdges<Scalar, Map>& edges) {
  using Key = Bits<Scalar>;
  std::vector<Key> maxima(static_cast<std::size_t>(edges.rows()), 0);
  const RowTasks tasks(edges.rows(), edges.cols());
  parallel_for(tasks.count(), tasks.work, [&](std::size_t task) {
    std::vector<Scalar> spare;
    const Map map = edges.map();
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      Key largest = 0;
      for_each_block(edges.row(row, spare), edges.cols(),
                     [&](Index col, Index, const Scalar* weights) {
                       const Key* caps = edges.col_keys(col);
                       largest = std::max(largest, largest_key(map, weights, caps, scan_block));
                     });
      maxima[static_cast<std::size_t>(row)] = largest;
    }
  });
  return maxima;
}

// The largest key of each column (of the walk), under the rows' caps.
template <class Scalar, class Map>
std::vector<Bits<Scalar>> col_maxima(const LayerEdges<Scalar, Map>& edges) {
  using Key = Bits<Scalar>;
  const RowTasks tasks(edges.rows(), edges.cols());
  std::vector<std::vector<Key>> parts(most_threads());  // by thread
  parallel_for_by_thread(tasks.count(), tasks.work, [&](std::size_t task, std::size_t thread) {
    std::vector<Key>& maxima = parts[thread];
    if (maxima.empty()) maxima.assign(whole_blocks(edges.cols()), 0);
    std::vector<Scalar> spare;
    const Map map = edges.map();
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      const Key row_cap = edges.row_key(row);
      for_each_block(edges.row(row, spare), edges.cols(),
                     [&](Index col, Index, const Scalar* weights) {
                       raise_columns(map, weights, row_cap, maxima.data() + col);
                     });
    }
  });
  for (std::size_t thread = 1; thread < parts.size(); ++thread) {
    raise_to(parts.front(), parts[thread]);
  }
  return std::move(parts.front());
}

}  // namespace dgp::detail
