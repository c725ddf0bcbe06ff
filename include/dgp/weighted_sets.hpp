// What the weighted edge sets of a feed-forward graph are, and its groups of neurons: for tables,
// for who reads persistent paths, and for measures that take matrices.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/window.hpp>

namespace dgp {

// By what its weights join.
enum class WeightedKind { dense, sparse, convolution };

// Weights (fan_out × fan_in) that lie where the graph views them; of a convolution its kernel,
// (channels out × channels in per group · window), of a sparse matrix its entries in one row.
template <class Scalar>
using StoredWeights = Eigen::Map<const RowMajorMatrix<Scalar>, Eigen::Unaligned,
                                 Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

// An edge set with weights, as measures see it.
template <class Scalar>
struct WeightedSet {
  std::string name;               // as it was given; may be empty
  WeightedKind kind;              // of the call that made it
  StoredWeights<Scalar> weights;  // as long as the graph lives
  Window window;                  // of a convolution; of others of one place
  bool is_sequence;               // whether it slides over a grid of height 1
  Index neurons;                  // of source and target, each once
  double edges;                   // of a convolution, at all positions
};

namespace detail {

// So many edges of a window lead from each position along one direction.
inline std::vector<double> uses_along(const WindowSide& side, Index length, Index positions) {
  std::vector<double> uses(static_cast<std::size_t>(length), 0);
  for (Index position = 0; position < positions; ++position) {
    for (Index place = 0; place < side.size; ++place) {
      if (const auto at = source_along(side, place, position, length)) {
        ++uses[static_cast<std::size_t>(*at)];
      }
    }
  }
  return uses;
}

// Edges of a set, leaving out those from what a view shows where there is no neuron.
template <class Scalar>
double edge_count(const FeedForwardGraph<Scalar>& graph, const EdgeSet<Scalar>& set) {
  if (set.places) return static_cast<double>(set.places->by_row.other.size());
  const NeuronGroup& source = graph.groups()[set.source];
  const NeuronShape& from = set.source_shape;
  const NeuronShape& to = set.target_shape;
  const auto down = uses_along(set.window.vertical, from.height, to.height);
  const auto across = uses_along(set.window.horizontal, from.width, to.width);
  double joined = 0;
  for (Index i = 0; i < from.size(); ++i) {
    if (source[i] == no_vertex) continue;
    joined += down[static_cast<std::size_t>(i / from.width % from.height)] *
              across[static_cast<std::size_t>(i % from.width)];
  }
  const Index channels_of_group = to.channels / set.window.groups;
  return joined * static_cast<double>(channels_of_group);
}

}  // namespace detail

// In the order of execution, as neural_persistence(graph).layers. Time O(neurons of all sources),
// memory O(sets).
template <class Scalar>
std::vector<WeightedSet<Scalar>> weighted_sets(const FeedForwardGraph<Scalar>& graph) {
  std::vector<WeightedSet<Scalar>> sets;
  for (const auto& set : graph.edge_sets()) {
    if (set.kind == detail::EdgeKind::unweighted) continue;
    const auto& view = graph.weights()[set.weights];
    const auto kind = set.kind == detail::EdgeKind::dense    ? WeightedKind::dense
                      : set.kind == detail::EdgeKind::sparse ? WeightedKind::sparse
                                                             : WeightedKind::convolution;
    sets.push_back({graph.groups()[set.target].name,
                    kind,
                    {view.data, view.rows, view.cols, {view.row_stride, view.col_stride}},
                    set.window,
                    set.source_shape.height == 1 && set.window.vertical.size == 1,
                    graph.groups()[set.source].shown + set.target_shape.size(),
                    detail::edge_count(graph, set)});
  }
  return sets;
}

// A group that made neurons of its own: an input, or what edges lead to.
struct NamedNeurons {
  Neurons neurons;    // the group
  std::string name;   // of an input or a weighted set; else empty
  NeuronShape shape;  // in which it was made
};

// In the order in which they were made, so that edges lead from former to later ones. Views and
// reshaped groups, which show neurons of others, are left out. Time O(groups).
template <class Scalar>
std::vector<NamedNeurons> neuron_groups(const FeedForwardGraph<Scalar>& graph) {
  std::vector<NamedNeurons> made;
  const auto& groups = graph.groups();
  for (std::size_t group = 0; group < groups.size(); ++group) {
    if (groups[group].is_view()) continue;
    const bool is_reshaped =
        !made.empty() && groups[group].first <= groups[made.back().neurons.group].first;
    if (!is_reshaped) made.push_back({{group}, groups[group].name, groups[group].shape});
  }
  return made;
}

}  // namespace dgp
