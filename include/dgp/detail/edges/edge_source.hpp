// What forests are grown from: sets of edges that need not be listed.
//
// An edge source holds the edges between two groups of neurons, each edge with a filtration value.
// The algorithms above it (forest_growth.hpp, path_forest.hpp) ask it for samples, for its heaviest
// edges, for the best edges out of components and for a step of path strengths, and know nothing
// of how it keeps its weights.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/keys/threshold.hpp>
#include <dgp/detail/sample_stream.hpp>

namespace dgp::detail {

template <class Scalar>
struct Candidate {
  Scalar value;
  Vertex row;  // vertex of the output neuron
  Vertex col;  // vertex of the input neuron
};

// One edge: its value, and where its weight is stored. Of a convolution that is the kernel's entry,
// of a sparse matrix (0, the number of its entry); an edge without weight is nowhere.
template <class Scalar>
struct StoredEdge {
  Scalar value;
  bool weighted;
  Index row;
  Index col;
};

// The order in which edges appear: descending value, ties by (row, col). An object, since sorting
// does not inline calls through a function's address.
struct AppearsEarlier {
  template <class Scalar>
  bool operator()(const Candidate<Scalar>& a, const Candidate<Scalar>& b) const {
    if (a.value != b.value) return b.value < a.value;
    if (a.row != b.row) return a.row < b.row;
    return a.col < b.col;
  }
};
inline constexpr AppearsEarlier appears_earlier;

template <class Scalar>
void sort_by_appearance(std::vector<Candidate<Scalar>>& edges) {
  if (!std::is_sorted(edges.begin(), edges.end(), appears_earlier)) {
    std::sort(edges.begin(), edges.end(), appears_earlier);
  }
}

template <class Scalar>
std::vector<Scalar> values_of(const std::vector<Candidate<Scalar>>& edges) {
  std::vector<Scalar> values;
  values.reserve(edges.size());
  for (const auto& edge : edges) values.push_back(edge.value);
  return values;
}

// Edges above a threshold, which is raised where more than `limit` would pass it; those that stay
// keep their order.
template <class Scalar>
struct Batch {
  std::vector<Candidate<Scalar>> edges;
  Threshold<Scalar> threshold;
  bool valid = true;  // whether all weights were; not asked under limits and between components

  void raise(const Threshold<Scalar>& higher) {
    if (!higher.above(threshold)) return;
    threshold = higher;
    std::erase_if(edges, [&](const auto& edge) { return !threshold.passes(edge.value); });
  }
  // Leaves those above the value of the heaviest edge that is one too many.
  //
  // Of all edges that passed the threshold at first, however often the batch, or parts of it that
  // threads collected, have been shrunk since then: as long as that was to twice as many edges or
  // more. For then each time more than `count` edges had the value that was cut at, or a higher
  // one, and none was lost that is left here.
  void cut_to(std::size_t count) {
    if (edges.size() <= count) return;
    auto values = values_of(edges);
    const auto next = values.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(values.begin(), next, values.end(), std::greater<Scalar>());
    raise({*next, true});
  }
  void shrink_to(std::size_t limit) {
    if (edges.size() > limit) cut_to(edges.size() / 2);
  }
};

// Which component each vertex is in; components are numbered from 0.
struct Components {
  std::vector<Vertex> of;
  std::vector<std::size_t> sizes;
  Vertex largest;
};

// By vertex: how strong the best path between each neuron and the inputs (or the outputs) is, and
// the neighbour through which it goes.
template <class Scalar>
struct BestPaths {
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> strength;
  std::vector<Vertex> through;

  // Of equal paths that it is told of, the one through the lesser neighbour stays.
  void raise(Vertex vertex, const Scalar& to, Vertex neighbour) {
    Scalar& known = strength(vertex);
    if (to < known || (to == known && through[vertex] <= neighbour)) return;
    known = to;
    through[vertex] = neighbour;
  }
};

// An edge's value is the lesser of its own, the entry strength of its input neuron and the exit
// strength of its output neuron.
template <class Scalar>
struct PathLimits {
  BestPaths<Scalar> entry;
  BestPaths<Scalar> exit;
};

template <class Source>
concept EdgeSource = requires(const Source& edges, SampleStream& random,
                              Batch<typename Source::Scalar>& batch, std::size_t limit,
                              const Components& components,
                              BestPaths<typename Source::Scalar>& paths,
                              PathLimits<typename Source::Scalar>& limits,
                              void (&take)(const Candidate<typename Source::Scalar>&)) {
  { Source::finds_best_edges } -> std::convertible_to<bool>;  // without a look at most others
  { edges.count() } -> std::same_as<double>;                  // edges in all
  { edges.larger_side() } -> std::same_as<double>;            // neurons on the larger side
  edges.sample(random, 1.0, take);                            // about so many of them, drawn evenly
  edges.collect_above(batch, limit);                  // adds all that pass the batch's threshold,
  edges.collect_above(batch, limit, &components);     //   or those of them between components
  edges.best_leaving(components, take);               // at least the best out of each component
                                                      //   but the largest
  edges.forward(paths);                               // raises those of its outputs
  edges.backward(paths);                              // raises those of its inputs
  edges.forward(limits, batch, limit);                // likewise, where the rest is known, and
  edges.backward(limits, batch, limit);               //   collects the edges above the threshold
  { edges.limited(limits) } -> std::same_as<Source>;  // `limits` must outlive it
};

}  // namespace dgp::detail
