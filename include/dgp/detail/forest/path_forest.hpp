// The merges of a network's path strengths, by the theorem in deep_graph_persistence.hpp.
//
// in:  edge sources in the order of execution, and the numbering of the neurons they join
// out: entry and exit strengths of all neurons; the values of the merges of terminal components
//
// An input appears at its exit strength, an output at its entry strength. One look takes the edges
// that are at least as heavy as those of most terminals; each neuron that is lighter hangs on the
// rest by its best edge, which the sweeps have found (kruskal.hpp says why both may come in one
// batch). What is apart then, a few components, is joined by forest_growth.hpp; time and memory as
// there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/keys/special_values.hpp>

namespace dgp::detail {

template <class Scalar>
BestPaths<Scalar> paths_from(const Numbering& numbering, Role unlimited) {
  BestPaths<Scalar> paths;
  paths.strength.setConstant(static_cast<Index>(numbering.neurons()),
                             Eigen::NumTraits<Scalar>::lowest());
  paths.through.resize(numbering.neurons());
  for (const auto& group : numbering.groups()) {
    if (group.role != unlimited) continue;
    paths.strength.segment(static_cast<Index>(group.first), group.size)
        .setConstant(Eigen::NumTraits<Scalar>::infinity());
  }
  return paths;
}

// From any input to each neuron; to inputs of strength infinity.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
BestPaths<Scalar> entry_paths(const std::vector<Source>& sources, const Numbering& numbering) {
  auto entry = paths_from<Scalar>(numbering, Role::input);
  for (const Source& source : sources) source.forward(entry);
  return entry;
}

// From each neuron to any output; from outputs of strength infinity.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
BestPaths<Scalar> exit_paths(const std::vector<Source>& sources, const Numbering& numbering) {
  auto exit = paths_from<Scalar>(numbering, Role::output);
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) source->backward(exit);
  return exit;
}

template <EdgeSource Source, class Scalar = typename Source::Scalar>
PathLimits<Scalar> path_limits(const std::vector<Source>& sources, const Numbering& numbering) {
  return {entry_paths(sources, numbering), exit_paths(sources, numbering)};
}

// The heaviest edge of a neuron: of the strength of the best path through it. Of an output, the one
// into it; of another neuron, one out of it.
template <class Scalar>
Candidate<Scalar> best_edge(Vertex vertex, const PathLimits<Scalar>& limits) {
  const auto at = static_cast<Index>(vertex);
  const Scalar entry = limits.entry.strength(at);
  const Scalar exit = limits.exit.strength(at);
  return is_infinite(exit)
             ? Candidate<Scalar>{entry, vertex, limits.entry.through[vertex]}
             : Candidate<Scalar>{std::min(entry, exit), limits.exit.through[vertex], vertex};
}

// A threshold that the best edges of most terminals pass.
template <class Scalar>
Threshold<Scalar> terminal_threshold(const Numbering& numbering, const PathLimits<Scalar>& limits) {
  std::vector<Scalar> strengths;
  for (Vertex v = 0; v < numbering.neurons(); ++v) {
    if (numbering.terminal()[v]) strengths.push_back(best_edge(v, limits).value);
  }
  const auto most = strengths.begin() + static_cast<std::ptrdiff_t>(strengths.size() / 16);
  std::nth_element(strengths.begin(), most, strengths.end());
  return {*most};
}

// The values of those merges, in the order of values under the limits, in which both components
// held a terminal; descending.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
std::vector<Scalar> terminal_merges(const std::vector<Source>& sources, const Numbering& numbering,
                                    const PathLimits<Scalar>& limits) {
  std::vector<Source> limited;
  for (const Source& source : sources) limited.push_back(source.limited(limits));
  Batch<Scalar> batch{{}, terminal_threshold<Scalar>(numbering, limits)};
  batch.edges.reserve(3 * numbering.neurons());
  const std::size_t limit = edge_limit(connecting_edges(sources));
  for (const Source& source : limited) source.collect_above(batch, limit);
  // What is lighter hangs on the rest by its best edge.
  for (Vertex v = 0; v < numbering.neurons(); ++v) {
    const auto edge = best_edge(v, limits);
    if (!batch.threshold.passes(edge.value)) batch.edges.push_back(edge);
  }
  ForestBuilder<Scalar> forest(numbering);
  forest.add(batch.edges);
  if (forest.finished()) return forest.terminal_merges();

  // Later merges are put in their places among the first ones, and all are taken again in order.
  auto& accepted = forest.accepted();
  const std::size_t first_ones = accepted.size();
  finish_forest(forest, limited, numbering.neurons());
  const auto later = accepted.begin() + static_cast<std::ptrdiff_t>(first_ones);
  std::sort(later, accepted.end(), appears_earlier<Scalar>);
  std::inplace_merge(accepted.begin(), later, accepted.end(), appears_earlier<Scalar>);
  ForestBuilder<Scalar> replay(numbering);
  replay.add_descending(accepted);
  return replay.terminal_merges();
}

}  // namespace dgp::detail
