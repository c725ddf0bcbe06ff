// The algorithms against the definitions, bit for bit, on seeded random networks in every scalar
// type: 1 to 6 layers, with ties, zeros, dead neurons, heavy tails and single neurons.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "against_naive.hpp"
#include "naive.hpp"

namespace {

template <class Scalar>
bool any_constant(const std::vector<naive::Matrix<Scalar>>& layers) {
  return std::any_of(layers.begin(), layers.end(), naive::constant<Scalar>);
}

}  // namespace

TEMPLATE_TEST_CASE("DGP by the theorem is NP of S, bit for bit", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  using Matrix = naive::Matrix<TestType>;
  support::Random random(20261122);
  int compared = 0;
  int open = 0;  // networks whose values the definition does not fix to the last bit
  while (compared < 10'000) {
    auto layers = support::random_network<TestType>(random, 1 + random.below(6), 8);
    const bool standardize = random.below(2) == 0;
    const auto normalization =
        standardize ? dgp::Normalization::standardized : dgp::Normalization::max_abs;
    if (standardize && any_constant(layers)) continue;
    const std::vector<Matrix> values =
        standardize ? naive::standardized(layers) : naive::scaled_together(layers);
    if (values.empty()) {
      ++open;
      continue;
    }
    INFO("network " << compared);
    REQUIRE(oracle::mistake_of_dgp(layers, values, normalization) == "");
    ++compared;
  }
  CHECK(open < 1'000);
}

TEMPLATE_TEST_CASE("raw DGP, signed and unsigned, is NP of abs(S), bit for bit", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(7);
  for (int i = 0; i < 2'000; ++i) {
    const auto layers =
        support::random_network<TestType>(random, 1 + random.below(6), 8, random.below(2) == 0);
    INFO("network " << i);
    REQUIRE(oracle::mistake_of_raw_dgp(layers, true) == "");
  }
}

TEMPLATE_TEST_CASE("the forest is Kruskal's, edge for edge", "[oracle]", float, double, long double,
                   Eigen::half, Eigen::bfloat16) {
  support::Random random(11);
  for (int i = 0; i < 3'000; ++i) {
    const auto kind = static_cast<support::Kind>(i % static_cast<int>(support::Kind::count));
    const int most = i % 100 == 0 ? 60 : 12;
    const auto weights = support::random_matrix<TestType>(random, kind, 1 + random.below(most),
                                                          1 + random.below(most), i % 2 == 0);
    INFO("matrix " << i);
    REQUIRE(oracle::mistake_of_forest(weights) == "");
  }
}

TEMPLATE_TEST_CASE("the (max, min) product is the triple loop, bit for bit", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(13);
  for (int i = 0; i < 1'000; ++i) {
    const int most = i % 50 == 0 ? 70 : 12;
    const int rows = 1 + random.below(most);
    const int inner = 1 + random.below(most);
    const int cols = 1 + random.below(most);
    const auto kind = static_cast<support::Kind>(i % static_cast<int>(support::Kind::count));
    const auto a = support::random_matrix<TestType>(random, kind, rows, inner);
    const auto b = support::random_matrix<TestType>(random, kind, inner, cols);
    INFO("product " << i);
    REQUIRE(oracle::mistake_of_product(a, b) == "");
  }
}

TEMPLATE_TEST_CASE("path strengths are the product of the layers, in any order of brackets",
                   "[oracle]", float, double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(17);
  for (int i = 0; i < 1'000; ++i) {
    const auto layers = support::random_network<TestType>(random, 1 + random.below(6), 10);
    INFO("network " << i);
    REQUIRE(oracle::mistake_of_strengths(layers, layers, dgp::Normalization::none) == "");
  }
}

// Weights that drive the growth of the forest into its later rounds: plateaus, blocks, dead
// neurons, rank one, chains; sizes around a block's end; both storage orders.
TEMPLATE_TEST_CASE("structured weights have Kruskal's forest, edge for edge", "[oracle]", float,
                   double, Eigen::half, Eigen::bfloat16) {
  support::Random random(23);
  for (int i = 0; i < 270; ++i) {
    const int rows = 20 + random.below(140);
    const int cols = 20 + random.below(140);
    const int blocks = 2 + random.below(6);
    const double coupling = std::pow(10.0, -random.below(5));
    std::vector<double> row_scale;
    std::vector<double> col_scale;
    for (int r = 0; r < rows; ++r) row_scale.push_back(random.uniform());
    for (int c = 0; c < cols; ++c) col_scale.push_back(random.uniform());
    naive::Matrix<TestType> weights(rows, cols);
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) {
        double value = 0;
        switch (i % 9) {
          case 0:
            value = random.uniform() * (r * blocks / rows == c * blocks / cols ? 1 : coupling);
            break;
          case 1:
            value = random.uniform() * (r % 16 == 3 || c % 16 == 5 ? 1e-4 : 1);
            break;
          case 2:
            value = row_scale[static_cast<std::size_t>(r)] * col_scale[static_cast<std::size_t>(c)];
            break;
          case 3:
            value = c == r || c == r + 1 ? 0.01 * (r + c + 1) : 0;
            break;
          case 4:
            value = r * cols + c;
            break;
          case 5:
            value = random.below(3);
            break;
          case 7:
            value = random.uniform() * (r % blocks == c % blocks ? 1 : coupling);
            break;
          case 6:
            value = (r < rows / 10 ? 0.9 : 0.3) + (c < cols * 9 / 10 ? 0.2 : 0) +
                    0.05 * random.uniform();
            break;
          default:
            value = random.below(40) == 0 ? random.normal() : 0;
        }
        weights(r, c) = static_cast<TestType>(static_cast<float>(value));
      }
    }
    INFO("matrix " << i << ", " << rows << "x" << cols);
    REQUIRE(oracle::mistake_of_forest(weights) == "");
  }
}

// Wider networks than the ten thousand above, so that thresholds and later rounds take part.
TEMPLATE_TEST_CASE("DGP of wider networks is NP of S, bit for bit", "[oracle]", float, double,
                   Eigen::half, Eigen::bfloat16) {
  support::Random random(29);
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    const auto layers = support::random_network<TestType>(random, 1 + random.below(4), 70);
    if (any_constant(layers)) continue;
    const auto values = naive::standardized(layers);
    if (values.empty()) continue;
    ++compared;
    INFO("network " << i);
    REQUIRE(oracle::mistake_of_dgp(layers, values, dgp::Normalization::standardized) == "");
  }
  CHECK(compared > 20);
}
