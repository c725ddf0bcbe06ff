#include "blocks.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/blocked_network.hpp>
#include <dgp/io/stored_layers.hpp>
#include <dgp/io/tensor_info.hpp>

#include "../interruption.hpp"
#include "../words.hpp"
#include "blocked_report.hpp"
#include "resume.hpp"

namespace inspect {

namespace {

template <class Scalar>
Report measure_in(const dgp::io::CheckpointFile& file, const checkpoint::Selection& selection,
                  const Options& options, console::Progress& progress) {
  Report report = report_of(selection);
  std::vector<dgp::io::TensorInfo> tensors;
  std::vector<std::pair<std::string, dgp::io::StoredRows>> stored;
  double bytes = 0;
  for (const auto& [tensor, transposed] : selection.layers) {
    tensors.push_back(tensor);
    stored.emplace_back(tensor.name, *file.stored_rows(tensor));
    bytes += static_cast<double>(tensor.end - tensor.begin);
  }
  Resumption<Scalar> finished(options.resume, stored);
  const auto interrupted = [&] {
    finished.save();
    return interruption::Interrupted(
        "after " + std::to_string(finished.done()) + " of " + std::to_string(tensors.size()) +
        " layers" + (options.resume.empty() ? "" : "; the same command goes on from there"));
  };

  // All reads together: one for the summaries, two or three for deep graph persistence.
  const auto start = std::chrono::steady_clock::now();
  double read = 0;
  double skipped = 0;
  std::string step = "neural persistence";
  const auto on_block = [&](std::size_t k, std::uint64_t block_bytes) {
    if (interruption::signal != 0) throw interrupted();
    read += static_cast<double>(block_bytes);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    progress.update(std::min(0.999, read / (4 * bytes - skipped)),
                    step + ", " + console::number("%.2f GB/s", read / 1e9 / time.count()) + ", " +
                        tensors[k].name);
  };
  // Two blocks are in memory at a time.
  const std::size_t block_bytes =
      static_cast<std::size_t>(std::clamp<std::uint64_t>(options.memory / 4, 1 << 12, 64 << 20));
  dgp::io::StoredLayers<Scalar> layers(file, tensors, {block_bytes, on_block});
  std::vector<dgp::LayerSummary<Scalar>> summaries;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (!finished[k]) {
      try {
        finished.add(k, dgp::summary_of_layer(layers, k));
      } catch (...) {
        finished.save();
        throw;
      }
    } else {
      skipped += static_cast<double>(tensors[k].end - tensors[k].begin);
    }
    summaries.push_back(*finished[k]);
  }
  finished.save();
  step = "all measures";
  add_blocked_figures(layers, summaries, options, report);
  return report;
}

}  // namespace

bool is_read_by_blocks(const dgp::io::CheckpointFile& file, const checkpoint::Selection& selection,
                       const Options& options, std::size_t bytes_each) {
  double bytes = 0;
  for (const auto& layer : checkpoint::shapes_of(selection)) {
    bytes += static_cast<double>(bytes_each) * static_cast<double>(layer.rows) *
             static_cast<double>(layer.cols);
  }
  const bool is_large = bytes > static_cast<double>(options.memory);
  if (!is_large && options.resume.empty()) return false;
  const bool can_be =
      std::all_of(selection.layers.begin(), selection.layers.end(), [&](const auto& layer) {
        return !layer.transposed && file.stored_rows(layer.tensor).has_value();
      });
  const char* const needs = options.analysis    ? "--analysis"
                            : options.rounds    ? "--significance"
                            : options.paths > 0 ? "--paths"
                                                : nullptr;
  const std::string path = words::one_line(file.path().string());
  if (!options.resume.empty() && (!can_be || needs != nullptr)) {
    throw std::runtime_error(
        path + ": --resume is of weights that are read block by block, which these are not" +
        (needs != nullptr ? std::string(": ") + needs + " needs them in memory" : ""));
  }
  if (can_be && needs != nullptr) {
    throw std::runtime_error(path + ": " + needs + " needs the weights in memory, " +
                             console::number("%.1f GB", bytes / 1e9) + ", more than --memory; " +
                             "take fewer with --layers, or allow more");
  }
  return can_be;
}

Report measure_blocks(const dgp::io::CheckpointFile& file, const checkpoint::Selection& selection,
                      const Options& options, bool in_double, console::Progress& progress) {
  return in_double ? measure_in<double>(file, selection, options, progress)
                   : measure_in<float>(file, selection, options, progress);
}

}  // namespace inspect
