// The maximum spanning forest of a weight matrix.
//
// A layer is a complete bipartite graph: rows (output neurons) on one side, columns (input neurons)
// on the other, every entry an edge. The forest holds all that neural persistence needs to know of
// it: its weights are the values at which components merge as edges appear in descending order.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// An edge of a layer, that is, one entry of its matrix.
template <class Scalar>
struct Edge {
  Index row;      // output neuron
  Index col;      // input neuron
  Scalar weight;  // as given, or the value in the filtration

  friend bool operator==(const Edge&, const Edge&) = default;
};

// Those edges of a matrix that merge two components, as edges appear in descending weight.
template <class Scalar>
struct SpanningForest {
  std::vector<Edge<Scalar>> edges;  // rows + cols - 1 of them, heaviest first, ties by (row, col)
  Index rows;                       // of the matrix
  Index cols;                       // of the matrix
};

namespace detail {

// Of a layer's columns and rows.
inline Numbering layer_numbering(Index rows, Index cols) {
  Numbering numbering;
  numbering.add(cols, Role::input);
  numbering.add(rows, Role::output);
  return numbering;
}

// Returns whether all weights are valid for the map; if not, the builder is left as it was.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
bool grow_layer_forest(ForestBuilder<Scalar>& builder, const Source& source, std::size_t neurons) {
  const std::vector<Source> edges{source};
  {
    auto batch = heaviest_edges(edges);
    if (!batch.valid) return false;
    builder.add(batch.edges);
  }
  finish_forest(builder, edges, neurons);
  return true;
}

// Calls use(map), which returns whether all weights are valid for the map, and so does this.
// Weights without sign take the shorter way; the first sign found ends it.
template <class Scalar, class Map, class Use>
bool with_valid_map(const Map& map, const Use& use) {
  if constexpr (has_ordered_bits<Scalar> && Map::is_signed) {
    if (use(NonNegative<Scalar>{})) return true;
  }
  return use(map);
}

// The forest of the values map(w) by vertices, columns from 0 on and rows behind them, heaviest
// edge first. Nothing where a weight is not finite: who asks finds it.
template <class Scalar, class Map>
std::optional<std::vector<Candidate<Scalar>>> layer_forest(const WeightView<Scalar>& weights,
                                                           const Map& map) {
  const Numbering numbering = layer_numbering(weights.rows, weights.cols);
  ForestBuilder<Scalar> builder(numbering);
  const auto grow = [&](const auto& some_map) {
    return grow_layer_forest(
        builder,
        DenseEdges<Scalar, std::remove_cvref_t<decltype(some_map)>>(
            weights, some_map, numbering.groups()[1].first, numbering.groups()[0].first),
        numbering.neurons());
  };
  if constexpr (!has_ordered_bits<Scalar>) {
    if (!all_finite(weights)) return std::nullopt;
  }
  if (!with_valid_map<Scalar>(map, grow)) return std::nullopt;
  sort_by_appearance(builder.accepted());
  return std::move(builder.accepted());
}

// Of edges by vertices, as above.
template <class Scalar>
SpanningForest<Scalar> as_forest(const std::vector<Candidate<Scalar>>& edges, Index rows,
                                 Index cols) {
  SpanningForest<Scalar> forest{{}, rows, cols};
  forest.edges.reserve(edges.size());
  for (const auto& edge : edges) {
    forest.edges.push_back(
        {static_cast<Index>(edge.row) - cols, static_cast<Index>(edge.col), edge.value});
  }
  return forest;
}

// The forest of the values map(w) of layer k of the network, whose weights are checked on the way.
template <class Scalar, class Map>
SpanningForest<Scalar> spanning_forest(const NetworkWeights<Scalar>& network, std::size_t k,
                                       const Map& map) {
  const WeightView<Scalar>& weights = network[k];
  const auto edges = layer_forest(weights, map);
  if (!edges) network.check_finite(k);
  return as_forest(*edges, weights.rows, weights.cols);
}

// Scaling is monotone, so a scaled forest is the forest of the scaled weights.
template <class Scalar>
void scale_weights(SpanningForest<Scalar>& forest, const FinalScale<Scalar>& scale) {
  for (auto& edge : forest.edges) edge.weight = scale(edge.weight);
}

}  // namespace detail

// The maximum spanning forest of one layer's weights as they are given, signs included: the edges
// that Kruskal's algorithm keeps when edges appear in descending weight, ties by (row, col). It is
// unique, whatever the storage order.
//
// in:  W (fan_out × fan_in), any dense real expression
// Time O(weights), at worst O(weights · log neurons); memory O(neurons · log neurons). Throws
// std::invalid_argument for an empty matrix and for a weight that is not finite, std::length_error
// for more neurons than 32 bits count.
template <Layer Weights>
SpanningForest<scalar_t<Weights>> maximum_spanning_forest(const Weights& weights) {
  using Scalar = scalar_t<Weights>;
  const detail::NetworkWeights<Scalar> network(weights);
  return detail::spanning_forest(network, 0, detail::AsGiven<Scalar>{});
}

}  // namespace dgp
