// dgp-shift evaluate.
//
// in:  labelled images, a network, what to compare
// out: a folder with a line for each figure; a summary
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <dgp/monitoring/kolmogorov_smirnov.hpp>
#include <dgp/monitoring/shift_detection.hpp>

#include "../console.hpp"
#include "../interruption.hpp"
#include "../words.hpp"
#include "corruptions.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "record.hpp"
#include "report.hpp"
#include "study.hpp"
#include "summary.hpp"
#include "witnesses.hpp"

namespace shift {

// Works out what is not done, and calls step(cell number) after each. All methods judge the same
// batches of a condition. Ends between two cells where an end is asked for.
template <class Step>
void work_out(Study& study, std::size_t done, const StudyOptions& options, Witnesses& witnesses,
              Record& record, const Step& step) {
  for (std::size_t i = done; i < study.cells.size(); ++i) {
    Cell& cell = study.cells[i];
    const auto& clean = witnesses.of({}, cell.detector);
    const auto& shifted = witnesses.of(cell.condition, cell.detector);
    const std::uint64_t kind =
        cell.condition.corruption ? static_cast<std::uint64_t>(*cell.condition.corruption) + 1 : 0;
    cell.result = dgp::detection_rate(
        clean, shifted,
        {.batch_size = cell.batch_size,
         .share = cell.share,
         .rounds = options.rounds,
         .alpha = alpha,
         .seed = corruptions::mixed(options.seed, {kind, cell.condition.intensity})});
    record.add(cell);
    step(i);
    if (interruption::signal != 0 && i + 1 < study.cells.size()) {
      throw interruption::Interrupted("with " + std::to_string(i + 1) + " of " +
                                      std::to_string(study.cells.size()) + " figures done; " +
                                      one_line(options.output) +
                                      " holds them, and the same command goes on from there");
    }
  }
}

inline std::vector<Powerless> powerless(const Study& study, const Witnesses& witnesses) {
  std::vector<Powerless> found;
  std::set<Index> batch_sizes;
  for (const auto& cell : study.cells) batch_sizes.insert(cell.batch_size);
  for (const Index batch_size : batch_sizes) {
    const auto count = static_cast<std::size_t>(batch_size);
    const double smallest = dgp::smallest_kolmogorov_smirnov_p_value(count, count);
    std::map<double, std::vector<Detector>> by_level;
    for (const auto& detector : study.detectors) {
      const double level = alpha / static_cast<double>(witnesses.tests_of(detector));
      if (smallest >= level) by_level[level].push_back(detector);
    }
    for (const auto& [level, detectors] : by_level) {
      found.push_back({batch_size, level, smallest, detectors});
    }
  }
  return found;
}

inline void evaluate(const Inputs& inputs, const StudyOptions& options, const std::string& format) {
  Model model = read_model(inputs);
  Graphs graphs = graphs_of(std::move(model.perceptron), inputs);
  const Pictures pictures = read_pictures(inputs.images);
  check_pixels(pictures, graphs, inputs);
  const float white = white_of(pictures, inputs);
  if (format != "json") tell_white("dgp-shift", pictures, inputs);
  const std::vector<Index> labels = read_labels(inputs.labels, pictures);
  Study study = planned(options, graphs, pictures.count());
  Witnesses witnesses(std::move(graphs), pictures, labels, white, study, options.seed);
  study.powerless = powerless(study, witnesses);
  interruption::watch();
  Record record(options.output, settings_of(inputs, white, options, study));
  const std::size_t done = record.take_up(study.cells);

  if (done > 0 && format != "json") {
    std::cout << one_line(options.output) << " holds " << done << " of " << study.cells.size()
              << " figures already\n"
              << std::endl;
  }
  {
    console::Progress progress("evaluate");
    const auto left = static_cast<double>(study.cells.size() - done);
    work_out(study, done, options, witnesses, record, [&](std::size_t i) {
      const Cell& cell = study.cells[i];
      progress.update(static_cast<double>(i + 1 - done) / left,
                      cell.condition.label() + ", " + cell.detector.label());
    });
  }
  const Summary summary = summary_of(study);
  write_picture(study, summary, inputs.model, std::filesystem::path(options.output) / "rates.svg");
  if (format == "json") return print_json(json_of(study, summary, inputs, white, options));
  print_summary(study, summary, options);
  if (!model.assumption.empty()) std::cout << "\n" << console::wrapped(model.assumption) << "\n";
}

}  // namespace shift
