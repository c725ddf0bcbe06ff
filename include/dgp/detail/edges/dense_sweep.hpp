// One step of best paths through a dense layer.
//
// in:  a walk over the layer, and the strengths of the best paths on one side of it
// out: on the other side, for each neuron the largest, over its edges, of min(strength, value), and
//      the edge; on the way, where they are wanted, the edges above a threshold under the limits at
//      both ends
//
// One pass over the weights. A block is left after a comparison of keys where none of its weights
// can do better than what is known, which is seldom otherwise once a few have been seen. By column
// that would be many times while the first rows come by: of those the largest keys are found
// beforehand.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <dgp/detail/edges/column_best.hpp>
#include <dgp/detail/edges/dense_collect.hpp>
#include <dgp/detail/edges/dense_passing.hpp>
#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/parallel.hpp>

namespace dgp::detail {

template <class Scalar>
Scalar lesser(const Scalar& a, const Scalar& b) {
  return b < a ? b : a;
}

// The best path to one row, and the column through which it goes.
template <class Scalar>
struct RowPath {
  Scalar strength;
  Index col = -1;  // none is better than the known one
};

// The strengths with which the columns are reached.
template <class Scalar>
struct ColumnStrengths {
  std::vector<Scalar> values;
  std::vector<Bits<Scalar>> keys;  // near these, in whole blocks

  template <class Map>
  ColumnStrengths(const Map& map, const Scalar* from, Index cols) : values(from, from + cols) {
    for (const Scalar& value : values) keys.push_back(key_near(map, value));
    keys = padded(std::move(keys));
  }
};

// Values are computed only of those weights whose key, under its limit, is the largest of all.
template <class Scalar>
class RowSweep {
 public:
  template <class Walk, class Edges>
  RowPath<Scalar> best_path_to(const Walk& walk, Index row, const ColumnStrengths<Scalar>& from,
                               const Scalar& known, Edges& edges) {
    using Key = Bits<Scalar>;
    const auto map = walk.map();
    const Scalar* weights = walk.row(row, spare_);
    const Key* limits = from.keys.data();
    const auto limited = [&](Index col, Key key) { return limits[col] < key ? limits[col] : key; };
    const bool wanted = edges.wanted(row);
    best_keys_.clear();
    for_each_block(weights, walk.cols(), [&](Index col, Index count, const Scalar* block) {
      Key best = 0;
      for_each_key<Scalar>(map, block, nullptr, [&](Index i, Key key) {
        const Key here = limited(col + i, key);
        best = best < here ? here : best;
      });
      best_keys_.push_back(best);
      if (!wanted || best < edges.first_key) return;
      std::array<Key, scan_block> keys;
      for_each_key<Scalar>(map, block, nullptr, [&](Index i, Key key) {
        keys[static_cast<std::size_t>(i)] = limited(col + i, key);
      });
      edges.add(row, col, count, block, keys);
    });
    // Limited keys are in the order of strengths; different strengths can share one.
    const Key largest = *std::max_element(best_keys_.begin(), best_keys_.end());
    RowPath<Scalar> best{known};
    for (std::size_t block = 0; block < best_keys_.size(); ++block) {
      if (best_keys_[block] < largest) continue;
      const Index begin = static_cast<Index>(block) * scan_block;
      const Index end = std::min(begin + scan_block, walk.cols());
      for (Index col = begin; col < end; ++col) {
        if (limited(col, map.key(weights[col])) < largest) continue;
        const Scalar strength =
            lesser(map(weights[col]), from.values[static_cast<std::size_t>(col)]);
        if (best.strength < strength) best = {strength, col};
      }
    }
    return best;
  }

 private:
  std::vector<Scalar> spare_;
  std::vector<Bits<Scalar>> best_keys_;  // by block
};

template <class Walk, class Scalar, class Raise, class Edges>
void sweep_rows(const Walk& walk, const RowTasks& tasks, std::size_t task,
                const ColumnStrengths<Scalar>& from, const Scalar* known, const Raise& raise,
                Edges& edges) {
  RowSweep<Scalar> sweep;
  for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
    const auto best = sweep.best_path_to(walk, row, from, known[row], edges);
    if (best.col >= 0) raise(row, best.strength, best.col);
    edges.shrink();
  }
}

// Calls raise(row, strength, col) where a path is better than the known one; `from` are the
// strengths by column, `known` by row.
template <class Walk, class Scalar, class Raise>
requires has_ordered_bits<Scalar>
void sweep_rows(const Walk& walk, const Scalar* from, const Scalar* known, const Raise& raise) {
  const ColumnStrengths<Scalar> strengths(walk.map(), from, walk.cols());
  const RowTasks tasks = walk.tasks();
  parallel_for(tasks.count(), tasks.work, [&](std::size_t task) {
    NoEdges<Scalar> none;
    sweep_rows(walk, tasks, task, strengths, known, raise, none);
  });
}

// Adds to the batch as collect_above does.
template <class Walk, class Scalar, class Raise>
requires has_ordered_bits<Scalar>
void sweep_rows(const Walk& walk, const Scalar* from, const Scalar* known, const Raise& raise,
                Batch<Scalar>& batch, std::size_t limit) {
  const ColumnStrengths<Scalar> strengths(walk.map(), from, walk.cols());
  const RowTasks tasks = walk.tasks();
  const std::size_t threads = threads_for(tasks.count(), tasks.work);
  collect_by_thread(threads, tasks.count(), batch, limit, [&](auto task, auto, auto& part) {
    PassingEdges<Walk> edges(walk, part, limit);
    sweep_rows(walk, tasks, task, strengths, known, raise, edges);
  });
}

// The best path to each column so far.
template <class Scalar>
class ColumnSweep {
  using Key = Bits<Scalar>;

 public:
  template <class Walk>
  ColumnSweep(const Walk& walk, const Scalar* known) {
    for (Index col = 0; col < walk.cols(); ++col) {
      best_.keys.push_back(signed_key(known[col]));
      first_keys_.push_back(first_above(walk.map(), known[col]));
    }
    best_.keys = padded(std::move(best_.keys));
    first_keys_ = padded(std::move(first_keys_));
    best_.rows.assign(best_.keys.size(), none);
  }

  // Looks at the first rows, reached with these strengths, for what no weight of a lower key is as
  // good as. They are still to be taken; so these are a quarter of all at most, seen by one thread.
  template <class Walk>
  void look_ahead(const Walk& walk, const Scalar* from) {
    const auto map = walk.map();
    std::vector<Key> largest(first_keys_.size(), 0);
    for (Index row = 0; row < std::min(most_ahead, walk.rows() / 4); ++row) {
      const Key limit = key_near(map, from[row]);
      for_each_block(walk.row(row, spare_), walk.cols(),
                     [&](Index col, Index, const Scalar* block) {
                       Key* known = largest.data() + col;
                       for_each_key<Scalar>(map, block, nullptr, [&](Index i, Key key) {
                         const Key limited = limit < key ? limit : key;
                         known[i] = known[i] < limited ? limited : known[i];
                       });
                     });
    }
    for (std::size_t at = 0; at < largest.size(); ++at) {
      first_keys_[at] = std::max(first_keys_[at], first_as_good<Scalar>(map, largest[at]));
    }
  }

  // Makes ready for taking edges too.
  template <class Walk>
  void want(const Walk& walk, const PassingEdges<Walk>& edges) {
    for (Index col = 0; col < walk.cols(); ++col) {
      passing_keys_.push_back(edges.wanted_of(col) ? edges.first_key : static_cast<Key>(-1));
    }
    passing_keys_ = padded(std::move(passing_keys_));
    look_keys_.resize(first_keys_.size());
    std::transform(first_keys_.begin(), first_keys_.end(), passing_keys_.begin(),
                   look_keys_.begin(),
                   [](Key first, Key passing) { return std::min(first, passing); });
  }

  // A row, reached with this strength.
  template <class Walk, class Edges>
  void take(const Walk& walk, Index row, const Scalar& strength, Edges& edges) {
    const auto map = walk.map();
    const Key limit = key_near(map, strength);
    const bool wanted = edges.wanted(row);
    for_each_block(
        walk.row(row, spare_), walk.cols(), [&](Index col, Index count, const Scalar* block) {
          const auto limited = [&](Key key) { return limit < key ? limit : key; };
          const auto begin = static_cast<std::size_t>(col);
          const Key* look = (wanted ? look_keys_ : first_keys_).data() + begin;
          Key news = 0;
          for_each_key<Scalar>(map, block, nullptr, [&](Index i, Key key) {
            news = static_cast<Key>(news | -static_cast<Key>(look[i] <= limited(key)));
          });
          if (news == 0) return;
          std::uint32_t news_at = 0;
          for_each_key<Scalar>(map, block, nullptr, [&](Index i, Key key) {
            news_at |= look[i] <= limited(key) ? std::uint32_t{1} << i : 0;
          });
          news_at &= ~std::uint32_t{0} >> (scan_block - count);
          for (; news_at != 0; news_at &= news_at - 1) {
            const int i = std::countr_zero(news_at);
            take(map, row, begin + static_cast<std::size_t>(i), lesser(map(block[i]), strength));
            if (wanted) edges.add(row, col + i, block[i]);
          }
        });
  }

  template <class Raise>
  void report(Index cols, const Raise& raise) const {
    for (Index col = 0; col < cols; ++col) {
      const auto at = static_cast<std::size_t>(col);
      if (best_.rows[at] == none) continue;
      raise(col, signed_number<Scalar>(best_.keys[at]), static_cast<Index>(best_.rows[at]));
    }
  }

 private:
  static constexpr auto none = static_cast<std::uint32_t>(-1);
  static constexpr Index most_ahead = 256;  // rows

  template <class Map>
  void take(const Map& map, Index row, std::size_t at, const Scalar& strength) {
    const Key key = signed_key(strength);
    if (key <= best_.keys[at]) return;
    best_.keys[at] = key;
    best_.rows[at] = static_cast<std::uint32_t>(row);
    first_keys_[at] = first_above(map, strength);
    if (!passing_keys_.empty()) look_keys_[at] = std::min(first_keys_[at], passing_keys_[at]);
  }

  ColumnBest<Key> best_;           // by the keys of strengths, not of weights
  std::vector<Key> first_keys_;    // no weight of a lower key does better
  std::vector<Key> passing_keys_;  // no edge of a lower key passes
  std::vector<Key> look_keys_;     // the lesser of both
  std::vector<Scalar> spare_;
};

// Calls raise(col, strength, row) where a path may be better than the known one; `from` are the
// strengths by row, `known` by column.
template <class Walk, class Scalar, class Raise>
requires has_ordered_bits<Scalar>
void sweep_columns(const Walk& walk, const Scalar* from, const Scalar* known, const Raise& raise) {
  const RowTasks tasks = walk.tasks();
  ColumnSweep<Scalar> beginning(walk, known);
  beginning.look_ahead(walk, from);
  std::vector<ColumnSweep<Scalar>> parts(threads_for(tasks.count(), tasks.work), beginning);
  parallel_for_by_thread(parts.size(), tasks.count(), [&](std::size_t task, std::size_t thread) {
    NoEdges<Scalar> edges;
    for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
      parts[thread].take(walk, row, from[row], edges);
    }
  });
  for (const auto& part : parts) part.report(walk.cols(), raise);
}

// Adds to the batch as collect_above does.
template <class Walk, class Scalar, class Raise>
requires has_ordered_bits<Scalar>
void sweep_columns(const Walk& walk, const Scalar* from, const Scalar* known, const Raise& raise,
                   Batch<Scalar>& batch, std::size_t limit) {
  const RowTasks tasks = walk.tasks();
  ColumnSweep<Scalar> beginning(walk, known);
  beginning.look_ahead(walk, from);
  beginning.want(walk, PassingEdges<Walk>(walk, batch, limit));
  std::vector<ColumnSweep<Scalar>> parts(threads_for(tasks.count(), tasks.work), beginning);
  collect_by_thread(parts.size(), tasks.count(), batch, limit,
                    [&](auto task, auto thread, auto& part) {
                      PassingEdges<Walk> edges(walk, part, limit);
                      for (Index row = tasks.begin(task); row < tasks.end(task); ++row) {
                        parts[thread].take(walk, row, from[row], edges);
                        edges.shrink();
                      }
                    });
  for (const auto& part : parts) part.report(walk.cols(), raise);
}

// Value by value, for scalar types without ordered bits.
template <class Walk, class Scalar, class Raise>
void sweep_rows(const Walk& walk, const Scalar* from, const Scalar*, const Raise& raise) {
  for (Index row = 0; row < walk.rows(); ++row) {
    for (Index col = 0; col < walk.cols(); ++col) {
      raise(row, lesser(walk.map()(walk.weight(row, col)), from[col]), col);
    }
  }
}
template <class Walk, class Scalar, class Raise>
void sweep_columns(const Walk& walk, const Scalar* from, const Scalar*, const Raise& raise) {
  for (Index row = 0; row < walk.rows(); ++row) {
    for (Index col = 0; col < walk.cols(); ++col) {
      raise(col, lesser(walk.map()(walk.weight(row, col)), from[row]), row);
    }
  }
}

template <class Walk, class Scalar, class Raise>
requires(!has_ordered_bits<Scalar>) void sweep_rows(const Walk& walk, const Scalar* from,
                                                    const Scalar* known, const Raise& raise,
                                                    Batch<Scalar>& batch, std::size_t limit) {
  sweep_rows(walk, from, known, raise);
  collect_above(walk, batch, limit, nullptr);
}
template <class Walk, class Scalar, class Raise>
requires(!has_ordered_bits<Scalar>) void sweep_columns(const Walk& walk, const Scalar* from,
                                                       const Scalar* known, const Raise& raise,
                                                       Batch<Scalar>& batch, std::size_t limit) {
  sweep_columns(walk, from, known, raise);
  collect_above(walk, batch, limit, nullptr);
}

}  // namespace dgp::detail
