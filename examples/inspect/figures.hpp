// The figures of one checkpoint.
//
// in:  the files of a model, and what is asked for
// out: its measures layer by layer, those of the network, and why one of them is not defined
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/dgp.hpp>
#include <dgp/io/tensor_info.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../layer_order.hpp"
#include "options.hpp"

namespace inspect {

// One measure of one graph. `total` and `deaths` are left out where the contract has none.
struct Figures {
  double total;
  double normalized;
  std::vector<double> deaths;
};

struct LayerFigures {
  std::string name;
  dgp::Index rows;
  dgp::Index cols;
  bool transposed;
  Figures persistence;
  double weight_variance;
  double spatial_concentration;  // with --analysis
};

struct DeepGraphFigures {
  Figures standardized_rescaled;
  Figures standardized;
};

struct Report {
  std::string file;
  std::vector<LayerFigures> layers;
  layer_order::ToldBy told;
  std::vector<dgp::io::TensorInfo> not_measured;
  double mean_normalized;
  double sum;
  std::optional<DeepGraphFigures> standardized;  // nothing where the measure is not defined …
  std::optional<Figures> raw;
  std::string reason;  // … for this reason
  double weight_variance;
};

inline std::vector<layer_order::Layer> shapes_of(const Report& report) {
  std::vector<layer_order::Layer> layers;
  for (const auto& layer : report.layers) layers.push_back({layer.name, layer.rows, layer.cols});
  return layers;
}

template <class Scalar>
Figures figures(const dgp::Persistence<Scalar>& persistence) {
  Figures result{persistence.total, persistence.normalized, {}};
  for (const auto& pair : persistence.diagram.pairs) {
    result.deaths.push_back(static_cast<double>(pair.death));
  }
  return result;
}

// What there is of deep graph persistence, and the reason where something is missing.
template <class Layers>
void measure_deep_graph(const Layers& layers, const std::vector<layer_order::Layer>& shapes,
                        const Options& options, console::Progress& progress, Report& report) {
  const std::string advice = layer_order::advice(shapes, report.told);
  if (layer_order::chain(shapes) && !advice.empty()) {
    report.reason = advice;
    return;
  }
  const auto measured = [&](dgp::Normalization normalization, bool rescale) {
    return figures(dgp::deep_graph_persistence(layers, {.p = options.p,
                                                        .essential = options.essential,
                                                        .normalization = normalization,
                                                        .rescale = rescale}));
  };
  try {
    progress.update(0, "deep graph persistence, raw");
    report.raw = measured(dgp::Normalization::none, true);
    progress.update(0, "deep graph persistence, standardised");
    report.standardized = {measured(dgp::Normalization::standardized, true),
                           measured(dgp::Normalization::standardized, false)};
  } catch (const std::invalid_argument& undefined) {
    report.reason = undefined.what();
  } catch (const std::domain_error& undefined) {
    report.reason = undefined.what();
  }
  if (!report.raw && !advice.empty()) report.reason += "; " + advice;
}

template <class Scalar, class File>
Report measure(File& file, const checkpoint::Selection& selection, const Options& options,
               console::Progress& progress) {
  std::vector<dgp::NamedLayer<dgp::RowMajorMatrix<Scalar>>> layers;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_read = 0;
  for (const auto& [tensor, transposed] : selection.layers) bytes += tensor.end - tensor.begin;
  for (const auto& layer : selection.layers) {
    progress.update(
        static_cast<double>(bytes_read) / static_cast<double>(std::max<std::uint64_t>(bytes, 1)),
        "reading " + layer.tensor.name);
    layers.push_back({layer.tensor.name, checkpoint::read<Scalar>(file, layer)});
    bytes_read += layer.tensor.end - layer.tensor.begin;
  }

  Report report;
  report.told = selection.told;
  report.not_measured = selection.not_measured;
  progress.update(0, "neural persistence");
  const auto np = dgp::neural_persistence(layers, {.p = options.p, .essential = options.essential});
  const auto variance = dgp::weight_variance(layers);
  report.mean_normalized = np.mean_normalized;
  report.sum = np.sum;
  report.weight_variance = variance.network;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    report.layers.push_back({layers[k].name, layers[k].weights.rows(), layers[k].weights.cols(),
                             selection.layers[k].transposed, figures(np.layers[k]),
                             variance.layers[k], 0});
  }
  if (options.analysis) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      progress.update(0, "spatial concentration of " + layers[k].name);
      report.layers[k].spatial_concentration = dgp::spatial_concentration(layers[k]);
    }
  }
  measure_deep_graph(layers, shapes_of(report), options, progress, report);
  return report;
}

inline Report inspect(const checkpoint::Model& model, const Options& options) {
  console::Progress progress(std::filesystem::path(model.name).filename().string());
  progress.update(0, "reading");
  return checkpoint::open(model, [&](auto file) {
    const auto selection = checkpoint::select(file, options.choice);
    const bool wide = std::any_of(
        selection.layers.begin(), selection.layers.end(),
        [](const auto& layer) { return layer.tensor.floating_point_bytes == sizeof(double); });
    try {
      Report report = wide ? measure<double>(file, selection, options, progress)
                           : measure<float>(file, selection, options, progress);
      report.file = model.name;
      return report;
    } catch (const std::logic_error& refused) {  // weights that have no measures
      throw std::runtime_error(words::one_line(model.name) + ": " + refused.what());
    }
  });
}

}  // namespace inspect
