// Small plots as SVG text: lines, points and bars on linear, logarithmic and named axes.
//
// in:  series of numbers with labels in UTF-8; anything may be among them: NaN, infinities, control
//      characters, bytes that are no UTF-8
// out: one self-contained SVG element, to be written to a file or put into an HTML page as it is;
//      no locale changes it, and coordinates are rounded to a hundredth of a pixel, so that it is
//      the same text on every platform
//
// Series differ in colour (Okabe and Ito's palette), in dashes and in markers or hatching, so that
// they can be told apart by colour-blind readers and in black and white. What cannot be drawn
// leaves a gap: NaN without a word, infinities and what is not positive on a logarithmic axis with
// a note beneath the plot. The legend stands beneath the plot or, where all plots show the same
// series, once beneath them; labels of rules stand above: neither hides data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "chart.hpp"
#include "colour_scale.hpp"
#include "legend.hpp"
#include "looks.hpp"
#include "panel.hpp"
#include "text.hpp"

namespace plot {

// Whether several charts show the same series, so that one legend tells all.
inline bool share_a_legend(const std::vector<const Chart*>& charts) {
  const auto alike = [](const Series& a, const Series& b) {
    return a.label == b.label && a.mark == b.mark;
  };
  if (charts.size() < 2 || Plane(*charts[0]).is_map()) return false;
  return std::all_of(charts.begin(), charts.end(), [&](const Chart* chart) {
    return std::equal(chart->series.begin(), chart->series.end(), charts[0]->series.begin(),
                      charts[0]->series.end(), alike);
  });
}

inline std::string render_grid(const std::vector<const Chart*>& charts, std::size_t columns) {
  if (columns == 0) throw std::invalid_argument("a grid of charts needs at least one column");
  columns = std::min(columns, std::max<std::size_t>(charts.size(), 1));
  const bool shared = share_a_legend(charts);
  std::vector<Panel> panels;
  std::vector<double> lefts(columns, 0.0);
  std::vector<std::size_t> patterns;
  panels.reserve(charts.size());
  for (std::size_t i = 0; i < charts.size(); ++i) {
    panels.emplace_back(*charts[i]);
    panels[i].collect_patterns(patterns);
    lefts[i % columns] = std::max(lefts[i % columns], panels[i].left());
  }
  struct Row {
    double top = 0;
    double bottom = 0;  // as far below the plots' upper edge
  };
  std::vector<Row> rows((charts.size() + columns - 1) / columns);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    panels[i].arrange(lefts[i % columns], !shared);
    Row& row = rows[i / columns];
    row.top = std::max(row.top, panels[i].top());
    row.bottom = std::max(row.bottom, panels[i].height() + panels[i].bottom());
  }
  double height = 0;
  for (const Row& row : rows) height += row.top + row.bottom;
  const double width = panel_width * static_cast<double>(charts.empty() ? 0 : columns);
  const Legend legend = shared ? Legend(charts[0]->series, width - 28) : Legend();
  const double legend_top = height + 6;
  if (legend.height() > 0) height += legend.height() + 18;

  std::u32string title;
  for (const Chart* chart : charts) {
    if (chart->title.empty()) continue;
    if (!title.empty()) title += U"; ";
    title += decoded(chart->title);
  }
  const bool any_map =
      std::any_of(panels.begin(), panels.end(), [](const Panel& panel) { return panel.is_map(); });
  std::string out = svg_begin(width, height, title, any_map ? dark_levels() : "");
  if (!patterns.empty()) {
    out += "<defs>\n";
    for (const std::size_t series : patterns) out += pattern(series);
    out += "</defs>\n";
  }
  double y = 0;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const Row& row = rows[i / columns];
    panels[i].draw(out, panel_width * static_cast<double>(i % columns), y + row.top);
    if (i % columns == columns - 1) y += row.top + row.bottom;
  }
  legend.draw(out, 14, legend_top);
  return out + "</svg>\n";
}

// Charts in a grid, row by row, as one SVG element; plots in one column and row are aligned. Time
// O(points · log points), memory O(points); the text grows with the number of series and labels,
// hardly with that of points. Throws std::invalid_argument where a series has x values of another
// number than its y values, and for a grid of no columns.
inline std::string render(const std::vector<Chart>& charts, std::size_t columns) {
  std::vector<const Chart*> pointers;
  for (const Chart& chart : charts) pointers.push_back(&chart);
  return render_grid(pointers, columns);
}

// Up to so many charts stand one below the other: an SVG element cannot arrange its parts anew
// where a page is narrow, and two columns cannot be read on a telephone. More would be too long a
// strip for all others.
inline constexpr std::size_t most_stacked = 4;

inline std::string render(const std::vector<Chart>& charts) {
  return render(charts, charts.size() <= most_stacked ? 1 : 2);
}

// One chart as an SVG element, as render does for several.
inline std::string render(const Chart& chart) { return render_grid({&chart}, 1); }

}  // namespace plot
