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
// Every w' is a minimum of given numbers, so the result equals that of the matrix bit for bit. The
// proof needs weights without sign: for signed weights (Normalization::none) S itself is computed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/union_find.hpp>
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

// The deaths of the diagram of S, descending, by the theorem above; maps yield non-negative values.
template <class Scalar, class Map>
std::vector<Scalar> terminal_deaths(const NetworkWeights<Scalar>& network,
                                    const std::vector<Map>& maps,
                                    const NeuronStrengths<Scalar>& entry,
                                    const NeuronStrengths<Scalar>& exit) {
  struct Candidate {
    Scalar value;
    Vertex from;
    Vertex to;
  };
  std::vector<std::size_t> first_vertex{0};
  for (const auto& strengths : entry) {
    first_vertex.push_back(first_vertex.back() + static_cast<std::size_t>(strengths.size()));
  }
  const std::size_t neurons = first_vertex.back();
  if (neurons > std::numeric_limits<Vertex>::max()) {
    throw std::length_error("the network's " + std::to_string(neurons) +
                            " neurons are past what the index type holds");
  }

  std::vector<Candidate> candidates;
  for (std::size_t k = 0; k < network.size(); ++k) {
    const auto& weights = network[k];
    for (Index row = 0; row < weights.rows; ++row) {
      for (Index col = 0; col < weights.cols; ++col) {
        const Scalar value =
            std::min(std::min(entry[k](col), exit[k + 1](row)), maps[k](weights(row, col)));
        candidates.push_back(
            {value, static_cast<Vertex>(first_vertex[k] + static_cast<std::size_t>(col)),
             static_cast<Vertex>(first_vertex[k + 1] + static_cast<std::size_t>(row))});
      }
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.value > b.value; });

  const std::size_t inputs = first_vertex[1];
  const std::size_t first_output = first_vertex[network.size()];
  std::vector<bool> terminal(neurons, false);
  std::fill_n(terminal.begin(), inputs, true);
  std::fill(terminal.begin() + static_cast<std::ptrdiff_t>(first_output), terminal.end(), true);
  std::vector<Scalar> deaths;
  UnionFind components(neurons);
  for (const auto& candidate : candidates) {
    const Vertex a = components.find(candidate.from);
    const Vertex b = components.find(candidate.to);
    if (a == b) continue;
    if (terminal[a] && terminal[b]) deaths.push_back(candidate.value);
    const bool either = terminal[a] || terminal[b];
    terminal[components.join(a, b)] = either;
  }
  return deaths;
}

template <class Scalar>
PersistenceDiagram<Scalar> diagram_of(const std::vector<Scalar>& deaths, Scalar scale) {
  PersistenceDiagram<Scalar> diagram;
  for (const Scalar& death : deaths) {
    diagram.pairs.push_back({Scalar(1), static_cast<Scalar>(death / scale)});
  }
  return diagram;
}

// What S is divided by: its largest magnitude, or 1 where nothing can or should be scaled.
template <class Scalar>
Scalar rescaling(Scalar largest, bool rescale) {
  return rescale && largest > Scalar(0) ? largest : Scalar(1);
}

template <class Scalar, class Map>
PersistenceDiagram<Scalar> diagram_by_theorem(const NetworkWeights<Scalar>& network,
                                              const std::vector<Map>& maps, bool rescale) {
  const auto entry = entry_strengths(network, maps);
  const auto exit = exit_strengths(network, maps);
  const Scalar largest = *std::max_element(entry.back().begin(), entry.back().end());
  return diagram_of(terminal_deaths(network, maps, entry, exit), rescaling(largest, rescale));
}

// Signed weights: S as it is, then the persistence of abs(S).
template <class Scalar>
PersistenceDiagram<Scalar> diagram_by_matrix(const NetworkWeights<Scalar>& network, bool rescale) {
  const RowMajorMatrix<Scalar> matrix =
      path_strength_matrix(network, std::vector<AsGiven<Scalar>>(network.size()));
  const NetworkWeights<Scalar> strengths(matrix);
  const Scalar scale = rescaling(largest_magnitude(strengths), rescale);
  return persistence_diagram(spanning_forest(strengths, 0, ScaledMagnitude<Scalar>{scale}));
}

template <class Scalar>
bool has_negative_weight(const NetworkWeights<Scalar>& network) {
  bool negative = false;
  for (const auto& layer : network.views()) {
    for_each_weight(layer, [&](const Scalar& w) { negative |= w < Scalar(0); });
  }
  return negative;
}

template <class Scalar>
PersistenceDiagram<Scalar> deep_graph_diagram(const NetworkWeights<Scalar>& network,
                                              Normalization normalization, bool rescale) {
  if (normalization == Normalization::none) {
    network.check_finite();
    if (has_negative_weight(network)) return diagram_by_matrix(network, rescale);
    return diagram_by_theorem(network, std::vector<Magnitude<Scalar>>(network.size()), rescale);
  }
  return with_filtrations(network, normalization, [&](const auto& maps) {
    return diagram_by_theorem(network, maps, rescale);
  });
}

}  // namespace detail

// Deep graph persistence of a network; Girrbach et al. 2023, section 5. The diagram has
// n_in + n_out - 1 finite pairs: its vertices are the inputs and the outputs.
//
// in:  layers in forward order, each (fan_out × fan_in), layers[k + 1].cols() == layers[k].rows()
// Time O(n log n) and memory O(n) for n weights in all layers; for signed weights as given, time
// that of path_strength_matrix. Throws std::invalid_argument for layers that do not chain (naming
// both shapes), an empty network or layer, a weight that is not finite, p < 1 or NaN;
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
