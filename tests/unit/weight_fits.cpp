// Fits of distributions: the equation solved, and losses by the densities themselves.
#if __has_include(<boost/math/special_functions/digamma.hpp>)
#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Core>

#include <dgp/analysis/weight_fits.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

constexpr double pi = 3.141592653589793;

template <class Function>
double sum_over(const std::vector<double>& values, const Function& function) {
  double sum = 0;
  for (const double value : values) sum += function(value);
  return sum;
}

double beta_loss(const std::vector<double>& values, double a, double b) {
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  return sum_over(values, [&](double x) {
    const double inner = std::clamp(x, 1e-6, 1 - 1e-6);
    return log_beta - (a - 1) * std::log(inner) - (b - 1) * std::log1p(-inner);
  });
}

double pareto_loss(const std::vector<double>& values, double b) {
  return sum_over(values, [&](double x) {
    return -std::log(b * std::pow(1 + x, -b - 1) / (1 - std::pow(2, -b)));
  });
}

double normal_loss(const std::vector<double>& values, double scale) {
  const double mass = scale * std::sqrt(pi / 2) * std::erf(1 / (scale * std::sqrt(2.0)));
  return sum_over(values, [&](double x) { return x * x / (2 * scale * scale) + std::log(mass); });
}

double exponential_loss(const std::vector<double>& values, double scale) {
  const double mass = scale * (1 - std::exp(-1 / scale));
  return sum_over(values, [&](double x) { return x / scale + std::log(mass); });
}

}  // namespace

TEST_CASE("a root is found where a function falls through zero, and nowhere else", "[fits]") {
  const auto root = [](double at_low, double at_high) {
    return dgp::detail::falling_root(
        [&](double x) { return at_low + (at_high - at_low) * (x - 2); }, 2, 3);
  };
  CHECK(root(1, -3) == Approx(2.25));
  CHECK(root(0, -1) == 2);
  CHECK(std::isnan(root(2, 1)));    // above zero at both ends
  CHECK(std::isnan(root(-1, -2)));  // below zero at both ends
  CHECK(std::isnan(root(-1, 1)));   // rises
  CHECK(std::isnan(root(1, std::nan(""))));
}

TEST_CASE("losses are the sums over all weights, and no parameters nearby do better", "[fits]") {
  support::Random random(73);
  const std::vector<support::Matrix<float>> layers{
      support::random_matrix<float>(random, support::Kind::normal, 7, 31),
      support::random_matrix<float>(random, support::Kind::uniform, 40, 3),
      support::random_matrix<float>(random, support::Kind::heavy_tails, 1, 50)};
  float largest = 0;
  for (const auto& layer : layers) largest = std::max(largest, layer.cwiseAbs().maxCoeff());
  const auto fits = dgp::weight_fits(layers);
  REQUIRE(fits.size() == 3);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    CAPTURE(k);
    std::vector<double> x;
    for (const float weight : layers[k].reshaped()) {
      x.push_back(std::abs(static_cast<double>(weight)) / static_cast<double>(largest));
    }
    const auto close = [](double loss) { return Approx(loss).epsilon(1e-9); };
    const auto& [beta, pareto, normal, exponential] = fits[k];
    CHECK(beta.loss == close(beta_loss(x, beta.a, beta.b)));
    CHECK(pareto.loss == close(pareto_loss(x, pareto.b)));
    CHECK(normal.loss == close(normal_loss(x, normal.scale)));
    CHECK(exponential.loss == close(exponential_loss(x, exponential.scale)));
    for (const double factor : {0.99, 1.01}) {
      CAPTURE(factor);
      CHECK(beta.loss < beta_loss(x, beta.a * factor, beta.b));
      CHECK(beta.loss < beta_loss(x, beta.a, beta.b * factor));
      CHECK(pareto.loss < pareto_loss(x, pareto.b * factor));
      CHECK(normal.loss < normal_loss(x, normal.scale * factor));
      CHECK(exponential.loss < exponential_loss(x, exponential.scale * factor));
    }
  }
}
#endif
