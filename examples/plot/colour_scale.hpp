// Colours for numbers: the more, the more they stand out from the page, be it light or dark. Where
// there are numbers below zero and above, they have a hue each, and zero is in the middle.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "axis.hpp"

namespace plot {

// As many as can be told from each other; with one in the middle.
inline constexpr std::size_t colour_levels = 33;

// A colour between four of a row, as it is written in SVG; share from 0 to 1.
inline std::string blended(const std::array<unsigned, 4>& row, double share) {
  const double at = std::clamp(share, 0.0, 1.0) * 3;
  const std::size_t first = std::min<std::size_t>(static_cast<std::size_t>(at), 2);
  const double rest = at - static_cast<double>(first);
  std::string text = "#";
  for (const unsigned shift : {16U, 8U, 0U}) {
    const auto part = [&](unsigned colour) { return static_cast<double>(colour >> shift & 0xffU); };
    const auto mixed = static_cast<unsigned>(
        std::lround(part(row[first]) * (1 - rest) + part(row[first + 1]) * rest));
    text += "0123456789abcdef"[mixed / 16];
    text += "0123456789abcdef"[mixed % 16];
  }
  return text;
}

// The colour of a level on a light or a dark page. Levels differ in lightness, too.
inline std::string colour_of_level(std::size_t level, bool diverging, bool dark) {
  using Row = std::array<unsigned, 4>;
  constexpr Row blues{0xe9f2f9, 0x7dbce4, 0x0072b2, 0x05243c};
  constexpr Row dark_blues{0x1f2d38, 0x1c6597, 0x4da3e0, 0xf0f8ff};
  constexpr Row over{0xf2f2f2, 0x7dbce4, 0x0072b2, 0x05243c};
  constexpr Row dark_over{0x2a2d33, 0x1c6597, 0x4da3e0, 0xf0f8ff};
  constexpr Row under{0xf2f2f2, 0xf0a873, 0xd55e00, 0x4a1f00};
  constexpr Row dark_under{0x2a2d33, 0x9a4a12, 0xf0803c, 0xfff0e4};
  constexpr double last = colour_levels - 1;
  const double share = static_cast<double>(level) / last;
  if (!diverging) return blended(dark ? dark_blues : blues, share);
  if (share < 0.5) return blended(dark ? dark_under : under, 1 - 2 * share);
  return blended(dark ? dark_over : over, 2 * share - 1);
}

struct ColourScale {
  // Of places on an axis (axis.hpp).
  ColourScale(Range shown, bool logarithmic)
      : range(shown), diverging(!logarithmic && shown.low < 0 && shown.high > 0) {
    if (!diverging) return;
    range.high = std::max(-range.low, range.high);
    range.low = -range.high;
  }

  std::size_t level(double place) const {
    const double at = std::clamp(range.share(place), 0.0, 1.0) * colour_levels;
    return std::min(static_cast<std::size_t>(at), colour_levels - 1);
  }
  std::string colour(std::size_t level) const { return colour_of_level(level, diverging, false); }

  Range range;
  bool diverging;
};

// What a dark page shows in place of each, as rules of a style sheet.
inline std::string dark_levels() {
  std::string rules;
  for (const bool diverging : {false, true}) {
    for (std::size_t level = 0; level < colour_levels; ++level) {
      rules += "[stroke=\"" + colour_of_level(level, diverging, false) +
               "\"] { stroke: " + colour_of_level(level, diverging, true) + " }\n";
    }
  }
  return rules;
}

}  // namespace plot
