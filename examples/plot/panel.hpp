// One chart of a grid: what room it needs, and its drawing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "axis.hpp"
#include "cells.hpp"
#include "chart.hpp"
#include "legend.hpp"
#include "looks.hpp"
#include "marks.hpp"
#include "plane.hpp"
#include "rule_labels.hpp"
#include "short_names.hpp"
#include "text.hpp"

namespace plot {

// In pixels.
inline constexpr double panel_width = 560;
inline constexpr double right_margin = 30;

// Every so many names, at their places.
inline Ticks named_ticks(const std::vector<std::u32string>& names, std::size_t every, double most) {
  const auto texts = shortened(names, small_font, most);
  Ticks ticks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i % every == 0) {
      ticks.labelled.push_back({static_cast<double>(i), {texts[i], {}, names[i]}});
    } else {
      ticks.bare.push_back(static_cast<double>(i));
    }
  }
  return ticks;
}

class Panel {
 public:
  explicit Panel(const Chart& chart) : chart_(chart), plane_(chart) {
    for (const auto& name : chart.x.categories) x_names_.push_back(decoded(name));
    if (plane_.is_map()) {
      for (const auto& series : chart.series) y_names_.push_back(decoded(series.label));
    } else {
      for (const auto& name : chart.y.categories) y_names_.push_back(decoded(name));
      y_lines_ = wrapped(decoded(chart.y.label), font, plane_.height, 2);
    }
    place_y_ticks();
    own_left_ = 14 + y_ticks_.widest(small_font) +
                line_height(font) * static_cast<double>(std::max<std::size_t>(
                                        y_lines_.size(), y_ticks_.multiplier != 0));
    label_left_ = own_left_;
    // Turned names reach to the left of their place.
    if (!x_names_.empty()) {
      place_x_ticks(panel_width - own_left_ - right_margin);
      for (const auto& tick : x_ticks_.labelled) {
        if (!turned_) break;
        const double at = plane_.x.share(tick.place) * (panel_width - own_left_ - right_margin);
        own_left_ = std::max(own_left_, 0.72 * tick.label.width(small_font) + 12 - at);
      }
    }
  }

  // The room needed left of the plot.
  double left() const { return own_left_; }

  // Takes that much room at the left, and finds what is needed above and beneath.
  void arrange(double left, bool with_legend) {
    left_ = left;
    plane_.width = panel_width - left_ - right_margin;
    place_x_ticks(plane_.width);
    title_ = wrapped(decoded(chart_.title), title_font, plane_.width, 3);
    x_lines_ =
        wrapped(decoded(chart_.x.label), font, plane_.width - (x_ticks_.multiplier ? 60 : 0), 2);
    if (x_lines_.empty() && x_ticks_.multiplier != 0) x_lines_.emplace_back();
    rules_ = RuleLabels(plane_, left_, right_margin);
    top_ = 12 + line_height(title_font) * static_cast<double>(title_.size()) +
           line_height(small_font) * static_cast<double>(rules_.rows());

    x_label_top_ = 8 + line_height(small_font);
    if (turned_) x_label_top_ = 12 + 0.72 * x_ticks_.widest(small_font) + small_font * 0.5;
    legend_top_ = x_label_top_ + line_height(font) * static_cast<double>(x_lines_.size()) + 8;
    const bool wide = Legend::is_long(chart_.series) && !plane_.is_map();
    legend_left_ = wide ? 14 - left_ : 0;
    double legend_height = 0;
    if (plane_.is_map()) {
      colours_ = ColourBar(plane_);
      legend_height = colours_.height();
    } else if (with_legend) {
      legend_ = Legend(chart_.series, plane_.width - legend_left_);
      legend_height = legend_.height();
    }
    bottom_ = legend_top_ + legend_height + 6;
    find_notes();
    bottom_ += line_height(small_font) * static_cast<double>(notes_.size());
  }

  double top() const { return top_; }
  double height() const { return plane_.height; }
  double bottom() const { return bottom_; }

  bool is_map() const { return plane_.is_map(); }

  // Adds to `used` the series whose fill is a pattern.
  void collect_patterns(std::vector<std::size_t>& used) const {
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const bool hatched = chart_.series[i].mark == Mark::bars && i % hatches != 0;
      if (hatched && std::find(used.begin(), used.end(), i % fills) == used.end()) {
        used.push_back(i % fills);
      }
    }
  }

  // Draws the panel with its left edge at x, its plot's upper edge at y.
  void draw(std::string& out, double x, double y) const {
    out += "<g transform=\"translate(" + number(x + left_) + " " + number(y) + ")\">\n";
    draw_text(out);
    std::size_t points = plane_.is_map() ? draw_cells(out, plane_) : 0;
    draw_grid(out);
    if (chart_.diagonal) draw_diagonal(out);
    for (const Mark mark : {Mark::bars, Mark::line, Mark::points}) {
      std::size_t bars = 0;
      for (std::size_t i = 0; i < chart_.series.size(); ++i) {
        const Series& series = chart_.series[i];
        if (series.mark == mark) {
          out += "<g>";
          if (!series.label.empty()) {
            out += "<title>" + escaped(decoded(series.label)) + "</title>";
          }
          out += "\n";
          draw_band(out, plane_, i);
          points += mark == Mark::bars   ? draw_bars(out, plane_, i, bars)
                    : mark == Mark::line ? draw_line(out, plane_, i)
                                         : draw_points(out, plane_, i);
          out += "</g>\n";
        }
        if (series.mark == Mark::bars) ++bars;
      }
    }
    if (points == 0) {
      add_text(out, plane_.width / 2, plane_.height / 2, "middle", font, "no data",
               " fill=\"#767676\"");
    }
    draw_axes(out);
    if (plane_.is_map()) add_row_names(out, plane_, own_left_);
    rules_.draw(out);
    draw_legend(out);
    out += "</g>\n";
  }

 private:
  // The chart's own, and one on what could not be drawn.
  void find_notes() {
    notes_ = wrapped(decoded(chart_.note), small_font, plane_.width, 3);
    if (plane_.left_out == 0) return;
    const bool logarithmic = is_logarithmic(chart_.x) || is_logarithmic(chart_.y);
    notes_.push_back(
        decimal(static_cast<long long>(plane_.left_out), 0) +
        (plane_.left_out == 1 ? U" point" : U" points") + U" not shown: " +
        (logarithmic ? U"not positive on a logarithmic axis, or infinite" : U"infinite"));
  }

  void place_y_ticks() {
    if (!y_names_.empty()) {
      const double slot = plane_.height / plane_.y.span();
      y_ticks_ = named_ticks(y_names_, round_number(13.9 / slot), 150);
      if (!plane_.is_map()) return;
      // The first row is at the top.
      const double last = static_cast<double>(y_names_.size()) - 1;
      for (auto& tick : y_ticks_.labelled) {
        tick.place = last - tick.place;
        tick.label.name.clear();  // the row has it
      }
      for (double& at : y_ticks_.bare) at = last - at;
    } else if (is_logarithmic(chart_.y)) {
      y_ticks_ = logarithmic_ticks(plane_.y, plane_.height, true);
    } else {
      y_ticks_ = linear_ticks(plane_.y, plane_.height, true, plane_.y_whole);
    }
  }

  // Names stand upright where each finds room or, when short, every second, third, …; else they
  // are turned.
  void place_x_ticks(double pixels) {
    turned_ = false;
    if (x_names_.empty()) {
      x_ticks_ = is_logarithmic(chart_.x) ? logarithmic_ticks(plane_.x, pixels, false)
                                          : linear_ticks(plane_.x, pixels, false, plane_.x_whole);
      return;
    }
    const double slot = pixels / plane_.x.span();
    x_ticks_ = named_ticks(x_names_, 1, pixels);
    const double needed = x_ticks_.widest(small_font) + 8;
    if (needed <= slot) return;
    turned_ = needed > 40;
    const std::size_t every = round_number((turned_ ? 17 : needed) / slot);
    x_ticks_ = named_ticks(x_names_, every, turned_ ? 150 : pixels);
  }

  void draw_text(std::string& out) const {
    double y = -top_ + 6 + title_font;
    for (const auto& line : title_) {
      add_text(out, 0, y, "start", title_font, escaped(line), " font-weight=\"bold\"");
      y += line_height(title_font);
    }
    y = plane_.height + x_label_top_ + font;
    for (std::size_t i = 0; i < x_lines_.size(); ++i) {
      const int multiplier = i + 1 == x_lines_.size() ? x_ticks_.multiplier : 0;
      add_text(out, plane_.width / 2, y, "middle", font, with_multiplier(x_lines_[i], multiplier));
      y += line_height(font);
    }
    auto y_lines = y_lines_;
    if (y_lines.empty() && y_ticks_.multiplier != 0) y_lines.emplace_back();
    double x = -label_left_ + 2 + font;
    for (std::size_t i = 0; i < y_lines.size(); ++i) {
      const int multiplier = i + 1 == y_lines.size() ? y_ticks_.multiplier : 0;
      add_text(out, x, plane_.height / 2, "middle", font, with_multiplier(y_lines[i], multiplier),
               " transform=\"rotate(-90 " + number(x) + " " + number(plane_.height / 2) + ")\"");
      x += line_height(font);
    }
  }

  void draw_grid(std::string& out) const {
    std::string path;
    const auto across = [&](double y) { path += "M0 " + number(y) + "H" + number(plane_.width); };
    const auto upright = [&](double x) { path += "M" + number(x) + " 0V" + number(plane_.height); };
    if (y_names_.empty()) {
      for (const auto& tick : y_ticks_.labelled) across(plane_.y_at(tick.place));
    }
    if (x_names_.empty() && plane_.bar_series == 0 && !plane_.is_map()) {
      for (const auto& tick : x_ticks_.labelled) upright(plane_.x_at(tick.place));
    }
    // Between named places, of which each has many bands.
    for (std::size_t k = 1; plane_.bands > 1 && k < x_names_.size(); ++k) {
      upright(plane_.x_at(static_cast<double>(k) - 0.5));
    }
    if (path.empty()) return;
    out += "<path d=\"" + path + "\" stroke=\"#e3e3e3\" stroke-width=\"1\"/>\n";
  }

  void draw_diagonal(std::string& out) const {
    const double low = std::max(plane_.x.low, plane_.y.low);
    const double high = std::min(plane_.x.high, plane_.y.high);
    if (is_logarithmic(chart_.x) != is_logarithmic(chart_.y) || low >= high) return;
    add_line(out, plane_.x_at(low), plane_.y_at(low), plane_.x_at(high), plane_.y_at(high),
             "stroke=\"#4d4d4d\" stroke-width=\"1\"");
  }

  void draw_axes(std::string& out) const {
    const double bottom = plane_.height;
    if (!is_logarithmic(chart_.y) && plane_.y.low < 0 && plane_.y.high > 0 && y_names_.empty()) {
      add_line(out, 0, plane_.y_at(0), plane_.width, plane_.y_at(0),
               "stroke=\"#8c8c8c\" stroke-width=\"1\"");
    }
    std::string path = "M0 0V" + number(bottom) + "H" + number(plane_.width);
    const auto x_mark = [&](double place, int length) {
      path += "M" + number(plane_.x_at(place)) + " " + number(bottom) + "v" + integer(length);
    };
    const auto y_mark = [&](double place, int length) {
      path += "M0 " + number(plane_.y_at(place)) + "h" + integer(-length);
    };
    for (const double at : x_ticks_.bare) x_mark(at, 3);
    for (const double at : y_ticks_.bare) y_mark(at, 3);
    for (const auto& tick : x_ticks_.labelled) x_mark(tick.place, 5);
    for (const auto& tick : y_ticks_.labelled) y_mark(tick.place, 5);
    out += "<path d=\"" + path + "\" stroke=\"#333333\" stroke-width=\"1\" fill=\"none\"/>\n";
    for (const auto& tick : x_ticks_.labelled) {
      const double x = plane_.x_at(tick.place);
      const double y = bottom + 8 + (turned_ ? 0.6 : 0.85) * small_font;
      const std::string turn =
          turned_ ? " transform=\"rotate(-45 " + number(x + 3) + " " + number(y) + ")\"" : "";
      add_label(out, turned_ ? x + 3 : x, y, turned_ ? "end" : "middle", small_font, tick.label,
                turn);
    }
    for (const auto& tick : y_ticks_.labelled) {
      const double y = plane_.y_at(tick.place);
      add_label(out, -8, y + 0.35 * small_font, "end", small_font, tick.label);
    }
  }

  void draw_legend(std::string& out) const {
    if (plane_.is_map()) {
      colours_.draw(out, 0, plane_.height + legend_top_);
    } else {
      legend_.draw(out, legend_left_, plane_.height + legend_top_);
    }
    double y = plane_.height + bottom_ - 8;
    for (auto line = notes_.rbegin(); line != notes_.rend(); ++line) {
      add_text(out, 0, y, "start", small_font, escaped(*line), " fill=\"#595959\"");
      y -= line_height(small_font);
    }
  }

  const Chart& chart_;
  Plane plane_;
  std::vector<std::u32string> x_names_;
  std::vector<std::u32string> y_names_;
  Ticks x_ticks_;
  Ticks y_ticks_;
  bool turned_ = false;  // the names at the x axis
  std::vector<std::u32string> title_;
  std::vector<std::u32string> x_lines_;
  std::vector<std::u32string> y_lines_;
  RuleLabels rules_;
  Legend legend_;
  ColourBar colours_;  // instead, of a heat map
  std::vector<std::u32string> notes_;
  double legend_left_ = 0;
  double label_left_ = 0;  // where the y axis's label begins, left of the plot
  double own_left_ = 0;
  double left_ = 0;  // as much or more, to align plots
  double top_ = 0;
  double bottom_ = 0;
  double x_label_top_ = 0;
  double legend_top_ = 0;
};

}  // namespace plot
