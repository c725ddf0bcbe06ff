// What edges that have been seen rule out of further ones.
//
// in:  the forest of some edges, in order of appearance, then further edges
// out: for each neuron the last edge, in that order, of a path to one neuron, the root
//
// An edge that appears later than the paths of both its ends closes a cycle with them, of which it
// is the last: no maximum spanning forest has it. The root is an end of the heaviest edge, so that
// by the forest's edges the path is as strong as any between the two, and its last edge the one by
// which Kruskal's algorithm joins them. Paths stay true whatever edges follow, and though edges
// leave the forest: for these a path of earlier ones is there. Neurons of other trees have no path
// yet.
#pragma once

#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/keys/threshold.hpp>

namespace dgp::detail {

template <class Scalar>
class RootPaths {
 public:
  RootPaths() = default;

  // Time O(neurons), nearly; the forest is not empty.
  RootPaths(const std::vector<Candidate<Scalar>>& forest, std::size_t neurons)
      : last_(neurons, {Scalar(0), no_vertex, no_vertex}) {
    const Vertex root = forest.front().row;
    last_[root] = forest.front();
    UnionFind trees(neurons);
    std::vector<Vertex> next(neurons);  // in the same tree, all round
    std::iota(next.begin(), next.end(), Vertex{0});
    for (const auto& edge : forest) {
      const Vertex row = trees.find(edge.row);
      const Vertex col = trees.find(edge.col);
      const Vertex rooted = trees.find(root);
      if (row == rooted || col == rooted) {
        const Vertex begin = row == rooted ? edge.col : edge.row;
        Vertex v = begin;
        do {
          last_[v] = edge;
          v = next[v];
        } while (v != begin);
      }
      std::swap(next[edge.row], next[edge.col]);
      trees.join(row, col);
    }
  }

  bool empty() const { return last_.empty(); }

  // Each edge is a way to the root for either end, by the path of the other.
  void add(const std::vector<Candidate<Scalar>>& edges) {
    for (const auto& edge : edges) {
      raise(edge.row, edge.col, edge);
      raise(edge.col, edge.row, edge);
    }
  }

  // What an edge at a neuron does not pass if it appears later than the neuron's path, for all
  // edges that are this one of equal value, or appear after it.
  Threshold<Scalar> limit(Vertex neuron, Vertex first_row, Vertex first_col) const {
    const auto& last = last_[neuron];
    if (!is_reached(neuron)) return lowest_threshold<Scalar>();
    return {last.value, appears_earlier(last, {last.value, first_row, first_col})};
  }

 private:
  bool is_reached(Vertex neuron) const { return last_[neuron].row != no_vertex; }

  void raise(Vertex neuron, Vertex neighbour, const Candidate<Scalar>& edge) {
    if (!is_reached(neighbour)) return;
    const auto& beyond = last_[neighbour];
    const auto& last = appears_earlier(edge, beyond) ? beyond : edge;
    if (!is_reached(neuron) || appears_earlier(last, last_[neuron])) last_[neuron] = last;
  }

  std::vector<Candidate<Scalar>> last_;  // by neuron
};

}  // namespace dgp::detail
