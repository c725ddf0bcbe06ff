// Persistence diagrams as a picture.
//
// in:  diagrams with the names under which they are shown
// out: a chart, to be rendered by itself or among others (svg.hpp)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <dgp/persistence_diagram.hpp>

#include "chart.hpp"
#include "text.hpp"

namespace plot {

// A diagram and the name under which it is shown.
template <class Scalar>
struct NamedDiagram {
  std::string name;
  dgp::PersistenceDiagram<Scalar> diagram;
};

// The persistence diagrams of layers or networks in one picture.
//
// Where all births are 1, as in every diagram of dgp, the usual picture (births against
// deaths) is a vertical line on which all points hide each other. So each diagram is shown as a
// curve instead: its deaths in descending order, spread over [0, 1] from left to right, each a step
// as wide as any other. Of a whole diagram nothing is lost but the number of pairs, which stands in
// the legend, and diagrams of different size can be compared: a step at x is the death that a share
// x of the pairs reaches or exceeds. The line of births stands above: the area between it and a
// curve is the mean of birth - death; where all deaths are at most 1 and the graph is connected,
// normalised persistence for p = 1 with the essential class omitted. Essential classes are not
// shown.
//
// More diagrams than can be told from each other as curves are the rows of a heat map, in which the
// colour at x is that death; the number of pairs is not told.
//
// Where any birth is another, the usual picture is drawn: births, deaths and the diagonal.
//
// Time O(pairs log pairs), memory O(pairs).
template <class Scalar>
Chart persistence_chart(const std::vector<NamedDiagram<Scalar>>& diagrams,
                        std::string title = "Persistence") {
  bool born_at_one = true;
  bool any_pair = false;
  for (const auto& [name, diagram] : diagrams) {
    any_pair = any_pair || !diagram.pairs.empty();
    for (const auto& pair : diagram.pairs) {
      born_at_one = born_at_one && static_cast<double>(pair.birth) == 1;
    }
  }
  const bool is_map = born_at_one && diagrams.size() > most_lines;
  Chart chart;
  chart.title = std::move(title);
  chart.x.label = born_at_one ? "share of the pairs, by descending death" : "birth";
  chart.y.label = "death";
  for (const auto& [name, diagram] : diagrams) {
    const std::size_t count = diagram.pairs.size();
    Series series{name, {}, {}, is_map ? Mark::cells : born_at_one ? Mark::line : Mark::points};
    if (born_at_one) {
      if (!is_map)
        series.label += (name.empty() ? "" : ", ") + integer(static_cast<long long>(count)) +
                        (count == 1 ? " pair" : " pairs");
      std::vector<double> deaths;
      deaths.reserve(count);
      for (const auto& pair : diagram.pairs) deaths.push_back(static_cast<double>(pair.death));
      const auto numbers = std::partition(deaths.begin(), deaths.end(),
                                          [](double death) { return !std::isnan(death); });
      std::sort(deaths.begin(), numbers, [](double a, double b) { return a > b; });
      series.x.reserve(2 * count);
      series.y.reserve(2 * count);
      for (std::size_t i = 0; i < count; ++i) {
        series.x.push_back(static_cast<double>(i) / static_cast<double>(count));
        series.x.push_back(static_cast<double>(i + 1) / static_cast<double>(count));
        series.y.insert(series.y.end(), 2, deaths[i]);
      }
    } else {
      for (const auto& pair : diagram.pairs) {
        series.x.push_back(static_cast<double>(pair.birth));
        series.y.push_back(static_cast<double>(pair.death));
      }
    }
    chart.series.push_back(std::move(series));
  }
  chart.diagonal = !born_at_one;
  if (born_at_one && any_pair && !is_map) {
    chart.series.push_back({"birth", {0, 1}, {1, 1}, Mark::line});
  }
  return chart;
}

}  // namespace plot
