// The folder of a study, from which an interrupted one goes on.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/monitoring/shift_detection.hpp>

#include "../console.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "study.hpp"

namespace shift {

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

}  // namespace shift
