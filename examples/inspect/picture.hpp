// Reports as pictures: of their persistence diagrams, of few files each by itself, of many how the
// figures and diagrams of a layer differ from file to file; or of their strongest paths.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../plot/network_picture.hpp"
#include "../plot/persistence_chart.hpp"
#include "../plot/svg.hpp"
#include "figures.hpp"
#include "options.hpp"
#include "paths.hpp"

namespace inspect {

using NamedFigures = std::vector<std::pair<std::string, const Figures*>>;

inline NamedFigures layers_of(const Report& report) {
  NamedFigures layers;
  for (const auto& layer : report.layers) layers.emplace_back(layer.name, &layer.persistence);
  return layers;
}

// The variants of deep graph persistence that there are.
inline NamedFigures variants_of(const Report& report) {
  NamedFigures variants;
  if (report.standardized) {
    variants.emplace_back("standardised, rescaled", &report.standardized->standardized_rescaled);
    variants.emplace_back("standardised", &report.standardized->standardized);
  }
  if (report.raw) variants.emplace_back("raw", &*report.raw);
  return variants;
}

enum class Measure { neural, deep };

inline plot::Chart diagrams_chart(Measure measure, const std::string& of,
                                  const NamedFigures& figures) {
  const bool neural = measure == Measure::neural;
  std::vector<plot::NamedDiagram<double>> diagrams;
  for (const auto& [name, measured] : figures) {
    auto& diagram = diagrams.emplace_back(plot::NamedDiagram<double>{name, {}}).diagram;
    for (const double death : measured->deaths) diagram.pairs.push_back({1, death});
  }
  auto chart = plot::persistence_chart(
      diagrams,
      of + (neural ? ": at which weights the neurons of a layer join (neural persistence)"
                   : ": at which path strengths inputs and outputs join (deep graph persistence)"));
  chart.y.label = neural ? "death (|weight| / largest |weight| of the network)"
                         : "death (strength of the best path, normalised)";
  return chart;
}

inline std::vector<plot::Chart> charts_by_file(const std::vector<Report>& reports,
                                               const std::vector<std::string>& files) {
  std::vector<plot::Chart> charts;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    charts.push_back(diagrams_chart(Measure::neural, files[i], layers_of(reports[i])));
    const auto variants = variants_of(reports[i]);
    if (!variants.empty()) charts.push_back(diagrams_chart(Measure::deep, files[i], variants));
  }
  return charts;
}

// What has one name in several files: a layer, or a variant of deep graph persistence.
struct Row {
  std::string name;
  std::vector<const Figures*> figures;  // by file; null where it has none
};

inline std::vector<Row> rows_of(const std::vector<NamedFigures>& files) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (const auto& [name, figures] : files[i]) {
      const auto has_name = [&name = name](const Row& row) { return row.name == name; };
      auto row = std::find_if(rows.begin(), rows.end(), has_name);
      if (row == rows.end()) {
        row = rows.insert(rows.end(), {name, std::vector<const Figures*>(files.size())});
      }
      row->figures[i] = figures;
    }
  }
  return rows;
}

// The figures of all files and, as long as these are not too many to be seen, their diagrams: a
// chart for each layer and variant.
inline std::vector<plot::Chart> charts_by_row(const std::vector<Report>& reports,
                                              const std::vector<std::string>& files) {
  constexpr std::size_t most_diagrams = 400;
  std::vector<plot::Chart> figures;
  std::vector<plot::Chart> diagrams;
  std::size_t count = 0;
  for (const Measure measure : {Measure::neural, Measure::deep}) {
    const bool neural = measure == Measure::neural;
    std::vector<NamedFigures> all;
    for (const auto& report : reports) {
      all.push_back(neural ? layers_of(report) : variants_of(report));
    }
    plot::Chart chart{std::to_string(files.size()) + " files: " +
                          (neural ? "neural persistence of each layer"
                                  : "deep graph persistence of each network"),
                      {"file", false, files},
                      {"normalised persistence"}};
    for (const Row& row : rows_of(all)) {
      plot::Series series{row.name, {}, {}};
      NamedFigures named;
      for (std::size_t i = 0; i < files.size(); ++i) {
        const Figures* measured = row.figures[i];
        series.y.push_back(measured != nullptr ? measured->normalized
                                               : std::numeric_limits<double>::quiet_NaN());
        if (measured != nullptr) named.emplace_back(files[i], measured);
      }
      chart.series.push_back(std::move(series));
      count += named.size();
      if (count <= most_diagrams) diagrams.push_back(diagrams_chart(measure, row.name, named));
    }
    if (!chart.series.empty()) figures.push_back(plot::legible(std::move(chart)));
  }
  if (count <= most_diagrams) figures.insert(figures.end(), diagrams.begin(), diagrams.end());
  return figures;
}

inline std::vector<std::string> names_of_files(const std::vector<Report>& reports) {
  std::vector<std::string> files;
  for (const auto& report : reports) files.push_back(report.file);
  return checkpoint::names_apart(files);
}

inline std::string paths_picture(const std::vector<Report>& reports) {
  const auto names = names_of_files(reports);
  std::vector<plot::NetworkPicture> pictures;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (reports[i].paths) {
      pictures.push_back(picture_of(*reports[i].paths, names[i]));
    } else {
      pictures.push_back({"No paths through " + names[i], reports[i].reason, {}, {}});
    }
  }
  return plot::render(pictures);
}

inline void write_picture(const std::vector<Report>& reports, const Options& options) {
  if (options.paths > 0) return console::write_text(options.picture, paths_picture(reports));
  constexpr std::size_t few = 6;
  const auto files = names_of_files(reports);
  console::write_text(options.picture,
                      plot::render(reports.size() <= few ? charts_by_file(reports, files)
                                                         : charts_by_row(reports, files)));
}

}  // namespace inspect
