// The variance of a network's weights: what neural persistence mostly tracks.
//
// Girrbach et al. 2023 find that the neural persistence of trained networks is largely
// explained by the variance of the normalised weights; read the two side by side.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// Population variances of abs(w) / w_max, w_max the largest magnitude in all layers; in [0, 1/4].
template <class Scalar>
struct WeightVariance {
  sum_t<Scalar> network;              // of all layers' entries together
  std::vector<sum_t<Scalar>> layers;  // of each layer's entries
};

// Time O(weights). Throws std::invalid_argument for an empty network or layer and for a weight that
// is not finite.
template <Network Layers>
WeightVariance<scalar_t<Layers>> weight_variance(Layers&& layers) {
  using Scalar = scalar_t<Layers>;
  using Sum = sum_t<Scalar>;
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  const auto maps = detail::max_abs_filtrations(network);

  const auto sum_over = [&](std::size_t k, const auto& summand) {
    Sum sum(0);
    detail::for_each_weight(network[k],
                            [&](const Scalar& w) { sum += summand(static_cast<Sum>(maps[k](w))); });
    return sum;
  };
  // Squared distances are summed around each layer's own mean, then moved to the common one:
  // sum (x - m)^2 = sum (x - m_k)^2 + n_k (m_k - m)^2.
  std::vector<Sum> counts;
  std::vector<Sum> means;
  Sum count(0);
  Sum mean(0);
  for (std::size_t k = 0; k < network.size(); ++k) {
    counts.push_back(static_cast<Sum>(network[k].rows) * static_cast<Sum>(network[k].cols));
    const Sum sum = sum_over(k, [](const Sum& x) { return x; });
    means.push_back(sum / counts[k]);
    count += counts[k];
    mean += sum;
  }
  mean /= count;

  WeightVariance<Scalar> variance{};
  for (std::size_t k = 0; k < network.size(); ++k) {
    const Sum squares =
        sum_over(k, [&](const Sum& x) { return Sum((x - means[k]) * (x - means[k])); });
    variance.layers.push_back(squares / counts[k]);
    const Sum offset = means[k] - mean;
    variance.network += squares + counts[k] * offset * offset;
  }
  variance.network /= count;
  return variance;
}

}  // namespace dgp
