// All edges of a dense layer above a threshold.
//
// in:  a walk over the layer, a batch with its threshold, and, where only edges between components
//      are wanted, the components
// out: the batch with these edges added, and whether all weights were valid
//
// One pass over the weights. It is cut into tasks of fixed size, whatever the number of threads;
// what threads find is combined so that neither their number nor their order matters.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/keys/filtration_maps.hpp>
#include <dgp/detail/parallel.hpp>

namespace dgp::detail {

// Adds those of the first `count` edges of a block that pass the threshold; only keys from `first`
// on can.
template <class Walk, class Scalar>
void add_passing(const Walk& walk, Index row, Index col, Index count, const Scalar* weights,
                 const std::array<Bits<Scalar>, scan_block>& keys, Bits<Scalar> first,
                 const Threshold<Scalar>& threshold, std::vector<Candidate<Scalar>>& to) {
  std::uint32_t passing = 0;
  for (Index i = 0; i < scan_block; ++i) {
    passing |= keys[static_cast<std::size_t>(i)] >= first ? std::uint32_t{1} << i : 0;
  }
  passing &= ~std::uint32_t{0} >> (scan_block - count);
  for (; passing != 0; passing &= passing - 1) {
    const int i = std::countr_zero(passing);
    const auto edge = walk.edge(row, col + i, weights[i]);
    if (threshold.passes(edge.value)) to.push_back(edge);
  }
}

template <class Key>
struct KeyRange {
  Key smallest;
  Key largest;
};

// The largest key of a block; the smallest too where keys are signed, to find what is not finite.
template <class Scalar, class Map>
KeyRange<Bits<Scalar>> range_of_keys(const Map& map, const Scalar* weights,
                                     const Bits<Scalar>* mask) {
  using Key = Bits<Scalar>;
  KeyRange<Key> range{static_cast<Key>(-1), 0};
  for_each_key(map, weights, mask, [&](Index, Key key) {
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

// All bits at the columns whose limit passes the threshold, none at the others; empty where all do.
template <class Walk, class Scalar>
std::vector<Bits<Scalar>> passing_columns(const Walk& walk, const Threshold<Scalar>& threshold) {
  const Scalar* limits = walk.col_limits();
  const auto passes = [&](const Scalar& limit) { return threshold.passes(limit); };
  if (limits == nullptr || std::all_of(limits, limits + walk.cols(), passes)) return {};
  std::vector<Bits<Scalar>> mask;
  mask.reserve(whole_blocks(walk.cols()));
  for (Index col = 0; col < walk.cols(); ++col) {
    mask.push_back(static_cast<Bits<Scalar>>(passes(limits[col]) ? -1 : 0));
  }
  return padded(std::move(mask));
}

// Adds the edges of some rows to what one thread has found.
template <class Walk, class Scalar>
void collect_rows(const Walk& walk, Index begin, Index end,
                  const std::vector<Bits<Scalar>>& col_mask, const Components* components,
                  const std::vector<Vertex>& col_components, std::size_t limit,
                  Batch<Scalar>& batch) {
  using Key = Bits<Scalar>;
  const auto map = walk.map();
  using Map = typename Walk::Map;
  const bool checks = walk.row_limits() == nullptr && components == nullptr;
  std::vector<Scalar> spare;
  Key first = first_key(map, batch.threshold);
  for (Index row = begin; row < end && batch.valid; ++row) {
    if (walk.row_limits() != nullptr && !batch.threshold.passes(walk.row_limits()[row])) continue;
    for_each_block(
        walk.row(row, spare), walk.cols(), [&](Index col, Index count, const Scalar* weights) {
          const Key* mask = col_mask.empty() ? nullptr : col_mask.data() + col;
          std::array<Key, scan_block> keys;
          if (components != nullptr) {
            const Vertex component = components->of[walk.row_vertex(row)];
            const Vertex* far = col_components.data() + col;
            Key largest = 0;
            for_each_key(map, weights, mask, [&](Index i, Key key) {
              const auto leaving = static_cast<Key>(key & -static_cast<Key>(far[i] != component));
              keys[static_cast<std::size_t>(i)] = leaving;
              largest = largest < leaving ? leaving : largest;
            });
            if (largest < first) return;
          } else {
            const KeyRange<Key> range = range_of_keys(map, weights, mask);
            if (checks && !is_valid<Map, Scalar>(range)) batch.valid = false;
            if (range.largest < first || !batch.valid) return;
            for_each_key(map, weights, mask,
                         [&](Index i, Key key) { keys[static_cast<std::size_t>(i)] = key; });
          }
          add_passing(walk, row, col, count, weights, keys, first, batch.threshold, batch.edges);
        });
    if (batch.edges.size() > limit) {
      batch.shrink_to(limit);
      first = first_key(map, batch.threshold);
    }
  }
}

// Calls body(task, thread, part), where each thread adds to a part of its own; parts make one
// batch.
template <class Scalar, class Body>
void collect_by_thread(std::size_t threads, std::size_t tasks, Batch<Scalar>& batch,
                       std::size_t limit, const Body& body) {
  std::vector<Batch<Scalar>> parts(threads, Batch<Scalar>{{}, batch.threshold});
  std::swap(parts.front(), batch);  // the first thread adds to what there is
  parallel_for_by_thread(threads, tasks, [&](std::size_t task, std::size_t thread) {
    body(task, thread, parts[thread]);
  });
  std::swap(parts.front(), batch);
  for (std::size_t thread = 1; thread < parts.size(); ++thread) {
    Batch<Scalar>& part = parts[thread];
    batch.valid &= part.valid;
    batch.raise(part.threshold);
    part.raise(batch.threshold);
    batch.edges.insert(batch.edges.end(), part.edges.begin(), part.edges.end());
    part.edges = {};
  }
  batch.shrink_to(limit);
}

// Value by value, for scalar types without ordered bits.
template <class Walk, class Scalar>
requires(!has_ordered_bits<Scalar>) void collect_above(const Walk& walk, Batch<Scalar>& batch,
                                                       std::size_t limit,
                                                       const Components* components) {
  for (Index row = 0; row < walk.rows(); ++row) {
    for (Index col = 0; col < walk.cols(); ++col) {
      const Candidate<Scalar> edge = walk.edge(row, col);
      const bool wanted =
          components == nullptr || components->of[edge.row] != components->of[edge.col];
      if (wanted && batch.threshold.passes(edge.value)) batch.edges.push_back(edge);
    }
    batch.shrink_to(limit);
  }
}

template <class Walk, class Scalar>
void collect_above(const Walk& walk, Batch<Scalar>& batch, std::size_t limit,
                   const Components* components) {
  const auto col_components =
      components == nullptr ? std::vector<Vertex>() : column_components(walk, *components);
  const auto col_mask = passing_columns(walk, batch.threshold);
  const RowTasks tasks = walk.tasks();
  const std::size_t threads = threads_for(tasks.count(), tasks.work);
  collect_by_thread(threads, tasks.count(), batch, limit, [&](auto task, auto, auto& part) {
    collect_rows(walk, tasks.begin(task), tasks.end(task), col_mask, components, col_components,
                 limit, part);
  });
}

}  // namespace dgp::detail
