// Deep graph persistence of layers that are read block by block: one read forwards, one backwards.
//
// in:  blocks of rows, of layers in forward order, then in backward order; and what other processes
//      have found out, where they share the layers
// out: the deaths of the diagram of path strengths (deep_graph_persistence.hpp)
//
// Forwards, the entry strengths of a layer's outputs follow from those of its inputs. Backwards,
// the exit strengths of its outputs are known, and with them the value of each of its edges: so
// each block is reduced to the forest of these values while the exit strengths of its inputs are
// found. The forest of all layers' forests has the merges.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
#include <dgp/detail/blocks/block_views.hpp>
#include <dgp/detail/blocks/sharing.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/merged_forest.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_sweeps.hpp>
#include <dgp/detail/reachability.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp::detail {

// One variant: a forward and a backward read, block by block.
template <class Scalar, class Map>
class BlockedPaths {
 public:
  BlockedPaths(const Numbering& numbering, std::vector<Map> maps)
      : numbering_(numbering),
        maps_(std::move(maps)),
        limits_{paths_from<Scalar>(numbering, Role::input),
                paths_from<Scalar>(numbering, Role::output)},
        layer_(0) {}

  // Layers in forward order.
  template <class Stored>
  void forward(std::size_t k, const WeightView<Stored>& rows, Index first_row) {
    edges(k, rows, first_row).forward(limits_.entry);
  }

  // With what other processes have found out about the layer's outputs.
  template <BlockedNetwork Layers>
  void end_forward(Layers& layers, std::size_t k) {
    take_largest(layers, strengths_of_group(limits_.entry, k + 1));
  }

  // Layers in backward order, after all have been taken forwards.
  void start_backward(std::size_t k) {
    raise_to_zero(limits_.entry);
    const auto& groups = numbering_.groups();
    layer_ = MergedForest<Scalar>(groups[k].size + groups[k + 1].size);
  }
  template <class Stored>
  void backward(std::size_t k, const WeightView<Stored>& rows, Index first_row) {
    layer_.add(moved<Scalar>(forest_of(k, rows, first_row), static_cast<Vertex>(first_row), 0));
    edges(k, rows, first_row).backward(limits_.exit);
  }
  template <BlockedNetwork Layers>
  void end_backward(Layers& layers, std::size_t k) {
    const auto& groups = numbering_.groups();
    const auto cols = static_cast<Vertex>(groups[k].size);
    take_largest(layers, strengths_of_group(limits_.exit, k));
    for (auto [value, row, col] : merged(layers, layer_, groups[k].size + groups[k + 1].size)) {
      edges_.push_back({value, groups[k + 1].first + (row - cols), groups[k].first + col});
    }
  }

  // Up to the final scale, descending.
  std::vector<Scalar> deaths() {
    ForestBuilder<Scalar> forest(numbering_);
    forest.add(edges_);
    return values_of(forest.terminal_merges());
  }

  const std::vector<Map>& maps() const { return maps_; }

 private:
  std::span<Scalar> strengths_of_group(BestPaths<Scalar>& paths, std::size_t group) const {
    const auto& [first, size] = numbering_.groups()[group];
    return {paths.strength.data() + first, static_cast<std::size_t>(size)};
  }

  template <class Stored>
  using Edges = DenseEdges<Scalar, Map, Stored>;

  template <class Stored>
  Edges<Stored> edges(std::size_t k, const WeightView<Stored>& rows, Index first_row) const {
    const auto& groups = numbering_.groups();
    return {rows, maps_[k], groups[k + 1].first + static_cast<Vertex>(first_row), groups[k].first};
  }

  // Of the values under the limits, by vertices of the block: columns from 0 on, then its rows.
  template <class Stored>
  std::vector<Candidate<Scalar>> forest_of(std::size_t k, const WeightView<Stored>& rows,
                                           Index first_row) const {
    const auto& groups = numbering_.groups();
    PathLimits<Scalar> limits;
    limits.entry.strength =
        limits_.entry.strength.segment(static_cast<Index>(groups[k].first), rows.cols);
    limits.exit.strength.resize(rows.cols + rows.rows);
    limits.exit.strength.tail(rows.rows) = limits_.exit.strength.segment(
        static_cast<Index>(groups[k + 1].first) + first_row, rows.rows);
    const Numbering numbering = layer_numbering(rows.rows, rows.cols);
    ForestBuilder<Scalar> builder(numbering);
    grow_layer_forest(
        builder, Edges<Stored>(rows, maps_[k], static_cast<Vertex>(rows.cols), 0).limited(limits),
        numbering.neurons());
    sort_by_appearance(builder.accepted());
    return std::move(builder.accepted());
  }

  const Numbering& numbering_;
  std::vector<Map> maps_;
  PathLimits<Scalar> limits_;
  MergedForest<Scalar> layer_;            // of the layer that is taken backwards
  std::vector<Candidate<Scalar>> edges_;  // of the layers' forests
};

template <BlockedNetwork Layers, class Scalar>
bool all_reached_above(Layers& layers, const Scalar& value) {
  ReachedSets reached(layers.cols(0));
  for (std::size_t k = 0; k < layers.size(); ++k) {
    reached.start_layer(layers.rows(k));
    for_each_view(layers, k,
                  [&](const auto& view, Index first_row) { reached.add(view, value, first_row); });
    if constexpr (SharedNetwork<Layers>) {
      auto state = reached.rows();
      layers.merge(state, state.size(),
                   [](std::span<const std::byte> from, std::vector<std::byte>& into) {
                     for (std::size_t i = 0; i < into.size(); ++i) into[i] |= from[i];
                   });
      reached.take_rows(state);
    }
    reached.end_layer();
  }
  return reached.all_reached();
}

}  // namespace dgp::detail
