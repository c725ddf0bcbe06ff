// Layers that several processes share, the processes being threads that exchange through memory.
#pragma once

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/blocked_layers.hpp>

#include "blocked_layers.hpp"

namespace support {

// Where the processes meet. Every call is made by all of them.
class Meeting {
 public:
  explicit Meeting(std::size_t processes)
      : sums(processes), states(processes), all_(static_cast<std::ptrdiff_t>(processes)) {}
  void wait() { all_.arrive_and_wait(); }

  std::vector<std::vector<double>> sums;
  std::vector<std::vector<std::byte>> states;

 private:
  std::barrier<> all_;
};

template <class Measured, class Stored = Measured>
class SharedLayers {
 public:
  using Scalar = Measured;

  SharedLayers(BlockedLayers<Measured, Stored> layers, Meeting& meeting, std::size_t process)
      : layers_(std::move(layers)), meeting_(&meeting), process_(process) {}

  std::size_t size() const { return layers_.size(); }
  dgp::Index rows(std::size_t k) const { return layers_.rows(k); }
  dgp::Index cols(std::size_t k) const { return layers_.cols(k); }
  std::string name(std::size_t k) const { return layers_.name(k); }

  // Parts between cuts go round; blocks within them.
  template <class Visit>
  void for_each_block(std::size_t k, const Visit& visit) {
    const auto cuts = dgp::row_cuts(rows(k), cols(k));
    const std::size_t processes = meeting_->sums.size();
    for (std::size_t part = 0; part + 1 < cuts.size(); ++part) {
      if ((part + k) % processes != process_) continue;
      layers_.for_each_block(k, [&](const auto& block, dgp::Index first_row) {
        const dgp::Index begin = std::max(first_row, cuts[part]);
        const dgp::Index end = std::min(first_row + block.rows(), cuts[part + 1]);
        if (begin >= end) return;
        using Map = std::remove_cvref_t<decltype(block)>;
        visit(Map(block.data() + (begin - first_row) * block.cols(), end - begin, block.cols()),
              begin);
      });
    }
  }

  void add_up(std::span<double> values) {
    gather(values, [](double& sum, double value) { sum += value; });
  }
  void take_largest(std::span<Scalar> values) {
    std::vector<double> wide(values.begin(), values.end());
    gather(std::span(wide), [](double& most, double value) { most = std::max(most, value); });
    std::transform(wide.begin(), wide.end(), values.begin(),
                   [](double value) { return static_cast<Scalar>(value); });
  }
  template <class Combine>
  void merge(std::vector<std::byte>& state, std::size_t most, const Combine& combine) {
    bytes_fit_ = bytes_fit_ && state.size() <= most;
    meeting_->states[process_] = state;
    meeting_->wait();
    // In an order of each process's own.
    const std::size_t processes = meeting_->states.size();
    for (std::size_t i = 1; i < processes; ++i) {
      combine(std::span<const std::byte>(meeting_->states[(process_ + i) % processes]), state);
      bytes_fit_ = bytes_fit_ && state.size() <= most;
    }
    meeting_->wait();
  }

  bool bytes_fit() const { return bytes_fit_; }

 private:
  template <class Add>
  void gather(std::span<double> values, const Add& add) {
    meeting_->sums[process_].assign(values.begin(), values.end());
    meeting_->wait();
    for (std::size_t other = 0; other < meeting_->sums.size(); ++other) {
      if (other == process_) continue;
      for (std::size_t i = 0; i < values.size(); ++i) add(values[i], meeting_->sums[other][i]);
    }
    meeting_->wait();
  }

  BlockedLayers<Measured, Stored> layers_;
  Meeting* meeting_;
  std::size_t process_;
  bool bytes_fit_ = true;
};

}  // namespace support
