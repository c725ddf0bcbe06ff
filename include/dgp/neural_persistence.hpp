// Neural persistence (Rieck et al. 2019): the total persistence of each layer's weights, and its
// mean over the network.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

// Of which norm, whether the essential class counts, and what values weights have in the
// filtration.
struct NeuralPersistenceOptions {
  double p = 2;                                             // order of the norm, in [1, infinity]
  EssentialClass essential = EssentialClass::dies_at_zero;  // whether it counts
  Normalization normalization = Normalization::max_abs;     // of the weights
};

// That of each layer, and the network's; its mean is the figure that Rieck et al. publish and
// watch.
template <class Scalar>
struct NeuralPersistence {
  std::vector<Persistence<Scalar>> layers;  // in forward order
  sum_t<Scalar> mean_normalized;            // mean of the layers' normalised persistence
  sum_t<Scalar> sum;                        // sum of the layers' total persistence
};

namespace detail {

// The spanning forest of every layer's values, up to the final scale.
template <class Scalar, class Map>
std::vector<SpanningForest<Scalar>> layer_forests(const NetworkWeights<Scalar>& network,
                                                  const std::vector<Map>& maps) {
  std::vector<SpanningForest<Scalar>> forests(network.size());
  parallel_for(network.size(), work_by_layer(network),
               [&](std::size_t k) { forests[k] = spanning_forest(network, k, maps[k]); });
  return forests;
}

// The largest value is that of the heaviest edge.
template <class Scalar>
Scalar largest_of(const std::vector<SpanningForest<Scalar>>& forests) {
  Scalar largest(0);
  for (const auto& forest : forests) largest = std::max(largest, forest.edges.front().weight);
  return largest;
}

// The spanning forest of every layer's normalised weights. One pass does for forest, check and
// scale.
template <class Scalar>
std::vector<SpanningForest<Scalar>> layer_forests(const NetworkWeights<Scalar>& network,
                                                  Normalization normalization) {
  auto forests = with_maps(network, normalization,
                           [&](const auto& maps) { return layer_forests(network, maps); });
  if (normalization == Normalization::none) return forests;
  const auto scale = scaled_by(largest_of(forests));
  for (auto& forest : forests) scale_weights(forest, scale);
  return forests;
}

template <class Scalar>
void sum_up(NeuralPersistence<Scalar>& result) {
  for (const auto& layer : result.layers) {
    result.sum += layer.total;
    result.mean_normalized += layer.normalized;
  }
  result.mean_normalized /= static_cast<sum_t<Scalar>>(result.layers.size());
}

}  // namespace detail

// Neural persistence of each layer and of the network: Rieck et al. 2019, Equation 1, its
// normalised form and the mean of that over the layers. The layers need not chain. A single matrix
// is a network of one layer.
//
// in:  layers, each (fan_out × fan_in), any dense real expressions of one scalar type
// Time O(weights), at worst O(weights · log neurons); memory O(neurons · log neurons). Throws
// std::invalid_argument for an empty network or layer, a weight that is not finite, p < 1 or NaN;
// std::length_error for a layer of more neurons than 32 bits count; std::domain_error for a
// constant layer where Normalization::standardized is asked for.
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
  detail::sum_up(result);
  return result;
}
template <Layer One>
NeuralPersistence<scalar_t<One>> neural_persistence(std::initializer_list<One> layers,
                                                    const NeuralPersistenceOptions& options = {}) {
  return neural_persistence(std::span(layers), options);
}

}  // namespace dgp
