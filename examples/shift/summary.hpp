// What the cells of a study come to, once all are worked out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
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
  std::size_t tests_of_false_alarms = 0;             // methods by sizes of batches
  std::vector<Cell> alarming;                        // false alarms beyond chance
};

// That at least as many rounds are flagged where each is with this chance.
inline double chance_of_so_many(const dgp::DetectionRate& rate, double chance) {
  const auto rounds = static_cast<double>(rate.rounds);
  double sum = 0;
  for (auto k = static_cast<double>(rate.flagged); k <= rounds; ++k) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): on one thread
    const double ways = std::lgamma(rounds + 1) - std::lgamma(k + 1) - std::lgamma(rounds - k + 1);
    const double term = std::exp(ways + k * std::log(chance) + (rounds - k) * std::log1p(-chance));
    sum += term;
    if (k > chance * rounds && term < 1e-12 * sum) break;  // ever smaller ones follow
  }
  return std::min(1.0, sum);
}

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
        ++summary.tests_of_false_alarms;
      }
    }
    for (auto& [corruption, rate] : rates) rate /= summary.rounds_per_rate;
    mean /= summary.rounds_per_rate * static_cast<double>(summary.corruptions.size());
  }
  // One of so many clean methods and sizes gets there by chance in one of twenty studies.
  const double level = 0.05 / static_cast<double>(summary.tests_of_false_alarms);
  for (const auto& cell : study.cells) {
    if (cell.share == 0 && chance_of_so_many(cell.result, alpha) < level) {
      summary.alarming.push_back(cell);
    }
  }
  return summary;
}

}  // namespace shift
