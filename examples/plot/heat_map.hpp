// A matrix of numbers as a picture: a coloured cell for each, with the number in it where there is
// room.
//
// in:  numbers, and names for rows and columns in UTF-8; what is not finite leaves its cell empty
// out: one self-contained SVG element, as those of svg.hpp; as wide as it needs to be, and narrower
//      where a page is
//
// Of many rows and columns every so manieth is named.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "axis.hpp"
#include "heat_colours.hpp"
#include "looks.hpp"
#include "short_names.hpp"
#include "text.hpp"

namespace plot {

struct HeatMap {
  std::string title;
  std::vector<std::string> rows;            // names, from top to bottom
  std::vector<std::string> columns;         // names, from left to right
  std::vector<std::vector<double>> values;  // by row, then by column
  std::string scale = {};                   // what the numbers are
};

class HeatMapPanel {
 public:
  explicit HeatMapPanel(const HeatMap& map) : map_(map) {
    const bool fits = map.values.size() == map.rows.size() &&
                      std::all_of(map.values.begin(), map.values.end(), [&](const auto& row) {
                        return row.size() == map.columns.size();
                      });
    if (!fits) {
      throw std::invalid_argument("a heat map's numbers are as many as its rows and columns say");
    }
    find_range();
    std::vector<std::u32string> names;
    for (const auto& name : map.rows) names.push_back(decoded(name));
    row_names_ = shortened(names, small_font, longest_name);
    names.clear();
    for (const auto& name : map.columns) names.push_back(decoded(name));
    column_names_ = shortened(names, small_font, longest_name);
    const double rows = std::max(1.0, static_cast<double>(row_names_.size()));
    const double columns = std::max(1.0, static_cast<double>(column_names_.size()));
    left_ = 14 + widest(row_names_) + 8;
    const auto find_cell = [&] {
      cell_ = std::min({52.0, (widest_picture - left_ - right) / columns, widest_picture / rows});
    };
    find_cell();
    turned_ = widest(column_names_) + 6 > cell_ * static_cast<double>(every());
    if (turned_ && !column_names_.empty()) {
      left_ = std::max(left_, 0.72 * width(column_names_[0], small_font) + 14);
      find_cell();
    }
    find_numbers();
  }

  double needed_width() const {
    return std::clamp(left_ + cell_ * static_cast<double>(column_names_.size()) + right, 380.0,
                      widest_picture);
  }

  // Draws it with its upper edge at y, in a picture of that width; returns its height.
  double draw(std::string& out, double y, double picture_width) const {
    const double top = y;
    y += 12;
    for (const auto& line : wrapped(decoded(map_.title), title_font, picture_width - 28, 3)) {
      y += line_height(title_font);
      add_text(out, 14, y - 5, "start", title_font, escaped(line), " font-weight=\"bold\"");
    }
    y += 8;
    draw_cells(out, y);
    draw_names(out, y);
    y += cell_ * static_cast<double>(row_names_.size());
    y += turned_ ? 14 + 0.72 * widest(column_names_) : 8 + line_height(small_font);
    y += draw_scale(out, y + 8, picture_width) + 8;
    return y + 10 - top;
  }

 private:
  static constexpr double widest_picture = 560;
  static constexpr double right = 20;
  static constexpr double longest_name = 110;

  static double widest(const std::vector<std::u32string>& names) {
    double most = 0;
    for (const auto& name : names) most = std::max(most, width(name, small_font));
    return most;
  }

  // Numbers that are small or large throughout are counted in a power of ten.
  void find_range() {
    double most = 0;
    for (const auto& row : map_.values) {
      for (const double value : row) {
        const double at = place(Axis{}, value);
        if (!std::isnan(at)) most = std::max(most, std::abs(at));
      }
    }
    if (most > 0 && (most < 1e-3 || most >= 1e5)) {
      exponent_ = static_cast<int>(std::floor(std::log10(most)));
    }
    range_ = {0, 0};
    for (const auto& row : map_.values) {
      for (const double value : row) {
        if (const double at = number_at(value); !std::isnan(at)) range_.take(at);
      }
    }
    if (range_.span() == 0) range_.high = 1;
  }

  double number_at(double value) const { return place(Axis{}, value) / power(exponent_); }

  // Every so manieth name has room.
  std::size_t every() const { return round_number(13 / cell_); }

  std::u32string text_of(double number) const {
    if (number == 0) return U"0";
    return decimal(std::llround(number * power(decimals_)), -decimals_);
  }

  // With three digits of the largest number, or two where these fit better; else none are shown.
  void find_numbers() {
    const double most = std::max(std::abs(range_.low), std::abs(range_.high));
    const int digits = static_cast<int>(std::floor(std::log10(most)));
    for (decimals_ = std::max(0, 2 - digits); decimals_ >= std::max(0, 1 - digits); --decimals_) {
      numbers_ = cell_ >= 16;
      for (const auto& row : map_.values) {
        for (const double value : row) {
          const double number = number_at(value);
          numbers_ =
              numbers_ && (std::isnan(number) || width(text_of(number), small_font) + 5 <= cell_);
        }
      }
      if (numbers_) return;
    }
  }

  void draw_cells(std::string& out, double top) const {
    constexpr std::size_t most_titles = 2500;
    const bool titles = row_names_.size() * column_names_.size() <= most_titles;
    const double gap = cell_ >= 14 ? 1 : -0.3;  // lest the page shows between two
    std::string texts;
    out += "<g shape-rendering=\"crispEdges\">\n";
    for (std::size_t r = 0; r < row_names_.size(); ++r) {
      for (std::size_t c = 0; c < column_names_.size(); ++c) {
        const double value = number_at(map_.values[r][c]);
        if (std::isnan(value)) continue;
        const auto level = static_cast<std::size_t>(
            std::lround(range_.share(value) * static_cast<double>(heat_levels - 1)));
        const double x = left_ + cell_ * static_cast<double>(c);
        const double y = top + cell_ * static_cast<double>(r);
        out += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" +
               number(cell_ - gap) + "\" height=\"" + number(cell_ - gap) + "\" fill=\"" +
               heat_colour(level, false) + "\"";
        if (titles) {
          out += "><title>" + escaped(decoded(map_.rows[r])) + ", " +
                 escaped(decoded(map_.columns[c])) + ": " + words_of(map_.values[r][c]) +
                 "</title></rect>\n";
        } else {
          out += "/>\n";
        }
        if (!numbers_) continue;
        add_text(texts, x + (cell_ - gap) / 2, y + cell_ / 2 + 0.35 * small_font, "middle",
                 small_font, escaped(text_of(value)),
                 std::string(" pointer-events=\"none\" fill=\"") + heat_text_colour(level) + "\"");
      }
    }
    out += "</g>\n" + texts;
  }

  // With six significant digits, the same in every locale.
  static std::string words_of(double value) {
    std::array<char, 40> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::general, 6)
                         .ptr;
    return {digits.data(), end};
  }

  void draw_names(std::string& out, double top) const {
    const double bottom = top + cell_ * static_cast<double>(row_names_.size());
    for (std::size_t r = 0; r < row_names_.size(); r += every()) {
      const double y = top + cell_ * (static_cast<double>(r) + 0.5);
      add_text(out, left_ - 8, y + 0.35 * small_font, "end", small_font, escaped(row_names_[r]));
    }
    for (std::size_t c = 0; c < column_names_.size(); c += every()) {
      const double x = left_ + cell_ * (static_cast<double>(c) + 0.5);
      const std::string text = escaped(column_names_[c]);
      if (!turned_) {
        add_text(out, x, bottom + 6 + small_font, "middle", small_font, text);
        continue;
      }
      const double y = bottom + 12;
      add_text(out, x + 4, y, "end", small_font, text,
               " transform=\"rotate(-45 " + number(x + 4) + " " + number(y) + ")\"");
    }
  }

  double draw_scale(std::string& out, double top, double picture_width) const {
    constexpr double thickness = 12;
    const double length = picture_width - left_ - right;
    const double step = length / static_cast<double>(heat_levels);
    out += "<g shape-rendering=\"crispEdges\">\n";
    for (std::size_t level = 0; level < heat_levels; ++level) {
      out += "<rect x=\"" + number(left_ + step * static_cast<double>(level)) + "\" y=\"" +
             number(top) + "\" width=\"" + number(step) + "\" height=\"" + number(thickness) +
             "\" fill=\"" + heat_colour(level, false) + "\"/>\n";
    }
    out += "</g>\n";
    for (const auto& tick : linear_ticks(range_, length, false, false).labelled) {
      const double x = left_ + length * range_.share(tick.place);
      add_line(out, x, top + thickness, x, top + thickness + 4, "stroke=\"#767676\"");
      add_text(out, x, top + thickness + 6 + small_font, "middle", small_font, tick.label.markup());
    }
    double height = thickness + 8 + line_height(small_font);
    auto lines = wrapped(decoded(map_.scale), font, length - (exponent_ != 0 ? 60 : 0), 3);
    if (lines.empty() && exponent_ != 0) lines.emplace_back();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      height += line_height(font);
      std::string text = escaped(lines[i]);
      if (exponent_ != 0 && i + 1 == lines.size()) {
        text +=
            (text.empty() ? "" : ", ") + escaped(U"\u00d7") + power_of_ten(1, exponent_).markup();
      }
      add_text(out, left_, top + height - 4, "start", font, text);
    }
    return height;
  }

  const HeatMap& map_;
  std::vector<std::u32string> row_names_;
  std::vector<std::u32string> column_names_;
  Range range_;
  int exponent_ = 0;  // numbers count in this power of ten
  int decimals_ = 0;  // of the numbers in cells
  bool numbers_ = false;
  bool turned_ = false;  // the columns' names
  double left_ = 0;
  double cell_ = 0;  // a side, with the gap to the next
};

// Heat maps one below the other, as one SVG element. Time O(cells). Throws std::invalid_argument
// where one has not as many values as its rows and columns say.
inline std::string render(const std::vector<HeatMap>& maps) {
  std::vector<HeatMapPanel> panels;
  double width = 0;
  for (const auto& map : maps) width = std::max(width, panels.emplace_back(map).needed_width());
  std::string drawn;
  std::u32string title;
  double height = 0;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    height += panels[i].draw(drawn, height, width);
    if (maps[i].title.empty()) continue;
    title += (title.empty() ? U"" : U"; ") + decoded(maps[i].title);
  }
  return svg_begin(width, height, title, heat_dark_style()) + drawn + "</svg>\n";
}

inline std::string render(const HeatMap& map) { return render(std::vector<HeatMap>{map}); }

}  // namespace plot
