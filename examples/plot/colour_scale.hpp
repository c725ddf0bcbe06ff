// Colours for numbers along a line of cells: those of heat_colours.hpp or, where there are numbers
// below zero and above, a hue for each and zero in the middle.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "axis.hpp"
#include "heat_colours.hpp"

namespace plot {

// With one in the middle; fewer than a matrix has, as cells of one colour are one piece.
inline constexpr std::size_t colour_levels = 33;

// The colour of a level on a light or a dark page. Levels differ in lightness, too.
inline std::string colour_of_level(std::size_t level, bool diverging, bool dark) {
  constexpr HeatStops under_on_light{
      {{0, {244, 247, 251}}, {0.3, {243, 200, 166}}, {0.6, {200, 96, 22}}, {1, {84, 32, 0}}}};
  constexpr HeatStops under_on_dark{
      {{0, {30, 35, 43}}, {0.3, {104, 58, 28}}, {0.6, {200, 96, 22}}, {1, {255, 236, 220}}}};
  const double share = static_cast<double>(level) / static_cast<double>(colour_levels - 1);
  if (!diverging) return heat_colour(share, dark);
  if (share >= 0.5) return heat_colour(2 * share - 1, dark);
  return colour_between(dark ? under_on_dark : under_on_light, 1 - 2 * share);
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

// A style that puts these in their places where the reader wants dark pages.
inline std::string dark_levels() {
  std::string style = "<style>@media (prefers-color-scheme: dark) {\n";
  for (const bool diverging : {false, true}) {
    for (std::size_t level = 0; level < colour_levels; ++level) {
      style += "[stroke=\"" + colour_of_level(level, diverging, false) +
               "\"] { stroke: " + colour_of_level(level, diverging, true) + " }\n";
    }
  }
  return style + "}</style>\n";
}

}  // namespace plot
