// Neural persistence (Rieck et al. 2019): the total persistence of each layer's weights, and its
// mean over the network. Cheap bounds on it come from one look at each neuron's heaviest edge.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/row_tasks.hpp>
#include <dgp/detail/weight_view.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

struct NeuralPersistenceOptions {
  double p = 2;  // order of the norm, in [1, infinity]
  EssentialClass essential = EssentialClass::dies_at_zero;
  Normalization normalization = Normalization::max_abs;
};

template <class Scalar>
struct NeuralPersistence {
  std::vector<Persistence<Scalar>> layers;  // in forward order
  sum_t<Scalar> mean_normalized;            // mean of the layers' normalised persistence
  sum_t<Scalar> sum;                        // sum of the layers' total persistence
};

namespace detail {

// The spanning forest of every layer's normalised weights.
template <class Scalar>
std::vector<SpanningForest<Scalar>> layer_forests(const NetworkWeights<Scalar>& network,
                                                  Normalization normalization) {
  std::vector<SpanningForest<Scalar>> forests(network.size());
  const double work = work_by_layer(network);
  const auto grow = [&](const auto& map_of) {
    parallel_for(network.size(), work,
                 [&](std::size_t k) { forests[k] = spanning_forest(network, k, map_of(k)); });
  };
  if (normalization == Normalization::standardized) {
    const auto maps = standardized_filtrations(network);
    grow([&](std::size_t k) { return maps[k]; });
  } else if (normalization == Normalization::none) {
    grow([](std::size_t) { return AsGiven<Scalar>{}; });
  } else {
    // Scaling keeps the order of the weights, so one pass does for forest, check and maximum: the
    // largest magnitude is the weight of the heaviest edge.
    grow([](std::size_t) { return Magnitude<Scalar>{}; });
    Scalar largest(0);
    for (const auto& forest : forests) largest = std::max(largest, forest.edges.front().weight);
    for (auto& forest : forests) scale_weights(forest, scaled_by(largest));
  }
  return forests;
}

}  // namespace detail

// Neural persistence of each layer and of the network; Rieck et al. 2019. The layers
// need not chain. A single matrix is a network of one layer.
//
// in:  layers, each (fan_out × fan_in), any dense real expressions of one scalar type
// Time O(n log n) for n weights in the largest layer. Throws std::invalid_argument for an empty
// network or layer, a weight that is not finite, p < 1 or NaN; std::length_error for a layer of
// more neurons than 32 bits count; std::domain_error for a constant layer where
// Normalization::standardized is asked for.
template <Network Layers>
NeuralPersistence<scalar_t<Layers>> neural_persistence(
    Layers&& layers, const NeuralPersistenceOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  detail::check_order(options.p);
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  NeuralPersistence<Scalar> result{std::vector<Persistence<Scalar>>(network.size()), {}, {}};
  const auto forests = detail::layer_forests(network, options.normalization);
  for (std::size_t k = 0; k < network.size(); ++k) {
    result.layers[k] =
        detail::persistence(persistence_diagram(forests[k]), options.p, options.essential);
  }
  for (const auto& layer : result.layers) {
    result.sum += layer.total;
    result.mean_normalized += layer.normalized;
  }
  result.mean_normalized /= static_cast<sum_t<Scalar>>(network.size());
  return result;
}

namespace detail {

// Lower and upper bound on the total persistence of one layer. Each neuron's heaviest edge (ties by
// (row, col)) is in the forest, and no edge is lighter than the lightest weight: upper bound. Root
// the forest at the heaviest edge; every other neuron's edge towards the root weighs at most that
// neuron's heaviest: lower bound.
template <class Scalar, class Map>
PersistenceBounds<Scalar> layer_bounds(const WeightView<Scalar>& layer, const Map& map,
                                       const NeuralPersistenceOptions& options) {
  using Sum = sum_t<Scalar>;
  const WeightView<Scalar> weights = along_memory(layer);  // both sides are treated alike
  std::vector<Edge<Scalar>> row_best;
  std::vector<Edge<Scalar>> col_best;
  Scalar lightest = map(weights(0, 0));
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) {
      const Edge<Scalar> edge{row, col, map(weights(row, col))};
      lightest = std::min(lightest, edge.weight);
      if (col == 0) {
        row_best.push_back(edge);
      } else if (edge.weight > row_best.back().weight) {
        row_best.back() = edge;
      }
      if (row == 0) {
        col_best.push_back(edge);
      } else if (edge.weight > col_best[static_cast<std::size_t>(col)].weight) {
        col_best[static_cast<std::size_t>(col)] = edge;
      }
    }
  }

  const auto distance = [](const Scalar& weight) { return Sum(1) - static_cast<Sum>(weight); };
  std::vector<Sum> lower;
  std::vector<Sum> upper;
  const auto root =
      std::max_element(row_best.begin(), row_best.end(),
                       [](const auto& a, const auto& b) { return a.weight < b.weight; });
  if (root->weight > Scalar(1) || lightest < Scalar(0)) {
    throw std::invalid_argument(
        "bounds hold for filtration values in [0, 1], but values lie "
        "between " +
        printed(lightest) + " and " + printed(root->weight));
  }
  Index other_edges = weights.rows + weights.cols - 1;
  for (auto best = row_best.begin(); best != row_best.end(); ++best) {
    if (best != root) lower.push_back(distance(best->weight));
    upper.push_back(distance(best->weight));
    --other_edges;
  }
  for (const auto& best : col_best) {
    lower.push_back(distance(best.weight));
    if (row_best[static_cast<std::size_t>(best.row)].col == best.col) continue;  // counted above
    upper.push_back(distance(best.weight));
    --other_edges;
  }
  upper.insert(upper.end(), static_cast<std::size_t>(other_edges), distance(lightest));

  return persistence_bounds<Scalar>(std::move(lower), std::move(upper), weights.rows + weights.cols,
                                    options.p, options.essential);
}

}  // namespace detail

// Per layer, bounds that hold the layer's persistence between them, up to rounding, from each
// neuron's heaviest edge and without a spanning forest. Filtration values must lie in [0, 1], as
// they do after Normalization::max_abs.
//
// Time O(weights), memory O(neurons). Throws as neural_persistence does, and std::invalid_argument
// for filtration values outside [0, 1].
template <Network Layers>
std::vector<PersistenceBounds<scalar_t<Layers>>> neural_persistence_bounds(
    Layers&& layers, const NeuralPersistenceOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  detail::check_order(options.p);
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  std::vector<PersistenceBounds<Scalar>> bounds;
  detail::with_filtrations(network, options.normalization, [&](const auto& maps) {
    for (std::size_t k = 0; k < network.size(); ++k) {
      bounds.push_back(detail::layer_bounds(network[k], maps[k], options));
    }
  });
  return bounds;
}

}  // namespace dgp
