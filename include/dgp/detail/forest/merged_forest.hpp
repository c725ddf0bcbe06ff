// The maximum spanning forest of a graph, from its parts.
//
// in:  forests of sets of edges, in any order, by the vertices of the whole graph; or dense layers
//      whose edges are such a set
// out: the forest of all these edges together
//
// An edge that is no forest's closes a cycle of edges of its own part that appear earlier, so it is
// none of the whole's either: the forest of a union is that of the union of the forests, whatever
// the parts, ties included, since edges appear in one order. Edges are gathered until there are
// three for each neuron and then go through Kruskal's algorithm, so that many small forests cost a
// sort of their edges each, and memory is O(neurons).
//
// A layer's forest is not even sought where what is there already rules out most of its edges
// (root_paths.hpp): those left are few, on each thread O(neurons · log neurons) at most, and one
// look finds them (dense_joining.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/forest_growth.hpp>
#include <dgp/detail/forest/kruskal.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/root_paths.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/keys/threshold.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp::detail {

// Edges between vertices that are so many higher, of values that may be wider.
template <class Scalar, class Stored>
std::vector<Candidate<Scalar>> moved(const std::vector<Candidate<Stored>>& edges, Vertex rows,
                                     Vertex cols) {
  std::vector<Candidate<Scalar>> moved;
  moved.reserve(edges.size());
  for (const auto& edge : edges) {
    moved.push_back({static_cast<Scalar>(edge.value), edge.row + rows, edge.col + cols});
  }
  return moved;
}

template <class Scalar>
class MergedForest {
 public:
  explicit MergedForest(Index neurons) : neurons_(static_cast<std::size_t>(neurons)) {}

  void add(const std::vector<Candidate<Scalar>>& forest) {
    edges_.insert(edges_.end(), forest.begin(), forest.end());
    ++parts_;
    if (!paths_.empty()) paths_.add(forest);
    constexpr std::size_t each = 3;
    if (edges_.size() > each * neurons_) reduce();
  }

  // The edges of the values map(w) between outputs and inputs from these vertices on, none of which
  // has been there before; all inputs of the graph come before all outputs. Returns whether all
  // weights were finite: where not, all is as it was.
  template <class Stored, class Map>
  bool add(const WeightView<Stored>& layer, const Map& map, Vertex first_row, Vertex first_col) {
    if (paths_.empty() && !edges_.empty()) paths_ = RootPaths<Scalar>(edges(), neurons_);
    if (const auto found = joining_edges(layer, map, first_row, first_col)) {
      add(*found);
      return true;
    }
    const auto forest = layer_forest(layer, map);
    if (!forest) return false;
    add(moved<Scalar>(*forest, first_row - static_cast<Vertex>(layer.cols), first_col));
    return true;
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
    numbering.add(static_cast<Index>(neurons_), Role::input);
    builder_.reset(numbering);
    builder_.add(edges_);
    edges_.assign(builder_.accepted().begin(), builder_.accepted().end());
    parts_ = 1;
    paths_ = {};  // better ones can be found now
  }

  // Those of a layer that are not ruled out; nothing where these are too many to be worth more than
  // its forest, or a weight is not finite.
  template <class Stored, class Map>
  std::optional<std::vector<Candidate<Scalar>>> joining_edges(const WeightView<Stored>& layer,
                                                              const Map& map, Vertex first_row,
                                                              Vertex first_col) const {
    if (paths_.empty()) return std::nullopt;
    if constexpr (!has_ordered_bits<Stored>) {
      if (!all_finite(layer)) return std::nullopt;
    }
    std::optional<std::vector<Candidate<Scalar>>> found;
    with_valid_map<Stored>(map, [&](const auto& valid_map) {
      using Edges = DenseEdges<Stored, std::remove_cvref_t<decltype(valid_map)>>;
      const std::vector<Edges> edges{{layer, valid_map, first_row, first_col}};
      const std::size_t most = edge_limit(connecting_edges(edges));
      Batch<Stored> batch{{}, lowest_threshold<Stored>()};
      edges.front().collect_joining(batch, most, [&](Vertex v) {
        return stored<Stored>(
            paths_.limit(v, std::max(v, first_row), v < first_row ? v : first_col));
      });
      if (batch.valid && batch.edges.size() <= most) found = moved<Scalar>(batch.edges, 0, 0);
      return batch.valid;
    });
    return found;
  }

  // In a narrower type that it need not be of.
  template <class Stored>
  static Threshold<Stored> stored(const Threshold<Scalar>& threshold) {
    const auto value = static_cast<Stored>(threshold.value);
    const bool is_same = static_cast<Scalar>(value) == threshold.value;
    return is_same ? Threshold<Stored>{value, threshold.strict} : lowest_threshold<Stored>();
  }

  std::size_t neurons_;
  std::size_t parts_ = 0;  // forests among the edges
  std::vector<Candidate<Scalar>> edges_;
  RootPaths<Scalar> paths_;  // of the edges, once a layer needs them
  ForestBuilder<Scalar> builder_;
};

}  // namespace dgp::detail
