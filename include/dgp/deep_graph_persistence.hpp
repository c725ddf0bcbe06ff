// Deep graph persistence (Girrbach et al. 2023): the neural persistence of S, the matrix of path
// strengths between all inputs and all outputs of a network, in linear time and without S.
//
// Theorem. Let the weights be non-negative, f(v) the entry strength of neuron v (the strength of
// the best path to it from any input; inputs: infinity) and b(v) its exit strength. Give every edge
// u -> v the value w'(u, v) = min(f(u), w(u, v), b(v)), the strength of the best input-output path
// through it, and let edges appear in descending w' on the whole network. Call a component terminal
// when it holds an input or an output. The deaths of the diagram of S are exactly the values of
// those merges in which both components were terminal.
//
// Proof. Fix a value t. The edges with w' >= t are those on some input-output path whose edges all
// weigh at least t; call the neurons on such paths alive. If u -> v is such an edge, then the
// inputs that reach u through edges >= t also reach v, and all of them reach every output that v
// reaches: the inputs and outputs attached to u and those attached to v lie in one component of
// {S >= t}. Walking along alive edges, all terminals in one component of the alive graph lie in one
// component of {S >= t}. Conversely S(o, i) >= t means a path of alive edges from i to o. So at
// every t both graphs have the same components on inputs and outputs, hence the same pairs. A
// hidden neuron joins a component that holds a terminal at the very value at which it comes alive,
// so it contributes nothing. QED
//
// Every w' is a minimum of given numbers, so the result equals that of the matrix bit for bit.
//
// Signed weights (Normalization::none), of which the diagram of abs(S) is wanted. For t > 0 only
// edges of weight t or more play a part in the proof: the theorem, on max(w, 0), gives the deaths
// of {S >= t}, t > 0. Let all n_in + n_out - 1 of them be positive, t0 the smallest, and let no
// entry of S be at or below -t0. Then {S >= t} and {abs(S) >= t} are the same for t >= t0, and at
// t0 all is connected: these are the deaths of abs(S). "No entry at or below -t0" is reachability:
// every output is reached from every input by edges above -t0 (detail/reachability.hpp). Ordinary
// networks pass by far; where one does not, S itself is computed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_forest.hpp>
#include <dgp/detail/reachability.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

// Which variant is computed. The published ones by these fields, and their names in the code:
//   standardised, rescaled   the default                              dnp_exact, dnp_exact_norm
//   standardised             {.rescale = false}                       dnp_prev, dnp_prev_norm
//   raw                      {.normalization = Normalization::none}   vanilla_dnp (normalized)
struct DeepGraphPersistenceOptions {
  double p = 2;                                               // order of the norm, in [1, infinity]
  EssentialClass essential = EssentialClass::dies_at_zero;    // whether it counts
  Normalization normalization = Normalization::standardized;  // of the weights, before S
  bool rescale = true;                                        // divide S by its largest magnitude
};

namespace detail {

// The deaths of the diagram of S, descending, by the theorem above, up to the final scale; maps
// yield non-negative values.
template <class Scalar, class Map>
std::vector<Scalar> terminal_deaths(const NetworkWeights<Scalar>& network,
                                    const std::vector<Map>& maps) {
  const auto numbering = numbering_of(network);
  const auto edges = edges_of(network, maps, numbering);
  return values_of(path_forest(edges, numbering).merges);
}

// S divided by its largest entry, which is the first death.
template <class Scalar>
void rescale_diagram(PersistenceDiagram<Scalar>& diagram) {
  const auto rescaled = scaled_by(diagram.pairs.front().death);
  for (auto& pair : diagram.pairs) pair.death = rescaled(pair.death);
}

// Under the final scale.
template <class Scalar>
PersistenceDiagram<Scalar> diagram_of(const std::vector<Scalar>& deaths,
                                      const FinalScale<Scalar>& scale, bool rescale) {
  PersistenceDiagram<Scalar> diagram;
  for (const Scalar& death : deaths) diagram.pairs.push_back({Scalar(1), scale(death)});
  if (rescale) rescale_diagram(diagram);
  return diagram;
}

// Of signed weights, whether the deaths by their positive parts, of which this is the last, are
// those of abs(S).
template <class Scalar>
bool positive_parts_suffice(const NetworkWeights<Scalar>& network, const Scalar& last_death) {
  return Scalar(0) < last_death && all_reached_above<Scalar>(network, Scalar(-last_death));
}

// Signed weights by their positive parts; nothing where it is not certain that the negative ones
// play no part.
template <class Scalar>
std::optional<std::vector<Scalar>> certified_deaths(const NetworkWeights<Scalar>& network) {
  auto deaths = terminal_deaths(network, std::vector<PositivePart<Scalar>>(network.size()));
  if (!positive_parts_suffice(network, deaths.back())) return std::nullopt;
  return deaths;
}

// Signed weights: S as it is, then the persistence of abs(S).
template <class Scalar>
PersistenceDiagram<Scalar> diagram_by_matrix(const NetworkWeights<Scalar>& network, bool rescale) {
  const RowMajorMatrix<Scalar> matrix =
      path_strength_matrix(network, std::vector<AsGiven<Scalar>>(network.size()));
  const NetworkWeights<Scalar> strengths(matrix);
  auto forest = spanning_forest(strengths, 0, Magnitude<Scalar>{});
  if (rescale) scale_weights(forest, scaled_by(forest.edges.front().weight));
  return persistence_diagram(forest);
}

template <class Scalar>
bool has_negative_weight(const NetworkWeights<Scalar>& network) {
  for (const auto& layer : network.views()) {
    const WeightView<Scalar> weights = along_memory(layer);
    for (Index row = 0; row < weights.rows; ++row) {
      for (Index col = 0; col < weights.cols; ++col) {
        if (weights(row, col) < Scalar(0)) return true;
      }
    }
  }
  return false;
}

template <class Scalar>
PersistenceDiagram<Scalar> deep_graph_diagram(const NetworkWeights<Scalar>& network,
                                              Normalization normalization, bool rescale) {
  if (normalization != Normalization::none) {
    return with_filtration(network, normalization, [&](const auto& maps, const auto& scale) {
      return diagram_of(terminal_deaths(network, maps), scale, rescale);
    });
  }
  const FinalScale<Scalar> as_given{Scalar(1)};
  largest_magnitude(network);  // finds weights that are not finite
  if (!has_negative_weight(network)) {
    const std::vector<Magnitude<Scalar>> maps(network.size());
    return diagram_of(terminal_deaths(network, maps), as_given, rescale);
  }
  if (network.size() > 1) {  // one layer is its own S
    if (const auto deaths = certified_deaths(network)) {
      return diagram_of(*deaths, as_given, rescale);
    }
  }
  return diagram_by_matrix(network, rescale);
}

}  // namespace detail

// Deep graph persistence of a network; Girrbach et al. 2023. The diagram has
// n_in + n_out - 1 finite pairs: its vertices are the inputs and the outputs.
//
// in:  layers in forward order, each (fan_out × fan_in), layers[k + 1].cols() == layers[k].rows()
// Time O(weights), at worst O(weights · log neurons); memory O(neurons · log neurons): nothing is
// copied or listed but the few heaviest edges (detail/forest/path_forest.hpp). For signed weights
// as given, inputs · widest layer bits more, and where negative path strengths rival positive ones
// (above), time and memory of path_strength_matrix. Throws std::invalid_argument for layers that do
// not chain (naming both shapes), an empty network or layer, a weight that is not finite, p < 1 or
// NaN; std::domain_error for a constant layer under Normalization::standardized; std::length_error
// for more neurons than 32 bits count.
template <Network Layers>
Persistence<scalar_t<Layers>> deep_graph_persistence(
    Layers&& layers, const DeepGraphPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  const detail::NetworkWeights<scalar_t<Layers>> network(std::forward<Layers>(layers));
  network.check_chain();
  return detail::persistence(
      detail::deep_graph_diagram(network, options.normalization, options.rescale), options.p,
      options.essential);
}
template <Layer One>
Persistence<scalar_t<One>> deep_graph_persistence(std::initializer_list<One> layers,
                                                  const DeepGraphPersistenceOptions& options = {}) {
  return deep_graph_persistence(std::span(layers), options);
}

// The rescaled variant from the plain one, without a second run: for the result of
// deep_graph_persistence with `rescale` false that with `rescale` true, to the last bit. Of the
// options p and essential count. Time and memory O(pairs). Throws std::invalid_argument for p < 1
// or NaN.
template <class Scalar>
Persistence<Scalar> rescaled(const Persistence<Scalar>& plain,
                             const DeepGraphPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  auto diagram = plain.diagram;
  if (!diagram.pairs.empty()) detail::rescale_diagram(diagram);
  return detail::persistence(std::move(diagram), options.p, options.essential);
}

}  // namespace dgp
