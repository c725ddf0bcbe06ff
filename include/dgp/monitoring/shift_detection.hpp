// Are the data that a network sees now still like those it was trained on?
//
// in:  figures of clean samples and of a batch in question (samples × tests), for example their
//      distances to the class means of their features (class_means.hpp), or softmax values
// out: whether the batch is flagged as shifted, and by which columns; and, for clean samples and
//      the same samples shifted on purpose, how often batches of a size and a share are flagged
//
// A two-sample Kolmogorov–Smirnov test for each column, Bonferroni-corrected (Girrbach et al. 2023,
// on the detection of covariate shift).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/sample_stream.hpp>
#include <dgp/monitoring/kolmogorov_smirnov.hpp>

namespace dgp {

// What the tests of a batch say.
struct ShiftVerdict {
  bool shifted;                      // whether the smallest p-value is below the level
  double smallest_p_value;           // of all columns
  double level;                      // alpha / number of tests
  std::vector<double> p_values;      // of each column
  std::vector<Index> moved;          // the columns whose p-value is below the level
  double smallest_possible_p_value;  // of any batch of this size beside so many clean samples

  // Whether any batch of this size could be flagged. Where none could, that this one is not flagged
  // says nothing about it.
  bool has_power() const { return smallest_possible_p_value < level; }
};

namespace detail {

inline void check_alpha(double alpha) {
  if (is_nan(alpha) || alpha <= 0 || alpha >= 1) {
    throw std::invalid_argument("shift detection: alpha is " + printed(alpha) +
                                ", but must lie between 0 and 1");
  }
}

// Throws std::invalid_argument for the first figure, row by row, that is NaN.
template <class Derived>
void check_figures(const Eigen::MatrixBase<Derived>& figures, const std::string& name) {
  if (figures.rows() == 0 || figures.cols() == 0) {
    throw std::invalid_argument("shift detection: " + name + " is empty (" +
                                shape(figures.rows(), figures.cols()) + ")");
  }
  for (Index row = 0; row < figures.rows(); ++row) {
    for (Index col = 0; col < figures.cols(); ++col) {
      if (is_nan(figures(row, col))) {
        throw std::invalid_argument("shift detection: " + name + ", row " + std::to_string(row) +
                                    ", column " + std::to_string(col) + " is NaN");
      }
    }
  }
}

inline void check_same_columns(Index clean, Index other, const std::string& name) {
  if (clean != other) {
    throw std::invalid_argument("shift detection: clean has " + std::to_string(clean) +
                                " columns, " + name + " " + std::to_string(other));
  }
}

// Column by column, whatever order Eigen is told to take where none is named.
using Columns = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

inline std::span<const double> sorted_column(Columns& figures, Index col) {
  double* const first = figures.data() + col * figures.rows();
  double* const last = first + figures.rows();
  if (!std::is_sorted(first, last)) std::sort(first, last);  // a monitor's are
  return {first, static_cast<std::size_t>(figures.rows())};
}

}  // namespace detail

// The fewest samples of a batch that detect_shift could flag, beside so many clean samples and with
// so many columns. At least so many are needed for a verdict; more of them notice smaller shifts.
//
// Time that of some 60 calls of smallest_kolmogorov_smirnov_p_value at most. Throws
// std::invalid_argument for no clean samples, no test, and an alpha not between 0 and 1,
// std::length_error where a billion samples would be too few.
inline Index smallest_batch(Index clean_samples, Index tests, double alpha = 0.05) {
  detail::check_alpha(alpha);
  if (clean_samples < 1 || tests < 1) {
    throw std::invalid_argument("shift detection: no batch can be told from " +
                                std::to_string(clean_samples) + " clean samples by " +
                                std::to_string(tests) + " tests");
  }
  const double level = alpha / static_cast<double>(tests);
  const auto is_too_small = [&](Index size) {
    return smallest_kolmogorov_smirnov_p_value(static_cast<std::size_t>(clean_samples),
                                               static_cast<std::size_t>(size)) >= level;
  };
  Index enough = 1;
  while (is_too_small(enough)) enough *= 2;
  Index too_small = enough / 2;
  while (enough - too_small > 1) {
    const Index middle = too_small + (enough - too_small) / 2;
    (is_too_small(middle) ? too_small : enough) = middle;
  }
  return enough;
}

// Whether a batch is shifted, by two dense real Eigen expressions with as many columns, not
// necessarily as many rows; infinite figures are figures like others. Of clean batches at most the
// share alpha is flagged, and rather less where columns depend on each other, as distances do.
//
// On several threads where that pays. Time O(tests × rows × log) and that of the p-values, memory
// O(the figures). Throws std::invalid_argument where there is no row or no column, for numbers of
// columns that differ, for NaN, and for an alpha not between 0 and 1.
template <class Clean, class Batch>
ShiftVerdict detect_shift(const Eigen::DenseBase<Clean>& clean,
                          const Eigen::DenseBase<Batch>& batch, double alpha = 0.05) {
  detail::check_alpha(alpha);
  detail::check_same_columns(clean.cols(), batch.cols(), "the batch");
  detail::Columns clean_figures = clean.derived().matrix().template cast<double>();
  detail::Columns batch_figures = batch.derived().matrix().template cast<double>();
  detail::check_figures(clean_figures, "clean");
  detail::check_figures(batch_figures, "the batch");

  const Index tests = clean.cols();
  ShiftVerdict verdict{};
  verdict.level = alpha / static_cast<double>(tests);
  verdict.p_values.resize(static_cast<std::size_t>(tests));
  const auto clean_rows = static_cast<double>(clean.rows());
  const auto batch_rows = static_cast<double>(batch.rows());
  const double work =
      static_cast<double>(tests) * (32 * (clean_rows + batch_rows) + clean_rows * batch_rows / 8);
  detail::parallel_for(verdict.p_values.size(), work, [&](std::size_t test) {
    const auto col = static_cast<Index>(test);
    verdict.p_values[test] = kolmogorov_smirnov_sorted(detail::sorted_column(clean_figures, col),
                                                       detail::sorted_column(batch_figures, col))
                                 .p_value;
  });
  verdict.smallest_p_value = *std::min_element(verdict.p_values.begin(), verdict.p_values.end());
  // Two ways to sum may differ in the last bit: what is flagged could be.
  verdict.smallest_possible_p_value =
      std::min(verdict.smallest_p_value,
               smallest_kolmogorov_smirnov_p_value(static_cast<std::size_t>(clean.rows()),
                                                   static_cast<std::size_t>(batch.rows())));
  verdict.shifted = verdict.smallest_p_value < verdict.level;
  for (Index test = 0; test < tests; ++test) {
    if (verdict.p_values[static_cast<std::size_t>(test)] < verdict.level) {
      verdict.moved.push_back(test);
    }
  }
  return verdict;
}

// Which batches are drawn, how many, and at what level they are tested.
struct DetectionRateOptions {
  Index batch_size = 50;   // samples; two batches of as many are drawn
  double share = 1;        // of shifted samples in a batch, in [0, 1]; 0 gives the false alarms
  Index rounds = 50;       // at least 1
  double alpha = 0.05;     // between 0 and 1, of all tests of a round together
  std::uint64_t seed = 1;  // the same one draws the same
};

// How often batches are flagged. The bounds are those of the 95 % Wilson score interval: what the
// number of rounds leaves open.
struct DetectionRate {
  double rate;     // flagged / rounds
  double lowest;   // bound of the rate, in [0, 1]
  double highest;  // bound of the rate, in [0, 1]
  Index flagged;   // rounds
  Index rounds;    // as asked for
};

namespace detail {

// The smallest k such that a statistic of k / size, of two samples of that size, has a p-value
// below the level; size + 1 where there is none. So rounds need no p-values of their own.
inline std::int64_t critical_step(Index size, double level) {
  std::int64_t kept = 0;
  std::int64_t flagged = size + 1;
  while (flagged - kept > 1) {
    const std::int64_t k = kept + (flagged - kept) / 2;
    const auto count = static_cast<std::size_t>(size);
    (kolmogorov_smirnov_p_value(k * size, count, count) < level ? flagged : kept) = k;
  }
  return flagged;
}

inline DetectionRate rate_of(Index flagged, Index rounds) {
  constexpr double z = 1.959963984540054;
  const auto count = static_cast<double>(rounds);
  const double rate = static_cast<double>(flagged) / count;
  const double scale = 1 + z * z / count;
  const double middle = (rate + z * z / (2 * count)) / scale;
  const double half =
      z / scale * std::sqrt(rate * (1 - rate) / count + z * z / (4 * count * count));
  return {rate, flagged == 0 ? 0 : middle - half, flagged == rounds ? 1 : middle + half, flagged,
          rounds};
}

}  // namespace detail

// The share of random batches that detect_shift flags. Row i of `clean` and of `shifted` is the
// same sample before and after the shift. Of batches so small that
// smallest_kolmogorov_smirnov_p_value(batch_size, batch_size) is not below alpha / columns it is 0,
// whatever the shift.
//
// Each round draws 2 × batch_size different samples. The first half is the clean batch; of the
// second half, share × batch_size (half a sample rounded to the even number) are taken from
// `shifted`, the others from `clean`. Girrbach et al. draw the two halves independently of each
// other: what stands in both makes the batches alike and the rates too low, the more the larger
// the batches are. The rates they publish, of up to 100 of 1000 samples, do not tell the two apart.
//
// The same options make the same rounds, on any number of threads. Time O(rounds × (rows + tests ×
// batch_size × log)) and that of a few p-values; memory O(the figures + rounds). Throws
// std::invalid_argument for shapes that differ, for NaN, for fewer than 2 × batch_size rows, and
// for options out of range.
template <class Clean, class Shifted>
DetectionRate detection_rate(const Eigen::DenseBase<Clean>& clean,
                             const Eigen::DenseBase<Shifted>& shifted,
                             const DetectionRateOptions& options = {}) {
  detail::check_alpha(options.alpha);
  if (detail::is_nan(options.share) || options.share < 0 || options.share > 1) {
    throw std::invalid_argument("detection rate: share is " + detail::printed(options.share) +
                                ", but must lie in [0, 1]");
  }
  if (options.rounds < 1) throw std::invalid_argument("detection rate: needs at least 1 round");
  if (options.batch_size < 1) {
    throw std::invalid_argument("detection rate: a batch needs at least 1 sample");
  }
  detail::check_same_columns(clean.cols(), shifted.cols(), "shifted");
  if (clean.rows() != shifted.rows()) {
    throw std::invalid_argument("detection rate: " + std::to_string(clean.rows()) +
                                " clean samples, but " + std::to_string(shifted.rows()) +
                                " shifted ones");
  }
  if (options.batch_size > clean.rows() / 2) {
    throw std::invalid_argument("detection rate: two batches of " +
                                std::to_string(options.batch_size) + " need more than " +
                                std::to_string(clean.rows()) + " samples");
  }
  using Figures = RowMajorMatrix<double>;
  const Figures before = clean.derived().matrix().template cast<double>();
  const Figures after = shifted.derived().matrix().template cast<double>();
  detail::check_figures(before, "clean");
  detail::check_figures(after, "shifted");

  const Index size = options.batch_size;
  const auto from_shifted =
      static_cast<Index>(std::nearbyint(options.share * static_cast<double>(size)));
  std::vector<std::uint64_t> seeds(static_cast<std::size_t>(options.rounds));
  std::generate(seeds.begin(), seeds.end(), detail::SampleStream(options.seed));
  std::vector<unsigned char> flags(seeds.size());
  const std::int64_t critical_gap =
      size * detail::critical_step(size, options.alpha / static_cast<double>(before.cols()));
  const double work =
      static_cast<double>(options.rounds) *
      (static_cast<double>(before.rows()) + 64 * static_cast<double>(size * before.cols()));
  detail::parallel_for(flags.size(), work, [&](std::size_t round) {
    detail::SampleStream random(seeds[round]);
    std::vector<Index> samples(static_cast<std::size_t>(before.rows()));
    std::iota(samples.begin(), samples.end(), Index{0});
    detail::Columns clean_batch(size, before.cols());
    detail::Columns batch(size, before.cols());
    for (Index i = 0; i < 2 * size; ++i) {
      const auto others = static_cast<std::uint64_t>(before.rows() - i);
      const auto place = static_cast<std::size_t>(i);
      std::swap(samples[place], samples[place + random.below(others)]);
      const Index drawn = samples[place];
      if (i < size) {
        clean_batch.row(i) = before.row(drawn);
      } else {
        batch.row(i - size) = i - size < from_shifted ? after.row(drawn) : before.row(drawn);
      }
    }
    for (Index col = 0; col < before.cols() && flags[round] == 0; ++col) {
      flags[round] = detail::largest_gap(detail::sorted_column(clean_batch, col),
                                         detail::sorted_column(batch, col)) >= critical_gap;
    }
  });
  return detail::rate_of(std::accumulate(flags.begin(), flags.end(), Index{0}), options.rounds);
}

}  // namespace dgp
