// Standardised weights against their definition, bit for bit, however the weights lie in memory.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "naive.hpp"

namespace {

template <class Scalar>
using Matrix = naive::Matrix<Scalar>;

// Calls check(weights) with the same matrix as it may lie in memory: by column and by row, within a
// larger matrix whose other entries must not count, with gaps between entries, turned over.
template <class Scalar, class Check>
void for_every_layout(const Matrix<Scalar>& weights, const Check& check) {
  using ByRow = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Index rows = weights.rows();
  const Eigen::Index cols = weights.cols();
  const auto other = static_cast<Scalar>(100);
  check(weights);
  check(ByRow(weights));
  Matrix<Scalar> columns = Matrix<Scalar>::Constant(rows + 3, cols + 2, other);
  columns.block(2, 1, rows, cols) = weights;
  check(columns.block(2, 1, rows, cols));
  ByRow lines = ByRow::Constant(rows + 3, cols + 2, other);
  lines.block(1, 2, rows, cols) = weights;
  check(lines.block(1, 2, rows, cols));
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  std::vector<Scalar> memory(static_cast<std::size_t>(3 * rows * cols + 2 * rows + 2), other);
  const Stride stride(3 * cols + 2, 3);
  Eigen::Map<ByRow, 0, Stride>(memory.data(), rows, cols, stride) = weights;
  check(Eigen::Map<const ByRow, 0, Stride>(memory.data(), rows, cols, stride));
  const Matrix<Scalar> turned = weights.transpose();
  check(turned.transpose());
}

template <class Scalar>
Matrix<Scalar> random_weights(support::Random& random, int rows, int cols, double mean) {
  // Of floats in random_matrix() doubles would use no more than a float's digits.
  Matrix<Scalar> weights(rows, cols);
  for (auto& weight : weights.reshaped()) {
    if constexpr (std::is_floating_point_v<Scalar>) {
      weight = static_cast<Scalar>(mean) + static_cast<Scalar>(random.normal()) / Scalar(3);
    } else {
      weight = static_cast<Scalar>(static_cast<float>(mean + random.normal() / 3));
    }
  }
  return weights;
}

// Every outcome that the definition allows: one, but where a figure's last bit is open.
template <class Scalar>
std::vector<Matrix<Scalar>> possible_values(const Matrix<Scalar>& weights) {
  std::vector<Matrix<Scalar>> possible;
  const auto statistics = naive::weight_statistics(weights);
  for (const Scalar& mean : statistics.means) {
    for (const Scalar& deviation : statistics.deviations) {
      const auto magnitude = naive::standardized_magnitude(weights, mean, deviation);
      possible.push_back(naive::scaled_together<Scalar>({magnitude})[0]);
    }
  }
  return possible;
}

// Shapes of all kinds; some longer than the runs in which weights are read, some too large for one
// thread.
struct Shape {
  int rows;
  int cols;
};

Shape random_shape(support::Random& random, int i) {
  if (i % 100 == 0) return {900, 700};
  if (i % 25 == 0) return {1 + random.below(3), 1000 + random.below(2000)};
  if (i % 25 == 1) return {1000 + random.below(2000), 1 + random.below(3)};
  return {1 + random.below(20), 2 + random.below(20)};
}

}  // namespace

TEMPLATE_TEST_CASE("standardised weights are those of the definition, bit for bit", "[oracle]",
                   float, double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(20261125);
  int certain = 0;
  for (int i = 0; i < 400; ++i) {
    const auto [rows, cols] = random_shape(random, i);
    // A mean that dwarfs the deviation too, but not for so many weights that it leaves bits open.
    const double mean = i % 3 == 0 ? 0 : i % 3 == 1 ? random.normal() : rows * cols < 500 ? 100 : 2;
    const auto weights = random_weights<TestType>(random, rows, cols, mean);
    if (naive::constant(weights)) continue;
    const auto possible = possible_values(weights);
    certain += possible.size() == 1;
    INFO("layer " << i << ", " << rows << "x" << cols << ", mean " << mean);
    for_every_layout(weights, [&](const auto& layout) {
      const auto layers = dgp::normalized_layers(layout, dgp::Normalization::standardized);
      REQUIRE(std::any_of(possible.begin(), possible.end(),
                          [&](const auto& values) { return layers[0] == values; }));
    });
  }
  CHECK(certain > 350);
}

TEMPLATE_TEST_CASE("neural persistence of standardised weights is by definition, bit for bit",
                   "[oracle]", float, double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(20261126);
  int compared = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<Matrix<TestType>> layers;
    for (int k = 0; k < 1 + i % 3; ++k) {
      layers.push_back(random_weights<TestType>(random, 1 + random.below(15), 2 + random.below(15),
                                                random.normal()));
    }
    const auto values = naive::standardized(layers);
    if (values.empty()) continue;
    ++compared;
    const auto persistence =
        dgp::neural_persistence(layers, {.normalization = dgp::Normalization::standardized});
    INFO("network " << i);
    double sum = 0;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const auto expected = naive::deaths(values[k]);
      const auto& pairs = persistence.layers[k].diagram.pairs;
      REQUIRE(pairs.size() == expected.size());
      double squares = 1;  // of the class that never dies
      for (std::size_t e = 0; e < expected.size(); ++e) {
        REQUIRE(pairs[e].death == expected[e]);
        squares += std::pow(1 - static_cast<double>(expected[e]), 2);
      }
      sum += std::sqrt(squares);
    }
    REQUIRE(static_cast<double>(persistence.sum) == Approx(sum).epsilon(1e-12));
    if (layers.size() > 1) continue;  // alone a layer has the same values in every layout
    for_every_layout(layers[0], [&](const auto& layout) {
      const auto same =
          dgp::neural_persistence(layout, {.normalization = dgp::Normalization::standardized});
      REQUIRE(same.layers[0].diagram.pairs == persistence.layers[0].diagram.pairs);
    });
  }
  CHECK(compared > 200);
}

TEMPLATE_TEST_CASE("the variance of weights is by definition, however they lie in memory",
                   "[oracle]", float, double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(20261127);
  for (int i = 0; i < 200; ++i) {
    const auto [rows, cols] = random_shape(random, i);
    const auto weights =
        random_weights<TestType>(random, rows, cols, i % 2 == 0 ? 0 : random.normal());
    const auto largest = static_cast<long double>(naive::largest_magnitude(weights));
    std::vector<long double> values;
    for (const auto& weight : weights.reshaped()) {
      values.push_back(std::abs(static_cast<long double>(weight)) / largest);
    }
    const auto count = static_cast<long double>(values.size());
    const long double mean = naive::exact_sum(values) / count;
    for (long double& value : values) value = (value - mean) * (value - mean);
    const auto expected = static_cast<double>(naive::exact_sum(values) / count);
    INFO("layer " << i << ", " << rows << "x" << cols);
    for_every_layout(weights, [&](const auto& layout) {
      const auto variance = dgp::weight_variance(layout);
      REQUIRE(static_cast<double>(variance.layers[0]) ==
              Approx(expected).epsilon(1e-11).margin(1e-14));
      REQUIRE(static_cast<double>(variance.network) ==
              Approx(expected).epsilon(1e-11).margin(1e-14));
    });
  }
}

// A variance as the difference of two sums of squares would keep few of its digits here.
TEMPLATE_TEST_CASE("a mean that dwarfs the deviation costs the deviation no digits", "[oracle]",
                   float, double, long double) {
  support::Random random(20261128);
  for (int i = 0; i < 20; ++i) {
    const auto weights = random_weights<TestType>(random, 5 + i, 40, 200'000);
    std::vector<long double> values(weights.data(), weights.data() + weights.size());
    const auto count = static_cast<long double>(values.size());
    const long double mean = naive::exact_sum(values) / count;
    for (long double& value : values) value = (value - mean) * (value - mean);
    const auto deviation = static_cast<TestType>(std::sqrt(naive::exact_sum(values) / count));
    const auto expected = naive::scaled_together<TestType>(
        {naive::standardized_magnitude(weights, static_cast<TestType>(mean), deviation)})[0];
    const auto map =
        dgp::detail::standardization(dgp::detail::NetworkWeights<TestType>(weights), 0);
    INFO("layer " << i);
    REQUIRE(static_cast<double>(map.deviation) ==
            Approx(static_cast<double>(deviation)).epsilon(1e-6));
    const auto layers = dgp::normalized_layers(weights, dgp::Normalization::standardized);
    REQUIRE((layers[0] - expected).cwiseAbs().maxCoeff() < TestType(1e-6));
  }
}
