// The folder of a study, from which an interrupted one goes on.
#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/monitoring/shift_detection.hpp>

#include "../console.hpp"
#include "../folder_lock.hpp"
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
inline ordered_json settings_of(const Inputs& inputs, float white, const StudyOptions& options,
                                const Study& study) {
  std::set<std::string> methods;
  std::set<std::string> kinds;
  for (const auto& detector : study.detectors) methods.insert(detector.method_name());
  for (const auto& condition : study.conditions) {
    if (condition.corruption) kinds.insert(condition.name());
  }
  ordered_json settings{
      {"model", fingerprint(inputs.model)},
      {"images", fingerprint(inputs.images)},
      {"labels", fingerprint(inputs.labels)},
      {"activation", inputs.activation},
      {"white", white},
      {"methods", methods},
      {"corruptions", kinds},
      {"batch_sizes", std::set<Index>(options.batch_sizes.begin(), options.batch_sizes.end())},
      {"reference", study.reference},
      {"tested", study.tested},
      {"rounds", options.rounds},
      {"seed", options.seed}};
  if (!inputs.choice.is_default()) {
    settings["layers"] = {
        inputs.choice.layers, inputs.choice.order,
        inputs.choice.transpose ? ordered_json(*inputs.choice.transpose) : ordered_json(nullptr)};
  }
  return settings;
}

// What a file of the folder holds; nothing where there is none. Throws std::runtime_error for one
// that cannot be read: it may hold a study all the same.
inline std::optional<std::string> contents_of(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& reason) {
    throw std::runtime_error(path.string() + ": cannot be read (" + reason +
                             "), and may hold figures of an earlier study; make it readable, or "
                             "choose another --output");
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return std::nullopt;
  if (status.type() == std::filesystem::file_type::none) refuse(error.message());
  if (!std::filesystem::is_regular_file(status)) refuse("it is no file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) refuse(std::generic_category().message(errno));
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) refuse("not to its end");
  return text;
}

// The folder of a study: its settings, and a line for each cell that is worked out. A run that is
// stopped at any moment leaves whole lines and at most one that is not. Nothing is written over
// that such a run did not leave.
class Record {
 public:
  // Makes the folder, or takes up what an earlier run of the same settings left there.
  Record(const std::filesystem::path& folder, const ordered_json& settings)
      : lock_(folder), settings_(folder / "settings.json"), rates_(folder / "rates.csv") {
    const auto earlier = contents_of(settings_);
    const auto rates = contents_of(rates_);
    if (earlier) {
      check_settings(folder, *earlier, settings);
    } else if (rates) {
      throw std::runtime_error(rates_.string() + " belongs to no study; choose another --output");
    } else {
      console::write_text(settings_, settings.dump(2) + "\n");
    }
    text_ = rates.value_or("");
  }

  // Fills in the cells that are done; returns how many.
  std::size_t take_up(std::vector<Cell>& cells) {
    std::size_t done = 0;
    std::size_t at = std::min(text_.size(), csv_header.size());
    if (text_.substr(0, at) != csv_header.substr(0, at)) damaged(1);
    if (at < csv_header.size()) at = 0;  // to be written anew
    for (std::size_t end; (end = text_.find('\n', at)) != std::string::npos; ++done) {
      const std::string line = text_.substr(at, end - at);
      const std::string key = done < cells.size() ? cells[done].key() : "";
      if (key.empty() || line.rfind(key, 0) != 0 ||
          !read_result(std::string_view(line).substr(key.size()), cells[done].result)) {
        damaged(done + 2);
      }
      at = end + 1;
    }
    if (at > 0) check_last(text_.substr(at), done, cells);
    if (at == 0) {
      console::write_text(rates_, std::string(csv_header));
      at = csv_header.size();
    }
    std::error_code error;
    std::filesystem::resize_file(rates_, at, error);
    if (!error) stream_.open(rates_, std::ios::binary | std::ios::app);
    if (error || !stream_) {
      if (!error) error = {errno, std::generic_category()};
      throw std::runtime_error(rates_.string() + ": cannot be written on (" + error.message() +
                               "); make it writable, or choose another --output");
    }
    return done;
  }

  void add(const Cell& cell) {
    const auto& result = cell.result;
    stream_ << cell.key() + exact(result.rate) + "," + exact(result.lowest) + "," +
                   exact(result.highest) + "," + std::to_string(result.flagged) + "," +
                   std::to_string(result.rounds) + "\n"
            << std::flush;
    if (!stream_) {
      throw std::runtime_error(rates_.string() + ": cannot be written on (" +
                               std::generic_category().message(errno) +
                               "); the same command goes on from here once it can");
    }
  }

 private:
  void check_settings(const std::filesystem::path& folder, const std::string& text,
                      const ordered_json& settings) {
    const auto earlier = ordered_json::parse(text, nullptr, false);
    if (!earlier.is_object()) {
      throw std::runtime_error(settings_.string() +
                               ": not JSON, so that nobody can tell what study is in the folder; "
                               "choose another --output, or remove the folder");
    }
    for (const auto& [name, value] : settings.items()) {
      if (earlier.contains(name) && earlier[name] == value) continue;
      throw std::runtime_error(folder.string() + " holds a study with other settings (" + name +
                               "); choose another --output, or remove it");
    }
  }

  // A line that a run was stopped in is the beginning of one.
  void check_last(const std::string& line, std::size_t done, const std::vector<Cell>& cells) const {
    if (line.empty()) return;
    const std::string key = done < cells.size() ? cells[done].key() : "";
    const std::size_t common = std::min(line.size(), key.size());
    if (key.empty() || line.compare(0, common, key, 0, common) != 0 ||
        line.find_first_not_of("0123456789.,e+-", common) != std::string::npos) {
      damaged(done + 2);
    }
  }

  [[noreturn]] void damaged(std::size_t line) const {
    throw std::runtime_error(rates_.string() + ", line " + std::to_string(line) +
                             ": not what this study writes there; remove it and what follows to go "
                             "on from there, or the file to begin anew");
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

  console::FolderLock lock_;
  std::filesystem::path settings_;
  std::filesystem::path rates_;
  std::string text_;  // of the earlier run's figures
  std::ofstream stream_;
};

}  // namespace shift
