// The edges of one dense layer: an edge source.
//
// in:  the weights of a layer, a map from weight to filtration value, the first vertex of its
//      output and of its input neurons
// out: what edge_source.hpp asks for, each by one pass over the weights at most
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/detail/edges/dense_best.hpp>
#include <dgp/detail/edges/dense_collect.hpp>
#include <dgp/detail/edges/dense_joining.hpp>
#include <dgp/detail/edges/dense_sweep.hpp>
#include <dgp/detail/edges/dense_walk.hpp>
#include <dgp/detail/edges/edge_source.hpp>

namespace dgp::detail {

template <class Weight, class MapOf, class StoredAs = Weight>
class DenseEdges {
 public:
  using Scalar = Weight;
  static constexpr bool finds_best_edges = false;
  using Map = MapOf;

  DenseEdges(const WeightView<StoredAs>& weights, const Map& map, Vertex first_row,
             Vertex first_col)
      : walk_(weights, map, first_row, first_col) {}

  DenseEdges limited(const PathLimits<Scalar>& limits) const {
    return DenseEdges(walk_.limited(limits));
  }

  double count() const {
    return static_cast<double>(walk_.rows()) * static_cast<double>(walk_.cols());
  }
  double larger_side() const { return static_cast<double>(std::max(walk_.rows(), walk_.cols())); }

  template <class Take>
  void sample(SampleStream& random, double draws, const Take& take) const {
    // By rows and columns of the layer, however it lies in memory: which of several equal edges and
    // paths are found can hang on the threshold that a sample gives.
    const auto [rows, cols] = walk_.flipped() ? std::pair(walk_.cols(), walk_.rows())
                                              : std::pair(walk_.rows(), walk_.cols());
    constexpr Index side_by_side = 8;  // fetched from memory together
    const Index count = std::min(side_by_side, cols);
    for (auto left = static_cast<Index>(std::ceil(draws)); left > 0; left -= count) {
      const auto row = static_cast<Index>(random.below(static_cast<std::uint64_t>(rows)));
      const auto first =
          static_cast<Index>(random.below(static_cast<std::uint64_t>(cols - count + 1)));
      for (Index col = first; col < first + count; ++col) {
        take(walk_.flipped() ? walk_.edge(col, row) : walk_.edge(row, col));
      }
    }
  }

  void collect_above(Batch<Scalar>& batch, std::size_t limit,
                     const Components* components = nullptr) const {
    detail::collect_above(walk_, batch, limit, components);
  }

  // limit_at(v): of the neuron v, as a threshold on values (dense_joining.hpp). Stops where it is
  // clear that these are more than `most` edges.
  template <class LimitAt>
  void collect_joining(Batch<Scalar>& batch, std::size_t most, const LimitAt& limit_at) const {
    std::vector<JoiningLimit<Scalar>> rows;
    std::vector<JoiningLimit<Scalar>> cols;
    for (Index row = 0; row < walk_.rows(); ++row) {
      rows.push_back(joining_limit<Scalar>(walk_.map(), limit_at(walk_.row_vertex(row))));
    }
    for (Index col = 0; col < walk_.cols(); ++col) {
      cols.push_back(joining_limit<Scalar>(walk_.map(), limit_at(walk_.col_vertex(col))));
    }
    detail::collect_joining(walk_, rows, cols, most, batch);
  }

  template <class Consider>
  void best_leaving(const Components& components, const Consider& consider) const {
    detail::best_leaving(walk_, components, consider);
  }

  Vertex first_output() const {
    return walk_.flipped() ? walk_.col_vertex(0) : walk_.row_vertex(0);
  }
  // The edge between two neurons, if there is one.
  std::optional<StoredEdge<Scalar>> between(Vertex output, Vertex input) const {
    const Vertex first_input = walk_.flipped() ? walk_.row_vertex(0) : walk_.col_vertex(0);
    const auto row = static_cast<Index>(output) - static_cast<Index>(first_output());
    const auto col = static_cast<Index>(input) - static_cast<Index>(first_input);
    const Index walk_row = walk_.flipped() ? col : row;
    const Index walk_col = walk_.flipped() ? row : col;
    if (walk_row < 0 || walk_row >= walk_.rows() || walk_col < 0 || walk_col >= walk_.cols()) {
      return std::nullopt;
    }
    return StoredEdge<Scalar>{walk_.map()(walk_.weight(walk_row, walk_col)), true, row, col};
  }

  void forward(BestPaths<Scalar>& entry) const { sweep(walk_, !walk_.flipped(), entry); }
  void backward(BestPaths<Scalar>& exit) const { sweep(walk_, walk_.flipped(), exit); }
  void forward(PathLimits<Scalar>& limits, Batch<Scalar>& batch, std::size_t limit) const {
    sweep(walk_.limited(limits), !walk_.flipped(), limits.entry, batch, limit);
  }
  void backward(PathLimits<Scalar>& limits, Batch<Scalar>& batch, std::size_t limit) const {
    sweep(walk_.limited(limits), walk_.flipped(), limits.exit, batch, limit);
  }

 private:
  using Walk = DenseWalk<Scalar, Map, StoredAs>;

  explicit DenseEdges(const Walk& walk) : walk_(walk) {}

  template <class... Wanted>
  static void sweep(const Walk& walk, bool to_rows, BestPaths<Scalar>& paths, Wanted&... wanted) {
    const Vertex rows = walk.row_vertex(0);
    const Vertex cols = walk.col_vertex(0);
    const Vertex from = to_rows ? cols : rows;
    const Vertex to = to_rows ? rows : cols;
    const Scalar* sources = paths.strength.data() + from;
    const Scalar* known = paths.strength.data() + to;
    const auto raise = [&](Index neuron, const Scalar& strength, Index neighbour) {
      paths.raise(to + static_cast<Vertex>(neuron), strength,
                  from + static_cast<Vertex>(neighbour));
    };
    to_rows ? sweep_rows(walk, sources, known, raise, wanted...)
            : sweep_columns(walk, sources, known, raise, wanted...);
  }

  Walk walk_;
};

}  // namespace dgp::detail
