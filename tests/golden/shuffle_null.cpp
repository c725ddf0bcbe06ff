// Drawn shuffles against real ones: mean and deviation of 3,000 of each layer's, measured by
// another program.
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>

#include "../support/catch.hpp"

TEST_CASE("drawn shuffles have the mean and deviation of real ones", "[golden]") {
  const auto golden = nlohmann::json::parse(
      std::ifstream(DGP_TEST_DATA "/golden/shuffle_null_mnist_784-100-100-10.json"));
  const auto layers =
      dgp::io::read_layers<float>(DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors");
  const auto found = dgp::shuffle_significance(layers, {.rounds = 3000});
  REQUIRE(found.size() == golden.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto& really = golden.at(layers[k].name);
    const double rounds = really.at("rounds");
    const double deviation = really.at("deviation");
    CAPTURE(layers[k].name);
    CHECK(found[k].original == Approx(really.at("normalized").get<double>()).epsilon(1e-6));
    // Within four standard errors of the difference of two such estimates.
    CHECK(std::abs(found[k].mean - really.at("mean").get<double>()) <
          4 * deviation * std::sqrt(2 / rounds));
    CHECK(std::abs(found[k].standard_deviation - deviation) < 4 * deviation / std::sqrt(rounds));
  }
}
