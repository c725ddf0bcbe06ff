// Heat maps: cells show the colours of their numbers, in rows that name themselves.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/dgp.hpp>

#include "../../examples/plot/persistence_chart.hpp"
#include "../../examples/plot/svg.hpp"
#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

using plot::Chart;
using plot::Mark;
using plot::Series;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Piece {
  double left;
  double right;
  double y;
  std::string colour;
};

// The pieces of rows that a picture of one chart shows, and of its colour bar the colours in order.
struct Seen {
  std::vector<Piece> pieces;
  std::vector<std::string> bar;
};

Seen seen_in(const std::string& svg) {
  Seen seen;
  // Found by hand: the standard library's matching cannot go through text as long as this.
  const auto between = [&](const std::string& before, const std::string& after, std::size_t& at) {
    const std::size_t begin = svg.find(before, at) + before.size();
    at = svg.find(after, begin);
    return svg.substr(begin, at - begin);
  };
  static const std::regex cell("M([-0-9.]+) ([-0-9.]+)h([-0-9.]+)");
  std::size_t at = 0;
  for (const bool is_bar : {false, true}) {
    at = svg.find("<g fill=\"none\" shape-rendering=\"crispEdges\"", at);
    if (at == std::string::npos) break;
    const std::size_t end = svg.find("</g>", at);
    while (svg.find("<path d=", at) < end) {
      const std::string commands = between("<path d=\"", "\"", at);
      const std::string colour = between("stroke=\"", "\"", at);
      if (is_bar) seen.bar.push_back(colour);
      for (auto one = std::sregex_iterator(commands.begin(), commands.end(), cell);
           one != std::sregex_iterator(); ++one) {
        const double left = std::stod((*one)[1]);
        seen.pieces.push_back({left, left + std::stod((*one)[3]), std::stod((*one)[2]), colour});
      }
    }
    at = end;
  }
  return seen;
}

double plot_width(const std::string& svg) {
  std::smatch axis;
  REQUIRE(std::regex_search(svg, axis, std::regex("d=\"M0 0V[0-9.]+H([0-9.]+)")));
  return std::stod(axis[1]);
}

std::string colour_at(const Seen& seen, double x, double y) {
  for (const Piece& piece : seen.pieces) {
    if (std::abs(piece.y - y) < 0.01 && piece.left <= x && x < piece.right) return piece.colour;
  }
  return {};
}

// Luminance of a colour #rrggbb, from 0 to 1 (WCAG 2.1).
double luminance(const std::string& colour) {
  double total = 0;
  const std::array<double, 3> shares{0.2126, 0.7152, 0.0722};
  for (std::size_t k = 0; k < 3; ++k) {
    const double part = std::stoi(colour.substr(1 + 2 * k, 2), nullptr, 16) / 255.0;
    total += shares[k] * (part <= 0.03928 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
  }
  return total;
}

TEST_CASE("heat map: each pixel has the colour of the nearest point") {
  support::Random random(31);
  for (int round = 0; round < 60; ++round) {
    Chart chart{"", {"x"}, {"y"}};
    const int rows = 1 + random.below(20);
    const bool many = round % 6 == 5;  // more than there are pixels
    for (int k = 0; k < rows; ++k) {
      Series series{"row", {}, {}, Mark::cells};
      double x = 0;
      for (int i = many ? 1500 : 2 + random.below(12); i > 0; --i) {
        series.x.push_back(x);
        series.y.push_back(random.below(8) == 0 ? nan : random.normal() + (round % 2 == 0 ? 9 : 0));
        x += 0.2 + random.uniform();
      }
      chart.series.push_back(series);
    }
    double low = infinity;
    double high = -infinity;
    double end = 0;
    for (const auto& series : chart.series) {
      end = std::max(end, series.x.back());
      for (const double y : series.y) {
        if (std::isnan(y)) continue;
        low = std::min(low, y);
        high = std::max(high, y);
      }
    }
    // Points that have no colour still end a row.
    const bool ends = std::any_of(
        chart.series.begin(), chart.series.end(),
        [&](const auto& series) { return series.x.back() == end && !std::isnan(series.y.back()); });
    const bool begins = std::any_of(chart.series.begin(), chart.series.end(),
                                    [](const auto& series) { return !std::isnan(series.y[0]); });
    if (!(low < high) || !ends || !begins) continue;
    if (low < 0 && high > 0) low = -(high = std::max(high, -low));
    const std::string svg = plot::render(chart);
    const Seen seen = seen_in(svg);
    REQUIRE(seen.bar.size() == plot::colour_levels);
    const double width = plot_width(svg);
    const double row_height = std::max(300.0, 14.0 * rows) / rows;
    INFO("round " << round);
    std::size_t wrong = 0;
    std::size_t compared = 0;
    for (std::size_t k = 0; k < chart.series.size(); ++k) {
      const auto& series = chart.series[k];
      for (double pixel = 0.5; pixel < width; pixel += 1) {
        // What is near to an edge may be of either colour.
        const double slack = 0.51 * end / width;
        const double x = pixel / width * end;
        std::vector<std::string> allowed;
        for (const double at : {x - slack, x, x + slack}) {
          const double beyond = series.x.back();
          if (at < 0 || at > beyond) {
            allowed.emplace_back();
            continue;
          }
          std::size_t nearest = 0;
          for (std::size_t i = 1; i < series.x.size(); ++i) {
            if (std::abs(series.x[i] - at) < std::abs(series.x[nearest] - at)) nearest = i;
          }
          const double y = series.y[nearest];
          if (std::isnan(y)) {
            allowed.emplace_back();
            continue;
          }
          const double share = (y - low) / (high - low);
          const double last = plot::colour_levels - 1;
          const auto level = static_cast<std::size_t>(
              std::clamp(std::floor(share * plot::colour_levels), 0.0, last));
          allowed.push_back(seen.bar[level]);
        }
        const auto middle = (static_cast<double>(k) + 0.5) * row_height;
        const std::string shown = colour_at(seen, pixel, std::round(middle * 100) / 100);
        ++compared;
        if (std::find(allowed.begin(), allowed.end(), shown) == allowed.end()) ++wrong;
      }
    }
    CHECK(compared > 300);
    CHECK(wrong == 0);
  }
}

TEST_CASE("heat map: colours grow from the page on, light or dark") {
  for (const bool dark : {false, true}) {
    const double page = luminance(dark ? "#16181d" : "#ffffff");
    const auto contrast = [&](bool diverging, std::size_t level) {
      const double one = luminance(plot::colour_of_level(level, diverging, dark)) + 0.05;
      return std::max(one, page + 0.05) / std::min(one, page + 0.05);
    };
    CAPTURE(dark);
    constexpr std::size_t last = plot::colour_levels - 1;
    constexpr std::size_t middle = last / 2;
    CHECK(contrast(false, 0) > 1.05);  // a cell is no gap
    CHECK(contrast(false, last) > 10);
    for (std::size_t level = 1; level <= last; ++level) {
      CHECK(contrast(false, level) > contrast(false, level - 1));
    }
    CHECK(contrast(true, middle) > 1.05);
    for (std::size_t level = 0; level < middle; ++level) {
      CHECK(contrast(true, level) > contrast(true, level + 1));
      CHECK(contrast(true, last - level) > contrast(true, last - level - 1));
      // Of the same size, they are told apart by their hues.
      CHECK(plot::colour_of_level(level, true, dark) !=
            plot::colour_of_level(last - level, true, dark));
    }
  }
}

TEST_CASE("heat map: zero is in the middle of numbers of both signs") {
  const plot::ColourScale both({-1, 4}, false);
  CHECK(both.diverging);
  CHECK(both.level(0) == plot::colour_levels / 2);
  CHECK(both.level(-4) == 0);
  CHECK(both.level(4) == plot::colour_levels - 1);
  CHECK(both.level(-1) > 0);
  for (const plot::ColourScale& one :
       {plot::ColourScale({0, 4}, false), plot::ColourScale({-4, 0}, false),
        plot::ColourScale({-1, 4}, true)}) {
    CHECK_FALSE(one.diverging);
    CHECK(one.level(one.range.low) == 0);
    CHECK(one.level(one.range.high) == plot::colour_levels - 1);
  }
}

TEST_CASE("heat map: gaps, single points and infinities") {
  Chart chart{"", {"x"}, {"y"}};
  chart.series = {{"a", {0, 1, 2}, {1, nan, 3}, Mark::cells},
                  {"b", {0, 1, 2}, {1, 2, infinity}, Mark::cells}};
  const std::string svg = plot::render(chart);
  const Seen seen = seen_in(svg);
  const double width = plot_width(svg);
  CHECK(colour_at(seen, 0.5 * width, 75).empty());
  CHECK(colour_at(seen, 0.9 * width, 225).empty());
  CHECK_FALSE(colour_at(seen, 0.5 * width, 225).empty());
  CHECK_FALSE(colour_at(seen, 0.1 * width, 75).empty());
  CHECK(svg.find("1 point not shown: infinite") != std::string::npos);

  // A single moment fills its row; nothing at all is said.
  chart.series = {{"a", {3}, {1}, Mark::cells}};
  const std::string single = plot::render(chart);
  REQUIRE(seen_in(single).pieces.size() == 1);
  CHECK(seen_in(single).pieces[0].right == Approx(plot_width(single)).margin(0.5));
  chart.series = {{"a", {}, {nan}, Mark::cells}};
  CHECK(plot::render(chart).find("no data") != std::string::npos);

  // Named places are as wide as each other.
  chart.x.categories = {"one", "two"};
  chart.series = {{"a", {}, {1, 2}, Mark::cells}};
  const auto halves = seen_in(plot::render(chart)).pieces;
  REQUIRE(halves.size() == 2);
  CHECK(halves[0].right - halves[0].left == Approx(halves[1].right - halves[1].left).margin(0.6));
}

TEST_CASE("heat map: cells and other marks do not mix") {
  Chart chart{"", {"x"}, {"y"}};
  chart.series = {{"a", {}, {1, 2}, Mark::cells}, {"b", {}, {1, 2}, Mark::line}};
  CHECK_THROWS_AS(plot::render(chart), std::invalid_argument);
  std::swap(chart.series[0], chart.series[1]);
  CHECK_THROWS_AS(plot::render(chart), std::invalid_argument);
}

TEST_CASE("heat map: more lines than can be told apart become one") {
  Chart chart{"", {"x"}, {"y"}};
  for (std::size_t k = 0; k < plot::most_lines; ++k) chart.series.push_back({"a", {}, {1, 2}});
  CHECK(plot::legible(chart).series[0].mark == Mark::line);
  chart.series.push_back({"b", {}, {3, 4}});
  for (const auto& series : plot::legible(chart).series) CHECK(series.mark == Mark::cells);

  // So do diagrams, of which a curve's step is as wide as ever.
  std::vector<plot::NamedDiagram<double>> diagrams(
      11, {"layer", {{{1, 0.75}, {1, 0.5}, {1, 0.5}, {1, 0.25}}, 1}});
  const Chart deaths = plot::persistence_chart(diagrams);
  REQUIRE(deaths.series.size() == 11);  // no line of births
  const std::string svg = plot::render(deaths);
  const Seen seen = seen_in(svg);
  const double width = plot_width(svg);
  const double row = 300.0 / 11;
  const double middle = std::round(row / 2 * 100) / 100;
  REQUIRE(seen.bar.size() == plot::colour_levels);
  for (const double share : {0.05, 0.2})
    CHECK(colour_at(seen, share * width, middle) == seen.bar.back());
  for (const double share : {0.3, 0.5, 0.7})
    CHECK(colour_at(seen, share * width, middle) == seen.bar[16]);
  for (const double share : {0.8, 0.95})
    CHECK(colour_at(seen, share * width, middle) == seen.bar[0]);
}

TEST_CASE("heat map: rows tell their full names, and hundreds of rows stay small") {
  Chart chart{"", {"x"}, {"y"}};
  for (int k = 0; k < 400; ++k) {
    Series series{
        "a model's encoder of many layers." + std::to_string(k) + ".weight", {}, {}, Mark::cells};
    for (int i = 0; i < 5000; ++i) series.y.push_back(k + 0.001 * i);
    chart.series.push_back(series);
  }
  const std::string svg = plot::render(chart);
  CHECK(svg.size() < 120000);
  for (int k = 0; k < 400; ++k) {
    CHECK(svg.find("<title>a model&#39;s encoder of many layers." + std::to_string(k) +
                   ".weight</title>") != std::string::npos);
  }
  // Of what is written, one stands in each 14 pixels.
  const std::regex written("<text x=\"-8\" y=\"([0-9.]+)\"[^>]*>\u2026([0-9]+)\\.weight<");
  std::vector<double> places;
  for (auto at = std::sregex_iterator(svg.begin(), svg.end(), written);
       at != std::sregex_iterator(); ++at) {
    places.push_back(std::stod((*at)[1]));
  }
  REQUIRE(places.size() > 20);
  for (std::size_t i = 1; i < places.size(); ++i) CHECK(places[i] - places[i - 1] > 13.9);
}

}  // namespace
