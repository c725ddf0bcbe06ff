// The measures of feed-forward graphs: those of networks of layers, by the same engine.
//
// Values. Mean, deviation and maximum of an edge set are those of its stored weights, of a kernel's
// entry once, however often it is used. An edge without weight is as strong as the largest weight
// of all, so it is never a bottleneck. A missing edge counts as one of value 0: what is left apart
// when all edges have appeared merges at 0, so that every graph has one essential class, and under
// Normalization::max_abs a sparse matrix measures the same as its dense form. Standardised it does
// not: in the dense form the zeros are weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/weight_variance.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/edges/graph_edges.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_forest.hpp>
#include <dgp/detail/forest/path_sweeps.hpp>
#include <dgp/detail/forest/set_deaths.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_bounds.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/persistent_paths.hpp>
#include <dgp/weighted_sets.hpp>

namespace dgp {

namespace detail {

template <class Scalar>
void check_graph(const FeedForwardGraph<Scalar>& graph) {
  if (graph.weights().size() == 0) {
    throw std::invalid_argument("feed-forward graph: it has no weighted edges");
  }
}
template <class Scalar>
void check_terminals(const FeedForwardGraph<Scalar>& graph) {
  check_graph(graph);
  for (const auto& [role, name] : {std::pair{Role::input, "input"}, {Role::output, "output"}}) {
    if (graph.numbering().count(role) == 0) {
      throw std::invalid_argument(std::string("feed-forward graph: it has no ") + name);
    }
  }
}

// Where values are used as the caller gives them.
template <class Scalar>
void check_as_given(const FeedForwardGraph<Scalar>& graph, Normalization normalization) {
  if (normalization != Normalization::none || !has_negative_weight(graph.weights())) return;
  throw std::invalid_argument(
      "feed-forward graph: weights taken as given must not be negative, since a missing edge "
      "counts "
      "as one of value 0");
}

// Calls use(maps, sources, scale) with all edge sets under a normalisation, up to the final scale.
// Where values are used as they are given, edges without weight need a strength.
template <class Scalar, class Use>
auto with_mapped_edges(const FeedForwardGraph<Scalar>& graph, Normalization normalization,
                       const Use& use) {
  check_terminals(graph);
  return with_filtration(graph.weights(), normalization, [&](const auto& maps, const auto& scale) {
    check_as_given(graph, normalization);
    const auto strength_of = [&](const EdgeSet<Scalar>& set) {
      if (normalization != Normalization::none) return scale.largest;
      if (set.strength) return *set.strength;
      throw std::invalid_argument(
          "feed-forward graph: where weights are taken as given, edges without weight need a "
          "strength");
    };
    return use(maps, edges_of(graph, maps, strength_of), scale);
  });
}
template <class Scalar, class Use>
auto with_graph_edges(const FeedForwardGraph<Scalar>& graph, Normalization normalization,
                      const Use& use) {
  return with_mapped_edges(
      graph, normalization,
      [&](const auto&, const auto& edges, const auto& scale) { return use(edges, scale); });
}

// The merges' values, and 0 for what no path joins.
template <class Scalar>
std::vector<Scalar> graph_deaths(const FeedForwardGraph<Scalar>& graph,
                                 const PathForest<Scalar>& forest) {
  auto deaths = values_of(forest.merges);
  const Numbering& numbering = graph.numbering();
  deaths.resize(numbering.neurons() - numbering.count(Role::hidden) - 1, Scalar(0));
  return deaths;
}

}  // namespace detail

// Neural persistence of each weighted edge set, in the order of execution, and of the graph: the
// mean over the weighted sets. A set's graph holds all neurons of its source (a concatenation is
// one source) and of its target.
//
// Time: of a dense set as of a layer; of a convolution that of its heaviest kernel entries, each
// once for every position, until they connect all. Memory O(neurons · log neurons + kernel). Throws
// as neural_persistence of layers does, and std::invalid_argument for a graph without weighted
// edges and, under Normalization::none, for a negative weight.
template <class Scalar>
NeuralPersistence<Scalar> neural_persistence(const FeedForwardGraph<Scalar>& graph,
                                             const NeuralPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  detail::check_graph(graph);
  NeuralPersistence<Scalar> result{{}, {}, {}};
  detail::with_filtration(
      graph.weights(), options.normalization, [&](const auto& maps, const auto& scale) {
        detail::check_as_given(graph, options.normalization);
        std::vector<const detail::EdgeSet<Scalar>*> sets;
        for (const auto& set : graph.edge_sets()) {
          if (set.kind != detail::EdgeKind::unweighted) sets.push_back(&set);
        }
        result.layers.resize(sets.size());
        const auto neurons = static_cast<double>(graph.neurons());
        detail::parallel_for(sets.size(), neurons, [&](std::size_t k) {
          const auto deaths = detail::set_deaths(graph, *sets[k], maps[sets[k]->weights]);
          result.layers[k] = detail::persistence(detail::diagram_of(deaths, scale, false),
                                                 options.p, options.essential);
        });
      });
  detail::sum_up(result);
  return result;
}

// Deep graph persistence: the theorem of deep_graph_persistence.hpp as it stands, its proof uses no
// layering. Terminals are the neurons of the input and output groups: n_in + n_out - 1 finite
// pairs.
//
// Time about that of two inferences at worst, mostly far less; memory O(neurons · log neurons +
// largest kernel). Throws as deep_graph_persistence of layers does; std::invalid_argument for a
// graph without input, output or weights, and, under Normalization::none, for a negative weight or
// an edge without strength.
template <class Scalar>
Persistence<Scalar> deep_graph_persistence(const FeedForwardGraph<Scalar>& graph,
                                           const DeepGraphPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  return detail::with_graph_edges(
      graph, options.normalization, [&](const auto& edges, const auto& scale) {
        const auto deaths =
            detail::graph_deaths(graph, detail::path_forest(edges, graph.numbering()));
        return detail::persistence(detail::diagram_of(deaths, scale, options.rescale), options.p,
                                   options.essential);
      });
}

// Bounds that hold the graph's deep graph persistence between them, up to rounding, from entry and
// exit strengths alone, as of layers (persistence_bounds.hpp). Time that of two sweeps, memory
// O(neurons). Throws as deep_graph_persistence does, and std::invalid_argument for
// Normalization::none.
template <class Scalar>
PersistenceBounds<Scalar> deep_graph_persistence_bounds(
    const FeedForwardGraph<Scalar>& graph, const DeepGraphPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  detail::check_bounded(options.normalization);
  return detail::with_graph_edges(
      graph, options.normalization, [&](const auto& edges, const auto& scale) {
        const auto of = [&](detail::BestPaths<Scalar> paths, detail::Role role) {
          detail::raise_to_zero(paths);
          auto strengths = detail::strengths_of(paths, graph.numbering(), role);
          for (Scalar& strength : strengths) strength = scale(strength);
          return strengths;
        };
        return detail::bounds_by_strengths(
            of(detail::exit_paths(edges, graph.numbering()), detail::Role::input),
            of(detail::entry_paths(edges, graph.numbering()), detail::Role::output), options);
      });
}

// A neuron by the group that made it (Neurons::group) and its number there.
struct PathNeuron {
  std::size_t group;  // as of Neurons
  Index index;        // in the group, from 0 on

  friend bool operator==(const PathNeuron&, const PathNeuron&) = default;
};

// A path through a graph, and the pair of deep graph persistence that it stands for.
template <class Scalar>
struct PersistentGraphPath {
  Scalar death;                                   // its strength, up to normalisation
  std::optional<WeightPlace> critical_edge;       // none where edges without weight alone attain it
  std::vector<PathNeuron> neurons;                // from an input to an output
  std::vector<std::optional<WeightPlace>> edges;  // [k] from neurons[k] to neurons[k + 1]; none
                                                  // where it has no weight
};

namespace detail {

template <class Scalar>
PersistentGraphPath<Scalar> by_group(const FoundPath<Scalar>& found,
                                     const FeedForwardGraph<Scalar>& graph,
                                     const std::vector<NamedNeurons>& made) {
  const auto first = [&](const NamedNeurons& one) {
    return graph.groups()[one.neurons.group].first;
  };
  const auto neuron = [&](Vertex vertex) {
    const auto after =
        std::upper_bound(made.begin(), made.end(), vertex,
                         [&](Vertex v, const NamedNeurons& one) { return v < first(one); });
    return PathNeuron{after[-1].neurons.group, static_cast<Index>(vertex - first(after[-1]))};
  };
  const auto place = [&](const PathEdge<Scalar>& edge) -> std::optional<WeightPlace> {
    if (!edge.stored.weighted) return std::nullopt;
    return place_of(graph.edge_sets()[edge.source].weights, edge.stored);
  };
  PersistentGraphPath<Scalar> path{found.death, place(found.critical_edge), {}, {}};
  path.neurons.push_back(neuron(found.edges.front().from));
  for (const auto& edge : found.edges) {
    path.neurons.push_back(neuron(edge.to));
    path.edges.push_back(place(edge));
  }
  return path;
}

}  // namespace detail

// The strongest persistent paths of a graph, as of layers (persistent_paths.hpp). A place is that
// of a weight in weighted_sets(graph)[layer].weights: of a convolution the kernel's entry. A path
// may pass edges without weight, and outputs on its way; where a sum skips sets, so may a path. Of
// edges that tie as the weakest the critical one has a weight wherever one of them has.
//
// Time about that of deep_graph_persistence, and of the paths, each of at most as many edges as the
// graph has sets; memory as there. Throws as deep_graph_persistence of a graph does.
template <class Scalar>
std::vector<PersistentGraphPath<Scalar>> persistent_paths(
    const FeedForwardGraph<Scalar>& graph, const PersistentPathsOptions& options = {}) {
  return detail::with_graph_edges(
      graph, options.normalization, [&](const auto& edges, const auto& scale) {
        const auto forest = detail::path_forest(edges, graph.numbering());
        const auto made = neuron_groups(graph);
        std::vector<PersistentGraphPath<Scalar>> paths;
        for (const auto& found : detail::found_paths(edges, forest, scale, options)) {
          paths.push_back(detail::by_group(found, graph, made));
        }
        return paths;
      });
}

// Population variances of abs(w) / w_max: of all stored weights together, and by weighted set. Time
// O(stored weights), memory O(sets). Throws std::invalid_argument for a graph without weighted
// edges and for a weight that is not finite.
template <class Scalar>
WeightVariance<Scalar> weight_variance(const FeedForwardGraph<Scalar>& graph) {
  detail::check_graph(graph);
  return detail::weight_variance(graph.weights());
}

namespace detail {

// By group of the graph, scaled; 0 where there is no path, infinity at the ends.
template <class Scalar, class Sweep>
NeuronStrengths<Scalar> graph_strengths(const FeedForwardGraph<Scalar>& graph,
                                        Normalization normalization, const Sweep& sweep) {
  return with_graph_edges(graph, normalization, [&](const auto& edges, const auto& scale) {
    auto paths = sweep(edges, graph.numbering());
    raise_to_zero(paths);
    NeuronStrengths<Scalar> strengths;
    for (const auto& group : graph.groups()) {
      Eigen::Matrix<Scalar, Eigen::Dynamic, 1> of_group(group.shape.size());
      for (Index i = 0; i < of_group.size(); ++i) {
        of_group(i) =
            group[i] == no_vertex ? Scalar(0) : scale(paths.strength(static_cast<Index>(group[i])));
      }
      strengths.push_back(std::move(of_group));
    }
    return strengths;
  });
}

}  // namespace detail

// What shuffling would do to the neural persistence of each dense edge set, as of layers; nothing
// for sets of other kinds, whose neurons share weights or lack edges, and for one that reads its
// neurons through a concatenation or another view. One value for each weighted set, in their order;
// time and memory as of layers (shuffle_null.hpp). Throws as neural_persistence of a graph does.
template <class Scalar>
std::vector<std::optional<ShuffleSignificance>> shuffle_significance(
    const FeedForwardGraph<Scalar>& graph, ShuffleNulls& nulls,
    const NeuralPersistenceOptions& options = {}) {
  detail::check_graph(graph);
  detail::check_as_given(graph, options.normalization);
  std::vector<bool> complete(graph.weights().size());
  for (const auto& set : graph.edge_sets()) {
    if (set.kind != detail::EdgeKind::dense) continue;
    complete[set.weights] = !graph.groups()[set.source].is_view();
  }
  return detail::shuffle_significance(
      graph.weights(), [&](std::size_t k) { return complete[k]; }, nulls, options);
}

// For every neuron of every group (as they were made: index Neurons::group) the strength of the
// best path to it from any input (inputs: infinity), 0 where there is none. Standardised, unless
// told otherwise, and not as given as of layers: that takes strengths for edges without weight.
// Time about that of an inference at worst, mostly far less; memory O(neurons + largest kernel).
// Throws as deep_graph_persistence of a graph does.
template <class Scalar>
NeuronStrengths<Scalar> entry_strengths(const FeedForwardGraph<Scalar>& graph,
                                        const PathStrengthOptions& options = {
                                            Normalization::standardized}) {
  return detail::graph_strengths(graph, options.normalization,
                                 [](const auto& edges, const auto& numbering) {
                                   return detail::entry_paths(edges, numbering);
                                 });
}

// Likewise, of the best path from it to any output (outputs: infinity).
template <class Scalar>
NeuronStrengths<Scalar> exit_strengths(const FeedForwardGraph<Scalar>& graph,
                                       const PathStrengthOptions& options = {
                                           Normalization::standardized}) {
  return detail::graph_strengths(graph, options.normalization,
                                 [](const auto& edges, const auto& numbering) {
                                   return detail::exit_paths(edges, numbering);
                                 });
}

}  // namespace dgp
