// What a study works out: how often each method notices each corruption of images, cell by cell.
//
// in:  what to compare, and how many images there are
// out: the cells, in the order of their lines in the study's CSV
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/shift_detection.hpp>

#include "corruptions.hpp"
#include "inputs.hpp"
#include "output.hpp"

namespace shift {

using dgp::FeatureMethod;

struct StudyOptions {
  std::vector<std::string> methods;  // empty: all that the network has features for
  std::vector<std::string> corruptions;
  std::vector<Index> batch_sizes{10, 20, 50, 100, 200};
  std::optional<Index> reference;  // neither told: 1000, or else half of the images
  std::optional<Index> tested;     // 1000, or else all others
  Index rounds = 50;
  std::uint64_t seed = 1;
  std::string output = "dgp-shift-output";
};

// Methods with a feature per class, which can be tested as they are.
inline bool has_few_values(FeatureMethod method) {
  return method == FeatureMethod::softmax || method == FeatureMethod::logit;
}

// A way to tell whether a batch has shifted: by the distances of its features to the class means,
// or by the features themselves.
struct Detector {
  FeatureMethod method;
  bool on_values;

  std::string method_name() const { return std::string(dgp::name_of(method)); }
  std::string test_name() const { return on_values ? "values" : "class_means"; }
  std::string label() const { return method_name() + (on_values ? " (values)" : ""); }
  friend bool operator==(const Detector&, const Detector&) = default;
};

// What was done to images: nothing, or one corruption.
struct Condition {
  std::optional<corruptions::Corruption> corruption;
  std::size_t intensity = 0;

  std::string name() const {
    return corruption ? std::string(corruptions::name_of(*corruption)) : "none";
  }
  std::string label() const {
    return corruption ? name() + " " + std::to_string(intensity) : "false alarms";
  }
  friend bool operator==(const Condition&, const Condition&) = default;
};

// One figure of the study. A share of 0 asks for false alarms.
struct Cell {
  Condition condition;
  Detector detector;
  Index batch_size;
  double share;
  dgp::DetectionRate result{};

  // The fields before the result, as they stand in a line of the CSV.
  std::string key() const {
    return condition.name() + "," + std::to_string(condition.intensity) + "," +
           detector.method_name() + "," + detector.test_name() + "," + std::to_string(batch_size) +
           "," + exact(share) + ",";
  }
};

inline constexpr std::string_view csv_header =
    "corruption,intensity,method,test,batch_size,share,rate,lowest,highest,flagged,rounds\n";

inline constexpr double alpha = 0.05;  // of each verdict, and so what false alarms may reach

// Detectors that can notice no batch of a size, whatever the shift: no p-value is below the level.
struct Powerless {
  Index batch_size;
  double level;
  double smallest_p_value;
  std::vector<Detector> detectors;
};

struct Study {
  std::vector<Detector> detectors;
  std::vector<Condition> conditions;  // the first: no corruption
  std::vector<Cell> cells;            // in the order in which they are worked out
  Index shown_batch_size;             // of the summary and the picture: 50, or else the largest
  Index reference;
  Index tested;
  std::vector<Powerless> powerless{};

  bool shows(const Cell& cell) const {
    return cell.share == 1 && cell.batch_size == shown_batch_size;
  }
};

// All there is to work out, in an order that later runs will follow.
inline Study planned(const StudyOptions& options, const Graphs& graphs, Index images) {
  const auto wanted = [](const std::vector<std::string>& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  Study study;
  for (const FeatureMethod method : dgp::feature_methods) {
    if (!wanted(options.methods, dgp::name_of(method))) continue;
    if (graphs.feature_parts(method).empty()) {
      if (options.methods.empty()) continue;
      throw std::runtime_error(std::string(dgp::name_of(method)) +
                               ": the network has no such features");
    }
    study.detectors.push_back({method, false});
    if (has_few_values(method)) study.detectors.push_back({method, true});
  }
  study.conditions.push_back({});
  for (const auto corruption : corruptions::all) {
    if (!wanted(options.corruptions, corruptions::name_of(corruption))) continue;
    for (std::size_t intensity = 0; intensity < corruptions::intensities; ++intensity) {
      study.conditions.push_back({corruption, intensity});
    }
  }
  const std::set<Index> batch_sizes(options.batch_sizes.begin(), options.batch_sizes.end());
  for (const auto& condition : study.conditions) {
    const std::vector<double> shares =
        condition.corruption ? std::vector<double>{0.25, 0.5, 1} : std::vector<double>{0};
    for (const auto& detector : study.detectors) {
      for (const Index batch_size : batch_sizes) {
        for (const double share : shares) {
          study.cells.push_back({condition, detector, batch_size, share});
        }
      }
    }
  }
  study.shown_batch_size = batch_sizes.contains(50) ? 50 : *batch_sizes.rbegin();
  constexpr Index enough = 1000;
  const auto share_of = [&](const std::optional<Index>& told, Index most, const std::string& name) {
    if (told && *told > most) {
      throw std::runtime_error(name + " " + std::to_string(*told) + ": of these " +
                               std::to_string(images) + " images it can be at most " +
                               std::to_string(most));
    }
    return std::min(told.value_or(enough), most);
  };
  study.reference = share_of(options.reference, images / 2, "--reference");
  study.tested = share_of(options.tested, images - study.reference, "--tested");
  if (study.tested / 2 < *batch_sizes.rbegin()) {
    throw std::runtime_error("batches of " + std::to_string(*batch_sizes.rbegin()) +
                             " images need twice as many to test, but there are " +
                             std::to_string(study.tested) + "; --batch-sizes gives smaller ones");
  }
  return study;
}

}  // namespace shift
