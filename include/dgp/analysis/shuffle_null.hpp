// How much of a layer's neural persistence is structure, and how much the distribution of its
// weights: what shuffling the weights would give, without shuffling them.
//
// in:  layers, a number of rounds, a seed
// out: mean and deviation of each layer's neural persistence under shuffling, and how far from them
//      the layer itself is
//
// A shuffled layer makes Kruskal's algorithm see the edges of the complete bipartite graph in an
// order that is drawn evenly. So edges are drawn until all neurons are one component, and the ranks
// of those that joined two are kept: the deaths of one shuffle are the weights of these ranks.
// Ranks do not see weights. They depend on the shape alone and serve every layer of it, and only
// the heaviest few weights, about (rows + cols) · log of all, are ever asked for. Of a layer too
// large to draw, the mean has an asymptotic form (detail/merge_chances.hpp).
//
// Edges are drawn with replacement, and no drawn edge is remembered: a pair of neurons inside one
// component was drawn before with probability r / I, r being the number of different edges drawn so
// far and I the number of pairs inside components. For the next different edge joins two components
// with probability (A - I) / (A - r), A being all pairs, whichever edges the r are; and so it does
// here: ((A - I) / A) / ((A - I) / A + (I / A) · (I - r) / I).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/merge_chances.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/sample_stream.hpp>
#include <dgp/detail/spread.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>

namespace dgp {

namespace detail {

// More ranks are not kept: 1 GiB of them.
inline bool too_many_ranks(Index rows, Index cols, std::size_t rounds) {
  const double each = static_cast<double>(rows) + static_cast<double>(cols) - 1;
  return each * static_cast<double>(rounds) > 0x1p28;
}

}  // namespace detail

// The ranks of the edges at which the components of a layer merge, in `rounds` shuffles of its
// weights; the heaviest weight has rank 0.
//
// Time O(rounds · (rows + cols) · log(rows + cols)), memory 4 bytes for each rank, rounds · (rows +
// cols - 1). The same ranks for the same shape, seed and round, whatever the number of threads or
// of rounds. Throws std::invalid_argument for a shape without edges and for fewer than 2 rounds,
// std::length_error for more than 2^28 ranks.
class ShuffleNull {
 public:
  // Draws them.
  ShuffleNull(Index rows, Index cols, std::size_t rounds = 1000, std::uint64_t seed = 1)
      : rows_(rows), cols_(cols), rounds_(rounds) {
    detail::check_shape("shuffling", rows, cols);
    detail::check_rounds(rounds);
    if (detail::too_many_ranks(rows, cols, rounds)) {
      throw std::length_error("shuffling: " + std::to_string(rounds) + " rounds of a " +
                              detail::shape(rows, cols) + " layer are more than 2^28 ranks");
    }
    ranks_.resize(rounds * merges());
    const double draws =
        static_cast<double>(merges()) * std::log(static_cast<double>(merges()) + 2);
    // Rounds of one seed and of its neighbours must be others, and unlike each other.
    const std::uint64_t first = detail::SampleStream(seed)();
    detail::parallel_for(rounds, draws * static_cast<double>(rounds), [&](std::size_t round) {
      draw(detail::SampleStream(detail::SampleStream(first + round)()),
           ranks_.data() + round * merges());
    });
    for (std::size_t round = 0; round < rounds; ++round) {
      deepest_ = std::max(deepest_, ranks(round).back());
    }
  }

  // What it was drawn for.
  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  std::size_t rounds() const { return rounds_; }
  // Of one round, ascending: rows + cols - 1 of them.
  std::span<const std::uint32_t> ranks(std::size_t round) const {
    return std::span(ranks_).subspan(round * merges(), merges());
  }
  // The largest rank of all rounds.
  std::uint32_t deepest_rank() const { return deepest_; }

 private:
  std::size_t merges() const { return static_cast<std::size_t>(rows_ + cols_) - 1; }

  void draw(detail::SampleStream random, std::uint32_t* ranks) const {
    const auto rows = static_cast<detail::Vertex>(rows_);
    const auto cols = static_cast<detail::Vertex>(cols_);
    // A component is a ring of neurons, each of which knows its label: looked up far more often
    // than changed.
    struct Component {
      std::uint32_t rows;
      std::uint32_t cols;
    };
    std::vector<Component> components(merges() + 1, {0, 1});
    std::fill_n(components.begin(), rows, Component{1, 0});
    std::vector<detail::Vertex> label(merges() + 1);
    std::iota(label.begin(), label.end(), detail::Vertex{0});
    std::vector<detail::Vertex> next = label;
    double different = 0;  // edges so far
    double inside = 0;     // pairs of a row and a column in one component
    for (std::size_t left = merges(); left > 0;) {
      detail::Vertex one = random.quickly_below(rows);
      detail::Vertex other = rows + random.quickly_below(cols);
      if (label[one] == label[other]) {
        different += random.uniform() * inside < inside - different;
        continue;
      }
      const auto size = [&](detail::Vertex vertex) {
        return components[label[vertex]].rows + components[label[vertex]].cols;
      };
      if (size(one) < size(other)) std::swap(one, other);
      Component& grown = components[label[one]];
      const Component& taken = components[label[other]];
      inside += static_cast<double>(grown.rows) * taken.cols +
                static_cast<double>(taken.rows) * grown.cols;
      grown.rows += taken.rows;
      grown.cols += taken.cols;
      for (detail::Vertex vertex = other; label[vertex] != label[one]; vertex = next[vertex]) {
        label[vertex] = label[one];
      }
      std::swap(next[one], next[other]);
      *ranks++ = static_cast<std::uint32_t>(different++);
      --left;
    }
  }

  Index rows_;
  Index cols_;
  std::size_t rounds_;
  std::vector<std::uint32_t> ranks_;  // round by round
  std::uint32_t deepest_ = 0;
};

// A layer's normalised neural persistence beside that of its shuffled weights.
struct ShuffleSignificance {
  double original;            // normalised neural persistence of the layer as it is
  double mean;                // of the shuffles
  double standard_deviation;  // n - 1 in the denominator; NaN where nothing was drawn
  double z_score;  // the excess, (original - mean) / standard deviation; NaN where that is 0 or NaN
  double p_value;  // (1 + shuffles as persistent or more) / (1 + rounds); NaN as the deviation
  std::size_t rounds;  // 0 where the layer was too large to draw and the mean is the asymptotic one
};

// How shuffles are drawn.
struct ShuffleOptions {
  std::size_t rounds = 1000;  // at least 2
  std::uint64_t seed = 1;     // the same one draws the same
};

// Ranks by shape, drawn where they are first asked for and kept: for networks measured again and
// again, as in training. Not for use by several threads at once.
class ShuffleNulls {
 public:
  // Throws std::invalid_argument for fewer than 2 rounds.
  explicit ShuffleNulls(const ShuffleOptions& options = {}) : options_(options) {
    detail::check_rounds(options.rounds);
  }

  // Of the shape or, whose ranks are alike, its transpose: its rows are the shorter side. Nothing
  // where that is too large to draw: of more than 2^28 ranks, 1 GiB. It lives as long as this does.
  // Time and memory of what is drawn. Throws std::invalid_argument for a shape without edges.
  const ShuffleNull* of(Index rows, Index cols) {
    detail::check_shape("shuffling", rows, cols);
    if (detail::too_many_ranks(rows, cols, options_.rounds)) return nullptr;
    const auto shape = std::minmax(rows, cols);
    return &nulls_.try_emplace(shape, shape.first, shape.second, options_.rounds, options_.seed)
                .first->second;
  }

 private:
  ShuffleOptions options_;
  std::map<std::pair<Index, Index>, ShuffleNull> nulls_;
};

namespace detail {

// So many values reach a threshold.
template <class Scalar, class Map>
std::size_t count_reaching(const WeightView<Scalar>& layer, const Map& map, const Scalar& value) {
  const WeightView<Scalar> weights = along_memory(layer);
  std::size_t count = 0;
  for (Index row = 0; row < weights.rows; ++row) {
    for (Index col = 0; col < weights.cols; ++col) count += !(map(weights(row, col)) < value);
  }
  return count;
}

// The `count` heaviest values of a layer, descending; all of them where it has fewer.
template <class Scalar, class Map>
std::vector<Scalar> heaviest_values(const WeightView<Scalar>& weights, const Map& map,
                                    std::size_t count) {
  const std::vector<DenseEdges<Scalar, Map>> edges{
      {weights, map, static_cast<Vertex>(weights.cols), 0}};
  const double all = count_edges(edges);
  count = std::min(count, static_cast<std::size_t>(all));
  for (double wanted = 1.5 * static_cast<double>(count) + 64;; wanted *= 2) {
    const auto threshold = wanted < all / 2 ? sampled_threshold(edges, wanted) : std::nullopt;
    Batch<Scalar> batch = threshold ? edges_above(edges, *threshold, wanted)
                                    : edges_above(edges, lowest_threshold<Scalar>(), all);
    std::vector<Scalar> values = values_of(batch.edges);
    std::sort(values.begin(), values.end(), std::greater<Scalar>());
    // Where many values equal the threshold, only those above it are collected. And one from a
    // sample may be too high.
    const bool enough =
        values.size() >= count || count_reaching(weights, map, batch.threshold.value) >= count;
    if (!enough) continue;
    values.resize(count, batch.threshold.value);
    return values;
  }
}

// Lives |1 - value| of a layer's heaviest values, as shares of the largest of them, so that no
// power overflows; and the way back from sums of their powers to normalised persistence.
template <class Sum>
class LifeShares {
 public:
  template <class Scalar>
  LifeShares(const std::vector<Scalar>& values, Index vertices, double p, EssentialClass essential)
      : p_(p), scale_(largest_norm<Sum>(vertices, p)) {
    using std::abs;
    for (const Scalar& value : values) {
      shares_.push_back(abs(Sum(Sum(1) - static_cast<Sum>(value))));
    }
    if (essential == EssentialClass::dies_at_zero) essential_ = Sum(1);
    largest_ = std::max(essential_, *std::max_element(shares_.begin(), shares_.end()));
    if (largest_ == Sum(0)) largest_ = Sum(1);
    essential_ /= largest_;
    for (Sum& share : shares_) share /= largest_;
    if (is_infinite(p)) return;
    for (const Sum& share : shares_) powers_.push_back(power(share));
  }

  double normalized(std::span<const std::uint32_t> ranks) const {
    // Lives fall and rise again along the ranks, so the largest is at one of the ends.
    const Sum largest = std::max({essential_, shares_[ranks.front()], shares_[ranks.back()]});
    if (is_infinite(p_) || largest == Sum(0)) return of_norm(largest);
    Sum total = power(essential_);
    for (const std::uint32_t rank : ranks) total += powers_[rank];
    if (total > Sum(1e-250)) return of_norm(root(total, p_));
    // Next to the largest of all, which no rank here may have, these vanish.
    total = power(essential_ / largest);
    for (const std::uint32_t rank : ranks) total += power(shares_[rank] / largest);
    return of_norm(root(total, p_) * largest);
  }

  // As layers grow: `chances` that the edge of each rank merges two components.
  double expected(const std::vector<double>& chances) const {
    Sum total(0);
    if (!is_infinite(p_)) {
      total = power(essential_);
      for (std::size_t rank = 0; rank < chances.size(); ++rank) {
        total += Sum(chances[rank]) * powers_[rank];
      }
      return of_norm(root(total, p_));
    }
    double all_later = 1;  // the chance that none later merges
    for (std::size_t rank = chances.size(); rank-- > 0;) {
      total +=
          Sum(all_later * chances[rank]) * std::max({essential_, shares_.front(), shares_[rank]});
      all_later *= 1 - chances[rank];
    }
    return of_norm(total);
  }

 private:
  Sum power(const Sum& share) const {
    using std::pow;
    if (p_ == 1) return share;
    return p_ == 2 ? Sum(share * share) : Sum(pow(share, Sum(p_)));
  }
  double of_norm(const Sum& norm) const { return static_cast<double>(norm * largest_ / scale_); }

  double p_;
  Sum scale_;
  Sum essential_{0};
  Sum largest_{1};
  std::vector<Sum> shares_;
  std::vector<Sum> powers_;
};

template <class Sum>
ShuffleSignificance drawn_significance(double original, const ShuffleNull& null,
                                       const LifeShares<Sum>& shares) {
  std::vector<double> changes(null.rounds());
  for (std::size_t round = 0; round < null.rounds(); ++round) {
    changes[round] = shares.normalized(null.ranks(round)) - original;
  }
  const Spread spread = spread_of(changes, original);
  // What differs by no more than rounding does not differ.
  const auto hits = std::count_if(changes.begin(), changes.end(),
                                  [&](double change) { return change >= -spread.rounding; });
  const double excess = spread.deviation > 0 ? -spread.mean / spread.deviation
                                             : std::numeric_limits<double>::quiet_NaN();
  const auto rounds = static_cast<double>(null.rounds());
  return {original,
          original + spread.mean,
          spread.deviation,
          excess,
          (1 + static_cast<double>(hits)) / (1 + rounds),
          null.rounds()};
}

// Of the layers that are wanted.
template <class Scalar, class Wanted>
std::vector<std::optional<ShuffleSignificance>> shuffle_significance(
    const NetworkWeights<Scalar>& network, const Wanted& wanted, ShuffleNulls& nulls,
    const NeuralPersistenceOptions& options) {
  check_order(options.p);
  std::vector<std::optional<ShuffleSignificance>> results(network.size());
  with_filtration(network, options.normalization, [&](const auto& maps, const auto& scale) {
    for (std::size_t k = 0; k < network.size(); ++k) {
      if (!wanted(k)) continue;
      const auto& weights = network[k];
      auto forest = spanning_forest(network, k, maps[k]);
      scale_weights(forest, scale);
      const auto diagram = persistence_diagram(forest);
      const auto original =
          static_cast<double>(normalized_persistence(diagram, options.p, options.essential));
      const auto shares_of_heaviest = [&](std::size_t count) {
        auto values = heaviest_values(weights, maps[k], count);
        for (Scalar& value : values) value = scale(value);
        return LifeShares<sum_t<Scalar>>(values, diagram.vertices(), options.p, options.essential);
      };
      if (const ShuffleNull* const null = nulls.of(weights.rows, weights.cols)) {
        const auto shares = shares_of_heaviest(std::size_t{null->deepest_rank()} + 1);
        results[k] = drawn_significance(original, *null, shares);
      } else {
        const auto chances = merge_chances(weights.rows, weights.cols);
        const double mean = shares_of_heaviest(chances.size()).expected(chances);
        const double unknown = std::numeric_limits<double>::quiet_NaN();
        results[k] = ShuffleSignificance{original, mean, unknown, unknown, unknown, 0};
      }
    }
  });
  return results;
}

}  // namespace detail

// Normalised neural persistence of each layer beside what shuffling that layer's weights would
// give. Shuffling keeps all that a layer is normalised by.
//
// Time of a layer: that of its neural persistence, and O(rounds · (rows + cols)); once for each
// shape that of its ranks. Memory that of the ranks of all shapes, and of the heaviest values of
// one layer at a time. Throws as neural_persistence does, and std::invalid_argument for fewer than
// 2 rounds.
template <Network Layers>
std::vector<ShuffleSignificance> shuffle_significance(
    Layers&& layers, ShuffleNulls& nulls, const NeuralPersistenceOptions& options = {}) {
  const detail::NetworkWeights<scalar_t<Layers>> network(std::forward<Layers>(layers));
  const auto all = [](std::size_t) { return true; };
  std::vector<ShuffleSignificance> results;
  for (const auto& of_layer : detail::shuffle_significance(network, all, nulls, options)) {
    results.push_back(*of_layer);
  }
  return results;
}
// Ranks drawn for this call alone.
template <Network Layers>
std::vector<ShuffleSignificance> shuffle_significance(
    Layers&& layers, const ShuffleOptions& shuffles = {},
    const NeuralPersistenceOptions& options = {}) {
  ShuffleNulls nulls(shuffles);
  return shuffle_significance(std::forward<Layers>(layers), nulls, options);
}
template <Layer One>
std::vector<ShuffleSignificance> shuffle_significance(
    std::initializer_list<One> layers, const ShuffleOptions& shuffles = {},
    const NeuralPersistenceOptions& options = {}) {
  return shuffle_significance(std::span(layers), shuffles, options);
}

}  // namespace dgp
