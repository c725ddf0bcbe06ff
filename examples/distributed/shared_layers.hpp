// The layers of a checkpoint that all processes can open, each of which reads its part of the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
#include <dgp/io/stored_layers.hpp>

#include "processes.hpp"

namespace distributed {

// A process's rows of a layer.
struct Part {
  dgp::Index begin = 0;
  dgp::Index end = 0;
};

// Whether processes work on different layers at a time, so that these are cut no further than it
// takes to give all as much; or on one layer after the other, which then all of them share.
enum class Together { on_all_layers, on_each_layer };

// parts[k][process]: the parts of a layer go to whoever has least to read so far. All processes
// find the same.
template <class Layers>
std::vector<std::vector<Part>> parts_of(const Layers& layers, std::size_t processes,
                                        Together together) {
  std::vector<std::vector<Part>> parts(layers.size(), std::vector<Part>(processes));
  std::vector<double> load(processes, 0);
  const auto weights = [&](std::size_t k) {
    return static_cast<double>(layers.rows(k)) * static_cast<double>(layers.cols(k));
  };
  double all = 0;
  for (std::size_t k = 0; k < layers.size(); ++k) all += weights(k);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto cuts = dgp::row_cuts(layers.rows(k), layers.cols(k));
    std::size_t pieces = std::min(processes, cuts.size() - 1);
    if (together == Together::on_all_layers) {
      // Of half a process's share, at most.
      const double shares = std::ceil(2 * weights(k) / all * static_cast<double>(processes));
      pieces = std::min(pieces, static_cast<std::size_t>(shares));
    }
    std::vector<std::size_t> order(processes);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return load[a] < load[b]; });
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      const auto cut = [&](std::size_t at) { return cuts[(cuts.size() - 1) * at / pieces]; };
      const std::size_t process = order[piece];
      parts[k][process] = {cut(piece), cut(piece + 1)};
      load[process] +=
          static_cast<double>(cut(piece + 1) - cut(piece)) * static_cast<double>(layers.cols(k));
    }
  }
  return parts;
}

// A SharedNetwork.
template <class Measured>
class SharedLayers {
 public:
  using Scalar = Measured;

  SharedLayers(dgp::io::StoredLayers<Measured> layers, Processes& processes)
      : layers_(std::move(layers)), processes_(&processes), parts_(cut(Together::on_all_layers)) {}

  void work(Together together) { parts_ = cut(together); }

  std::size_t size() const { return layers_.size(); }
  dgp::Index rows(std::size_t k) const { return layers_.rows(k); }
  dgp::Index cols(std::size_t k) const { return layers_.cols(k); }
  const std::string& name(std::size_t k) const { return layers_.name(k); }

  template <class Visit>
  void for_each_block(std::size_t k, const Visit& visit) {
    const Part& part = parts_[k][static_cast<std::size_t>(processes_->rank())];
    if (part.begin < part.end) layers_.for_each_block(k, part.begin, part.end, visit);
  }

  void add_up(std::span<double> sums) { processes_->reduce(sums, MPI_SUM); }
  void take_largest(std::span<Measured> values) { processes_->reduce(values, MPI_MAX); }
  void merge(std::vector<std::byte>& state, std::size_t most, const Processes::Combine& combine) {
    processes_->merge(state, most, combine);
  }

 private:
  std::vector<std::vector<Part>> cut(Together together) const {
    return parts_of(layers_, static_cast<std::size_t>(processes_->count()), together);
  }

  dgp::io::StoredLayers<Measured> layers_;
  Processes* processes_;
  std::vector<std::vector<Part>> parts_;
};

}  // namespace distributed
