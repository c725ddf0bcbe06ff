// The variance of a network's weights: what neural persistence mostly tracks.
//
// Girrbach et al. 2023 find that the neural persistence of trained networks is largely
// explained by the variance of the normalised weights; read the two side by side.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// Population variances of abs(w) / w_max, w_max the largest magnitude in all layers; in [0, 1/4].
// Quotients are not rounded to the weights' type; storage order may show in the last digits.
template <class Scalar>
struct WeightVariance {
  sum_t<Scalar> network;              // of all layers' entries together
  std::vector<sum_t<Scalar>> layers;  // of each layer's entries
};

namespace detail {

template <class Scalar>
struct MagnitudeMoments {
  sum_t<Scalar> count;
  sum_t<Scalar> mean;
  sum_t<Scalar> variance;
};

template <class Scalar>
void scale_moments(std::vector<MagnitudeMoments<Scalar>>& layers, const sum_t<Scalar>& scale) {
  for (auto& layer : layers) {
    layer.mean /= scale;
    layer.variance /= scale * scale;
  }
}

// Of abs(w) / w_max for each layer. One pass where sums are of a wider type than the weights; where
// they are not, squares of the weights themselves could overflow, and scaling comes first.
template <class Scalar>
std::vector<MagnitudeMoments<Scalar>> magnitude_moments(const NetworkWeights<Scalar>& network) {
  using Sum = sum_t<Scalar>;
  std::vector<MagnitudeMoments<Scalar>> layers;
  const auto count_of = [](const WeightView<Scalar>& weights) {
    return weights_in<Scalar>(walk_tasks(weights));
  };
  if constexpr (std::is_same_v<Scalar, Sum>) {
    const auto scale = scaled_by(largest_magnitude(network));
    const auto scaled = [&](const Sum& weight) { return scale(Eigen::numext::abs(weight)); };
    for (const auto& weights : network.views()) {
      const Sum count = count_of(weights);
      const Sum mean = compensated_sum(weights, scaled) / count;
      const Sum squares = compensated_sum(weights, [&](const Sum& weight) {
        const Sum distance = scaled(weight) - mean;
        return Sum(distance * distance);
      });
      layers.push_back({count, mean, squares / count});
    }
  } else {
    Sum largest(0);
    for (std::size_t k = 0; k < network.size(); ++k) {
      const auto layer = moments<Of::magnitudes>(network[k]);
      if (!layer.finite) network.check_finite(k);
      largest = std::max(largest, static_cast<Sum>(layer.largest));
      layers.push_back({count_of(network[k]), layer.mean, layer.variance});
    }
    scale_moments(layers, scaled_by(largest).largest);
  }
  return layers;
}

// Of layers of which these are the moments, scaled.
template <class Scalar>
WeightVariance<Scalar> combined_variance(const std::vector<MagnitudeMoments<Scalar>>& moments) {
  using Sum = sum_t<Scalar>;
  Sum count(0);
  Sum mean(0);
  for (const auto& layer : moments) {
    count += layer.count;
    mean += layer.count * layer.mean;
  }
  mean /= count;
  // From each layer's own mean to the common one:
  // sum (x - m)^2 = sum (x - m_k)^2 + n_k (m_k - m)^2.
  WeightVariance<Scalar> variance{};
  for (const auto& layer : moments) {
    const Sum offset = layer.mean - mean;
    variance.layers.push_back(layer.variance);
    variance.network += layer.count * (layer.variance + offset * offset);
  }
  variance.network /= count;
  return variance;
}

template <class Scalar>
WeightVariance<Scalar> weight_variance(const NetworkWeights<Scalar>& network) {
  return combined_variance(magnitude_moments(network));
}

}  // namespace detail

// The variances of a network's weights. Time O(weights), memory O(layers). Throws
// std::invalid_argument for an empty network or layer and for a weight that is not finite.
template <Network Layers>
WeightVariance<scalar_t<Layers>> weight_variance(Layers&& layers) {
  return detail::weight_variance(
      detail::NetworkWeights<scalar_t<Layers>>(std::forward<Layers>(layers)));
}
template <Layer One>
WeightVariance<scalar_t<One>> weight_variance(std::initializer_list<One> layers) {
  return weight_variance(std::span(layers));
}

}  // namespace dgp
