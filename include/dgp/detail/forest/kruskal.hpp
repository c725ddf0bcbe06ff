// Growing a maximum spanning forest from batches of candidate edges.
//
// in:  candidate edges between numbered neurons, some of them terminal
// out: the edges that merge two components, and how many components still hold a terminal
//
// Kruskal's algorithm, but the batch is never sorted as a whole: candidates go into buckets by
// value, and before a bucket is sorted, its edges inside one component are thrown away, which is
// most of them once the heaviest buckets are done. O(m log m) at worst for m candidates, and memory
// for as many again.
//
// A batch holds every edge between components above some value, without a gap; or edges that are
// each the best of a component; or, on a fresh builder, both: all edges above a value, and of some
// neurons without one, one of their best edges. For let the edge be of value x. Its neuron has no
// edge above x, nor has any that joined it before, which did so by a best edge of its own of value
// x: no heavier edge leaves their component, and the edge belongs to a maximum spanning forest.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>

namespace dgp::detail {

template <class Scalar>
class ForestBuilder {
 public:
  ForestBuilder() = default;

  explicit ForestBuilder(const Numbering& numbering) { reset(numbering); }

  // From the beginning, with the memory there is.
  void reset(const Numbering& numbering) {
    const std::size_t neurons = numbering.neurons();
    components_.reset(neurons);
    const auto& roles = numbering.roles();
    terminal_.resize(neurons);
    std::transform(roles.begin(), roles.end(), terminal_.begin(),
                   [](Role role) { return std::uint8_t{role != Role::hidden}; });
    terminal_components_ = neurons - numbering.count(Role::hidden);
    accepted_.clear();
    accepted_.reserve(neurons);
    spare_.reserve(neurons);
    terminal_merges_.clear();
    terminal_merges_.reserve(terminal_components_);
  }

  // Whether all terminals are in one component: no further edge can matter.
  bool finished() const { return terminal_components_ == 1; }

  Vertex component(Vertex v) { return components_.find(v); }

  // Runs Kruskal's algorithm over a batch, which it reorders.
  void add(std::vector<Candidate<Scalar>>& batch) {
    if (batch.size() > sorted_at_once && has_ordered_bits<Scalar>) spare_.resize(batch.size());
    add(batch.data(), spare_.data(), batch.size());
  }

  // Likewise, where the batch is in descending order already.
  void add_descending(const std::vector<Candidate<Scalar>>& batch) {
    for (auto edge = batch.begin(); edge != batch.end() && !finished(); ++edge) merge(*edge);
  }

  // The next edge of a descending order; whether it merges two components.
  bool merge(const Candidate<Scalar>& edge) {
    const Vertex a = components_.find(edge.row);
    const Vertex b = components_.find(edge.col);
    if (a == b) return false;
    const auto terminals = terminal_[a] + terminal_[b];
    if (terminals == 2) {
      --terminal_components_;
      terminal_merges_.push_back(edge);
    }
    terminal_[components_.join(a, b)] = terminals > 0 ? 1 : 0;
    accepted_.push_back(edge);
    return true;
  }

  // Joins a neuron that is alone, or what has joined it so, by its best edge, and keeps no record
  // of it: where more of this kind hangs on than will ever matter. In any order, since values do
  // not fall along best edges; one side at most may hold a terminal.
  void hang(const Candidate<Scalar>& edge) {
    const Vertex a = components_.find(edge.row);
    const Vertex b = components_.find(edge.col);
    if (a == b) return;
    const auto terminals = static_cast<std::uint8_t>(terminal_[a] | terminal_[b]);
    terminal_[components_.join(a, b)] = terminals;
  }

  std::vector<Candidate<Scalar>>& accepted() { return accepted_; }

  // The edges that merged two components which both held a terminal, descending. Valid when edges
  // have been added in order, from the heaviest.
  const std::vector<Candidate<Scalar>>& terminal_merges() const { return terminal_merges_; }

 private:
  static constexpr std::size_t sorted_at_once = 32;  // as many edges, or fewer, are just sorted
  static constexpr int most_bucket_bits = 10;

  // `spare` has as many places.
  void add(Candidate<Scalar>* edges, Candidate<Scalar>* spare, std::size_t count) {
    if constexpr (has_ordered_bits<Scalar>) {
      if (count > sorted_at_once) return add_by_buckets(edges, spare, count);
    }
    add_sorted(edges, count);
  }

  void add_sorted(Candidate<Scalar>* edges, std::size_t count) {
    std::sort(edges, edges + count, appears_earlier);
    for (std::size_t i = 0; i < count && !finished(); ++i) merge(edges[i]);
  }

  // Into as many buckets, at most, as leave a few edges to each; a bucket of many is cut up
  // further.
  void add_by_buckets(Candidate<Scalar>* edges, Candidate<Scalar>* spare, std::size_t count) {
    std::uint64_t lightest = ~std::uint64_t{0};
    std::uint64_t heaviest = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t key = signed_key(edges[i].value);
      lightest = std::min(lightest, key);
      heaviest = std::max(heaviest, key);
    }
    if (lightest == heaviest) return add_sorted(edges, count);
    const int bits = std::min(most_bucket_bits, static_cast<int>(std::bit_width(count / 4)));
    const int shift = std::max(0, 64 - bits - std::countl_zero(heaviest - lightest));
    const auto bucket_of = [&](const Candidate<Scalar>& edge) {
      return static_cast<std::size_t>((heaviest - signed_key(edge.value)) >> shift);
    };

    std::array<std::uint32_t, (std::size_t{1} << most_bucket_bits) + 1> ends;
    const std::size_t buckets = std::size_t{1} << bits;
    std::fill_n(ends.begin(), buckets + 1, std::uint32_t{0});
    for (std::size_t i = 0; i < count; ++i) ++ends[bucket_of(edges[i]) + 1];
    std::partial_sum(ends.begin(), ends.begin() + buckets + 1, ends.begin());
    for (std::size_t i = 0; i < count; ++i) spare[ends[bucket_of(edges[i])]++] = edges[i];

    std::size_t first = 0;
    for (std::size_t bucket = 0; bucket < buckets && !finished(); ++bucket) {
      Candidate<Scalar>* const last =
          std::remove_if(spare + first, spare + ends[bucket], [&](const Candidate<Scalar>& edge) {
            return components_.find(edge.row) == components_.find(edge.col);
          });
      add(spare + first, edges + first, static_cast<std::size_t>(last - spare) - first);
      first = ends[bucket];
    }
  }

  UnionFind components_;
  std::vector<std::uint8_t> terminal_;  // by root: whether the component holds a terminal
  std::size_t terminal_components_ = 0;
  std::vector<Candidate<Scalar>> accepted_;
  std::vector<Candidate<Scalar>> terminal_merges_;
  std::vector<Candidate<Scalar>> spare_;  // for work
};

}  // namespace dgp::detail
