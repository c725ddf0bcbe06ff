// The edge sets of a feed-forward graph as edge sources.
//
// in:  a graph and, by weighted set, the map from weight to filtration value
// out: sources in the order of execution, with the graph's numbering; the kernel of one set
//
// What kind of edges a source holds is asked once for each of its operations, never for a weight.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <dgp/detail/edges/convolution_kernel.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/edges/sorted_edges.hpp>
#include <dgp/detail/edges/sparse_kernel.hpp>
#include <dgp/detail/edges/vertex_table.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/feed_forward_graph.hpp>

namespace dgp::detail {

template <class Weight, class MapOf>
class GraphEdges {
 public:
  using Scalar = Weight;
  using Dense = DenseEdges<Scalar, MapOf>;
  using Sparse = SortedEdges<SparseKernel<Scalar, MapOf>>;
  using Convolution = SortedEdges<ConvolutionKernel<Scalar, MapOf>>;
  using Kind = std::variant<Dense, Sparse, Convolution>;
  static constexpr bool finds_best_edges = true;

  explicit GraphEdges(Kind kind) : kind_(std::move(kind)) {}

  GraphEdges limited(const PathLimits<Scalar>& limits) const {
    return visit([&](const auto& edges) { return GraphEdges(edges.limited(limits)); });
  }
  double count() const {
    return visit([](const auto& edges) { return edges.count(); });
  }
  double larger_side() const {
    return visit([](const auto& edges) { return edges.larger_side(); });
  }
  template <class Take>
  void sample(SampleStream& random, double draws, const Take& take) const {
    visit([&](const auto& edges) { edges.sample(random, draws, take); });
  }
  void collect_above(Batch<Scalar>& batch, std::size_t limit,
                     const Components* components = nullptr) const {
    visit([&](const auto& edges) { edges.collect_above(batch, limit, components); });
  }
  template <class Consider>
  void best_leaving(const Components& components, const Consider& consider) const {
    visit([&](const auto& edges) { edges.best_leaving(components, consider); });
  }
  Vertex first_output() const {
    return visit([](const auto& edges) { return edges.first_output(); });
  }
  std::optional<StoredEdge<Scalar>> between(Vertex output, Vertex input) const {
    return visit([&](const auto& edges) { return edges.between(output, input); });
  }
  void forward(BestPaths<Scalar>& entry) const {
    visit([&](const auto& edges) { edges.forward(entry); });
  }
  void backward(BestPaths<Scalar>& exit) const {
    visit([&](const auto& edges) { edges.backward(exit); });
  }
  void forward(PathLimits<Scalar>& limits, Batch<Scalar>& batch, std::size_t limit) const {
    visit([&](const auto& edges) { edges.forward(limits, batch, limit); });
  }
  void backward(PathLimits<Scalar>& limits, Batch<Scalar>& batch, std::size_t limit) const {
    visit([&](const auto& edges) { edges.backward(limits, batch, limit); });
  }

 private:
  template <class Use>
  auto visit(const Use& use) const {
    return std::visit(use, kind_);
  }

  Kind kind_;
};

// Calls use(kernel) with the kernel of a weighted set.
template <class Scalar, class Map, class Use>
auto with_kernel(const FeedForwardGraph<Scalar>& graph, const EdgeSet<Scalar>& set, const Map& map,
                 const Use& use) {
  const WeightView<Scalar>& weights = graph.weights()[set.weights];
  if (set.places) return use(SparseKernel<Scalar, Map>(*set.places, weights.data, map));
  return use(
      ConvolutionKernel<Scalar, Map>(weights, map, set.source_shape, set.target_shape, set.window));
}

// All edge sets; strength_of(set) is that of a set without weights.
template <class Scalar, class Map, class StrengthOf>
std::vector<GraphEdges<Scalar, Map>> edges_of(const FeedForwardGraph<Scalar>& graph,
                                              const std::vector<Map>& maps,
                                              const StrengthOf& strength_of) {
  using Edges = GraphEdges<Scalar, Map>;
  const auto table = [&](std::size_t number) {
    const NeuronGroup& group = graph.groups()[number];
    return group.is_view() ? VertexTable(group.vertices, group.by_vertex, group.repeats())
                           : VertexTable(group.first);
  };
  std::vector<Edges> sources;
  for (const auto& set : graph.edge_sets()) {
    const VertexTable source = table(set.source);
    const VertexTable target = table(set.target);
    if (set.kind == EdgeKind::unweighted) {
      sources.emplace_back(typename Edges::Convolution(
          {strength_of(set), set.source_shape, set.target_shape, set.window}, source, target));
    } else if (set.kind == EdgeKind::dense && source.is_run()) {
      sources.emplace_back(typename Edges::Dense(graph.weights()[set.weights], maps[set.weights],
                                                 target[0], source[0]));
    } else {
      with_kernel(graph, set, maps[set.weights], [&](const auto& kernel) {
        sources.emplace_back(SortedEdges(kernel, source, target));
      });
    }
  }
  return sources;
}

}  // namespace dgp::detail
