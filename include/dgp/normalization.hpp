// Normalisation: from signed weights to filtration values.
//
// in:  a network
// out: per layer a small function weight → filtration value, applied on the fly wherever weights
//      are read; or, for who wants to look at them, the normalised matrices themselves.
//
// As in the published code, values are scaled in the weights' own type (a float quotient is rounded
// to float), while means and deviations are summed in double or wider.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weight_view.hpp>

namespace dgp {

enum class Normalization {
  none,          // weights as given: the caller has filtration values already
  max_abs,       // abs(W) / w_max, w_max the largest magnitude in all layers; Rieck et al. 2019,
                 // section 3.1
  standardized,  // z = abs((W - mean) / std) per layer, population std; then divided by the
                 // largest z of all layers; Girrbach et al. 2023, section 5
};

namespace detail {

template <class Scalar>
struct AsGiven {
  Scalar operator()(const Scalar& weight) const { return weight; }
};

template <class Scalar>
struct Magnitude {
  Scalar operator()(const Scalar& weight) const { return Eigen::numext::abs(weight); }
};

// abs(w) / largest; all zero where the largest is zero.
template <class Scalar>
struct ScaledMagnitude {
  Scalar largest;
  Scalar operator()(const Scalar& weight) const {
    return static_cast<Scalar>(Eigen::numext::abs(weight) / largest);
  }
};

// abs((w - mean) / deviation) / largest
template <class Scalar>
struct StandardizedMagnitude {
  Scalar mean;
  Scalar deviation;
  Scalar largest = Scalar(1);
  Scalar operator()(const Scalar& weight) const {
    const Scalar centred = static_cast<Scalar>(weight - mean);
    return static_cast<Scalar>(Eigen::numext::abs(static_cast<Scalar>(centred / deviation)) /
                               largest);
  }
};

template <class Scalar, class Visit>
void for_each_weight(const WeightView<Scalar>& weights, const Visit& visit) {
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) visit(weights(row, col));
  }
}

template <class Scalar>
Scalar largest_magnitude(const NetworkWeights<Scalar>& network) {
  Scalar largest(0);
  for (const auto& layer : network.views()) {
    for_each_weight(layer, [&](const Scalar& w) {
      largest = std::max(largest, static_cast<Scalar>(Eigen::numext::abs(w)));
    });
  }
  return largest;
}

template <class Scalar>
std::vector<ScaledMagnitude<Scalar>> max_abs_filtrations(const NetworkWeights<Scalar>& network) {
  const Scalar largest = largest_magnitude(network);
  // Dividing zeros by one keeps a network of zeros defined: every class lives to 0.
  return std::vector<ScaledMagnitude<Scalar>>(network.size(),
                                              {largest > Scalar(0) ? largest : Scalar(1)});
}

// Mean and population deviation of one layer. Throws std::domain_error where the deviation is 0 or
// the values do not fit the scalar type.
template <class Scalar>
StandardizedMagnitude<Scalar> standardization(const WeightView<Scalar>& weights,
                                              const std::string& label) {
  using Sum = sum_t<Scalar>;
  const Sum count = static_cast<Sum>(weights.rows) * static_cast<Sum>(weights.cols);
  Scalar smallest = weights(0, 0);
  Scalar largest = weights(0, 0);
  Sum sum(0);
  for_each_weight(weights, [&](const Scalar& w) {
    smallest = std::min(smallest, w);
    largest = std::max(largest, w);
    sum += static_cast<Sum>(w);
  });
  const Sum mean = sum / count;
  Sum squares(0);
  for_each_weight(weights, [&](const Scalar& w) {
    const Sum distance = static_cast<Sum>(w) - mean;
    squares += distance * distance;
  });
  using std::sqrt;
  const StandardizedMagnitude<Scalar> map{static_cast<Scalar>(mean),
                                          static_cast<Scalar>(sqrt(Sum(squares / count)))};
  if (smallest == largest || map.deviation == Scalar(0)) {
    throw std::domain_error(label + ": its weights cannot be standardised, their standard " +
                            "deviation is 0 (all lie between " + printed(smallest) + " and " +
                            printed(largest) + ")");
  }
  if (!(Eigen::numext::isfinite)(map(smallest)) || !(Eigen::numext::isfinite)(map(largest))) {
    throw std::domain_error(label + ": its weights cannot be standardised, values from " +
                            printed(smallest) + " to " + printed(largest) +
                            " overflow the scalar type");
  }
  // Rounding is monotone, so the largest z belongs to the smallest or the largest weight.
  return {map.mean, map.deviation, std::max(map(smallest), map(largest))};
}

template <class Scalar>
std::vector<StandardizedMagnitude<Scalar>> standardized_filtrations(
    const NetworkWeights<Scalar>& network) {
  std::vector<StandardizedMagnitude<Scalar>> maps;
  Scalar largest(0);
  for (std::size_t k = 0; k < network.size(); ++k) {
    maps.push_back(standardization(network[k], network.label(k)));
    largest = std::max(largest, maps.back().largest);
  }
  for (auto& map : maps) map.largest = largest;
  return maps;
}

// Calls use(maps), maps[k] being layer k's function from weight to filtration value.
template <class Scalar, class Use>
auto with_filtrations(const NetworkWeights<Scalar>& network, Normalization normalization,
                      const Use& use) {
  switch (normalization) {
    case Normalization::none:
      return use(std::vector<AsGiven<Scalar>>(network.size()));
    case Normalization::max_abs:
      return use(max_abs_filtrations(network));
    case Normalization::standardized:
      return use(standardized_filtrations(network));
  }
  throw std::invalid_argument("unknown normalisation");
}

template <class Scalar, class Map>
RowMajorMatrix<Scalar> mapped(const WeightView<Scalar>& weights, const Map& map) {
  RowMajorMatrix<Scalar> values(weights.rows, weights.cols);
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) values(row, col) = map(weights(row, col));
  }
  return values;
}

}  // namespace detail

// The normalised copy of every layer, (fan_out × fan_in), row-major. The measures never need it:
// they normalise on the fly. Values lie in [0, 1] (Normalization::none: as given).
//
// Time O(weights), memory one copy of the weights. Throws std::invalid_argument for an empty
// network or layer and for a weight that is not finite; std::domain_error for a constant layer
// under Normalization::standardized.
template <Network Layers>
std::vector<detail::RowMajorMatrix<scalar_t<Layers>>> normalized_layers(
    Layers&& layers, Normalization normalization) {
  using Scalar = scalar_t<Layers>;
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  return detail::with_filtrations(network, normalization, [&](const auto& maps) {
    std::vector<detail::RowMajorMatrix<Scalar>> values;
    for (std::size_t k = 0; k < network.size(); ++k) {
      values.push_back(detail::mapped(network[k], maps[k]));
    }
    return values;
  });
}

}  // namespace dgp
