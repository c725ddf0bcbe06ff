// Fewer points for the same picture: what a plot draws of series with more than can be seen.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "looks.hpp"

namespace plot {

// More points than these of one series are thinned.
inline constexpr std::size_t most_points = 4000;

// A part of a line between its gaps, in pixels.
using Stroke = std::vector<Point>;

inline std::size_t count(const std::vector<Stroke>& parts) {
  std::size_t points = 0;
  for (const auto& part : parts) points += part.size();
  return points;
}

// In each column of pixels the first and last point and the lowest and highest: the picture stays
// the same. Where a line runs to and fro so much that this does not suffice, every n-th point.
inline std::vector<Stroke> thinned(const std::vector<Stroke>& parts) {
  if (count(parts) <= most_points) return parts;
  std::vector<Stroke> result;
  std::array<Point, 4> kept{};  // first, lowest, highest, last
  std::array<std::size_t, 4> order{};
  double column = -2;  // none: all points are right of it
  std::size_t index = 0;
  bool gap = true;
  const auto flush = [&] {
    if (column == -2) return;
    if (gap) result.emplace_back();
    gap = false;
    if (order[1] > order[2]) {
      std::swap(order[1], order[2]);
      std::swap(kept[1], kept[2]);
    }
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (k == 0 || order[k] != order[k - 1]) result.back().push_back(kept[k]);
    }
  };
  for (const auto& part : parts) {
    bool begins = true;
    for (const Point& point : part) {
      if (std::floor(point.x) != column) {
        flush();
        gap = gap || begins;
        column = std::floor(point.x);
        kept.fill(point);
        order.fill(index);
      }
      const auto keep = [&](std::size_t k) {
        kept[k] = point;
        order[k] = index;
      };
      if (point.y > kept[1].y) keep(1);
      if (point.y < kept[2].y) keep(2);
      keep(3);
      begins = false;
      ++index;
    }
  }
  flush();
  if (count(result) <= most_points) return result;

  result.clear();
  const std::size_t every = (index + most_points - 1) / most_points;
  std::size_t at = 0;
  for (const auto& part : parts) {
    Stroke few;
    for (const Point& point : part) {
      if (at++ % every == 0) few.push_back(point);
    }
    if (!few.empty()) result.push_back(std::move(few));
  }
  return result;
}

// Of one part of a line the points from which the line between its ends strays by more than so many
// pixels, and theirs in turn (Douglas and Peucker 1973): no point is further from the line that is
// drawn.
inline Stroke straightened(const Stroke& part, double most) {
  if (part.size() < 3) return part;
  std::vector<bool> kept(part.size(), false);
  kept.front() = kept.back() = true;
  std::vector<std::pair<std::size_t, std::size_t>> open{{0, part.size() - 1}};
  while (!open.empty()) {
    const auto [begin, end] = open.back();
    open.pop_back();
    const double x = part[end].x - part[begin].x;
    const double y = part[end].y - part[begin].y;
    const double squares = x * x + y * y;
    double furthest = most;
    std::size_t at = begin;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const double dx = part[i].x - part[begin].x;
      const double dy = part[i].y - part[begin].y;
      const double along = squares > 0 ? std::clamp((dx * x + dy * y) / squares, 0.0, 1.0) : 0.0;
      const double distance = std::hypot(dx - along * x, dy - along * y);
      if (!(distance > furthest)) continue;
      furthest = distance;
      at = i;
    }
    if (at == begin) continue;
    kept[at] = true;
    open.emplace_back(begin, at);
    open.emplace_back(at, end);
  }
  Stroke result;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (kept[i]) result.push_back(part[i]);
  }
  return result;
}

// Of points that hide each other, one in each of small squares.
inline std::vector<Point> thinned(const std::vector<Point>& points, double width, double height) {
  std::vector<Point> kept = points;
  for (double side = 1; kept.size() > most_points; side *= 2) {
    const auto columns = static_cast<std::size_t>(width / side) + 1;
    std::vector<bool> taken(columns * (static_cast<std::size_t>(height / side) + 1));
    kept.clear();
    for (const Point& point : points) {
      const auto cell = static_cast<std::size_t>(std::max(point.y, 0.0) / side) * columns +
                        static_cast<std::size_t>(std::max(point.x, 0.0) / side);
      if (cell < taken.size() && taken[cell]) continue;
      if (cell < taken.size()) taken[cell] = true;
      kept.push_back(point);
    }
  }
  return kept;
}

struct Bar {
  double left;
  double top;
  double bottom;
};

// Of bars thinner than pixels, one for each column of pixels, which shows how far they reach.
inline std::vector<Bar> thinned(std::vector<Bar> bars) {
  if (bars.size() <= most_points) return bars;
  std::stable_sort(bars.begin(), bars.end(),
                   [](const Bar& a, const Bar& b) { return a.left < b.left; });
  std::vector<Bar> merged;
  for (const Bar& bar : bars) {
    if (merged.empty() || std::floor(bar.left) != std::floor(merged.back().left)) {
      merged.push_back(bar);
    } else {
      merged.back().top = std::min(merged.back().top, bar.top);
      merged.back().bottom = std::max(merged.back().bottom, bar.bottom);
    }
  }
  return merged;
}

}  // namespace plot
