// The deaths of one weighted edge set of a graph, over all neurons of its source and its target.
//
// in:  a graph, one of its sets, and the map from weight to filtration value
// out: the values of the merges, descending, and where their weights are; 0 for what no edge joins
//
// A dense set, or a window of one place, is measured as its matrix: the latter is as many copies of
// it as there are positions. Of other sets the edges come from the heaviest kernel entry on, each
// entry once for every position, until they have joined all that they can.
#pragma once

#include <cstddef>
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

// The neurons that a view shows, each numbered once, from 0, in the order of their vertices.
inline std::vector<Vertex> numbered_once(const NeuronGroup& view) {
  std::vector<Vertex> numbers(view.vertices.size(), no_vertex);
  Vertex next = 0;
  Vertex last = no_vertex;
  for (const Vertex place : view.by_vertex) {
    const bool again = view.vertices[place] == last;
    numbers[place] = again ? next - 1 : next++;
    last = view.vertices[place];
  }
  return numbers;
}

// Calls visit(value, copies, stored) for each merge of the set, descending: as many copies of it as
// there are matrices, and stored() is where its weight lies, of equal ones the first. Returns how
// many merges the neurons make, with those at 0 of what no edge joins.
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
  const auto numbers = source.is_view() ? numbered_once(source) : std::vector<Vertex>();
  Numbering numbering;
  numbering.add(source.shown, Role::input);
  numbering.add(set.target_shape.size(), Role::output);
  ForestBuilder<Scalar> forest(numbering);
  with_kernel(graph, set, map, [&](const auto& kernel) {
    const SortedEdges edges(kernel,
                            source.is_view()
                                ? VertexTable(numbers, source.by_vertex, source.repeats())
                                : VertexTable(0),
                            VertexTable(static_cast<Vertex>(source.shown)));
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
