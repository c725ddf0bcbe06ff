// Which weights of a network are kept first.
//
// in:  the layers of a perceptron, a strategy, and whether layers are cut each on its own
// out: the places of all weights, those that stay longest first
//
// A strategy gives each weight a rank. Lower ranks stay longer, of equal ones larger magnitudes, of
// equal ones of these the weights nearer the inputs, row by row.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/persistent_paths.hpp>
#include <dgp/spanning_forest.hpp>

#include "../splitmix.hpp"

namespace prune {

using Matrix = dgp::RowMajorMatrix<float>;
using Layers = std::vector<dgp::NamedLayer<Matrix>>;

enum class Strategy { magnitude, forest, paths, random };

inline const std::vector<Strategy> strategies{Strategy::magnitude, Strategy::forest,
                                              Strategy::paths, Strategy::random};

inline const char* word_of(Strategy strategy) {
  return strategy == Strategy::magnitude ? "magnitude"
         : strategy == Strategy::forest  ? "forest"
         : strategy == Strategy::paths   ? "paths"
                                         : "random";
}

// Of which weights a share is kept: of those of each layer, or of all together.
enum class Scope { layer, network };

// A weight: its layer, and its place there, row by row.
struct Place {
  std::size_t layer;
  std::size_t place;

  friend bool operator==(const Place&, const Place&) = default;
};

struct Ranking {
  std::vector<std::vector<Place>> orders;  // of each layer, or one of all; each is cut on its own
  std::size_t first = 0;                   // weights of the forests, or on the paths
};

inline std::size_t place_of(const Matrix& weights, dgp::Index row, dgp::Index col) {
  return static_cast<std::size_t>(row * weights.cols() + col);
}

// By layer, of each weight.
using Ranks = std::vector<std::vector<std::size_t>>;
inline constexpr std::size_t unranked = std::numeric_limits<std::size_t>::max();

inline Ranks ranks_of(const Layers& layers, Strategy strategy, std::uint64_t seed) {
  Ranks ranks;
  for (const auto& [name, weights] : layers) {
    ranks.emplace_back(static_cast<std::size_t>(weights.size()), unranked);
  }
  const auto put_first = [&](std::size_t k, dgp::Index row, dgp::Index col, std::size_t rank) {
    auto& there = ranks[k][place_of(layers[k].weights, row, col)];
    there = std::min(there, rank);
  };
  if (strategy == Strategy::forest) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      for (const auto& edge : dgp::maximum_spanning_forest(layers[k].weights.cwiseAbs()).edges) {
        put_first(k, edge.row, edge.col, 0);
      }
    }
  } else if (strategy == Strategy::paths) {
    std::size_t rank = 0;
    for (const auto& path : dgp::persistent_paths(layers, {.count = unranked})) {
      for (std::size_t k = 0; k < layers.size(); ++k) {
        put_first(k, path.neurons[k + 1], path.neurons[k], rank);
      }
      ++rank;
    }
  } else if (strategy == Strategy::random) {
    splitmix::Stream random(seed);
    for (auto& layer : ranks) {
      for (auto& rank : layer) rank = static_cast<std::size_t>(random());
    }
  }
  return ranks;
}

// Throws std::domain_error for the paths of a network with a constant layer.
inline Ranking ranking_of(const Layers& layers, Strategy strategy, Scope scope,
                          std::uint64_t seed) {
  const Ranks ranks = ranks_of(layers, strategy, seed);
  Ranking ranking;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (k == 0 || scope == Scope::layer) ranking.orders.emplace_back();
    for (std::size_t place = 0; place < ranks[k].size(); ++place) {
      ranking.orders.back().push_back({k, place});
      const bool is_first = ranks[k][place] != unranked && strategy != Strategy::random;
      if (is_first) ++ranking.first;
    }
  }
  const auto key = [&](const Place& at) {
    return std::tuple(ranks[at.layer][at.place],
                      -std::abs(layers[at.layer].weights.data()[at.place]), at.layer, at.place);
  };
  for (auto& order : ranking.orders) {
    std::sort(order.begin(), order.end(),
              [&](const Place& a, const Place& b) { return key(a) < key(b); });
  }
  return ranking;
}

// So many of these are kept of a share, one at least.
inline std::size_t kept_of(std::size_t weights, double share) {
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(std::llround(share * static_cast<double>(weights))));
}

inline Layers pruned(Layers layers, const Ranking& ranking, double share) {
  for (const auto& order : ranking.orders) {
    for (std::size_t i = kept_of(order.size(), share); i < order.size(); ++i) {
      layers[order[i].layer].weights.data()[order[i].place] = 0;
    }
  }
  return layers;
}

}  // namespace prune
