// A study as a table with verdicts, as JSON and as a picture.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/monitoring/shift_detection.hpp>

#include "../console.hpp"
#include "../plot/svg.hpp"
#include "../words.hpp"
#include "corruptions.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "study.hpp"
#include "summary.hpp"

namespace shift {

using console::number;

// "0.02 (0.00 to 0.10)"
inline std::string with_interval(const dgp::DetectionRate& rate) {
  return number("%.2f", rate.rate) + " (" + number("%.2f", rate.lowest) + " to " +
         number("%.2f", rate.highest) + ")";
}

// The detector of the largest figure among those that are admitted; nothing if none is.
template <class Admits, class Figure>
std::optional<std::size_t> best_of(const Study& study, const Admits& admits, const Figure& figure) {
  std::optional<std::size_t> best;
  for (std::size_t d = 0; d < study.detectors.size(); ++d) {
    if (admits(study.detectors[d]) && (!best || figure(d) > figure(*best))) best = d;
  }
  return best;
}

inline bool is_any(const Detector&) { return true; }
inline bool is_deep(const Detector& detector) {
  return detector.method_name().rfind("dgp", 0) == 0;
}
inline bool is_other(const Detector& detector) { return !is_deep(detector); }

// Which method is best, where deep graph persistence is not, and whether alarms can be trusted.
inline void print_verdicts(const Study& study, const Summary& summary) {
  const auto named = [&](std::size_t detector, double rate) {
    return study.detectors[detector].label() + " " + number("%.2f", rate);
  };
  const auto mean = [&](std::size_t detector) { return summary.means[detector]; };
  const std::size_t best = *best_of(study, is_any, mean);
  std::cout << "Best over all corruptions: " << named(best, mean(best)) << ".\n";
  const auto best_deep = best_of(study, is_deep, mean);
  if (best_deep && best_of(study, is_other, mean)) {
    std::vector<std::string> behind;
    for (const auto& corruption : summary.corruptions) {
      const auto rate = [&](std::size_t d) { return summary.rates[d].at(corruption); };
      const std::size_t ours = *best_of(study, is_deep, rate);
      const std::size_t theirs = *best_of(study, is_other, rate);
      const auto spread = [](double share) { return share * (1 - share); };
      const double chance =
          2 * std::sqrt((spread(rate(ours)) + spread(rate(theirs))) / summary.rounds_per_rate);
      if (rate(ours) + chance < rate(theirs)) {
        behind.push_back(corruption + " (" + named(ours, rate(ours)) + ", " +
                         named(theirs, rate(theirs)) + ")");
      }
    }
    std::cout << "Deep graph persistence at its best: " << named(*best_deep, mean(*best_deep))
              << ".\n"
              << (behind.empty()
                      ? "No corruption is noticed better, beyond chance, by any other method.\n"
                      : "Better noticed by others, beyond chance: " + joined(behind, ", ") + ".\n");
  }
  if (summary.alarming.empty()) {
    std::cout
        << "No method raises more false alarms than " << exact(alpha)
        << " of the batches, beyond what chance makes of " << summary.tests_of_false_alarms
        << " tests\n"
           "(methods by sizes of batches; both batches are drawn from the same clean images).\n";
  }
  for (const auto& cell : summary.alarming) {
    std::cout << "Too many false alarms: " << cell.detector.label() << " in batches of "
              << cell.batch_size << ", " << with_interval(cell.result) << ".\n";
  }
}

inline void print_powerless(const Study& study) {
  for (const auto& none : study.powerless) {
    std::vector<std::string> labels;
    for (const auto& detector : none.detectors) labels.push_back(detector.label());
    std::cout << "Batches of " << none.batch_size << " are too small to be noticed"
              << (none.detectors == study.detectors ? "" : " by " + joined(labels, ", "))
              << ", whatever the shift: they can have no p-value below "
              << number("%.3g", none.smallest_p_value) << ", and level "
              << number("%.3g", none.level) << " asks for less.\n";
  }
}

inline void print_summary(const Study& study, const Summary& summary, const StudyOptions& options) {
  // Names in two lines keep the columns narrow.
  std::vector<std::vector<std::string>> rows{{""}, {"method"}};
  for (const auto& corruption : summary.corruptions) {
    const std::size_t cut = corruption.rfind('_') + 1;  // 0 where there is none
    rows[0].push_back(corruption.substr(0, cut > 0 ? cut - 1 : 0));
    rows[1].push_back(corruption.substr(cut));
  }
  rows[0].insert(rows[0].end(), {"", "false alarms"});
  rows[1].insert(rows[1].end(), {"mean", "(95 % interval)"});
  for (std::size_t d = 0; d < study.detectors.size(); ++d) {
    auto& row = rows.emplace_back(std::vector<std::string>{study.detectors[d].label()});
    for (const auto& corruption : summary.corruptions) {
      row.push_back(number("%.2f", summary.rates[d].at(corruption)));
    }
    row.push_back(number("%.2f", summary.means[d]));
    row.push_back(with_interval(summary.false_alarms[d]));
  }
  std::cout << "Share of batches of " << study.shown_batch_size
            << " corrupted images that are noticed: means over " << corruptions::intensities
            << " intensities,\n"
            << options.rounds << " batches for each, " << study.reference
            << " images for the class means, " << study.tested << " to test\n\n";
  console::print_rows(rows);
  std::cout << "\n";
  print_verdicts(study, summary);
  print_powerless(study);
  std::cout << "\n"
            << one_line(options.output)
            << " holds rates.csv, with other batch sizes and shares, and rates.svg\n";
}

inline ordered_json json_of(const Detector& detector) {
  return {{"method", detector.method_name()}, {"test", detector.test_name()}};
}

inline ordered_json json_of(const Cell& cell) {
  const bool corrupted = cell.condition.corruption.has_value();
  ordered_json entry;
  if (corrupted) {
    entry["corruption"] = cell.condition.name();
    entry["intensity"] = cell.condition.intensity;
  }
  entry.update(json_of(cell.detector));
  entry["batch_size"] = cell.batch_size;
  if (corrupted) entry["share"] = cell.share;
  entry["rate"] = cell.result.rate;
  entry["lowest"] = cell.result.lowest;
  entry["highest"] = cell.result.highest;
  entry["flagged"] = cell.result.flagged;
  entry["rounds"] = cell.result.rounds;
  return entry;
}

inline ordered_json json_of(const Study& study, const Summary& summary, const Inputs& inputs,
                            float white, const StudyOptions& options) {
  ordered_json methods = ordered_json::array();
  for (std::size_t d = 0; d < study.detectors.size(); ++d) {
    ordered_json& entry = methods.emplace_back(json_of(study.detectors[d]));
    entry["mean_rate"] = summary.means[d];
    entry["rates"] = summary.rates[d];
  }
  const std::size_t best = *best_of(study, is_any, [&](std::size_t d) { return summary.means[d]; });
  ordered_json rates = ordered_json::array();
  ordered_json false_alarms = ordered_json::array();
  for (const auto& cell : study.cells) {
    (cell.condition.corruption ? rates : false_alarms).push_back(json_of(cell));
  }
  ordered_json powerless = ordered_json::array();
  for (const auto& none : study.powerless) {
    for (const auto& detector : none.detectors) {
      ordered_json& entry = powerless.emplace_back(json_of(detector));
      entry["batch_size"] = none.batch_size;
      entry["level"] = none.level;
      entry["smallest_possible_p_value"] = none.smallest_p_value;
    }
  }
  return {{"model", inputs.model},
          {"images", inputs.images},
          {"labels", inputs.labels},
          {"activation", inputs.activation},
          {"white", white},
          {"reference", study.reference},
          {"tested", study.tested},
          {"rounds", options.rounds},
          {"seed", options.seed},
          {"alpha", alpha},
          {"summary",
           {{"batch_size", study.shown_batch_size},
            {"share", 1},
            {"best", json_of(study.detectors[best])},
            {"methods", methods},
            {"too_many_false_alarms", !summary.alarming.empty()}}},
          {"powerless", powerless},
          {"false_alarms", false_alarms},
          {"rates", rates}};
}

// A panel for each corruption, a line for each method; of many methods two, one for those of deep
// graph persistence and one for all others.
inline void write_picture(const Study& study, const Summary& summary, const std::string& model,
                          const std::filesystem::path& path) {
  std::vector<std::string> intensities;
  for (std::size_t i = 0; i < corruptions::intensities; ++i) {
    intensities.push_back(std::to_string(i));
  }
  std::vector<bool (*)(const Detector&)> groups{is_any};
  if (study.detectors.size() > plot::most_lines) groups = {is_deep, is_other};
  std::vector<plot::Chart> charts;
  for (const auto& corruption : summary.corruptions) {
    for (const auto& shown : groups) {
      plot::Chart chart{corruption + ": batches of " + std::to_string(study.shown_batch_size) +
                            " images that " +
                            (shown == is_deep    ? "deep graph persistence notices"
                             : shown == is_other ? "others notice"
                                                 : "each method notices") +
                            " (" + std::filesystem::path(model).filename().string() + ")",
                        {"intensity (the larger, the stronger)", false, intensities},
                        {"share of batches, 95 % intervals", false, {}, {0, 1}}};
      for (const auto& detector : study.detectors) {
        if (!shown(detector)) continue;
        plot::Series series{detector.label(), {}, {}};
        for (const auto& cell : study.cells) {
          if (cell.detector != detector || cell.condition.name() != corruption) continue;
          if (!study.shows(cell)) continue;
          series.x.push_back(static_cast<double>(cell.condition.intensity));
          series.y.push_back(cell.result.rate);
          series.low.push_back(cell.result.lowest);
          series.high.push_back(cell.result.highest);
        }
        chart.series.push_back(std::move(series));
      }
      charts.push_back(std::move(chart));
    }
  }
  console::write_text(path, plot::render(charts, 2));
}

}  // namespace shift
