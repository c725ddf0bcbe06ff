// A network as a picture, with some of its paths in front.
//
// in:  its groups of neurons in the order in which data flows through them, and paths: at which
//      neurons they stop, how strong they are and where they are weakest. Names are UTF-8 or any
//      other bytes
// out: one self-contained SVG element, as of svg.hpp
//
// Each group is a column of neurons. Of a wide one those on paths are shown, with a few beside
// them, and dots for what is left out; one that is an image is shown whole, pixel by pixel. A path
// is as thick as it is strong among those shown. The picture is wide enough for four columns with
// their names, and its letters are large enough to be read on half the width.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "column_names.hpp"
#include "folding.hpp"
#include "looks.hpp"
#include "network_columns.hpp"
#include "text.hpp"

namespace plot {

// One picture: what room it needs, and its drawing.
class NetworkPanel {
 public:
  // The picture must outlive it.
  explicit NetworkPanel(const NetworkPicture& picture)
      : picture_(picture), columns_(picture), names_(picture.columns, columns_) {
    const double room = network_width - 2 * margin;
    title_ = wrapped(decoded(picture.title), big_font, room, 2);
    note_ = wrapped(decoded(picture.note), note_font, room, 4);
    top_ = margin + line_height(big_font) * static_cast<double>(title_.size()) +
           line_height(note_font) * static_cast<double>(note_.size()) + 14;
  }

  // Its parts refer to each other.
  NetworkPanel(const NetworkPanel&) = delete;
  NetworkPanel& operator=(const NetworkPanel&) = delete;

  double height() const { return top_ + drawing_height + 12 + names_.height() + 8 + legend_height; }

  // With its upper edge there.
  void draw(std::string& out, double y) const {
    out += "<g transform=\"translate(0 " + number(y) + ")\">\n";
    draw_heading(out);
    out += "<g transform=\"translate(0 " + number(top_) + ")\">\n";
    if (columns_.size() <= most_named_upright) draw_other_edges(out);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].cell > 0) draw_image(out, c);
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) draw_other_neurons(out, c);
    for (auto path = picture_.paths.rbegin(); path != picture_.paths.rend(); ++path) {
      draw_path(out, *path);
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (picture_.columns[c].left_out > 0) draw_fold(out, c);
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) draw_neurons_on_paths(out, c);
    names_.draw(out, drawing_height + 12);
    if (!picture_.paths.empty()) draw_legend(out);
    out += "</g>\n</g>\n";
  }

 private:
  using Column = NetworkColumns::Column;
  using Item = NetworkColumns::Item;

  static constexpr double margin = network_margin;
  static constexpr double drawing_height = NetworkColumns::drawing_height;
  static constexpr std::size_t most_items = NetworkColumns::most_items;
  static constexpr double big_font = 20;
  static constexpr double note_font = 16;
  static constexpr double number_font = 16;
  static constexpr double legend_height = 40;
  static constexpr const char* path_colour = "#0072B2";
  static constexpr const char* weakest_colour = "#D55E00";

  void draw_heading(std::string& out) const {
    double y = margin;
    for (const auto& line : title_) {
      y += line_height(big_font);
      add_text(out, margin, y - 0.4 * big_font, "start", big_font, escaped(line),
               " font-weight=\"bold\"");
    }
    for (const auto& line : note_) {
      y += line_height(note_font);
      add_text(out, margin, y - 0.3 * note_font, "start", note_font, escaped(line),
               " fill=\"#4d4d4d\"");
    }
  }

  // Faint lines between all neurons shown of columns that are joined so.
  void draw_other_edges(std::string& out) const {
    std::string lines;
    const auto line = [&](double x1, double y1, double x2, double y2) {
      lines += "M" + number(x1) + " " + number(y1) + "L" + number(x2) + " " + number(y2);
    };
    for (std::size_t c = 0; c + 1 < columns_.size(); ++c) {
      const Column& from = columns_[c];
      const Column& to = columns_[c + 1];
      if (from.cell > 0 && picture_.columns[c + 1].joins_all && !to.items.empty()) {
        const double top = columns_.image_top(c, 0);
        line(from.x, top, to.x, to.items.front().y);
        line(from.x, drawing_height - top, to.x, to.items.back().y);
        continue;
      }
      if (!picture_.columns[c + 1].joins_all) continue;
      for (const Item& a : from.items) {
        for (const Item& b : to.items) {
          if (a.neuron && b.neuron) line(from.x, a.y, to.x, b.y);
        }
      }
    }
    if (!lines.empty()) {
      out += "<path d=\"" + lines + "\" fill=\"none\" stroke=\"#e3e3e3\" stroke-width=\"0.7\"/>\n";
    }
  }

  void draw_image(std::string& out, std::size_t c) const {
    const NeuronColumn& image = picture_.columns[c];
    const Column& column = columns_[c];
    const double width = column.cell * static_cast<double>(image.width);
    const double height = column.cell * static_cast<double>(image.height);
    std::string lines;
    for (std::size_t channel = 0; channel < image.channels; ++channel) {
      const double top = columns_.image_top(c, channel);
      out += "<rect x=\"" + number(column.left) + "\" y=\"" + number(top) + "\" width=\"" +
             number(width) + "\" height=\"" + number(height) +
             "\" fill=\"#ffffff\" stroke=\"#8c8c8c\"/>\n";
      if (column.cell < 4) continue;
      for (std::size_t i = 1; i < image.width; ++i) {
        lines += "M" + number(column.left + column.cell * static_cast<double>(i)) + " " +
                 number(top) + "v" + number(height);
      }
      for (std::size_t i = 1; i < image.height; ++i) {
        lines += "M" + number(column.left) + " " +
                 number(top + column.cell * static_cast<double>(i)) + "h" + number(width);
      }
    }
    if (!lines.empty()) {
      out += "<path d=\"" + lines + "\" fill=\"none\" stroke=\"#e3e3e3\" stroke-width=\"0.8\"/>\n";
    }
  }

  void draw_other_neurons(std::string& out, std::size_t c) const {
    const Column& column = columns_[c];
    std::vector<Point> others;
    std::vector<Point> dots;
    for (const Item& item : column.items) {
      if (item.neuron) {
        if (!columns_.on_paths(c).contains(*item.neuron)) others.push_back({column.x, item.y});
        continue;
      }
      for (const double offset : {-4.0, 0.0, 4.0}) {
        if (column.items.size() <= 2 * most_items) dots.push_back({column.x, item.y + offset});
      }
    }
    add_circles(out, dots, 1.1, "fill=\"#8c8c8c\"");
    add_circles(out, others, column.radius, "fill=\"#ffffff\" stroke=\"#8c8c8c\"");
  }

  void draw_neurons_on_paths(std::string& out, std::size_t c) const {
    const Column& column = columns_[c];
    if (column.cell > 0) {
      const double side = std::clamp(0.7 * column.cell, std::min(4.0, column.cell), 12.0);
      std::string pixels;
      for (const std::size_t neuron : columns_.on_paths(c)) {
        const Point centre = columns_.at({c, neuron});
        pixels += "M" + number(centre.x - side / 2) + " " + number(centre.y - side / 2) + "h" +
                  number(side) + "v" + number(side) + "h" + number(-side) + "z";
      }
      if (!pixels.empty()) {
        out += "<path d=\"" + pixels + "\" fill=\"" + path_colour + "\" stroke=\"#ffffff\"/>\n";
      }
      return;
    }
    std::vector<Point> on_path;
    const bool is_last = c + 1 == columns_.size();
    double free = 0;  // from here on there is room for a number
    for (const Item& item : column.items) {
      if (!item.neuron) continue;
      const bool marked = columns_.on_paths(c).contains(*item.neuron);
      if (marked) on_path.push_back({column.x, item.y});
      const bool is_named = is_last && (marked || picture_.columns[c].size() <= most_items);
      if (!is_named || item.y < free) continue;
      free = item.y + number_font;
      add_text(out, column.x + column.radius + 7, item.y + 0.35 * number_font, "start", number_font,
               integer(static_cast<long long>(*item.neuron)), marked ? "" : " fill=\"#767676\"");
    }
    add_circles(out, on_path, column.radius + 0.5,
                std::string("fill=\"") + path_colour + "\" stroke=\"#ffffff\"");
  }
  // A gap in all lines, and how many columns it stands for.
  void draw_fold(std::string& out, std::size_t c) const {
    const double width = std::min(0.8 * columns_.step(), 28.0);
    const double left = columns_[c].x - width / 2;
    out += "<rect x=\"" + number(left) + "\" y=\"-8\" width=\"" + number(width) + "\" height=\"" +
           number(drawing_height + 16) + "\" fill=\"#ffffff\"/>\n";
    for (const double x : {left, left + width}) {
      add_line(out, x, -8, x, drawing_height + 8, "stroke=\"#e3e3e3\"");
    }
    const auto count = static_cast<long long>(picture_.columns[c].left_out);
    const double x = columns_[c].x + 0.35 * note_font;
    add_text(out, x, drawing_height / 2, "middle", note_font,
             escaped(U"\u2026 " + decimal(count, 0) + U" columns left out \u2026"),
             " fill=\"#767676\" transform=\"rotate(-90 " + number(x) + " " +
                 number(drawing_height / 2) + ")\"");
  }
  static void add_circles(std::string& out, const std::vector<Point>& centres, double radius,
                          const std::string& attributes) {
    if (centres.empty()) return;
    const std::string r = number(radius);
    out += "<path d=\"";
    for (const Point& centre : centres) {
      out += "M" + number(centre.x - radius) + " " + number(centre.y) + "a" + r + " " + r +
             " 0 1 0 " + number(2 * radius) + " 0a" + r + " " + r + " 0 1 0 " +
             number(-2 * radius) + " 0z";
    }
    out += "\" " + attributes + "/>\n";
  }

  double thickness(double strength) const {
    const double most = picture_.paths.front().strength;
    const double least = picture_.paths.back().strength;
    // Thinner where many are close together.
    const double room =
        std::min(columns_.step() / 40, 60 / static_cast<double>(picture_.paths.size()));
    return std::clamp(room, 0.4, 1.0) *
           (1.6 + (most > least ? 3.6 * (strength - least) / (most - least) : 1.4));
  }

  void draw_path(std::string& out, const DrawnPath& path) const {
    const std::string width = " stroke-width=\"" + number(thickness(path.strength)) + "\"";
    const std::string look =
        "fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"" + width + " stroke=\"";
    std::string way;
    for (std::size_t i = 0; i + 1 < path.stops.size(); ++i) {
      way += (i == 0 ? place(path.stops[0]) : "") + step_to(path.stops[i], path.stops[i + 1]);
    }
    out += "<path d=\"" + way + "\" " + look + path_colour + "\"><title>" + words_of(path) +
           "</title></path>\n";
    if (!path.weakest) return;
    const PathStop& from = path.stops[*path.weakest];
    out += "<path d=\"" + place(from) + step_to(from, path.stops[*path.weakest + 1]) + "\" " +
           look + weakest_colour + "\"><title>" + words_of(path) + "</title></path>\n";
  }
  std::string place(const PathStop& stop) const {
    const Point point = columns_.at(stop);
    return "M" + number(point.x) + " " + number(point.y);
  }
  // Whether all columns between are left out.
  bool is_next(std::size_t from, std::size_t to) const {
    while (from + 1 < to && picture_.columns[from + 1].left_out > 0) ++from;
    return from + 1 >= to;
  }
  // A straight line to the next column; over columns between, a bow around most of their neurons.
  std::string step_to(const PathStop& from, const PathStop& to) const {
    const Point a = columns_.at(from);
    const Point b = columns_.at(to);
    const std::string end = number(b.x) + " " + number(b.y);
    if (is_next(from.column, to.column)) return "L" + end;
    const double middle = (a.y + b.y) / 2;
    const double edge = middle < drawing_height / 2 ? 0 : drawing_height;
    const double y = middle + 1.2 * (edge - middle);
    return "C" + number(a.x + (b.x - a.x) / 4) + " " + number(y) + " " +
           number(b.x - (b.x - a.x) / 4) + " " + number(y) + " " + end;
  }
  // "strength 0.123: input 5, fc1 3, fc2 7", shown where a pointer rests on the path.
  std::string words_of(const DrawnPath& path) const {
    std::string text = "strength " + escaped(decimal(std::llround(path.strength * 1e6), -6));
    for (std::size_t i = 0; i < path.stops.size(); ++i) {
      const auto& stop = path.stops[i];
      const bool folded = i > 0 && picture_.columns[stop.column - 1].left_out > 0;
      text += (i == 0   ? ": "
               : folded ? ", \u2026, "
                        : ", ") +
              escaped(decoded(picture_.columns[stop.column].name)) + " " +
              integer(static_cast<long long>(stop.neuron));
    }
    return text;
  }

  void draw_legend(std::string& out) const {
    const double y = drawing_height + 12 + names_.height() + 8 + legend_height / 2;
    const auto value = [](double strength) {
      return escaped(decimal(std::llround(strength * 1000), -3));
    };
    const double most = picture_.paths.front().strength;
    const double least = picture_.paths.back().strength;
    double x = margin;
    const auto entry = [&](const char* colour, double width, const std::string& label) {
      add_line(out, x, y, x + 34, y,
               "stroke=\"" + std::string(colour) + "\" stroke-linecap=\"round\" stroke-width=\"" +
                   number(width) + "\"");
      add_text(out, x + 44, y + 0.35 * note_font, "start", note_font, label);
      x += 44 + plot::width(decoded(label), note_font) + 22;
    };
    entry(path_colour, thickness(most), "strength " + value(most));
    if (most > least) entry(path_colour, thickness(least), "strength " + value(least));
    entry(weakest_colour, thickness(most), "weakest edge of its path");
  }

  const NetworkPicture& picture_;
  NetworkColumns columns_;
  ColumnNames names_;
  std::vector<std::u32string> title_;
  std::vector<std::u32string> note_;
  double top_ = 0;
};

// The picture with as many columns as can be told apart and named; the largest number keeps them
// further apart than the least distance at which none is left out.
inline NetworkPicture legible(const NetworkPicture& picture) {
  constexpr double least_step = 15.4;
  constexpr double folded_step = 25;
  const double step = NetworkColumns(picture).step();
  if (picture.columns.size() <= most_named_upright || step >= least_step) return picture;
  const double steps = step * static_cast<double>(picture.columns.size() - 1) / folded_step;
  return folded(picture, static_cast<std::size_t>(steps) + 1);
}

// Pictures one beneath the other, as one SVG element. Time O(stops · log stops), text O(neurons
// shown + paths).
inline std::string render(const std::vector<NetworkPicture>& networks) {
  std::vector<NetworkPicture> pictures;
  for (const auto& network : networks) pictures.push_back(legible(network));
  std::deque<NetworkPanel> panels;
  double height = 0;
  std::u32string title;
  for (const auto& picture : pictures) {
    panels.emplace_back(picture);
    height += panels.back().height();
    title += (title.empty() ? U"" : U"; ") + decoded(picture.title);
  }
  std::string out = svg_begin(network_width, height, title);
  double y = 0;
  for (const auto& panel : panels) {
    panel.draw(out, y);
    y += panel.height();
  }
  return out + "</svg>\n";
}

}  // namespace plot
