// Reports to read: of one file a table of layers and variants; of several a row each, with their
// layers below it while these fit a screen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../layer_order.hpp"
#include "../words.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace inspect {

using console::number;

// Rows of text, and what each shows: nothing where there is no diagram.
struct Table {
  std::vector<std::vector<std::string>> rows;
  std::vector<const Figures*> measured;

  void add(std::vector<std::string> row, const Figures* figures) {
    rows.push_back(std::move(row));
    measured.push_back(figures);
  }

  void print(bool deaths) const {
    console::print_rows(rows, [&](std::size_t r) {
      if (deaths && measured[r] != nullptr) {
        std::cout << "    deaths: " << console::joined(measured[r]->deaths, "%.6g") << "\n";
      }
    });
  }
};

inline std::string cell(double value) { return number("%.6f", value); }

inline void print_one(const Report& report, const Options& options) {
  Table table;
  const auto add = [&](std::vector<std::string> row, const Figures* figures,
                       const std::string& concentration = "") {
    if (options.analysis) row.push_back(concentration);
    table.add(std::move(row), figures);
  };
  add({"neural persistence", "out x in", "total", "normalized", "variance"}, nullptr,
      "concentration");
  for (const auto& layer : report.layers) {
    add({"  " + words::one_line(layer.name), words::shape(layer.rows, layer.cols),
         cell(layer.persistence.total), cell(layer.persistence.normalized),
         cell(layer.weight_variance)},
        &layer.persistence, cell(layer.spatial_concentration));
  }
  add({"  network (sum, mean)", "", cell(report.sum), cell(report.mean_normalized),
       cell(report.weight_variance)},
      nullptr);
  if (report.raw) add({"deep graph persistence", "", "", "", ""}, nullptr);
  if (report.standardized) {
    const auto& [rescaled, plain] = *report.standardized;
    add({"  standardised, rescaled", "", cell(rescaled.total), cell(rescaled.normalized), ""},
        &rescaled);
    add({"  standardised", "", cell(plain.total), cell(plain.normalized), ""}, &plain);
  }
  if (report.raw) add({"  raw", "", "", cell(report.raw->normalized), ""}, &*report.raw);

  std::cout << words::one_line(report.file) << "\n\n";
  table.print(options.deaths);
}

inline void print_several(const std::vector<Report>& reports, const Options& options) {
  constexpr std::size_t rows_of_a_screen = 50;
  std::size_t rows = 0;
  for (const auto& report : reports) rows += 1 + report.layers.size();
  const bool with_layers = options.deaths || rows <= rows_of_a_screen;

  Table table;
  const auto add = [&](std::vector<std::string> row, const Figures* figures,
                       const std::string& concentration = "") {
    if (options.analysis && with_layers) row.push_back(concentration);
    table.add(std::move(row), figures);
  };
  add({"file", "out x in", "NP total", "NP", "variance", "DGP", "DGP, plain", "DGP, raw"}, nullptr,
      "concentration");
  for (const auto& report : reports) {
    const auto& deep = report.standardized;
    const std::size_t layers = report.layers.size();
    add({words::one_line(report.file),
         std::to_string(layers) + (layers == 1 ? " layer" : " layers"), cell(report.sum),
         cell(report.mean_normalized), cell(report.weight_variance),
         deep ? cell(deep->standardized_rescaled.normalized) : "-",
         deep ? cell(deep->standardized.normalized) : "-",
         report.raw ? cell(report.raw->normalized) : "-"},
        nullptr);
    if (!with_layers) continue;
    for (const auto& layer : report.layers) {
      add({"  " + words::one_line(layer.name), words::shape(layer.rows, layer.cols),
           cell(layer.persistence.total), cell(layer.persistence.normalized),
           cell(layer.weight_variance), "", "", ""},
          &layer.persistence, cell(layer.spatial_concentration));
    }
  }
  table.print(options.deaths);
  std::cout
      << "\nNP is neural persistence, of a file the sum of its layers' and the mean of their\n"
         "normalised ones. DGP is deep graph persistence, normalised: standardised and\n"
         "rescaled, standardised only, and raw.\n";
}

inline void print_table(const std::vector<Report>& reports, const Options& options) {
  const bool several = reports.size() > 1;
  if (several) {
    print_several(reports, options);
  } else {
    print_one(reports.front(), options);
  }
  const auto assumed_of = [&](const Report& report) {
    return layer_order::assumption(shapes_of(report), report.told,
                                   options.choice.transpose.has_value());
  };
  // Of several files, each note says of which, unless all are alike.
  const std::string of_first = assumed_of(reports.front());
  const bool alike = std::all_of(reports.begin(), reports.end(), [&](const Report& report) {
    return assumed_of(report) == of_first;
  });
  if (alike && !of_first.empty()) std::cout << "\n" << of_first << "\n";
  for (const auto& report : reports) {
    const std::string file = several ? words::one_line(report.file) + ": " : "";
    const std::string assumed = alike ? "" : assumed_of(report);
    if (!assumed.empty()) std::cout << "\n" << file << assumed << "\n";
    for (const auto& note : checkpoint::not_measured_notes(report.not_measured)) {
      std::cout << "\n" << file << note << "\n";
    }
    if (!report.standardized) {
      std::cout << "\n"
                << file << "No " << (report.raw ? "standardised " : "")
                << "deep graph persistence: " << report.reason << "\n";
    }
  }
  std::cout << "\np = " << number("%g", options.p) << ", the essential class "
            << (options.essential == dgp::EssentialClass::dies_at_zero ? "dies at zero"
                                                                       : "is omitted")
            << ". Variance is that of |w| / max |w|, the max over all layers shown:\n"
               "neural persistence mostly tracks it, so compare networks only with both in view.\n";
  if (options.analysis) {
    std::cout
        << "Concentration tells how far large weights gather in few rows and columns: 0 for\n"
           "weights in random places of a large layer, 1 where they are sorted along it, as those\n"
           "of a single row or column always are.\n";
  }
  if (!options.picture.empty()) std::cout << "The diagrams are in " << options.picture << ".\n";
}

}  // namespace inspect
