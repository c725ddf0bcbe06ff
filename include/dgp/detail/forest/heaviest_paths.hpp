// The merges of a chain of layers by its heaviest edges alone, where these tell enough: one look at
// the weights instead of two sweeps and a third for what these leave apart.
//
// in:  the sources of a chain of layers, and the numbering of their neurons
// out: entry and exit strengths as far as they count, and the edges that matter, as path_forest.hpp
//      wants them; or nothing
//
// Let E be all edges above a threshold, a few for each neuron. A path of strength above it goes by
// edges of E alone, so the sweeps over E give all strengths above the threshold exactly, and show
// which neurons have no such path. An edge counts above the threshold if both its ends do. So of
// all that happens above the threshold nothing is missing. An input may be lighter: its strength
// needs the next layer's neurons, and where those are all known, one sweep over the first layer
// finds it with the input's best edge; so with outputs and the last layer. Where one of these best
// edges leads to a neuron of unknown strengths, or terminals stay apart after all, the answer is
// nothing: then layers differ too much for one threshold, or the heavy weights lie in blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_sweeps.hpp>

namespace dgp::detail {

// The heaviest edges, source by source: so many that they most likely connect all neurons of random
// layers. Nothing where that is more than a part of all.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
std::optional<Batch<Scalar>> connecting_edges_of(const std::vector<Source>& sources, double part) {
  constexpr double likely = 1.3;
  const double wanted = connecting_edges(sources);
  if (wanted > part * count_edges(sources)) return std::nullopt;
  // With too few, some terminal stays alone, and all is for nothing.
  constexpr double accurate = 128;
  const auto threshold = sampled_threshold(sources, likely * wanted, nullptr, accurate);
  if (!threshold || !(Scalar(0) < threshold->value)) return std::nullopt;
  return edges_above(sources, *threshold, likely * wanted);
}

// Both ends' strengths above the threshold, and of lighter neurons none.
template <class Scalar>
PathLimits<Scalar> limits_above(const Batch<Scalar>& batch, const Numbering& numbering) {
  PathLimits<Scalar> limits{paths_from<Scalar>(numbering, Role::input),
                            paths_from<Scalar>(numbering, Role::output)};
  const auto raise = [&](BestPaths<Scalar>& paths, Vertex to, const Scalar& value, Vertex from) {
    const Scalar& strength = paths.strength(static_cast<Index>(from));
    if (batch.threshold.passes(strength)) paths.raise(to, std::min(strength, value), from);
  };
  for (const auto& edge : batch.edges) raise(limits.entry, edge.row, edge.value, edge.col);
  // Backwards layer by layer; within one the order does not matter.
  for (auto edge = batch.edges.rbegin(); edge != batch.edges.rend(); ++edge) {
    raise(limits.exit, edge->col, edge->value, edge->row);
  }
  return limits;
}

// Completes the strengths of light terminals; returns whether they are certain.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
bool complete_terminals(const std::vector<Source>& sources, const Numbering& numbering,
                        const Threshold<Scalar>& threshold, PathLimits<Scalar>& limits) {
  const auto all_pass = [&](const BestPaths<Scalar>& paths, const Numbering::Group& group) {
    const auto strengths = paths.strength.segment(static_cast<Index>(group.first), group.size);
    return std::all_of(strengths.begin(), strengths.end(),
                       [&](const Scalar& strength) { return threshold.passes(strength); });
  };
  const auto& groups = numbering.groups();
  const std::size_t last = groups.size() - 1;
  if (!all_pass(limits.exit, groups[0])) {
    if (!all_pass(limits.exit, groups[1])) return false;
    sources.front().backward(limits.exit);
  }
  if (!all_pass(limits.entry, groups[last])) {
    if (!all_pass(limits.entry, groups[last - 1])) return false;
    sources.back().forward(limits.entry);
  }
  // What a light one hangs on must be known from both sides.
  const auto counts = [&](Vertex vertex) {
    const auto at = static_cast<Index>(vertex);
    return threshold.passes(limits.entry.strength(at)) &&
           threshold.passes(limits.exit.strength(at));
  };
  for (Vertex v = 0; v < numbering.neurons(); ++v) {
    if (numbering.roles()[v] == Role::hidden || counts(v)) continue;
    const auto& paths = numbering.roles()[v] == Role::input ? limits.exit : limits.entry;
    const Vertex other = paths.through[v];
    if (other != no_vertex && !counts(other)) return false;
  }
  return true;
}

// The batch of all edges that count above its threshold.
template <EdgeSource Source, class Scalar = typename Source::Scalar>
std::optional<Batch<Scalar>> heaviest_paths(const std::vector<Source>& sources,
                                            const Numbering& numbering, double part,
                                            PathLimits<Scalar>& limits) {
  auto batch = connecting_edges_of(sources, part);
  if (!batch) return std::nullopt;
  limits = limits_above(*batch, numbering);
  if (!complete_terminals(sources, numbering, batch->threshold, limits)) return std::nullopt;
  for (auto& edge : batch->edges) {
    edge.value = std::min({edge.value, limits.entry.strength(static_cast<Index>(edge.col)),
                           limits.exit.strength(static_cast<Index>(edge.row))});
  }
  std::erase_if(batch->edges,
                [&](const auto& edge) { return !batch->threshold.passes(edge.value); });
  return batch;
}

}  // namespace dgp::detail
