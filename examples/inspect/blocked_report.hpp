// The figures of layers that are read block by block, by their summaries and further reads.
#pragma once

#include <vector>

#include <dgp/blocked_network.hpp>

#include "options.hpp"
#include "report.hpp"

namespace inspect {

// The layers are in the report already.
template <dgp::BlockedNetwork Layers>
void add_blocked_figures(Layers& layers,
                         const std::vector<dgp::LayerSummary<typename Layers::Scalar>>& summaries,
                         const Options& options, Report& report) {
  add_network_figures(
      dgp::neural_persistence(summaries, {.p = options.p, .essential = options.essential}),
      dgp::weight_variance(layers, summaries), options, report);
  const auto measure = [&] {
    const auto deep = dgp::deep_graph_persistence(
        layers, summaries, {.p = options.p, .essential = options.essential, .raw = options.raw});
    if (deep.raw) report.raw = figures(*deep.raw, options);
    report.no_raw = deep.no_raw;
    if (deep.standardized) {
      const auto rescaled =
          dgp::rescaled(*deep.standardized, {.p = options.p, .essential = options.essential});
      report.standardized = {figures(rescaled, options), figures(*deep.standardized, options)};
    }
    report.reason = deep.no_standardized;
  };
  measure_deep_graph(measure, report);
}

}  // namespace inspect
