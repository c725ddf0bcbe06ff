// Of a network with more columns than its picture has room for, those that tell most.
//
// in:  a picture, and how many columns there is room for
// out: the same with fewer columns, one in the place of each row of those that are left out; paths
//      stop at the others only
//
// Shown are the first and last columns, those between which a path is weakest, the strongest paths
// first, then those where paths part or meet, and more from both ends as long as there is room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "network_columns.hpp"
#include "text.hpp"

namespace plot {

// Which columns are shown.
class ShownColumns {
 public:
  // Of so many, at most so many, each row of others counted as one: 5 at least.
  ShownColumns(std::size_t count, std::size_t most) : shown_(count, false), most_(most) {}

  bool operator[](std::size_t c) const { return shown_[c]; }

  // Whether there is room.
  bool show(std::size_t c) {
    if (shown_[c]) return true;
    // The row that it stands in becomes one on each of its sides.
    const std::size_t rows = static_cast<std::size_t>(c > 0 && !shown_[c - 1]) +
                             static_cast<std::size_t>(c + 1 < shown_.size() && !shown_[c + 1]);
    if (taken_ + rows > most_) return false;
    taken_ += rows;
    shown_[c] = true;
    return true;
  }

  // One alone takes no less room where it is left out.
  void show_single() {
    for (std::size_t c = 1; c + 1 < shown_.size(); ++c) {
      if (shown_[c - 1] && shown_[c + 1]) shown_[c] = true;
    }
  }

  std::size_t count() const {
    return static_cast<std::size_t>(std::count(shown_.begin(), shown_.end(), true));
  }

 private:
  std::vector<bool> shown_;
  std::size_t most_;
  std::size_t taken_ = 1;
};

// By column, how many of its neurons are on paths.
inline std::vector<std::size_t> neurons_on_paths(const NetworkPicture& picture) {
  std::vector<std::set<std::size_t>> neurons(picture.columns.size());
  for (const auto& path : picture.paths) {
    for (const auto& stop : path.stops) neurons[stop.column].insert(stop.neuron);
  }
  std::vector<std::size_t> counts;
  for (const auto& column : neurons) counts.push_back(column.size());
  return counts;
}

inline ShownColumns columns_that_tell_most(const NetworkPicture& picture, std::size_t most) {
  const std::size_t count = picture.columns.size();
  ShownColumns shown(count, most);
  for (std::size_t c = 0; c < 2; ++c) {
    shown.show(c);
    shown.show(count - 1 - c);
  }
  for (const auto& path : picture.paths) {
    if (!path.weakest) continue;
    const bool both = shown.show(path.stops[*path.weakest].column) &&
                      shown.show(path.stops[*path.weakest + 1].column);
    if (!both) break;
  }
  const auto on_paths = neurons_on_paths(picture);
  std::size_t last = 0;  // column at which paths stop
  for (std::size_t c = 1; c < count; ++c) {
    if (on_paths[c] == 0) continue;
    const bool part = on_paths[c] != on_paths[last];
    if (part && !(shown.show(last) && shown.show(c))) break;
    last = c;
  }
  for (std::size_t c = 0; c < count; ++c) {
    if (!shown.show(c) || !shown.show(count - 1 - c)) break;
  }
  shown.show_single();
  return shown;
}

// The path through the columns that are shown; its weakest edge is the step in which it lies.
inline DrawnPath folded(const DrawnPath& path, const ShownColumns& shown,
                        const std::vector<std::size_t>& places) {
  DrawnPath result{path.strength, {}, {}};
  for (std::size_t i = 0; i < path.stops.size(); ++i) {
    const auto& [column, neuron] = path.stops[i];
    if (shown[column]) result.stops.push_back({places[column], neuron});
    if (path.weakest == i && !result.stops.empty()) result.weakest = result.stops.size() - 1;
  }
  if (result.weakest && *result.weakest + 1 >= result.stops.size()) result.weakest.reset();
  return result;
}

// Time O(stops · log stops).
inline NetworkPicture folded(const NetworkPicture& picture, std::size_t most) {
  const std::size_t count = picture.columns.size();
  if (count <= most) return picture;
  const ShownColumns shown = columns_that_tell_most(picture, most);
  NetworkPicture result{picture.title, picture.note, {}, {}};
  std::vector<std::size_t> places;
  for (std::size_t c = 0; c < count; ++c) {
    if (shown[c]) {
      result.columns.push_back(picture.columns[c]);
      if (c > 0 && !shown[c - 1]) result.columns.back().joins_all = false;
    } else {
      if (shown[c - 1]) result.columns.push_back({"", 0});
      ++result.columns.back().left_out;
    }
    places.push_back(result.columns.size() - 1);
  }
  for (const auto& path : picture.paths) result.paths.push_back(folded(path, shown, places));
  const auto number = [](std::size_t value) {
    return escaped(decimal(static_cast<long long>(value), 0));
  };
  result.note += (result.note.empty() ? "" : " ") + number(shown.count()) + " of " + number(count) +
                 " columns are shown: the first and last and, where there is room, those where a "
                 "path is weakest and where paths part.";
  return result;
}

}  // namespace plot
