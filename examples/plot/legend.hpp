// The legend of one plot, or of several that show the same series: a sample of each and its label.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "chart.hpp"
#include "looks.hpp"
#include "short_names.hpp"
#include "text.hpp"

namespace plot {

class Legend {
 public:
  Legend() = default;

  // In so many pixels; a series without a label is left out. Many labels stand in two columns at
  // least.
  Legend(const std::vector<Series>& series, double room) : all_(series.size()) {
    std::vector<std::u32string> labels;
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (series[i].label.empty()) continue;
      labels.push_back(decoded(series[i].label));
      entries_.push_back({i, series[i].mark, !series[i].low.empty(), {{}, {}, labels.back()}});
    }
    labels = shortened(labels, font, (is_long(series) ? room / 2 - 7 : room) - sample_width);
    double widest = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      widest = std::max(widest, width(labels[i], font));
      entries_[i].label.text = std::move(labels[i]);
    }
    column_width_ = sample_width + widest + 14;
    columns_ = std::max<std::size_t>(1, static_cast<std::size_t>((room + 14.5) / column_width_));
  }

  // Whether it should have all the room there is.
  static bool is_long(const std::vector<Series>& series) {
    return std::count_if(series.begin(), series.end(),
                         [](const Series& one) { return !one.label.empty(); }) > 8;
  }

  double height() const {
    const std::size_t rows = (entries_.size() + columns_ - 1) / columns_;
    return row_height * static_cast<double>(rows);
  }

  // With its upper left corner there.
  void draw(std::string& out, double left, double top) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto& [series, mark, band, label] = entries_[i];
      const std::size_t row = i / columns_;
      const double x = left + column_width_ * static_cast<double>(i % columns_);
      const double y = top + row_height * (static_cast<double>(row) + 0.5);
      if (band) {
        out += "<rect x=\"" + number(x) + "\" y=\"" + number(y - 6) +
               "\" width=\"34\" height=\"12\" fill=\"" + colour(series) +
               "\" fill-opacity=\"0.25\"/>\n";
      }
      if (mark == Mark::bars) {
        out += "<rect x=\"" + number(x + 8) + "\" y=\"" + number(y - 6) +
               "\" width=\"18\" height=\"12\" fill=\"" + fill(series) + "\"/>\n";
      } else {
        if (mark == Mark::line) add_line(out, x, y, x + 34, y, line_style(series, all_));
        add_markers(out, series, {{x + 17, y}}, 3.2);
      }
      add_label(out, x + sample_width, y + 0.35 * font, "start", font, label);
    }
  }

 private:
  static constexpr double sample_width = 40;  // of a line, with the space after it
  static constexpr double row_height = 18;

  struct Entry {
    std::size_t series;
    Mark mark;
    bool band;
    Label label;
  };

  std::size_t all_ = 0;  // series, labelled or not
  std::vector<Entry> entries_;
  double column_width_ = 1;
  std::size_t columns_ = 1;
};

}  // namespace plot
