// Findings as CSV: a row for each figure, with the file and, where it is that of a single layer,
// the layer; an empty value where a figure is not defined.
#pragma once

#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>

#include "../console.hpp"
#include "figures.hpp"

namespace findings {

inline void print_csv(const Findings& findings) {
  const auto row = [](const Snapshot& snapshot, const std::string& layer,
                      const std::string& measure, std::optional<double> value) {
    std::cout << console::csv_field(snapshot.file) << ","
              << (snapshot.step ? std::to_string(*snapshot.step) : "") << ","
              << console::csv_field(layer) << "," << measure << ","
              << (value && std::isfinite(*value) ? console::exact(*value) : "") << "\n";
  };
  std::cout << "file,step,layer,measure,value\n";
  for (const auto& snapshot : findings.training) {
    for (std::size_t k = 0; k < findings.layers.size(); ++k) {
      row(snapshot, findings.layers[k].name, "neural_persistence", snapshot.persistence[k]);
    }
    row(snapshot, "", "neural_persistence", snapshot.mean_normalized);
    row(snapshot, "", "deep_graph_persistence", snapshot.deep);
    row(snapshot, "", "weight_variance", snapshot.weight_variance);
  }
  const Snapshot& last = findings.training.back();
  for (const auto& layer : findings.layers) {
    const auto figure = [&](const std::string& measure, std::optional<double> value) {
      row(last, layer.name, measure, value);
    };
    figure("weight_variance", layer.variance);
    figure("spatial_concentration", layer.spatial_concentration);
    figure("lower_bound", layer.bounds.lower.normalized);
    figure("upper_bound", layer.bounds.upper.normalized);
    figure("shuffled_neural_persistence_z", layer.shuffled_persistence.z_score);
    figure("shuffled_spatial_concentration_z", layer.shuffled_concentration.z_score);
    figure("shuffled_deep_graph_persistence_z",
           layer.shuffled_deep ? std::optional(layer.shuffled_deep->z_score) : std::nullopt);
  }
  for (const auto& networks : findings.random) {
    row(last, "", networks.key + "_neural_persistence", networks.mean_persistence);
    row(last, "", networks.key + "_deep_graph_persistence", networks.mean_deep);
  }
}

}  // namespace findings
