// The edge sets of a feed-forward graph as edge sources.
//
// in:  a graph and, by weighted set, the map from weight to filtration value
// out: sources in the order of execution, with the graph's numbering; of one set alone, the same
//      between neurons numbered for it
//
// What kind of edges a source holds is asked once for each of its operations, never for a weight.
#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include <dgp/detail/edges/convolution_kernel.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/edges/sorted_edges.hpp>
#include <dgp/detail/edges/sparse_kernel.hpp>
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

  explicit GraphEdges(Kind kind) : kind_(std::move(kind)) {}

  const Kind& kind() const { return kind_; }

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

// The source of one edge set between vertices as the tables say. `contiguous`: both are.
template <class Scalar, class Map>
GraphEdges<Scalar, Map> edges_of_set(const FeedForwardGraph<Scalar>& graph,
                                     const EdgeSet<Scalar>& set, const Map& map,
                                     const VertexTable& source, const VertexTable& target,
                                     bool contiguous) {
  using Edges = GraphEdges<Scalar, Map>;
  const WeightView<Scalar>& weights = graph.weights()[set.weights];
  switch (set.kind) {
    case EdgeKind::sparse:
      return Edges(typename Edges::Sparse({*set.places, weights.data, map}, source, target));
    case EdgeKind::dense:
      if (contiguous) return Edges(typename Edges::Dense(weights, map, target[0], source[0]));
      return Edges(typename Edges::Convolution(
          {weights, map, {weights.cols}, {weights.rows}, Window{}}, source, target));
    default:
      return Edges(typename Edges::Convolution(
          {weights, map, set.source_shape, set.target_shape, set.window}, source, target));
  }
}

}  // namespace dgp::detail
