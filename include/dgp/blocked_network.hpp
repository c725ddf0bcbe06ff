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
// doubles and wider, or of a mean that dwarfs their deviation, take one or two reads more for the
// summary, and doubles two for the variance.
//
// Weights are compared as they are stored: of half and bfloat16 no wider copy is made but of a row
// at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/analysis/weight_variance.hpp>
#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/blocks/block_views.hpp>
#include <dgp/detail/blocks/blocked_paths.hpp>
#include <dgp/detail/blocks/layer_sums.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>

namespace dgp {

// What one layer's measures rest on: O(rows + cols) numbers.
template <class Scalar>
struct LayerSummary {
  Index rows;                        // fan_out
  Index cols;                        // fan_in
  std::vector<Scalar> forest;        // the maximum spanning forest's magnitudes, descending
  Scalar smallest;                   // of the weights, signs included, as the next three
  Scalar largest;                    // of the weights
  sum_t<Scalar> mean;                // of the weights
  sum_t<Scalar> variance;            // of the weights, as a population
  sum_t<Scalar> magnitude_mean;      // undefined where sums are of the weights' own type
  sum_t<Scalar> magnitude_variance;  // of the population; undefined there too
};

namespace detail {

// By one read of what this process has of the layer.
template <BlockedNetwork Layers>
LayerSums<typename Layers::Scalar> sums_of_layer(Layers& layers, std::size_t k) {
  const std::string label = label_of(layers, k);
  check_shape(label, layers.rows(k), layers.cols(k));
  LayerSums<typename Layers::Scalar> sums(layers.rows(k), layers.cols(k));
  for_each_view(layers, k,
                [&](const auto& view, Index first_row) { sums.add(view, first_row, label); });
  return sums;
}

// Of all processes' sums, and by one read more where a variance needs it.
template <BlockedNetwork Layers>
LayerSummary<typename Layers::Scalar> summary_by(Layers& layers, std::size_t k,
                                                 LayerSums<typename Layers::Scalar>& sums) {
  using Scalar = typename Layers::Scalar;
  using Sum = sum_t<Scalar>;
  sums.share(layers);
  const auto [weights, precise] = sums.moments().result();
  LayerSummary<Scalar> summary{layers.rows(k),   layers.cols(k),  values_of(sums.forest()),
                               weights.smallest, weights.largest, weights.mean,
                               weights.variance, Sum(0),          Sum(0)};
  const Sum count = weights_in<Scalar>(RowTasks(summary.rows, summary.cols));
  if (!precise) {
    summary.variance =
        compensated_sum<Scalar>(layers, k, squared_distance<Of::weights>(weights.mean)) / count;
  }
  if constexpr (!std::is_same_v<Scalar, Sum>) {
    const auto [magnitudes, is_precise] = sums.moments().magnitudes();
    summary.magnitude_mean = magnitudes.mean;
    summary.magnitude_variance = magnitudes.variance;
    if (!is_precise) {
      summary.magnitude_variance =
          compensated_sum<Scalar>(layers, k, squared_distance<Of::magnitudes>(magnitudes.mean)) /
          count;
    }
  }
  return summary;
}

}  // namespace detail

// Layer k's summary. Time that of the layer's forest, and one to three reads of it (above); memory
// O((rows + cols) log) beside a block. Throws std::invalid_argument for an empty layer and for a
// weight that is not finite, std::length_error for more neurons than 32 bits count, and what
// reading throws.
template <BlockedNetwork Layers>
LayerSummary<typename Layers::Scalar> summary_of_layer(Layers& layers, std::size_t k) {
  auto sums = detail::sums_of_layer(layers, k);
  return detail::summary_by(layers, k, sums);
}

// All layers' summaries. Where processes share them, each reads its part of all layers before it
// waits for the others. Time, memory and errors as of summary_of_layer, for each.
template <BlockedNetwork Layers>
std::vector<LayerSummary<typename Layers::Scalar>> summaries_of_layers(Layers& layers) {
  std::vector<LayerSummary<typename Layers::Scalar>> summaries;
  if constexpr (SharedNetwork<Layers>) {
    std::vector<detail::LayerSums<typename Layers::Scalar>> sums;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      sums.push_back(detail::sums_of_layer(layers, k));
    }
    for (std::size_t k = 0; k < layers.size(); ++k) {
      summaries.push_back(detail::summary_by(layers, k, sums[k]));
    }
  } else {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      summaries.push_back(summary_of_layer(layers, k));
    }
  }
  return summaries;
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

// The variance of the weights by the layers' summaries, in time O(layers); where sums are of the
// weights' own type, by two reads of all layers. Throws what reading throws.
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

// What is asked of the deep graph persistence of layers in blocks.
struct BlockedDeepGraphOptions {
  double p = 2;                                             // order of the norm, in [1, infinity]
  EssentialClass essential = EssentialClass::dies_at_zero;  // whether it counts
  bool raw = true;  // whether the raw variant is wanted, which doubles the work
};

// Deep graph persistence of layers that are read block by block.
template <class Scalar>
struct BlockedDeepGraphPersistence {
  std::optional<Persistence<Scalar>> standardized;  // not rescaled: rescaled() does it
  std::optional<Persistence<Scalar>> raw;           // rescaled
  std::string no_standardized;                      // why there is none; empty where there is one
  std::string no_raw;                               // likewise, and empty where none was asked for
};

// Both variants of deep graph persistence, standardised and raw, by the layers' summaries and two
// reads of all layers, or three (above). A variant that is not defined says why: where a layer
// cannot be standardised; and of signed weights, where negative path strengths rival positive ones,
// so that it would take the matrix of path strengths.
//
// Time about that of deep_graph_persistence, and that of the reads. Memory O(neurons · log neurons)
// beside a block; for signed weights inputs · widest layer bits more. Throws std::invalid_argument
// for layers that do not chain, p < 1 or NaN, std::length_error for more neurons than 32 bits
// count, and what reading throws.
template <BlockedNetwork Layers>
BlockedDeepGraphPersistence<typename Layers::Scalar> deep_graph_persistence(
    Layers& layers, const std::vector<LayerSummary<typename Layers::Scalar>>& summaries,
    const BlockedDeepGraphOptions& options = {}) {
  using Scalar = typename Layers::Scalar;
  using namespace detail;
  check_order(options.p);
  check_chain(layers);
  Numbering numbering;
  numbering.add(layers.cols(0), Role::input);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    numbering.add(layers.rows(k), k + 1 == layers.size() ? Role::output : Role::hidden);
  }

  BlockedDeepGraphPersistence<Scalar> result;
  const auto persistence_of = [&](const std::vector<Scalar>& deaths,
                                  const FinalScale<Scalar>& scale, bool rescale) {
    return persistence(diagram_of(deaths, scale, rescale), options.p, options.essential);
  };
  bool any_negative = false;
  for (const auto& layer : summaries) any_negative = any_negative || layer.smallest < Scalar(0);
  std::optional<BlockedPaths<Scalar, PositivePart<Scalar>>> raw;
  // One layer is its own matrix of path strengths.
  const bool is_own = any_negative && layers.size() == 1;
  if (options.raw && is_own) {
    result.raw = persistence_of(summaries[0].forest, FinalScale<Scalar>{Scalar(1)}, true);
  } else if (options.raw) {
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
  // What processes tell each other goes in one order.
  const auto in_turn = [&](const auto& use) {
    if (raw) use(*raw);
    if (standardized) use(*standardized);
  };
  if (!raw && !standardized) return result;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    for_each_view(layers, k, [&](const auto& view, Index first_row) {
      with_variants([&](auto& paths) { paths.forward(k, view, first_row); });
    });
    in_turn([&](auto& paths) { paths.end_forward(layers, k); });
  }
  for (std::size_t k = layers.size(); k-- > 0;) {
    in_turn([&](auto& paths) { paths.start_backward(k); });
    for_each_view(layers, k, [&](const auto& view, Index first_row) {
      with_variants([&](auto& paths) { paths.backward(k, view, first_row); });
    });
    in_turn([&](auto& paths) { paths.end_backward(layers, k); });
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
