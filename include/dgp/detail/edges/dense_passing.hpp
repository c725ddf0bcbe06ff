// What a sweep through a dense layer takes along: nothing, or the edges above a threshold.
//
// in:  of a block of weights their keys under the limits of the sweep
// out: a batch with those edges that pass under the limits at both ends
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <dgp/detail/edges/dense_collect.hpp>
#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/keys/threshold.hpp>

namespace dgp::detail {

template <class Scalar>
struct NoEdges {
  static constexpr Bits<Scalar> first_key = static_cast<Bits<Scalar>>(-1);
  static constexpr bool wanted(Index) { return false; }
  static void add(Index, Index, Index, const Scalar*, const std::array<Bits<Scalar>, scan_block>&) {
  }
  static void add(Index, Index, const Scalar&) {}
  static void shrink() {}
};

// The walk has limits.
template <class Walk>
class PassingEdges {
 public:
  using Scalar = typename Walk::Scalar;
  using Key = Bits<Scalar>;

  PassingEdges(const Walk& walk, Batch<Scalar>& batch, std::size_t limit)
      : walk_(walk), batch_(batch), limit_(limit) {
    find_first_key();
  }

  // No edge passes whose weight has a lower key, or whose limit is near one.
  Key first_key;

  bool wanted(Index row) const { return batch_.threshold.passes(walk_.row_limits()[row]); }
  bool wanted_of(Index col) const { return batch_.threshold.passes(walk_.col_limits()[col]); }
  void add(Index row, Index col, Index count, const Scalar* weights,
           const std::array<Key, scan_block>& keys) {
    add_passing(walk_, row, col, count, weights, keys, first_key, batch_.threshold, batch_.edges);
  }
  // One edge that may pass.
  void add(Index row, Index col, const Scalar& weight) {
    const auto edge = walk_.edge(row, col, weight);
    if (batch_.threshold.passes(edge.value)) batch_.edges.push_back(edge);
  }
  // After a row.
  void shrink() {
    if (batch_.edges.size() <= limit_) return;
    batch_.shrink_to(limit_);
    find_first_key();
  }

 private:
  void find_first_key() {
    first_key = std::min(detail::first_key(walk_.map(), batch_.threshold),
                         key_near(walk_.map(), batch_.threshold.value));
  }

  const Walk& walk_;
  Batch<Scalar>& batch_;
  std::size_t limit_;
};

}  // namespace dgp::detail
