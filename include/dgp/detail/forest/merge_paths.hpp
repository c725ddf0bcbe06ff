// The path behind a merge of a path forest, and the edge at which its value is attained.
//
// in:  the sources of a network's edges, in the order of execution, and the entry and exit
//      strengths that path_forest found for them
// out: of a merge of positive value its path, edge by edge from an input to an output, and its
//      critical edge; each edge with its source and the place of its weight there
//
// A merge is an edge u -> v of value min(f(u), w, b(v)). The sweeps keep for each neuron the
// neighbour through which its best path goes: the merge's path goes back from u to an input by
// these, and on from v to an output. On the way back no edge weighs less than f(u), and one weighs
// just that; so it is on from v with b(v). The smallest value on the path is the merge's own,
// whatever ties. Between two neurons several edges may lie (of a group beside itself): the heaviest
// gave the strengths. All edges of the path have been alive since the merge at the latest.
//
// A missing edge counts as one of value 0, so a merge of value 0 need not have a path.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/keys/special_values.hpp>

namespace dgp::detail {

template <class Source>
concept PathSource = EdgeSource<Source> && requires(const Source& edges, Vertex vertex) {
  { edges.first_output() } -> std::same_as<Vertex>;
  edges.between(vertex, vertex);  // the heaviest edge between an output and an input neuron
};

template <class Scalar>
struct PathEdge {
  std::size_t source;  // its number: that of a layer, or of one of a graph's edge_sets()
  Vertex from;
  Vertex to;
  StoredEdge<Scalar> stored;  // value: up to the final scale
};

// Sources and limits must outlive it.
template <PathSource Source>
class MergePaths {
 public:
  using Scalar = typename Source::Scalar;

  MergePaths(const std::vector<Source>& sources, const PathLimits<Scalar>& limits)
      : sources_(sources), limits_(limits) {}

  // The edge at which the merge's value is attained, a weighted one where there is one on the path;
  // of several, the one nearest to the merge, first on the way back. Time: a look at each edge that
  // it passes, of a sparse matrix at all edges of the neuron where one ends.
  PathEdge<Scalar> critical_edge(const Candidate<Scalar>& merge) const {
    std::optional<PathEdge<Scalar>> found;
    const auto is_found_with = [&](const PathEdge<Scalar>& edge) {
      const bool attains = edge.stored.value == merge.value;
      if (attains && (!found || edge.stored.weighted)) found = edge;
      return found && found->stored.weighted;
    };
    if (is_found_with(edge(merge.col, merge.row))) return *found;
    for (Vertex at = merge.col; limit(limits_.entry, at) == merge.value;) {
      const Vertex from = limits_.entry.through[at];
      if (is_found_with(edge(from, at))) return *found;
      at = from;
    }
    for (Vertex at = merge.row; limit(limits_.exit, at) == merge.value;) {
      const Vertex to = limits_.exit.through[at];
      if (is_found_with(edge(at, to))) return *found;
      at = to;
    }
    return *found;
  }

  // The best path through a neuron, as the merge by an edge on it, of this value.
  Candidate<Scalar> best_through(Vertex neuron, const Scalar& value) const {
    const bool is_input = is_infinite(limit(limits_.entry, neuron));
    return is_input ? Candidate<Scalar>{value, limits_.exit.through[neuron], neuron}
                    : Candidate<Scalar>{value, neuron, limits_.entry.through[neuron]};
  }

  // All edges of the merge's path, from an input to an output.
  std::vector<PathEdge<Scalar>> path(const Candidate<Scalar>& merge) const {
    std::vector<PathEdge<Scalar>> edges;
    for (Vertex at = merge.col; !is_infinite(limit(limits_.entry, at)); at = edges.back().from) {
      edges.push_back(edge(limits_.entry.through[at], at));
    }
    std::reverse(edges.begin(), edges.end());
    edges.push_back(edge(merge.col, merge.row));
    for (Vertex at = merge.row; !is_infinite(limit(limits_.exit, at)); at = edges.back().to) {
      edges.push_back(edge(at, limits_.exit.through[at]));
    }
    return edges;
  }

 private:
  static const Scalar& limit(const BestPaths<Scalar>& paths, Vertex vertex) {
    return paths.strength(static_cast<Index>(vertex));
  }

  // The heaviest edge between two neurons. Sources come in the order of their outputs' vertices.
  PathEdge<Scalar> edge(Vertex from, Vertex to) const {
    const auto after =
        std::upper_bound(sources_.begin(), sources_.end(), to,
                         [](Vertex v, const Source& source) { return v < source.first_output(); });
    auto number = static_cast<std::size_t>(after - sources_.begin());
    const Vertex first_output = sources_[number - 1].first_output();
    std::optional<PathEdge<Scalar>> heaviest;
    while (number > 0 && sources_[number - 1].first_output() == first_output) {
      --number;
      const auto stored = sources_[number].between(to, from);
      if (!stored || (heaviest && stored->value < heaviest->stored.value)) continue;
      // Of equal ones a weighted edge, then that of the first source.
      const bool ties = heaviest && stored->value == heaviest->stored.value;
      if (ties && heaviest->stored.weighted && !stored->weighted) continue;
      heaviest = {number, from, to, *stored};
    }
    return *heaviest;
  }

  const std::vector<Source>& sources_;
  const PathLimits<Scalar>& limits_;
};

}  // namespace dgp::detail
