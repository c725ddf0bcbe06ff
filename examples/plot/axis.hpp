// The axes of a plot: where numbers lie on them, how far they reach, and their ticks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include "chart.hpp"
#include "text.hpp"

namespace plot {

// Beyond largest a number counts as infinite, below smallest as zero: arithmetic in between neither
// overflows nor underflows.
inline constexpr double largest = 1e280;
inline constexpr double smallest = 1e-280;

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// 10^exponent, the same everywhere: the standard library's pow need not be.
inline double power(int exponent) {
  double result = 1;
  for (int i = 0; i < std::abs(exponent); ++i) result *= 10;
  return exponent < 0 ? 1 / result : result;
}

// mantissa × 10^exponent, rounded once where the exponent is small: 3 × 10^-1 is 0.3.
inline double scaled(long long mantissa, int exponent) {
  const auto value = static_cast<double>(mantissa);
  return exponent < 0 ? value / power(-exponent) : value * power(exponent);
}

inline bool is_logarithmic(const Axis& axis) { return axis.logarithmic && axis.categories.empty(); }

// Where a number lies on an axis: itself or its decimal logarithm; NaN where it has no place.
inline double place(const Axis& axis, double value) {
  if (!(std::abs(value) <= largest)) return not_a_number;
  if (!is_logarithmic(axis)) return std::abs(value) < smallest ? 0 : value;
  return value > 0 ? std::log10(value) : not_a_number;
}

// An interval of places.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double span() const { return high - low; }
  double share(double value) const { return (value - low) / span(); }
};

// The range to draw: something that is not empty, and a little more than the data, but with no
// numbers below zero where the data has none.
inline Range padded(Range range, bool logarithmic, double share) {
  if (!(range.low <= range.high)) return {0, 1};
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  if (range.span() <= 1e-12 * magnitude || range.span() == 0) {
    const double half = logarithmic ? 0.5 : magnitude == 0 ? 1 : 0.1 * magnitude;
    return {range.low - half, range.high + half};
  }
  const double pad = share * range.span();
  Range result{range.low - pad, range.high + pad};
  if (!logarithmic && range.low >= 0) result.low = std::max(result.low, 0.0);
  if (!logarithmic && range.high <= 0) result.high = std::min(result.high, 0.0);
  return result;
}

// The least of 1, 2, 5, 10, 20, 50, … that is not less than this.
inline std::size_t round_number(double least) {
  std::size_t number = 1;
  for (std::size_t i = 0; static_cast<double>(number) < least && i < 50; ++i) {
    number = i % 3 == 1 ? number / 2 * 5 : number * 2;
  }
  return number;
}

struct Tick {
  double place;
  Label label;
};

struct Ticks {
  std::vector<Tick> labelled;
  std::vector<double> bare;  // places of ticks without a label
  int multiplier = 0;        // the labels count in 10^multiplier

  double widest(double size) const {
    double most = 0;
    for (const auto& tick : labelled) most = std::max(most, tick.label.width(size));
    return most;
  }
};

// Whether labels fit beside each other along an axis of so many pixels; upright says that they
// stand above each other.
inline bool fit(const Ticks& ticks, const Range& range, double pixels, bool upright) {
  if (ticks.labelled.size() > 11) return false;
  double reached = -std::numeric_limits<double>::infinity();
  for (const auto& tick : ticks.labelled) {
    const double at = range.share(tick.place) * pixels;
    const double half = upright ? 14 : tick.label.width(small_font) / 2 + 7;
    if (at - half < reached) return false;
    reached = at + half;
  }
  return true;
}

// Ticks at the multiples of mantissa × 10^exponent between two numbers.
inline Ticks multiples(double low, double high, int mantissa, int exponent) {
  Ticks ticks;
  const double step = scaled(mantissa, exponent);
  const auto first = static_cast<long long>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<long long>(std::floor(high / step + 1e-9));
  if (last - first > 20) return ticks;
  const long long most = std::max(std::abs(first), std::abs(last)) * mantissa;
  const int magnitude = static_cast<int>(integer(most).size()) - 1 + exponent;
  if (magnitude >= 7 || (exponent < -5 && magnitude < -2)) ticks.multiplier = magnitude;
  for (long long k = first; k <= last; ++k) {
    ticks.labelled.push_back(
        {scaled(k * mantissa, exponent), {decimal(k * mantissa, exponent - ticks.multiplier), {}}});
  }
  return ticks;
}

// Calls body(mantissa, exponent) with ever larger round steps, from about a fiftieth of the span
// on, until it returns true.
template <class Body>
void round_steps(double span, const Body& body) {
  const int exponent = static_cast<int>(std::floor(std::log10(span))) - 2;
  for (int e = exponent; e < exponent + 5; ++e) {
    for (const int mantissa : {1, 2, 5}) {
      if (body(mantissa, e)) return;
    }
  }
}

// The finest round ticks whose labels fit; for whole numbers, whole ones.
inline Ticks linear_ticks(const Range& range, double pixels, bool upright, bool whole) {
  Ticks best;
  round_steps(range.span(), [&](int mantissa, int exponent) {
    if (whole && exponent < 0) return false;
    Ticks ticks = multiples(range.low, range.high, mantissa, exponent);
    if (ticks.labelled.empty() || !fit(ticks, range, pixels, upright)) return false;
    best = std::move(ticks);
    return true;
  });
  return best;
}

// Decades, every so many of them where they are many; 1, 2 and 5 times a decade where they are few;
// round numbers where not even these are in the range.
inline Ticks logarithmic_ticks(const Range& range, double pixels, bool upright) {
  constexpr double fringe = 1e-9;
  const auto within = [&](double place) {
    return place >= range.low - fringe && place <= range.high + fringe;
  };
  const int first = static_cast<int>(std::floor(range.low));
  const int last = static_cast<int>(std::ceil(range.high));
  const auto at = [](int mantissa, int exponent) {
    return exponent + std::log10(static_cast<double>(mantissa));
  };
  const auto labelled = [&](const std::vector<int>& mantissas, int every) {
    Ticks ticks;
    std::vector<std::pair<int, int>> chosen;
    for (int e = first; e <= last; ++e) {
      if (e % every != 0) continue;
      for (const int m : mantissas) {
        if (within(at(m, e))) chosen.emplace_back(m, e);
      }
    }
    const bool plain = std::all_of(chosen.begin(), chosen.end(), [](const auto& tick) {
      return tick.second >= -3 && tick.second <= 4;
    });
    for (const auto& [m, e] : chosen) {
      ticks.labelled.push_back({at(m, e), plain ? Label{decimal(m, e), {}} : power_of_ten(m, e)});
    }
    return ticks;
  };

  Ticks ticks;
  if (range.span() <= 2.5) ticks = labelled({1, 2, 5}, 1);
  if (ticks.labelled.size() < 3 || !fit(ticks, range, pixels, upright)) {
    ticks = range.span() < 1.5 ? Ticks{} : labelled({1}, 1);
    for (int every = 2; !ticks.labelled.empty() && !fit(ticks, range, pixels, upright);) {
      ticks = labelled({1}, every);
      every = static_cast<int>(round_number(every + 1));
    }
  }
  if (ticks.labelled.size() < 2) {
    // Less than a decade or two: the numbers lie almost as on a linear axis.
    const double unit = power(first);
    const double low = std::pow(10.0, range.low - first);
    const double high = std::pow(10.0, range.high - first);
    round_steps(high - low, [&](int mantissa, int exponent) {
      Ticks few = multiples(low * unit, high * unit, mantissa, exponent + first);
      std::erase_if(few.labelled, [](const Tick& tick) { return !(tick.place > 0); });
      for (auto& tick : few.labelled) tick.place = std::log10(tick.place);
      if (few.labelled.empty() || !fit(few, range, pixels, upright)) return false;
      ticks = std::move(few);
      return true;
    });
    return ticks;
  }
  if (range.span() <= 20) {
    for (int e = first; e <= last; ++e) {
      for (int m = 1; m < (range.span() <= 6 ? 10 : 2); ++m) {
        if (within(at(m, e))) ticks.bare.push_back(at(m, e));
      }
    }
  }
  return ticks;
}

}  // namespace plot
