// The deaths of one weighted edge set of a graph, over all neurons of its source and its target.
//
// in:  a graph, one of its sets, and the map from weight to filtration value
// out: the values of the merges, descending, and where their weights are; 0 for what no edge joins
//
// A dense set, or a window of one place, is measured as its matrix: the latter is as many copies of
// it as there are positions. Of other sets the edges come from the heaviest kernel entry on, each
// entry once for every position, until they have joined all that they can.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/edges/graph_edges.hpp>
#include <dgp/detail/edges/sorted_edges.hpp>
#include <dgp/detail/edges/vertex_table.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp::detail {

// The neurons that a view shows, each numbered once, from 0; as many as are returned.
inline Vertex number_once(const std::vector<Vertex>& shown, std::vector<Vertex>& numbers) {
  std::vector<Vertex> sorted;
  std::copy_if(shown.begin(), shown.end(), std::back_inserter(sorted),
               [](Vertex vertex) { return vertex != no_vertex; });
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const Vertex vertex : shown) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), vertex);
    numbers.push_back(vertex == no_vertex ? no_vertex : static_cast<Vertex>(at - sorted.begin()));
  }
  return static_cast<Vertex>(sorted.size());
}

// Calls visit(value, copies, stored) for each merge of the set, descending: as many copies of it as
// there are matrices, and stored() finds where its weight is (of a kernel, in the time of an
// output's edges). Returns how many merges the neurons make, with those at 0 of what no edge joins.
template <class Scalar, class Map, class Visit>
std::size_t for_each_set_merge(const FeedForwardGraph<Scalar>& graph, const EdgeSet<Scalar>& set,
                               const Map& map, const Visit& visit) {
  const NeuronGroup& source = graph.groups()[set.source];
  if (set.is_matrix() && !source.is_view()) {
    const ConvolutionKernel<Scalar, Map> kernel(graph.weights()[set.weights], map, set.source_shape,
                                                set.target_shape, set.window);
    const auto copies = static_cast<std::size_t>(kernel.joined_positions());
    for (const auto& edge : spanning_forest(graph.weights(), set.weights, map).edges) {
      visit(edge.weight, copies, [&] {
        return StoredEdge<Scalar>{edge.weight, true, edge.row, edge.col};
      });
    }
    return static_cast<std::size_t>(set.source_shape.size() + set.target_shape.size()) - 1;
  }
  std::vector<Vertex> numbers;
  const auto shown = source.is_view() ? static_cast<Index>(number_once(source.vertices, numbers))
                                      : source.shape.size();
  Numbering numbering;
  numbering.add(shown, Role::input);
  numbering.add(set.target_shape.size(), Role::output);
  ForestBuilder<Scalar> forest(numbering);
  with_kernel(graph, set, map, [&](const auto& kernel) {
    const SortedEdges edges(
        kernel, source.is_view() ? VertexTable(numbers, source.repeats) : VertexTable(0),
        VertexTable(static_cast<Vertex>(shown)));
    // A view may leave out, or join, what a kernel knows of.
    const auto left = static_cast<std::size_t>(source.is_view() ? 1 : kernel.components());
    edges.for_each_descending([&](const Scalar& value, Vertex row, Vertex col, const auto& stored) {
      if (!forest.merge({value, row, col})) return true;
      visit(value, std::size_t{1}, stored);
      return forest.accepted().size() < numbering.neurons() - left;
    });
  });
  return numbering.neurons() - 1;
}

// note(copies, stored) is called for each merge, as above.
template <class Scalar, class Map, class Note>
std::vector<Scalar> set_deaths(const FeedForwardGraph<Scalar>& graph, const EdgeSet<Scalar>& set,
                               const Map& map, const Note& note) {
  std::vector<Scalar> deaths;
  const std::size_t count = for_each_set_merge(
      graph, set, map, [&](const Scalar& value, std::size_t copies, const auto& stored) {
        deaths.insert(deaths.end(), copies, value);
        note(copies, stored);
      });
  deaths.resize(count, Scalar(0));
  return deaths;
}
template <class Scalar, class Map>
std::vector<Scalar> set_deaths(const FeedForwardGraph<Scalar>& graph, const EdgeSet<Scalar>& set,
                               const Map& map) {
  return set_deaths(graph, set, map, [](std::size_t, const auto&) {});
}

}  // namespace dgp::detail
