// What is drawn in a plot: lines and markers, and how those of each series look, by its number.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "text.hpp"

namespace plot {

inline void add_line(std::string& out, double x1, double y1, double x2, double y2,
                     const std::string& attributes) {
  out += "<path d=\"M" + number(x1) + " " + number(y1) + "L" + number(x2) + " " + number(y2) +
         "\" " + attributes + "/>\n";
}

// Every colour of a plot, and what a dark page shows in its place: as light as it needs to be
// there.
struct Shade {
  const char* light;
  const char* dark;
};
inline constexpr std::array<Shade, 15> shades{{{"#ffffff", "#16181d"},
                                               {"#1a1a1a", "#e8e8e8"},
                                               {"#333333", "#b8b8b8"},
                                               {"#4d4d4d", "#b0b0b0"},
                                               {"#595959", "#a8a8a8"},
                                               {"#767676", "#a0a0a0"},
                                               {"#8c8c8c", "#7d7d7d"},
                                               {"#e3e3e3", "#34373d"},
                                               {"#0072B2", "#4DA3E0"},
                                               {"#D55E00", "#F0803C"},
                                               {"#009E73", "#2FC79A"},
                                               {"#E69F00", "#F2B632"},
                                               {"#CC79A7", "#E09CC4"},
                                               {"#56B4E9", "#9AD4F7"},
                                               {"#000000", "#F5F5F5"}}};

// A style that puts them there where the reader wants dark pages.
inline std::string dark_style() {
  std::string style = "<style>@media (prefers-color-scheme: dark) {\n";
  for (const auto& [light, dark] : shades) {
    for (const std::string paint : {"fill", "stroke"}) {
      style += "[" + paint + "=\"" + light + "\"] { " + paint + ": " + dark + " }\n";
    }
  }
  return style + "}</style>\n";
}

// Where the picture is a page of its own, the page around it is as light or dark as it is.
inline std::string page_style() {
  const auto page = [](const char* colour) {
    return std::string("svg:root { background: ") + colour + " }\n";
  };
  return "<style>svg:root { color-scheme: light dark }\n" + page(shades[0].light) +
         "@media (prefers-color-scheme: dark) {\n" + page(shades[0].dark) + "}</style>\n";
}

// The begin of an SVG element: its size, its title, styles, a ground for what is drawn.
inline std::string svg_begin(double width, double height, const std::u32string& title,
                             const std::string& more_styles = "") {
  const std::string size_x = number(width);
  const std::string size_y = number(height);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + size_x +
                    "\" height=\"" + size_y + "\" viewBox=\"0 0 " + size_x + " " + size_y +
                    "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', "
                    "sans-serif\" fill=\"#1a1a1a\" "
                    "style=\"max-width:100%;height:auto\">\n";
  if (!title.empty()) out += "<title>" + escaped(title) + "</title>\n";
  return out + page_style() + dark_style() + more_styles +
         "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
}

// Colours, dashes, markers and hatches come round after 7, 5, 8 and 5 series: no two among 280
// lines look the same. Okabe and Ito's yellow is left out: on white it hardly shows.
inline const char* colour(std::size_t series) {
  constexpr std::array<const char*, 7> colours{"#0072B2", "#D55E00", "#009E73", "#E69F00",
                                               "#CC79A7", "#56B4E9", "#000000"};
  return colours[series % colours.size()];
}

inline std::string dashes(std::size_t series) {
  constexpr std::array<const char*, 5> patterns{"", "7 3", "2 2.5", "9 3 2 3", "14 4"};
  const std::string pattern = patterns[series % patterns.size()];
  return pattern.empty() ? "" : " stroke-dasharray=\"" + pattern + "\"";
}

// Attributes of a line that is one of so many; where these are many, they are thin.
inline std::string line_style(std::size_t series, std::size_t all) {
  return std::string("fill=\"none\" stroke=\"") + colour(series) + "\" stroke-width=\"" +
         (all > 8 ? "1.3" : "1.8") + "\" stroke-linejoin=\"round\"" + dashes(series);
}

inline constexpr std::size_t hatches = 5;
inline constexpr std::size_t fills = 35;

inline std::string fill(std::size_t series) {
  if (series % hatches == 0) return colour(series);
  return "url(#dgp-bars-" + integer(static_cast<long long>(series % fills)) + ")";
}

// What fill() refers to. The same name means the same look, also in a page with many plots.
inline std::string pattern(std::size_t series) {
  constexpr std::array<const char*, hatches> lines{"", "M-1 7L7 -1M-1 1L1 -1M5 7L7 5",
                                                   "M-1 -1L7 7M5 -1L7 1M-1 5L1 7", "M0 3L6 3",
                                                   "M-1 -1L7 7M-1 7L7 -1"};
  return "<pattern id=\"dgp-bars-" + integer(static_cast<long long>(series % fills)) +
         "\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 0H6V6H0Z\" "
         "fill=\"" +
         colour(series) + "\"/><path d=\"" + lines[series % hatches] +
         "\" stroke=\"#ffffff\" stroke-width=\"1.2\"/></pattern>\n";
}

struct Point {
  double x;
  double y;
};

// Markers at these points, as one path.
inline void add_markers(std::string& out, std::size_t series, const std::vector<Point>& points,
                        double radius) {
  if (points.empty()) return;
  const std::size_t shape = series % 8;
  const auto r = [radius](double share) { return number(share * radius); };
  // Each shape starts at its point.
  const std::string circle = "m" + r(-1) + " 0a" + r(1) + " " + r(1) + " 0 1 0 " + r(2) + " 0a" +
                             r(1) + " " + r(1) + " 0 1 0 " + r(-2) + " 0z";
  const std::array<std::string, 8> shapes{
      circle,
      "m" + r(-0.9) + " " + r(-0.9) + "h" + r(1.8) + "v" + r(1.8) + "h" + r(-1.8) + "z",
      "m0 " + r(-1.3) + "l" + r(1.2) + " " + r(2.1) + "h" + r(-2.4) + "z",
      "m0 " + r(-1.3) + "l" + r(1.3) + " " + r(1.3) + "l" + r(-1.3) + " " + r(1.3) + "l" + r(-1.3) +
          " " + r(-1.3) + "z",
      "m" + r(-1) + " " + r(-1) + "l" + r(2) + " " + r(2) + "m0 " + r(-2) + "l" + r(-2) + " " +
          r(2),
      circle,
      "m0 " + r(1.3) + "l" + r(1.2) + " " + r(-2.1) + "h" + r(-2.4) + "z",
      "m" + r(-1.3) + " 0h" + r(2.6) + "m" + r(-1.3) + " " + r(-1.3) + "v" + r(2.6)};
  const bool strokes_only = shape == 4 || shape == 7;
  const bool open = shape == 5;
  out += "<path d=\"";
  for (const Point& point : points) {
    out += "M" + number(point.x) + " " + number(point.y) + shapes[shape];
  }
  out += std::string("\" fill=\"") +
         (strokes_only ? "none"
          : open       ? "#ffffff"
                       : colour(series)) +
         "\" stroke=\"" + colour(series) + "\" stroke-width=\"" +
         (strokes_only ? "1.6"
          : open       ? "1.3"
                       : "0.6") +
         "\"/>\n";
}

}  // namespace plot
