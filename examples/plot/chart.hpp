// What a plot shows: series of numbers, axes, labelled lines. All text is UTF-8. To be drawn by
// svg.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace plot {

enum class Mark { line, points, bars, cells };

// x may be left empty: 0, 1, 2, … A series without a label is not in the legend.
//
// An interval about each y is shown as a band; without any, low and high are empty. At named places
// the bands of several series, as bars do, stand beside each other.
//
// A series of cells is a row of a heat map, in which y is a colour; a chart of cells has no others.
struct Series {
  std::string label;
  std::vector<double> x;
  std::vector<double> y;
  Mark mark = Mark::line;
  std::vector<double> low = {};
  std::vector<double> high = {};
};

// With categories, the axis names the places 0, 1, 2, …, and is not logarithmic. It reaches as far
// as the data, and to the values it covers in any case.
struct Axis {
  std::string label;
  bool logarithmic = false;
  std::vector<std::string> categories = {};
  std::vector<double> covers = {};
};

// A labelled vertical line at x.
struct Rule {
  std::string label;
  double x;
};

struct Chart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series = {};
  std::vector<Rule> rules = {};
  bool diagonal = false;  // whether y = x is drawn, where both axes are of the same kind
  std::string note = {};  // beneath it
};

inline constexpr std::size_t most_lines = 10;

// The chart as it is or, where it has more lines than can be told from each other, a heat map with
// a row for each.
inline Chart legible(Chart chart) {
  if (chart.series.size() <= most_lines) return chart;
  for (auto& series : chart.series) series.mark = Mark::cells;
  return chart;
}

}  // namespace plot
