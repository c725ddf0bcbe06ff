// dgp-findings as its users meet it: the real program, its output, its report, its exit codes.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/safetensors.hpp>

#include "../support/catch.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

#ifdef DGP_FINDINGS

namespace {

using nlohmann::json;
using Arguments = std::vector<std::string>;

const std::string digits = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_FINDINGS, arguments);
}

std::string failure(const Arguments& arguments, int exit_code) {
  return support::failure(DGP_FINDINGS, arguments, exit_code);
}

}  // namespace

TEST_CASE("dgp-findings gives the figures of the library", "[programs]") {
  const auto document = json::parse(successful({digits, "--format", "json"}));
  const auto layers = dgp::io::read_layers<double>(digits);
  CHECK(document["file"] == digits);
  CHECK(document["weight_variance"].get<double>() ==
        Approx(dgp::weight_variance(layers).network).epsilon(1e-12));
  REQUIRE(document["layers"].size() == layers.size());
  const auto bounds = dgp::neural_persistence_bounds(layers);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const json& layer = document["layers"][k];
    CHECK(layer["name"] == layers[k].name);
    CHECK(layer["spatial_concentration"].get<double>() == dgp::spatial_concentration(layers[k]));
    CHECK(layer["bounds"]["lower"]["total"].get<double>() == bounds[k].lower.total);
    CHECK(layer["bounds"]["upper"]["normalized"].get<double>() == bounds[k].upper.normalized);
    for (const std::string fit :
         {"beta", "truncated_pareto", "truncated_normal", "truncated_exponential"}) {
      CHECK(layer["fits"][fit]["loss"].is_number());
    }
    CHECK(layer["fits"]["beta"]["a"].is_number());
    CHECK(layer["fits"]["truncated_pareto"]["b"].is_number());
    CHECK(layer["fits"]["truncated_normal"]["scale"].is_number());
    const json& shuffled = layer["shuffled"]["neural_persistence"];
    CHECK(shuffled["original"] == layer["neural_persistence"]);
    CHECK(shuffled["min_change"] <= shuffled["mean_change"]);
    CHECK(layer["shuffled"]["deep_graph_persistence"]["z_score"].is_number());
  }
  CHECK(document["random_networks"]["gaussian"]["neural_persistence"].is_number());
  CHECK(document["claims"].size() >= 4);
}

TEST_CASE("dgp-findings without arguments shows the shipped network, twice alike", "[programs]") {
  const std::string text = successful({});
  CHECK(text.find("layers.0.weight") != std::string::npos);
  CHECK(text.find("z shuffled") != std::string::npos);
  CHECK(successful({}) == text);
  CHECK(successful({"--threads", "1"}) == text);
  CHECK(successful({"--seed", "2"}) != text);
}

TEST_CASE("dgp-findings of a training, with a report", "[programs]") {
  const support::TemporaryFolder folder;
  const std::string report = (folder / "report.html").string();
  const auto document = json::parse(successful(
      {digits, digits, digits, "--shuffles", "2", "--format", "json", "--report", report}));
  CHECK(document["training"].size() == 3);
  CHECK(document["claims"][0]["verdict"] == "not tested");
  const std::string html = support::read_file(report);
  CHECK(html.rfind("<!DOCTYPE html>", 0) == 0);
  CHECK(html.find("<svg") != std::string::npos);
  CHECK(html.find("nan") == std::string::npos);
  CHECK(html.find("http-equiv") == std::string::npos);
  CHECK(html.find("src=") == std::string::npos);  // self-contained
}

TEST_CASE("dgp-findings tests nothing where nothing can be told", "[programs]") {
  // The same network over and over does not correlate; two shuffles tell nothing.
  const Arguments alike(10, digits);
  Arguments arguments = alike;
  arguments.insert(arguments.end(), {"--shuffles", "2", "--format", "json"});
  const auto document = json::parse(successful(arguments));  // must outlive the loop
  for (const auto& claim : document["claims"]) {
    CHECK(claim["verdict"] == "not tested");
  }
  const support::TemporaryFolder folder;
  const auto file = folder / "model.safetensors";
  support::write_file(
      file, support::safetensors({{"a\n\x1b[31m", "F32", {2, 3}, support::f32({0, 0, 0, 0, 0, 0})},
                                  {"b", "F32", {2, 2}, support::f32({0, 0, 0, 0})}}));
  const std::string text = successful({file.string()});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\nholds") == std::string::npos);
  CHECK(text.find("does not hold") == std::string::npos);
}

TEST_CASE("dgp-findings where deep graph persistence is not defined", "[programs]") {
  const support::TemporaryFolder folder;
  const auto file = folder / "model.safetensors";
  support::write_file(
      file, support::safetensors({{"a", "F32", {2, 3}, support::f32({1, 2, 3, 4, 5, 6})},
                                  {"b", "F32", {2, 3}, support::f32({1, 1, 1, 1, 1, 1})}}));
  const auto document = json::parse(successful({file.string(), "--format", "json"}));
  CHECK(document["deep_graph_persistence"].is_null());
  CHECK(document["reason"].get<std::string>().find("do not chain") != std::string::npos);
  CHECK(document["layers"][1]["spatial_concentration"].is_null());
  successful({file.string()});
}

TEST_CASE("dgp-findings fails in one line", "[programs]") {
  CHECK(failure({"no-such-file"}, 1).find("no-such-file") != std::string::npos);
  failure({digits, "--shuffles", "1"}, 2);
  failure({digits, "--seed", "-1"}, 2);
  failure({digits, "--format", "yaml"}, 2);
  failure({digits, "--report", "/no/such/folder/report.html"}, 1);
}

#endif
