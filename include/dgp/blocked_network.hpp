// Measures of networks that are read block by block: of checkpoints larger than memory.
//
// in:  layers that give their rows in blocks, as often as they are asked for them
// out: the measures of the same layers in memory, bit for bit, whatever the blocks
//
// One read of a layer gives its summary: the forest of its magnitudes, grown block by block
// (detail/forest/merged_forest.hpp), and its moments, whose partial sums are cut by the layer's
// shape alone. Neural persistence and the variance of the weights follow from the summaries. Deep
// graph persistence takes two reads more: forwards for the entry strengths of all neurons; and
// backwards for the exit strengths, where each edge, once both ends' strengths are known, has its
// value, so that each block is reduced to a forest on the way. Raw, where weights have signs, one
// more certifies that the negative ones play no part (deep_graph_persistence.hpp). Weights of
// doubles and wider, or of a mean that dwarfs their deviation, take a second read for the summary,
// and two for the variance.
//
// Weights are compared as they are stored: of half and bfloat16 no wider copy is made but of a row
// at a time.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/analysis/weight_variance.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/forest/merged_forest.hpp>
#include <dgp/detail/forest/path_sweeps.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/reachability.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp {

namespace detail {
struct AnyBlock {
  template <class Block>
  void operator()(const Block&, Index) const {}
};
}  // namespace detail

// Layers in forward order. for_each_block(k, visit) calls visit(block, first_row) for all rows of
// layer k in ascending order, some at a time, block being a row-major matrix in memory (rows × all
// columns) of the type in which the layer is stored: Scalar, or a narrower one whose numbers are
// numbers of Scalar too. The same weights each time.
template <class Layers>
concept BlockedNetwork = requires(Layers& layers, std::size_t k) {
  typename Layers::Scalar;  // in which the measures are computed
  { layers.size() } -> std::convertible_to<std::size_t>;
  { layers.rows(k) } -> std::convertible_to<Index>;
  { layers.cols(k) } -> std::convertible_to<Index>;
  { layers.name(k) } -> std::convertible_to<std::string>;
  layers.for_each_block(k, detail::AnyBlock{});
};

// What one layer's measures rest on: O(rows + cols) numbers.
template <class Scalar>
struct LayerSummary {
  Index rows;
  Index cols;
  std::vector<Scalar> forest;  // the maximum spanning forest's magnitudes, descending
  Scalar smallest;             // of the weights, as the next three
  Scalar largest;
  sum_t<Scalar> mean;
  sum_t<Scalar> variance;  // of the population
  // Of magnitudes; undefined where sums are of the weights' own type.
  sum_t<Scalar> magnitude_mean;
  sum_t<Scalar> magnitude_variance;
};

namespace detail {

template <BlockedNetwork Layers>
std::string label_of(const Layers& layers, std::size_t k) {
  return layer_label(k, layers.name(k));
}

// Calls visit(view, first_row).
template <BlockedNetwork Layers, class Visit>
void for_each_view(Layers& layers, std::size_t k, const Visit& visit) {
  layers.for_each_block(
      k, [&](const auto& block, Index first_row) { visit(view_of(block), first_row); });
}

// The forest's edges as those of rows further down.
template <class Scalar, class Stored>
std::vector<Candidate<Scalar>> moved_down(const std::vector<Candidate<Stored>>& forest,
                                          Index rows) {
  std::vector<Candidate<Scalar>> moved;
  moved.reserve(forest.size());
  for (const auto& edge : forest) {
    moved.push_back(
        {static_cast<Scalar>(edge.value), edge.row + static_cast<Vertex>(rows), edge.col});
  }
  return moved;
}

// Compensated sums of a function of a layer's weights, by one read.
template <class Scalar, BlockedNetwork Layers, class Summand>
sum_t<Scalar> compensated_sum(Layers& layers, std::size_t k, const Summand& summand) {
  CompensatedSums<Scalar> sums(RowTasks(layers.rows(k), layers.cols(k)));
  for_each_view(layers, k,
                [&](const auto& view, Index first_row) { sums.add(view, summand, first_row); });
  return sums.total();
}

// What one read of a layer gives.
template <class Scalar>
class LayerSums {
  static constexpr bool narrow = !std::is_same_v<Scalar, sum_t<Scalar>>;

 public:
  LayerSums(Index rows, Index cols) : forest_(rows + cols), moments_(RowTasks(rows, cols)) {}

  // Throws std::invalid_argument for a weight that is not finite.
  template <class Stored>
  void add(const WeightView<Stored>& rows, Index first_row, const std::string& label) {
    auto forest = layer_forest(rows, Magnitude<Stored>{});
    if (!forest) check_finite(label, rows, first_row);
    forest_.add(moved_down<Scalar>(*forest, first_row));
    moments_.add(rows, first_row);
  }

  const std::vector<Candidate<Scalar>>& forest() { return forest_.edges(); }
  const auto& moments() const { return moments_; }

 private:
  MergedForest<Scalar> forest_;
  MomentSums<narrow ? Of::both : Of::weights, Scalar> moments_;
};

}  // namespace detail

// Layer k's summary. Throws std::invalid_argument for an empty layer and for a weight that is not
// finite, std::length_error for more neurons than 32 bits count, and what reading throws.
template <BlockedNetwork Layers>
LayerSummary<typename Layers::Scalar> summary_of_layer(Layers& layers, std::size_t k) {
  using Scalar = typename Layers::Scalar;
  using Sum = sum_t<Scalar>;
  const Index rows = layers.rows(k);
  const Index cols = layers.cols(k);
  const std::string label = detail::label_of(layers, k);
  detail::check_shape(label, rows, cols);
  detail::LayerSums<Scalar> sums(rows, cols);
  detail::for_each_view(
      layers, k, [&](const auto& view, Index first_row) { sums.add(view, first_row, label); });
  LayerSummary<Scalar> summary{rows, cols, detail::values_of(sums.forest()), {}, {}, {}, {},
                               {},   {}};
  const auto [weights, precise] = sums.moments().result();
  summary.smallest = weights.smallest;
  summary.largest = weights.largest;
  summary.mean = weights.mean;
  summary.variance = weights.variance;
  const Sum count = detail::weights_in<Scalar>(detail::RowTasks(rows, cols));
  using detail::Of;
  if (!precise) {
    summary.variance = detail::compensated_sum<Scalar>(
                           layers, k, detail::squared_distance<Of::weights>(weights.mean)) /
                       count;
  }
  if constexpr (!std::is_same_v<Scalar, Sum>) {
    const auto [magnitudes, is_precise] = sums.moments().magnitudes();
    summary.magnitude_mean = magnitudes.mean;
    summary.magnitude_variance = magnitudes.variance;
    if (!is_precise) {
      summary.magnitude_variance =
          detail::compensated_sum<Scalar>(
              layers, k, detail::squared_distance<Of::magnitudes>(magnitudes.mean)) /
          count;
    }
  }
  return summary;
}

namespace detail {

template <class Scalar>
FinalScale<Scalar> magnitude_scale(const std::vector<LayerSummary<Scalar>>& layers) {
  Scalar largest(0);
  for (const auto& layer : layers) largest = std::max(largest, layer.forest.front());
  return scaled_by(largest);
}

}  // namespace detail

// Neural persistence by the layers' summaries, under Normalization::max_abs, which is all that they
// know. Time O(neurons). Throws std::invalid_argument for no layers, another normalisation, p < 1
// or NaN.
template <class Scalar>
NeuralPersistence<Scalar> neural_persistence(const std::vector<LayerSummary<Scalar>>& layers,
                                             const NeuralPersistenceOptions& options = {}) {
  detail::check_order(options.p);
  if (layers.empty()) throw std::invalid_argument("empty network: it has no layers");
  if (options.normalization != Normalization::max_abs) {
    throw std::invalid_argument("summaries of layers know Normalization::max_abs only");
  }
  NeuralPersistence<Scalar> result{{}, {}, {}};
  const auto scale = detail::magnitude_scale(layers);
  for (const auto& layer : layers) {
    PersistenceDiagram<Scalar> diagram;
    for (const Scalar& magnitude : layer.forest) {
      diagram.pairs.push_back({Scalar(1), scale(magnitude)});
    }
    result.layers.push_back(detail::persistence(std::move(diagram), options.p, options.essential));
  }
  detail::sum_up(result);
  return result;
}

// The variance of the weights by the layers' summaries, and where sums are of the weights' own
// type, two reads of all layers.
template <BlockedNetwork Layers>
WeightVariance<typename Layers::Scalar> weight_variance(
    Layers& layers, const std::vector<LayerSummary<typename Layers::Scalar>>& summaries) {
  using Scalar = typename Layers::Scalar;
  using Sum = sum_t<Scalar>;
  const auto scale = detail::magnitude_scale(summaries);
  std::vector<detail::MagnitudeMoments<Scalar>> moments;
  for (std::size_t k = 0; k < summaries.size(); ++k) {
    const auto& layer = summaries[k];
    const Sum count = detail::weights_in<Scalar>(detail::RowTasks(layer.rows, layer.cols));
    if constexpr (std::is_same_v<Scalar, Sum>) {
      const auto scaled = [&](const Sum& weight) { return scale(Eigen::numext::abs(weight)); };
      const Sum mean = detail::compensated_sum<Scalar>(layers, k, scaled) / count;
      const Sum squares = detail::compensated_sum<Scalar>(layers, k, [&](const Sum& weight) {
        const Sum distance = scaled(weight) - mean;
        return Sum(distance * distance);
      });
      moments.push_back({count, mean, squares / count});
    } else {
      moments.push_back({count, layer.magnitude_mean, layer.magnitude_variance});
    }
  }
  if constexpr (!std::is_same_v<Scalar, Sum>) {
    detail::scale_moments(moments, static_cast<Sum>(scale.largest));
  }
  return detail::combined_variance(moments);
}

// Deep graph persistence of layers that are read block by block.
template <class Scalar>
struct BlockedDeepGraphPersistence {
  std::optional<Persistence<Scalar>> standardized;  // not rescaled: rescaled() does it
  std::optional<Persistence<Scalar>> raw;           // rescaled
  std::string no_standardized;                      // why there is none
  std::string no_raw;
};

namespace detail {

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

  // Layers in backward order, after all have been taken forwards.
  void start_backward(std::size_t k) {
    raise_to_zero(limits_.entry);
    const auto& groups = numbering_.groups();
    layer_ = MergedForest<Scalar>(groups[k].size + groups[k + 1].size);
  }
  template <class Stored>
  void backward(std::size_t k, const WeightView<Stored>& rows, Index first_row) {
    layer_.add(moved_down<Scalar>(forest_of(k, rows, first_row), first_row));
    edges(k, rows, first_row).backward(limits_.exit);
  }
  void end_backward(std::size_t k) {
    const auto& groups = numbering_.groups();
    const auto cols = static_cast<Vertex>(groups[k].size);
    for (auto [value, row, col] : layer_.edges()) {
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

// Throws std::invalid_argument unless layer k+1 takes as many inputs as layer k has outputs.
template <BlockedNetwork Layers>
void check_chain(const Layers& layers) {
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
    check_chained({label_of(layers, k), layers.rows(k), layers.cols(k)},
                  {label_of(layers, k + 1), layers.rows(k + 1), layers.cols(k + 1)});
  }
}

template <BlockedNetwork Layers, class Scalar>
bool all_reached_above(Layers& layers, const Scalar& value) {
  ReachedSets reached(layers.cols(0));
  for (std::size_t k = 0; k < layers.size(); ++k) {
    reached.start_layer(layers.rows(k));
    for_each_view(layers, k,
                  [&](const auto& view, Index first_row) { reached.add(view, value, first_row); });
    reached.end_layer();
  }
  return reached.all_reached();
}

}  // namespace detail

// Both variants of deep graph persistence, standardised and raw, by the layers' summaries and two
// reads of all layers, or three (above). A variant that is not defined says why: where a layer
// cannot be standardised; and of signed weights, where negative path strengths rival positive ones,
// so that it would take the matrix of path strengths.
//
// Memory O(neurons) beside a block; for signed weights inputs · widest layer bits more. Throws
// std::invalid_argument for layers that do not chain, p < 1 or NaN, std::length_error for more
// neurons than 32 bits count, and what reading throws.
template <BlockedNetwork Layers>
BlockedDeepGraphPersistence<typename Layers::Scalar> deep_graph_persistence(
    Layers& layers, const std::vector<LayerSummary<typename Layers::Scalar>>& summaries,
    double p = 2, EssentialClass essential = EssentialClass::dies_at_zero) {
  using Scalar = typename Layers::Scalar;
  using namespace detail;
  check_order(p);
  check_chain(layers);
  Numbering numbering;
  numbering.add(layers.cols(0), Role::input);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    numbering.add(layers.rows(k), k + 1 == layers.size() ? Role::output : Role::hidden);
  }

  BlockedDeepGraphPersistence<Scalar> result;
  const auto persistence_of = [&](const std::vector<Scalar>& deaths,
                                  const FinalScale<Scalar>& scale, bool rescale) {
    return persistence(diagram_of(deaths, scale, rescale), p, essential);
  };
  bool any_negative = false;
  for (const auto& layer : summaries) any_negative = any_negative || layer.smallest < Scalar(0);
  std::optional<BlockedPaths<Scalar, PositivePart<Scalar>>> raw;
  if (any_negative && layers.size() == 1) {  // one layer is its own matrix of path strengths
    result.raw = persistence_of(summaries[0].forest, FinalScale<Scalar>{Scalar(1)}, true);
  } else {
    raw.emplace(numbering, std::vector<PositivePart<Scalar>>(layers.size()));
  }
  std::optional<BlockedPaths<Scalar, StandardizedMagnitude<Scalar>>> standardized;
  try {
    std::vector<StandardizedMagnitude<Scalar>> maps;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const auto& layer = summaries[k];
      maps.push_back(standardization(
          Moments<Scalar>{layer.smallest, layer.largest, layer.mean, layer.variance, true},
          label_of(layers, k)));
    }
    standardized.emplace(numbering, std::move(maps));
  } catch (const std::domain_error& undefined) {
    result.no_standardized = undefined.what();
  }

  // Where there are two, each has threads of its own: less waits for less than within a block.
  const auto with_variants = [&](const auto& use) {
    if (!raw || !standardized) return raw ? use(*raw) : use(*standardized);
    parallel_for(2, 2 * worth_a_thread,
                 [&](std::size_t variant) { variant == 0 ? use(*raw) : use(*standardized); });
  };
  if (!raw && !standardized) return result;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    for_each_view(layers, k, [&](const auto& view, Index first_row) {
      with_variants([&](auto& paths) { paths.forward(k, view, first_row); });
    });
  }
  for (std::size_t k = layers.size(); k-- > 0;) {
    with_variants([&](auto& paths) { paths.start_backward(k); });
    for_each_view(layers, k, [&](const auto& view, Index first_row) {
      with_variants([&](auto& paths) { paths.backward(k, view, first_row); });
    });
    with_variants([&](auto& paths) { paths.end_backward(k); });
  }
  if (standardized) {
    Scalar largest(0);
    for (const auto& map : standardized->maps()) largest = std::max(largest, map.largest);
    result.standardized = persistence_of(standardized->deaths(), scaled_by(largest), false);
  }
  if (raw) {
    const auto deaths = raw->deaths();
    const bool suffices = !any_negative || (Scalar(0) < deaths.back() &&
                                            all_reached_above(layers, Scalar(-deaths.back())));
    if (suffices) {
      result.raw = persistence_of(deaths, FinalScale<Scalar>{Scalar(1)}, true);
    } else {
      result.no_raw =
          "negative path strengths rival positive ones, so that the raw variant takes the matrix "
          "of path strengths, which is not computed from blocks";
    }
  }
  return result;
}

}  // namespace dgp
