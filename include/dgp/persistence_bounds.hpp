// Bounds on neural persistence and on deep graph persistence, from each neuron's heaviest edge and
// without a spanning forest. Rieck et al. 2019 (Theorem 1) bound neural persistence by 0 and by the
// largest and the smallest value alone; these bounds look at each neuron.
//
// They say how far the heaviest edges decide a measure, and save no time: of large layers those of
// neural persistence take as long as the measure, those of deep graph persistence longer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/edges/dense_heaviest.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_diagram.hpp>

namespace dgp {

// What a persistence lies between.
template <class Sum>
struct Bound {
  Sum total;       // bounds Persistence::total
  Sum normalized;  // bounds Persistence::normalized
};

// Lower and upper bound, under the same options as the measure.
template <class Scalar>
struct PersistenceBounds {
  Bound<sum_t<Scalar>> lower;  // at most the measure, up to rounding
  Bound<sum_t<Scalar>> upper;  // at least the measure, up to rounding
};

namespace detail {

// Bounds from the lives of the finite pairs of two diagrams between which the measured one lies.
template <class Scalar>
PersistenceBounds<Scalar> persistence_bounds(std::vector<sum_t<Scalar>> shortest,
                                             std::vector<sum_t<Scalar>> longest, Index vertices,
                                             double p, EssentialClass essential) {
  using Sum = sum_t<Scalar>;
  if (essential == EssentialClass::dies_at_zero) {
    shortest.push_back(Sum(1));
    longest.push_back(Sum(1));
  }
  const Sum scale = largest_norm<Sum>(vertices, p);
  const Sum least = p_norm(shortest, p);
  const Sum most = p_norm(longest, p);
  return {{least, least / scale}, {most, most / scale}};
}

// Lower and upper bound on the total persistence of one layer. Each neuron's heaviest edge (ties
// broken in one order) is in the forest, and no edge is lighter than the lightest weight: upper
// bound. Root the forest at the heaviest edge; every other neuron's edge towards the root weighs at
// most that neuron's heaviest: lower bound.
template <class Scalar>
PersistenceBounds<Scalar> layer_bounds(const HeaviestEdges<Scalar>& heaviest,
                                       const NeuralPersistenceOptions& options) {
  using Sum = sum_t<Scalar>;
  const auto distance = [](const Scalar& weight) { return Sum(1) - static_cast<Sum>(weight); };
  const auto& rows = heaviest.of_rows;
  const auto& cols = heaviest.of_cols;
  const auto root = std::max_element(rows.begin(), rows.end());
  if (*root > Scalar(1) || heaviest.lightest < Scalar(0)) {
    throw std::invalid_argument(
        "bounds hold for filtration values in [0, 1], but values lie "
        "between " +
        printed(heaviest.lightest) + " and " + printed(*root));
  }
  std::vector<Sum> lower;
  std::vector<Sum> upper;
  for (auto best = rows.begin(); best != rows.end(); ++best) {
    if (best != root) lower.push_back(distance(*best));
    upper.push_back(distance(*best));
  }
  for (std::size_t col = 0; col < cols.size(); ++col) {
    lower.push_back(distance(cols[col]));
    if (!heaviest.shared[col]) upper.push_back(distance(cols[col]));
  }
  const std::size_t vertices = rows.size() + cols.size();
  upper.resize(vertices - 1, distance(heaviest.lightest));
  return persistence_bounds<Scalar>(std::move(lower), std::move(upper),
                                    static_cast<Index>(vertices), options.p, options.essential);
}

// The heaviest edges of every layer's normalised weights. One pass finds the scale too: the largest
// of their values.
template <class Scalar>
std::vector<HeaviestEdges<Scalar>> layer_maxima(const NetworkWeights<Scalar>& network,
                                                Normalization normalization) {
  std::vector<HeaviestEdges<Scalar>> layers;
  Scalar largest(0);
  with_maps(network, normalization, [&](const auto& maps) {
    for (std::size_t k = 0; k < network.size(); ++k) {
      if constexpr (!has_ordered_bits<Scalar>) network.check_finite(k);
      layers.push_back(heaviest_of_neurons(network[k], maps[k]));
      if (!is_finite(layers.back().lightest)) network.check_finite(k);
      for (const Scalar& value : layers.back().of_rows) {
        if (!is_finite(value)) network.check_finite(k);
        largest = std::max(largest, value);
      }
    }
  });
  const auto scale = final_scale(normalization, largest);
  for (auto& layer : layers) {
    for (Scalar& value : layer.of_rows) value = scale(value);
    for (Scalar& value : layer.of_cols) value = scale(value);
    layer.lightest = scale(layer.lightest);
  }
  return layers;
}

}  // namespace detail

// Per layer, bounds that hold the layer's persistence between them, up to rounding, from each
// neuron's heaviest edge and without a spanning forest. Filtration values must lie in [0, 1], as
// they do after Normalization::max_abs.
//
// Time O(weights): under Normalization::max_abs one look at each. Memory O(neurons). Throws as
// neural_persistence does, and std::invalid_argument for filtration values outside [0, 1].
template <Network Layers>
std::vector<PersistenceBounds<scalar_t<Layers>>> neural_persistence_bounds(
    Layers&& layers, const NeuralPersistenceOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  detail::check_order(options.p);
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  std::vector<PersistenceBounds<Scalar>> bounds;
  for (const auto& layer : detail::layer_maxima(network, options.normalization)) {
    bounds.push_back(detail::layer_bounds(layer, options));
  }
  return bounds;
}
template <Layer One>
std::vector<PersistenceBounds<scalar_t<One>>> neural_persistence_bounds(
    std::initializer_list<One> layers, const NeuralPersistenceOptions& options = {}) {
  return neural_persistence_bounds(std::span(layers), options);
}

namespace detail {

// By the heaviest edge at each vertex of a graph with so many on either side, all values in [0, 1].
// Each of these edges is in the forest, and those of one side are different edges: the forest's
// i-th heaviest edge weighs at least as much as the i-th largest maximum of either side. Root the
// forest at the heaviest edge; every other vertex's edge towards the root weighs at most its
// maximum.
template <class Scalar>
PersistenceBounds<Scalar> bounds_by_maxima(std::vector<Scalar> inputs, std::vector<Scalar> outputs,
                                           double p, EssentialClass essential) {
  using Sum = sum_t<Scalar>;
  const auto distance = [](const Scalar& value) { return Sum(1) - static_cast<Sum>(value); };
  std::sort(inputs.begin(), inputs.end(), std::greater<Scalar>());
  std::sort(outputs.begin(), outputs.end(), std::greater<Scalar>());
  std::vector<Sum> lower;
  for (std::size_t i = 1; i < inputs.size(); ++i) lower.push_back(distance(inputs[i]));
  for (const Scalar& maximum : outputs) lower.push_back(distance(maximum));
  std::vector<Sum> upper;
  for (std::size_t i = 0; i + 1 < inputs.size() + outputs.size(); ++i) {
    const Scalar of_inputs = i < inputs.size() ? inputs[i] : Scalar(0);
    const Scalar of_outputs = i < outputs.size() ? outputs[i] : Scalar(0);
    upper.push_back(distance(std::max(of_inputs, of_outputs)));
  }
  return persistence_bounds<Scalar>(std::move(lower), std::move(upper),
                                    static_cast<Index>(inputs.size() + outputs.size()), p,
                                    essential);
}

inline void check_bounded(Normalization normalization) {
  if (normalization != Normalization::none) return;
  throw std::invalid_argument(
      "bounds hold for values in [0, 1]: choose Normalization::standardized or max_abs");
}

// From the exit strengths of the inputs and the entry strengths of the outputs, under the final
// scale.
template <class Scalar>
PersistenceBounds<Scalar> bounds_by_strengths(std::vector<Scalar> inputs,
                                              std::vector<Scalar> outputs,
                                              const DeepGraphPersistenceOptions& options) {
  const auto rescaled =
      scaled_by(options.rescale ? *std::max_element(outputs.begin(), outputs.end()) : Scalar(1));
  for (auto* strengths : {&inputs, &outputs}) {
    for (Scalar& strength : *strengths) strength = rescaled(strength);
  }
  return bounds_by_maxima(std::move(inputs), std::move(outputs), options.p, options.essential);
}

}  // namespace detail

// Bounds that hold the network's deep graph persistence between them, up to rounding, from entry
// and exit strengths alone: the row and column maxima of S. For Normalization::max_abs and
// standardized, whose values lie in [0, 1].
//
// Time O(weights), memory O(neurons). Throws as deep_graph_persistence does, and
// std::invalid_argument for Normalization::none.
template <Network Layers>
PersistenceBounds<scalar_t<Layers>> deep_graph_persistence_bounds(
    Layers&& layers, const DeepGraphPersistenceOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  detail::check_order(options.p);
  detail::check_bounded(options.normalization);
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  network.check_chain();
  const auto numbering = detail::numbering_of(network);
  return detail::with_filtration(
      network, options.normalization, [&](const auto& maps, const auto& scale) {
        const auto edges = detail::edges_of(network, maps, numbering);
        const auto entry =
            detail::by_group(detail::entry_paths(edges, numbering), numbering, scale);
        const auto exit = detail::by_group(detail::exit_paths(edges, numbering), numbering, scale);
        const auto values = [](const auto& strengths) {
          return std::vector<Scalar>(strengths.begin(), strengths.end());
        };
        return detail::bounds_by_strengths(values(exit.front()), values(entry.back()), options);
      });
}
template <Layer One>
PersistenceBounds<scalar_t<One>> deep_graph_persistence_bounds(
    std::initializer_list<One> layers, const DeepGraphPersistenceOptions& options = {}) {
  return deep_graph_persistence_bounds(std::span(layers), options);
}

}  // namespace dgp
