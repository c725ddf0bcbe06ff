// How figures change by chance: mean and deviation of the changes.
//
// in:  changes of one figure, and the figure they start from
// out: their summary, in which changes that differ by no more than rounding do not deviate
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace dgp::detail {

inline void check_rounds(std::size_t rounds) {
  if (rounds < 2) throw std::invalid_argument("shuffling needs at least 2 rounds");
}

struct Spread {
  double mean;
  double deviation;  // n - 1 in the denominator
  double smallest;
  double largest;
  double rounding;  // of the figure and those it changes to
};

// Of at least two changes.
inline Spread spread_of(const std::vector<double>& changes, double original) {
  const auto [smallest, largest] = std::minmax_element(changes.begin(), changes.end());
  const double size =
      std::max({std::abs(original), std::abs(original + *smallest), std::abs(original + *largest)});
  const double rounding = 1e-12 * size;
  const auto count = static_cast<double>(changes.size());
  // From the least of them on, so that sums of a million equal changes do not drift.
  double sum = 0;
  for (const double change : changes) sum += change - *smallest;
  const double mean = sum / count;
  double squares = 0;
  for (const double change : changes) {
    squares += (change - *smallest - mean) * (change - *smallest - mean);
  }
  const bool varies = *largest - *smallest > rounding;
  return {*smallest + mean, varies ? std::sqrt(squares / (count - 1)) : 0, *smallest, *largest,
          rounding};
}

}  // namespace dgp::detail
