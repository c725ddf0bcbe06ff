// The rules of a chart, and where their labels stand above it.
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

namespace plot {

// The labels of rules stand beside their lines, in rows. Where it can be, no line runs through a
// label: so it is when all are right of their lines, placed from right to left, or the other way
// round; but with both sides fewer rows are needed.
class RuleLabels {
 public:
  RuleLabels() = default;

  // With so much room left and right of the plot.
  RuleLabels(const Plane& plane, double left, double right)
      : left_(-left),
        right_(plane.width + right),
        bottom_(plane.height),
        on_cells_(plane.is_map()) {
    std::vector<Placed> rules;
    for (const auto& given : plane.chart.rules) {
      const double at = place(plane.chart.x, given.x);
      if (std::isnan(at)) continue;
      const std::u32string name = decoded(given.label);
      const std::u32string label = shortened(name, small_font, plane.width * 0.6);
      rules.push_back({name, plane.x_at(at), 0, width(label, small_font), 0, label});
    }
    const auto from_right = [](const Placed& a, const Placed& b) { return a.line > b.line; };
    std::stable_sort(rules.begin(), rules.end(), from_right);
    labels_ = rules;
    if (put(true, true, true)) return;
    labels_ = rules;
    if (put(true, false, true)) return;
    labels_.assign(rules.rbegin(), rules.rend());
    if (put(false, true, true)) return;
    labels_ = std::move(rules);
    put(true, true, false);
  }

  std::size_t rows() const { return rows_; }

  void draw(std::string& out) const {
    for (const auto& rule : labels_) {
      const double top =
          rule.label.empty() ? 0 : -line_height(small_font) * static_cast<double>(rule.row + 1) + 2;
      out += "<g><title>" + escaped(rule.name) + "</title>";
      if (on_cells_) {
        add_line(out, rule.line, 0, rule.line, bottom_, "stroke=\"#ffffff\" stroke-width=\"2.4\"");
      }
      add_line(out, rule.line, top, rule.line, bottom_,
               "stroke=\"#4d4d4d\" stroke-width=\"1\" stroke-dasharray=\"4 3\"");
      out += "</g>\n";
    }
    for (const auto& rule : labels_) {
      if (rule.label.empty()) continue;
      const double y = -line_height(small_font) * static_cast<double>(rule.row) - 4;
      const bool right = rule.text > rule.line;
      add_text(out, right ? rule.text : rule.text + rule.length, y, right ? "start" : "end",
               small_font, escaped(rule.label),
               " stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" "
               "paint-order=\"stroke\"");
    }
  }

 private:
  struct Placed {
    std::u32string name;
    double line;  // x of the rule
    double text;  // x where the label begins
    double length;
    std::size_t row;
    std::u32string label;  // empty where it found no room
  };

  // In the order in which they are. Returns whether each has found a place; strict: where no line
  // crosses a label. Labels without a place are dropped.
  bool put(bool right, bool left, bool strict) {
    constexpr std::size_t most_rows = 8;
    constexpr double gap = 6;
    bool complete = true;
    rows_ = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      Placed& rule = labels_[i];
      if (rule.label.empty()) continue;
      const auto free = [&](double text, std::size_t row) {
        // Left of the plot's upper edge stands the y axis's highest number.
        const double least = row == 0 ? -4 : left_ + 4;
        if (text < least || text + rule.length > right_ - 2) return false;
        for (std::size_t k = 0; k < i; ++k) {
          const Placed& other = labels_[k];
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
          rows_ = std::max(rows_, row + 1);
          placed = true;
          break;
        }
      }
      if (!placed) rule.label.clear();
      complete = complete && placed;
    }
    return complete;
  }

  double left_ = 0;
  double right_ = 0;
  double bottom_ = 0;
  bool on_cells_ = false;  // which may be as dark as a line
  std::vector<Placed> labels_;
  std::size_t rows_ = 0;
};

}  // namespace plot
