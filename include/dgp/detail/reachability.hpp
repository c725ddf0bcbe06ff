// Whether every output of a network is reached from every input by edges above a value.
//
// in:  the weights of a chain of layers as given, and the value
// out: yes or no
//
// Each neuron has the set of inputs that reach it, a bit for each. The first layer's sets take one
// pass over its weights; a neuron further on unites the sets of its sources until its own is full,
// which in networks of ordinary width is after a few edges. Time O(weights of the first layer)
// then, and O(weights · inputs / 64) at worst; memory one bit for each pair of a neuron and an
// input, of two layers of neurons. Column-major weights are walked from the outputs to the inputs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp::detail {

// A set of numbers below `size` for each row.
class RowSets {
 public:
  static constexpr std::size_t word_bits = 64;

  RowSets(Index rows, Index size)
      : words_((static_cast<std::size_t>(size) + word_bits - 1) / word_bits),
        bits_(static_cast<std::size_t>(rows) * words_),
        last_word_(~std::uint64_t{0} >> (words_ * word_bits - static_cast<std::size_t>(size))) {}

  std::uint64_t* row(Index row) { return bits_.data() + static_cast<std::size_t>(row) * words_; }
  const std::uint64_t* row(Index row) const {
    return bits_.data() + static_cast<std::size_t>(row) * words_;
  }

  std::vector<std::uint64_t>& words() { return bits_; }
  const std::vector<std::uint64_t>& words() const { return bits_; }

  bool is_full(Index at) const {
    const std::uint64_t* words = row(at);
    if (words[words_ - 1] != last_word_) return false;
    return std::all_of(words, words + words_ - 1, [](auto word) { return word + 1 == 0; });
  }

  void unite(Index at, const std::uint64_t* others) {
    std::uint64_t* words = row(at);
    for (std::size_t i = 0; i < words_; ++i) words[i] |= others[i];
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
  std::uint64_t last_word_;
};

// The inputs that reach each neuron of a layer, layer by layer and within one row by row.
class ReachedSets {
 public:
  explicit ReachedSets(Index inputs) : inputs_(inputs), reached_(0, inputs), next_(0, inputs) {}

  // Before the rows of each layer.
  void start_layer(Index rows) {
    is_first_ = reached_rows_ == 0;
    next_ = RowSets(rows, inputs_);
    next_rows_ = rows;
  }
  // Rows of it from that one on, by their weights above the value; all of them in turn.
  template <class Stored, class Scalar>
  void add(const WeightView<Stored>& weights, const Scalar& value, Index first_row = 0) {
    for (Index row = 0; row < weights.rows; ++row) {
      if (is_first_) {
        set_row(weights, value, row, next_.row(first_row + row));
        continue;
      }
      for (Index col = 0; col < weights.cols && !next_.is_full(first_row + row); ++col) {
        if (value < static_cast<Scalar>(weights(row, col))) {
          next_.unite(first_row + row, reached_.row(col));
        }
      }
    }
  }
  // What is known of the layer's rows, for other processes that have seen some of them: a set of
  // bits each, to be united.
  std::vector<std::byte> rows() const {
    const auto bytes = std::as_bytes(std::span(next_.words()));
    return {bytes.begin(), bytes.end()};
  }
  void take_rows(const std::vector<std::byte>& rows) {
    std::memcpy(next_.words().data(), rows.data(), rows.size());
  }
  void end_layer() {
    reached_ = std::move(next_);
    reached_rows_ = next_rows_;
  }

  // Whether each neuron of the last layer is reached from every input.
  bool all_reached() const {
    for (Index row = 0; row < reached_rows_; ++row) {
      if (!reached_.is_full(row)) return false;
    }
    return true;
  }

 private:
  // The columns from which a row has an edge above the value.
  template <class Stored, class Scalar>
  static void set_row(const WeightView<Stored>& weights, const Scalar& value, Index row,
                      std::uint64_t* words) {
    constexpr Index word_bits = RowSets::word_bits;
    for (Index first = 0; first < weights.cols; first += word_bits) {
      const Index count = std::min(word_bits, weights.cols - first);
      std::uint64_t word = 0;
      for (Index i = 0; i < count; ++i) {
        word |= static_cast<std::uint64_t>(value < static_cast<Scalar>(weights(row, first + i)))
                << i;
      }
      words[first / word_bits] = word;
    }
  }

  Index inputs_;
  bool is_first_ = true;
  Index reached_rows_ = 0;
  Index next_rows_ = 0;
  RowSets reached_;
  RowSets next_;
};

template <class Scalar>
bool all_reached_above(const NetworkWeights<Scalar>& network, const Scalar& value) {
  std::vector<WeightView<Scalar>> layers = network.views();
  if (walks_by_column(layers.back())) {
    std::reverse(layers.begin(), layers.end());
    for (auto& layer : layers) layer = layer.transposed();
  }
  ReachedSets reached(layers.front().cols);
  for (const auto& weights : layers) {
    reached.start_layer(weights.rows);
    reached.add(weights, value);
    reached.end_layer();
  }
  return reached.all_reached();
}

}  // namespace dgp::detail
