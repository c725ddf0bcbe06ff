// Reports as pictures of their persistence diagrams: of few files each by itself, of many how the
// layers' diagrams differ from file to file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../console.hpp"
#include "../plot/persistence_chart.hpp"
#include "../plot/svg.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace inspect {

using NamedDiagrams = std::vector<plot::NamedDiagram<double>>;

inline plot::NamedDiagram<double> named_diagram(const std::string& name, const Figures& measured) {
  dgp::PersistenceDiagram<double> diagram;
  for (const double death : measured.deaths) diagram.pairs.push_back({1, death});
  return {name, diagram};
}

inline plot::Chart neural_chart(const NamedDiagrams& diagrams, const std::string& of,
                                const std::string& whose) {
  auto chart = plot::persistence_chart(
      diagrams, of + ": at which weights the neurons of " + whose + " join (neural persistence)");
  chart.y.label = "death (|weight| / largest |weight| of the network)";
  return chart;
}

inline plot::Chart deep_chart(const NamedDiagrams& diagrams, const std::string& of) {
  auto chart = plot::persistence_chart(
      diagrams, of + ": at which path strengths inputs and outputs join (deep graph persistence)");
  chart.y.label = "death (strength of the best path, normalised)";
  return chart;
}

// The variants of deep graph persistence that a report has, with their names.
inline std::vector<std::pair<std::string, const Figures*>> deep_variants(const Report& report) {
  std::vector<std::pair<std::string, const Figures*>> variants;
  if (report.standardized) {
    variants.emplace_back("standardised, rescaled", &report.standardized->standardized_rescaled);
    variants.emplace_back("standardised", &report.standardized->standardized);
  }
  if (report.raw) variants.emplace_back("raw", &*report.raw);
  return variants;
}

// The files without their folders, where that tells them apart.
inline std::vector<std::string> names_of_files(const std::vector<Report>& reports) {
  std::vector<std::string> names;
  std::set<std::string> paths;
  for (const auto& report : reports) {
    names.push_back(std::filesystem::path(report.file).filename().string());
    paths.insert(report.file);
  }
  if (std::set<std::string>(names.begin(), names.end()).size() == paths.size()) return names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = reports[i].file;
  return names;
}

inline std::vector<plot::Chart> charts_by_file(const std::vector<Report>& reports,
                                               const std::vector<std::string>& files) {
  std::vector<plot::Chart> charts;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    NamedDiagrams layers;
    for (const auto& layer : reports[i].layers) {
      layers.push_back(named_diagram(layer.name, layer.persistence));
    }
    charts.push_back(neural_chart(layers, files[i], "each layer"));
    NamedDiagrams deep;
    for (const auto& [name, figures] : deep_variants(reports[i])) {
      deep.push_back(named_diagram(name, *figures));
    }
    if (!deep.empty()) charts.push_back(deep_chart(deep, files[i]));
  }
  return charts;
}

// A chart of all layers over the files, then one for each layer, of its diagrams in each file, and
// the like for deep graph persistence. Layers are known by their names; of many there is the first
// chart only.
inline std::vector<plot::Chart> charts_by_layer(const std::vector<Report>& reports,
                                                const std::vector<std::string>& files) {
  std::vector<std::string> layers;
  for (const auto& report : reports) {
    for (const auto& layer : report.layers) {
      if (std::find(layers.begin(), layers.end(), layer.name) == layers.end()) {
        layers.push_back(layer.name);
      }
    }
  }
  const auto layer_of = [](const Report& report, const std::string& name) {
    const auto at = std::find_if(report.layers.begin(), report.layers.end(),
                                 [&](const LayerFigures& layer) { return layer.name == name; });
    return at == report.layers.end() ? nullptr : &at->persistence;
  };
  const std::string count = std::to_string(reports.size()) + " files";
  std::vector<plot::Chart> charts;
  plot::Chart overview{"Neural persistence of each layer in " + count,
                       {"file", false, files},
                       {"normalised neural persistence"}};
  for (const auto& name : layers) {
    plot::Series& series = overview.series.emplace_back();
    series.label = name;
    for (const auto& report : reports) {
      const Figures* figures = layer_of(report, name);
      series.y.push_back(figures != nullptr ? figures->normalized
                                            : std::numeric_limits<double>::quiet_NaN());
    }
  }
  charts.push_back(plot::legible(std::move(overview)));
  if (layers.size() <= plot::most_lines) {
    for (const auto& name : layers) {
      NamedDiagrams diagrams;
      for (std::size_t i = 0; i < reports.size(); ++i) {
        const Figures* figures = layer_of(reports[i], name);
        if (figures != nullptr) diagrams.push_back(named_diagram(files[i], *figures));
      }
      charts.push_back(neural_chart(diagrams, name, "this layer"));
    }
  }
  for (const std::string variant : {"standardised, rescaled", "standardised", "raw"}) {
    NamedDiagrams diagrams;
    for (std::size_t i = 0; i < reports.size(); ++i) {
      for (const auto& [name, figures] : deep_variants(reports[i])) {
        if (name == variant) diagrams.push_back(named_diagram(files[i], *figures));
      }
    }
    if (!diagrams.empty()) charts.push_back(deep_chart(diagrams, "Weights " + variant));
  }
  return charts;
}

inline void write_picture(const std::vector<Report>& reports, const Options& options) {
  constexpr std::size_t few = 6;
  const auto files = names_of_files(reports);
  console::write_text(options.picture,
                      plot::render(reports.size() <= few ? charts_by_file(reports, files)
                                                         : charts_by_layer(reports, files)));
}

}  // namespace inspect
