// A study of pruning as a table, CSV, JSON, and pictures.
#pragma once

#include <algorithm>
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

// "10 %", "10 % and 5 %", "10 % to 3 %": the shares of some rows.
inline std::string listed(const Study& study, const std::vector<std::size_t>& rows) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    const auto share = [&](std::size_t at) { return percent(study.rows[rows[at]].share); };
    parts.push_back(share(i));
    if (end - i == 2) parts.push_back(share(i + 1));
    if (end - i > 2) parts.back() += " to " + share(end - 1);
    i = end;
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text;
}

inline void print_notes(const Study& study) {
  for (std::size_t s = 0; s < strategies.size(); ++s) {
    if (study.first[s] == 0) continue;
    const auto first = static_cast<double>(study.first[s]);
    std::cout << (strategies[s] == Strategy::forest ? "The forests hold " : "The paths hold ")
              << words::counted(first) << " weights, "
              << number("%.1f %%", 100 * first / static_cast<double>(study.weights))
              << " of all.\n";
  }
  if (!study.without_paths.empty()) {
    std::cout << "There are no paths: " << words::one_line(study.without_paths) << "\n";
  }
  if (!study.biases) std::cout << "The file holds no biases but 0.\n";
}

// Where the forest and the paths leave more accuracy than magnitude alone, and where less.
inline void print_verdicts(const Study& study) {
  const auto down_to = [&](const std::string& what, double Figures::*measure) {
    std::cout << what;
    for (std::size_t s = 0; s < strategies.size(); ++s) {
      const double share = kept_down_to(study, s, measure);
      std::cout << (s == 0 ? "" : ", ") << word_of(strategies[s]) << " "
                << (std::isnan(share) ? "nowhere" : percent(share));
    }
    std::cout << "\n";
  };
  std::cout << "\n";
  down_to("Neural persistence stays within 1 % down to: ", &Figures::neural_persistence);
  down_to("Deep graph persistence: ", &Figures::deep_graph_persistence);
  constexpr std::size_t magnitude = 0;
  std::cout
      << "Accuracy of this network against magnitude, beyond chance in its images (1.96 standard\n"
         "deviations); another training of its kind may fall otherwise:\n";
  for (const std::size_t s : {std::size_t{1}, std::size_t{2}}) {
    if (study.rows[0].figures[s].right.empty()) continue;
    const auto [better, worse] = contest(study, s, magnitude);
    const auto most = [&](const std::vector<std::size_t>& rows) {
      const auto of = [&](std::size_t r, std::size_t strategy) {
        return study.rows[r].figures[strategy].accuracy;
      };
      const std::size_t r =
          *std::max_element(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
            return std::abs(of(a, s) - of(a, magnitude)) < std::abs(of(b, s) - of(b, magnitude));
          });
      return " (" + (rows.size() == 1 ? "" : "most at " + percent(study.rows[r].share) + ": ") +
             number("%.4f", of(r, s)) + " against " + number("%.4f", of(r, magnitude)) + ")";
    };
    std::string text;
    if (!better.empty()) text = "better at " + listed(study, better) + most(better);
    if (!worse.empty()) {
      text += (text.empty() ? "" : ", ") + ("worse at " + listed(study, worse) + most(worse));
    }
    std::cout << "  " << word_of(strategies[s]) << ": "
              << (text.empty() ? "nowhere better or worse" : text) << "\n";
  }
}

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
  std::cout << "\n"
            << (options.scope == Scope::layer ? "Each layer keeps the share of its weights"
                                              : "The share of all weights is kept")
            << ": the largest; first those of its\n"
               "maximum spanning forest, or those on the strongest persistent paths, then the\n"
               "largest; or any (means of "
            << random_rounds << " draws). Biases stay. Nothing is trained again.\n"
            << console::wrapped(study.assumption) << (study.assumption.empty() ? "" : "\n");
  print_notes(study);
  print_verdicts(study);
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
        std::cout << "," << console::exact(figure);
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
                    {"scope", options.scope == Scope::layer ? "layer" : "network"},
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
  for (const std::size_t s : {std::size_t{1}, std::size_t{2}}) {
    if (study.rows[0].figures[s].right.empty()) continue;
    const auto shares_of = [&](const std::vector<std::size_t>& rows) {
      ordered_json shares = ordered_json::array();
      for (const std::size_t r : rows) shares.push_back(study.rows[r].share);
      return shares;
    };
    const auto [better, worse] = contest(study, s, 0);
    auto& against = json["against_magnitude"][word_of(strategies[s])];
    against["weights_first"] = study.first[s];
    against["better"] = shares_of(better);
    against["worse"] = shares_of(worse);
  }
  if (!study.without_paths.empty()) json["reason"] = study.without_paths;
  std::cout << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

// Why lines of a measure end, or are not there; empty where none does.
inline std::string note_on_gaps(const Study& study, const Measure& measure) {
  std::string note;
  for (std::size_t s = 0; s < strategies.size(); ++s) {
    const auto is_gap = [&](const Row& row) { return std::isnan(row.figures[s].*measure.figure); };
    const bool all = std::all_of(study.rows.begin(), study.rows.end(), is_gap);
    const bool any = std::any_of(study.rows.begin(), study.rows.end(), is_gap);
    if (any && !all) {
      note =
          "A line ends where the measure is not defined: where all weights of a layer are equal, "
          "as when none is kept.";
    }
  }
  if (!study.without_paths.empty()) {
    note += (note.empty() ? "" : " ") + ("There are no paths: " + study.without_paths);
  }
  return note;
}

inline void write_picture(const Study& study, const Options& options) {
  std::vector<plot::Chart> charts;
  for (const auto& measure : measures) {
    std::string title = measure.name;
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    if (charts.empty()) {
      title += ": " + std::filesystem::path(options.inputs.model).filename().string();
    }
    plot::Chart chart{title, {"share of the weights that is kept", true}, {measure.unit}};
    for (std::size_t s = 0; s < strategies.size(); ++s) {
      plot::Series series{word_of(strategies[s]), {}, {}};
      for (const Row& row : study.rows) {
        series.x.push_back(row.share);
        series.y.push_back(row.figures[s].*measure.figure);
      }
      chart.series.push_back(series);
    }
    chart.note = note_on_gaps(study, measure);
    charts.push_back(chart);
  }
  console::write_text(options.picture, plot::render(charts));
}

}  // namespace prune
