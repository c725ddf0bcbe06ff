// The figures of one checkpoint: its layers are read, or its graph, and measured.
#include "figures.hpp"

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
#include "blocks.hpp"
#include "options.hpp"
#include "paths.hpp"
#include "report.hpp"

namespace inspect {

namespace {

// Of a network in memory. Of a graph there is no raw variant: it would need strengths for edges
// that have none.
template <class Network>
void measure_deep_graph(const Network& network, const Options& options, console::Progress& progress,
                        Report& report) {
  dgp::DeepGraphPersistenceOptions asked{.p = options.p, .essential = options.essential};
  const auto measure = [&] {
    if (!report.is_graph && options.raw) {
      progress.update(0, "deep graph persistence, raw");
      asked.normalization = dgp::Normalization::none;
      report.raw = figures(dgp::deep_graph_persistence(network, asked), options);
    }
    progress.update(0, "deep graph persistence, standardised");
    asked.normalization = dgp::Normalization::standardized;
    asked.rescale = false;
    const auto plain = dgp::deep_graph_persistence(network, asked);
    report.standardized = {figures(dgp::rescaled(plain, asked), options), figures(plain, options)};
    if (options.paths > 0) {
      progress.update(0, "persistent paths");
      report.paths = strongest_paths(network, options.paths);
    }
  };
  measure_deep_graph(measure, report);
}

// The measures of the network and of its layers, which are in the report already.
template <class Network, class WeightsOf>
void measure_network(const Network& network, const WeightsOf& weights_of, const Options& options,
                     dgp::ShuffleNulls* nulls, console::Progress& progress, Report& report) {
  progress.update(0, "neural persistence");
  add_network_figures(
      dgp::neural_persistence(network, {.p = options.p, .essential = options.essential}),
      dgp::weight_variance(network), options, report);
  for (std::size_t k = 0; options.analysis && k < report.layers.size(); ++k) {
    LayerFigures& layer = report.layers[k];
    progress.update(0, "spatial concentration of " + layer.name);
    layer.spatial_concentration = dgp::spatial_concentration(weights_of(k));
  }
  if (nulls != nullptr) {
    progress.update(0, "neural persistence of shuffled weights");
    const auto shuffled = dgp::shuffle_significance(
        network, *nulls, {.p = options.p, .essential = options.essential});
    for (std::size_t k = 0; k < report.layers.size(); ++k) report.layers[k].shuffled = shuffled[k];
  }
  measure_deep_graph(network, options, progress, report);
}

const char* word_of(dgp::WeightedKind kind) {
  return kind == dgp::WeightedKind::dense    ? "dense"
         : kind == dgp::WeightedKind::sparse ? "sparse"
                                             : "convolution";
}

template <class Scalar>
Report measure(dgp::io::CheckpointFile& file, const checkpoint::Selection& selection,
               const Options& options, dgp::ShuffleNulls* nulls, console::Progress& progress) {
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

  Report report = report_of(selection);
  measure_network(
      layers, [&](std::size_t k) -> const auto& { return layers[k]; }, options, nulls, progress,
      report);
  return report;
}

#ifdef DGP_WITH_ONNX
template <class Scalar>
Report measure_graph(const dgp::io::OnnxFile& file, const Options& options,
                     dgp::ShuffleNulls* nulls, console::Progress& progress) {
  const auto graph = [&] {
    try {
      return file.read_graph<Scalar>();
    } catch (const std::runtime_error& refused) {
      const bool has_layers =
          std::any_of(file.tensors().begin(), file.tensors().end(),
                      [](const dgp::io::TensorInfo& tensor) { return dgp::io::is_layer(tensor); });
      if (!has_layers) throw;
      throw std::runtime_error(
          std::string(refused.what()) +
          "; its matrices and kernels can be measured without the graph: --layers .");
    }
  }();
  const auto sets = dgp::weighted_sets(graph);
  Report report{};
  report.is_graph = true;
  report.told = layer_order::ToldBy::graph;
  report.neurons = graph.neurons();
  for (const auto& set : sets) {
    LayerFigures& layer = report.layers.emplace_back();
    layer.name = set.name;
    layer.rows = set.weights.rows();
    layer.cols = set.weights.cols();
    layer.kind = word_of(set.kind);
    layer.neurons = set.neurons;
    layer.edges = set.edges;
    if (set.kind != dgp::WeightedKind::convolution) continue;
    const auto& [vertical, horizontal, groups] = set.window;
    layer.kernel = {static_cast<std::uint64_t>(layer.rows),
                    static_cast<std::uint64_t>(layer.cols / vertical.size / horizontal.size)};
    if (!set.is_sequence) layer.kernel.push_back(static_cast<std::uint64_t>(vertical.size));
    layer.kernel.push_back(static_cast<std::uint64_t>(horizontal.size));
  }
  measure_network(
      graph, [&](std::size_t k) -> const auto& { return sets[k].weights; }, options, nulls,
      progress, report);
  return report;
}
#endif

// A model of ONNX brings its graph, unless the user chooses among its matrices and kernels.
Report inspect_file(dgp::io::CheckpointFile& file, const Options& options, dgp::ShuffleNulls* nulls,
                    console::Progress& progress) {
  const auto is_wide = [](const dgp::io::TensorInfo& tensor) {
    return tensor.floating_point_bytes == sizeof(double) && dgp::io::is_layer(tensor);
  };
#ifdef DGP_WITH_ONNX
  const auto* onnx = file.get_if<dgp::io::OnnxFile>();
  if (onnx != nullptr && options.choice.is_default()) {
    return std::any_of(onnx->tensors().begin(), onnx->tensors().end(), is_wide)
               ? measure_graph<double>(*onnx, options, nulls, progress)
               : measure_graph<float>(*onnx, options, nulls, progress);
  }
#endif
  const auto selection = checkpoint::select(file, options.choice);
  const bool any_wide = std::any_of(selection.layers.begin(), selection.layers.end(),
                                    [&](const auto& layer) { return is_wide(layer.tensor); });
  if (is_read_by_blocks(file, selection, options, any_wide ? sizeof(double) : sizeof(float))) {
    return measure_blocks(file, selection, options, any_wide, progress);
  }
  return any_wide ? measure<double>(file, selection, options, nulls, progress)
                  : measure<float>(file, selection, options, nulls, progress);
}

}  // namespace

Report inspect(const checkpoint::Model& model, const Options& options, console::Progress& progress,
               dgp::ShuffleNulls* nulls) {
  progress.update(0, "reading");
  auto file = checkpoint::open(model);
  try {
    Report report = inspect_file(file, options, nulls, progress);
    report.file = model.name;
    return report;
  } catch (const std::logic_error& refused) {  // weights that have no measures
    throw std::runtime_error(words::one_line(model.name) + ": " + refused.what());
  }
}

}  // namespace inspect
