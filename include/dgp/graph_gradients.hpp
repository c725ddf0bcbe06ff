// Gradients of the measures of feed-forward graphs with respect to every stored weight
// (gradients.hpp). A kernel's entry has the sum over all places where it is used; an edge without
// weight is as strong as the largest weight of all, and so its gradient is that weight's.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_forest.hpp>
#include <dgp/detail/forest/set_deaths.hpp>
#include <dgp/detail/gradient_shares.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/gradients.hpp>
#include <dgp/graph_measures.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// Gradient of neural_persistence(graph).mean_normalized. Layers are the weighted sets in the order
// of execution; the graph must outlive it. Time about twice that of the measure, on one thread;
// memory as of the measure. Throws as the measure does.
template <class Scalar>
PersistenceGradient<Scalar> neural_persistence_gradient(
    const FeedForwardGraph<Scalar>& graph, const NeuralPersistenceOptions& options = {}) {
  using Sum = sum_t<Scalar>;
  detail::check_order(options.p);
  detail::check_graph(graph);
  NeuralPersistence<Scalar> measured{{}, {}, {}};
  auto gradients = detail::with_filtration(
      graph.weights(), options.normalization, [&](const auto& maps, const auto& scale) {
        detail::check_as_given(graph, options.normalization);
        const std::size_t count = graph.weights().size();
        detail::GradientShares shares(graph.weights().views(), maps);
        Sum by_largest(0);
        struct Merge {
          Index row;
          Index col;
          std::size_t copies;
        };
        for (const auto& set : graph.edge_sets()) {
          if (set.kind == detail::EdgeKind::unweighted) continue;
          const std::size_t k = set.weights;
          std::vector<Merge> merges;
          const auto deaths =
              detail::set_deaths(graph, set, maps[k], [&](std::size_t copies, const auto& stored) {
                const detail::StoredEdge<Scalar> edge = stored();
                merges.push_back({edge.row, edge.col, copies});
              });
          measured.layers.push_back(detail::persistence(detail::diagram_of(deaths, scale, false),
                                                        options.p, options.essential));
          std::vector<Sum> by_death(deaths.size(), Sum(0));
          by_largest += detail::add_layer_deaths(
              measured.layers.back(), options.p, options.essential, count, scale,
              [&](std::size_t i, const Sum& by_value) { by_death[i] = by_value; });
          std::size_t death = 0;
          for (const Merge& merge : merges) {
            Sum by_value(0);
            for (std::size_t i = 0; i < merge.copies; ++i) by_value += by_death[death++];
            if (by_value == Sum(0)) continue;
            shares.add(k, merge.row, merge.col, by_value);
          }
        }
        if (options.normalization != Normalization::none) {
          shares.add_to_largest(scale.largest, by_largest);
        }
        return shares.finish();
      });
  detail::sum_up(measured);
  return {measured.mean_normalized, graph.weights().views(), std::move(gradients)};
}

// It would view weights that are gone.
template <class Scalar>
void neural_persistence_gradient(const FeedForwardGraph<Scalar>&&,
                                 const NeuralPersistenceOptions& = {}) = delete;

// Gradient of deep_graph_persistence(graph).normalized, likewise. Time that of the measure, and
// that of the paths behind its deaths; memory as of the measure. Throws as the measure does.
template <class Scalar>
PersistenceGradient<Scalar> deep_graph_persistence_gradient(
    const FeedForwardGraph<Scalar>& graph, const DeepGraphPersistenceOptions& options = {}) {
  using Sum = sum_t<Scalar>;
  detail::check_order(options.p);
  Sum measured(0);
  auto gradients = detail::with_mapped_edges(
      graph, options.normalization, [&](const auto& maps, const auto& edges, const auto& scale) {
        const auto forest = detail::path_forest(edges, graph.numbering());
        const auto deep =
            detail::deep_gradient(detail::graph_deaths(graph, forest), scale, options);
        measured = deep.measured.normalized;
        detail::GradientShares shares(graph.weights().views(), maps);
        Sum by_largest = deep.by_largest;
        detail::add_critical_edges(edges, forest, deep, [&](const auto& edge, const Sum& by_value) {
          if (edge.stored.weighted) {
            shares.add(graph.edge_sets()[edge.source].weights, edge.stored.row, edge.stored.col,
                       by_value);
          } else {
            by_largest += by_value;
          }
        });
        if (options.normalization != Normalization::none) {
          shares.add_to_largest(scale.largest, by_largest);
        }
        return shares.finish();
      });
  return {measured, graph.weights().views(), std::move(gradients)};
}
// It would view weights that are gone.
template <class Scalar>
void deep_graph_persistence_gradient(const FeedForwardGraph<Scalar>&&,
                                     const DeepGraphPersistenceOptions& = {}) = delete;

}  // namespace dgp
