// Shift detection on the distances of real images: p-values of scipy, published detection rates.
//
// tests/data/golden/ks_distances.safetensors holds distances (1000 test images × 10 classes) to the
// class means of the activation graphs of a network for MNIST, of clean and of shifted images;
// ks_p_values.json what scipy.stats.ks_2samp makes of rows 0 ... 99 of the clean ones against rows
// 100 ... 199 of each shift. The detection rates are those of ExplainableML/Deep-Graph-Persistence
// on the same distances, each of 50 rounds.
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <dgp/io/safetensors.hpp>
#include <dgp/monitoring/kolmogorov_smirnov.hpp>
#include <dgp/monitoring/shift_detection.hpp>

#include "../support/catch.hpp"

namespace {

const std::string golden_folder = DGP_TEST_DATA "/golden/";

dgp::RowMajorMatrix<double> distances(const std::string& name) {
  dgp::io::SafetensorsFile file(golden_folder + "ks_distances.safetensors");
  return file.read_matrix<double>(name);
}

}  // namespace

TEST_CASE("p-values are those of scipy, the smallest too", "[golden]") {
  const auto published = nlohmann::json::parse(std::ifstream(golden_folder + "ks_p_values.json"));
  const auto clean = distances("clean");
  int compared = 0;
  for (const auto& [name, p_values] : published.at("p_values").items()) {
    const auto shifted = distances(name);
    const auto verdict = dgp::detect_shift(clean.topRows(100), shifted.middleRows(100, 100));
    REQUIRE(verdict.p_values.size() == p_values.size());
    for (std::size_t col = 0; col < p_values.size(); ++col) {
      const double expected = p_values[col];
      const Eigen::VectorXd first = clean.col(static_cast<dgp::Index>(col)).head(100);
      const Eigen::VectorXd second = shifted.col(static_cast<dgp::Index>(col)).segment(100, 100);
      const double actual =
          dgp::kolmogorov_smirnov({first.data(), 100}, {second.data(), 100}).p_value;
      INFO(name << ", column " << col << ": " << actual << ", scipy " << expected);
      CHECK(std::abs(actual - expected) <= 1e-9 * expected);
      CHECK(verdict.p_values[col] == actual);
      ++compared;
    }
    CHECK(verdict.shifted == (name == "gaussian_noise.1"));
  }
  CHECK(compared == 30);
}

TEST_CASE("detection rates agree with the published ones", "[golden]") {
  struct Published {
    std::string shift;
    dgp::Index batch_size;
    double share;
    double rate;
  };
  const std::vector<Published> all{
      {"gaussian_noise.1", 10, 0, 0},       {"gaussian_noise.1", 10, 0.25, 0},
      {"gaussian_noise.1", 10, 1, 0.82},    {"gaussian_noise.1", 50, 0, 0},
      {"gaussian_noise.1", 50, 0.25, 0.12}, {"gaussian_noise.1", 50, 1, 1},
      {"gaussian_noise.1", 100, 0, 0},      {"gaussian_noise.1", 100, 0.25, 0.5},
      {"gaussian_noise.1", 100, 1, 1},      {"gaussian_blur.1", 10, 1, 0.02},
      {"gaussian_blur.1", 50, 1, 0.02},     {"gaussian_blur.1", 100, 0.25, 0.04},
      {"gaussian_blur.1", 100, 1, 0.08},    {"pixel_shuffle.1", 10, 1, 0.04},
      {"pixel_shuffle.1", 50, 1, 0.04},     {"pixel_shuffle.1", 100, 0.25, 0.04},
      {"pixel_shuffle.1", 100, 1, 0.1}};
  const auto clean = distances("clean");
  for (const auto& published : all) {
    const auto shifted = distances(published.shift);
    const auto measured = dgp::detection_rate(
        clean, shifted,
        {.batch_size = published.batch_size, .share = published.share, .rounds = 1000});
    // Of 50 rounds, where each is flagged with the rate measured: three deviations, and one round
    // for what is no normal distribution.
    const double deviation = std::sqrt(measured.rate * (1 - measured.rate) / 50);
    INFO(published.shift << ", " << published.batch_size << " images, share " << published.share
                         << ": " << measured.rate << ", published " << published.rate);
    CHECK(std::abs(measured.rate - published.rate) <= 3 * deviation + 0.02);
    if (published.share == 0) CHECK(measured.highest < 0.05);
  }
}
