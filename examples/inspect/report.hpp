// What dgp-inspect reports of one checkpoint, and how measures are put into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/weight_variance.hpp>
#include <dgp/concepts.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/persistence_diagram.hpp>

#include "../checkpoint.hpp"
#include "../layer_order.hpp"
#include "options.hpp"
#include "paths.hpp"

namespace inspect {

// One measure of one graph. `total` and `deaths` are left out where the contract has none.
struct Figures {
  double total;
  double normalized;
  std::vector<double> deaths;
};

struct LayerFigures {
  std::string name;
  dgp::Index rows;  // of its weights as a matrix
  dgp::Index cols;
  bool transposed;
  Figures persistence;
  double weight_variance;
  double spatial_concentration;                      // with --analysis
  std::optional<dgp::ShuffleSignificance> shuffled;  // with --significance, where defined
  std::vector<std::uint64_t> kernel;                 // its shape; empty for a matrix
  // Of a graph's edge set.
  std::string kind;
  dgp::Index neurons;
  double edges;
};

struct DeepGraphFigures {
  Figures standardized_rescaled;
  Figures standardized;
};

struct Report {
  std::string file;
  std::vector<LayerFigures> layers;
  bool is_graph;
  dgp::Index neurons;  // of a graph
  layer_order::ToldBy told;
  std::vector<dgp::io::TensorInfo> not_measured;
  std::string missing;  // the first of these that belongs among the layers; empty: none does
  double mean_normalized;
  double sum;
  std::optional<DeepGraphFigures> standardized;  // nothing where the measure is not defined …
  std::optional<Figures> raw;
  std::string reason;                 // … for this reason
  std::string no_raw;                 // why, where only the raw variant is not computed
  std::optional<NetworkPaths> paths;  // with --paths, where `standardized` is defined
  double weight_variance;
};

inline bool has_paths(const Report& report) { return report.paths && !report.paths->paths.empty(); }

inline std::vector<layer_order::Layer> shapes_of(const Report& report) {
  std::vector<layer_order::Layer> layers;
  for (const auto& layer : report.layers) {
    layers.push_back({layer.name, layer.rows, layer.cols, !layer.kernel.empty()});
  }
  return layers;
}

template <class Scalar>
Figures figures(const dgp::Persistence<Scalar>& persistence, const Options& options) {
  Figures result{persistence.total, persistence.normalized, {}};
  // Nobody else asks for the deaths, of which a graph has millions.
  if (!options.deaths && options.picture.empty()) return result;
  for (const auto& pair : persistence.diagram.pairs) {
    result.deaths.push_back(static_cast<double>(pair.death));
  }
  return result;
}

// What there is of deep graph persistence, and the reason where something is missing. measure()
// fills in the variants, and throws where one is not defined.
template <class Measure>
void measure_deep_graph(const Measure& measure, Report& report) {
  const auto shapes = shapes_of(report);
  const std::string advice =
      report.is_graph ? "" : layer_order::advice(shapes, report.told, report.missing);
  if (layer_order::refutes(shapes, advice)) {
    report.reason = advice;
    return;
  }
  try {
    measure();
  } catch (const std::invalid_argument& undefined) {
    report.reason = undefined.what();
  } catch (const std::domain_error& undefined) {
    report.reason = undefined.what();
  }
  if (!report.raw && !advice.empty()) report.reason += "; " + advice;
}

template <class Scalar>
void add_network_figures(const dgp::NeuralPersistence<Scalar>& np,
                         const dgp::WeightVariance<Scalar>& variance, const Options& options,
                         Report& report) {
  report.mean_normalized = np.mean_normalized;
  report.sum = np.sum;
  report.weight_variance = variance.network;
  for (std::size_t k = 0; k < report.layers.size(); ++k) {
    report.layers[k].persistence = figures(np.layers[k], options);
    report.layers[k].weight_variance = variance.layers[k];
  }
}

// The layers that are chosen, without their figures.
inline Report report_of(const checkpoint::Selection& selection) {
  Report report{};
  report.told = selection.told;
  report.not_measured = selection.not_measured;
  report.missing = selection.missing;
  const auto shapes = checkpoint::shapes_of(selection);
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    const auto& [tensor, transposed] = selection.layers[k];
    LayerFigures& layer = report.layers.emplace_back();
    layer.name = tensor.name;
    layer.rows = shapes[k].rows;
    layer.cols = shapes[k].cols;
    layer.transposed = transposed;
    if (dgp::io::is_kernel(tensor)) {
      layer.kind = "kernel_matrix";
      layer.kernel = tensor.shape;
    }
  }
  return report;
}

}  // namespace inspect
