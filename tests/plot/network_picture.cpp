// Networks with paths as pictures: whatever the network, XML that a browser draws, in which every
// path is there.
#include "../../examples/plot/network_picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "drawing.hpp"

namespace {

using drawing::check_drawing;
using drawing::has_text;
using drawing::matches;
using plot::NetworkPicture;

// 64 inputs as an image, two wide layers, three outputs.
NetworkPicture example() {
  return {"Strongest paths through a net",
          "Two paths.",
          {{"input", 1, 8, 8}, {"a", 100, 1, 1, true}, {"b", 40, 1, 1, true}, {"c", 3, 1, 1, true}},
          {{1, {{0, 9}, {1, 50}, {2, 7}, {3, 2}}, 1}, {0.5, {{0, 63}, {1, 99}, {3, 0}}, 0}}};
}

std::string rendered(const NetworkPicture& picture) {
  const std::string svg = plot::render(std::vector<NetworkPicture>{picture});
  check_drawing(svg);
  return svg;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// The ways of all paths' lines of a colour, in the order in which they are drawn. Not by regular
// expressions: the standard library's cannot go as far as a way may be long.
std::vector<std::string> lines_of(const std::string& svg, const std::string& colour) {
  const std::string begin = "<path d=\"";
  std::vector<std::string> ways;
  std::istringstream lines(svg);
  for (std::string line; std::getline(lines, line);) {
    const bool is_path = line.rfind(begin, 0) == 0 && line.find("stroke-linejoin") != line.npos &&
                         line.find(" stroke=\"" + colour + "\"><title>") != line.npos;
    if (is_path) {
      ways.push_back(line.substr(begin.size(), line.find('"', begin.size()) - begin.size()));
    }
  }
  return ways;
}

// Where a way stops: the points that it starts from and leads to, straight or in a bow.
std::vector<std::pair<double, double>> stops_of(const std::string& way) {
  std::vector<std::pair<double, double>> stops;
  std::istringstream text(way);
  for (char kind = 0; text >> kind;) {
    double x = 0;
    double y = 0;
    for (int points = kind == 'C' ? 3 : 1; points > 0; --points) text >> x >> y;
    stops.emplace_back(x, y);
  }
  return stops;
}

}  // namespace

TEST_CASE("a network's picture has a line for each path and one for its weakest edge",
          "[network]") {
  const std::string svg = rendered(example());
  for (const std::string text :
       {"Strongest paths through a net", "Two paths.", "input", "8×8", "a", "100", "b", "40", "c",
        "3", "0", "1", "2", "strength 1.000", "strength 0.500", "weakest edge of its path"}) {
    CAPTURE(text);
    CHECK(has_text(svg, text));
  }
  const auto paths = lines_of(svg, "#0072B2");
  REQUIRE(paths.size() == 2);
  CHECK(count(paths[0], "L") == 1);  // the weaker one first: around a column that it skips
  CHECK(count(paths[0], "C") == 1);
  CHECK(count(paths[1], "L") == 3);
  CHECK(svg.find("<title>strength 1.000000: input 9, a 50, b 7, c 2</title>") != svg.npos);
  CHECK(svg.find("<title>strength 0.500000: input 63, a 99, c 0</title>") != svg.npos);
  const auto weakest = lines_of(svg, "#D55E00");
  REQUIRE(weakest.size() == 2);
  CHECK(paths[0].rfind(weakest[0], 0) == 0);  // the edge out of its input
  CHECK(paths[1].find(weakest[1].substr(1)) != std::string::npos);
  CHECK(paths[1].rfind(weakest[1], 0) == std::string::npos);
}

TEST_CASE("the pixels of paths lie where the image has them", "[network]") {
  const std::string svg = rendered(example());
  const auto image = matches(svg, "<rect x=\"([0-9.]+)\" y=\"[0-9.]+\" width=\"270\"");
  const auto image_top = matches(svg, "<rect x=\"[0-9.]+\" y=\"([0-9.]+)\" width=\"270\"");
  REQUIRE(image.size() == 1);
  const double pixel = 270.0 / 8;
  const auto paths = lines_of(svg, "#0072B2");
  const auto starts_at = [&](const std::string& path, double col, double row) {
    const std::string x = plot::number(std::stod(image[0]) + pixel * (col + 0.5));
    const std::string y = plot::number(std::stod(image_top[0]) + pixel * (row + 0.5));
    return path.rfind("M" + x + " " + y + "L", 0) == 0;
  };
  CHECK(starts_at(paths[1], 1, 1));
  CHECK(starts_at(paths[0], 7, 7));
}

TEST_CASE("a path of which all edges are without weight has no weakest one", "[network]") {
  auto picture = example();
  picture.paths[0].weakest.reset();
  CHECK(lines_of(rendered(picture), "#D55E00").size() == 1);
}

TEST_CASE("a network of few neurons shows them all, without dots", "[network]") {
  const NetworkPicture picture{
      "t", "", {{"input", 4}, {"out", 2, 1, 1, true}}, {{1, {{0, 3}, {1, 0}}, 0}}};
  const std::string svg = rendered(picture);
  CHECK(svg.find("fill=\"#8c8c8c\"/>") == std::string::npos);
  const auto wide = example();
  CHECK(rendered(wide).find("fill=\"#8c8c8c\"/>") != std::string::npos);
}

TEST_CASE("pictures of networks have colours that dark pages know", "[network]") {
  const std::string svg = rendered(example());
  for (const auto& colour : matches(svg, "(?:fill|stroke)=\"(#[0-9a-fA-F]+)\"")) {
    CAPTURE(colour);
    CHECK(svg.find("[fill=\"" + colour + "\"]") != std::string::npos);
  }
}

TEST_CASE("networks without paths, or without neurons, are drawn", "[network]") {
  auto picture = example();
  picture.paths.clear();
  CHECK(lines_of(rendered(picture), "#0072B2").empty());
  rendered({"nothing", "", {}, {}});
  check_drawing(plot::render(std::vector<NetworkPicture>{}));
  const std::string two = plot::render(std::vector<NetworkPicture>{example(), example()});
  check_drawing(two);
  CHECK(lines_of(two, "#0072B2").size() == 4);
}

TEST_CASE("names of networks may be any bytes", "[network]") {
  auto picture = example();
  picture.title = "<&>\"\x01\xff";
  picture.note = std::string(300, 'x');
  picture.columns[0].name = "\xf0\x9f";
  picture.columns[1].name = std::string(5000, 'w');
  rendered(picture);
}

TEST_CASE("of a deep network the columns that tell most are shown", "[network]") {
  constexpr std::size_t columns = 3001;
  NetworkPicture picture{"deep", "Three paths.", {}, {}};
  for (std::size_t c = 0; c < columns; ++c) {
    picture.columns.push_back({"layers." + std::to_string(c) + ".weight", 16, 1, 1, true});
  }
  // Two paths that meet at column 1000 and part at 2000; a third that meets none.
  for (std::size_t k = 0; k < 3; ++k) {
    plot::DrawnPath path{1 - 0.1 * static_cast<double>(k), {}, 700 + 10 * k};
    for (std::size_t c = 0; c < columns; ++c) {
      const bool is_joint = k == 1 && c >= 1000 && c < 2000;
      path.stops.push_back({c, is_joint ? 0 : 5 * k + c % 5});
    }
    for (std::size_t c = 1000; k == 0 && c < 2000; ++c) path.stops[c].neuron = 0;
    picture.paths.push_back(path);
  }
  const auto shown = plot::legible(picture);
  CHECK(shown.columns.size() <= 30);
  std::size_t all = 0;
  std::vector<std::string> names;
  for (const auto& column : shown.columns) {
    all += column.left_out > 0 ? column.left_out : 1;
    CHECK(column.left_out != 1);
    if (column.left_out == 0) names.push_back(column.name);
  }
  CHECK(all == columns);
  for (const int c : {0, 1, 2, 700, 701, 710, 711, 720, 721, 999, 1000, 1999, 2000, 2999, 3000}) {
    CAPTURE(c);
    CHECK(std::count(names.begin(), names.end(), "layers." + std::to_string(c) + ".weight") == 1);
  }
  for (const auto& path : shown.paths) {
    REQUIRE(path.stops.size() == names.size());
    REQUIRE(path.weakest);
    // Both its ends are there, in columns beside each other.
    const auto& from = path.stops[*path.weakest];
    const auto& to = path.stops[*path.weakest + 1];
    CHECK(to.column == from.column + 1);
    const std::size_t k = static_cast<std::size_t>(&path - shown.paths.data());
    CHECK(shown.columns[from.column].name == "layers." + std::to_string(700 + 10 * k) + ".weight");
    CHECK(from.neuron == 5 * k);
  }
  const std::string svg = rendered(picture);
  CHECK(svg.size() < 60000);
  CHECK(count(svg, " columns left out ") ==
        static_cast<std::size_t>(std::count_if(shown.columns.begin(), shown.columns.end(),
                                               [](const auto& c) { return c.left_out > 0; })));
  CHECK(has_text(svg, "\u2026 998 columns left out \u2026"));  // 1001 to 1998
  CHECK(svg.find(" of 3001 columns are shown: ") != svg.npos);
  CHECK(count(svg, "C") < 20);  // no bows over what is left out
  CHECK(svg.find(".weight 0, \u2026, layers.700.weight 0, layers.701.weight 1") != svg.npos);
  for (const auto& name : names) CHECK(has_text(svg, name));

  // Where all have room, all are shown.
  picture.columns.resize(40);
  for (auto& path : picture.paths) path.stops.resize(40), path.weakest = 20;
  CHECK(plot::legible(picture).columns.size() == 40);
  const std::string wide = rendered(picture);
  for (const auto& column : picture.columns) CHECK(has_text(wide, column.name));
}

TEST_CASE("a path of which the weakest edge is left out is weakest where it is", "[network]") {
  NetworkPicture picture{"deep", "", {}, {}};
  for (std::size_t c = 0; c < 500; ++c) picture.columns.push_back({"", 4});
  for (std::size_t k = 0; k < 60; ++k) {
    plot::DrawnPath path{1, {}, 8 * k};
    for (std::size_t c = 0; c < 500; ++c) path.stops.push_back({c, k % 4});
    picture.paths.push_back(path);
  }
  const auto shown = plot::legible(picture);
  for (std::size_t k = 0; k < 60; ++k) {
    const auto& path = shown.paths[k];
    REQUIRE(path.weakest);
    std::size_t before = 0;
    for (std::size_t c = 0; c <= path.stops[*path.weakest].column; ++c) {
      before += shown.columns[c].left_out > 0 ? shown.columns[c].left_out : 1;
    }
    CHECK(before <= 8 * k + 1);
    for (std::size_t c = path.stops[*path.weakest].column + 1;
         c <= path.stops[*path.weakest + 1].column; ++c) {
      before += shown.columns[c].left_out > 0 ? shown.columns[c].left_out : 1;
    }
    CHECK(before > 8 * k + 1);
  }
}

TEST_CASE("beneath many columns all are named, none upon another", "[network]") {
  for (std::size_t columns = 9; columns < 70; ++columns) {
    CAPTURE(columns);
    NetworkPicture picture{"", "", {{"input", 3, 224, 224}}, {}};
    if (columns % 2 == 0) picture.columns[0] = {"a first one of a long name", 64};
    while (picture.columns.size() < columns) {
      const std::string number = std::to_string(picture.columns.size());
      picture.columns.push_back({columns % 3 == 0 && picture.columns.size() % 3 == 0
                                     ? "sum#" + number
                                     : "layer" + number + ".0.downsample.0.weight",
                                 64});
    }
    const std::string svg = rendered(picture);
    const auto places = matches(svg, "translate\\(([0-9.]+) [0-9.]+\\) rotate\\(-[0-9]+\\)");
    const auto degrees = matches(svg, "translate\\([0-9.]+ [0-9.]+\\) rotate\\(-([0-9]+)\\)");
    const auto names = matches(svg, "rotate\\(-[0-9]+\\)\"><text [^>]*>([^<]*)<");
    std::size_t shown = 0;
    for (const auto& column : plot::legible(picture).columns) shown += column.left_out == 0;
    REQUIRE(names.size() + (columns % 2 == 0 ? 0 : 1) == shown);
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
    const double angle = std::stod(degrees.at(0)) * 3.14159265 / 180;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double x = std::stod(places[i]);
      if (i > 0) CHECK((x - std::stod(places[i - 1])) * std::sin(angle) > 15);
      CHECK(x - std::cos(angle) * plot::width(plot::decoded(names[i]), 14) > 0);
    }
  }
}

TEST_CASE("random networks of any depth and width keep all paths within the picture", "[network]") {
  support::Random random(5);
  for (int number = 0; number < 150; ++number) {
    CAPTURE(number);
    NetworkPicture picture{"random", "note", {}, {}};
    const auto below = [&](std::size_t most) {
      return static_cast<std::size_t>(random.below(static_cast<int>(most)));
    };
    const std::size_t columns = 2 + below(number % 10 == 0 ? 90 : 12);
    for (std::size_t c = 0; c < columns; ++c) {
      const bool is_grid = random.below(3) == 0;
      picture.columns.push_back({c % 3 == 0 ? "sum" : "layer." + std::to_string(c) + ".weight",
                                 1 + below(is_grid ? 5 : 300), is_grid ? 1 + below(30) : 1,
                                 is_grid ? 1 + below(30) : 1, random.below(2) == 0});
    }
    const std::size_t paths = below(number % 7 == 0 ? 300 : 30);
    for (std::size_t k = 0; k < paths; ++k) {
      plot::DrawnPath path{1 - 0.001 * static_cast<double>(k), {}, {}};
      for (std::size_t c = 0; c < columns; ++c) {
        const bool skipped = c > 0 && c + 1 < columns && random.below(3) == 0;
        if (!skipped) path.stops.push_back({c, below(picture.columns[c].size())});
      }
      if (random.below(4) > 0) path.weakest = below(path.stops.size() - 1);
      picture.paths.push_back(path);
    }
    const std::string svg = rendered(picture);
    const auto lines = lines_of(svg, "#0072B2");
    const auto drawn = plot::legible(picture);
    REQUIRE(lines.size() == paths);
    for (std::size_t k = 0; k < paths; ++k) {
      const std::string& line = lines[paths - 1 - k];
      const auto stops = stops_of(line);
      REQUIRE(stops.size() == drawn.paths[k].stops.size());
      double last = 0;
      for (const auto& [x, y] : stops) {
        CHECK(last < x);  // from left to right
        last = x;
        CHECK(y >= -1);
        CHECK(y <= 381);
      }
      CHECK(last < plot::network_width);
    }
  }
}
