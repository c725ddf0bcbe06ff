// Which paths are persistent: one for each merge of a path forest, no two of which tell the same.
//
// in:  a path forest, and the paths behind its merges (merge_paths.hpp)
// out: merges of positive value, descending, whose paths together are a maximum spanning forest of
//      S: each path joins an input and an output that the paths before it leave apart
//
// The paths behind the forest's own merges will not do where values tie, as they always do: all
// edges of a path whose other edges are on no better one share its value. Two merges of one value
// may then lead to the same path. So each value t of merges has its candidates: the path through
// each edge of value t in the forest, and the best path through each end of such an edge. All are
// of strength t or more, and whichever joins terminals that are apart is taken.
//
// These are enough. Call in(x) and out(x) where the best path through a neuron x begins and ends:
// the path through x -> y joins in(x) with out(y), that through x joins in(x) with out(x), that
// through y likewise. So once all candidates of t have been looked at, all four are joined, and
// with them all that the forest's edges of value t or more join, along these edges; those above t
// by induction. The forest joins terminals as S does, hence so many candidates are taken as there
// are merges.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/merge_paths.hpp>
#include <dgp/detail/forest/path_forest.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/keys/special_values.hpp>

namespace dgp::detail {

// For each neuron where the best path through it ends: at that of the next neuron on it. Edges lead
// to higher vertices, so these come first in the one or in the other order.
template <class Scalar>
std::vector<Vertex> ends_of(const BestPaths<Scalar>& paths, bool ascending) {
  std::vector<Vertex> ends(paths.through.size(), no_vertex);
  const auto neurons = static_cast<Vertex>(ends.size());
  for (Vertex i = 0; i < neurons; ++i) {
    const Vertex v = ascending ? i : neurons - 1 - i;
    if (is_infinite(paths.strength(static_cast<Index>(v)))) {
      ends[v] = v;
    } else if (paths.through[v] != no_vertex) {
      ends[v] = ends[paths.through[v]];
    }
  }
  return ends;
}

// At most `count` of them. Time O(neurons + edges up to the last merge).
template <PathSource Source, class Scalar = typename Source::Scalar>
std::vector<Candidate<Scalar>> persistent_merges(const MergePaths<Source>& paths,
                                                 const PathForest<Scalar>& forest,
                                                 std::size_t count) {
  std::vector<Candidate<Scalar>> chosen;
  UnionFind joined(forest.limits.entry.through.size());
  const auto inputs = ends_of(forest.limits.entry, true);
  const auto outputs = ends_of(forest.limits.exit, false);
  const auto take_if_apart = [&](const Candidate<Scalar>& merge) {
    const Vertex a = joined.find(inputs[merge.col]);
    const Vertex b = joined.find(outputs[merge.row]);
    if (a == b) return;
    joined.join(a, b);
    chosen.push_back(merge);
  };
  auto edge = forest.edges.begin();
  while (chosen.size() < std::min(count, forest.merges.size())) {
    // As many as there are merges are taken of each value, so that this is the next one's.
    const Scalar value = forest.merges[chosen.size()].value;
    if (!(Scalar(0) < value)) break;
    while (edge != forest.edges.end() && edge->value != value) ++edge;
    for (; edge != forest.edges.end() && edge->value == value; ++edge) {
      take_if_apart(*edge);
      take_if_apart(paths.best_through(edge->col, value));
      take_if_apart(paths.best_through(edge->row, value));
    }
  }
  chosen.resize(std::min(count, chosen.size()));
  return chosen;
}

}  // namespace dgp::detail
