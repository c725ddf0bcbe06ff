// Persistent paths: the paths behind deep graph persistence.
//
// Each death of the diagram of S is the strength of a path from an input to an output that joins
// them when no stronger path does, not even by way of other inputs and outputs: the edges (output,
// input) of these paths are a maximum spanning forest of S. The edge at which a path's strength is
// attained is its critical edge, its weakest one: take that away, and the network answers by
// weaker paths. It need not be the edge at which Kruskal's algorithm merged two components.
//
// A missing edge counts as one of value 0. So deaths at 0 need no path, and have none here.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/forest/merge_paths.hpp>
#include <dgp/detail/forest/path_forest.hpp>
#include <dgp/detail/forest/persistent_merges.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>

namespace dgp {

// As in DeepGraphPersistenceOptions, and how many.
struct PersistentPathsOptions {
  std::size_t count = 10;                                     // at most so many paths
  Normalization normalization = Normalization::standardized;  // of the weights
  bool rescale = true;                                        // divide strengths by the largest
};

// Where a weight is: `layers[layer](row, col)`.
struct WeightPlace {
  std::size_t layer;  // from 0 on
  Index row;          // output neuron
  Index col;          // input neuron

  friend bool operator==(const WeightPlace&, const WeightPlace&) = default;
};

// A path from an input to an output, and the pair of deep graph persistence that it stands for.
template <class Scalar>
struct PersistentPath {
  Scalar death;                // its strength: the pair's death in deep_graph_persistence
  WeightPlace critical_edge;   // whose value is the death; of several, one
  std::vector<Index> neurons;  // [0] an input, [k + 1] an output of layer k, each by its number
};

namespace detail {

// The paths as lists of edges; death by death under the final scale.
template <class Scalar>
struct FoundPath {
  Scalar death;
  PathEdge<Scalar> critical_edge;
  std::vector<PathEdge<Scalar>> edges;
};

template <PathSource Source, class Scalar = typename Source::Scalar>
std::vector<FoundPath<Scalar>> found_paths(const std::vector<Source>& sources,
                                           const PathForest<Scalar>& forest,
                                           const FinalScale<Scalar>& scale,
                                           const PersistentPathsOptions& options) {
  std::vector<FoundPath<Scalar>> found;
  const MergePaths<Source> paths(sources, forest.limits);
  for (const auto& merge : persistent_merges(paths, forest, options.count)) {
    found.push_back({scale(merge.value), paths.critical_edge(merge), paths.path(merge)});
  }
  if (options.rescale && !found.empty()) {
    const auto rescaled = scaled_by(found.front().death);
    for (auto& path : found) path.death = rescaled(path.death);
  }
  return found;
}

template <class Scalar>
WeightPlace place_of(std::size_t layer, const StoredEdge<Scalar>& edge) {
  return {layer, edge.row, edge.col};
}

template <class Scalar>
PersistentPath<Scalar> by_layer(const FoundPath<Scalar>& found, const Numbering& numbering) {
  const auto& critical = found.critical_edge;
  PersistentPath<Scalar> path{found.death, place_of(critical.source, critical.stored), {}};
  path.neurons.push_back(static_cast<Index>(found.edges.front().from));
  for (const auto& edge : found.edges) {
    path.neurons.push_back(static_cast<Index>(edge.to - numbering.groups()[edge.source + 1].first));
  }
  return path;
}

// Of signed weights as given: paths of positive strength, where these give all deaths of abs(S).
template <class Scalar, class Use>
auto with_positive_parts(const NetworkWeights<Scalar>& network, const Numbering& numbering,
                         const Use& use) {
  const std::vector<PositivePart<Scalar>> maps(network.size());
  const auto edges = edges_of(network, maps, numbering);
  const auto forest = path_forest(edges, numbering);
  if (!positive_parts_suffice(network, forest.merges.back().value)) {
    throw std::domain_error(
        "paths of signed weights as given: some deaths are those of negative path "
        "strengths, which no single path attains; take magnitudes, or a normalisation");
  }
  return use(maps, edges, forest, FinalScale<Scalar>{Scalar(1)});
}

// Calls use(maps, edges, forest, scale): the merges are those of deep_graph_diagram, up to the
// scale.
template <class Scalar, class Use>
auto with_path_forest(const NetworkWeights<Scalar>& network, Normalization normalization,
                      const Numbering& numbering, const Use& use) {
  const auto with = [&](const auto& maps, const FinalScale<Scalar>& scale) {
    const auto edges = edges_of(network, maps, numbering);
    return use(maps, edges, path_forest(edges, numbering), scale);
  };
  if (normalization != Normalization::none) return with_filtration(network, normalization, with);
  largest_magnitude(network);  // finds weights that are not finite
  // One layer is its own S.
  if (network.size() > 1 && has_negative_weight(network)) {
    return with_positive_parts(network, numbering, use);
  }
  return with(std::vector<Magnitude<Scalar>>(network.size()), FinalScale<Scalar>{Scalar(1)});
}

}  // namespace detail

// The strongest persistent paths of a network, descending: the first `count` deaths of
// deep_graph_persistence under the same options, to the last bit, each with its path; fewer where
// fewer deaths are above 0. At most n_in + n_out - 1.
//
// in:  layers in forward order, each (fan_out × fan_in), layers[k + 1].cols() == layers[k].rows()
// Time about that of deep_graph_persistence, and O(count · layers) for the paths; memory as there.
// Signed weights as given (Normalization::none) have paths where deep_graph_persistence needs no
// matrix S; std::domain_error where it does. Else throws as deep_graph_persistence.
template <Network Layers>
std::vector<PersistentPath<scalar_t<Layers>>> persistent_paths(
    Layers&& layers, const PersistentPathsOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
  network.check_chain();
  const auto numbering = detail::numbering_of(network);
  return detail::with_path_forest(
      network, options.normalization, numbering,
      [&](const auto&, const auto& edges, const auto& forest, const auto& scale) {
        std::vector<PersistentPath<Scalar>> paths;
        for (const auto& found : detail::found_paths(edges, forest, scale, options)) {
          paths.push_back(detail::by_layer(found, numbering));
        }
        return paths;
      });
}
template <Layer One>
std::vector<PersistentPath<scalar_t<One>>> persistent_paths(
    std::initializer_list<One> layers, const PersistentPathsOptions& options = {}) {
  return persistent_paths(std::span(layers), options);
}

}  // namespace dgp
