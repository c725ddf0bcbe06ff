// What a plot shows: series of numbers, axes, labelled lines. All text is UTF-8. To be drawn by
// svg.hpp.
#pragma once

#include <string>
#include <vector>

namespace plot {

enum class Mark { line, points, bars };

// x may be left empty: 0, 1, 2, … A series without a label is not in the legend.
struct Series {
  std::string label;
  std::vector<double> x;
  std::vector<double> y;
  Mark mark = Mark::line;
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
};

}  // namespace plot
