// Reports as CSV: one row for each layer, one for the network, one for each variant of deep graph
// persistence; an empty field where a measure has no such figure. Of several files, a first column
// says which.
#pragma once

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "../console.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace inspect {

inline void print_csv(const Report& report, const Options& options, const std::string& file_field) {
  using console::exact;
  const auto row = [&](const std::vector<std::string>& fields, const std::vector<double>& deaths,
                       const LayerFigures* layer = nullptr) {
    std::cout << file_field;
    for (std::size_t i = 0; i < fields.size(); ++i) std::cout << (i == 0 ? "" : ",") << fields[i];
    if (options.analysis) {
      std::cout << "," << (layer != nullptr ? exact(layer->spatial_concentration) : "");
    }
    if (options.rounds) {
      if (layer != nullptr && layer->shuffled) {
        const auto& shuffled = *layer->shuffled;
        std::cout << "," << exact(shuffled.mean) << "," << exact(shuffled.standard_deviation) << ","
                  << exact(shuffled.z_score) << "," << exact(shuffled.p_value);
      } else {
        std::cout << ",,,,";
      }
    }
    if (options.deaths) std::cout << "," << console::joined(deaths, "%.17g");
    std::cout << "\n";
  };
  const auto deep_graph = [&](const std::string& variant, const Figures& measured, bool total) {
    row({"deep_graph_persistence_" + variant, "", "", "", total ? exact(measured.total) : "",
         exact(measured.normalized), ""},
        measured.deaths);
  };
  for (const auto& layer : report.layers) {
    row({"neural_persistence", console::csv_field(layer.name), std::to_string(layer.rows),
         std::to_string(layer.cols), exact(layer.persistence.total),
         exact(layer.persistence.normalized), exact(layer.weight_variance)},
        layer.persistence.deaths, &layer);
  }
  row({"network_neural_persistence", "", "", "", exact(report.sum), exact(report.mean_normalized),
       exact(report.weight_variance)},
      {});
  if (report.standardized) {
    deep_graph("standardized_rescaled", report.standardized->standardized_rescaled, true);
    deep_graph("standardized", report.standardized->standardized, true);
  }
  if (report.raw) deep_graph("raw", *report.raw, false);
}

inline void print_csv(const std::vector<Report>& reports, const Options& options) {
  const bool several = options.several;
  std::cout << (several ? "file," : "")
            << "measure,layer,rows,cols,total,normalized,weight_variance"
            << (options.analysis ? ",spatial_concentration" : "")
            << (options.rounds ? ",shuffled_mean,shuffled_deviation,excess,p_value" : "")
            << (options.deaths ? ",deaths\n" : "\n");
  for (const auto& report : reports) {
    print_csv(report, options, several ? console::csv_field(report.file) + "," : "");
  }
}

}  // namespace inspect
