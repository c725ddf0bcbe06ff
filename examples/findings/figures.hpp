// The figures on which findings rest.
//
// in:  checkpoints of one network, in the order of its training
// out: measures of each; of the last one, layer by layer, what shuffling changes, bounds and fits;
// and
//      what random networks of the same shapes measure
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/shuffling.hpp>
#include <dgp/analysis/spatial_concentration.hpp>
#include <dgp/analysis/weight_fits.hpp>
#include <dgp/analysis/weight_variance.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/persistence_bounds.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../layer_order.hpp"
#include "../splitmix.hpp"
#include "../words.hpp"
#include "statistics.hpp"

namespace findings {

using Matrix = dgp::RowMajorMatrix<double>;
using NamedLayers = std::vector<dgp::NamedLayer<Matrix>>;

// Of neural persistence, whose shuffles cost next to nothing.
inline constexpr std::size_t drawn_shuffles = 1000;

struct Options {
  std::vector<std::string> checkpoints{DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors"};
  checkpoint::Choice choice;
  std::size_t shuffles = 20;  // where they are made; those of neural persistence are drawn
  std::uint64_t seed = 1;
};

// The deep graph persistence of a network of many layers takes long, and shuffling each of them by
// turns would take so many times as long: so many are, evenly, from the first on.
inline constexpr std::size_t most_shuffled_for_deep = 50;

inline bool is_shuffled_for_deep(std::size_t layer, std::size_t layers) {
  if (layers <= most_shuffled_for_deep) return true;
  // The first layer of each share.
  const auto share = [&](std::size_t k) { return k * most_shuffled_for_deep / layers; };
  return layer == 0 || share(layer) != share(layer - 1);
}

// The figures of a whole network at one moment.
struct Snapshot {
  std::string file;
  std::optional<std::uint64_t> step;  // the number in which the files' names differ
  std::vector<double> persistence;    // normalised, by layer
  double mean_normalized;
  double weight_variance;
  std::optional<double> deep;  // normalised, standardised and rescaled; nothing where not defined
};

struct LayerFindings {
  std::string name;
  dgp::Index rows;
  dgp::Index cols;
  double persistence;  // normalised
  dgp::PersistenceBounds<double> bounds;
  double variance;
  double spatial_concentration;
  dgp::WeightFits fits;
  // When this layer alone is shuffled.
  dgp::ShuffleSignificance shuffled_persistence;
  dgp::ShufflingEffect shuffled_concentration;
  std::optional<dgp::ShufflingEffect> shuffled_deep;  // of the layers that are shuffled for it
};

// A measure over networks of random weights of the same shapes.
struct RandomNetworks {
  std::string key;   // in JSON
  std::string name;  // to read
  double mean_persistence = 0;
  double deviation_persistence = 0;
  std::optional<double> mean_deep;
  std::optional<double> deviation_deep;
};

struct Findings {
  std::vector<Snapshot> training;     // a snapshot for each checkpoint
  std::vector<LayerFindings> layers;  // of the last one, as all below
  layer_order::ToldBy told;
  std::vector<dgp::io::TensorInfo> not_measured;
  std::optional<dgp::PersistenceBounds<double>> deep_bounds;
  std::string no_deep_reason;
  std::vector<RandomNetworks> random;
};

inline std::vector<Matrix> matrices_of(const NamedLayers& layers) {
  std::vector<Matrix> matrices;
  for (const auto& layer : layers) matrices.push_back(layer.weights);
  return matrices;
}

// Deep graph persistence of layers in an order that is known.
inline std::optional<double> deep_or_nothing(const std::vector<Matrix>& layers,
                                             std::string* reason = nullptr) {
  try {
    return dgp::deep_graph_persistence(layers).normalized;
  } catch (const std::invalid_argument& undefined) {
    if (reason != nullptr) *reason = undefined.what();
  } catch (const std::domain_error& undefined) {
    if (reason != nullptr) *reason = undefined.what();
  }
  return std::nullopt;
}

struct Checkpoint {
  NamedLayers layers;
  checkpoint::Selection selection;
};

inline Checkpoint read_checkpoint(const checkpoint::Model& model,
                                  const checkpoint::Choice& choice) {
  auto file = checkpoint::open(model);
  Checkpoint result{{}, checkpoint::select(file, choice)};
  for (const auto& layer : result.selection.layers) {
    result.layers.push_back({layer.tensor.name, checkpoint::read<double>(file, layer)});
  }
  return result;
}

// Networks of the same shapes with weights drawn anew; `draw` gives one weight.
inline RandomNetworks measure_random(const std::string& key, const std::string& name,
                                     const std::vector<Matrix>& like, bool are_chain,
                                     const Options& options,
                                     const std::function<double(splitmix::Stream&)>& draw,
                                     const std::function<void()>& step) {
  std::vector<double> persistence;
  std::vector<double> deep;
  for (std::size_t round = 0; round < options.shuffles; ++round) {
    splitmix::Stream random(options.seed + round);
    std::vector<Matrix> layers;
    for (const auto& layer : like) {
      Matrix& drawn = layers.emplace_back(layer.rows(), layer.cols());
      for (double& weight : drawn.reshaped()) weight = draw(random);
    }
    persistence.push_back(dgp::neural_persistence(layers).mean_normalized);
    const auto value = are_chain ? deep_or_nothing(layers) : std::nullopt;
    if (value) deep.push_back(*value);
    step();
  }
  RandomNetworks result{key, name, mean_of(persistence), deviation_of(persistence), {}, {}};
  if (deep.size() > 1) {
    result.mean_deep = mean_of(deep);
    result.deviation_deep = deviation_of(deep);
  }
  return result;
}

inline Findings find(const Options& options) {
  console::Progress progress("findings");
  Findings findings;
  NamedLayers last;
  std::vector<layer_order::Layer> shapes_before;
  bool are_chain = false;
  const auto models = checkpoint::models_of(options.checkpoints);
  const auto steps_in_names = checkpoint::steps_of(models);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const std::string& file = models[i].name;
    progress.update(0, "reading " + file);
    auto [layers, selection] = read_checkpoint(models[i], options.choice);
    const auto shapes = checkpoint::shapes_of(selection);
    if (i > 0) {
      layer_order::check_same_layers(shapes, file, shapes_before, findings.training.back().file);
    }
    shapes_before = shapes;
    const std::string advice = layer_order::advice(shapes, selection.told, selection.missing);
    Snapshot snapshot{file, {}, {}, 0, 0, {}};
    if (steps_in_names) snapshot.step = (*steps_in_names)[i];
    try {
      const auto np = dgp::neural_persistence(layers);
      for (const auto& layer : np.layers) snapshot.persistence.push_back(layer.normalized);
      snapshot.mean_normalized = np.mean_normalized;
      snapshot.weight_variance = dgp::weight_variance(layers).network;
    } catch (const std::logic_error& refused) {  // weights that have no measures
      throw std::runtime_error(words::one_line(file) + ": " + refused.what());
    }
    // An order that nobody tells is none to measure; layers that do not chain say so themselves.
    findings.no_deep_reason.clear();
    are_chain = advice.empty() && layer_order::chain(shapes);
    if (!layer_order::refutes(shapes, advice)) {
      snapshot.deep = deep_or_nothing(matrices_of(layers), &findings.no_deep_reason);
    }
    if (!snapshot.deep && !advice.empty()) {
      findings.no_deep_reason += (findings.no_deep_reason.empty() ? "" : "; ") + advice;
    }
    findings.training.push_back(std::move(snapshot));
    last = std::move(layers);
    findings.told = selection.told;
    findings.not_measured = std::move(selection.not_measured);
  }
  const std::vector<Matrix> matrices = matrices_of(last);
  const bool has_deep = findings.training.back().deep.has_value();
  if (has_deep) findings.deep_bounds = dgp::deep_graph_persistence_bounds(last);

  double steps = 0;
  const double all_steps =
      static_cast<double>((last.size() * (options.shuffles + 1)) + 2 * options.shuffles);
  const auto step = [&](const std::string& what) {
    steps += 1;
    progress.update(std::min(1.0, steps / all_steps), what);
  };

  progress.update(0, "neural persistence of shuffled weights");
  const auto np = dgp::neural_persistence(last);
  const auto shuffled =
      dgp::shuffle_significance(last, {.rounds = drawn_shuffles, .seed = options.seed});
  const auto bounds = dgp::neural_persistence_bounds(last);
  const auto variance = dgp::weight_variance(last);
  const auto fits = dgp::weight_fits(last);
  for (std::size_t k = 0; k < last.size(); ++k) {
    // Layer k shuffled alone: its spatial concentration, and what becomes of the network's deep
    // graph persistence.
    const bool with_deep = has_deep && is_shuffled_for_deep(k, last.size());
    std::vector<Matrix> network;
    if (with_deep) network = matrices;
    const auto effects = dgp::shuffling_effects(
        std::vector<Matrix>{matrices[k]},
        [&](const auto& layer) {
          step("shuffling " + last[k].name);
          std::vector<double> figures{dgp::spatial_concentration(layer[0])};
          if (with_deep) {
            network[k] = layer[0];
            figures.push_back(dgp::deep_graph_persistence(network).normalized);
          }
          return figures;
        },
        options.shuffles, options.seed);
    findings.layers.push_back({last[k].name, matrices[k].rows(), matrices[k].cols(),
                               np.layers[k].normalized, bounds[k], variance.layers[k],
                               effects[0].original, fits[k], shuffled[k], effects[0],
                               with_deep ? std::optional(effects[1]) : std::nullopt});
  }

  const auto normal = [](splitmix::Stream& random) {
    const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
    return radius * std::cos(6.283185307179586 * random.uniform());
  };
  const auto uniform = [](splitmix::Stream& random) { return 2 * random.uniform() - 1; };
  findings.random.push_back(measure_random("gaussian", "Gaussian", matrices, are_chain, options,
                                           normal, [&] { step("Gaussian networks"); }));
  findings.random.push_back(measure_random("uniform", "uniform", matrices, are_chain, options,
                                           uniform, [&] { step("uniform networks"); }));
  return findings;
}

}  // namespace findings
