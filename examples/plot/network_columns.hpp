// Where the neurons of a network stand in its picture.
//
// in:  its groups of neurons, and the paths that are to be seen
// out: for each group its place from left to right, and which of its neurons are shown where: those
//      on paths, and a few beside them; of an image all, pixel by pixel
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "looks.hpp"

namespace plot {

// Neurons: channels · height · width, counted in this order.
struct NeuronColumn {
  std::string name;
  std::size_t channels;
  std::size_t height = 1;
  std::size_t width = 1;
  bool joins_all = false;    // whether all edges from the column before are there
  std::size_t left_out = 0;  // so many columns are left out here; then it has no neurons

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

// In pixels.
inline constexpr double network_width = 800;
inline constexpr double network_margin = 24;

// More columns have their names turned.
inline constexpr std::size_t most_named_upright = 8;

class NetworkColumns {
 public:
  static constexpr double drawing_height = 380;
  static constexpr std::size_t most_items = 21;

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
    std::map<std::size_t, double> y_of;  // of the neurons among them
  };

  // The picture must outlive it.
  explicit NetworkColumns(const NetworkPicture& picture)
      : groups_(picture.columns), on_paths_(picture.columns.size()) {
    for (const auto& path : picture.paths) {
      for (const auto& stop : path.stops) on_paths_[stop.column].insert(stop.neuron);
    }
    place();
  }

  std::size_t size() const { return columns_.size(); }
  const Column& operator[](std::size_t c) const { return columns_[c]; }
  const std::set<std::size_t>& on_paths(std::size_t c) const { return on_paths_[c]; }
  double step() const { return step_; }  // from column to column
  // Many columns need the room more.
  double image_side() const { return columns_.size() > most_named_upright ? 180 : 270; }

  Point at(const PathStop& stop) const {
    const Column& column = columns_[stop.column];
    if (column.cell > 0) {
      const NeuronColumn& image = groups_[stop.column];
      const std::size_t pixel = stop.neuron % (image.height * image.width);
      const std::size_t row = pixel / image.width;
      return {column.left + column.cell * (static_cast<double>(pixel % image.width) + 0.5),
              image_top(stop.column, stop.neuron / (image.height * image.width)) +
                  column.cell * (static_cast<double>(row) + 0.5)};
    }
    return {column.x, column.y_of.at(stop.neuron)};
  }

  double image_top(std::size_t c, std::size_t channel) const {
    const NeuronColumn& image = groups_[c];
    const double side = columns_[c].cell * static_cast<double>(image.height) + channel_gap;
    const double all = side * static_cast<double>(image.channels) - channel_gap;
    return (drawing_height - all) / 2 + side * static_cast<double>(channel);
  }

 private:
  // Images apart, columns are spread evenly over what is right of the first.
  void place() {
    columns_.resize(groups_.size());
    if (columns_.empty()) return;
    double left = network_margin + 30;
    if (groups_[0].is_image()) {
      place_image(0);
      left = columns_[0].x;
    }
    const double right = network_width - network_margin - 44;  // numbers of outputs stand there
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
    const NeuronColumn& image = groups_[c];
    const auto channels = static_cast<double>(image.channels);
    const auto rows = static_cast<double>(image.height) * channels;
    Column& column = columns_[c];
    column.cell = std::min(image_side() / static_cast<double>(image.width),
                           (drawing_height - channel_gap * (channels - 1)) / rows);
    if (!(column.cell > 0.2)) {  // too many channels
      column.cell = 0;
      return;
    }
    column.left = network_margin;
    column.x = network_margin + column.cell * static_cast<double>(image.width);
  }
  static constexpr double channel_gap = 8;

  void place_neurons(std::size_t c) {
    const std::size_t size = groups_[c].size();
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
    for (const Item& item : column.items) {
      if (item.neuron) column.y_of.emplace(*item.neuron, item.y);
    }
    column.radius = std::min({7.0, 0.36 * spacing, 0.3 * step_});
  }

  // Those on paths, and, while there is room, those beside them and at the ends.
  std::set<std::size_t> shown_of(std::size_t c) const {
    const std::size_t size = groups_[c].size();
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
    if (items() > most_items) return shown;
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

  const std::vector<NeuronColumn>& groups_;
  std::vector<std::set<std::size_t>> on_paths_;
  std::vector<Column> columns_;
  double step_ = 0;
};

}  // namespace plot
