// The drawing of a heat map: each series a row of cells, and a bar that tells what colours mean.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "axis.hpp"
#include "chart.hpp"
#include "colour_scale.hpp"
#include "looks.hpp"
#include "plane.hpp"
#include "text.hpp"

namespace plot {

struct Cell {
  double left;  // in pixels
  double right;
  double value;  // its place on the axis of colours; NaN: a gap
};

// Edges of cells are no finer: their text is shorter, and nobody sees it.
inline double to_half(double pixels) { return std::round(pixels * 2) / 2; }

// Each cell reaches as far as the colour of its point is the nearest: half the way to the next, and
// no further than the first and last point; at named places half a place.
inline std::vector<Cell> cells_of(const Plane& plane, const Series& series) {
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < series.y.size(); ++i) {
    const double at = place(plane.chart.x, series.x.empty() ? static_cast<double>(i) : series.x[i]);
    if (!std::isnan(at)) cells.push_back({at, at, place(plane.chart.y, series.y[i])});
  }
  std::stable_sort(cells.begin(), cells.end(),
                   [](const Cell& a, const Cell& b) { return a.left < b.left; });
  const bool named = !plane.chart.x.categories.empty();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (named) {
      cells[i].left -= 0.5;
      cells[i].right += 0.5;
    } else if (i + 1 < cells.size()) {
      cells[i].right = cells[i + 1].left = 0.5 * (cells[i].right + cells[i + 1].right);
    }
  }
  // The only moment there is fills its row.
  if (cells.size() == 1 && !named) cells[0] = {plane.x.low, plane.x.high, cells[0].value};
  for (Cell& cell : cells) {
    cell.left = plane.x_at(cell.left);
    cell.right = plane.x_at(cell.right);
  }
  return cells;
}

// Where there are more cells than pixels, those at the pixels' centres.
inline std::vector<Cell> sampled(const std::vector<Cell>& cells, double pixels) {
  if (static_cast<double>(cells.size()) <= pixels) return cells;
  std::vector<Cell> seen;
  std::size_t at = 0;
  for (double left = 0; left < pixels; left += 1) {
    const double centre = std::min(left + 0.5, pixels);
    while (at < cells.size() && cells[at].right < centre) ++at;
    if (at == cells.size()) break;
    if (cells[at].left <= centre) {
      seen.push_back({left, std::min(left + 1, pixels), cells[at].value});
    }
  }
  return seen;
}

// Draws all rows; returns how many cells there are. Cells of one colour are one path, and those
// beside each other one piece of it.
inline std::size_t draw_cells(std::string& out, const Plane& plane) {
  const ColourScale scale(plane.colours, is_logarithmic(plane.chart.y));
  const auto& rows = plane.chart.series;
  const double row_height = plane.height / static_cast<double>(rows.size());
  std::array<std::string, colour_levels> paths;
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * row_height;
    const auto cells = sampled(cells_of(plane, rows[i]), plane.width);
    for (std::size_t k = 0; k < cells.size();) {
      if (std::isnan(cells[k].value)) {
        ++k;
        continue;
      }
      const std::size_t level = scale.level(cells[k].value);
      const double left = to_half(cells[k].left);
      double right = left;
      for (; k < cells.size() && !std::isnan(cells[k].value) &&
             scale.level(cells[k].value) == level && to_half(cells[k].left) <= right;
           ++k, ++drawn) {
        right = to_half(cells[k].right);
      }
      if (!(right > left)) continue;
      auto& path = paths[level];
      path += 'M';
      path += number(left);
      path += ' ';
      path += number(middle);
      path += 'h';
      path += number(right - left);
    }
  }
  // A little higher than a row, lest the page shows between two.
  out += "<g fill=\"none\" shape-rendering=\"crispEdges\" stroke-width=\"" +
         number(row_height + 0.3) + "\">\n";
  for (std::size_t level = 0; level < colour_levels; ++level) {
    if (paths[level].empty()) continue;
    out += "<path d=\"" + paths[level] + "\" stroke=\"" + scale.colour(level) + "\"/>\n";
  }
  out += "</g>\n";
  return drawn;
}

// The full names of rows, which show where one points at a row or at what is written of its name,
// so far to the left.
inline void add_row_names(std::string& out, const Plane& plane, double written) {
  const auto& rows = plane.chart.series;
  const double row_height = plane.height / static_cast<double>(rows.size());
  out += "<g fill=\"none\" pointer-events=\"all\">\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += "<rect x=\"" + number(-written) + "\" y=\"" +
           number(static_cast<double>(i) * row_height) + "\" width=\"" +
           number(written + plane.width) + "\" height=\"" + number(row_height) + "\"><title>" +
           escaped(decoded(rows[i].label)) + "</title></rect>\n";
  }
  out += "</g>\n";
}

// What stands beneath a heat map in place of a legend: its colours, and the numbers they mean.
class ColourBar {
 public:
  ColourBar() = default;

  explicit ColourBar(const Plane& plane)
      : scale_(plane.colours, is_logarithmic(plane.chart.y)),
        length_(std::min(9.0 * colour_levels, plane.width)),
        ticks_(is_logarithmic(plane.chart.y)
                   ? logarithmic_ticks(scale_.range, length_, false)
                   : linear_ticks(scale_.range, length_, false, plane.y_whole)),
        lines_(wrapped(decoded(plane.chart.y.label), font,
                       plane.width - (ticks_.multiplier != 0 ? 60 : 0), 2)) {
    if (lines_.empty() && ticks_.multiplier != 0) lines_.emplace_back();
  }

  double height() const {
    return line_height(font) * static_cast<double>(lines_.size()) + thickness + 10 +
           line_height(small_font);
  }

  // With its upper left corner there.
  void draw(std::string& out, double left, double top) const {
    double y = top + font;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      add_text(out, left, y, "start", font,
               with_multiplier(lines_[i], i + 1 == lines_.size() ? ticks_.multiplier : 0));
      y += line_height(font);
    }
    const double bar = y - font + 2 + thickness / 2;
    out += "<g fill=\"none\" shape-rendering=\"crispEdges\" stroke-width=\"" + number(thickness) +
           "\">\n";
    for (std::size_t level = 0; level < colour_levels; ++level) {
      const auto at = [&](std::size_t k) {
        return left + length_ * static_cast<double>(k) / static_cast<double>(colour_levels);
      };
      add_line(out, at(level), bar, at(level + 1), bar, "stroke=\"" + scale_.colour(level) + "\"");
    }
    out += "</g>\n";
    const double end = bar + thickness / 2;
    const std::string stroke = "stroke=\"#333333\" stroke-width=\"1\"";
    for (const auto& tick : ticks_.labelled) {
      const double x = left + scale_.range.share(tick.place) * length_;
      add_line(out, x, end, x, end + 4, stroke);
      add_label(out, x, end + 6 + 0.85 * small_font, "middle", small_font, tick.label);
    }
  }

 private:
  static constexpr double thickness = 12;

  ColourScale scale_{{0, 1}, false};
  double length_ = 0;
  Ticks ticks_;
  std::vector<std::u32string> lines_;
};

}  // namespace plot
