// Findings as tables, and as text on the terminal.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../words.hpp"
#include "claims.hpp"
#include "figures.hpp"

namespace findings {

inline std::string best_fit(const dgp::WeightFits& fits) {
  const std::vector<std::pair<double, std::string>> losses{
      {fits.beta.loss, "beta"},
      {fits.truncated_pareto.loss, "Pareto"},
      {fits.truncated_normal.loss, "normal"},
      {fits.truncated_exponential.loss, "exponential"}};
  const auto best =
      std::min_element(losses.begin(), losses.end(), [](const auto& a, const auto& b) {
        return a.first < b.first || (std::isnan(b.first) && !std::isnan(a.first));
      });
  return std::isnan(best->first) ? "-" : best->second;
}

inline std::vector<std::vector<std::string>> layer_rows(const Findings& findings) {
  std::vector<std::vector<std::string>> rows{{"layer", "shape", "NP", "bounds", "z shuffled",
                                              "variance", "concentration", "z shuffled", "best fit",
                                              "DGP z shuffled"}};
  for (const auto& layer : findings.layers) {
    rows.push_back({words::one_line(layer.name),
                    std::to_string(layer.rows) + "x" + std::to_string(layer.cols),
                    number("%.4f", layer.persistence),
                    number("%.4f", layer.bounds.lower.normalized) + " to " +
                        number("%.4f", layer.bounds.upper.normalized),
                    number("%.1f", layer.shuffled_persistence.z_score),
                    number("%.5f", layer.variance), number("%.4f", layer.spatial_concentration),
                    number("%.1f", layer.shuffled_concentration.z_score), best_fit(layer.fits),
                    layer.shuffled_deep ? number("%.1f", layer.shuffled_deep->z_score) : "-"});
  }
  return rows;
}

inline std::vector<std::vector<std::string>> network_rows(const Findings& findings) {
  const auto or_dash = [](const std::optional<double>& value) {
    return value ? number("%.4f", *value) : "-";
  };
  // Of a training, each layer's neural persistence too, where there is room for a column each.
  constexpr std::size_t most_columns = 6;
  const bool by_layer = findings.training.size() > 1 && findings.layers.size() <= most_columns;
  std::vector<std::vector<std::string>> rows{{"network", "mean NP", "DGP", "weight variance"}};
  if (by_layer) {
    for (const auto& layer : findings.layers) {
      rows[0].push_back("NP of " + words::one_line(layer.name));
    }
  }
  for (const auto& snapshot : findings.training) {
    rows.push_back({words::one_line(std::filesystem::path(snapshot.file).filename().string()),
                    number("%.4f", snapshot.mean_normalized), or_dash(snapshot.deep),
                    number("%.5f", snapshot.weight_variance)});
    if (!by_layer) continue;
    for (const double persistence : snapshot.persistence) {
      rows.back().push_back(number("%.4f", persistence));
    }
  }
  for (const auto& networks : findings.random) {
    rows.push_back({networks.name + " weights",
                    number("%.4f", networks.mean_persistence) + " ± " +
                        number("%.4f", networks.deviation_persistence),
                    networks.mean_deep
                        ? or_dash(networks.mean_deep) + " ± " + or_dash(networks.deviation_deep)
                        : "-",
                    ""});
    rows.back().resize(rows[0].size());
  }
  return rows;
}

inline void print_table(const Findings& findings, const Options& options) {
  console::print_rows(network_rows(findings));
  std::cout << "\n" << words::one_line(findings.training.back().file) << "\n";
  console::print_rows(layer_rows(findings));
  for (const auto& note : checkpoint::not_measured_notes(findings.not_measured)) {
    std::cout << "\n" << console::wrapped(note) << "\n";
  }
  std::cout << "\n" << z_score_note(findings, options) << "\n";
  if (findings.deep_bounds) {
    std::cout << "Deep graph persistence lies between "
              << number("%.4f", findings.deep_bounds->lower.normalized) << " and "
              << number("%.4f", findings.deep_bounds->upper.normalized)
              << " by entry and exit strengths alone.\n";
  } else {
    std::cout << console::wrapped("No deep graph persistence: " +
                                  words::one_line(findings.no_deep_reason))
              << "\n";
  }
  std::cout << "\n";
  for (const auto& claim : claims_of(findings, options)) {
    std::cout << claim.verdict << ": " << claim.claim << "\n    " << claim.figures << "\n";
  }
}

}  // namespace findings
