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
inline std::vector<Stroke> strokes(const Plane& plane, std::size_t i) {
  std::vector<Stroke> parts;
  const double beside = plane.beside(i);
  bool gap = true;
  plane.each_place(plane.chart.series[i], [&](double x, double y) {
    if (std::isnan(x)) {
      gap = true;
      return;
    }
    if (gap) parts.emplace_back();
    gap = false;
    parts.back().push_back({plane.x_at(x + beside), plane.y_at(y)});
  });
  return parts;
}

// Appended bit by bit: g++ 12 warns of the overlap it imagines in "L" + std::string.
inline void add_path(std::string& path, const Stroke& part) {
  for (std::size_t k = 0; k < part.size(); ++k) {
    path += k == 0 ? 'M' : 'L';
    path += number(part[k].x);
    path += ' ';
    path += number(part[k].y);
  }
}

// The intervals about the points of a series: one band or, at named places and where a point stands
// alone, a piece of it for each. An end that has no place lies beyond the plot.
inline void draw_band(std::string& out, const Plane& plane, std::size_t i) {
  const Series& series = plane.chart.series[i];
  if (series.low.empty()) return;
  const bool named = !plane.chart.x.categories.empty();
  const double beside = plane.beside(i);
  const double half =
      named ? std::min(plane.slot(plane.bands) / plane.x.span() * plane.width * 0.4, 8.0) : 3;
  std::string path;
  Stroke upper;
  Stroke lower;
  const auto end_part = [&] {
    if (upper.size() == 1) {
      const Point point = upper[0];
      upper = {{point.x - half, point.y}, {point.x + half, point.y}};
      lower = {{point.x - half, lower[0].y}, {point.x + half, lower[0].y}};
    }
    if (!upper.empty()) {
      Stroke around = straightened(upper, 0.2);
      const Stroke back = straightened(lower, 0.2);
      around.insert(around.end(), back.rbegin(), back.rend());
      add_path(path, around);
      path += 'z';
    }
    upper.clear();
    lower.clear();
  };
  std::size_t k = 0;
  plane.each_place(series, [&](double x, double) {
    const double low = place(plane.chart.y, series.low[k]);
    const double high = place(plane.chart.y, series.high[k]);
    const bool gap = std::isnan(x) || std::isnan(series.low[k]) || std::isnan(series.high[k]);
    ++k;
    if (gap || named) end_part();
    if (gap) return;
    const double at = plane.x_at(x + beside);
    upper.push_back({at, std::isnan(high) ? 0 : plane.y_at(high)});
    lower.push_back({at, std::isnan(low) ? plane.height : plane.y_at(low)});
  });
  end_part();
  if (path.empty()) return;
  out += "<path d=\"" + path + "\" fill=\"" + colour(i) + "\" fill-opacity=\"0.25\"/>\n";
}

inline std::size_t draw_line(std::string& out, const Plane& plane, std::size_t i) {
  const auto parts = thinned(strokes(plane, i));
  const std::size_t points = count(parts);
  std::string path;
  std::vector<Point> marked;
  // Few points are all marked, of many some: at other places in each series.
  const bool few = points <= 40;
  const double spacing = few ? 10 : 70;
  double next = few ? -1 : static_cast<double>(i % 5) * 14;
  for (const auto& part : parts) {
    add_path(path, few ? part : straightened(part, 0.2));
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
  for (const auto& part : strokes(plane, i)) {
    points.insert(points.end(), part.begin(), part.end());
  }
  points = thinned(points, plane.width, plane.height);
  add_markers(out, i, points, points.size() > 200 ? 2 : 3.2);
  return points.size();
}

// Bars of several series stand beside each other; `before` of them are left of this one's.
inline std::size_t draw_bars(std::string& out, const Plane& plane, std::size_t i,
                             std::size_t before) {
  const double share = plane.slot(plane.bar_series);
  const double thickness = std::max(share / plane.x.span() * plane.width, 0.5);
  const double base = is_logarithmic(plane.chart.y)
                          ? plane.height
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
