// Growing the maximum spanning forest of a chain of layers without listing its edges.
//
// in:  the layers' edges (edge_scan.hpp) and a builder that knows which neurons are terminal
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

#include <dgp/detail/edge_scan.hpp>
#include <dgp/detail/kruskal.hpp>
#include <dgp/detail/sample_stream.hpp>

namespace dgp::detail {

// How many of the heaviest edges connect a random bipartite graph: with n neurons on the larger
// side and ln n + c edges at each, about e^-c of them are left alone.
template <class Layers>
double connecting_edges(const Layers& layers) {
  double edges = 0;
  for (const auto& layer : layers) {
    const auto neurons = static_cast<double>(std::max(layer.rows(), layer.cols()));
    edges += neurons * (std::log(neurons) + 1.5);
  }
  return edges;
}

template <class Layers>
double count_edges(const Layers& layers) {
  double edges = 0;
  for (const auto& layer : layers) {
    edges += static_cast<double>(layer.rows()) * static_cast<double>(layer.cols());
  }
  return edges;
}

// A threshold that about `wanted` edges pass, of all edges or of those between components;
// nothing where that is most of them.
template <class Scalar, class Map>
std::optional<Threshold<Scalar>> sampled_threshold(
    const std::vector<LayerEdges<Scalar, Map>>& layers, double wanted,
    const Components* components = nullptr) {
  constexpr double rank = 32;  // of the threshold in the sample: sets its accuracy, 1 / sqrt(rank)
  constexpr Index side_by_side = 8;  // fetched from memory together
  const double all = count_edges(layers);
  const double draws = rank * all / wanted;
  SampleStream random;  // its numbers decide the order of the work, never the result
  std::vector<Scalar> sample;
  sample.reserve(static_cast<std::size_t>(draws) + side_by_side * layers.size());
  for (const auto& layer : layers) {
    const Index count = std::min(side_by_side, layer.cols());
    const double share =
        static_cast<double>(layer.rows()) * static_cast<double>(layer.cols()) / all;
    for (auto left = static_cast<Index>(std::ceil(draws * share)); left > 0; left -= count) {
      const auto row = static_cast<Index>(random.below(static_cast<std::uint64_t>(layer.rows())));
      const auto first =
          static_cast<Index>(random.below(static_cast<std::uint64_t>(layer.cols() - count + 1)));
      for (Index col = first; col < first + count; ++col) {
        if (components != nullptr &&
            components->of[layer.row_vertex(row)] == components->of[layer.col_vertex(col)]) {
          continue;
        }
        const Scalar value = layer.value(row, col);
        if ((Eigen::numext::isfinite)(value)) sample.push_back(value);
      }
    }
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
template <class Scalar, class Map>
Threshold<Scalar> lowest_threshold() {
  return {Map::is_signed ? Eigen::NumTraits<Scalar>::lowest() : Scalar(0)};
}

// So many edges at most are collected at once.
template <class Layers>
std::size_t edge_limit(const Layers& layers) {
  return static_cast<std::size_t>(1.5 * connecting_edges(layers)) + 64;
}

// An empty batch with the threshold of step 1.
template <class Scalar, class Map>
Batch<Scalar> first_batch(const std::vector<LayerEdges<Scalar, Map>>& layers) {
  const auto sampled = sampled_threshold(layers, connecting_edges(layers));
  Batch<Scalar> batch{{}, sampled ? *sampled : lowest_threshold<Scalar, Map>()};
  std::size_t widest = 0;
  for (const auto& layer : layers) {
    widest = std::max(widest, static_cast<std::size_t>(layer.cols()));
  }
  batch.edges.reserve(
      std::min(edge_limit(layers) + widest, static_cast<std::size_t>(count_edges(layers))));
  return batch;
}

// The best edge out of each component but the largest.
template <class Scalar, class Map>
std::vector<Candidate<Scalar>> best_edges(const std::vector<LayerEdges<Scalar, Map>>& layers,
                                          const Components& components) {
  std::vector<std::optional<Candidate<Scalar>>> best(components.of.size());  // by component
  const auto consider = [&](Vertex component, const Candidate<Scalar>& edge) {
    if (component == components.largest) return;
    auto& so_far = best[component];
    if (!so_far || appears_earlier(edge, *so_far)) so_far = edge;
  };
  for (const auto& layer : layers) {
    scan_best(layer, components, [&](const auto& edge) {
      consider(components.of[edge.row], edge);
      consider(components.of[edge.col], edge);
    });
  }
  std::vector<Candidate<Scalar>> edges;
  for (Vertex component = 0; component < best.size(); ++component) {
    const auto& edge = best[component];
    if (!edge) continue;
    // The best edge of both its components is wanted once.
    const Vertex a = components.of[edge->row];
    const Vertex b = components.of[edge->col];
    const auto& other = best[a == component ? b : a];
    const bool twice = other && other->row == edge->row && other->col == edge->col;
    if (!twice || component == std::min(a, b)) edges.push_back(*edge);
  }
  return edges;
}

// Step 2: joins what the batches added so far have left apart.
template <class Scalar, class Map>
void finish_forest(ForestBuilder<Scalar>& forest,
                   const std::vector<LayerEdges<Scalar, Map>>& layers, std::size_t neurons) {
  std::vector<std::uint32_t> sizes;
  std::size_t last_count = neurons;  // of components
  bool last_by_threshold = false;
  while (!forest.finished()) {
    Components components{std::vector<Vertex>(neurons), 0};
    sizes.assign(neurons, 0);
    for (Vertex v = 0; v < neurons; ++v) {
      components.of[v] = forest.component(v);
      ++sizes[components.of[v]];
    }
    const auto largest = std::max_element(sizes.begin(), sizes.end());
    components.largest = static_cast<Vertex>(largest - sizes.begin());
    const auto count =
        sizes.size() - static_cast<std::size_t>(std::count(sizes.begin(), sizes.end(), 0));

    // Few large components: the heaviest edges connect them all, most likely. Many small ones, or
    // few neurons outside the largest: the best edges join nearly all to the largest.
    const bool few_large = count * 16 <= neurons && (neurons - *largest) * 16 > neurons;
    const bool stuck = last_by_threshold && 2 * count > last_count;
    const double wanted = connecting_edges(layers) / 2;
    const auto threshold =
        few_large && !stuck ? sampled_threshold(layers, wanted, &components) : std::nullopt;
    last_count = count;
    last_by_threshold = threshold.has_value();
    if (threshold) {
      const std::size_t limit = edge_limit(layers) / 2;
      Batch<Scalar> batch{{}, *threshold};
      batch.edges.reserve(limit);
      for (const auto& layer : layers) scan_above(layer, batch, limit, &components);
      forest.add(batch.edges);
    } else {
      auto edges = best_edges(layers, components);
      forest.add(edges);
    }
  }
}

}  // namespace dgp::detail
