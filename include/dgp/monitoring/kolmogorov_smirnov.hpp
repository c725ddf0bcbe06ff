// The two-sample Kolmogorov–Smirnov test: do two samples come from one distribution?
//
// in:  two samples of real numbers, not necessarily of one size: ranges or Eigen vectors
// out: the largest distance between their empirical distribution functions, and the probability of
//      one at least as large where both samples come from one continuous distribution
//
// Two-sided. P-values of samples of up to 10,000 values, and of larger ones where the statistic is
// small or one sample is, are exact: merged in ascending order, two samples are a lattice path, all
// paths are equally likely, and the statistic is at least d where the path leaves a band around the
// diagonal (Hodges 1958, The significance probability of the Smirnov two-sample test). The
// probability of leaving it is summed from positive terms only, so that even 1e-300 has all its
// digits. Values that stand in both samples count as in scipy.stats.ks_2samp: the distance is taken
// between the distribution functions, past all equal values, and the p-value is that of samples
// without such values, and so rather too large.
//
// Of others the p-value is that of Kolmogorov's limiting distribution with the correction
// of Vrbik (2018, Small-sample corrections to Kolmogorov–Smirnov test statistic).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>

namespace dgp {

// A dense Eigen vector, or a range of numbers.
template <class T>
concept Sample = WeightMatrix<T> ||
    (std::ranges::input_range<T>&& std::is_arithmetic_v<std::ranges::range_value_t<T>>);

// The outcome of a test.
struct KolmogorovSmirnov {
  double statistic;  // the largest distance of the distribution functions, in [0, 1]
  double p_value;    // in [0, 1]; 0 where it is too small for a double
};

// How the p-value is found.
enum class KolmogorovSmirnovMethod {
  automatic,  // exact where that takes at most half a second: always up to 10,000 values
  exact,      // by lattice paths, however long that takes
  asymptotic  // by the corrected limiting distribution
};

namespace detail {

// The probability that a random lattice path from (0, 0) to (n, m) meets a point (i, j) with
// |i m - j n| >= numerator: A(i, j) = 1 there, else i/(i+j) A(i-1, j) + j/(i+j) A(i, j-1), by the
// last step. Time O(numerator + n + m), which is (n + m) times the width of the band; memory
// O(min(n, m)).
inline double probability_of_leaving(std::int64_t numerator, std::int64_t n, std::int64_t m) {
  if (numerator == 0) return 1;
  if (n > m) std::swap(n, m);
  // A of the points with i + j = steps, one diagonal after the other in one place; by n - i, so
  // that the next diagonal is written in the order in which the last one is read. Points outside
  // hold a 1.
  std::vector<double> left(static_cast<std::size_t>(n) + 2, 1.0);
  left[static_cast<std::size_t>(n)] = 0;
  std::int64_t lowest = 0;  // i of the points inside
  std::int64_t highest = 0;
  for (std::int64_t steps = 1; steps <= n + m; ++steps) {
    // With j = steps - i, i m - j n is i (n + m) - steps n: bounds rise by at most 1 with a step.
    const std::int64_t middle = steps * n;
    const bool rises = steps - lowest > m || lowest * (n + m) - middle <= -numerator;
    if (rises) ++lowest;
    if (highest < std::min(n, steps) && (highest + 1) * (n + m) - middle < numerator) ++highest;
    double* const at = left.data() + (n - highest);
    const auto count = static_cast<std::int32_t>(highest - lowest + 1);
    const auto first = static_cast<std::int32_t>(highest);
    const auto second = static_cast<std::int32_t>(steps - highest);
    const auto both = static_cast<double>(steps);
    for (std::int32_t k = 0; k < count; ++k) {
      at[k] =
          (static_cast<double>(first - k) * at[k + 1] + static_cast<double>(second + k) * at[k]) /
          both;
    }
    if (rises) left[static_cast<std::size_t>(n - lowest + 1)] = 1;
  }
  return left[0];
}

// 1 less Kolmogorov's limiting distribution function, by the series of the two that ends soon.
inline double kolmogorov_survival(double z) {
  if (!(z > 0)) return 1;
  constexpr double pi = 3.14159265358979323846;
  double sum = 0;
  if (z < 1) {
    for (int k = 1; k <= 7; k += 2) sum += std::exp(-k * k * pi * pi / (8 * z * z));
    return 1 - std::sqrt(2 * pi) / z * sum;
  }
  for (int k = 5; k >= 1; --k) sum = std::exp(-2 * k * k * z * z) - sum;
  return 2 * sum;
}

// |i m - j n| at its largest, over all values, i and j counting those of each sample up to there.
inline std::int64_t largest_gap(std::span<const double> first, std::span<const double> second) {
  const auto n = static_cast<std::int64_t>(first.size());
  const auto m = static_cast<std::int64_t>(second.size());
  std::int64_t gap = 0;
  std::int64_t largest = 0;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < first.size() && j < second.size()) {
    const double value = std::min(first[i], second[j]);
    for (; i < first.size() && first[i] == value; ++i) gap += m;
    for (; j < second.size() && second[j] == value; ++j) gap -= n;
    largest = std::max(largest, gap < 0 ? -gap : gap);
  }
  return largest;
}

inline void check_sample_sizes(std::uintmax_t first, std::uintmax_t second) {
  constexpr std::uintmax_t most = 1'000'000'000;  // so that products with counts fit 64 bits
  const auto name = [](bool is_first) { return std::string(is_first ? "first" : "second"); };
  if (first == 0 || second == 0) {
    throw std::invalid_argument("Kolmogorov-Smirnov test: the " + name(first == 0) +
                                " sample is empty");
  }
  if (first > most || second > most) {
    throw std::length_error("Kolmogorov-Smirnov test: the " + name(first > most) + " sample has " +
                            std::to_string(std::max(first, second)) + " values, more than " +
                            std::to_string(most));
  }
}

// A copy in doubles.
template <Sample Numbers>
std::vector<double> numbers_of(Numbers&& sample, const char* which) {
  std::vector<double> numbers;
  if constexpr (WeightMatrix<Numbers>) {
    if (sample.rows() != 1 && sample.cols() != 1 && sample.size() != 0) {
      throw std::invalid_argument(std::string("Kolmogorov-Smirnov test: the ") + which +
                                  " sample is " + shape(sample.rows(), sample.cols()) +
                                  ", but must be a vector");
    }
    numbers.resize(static_cast<std::size_t>(sample.size()));
    Eigen::Map<RowMajorMatrix<double>>(numbers.data(), sample.rows(), sample.cols()) =
        sample.matrix().template cast<double>();
  } else {
    for (const auto number : sample) numbers.push_back(static_cast<double>(number));
  }
  return numbers;
}

}  // namespace detail

// The p-value where the statistic is numerator / (first_size * second_size): a whole number, since
// the statistic is a difference of shares i / first_size and j / second_size.
//
// Exact in time O(numerator + sizes) and memory O(the smaller size), asymptotic in O(1). Throws
// std::invalid_argument for an empty sample and for a numerator that is negative or more than
// the product of the sizes, std::length_error for a sample of more than 10^9 values.
inline double kolmogorov_smirnov_p_value(
    std::int64_t numerator, std::size_t first_size, std::size_t second_size,
    KolmogorovSmirnovMethod method = KolmogorovSmirnovMethod::automatic) {
  detail::check_sample_sizes(first_size, second_size);
  const auto n = static_cast<std::int64_t>(first_size);
  const auto m = static_cast<std::int64_t>(second_size);
  if (numerator < 0 || numerator > n * m) {
    throw std::invalid_argument("Kolmogorov-Smirnov test: a statistic of " +
                                std::to_string(numerator) + " / " + std::to_string(n * m) +
                                " is not in [0, 1]");
  }
  constexpr std::int64_t most_steps = 200'000'000;  // half a second
  if (method == KolmogorovSmirnovMethod::exact ||
      (method == KolmogorovSmirnovMethod::automatic && numerator + n + m <= most_steps)) {
    return detail::probability_of_leaving(numerator, n, m);
  }
  const double product = static_cast<double>(n) * static_cast<double>(m);
  const double size = product / static_cast<double>(n + m);
  const double root = std::sqrt(size);
  const double z = root * (static_cast<double>(numerator) / product);
  const double corrected = z + 1 / (6 * root) + (z - 1) / (4 * size);
  return numerator == 0 ? 1 : std::clamp(detail::kolmogorov_survival(corrected), 0.0, 1.0);
}

// The smallest p-value that two samples of these sizes can have: that of samples where all values
// of one are below all of the other. A test at a level that is not above it can never reject.
//
// 2 / binomial(first_size + second_size, first_size); 0 where that is too small for a double. Time
// O(the smaller size), at most some 1100 steps. Throws as kolmogorov_smirnov_p_value does.
inline double smallest_kolmogorov_smirnov_p_value(std::size_t first_size, std::size_t second_size) {
  detail::check_sample_sizes(first_size, second_size);
  const auto smaller = static_cast<double>(std::min(first_size, second_size));
  const auto larger = static_cast<double>(std::max(first_size, second_size));
  double p_value = 2;
  for (double k = 1; k <= smaller && p_value > 0; ++k) p_value *= k / (larger + k);
  return p_value;
}

// The test of samples in ascending order, which are not copied where they are contiguous doubles;
// infinite values are values like others.
//
// Time O(sizes) and that of the p-value. Throws std::invalid_argument for an empty sample, for NaN,
// for a value below the one before it and for a matrix that is no vector, std::length_error for
// more than 10^9 values.
inline KolmogorovSmirnov kolmogorov_smirnov_sorted(
    std::span<const double> first, std::span<const double> second,
    KolmogorovSmirnovMethod method = KolmogorovSmirnovMethod::automatic) {
  detail::check_sample_sizes(first.size(), second.size());
  for (const auto& sample : {first, second}) {
    for (std::size_t i = 0; i < sample.size(); ++i) {
      if (!detail::is_nan(sample[i]) && (i == 0 || sample[i - 1] <= sample[i])) continue;
      throw std::invalid_argument(
          std::string("Kolmogorov-Smirnov test: value ") + std::to_string(i) + " of the " +
          (sample.data() == first.data() ? "first" : "second") + " sample is " +
          (detail::is_nan(sample[i]) ? "NaN" : "less than the one before it"));
    }
  }
  const std::int64_t gap = detail::largest_gap(first, second);
  const double product = static_cast<double>(first.size()) * static_cast<double>(second.size());
  return {static_cast<double>(gap) / product,
          kolmogorov_smirnov_p_value(gap, first.size(), second.size(), method)};
}
template <Sample First, Sample Second>
KolmogorovSmirnov kolmogorov_smirnov_sorted(
    First&& first, Second&& second,
    KolmogorovSmirnovMethod method = KolmogorovSmirnovMethod::automatic) {
  const auto numbers = [](auto&& sample, const char* which) {
    if constexpr (std::is_convertible_v<decltype(sample), std::span<const double>>) {
      return std::span<const double>(sample);
    } else {
      return detail::numbers_of(sample, which);
    }
  };
  const auto& first_numbers = numbers(first, "first");
  const auto& second_numbers = numbers(second, "second");
  return kolmogorov_smirnov_sorted(std::span<const double>(first_numbers),
                                   std::span<const double>(second_numbers), method);
}

// The test of samples in any order. Time O(sizes × log) and that of the p-value, memory O(sizes).
// Throws std::invalid_argument for an empty sample, for NaN and for a matrix that is no vector,
// std::length_error for more than 10^9 values.
template <Sample First, Sample Second>
KolmogorovSmirnov kolmogorov_smirnov(
    First&& first, Second&& second,
    KolmogorovSmirnovMethod method = KolmogorovSmirnovMethod::automatic) {
  const auto sorted = [](auto&& sample, const char* which) {
    std::vector<double> numbers = detail::numbers_of(sample, which);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (detail::is_nan(numbers[i])) {
        throw std::invalid_argument("Kolmogorov-Smirnov test: value " + std::to_string(i) +
                                    " of the " + which + " sample is NaN");
      }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  };
  return kolmogorov_smirnov_sorted(sorted(first, "first"), sorted(second, "second"), method);
}
// For `{pointer, count}`.
inline KolmogorovSmirnov kolmogorov_smirnov(
    std::span<const double> first, std::span<const double> second,
    KolmogorovSmirnovMethod method = KolmogorovSmirnovMethod::automatic) {
  return kolmogorov_smirnov<std::span<const double>&>(first, second, method);
}

}  // namespace dgp
