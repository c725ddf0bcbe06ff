// Growing the maximum spanning forest of a graph without listing its edges.
//
// in:  the sources of its edges (edge_source.hpp) and a builder that knows which neurons are
//      terminal
// out: the builder, finished: every edge that merges two components, until all terminals are one
//
// Only about n log n edges of a graph with n neurons can matter, the heaviest ones. So:
//   1. A sample of the edges gives a threshold that about that many pass; one pass over the weights
//      collects them, and Kruskal's algorithm merges what they connect.
//   2. While terminals are apart, one more pass. Every component's best edge out of it belongs to
//      the forest (Boruvka); where only few neurons are outside the largest component, only their
//      rows and columns are read. Where few large components are left, step 1 again, with edges
//      inside a component left out.
// Weights drawn at random need step 1, and sometimes one short pass for a neuron left alone.
// Whatever the weights, a pass for best edges at least halves the number of components outside the
// largest, and one by threshold that does not is followed by such a pass: at most 1 + 2 log2(n)
// passes, so time O(weights · log n) at worst, and memory O(n log n).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/sample_stream.hpp>

namespace dgp::detail {

// How many of the heaviest edges connect a random bipartite graph: with n neurons on the larger
// side and ln n + c edges at each, about e^-c of them are left alone.
template <EdgeSource Source>
double connecting_edges(const std::vector<Source>& sources) {
  double edges = 0;
  for (const Source& source : sources) {
    edges += source.larger_side() * (std::log(source.larger_side()) + 1.5);
  }
  return edges;
}

template <EdgeSource Source>
double count_edges(const std::vector<Source>& sources) {
  double edges = 0;
  for (const Source& source : sources) edges += source.count();
  return edges;
}

// A threshold that about `wanted` edges pass, of all edges or of those between components;
// nothing where that is most of them. The threshold's rank in the sample sets its accuracy,
// 1 / sqrt(rank).
template <EdgeSource Source, class Scalar = typename Source::Scalar>
std::optional<Threshold<Scalar>> sampled_threshold(const std::vector<Source>& sources,
                                                   double wanted,
                                                   const Components* components = nullptr,
                                                   double rank = 32) {
  const double draws_per_edge = rank / wanted;
  SampleStream random;  // its numbers decide the order of the work, never the result
  std::vector<Scalar> sample;
  sample.reserve(static_cast<std::size_t>(draws_per_edge * count_edges(sources)) +
                 16 * sources.size());
  for (const Source& source : sources) {
    source.sample(random, draws_per_edge * source.count(), [&](const Candidate<Scalar>& edge) {
      const bool inside =
          components != nullptr && components->of[edge.row] == components->of[edge.col];
      if (!inside && is_finite(edge.value)) sample.push_back(edge.value);
    });
  }
  if (static_cast<double>(sample.size()) < 2 * rank) return std::nullopt;
  const auto nth = sample.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(sample.begin(), nth, sample.end(), std::greater<Scalar>());
  const Scalar value = *nth;
  // Where many edges are equal to the threshold, only those above it pass.
  const auto equal = std::count(nth, sample.end(), value);
  return Threshold<Scalar>{value, static_cast<double>(equal) > rank};
}

// A threshold that every edge passes.
template <class Scalar>
Threshold<Scalar> lowest_threshold() {
  return {Eigen::NumTraits<Scalar>::lowest()};
}

// So many edges at most are collected at once where so many are wanted.
inline std::size_t edge_limit(double wanted) { return static_cast<std::size_t>(1.5 * wanted) + 64; }

// The edges above a threshold that about so many pass.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
Batch<Scalar> edges_above(const std::vector<Source>& sources, const Threshold<Scalar>& threshold,
                          double wanted, const Components* components = nullptr) {
  Batch<Scalar> batch{{}, threshold};
  const std::size_t most = edge_limit(wanted);
  const std::size_t limit = 2 * most;  // on the way
  batch.edges.reserve(std::min(most + most / 4, static_cast<std::size_t>(count_edges(sources))));
  for (const Source& source : sources) source.collect_above(batch, limit, components);
  batch.cut_to(most);
  return batch;
}

// Step 1.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
Batch<Scalar> heaviest_edges(const std::vector<Source>& sources) {
  const double wanted = connecting_edges(sources);
  const auto threshold = sampled_threshold(sources, wanted);
  return edges_above(sources, threshold ? *threshold : lowest_threshold<Scalar>(), wanted);
}

// The best edge out of each component but the largest.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
std::vector<Candidate<Scalar>> best_edges(const std::vector<Source>& sources,
                                          const Components& components) {
  std::vector<Candidate<Scalar>> best;
  std::vector<Vertex> place(components.sizes.size(), no_vertex);  // of each component's
  const auto consider = [&](Vertex component, const Candidate<Scalar>& edge) {
    if (component == components.largest) return;
    if (place[component] == no_vertex) {
      place[component] = static_cast<Vertex>(best.size());
      best.push_back(edge);
    } else if (appears_earlier(edge, best[place[component]])) {
      best[place[component]] = edge;
    }
  };
  for (const Source& source : sources) {
    source.best_leaving(components, [&](const Candidate<Scalar>& edge) {
      consider(components.of[edge.row], edge);
      consider(components.of[edge.col], edge);
    });
  }
  std::vector<Candidate<Scalar>> edges;
  for (Vertex component = 0; component < place.size(); ++component) {
    if (place[component] == no_vertex) continue;
    const auto& edge = best[place[component]];
    // The best edge of both its components is wanted once.
    const Vertex a = components.of[edge.row];
    const Vertex b = components.of[edge.col];
    const Vertex other = place[a == component ? b : a];
    const bool twice =
        other != no_vertex && best[other].row == edge.row && best[other].col == edge.col;
    if (!twice || component == std::min(a, b)) edges.push_back(edge);
  }
  return edges;
}

template <class Scalar>
Components components_of(ForestBuilder<Scalar>& forest, std::size_t neurons) {
  Components components{std::vector<Vertex>(neurons), {}, 0};
  std::vector<Vertex> number(neurons, no_vertex);  // by root
  for (Vertex v = 0; v < neurons; ++v) {
    const Vertex root = forest.component(v);
    if (number[root] == no_vertex) {
      number[root] = static_cast<Vertex>(components.sizes.size());
      components.sizes.push_back(0);
    }
    components.of[v] = number[root];
    ++components.sizes[number[root]];
  }
  const auto largest = std::max_element(components.sizes.begin(), components.sizes.end());
  components.largest = static_cast<Vertex>(largest - components.sizes.begin());
  return components;
}

// Step 2: joins what the batches added so far have left apart, as far as edges do.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
void finish_forest(ForestBuilder<Scalar>& forest, const std::vector<Source>& sources,
                   std::size_t neurons) {
  std::size_t last_count = neurons;  // of components
  bool last_by_threshold = false;
  while (!forest.finished()) {
    const Components components = components_of(forest, neurons);
    const std::size_t count = components.sizes.size();
    const std::size_t outside = neurons - components.sizes[components.largest];

    // Few large components: the heaviest edges connect them all, most likely. Many small ones, or
    // few neurons outside the largest: the best edges join nearly all to the largest. So they do
    // where the best edge out of a component is found without a look at most of the others.
    const bool few_large =
        !Source::finds_best_edges && count * 16 <= neurons && outside * 16 > neurons;
    const bool stuck = last_by_threshold && 2 * count > last_count;
    const double wanted = connecting_edges(sources) / 2;
    const auto threshold =
        few_large && !stuck ? sampled_threshold(sources, wanted, &components) : std::nullopt;
    last_count = count;
    last_by_threshold = threshold.has_value();
    if (threshold) {
      auto batch = edges_above(sources, *threshold, wanted, &components);
      forest.add(batch.edges);
    } else {
      auto edges = best_edges(sources, components);
      if (edges.empty()) return;
      forest.add(edges);
    }
  }
}

}  // namespace dgp::detail
