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
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "looks.hpp"
#include "text.hpp"

namespace plot {

// Neurons: channels · height · width, counted in this order.
struct NeuronColumn {
  std::string name;
  std::size_t channels;
  std::size_t height = 1;
  std::size_t width = 1;
  bool joins_all = false;  // whether all edges from the column before are there

  std::size_t size() const { return channels * height * width; }
  bool is_image() const { return height > 1 && width > 1; }
};

struct PathStop {
  std::size_t column;
  std::size_t neuron;
};

struct DrawnPath {
  double strength;
  std::vector<PathStop> stops;
  std::optional<std::size_t> weakest;  // from this stop to the next
};

struct NetworkPicture {
  std::string title;
  std::string note;
  std::vector<NeuronColumn> columns;
  std::vector<DrawnPath> paths;  // descending
};

// One picture: what room it needs, and its drawing.
class NetworkPanel {
 public:
  static constexpr double panel_width = 800;

  // The picture must outlive it.
  explicit NetworkPanel(const NetworkPicture& picture) : picture_(picture) {
    const double room = panel_width - 2 * margin;
    title_ = wrapped(decoded(picture.title), big_font, room, 2);
    note_ = wrapped(decoded(picture.note), note_font, room, 4);
    top_ = margin + line_height(big_font) * static_cast<double>(title_.size()) +
           line_height(note_font) * static_cast<double>(note_.size()) + 14;
    on_paths_.resize(picture.columns.size());
    for (const auto& path : picture.paths) {
      for (const auto& stop : path.stops) on_paths_[stop.column].insert(stop.neuron);
    }
    place_columns();
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
  static constexpr double margin = 24;
  static constexpr double big_font = 20;
  static constexpr double note_font = 16;
  static constexpr double name_font = 16;
  static constexpr double drawing_height = 380;
  static constexpr double legend_height = 40;
  static constexpr double image_side = 270;
  static constexpr std::size_t most_named = 8;  // columns with names beneath them
  static constexpr std::size_t most_items = 21;
  static constexpr const char* path_colour = "#0072B2";
  static constexpr const char* weakest_colour = "#D55E00";

  // What stands in a column, from above: a neuron, or dots for those left out.
  struct Item {
    std::optional<std::size_t> neuron;
    double y;
  };
  struct Column {
    double x = 0;  // of an image, its right edge
    double radius = 0;
    double cell = 0;  // side of an image's pixel; 0 where it is none
    double left = 0;  // of an image
    std::vector<Item> items;
  };

  // Images apart, columns are spread evenly over what is right of the first.
  void place_columns() {
    columns_.resize(picture_.columns.size());
    if (columns_.empty()) return;
    double left = margin + 30;
    if (picture_.columns[0].is_image()) {
      place_image(0);
      left = columns_[0].x;
    }
    const double right = panel_width - margin - 44;  // numbers of outputs stand there
    const auto steps = static_cast<double>(std::max<std::size_t>(1, columns_.size() - 1));
    step_ = (right - left) / steps;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      Column& column = columns_[c];
      if (column.cell > 0) continue;
      column.x = left + step_ * static_cast<double>(c);
      place_neurons(c);
    }
  }

  // Channels one above the other.
  void place_image(std::size_t c) {
    const NeuronColumn& image = picture_.columns[c];
    const auto channels = static_cast<double>(image.channels);
    const auto rows = static_cast<double>(image.height) * channels;
    Column& column = columns_[c];
    column.cell = std::min(image_side / static_cast<double>(image.width),
                           (drawing_height - channel_gap * (channels - 1)) / rows);
    if (!(column.cell > 0.2)) {  // too many channels
      column.cell = 0;
      return;
    }
    column.left = margin;
    column.x = margin + column.cell * static_cast<double>(image.width);
  }
  static constexpr double channel_gap = 8;

  double image_top(std::size_t c, std::size_t channel) const {
    const NeuronColumn& image = picture_.columns[c];
    const double side = columns_[c].cell * static_cast<double>(image.height) + channel_gap;
    const double all = side * static_cast<double>(image.channels) - channel_gap;
    return (drawing_height - all) / 2 + side * static_cast<double>(channel);
  }

  void place_neurons(std::size_t c) {
    const std::size_t size = picture_.columns[c].size();
    Column& column = columns_[c];
    for (const std::size_t neuron : shown_of(c)) {
      const std::size_t next = column.items.empty() ? 0 : *column.items.back().neuron + 1;
      if (neuron > next) column.items.push_back({std::nullopt, 0});
      column.items.push_back({neuron, 0});
    }
    if (!column.items.empty() && *column.items.back().neuron + 1 < size) {
      column.items.push_back({std::nullopt, 0});
    }
    const auto count = static_cast<double>(column.items.size());
    const double spacing = std::min(30.0, drawing_height / std::max(count, 1.0));
    for (std::size_t i = 0; i < column.items.size(); ++i) {
      column.items[i].y = drawing_height / 2 + spacing * (static_cast<double>(i) - (count - 1) / 2);
    }
    column.radius = std::min({7.0, 0.36 * spacing, 0.3 * step_});
  }

  // Those on paths, and, while there is room, those beside them and at the ends.
  std::set<std::size_t> shown_of(std::size_t c) const {
    const std::size_t size = picture_.columns[c].size();
    std::set<std::size_t> shown = on_paths_[c];
    const auto items = [&] {
      std::size_t count = 0;
      std::size_t next = 0;
      for (const std::size_t neuron : shown) {
        count += neuron > next ? 2 : 1;
        next = neuron + 1;
      }
      return count + (next < size ? 1 : 0);
    };
    if (size <= most_items) {
      for (std::size_t neuron = 0; neuron < size; ++neuron) shown.insert(neuron);
      return shown;
    }
    std::vector<std::size_t> wanted{0, size - 1};
    for (const std::size_t neuron : on_paths_[c]) {
      if (neuron > 0) wanted.push_back(neuron - 1);
      if (neuron + 1 < size) wanted.push_back(neuron + 1);
    }
    for (std::size_t part = 1; part < 6; ++part) wanted.push_back(size * part / 6);
    for (const std::size_t neuron : wanted) {
      if (!shown.insert(neuron).second) continue;
      if (items() > most_items) shown.erase(neuron);
    }
    return shown;
  }

  Point at(const PathStop& stop) const {
    const Column& column = columns_[stop.column];
    if (column.cell > 0) {
      const NeuronColumn& image = picture_.columns[stop.column];
      const std::size_t pixel = stop.neuron % (image.height * image.width);
      return {column.left + column.cell * (static_cast<double>(pixel % image.width) + 0.5),
              image_top(stop.column, stop.neuron / (image.height * image.width)) +
                  column.cell * (static_cast<double>(pixel / image.width) + 0.5)};
    }
    const auto item = std::find_if(column.items.begin(), column.items.end(),
                                   [&](const Item& one) { return one.neuron == stop.neuron; });
    return {column.x, item == column.items.end() ? drawing_height / 2 : item->y};
  }

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
        const double top = image_top(c, 0);
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
      const double top = image_top(c, channel);
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
        if (on_paths_[c].count(*item.neuron) == 0) others.push_back({column.x, item.y});
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
      for (const std::size_t neuron : on_paths_[c]) {
        const Point centre = at({c, neuron});
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
      const bool marked = on_paths_[c].count(*item.neuron) > 0;
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
    const double room = std::min(step_ / 40, 60 / static_cast<double>(picture_.paths.size()));
    return std::clamp(room, 0.4, 1.0) *
           (1.6 + (most > least ? 3.6 * (strength - least) / (most - least) : 1.4));
  }

  void draw_path(std::string& out, const DrawnPath& path) const {
    const std::string width = " stroke-width=\"" + number(thickness(path.strength)) + "\"";
    const std::string look =
        "fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"" + width + " stroke=\"";
    std::string way;
    for (const auto& stop : path.stops) {
      const Point point = at(stop);
      way += (way.empty() ? "M" : "L") + number(point.x) + " " + number(point.y);
    }
    out += "<path d=\"" + way + "\" " + look + path_colour + "\"/>\n";
    if (!path.weakest) return;
    const Point from = at(path.stops[*path.weakest]);
    const Point to = at(path.stops[*path.weakest + 1]);
    add_line(out, from.x, from.y, to.x, to.y, look + weakest_colour + "\"");
  }

  // Beneath a few columns, name and size; beneath many, some names, turned.
  void name_columns() {
    const bool turned = columns_.size() > most_named;
    std::vector<std::u32string> names;
    for (const auto& column : picture_.columns) names.push_back(decoded(column.name));
    const double room = turned ? 150 : std::max(60.0, std::min(step_ - 10, 200.0));
    names_ = shortened(names, name_font, room);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].cell > 0) names_[c] = shortened(names[c], name_font, image_side);
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
  std::vector<std::set<std::size_t>> on_paths_;  // by column
  std::vector<Column> columns_;
  std::vector<std::u32string> names_;
  std::vector<std::u32string> title_;
  std::vector<std::u32string> note_;
  double step_ = 0;  // from column to column
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
  std::string out = svg_begin(NetworkPanel::panel_width, height, title);
  double y = 0;
  for (const auto& panel : panels) {
    panel.draw(out, y);
    y += panel.height();
  }
  return out + "</svg>\n";
}

}  // namespace plot
