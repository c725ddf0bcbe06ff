// A study of pruning as a table, CSV, JSON, and pictures.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "../console.hpp"
#include "../plot/chart.hpp"
#include "../plot/svg.hpp"
#include "../words.hpp"
#include "figures.hpp"

namespace prune {

using console::number;

struct Measure {
  std::string key;
  std::string name;
  std::string unit;  // of the axis
  double Figures::*figure;
};

inline const std::vector<Measure> measures{
    {"accuracy", "accuracy", "share of images", &Figures::accuracy},
    {"neural_persistence", "neural persistence", "mean over the layers, normalised",
     &Figures::neural_persistence},
    {"deep_graph_persistence", "deep graph persistence", "normalised",
     &Figures::deep_graph_persistence}};

inline std::string percent(double share) { return number("%g %%", 100 * share); }

inline void print_table(const Study& study, const Options& options) {
  std::cout << words::one_line(options.inputs.model) << ": "
            << words::counted(static_cast<double>(study.weights)) << " weights, "
            << words::counted(static_cast<double>(study.images)) << " images\n\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& measure : measures) {
    auto& heading = rows.emplace_back(std::vector<std::string>{measure.name, "weights"});
    for (const Strategy strategy : strategies) heading.push_back(word_of(strategy));
    for (const Row& row : study.rows) {
      auto& cells = rows.emplace_back(
          std::vector<std::string>{"  " + percent(row.share), std::to_string(row.kept)});
      for (const auto& figures : row.figures) {
        const double figure = figures.*measure.figure;
        cells.push_back(std::isnan(figure) ? "-" : number("%.4f", figure));
      }
    }
  }
  console::print_rows(rows);
  std::cout << "\nMost accuracy (within one image):";
  const auto winners = winners_of(study);
  for (std::size_t r = 0; r < study.rows.size(); ++r) {
    std::cout << (r == 0 ? " " : "; ") << "of " << percent(study.rows[r].share);
    if (winners[r].size() == strategies.size()) {
      std::cout << " all alike";
      continue;
    }
    for (std::size_t i = 0; i < winners[r].size(); ++i) {
      std::cout << (i == 0 ? " " : ", ") << word_of(winners[r][i]);
    }
  }
  std::cout
      << ".\nEach layer keeps the same share of its weights: the largest; first those of its\n"
         "maximum spanning forest, or those on the strongest persistent paths, then the\n"
         "largest; or any (means of "
      << random_rounds << " draws). Biases stay. Nothing is trained again.\n";
  if (!options.picture.empty()) std::cout << "The curves are in " << options.picture << ".\n";
}

inline void print_csv(const Study& study) {
  std::cout << "share,weights,strategy";
  for (const auto& measure : measures) std::cout << "," << measure.key;
  std::cout << "\n";
  for (const Row& row : study.rows) {
    for (std::size_t s = 0; s < strategies.size(); ++s) {
      std::cout << number("%g", row.share) << "," << row.kept << "," << word_of(strategies[s]);
      for (const auto& measure : measures) {
        const double figure = row.figures[s].*measure.figure;
        std::cout << "," << (std::isnan(figure) ? "" : number("%.17g", figure));
      }
      std::cout << "\n";
    }
  }
}

inline void print_json(const Study& study, const Options& options) {
  using nlohmann::ordered_json;
  ordered_json json{{"file", options.inputs.model},
                    {"images", study.images},
                    {"weights", study.weights},
                    {"shares", ordered_json::array()}};
  for (const Row& row : study.rows) {
    ordered_json entry{{"share", row.share}, {"weights", row.kept}};
    for (std::size_t s = 0; s < strategies.size(); ++s) {
      for (const auto& measure : measures) {
        const double figure = row.figures[s].*measure.figure;
        entry[word_of(strategies[s])][measure.key] =
            std::isnan(figure) ? ordered_json(nullptr) : ordered_json(figure);
      }
    }
    json["shares"].push_back(entry);
  }
  std::cout << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

inline void write_picture(const Study& study, const Options& options) {
  std::vector<plot::Chart> charts;
  const std::string file = std::filesystem::path(options.inputs.model).filename().string();
  for (const auto& measure : measures) {
    plot::Chart chart{file + " with fewer weights: " + measure.name,
                      {"share of the weights that is kept", true},
                      {measure.unit}};
    for (std::size_t s = 0; s < strategies.size(); ++s) {
      plot::Series series{word_of(strategies[s]), {}, {}};
      for (const Row& row : study.rows) {
        series.x.push_back(row.share);
        series.y.push_back(row.figures[s].*measure.figure);
      }
      chart.series.push_back(series);
    }
    charts.push_back(chart);
  }
  console::write_text(options.picture, plot::render(charts));
}

}  // namespace prune
