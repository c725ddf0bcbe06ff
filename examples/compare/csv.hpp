// Comparisons as CSV: for each file a row for each layer, one for the network and one for deep
// graph persistence, with their distances; or, of all pairs, a row for each. A value that is not
// defined is empty.
#pragma once

#include <cstddef>
#include <iostream>
#include <limits>
#include <optional>
#include <string>

#include "../console.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace compare {

inline std::string exact(const std::optional<double>& value) {
  return console::exact(value.value_or(std::numeric_limits<double>::quiet_NaN()));
}

inline void print_pairs_csv(const Comparison& comparison) {
  std::cout << "first,second,neural_persistence,deep_graph_persistence\n";
  const auto& all = comparison.checkpoints;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      std::cout << console::csv_field(all[i].report.file) << ","
                << console::csv_field(all[j].report.file) << ","
                << exact(mean_between(comparison, i, j)) << ","
                << exact(deep_between(comparison, i, j)) << "\n";
    }
  }
}

inline void print_csv(const Comparison& comparison, const Options& options) {
  if (options.matrix) return print_pairs_csv(comparison);
  std::cout << "file,step,measure,layer,normalized,to_previous,to_first\n";
  for (const auto& one : comparison.checkpoints) {
    const auto row = [&](const std::string& measure, const std::string& layer,
                         const std::optional<double>& value, const auto& of) {
      std::cout << console::csv_field(one.report.file) << ","
                << (one.step ? std::to_string(*one.step) : "") << "," << measure << ","
                << console::csv_field(layer) << "," << exact(value);
      for (const auto* distance : {&one.to_previous, &one.to_first}) {
        std::cout << "," << (*distance ? exact(of(**distance)) : "");
      }
      std::cout << "\n";
    };
    for (std::size_t k = 0; k < one.layers.size(); ++k) {
      const auto& layer = one.report.layers[k];
      row("neural_persistence", layer.name, layer.persistence.normalized,
          [k](const Distance& distance) { return std::optional(distance.layers[k]); });
    }
    row("network_neural_persistence", "", one.report.mean_normalized,
        [](const Distance& distance) { return std::optional(distance.mean); });
    row("deep_graph_persistence", "", deep_of(one),
        [](const Distance& distance) { return distance.deep; });
  }
}

}  // namespace compare
