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
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/filtration_maps.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp {

// How weights become filtration values. Max-abs and standardised ones lie in [0, 1].
enum class Normalization {
  none,          // weights as given: the caller has filtration values already, or wants raw ones
  max_abs,       // abs(W) / w_max, w_max the largest magnitude in all layers; Rieck et al. 2019
  standardized,  // z = abs((W - mean) / std) per layer, population std; then divided by the
                 // largest z of all layers; Girrbach et al. 2023
};

namespace detail {

// Throws std::invalid_argument where a weight is not finite: who wants to know only that calls it
// too.
template <class Scalar>
Scalar largest_magnitude(const NetworkWeights<Scalar>& network) {
  Scalar largest(0);
  for (std::size_t k = 0; k < network.size(); ++k) {
    const Scalar of_layer = largest_magnitude(network[k]);
    if (!is_finite(of_layer)) network.check_finite(k);
    largest = std::max(largest, of_layer);
  }
  return largest;
}

// The last step of normalisation: values become shares of the largest one. Division is monotone,
// so it commutes with all that only compares values, and is left to the few values that are wanted.
template <class Scalar>
struct FinalScale {
  Scalar largest;
  Scalar operator()(const Scalar& value) const { return static_cast<Scalar>(value / largest); }
};

// Dividing zeros by one keeps a network of zeros defined: every class lives to 0.
template <class Scalar>
FinalScale<Scalar> scaled_by(const Scalar& largest) {
  return {largest > Scalar(0) ? largest : Scalar(1)};
}

// Weights as given have no scale.
template <class Scalar>
FinalScale<Scalar> final_scale(Normalization normalization, const Scalar& largest) {
  return scaled_by(normalization == Normalization::none ? Scalar(1) : largest);
}

// Mean, population deviation and largest z of one layer. Throws std::domain_error where the
// deviation is 0 or the values do not fit the scalar type.
template <class Scalar>
StandardizedMagnitude<Scalar> standardization(const Moments<Scalar>& layer,
                                              const std::string& label) {
  using std::sqrt;
  StandardizedMagnitude<Scalar> map{static_cast<Scalar>(layer.mean),
                                    static_cast<Scalar>(sqrt(layer.variance)), Scalar(0)};
  const auto refuse = [&](const std::string& why) {
    throw std::domain_error(label + ": its weights, from " + printed(layer.smallest) + " to " +
                            printed(layer.largest) + ", cannot be standardised: " + why);
  };
  if (layer.smallest == layer.largest) refuse("their standard deviation is 0");
  if (map.deviation == Scalar(0)) refuse("their standard deviation is 0 in this scalar type");
  // Rounding is monotone, so the largest z belongs to the smallest or the largest weight.
  map.largest = std::max(map(layer.smallest), map(layer.largest));
  const bool fits = is_finite(map.mean) && is_finite(map.deviation) &&
                    is_finite(map(layer.smallest)) && is_finite(map.largest);
  if (!fits) refuse("they overflow the scalar type");
  return map;
}

// Throws std::invalid_argument where a weight is not finite.
template <class Scalar>
StandardizedMagnitude<Scalar> standardization(const NetworkWeights<Scalar>& network,
                                              std::size_t k) {
  const Moments<Scalar> layer = moments<Of::weights>(network[k]);
  if (!layer.finite) network.check_finite(k);
  return standardization(layer, network.label(k));
}

template <class Scalar>
std::vector<StandardizedMagnitude<Scalar>> standardized_maps(
    const NetworkWeights<Scalar>& network) {
  std::vector<StandardizedMagnitude<Scalar>> maps;
  for (std::size_t k = 0; k < network.size(); ++k) maps.push_back(standardization(network, k));
  return maps;
}

// Calls use(maps), maps[k] being layer k's function from weight to filtration value, up to the
// final scale, which is the largest value of all. Who uses them finds weights that are not finite.
template <class Scalar, class Use>
auto with_maps(const NetworkWeights<Scalar>& network, Normalization normalization, const Use& use) {
  switch (normalization) {
    case Normalization::none:
      return use(std::vector<AsGiven<Scalar>>(network.size()));
    case Normalization::max_abs:
      return use(std::vector<Magnitude<Scalar>>(network.size()));
    case Normalization::standardized:
      return use(standardized_maps(network));
  }
  throw std::invalid_argument("unknown normalisation");
}

// The largest value of all layers, as far as the maps do not know it by a pass over the weights.
template <class Scalar, class Map>
Scalar largest_value(const NetworkWeights<Scalar>& network, const std::vector<Map>&) {
  return largest_magnitude(network);
}
template <class Scalar>
Scalar largest_value(const NetworkWeights<Scalar>&,
                     const std::vector<StandardizedMagnitude<Scalar>>& maps) {
  Scalar largest(0);
  for (const auto& map : maps) largest = std::max(largest, map.largest);
  return largest;
}

// Checks that all weights are finite, then calls use(maps, scale): values are scale(maps[k](w)).
template <class Scalar, class Use>
auto with_filtration(const NetworkWeights<Scalar>& network, Normalization normalization,
                     const Use& use) {
  return with_maps(network, normalization, [&](const auto& maps) {
    return use(maps, final_scale(normalization, largest_value(network, maps)));
  });
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
std::vector<RowMajorMatrix<scalar_t<Layers>>> normalized_layers(Layers&& layers,
                                                                Normalization normalization) {
  using Scalar = scalar_t<Layers>;
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  return detail::with_filtration(network, normalization, [&](const auto& maps, const auto& scale) {
    std::vector<RowMajorMatrix<Scalar>> values;
    for (std::size_t k = 0; k < network.size(); ++k) {
      values.push_back(detail::mapped(network[k], maps[k]));
      for (Scalar& value : values.back().reshaped()) value = scale(value);
    }
    return values;
  });
}
template <Layer One>
std::vector<RowMajorMatrix<scalar_t<One>>> normalized_layers(std::initializer_list<One> layers,
                                                             Normalization normalization) {
  return normalized_layers(std::span(layers), normalization);
}

}  // namespace dgp
