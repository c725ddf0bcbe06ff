// What shuffling the weights of each layer changes (Girrbach et al. 2023).
//
// Shuffling keeps the distribution of a layer's weights, and so their variance, but destroys their
// places. What a measure of the shuffled network shares with the original is explained by the
// distribution; only the difference is structure.
//
// in:  layers, a measure of layers (any function that returns a number or numbers), a seed
// out: for each number the original, the summary of its changes, and the original's z-score
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/filtration_maps.hpp>
#include <dgp/detail/sample_stream.hpp>
#include <dgp/detail/spread.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// A copy of every layer, row-major (fan_out × fan_in), its entries permuted at random: the same
// permutation on every platform for the same seed and shapes. Time and memory O(weights). Throws
// std::invalid_argument for an empty network or layer.
template <Network Layers>
std::vector<RowMajorMatrix<scalar_t<Layers>>> shuffled_layers(Layers&& layers, std::uint64_t seed) {
  using Scalar = scalar_t<Layers>;
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  detail::SampleStream random(seed);
  std::vector<RowMajorMatrix<Scalar>> shuffled;
  for (const auto& weights : network.views()) {
    auto& copy = shuffled.emplace_back(detail::mapped(weights, detail::AsGiven<Scalar>{}));
    for (Index left = copy.size(); left > 1; --left) {
      const auto other = static_cast<Index>(random.below(static_cast<std::uint64_t>(left)));
      std::swap(copy.data()[left - 1], copy.data()[other]);
    }
  }
  return shuffled;
}
template <Layer One>
std::vector<RowMajorMatrix<scalar_t<One>>> shuffled_layers(std::initializer_list<One> layers,
                                                           std::uint64_t seed) {
  return shuffled_layers(std::span(layers), seed);
}

// How one figure changes under shuffling.
struct ShufflingEffect {
  double original;            // of the network as it is
  double mean;                // of the changes, shuffled - original
  double standard_deviation;  // of the changes; n - 1 in the denominator
  double smallest;            // change, signs counted
  double largest;             // change, signs counted
  double z_score;  // (original - mean of the shuffled) / standard deviation; NaN where that is 0
};

// Measures a network and `rounds` shuffled copies of it. `measure` is called with a vector of
// matrices and returns a number, or a range of numbers, always as many. The figures of round i are
// those of shuffled_layers(layers, seed + i).
//
// Time rounds + 1 measures, memory one copy of the weights. Throws std::invalid_argument for fewer
// than 2 rounds, for an empty network or layer and for a measure that returns another number of
// figures, and what the measure throws.
template <Network Layers, class Measure>
std::vector<ShufflingEffect> shuffling_effects(Layers&& layers, const Measure& measure,
                                               std::size_t rounds, std::uint64_t seed = 1) {
  using Scalar = scalar_t<Layers>;
  detail::check_rounds(rounds);
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  using View =
      Eigen::Map<const RowMajorMatrix<Scalar>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  std::vector<View> views;
  for (const auto& weights : network.views()) {
    views.emplace_back(
        weights.data, weights.rows, weights.cols,
        Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(weights.row_stride, weights.col_stride));
  }

  const auto figures_of = [&](const auto& some_layers) {
    const auto measured = measure(some_layers);
    if constexpr (std::is_convertible_v<decltype(measured), double>) {
      return std::vector<double>{static_cast<double>(measured)};
    } else {
      std::vector<double> figures;
      for (const auto& figure : measured) figures.push_back(static_cast<double>(figure));
      return figures;
    }
  };
  const std::vector<double> original = figures_of(views);
  std::vector<std::vector<double>> changes(original.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::vector<double> figures = figures_of(shuffled_layers(views, seed + round));
    if (figures.size() != original.size()) {
      throw std::invalid_argument("shuffling: the measure gave " + std::to_string(figures.size()) +
                                  " figures, before " + std::to_string(original.size()));
    }
    for (std::size_t i = 0; i < figures.size(); ++i) {
      changes[i].push_back(figures[i] - original[i]);
    }
  }

  std::vector<ShufflingEffect> effects;
  for (std::size_t i = 0; i < original.size(); ++i) {
    const detail::Spread spread = detail::spread_of(changes[i], original[i]);
    const double z_score = spread.deviation > 0 ? -spread.mean / spread.deviation
                                                : std::numeric_limits<double>::quiet_NaN();
    effects.push_back(
        {original[i], spread.mean, spread.deviation, spread.smallest, spread.largest, z_score});
  }
  return effects;
}
template <Layer One, class Measure>
std::vector<ShufflingEffect> shuffling_effects(std::initializer_list<One> layers,
                                               const Measure& measure, std::size_t rounds,
                                               std::uint64_t seed = 1) {
  return shuffling_effects(std::span(layers), measure, rounds, seed);
}

}  // namespace dgp
