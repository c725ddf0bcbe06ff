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
#include <string>
#include <vector>

#include "looks.hpp"
#include "network_columns.hpp"
#include "short_names.hpp"
#include "text.hpp"

namespace plot {

// One picture: what room it needs, and its drawing.
class NetworkPanel {
 public:
  // The picture must outlive it.
  explicit NetworkPanel(const NetworkPicture& picture) : picture_(picture), columns_(picture) {
    const double room = network_width - 2 * margin;
    title_ = wrapped(decoded(picture.title), big_font, room, 2);
    note_ = wrapped(decoded(picture.note), note_font, room, 4);
    top_ = margin + line_height(big_font) * static_cast<double>(title_.size()) +
           line_height(note_font) * static_cast<double>(note_.size()) + 14;
    name_columns();
  }

  double height() const { return top_ + drawing_height + 12 + names_height_ + 8 + legend_height; }

  // With its upper edge there.
  void draw(std::string& out, double y) const {
    out += "<g transform=\"translate(0 " + number(y) + ")\">\n";
    draw_heading(out);
    out += "<g transform=\"translate(0 " + number(top_) + ")\">\n";
    if (columns_.size() <= most_named) draw_other_edges(out);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].cell > 0) draw_image(out, c);
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) draw_other_neurons(out, c);
    for (auto path = picture_.paths.rbegin(); path != picture_.paths.rend(); ++path) {
      draw_path(out, *path);
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) draw_neurons_on_paths(out, c);
    draw_names(out);
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
  static constexpr double name_font = 16;
  static constexpr double legend_height = 40;
  static constexpr std::size_t most_named = 8;  // columns with names beneath them
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
        if (columns_.on_paths(c).count(*item.neuron) == 0) others.push_back({column.x, item.y});
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
      const bool marked = columns_.on_paths(c).count(*item.neuron) > 0;
      if (marked) on_path.push_back({column.x, item.y});
      const bool is_named = is_last && (marked || picture_.columns[c].size() <= most_items);
      if (!is_named || item.y < free) continue;
      free = item.y + name_font;
      add_text(out, column.x + column.radius + 7, item.y + 0.35 * name_font, "start", name_font,
               integer(static_cast<long long>(*item.neuron)), marked ? "" : " fill=\"#767676\"");
    }
    add_circles(out, on_path, column.radius + 0.5,
                std::string("fill=\"") + path_colour + "\" stroke=\"#ffffff\"");
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
  // A straight line to the next column; over columns between, a bow around most of their neurons.
  std::string step_to(const PathStop& from, const PathStop& to) const {
    const Point a = columns_.at(from);
    const Point b = columns_.at(to);
    const std::string end = number(b.x) + " " + number(b.y);
    if (to.column <= from.column + 1) return "L" + end;
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
      text += (i == 0 ? ": " : ", ") + escaped(decoded(picture_.columns[stop.column].name)) + " " +
              integer(static_cast<long long>(stop.neuron));
    }
    return text;
  }

  // Beneath a few columns, name and size; beneath many, some names, turned.
  void name_columns() {
    const bool turned = columns_.size() > most_named;
    std::vector<std::u32string> names;
    for (const auto& column : picture_.columns) names.push_back(decoded(column.name));
    const double room = turned ? 150 : std::max(60.0, std::min(columns_.step() - 10, 200.0));
    names_ = shortened(names, name_font, room);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].cell > 0)
        names_[c] = shortened(names[c], name_font, NetworkColumns::image_side);
    }
    names_height_ = 2 * line_height(name_font);
    for (const auto& name : names_) {
      if (turned) names_height_ = std::max(names_height_, 20 + 0.71 * width(name, small_name_font));
    }
  }
  void draw_names(std::string& out) const {
    const double y = drawing_height + 12;
    if (columns_.size() > most_named) {
      double last = -line_height(name_font);
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const double x = columns_[c].x;
        if (names_[c].empty() || x < last + line_height(name_font)) continue;
        last = x;
        if (columns_[c].cell > 0) {
          draw_name(out, c, y);
          continue;
        }
        out +=
            "<g transform=\"translate(" + number(x + 4) + " " + number(y + 6) + ") rotate(-45)\">";
        add_text(out, 0, 0, "end", small_name_font, escaped(names_[c]));
        out += "</g>\n";
      }
      return;
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) draw_name(out, c, y);
  }
  void draw_name(std::string& out, std::size_t c, double y) const {
    const NeuronColumn& column = picture_.columns[c];
    std::string size = integer(static_cast<long long>(column.channels));
    if (column.height > 1 || column.width > 1) {
      const std::string positions = integer(static_cast<long long>(column.height)) + "\u00d7" +
                                    integer(static_cast<long long>(column.width));
      size = column.channels == 1 ? positions : size + "\u00d7" + positions;
    }
    const bool is_image = columns_[c].cell > 0;
    const double x = is_image ? (columns_[c].left + columns_[c].x) / 2 : columns_[c].x;
    add_text(out, x, y + name_font, "middle", name_font, escaped(names_[c]));
    add_text(out, x, y + name_font + line_height(name_font), "middle", name_font, size,
             " fill=\"#767676\"");
  }
  static constexpr double small_name_font = 14;

  void draw_legend(std::string& out) const {
    const double y = drawing_height + 12 + names_height_ + 8 + legend_height / 2;
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
  std::vector<std::u32string> names_;
  std::vector<std::u32string> title_;
  std::vector<std::u32string> note_;
  double top_ = 0;
  double names_height_ = 0;
};

// Pictures one beneath the other, as one SVG element. Time and text O(neurons shown + paths).
inline std::string render(const std::vector<NetworkPicture>& pictures) {
  std::vector<NetworkPanel> panels;
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
