// Spatial concentration: how strongly a layer's large weights gather in few rows and columns.
//
// Girrbach et al. 2023 ("sortedness" in their code) find it to drive neural persistence beside the
// variance of the weights. Columns are put in ascending order of their mean magnitude, then rows;
// where large weights gather, magnitudes then grow along the matrix. How far they do is Kendall's
// tau-b between 0, 1, 2, … and the magnitudes read (a) along anti-diagonals, (b) row by row,
// (c) column by column; the largest of the three counts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/kendall_tau.hpp>
#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

namespace detail {

// 0, 1, 2, … in ascending order of some non-negative numbers; those equal but for rounding stay in
// order. Of two neighbours in size the larger one may exceed the other by so much of itself.
template <class Number>
std::vector<Index> ascending_order(const std::vector<Number>& numbers, const Number& rounding) {
  std::vector<Index> order(numbers.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto number = [&](Index i) { return numbers[static_cast<std::size_t>(i)]; };
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return number(a) < number(b); });
  for (auto first = order.begin(); first != order.end();) {
    auto last = first + 1;
    while (last != order.end() && number(*last) - number(last[-1]) <= rounding * number(*last)) {
      ++last;
    }
    std::sort(first, last);
    first = last;
  }
  return order;
}

// A magnitude and where it stands in the matrix once columns and rows are in order, row by row.
template <class Key>
struct PlacedMagnitude {
  Key key;
  std::uint32_t place;
};

// By ascending key. Integers digit by digit, from the lowest.
template <class Key>
void sort_by_key(std::vector<PlacedMagnitude<Key>>& entries) {
  if constexpr (std::is_unsigned_v<Key>) {
    constexpr int digit_bits = 11;
    constexpr std::size_t digits = std::size_t{1} << digit_bits;
    std::vector<PlacedMagnitude<Key>> sorted(entries.size());
    for (int shift = 0; shift < std::numeric_limits<Key>::digits; shift += digit_bits) {
      const auto digit_of = [&](const auto& entry) {
        return static_cast<std::size_t>(entry.key >> shift) & (digits - 1);
      };
      std::array<std::uint32_t, digits + 1> next{};
      for (const auto& entry : entries) ++next[digit_of(entry) + 1];
      std::partial_sum(next.begin(), next.end(), next.begin());
      for (const auto& entry : entries) sorted[next[digit_of(entry)]++] = entry;
      entries.swap(sorted);
    }
  } else {
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
  }
}

// The columns in ascending order of their means, then the rows in that of theirs. The means are
// those of abs(w) / largest. Rounding of weights to their type and of quotients moves them by half
// an epsilon each, and can part equal ones by twice that: what is no farther apart counts as equal,
// so that the order is that of the same matrix in another scale. Half types have few digits and
// means with many: of them too no more than the rounding of floats is forgiven.
template <class Scalar>
struct MatrixOrder {
  std::vector<Index> rows;
  std::vector<Index> cols;

  MatrixOrder(const WeightView<Scalar>& weights, const Scalar& w_max) {
    using Sum = sum_t<Scalar>;
    const Sum largest = static_cast<Sum>(scaled_by(w_max).largest);
    const auto scaled = [&](Index row, Index col) {
      return Sum(Eigen::numext::abs(static_cast<Sum>(weights(row, col))) / largest);
    };
    std::vector<CompensatedSum<Sum>> of_rows(static_cast<std::size_t>(weights.rows));
    std::vector<CompensatedSum<Sum>> of_cols(static_cast<std::size_t>(weights.cols));
    for (Index row = 0; row < weights.rows; ++row) {
      for (Index col = 0; col < weights.cols; ++col) {
        const Sum value = scaled(row, col);
        of_rows[static_cast<std::size_t>(row)].add(value);
        of_cols[static_cast<std::size_t>(col)].add(value);
      }
    }
    using Rounded = std::conditional_t<(sizeof(Scalar) < sizeof(float)), float, Scalar>;
    const Sum rounding =
        static_cast<Sum>(Eigen::NumTraits<Rounded>::epsilon()) + Eigen::NumTraits<Sum>::epsilon();
    const auto ordered = [&](const std::vector<CompensatedSum<Sum>>& sums) {
      std::vector<Sum> totals;
      totals.reserve(sums.size());
      for (const auto& sum : sums) totals.push_back(Sum(sum.sum + sum.lost));
      return ascending_order(totals, rounding);
    };
    rows = ordered(of_rows);
    cols = ordered(of_cols);
  }
};

// Ranks of the magnitudes, equal for equal ones, by place. Of the weights as given: dividing them
// by the largest keeps their order.
struct MagnitudeRanks {
  std::vector<std::uint32_t> ranks;
  std::uint32_t largest = 0;
  std::int64_t equal_pairs = 0;
};

template <class Scalar>
MagnitudeRanks magnitude_ranks(const WeightView<Scalar>& weights, const Scalar& w_max) {
  const MatrixOrder<Scalar> order(weights, w_max);
  const auto key_of = [](const Scalar& weight) {
    if constexpr (has_ordered_bits<Scalar>) {
      return magnitude_key(weight);
    } else {
      return Scalar(Eigen::numext::abs(weight));
    }
  };
  std::vector<PlacedMagnitude<decltype(key_of(weights(0, 0)))>> entries;
  entries.reserve(static_cast<std::size_t>(weights.rows * weights.cols));
  for (const Index row : order.rows) {
    for (const Index col : order.cols) {
      entries.push_back({key_of(weights(row, col)), static_cast<std::uint32_t>(entries.size())});
    }
  }
  sort_by_key(entries);
  MagnitudeRanks result{std::vector<std::uint32_t>(entries.size())};
  std::int64_t equal = 0;  // to the entries just before
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const bool tie = !(entries[i - 1].key < entries[i].key);
    equal = tie ? equal + 1 : 0;
    result.largest += !tie;
    result.equal_pairs += equal;
    result.ranks[entries[i].place] = result.largest;
  }
  return result;
}

template <class Scalar>
double spatial_concentration(const WeightView<Scalar>& weights, const Scalar& largest) {
  const auto rows = static_cast<std::size_t>(weights.rows);
  const auto cols = static_cast<std::size_t>(weights.cols);
  const MagnitudeRanks ranked = magnitude_ranks(weights, largest);
  const auto count = static_cast<std::int64_t>(rows * cols);

  std::array<double, 3> tau{};
  parallel_for(tau.size(), 60.0 * static_cast<double>(count), [&](std::size_t reading) {
    std::vector<std::uint32_t> ranks;
    if (reading == 0) {
      ranks.reserve(rows * cols);
      for (std::size_t diagonal = 0; diagonal + 1 < rows + cols; ++diagonal) {
        const std::size_t first_row = diagonal < cols ? 0 : diagonal - cols + 1;
        for (std::size_t row = first_row; row < std::min(rows, diagonal + 1); ++row) {
          ranks.push_back(ranked.ranks[row * cols + (diagonal - row)]);
        }
      }
    } else if (reading == 1) {
      ranks = ranked.ranks;
    } else {
      ranks.reserve(rows * cols);
      for (std::size_t col = 0; col < cols; ++col) {
        for (std::size_t row = 0; row < rows; ++row) {
          ranks.push_back(ranked.ranks[row * cols + col]);
        }
      }
    }
    tau[reading] =
        kendall_tau_b(count, ranked.equal_pairs, count_inversions(ranks, ranked.largest));
  });
  return *std::max_element(tau.begin(), tau.end());
}

}  // namespace detail

// Spatial concentration of one layer, in [-1, 1]; NaN where all magnitudes are equal (nothing is
// sorted then).
//
// in:  W (fan_out × fan_in), any dense real expression
// Time O(n log n) and memory O(n) for n weights. Throws std::invalid_argument for an empty matrix
// and for a weight that is not finite, std::length_error for more than 2^32 - 1 weights.
template <Layer Weights>
double spatial_concentration(const Weights& weights) {
  using Scalar = scalar_t<Weights>;
  const detail::NetworkWeights<Scalar> network(weights);
  const Scalar largest = detail::largest_magnitude(network);
  const double count = static_cast<double>(network[0].rows) * static_cast<double>(network[0].cols);
  if (count > static_cast<double>(std::numeric_limits<std::uint32_t>::max())) {
    throw std::length_error(network.label(0) + ": " +
                            detail::shape(network[0].rows, network[0].cols) +
                            " weights are past what ranks hold");
  }
  return detail::spatial_concentration(network[0], largest);
}

}  // namespace dgp
