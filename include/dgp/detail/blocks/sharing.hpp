// What processes that share a network's layers tell each other: sums, largest values and forests.
// Of layers that a single process has, nothing.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/merged_forest.hpp>

namespace dgp::detail {

// Each sum is that of one process, and 0 elsewhere: so adding them up rounds nothing.
template <BlockedNetwork Layers>
void add_up(Layers& layers, std::span<double> sums) {
  if constexpr (SharedNetwork<Layers>) layers.add_up(sums);
}

template <BlockedNetwork Layers, class Scalar>
void take_largest(Layers& layers, std::span<Scalar> values) {
  if constexpr (SharedNetwork<Layers>) layers.take_largest(values);
}

// A forest's edges one behind the other.
template <class Scalar>
std::vector<std::byte> bytes_of(const std::vector<Candidate<Scalar>>& edges) {
  static_assert(std::is_trivially_copyable_v<Candidate<Scalar>>);
  std::vector<std::byte> bytes(edges.size() * sizeof(Candidate<Scalar>));
  if (!bytes.empty()) std::memcpy(bytes.data(), edges.data(), bytes.size());
  return bytes;
}
template <class Scalar>
std::vector<Candidate<Scalar>> edges_of(std::span<const std::byte> bytes) {
  std::vector<Candidate<Scalar>> edges(bytes.size() / sizeof(Candidate<Scalar>));
  if (!bytes.empty()) std::memcpy(edges.data(), bytes.data(), bytes.size());
  return edges;
}

// The forest of all processes' edges.
template <BlockedNetwork Layers, class Scalar>
std::vector<Candidate<Scalar>> merged(Layers& layers, MergedForest<Scalar>& forest, Index neurons) {
  if constexpr (SharedNetwork<Layers>) {
    auto state = bytes_of(forest.edges());
    const auto most = static_cast<std::size_t>(neurons - 1) * sizeof(Candidate<Scalar>);
    layers.merge(state, most,
                 [neurons](std::span<const std::byte> from, std::vector<std::byte>& into) {
                   if (from.empty()) return;
                   MergedForest<Scalar> both(neurons);
                   both.add(edges_of<Scalar>(from));
                   if (!into.empty()) both.add(edges_of<Scalar>(into));
                   into = bytes_of(both.edges());
                 });
    return edges_of<Scalar>(state);
  } else {
    return forest.edges();
  }
}

}  // namespace dgp::detail
