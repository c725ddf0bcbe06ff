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
// edges of weight t or more play a part in the proof: the theorem, on max(w, 0), gives the deaths of
// {S >= t}, t > 0. Let all n_in + n_out - 1 of them be positive, t0 the smallest, and let no entry
// of S be at or below -t0. Then {S >= t} and {abs(S) >= t} are the same for t >= t0, and at t0 all
// is connected: these are the deaths of abs(S). "No entry at or below -t0" is reachability: every
// output is reached from every input by edges above -t0 (detail/reachability.hpp). Ordinary
// networks pass by far; where one does not, S itself is computed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edge_scan.hpp>
#include <dgp/detail/forest_growth.hpp>
#include <dgp/detail/kruskal.hpp>
#include <dgp/detail/reachability.hpp>
#include <dgp/detail/value_keys.hpp>
#include <dgp/detail/weight_view.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

// The published variants, by these fields:
//   standardised, rescaled   the default                              dnp_exact, dnp_exact_norm
//   standardised             {.rescale = false}                       dnp_prev, dnp_prev_norm
//   raw                      {.normalization = Normalization::none}   vanilla_dnp (normalized)
struct DeepGraphPersistenceOptions {
  double p = 2;  // order of the norm, in [1, infinity]
  EssentialClass essential = EssentialClass::dies_at_zero;
  Normalization normalization = Normalization::standardized;
  bool rescale = true;  // divide S by its largest magnitude
};

namespace detail {

// The first vertex of each layer of neurons in the network's numbering, and, last, their number.
template <class Scalar>
std::vector<std::size_t> first_vertices(const NetworkWeights<Scalar>& network) {
  std::vector<std::size_t> first{0, static_cast<std::size_t>(network[0].cols)};
  for (const auto& layer : network.views()) {
    first.push_back(first.back() + static_cast<std::size_t>(layer.rows));
  }
  if (first.back() > std::numeric_limits<Vertex>::max()) {
    throw std::length_error("the network's " + std::to_string(first.back()) +
                            " neurons are past what the index type holds");
  }
  return first;
}

// All edges under their values w'; the definition, for scalar types without ordered bits, and where
// keys are ambiguous.
template <class Scalar, class Map>
void add_all_edges(ForestBuilder<Scalar>& forest, const NetworkWeights<Scalar>& network,
                   const std::vector<Map>& maps, const std::vector<std::size_t>& first_vertex,
                   const NeuronStrengths<Scalar>& entry, const NeuronStrengths<Scalar>& exit) {
  std::vector<Candidate<Scalar>> edges;
  for (std::size_t k = 0; k < network.size(); ++k) {
    const auto& weights = network[k];
    const auto first_col = static_cast<Vertex>(first_vertex[k]);
    const auto first_row = static_cast<Vertex>(first_vertex[k + 1]);
    for (Index row = 0; row < weights.rows; ++row) {
      for (Index col = 0; col < weights.cols; ++col) {
        const Scalar best_path = std::min(entry[k](col), exit[k + 1](row));
        edges.push_back({std::min(best_path, maps[k](weights(row, col))),
                         first_row + static_cast<Vertex>(row),
                         first_col + static_cast<Vertex>(col)});
      }
    }
  }
  forest.add(edges);
}

// Grows the forest of the values w' as far as the terminals need it, by the engine that knows the
// heaviest edges from a scan. The scan goes from the last layer to the first and finds the exit
// strengths on its way: when it comes to a layer, it knows the caps of its edges on both sides.
// Returns false where keys are ambiguous.
template <class Scalar, class Map>
bool grow_path_forest(ForestBuilder<Scalar>& forest, const NetworkWeights<Scalar>& network,
                      const std::vector<Map>& maps, const std::vector<std::size_t>& first_vertex,
                      const NeuronStrengths<Scalar>& entry) {
  std::vector<Caps<Scalar>> by_col;
  std::vector<Caps<Scalar>> by_row(network.size());
  for (std::size_t k = 0; k < network.size(); ++k) {
    by_col.push_back(make_caps<Scalar>(maps[k], entry[k]));
  }
  std::vector<LayerEdges<Scalar, Map>> layers;
  for (std::size_t k = 0; k < network.size(); ++k) {
    layers.emplace_back(network[k], maps[k], static_cast<Vertex>(first_vertex[k + 1]),
                        static_cast<Vertex>(first_vertex[k]));
    layers[k].set_caps({}, by_col[k]);
  }
  {
    auto batch = first_batch(layers);
    Strengths<Scalar> exit = unlimited_strengths<Scalar>(network[network.size() - 1].rows);
    for (std::size_t k = network.size(); k-- > 0;) {
      by_row[k] = make_caps<Scalar>(maps[k], exit);
      if (ambiguous(by_row[k], by_col[k])) return false;
      layers[k].set_caps(by_row[k], by_col[k]);
      const auto keys = layers[k].flipped()
                            ? scan_above<MaximaAt::rows>(layers[k], batch, edge_limit(layers))
                            : scan_above<MaximaAt::columns>(layers[k], batch, edge_limit(layers));
      exit = strengths_of(keys, network[k].cols, maps[k], by_row[k]);
    }
    // An input appears at its exit strength, an output at its entry strength: what is lighter than
    // the lightest of these is seldom needed.
    batch.raise({std::min(exit.minCoeff(), entry.back().minCoeff())});
    forest.add(batch.edges);
  }
  finish_forest(forest, layers, first_vertex.back());
  return true;
}

// The deaths of the diagram of S, descending, by the theorem above; maps yield non-negative values.
template <class Scalar, class Map>
std::vector<Scalar> terminal_deaths(const NetworkWeights<Scalar>& network,
                                    const std::vector<Map>& maps,
                                    const NeuronStrengths<Scalar>& entry) {
  const auto first_vertex = first_vertices(network);
  const std::size_t neurons = first_vertex.back();
  const std::size_t inputs = first_vertex[1];
  const std::size_t outputs = neurons - first_vertex[network.size()];
  ForestBuilder<Scalar> forest(neurons, inputs, outputs);
  bool grown = false;
  if constexpr (has_ordered_bits<Scalar>) {
    grown = grow_path_forest(forest, network, maps, first_vertex, entry);
  }
  if (!grown) {
    add_all_edges(forest, network, maps, first_vertex, entry, exit_strengths(network, maps));
  }

  // Batches need not come in order, so the merges are replayed from the heaviest.
  ForestBuilder<Scalar> replay(neurons, inputs, outputs);
  replay.add(forest.accepted());
  return replay.terminal_merges();
}

template <class Scalar>
PersistenceDiagram<Scalar> diagram_of(const std::vector<Scalar>& deaths) {
  PersistenceDiagram<Scalar> diagram;
  for (const Scalar& death : deaths) diagram.pairs.push_back({Scalar(1), death});
  return diagram;
}

template <class Scalar, class Map>
PersistenceDiagram<Scalar> diagram_by_theorem(const NetworkWeights<Scalar>& network,
                                              const std::vector<Map>& maps, bool rescale,
                                              const ScaledMagnitude<Scalar>& scale = {Scalar(1)}) {
  const auto entry = entry_strengths(network, maps);
  const auto rescaled = scaled_by(rescale ? scale(entry.back().maxCoeff()) : Scalar(1));
  auto deaths = terminal_deaths(network, maps, entry);
  for (Scalar& death : deaths) death = rescaled(scale(death));
  return diagram_of(deaths);
}

// Signed weights by their positive parts; nothing where it is not certain that the negative ones
// play no part.
template <class Scalar>
std::optional<PersistenceDiagram<Scalar>> certified_diagram(const NetworkWeights<Scalar>& network,
                                                            bool rescale) {
  const std::vector<PositivePart<Scalar>> maps(network.size());
  const auto entry = entry_strengths(network, maps);
  if (!(Scalar(0) < entry.back().minCoeff())) return std::nullopt;
  auto deaths = terminal_deaths(network, maps, entry);
  const Scalar last = deaths.back();
  if (!(Scalar(0) < last) || !all_reached_above<Scalar>(network, Scalar(-last))) {
    return std::nullopt;
  }
  const auto rescaled = scaled_by(rescale ? entry.back().maxCoeff() : Scalar(1));
  for (Scalar& death : deaths) death = rescaled(death);
  return diagram_of(deaths);
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
  if (normalization == Normalization::standardized) {
    return diagram_by_theorem(network, standardized_filtrations(network), rescale);
  }
  const std::vector<Magnitude<Scalar>> magnitudes(network.size());
  // Finds weights that are not finite.
  const Scalar largest = largest_magnitude(network);
  if (normalization == Normalization::max_abs) {
    return diagram_by_theorem(network, magnitudes, rescale, scaled_by(largest));
  }
  if (!has_negative_weight(network)) return diagram_by_theorem(network, magnitudes, rescale);
  if (network.size() > 1) {  // one layer is its own S
    if (auto certified = certified_diagram(network, rescale)) return *std::move(certified);
  }
  return diagram_by_matrix(network, rescale);
}

}  // namespace detail

// Deep graph persistence of a network; Girrbach et al. 2023. The diagram has
// n_in + n_out - 1 finite pairs: its vertices are the inputs and the outputs.
//
// in:  layers in forward order, each (fan_out × fan_in), layers[k + 1].cols() == layers[k].rows()
// Time O(weights), at worst O(weights · log neurons); memory O(neurons · log neurons): nothing is
// copied or listed but the few heaviest edges (detail/forest_growth.hpp). For signed weights as
// given, inputs · widest layer bits more, and where negative path strengths rival positive ones
// (above), time and memory of path_strength_matrix. All edges are listed and sorted for long double
// and wider types, and where path strengths of different layers come too close for keys to tell
// apart, which half types can show. Throws std::invalid_argument for layers that do not chain
// (naming both shapes), an empty network or layer, a weight that is not finite, p < 1 or NaN;
// std::domain_error for a constant layer under Normalization::standardized; std::length_error for
// more neurons than 32 bits count.
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

}  // namespace dgp
