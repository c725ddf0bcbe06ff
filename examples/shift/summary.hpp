// What the cells of a study come to, once all are worked out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <dgp/monitoring/shift_detection.hpp>

#include "corruptions.hpp"
#include "study.hpp"

namespace shift {

struct Summary {
  std::vector<std::string> corruptions;
  std::vector<std::map<std::string, double>> rates;  // by detector: means over the intensities
  double rounds_per_rate;                            // batches behind each of these
  std::vector<double> means;                         // by detector: over all corruptions
  std::vector<dgp::DetectionRate> false_alarms;      // by detector, at the shown batch size
  std::vector<Cell> alarming;                        // false alarms beyond doubt
};

inline Summary summary_of(const Study& study) {
  Summary summary;
  summary.rounds_per_rate = static_cast<double>(study.cells.front().result.rounds) *
                            static_cast<double>(corruptions::intensities);
  for (const auto& condition : study.conditions) {
    if (condition.corruption && condition.intensity == 0) {
      summary.corruptions.push_back(condition.name());
    }
  }
  for (const auto& detector : study.detectors) {
    auto& rates = summary.rates.emplace_back();
    double& mean = summary.means.emplace_back(0);
    auto& false_alarms = summary.false_alarms.emplace_back();
    for (const auto& cell : study.cells) {
      if (cell.detector != detector) continue;
      if (study.shows(cell)) {
        // Whole numbers first, so that equal rates are equal.
        rates[cell.condition.name()] += static_cast<double>(cell.result.flagged);
        mean += static_cast<double>(cell.result.flagged);
      } else if (cell.share == 0) {
        if (cell.batch_size == study.shown_batch_size) false_alarms = cell.result;
        if (cell.result.lowest > alpha) summary.alarming.push_back(cell);
      }
    }
    for (auto& [corruption, rate] : rates) rate /= summary.rounds_per_rate;
    mean /= summary.rounds_per_rate * static_cast<double>(summary.corruptions.size());
  }
  return summary;
}

}  // namespace shift
