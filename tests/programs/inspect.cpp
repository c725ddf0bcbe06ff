// dgp-inspect as its users meet it: the real program, its output, its exit codes.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"
#ifdef DGP_WITH_ONNX
#include "../support/onnx_writer.hpp"
#endif
#include "../support/random_network.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using nlohmann::json;
using support::f32;
using support::f64;
using support::holds;
using support::lines_of;
using support::little_endian;
using support::safetensors;
using support::TemporaryFolder;
using support::Tensor;
using support::write_file;
using Arguments = std::vector<std::string>;

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_INSPECT, arguments);
}

json as_json(Arguments arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  return json::parse(successful(arguments));
}

std::string failure(const Arguments& arguments, int exit_code) {
  return support::failure(DGP_INSPECT, arguments, exit_code);
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

std::vector<std::string> layer_names(const json& report) {
  std::vector<std::string> names;
  for (const auto& layer : report["layers"]) names.push_back(layer["name"]);
  return names;
}

const std::string digits = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";
const std::string random_ties = DGP_TEST_DATA "/golden/random/rand_ties_5-7-6-4.safetensors";
const std::string random_constant = DGP_TEST_DATA "/golden/random/rand_const_4-3-2.safetensors";

// The path of a file made for one test.
std::string made(const TemporaryFolder& folder, const std::string& name,
                 const std::vector<Tensor>& tensors) {
  write_file(folder / name, safetensors(tensors));
  return (folder / name).string();
}

// Two layers that do not chain: three outputs, then two inputs.
std::vector<Tensor> unchained() {
  return {{"first", "F32", {3, 2}, f32({1, 2, 3, 4, 5, 6})},
          {"second", "F32", {1, 2}, f32({-1, 0.5})}};
}

std::vector<Tensor> chained() {
  return {{"first", "F32", {2, 3}, f32({1, -2, 3, 4, 0.5, 6})},
          {"second", "F32", {2, 2}, f32({-1, 0.5, 0.25, 2})}};
}

// CSV as RFC 4180 has it, with quoted fields that may hold line breaks.
std::vector<std::vector<std::string>> parsed_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes) {
      if (c != '"') {
        rows.back().back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        rows.back().back() += text[++i];
      } else {
        in_quotes = false;
      }
    } else if (c == '"') {
      in_quotes = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      rows.push_back({""});
    } else {
      rows.back().back() += c;
    }
  }
  CHECK(rows.back() == std::vector<std::string>{""});  // the last line ends like all others
  rows.pop_back();
  return rows;
}

// The rows of the JSON report in the order and the fields of the CSV one; a null is an empty field.
std::vector<json> rows_of(const json& report) {
  std::vector<json> rows;
  const auto add = [&](const json& measure, const json& layer, const json& figures,
                       const json& variance) {
    rows.push_back({{"measure", measure},
                    {"layer", layer},
                    {"rows", figures.value("rows", json())},
                    {"cols", figures.value("cols", json())},
                    {"total", figures.value("total", json())},
                    {"normalized", figures.value("normalized", json())},
                    {"weight_variance", variance},
                    {"deaths", figures.value("deaths", json())}});
  };
  for (const auto& layer : report["layers"]) {
    add("neural_persistence", layer["name"], layer, layer["weight_variance"]);
  }
  const json& network = report["neural_persistence"];
  add("network_neural_persistence", "",
      {{"total", network["sum"]}, {"normalized", network["mean_normalized"]}},
      report["weight_variance"]);
  const json& deep = report["deep_graph_persistence"];
  for (const std::string variant : {"standardized_rescaled", "standardized", "raw"}) {
    if (deep.is_null() || deep[variant].is_null()) continue;
    add("deep_graph_persistence_" + variant, "", deep[variant], json());
  }
  return rows;
}

// Columns of a table are set apart by two blanks or more. Returns the cells, and where they end.
std::vector<std::pair<std::string, std::size_t>> cells_of(const std::string& line) {
  std::vector<std::pair<std::string, std::size_t>> cells;
  std::size_t at = line.find_first_not_of(' ');
  while (at != std::string::npos) {
    const std::size_t end = std::min(line.find("  ", at), line.size());
    cells.emplace_back(line.substr(at, end - at), end);
    at = line.find_first_not_of(' ', end);
  }
  return cells;
}

// As the table rounds them.
std::string six_digits(const json& number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6f", number.get<double>());
  return text;
}

void check_close(const json& figure, const json& published) {
  REQUIRE(figure.is_number());
  REQUIRE(published.is_number());
  const double expected = published.get<double>();
  CHECK(std::abs(figure.get<double>() - expected) <= 1e-6 * std::abs(expected));
}

// The published lists lack pairs that die at 1, and end in the essential class.
void check_deaths(const json& deaths, const json& published) {
  std::vector<double> ours;
  for (const double death : deaths) {
    if (death != 1) ours.push_back(death);
  }
  REQUIRE(ours.size() + 1 == published.size());
  CHECK(published.back() == 0);
  CHECK(std::is_sorted(deaths.rbegin(), deaths.rend()));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(i);
    check_close(ours[i], published[i]);
  }
}

}  // namespace

TEST_CASE("help explains every option", "[inspect]") {
  const std::string help = successful({"--help"});
  for (const std::string word :
       {"MODEL", "--help", "--layers", "--order", "--transpose", "--p", "--essential", "--format",
        "--deaths", "--analysis", "--significance", "--paths", "--svg", "--threads", "dies-at-zero",
        "omitted", "table", "json", "csv"}) {
    CAPTURE(word);
    CHECK(holds(help, word));
  }
  CHECK(successful({"-h"}) == help);
  CHECK(successful({"--deaths", "--help"}) == help);
}

TEST_CASE("without arguments the digits network is shown", "[inspect]") {
  const std::string table = successful({});
  CHECK(holds(table, "digits_64-32-16-10.safetensors"));
  for (const std::string word : {"layers.0.weight", "32x64", "layers.1.weight", "16x32",
                                 "layers.2.weight", "10x16", "0.514411"}) {
    CAPTURE(word);
    CHECK(holds(table, word));
  }
  CHECK(successful({digits}) == table);
  CHECK(successful({"--format", "table"}) == table);
}

TEST_CASE("JSON has the keys that others rely on, and no more", "[inspect]") {
  for (const bool deaths : {false, true}) {
    CAPTURE(deaths);
    const json report = as_json(deaths ? Arguments{digits, "--deaths"} : Arguments{digits});
    const auto with_deaths = [&](std::set<std::string> keys) {
      if (deaths) keys.insert("deaths");
      return keys;
    };
    CHECK(keys_of(report) == std::set<std::string>{"file", "p", "essential_class", "order",
                                                   "layers", "not_measured", "neural_persistence",
                                                   "deep_graph_persistence", "weight_variance"});
    CHECK(report["file"] == digits);
    CHECK(report["p"] == 2);
    CHECK(report["essential_class"] == "dies-at-zero");
    CHECK(report["order"] == "names");
    CHECK(report["weight_variance"].is_number());
    REQUIRE(report["layers"].size() == 3);
    for (const auto& layer : report["layers"]) {
      CHECK(keys_of(layer) ==
            with_deaths({"name", "rows", "cols", "total", "normalized", "weight_variance"}));
      CHECK(layer["rows"].is_number_integer());
      CHECK(layer["cols"].is_number_integer());
    }
    CHECK(report["layers"][0]["name"] == "layers.0.weight");
    CHECK(report["layers"][0]["rows"] == 32);
    CHECK(report["layers"][0]["cols"] == 64);
    CHECK(keys_of(report["neural_persistence"]) == std::set<std::string>{"mean_normalized", "sum"});
    const json& deep = report["deep_graph_persistence"];
    CHECK(keys_of(deep) == std::set<std::string>{"standardized_rescaled", "standardized", "raw"});
    CHECK(keys_of(deep["standardized_rescaled"]) == with_deaths({"total", "normalized"}));
    CHECK(keys_of(deep["standardized"]) == with_deaths({"total", "normalized"}));
    CHECK(keys_of(deep["raw"]) == with_deaths({"normalized"}));
  }
}

TEST_CASE("deaths are descending, one for each neuron but the last", "[inspect]") {
  const json report = as_json({digits, "--deaths"});
  const auto check = [](const json& deaths, std::size_t neurons) {
    // The essential class would be one more.
    CHECK(deaths.size() == neurons - 1);
    CHECK(std::is_sorted(deaths.rbegin(), deaths.rend()));
    CHECK(deaths.back() > 0);
  };
  for (const auto& layer : report["layers"]) {
    check(layer["deaths"], layer["rows"].get<std::size_t>() + layer["cols"].get<std::size_t>());
  }
  for (const auto& variant : report["deep_graph_persistence"]) check(variant["deaths"], 64 + 10);
}

TEST_CASE("figures follow from the deaths, the order p and the essential class", "[inspect]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const std::string essential : {"dies-at-zero", "omitted"}) {
    for (const auto& [text, p] : std::map<std::string, double>{
             {"1", 1}, {"1.5", 1.5}, {"2", 2}, {"3", 3}, {"inf", infinity}}) {
      CAPTURE(essential, text);
      const json report = as_json({random_ties, "--deaths", "--p", text, "--essential", essential});
      CHECK(report["essential_class"] == essential);
      if (std::isinf(p)) {
        CHECK(report["p"] == "inf");  // JSON has no such number
      } else {
        CHECK(report["p"] == p);
      }
      const auto check = [&, order = p](const json& figures) {
        std::vector<double> lives;
        for (const double death : figures["deaths"]) lives.push_back(1 - death);
        const double neurons = static_cast<double>(lives.size());
        if (essential == "dies-at-zero") lives.push_back(1);
        double total = 0;
        for (const double life : lives) {
          total = std::isinf(order) ? std::max(total, life) : total + std::pow(life, order);
        }
        if (!std::isinf(order)) total = std::pow(total, 1 / order);
        if (figures.contains("total")) check_close(figures["total"], total);
        check_close(figures["normalized"],
                    std::isinf(order) ? total : total / std::pow(neurons, 1 / order));
      };
      double sum = 0;
      double mean = 0;
      for (const auto& layer : report["layers"]) {
        check(layer);
        sum += layer["total"].get<double>();
        mean += layer["normalized"].get<double>() / static_cast<double>(report["layers"].size());
      }
      for (const auto& variant : report["deep_graph_persistence"]) check(variant);
      check_close(report["neural_persistence"]["sum"], sum);
      check_close(report["neural_persistence"]["mean_normalized"], mean);
    }
  }
}

TEST_CASE("layers that do not chain have no deep graph persistence, with the reason", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = made(folder, "unchained", unchained());
  const json report = as_json({path, "--deaths"});
  CHECK(keys_of(report) == std::set<std::string>{"file", "p", "essential_class", "order", "layers",
                                                 "not_measured", "neural_persistence",
                                                 "deep_graph_persistence", "reason",
                                                 "weight_variance"});
  CHECK(report["deep_graph_persistence"].is_null());
  for (const std::string part : {"layer 0 (first)", "3x2", "layer 1 (second)", "1x2"}) {
    CAPTURE(part);
    CHECK(holds(report["reason"], part));
  }
  CHECK(report["layers"].size() == 2);
  const std::string table = successful({path});
  CHECK(holds(table, "No deep graph persistence: " + report["reason"].get<std::string>()));
}

TEST_CASE("a constant layer leaves the raw variant only, with the reason", "[inspect]") {
  const json report = as_json({random_constant});
  CHECK(keys_of(report) == std::set<std::string>{"file", "p", "essential_class", "order", "layers",
                                                 "not_measured", "neural_persistence",
                                                 "deep_graph_persistence", "reason",
                                                 "weight_variance"});
  const json& deep = report["deep_graph_persistence"];
  CHECK(keys_of(deep) == std::set<std::string>{"standardized_rescaled", "standardized", "raw"});
  CHECK(deep["standardized_rescaled"].is_null());
  CHECK(deep["standardized"].is_null());
  CHECK(holds(report["reason"], "layer 0 (layers.0.weight)"));
  CHECK(holds(report["reason"], "0.5"));
  CHECK(keys_of(deep["raw"]) == std::set<std::string>{"normalized"});
  CHECK(deep["raw"]["normalized"].is_number());
  const json with_deaths = as_json({random_constant, "--deaths"});
  CHECK(keys_of(with_deaths["deep_graph_persistence"]["raw"]) ==
        std::set<std::string>{"normalized", "deaths"});
  const std::string table = successful({random_constant});
  CHECK(holds(table,
              "No standardised deep graph persistence: " + report["reason"].get<std::string>()));
  CHECK(holds(table, six_digits(deep["raw"]["normalized"])));
}

TEST_CASE("a network of zeros is measured", "[inspect]") {
  const TemporaryFolder folder;
  const json report =
      as_json({made(folder, "zeros", {{"w", "F32", {2, 3}, f32({0, 0, 0, 0, 0, 0})}}), "--deaths"});
  CHECK(report["layers"][0]["deaths"] == json({0, 0, 0, 0}));
  check_close(report["layers"][0]["total"], std::sqrt(5.0));
  CHECK(report["deep_graph_persistence"]["standardized"].is_null());
  CHECK(report["deep_graph_persistence"]["raw"]["deaths"] == json({0, 0, 0, 0}));
}

TEST_CASE("CSV holds the same figures as JSON, to the last bit", "[inspect]") {
  const TemporaryFolder folder;
  auto awkward = chained();
  awkward[0].name = "a \"quoted\", name\nof two lines";
  awkward[1].name = "b,c";
  for (const auto& path : {digits, random_ties, random_constant, made(folder, "u", unchained()),
                           made(folder, "awkward", awkward)}) {
    for (const bool deaths : {false, true}) {
      Arguments arguments{path};
      if (deaths) arguments.push_back("--deaths");
      CAPTURE(arguments);
      const auto expected = rows_of(as_json(arguments));
      arguments.insert(arguments.end(), {"--format", "csv"});
      const auto rows = parsed_csv(successful(arguments));
      std::vector<std::string> header{"measure", "layer",      "rows",           "cols",
                                      "total",   "normalized", "weight_variance"};
      if (deaths) header.emplace_back("deaths");
      REQUIRE(rows.size() == expected.size() + 1);
      REQUIRE(rows[0] == header);
      for (std::size_t r = 0; r < expected.size(); ++r) {
        REQUIRE(rows[r + 1].size() == header.size());
        for (std::size_t i = 0; i < header.size(); ++i) {
          const std::string& field = rows[r + 1][i];
          const json& value = expected[r][header[i]];
          CAPTURE(r, header[i], field);
          if (value.is_number()) {
            CHECK(std::stod(field) == value.get<double>());
          } else if (value.is_array()) {
            std::istringstream numbers(field);
            std::vector<double> listed;
            for (double number = 0; numbers >> number;) listed.push_back(number);
            CHECK(numbers.eof());
            CHECK(listed == value.get<std::vector<double>>());
          } else {
            CHECK(field == (value.is_null() ? "" : value.get<std::string>()));
          }
        }
      }
    }
  }
}

TEST_CASE("the table is aligned and agrees with JSON", "[inspect]") {
  const TemporaryFolder folder;
  auto long_name = chained();
  long_name[1].name = "a.name.much.longer.than.every.heading.of.the.table.weight";
  // One large weight among zeros: a total of two digits before the point.
  std::vector<float> sparse(3000, 0);
  sparse[0] = 1;
  for (const auto& path : {digits, random_ties, random_constant,
                           made(folder, "unchained", unchained()), made(folder, "long", long_name),
                           made(folder, "sparse", {{"sparse", "F32", {2, 1500}, f32(sparse)}})}) {
    CAPTURE(path);
    const json report = as_json({path});
    const auto lines = lines_of(successful({path}));
    REQUIRE(lines.size() > 4);
    CHECK(lines[0] == path);
    CHECK(lines[1].empty());
    const auto heading = cells_of(lines[2]);
    REQUIRE(heading.size() == 5);
    CHECK(heading[1].first == "out x in");

    // By column: what the line shows, and nothing where it shows nothing.
    std::vector<std::vector<std::string>> shown;
    for (std::size_t l = 3; l < lines.size() && !lines[l].empty(); ++l) {
      CAPTURE(lines[l]);
      CHECK(lines[l].back() != ' ');
      std::vector<std::string> row(heading.size());
      const auto cells = cells_of(lines[l]);
      REQUIRE_FALSE(cells.empty());
      row[0] = cells[0].first;
      for (std::size_t i = 1; i < cells.size(); ++i) {
        const auto column = std::find_if(heading.begin() + 1, heading.end(), [&](const auto& head) {
          return head.second == cells[i].second;
        });
        REQUIRE(column != heading.end());  // every cell ends where a heading ends
        row[static_cast<std::size_t>(column - heading.begin())] = cells[i].first;
      }
      shown.push_back(row);
    }

    std::vector<std::vector<std::string>> expected;
    for (const auto& layer : report["layers"]) {
      expected.push_back({layer["name"], layer["rows"].dump() + "x" + layer["cols"].dump(),
                          six_digits(layer["total"]), six_digits(layer["normalized"]),
                          six_digits(layer["weight_variance"])});
    }
    expected.push_back({"network (sum, mean)", "", six_digits(report["neural_persistence"]["sum"]),
                        six_digits(report["neural_persistence"]["mean_normalized"]),
                        six_digits(report["weight_variance"])});
    const json& deep = report["deep_graph_persistence"];
    const json raw = deep.is_null() ? json() : deep["raw"];
    if (!raw.is_null()) expected.push_back({"deep graph persistence", "", "", "", ""});
    if (!deep.is_null() && !deep["standardized"].is_null()) {
      const json& rescaled = deep["standardized_rescaled"];
      const json& plain = deep["standardized"];
      expected.push_back({"standardised, rescaled", "", six_digits(rescaled["total"]),
                          six_digits(rescaled["normalized"]), ""});
      expected.push_back(
          {"standardised", "", six_digits(plain["total"]), six_digits(plain["normalized"]), ""});
    }
    if (!raw.is_null()) expected.push_back({"raw", "", "", six_digits(raw["normalized"]), ""});
    CHECK(shown == expected);
  }
}

TEST_CASE("the table is aligned beside names in other scripts", "[inspect]") {
  const TemporaryFolder folder;
  auto tensors = chained();
  tensors[0].name = "größe.层";
  const auto lines = lines_of(successful({made(folder, "scripts", tensors)}));
  REQUIRE(lines.size() > 4);
  // As wide as it is shown: the first byte of each character counts.
  const auto shown = [](std::string line) {
    line.erase(std::remove_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) == 0x80; }),
               line.end());
    return line.size();
  };
  CHECK(shown(lines[3]) == shown(lines[2]));
  CHECK(shown(lines[4]) == shown(lines[2]));
}

TEST_CASE("the table shows deaths only when asked", "[inspect]") {
  CHECK_FALSE(holds(successful({random_ties}), "deaths:"));
  const std::string table = successful({random_ties, "--deaths"});
  std::size_t lists = 0;
  for (const auto& line : lines_of(table)) {
    if (line.rfind("    deaths: ", 0) != 0) continue;
    std::istringstream numbers(line.substr(12));
    std::vector<double> deaths;
    for (double number = 0; numbers >> number;) deaths.push_back(number);
    CHECK_FALSE(deaths.empty());
    CHECK(std::is_sorted(deaths.rbegin(), deaths.rend()));
    ++lists;
  }
  CHECK(lists == 3 + 3);  // layers, and variants of deep graph persistence
}

TEST_CASE("spatial concentration is shown when asked, the library's in every format", "[inspect]") {
  for (const auto& path : {digits, random_constant}) {
    CAPTURE(path);
    const auto layers = dgp::io::read_layers(path);
    const json report = as_json({path, "--analysis"});
    const auto rows = parsed_csv(successful({path, "--analysis", "--format", "csv"}));
    const auto lines = lines_of(successful({path, "--analysis"}));
    REQUIRE(report["layers"].size() == layers.size());
    REQUIRE(rows.size() > layers.size());
    REQUIRE(lines.size() > 3 + layers.size());
    CHECK(rows[0].back() == "spatial_concentration");
    CHECK(cells_of(lines[2]).back().first == "concentration");
    for (std::size_t k = 0; k < layers.size(); ++k) {
      CAPTURE(k);
      const double expected = dgp::spatial_concentration(layers[k]);
      const json& figure = report["layers"][k]["spatial_concentration"];
      const std::string& field = rows[1 + k].back();
      const auto cell = cells_of(lines[3 + k]).back();
      CHECK(rows[1 + k].size() == rows[0].size());
      CHECK(cell.second == cells_of(lines[2]).back().second);
      if (std::isnan(expected)) {
        CHECK(figure.is_null());
        CHECK(field.empty());
        CHECK(cell.first == "undefined");
      } else {
        CHECK(figure.get<double>() == expected);
        CHECK(std::stod(field) == expected);
        CHECK(cell.first == six_digits(expected));
      }
    }
    // The network and its deep graph have none.
    for (std::size_t r = 1 + layers.size(); r < rows.size(); ++r) {
      CHECK(rows[r].size() == rows[0].size());
      CHECK(rows[r].back().empty());
    }
  }
  const auto constant = dgp::io::read_layers(random_constant);
  CHECK(std::any_of(constant.begin(), constant.end(), [](const auto& layer) {
    return std::isnan(dgp::spatial_concentration(layer));
  }));
  // Deaths stay the last column.
  const auto both = parsed_csv(successful({digits, "--analysis", "--deaths", "--format", "csv"}));
  CHECK(both[0].back() == "deaths");
  CHECK(both[0][both[0].size() - 2] == "spatial_concentration");
}

TEST_CASE("excess over shuffles is shown when asked, the library's in every format", "[inspect]") {
  for (const auto& path : {digits, random_constant}) {
    CAPTURE(path);
    const auto layers = dgp::io::read_layers(path);
    const auto expected = dgp::shuffle_significance(layers, {.rounds = 50}, {.p = 1});
    const json report = as_json({path, "--p", "1", "--significance", "50"});
    const auto rows = parsed_csv(
        successful({path, "--p", "1", "--significance", "50", "--format", "csv", "--analysis"}));
    const auto lines = lines_of(successful({path, "--p", "1", "--significance", "50"}));
    REQUIRE(report["layers"].size() == layers.size());
    REQUIRE(rows.size() > layers.size());
    const std::vector<std::string> columns{"shuffled_mean", "shuffled_deviation", "excess",
                                           "p_value"};
    const auto last_four = [](const std::vector<std::string>& row) {
      return std::vector<std::string>(row.end() - 4, row.end());
    };
    CHECK(last_four(rows[0]) == columns);
    for (std::size_t k = 0; k < layers.size(); ++k) {
      CAPTURE(k);
      const json& shuffled = report["layers"][k]["shuffled"];
      const auto fields = last_four(rows[1 + k]);
      CHECK(rows[1 + k].size() == rows[0].size());
      CHECK(keys_of(shuffled) ==
            std::set<std::string>{"mean", "deviation", "z", "p_value", "rounds"});
      CHECK(shuffled["mean"] == expected[k].mean);
      CHECK(std::stod(fields[0]) == expected[k].mean);
      CHECK(shuffled["deviation"] == expected[k].standard_deviation);
      CHECK(shuffled["p_value"] == expected[k].p_value);
      CHECK(std::stod(fields[3]) == expected[k].p_value);
      CHECK(shuffled["rounds"] == 50);
      const auto cells = cells_of(lines[3 + k]);
      if (std::isnan(expected[k].z_score)) {
        CHECK(shuffled["z"].is_null());
        CHECK(fields[2].empty());
        CHECK(cells[cells.size() - 2].first == "undefined");
      } else {
        CHECK(shuffled["z"] == expected[k].z_score);
        CHECK(std::stod(fields[2]) == expected[k].z_score);
        CHECK(std::stod(cells[cells.size() - 2].first) ==
              Approx(expected[k].z_score).margin(0.00501));
      }
    }
    for (std::size_t r = 1 + layers.size(); r < rows.size(); ++r) {
      CHECK(rows[r].size() == rows[0].size());
      CHECK(rows[r].back().empty());
    }
  }
  CHECK(as_json({digits, "--significance"})["layers"][0]["shuffled"]["rounds"] == 1000);
  CHECK(!as_json({digits})["layers"][0].contains("shuffled"));
  for (const std::string rounds : {"1", "0", "-3", "2.5", "1e9", "model.safetensors"}) {
    CHECK(holds(failure({"--significance", rounds}, 2), "--significance"));
  }
}

TEST_CASE("of a layer too large to be shuffled so often the asymptotic mean is shown",
          "[inspect]") {
  const support::TemporaryFolder folder;
  support::Random random(31);
  const dgp::RowMajorMatrix<float> weights =
      support::random_matrix<float>(random, support::Kind::normal, 2, 300);
  const std::string path = (folder / "wide.safetensors").string();
  dgp::io::write_safetensors(path, {dgp::io::named_tensor("w", weights)});
  const Arguments asked{path, "--significance", "1000000"};
  const auto drawn = dgp::shuffle_significance(weights)[0];
  const std::string text = successful(asked);
  const auto cells = cells_of(lines_of(text)[3]);
  REQUIRE(cells.size() >= 3);
  CHECK(std::stod(cells[cells.size() - 3].first) == Approx(drawn.mean).epsilon(1.0 / 150));
  CHECK(cells[cells.size() - 2].first == "-");
  CHECK(cells[cells.size() - 1].first == "-");
  CHECK(holds(text, "too large for 1,000,000 rounds"));
  CHECK_FALSE(holds(successful({path, "--significance"}), "too large"));
  const json shuffled = as_json(asked)["layers"][0]["shuffled"];
  CHECK(shuffled["mean"].is_number());
  for (const std::string key : {"deviation", "z", "p_value"}) CHECK(shuffled[key].is_null());
  CHECK(shuffled["rounds"] == 0);
  Arguments as_csv = asked;
  as_csv.insert(as_csv.end(), {"--format", "csv"});
  const auto row = parsed_csv(successful(as_csv))[1];
  REQUIRE(row.size() >= 4);
  CHECK(!row[row.size() - 4].empty());
  for (std::size_t i = 1; i <= 3; ++i) CHECK(row[row.size() - i].empty());
}

TEST_CASE("notes on shuffles stand where their figures do", "[inspect]") {
  CHECK(holds(successful({digits, "--significance", "5"}), "\nExcess is how far"));
  CHECK_FALSE(holds(successful({digits}), "Excess is how far"));
  Arguments many(20, digits);  // a row for each file alone
  many.insert(many.end(), {"--significance", "5"});
  CHECK_FALSE(holds(successful(many), "Excess is how far"));
}

TEST_CASE("diagrams are drawn to a file, or an error says why not", "[inspect]") {
  const TemporaryFolder folder;
  const auto picture = (folder / "diagrams.svg").string();
  for (const auto& path : {digits, random_constant, made(folder, "unchained", unchained())}) {
    const std::string table = successful({path, "--svg", picture});
    CHECK(holds(table, "The diagrams are in " + picture));
    const std::string svg = support::read_file(picture);
    CHECK(svg.rfind("<svg", 0) == 0);
    CHECK(holds(svg, "</svg>"));
    CHECK(holds(svg, std::filesystem::path(path).filename().string() +
                         ": at which weights the neurons of a layer join (neural persistence)"));
    // Machines read JSON and CSV: no word on the picture there.
    CHECK(successful({path, "--format", "json", "--svg", picture}) ==
          successful({path, "--format", "json"}));
  }
  const auto unwritable = (folder / "no such folder" / "diagrams.svg").string();
  const auto lost = support::run_program(DGP_INSPECT, {digits, "--svg", unwritable});
  CHECK(lost.exit_code == 1);
  CHECK(holds(lost.err, unwritable + ": cannot be opened for writing"));
  CHECK(lost.out == successful({digits}));  // what was measured is not lost with it
  for (const std::string name : {"", "-"}) {
    CHECK(holds(failure({digits, "--svg", name}, 2), "the name of a file to write"));
  }
}

TEST_CASE("pictures of many files or layers stay small and name all", "[inspect]") {
  const TemporaryFolder folder;
  const auto picture = (folder / "diagrams.svg").string();
  const auto svg_of = [&](Arguments models) {
    models.insert(models.end(), {"--svg", picture});
    successful(models);
    return support::read_file(picture);
  };
  // Of few files, each has its own diagrams; of the same name, their folders tell them apart.
  std::filesystem::create_directory(folder / "a");
  std::filesystem::create_directory(folder / "b");
  for (const auto* name : {"a/x.safetensors", "b/x.safetensors"}) {
    std::filesystem::copy_file(digits, folder / name);
  }
  const std::string two =
      svg_of({(folder / "a/x.safetensors").string(), (folder / "b/x.safetensors").string()});
  CHECK(holds(two, "a/x: at which weights"));
  CHECK(holds(two, "b/x: at which weights"));

  Arguments fifty;
  for (int i = 0; i < 50; ++i) {
    const auto path = folder / ("checkpoint-" + std::to_string(i) + ".safetensors");
    std::filesystem::copy_file(digits, path);
    fifty.push_back(path.string());
  }
  const std::string many = svg_of(fifty);
  CHECK(many.size() < 200000);
  CHECK(holds(many, "50 files: neural persistence of each layer"));
  CHECK(holds(many, "50 files: deep graph persistence of each network"));
  for (const std::string row :
       {"layers.0.weight", "layers.2.weight", "standardised, rescaled", "raw"}) {
    CHECK(holds(many, row + ": at which"));
  }
  for (const auto* name : {"checkpoint-0", "checkpoint-49"}) {
    CHECK(holds(many, std::string("<title>") + name + "</title>"));
  }

  // Thirty layers in hundreds of files: their figures only.
  std::vector<support::Tensor> layers;
  for (int k = 0; k < 30; ++k) {
    layers.push_back({"layers." + std::to_string(k) + ".weight",
                      "F32",
                      {2, 2},
                      f32({1, 2, 3, 0.5F * static_cast<float>(k)})});
  }
  const std::string deep = made(folder, "deep", layers);
  const std::string one = svg_of({deep});
  CHECK(one.size() < 50000);
  CHECK(holds(one, "<title>layers.29.weight</title>"));
  const std::string hundreds = svg_of(Arguments(300, deep));
  CHECK(hundreds.size() < 200000);
  CHECK(holds(hundreds, "<title>layers.29.weight</title>"));
  CHECK_FALSE(holds(hundreds, ": at which"));
}

TEST_CASE("persistent paths are shown when asked, the library's in table and JSON", "[inspect]") {
  const auto layers = dgp::io::read_layers<float>(digits);
  const auto paths = dgp::persistent_paths(layers, {.count = 7});
  REQUIRE(paths.size() == 7);

  const json report = as_json({digits, "--paths", "7", "--deaths"});
  const json& list = report["persistent_paths"];
  REQUIRE(list.size() == 7);
  const json& deaths = report["deep_graph_persistence"]["standardized_rescaled"]["deaths"];
  const auto table = lines_of(successful({digits, "--paths", "7"}));
  auto line = std::find_if(table.begin(), table.end(), [](const std::string& text) {
    return text.rfind("persistent paths", 0) == 0;
  });
  REQUIRE(table.end() - line > 14);
  for (std::size_t k = 0; k < 7; ++k) {
    CAPTURE(k);
    CHECK(keys_of(list[k]) == std::set<std::string>{"death", "critical_edge", "neurons"});
    CHECK(list[k]["death"] == deaths[k]);
    CHECK(list[k]["death"] == paths[k].death);
    CHECK(list[k]["neurons"] == json(paths[k].neurons));
    const json& edge = list[k]["critical_edge"];
    CHECK(edge == json{{"layer", layers[paths[k].critical_edge.layer].name},
                       {"row", paths[k].critical_edge.row},
                       {"col", paths[k].critical_edge.col}});
    // A row, and the neurons beneath.
    const auto cells = cells_of(*++line);
    REQUIRE(cells.size() == 3);
    CHECK(cells[0].first == std::to_string(k + 1));
    CHECK(cells[1].first == six_digits(list[k]["death"]));
    CHECK(cells[2].first == edge["layer"].get<std::string>() + " (" + edge["row"].dump() + ", " +
                                edge["col"].dump() + ")");
    const auto number = [&](std::size_t at) { return list[k]["neurons"][at].dump(); };
    CHECK(*++line == "    input " + number(0) + " → layers.0.weight " + number(1) +
                         " → layers.1.weight " + number(2) + " → layers.2.weight " + number(3));
  }
  CHECK(holds(successful({digits, "--paths", "7"}), "Each persistent path is the strongest"));
  CHECK(as_json({digits, "--paths", "100000"})["persistent_paths"].size() == 64 + 10 - 1);
  // Nothing else changes.
  auto without = report;
  without.erase("persistent_paths");
  CHECK(without == as_json({digits, "--deaths"}));
  // A row has no room for them; the picture has.
  CHECK(holds(failure({digits, "--paths", "7", "--format", "csv"}, 2), "CSV has no room"));
  const TemporaryFolder folder;
  CHECK(successful({digits, "--paths", "7", "--format", "csv", "--svg",
                    (folder / "paths.svg").string()}) == successful({digits, "--format", "csv"}));
}

TEST_CASE("where deep graph persistence is not defined there are no paths", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = made(folder, "unchained.safetensors", unchained());
  const json report = as_json({path, "--paths", "3"});
  CHECK(report["persistent_paths"].is_null());
  CHECK(report["reason"].is_string());
  const std::string table = successful({path, "--paths", "3"});
  CHECK_FALSE(holds(table, "persistent paths  "));
  CHECK_FALSE(holds(table, "Each persistent path"));
  CHECK(holds(table, "No deep graph persistence: "));
  const auto picture = (folder / "paths.svg").string();
  CHECK(holds(successful({path, "--paths", "3", "--svg", picture}),
              "The picture, without paths, is in " + picture));
  CHECK(holds(support::read_file(picture), "No paths through unchained.safetensors"));
  for (const std::string count : {"0", "-1", "2.5", "many", ""}) {
    CAPTURE(count);
    CHECK(holds(failure({digits, "--paths", count}, 2), "--paths"));
  }
}

TEST_CASE("the network is drawn with its paths", "[inspect]") {
  const TemporaryFolder folder;
  const auto picture = (folder / "paths.svg").string();
  const std::string table = successful({digits, "--paths", "5", "--svg", picture});
  CHECK(holds(table, "The paths are in " + picture));
  const std::string svg = support::read_file(picture);
  CHECK(svg.rfind("<svg", 0) == 0);
  for (const std::string text :
       {"Strongest paths through digits_64-32-16-10.safetensors", "5 paths", "64 inputs, drawn as",
        "8×8", ">layers.0.weight<", ">layers.2.weight<", "weakest edge of its path",
        "strength 1.000"}) {
    CAPTURE(text);
    CHECK(holds(svg, text));
  }
  const auto mnist = DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors";
  successful({digits, mnist, "--paths", "5", "--svg", picture});
  const std::string both = support::read_file(picture);
  CHECK(holds(both, "through digits_64-32-16-10<"));
  CHECK(holds(both, "through mnist_784-100-100-10<"));
  const std::string several = successful({digits, mnist, "--paths", "2"});
  CHECK(holds(several, "\n" + std::string(mnist) + "\n"));
}

TEST_CASE("of a deep network with its paths some layers are drawn", "[inspect]") {
  const TemporaryFolder folder;
  std::vector<support::Tensor> layers;
  for (int k = 0; k < 300; ++k) {
    layers.push_back(
        {"layers." + std::to_string(k) + ".weight", "F32", {2, 2}, f32({1, 2, 3, 0.25F})});
  }
  const auto picture = (folder / "paths.svg").string();
  successful({made(folder, "deep", layers), "--paths", "2", "--svg", picture});
  const std::string svg = support::read_file(picture);
  CHECK(svg.size() < 60000);
  for (const auto* text : {">input<", ">layers.0.weight<", ">layers.298.weight<",
                           ">layers.299.weight<", " columns left out "}) {
    CAPTURE(text);
    CHECK(holds(svg, text));
  }
  CHECK_FALSE(holds(svg, "layers.75.weight"));
}

TEST_CASE("the picture that the README opens with is the program's", "[inspect]") {
  const TemporaryFolder folder;
  const auto picture = (folder / "paths.svg").string();
  successful(
      {DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors", "--paths", "30", "--svg", picture});
  // But for what rounding moves.
  const auto words_of = [](const std::string& path) {
    const std::regex number("[0-9]+\\.[0-9]+");
    return std::regex_replace(support::read_file(path), number, "#");
  };
  CHECK(words_of(picture) == words_of(DGP_EXAMPLE_DATA "/../pictures/paths.svg"));
}

TEST_CASE("kernels are measured as matrices", "[inspect]") {
  const TemporaryFolder folder;
  const auto bytes = f32({1, -2, 3, 4, 0.5, 6, -7, 8});
  using Shape = std::vector<std::uint64_t>;
  const auto kernel = [&](const Shape& shape) {
    return made(folder, "kernel", {{"conv.2\n", "F32", shape, bytes}});
  };
  const auto figures_of = [](json report) {
    report = report["layers"][0];
    return std::vector<json>{report["rows"], report["cols"], report["total"], report["normalized"],
                             report["deaths"]};
  };
  const auto matrix = [&](const Shape& shape, const Arguments& more = {}) {
    Arguments arguments{made(folder, "matrix", {{"w", "F32", shape, bytes}}), "--deaths"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return figures_of(as_json(arguments));
  };
  for (const Shape& shape : {Shape{2, 2, 2}, Shape{2, 1, 2, 2}, Shape{2, 1, 1, 2, 2}}) {
    const json report = as_json({kernel(shape), "--deaths"});
    CHECK(figures_of(report) == matrix({2, 4}));
    CHECK(report["layers"][0]["kind"] == "kernel_matrix");
    CHECK(report["layers"][0]["kernel"] == json(shape));
    CHECK(report["not_measured"] == json::array());
  }
  // Stored as Keras does, with the channels out last.
  CHECK(figures_of(as_json({kernel({2, 1, 4}), "--deaths", "--transpose", "."})) ==
        matrix({2, 4}, {"--transpose", "."}));

  const std::string table = successful({kernel({2, 1, 2, 2})});
  CHECK(holds(table, "  conv.2?              2x1x2x2"));
  CHECK(holds(table, "The kernel of a convolution is measured as a matrix (out x all else)."));
  CHECK(
      holds(table, "No deep graph persistence: kernels of convolutions are measured as matrices"));

  const auto many = made(folder, "many",
                         {{"conv.1", "F32", {1, 1, 1, 1, 1, 8}, bytes},
                          {"conv.2", "F32", {8}, bytes},
                          {"fc", "F32", {4, 2}, bytes}});
  CHECK(holds(successful({many}),
              "\nNot measured (more than five dimensions): conv.1 [1,1,1,1,1,8]\n"));
  CHECK(as_json({many})["not_measured"] == json::array({"conv.1"}));
  CHECK(holds(failure({many, "--layers", "conv"}, 1),
              "no tensor of 2 to 5 dimensions matches 'conv'; of other shapes: conv.1 "
              "[1,1,1,1,1,8], conv.2 [8]"));
}

TEST_CASE("attention and recurrences are no chain, whatever their shapes", "[inspect]") {
  const TemporaryFolder folder;
  const auto square = [](const std::string& name) {
    return Tensor{name, "F32", {2, 2}, f32({1, -2, 3, 4})};
  };
  for (const std::string part :
       {"self_attn.q_proj", "attention.self.query", "attn.c_proj", "rnn.weight_hh_l0"}) {
    CAPTURE(part);
    const auto path = made(folder, "model", {square("h.0." + part), square("h.1." + part)});
    const json report = as_json({path});
    CHECK(report["order"] == "names");
    CHECK(report["deep_graph_persistence"].is_null());
    CHECK(holds(report["reason"].get<std::string>(),
                "by its name h.0." + part + " belongs to attention or a recurrence"));
    // Who says the order takes the blame.
    CHECK(as_json({path, "--order", "h"})["deep_graph_persistence"]["raw"].is_object());
  }
  const auto plain = made(folder, "plain", {square("h.0.keyboard"), square("h.1.keyboard")});
  CHECK(as_json({plain})["deep_graph_persistence"]["raw"].is_object());
}

TEST_CASE("thousands of layers make a table of groups", "[inspect]") {
  const TemporaryFolder folder;
  std::vector<Tensor> tensors;
  for (int i = 0; i < 100; ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".";
    const auto at = static_cast<float>(i);
    tensors.push_back({block + "up.weight", "F32", {2, 1}, f32({1, at})});
    tensors.push_back({block + "down.weight", "F32", {1, 2}, f32({at, 1})});
  }
  tensors.push_back({"head", "F32", {1, 1}, f32({2})});
  const auto path = made(folder, "deep", tensors);
  const auto lines = lines_of(successful({path}));
  CHECK(lines.size() < 25);
  CHECK(holds(lines[3], "  blocks.*.down.weight"));
  CHECK(holds(lines[3], "100      1x2"));
  CHECK(holds(lines[4], "  blocks.*.up.weight"));
  CHECK(holds(lines[5], "  head "));
  CHECK(holds(lines[6], "  network "));
  // Their means and ranges are those of the layers.
  const json report = as_json({path});
  double sum = 0;
  double least = 1e9;
  for (const auto& layer : report["layers"]) {
    if (!holds(layer["name"].get<std::string>(), "up")) continue;
    sum += layer["normalized"].get<double>();
    least = std::min(least, layer["normalized"].get<double>());
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.6f  %.6f", sum / 100, least);
  CHECK(holds(lines[4], text));
  CHECK(lines_of(successful({path, "--deaths"})).size() > 400);
  CHECK(lines_of(successful({path, "--format", "csv"})).size() > 200);

  // Many groups: the first and the last of them.
  tensors.clear();
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'd'; ++b) {
      tensors.push_back({std::string{a, b}, "F32", {1, 1}, f32({1})});
    }
  }
  const auto other = lines_of(successful({made(folder, "wide", tensors)}));
  CHECK(other.size() < 80);
  CHECK(std::count(other.begin(), other.end(), "  … 44 more rows …") == 1);
}

TEST_CASE("an index stands for its files", "[inspect]") {
  const TemporaryFolder folder;
  const auto whole = made(folder, "whole", chained());
  made(folder, "model-00001-of-00002.safetensors", {chained()[0]});
  made(folder, "model-00002-of-00002.safetensors", {chained()[1]});
  const auto index = (folder / "model.safetensors.index.json").string();
  const auto write_index = [&](const std::string& second) {
    write_file(index, R"({"metadata": {}, "weight_map": {"first": )"
                      R"("model-00001-of-00002.safetensors", "second": ")" +
                          second + "\"}}");
  };
  write_index("model-00002-of-00002.safetensors");
  json report = as_json({index});
  CHECK(report["file"] == index);
  report["file"] = whole;
  CHECK(report == as_json({whole}));
  write_index("../model-00002-of-00002.safetensors");
  CHECK(holds(failure({index}, 1), "which is no file beside it"));
  write_index("model-00001-of-00002.safetensors");
  CHECK(holds(failure({index}, 1), "part 2 of 2 is missing"));
  write_file(index, "[]");
  CHECK(holds(failure({index}, 1), "no object 'weight_map'"));
}

#ifdef DGP_WITH_ONNX
TEST_CASE("a model of ONNX is measured as its graph", "[inspect]") {
  const TemporaryFolder folder;
  const dgp::RowMajorMatrix<float> kernel =
      (dgp::RowMajorMatrix<float>(2, 9) << 1, -2, 3, 4, 5, -6, 7, 8, 9, 2, -1, 4, 1, 5, 9, 2, 6, 5)
          .finished();
  const dgp::RowMajorMatrix<float> last =
      (dgp::RowMajorMatrix<float>(3, 2) << 1, 2, -3, 5, 4, 1).finished();
  support::OnnxModel model;
  model.input("image", {0, 1, 5, 4});
  model.kernel("conv.weight", {2, 1, 3, 3}, kernel);
  model.matrix("fc.weight", last);
  model.node("Conv", {"image", "conv.weight"}, {"1"}).with("pads", support::Extents{1, 1, 1, 1});
  model.node("GlobalAveragePool", {"1"}, {"2"});
  model.node("Flatten", {"2"}, {"3"});
  model.node("Gemm", {"3", "fc.weight"}, {"4"}).with("transB", 1);
  model.output("4");
  const auto path = (folder / "model.onnx").string();
  write_file(path, model.bytes());

  dgp::FeedForwardGraph<float> graph;
  const auto conv = graph.convolution(graph.input({1, 5, 4}), kernel, dgp::square_window(3, 1, 1));
  graph.output(graph.dense(graph.all_positions(conv), last));
  const auto np = dgp::neural_persistence(graph);
  const auto dgp = dgp::deep_graph_persistence(graph);

  // Paths by names of groups, whether they have weights or not.
  const auto paths = dgp::persistent_paths(graph, {.count = 3});
  const json list = as_json({path, "--paths", "3"})["persistent_paths"];
  REQUIRE(list.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(list[k]["death"] == paths[k].death);
    const auto& edge = *paths[k].critical_edge;
    CHECK(list[k]["critical_edge"] == json{{"layer", edge.layer == 0 ? "conv.weight" : "fc.weight"},
                                           {"row", edge.row},
                                           {"col", edge.col}});
    REQUIRE(list[k]["neurons"].size() == 4);
    const std::vector<std::string> groups{"image", "conv.weight", "pooling", "fc.weight"};
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(list[k]["neurons"][i] ==
            json{{"group", groups[i]}, {"number", i}, {"index", paths[k].neurons[i].index}});
    }
  }
  const auto pixel = paths[0].neurons[0].index;
  CHECK(holds(successful({path, "--paths", "3"}), "    image 0 (" + std::to_string(pixel / 4) +
                                                      ", " + std::to_string(pixel % 4) +
                                                      ") → conv.weight "));
  const auto picture = (folder / "paths.svg").string();
  successful({path, "--paths", "3", "--svg", picture});
  const std::string svg = support::read_file(picture);
  for (const std::string text : {"Strongest paths through model.onnx", ">image<", ">5×4<",
                                 ">conv.weight<", ">2×5×4<", ">pooling<", ">fc.weight<"}) {
    CAPTURE(text);
    CHECK(holds(svg, text));
  }

  const json report = as_json({path, "--deaths"});
  CHECK(report["order"] == "graph");
  CHECK(report["neurons"] == 20 + 40 + 2 + 3);
  REQUIRE(layer_names(report) == std::vector<std::string>{"conv.weight", "fc.weight"});
  const auto& layer = report["layers"][0];
  CHECK(layer["kind"] == "convolution");
  CHECK(layer["kernel"] == json({2, 1, 3, 3}));
  CHECK(layer["neurons"] == 60);
  // 9 places on 20 positions, less those beyond the edges.
  CHECK(layer["edges"] == 2 * (3 * 5 - 2) * (3 * 4 - 2));
  CHECK(layer["total"] == np.layers[0].total);
  CHECK(layer["deaths"].size() == 59);
  CHECK(report["layers"][1]["kind"] == "dense");
  CHECK_FALSE(report["layers"][1].contains("kernel"));
  CHECK(report["neural_persistence"]["mean_normalized"] == np.mean_normalized);
  const auto& deep = report["deep_graph_persistence"];
  CHECK(deep["standardized_rescaled"]["total"] == dgp.total);
  CHECK(deep["standardized"]["total"] ==
        dgp::deep_graph_persistence(graph, {.rescale = false}).total);
  CHECK_FALSE(deep.contains("raw"));
  CHECK_FALSE(report.contains("reason"));

  const std::string table = successful({path});
  CHECK(holds(table, "\n  conv.weight "));
  CHECK(holds(table, " 2x1x3x3 "));
  CHECK(holds(table, "65 neurons, 266 edges with weights;"));
  CHECK_FALSE(holds(table, "raw"));
  CHECK(holds(successful({path, "--format", "csv"}), "neural_persistence,conv.weight,2,9,"));

  // As a bare checkpoint.
  const json bare = as_json({path, "--layers", "."});
  CHECK(bare["layers"][0]["kind"] == "kernel_matrix");
  CHECK(bare["deep_graph_persistence"].is_null());

  // A product from the right has its matrix (in x out), and says so.
  support::OnnxModel product;
  product.input("x", {0, 2});
  product.matrix("w", last.transpose());
  product.node("MatMul", {"x", "w"}, {"y"});
  product.output("y");
  const auto other = (folder / "product.onnx").string();
  write_file(other, product.bytes());
  for (const Arguments& arguments : {Arguments{other}, Arguments{other, "--layers", "."}}) {
    const json matrix = as_json(arguments)["layers"][0];
    CHECK(matrix["rows"] == 3);
    CHECK(matrix["cols"] == 2);
    CHECK(matrix["total"] == dgp::neural_persistence(last).layers[0].total);
  }
  CHECK(as_json({other, "--layers", "."})["layers"][0]["transposed"] == true);
  CHECK_FALSE(holds(successful({other}), "convolutions"));

  // One operator that is not read: one line, and a way.
  model.node("LSTM", {"4"}, {"5"}, "memory");
  write_file(path, model.bytes());
  const std::string message = failure({path}, 1);
  CHECK(holds(message, path + ": node 'memory' (LSTM): the operator 'LSTM' is not read"));
  CHECK(holds(message, "without the graph: --layers ."));
  json same = as_json({path, "--layers", "."});
  CHECK(same == bare);
}
#endif

TEST_CASE("names that are no numbered sequence give no order, and the user can", "[inspect]") {
  const TemporaryFolder folder;
  // An autoencoder: by name its decoder comes first, and chains by accident.
  const Tensor encoder{"encoder.weight", "F32", {2, 3}, f32({1, -2, 3, 4, 0.5, 6})};
  const Tensor decoder{"decoder.weight", "F32", {3, 2}, f32({-1, 0.5, 0.25, 2, 7, -8})};
  const auto path = made(folder, "autoencoder", {encoder, decoder});
  const json unknown = as_json({path});
  CHECK(unknown["order"] == "unknown");
  CHECK(unknown["deep_graph_persistence"].is_null());
  CHECK(holds(unknown["reason"], "decoder.weight, encoder.weight"));
  CHECK(holds(unknown["reason"], "--order"));
  CHECK(unknown["layers"].size() == 2);
  CHECK(holds(successful({path}), "Order of layers: decoder.weight, encoder.weight (alphabetical"));

  auto first = encoder;
  auto second = decoder;
  first.name = "layers.0";
  second.name = "layers.1";
  const json expected = as_json({made(folder, "numbered", {first, second})});
  CHECK(expected["order"] == "names");
  const json given = as_json({path, "--order", "enc", "dec"});
  CHECK(given["order"] == "given");
  CHECK(layer_names(given) == std::vector<std::string>{"encoder.weight", "decoder.weight"});
  CHECK(given["deep_graph_persistence"] == expected["deep_graph_persistence"]);
  CHECK_FALSE(given.contains("reason"));
  CHECK(holds(successful({path, "--order", "enc", "dec"}),
              "Order of layers: encoder.weight, decoder.weight, as given by --order."));

  CHECK(holds(failure({path, "--order", "enc"}, 1), "says nothing of layer 'decoder.weight'"));
  CHECK(holds(failure({path, "--order", "enc", "dec", "head"}, 1), "no layer matches 'head'"));
  CHECK(holds(failure({"--order", "layers", path}, 1), "files are to be given before --order"));
}

TEST_CASE("what is missing in a sequence of layers leaves no chain", "[inspect]") {
  const TemporaryFolder folder;
  const auto floats = [](const std::string& name) {
    return Tensor{name, "F32", {2, 2}, f32({1, -2, 3, 0.5})};
  };
  const Tensor quantised{"fc2.weight", "I8", {2, 2}, "abcd"};
  const auto path = made(folder, "model", {floats("fc1.weight"), quantised, floats("fc3.weight")});
  const json report = as_json({path});
  CHECK(report["deep_graph_persistence"].is_null());
  CHECK(holds(report["reason"], "fc2.weight [2,2] I8 is one of these layers by its name"));
  CHECK(report["not_measured"] == json({"fc2.weight"}));
  CHECK(report["neural_persistence"]["mean_normalized"].is_number());
  CHECK(as_json({path, "--order", "fc"})["deep_graph_persistence"].is_null());
  CHECK(as_json({path, "--order", "fc1", "fc3"})["deep_graph_persistence"].is_object());
  CHECK(as_json({path, "--layers", "fc[13]"})["deep_graph_persistence"].is_object());
  // By its number, whatever comes behind it; not where that is a layer's.
  const auto packed = [&](const std::string& name) {
    return made(
        folder, "packed",
        {floats("fc1.weight"), {name, "I32", {1, 2}, std::string(8, '\1')}, floats("fc3.weight")});
  };
  CHECK(as_json({packed("fc2.qweight")})["deep_graph_persistence"].is_null());
  CHECK(as_json({packed("fc3.ids")})["deep_graph_persistence"].is_object());
  // An expression for all layers may match what is none.
  const auto other =
      made(folder, "other",
           {floats("fc.0"), floats("fc.1"), {"ids", "I64", {1, 2}, std::string(16, '\1')}});
  CHECK(as_json({other, "--order", "."})["deep_graph_persistence"].is_object());
  // Of another name it is none of them.
  auto ids = quantised;
  ids.name = "position_ids";
  const auto beside = made(folder, "beside", {floats("fc1.weight"), ids, floats("fc3.weight")});
  CHECK(as_json({beside})["deep_graph_persistence"].is_object());
}

TEST_CASE("what an optimizer keeps is no layer", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = made(folder, "training",
                         {{"model.fc.weight", "F32", {2, 2}, f32({1, -2, 3, 0.5})},
                          {"optimizer.state.0.exp_avg", "F32", {2, 2}, f32({1, -2, 3, 0.5})}});
  CHECK(holds(as_json({path})["reason"],
              "optimizer.state.0.exp_avg is what an optimizer keeps, no layer"));
  CHECK(as_json({path, "--layers", "^model"})["deep_graph_persistence"].is_object());
}

TEST_CASE("layers that chain either way are said to", "[inspect]") {
  const TemporaryFolder folder;
  const auto layers = [&](std::uint64_t hidden, std::uint64_t outputs) {
    return made(folder, "model",
                {{"fc1", "F32", {hidden, 3}, f32(std::vector<float>(hidden * 3, 1))},
                 {"fc2", "F32", {outputs, hidden}, f32(std::vector<float>(outputs * hidden, 2))}});
  };
  const std::string note = "They chain either way";
  CHECK(holds(successful({layers(2, 3)}), note));
  CHECK(holds(successful({layers(3, 3)}), note));
  CHECK_FALSE(holds(successful({layers(2, 4)}), note));
  CHECK_FALSE(holds(successful({layers(2, 3), "--transpose", "."}), note));
}

TEST_CASE("a file that is read, or another's, is not written over", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = made(folder, "model", chained());
  const std::string before = support::read_file(path);
  CHECK(holds(failure({"--svg", path}, 2),
              path + " is there already and does not start as SVG does"));
  CHECK(support::read_file(path) == before);
  // A picture is, and an empty file.
  const auto picture = (folder / "picture.svg").string();
  write_file(picture, "");
  successful({path, "--svg", picture});
  const std::string first = support::read_file(picture);
  successful({path, "--svg", picture, "--paths", "1"});
  CHECK(support::read_file(picture) != first);
}

TEST_CASE("files whose names differ in numbers stand in the order of these", "[inspect]") {
  const TemporaryFolder folder;
  Arguments files;
  for (const std::string name : {"epoch=10-step=100", "epoch=9-step=90"}) {
    files.push_back(made(folder, name, chained()));
  }
  CHECK(as_json(files)[0]["file"] == files[1]);
  // Not of other names.
  files = {made(folder, "b", chained()), made(folder, "a", chained())};
  CHECK(as_json(files)[0]["file"] == files[0]);
}

TEST_CASE("every program tells its version", "[inspect]") {
  CHECK(successful({"--version"}) == "dgp-inspect " DGP_VERSION "\n");
}

TEST_CASE("which names are one numbered sequence", "[inspect]") {
  const TemporaryFolder folder;
  const auto order_of = [&](const std::vector<std::string>& names) {
    std::vector<Tensor> tensors;
    for (const auto& name : names) tensors.push_back({name, "F32", {2, 2}, f32({1, 2, 3, 5})});
    const json report = as_json({made(folder, "names", tensors)});
    CHECK(report["deep_graph_persistence"].is_null() == (report["order"] == "unknown"));
    return report["order"].get<std::string>();
  };
  for (const auto& names :
       std::vector<std::vector<std::string>>{{"w"},
                                             {"layers.0.weight", "layers.2.weight"},
                                             {"fc1", "fc2", "fc10"},
                                             {"0.weight", "2.weight"},
                                             {"net2.l08", "net2.l09", "net2.l10"}}) {
    CAPTURE(names);
    CHECK(order_of(names) == "names");
  }
  for (const auto& names : std::vector<std::vector<std::string>>{
           {"a", "b"},
           {"layers.0.weight", "layers.1.weight", "head.weight"},
           {"layers.0.a", "layers.1.b"},
           {"block0.fc1", "block0.fc2", "block1.fc1", "block1.fc2"},
           {"fc", "fc1"},
           {"fc1", "fc01"},
           {"l99999999999999999999", "l99999999999999999998"}}) {
    CAPTURE(names);
    CHECK(order_of(names) == "unknown");
  }
}

TEST_CASE("an expression for the order may match several layers", "[inspect]") {
  const TemporaryFolder folder;
  std::vector<Tensor> tensors;
  for (const std::string name : {"head.weight", "layers.10.weight", "layers.2.weight"}) {
    tensors.push_back({name, "F32", {2, 2}, f32({1, 2, 3, 5})});
  }
  const json report = as_json({made(folder, "m", tensors), "--order", "layers", "."});
  CHECK(layer_names(report) ==
        std::vector<std::string>{"layers.2.weight", "layers.10.weight", "head.weight"});
  CHECK(report["deep_graph_persistence"].is_object());
}

TEST_CASE("layers stored (in x out) are measured transposed when told", "[inspect]") {
  const TemporaryFolder folder;
  const auto stored_out_in =
      made(folder, "out_in",
           {{"l.0", "F32", {2, 3}, f32({1, -2, 3, 4, 5, 6})}, {"l.1", "F32", {1, 2}, f32({7, 8})}});
  const auto stored_in_out =
      made(folder, "in_out",
           {{"l.0", "F32", {3, 2}, f32({1, 4, -2, 5, 3, 6})}, {"l.1", "F32", {2, 1}, f32({7, 8})}});
  const json hint = as_json({stored_in_out});
  CHECK(hint["deep_graph_persistence"].is_null());
  CHECK(holds(hint["reason"], "layer 0 (l.0) is 3x2"));
  CHECK(holds(hint["reason"], "--transpose"));
  CHECK_FALSE(holds(as_json({made(folder, "never", unchained())})["reason"], "--transpose"));

  json report = as_json({stored_in_out, "--transpose", ".", "--deaths"});
  for (auto& layer : report["layers"]) {
    CHECK(layer["transposed"] == true);
    layer.erase("transposed");
  }
  report["file"] = stored_out_in;
  CHECK(report == as_json({stored_out_in, "--deaths"}));
  CHECK(holds(successful({stored_in_out, "--transpose", "."}), "are taken as stored (in x out)"));
  CHECK_FALSE(holds(successful({stored_out_in}), "are taken as stored (in x out)"));
  // Some only.
  const auto mixed =
      made(folder, "mixed",
           {{"l.0", "F32", {3, 2}, f32({1, 4, -2, 5, 3, 6})}, {"l.1", "F32", {1, 2}, f32({7, 8})}});
  CHECK(as_json({mixed, "--transpose", "0$"})["deep_graph_persistence"]["raw"]["normalized"] ==
        report["deep_graph_persistence"]["raw"]["normalized"]);
  CHECK(holds(failure({mixed, "--transpose", "conv"}, 1), "no layer matches 'conv'"));

  // Shapes tell nothing of square ones.
  const Tensor square{"l.0", "F32", {2, 2}, f32({1, 2, 3, 4})};
  auto next = square;
  next.name = "l.1";
  const auto squares = made(folder, "squares", {square, next});
  CHECK(holds(successful({squares}), "They chain either way"));
  CHECK_FALSE(holds(successful({squares, "--transpose", "."}), "They chain either way"));
  CHECK_FALSE(holds(successful({stored_out_in}), "They chain either way"));
}

TEST_CASE("matrices that are no weights are named as not measured", "[inspect]") {
  const TemporaryFolder folder;
  const std::vector<Tensor> layer{{"w.0", "F32", {2, 3}, f32({1, -2, 3, 4, 0.5, 6})}};
  json expected = as_json({made(folder, "plain", layer)});
  for (const auto& [type, bytes] : std::map<std::string, std::string>{
           {"I64", std::string(16, '\1')}, {"BOOL", "ab"}, {"U8", "ab"}, {"F8_E4M3", "ab"}}) {
    CAPTURE(type);
    auto tensors = layer;
    tensors.insert(tensors.begin(), {"ids", type, {1, 2}, bytes});
    const auto path = made(folder, "ids", tensors);
    json report = as_json({path});
    CHECK(report["not_measured"] == json({"ids"}));
    CHECK(holds(successful({path}),
                "\nNot measured (no numbers of F16, BF16, F32 or F64): ids [1,2] " + type + "\n"));
    report["file"] = expected["file"];
    report["not_measured"] = json::array();
    CHECK(report == expected);
    CHECK(holds(failure({path, "--layers", "ids"}, 1), "of other types: ids [1,2] " + type));
  }
  const std::string ids = support::npy(support::npy_header("<i8", "(1, 2)"), std::string(16, '\1'));
  write_file(folder / "ids.npy", ids);
  CHECK(holds(failure({(folder / "ids.npy").string()}, 1), "of other types: ids [1,2] <i8"));
#ifdef DGP_WITH_NPZ
  const std::string weights = support::npy_of_floats(2, 3, layer[0].bytes);
  const auto archive = (folder / "model.npz").string();
  write_file(archive, support::archive(
                          {support::stored("ids.npy", ids), support::stored("w.0.npy", weights)}));
  json report = as_json({archive});
  CHECK(report["not_measured"] == json({"ids"}));
  CHECK(report["neural_persistence"] == expected["neural_persistence"]);
#endif
}

TEST_CASE("one file at fault does not hide the others", "[inspect]") {
  const TemporaryFolder folder;
  const auto broken = (folder / "broken.safetensors").string();
  write_file(broken, "no weights");
  for (const Arguments& files :
       {Arguments{broken, digits}, Arguments{digits, broken, broken + "-too", digits}}) {
    const auto run = [&](const std::string& format) {
      Arguments arguments = files;
      arguments.insert(arguments.end(), {"--format", format});
      return support::run_program(DGP_INSPECT, arguments);
    };
    const auto sound = static_cast<std::size_t>(std::count(files.begin(), files.end(), digits));
    const auto as_table = run("table");
    CHECK(as_table.exit_code == 1);
    CHECK(holds(as_table.out, "\n" + digits));
    const auto errors = lines_of(as_table.err);
    REQUIRE(errors.size() == files.size() - sound);
    CHECK(errors[0].rfind("dgp-inspect: " + broken + ", byte ", 0) == 0);
    CHECK(errors.back().rfind(
              "dgp-inspect: " + broken + (errors.size() == 2 ? "-too: " : ", byte "), 0) == 0);
    const json report = json::parse(run("json").out);
    REQUIRE(report.is_array());
    CHECK(report.size() == sound);
    CHECK(report[0]["file"] == digits);
    const auto rows = parsed_csv(run("csv").out);
    CHECK(rows[0][0] == "file");
    CHECK(rows[1][0] == digits);
  }
  const auto none = support::run_program(DGP_INSPECT, {broken, broken});
  CHECK(none.exit_code == 1);
  CHECK(none.out.empty());
}

TEST_CASE("a model may come by the standard input", "[inspect]") {
  const auto piped = support::run_program(DGP_INSPECT, {"-", "--format", "csv"},
                                          "cat " + support::quoted(digits) + " | PROGRAM");
  CHECK(piped.exit_code == 0);
  CHECK(piped.out == successful({digits, "--format", "csv"}));
}

TEST_CASE("several files have a row, an object or a field each", "[inspect]") {
  const TemporaryFolder folder;
  const auto other = made(folder, "a, \"b\"", unchained());
  const std::vector<std::string> files{digits, other, random_constant};
  const json reports = as_json(files);
  REQUIRE(reports.is_array());
  REQUIRE(reports.size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) CHECK(reports[i] == as_json({files[i]}));

  Arguments arguments = files;
  arguments.insert(arguments.end(), {"--format", "csv"});
  const auto rows = parsed_csv(successful(arguments));
  std::vector<std::vector<std::string>> expected;
  for (const auto& file : files) {
    for (auto row : parsed_csv(successful({file, "--format", "csv"}))) {
      const bool heading = row[0] == "measure";
      if (heading && !expected.empty()) continue;
      row.insert(row.begin(), heading ? "file" : file);
      expected.push_back(row);
    }
  }
  CHECK(rows == expected);

  const std::string table = successful(files);
  const auto lines = lines_of(table);
  for (std::size_t i = 0; i < files.size(); ++i) {
    CAPTURE(files[i]);
    const auto row = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.rfind(files[i] + "  ", 0) == 0;
    });
    REQUIRE(row != lines.end());
    CHECK(holds(*row, six_digits(reports[i]["neural_persistence"]["mean_normalized"])));
    const json& deep = reports[i]["deep_graph_persistence"];
    if (!deep.is_null()) CHECK(holds(*row, six_digits(deep["raw"]["normalized"])));
  }
  CHECK(holds(table, "\n  layers.1.weight  "));
  CHECK(holds(table, "\n" + other + ": No deep graph persistence: layers do not chain"));

  // What holds for all is said once.
  CHECK(holds(table, "\n" + digits + ": Order of layers: "));
  const std::string alike = successful({digits, digits});
  CHECK(alike.find("Order of layers: ") == alike.rfind("Order of layers: "));
  CHECK(holds(alike, "\nOrder of layers: "));

  // Of many, no layers; and whichever is at fault is named.
  const Arguments many(20, digits);
  CHECK_FALSE(holds(successful(many), "\n  layers.1.weight  "));
  const auto picture = (folder / "diagrams.svg").string();
  successful({digits, other, "--svg", picture});
  CHECK(holds(support::read_file(picture),
              "digits_64-32-16-10.safetensors: at which path strengths"));
  const auto broken = made(folder, "broken",
                           {{"w", "F32", {1, 1}, f32({std::numeric_limits<float>::quiet_NaN()})}});
  CHECK(holds(support::run_program(DGP_INSPECT, {digits, broken}).err,
              broken + ": layer 0 (w), row 0, column 0"));
}

TEST_CASE("parts of a model are one model", "[inspect]") {
  const TemporaryFolder folder;
  const auto tensors = chained();
  const auto first = made(folder, "m-00001-of-00002.safetensors", {tensors[1]});
  const auto second = made(folder, "m-00002-of-00002.safetensors", {tensors[0]});
  json report = as_json({second, first, "--deaths"});
  CHECK(report["file"] == (folder / "m-*-of-00002.safetensors").string());
  const auto whole = made(folder, "whole", tensors);
  report["file"] = whole;
  CHECK(report == as_json({whole, "--deaths"}));
  CHECK(as_json({first, second, digits}).size() == 2);
  CHECK(holds(failure({second}, 1), "part 1 of 2 is missing"));
  write_file(folder / "m.safetensors.index.json", R"({"weight_map": {}})");
  CHECK(holds(failure({(folder / "m.safetensors.index.json").string()}, 1),
              "the index names no files"));
}

#ifdef DGP_WITH_NPZ
TEST_CASE("what torch.save wrote is measured", "[inspect]") {
  const auto report = as_json({DGP_TEST_DATA "/pytorch/state_dict.pt"});
  REQUIRE(report["layers"].size() == 3);
  CHECK(report["layers"][0]["name"] == "layers.0.weight");
  CHECK(report["layers"][0]["rows"] == 2);
  CHECK(report["layers"][0]["cols"] == 3);
  // A checkpoint holds the optimizer's matrices too.
  const std::string checkpoint = DGP_TEST_DATA "/pytorch/checkpoint.pt";
  CHECK(as_json({checkpoint, "--layers", "^model.layers"})["layers"].size() == 2);
  CHECK(as_json({checkpoint, "--layers", "^model.layers"})["deep_graph_persistence"].is_object());
  // Integers are skipped by name.
  CHECK(holds(successful({checkpoint}), "model.positions"));
}
#endif

TEST_CASE("files of other kinds are told what they are and what to do", "[inspect]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "folder");
  made(folder, "folder/model.safetensors", chained());
  write_file(folder / "model.pt",
             "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.");
  write_file(folder / "model.h5", "\x89HDF\r\n\x1a\n");
  write_file(folder / "model.npz", "\x1f\x8b\x08");
  write_file(folder / "model.safetensors", "version https://git-lfs.github.com/spec/v1\n");
  write_file(folder / "notes.safetensors", "these are only notes, of some length");
  for (const auto& [name, what, advice] : std::vector<std::array<std::string, 3>>{
           {"model.pt", "a PyTorch checkpoint of the format before", "torch.load"},
           {"model.h5", "an HDF5 file", "h5py"},
           {"model.npz", "a compressed file", "gunzip"},
           {"model.safetensors", "a Git LFS pointer", "git lfs pull"},
           {"notes.safetensors", "not a safetensors file", "JSON"},
           {"folder", "a folder", "model.safetensors"}}) {
    const std::string path = (folder / name).string();
    const std::string message = failure({path}, 1);
    CAPTURE(message);
    CHECK(holds(message, path));
    CHECK(holds(message, what));
    CHECK(holds(message, advice));
    CHECK_FALSE(holds(message, "2-D"));
    CHECK_FALSE(holds(message, "header would have"));
  }
}

TEST_CASE("checkpoints come through pipes too", "[inspect]") {
  const TemporaryFolder folder;
  const auto piped = [&](const std::string& file, const std::string& before = "") {
    json report = json::parse(
        support::successful(DGP_INSPECT, {"/dev/stdin", "--format", "json"},
                            "(" + before + "cat " + support::quoted(file) + ") | PROGRAM"));
    CHECK(report["file"] == "/dev/stdin");
    report["file"] = file;
    return report;
  };
  CHECK(piped(digits) == as_json({digits}));
#ifdef DGP_WITH_NPZ
  const auto archive = (folder / "model.npz").string();
  write_file(archive, support::archive(
                          {support::deflated("w.npy", support::npy_of_floats(1, 2, f32({1, 2})))}));
  CHECK(piped(archive) == as_json({archive}));
  const std::string state_dict = DGP_TEST_DATA "/pytorch/state_dict.pt";
  CHECK(piped(state_dict) == as_json({state_dict}));
#endif
  // Whoever waits for more than two seconds is told for what.
  const auto slow =
      support::run_program(DGP_INSPECT, {"/dev/stdin", "--format", "json"},
                           "(sleep 3; cat " + support::quoted(digits) + ") | PROGRAM");
  CHECK(slow.exit_code == 0);
  CHECK(std::regex_match(slow.err, std::regex("(progress: stdin: [0-9]+ s, reading\n)+")));
  CHECK(json::parse(slow.out)["layers"] == as_json({digits})["layers"]);
}

TEST_CASE("layers are chosen by a regular expression", "[inspect]") {
  CHECK(layer_names(as_json({digits, "--layers", "layers\\.[02]"})) ==
        std::vector<std::string>{"layers.0.weight", "layers.2.weight"});
  CHECK(layer_names(as_json({digits, "--layers", "1"})) ==
        std::vector<std::string>{"layers.1.weight"});
  CHECK(layer_names(as_json({digits, "--layers", ""})).size() == 3);
  CHECK(as_json({digits, "--layers", "^layers\\.[01]\\.weight$"})["deep_graph_persistence"]
            .is_object());
  // Biases are no layers, even when they are asked for.
  for (const std::string pattern : {"bias", "nothing is called this", "^$"}) {
    const std::string message = failure({digits, "--layers", pattern}, 1);
    CHECK(holds(message, digits));
    CHECK(holds(message, pattern));
  }
  for (const std::string pattern : {"(", "[", "*", "a{2,1}", "\\"}) {
    CHECK(holds(failure({digits, "--layers", pattern}, 2), pattern));
  }
}

TEST_CASE("layers stand in natural order, and only matrices are layers", "[inspect]") {
  const TemporaryFolder folder;
  const auto one = [](const std::string& name) { return Tensor{name, "F32", {1, 1}, f32({1})}; };
  const auto path = made(folder, "order",
                         {one("layers.10.weight"),
                          one("layers.2.weight"),
                          {"layers.2.bias", "F32", {1}, f32({1})},
                          {"steps", "I64", {}, "12345678"},
                          one("layers.1.weight")});
  CHECK(layer_names(as_json({path})) ==
        std::vector<std::string>{"layers.1.weight", "layers.2.weight", "layers.10.weight"});
}

TEST_CASE("a checkpoint without biases gives the figures of one with them", "[inspect]") {
  const TemporaryFolder folder;
  std::vector<dgp::io::NamedTensor> tensors;
  for (const auto& layer : dgp::io::read_layers<float>(digits)) {
    tensors.push_back(dgp::io::named_tensor(layer.name, layer.weights));
  }
  const std::string bare = (folder / "bare.safetensors").string();
  dgp::io::write_safetensors(bare, tensors);
  json expected = as_json({digits, "--deaths"});
  expected["file"] = bare;
  CHECK(as_json({bare, "--deaths"}) == expected);
}

TEST_CASE("wrong usage is an error with exit code 2", "[inspect]") {
  for (const Arguments& arguments : std::vector<Arguments>{{"--p", "0.5"},
                                                           {"--p", "nan"},
                                                           {"--p", "-inf"},
                                                           {"--p", "two"},
                                                           {"--p", ""},
                                                           {"--p", "2x"},
                                                           {"--p"},
                                                           {"--format", "xml"},
                                                           {"--format", ""},
                                                           {"--format"},
                                                           {"--essential", "never"},
                                                           {"--threads", "0"},
                                                           {"--threads", "-1"},
                                                           {"--threads", "1.5"},
                                                           {"--threads", "many"},
                                                           {"--threads", "99999999999999999999"},
                                                           {"--unknown"},
                                                           {"-x"},
                                                           {"--order"},
                                                           {"--order", "["},
                                                           {"--transpose"},
                                                           {"--transpose", "("},
                                                           {"--unknown\nof two lines"}}) {
    failure(arguments, 2);
  }
}

TEST_CASE("names of formats and conventions are not to be given as numbers", "[inspect]") {
  failure({"--format", "1"}, 2);
  failure({"--essential", "0"}, 2);
}

TEST_CASE("output does not depend on the number of threads", "[inspect]") {
  const std::string mnist = DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors";
  for (const std::string format : {"table", "json", "csv"}) {
    CAPTURE(format);
    CHECK(successful({mnist, "--deaths", "--format", format, "--threads", "1"}) ==
          successful({mnist, "--deaths", "--format", format, "--threads", "2"}));
  }
}

TEST_CASE("files that cannot be read are errors with path and byte, or the reason", "[inspect]") {
  const TemporaryFolder folder;
  const std::string sound = safetensors(chained());
  write_file(folder / "truncated", sound.substr(0, sound.size() - 1));
  write_file(folder / "text", "this is no checkpoint");
  write_file(folder / "empty", "");
  std::filesystem::create_directory(folder / "directory");
  for (const auto& [name, what] : std::vector<std::pair<std::string, std::string>>{
           {"truncated", ", byte "},
           {"text", ", byte "},
           {"empty", ", byte "},
           {"directory", ": cannot be opened: not a file but a folder"},
           {"missing", ": cannot be opened: no such file"}}) {
    const std::string path = (folder / name).string();
    for (const std::string format : {"table", "json", "csv"}) {
      CHECK(holds(failure({path, "--format", format}, 1), path + what));
    }
  }
}

TEST_CASE("files without layers that can be measured are errors", "[inspect]") {
  const TemporaryFolder folder;
  const auto nothing = made(folder, "nothing", {});
  CHECK(holds(failure({nothing}, 1), nothing));
  const auto biases = made(folder, "biases", {{"bias", "F32", {2}, f32({1, 2})}});
  CHECK(holds(failure({biases}, 1), biases));
  const std::string empty = failure(
      {made(folder, "empty", {{"a", "F32", {1, 1}, f32({1})}, {"hollow", "F32", {0, 5}, ""}})}, 1);
  CHECK(holds(empty, "layer 1 (hollow)"));
  CHECK(holds(empty, "0x5"));
  const std::string type =
      failure({made(folder, "type", {{"counts", "I64", {1, 1}, "12345678"}})}, 1);
  CHECK(holds(type, "counts"));
  CHECK(holds(type, "I64"));
}

TEST_CASE("a weight that is not finite is an error that says where it stands", "[inspect]") {
  const TemporaryFolder folder;
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const auto& [value, text] : std::vector<std::pair<float, std::string>>{
           {nan, "nan"}, {infinity, "inf"}, {-infinity, "-inf"}}) {
    auto tensors = chained();
    tensors[1].bytes = f32({1, 2, value, 4});
    const auto path = made(folder, "broken", tensors);
    for (const std::string format : {"table", "json", "csv"}) {
      const std::string message = failure({path, "--format", format}, 1);
      CHECK(holds(message, "layer 1 (second)"));
      CHECK(holds(message, "row 1, column 0"));
      CHECK(holds(message, "weight is " + text));
    }
  }
}

TEST_CASE("a tensor's name with line breaks stays in its place in every format", "[inspect]") {
  const TemporaryFolder folder;
  const std::string name = "two\nlines\r\x1b[31m, \"quoted\"";
  auto tensors = unchained();
  tensors[0].name = name;
  const auto path = made(folder, "names", tensors);
  const json report = as_json({path});
  CHECK(layer_names(report) == std::vector<std::string>{"second", name});
  CHECK_FALSE(holds(report["reason"], "\n"));
  const auto rows = parsed_csv(successful({path, "--format", "csv"}));
  REQUIRE(rows.size() == 4);
  CHECK(rows[2][1] == name);
  auto usual = unchained();
  usual[0].name = "two?lines??[31m, \"quoted\"";
  CHECK(lines_of(successful({path})).size() ==
        lines_of(successful({made(folder, "usual", usual)})).size());
  CHECK(holds(successful({path}), "  " + usual[0].name + "  "));

  tensors[0].bytes.replace(0, 4, little_endian(0x7fc00000, 4));
  CHECK(
      holds(failure({made(folder, "nan", tensors)}, 1), "layer 1 (" + usual[0].name + "), row 0"));
}

TEST_CASE("any path a file system allows is taken and shown as it is", "[inspect]") {
  const TemporaryFolder folder;
  const auto plain = made(folder, "plain", chained());
  for (const std::string name :
       {"it's \"quoted\" $HOME `id` \\ and spaced", "größe", "--p", "a,b", "two\nlines"}) {
    const auto path = made(folder, name, chained());
    CHECK(as_json({path})["file"] == path);
    CHECK(lines_of(successful({path})).size() == lines_of(successful({plain})).size());
    const std::string missing = path + " missing";
    failure({missing}, 1);
  }
  CHECK(holds(failure({(folder / "it's \"missing\"").string()}, 1),
              "it's \"missing\": cannot be opened: no such file"));
}

TEST_CASE("checkpoints in F16, BF16, F32 and F64 hold the same network", "[inspect]") {
  const TemporaryFolder folder;
  // 1, -2, 0.5, 3, -0.25, 4 fit every type without rounding.
  const std::vector<double> values{1, -2, 0.5, 3, -0.25, 4};
  const std::vector<float> floats(values.begin(), values.end());
  const std::map<std::string, std::string> stored{
      {"F16", little_endian({0x3c00, 0xc000, 0x3800, 0x4200, 0xb400, 0x4400}, 2)},
      {"BF16", little_endian({0x3f80, 0xc000, 0x3f00, 0x4040, 0xbe80, 0x4080}, 2)},
      {"F32", f32(floats)},
      {"F64", f64(values)}};
  std::map<std::string, json> reports;
  for (const auto& [type, bytes] : stored) {
    reports[type] = as_json({made(folder, type, {{"w", type, {2, 3}, bytes}}), "--deaths"});
    reports[type].erase("file");
  }
  CHECK(reports["F16"] == reports["F32"]);
  CHECK(reports["BF16"] == reports["F32"]);
  // Forest: 4 (1, 2), 3 (1, 0), 2 (0, 1), 1 (0, 0), all over the largest weight, 4.
  CHECK(reports["F32"]["layers"][0]["deaths"] == json({1.0, 0.75, 0.5, 0.25}));
  CHECK(reports["F64"]["layers"][0]["deaths"] == json({1.0, 0.75, 0.5, 0.25}));
  for (const std::string type : {"F32", "F64"}) {
    check_close(reports[type]["layers"][0]["total"], std::sqrt(1.875));
    check_close(reports[type]["layers"][0]["normalized"], std::sqrt(1.875 / 4));
  }
}

TEST_CASE("a .npy file gives the same figures as a checkpoint with its matrix", "[inspect]") {
  const TemporaryFolder folder;
  for (const std::string type : {"F32", "F64"}) {
    const std::vector<double> values{1, -2, 0.5, 4.0 / 3, -0.25, 4};
    const std::string bytes =
        type == "F64" ? f64(values) : f32(std::vector<float>(values.begin(), values.end()));
    const std::string header = support::npy_header(type == "F64" ? "<f8" : "<f4", "(2, 3)");
    json expected =
        as_json({made(folder, "w.safetensors", {{"w", type, {2, 3}, bytes}}), "--deaths"});
    write_file(folder / "w.npy", support::npy(header, bytes));
    write_file(folder / "w", support::npy(header, bytes));  // known by its first bytes
    for (const std::string name : {"w.npy", "w"}) {
      const auto path = (folder / name).string();
      json report = as_json({path, "--deaths"});
      CHECK(report["file"] == path);
      report["file"] = expected["file"];
      CHECK(report == expected);
    }
  }
  write_file(folder / "vector.npy", support::npy(support::npy_header("<f4", "(2,)"), f32({1, 2})));
  CHECK(holds(failure({(folder / "vector.npy").string()}, 1), "no tensor of 2 to 5 dimensions"));
  CHECK(holds(failure({(folder / "w.npy").string(), "--layers", "v"}, 1), "'v'"));
  write_file(folder / "broken.npy", "no array at all");
  CHECK(holds(failure({(folder / "broken.npy").string()}, 1), "byte 0: not a .npy file"));
}

TEST_CASE("a .npz archive gives the same figures as a checkpoint with its matrices", "[inspect]") {
  const TemporaryFolder folder;
  std::vector<support::ArchiveEntry> entries;
  for (const auto& tensor : chained()) {
    const std::string array =
        support::npy_of_floats(tensor.shape[0], tensor.shape[1], tensor.bytes);
    entries.insert(entries.begin(), support::deflated(tensor.name + ".npy", array));
  }
  entries.push_back(
      support::stored("bias.npy", support::npy(support::npy_header("<f4", "(2,)"), f32({1, 2}))));
  for (const std::string name : {"model.npz", "model"}) {
    const auto path = (folder / name).string();
    write_file(path, support::archive(entries));
#ifdef DGP_WITH_NPZ
    json report = as_json({path, "--deaths"});
    CHECK(report["file"] == path);
    const auto same = made(folder, "model.safetensors", chained());
    report["file"] = same;
    CHECK(report == as_json({same, "--deaths"}));
    CHECK(layer_names(as_json({path, "--layers", "sec"})) == std::vector<std::string>{"second"});
#else
    CHECK(holds(failure({path}, 1), "built without libzip"));
#endif
  }
}

TEST_CASE("a large order p comes close to the largest life", "[inspect]") {
  // 0.5 and the like to the power of 2000 are below what a double holds; the norm is not.
  const auto totals = [](const std::string& p) {
    const json report = as_json({random_ties, "--p", p, "--essential", "omitted"});
    std::vector<double> list;
    for (const auto& layer : report["layers"]) list.push_back(layer["total"]);
    return list;
  };
  const auto largest = totals("inf");
  const auto close = totals("2000");
  for (std::size_t k = 0; k < largest.size(); ++k) {
    CAPTURE(k, largest[k], close[k]);
    CHECK(close[k] >= largest[k] * (1 - 1e-12));
    CHECK(close[k] <= largest[k] * 1.01);
  }
}

TEST_CASE("weights near the ends of double give figures or a reason, never neither", "[inspect]") {
  const TemporaryFolder folder;
  for (const int exponent : {-310, -170, -150, 150, 153, 160, 307}) {
    CAPTURE(exponent);
    const double scale = std::pow(10.0, exponent);
    const json report = as_json(
        {made(folder, "extreme", {{"w", "F64", {2, 2}, f64({scale, -scale, 0.3 * scale, 0})}})});
    check_close(report["layers"][0]["total"], std::sqrt(1 + 0.49));
    const json& deep = report["deep_graph_persistence"];
    for (const std::string variant : {"standardized_rescaled", "standardized"}) {
      if (deep.is_null() || deep[variant].is_null()) {
        CHECK_FALSE(report["reason"].get<std::string>().empty());
        continue;
      }
      CHECK(deep[variant]["total"].is_number());
      CHECK(deep[variant]["normalized"].is_number());
    }
  }
}

TEST_CASE("F64 weights are measured in double precision, beside others too", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = made(folder, "double",
                         {{"half", "F16", {1, 1}, little_endian(0x3c00, 2)},
                          {"wide", "F64", {1, 2}, f64({4.0 / 3, 1 + 0x1p-40})}});
  const json report = as_json({path, "--deaths"});
  CHECK(report["layers"][0]["deaths"] == json({1 / (4.0 / 3)}));
  CHECK(report["layers"][1]["deaths"] == json({1.0, (1 + 0x1p-40) / (4.0 / 3)}));
}

TEST_CASE("output that cannot be written is an error", "[inspect]") {
  if (!std::filesystem::exists("/dev/full")) return;
  const TemporaryFolder folder;
  const std::string command = support::quoted(DGP_INSPECT) + " --format json >/dev/full 2>" +
                              support::quoted((folder / "err").string());
  const int status = std::system(command.c_str());
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(lines_of(support::read_file(folder / "err")).size() == 1);
}

TEST_CASE("all published figures come out of the program", "[inspect][golden]") {
  const json golden = json::parse(support::read_file(DGP_TEST_DATA "/golden/golden.json"));
  int networks = 0;
  for (const auto& [group, members] : golden.items()) {
    for (const auto& [name, entry] : members.items()) {
      CAPTURE(name);
      ++networks;
      std::string path = DGP_EXAMPLE_DATA "/" + name + ".safetensors";
      if (!std::filesystem::exists(path)) {
        path = DGP_TEST_DATA "/golden/" + entry["weights_file"].get<std::string>();
      }
      const json report = as_json({path, "--deaths"});
      const json& published = entry["f32"];

      const std::size_t layers = entry["shapes_out_in"].size();
      REQUIRE(report["layers"].size() == layers);
      double sum = 0;
      for (std::size_t k = 0; k < layers; ++k) {
        CAPTURE(k);
        const json& layer = report["layers"][k];
        CHECK(layer["rows"] == entry["shapes_out_in"][k][0]);
        CHECK(layer["cols"] == entry["shapes_out_in"][k][1]);
        check_close(layer["total"], published["neural_persistence_layers_unnormalized"][k]);
        check_close(layer["normalized"], published["neural_persistence_layers"][k]);
        check_deaths(layer["deaths"], published["layer_deaths_sorted_desc_incl_essential_0"][k]);
        sum += published["neural_persistence_layers_unnormalized"][k].get<double>();
      }
      check_close(report["neural_persistence"]["sum"], sum);
      check_close(report["neural_persistence"]["mean_normalized"],
                  published["neural_persistence_global"]);
      check_close(report["weight_variance"], published["variance"]);

      const json& figures = published["dnp"];
      const json& deaths = published["dnp_deaths"];
      const json& deep = report["deep_graph_persistence"];
      const json& raw = deep["raw"];
      check_close(raw["normalized"], figures["vanilla_dnp"]);
      check_deaths(raw["deaths"], deaths["vanilla"]);
      // The published code cannot standardise a constant layer either: its figures are "nan" there.
      const json& rescaled = deep["standardized_rescaled"];
      REQUIRE(rescaled.is_null() == (figures["dnp_exact"] == "nan"));
      if (rescaled.is_null()) continue;
      check_close(rescaled["total"], figures["dnp_exact"]);
      check_close(rescaled["normalized"], figures["dnp_exact_norm"]);
      check_deaths(rescaled["deaths"], deaths["exact_scale_True"]);
      const json& plain = deep["standardized"];
      check_close(plain["total"], figures["dnp_prev"]);
      check_close(plain["normalized"], figures["dnp_prev_norm"]);
      check_deaths(plain["deaths"], deaths["prev_scale_False"]);
    }
  }
  CHECK(networks == 20);
}
