// Which weights of a network are kept first.
//
// in:  the layers of a perceptron, and a strategy
// out: by layer, the places of its weights, those that stay longest first
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/persistent_paths.hpp>
#include <dgp/spanning_forest.hpp>

#include "../splitmix.hpp"

namespace prune {

using Matrix = dgp::RowMajorMatrix<float>;
using Layers = std::vector<dgp::NamedLayer<Matrix>>;
using Ranking = std::vector<std::vector<std::size_t>>;  // by layer, places row by row

enum class Strategy { magnitude, forest, paths, random };

inline const std::vector<Strategy> strategies{Strategy::magnitude, Strategy::forest,
                                              Strategy::paths, Strategy::random};

inline const char* word_of(Strategy strategy) {
  return strategy == Strategy::magnitude ? "magnitude"
         : strategy == Strategy::forest  ? "forest"
         : strategy == Strategy::paths   ? "paths"
                                         : "random";
}

inline std::vector<std::size_t> by_magnitude(const Matrix& weights) {
  std::vector<std::size_t> places(static_cast<std::size_t>(weights.size()));
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(weights.data()[b]) < std::abs(weights.data()[a]);
  });
  return places;
}

// Those that are named first come first, each once; then the others.
inline std::vector<std::size_t> preferring(const std::vector<std::size_t>& first,
                                           const std::vector<std::size_t>& others) {
  std::vector<bool> taken(others.size(), false);
  std::vector<std::size_t> places;
  for (const auto* some : {&first, &others}) {
    for (const std::size_t place : *some) {
      if (!taken[place]) places.push_back(place);
      taken[place] = true;
    }
  }
  return places;
}

inline std::size_t place_of(const Matrix& weights, dgp::Index row, dgp::Index col) {
  return static_cast<std::size_t>(row * weights.cols() + col);
}

inline Ranking ranking_of(const Layers& layers, Strategy strategy, std::uint64_t seed) {
  Ranking ranking;
  for (const auto& layer : layers) ranking.push_back(by_magnitude(layer.weights));
  if (strategy == Strategy::random) {
    splitmix::Stream random(seed);
    for (auto& places : ranking) {
      for (std::size_t left = places.size(); left > 1; --left) {
        std::swap(places[left - 1], places[random() % left]);
      }
    }
  } else if (strategy == Strategy::forest) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const Matrix& weights = layers[k].weights;
      std::vector<std::size_t> tree;
      for (const auto& edge : dgp::maximum_spanning_forest(weights.cwiseAbs()).edges) {
        tree.push_back(place_of(weights, edge.row, edge.col));
      }
      ranking[k] = preferring(tree, ranking[k]);
    }
  } else if (strategy == Strategy::paths) {
    constexpr auto all = std::numeric_limits<std::size_t>::max();
    std::vector<std::vector<std::size_t>> on_paths(layers.size());
    for (const auto& path : dgp::persistent_paths(layers, {.count = all})) {
      for (std::size_t k = 0; k < layers.size(); ++k) {
        on_paths[k].push_back(place_of(layers[k].weights, path.neurons[k + 1], path.neurons[k]));
      }
    }
    for (std::size_t k = 0; k < layers.size(); ++k) {
      ranking[k] = preferring(on_paths[k], ranking[k]);
    }
  }
  return ranking;
}

// So many weights of each layer are kept of a share, one at least.
inline std::size_t kept_of(std::size_t weights, double share) {
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(std::llround(share * static_cast<double>(weights))));
}

inline Layers pruned(Layers layers, const Ranking& ranking, double share) {
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto& places = ranking[k];
    for (std::size_t i = kept_of(places.size(), share); i < places.size(); ++i) {
      layers[k].weights.data()[places[i]] = 0;
    }
  }
  return layers;
}

}  // namespace prune
