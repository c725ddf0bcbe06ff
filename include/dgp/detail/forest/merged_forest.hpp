// The maximum spanning forest of a graph, from those of its parts.
//
// in:  forests of sets of edges, in any order, by the vertices of the whole graph
// out: the forest of all these edges together
//
// An edge that is no forest's closes a cycle of edges of its own part that appear earlier, so it is
// none of the whole's either: the forest of a union is that of the union of the forests, whatever
// the parts, ties included, since edges appear in one order. Edges are gathered until there are
// three for each neuron and then go through Kruskal's algorithm, so that many small forests cost a
// sort of their edges each, and memory is O(neurons).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>

namespace dgp::detail {

template <class Scalar>
class MergedForest {
 public:
  explicit MergedForest(Index neurons) : neurons_(neurons) {}

  void add(const std::vector<Candidate<Scalar>>& forest) {
    edges_.insert(edges_.end(), forest.begin(), forest.end());
    ++parts_;
    constexpr std::size_t each = 3;
    if (edges_.size() > each * static_cast<std::size_t>(neurons_)) reduce();
  }

  // Heaviest first.
  const std::vector<Candidate<Scalar>>& edges() {
    reduce();
    return edges_;
  }

 private:
  void reduce() {
    if (parts_ < 2) return sort_by_appearance(edges_);
    Numbering numbering;
    numbering.add(neurons_, Role::input);
    builder_.reset(numbering);
    builder_.add(edges_);
    edges_.assign(builder_.accepted().begin(), builder_.accepted().end());
    parts_ = 1;
  }

  Index neurons_;
  std::size_t parts_ = 0;  // forests among the edges
  std::vector<Candidate<Scalar>> edges_;
  ForestBuilder<Scalar> builder_;
};

}  // namespace dgp::detail
