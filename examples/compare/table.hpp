// Comparisons to read: of two files a row for each layer, of more a row for each file, and the
// distances of all pairs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../inspect/table.hpp"
#include "../words.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace compare {

using inspect::cell;

inline std::string cell_or_dash(const std::optional<double>& value) {
  return value ? cell(*value) : "-";
}

// Two files, layer by layer.
inline void print_two(const Comparison& comparison) {
  const Checkpoint& first = comparison.checkpoints[0];
  const Checkpoint& second = comparison.checkpoints[1];
  auto names = short_names(comparison);
  for (auto& name : names) name = words::one_line(name);
  constexpr std::size_t widest = 24;
  if (console::width(names[0]) > widest || console::width(names[1]) > widest) {
    std::cout << "first:  " << names[0] << "\nsecond: " << names[1] << "\n\n";
    names = {"first", "second"};
  }
  std::vector<std::vector<std::string>> rows{
      {"neural persistence", "out x in", names[0], names[1], "distance"}};
  for (std::size_t k = 0; k < first.layers.size(); ++k) {
    const auto& layer = first.report.layers[k];
    rows.push_back({"  " + words::one_line(layer.name), inspect::shape_of(layer),
                    cell(layer.persistence.normalized),
                    cell(second.report.layers[k].persistence.normalized),
                    cell(second.to_previous->layers[k])});
  }
  rows.push_back({"  mean", "", cell(first.report.mean_normalized),
                  cell(second.report.mean_normalized), cell(second.to_previous->mean)});
  if (has_deep(comparison)) {
    rows.push_back({"deep graph persistence", "", cell_or_dash(deep_of(first)),
                    cell_or_dash(deep_of(second)), cell_or_dash(second.to_previous->deep)});
  }
  console::print_rows(rows);
}

// A row for each file of a training.
inline void print_run(const Comparison& comparison) {
  const auto names = short_names(comparison);
  const bool deep = has_deep(comparison);
  std::vector<std::vector<std::string>> rows{{"file", "NP", "to previous", "to first"}};
  if (deep) rows[0].insert(rows[0].end(), {"DGP", "to previous", "to first"});
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Checkpoint& one = comparison.checkpoints[i];
    const auto mean = [](const std::optional<Distance>& distance) {
      return distance ? cell(distance->mean) : "";
    };
    const auto of_deep = [](const std::optional<Distance>& distance) {
      return distance ? cell_or_dash(distance->deep) : "";
    };
    rows.push_back({words::one_line(names[i]), cell(one.report.mean_normalized),
                    mean(one.to_previous), mean(one.to_first)});
    if (!deep) continue;
    rows.back().insert(rows.back().end(), {cell_or_dash(deep_of(one)), of_deep(one.to_previous),
                                           of_deep(one.to_first)});
  }
  console::print_rows(rows);
}

inline void print_matrix(const Comparison& comparison, bool deep) {
  const auto names = short_names(comparison);
  std::vector<std::vector<std::string>> rows(1);
  rows[0].emplace_back(deep ? "deep graph persistence" : "neural persistence, mean");
  for (std::size_t j = 0; j < names.size(); ++j) rows[0].push_back(std::to_string(j + 1));
  for (std::size_t i = 0; i < names.size(); ++i) {
    rows.push_back({"  " + std::to_string(i + 1) + " " + words::one_line(names[i])});
    for (std::size_t j = 0; j < names.size(); ++j) {
      const auto distance =
          deep ? deep_between(comparison, i, j) : std::optional(mean_between(comparison, i, j));
      rows.back().push_back(i == j ? "0" : distance ? console::number("%.4f", *distance) : "-");
    }
  }
  std::cout << "\n";
  console::print_rows(rows);
}

inline void print_table(const Comparison& comparison, const Options& options) {
  const auto& all = comparison.checkpoints;
  const bool two = all.size() == 2;
  if (two) {
    print_two(comparison);
  } else {
    print_run(comparison);
  }
  if (shows_pairs(options, all.size())) {
    print_matrix(comparison, false);
    if (has_deep(comparison)) print_matrix(comparison, true);
  }
  const std::string what = name_of_distance(options.p);
  std::cout << "\n"
            << (two ? "Measures are normalised, p = 2; distances are the " + what +
                          " of diagrams.\n"
                    : "NP is the layers' mean of normalised neural persistence, DGP deep graph "
                      "persistence,\nstandardised and rescaled; p = 2. Distances are the " +
                          what + " of diagrams,\nof NP its mean over the layers.\n");
  std::cout << "Weights count as shares of a file's largest: where that changes, all of NP's\n"
               "diagrams move with it.\n";
  if (!all.front().step) std::cout << "The files stand as they were given.\n";
  // Of many files, the first that something is to be said of stands for all.
  for (const auto& one : all) {
    const auto notes = checkpoint::not_measured_notes(one.report.not_measured);
    for (const auto& note : notes) {
      std::cout << "\n" << words::one_line(one.report.file) << ": " << note << "\n";
    }
    if (!notes.empty()) break;
  }
  const auto without =
      std::find_if(all.begin(), all.end(), [](const Checkpoint& one) { return !one.deep; });
  if (without != all.end()) {
    std::cout << "\n"
              << words::one_line(without->report.file)
              << ": no deep graph persistence: " << without->report.reason << "\n";
  }
}

}  // namespace compare
