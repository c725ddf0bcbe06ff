// Figures of the published code, on trained and on random networks.
//
// tests/data/golden/golden.json was computed with ExplainableML/Deep-Graph-Persistence at e9e221e
// (neural persistence through Aleph, deep graph persistence through GUDHI 3.7.1) on the weights in
// tests/data/golden/{models,random} and examples/data. Deaths are listed there in descending order
// with the essential 0 as the last; pairs that die at exactly 1 are dropped. "nan" marks what the
// published code could not compute. Red here means that a definition changed: there is no good
// reason for it.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/safetensors.hpp>

#include "../support/catch.hpp"

#if __has_include(<boost/math/special_functions/digamma.hpp>)
#include <dgp/analysis/weight_fits.hpp>
#endif

namespace {

using nlohmann::json;

const std::string golden_folder = DGP_TEST_DATA "/golden/";

const json& golden() {
  static const json data = json::parse(std::ifstream(golden_folder + "golden.json"));
  return data;
}

std::string weights_file(const json& network) {
  const std::string file = network.at("weights_file");
  if (std::filesystem::exists(golden_folder + file)) return golden_folder + file;
  return DGP_EXAMPLE_DATA + file.substr(file.find('/'));
}

bool close(double actual, double expected, double tolerance) {
  return std::abs(actual - expected) <= tolerance * std::abs(expected) + 1e-15;
}

int compared = 0;

void check(const std::string& what, double actual, const json& expected, double tolerance) {
  if (expected.is_string()) return;  // "nan"
  INFO(what << ": " << actual << ", published " << expected.get<double>());
  CHECK(close(actual, expected.get<double>(), tolerance));
  ++compared;
}

template <class Scalar>
void check_deaths(const std::string& what, const dgp::PersistenceDiagram<Scalar>& diagram,
                  const json& published, double tolerance) {
  std::vector<double> deaths;
  for (const auto& pair : diagram.pairs) {
    if (pair.death != Scalar(1)) deaths.push_back(static_cast<double>(pair.death));
  }
  deaths.push_back(0);  // the essential class
  INFO(what);
  REQUIRE(deaths.size() == published.size());
  for (std::size_t i = 0; i < deaths.size(); ++i) {
    check(what + " death " + std::to_string(i), deaths[i], published[i], tolerance);
  }
}

template <class Scalar>
void check_strengths(const std::string& name, const std::string& tensor,
                     const dgp::RowMajorMatrix<Scalar>& strengths, double tolerance) {
  dgp::io::SafetensorsFile file(golden_folder + "S/" + name + ".safetensors");
  // Published as (in x out).
  const auto published = file.read_matrix<Scalar>(tensor);
  REQUIRE(published.rows() == strengths.cols());
  REQUIRE(published.cols() == strengths.rows());
  // The published mean of a float layer is itself rounded while it is summed, so a standardised
  // weight near 0 differs by an ulp of the largest, not of itself.
  const double largest = static_cast<double>(published.cwiseAbs().maxCoeff());
  int wrong = 0;
  for (dgp::Index out = 0; out < strengths.rows(); ++out) {
    for (dgp::Index in = 0; in < strengths.cols(); ++in) {
      wrong += !(std::abs(static_cast<double>(strengths(out, in)) -
                          static_cast<double>(published(in, out))) <= tolerance * largest);
    }
  }
  INFO(tensor);
  CHECK(wrong == 0);
}

template <class Scalar>
void check_network(const std::string& name, const json& network, const std::string& precision,
                   double tolerance) {
  const json& published = network.at(precision);
  INFO(name << ", " << precision);
  const auto layers = dgp::io::read_layers<Scalar>(weights_file(network));

  const auto np = dgp::neural_persistence(layers);
  check("mean", np.mean_normalized, published["neural_persistence_global"], tolerance);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::string layer = "layer " + std::to_string(k);
    check(layer, np.layers[k].normalized, published["neural_persistence_layers"][k], tolerance);
    check(layer, np.layers[k].total, published["neural_persistence_layers_unnormalized"][k],
          tolerance);
    check_deaths(layer, np.layers[k].diagram,
                 published["layer_deaths_sorted_desc_incl_essential_0"][k], tolerance);
  }
  check("variance", dgp::weight_variance(layers).network, published["variance"], tolerance);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    // The published float figure comes from means that are rounded to float: their order can
    // differ.
    if (precision == "f32") break;
    // These weights are multiples of a number that floats do not hold: many means are equal, and
    // their order in the published figure is that of rounding.
    if (name == "rand_ties_20-30-10") break;
    check("spatial concentration", dgp::spatial_concentration(layers[k]),
          published["spatial_concentration_stable_sort"][k], 1e-9);
  }

  const auto raw = dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::none});
  check("raw", raw.normalized, published["dnp"]["vanilla_dnp"], tolerance);
  check_deaths("raw", raw.diagram, published["dnp_deaths"]["vanilla"], tolerance);
  check_strengths<Scalar>(name, "S_vanilla_" + precision, dgp::path_strength_matrix(layers),
                          tolerance);

  if (published["dnp"]["dnp_prev"].is_string()) {  // "nan": a constant layer
    CHECK_THROWS_AS(dgp::deep_graph_persistence(layers), std::domain_error);
    return;
  }
  const auto plain = dgp::deep_graph_persistence(layers, {.rescale = false});
  check("standardised", plain.total, published["dnp"]["dnp_prev"], tolerance);
  check("standardised", plain.normalized, published["dnp"]["dnp_prev_norm"], tolerance);
  check_deaths("standardised", plain.diagram, published["dnp_deaths"]["prev_scale_False"],
               tolerance);
  const auto rescaled = dgp::deep_graph_persistence(layers);
  check("rescaled", rescaled.total, published["dnp"]["dnp_exact"], tolerance);
  check("rescaled", rescaled.normalized, published["dnp"]["dnp_exact_norm"], tolerance);
  check_deaths("rescaled", rescaled.diagram, published["dnp_deaths"]["exact_scale_True"],
               tolerance);
  check_strengths<Scalar>(
      name, "S_normabs_" + precision,
      dgp::path_strength_matrix(layers, {.normalization = dgp::Normalization::standardized}),
      tolerance);
}

}  // namespace

TEST_CASE("the published figures come out", "[golden]") {
  compared = 0;
  for (const std::string group : {"models", "random"}) {
    for (const auto& [name, network] : golden().at(group).items()) {
      check_network<float>(name, network, "f32", 1e-6);
      check_network<double>(name, network, "f64", 1e-12);
    }
  }
  CHECK(compared > 10'000);
}

#if __has_include(<boost/math/special_functions/digamma.hpp>)
// tests/data/golden/weight_fits.json was computed with SciPy's distributions and optimisers.
TEST_CASE("the fits of weight distributions come out", "[golden]") {
  std::ifstream text(golden_folder + "weight_fits.json");
  const json published = json::parse(text).at("fits");
  compared = 0;
  for (const auto& [name, layers] : published.items()) {
    const auto fits =
        dgp::weight_fits(dgp::io::read_layers<float>(weights_file(golden().at("models").at(name))));
    REQUIRE(fits.size() == layers.size());
    for (std::size_t k = 0; k < fits.size(); ++k) {
      INFO(name << ", layer " << k);
      check("beta a", fits[k].beta.a, layers[k]["beta_a"], 1e-3);
      check("beta b", fits[k].beta.b, layers[k]["beta_b"], 1e-3);
      check("beta", fits[k].beta.loss, layers[k]["beta_loss"], 1e-6);
      check("Pareto b", fits[k].truncated_pareto.b, layers[k]["pareto_b"], 1e-3);
      check("Pareto", fits[k].truncated_pareto.loss, layers[k]["pareto_loss"], 1e-6);
      check("normal scale", fits[k].truncated_normal.scale, layers[k]["norm_scale"], 1e-3);
      check("normal", fits[k].truncated_normal.loss, layers[k]["norm_loss"], 1e-6);
      check("exponential scale", fits[k].truncated_exponential.scale, layers[k]["exp_scale"], 1e-3);
      check("exponential", fits[k].truncated_exponential.loss, layers[k]["exp_loss"], 1e-6);
    }
  }
  CHECK(compared >= 50);
}
#endif
