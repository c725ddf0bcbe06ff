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
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/analysis/weight_variance.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/edges/graph_edges.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/path_forest.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/path_strength.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/spanning_forest.hpp>

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

// Values are used as the caller gives them: none may be negative, and unweighted edges have one.
template <class Scalar>
void check_as_given(const FeedForwardGraph<Scalar>& graph) {
  if (has_negative_weight(graph.weights())) {
    throw std::invalid_argument(
        "feed-forward graph: weights taken as given must not be negative, since a missing edge "
        "counts as one of value 0");
  }
  for (const auto& set : graph.edge_sets()) {
    if (set.kind == EdgeKind::unweighted && !set.strength) {
      throw std::invalid_argument(
          "feed-forward graph: where weights are taken as given, edges without weight need a "
          "strength");
    }
  }
}

// All edge sets as sources; `strength` is that of unweighted edges.
template <class Scalar, class Map>
std::vector<GraphEdges<Scalar, Map>> edges_of(const FeedForwardGraph<Scalar>& graph,
                                              const std::vector<Map>& maps,
                                              const Scalar& strength) {
  using Edges = GraphEdges<Scalar, Map>;
  const auto table = [&](std::size_t number) {
    const NeuronGroup& group = graph.groups()[number];
    return group.is_view() ? VertexTable(group.vertices, group.repeats) : VertexTable(group.first);
  };
  std::vector<Edges> sources;
  for (const auto& set : graph.edge_sets()) {
    const VertexTable source = table(set.source);
    const VertexTable target = table(set.target);
    if (set.kind == EdgeKind::unweighted) {
      sources.emplace_back(typename Edges::Convolution(
          {set.strength.value_or(strength), set.source_shape, set.target_shape, set.window}, source,
          target));
    } else {
      const bool contiguous = !graph.groups()[set.source].is_view();
      sources.push_back(edges_of_set(graph, set, maps[set.weights], source, target, contiguous));
    }
  }
  return sources;
}

// Under a normalisation: calls use(maps, scale, strength of unweighted edges before the scale).
template <class Scalar, class Use>
auto with_graph_filtration(const FeedForwardGraph<Scalar>& graph, Normalization normalization,
                           const Use& use) {
  return with_filtration(graph.weights(), normalization, [&](const auto& maps, const auto& scale) {
    if (normalization == Normalization::none) check_as_given(graph);
    return use(maps, scale, scaled_by(scale.largest).largest);
  });
}

// The deaths of one weighted edge set over all neurons of its source and its target, up to the
// final scale, descending.
template <class Scalar, class Map>
std::vector<Scalar> set_deaths(const FeedForwardGraph<Scalar>& graph, const EdgeSet<Scalar>& set,
                               const Map& map) {
  const NeuronGroup& source = graph.groups()[set.source];
  std::vector<Scalar> deaths;
  // A window of one place is as many copies of its matrix as there are positions.
  const bool is_matrix = set.kind != EdgeKind::sparse && set.window.groups == 1 &&
                         set.window.vertical.size * set.window.horizontal.size == 1;
  if (is_matrix && !source.is_view()) {
    const ConvolutionKernel<Scalar, Map> kernel(graph.weights()[set.weights], map, set.source_shape,
                                                set.target_shape, set.window);
    const auto copies =
        static_cast<std::size_t>(set.kind == EdgeKind::dense ? 1 : kernel.joined_positions());
    for (const auto& edge : spanning_forest(graph.weights(), set.weights, map).edges) {
      deaths.insert(deaths.end(), copies, edge.weight);
    }
    deaths.resize(static_cast<std::size_t>(set.source_shape.size() + set.target_shape.size()) - 1,
                  Scalar(0));
    return deaths;
  }
  // Each neuron that the source shows is numbered once.
  std::vector<Vertex> numbers;
  Vertex count = 0;
  if (source.is_view()) {
    std::vector<Vertex> sorted;
    for (const Vertex vertex : source.vertices) {
      if (vertex != no_vertex) sorted.push_back(vertex);
    }
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    count = static_cast<Vertex>(sorted.size());
    for (const Vertex vertex : source.vertices) {
      const auto at = std::lower_bound(sorted.begin(), sorted.end(), vertex);
      numbers.push_back(vertex == no_vertex ? no_vertex : static_cast<Vertex>(at - sorted.begin()));
    }
  } else {
    count = static_cast<Vertex>(source.shape.size());
  }
  Numbering numbering;
  if (count > 0) numbering.add(count, Role::input);
  numbering.add(set.target_shape.size(), Role::output);
  const auto edges = edges_of_set(
      graph, set, map, source.is_view() ? VertexTable(numbers, source.repeats) : VertexTable(0),
      VertexTable(count), false);
  ForestBuilder<Scalar> forest(numbering);
  std::visit(
      [&](const auto& kind) {
        if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(kind)>,
                                      typename GraphEdges<Scalar, Map>::Dense>) {
          Index left = 1;
          if constexpr (requires { kind.kernel().components(); }) {
            if (!source.is_view()) left = kind.kernel().components();
          }
          const std::size_t merges = numbering.neurons() - static_cast<std::size_t>(left);
          kind.for_each_descending([&](const Scalar& value, Vertex row, Vertex col) {
            forest.take({value, row, col});
            return forest.accepted().size() < merges;
          });
        }
      },
      edges.kind());
  deaths = values_of(forest.accepted());
  deaths.resize(numbering.neurons() - 1, Scalar(0));
  return deaths;
}

template <class Scalar>
PersistenceDiagram<Scalar> diagram_of_values(const std::vector<Scalar>& deaths,
                                             const FinalScale<Scalar>& scale) {
  PersistenceDiagram<Scalar> diagram;
  for (const Scalar& death : deaths) diagram.pairs.push_back({Scalar(1), scale(death)});
  return diagram;
}

}  // namespace detail

// Neural persistence of each weighted edge set, in the order of execution, and of the graph: the
// mean over the weighted sets. A set's graph holds all neurons of its source (a concatenation is
// one source) and of its target.
//
// Time: of a dense set as of a layer; of a convolution that of its heaviest kernel entries, each
// once for every position, until they connect all. Memory O(neurons + kernel). Throws as
// neural_persistence of layers does, and std::invalid_argument for a graph without weighted edges.
template <class Scalar>
NeuralPersistence<Scalar> neural_persistence(const FeedForwardGraph<Scalar>& graph,
                                             const NeuralPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  detail::check_graph(graph);
  NeuralPersistence<Scalar> result{{}, {}, {}};
  detail::with_graph_filtration(
      graph, options.normalization, [&](const auto& maps, const auto& scale, const Scalar&) {
        for (const auto& set : graph.edge_sets()) {
          if (set.kind == EdgeKind::unweighted) continue;
          const auto deaths = detail::set_deaths(graph, set, maps[set.weights]);
          result.layers.push_back(detail::persistence(detail::diagram_of_values(deaths, scale),
                                                      options.p, options.essential));
        }
      });
  detail::sum_up(result);
  return result;
}

// Deep graph persistence: theorem 4.1 of deep_graph_persistence.hpp as it stands, its proof uses no
// layering. Terminals are the neurons of the input and output groups: n_in + n_out - 1 finite
// pairs.
//
// Time about that of two inferences at worst, mostly far less; memory O(neurons + largest kernel).
// Throws as deep_graph_persistence of layers does; std::invalid_argument for a graph without input,
// output or weights, and, under Normalization::none, for a negative weight or an edge without
// strength.
template <class Scalar>
Persistence<Scalar> deep_graph_persistence(const FeedForwardGraph<Scalar>& graph,
                                           const DeepGraphPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  detail::check_terminals(graph);
  return detail::with_graph_filtration(
      graph, options.normalization,
      [&](const auto& maps, const auto& scale, const Scalar& strength) {
        const detail::Numbering& numbering = graph.numbering();
        const auto edges = detail::edges_of(graph, maps, strength);
        auto deaths = detail::values_of(detail::path_forest(edges, numbering).merges);
        deaths.resize(
            numbering.count(detail::Role::input) + numbering.count(detail::Role::output) - 1,
            Scalar(0));
        return detail::persistence(detail::diagram_of(deaths, scale, options.rescale), options.p,
                                   options.essential);
      });
}

// Population variances of abs(w) / w_max: of all stored weights together, and by weighted set.
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
  check_terminals(graph);
  return with_graph_filtration(
      graph, normalization, [&](const auto& maps, const auto& scale, const Scalar& strength) {
        auto paths = sweep(edges_of(graph, maps, strength), graph.numbering());
        raise_to_zero(paths);
        NeuronStrengths<Scalar> strengths;
        for (const auto& group : graph.groups()) {
          Eigen::Matrix<Scalar, Eigen::Dynamic, 1> of_group(group.shape.size());
          for (Index i = 0; i < of_group.size(); ++i) {
            of_group(i) = group[i] == no_vertex
                              ? Scalar(0)
                              : scale(paths.strength(static_cast<Index>(group[i])));
          }
          strengths.push_back(std::move(of_group));
        }
        return strengths;
      });
}

}  // namespace detail

// For every neuron of every group (as they were made: index Neurons::group) the strength of the
// best path to it from any input (inputs: infinity), 0 where there is none. Throws as
// deep_graph_persistence does.
template <class Scalar>
NeuronStrengths<Scalar> entry_strengths(const FeedForwardGraph<Scalar>& graph,
                                        const PathStrengthOptions& options = {
                                            Normalization::standardized}) {
  return detail::graph_strengths(graph, options.normalization,
                                 [](const auto& edges, const auto& numbering) {
                                   return detail::entry_paths(edges, numbering);
                                 });
}

// Likewise, from it to any output (outputs: infinity).
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
