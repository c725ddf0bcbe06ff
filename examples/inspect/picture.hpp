// Reports as pictures of their persistence diagrams.
#pragma once

#include <string>
#include <vector>

#include "../console.hpp"
#include "../plot/persistence_chart.hpp"
#include "../plot/svg.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace inspect {

inline plot::NamedDiagram<double> named_diagram(const std::string& name, const Figures& measured) {
  dgp::PersistenceDiagram<double> diagram;
  for (const double death : measured.deaths) diagram.pairs.push_back({1, death});
  return {name, diagram};
}

inline void write_picture(const std::vector<Report>& reports, const Options& options) {
  std::vector<plot::Chart> charts;
  for (const auto& report : reports) {
    const std::string prefix = reports.size() > 1 ? report.file + ": " : "";
    const auto title = [&](std::string text) {
      if (prefix.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
      return prefix + text;
    };
    std::vector<plot::NamedDiagram<double>> layers;
    for (const auto& layer : report.layers) {
      layers.push_back(named_diagram(layer.name, layer.persistence));
    }
    charts.push_back(plot::persistence_chart(layers, title("neural persistence")));
    std::vector<plot::NamedDiagram<double>> deep;
    if (report.standardized) {
      deep.push_back(
          named_diagram("standardised, rescaled", report.standardized->standardized_rescaled));
      deep.push_back(named_diagram("standardised", report.standardized->standardized));
    }
    if (report.raw) deep.push_back(named_diagram("raw", *report.raw));
    if (!deep.empty()) {
      charts.push_back(plot::persistence_chart(deep, title("deep graph persistence")));
    }
  }
  console::write_text(options.picture, plot::render(charts));
}

}  // namespace inspect
