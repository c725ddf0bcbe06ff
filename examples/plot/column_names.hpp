// What stands beneath the columns of a network's picture: their names and sizes or, beneath many,
// their names, turned as far as all need to find room.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "network_columns.hpp"
#include "short_names.hpp"
#include "text.hpp"

namespace plot {

class ColumnNames {
 public:
  // Both must outlive it.
  ColumnNames(const std::vector<NeuronColumn>& groups, const NetworkColumns& columns)
      : groups_(groups), columns_(columns), turned_(columns.size() > most_named_upright) {
    shorten();
    if (turned_) choose_turn();
    height_ = 2 * line_height(name_font);
    for (std::size_t c = 0; turned_ && c < names_.size(); ++c) {
      if (is_turned(c)) height_ = std::max(height_, 20 + turn_.sine * length(c));
    }
  }

  double height() const { return height_; }

  // With its upper edge there.
  void draw(std::string& out, double y) const {
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (groups_[c].left_out > 0) continue;
      if (is_turned(c)) {
        out += "<g transform=\"translate(" +
               number(columns_[c].x + 0.4 * turned_font * turn_.sine) + " " + number(y + 6) +
               ") rotate(-" + integer(turn_.degrees) + ")\">";
        add_text(out, 0, 0, "end", turned_font, escaped(names_[c]));
        out += "</g>\n";
      } else {
        draw_upright(out, c, y);
      }
    }
  }

 private:
  static constexpr double name_font = 16;
  static constexpr double turned_font = 14;
  static constexpr double longest_turned = 170;

  struct Turn {
    int degrees;
    double sine;
    double cosine;
  };
  static constexpr std::array<Turn, 3> turns{{{45, 0.708, 0.708}, {60, 0.867, 0.5}, {90, 1, 0}}};

  double length(std::size_t c) const { return width(names_[c], turned_font); }
  bool is_turned(std::size_t c) const {
    return turned_ && columns_[c].cell == 0 && groups_[c].left_out == 0;
  }

  void shorten() {
    std::vector<std::u32string> all;
    for (const auto& group : groups_) {
      if (group.left_out == 0) all.push_back(decoded(group.name));
    }
    const double room = std::max(60.0, std::min(columns_.step() - 10, 200.0));
    const auto texts =
        turned_ ? shortened(all, turned_font, longest_turned) : shortened(all, name_font, room);
    std::size_t next = 0;
    for (std::size_t c = 0; c < groups_.size(); ++c) {
      names_.emplace_back();
      if (groups_[c].left_out > 0) continue;
      names_[c] = texts[next];
      if (columns_[c].cell > 0) names_[c] = shortened(all[next], name_font, columns_.image_side());
      ++next;
    }
  }

  // The least that keeps names apart and within the picture.
  void choose_turn() {
    for (const Turn& turn : turns) {
      turn_ = turn;
      bool fits = columns_.step() * turn.sine >= 1.1 * turned_font;
      for (std::size_t c = 0; fits && c < names_.size(); ++c) {
        fits = !is_turned(c) || columns_[c].x - turn.cosine * length(c) >= 4;
      }
      if (fits) return;
    }
  }

  void draw_upright(std::string& out, std::size_t c, double y) const {
    const NeuronColumn& group = groups_[c];
    std::string size = integer(static_cast<long long>(group.channels));
    if (group.height > 1 || group.width > 1) {
      const std::string positions = integer(static_cast<long long>(group.height)) + "\u00d7" +
                                    integer(static_cast<long long>(group.width));
      size = group.channels == 1 ? positions : size + "\u00d7" + positions;
    }
    const auto& column = columns_[c];
    const double x = column.cell > 0 ? (column.left + column.x) / 2 : column.x;
    add_text(out, x, y + name_font, "middle", name_font, escaped(names_[c]));
    add_text(out, x, y + name_font + line_height(name_font), "middle", name_font, size,
             " fill=\"#767676\"");
  }

  const std::vector<NeuronColumn>& groups_;
  const NetworkColumns& columns_;
  bool turned_;
  Turn turn_ = turns[0];
  std::vector<std::u32string> names_;
  double height_ = 0;
};

}  // namespace plot
