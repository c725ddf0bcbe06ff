// One chart of a grid: what room it needs, and its drawing.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "axis.hpp"
#include "chart.hpp"
#include "legend.hpp"
#include "looks.hpp"
#include "text.hpp"
#include "thinning.hpp"

namespace plot {

// In pixels.
inline constexpr double panel_width = 560;
inline constexpr double plot_height = 300;
inline constexpr double right_margin = 30;

class Panel {
 public:
  explicit Panel(const Chart& chart) : chart_(chart) {
    for (const auto& series : chart.series) {
      if (!series.x.empty() && series.x.size() != series.y.size()) {
        throw std::invalid_argument("a series has " + std::to_string(series.x.size()) +
                                    " x values, but " + std::to_string(series.y.size()) +
                                    " y values");
      }
      if (series.mark == Mark::bars) ++bar_series_;
    }
    for (const auto& name : chart.x.categories) x_names_.push_back(decoded(name));
    for (const auto& name : chart.y.categories) y_names_.push_back(decoded(name));
    find_ranges();
    place_y_ticks();
    y_lines_ = wrapped(decoded(chart.y.label), font, plot_height, 2);
    own_left_ = 14 + y_ticks_.widest(small_font) +
                line_height(font) * static_cast<double>(std::max<std::size_t>(
                                        y_lines_.size(), y_ticks_.multiplier != 0));
    label_left_ = own_left_;
    // Turned names reach to the left of their place.
    if (!x_names_.empty()) {
      place_x_ticks(panel_width - own_left_ - right_margin);
      for (const auto& tick : x_ticks_.labelled) {
        if (!turned_) break;
        const double at = x_range_.share(tick.place) * (panel_width - own_left_ - right_margin);
        own_left_ = std::max(own_left_, 0.72 * tick.label.width(small_font) + 12 - at);
      }
    }
  }

  // The room needed left of the plot.
  double left() const { return own_left_; }

  // Takes that much room at the left, and finds what is needed above and beneath.
  void arrange(double left, bool with_legend) {
    left_ = left;
    plot_width_ = panel_width - left_ - right_margin;
    place_x_ticks(plot_width_);
    title_ = wrapped(decoded(chart_.title), title_font, plot_width_, 3);
    x_lines_ =
        wrapped(decoded(chart_.x.label), font, plot_width_ - (x_ticks_.multiplier ? 60 : 0), 2);
    if (x_lines_.empty() && x_ticks_.multiplier != 0) x_lines_.emplace_back();
    place_rule_labels();
    top_ = 12 + line_height(title_font) * static_cast<double>(title_.size()) +
           line_height(small_font) * static_cast<double>(rule_rows_);

    x_label_top_ = 8 + line_height(small_font);
    if (turned_) x_label_top_ = 12 + 0.72 * x_ticks_.widest(small_font) + small_font * 0.5;
    legend_top_ = x_label_top_ + line_height(font) * static_cast<double>(x_lines_.size()) + 8;
    const bool wide = Legend::is_long(chart_.series);
    legend_left_ = wide ? 14 - left_ : 0;
    legend_ = with_legend ? Legend(chart_.series, plot_width_ - legend_left_) : Legend();
    bottom_ = legend_top_ + legend_.height() + 6;
    if (left_out_ > 0) bottom_ += line_height(small_font);
  }

  double top() const { return top_; }
  double bottom() const { return bottom_; }

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
    draw_grid(out);
    if (chart_.diagonal) draw_diagonal(out);
    std::size_t points = 0;
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
          points += mark == Mark::bars   ? draw_bars(out, i, bars)
                    : mark == Mark::line ? draw_line(out, i)
                                         : draw_points(out, i);
          out += "</g>\n";
        }
        if (series.mark == Mark::bars) ++bars;
      }
    }
    if (points == 0) {
      add_text(out, plot_width_ / 2, plot_height / 2, "middle", font, "no data",
               " fill=\"#767676\"");
    }
    draw_axes(out);
    draw_rules(out);
    draw_legend(out);
    out += "</g>\n";
  }

 private:
  struct RuleLabel {
    std::size_t rule;
    double line;  // x of the rule
    double text;  // x where the label begins
    double length;
    std::size_t row;
    std::u32string label;  // empty where it found no room
  };

  double x_at(double place) const { return x_range_.share(place) * plot_width_; }
  double y_at(double place) const { return (1 - y_range_.share(place)) * plot_height; }

  // Calls body(x, y) with the place of each point of a series, NaN where it has none.
  template <class Body>
  void each_place(const Series& series, const Body& body) const {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double x = place(chart_.x, series.x.empty() ? static_cast<double>(i) : series.x[i]);
      const double y = place(chart_.y, series.y[i]);
      const bool drawn = !std::isnan(x) && !std::isnan(y);
      body(drawn ? x : not_a_number, drawn ? y : not_a_number);
    }
  }

  void find_ranges() {
    Range x;
    Range y;
    std::vector<double> bars;
    left_out_ = 0;
    for (const auto& series : chart_.series) {
      std::size_t i = 0;
      each_place(series, [&](double at_x, double at_y) {
        const double given = series.x.empty() ? 0 : series.x[i];
        if (std::isnan(at_x)) {
          if (!std::isnan(given) && !std::isnan(series.y[i])) ++left_out_;
        } else {
          x.take(at_x);
          y.take(at_y);
          x_whole_ = x_whole_ && at_x == std::floor(at_x);
          y_whole_ = y_whole_ && at_y == std::floor(at_y);
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
      bar_slot_ = x_names_.empty() && std::isfinite(least) ? least : 1;
      x.take(bars.front() - bar_slot_ / 2);
      x.take(bars.back() + bar_slot_ / 2);
      if (!is_logarithmic(chart_.y)) y.take(0);
    }
    for (const auto& rule : chart_.rules) {
      const double at = place(chart_.x, rule.x);
      if (!std::isnan(at)) x.take(at);
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
    cover(chart_.x, x, x_whole_);
    cover(chart_.y, y, y_whole_);
    const auto with_names = [](const Axis& axis, Range range, double share) {
      if (axis.categories.empty()) return padded(range, is_logarithmic(axis), share);
      range.take(-0.5);
      range.take(static_cast<double>(axis.categories.size()) - 0.5);
      return range;
    };
    x_whole_ = x_whole_ && x.low <= x.high;
    y_whole_ = y_whole_ && y.low <= y.high;
    x_range_ = with_names(chart_.x, x, 0.02);
    y_range_ = with_names(chart_.y, y, 0.05);
  }

  // Every so many names, at their places.
  static Ticks named(const std::vector<std::u32string>& names, std::size_t every, double most) {
    const auto texts = shortened(names, small_font, most);
    Ticks ticks;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i % every == 0) {
        ticks.labelled.push_back({static_cast<double>(i), {texts[i], {}}});
      } else {
        ticks.bare.push_back(static_cast<double>(i));
      }
    }
    return ticks;
  }

  void place_y_ticks() {
    if (!y_names_.empty()) {
      const double slot = plot_height / y_range_.span();
      y_ticks_ = named(y_names_, round_number(14 / slot), 150);
    } else if (is_logarithmic(chart_.y)) {
      y_ticks_ = logarithmic_ticks(y_range_, plot_height, true);
    } else {
      y_ticks_ = linear_ticks(y_range_, plot_height, true, y_whole_);
    }
  }

  // Names stand upright where each finds room or, when short, every second, third, …; else they
  // are turned.
  void place_x_ticks(double pixels) {
    turned_ = false;
    if (x_names_.empty()) {
      x_ticks_ = is_logarithmic(chart_.x) ? logarithmic_ticks(x_range_, pixels, false)
                                          : linear_ticks(x_range_, pixels, false, x_whole_);
      return;
    }
    const double slot = pixels / x_range_.span();
    x_ticks_ = named(x_names_, 1, pixels);
    const double needed = x_ticks_.widest(small_font) + 8;
    if (needed <= slot) return;
    turned_ = needed > 40;
    const std::size_t every = round_number((turned_ ? 17 : needed) / slot);
    x_ticks_ = named(x_names_, every, turned_ ? 150 : pixels);
  }

  // The labels of rules stand beside their lines, in rows. Where it can be, no line runs through a
  // label: so it is when all are right of their lines, placed from right to left, or the other way
  // round; but with both sides fewer rows are needed.
  void place_rule_labels() {
    std::vector<RuleLabel> rules;
    for (std::size_t i = 0; i < chart_.rules.size(); ++i) {
      const double at = place(chart_.x, chart_.rules[i].x);
      if (std::isnan(at)) continue;
      rules.push_back({i, x_at(at), 0, 0, 0, decoded(chart_.rules[i].label)});
      auto& label = rules.back().label;
      label = shortened(label, small_font, plot_width_ * 0.6);
      rules.back().length = width(label, small_font);
    }
    const auto from_right = [](const RuleLabel& a, const RuleLabel& b) { return a.line > b.line; };
    std::stable_sort(rules.begin(), rules.end(), from_right);
    rule_labels_ = rules;
    if (put_rule_labels(true, true, true)) return;
    rule_labels_ = rules;
    if (put_rule_labels(true, false, true)) return;
    rule_labels_.assign(rules.rbegin(), rules.rend());
    if (put_rule_labels(false, true, true)) return;
    rule_labels_ = std::move(rules);
    put_rule_labels(true, true, false);
  }

  // In the order in which they are. Returns whether each has found a place; strict: where no line
  // crosses a label. Labels without a place are dropped.
  bool put_rule_labels(bool right, bool left, bool strict) {
    constexpr std::size_t most_rows = 8;
    constexpr double gap = 6;
    bool complete = true;
    rule_rows_ = 0;
    for (std::size_t i = 0; i < rule_labels_.size(); ++i) {
      RuleLabel& rule = rule_labels_[i];
      if (rule.label.empty()) continue;
      const auto free = [&](double text, std::size_t row) {
        if (text < -left_ + 4 || text + rule.length > plot_width_ + right_margin - 2) return false;
        for (std::size_t k = 0; k < i; ++k) {
          const RuleLabel& other = rule_labels_[k];
          if (other.label.empty()) continue;
          const bool overlaps =
              text < other.text + other.length + gap && other.text < text + rule.length + gap;
          if (other.row == row && overlaps) return false;
          if (!strict) continue;
          if (other.row >= row && other.line >= text && other.line <= text + rule.length) {
            return false;
          }
          if (other.row < row && rule.line >= other.text &&
              rule.line <= other.text + other.length) {
            return false;
          }
        }
        return true;
      };
      bool placed = false;
      for (std::size_t row = 0; row < most_rows && !placed; ++row) {
        for (const double text : {rule.line + 3, rule.line - 3 - rule.length}) {
          if (!(text > rule.line ? right : left) || !free(text, row)) continue;
          rule.text = text;
          rule.row = row;
          rule_rows_ = std::max(rule_rows_, row + 1);
          placed = true;
          break;
        }
      }
      if (!placed) rule.label.clear();
      complete = complete && placed;
    }
    return complete;
  }

  void draw_text(std::string& out) const {
    double y = -top_ + 6 + title_font;
    for (const auto& line : title_) {
      add_text(out, 0, y, "start", title_font, escaped(line), " font-weight=\"bold\"");
      y += line_height(title_font);
    }
    y = plot_height + x_label_top_ + font;
    for (std::size_t i = 0; i < x_lines_.size(); ++i) {
      const int multiplier = i + 1 == x_lines_.size() ? x_ticks_.multiplier : 0;
      add_text(out, plot_width_ / 2, y, "middle", font, with_multiplier(x_lines_[i], multiplier));
      y += line_height(font);
    }
    auto y_lines = y_lines_;
    if (y_lines.empty() && y_ticks_.multiplier != 0) y_lines.emplace_back();
    double x = -label_left_ + 2 + font;
    for (std::size_t i = 0; i < y_lines.size(); ++i) {
      const int multiplier = i + 1 == y_lines.size() ? y_ticks_.multiplier : 0;
      add_text(out, x, plot_height / 2, "middle", font, with_multiplier(y_lines[i], multiplier),
               " transform=\"rotate(-90 " + number(x) + " " + number(plot_height / 2) + ")\"");
      x += line_height(font);
    }
  }

  static std::string with_multiplier(const std::u32string& label, int multiplier) {
    if (multiplier == 0) return escaped(label);
    const Label power{U"\u00d710", decimal(multiplier, 0)};
    if (label.empty()) return power.markup();
    return escaped(label) + " (" + power.markup() + "<tspan dy=\"0.34em\">)</tspan>";
  }

  void draw_grid(std::string& out) const {
    const std::string stroke = "stroke=\"#e3e3e3\" stroke-width=\"1\"";
    if (y_names_.empty()) {
      for (const auto& tick : y_ticks_.labelled) {
        add_line(out, 0, y_at(tick.place), plot_width_, y_at(tick.place), stroke);
      }
    }
    if (x_names_.empty() && bar_series_ == 0) {
      for (const auto& tick : x_ticks_.labelled) {
        add_line(out, x_at(tick.place), 0, x_at(tick.place), plot_height, stroke);
      }
    }
  }

  void draw_diagonal(std::string& out) const {
    const double low = std::max(x_range_.low, y_range_.low);
    const double high = std::min(x_range_.high, y_range_.high);
    if (is_logarithmic(chart_.x) != is_logarithmic(chart_.y) || low >= high) return;
    add_line(out, x_at(low), y_at(low), x_at(high), y_at(high),
             "stroke=\"#4d4d4d\" stroke-width=\"1\"");
  }

  void draw_axes(std::string& out) const {
    const std::string stroke = "stroke=\"#333333\" stroke-width=\"1\" fill=\"none\"";
    out += "<path d=\"M0 0V" + number(plot_height) + "H" + number(plot_width_) + "\" " + stroke +
           "/>\n";
    if (!is_logarithmic(chart_.y) && y_range_.low < 0 && y_range_.high > 0 && y_names_.empty()) {
      add_line(out, 0, y_at(0), plot_width_, y_at(0), "stroke=\"#8c8c8c\" stroke-width=\"1\"");
    }
    for (const double at : x_ticks_.bare) {
      add_line(out, x_at(at), plot_height, x_at(at), plot_height + 3, stroke);
    }
    for (const double at : y_ticks_.bare) add_line(out, -3, y_at(at), 0, y_at(at), stroke);
    for (const auto& tick : x_ticks_.labelled) {
      const double x = x_at(tick.place);
      add_line(out, x, plot_height, x, plot_height + 5, stroke);
      const double y = plot_height + 8 + (turned_ ? 0.6 : 0.85) * small_font;
      const std::string turn =
          turned_ ? " transform=\"rotate(-45 " + number(x + 3) + " " + number(y) + ")\"" : "";
      add_text(out, turned_ ? x + 3 : x, y, turned_ ? "end" : "middle", small_font,
               tick.label.markup(), turn);
    }
    for (const auto& tick : y_ticks_.labelled) {
      const double y = y_at(tick.place);
      add_line(out, -5, y, 0, y, stroke);
      add_text(out, -8, y + 0.35 * small_font, "end", small_font, tick.label.markup());
    }
  }

  void draw_rules(std::string& out) const {
    for (const auto& rule : rule_labels_) {
      const double top =
          rule.label.empty() ? 0 : -line_height(small_font) * static_cast<double>(rule.row + 1) + 2;
      out += "<g><title>" + escaped(decoded(chart_.rules[rule.rule].label)) + "</title>";
      add_line(out, rule.line, top, rule.line, plot_height,
               "stroke=\"#4d4d4d\" stroke-width=\"1\" stroke-dasharray=\"4 3\"");
      out += "</g>\n";
    }
    for (const auto& rule : rule_labels_) {
      if (rule.label.empty()) continue;
      const double y = -line_height(small_font) * static_cast<double>(rule.row) - 4;
      const bool right = rule.text > rule.line;
      add_text(out, right ? rule.text : rule.text + rule.length, y, right ? "start" : "end",
               small_font, escaped(rule.label),
               " stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" "
               "paint-order=\"stroke\"");
    }
  }

  void draw_legend(std::string& out) const {
    legend_.draw(out, legend_left_, plot_height + legend_top_);
    if (left_out_ > 0) {
      add_text(out, 0, plot_height + bottom_ - 8, "start", small_font,
               integer(static_cast<long long>(left_out_)) +
                   (left_out_ == 1 ? " point" : " points") + " not shown: " +
                   (is_logarithmic(chart_.x) || is_logarithmic(chart_.y)
                        ? "not positive on a logarithmic axis, or infinite"
                        : "infinite"),
               " fill=\"#595959\"");
    }
  }

  // The parts of a line between its gaps, in pixels.
  std::vector<Stroke> strokes(const Series& series) const {
    std::vector<Stroke> parts;
    bool gap = true;
    each_place(series, [&](double x, double y) {
      if (std::isnan(x)) {
        gap = true;
        return;
      }
      if (gap) parts.emplace_back();
      gap = false;
      parts.back().push_back({x_at(x), y_at(y)});
    });
    return parts;
  }

  std::size_t draw_line(std::string& out, std::size_t i) const {
    const auto parts = thinned(strokes(chart_.series[i]));
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
        const bool crowded =
            few ? !marked.empty() &&
                      std::hypot(point.x - marked.back().x, point.y - marked.back().y) < spacing
                : point.x < next;
        if (crowded && part.size() > 1) continue;
        marked.push_back(point);
        next = point.x + spacing;
      }
    }
    if (!path.empty())
      out += "<path d=\"" + path + "\" " + line_style(i, chart_.series.size()) + "/>\n";
    add_markers(out, i, marked, 3.2);
    return points;
  }

  std::size_t draw_points(std::string& out, std::size_t i) const {
    std::vector<Point> points;
    for (const auto& part : strokes(chart_.series[i])) {
      points.insert(points.end(), part.begin(), part.end());
    }
    points = thinned(points, plot_width_, plot_height);
    add_markers(out, i, points, points.size() > 200 ? 2 : 3.2);
    return points.size();
  }

  // Bars of several series stand beside each other; `before` of them are left of this one's.
  std::size_t draw_bars(std::string& out, std::size_t i, std::size_t before) const {
    const double share = 0.8 * bar_slot_ / static_cast<double>(bar_series_);
    const double thickness = std::max(share / x_range_.span() * plot_width_, 0.5);
    const double base =
        is_logarithmic(chart_.y) ? plot_height : y_at(std::clamp(0.0, y_range_.low, y_range_.high));
    std::vector<Bar> bars;
    each_place(chart_.series[i], [&](double x, double y) {
      if (std::isnan(x)) return;
      const double left = x_at(x - 0.4 * bar_slot_ + share * static_cast<double>(before));
      const double end = y_at(y);
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

  const Chart& chart_;
  std::vector<std::u32string> x_names_;
  std::vector<std::u32string> y_names_;
  Range x_range_;
  Range y_range_;
  bool x_whole_ = true;  // all numbers along the axis are whole
  bool y_whole_ = true;
  double bar_slot_ = 1;
  std::size_t bar_series_ = 0;
  std::size_t left_out_ = 0;  // points that are numbers, but have no place
  Ticks x_ticks_;
  Ticks y_ticks_;
  bool turned_ = false;  // the names at the x axis
  std::vector<std::u32string> title_;
  std::vector<std::u32string> x_lines_;
  std::vector<std::u32string> y_lines_;
  std::vector<RuleLabel> rule_labels_;
  std::size_t rule_rows_ = 0;
  Legend legend_;
  double legend_left_ = 0;
  double label_left_ = 0;  // where the y axis's label begins, left of the plot
  double own_left_ = 0;
  double left_ = 0;  // as much or more, to align plots
  double plot_width_ = 0;
  double top_ = 0;
  double bottom_ = 0;
  double x_label_top_ = 0;
  double legend_top_ = 0;
};

}  // namespace plot
