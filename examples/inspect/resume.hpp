// The layers that are measured already, in a file: so that an interrupted measurement of a large
// checkpoint goes on where it was.
//
// The file is a safetensors file, written whole or not at all: its identity, of all that the
// summaries depend on, and two tensors for each layer. It is written anew after a layer where that
// takes little beside what has been read since, and before the program ends.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/blocked_network.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>
#include <dgp/io/stored_layers.hpp>

#include "../words.hpp"

namespace inspect {

// FNV-1a, less than 2^53, so that a double holds it.
inline double hash_of(const std::string& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<double>(hash >> 11);
}

// A number for all that the summaries depend on: files, their sizes and times, tensors, their
// places, shapes and types, and the type in which they are measured.
template <class Scalar>
double identity_of(const std::vector<std::pair<std::string, dgp::io::StoredRows>>& layers) {
  std::string text = "1 " + std::to_string(sizeof(Scalar));
  for (const auto& [name, rows] : layers) {
    text += "\n" + std::to_string(name.size()) + name + " " + rows.path.filename().string();
    const auto written = rows.written.time_since_epoch().count();
    for (const auto number : {static_cast<std::int64_t>(rows.size), std::int64_t{written},
                              static_cast<std::int64_t>(rows.begin), std::int64_t{rows.rows},
                              std::int64_t{rows.cols}, static_cast<std::int64_t>(rows.type)}) {
      text += " " + std::to_string(number);
    }
  }
  return hash_of(text);
}

template <class Scalar>
class Resumption {
  using Clock = std::chrono::steady_clock;
  using Forest = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

 public:
  using Summary = dgp::LayerSummary<Scalar>;

  // Nothing is kept without a path. Throws std::runtime_error for a file that is there and holds
  // anything else.
  Resumption(std::string path,
             const std::vector<std::pair<std::string, dgp::io::StoredRows>>& layers)
      : path_(std::move(path)), identity_(identity_of<Scalar>(layers)), summaries_(layers.size()) {
    std::error_code error;
    if (path_.empty() || !std::filesystem::exists(path_, error)) return;
    dgp::io::SafetensorsFile file(path_);
    const auto refuse = [&](const std::string& what) {
      throw std::runtime_error(words::one_line(path_) + ": " + what +
                               "; remove it, or choose another --resume");
    };
    for (const auto& tensor : file.tensors()) {
      if (tensor.name != "identity") continue;
      const auto there = file.read_rows<double>(tensor);
      if (tensor.type == "F64" && there.size() == 1 && there(0, 0) == identity_) {
        read(file, layers);
        return;
      }
      refuse("it holds layers of another checkpoint, or of this one before it changed");
    }
    refuse("not a file of --resume");
  }

  const std::optional<Summary>& operator[](std::size_t k) const { return summaries_[k]; }
  std::size_t done() const {
    std::size_t count = 0;
    for (const auto& summary : summaries_) count += summary.has_value() ? 1U : 0U;
    return count;
  }

  void add(std::size_t k, Summary summary) {
    summaries_[k] = std::move(summary);
    is_saved_ = false;
    // A twentieth of the time at most goes into writing.
    if (Clock::now() - saved_at_ > 20 * saving_took_) save();
  }

  // Where the file cannot be written the measurement goes on without, and says so once.
  void save() {
    if (path_.empty() || is_saved_ || failed_) return;
    const auto start = Clock::now();
    try {
      write();
      is_saved_ = true;
    } catch (const std::runtime_error& error) {
      failed_ = true;
      std::cerr << "dgp-inspect: " << error.what() << "; going on without\n";
    }
    saved_at_ = Clock::now();
    saving_took_ = saved_at_ - start;
  }

 private:
  static std::string name_of(std::size_t k, const char* part) {
    return std::to_string(k) + "." + part;
  }

  // The numbers of a summary, its forest, and a hash of both.
  static std::vector<dgp::io::NamedTensor> tensors_of(std::size_t k, const Summary& summary) {
    using dgp::io::named_tensor;
    const Eigen::Matrix<double, 1, 6> numbers{
        {static_cast<double>(summary.smallest), static_cast<double>(summary.largest), summary.mean,
         summary.variance, summary.magnitude_mean, summary.magnitude_variance}};
    auto forest =
        named_tensor(name_of(k, "forest"),
                     Eigen::Map<const Forest>(summary.forest.data(), std::ssize(summary.forest)));
    auto named = named_tensor(name_of(k, "numbers"), numbers);
    auto hash = named_tensor(name_of(k, "hash"),
                             Eigen::Matrix<double, 1, 1>(hash_of(named.bytes + forest.bytes)));
    return {std::move(named), std::move(forest), std::move(hash)};
  }

  void write() const {
    std::vector<dgp::io::NamedTensor> tensors{
        dgp::io::named_tensor("identity", Eigen::Matrix<double, 1, 1>(identity_))};
    for (std::size_t k = 0; k < summaries_.size(); ++k) {
      if (!summaries_[k]) continue;
      for (auto& tensor : tensors_of(k, *summaries_[k])) tensors.push_back(std::move(tensor));
    }
    dgp::io::write_safetensors(path_, tensors);
  }

  void read(dgp::io::SafetensorsFile& file,
            const std::vector<std::pair<std::string, dgp::io::StoredRows>>& layers) {
    const auto has = [&](const std::string& name) {
      return std::any_of(file.tensors().begin(), file.tensors().end(),
                         [&](const auto& tensor) { return tensor.name == name; });
    };
    for (std::size_t k = 0; k < layers.size(); ++k) {
      if (!has(name_of(k, "forest"))) continue;
      const auto forest = file.read_rows<Scalar>(file.tensor(name_of(k, "forest")));
      const auto numbers = file.read_rows<double>(file.tensor(name_of(k, "numbers")));
      const Eigen::VectorXd hash =
          file.read_rows<double>(file.tensor(name_of(k, "hash"))).reshaped();
      const auto& rows = layers[k].second;
      Summary summary{rows.rows, rows.cols, {}, {}, {}, {}, {}, {}, {}};
      if (numbers.size() == 6) {
        summary.forest.assign(forest.data(), forest.data() + forest.size());
        summary.smallest = static_cast<Scalar>(numbers(0));
        summary.largest = static_cast<Scalar>(numbers(1));
        summary.mean = numbers(2);
        summary.variance = numbers(3);
        summary.magnitude_mean = numbers(4);
        summary.magnitude_variance = numbers(5);
      }
      const bool is_whole =
          forest.size() == rows.rows + rows.cols - 1 && hash.size() == 1 &&
          tensors_of(k, summary).back().bytes == dgp::io::named_tensor("", hash).bytes;
      if (!is_whole) {
        throw std::runtime_error(words::one_line(path_) + ": layer " + std::to_string(k) +
                                 " is damaged; remove it, or choose another --resume");
      }
      summaries_[k] = std::move(summary);
    }
  }

  std::string path_;
  double identity_;
  std::vector<std::optional<Summary>> summaries_;
  bool is_saved_ = true;
  bool failed_ = false;
  Clock::time_point saved_at_ = Clock::now();
  Clock::duration saving_took_{};
};

}  // namespace inspect
