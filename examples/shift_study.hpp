// How often each method notices each corruption of images, worked out cell by cell.
//
// in:  labelled images, a network, what to compare
// out: a folder with a line for each figure, from which an interrupted study goes on; a summary
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <dgp/concepts.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/class_means.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/shift_detection.hpp>

#include "console.hpp"
#include "corruptions.hpp"
#include "shift_inputs.hpp"
#include "splitmix.hpp"

namespace shift {

using dgp::FeatureMethod;
using nlohmann::ordered_json;

struct StudyOptions {
  std::vector<std::string> methods;  // empty: all that the network has features for
  std::vector<std::string> corruptions;
  std::vector<Index> batch_sizes{10, 20, 50, 100, 200};
  Index reference = 1000;
  Index tested = 1000;
  Index rounds = 50;
  std::uint64_t seed = 1;
  std::string output = "dgp-shift-output";
};

// In the fewest digits that mean this very number.
template <class Real>
std::string exact(Real value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

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

struct Study {
  std::vector<Detector> detectors;
  std::vector<Condition> conditions;  // the first: no corruption
  std::vector<Cell> cells;            // in the order in which they are worked out
  Index shown_batch_size;             // of the summary and the picture: 50, or else the largest
  Index reference;
  Index tested;

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
  study.shown_batch_size = batch_sizes.count(50) > 0 ? 50 : *batch_sizes.rbegin();
  // Where there are few images, half of them for each purpose.
  study.reference = std::min(options.reference, images / 2);
  study.tested = std::min(options.tested, images - study.reference);
  if (study.tested / 2 < *batch_sizes.rbegin()) {
    throw std::runtime_error("batches of " + std::to_string(*batch_sizes.rbegin()) +
                             " images need twice as many to test, but there are " +
                             std::to_string(study.tested));
  }
  return study;
}

// FNV-1a of a file's bytes: enough to tell that a file has become another.
inline std::string fingerprint(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::istreambuf_iterator<char> at(stream), end; at != end; ++at) {
    hash = (hash ^ static_cast<unsigned char>(*at)) * 0x100000001b3;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

// All that the figures depend on.
inline ordered_json settings_of(const Inputs& inputs, const StudyOptions& options,
                                const Study& study) {
  std::set<std::string> methods;
  std::set<std::string> kinds;
  for (const auto& detector : study.detectors) methods.insert(detector.method_name());
  for (const auto& condition : study.conditions) {
    if (condition.corruption) kinds.insert(condition.name());
  }
  return {{"model", fingerprint(inputs.model)},
          {"images", fingerprint(inputs.images)},
          {"labels", fingerprint(inputs.labels)},
          {"activation", inputs.activation},
          {"methods", methods},
          {"corruptions", kinds},
          {"batch_sizes", std::set<Index>(options.batch_sizes.begin(), options.batch_sizes.end())},
          {"reference", study.reference},
          {"tested", study.tested},
          {"rounds", options.rounds},
          {"seed", options.seed}};
}

// The folder of a study: its settings, and a line for each cell that is worked out. A run that is
// stopped at any moment leaves whole lines and at most one that is not.
class Record {
 public:
  // Makes the folder, or takes up what an earlier run of the same settings left there.
  Record(const std::filesystem::path& folder, const ordered_json& settings)
      : settings_(folder / "settings.json"), rates_(folder / "rates.csv") {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error || !std::filesystem::is_directory(folder)) {
      throw std::runtime_error(folder.string() + ": cannot be made a folder");
    }
    if (std::filesystem::exists(settings_)) {
      check_settings(folder, settings);
    } else if (std::filesystem::exists(rates_)) {
      throw std::runtime_error(rates_.string() + " belongs to no study; choose another --output");
    } else {
      console::write_text(settings_, settings.dump(2) + "\n");
    }
  }

  // Fills in the cells that are done; returns how many.
  std::size_t take_up(std::vector<Cell>& cells) {
    std::string text;
    if (std::filesystem::exists(rates_)) {
      std::ifstream stream(rates_, std::ios::binary);
      text.assign(std::istreambuf_iterator<char>(stream), {});
    }
    text.erase(text.rfind('\n') + 1);  // without one, all
    std::size_t at = std::min(text.size(), csv_header.size());
    if (text.substr(0, at) != csv_header.substr(0, at)) damaged(1);
    std::size_t done = 0;
    for (; at < text.size(); ++done) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      const std::string key = done < cells.size() ? cells[done].key() : "";
      if (key.empty() || line.rfind(key, 0) != 0 ||
          !read_result(std::string_view(line).substr(key.size()), cells[done].result)) {
        damaged(done + 2);
      }
      at = end + 1;
    }
    if (text.empty()) {
      text = csv_header;
      console::write_text(rates_, text);
    }
    std::filesystem::resize_file(rates_, text.size());
    stream_.open(rates_, std::ios::binary | std::ios::app);
    return done;
  }

  void add(const Cell& cell) {
    const auto& result = cell.result;
    stream_ << cell.key() + exact(result.rate) + "," + exact(result.lowest) + "," +
                   exact(result.highest) + "," + std::to_string(result.flagged) + "," +
                   std::to_string(result.rounds) + "\n"
            << std::flush;
    if (!stream_) throw std::runtime_error(rates_.string() + ": cannot be written");
  }

 private:
  void check_settings(const std::filesystem::path& folder, const ordered_json& settings) {
    std::ifstream stream(settings_);
    const auto earlier = ordered_json::parse(stream, nullptr, false);
    if (!earlier.is_object()) throw std::runtime_error(settings_.string() + ": not JSON");
    for (const auto& [name, value] : settings.items()) {
      if (earlier.contains(name) && earlier[name] == value) continue;
      throw std::runtime_error(folder.string() + " holds a study with other settings (" + name +
                               "); choose another --output, or remove it");
    }
  }

  [[noreturn]] void damaged(std::size_t line) const {
    throw std::runtime_error(rates_.string() + ", line " + std::to_string(line) +
                             ": not what this study writes there; remove the file to begin anew");
  }

  static bool read_result(std::string_view fields, dgp::DetectionRate& result) {
    const auto read = [&](auto& value) {
      const auto [end, error] =
          std::from_chars(fields.data(), fields.data() + fields.size(), value);
      if (error != std::errc()) return false;
      fields.remove_prefix(static_cast<std::size_t>(end - fields.data()));
      if (!fields.empty() && fields.front() == ',') fields.remove_prefix(1);
      return true;
    };
    return read(result.rate) && read(result.lowest) && read(result.highest) &&
           read(result.flagged) && read(result.rounds) && fields.empty();
  }

  std::filesystem::path settings_;
  std::filesystem::path rates_;
  std::ofstream stream_;
};

using Distances = dgp::RowMajorMatrix<double>;

// What the test compares, of images clean or corrupted; each is made when it is first asked for,
// and kept until the next of its kind is made.
class Witnesses {
 public:
  Witnesses(Graphs graphs, const Pictures& pictures, const std::vector<Index>& labels,
            const Study& study, std::uint64_t seed)
      : graphs_(std::move(graphs)), seed_(seed) {
    set_size(pictures);
    const Matrix images = scaled(pictures, white_of(pictures));
    if (!((images.array() >= 0) && (images.array() <= 1)).all()) {
      throw std::runtime_error(pictures.path + ": corruptions need values in [0, 1]");
    }
    std::vector<Index> order(static_cast<std::size_t>(images.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    splitmix::Stream random(corruptions::mixed(seed, {}));
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[static_cast<std::size_t>(random.below(left))]);
    }
    const auto rows = [&](Index first, Index count) {
      Matrix chosen(count, images.cols());
      for (Index i = 0; i < count; ++i) {
        chosen.row(i) = images.row(order[static_cast<std::size_t>(first + i)]);
      }
      return chosen;
    };
    reference_ = rows(0, study.reference);
    tested_ = rows(study.reference, study.tested);
    for (std::size_t i = 0; i < static_cast<std::size_t>(study.reference); ++i) {
      reference_labels_.push_back(labels[static_cast<std::size_t>(order[i])]);
    }
  }

  // The figures of the tested images under a condition.
  const Distances& of(const Condition& condition, const Detector& detector) {
    const FeatureMethod method = detector.method;
    auto& entry = condition.corruption ? corrupted_ : clean_[method];
    if (!entry || entry->condition != condition || entry->method != method) {
      const Matrix features = dgp::feature_matrix(graphs_, images_of(condition), method);
      entry = {condition, method, means_of(method).distances(features), {}};
      if (has_few_values(method)) entry->values = features.cast<double>();
    }
    return detector.on_values ? entry->values : entry->distances;
  }

 private:
  struct Entry {
    Condition condition;
    FeatureMethod method;
    Distances distances;
    Distances values;  // of methods with few
  };

  void set_size(const Pictures& pictures) {
    std::vector<Index> extents;
    for (std::size_t d = 1; d < pictures.shape.size(); ++d) {
      if (pictures.shape[d] > 1) extents.push_back(static_cast<Index>(pictures.shape[d]));
    }
    if (extents.size() == 1) {
      const auto side = static_cast<Index>(std::lround(std::sqrt(extents[0])));
      if (side * side == extents[0]) extents = {side, side};
    }
    if (extents.size() != 2) {
      throw std::runtime_error(
          pictures.path + ": corruptions need pictures with rows and columns and of one channel");
    }
    height_ = extents[0];
    width_ = extents[1];
  }

  const Matrix& images_of(const Condition& condition) {
    if (!condition.corruption) return tested_;
    if (last_condition_ != condition) {
      corrupted_images_ = corruptions::corrupted(tested_, height_, width_, *condition.corruption,
                                                 condition.intensity, seed_);
      last_condition_ = condition;
    }
    return corrupted_images_;
  }

  const dgp::ClassMeans& means_of(FeatureMethod method) {
    const auto found = means_.find(method);
    if (found != means_.end()) return found->second;
    dgp::ClassMeans means(graphs_.feature_parts(method));
    means.add(dgp::feature_matrix(graphs_, reference_, method), reference_labels_);
    return means_.emplace(method, std::move(means)).first->second;
  }

  Graphs graphs_;
  std::uint64_t seed_;
  Index height_ = 0;
  Index width_ = 0;
  Matrix reference_;
  std::vector<Index> reference_labels_;
  Matrix tested_;
  std::map<FeatureMethod, dgp::ClassMeans> means_;
  std::map<FeatureMethod, std::optional<Entry>> clean_;
  std::optional<Entry> corrupted_;
  std::optional<Condition> last_condition_;
  Matrix corrupted_images_;
};

// Works out what is not done, and calls step(cell number) after each. All methods judge the same
// batches of a condition.
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
  }
}

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
