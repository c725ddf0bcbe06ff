// The drawing of a chart's series: lines, points and bars. Each function returns how many points it
// has drawn.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "axis.hpp"
#include "chart.hpp"
#include "looks.hpp"
#include "plane.hpp"
#include "text.hpp"
#include "thinning.hpp"

namespace plot {

// The parts of a line between its gaps, in pixels.
inline std::vector<Stroke> strokes(const Plane& plane, const Series& series) {
  std::vector<Stroke> parts;
  bool gap = true;
  plane.each_place(series, [&](double x, double y) {
    if (std::isnan(x)) {
      gap = true;
      return;
    }
    if (gap) parts.emplace_back();
    gap = false;
    parts.back().push_back({plane.x_at(x), plane.y_at(y)});
  });
  return parts;
}

inline std::size_t draw_line(std::string& out, const Plane& plane, std::size_t i) {
  const auto parts = thinned(strokes(plane, plane.chart.series[i]));
  const std::size_t points = count(parts);
  std::string path;
  std::vector<Point> marked;
  // Few points are all marked, of many some: at other places in each series.
  const bool few = points <= 40;
  const double spacing = few ? 10 : 70;
  double next = few ? -1 : static_cast<double>(i % 5) * 14;
  for (const auto& part : parts) {
    // Appended bit by bit: g++ 12 warns of the overlap it imagines in "L" + std::string.
    for (std::size_t k = 0; k < part.size(); ++k) {
      path += k == 0 ? 'M' : 'L';
      path += number(part[k].x);
      path += ' ';
      path += number(part[k].y);
    }
    for (const Point& point : part) {
      const bool crowded = few ? !marked.empty() && std::hypot(point.x - marked.back().x,
                                                               point.y - marked.back().y) < spacing
                               : point.x < next;
      if (crowded && part.size() > 1) continue;
      marked.push_back(point);
      next = point.x + spacing;
    }
  }
  if (!path.empty())
    out += "<path d=\"" + path + "\" " + line_style(i, plane.chart.series.size()) + "/>\n";
  add_markers(out, i, marked, 3.2);
  return points;
}

inline std::size_t draw_points(std::string& out, const Plane& plane, std::size_t i) {
  std::vector<Point> points;
  for (const auto& part : strokes(plane, plane.chart.series[i])) {
    points.insert(points.end(), part.begin(), part.end());
  }
  points = thinned(points, plane.width, plot_height);
  add_markers(out, i, points, points.size() > 200 ? 2 : 3.2);
  return points.size();
}

// Bars of several series stand beside each other; `before` of them are left of this one's.
inline std::size_t draw_bars(std::string& out, const Plane& plane, std::size_t i,
                             std::size_t before) {
  const double share = 0.8 * plane.bar_slot / static_cast<double>(plane.bar_series);
  const double thickness = std::max(share / plane.x.span() * plane.width, 0.5);
  const double base = is_logarithmic(plane.chart.y)
                          ? plot_height
                          : plane.y_at(std::clamp(0.0, plane.y.low, plane.y.high));
  std::vector<Bar> bars;
  plane.each_place(plane.chart.series[i], [&](double x, double y) {
    if (std::isnan(x)) return;
    const double left = plane.x_at(x - 0.4 * plane.bar_slot + share * static_cast<double>(before));
    const double end = plane.y_at(y);
    bars.push_back({left, std::min(end, base), std::max(end, base)});
  });
  bars = thinned(std::move(bars));
  std::string path;
  for (const Bar& bar : bars) {
    path += "M" + number(bar.left) + " " + number(bar.top) + "h" + number(thickness) + "V" +
            number(bar.bottom) + "h" + number(-thickness) + "z";
  }
  if (!path.empty()) out += "<path d=\"" + path + "\" fill=\"" + fill(i) + "\"/>\n";
  return bars.size();
}

}  // namespace plot
