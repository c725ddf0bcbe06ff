// The merges of a network's path strengths, by the theorem in deep_graph_persistence.hpp.
//
// in:  edge sources in the order of execution, and the numbering of the neurons they join
// out: the merges of terminal components, and entry and exit strengths of all neurons on their way
//
// Where the heaviest edges alone tell all (heaviest_paths.hpp), they do. Else: an input appears at
// its exit strength, an output at its entry strength. A first sweep finds these strengths of one
// side, and with it the value at which most terminals have appeared; the second one, in the other
// direction, knows both ends of every edge that it comes to, and takes those above this value
// along. A neuron that is lighter hangs on the rest by its best edge, which the sweeps have found
// (kruskal.hpp says why both may come in one batch); of these edges only those can matter that lead
// on from a terminal. What is apart then, a few components, is joined by forest_growth.hpp; time
// and memory as there. Terminals that no edges join at all stay apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/heaviest_paths.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_sweeps.hpp>
#include <dgp/detail/keys/special_values.hpp>

namespace dgp::detail {

// The heaviest edge of a neuron: of the strength of the best path through it. Of an output, the one
// into it; of another neuron, one out of it. One end of it is none where there is no such path.
template <class Scalar>
Candidate<Scalar> best_edge(Vertex vertex, const PathLimits<Scalar>& limits) {
  const auto at = static_cast<Index>(vertex);
  const Scalar entry = limits.entry.strength(at);
  const Scalar exit = limits.exit.strength(at);
  return is_infinite(exit)
             ? Candidate<Scalar>{entry, vertex, limits.entry.through[vertex]}
             : Candidate<Scalar>{std::min(entry, exit), limits.exit.through[vertex], vertex};
}

// A threshold that most terminals pass, by these of their strengths.
template <class Scalar>
Threshold<Scalar> passed_by_most(std::vector<Scalar> strengths) {
  const auto most = strengths.begin() + static_cast<std::ptrdiff_t>(strengths.size() / 8);
  std::nth_element(strengths.begin(), most, strengths.end());
  return {std::max(*most, Scalar(0))};
}

template <class Scalar>
struct PathForest {
  PathLimits<Scalar> limits;
  std::vector<Candidate<Scalar>> merges;  // of terminal components, descending
  std::vector<Candidate<Scalar>> edges;   // of a forest that joins all terminals as early as all
                                          // edges do, descending; the merges are among them
};

// Both sweeps, and the heaviest edges. The second sweep comes back from the side of more terminals.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
Batch<Scalar> sweep_and_collect(const std::vector<Source>& sources, const Numbering& numbering,
                                PathLimits<Scalar>& limits) {
  // Ordinary networks have less than two edges a neuron above the threshold; of deep ones the
  // heaviest are enough, since best edges lead there.
  const std::size_t terminals = numbering.neurons() - numbering.count(Role::hidden);
  const std::size_t most = std::min(3 * numbering.neurons(), 6 * terminals) + 64;
  const std::size_t limit = 2 * most;  // on the way
  Batch<Scalar> batch;
  batch.edges.reserve(most);
  if (numbering.count(Role::input) > numbering.count(Role::output)) {
    limits = {paths_from<Scalar>(numbering, Role::input), exit_paths(sources, numbering)};
    batch.threshold = passed_by_most(strengths_of(limits.exit, numbering, Role::input));
    for (const Source& source : sources) source.forward(limits, batch, limit);
  } else {
    limits = {entry_paths(sources, numbering), paths_from<Scalar>(numbering, Role::output)};
    batch.threshold = passed_by_most(strengths_of(limits.entry, numbering, Role::output));
    for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
      source->backward(limits, batch, limit);
    }
  }
  batch.cut_to(most);
  raise_to_zero(limits.entry);
  raise_to_zero(limits.exit);
  return batch;
}

// The best edges of neurons that are lighter than the batch's threshold, each once.
template <class Scalar>
class BestEdges {
 public:
  BestEdges(const PathLimits<Scalar>& limits, const Threshold<Scalar>& threshold,
            std::size_t neurons)
      : limits_(limits), threshold_(threshold), taken_(neurons, false) {}

  // From a neuron on, as far as they lead.
  void follow(Vertex from, std::vector<Candidate<Scalar>>& edges) {
    for (Vertex at = from; !taken_[at];) {
      taken_[at] = true;
      const auto edge = at_neuron(at);
      if (!edge) return;
      edges.push_back(*edge);
      at = edge->row == at ? edge->col : edge->row;
    }
  }

  // Those that nobody has followed, in any order.
  template <class Visit>
  void for_each_other(const Visit& visit) const {
    for (Vertex v = 0; v < taken_.size(); ++v) {
      if (taken_[v]) continue;
      if (const auto edge = at_neuron(v)) visit(*edge);
    }
  }

 private:
  std::optional<Candidate<Scalar>> at_neuron(Vertex at) const {
    const auto edge = best_edge(at, limits_);
    const bool exists = edge.row != no_vertex && edge.col != no_vertex;
    if (!exists || threshold_.passes(edge.value)) return std::nullopt;
    return edge;
  }

  const PathLimits<Scalar>& limits_;
  Threshold<Scalar> threshold_;
  std::vector<bool> taken_;
};

// Adds the best edges that lead on from light terminals.
template <class Scalar>
void follow_terminals(BestEdges<Scalar>& best, const Numbering& numbering,
                      std::vector<Candidate<Scalar>>& edges) {
  for (Vertex v = 0; v < numbering.neurons(); ++v) {
    if (numbering.roles()[v] != Role::hidden) best.follow(v, edges);
  }
}

// By the heaviest edges alone; nothing where they do not suffice, or are more than a part of all.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
std::optional<PathForest<Scalar>> forest_of_heaviest(const std::vector<Source>& sources,
                                                     const Numbering& numbering, double part) {
  PathForest<Scalar> result;
  auto batch = heaviest_paths(sources, numbering, part, result.limits);
  if (!batch) return std::nullopt;
  BestEdges<Scalar> best(result.limits, batch->threshold, numbering.neurons());
  follow_terminals(best, numbering, batch->edges);
  ForestBuilder<Scalar> forest(numbering);
  forest.add(batch->edges);
  if (!forest.finished()) return std::nullopt;
  result.merges = forest.terminal_merges();
  result.edges = std::move(forest.accepted());
  return result;
}

// By values under the limits; the merges keep their edges.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
PathForest<Scalar> path_forest(const std::vector<Source>& sources, const Numbering& numbering) {
  // Sources that know their heaviest edges are swept without a look at most others; and through
  // less than this, sweeps are as fast.
  if constexpr (!Source::finds_best_edges) {
    constexpr double small_part = 1.0 / 320;
    if (auto quick = forest_of_heaviest(sources, numbering, small_part)) return std::move(*quick);
  }
  PathForest<Scalar> result;
  auto batch = sweep_and_collect(sources, numbering, result.limits);
  BestEdges<Scalar> best(result.limits, batch.threshold, numbering.neurons());
  follow_terminals(best, numbering, batch.edges);
  ForestBuilder<Scalar> forest(numbering);
  forest.add(batch.edges);
  if (!forest.finished()) {
    // The other light neurons hang on too, and matter where a later merge goes through one of them.
    best.for_each_other([&](const auto& edge) { forest.hang(edge); });
    // Later merges are put in their places among the first ones, and all are taken again in order.
    auto& accepted = forest.accepted();
    const auto first_ones = static_cast<std::ptrdiff_t>(accepted.size());
    std::vector<Source> limited;
    for (const Source& source : sources) limited.push_back(source.limited(result.limits));
    finish_forest(forest, limited, numbering.neurons());
    std::vector<Candidate<Scalar>> hanging;
    for (auto edge = accepted.begin() + first_ones; edge != accepted.end(); ++edge) {
      best.follow(edge->row, hanging);
      best.follow(edge->col, hanging);
    }
    accepted.insert(accepted.end(), hanging.begin(), hanging.end());
    const auto later = accepted.begin() + first_ones;
    std::sort(later, accepted.end(), appears_earlier);
    std::inplace_merge(accepted.begin(), later, accepted.end(), appears_earlier);
    ForestBuilder<Scalar> replay(numbering);
    replay.add_descending(accepted);
    result.merges = replay.terminal_merges();
    result.edges = std::move(replay.accepted());
  } else {
    result.merges = forest.terminal_merges();
    result.edges = std::move(forest.accepted());
  }
  return result;
}

}  // namespace dgp::detail
