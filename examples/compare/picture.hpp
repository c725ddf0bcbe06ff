// Comparisons as pictures of their distances.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "../console.hpp"
#include "../plot/heat_map.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace compare {

inline void write_picture(const Comparison& comparison, const Options& options) {
  const bool by_step = comparison.checkpoints.front().step.has_value();
  auto names = short_names(comparison);
  for (std::size_t i = 0; by_step && i < names.size(); ++i) {
    names[i] = std::to_string(*comparison.checkpoints[i].step);
  }
  const std::string which = by_step ? "checkpoints (by the number in their names)" : "files";
  const auto map_of = [&](const std::string& title, const std::string& scale, const auto& between) {
    plot::HeatMap map{title, names, names, {}, scale};
    for (std::size_t i = 0; i < names.size(); ++i) {
      map.values.emplace_back();
      for (std::size_t j = 0; j < names.size(); ++j) map.values.back().push_back(between(i, j));
    }
    return map;
  };
  const std::string what = name_of_distance(options.p);
  std::vector<plot::HeatMap> maps{
      map_of("Neural persistence: how far " + which + " are apart",
             what + " of diagrams, mean over layers",
             [&](std::size_t i, std::size_t j) { return mean_between(comparison, i, j); })};
  if (has_deep(comparison)) {
    maps.push_back(map_of(
        "Deep graph persistence: how far " + which + " are apart", what + " of diagrams",
        [&](std::size_t i, std::size_t j) {
          return deep_between(comparison, i, j).value_or(std::numeric_limits<double>::quiet_NaN());
        }));
  }
  console::write_text(options.picture, plot::render(maps));
}

}  // namespace compare
