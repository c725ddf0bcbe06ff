// Heat maps as SVG: each number in its cell and its colour, readable on light and dark pages.
#include "../../examples/plot/heat_map.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/errors.hpp"

namespace {

using plot::HeatMap;
using support::holds;

// All parts of a text that match, or of each what the parentheses hold.
std::vector<std::string> matches(const std::string& text, const std::string& pattern,
                                 std::size_t group = 0) {
  const std::regex wanted(pattern);
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), wanted);
       at != std::sregex_iterator(); ++at) {
    found.push_back((*at)[group]);
  }
  return found;
}

const std::string cell_pattern = "<rect [^>]*fill=\"(#[0-9a-f]+)\"><title>([^<]*)</title></rect>";

std::vector<std::string> texts(const std::string& svg) {
  return matches(svg, "<text [^>]*>([^<]*)", 1);
}

bool has_text(const std::string& svg, const std::string& text) {
  for (const auto& found : texts(svg)) {
    if (found == text) return true;
  }
  return false;
}

HeatMap square(std::size_t size, double unit) {
  HeatMap map{"Distances", {}, {}, {}, "distance"};
  for (std::size_t i = 0; i < size; ++i) {
    map.rows.push_back("run/checkpoint-" + std::to_string(i) + ".safetensors");
    map.values.emplace_back();
    for (std::size_t j = 0; j < size; ++j) {
      map.values[i].push_back(unit * std::abs(static_cast<double>(i) - static_cast<double>(j)));
    }
  }
  map.columns = map.rows;
  return map;
}

// Relative luminance as WCAG 2 has it.
double luminance(const std::string& colour) {
  const auto linear = [&](std::size_t at) {
    const double share = std::stoi(colour.substr(at, 2), nullptr, 16) / 255.0;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5);
}

double contrast(const std::string& a, const std::string& b) {
  const double first = luminance(a) + 0.05;
  const double second = luminance(b) + 0.05;
  return first > second ? first / second : second / first;
}

}  // namespace

TEST_CASE("heat map: each number has its cell, its colour and its text", "[plot]") {
  const HeatMap map{"A & B", {"x", "y"}, {"p", "<q>", "r"}, {{0, 0.5, 1}, {0.25, 0.125, 0}}, "far"};
  const std::string svg = plot::render(map);
  const auto colours = matches(svg, cell_pattern, 1);
  const auto titles = matches(svg, cell_pattern, 2);
  REQUIRE(titles == std::vector<std::string>{"x, p: 0", "x, &lt;q&gt;: 0.5", "x, r: 1",
                                             "y, p: 0.25", "y, &lt;q&gt;: 0.125", "y, r: 0"});
  CHECK(colours[0] == plot::heat_colour(0.0, false));
  CHECK(colours[1] == plot::heat_colour(0.5, false));
  CHECK(colours[2] == plot::heat_colour(1.0, false));
  CHECK(colours[5] == colours[0]);
  for (const auto* text :
       {"0", "0.50", "1.00", "0.25", "0.13", "x", "y", "p", "&lt;q&gt;", "far"}) {
    CAPTURE(text);
    CHECK(has_text(svg, text));
  }
  CHECK(holds(svg, "<title>A &amp; B</title>"));
  CHECK_FALSE(holds(svg, "nan"));
  CHECK(matches(svg, "<svg ").size() == 1);
  CHECK(matches(svg, "<g[ >]").size() == matches(svg, "</g>").size());
}

TEST_CASE("heat map: its colours and texts can be read on light and on dark pages", "[plot]") {
  const std::string style = plot::heat_dark_style();
  const auto on_dark = [&](const std::string& light) {
    const auto found = matches(style, "\\[fill=\"" + light + "\"\\] \\{ fill: (#[0-9a-f]+) \\}", 1);
    REQUIRE(found.size() == 1);
    return found[0];
  };
  std::set<std::string> colours;
  double lighter = 1;
  double darker = 0;
  for (std::size_t level = 0; level < plot::heat_levels; ++level) {
    const std::string light = plot::heat_colour(level, false);
    const std::string dark = on_dark(light);
    const std::string text = plot::heat_text_colour(level);
    CAPTURE(level, light, dark, text);
    CHECK(contrast(light, text) >= 4.5);
    CHECK(contrast(dark, on_dark(text)) >= 4.5);
    CHECK(colours.insert(light).second);
    CHECK(luminance(light) < lighter);
    CHECK(luminance(dark) > darker);
    lighter = luminance(light);
    darker = luminance(dark);
  }
}

TEST_CASE("heat map: numbers stand where there is room", "[plot]") {
  CHECK(has_text(plot::render(square(5, 0.1)), "0.400"));
  CHECK(has_text(plot::render(square(12, 0.01)), "0.11"));
  // No number, but the title says it.
  const std::string many = plot::render(square(30, 0.01));
  CHECK_FALSE(has_text(many, "0.29"));
  CHECK(holds(many, "checkpoint-29.safetensors: 0.29</title>"));
  // Too many for titles; every so manieth name.
  const std::string most = plot::render(square(60, 0.01));
  CHECK(matches(most, cell_pattern).empty());
  CHECK(matches(most, "<rect ").size() == 60 * 60 + plot::heat_levels + 1);
  CHECK(has_text(most, "…0.safetensors"));
  CHECK_FALSE(has_text(most, "…1.safetensors"));
}

TEST_CASE("heat map: small and large numbers count in a power of ten", "[plot]") {
  const std::string small = plot::render(square(5, 1e-7));
  CHECK(has_text(small, "4.00"));
  CHECK(has_text(small, "distance, ×10"));
  CHECK(holds(small,
              ">\xe2\x88\x92"
              "7</tspan>"));
  const std::string large = plot::render(square(5, 1e300));  // no place on any axis
  CHECK(matches(large, cell_pattern).size() == 5);           // the zeros
  CHECK(has_text(plot::render(square(5, 1e9)), "4.00"));
}

TEST_CASE("heat map: what is not a number is an empty cell, and nothing is a picture", "[plot]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  HeatMap map = square(3, 0.5);
  map.values[1][2] = nan;
  map.values[0][0] = std::numeric_limits<double>::infinity();
  map.values[2][2] = -std::numeric_limits<double>::infinity();
  CHECK(matches(plot::render(map), cell_pattern).size() == 6);
  for (auto& row : map.values) row = {nan, nan, nan};
  CHECK(matches(plot::render(map), cell_pattern).empty());
  for (auto& row : map.values) row = {0, 0, 0};
  CHECK(matches(plot::render(map), cell_pattern).size() == 9);
  for (auto& row : map.values) row = {-1, 2, -3};
  CHECK(has_text(plot::render(map), "−3.00"));
  CHECK(holds(plot::render(HeatMap{}), "</svg>"));
  CHECK(matches(plot::render(std::vector<HeatMap>{square(2, 1), square(3, 1)}), cell_pattern)
            .size() == 4 + 9);
  map.values.pop_back();
  CHECK_THROWS_AS(plot::render(map), std::invalid_argument);
  map.values.push_back({1, 2});
  CHECK_THROWS_AS(plot::render(map), std::invalid_argument);
}
