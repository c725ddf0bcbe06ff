// At which ranks the components of a shuffled layer merge, as layers grow.
//
// in:  the shape of a layer
// out: for each rank the chance that the edge which appears there merges two components
//
// Let t be the share of the other edges that have appeared. Beyond one giant component there are
// only small ones, which are trees, so an edge merges two components unless both its ends are in
// the giant one before it comes. A row has cols - 1 other edges, each of which leads there with
// probability t · (1 - q), q being the share of the columns outside of it; so of the rows
// (1 - t · (1 - q))^(cols - 1) are outside, and of the columns likewise. There is a giant component
// once a walk to and fro finds more than one way on, (rows - 1) · (cols - 1) · t² > 1. A single row
// or column has none, and every edge merges. Where it arises the small ones are not quite trees, so
// one and a half merges too many are expected, whatever the shape.
#pragma once

#include <cmath>
#include <vector>

#include <dgp/concepts.hpp>

namespace dgp::detail {

// From rank 0 on until no further edge is likely to merge; they add up to about rows + cols + 1/2,
// of a single row or column to rows + cols - 1. Time and memory O(neurons · log neurons).
inline std::vector<double> merge_chances(Index rows, Index cols) {
  const auto m = static_cast<double>(rows);
  const auto n = static_cast<double>(cols);
  const double edges = m * n;
  std::vector<double> chances;
  double rows_outside = 1;
  double cols_outside = 1;
  for (double rank = 0; rank < edges; ++rank) {
    const double t = rank / edges;
    if ((m - 1) * t * (n - 1) * t > 1) {
      if (rows_outside == 1) rows_outside = 0;
      // From above, or at the start from below, the nearest fixed point is the wanted one.
      constexpr int most_steps = 1000;
      for (int step = 0; step < most_steps; ++step) {
        cols_outside = std::pow(1 - t * (1 - rows_outside), m - 1);
        const double next = std::pow(1 - t * (1 - cols_outside), n - 1);
        const bool settled = std::abs(next - rows_outside) <= 1e-12 * next;
        rows_outside = next;
        if (settled) break;
      }
    }
    const double chance = 1 - (1 - rows_outside) * (1 - cols_outside);
    chances.push_back(chance);
    if (chance * (edges - rank) < 1e-6) break;
  }
  return chances;
}

}  // namespace dgp::detail
