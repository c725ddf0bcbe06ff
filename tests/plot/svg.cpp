// Plots as SVG: whatever the data, what comes out is XML that a browser draws, with readable ticks.
#include "../../examples/plot/svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <locale>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../../examples/plot/persistence_chart.hpp"
#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "drawing.hpp"

namespace {

using drawing::check_drawing;
using drawing::fault;
using drawing::has_text;
using drawing::matches;
using drawing::texts;
using plot::Axis;
using plot::Chart;
using plot::Mark;
using plot::NamedDiagram;
using plot::persistence_chart;
using plot::render;
using plot::Series;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

Chart line(const std::vector<double>& x, const std::vector<double>& y) {
  Chart chart;
  chart.series = {{"", x, y, Mark::line}};
  return chart;
}

// The points of the first line that is drawn with this colour's stroke.
std::string path_of_line(const std::string& svg, const std::string& colour = "#0072B2") {
  const std::string rest = "\" fill=\"none\" stroke=\"" + colour;
  const std::size_t end = svg.find(rest);
  if (end == std::string::npos) return {};
  const std::size_t begin = svg.rfind('"', end - 1) + 1;
  return svg.substr(begin, end - begin);
}

std::size_t count(const std::string& text, char wanted) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), wanted));
}

// Labels of ticks: numbers and powers of ten. An axis's multiplier begins with a sign of its own.
std::vector<std::string> numbers(const std::string& svg) {
  std::vector<std::string> found;
  for (const auto& text : texts(svg)) {
    if (text.rfind("\u00d7", 0) == 0) continue;
    if (text.find_first_not_of("0123456789.\u2212\u2009\u00d7") == std::string::npos) {
      found.push_back(text);
    }
  }
  return found;
}

bool among(const std::vector<std::string>& list, const std::string& wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

TEST_CASE("svg: the checker of these tests sees faults") {
  CHECK(fault("<svg a=\"1\"><g/><text>a&amp;b</text></svg>\n") == "");
  CHECK(fault("<svg><g></svg>") != "");
  CHECK(fault("<svg><g></svg></g>") != "");
  CHECK(fault("<svg>") != "");
  CHECK(fault("<svg/>x") != "");
  CHECK(fault("<svg a=\"1\" a=\"2\"></svg>") != "");
  CHECK(fault("<svg a=1></svg>") != "");
  CHECK(fault("<svg>a & b</svg>") != "");
  CHECK(fault("<svg a=\"<\"></svg>") != "");
  CHECK(fault("<svg><path d=\"M0 nan\"/></svg>") != "");
}

TEST_CASE("svg: data of many kinds makes well-formed drawings") {
  support::Random random(20);
  const std::vector<double> odd{0,     nan,    infinity, -infinity, 1e308,  -1e308, 5e-324,
                                1e-30, 123456, -7,       1e280,     -1e280, 1,      1 + 1e-15};
  for (int round = 0; round < 80; ++round) {
    Chart chart;
    chart.title = round % 5 == 0 ? "" : "round <" + std::to_string(round) + ">";
    chart.x.logarithmic = random.below(3) == 0;
    chart.y.logarithmic = random.below(3) == 0;
    chart.diagonal = random.below(4) == 0;
    if (random.below(3) == 0)
      chart.x.categories.assign(static_cast<std::size_t>(1 + random.below(60)), "some \"name\"");
    if (random.below(6) == 0) chart.y.categories = {"a", "b & c", ""};
    const double scale = std::pow(10.0, random.below(40) - 20);
    for (int k = random.below(12); k > 0; --k) {
      Series series{k % 3 == 0 ? "" : "series & " + std::to_string(k), {}, {}, {}};
      series.mark = static_cast<Mark>(random.below(3));
      for (int i = random.below(30); i > 0; --i) {
        const auto value = [&] {
          const auto pick = static_cast<std::size_t>(random.below(static_cast<int>(odd.size())));
          return random.below(10) == 0 && round % 2 == 0 ? odd[pick] : scale * random.normal();
        };
        series.x.push_back(value());
        series.y.push_back(value());
      }
      chart.series.push_back(series);
    }
    for (int k = random.below(5) * random.below(5); k > 0; --k) {
      chart.rules.push_back({"rule " + std::to_string(k), scale * random.normal()});
    }
    INFO("round " << round);
    check_drawing(render(chart));
  }
}

TEST_CASE("svg: nothing, single points and constants are drawn") {
  check_drawing(render(std::vector<Chart>{}));
  check_drawing(render(Chart{}));
  CHECK(has_text(render(Chart{}), "no data"));
  CHECK(has_text(render(line({}, {})), "no data"));
  CHECK(has_text(render(line({nan}, {1})), "no data"));
  for (const double value : {0.0, 1.0, -3.5, 1e-30, 1e250, 1e280, -1e280}) {
    for (const Mark mark : {Mark::line, Mark::points, Mark::bars}) {
      Chart chart = line({value}, {value});
      chart.series[0].mark = mark;
      const std::string svg = render(chart);
      INFO(value);
      check_drawing(svg);
      CHECK_FALSE(has_text(svg, "no data"));
      CHECK(svg.find("#0072B2") != std::string::npos);
      check_drawing(render(line({1, 2, 3}, {value, value, value})));
    }
  }
}

TEST_CASE("svg: labels are escaped, whatever bytes they are") {
  Chart chart = line({1, 2}, {1, 2});
  chart.title = "a < b & \"c\" > 'd'";
  chart.x.label = "x\n\x01\ty";
  chart.y.label = "\xff\xc3(\xed\xa0\x80\xf4\x90\x80\x80 \xc0\xaf \xef\xbf\xbf";
  chart.series[0].label = "</text><script>";
  chart.rules = {{"<rule>", 1.5}};
  const std::string svg = render(chart);
  check_drawing(svg);
  CHECK(has_text(svg, "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;"));
  CHECK(has_text(svg, "&lt;/text&gt;&lt;script&gt;"));
  CHECK(has_text(svg, "&lt;rule&gt;"));
  CHECK(has_text(svg, "x y"));
  CHECK(svg.find("<script") == std::string::npos);
  // No byte is left that is not UTF-8: each was replaced.
  CHECK(svg.find('\xff') == std::string::npos);
  CHECK(svg.find("\xed\xa0") == std::string::npos);
  CHECK(svg.find("\xc0") == std::string::npos);
  CHECK(svg.find("\ufffd(\ufffd\ufffd\ufffd") != std::string::npos);

  chart.y.label = "Größe · 大きさ · 😀";
  CHECK(has_text(render(chart), "Größe · 大きさ · 😀"));
}

TEST_CASE("svg: labels of any length are cut to what has room") {
  Chart chart = line({1, 2}, {1, 2});
  chart.title = std::string(100000, 'm');
  chart.x.label = chart.title;
  chart.x.categories = {chart.title, "short"};
  chart.series[0].label = chart.title;
  chart.rules = {{chart.title, 1}};
  const std::string svg = render(chart);
  CHECK(fault(svg) == "");
  const auto shown = matches(svg, "<text [^>]*>(m+\u2026m+)</text>");
  CHECK(shown.size() == 5);
  for (const auto& text : shown) CHECK(text.size() < 100);
}

TEST_CASE("svg: what is not a number leaves a gap") {
  const std::string whole = path_of_line(render(line({0, 1, 2, 3, 4}, {1, 2, 3, 4, 5})));
  CHECK(count(whole, 'M') == 1);
  CHECK(count(whole, 'L') == 4);
  const std::string svg = render(line({0, 1, 2, 3, 4}, {1, 2, nan, 4, 5}));
  CHECK(count(path_of_line(svg), 'M') == 2);
  CHECK(count(path_of_line(svg), 'L') == 2);
  CHECK(svg.find("not shown") == std::string::npos);
  CHECK(path_of_line(render(line({0, 1, nan, 3, 4}, {1, 2, 3, 4, 5}))) == path_of_line(svg));
  // A gap does not change where the others are.
  CHECK(path_of_line(svg).substr(0, 8) == whole.substr(0, 8));

  const std::string lost = render(line({0, 1, 2, 3, 4}, {1, 2, infinity, 4, -infinity}));
  CHECK(count(path_of_line(lost), 'M') == 2);
  CHECK(has_text(lost, "2 points not shown: infinite"));

  Chart logarithmic = line({0, 1, 2, 3, 4}, {1, 2, 0, -4, 5});
  logarithmic.y.logarithmic = true;
  CHECK(count(path_of_line(render(logarithmic)), 'M') == 2);
  CHECK(has_text(render(logarithmic),
                 "2 points not shown: not positive on a logarithmic axis, or infinite"));
}

TEST_CASE("svg: points are where they belong") {
  // Categories make the range of x, bars that of y, exact: -0.5 … 1.5 and 0 … 1.05.
  Chart chart;
  chart.x.categories = {"a", "b"};
  chart.series = {{"", {}, {0, 0}, Mark::bars}, {"", {0, 1}, {1, 0.5}, Mark::line}};
  const std::string path = path_of_line(render(chart), "#D55E00");
  const auto xs = matches(path, "[ML]([0-9.]+) ");
  const auto ys = matches(path, " ([0-9.]+)");
  REQUIRE(xs.size() == 2);
  REQUIRE(ys.size() == 2);
  CHECK(ys[0] == "14.29");   // 300 - 300 / 1.05
  CHECK(ys[1] == "157.14");  // 300 - 150 / 1.05
  CHECK(std::stod(xs[1]) == Approx(3 * std::stod(xs[0])).margin(0.02));

  // On a logarithmic axis, factors are distances.
  Chart powers = line({1, 10, 1000}, {1, 10, 1000});
  powers.x.logarithmic = true;
  const auto places = matches(path_of_line(render(powers)), "[ML]([0-9.]+) ");
  REQUIRE(places.size() == 3);
  CHECK(std::stod(places[2]) - std::stod(places[1]) ==
        Approx(2 * (std::stod(places[1]) - std::stod(places[0]))).margin(0.03));
}

TEST_CASE("svg: ticks are round numbers") {
  const auto y_numbers = [](std::vector<double> y) {
    Chart chart = line({}, std::move(y));
    chart.x.categories = {"first", "second"};
    return numbers(render(chart));
  };
  const auto tenths = y_numbers({0.0, 0.7});
  for (const auto* tick : {"0.0", "0.1", "0.2", "0.3", "0.6", "0.7"}) CHECK(among(tenths, tick));
  CHECK(among(y_numbers({-1, 1.5}), "\u22121.0"));
  CHECK(among(y_numbers({0, 40000.5}), "10\u2009000"));
  CHECK(among(y_numbers({0, 2500000}), "2\u2009500\u2009000"));
  for (const auto& tick : y_numbers({0, 7})) CHECK(count(tick, '.') == 0);
  for (const auto& tick : y_numbers({1234567.8, 1234567.9})) CHECK(tick.size() < 20);

  // Every label is short, and there are enough of them, on whatever scale.
  support::Random random(21);
  for (int round = 0; round < 100; ++round) {
    const double scale = std::pow(10.0, random.below(80) - 40) * (1 + random.uniform());
    const double offset = round % 3 == 0 ? 0 : random.normal() * scale;
    const auto ticks = y_numbers({offset, offset + scale});
    INFO("from " << offset << " by " << scale);
    CHECK(ticks.size() >= 3);
    CHECK(ticks.size() <= 11);
    for (const auto& tick : ticks) CHECK(tick.size() <= 14);
  }

  Chart large = line({0, 1}, {0, 7.3e9});
  large.y.label = "parameters";
  CHECK(has_text(render(large), "parameters (\u00d7109)"));  // the 9 is raised
  large.y.label.clear();
  CHECK(has_text(render(large), "\u00d7109"));
  large.series[0].y = {0, 3e-9};
  CHECK(has_text(render(large), "\u00d710\u22129"));
}

TEST_CASE("svg: logarithmic axes have decades") {
  const auto y_numbers = [](std::vector<double> y) {
    Chart chart = line({}, std::move(y));
    chart.x.categories = {"first", "second"};
    chart.y.logarithmic = true;
    const std::string svg = render(chart);
    check_drawing(svg);
    return numbers(svg);
  };
  const auto plain = y_numbers({0.01, 1000});
  CHECK(plain.size() == 6);
  for (const auto* tick : {"0.01", "0.1", "1", "10", "100", "1000"}) CHECK(among(plain, tick));
  const auto raised = y_numbers({1e-6, 1e2});
  for (const auto* tick : {"10\u22126", "10\u22121", "100", "102"}) CHECK(among(raised, tick));
  const auto few = y_numbers({1, 30});
  for (const auto* tick : {"1", "2", "5", "10", "20"}) CHECK(among(few, tick));
  const auto fewer = y_numbers({3.01, 3.19});
  for (const auto* tick : {"3.02", "3.10", "3.18"}) CHECK(among(fewer, tick));
  CHECK(y_numbers({1e-250, 1e250}).size() >= 4);
  CHECK(y_numbers({1e-250, 1e250}).size() <= 11);

  support::Random random(22);
  for (int round = 0; round < 100; ++round) {
    const double low = std::pow(10.0, 40 * random.normal());
    const double high = low * std::pow(10.0, std::pow(10.0, 3 * random.uniform() - 2));
    INFO("from " << low << " to " << high);
    if (high < 1e280 && low > 1e-280) CHECK(y_numbers({low, high}).size() >= 2);
  }
}

TEST_CASE("svg: names of categories do not overlap") {
  Chart chart;
  for (int i = 0; i < 12; ++i) {
    chart.x.categories.push_back("model.layers." + std::to_string(i) + ".attn.weight");
  }
  chart.series = {{"", {}, std::vector<double>(12, 1.0), Mark::bars}};
  const std::string turned = render(chart);
  CHECK(matches(turned, "(rotate\\(-45 )").size() == 12);
  // Shortened, they still differ.
  for (int i = 0; i < 12; ++i) {
    CHECK(has_text(turned, "\u2026" + std::to_string(i) + ".attn.weight"));
  }
  for (auto& name : chart.x.categories) name += "_of_the_decoder_and_more_to_say";
  for (int i = 0; i < 12; ++i) {
    CHECK(has_text(render(chart), "\u2026" + std::to_string(i) + "\u2026"));
  }
  for (auto& name : chart.x.categories) name.resize(1);
  CHECK(render(chart).find("rotate(-45") == std::string::npos);
  CHECK(matches(render(chart), "(>m<)").size() == 12);

  chart.x.categories.assign(500, "a rather long name");
  const std::string many = render(chart);
  CHECK(matches(many, "(>a rather long name<)").size() <= 30);
  CHECK(matches(many, "(>a rather long name<)").size() >= 10);
}

TEST_CASE("svg: long series are thinned to what can be seen") {
  support::Random random(23);
  std::vector<double> y(100000);
  for (auto& value : y) value = random.normal();
  y[40001] = 50;
  y[60000] = nan;
  for (const Mark mark : {Mark::line, Mark::points, Mark::bars}) {
    Chart chart = line({}, y);
    chart.series[0].mark = mark;
    const std::string svg = render(chart);
    check_drawing(svg);
    CHECK(svg.size() < 400000);
    CHECK(svg.size() > 5000);
    if (mark != Mark::line) continue;
    const std::string path = path_of_line(svg);
    CHECK(count(path, 'L') <= 4000);
    // The one outlier is still there: 5 % below the upper edge.
    double least = infinity;
    for (const auto& place : matches(path, " ([0-9.]+)")) least = std::min(least, std::stod(place));
    CHECK(least > 10);
    CHECK(least < 20);
  }
  // A long gap stays a gap.
  std::fill(y.begin() + 10000, y.begin() + 30000, nan);
  CHECK(count(path_of_line(render(line({}, y))), 'M') == 2);
  // Neither gaps everywhere nor a line that runs to and fro makes the picture large.
  std::vector<double> x = y;
  for (auto& value : x) value = random.normal();
  CHECK(count(path_of_line(render(line(x, y))), 'L') <= 4000);
  for (std::size_t i = 0; i < y.size(); i += 2) y[i] = nan;
  CHECK(render(line(x, y)).size() < 500000);
}

TEST_CASE("svg: of a line no point is further than a fifth of a pixel, and few are written") {
  support::Random random(25);
  for (int round = 0; round < 40; ++round) {
    std::vector<double> x;
    std::vector<double> y;
    double at = 0;
    const int points = 50 + random.below(1500);
    for (int i = 0; i < points; ++i) {
      at += round % 3 == 0 ? 0.002 * random.normal() : -0.001 * random.uniform();  // or a descent
      x.push_back(round % 4 == 3 ? random.normal() : i / 2);                       // or to and fro
      y.push_back(at);
    }
    const std::string path = path_of_line(render(line(x, y)));
    const auto drawn_x = matches(path, "[ML]([-0-9.]+) ");
    const auto drawn_y = matches(path, " ([-0-9.]+)");
    REQUIRE(drawn_x.size() == drawn_y.size());
    CHECK(drawn_x.size() <= x.size());
    std::vector<plot::Point> drawn;
    for (std::size_t i = 0; i < drawn_x.size(); ++i) {
      drawn.push_back({std::stod(drawn_x[i]), std::stod(drawn_y[i])});
    }
    Chart chart = line(x, y);
    plot::Plane plane(chart);
    std::smatch axis;
    const std::string svg = render(chart);
    REQUIRE(std::regex_search(svg, axis, std::regex("d=\"M0 0V300H([0-9.]+)")));
    plane.width = std::stod(axis[1]);
    double furthest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const plot::Point point{plane.x_at(x[i]), plane.y_at(y[i])};
      double nearest = infinity;
      for (std::size_t k = 1; k < drawn.size(); ++k) {
        const double dx = drawn[k].x - drawn[k - 1].x;
        const double dy = drawn[k].y - drawn[k - 1].y;
        const double squares = dx * dx + dy * dy;
        const double along =
            ((point.x - drawn[k - 1].x) * dx + (point.y - drawn[k - 1].y) * dy) / squares;
        const double share = squares > 0 ? std::clamp(along, 0.0, 1.0) : 0.0;
        nearest = std::min(nearest, std::hypot(point.x - drawn[k - 1].x - share * dx,
                                               point.y - drawn[k - 1].y - share * dy));
      }
      furthest = std::max(furthest, nearest);
    }
    INFO("round " << round);
    CHECK(furthest < 0.22);  // and the rounding of coordinates
  }
  std::vector<double> smooth;
  for (int i = 0; i < 1500; ++i) smooth.push_back(std::sin(0.004 * i));
  CHECK(count(path_of_line(render(line({}, smooth))), 'L') < 60);
}

// The corners of the paths that show intervals, in the order of the series.
std::vector<std::vector<std::pair<double, double>>> bands(const std::string& svg) {
  std::vector<std::vector<std::pair<double, double>>> found;
  for (const auto& path :
       matches(svg, "<path d=\"([^\"]*)\" fill=\"#[0-9A-F]+\" fill-opacity=\"0.25\"/>")) {
    auto& corners = found.emplace_back();
    const auto xs = matches(path, "[ML]([-0-9.]+) ");
    const auto ys = matches(path, " ([-0-9.]+)");
    REQUIRE(xs.size() == ys.size());
    for (std::size_t i = 0; i < xs.size(); ++i) {
      corners.emplace_back(std::stod(xs[i]), std::stod(ys[i]));
    }
  }
  return found;
}

TEST_CASE("svg: intervals are bands") {
  Chart chart = line({0, 1, 2, 3}, {1, 2, 2, 2});
  chart.series[0].low = {0, 1, 1, 0};
  chart.series[0].high = {2, 3, 2, 4};
  chart.y.covers = {0, 4};  // 0 … 4.2
  const auto y_at = [](double y) { return 300 - 300 * y / 4.2; };
  auto found = bands(render(chart));
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].size() == 8);  // there above, and back below
  const std::vector<double> around{2, 3, 2, 4, 0, 1, 1, 0};
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(found[0][i].second == Approx(y_at(around[i])).margin(0.01));
  }
  // A gap is one of the band; an end that lies nowhere is that of the plot; a point alone has some.
  chart.series[0].low = {0, nan, -infinity, 0};
  chart.series[0].y[3] = nan;
  found = bands(render(chart));
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].size() == 8);
  CHECK(found[0][1].first - found[0][0].first == Approx(6));
  CHECK(found[0][5].first - found[0][4].first == Approx(6));
  CHECK(found[0][6].second == Approx(300));
  check_drawing(render(chart));

  // The axis reaches as far as they do.
  Chart wide = line({0, 1}, {0, 1});
  wide.series[0].low = {-20, 1};
  wide.series[0].high = {0, 30};
  CHECK(among(numbers(render(wide)), "30"));
  CHECK(among(numbers(render(wide)), "\u221220"));
  wide.series[0].high.pop_back();
  CHECK_THROWS_AS(render(wide), std::invalid_argument);
  wide.series[0].low.pop_back();
  CHECK_THROWS_AS(render(wide), std::invalid_argument);
}

TEST_CASE("svg: at named places intervals stand beside each other, their points within") {
  Chart chart;
  chart.x.categories = {"a", "b", "c"};
  for (int k = 0; k < 7; ++k) {
    Series series{"s" + std::to_string(k), {}, {1, 2, 3}, k % 2 == 0 ? Mark::line : Mark::points};
    series.low = {0, 1, 2};
    series.high = {2, 4, 5};
    chart.series.push_back(series);
  }
  const std::string svg = render(chart);
  check_drawing(svg);
  const auto found = bands(svg);
  REQUIRE(found.size() == 7);
  std::vector<std::pair<double, double>> extents;
  for (const auto& corners : found) {
    REQUIRE(corners.size() == 12);
    for (std::size_t i = 0; i < 12; i += 4) {
      extents.emplace_back(corners[i].first, corners[i + 1].first);
    }
  }
  std::sort(extents.begin(), extents.end());
  for (std::size_t i = 0; i < extents.size(); ++i) {
    CHECK(extents[i].second - extents[i].first > 2);
    if (i > 0) CHECK(extents[i].first > extents[i - 1].second);
  }
  const auto points = matches(path_of_line(svg), "[ML]([0-9.]+) ");
  REQUIRE(points.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::stod(points[i]) ==
          Approx(0.5 * (found[0][4 * i].first + found[0][4 * i + 1].first)).margin(0.02));
  }
  // The legend shows what a band is.
  CHECK(matches(svg, "(<rect [^>]*fill-opacity=\"0.25\"/>)").size() == 7);
}

TEST_CASE("svg: names that differ are written differently, and show in full") {
  support::Random random(26);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::u32string> names;
    const int count = 2 + random.below(30);
    for (int i = 0; i < count; ++i) {
      // They differ at any place, or nowhere.
      std::u32string name = U"the.encoder.of.a.long.model.name.with.layers.and.more.weight";
      for (int k = random.below(3); k > 0; --k) {
        name[static_cast<std::size_t>(random.below(static_cast<int>(name.size())))] = U'X';
      }
      names.push_back(name);
    }
    const double most = 60 + 200 * random.uniform();
    const auto written = plot::shortened(names, plot::small_font, most);
    REQUIRE(written.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      CHECK(plot::width(written[i], plot::small_font) <= most);
      for (std::size_t k = 0; k < i; ++k) {
        CHECK((names[i] == names[k]) == (written[i] == written[k]));
      }
    }
  }

  Chart chart;
  const std::string rest(100, 'm');
  for (int i = 0; i < 3; ++i) {
    const std::string name = "a" + rest + std::to_string(i) + rest + "z";
    chart.x.categories.push_back(name);
    chart.series.push_back({"of " + name, {}, {1, 2, 3}, Mark::bars});
  }
  const std::string svg = render(chart);
  check_drawing(svg);
  const auto full = matches(svg, "<g><title>([^<]*)</title><text");
  for (int i = 0; i < 3; ++i) {
    const auto k = static_cast<std::size_t>(i);
    CHECK(std::count(full.begin(), full.end(), chart.x.categories[k]) == 1);
    CHECK(std::count(full.begin(), full.end(), chart.series[k].label) == 1);
  }
  CHECK(full.size() == 6);
  // What is written in full needs no more.
  CHECK(matches(render(line({1, 2}, {1, 2})), "(<g><title>)").empty());
}

TEST_CASE("svg: names keep what tells them apart") {
  using Names = std::vector<std::u32string>;
  const auto written = [](const Names& names, double most) {
    return plot::shortened(names, plot::small_font, most);
  };
  CHECK(written({U"model.layers.7.weight", U"model.layers.11.weight"}, 1000) ==
        Names{U"model.layers.7.weight", U"model.layers.11.weight"});
  CHECK(written({U"model.layers.7.weight", U"model.layers.11.weight"}, 70) ==
        Names{U"\u20267.weight", U"\u202611.weight"});
  CHECK(written({U"model.layers.7.weight", U"model.layers.11.weight"}, 40) ==
        Names{U"\u20267\u2026", U"\u202611\u2026"});
  CHECK(written({U"epoch=9-step=1370", U"epoch=10-step=1507"}, 110) ==
        Names{U"\u20269-step=1370", U"\u202610-step=1507"});
  CHECK(written({U"epoch=9-step=1370", U"epoch=10-step=1507"}, 70) ==
        Names{U"\u20269\u20261370", U"\u202610\u20261507"});
  // Each kind by itself, and no more than is needed.
  CHECK(written({U"last", U"epoch=9-step=1370", U"epoch=10-step=1507"}, 100) ==
        Names{U"last", U"epoch=9\u20261370", U"epoch=10\u20261507"});
  CHECK(written({U"input", U"layer2.0.down.0.weight", U"layer3.0.down.0.weight"}, 110) ==
        Names{U"input", U"layer2.0.down.0\u2026", U"layer3.0.down.0\u2026"});
}

TEST_CASE("svg: a note stands beneath its chart") {
  Chart chart = line({0, 1}, {0, infinity});
  const auto height = [&] {
    const std::string svg = render(chart);
    check_drawing(svg);
    return std::stod(matches(svg, " height=\"([0-9.]+)\"").front());
  };
  const double without = height();
  chart.note = "A line ends where <nothing> is defined.";
  CHECK(height() > without + 10);
  const std::string svg = render(chart);
  CHECK(has_text(svg, "A line ends where &lt;nothing&gt; is defined."));
  CHECK(has_text(svg, "1 point not shown: infinite"));
  chart.note = std::string(3000, 'n') + " " + std::string(3000, 'n');
  check_drawing(render(chart));
}

TEST_CASE("svg: a picture that is a page makes all of it as light or dark as it is") {
  const std::string svg = render(line({0, 1}, {0, 1}));
  const auto grounds = matches(svg, "svg:root \\{ background: (#[0-9a-f]+) \\}");
  CHECK(grounds == std::vector<std::string>{"#ffffff", "#16181d"});
  CHECK(svg.find("svg:root { background: #ffffff }") < svg.find("@media"));
  CHECK(svg.find("svg:root { background: #16181d }") > svg.find("@media"));
}

TEST_CASE("svg: a few charts stand one below the other, more in two columns") {
  std::vector<Chart> charts;
  for (std::size_t k = 1; k <= 8; ++k) {
    charts.push_back(line({0, 1}, {0, 1}));
    CHECK(render(charts) == render(charts, k <= 4 ? 1 : 2));
  }
}

TEST_CASE("svg: series differ in more than colour") {
  Chart chart;
  for (int k = 0; k < 40; ++k) {
    chart.series.push_back({"series " + std::to_string(k), {}, {1.0 * k, 2.0 * k}, Mark::line});
  }
  const std::string svg = render(chart);
  for (int k = 0; k < 40; ++k) CHECK(has_text(svg, "series " + std::to_string(k)));
  // Of each series a line is drawn, then its markers: stroke and shape together are its look.
  std::vector<std::string> looks;
  const std::regex line_and_marker(
      "<path d=\"[^\"]*\" fill=\"none\"( stroke=\"[^>]*)/>\n<path d=\"M[-0-9. ]+([^\"M]*)");
  const std::string data = svg.substr(0, svg.find("<rect", svg.find("series 39")));
  for (auto at = std::sregex_iterator(data.begin(), data.end(), line_and_marker);
       at != std::sregex_iterator(); ++at) {
    looks.push_back((*at)[1].str() + (*at)[2].str());
  }
  CHECK(looks.size() == 80);  // the plot's and the legend's
  std::sort(looks.begin(), looks.end());
  looks.erase(std::unique(looks.begin(), looks.end()), looks.end());
  CHECK(looks.size() == 40);

  for (auto& series : chart.series) series.mark = Mark::bars;
  const std::string bars = render(chart);
  check_drawing(bars);
  for (const auto& pattern : matches(bars, "fill=\"url\\(#([^)]*)\\)")) {
    CHECK(bars.find("<pattern id=\"" + pattern + "\"") != std::string::npos);
  }
}

TEST_CASE("svg: the legend and the labels of rules stand outside of the plot") {
  Chart chart;
  for (int k = 0; k < 20; ++k) {
    chart.series.push_back({"s" + std::to_string(k), {}, {0, 1.0 * k}, Mark::points});
    chart.rules.push_back({"r" + std::to_string(k), 0.05 * k});
  }
  const std::string svg = render(chart);
  check_drawing(svg);
  const auto below = matches(svg, "<text x=\"[^\"]*\" y=\"([^\"]*)\"[^>]*>s[0-9]+<");
  const auto above = matches(svg, "<text x=\"[^\"]*\" y=\"([^\"]*)\"[^>]*>r[0-9]+<");
  CHECK(below.size() == 20);
  CHECK(above.size() == 20);
  for (const auto& y : below) CHECK(std::stod(y) > 300);
  for (const auto& y : above) CHECK(std::stod(y) < 0);
}

// Where a text stands in the picture: its corners, turned as it is.
struct Box {
  std::string text;
  std::vector<plot::Point> corners;
};

std::vector<Box> boxes(const std::string& svg) {
  std::vector<Box> found;
  static const std::regex form(
      "<g transform=\"translate\\(([-0-9.]+) ([-0-9.]+)\\)\">|<text x=\"([-0-9.]+)\" "
      "y=\"([-0-9.]+)\" text-anchor=\"([a-z]+)\" font-size=\"([0-9.]+)\"([^>]*)>(.*)</text>");
  static const std::regex turn("rotate\\(([-0-9]+) ([-0-9.]+) ([-0-9.]+)\\)");
  plot::Point origin{0, 0};
  const std::size_t legend =
      svg.rfind("</g>\n<");  // a shared one stands in the picture's own place
  for (auto at = std::sregex_iterator(svg.begin(), svg.end(), form); at != std::sregex_iterator();
       ++at) {
    const auto& parts = *at;
    if (parts[1].matched) {
      origin = {std::stod(parts[1]), std::stod(parts[2])};
      continue;
    }
    const std::string text = std::regex_replace(parts[8].str(), std::regex("<[^>]*>"), "");
    const double size = std::stod(parts[6]);
    // Fonts are narrower than plots take them to be.
    const double width = 0.9 * plot::width(plot::decoded(text), size);
    const double x = std::stod(parts[3]);
    const double y = std::stod(parts[4]);
    const double left = parts[5] == "start" ? x : parts[5] == "end" ? x - width : x - width / 2;
    std::vector<plot::Point> corners{{left, y - 0.72 * size},
                                     {left + width, y - 0.72 * size},
                                     {left + width, y + 0.2 * size},
                                     {left, y + 0.2 * size}};
    std::smatch turned;
    const std::string attributes = parts[7];
    if (std::regex_search(attributes, turned, turn)) {
      const double angle = std::stod(turned[1]) * std::acos(-1.0) / 180;
      const plot::Point about{std::stod(turned[2]), std::stod(turned[3])};
      for (auto& corner : corners) {
        const double dx = corner.x - about.x;
        const double dy = corner.y - about.y;
        corner = {about.x + std::cos(angle) * dx - std::sin(angle) * dy,
                  about.y + std::sin(angle) * dx + std::cos(angle) * dy};
      }
    }
    const bool in_panel = static_cast<std::size_t>(parts.position(0)) < legend;
    for (auto& corner : corners) {
      if (in_panel) corner = {corner.x + origin.x, corner.y + origin.y};
    }
    found.push_back({text, corners});
  }
  return found;
}

// Whether no side of either rectangle parts them.
bool overlap(const Box& a, const Box& b) {
  for (const auto* box : {&a, &b}) {
    for (std::size_t k = 0; k < 2; ++k) {
      const double x = box->corners[k + 1].x - box->corners[k].x;
      const double y = box->corners[k + 1].y - box->corners[k].y;
      plot::Range of_a;
      plot::Range of_b;
      for (const auto& corner : a.corners) of_a.take(corner.x * x + corner.y * y);
      for (const auto& corner : b.corners) of_b.take(corner.x * x + corner.y * y);
      if (of_a.high <= of_b.low || of_b.high <= of_a.low) return false;
    }
  }
  return true;
}

TEST_CASE("svg: no text stands on another, nor outside of the picture") {
  support::Random random(27);
  const std::vector<std::string> words{"loss",
                                       "layers.0.weight",
                                       "neural persistence of each layer",
                                       "a",
                                       "model.encoder.layers.11.attention.weight",
                                       ""};
  const auto word = [&] {
    return words[static_cast<std::size_t>(random.below(static_cast<int>(words.size())))];
  };
  std::size_t seen = 0;
  for (int round = 0; round < 150; ++round) {
    std::vector<Chart> charts(static_cast<std::size_t>(1 + random.below(4)));
    for (auto& chart : charts) {
      chart.title = word() + " " + word() + " " + word();
      chart.x.label = word();
      chart.y.label = word() + " " + word();
      chart.x.logarithmic = random.below(4) == 0;
      chart.y.logarithmic = random.below(4) == 0;
      if (random.below(3) == 0) {
        for (int k = 1 + random.below(60); k > 0; --k) chart.x.categories.push_back(word());
      }
      const double scale = std::pow(10.0, random.below(16) - 8);
      const bool is_map = random.below(3) == 0;
      for (int k = random.below(is_map ? 60 : 14); k > 0; --k) {
        Series series{word() + std::to_string(k), {}, {}};
        series.mark = is_map ? Mark::cells : static_cast<Mark>(random.below(3));
        for (int i = 1 + random.below(20); i > 0; --i) {
          series.y.push_back(scale * random.normal());
          if (!is_map) {
            series.low.push_back(series.y.back() - scale);
            series.high.push_back(series.y.back() + scale);
          }
        }
        chart.series.push_back(series);
      }
      for (int k = random.below(5); k > 0; --k)
        chart.rules.push_back({word(), 20 * random.uniform()});
    }
    const std::string svg = render(charts, 2);
    const double width = std::stod(matches(svg, " width=\"([0-9.]+)\"").front());
    const double height = std::stod(matches(svg, " height=\"([0-9.]+)\"").front());
    const auto all = boxes(svg);
    seen += all.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const auto& corner : all[i].corners) {
        if (corner.x < -1 || corner.x > width + 1 || corner.y < -1 || corner.y > height + 1) {
          FAIL_CHECK("round " << round << ": " << all[i].text << " leaves the picture, at "
                              << corner.x << " " << corner.y);
        }
      }
      for (std::size_t k = 0; k < i; ++k) {
        if (overlap(all[i], all[k])) {
          FAIL_CHECK("round " << round << ": " << all[i].text << " stands on " << all[k].text);
        }
      }
    }
  }
  CHECK(seen > 5000);
}

TEST_CASE("svg: a grid holds all charts") {
  std::vector<Chart> charts;
  for (int k = 0; k < 5; ++k) {
    charts.push_back(line({1, 2}, {1, 2}));
    charts.back().title = "chart " + std::to_string(k);
  }
  const auto extent = [&](std::size_t columns) {
    const std::string svg = render(charts, columns);
    check_drawing(svg);
    for (const auto& chart : charts) CHECK(has_text(svg, chart.title));
    return std::pair(std::stod(matches(svg, " width=\"([0-9.]+)\"").front()),
                     std::stod(matches(svg, " height=\"([0-9.]+)\"").front()));
  };
  const auto [width, height] = extent(1);
  CHECK(extent(2).first == Approx(2 * width));
  CHECK(extent(2).second == Approx(height * 3 / 5));
  CHECK(extent(100).first == Approx(5 * width));
  CHECK(render(charts[0]) == render(std::vector<Chart>{charts[0]}));
}

TEST_CASE("svg: charts of the same series share a legend, others do not") {
  Chart first = line({0, 1}, {0.25, 0.5});
  first.series = {{"one", {}, {0, 1}}, {"two", {}, {1, 0}}};
  Chart second = first;
  second.series[0].y = {3, 4};
  const auto legends = [](const std::vector<Chart>& charts) {
    const std::string svg = render(charts);
    check_drawing(svg);
    CHECK(has_text(svg, "two"));
    const auto all = texts(svg);
    return std::count(all.begin(), all.end(), "one");
  };
  CHECK(legends({first}) == 1);
  CHECK(legends({first, second, first}) == 1);
  second.series[1].mark = Mark::points;
  CHECK(legends({first, second, first}) == 3);
  second.series.pop_back();
  CHECK(legends({first, second}) == 2);

  // It stands within the picture, below all plots.
  const std::string svg = render({first, first, first});
  const double height = std::stod(matches(svg, " height=\"([0-9.]+)\"").front());
  const auto labels = matches(svg, "<text x=\"[^\"]*\" y=\"([^\"]*)\"[^>]*>one<");
  const auto plots = matches(svg, "<g transform=\"translate\\([0-9.]+ ([0-9.]+)\\)");
  REQUIRE(labels.size() == 1);
  REQUIRE(plots.size() == 3);
  CHECK(std::stod(labels[0]) > std::stod(plots[2]) + 300);
  CHECK(std::stod(labels[0]) < height);
}

TEST_CASE("svg: an axis reaches to the values it covers") {
  Chart chart = line({1, 2}, {0.2, 0.4});
  CHECK_FALSE(among(numbers(render(chart)), "1.0"));
  chart.y.covers = {0, 1, nan};
  const std::string svg = render(chart);
  check_drawing(svg);
  CHECK(among(numbers(svg), "0.0"));
  CHECK(among(numbers(svg), "1.0"));
  chart.x = {"x", true, {}, {0, 1000}};
  CHECK(among(numbers(render(chart)), "1000"));

  // Ticks are at whole numbers only where data and covered values are.
  Chart whole = line({1, 2}, {1, 1});
  const auto has_decimals = [&] {
    const auto all = numbers(render(whole));
    return std::any_of(all.begin(), all.end(),
                       [](const std::string& text) { return text.find('.') != text.npos; });
  };
  whole.y.covers = {0, 3};
  CHECK_FALSE(has_decimals());
  whole.y.covers = {0.5};
  CHECK(has_decimals());
  // Rates are rates where all of them happen to be 0 or 1.
  whole = line({1, 2}, {0, 1});
  CHECK_FALSE(has_decimals());
  whole.y.covers = {0, 1};
  CHECK(among(numbers(render(whole)), "0.5"));
}

// A locale that writes 1,5 and 1.000.
struct Continental : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST_CASE("svg: every colour has one for dark pages") {
  Chart chart{"all", {"x"}, {"y"}, {}, {{"a rule", 1}}, true};
  Chart bars{"bars", {"x"}, {"y"}};
  for (int i = 0; i < 16; ++i) {
    const double y = i % 3 - 1.0;
    chart.series.push_back({"line", {0, 1, 2}, {y, 0, infinity}});
    chart.series.push_back({"points", {0, 1, 2}, {y, 1, 2}, Mark::points});
    bars.series.push_back({"bars", {}, {y, 2}, Mark::bars});
  }
  Chart map{"map", {"x"}, {"y"}, {}, {{"a rule", 1}}};
  Chart signs = map;
  for (int i = 0; i < 40; ++i) {
    chart.series[0].low.assign(3, 0);
    chart.series[0].high.assign(3, 1);
    map.series.push_back({"row", {0, 1, 2}, {0.1 * i, 0.2 * i, 0.05 * i}, Mark::cells});
    signs.series.push_back({"row", {0, 1, 2}, {0.1 * i, -0.1 * i, 2}, Mark::cells});
  }
  const std::string svg = render({chart, bars, map, signs});
  CHECK(fault(svg).empty());
  const std::size_t end = svg.rfind("</style>");
  const std::string style = svg.substr(svg.find("<style>"), end - svg.find("<style>"));
  const auto rest = svg.substr(end);
  for (const std::string paint : {"fill", "stroke"}) {
    const auto used = matches(rest, paint + "=\"(#[0-9A-Fa-f]+)\"");
    CHECK(used.size() > 10);
    for (const auto& colour : used) {
      CAPTURE(paint, colour);
      CHECK(style.find("[" + paint + "=\"" + colour + "\"] { " + paint + ": #") !=
            std::string::npos);
    }
  }
}

TEST_CASE("svg: the text depends on nothing but the chart") {
  Chart chart = line({0.1, 1234.5, 99999.25}, {0.1, 0.25, 1e-3});
  chart.title = "title";
  chart.rules = {{"rule", 5000.5}};
  const std::string before = render(chart);
  CHECK(render(chart) == before);
  const std::locale usual = std::locale::global(std::locale(std::locale(), new Continental));
  const std::string after = render(chart);
  std::locale::global(usual);
  CHECK(after == before);
}

TEST_CASE("svg: wrong charts are refused") {
  CHECK_THROWS_AS(render(line({1, 2, 3}, {1, 2})), std::invalid_argument);
  CHECK_THROWS_AS(render(std::vector<Chart>{Chart{}}, 0), std::invalid_argument);
}

TEST_CASE("svg: persistence diagrams become curves of deaths") {
  dgp::PersistenceDiagram<float> diagram{{{1, 0.75F}, {1, 0.5F}, {1, 0.25F}, {1, 0}}, 1};
  const Chart chart = persistence_chart<float>({{"fc1", diagram}, {"", {}}}, "Digits");
  CHECK(chart.title == "Digits");
  REQUIRE(chart.series.size() == 3);
  CHECK(chart.series[0].label == "fc1, 4 pairs");
  CHECK(chart.series[0].x == std::vector<double>{0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1});
  CHECK(chart.series[0].y == std::vector<double>{0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0, 0});
  CHECK(chart.series[1].label == "0 pairs");
  CHECK(chart.series[1].y.empty());
  CHECK_FALSE(chart.diagonal);
  check_drawing(render(chart));
  check_drawing(render(persistence_chart<float>({})));

  // The area under the births and above the deaths is what the comment says it is.
  support::Random random(24);
  const auto weights = support::random_matrix<double>(random, support::Kind::normal, 12, 30);
  const auto layer = dgp::neural_persistence(weights).layers[0];
  const Chart measured = persistence_chart<double>({{"layer", layer.diagram}});
  const auto& x = measured.series[0].x;
  const auto& y = measured.series[0].y;
  double area = 0;
  for (std::size_t i = 0; i + 1 < x.size(); i += 2) area += (x[i + 1] - x[i]) * (1 - y[i]);
  CHECK(area ==
        Approx(dgp::normalized_persistence(layer.diagram, 1, dgp::EssentialClass::omitted)));
  check_drawing(render(measured));

  // Other births: the usual picture.
  const dgp::PersistenceDiagram<double> other{{{0.9, 0.2}, {0.5, 0.1}}, 1};
  const Chart usual = persistence_chart<double>({{"other", other}});
  CHECK(usual.diagonal);
  REQUIRE(usual.series.size() == 1);
  CHECK(usual.series[0].x == std::vector<double>{0.9, 0.5});
  CHECK(usual.series[0].y == std::vector<double>{0.2, 0.1});
  check_drawing(render(usual));
}

}  // namespace
