// Of a few figures: mean, deviation, correlation, and when a z-score is news.
#pragma once

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <vector>

namespace findings {

inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

inline double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// Whether values differ by more than rounding.
inline bool vary(const std::vector<double>& values) {
  const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
  return *largest - *smallest > 1e-9 * std::max(std::abs(*largest), std::abs(*smallest));
}

// Pearson's r of values that vary.
inline double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = mean_of(x);
  const double mean_y = mean_of(y);
  double products = 0;
  double squares_x = 0;
  double squares_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    products += (x[i] - mean_x) * (y[i] - mean_y);
    squares_x += (x[i] - mean_x) * (x[i] - mean_x);
    squares_y += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return products / std::sqrt(squares_x * squares_y);
}

// By how much one correlation is stronger than another of as many pairs, in units of what chance
// makes of equal ones in one of twenty (Fisher's transformation, independent pairs).
inline double stronger(double r, double other, std::size_t pairs) {
  const double chance = 1.96 * std::sqrt(2 / static_cast<double>(pairs - 3));
  // What rounding leaves of 1 is as strong as 1.
  const auto strength = [](double value) {
    return std::atanh(std::min(std::abs(value), 1 - 1e-9));
  };
  return (strength(r) - strength(other)) / chance;
}

// A z-score beyond this is news: one among as many layers without structure gets there by chance in
// one of twenty networks. The mean and deviation of few shuffles are uncertain themselves
// (Student's t).
inline double news_threshold(std::size_t shuffles, std::size_t layers) {
  const auto count = static_cast<double>(shuffles);
  const boost::math::students_t_distribution<double> t(count - 1);
  return std::sqrt(1 + 1 / count) *
         boost::math::quantile(t, 1 - 0.025 / static_cast<double>(layers));
}

}  // namespace findings
