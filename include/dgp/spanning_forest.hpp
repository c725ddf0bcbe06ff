// The maximum spanning forest of a weight matrix.
//
// A layer is a complete bipartite graph: rows (output neurons) on one side, columns (input neurons)
// on the other, every entry an edge. The forest holds all that neural persistence needs to know of
// it: its weights are the values at which components merge as edges appear in descending order.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/union_find.hpp>
#include <dgp/detail/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

template <class Scalar>
struct Edge {
  Index row;  // output neuron
  Index col;  // input neuron
  Scalar weight;

  friend bool operator==(const Edge&, const Edge&) = default;
};

template <class Scalar>
struct SpanningForest {
  std::vector<Edge<Scalar>> edges;  // rows + cols - 1 of them, heaviest first, ties by (row, col)
  Index rows;
  Index cols;
};

namespace detail {

// The order in which edges appear: descending weight, ties by (row, col).
template <class Scalar>
bool appears_before(const Edge<Scalar>& a, const Edge<Scalar>& b) {
  if (a.weight != b.weight) return a.weight > b.weight;
  if (a.row != b.row) return a.row < b.row;
  return a.col < b.col;
}

// Kruskal's algorithm on the values map(w) of one layer.
template <class Scalar, class Map>
SpanningForest<Scalar> spanning_forest(const WeightView<Scalar>& weights, const Map& map) {
  std::vector<Edge<Scalar>> edges;
  edges.reserve(static_cast<std::size_t>(weights.rows * weights.cols));
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) {
      edges.push_back({row, col, map(weights(row, col))});
    }
  }
  std::sort(edges.begin(), edges.end(), appears_before<Scalar>);

  SpanningForest<Scalar> forest{{}, weights.rows, weights.cols};
  const auto neurons = static_cast<std::size_t>(weights.rows + weights.cols);
  forest.edges.reserve(neurons - 1);
  UnionFind components(neurons);
  for (const auto& edge : edges) {
    const Vertex a = components.find(static_cast<Vertex>(edge.row));
    const Vertex b = components.find(static_cast<Vertex>(weights.rows + edge.col));
    if (a == b) continue;
    components.join(a, b);
    forest.edges.push_back(edge);
    if (forest.edges.size() == neurons - 1) break;
  }
  return forest;
}

}  // namespace detail

// The maximum spanning forest of one layer's weights as they are given, signs included: the edges
// that Kruskal's algorithm keeps when edges appear in descending weight, ties by (row, col). It is
// unique, whatever the storage order.
//
// in:  W (fan_out × fan_in), any dense real expression
// Time O(n log n) for n weights. Throws std::invalid_argument for an empty matrix and for a weight
// that is not finite, std::length_error for more neurons than 32 bits count.
template <Layer Weights>
SpanningForest<scalar_t<Weights>> maximum_spanning_forest(const Weights& weights) {
  using Scalar = scalar_t<Weights>;
  const detail::NetworkWeights<Scalar> network(weights);
  return detail::spanning_forest(network[0], detail::AsGiven<Scalar>{});
}

}  // namespace dgp
