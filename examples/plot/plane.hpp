// Where the points of a chart lie in its plot.
//
// in:  a chart
// out: how far its axes reach, and the place of each point in pixels
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "axis.hpp"
#include "chart.hpp"

namespace plot {

// Of a chart that lives as long.
struct Plane {
  explicit Plane(const Chart& shown) : chart(shown) {
    for (const auto& series : chart.series) {
      if (!series.x.empty() && series.x.size() != series.y.size()) {
        throw std::invalid_argument("a series has " + std::to_string(series.x.size()) +
                                    " x values, but " + std::to_string(series.y.size()) +
                                    " y values");
      }
      if (series.low.size() != series.high.size() ||
          (!series.low.empty() && series.low.size() != series.y.size())) {
        throw std::invalid_argument("a series has " + std::to_string(series.y.size()) +
                                    " y values, but " + std::to_string(series.low.size()) +
                                    " lower and " + std::to_string(series.high.size()) +
                                    " upper ends of intervals");
      }
      if (is_map() != (series.mark == Mark::cells)) {
        throw std::invalid_argument("a chart has cells, but not only cells");
      }
      if (!series.low.empty()) ++bands;
      if (series.mark == Mark::bars) ++bar_series;
    }
    find_ranges();
    if (!is_map()) return;
    colours = y;
    const auto rows = static_cast<double>(chart.series.size());
    y = {-0.5, rows - 0.5};
    height = std::clamp(14 * rows, height, 2.5 * height);
  }

  bool is_map() const { return !chart.series.empty() && chart.series[0].mark == Mark::cells; }

  double x_at(double place) const { return x.share(place) * width; }
  double y_at(double place) const { return (1 - y.share(place)) * height; }

  // How wide the bands of a series, or its bars, are at a named place.
  double slot(std::size_t series_beside) const {
    return 0.8 * bar_slot / static_cast<double>(std::max<std::size_t>(series_beside, 1));
  }

  // How far the points of a series stand beside their place: as its band does.
  double beside(std::size_t series) const {
    if (chart.x.categories.empty() || chart.series[series].low.empty()) return 0;
    std::size_t before = 0;
    for (std::size_t i = 0; i < series; ++i) before += chart.series[i].low.empty() ? 0U : 1U;
    return slot(bands) * (static_cast<double>(before) + 0.5) - 0.4 * bar_slot;
  }

  // Calls body(x, y) with the place of each point of a series, NaN where it has none.
  template <class Body>
  void each_place(const Series& series, const Body& body) const {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double at_x = place(chart.x, series.x.empty() ? static_cast<double>(i) : series.x[i]);
      const double at_y = place(chart.y, series.y[i]);
      const bool drawn = !std::isnan(at_x) && !std::isnan(at_y);
      body(drawn ? at_x : not_a_number, drawn ? at_y : not_a_number);
    }
  }

  const Chart& chart;
  Range x;
  Range y;
  bool x_whole = true;  // all numbers along the axis are whole
  bool y_whole = true;
  double bar_slot = 1;  // room of the bars at one place
  std::size_t bar_series = 0;
  std::size_t left_out = 0;  // points that are numbers, but have no place
  std::size_t bands = 0;     // series that have some
  Range colours;             // of a heat map, whose y are its rows, the first at the top
  double width = 0;          // in pixels
  double height = 300;

 private:
  void find_ranges() {
    Range over_x;
    Range over_y;
    std::vector<double> bars;
    for (const auto& series : chart.series) {
      std::size_t i = 0;
      each_place(series, [&](double at_x, double at_y) {
        const double given = series.x.empty() ? 0 : series.x[i];
        if (std::isnan(at_x)) {
          if (!std::isnan(given) && !std::isnan(series.y[i])) ++left_out;
        } else {
          over_x.take(at_x);
          over_y.take(at_y);
          for (const auto* ends : {&series.low, &series.high}) {
            const double end = ends->empty() ? at_y : place(chart.y, (*ends)[i]);
            if (!std::isnan(end)) over_y.take(end);
          }
          x_whole = x_whole && at_x == std::floor(at_x);
          y_whole = y_whole && at_y == std::floor(at_y);
          if (series.mark == Mark::bars) bars.push_back(at_x);
        }
        ++i;
      });
    }
    if (!bars.empty()) {
      std::sort(bars.begin(), bars.end());
      const double outer = bars.back() - bars.front();
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t i = 1; i < bars.size(); ++i) {
        const double gap = bars[i] - bars[i - 1];
        if (gap > 1e-9 * outer) least = std::min(least, gap);
      }
      bar_slot = chart.x.categories.empty() && std::isfinite(least) ? least : 1;
      over_x.take(bars.front() - bar_slot / 2);
      over_x.take(bars.back() + bar_slot / 2);
      if (!is_logarithmic(chart.y)) over_y.take(0);
    }
    for (const auto& rule : chart.rules) {
      const double at = place(chart.x, rule.x);
      if (!std::isnan(at)) over_x.take(at);
    }
    const auto cover = [](const Axis& axis, Range& range, bool& whole) {
      for (const double value : axis.covers) {
        const double at = place(axis, value);
        if (std::isnan(at)) continue;
        range.take(at);
        whole = whole && at == std::floor(at);
      }
      // Where 0 and 1 are the ends of a scale, as of rates, what lies between has ticks too.
      if (!axis.covers.empty() && range.high - range.low < 2) whole = false;
    };
    cover(chart.x, over_x, x_whole);
    cover(chart.y, over_y, y_whole);
    const auto with_names = [](const Axis& axis, Range range, double share) {
      if (axis.categories.empty()) return padded(range, is_logarithmic(axis), share);
      range.take(-0.5);
      range.take(static_cast<double>(axis.categories.size()) - 0.5);
      return range;
    };
    x_whole = x_whole && over_x.low <= over_x.high;
    y_whole = y_whole && over_y.low <= over_y.high;
    x = with_names(chart.x, over_x, is_map() ? 0 : 0.02);
    y = with_names(chart.y, over_y, is_map() ? 0 : 0.05);
  }
};

}  // namespace plot
