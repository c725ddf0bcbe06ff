// A scale of colours for numbers, on light and on dark pages.
//
// It runs from the page's own colour to its opposite, through one hue: light to dark on a light
// page, dark to light on a dark one, so that it can be read without seeing colours. Text on it is
// black or white, whichever contrasts more, at least 4.5 : 1.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

namespace plot {

// So many colours are told apart.
inline constexpr std::size_t heat_levels = 41;

// From this share of the scale on, texts are white on a light page and black on a dark one.
inline constexpr double heat_turn = 0.6;

// A colour at a share of a scale in [0, 1].
struct HeatStop {
  double share;
  std::array<double, 3> colour;  // red, green and blue, of 255
};

using HeatStops = std::array<HeatStop, 4>;

// The colour of a share between stops, as SVG writes it.
inline std::string colour_between(const HeatStops& stops, double share) {
  std::size_t i = 1;
  while (i + 1 < stops.size() && share > stops[i].share) ++i;
  const double part = (share - stops[i - 1].share) / (stops[i].share - stops[i - 1].share);
  std::string text = "#";
  for (std::size_t c = 0; c < 3; ++c) {
    const double mixed = stops[i - 1].colour[c] * (1 - part) + stops[i].colour[c] * part;
    const auto byte = static_cast<std::size_t>(std::lround(mixed));
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

// The colour of a share of the scale in [0, 1]; both scales pass the same blue at heat_turn, whose
// luminance has as much contrast with white as with black.
inline std::string heat_colour(double share, bool dark) {
  constexpr HeatStops on_light{{{0, {244, 247, 251}},
                                {0.3, {185, 211, 234}},
                                {heat_turn, {61, 120, 180}},
                                {1, {13, 47, 87}}}};
  constexpr HeatStops on_dark{
      {{0, {30, 35, 43}}, {0.3, {43, 71, 102}}, {heat_turn, {61, 120, 180}}, {1, {228, 241, 252}}}};
  return colour_between(dark ? on_dark : on_light, share);
}

inline std::string heat_colour(std::size_t level, bool dark) {
  return heat_colour(static_cast<double>(level) / static_cast<double>(heat_levels - 1), dark);
}

inline const char* heat_text_colour(std::size_t level) {
  const bool turned = static_cast<double>(level) >= heat_turn * (heat_levels - 1);
  return turned ? "#fdfdfd" : "#020202";
}

// What a dark page shows in the place of the colours above.
inline std::string heat_dark_style() {
  std::string style = "<style>@media (prefers-color-scheme: dark) {\n";
  const auto add = [&](const std::string& light, const std::string& dark) {
    style.append("[fill=\"").append(light).append("\"] { fill: ").append(dark).append(" }\n");
  };
  for (std::size_t level = 0; level < heat_levels; ++level) {
    add(heat_colour(level, false), heat_colour(level, true));
  }
  add("#fdfdfd", "#000000");
  add("#020202", "#ffffff");
  return style + "}</style>\n";
}

}  // namespace plot
