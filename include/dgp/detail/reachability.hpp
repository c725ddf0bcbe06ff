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

// The columns from which each row has an edge above the value.
template <class Scalar>
RowSets sources_above(const WeightView<Scalar>& weights, const Scalar& value) {
  RowSets sources(weights.rows, weights.cols);
  constexpr Index word_bits = RowSets::word_bits;
  for (Index row = 0; row < weights.rows; ++row) {
    std::uint64_t* words = sources.row(row);
    for (Index first = 0; first < weights.cols; first += word_bits) {
      const Index count = std::min(word_bits, weights.cols - first);
      std::uint64_t word = 0;
      for (Index i = 0; i < count; ++i) {
        word |= static_cast<std::uint64_t>(value < weights(row, first + i)) << i;
      }
      words[first / word_bits] = word;
    }
  }
  return sources;
}

template <class Scalar>
bool all_reached_above(const NetworkWeights<Scalar>& network, const Scalar& value) {
  std::vector<WeightView<Scalar>> layers = network.views();
  if (walks_by_column(layers.back())) {
    std::reverse(layers.begin(), layers.end());
    for (auto& layer : layers) layer = layer.transposed();
  }
  RowSets reached = sources_above(layers.front(), value);
  for (std::size_t k = 1; k < layers.size(); ++k) {
    const WeightView<Scalar>& weights = layers[k];
    RowSets next(weights.rows, layers.front().cols);
    for (Index row = 0; row < weights.rows; ++row) {
      for (Index col = 0; col < weights.cols && !next.is_full(row); ++col) {
        if (value < weights(row, col)) next.unite(row, reached.row(col));
      }
    }
    reached = std::move(next);
  }
  for (Index row = 0; row < layers.back().rows; ++row) {
    if (!reached.is_full(row)) return false;
  }
  return true;
}

}  // namespace dgp::detail
