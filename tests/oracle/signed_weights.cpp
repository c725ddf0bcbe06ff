// Raw deep graph persistence of signed weights: by the theorem where it is certain that negative
// path strengths play no part, else by S. Both against the definition, bit for bit; and the order
// in which S is multiplied, against the cheapest.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "against_naive.hpp"
#include "naive.hpp"

namespace {

using oracle::deaths_of;
using oracle::raw_deaths;

struct Shape {
  dgp::Index row_count;
  dgp::Index col_count;
  dgp::Index rows() const { return row_count; }
  dgp::Index cols() const { return col_count; }
};

// By dynamic programming over all brackets.
double cheapest(const std::vector<int>& widths) {
  const std::size_t count = widths.size() - 1;
  std::vector<std::vector<double>> cost(count, std::vector<double>(count, 0));
  for (std::size_t length = 2; length <= count; ++length) {
    for (std::size_t first = 0; first + length <= count; ++first) {
      const std::size_t last = first + length - 1;
      cost[first][last] = std::numeric_limits<double>::infinity();
      for (std::size_t middle = first; middle < last; ++middle) {
        const double here = cost[first][middle] + cost[middle + 1][last] +
                            1.0 * widths[first] * widths[middle + 1] * widths[last + 1];
        cost[first][last] = std::min(cost[first][last], here);
      }
    }
  }
  return cost[0][count - 1];
}

}  // namespace

TEMPLATE_TEST_CASE("raw DGP of signed weights is NP of abs(S), certified or not", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(31);
  int certified = 0;
  int not_certified = 0;
  for (int i = 0; i < 2'500; ++i) {
    const int widest = i % 100 == 0 ? 80 : i % 4 == 0 ? 24 : 8;
    auto layers = support::random_network<TestType>(random, 2 + random.below(4), widest, true);
    // Of some networks mostly positive, so that some are certified by a hair and some not.
    for (auto& layer : layers) {
      if (i % 3 != 0) continue;
      for (auto& weight : layer.reshaped()) {
        if (random.below(4) != 0 && weight < TestType(0)) weight = TestType(-weight);
      }
    }
    const bool rescale = random.below(2) == 0;
    const auto expected = raw_deaths(layers, rescale);
    INFO("network " << i);
    REQUIRE(oracle::mistake_of_raw_dgp(layers, rescale) == "");
    const dgp::detail::NetworkWeights<TestType> network(layers);
    const auto by_theorem = dgp::detail::certified_deaths(network);
    if (by_theorem) {
      ++certified;
      const dgp::detail::FinalScale<TestType> as_given{TestType(1)};
      REQUIRE(deaths_of(dgp::detail::diagram_of(*by_theorem, as_given, rescale)) == expected);
    } else {
      ++not_certified;
    }
  }
  CHECK(certified > 200);
  CHECK(not_certified > 200);
}

// The certificate's own limit: an entry of S at the last death's negative is one too many, for
// abs(S) then has an edge that {S >= t} has not.
TEST_CASE("a path as strong as the last death, but negative, leaves no certificate", "[oracle]") {
  const auto certified = [](float least) {
    // S is the first layer: the second one only hands it on.
    Eigen::MatrixXf strengths(2, 2);
    strengths << 4, 2, 3, least;
    const Eigen::MatrixXf through =
        Eigen::MatrixXf::Identity(2, 2) * 9 -
        (Eigen::MatrixXf::Ones(2, 2) - Eigen::MatrixXf::Identity(2, 2)) * 9;
    const std::vector<Eigen::MatrixXf> layers{strengths, through};
    CHECK(deaths_of(dgp::deep_graph_persistence(
                        layers, {.normalization = dgp::Normalization::none, .rescale = false})
                        .diagram) == raw_deaths<float>({layers[0], layers[1]}, false));
    return dgp::detail::certified_deaths(dgp::detail::NetworkWeights<float>(layers)).has_value();
  };
  CHECK(certified(1));
  CHECK(certified(-1.5F));
  CHECK_FALSE(certified(-2));
  CHECK_FALSE(certified(-5));
}

TEST_CASE("networks of ordinary width are certified", "[oracle]") {
  support::Random random(37);
  for (const auto& widths : {std::vector{64, 32, 16, 10}, {100, 784, 100, 10}, {300, 300, 300}}) {
    std::vector<Eigen::MatrixXf> layers;
    for (std::size_t k = 0; k + 1 < widths.size(); ++k) {
      layers.emplace_back(widths[k + 1], widths[k]);
      for (auto& weight : layers.back().reshaped()) weight = static_cast<float>(random.normal());
    }
    const dgp::detail::NetworkWeights<float> network(layers);
    CHECK(dgp::detail::certified_deaths(network).has_value());
  }
}

TEST_CASE("reachability is a path of edges above a value", "[oracle]") {
  support::Random random(41);
  int reached = 0;
  for (int i = 0; i < 3'000; ++i) {
    // Widths around the ends of the machine words in which sets are kept.
    const int widest = i % 3 == 0 ? 140 : 6;
    const auto layers = support::random_network<float>(random, 1 + random.below(4), widest, true);
    const auto strengths = naive::path_strength_matrix(layers);
    const float value =
        random.below(3) == 0 ? strengths.minCoeff() : static_cast<float>(random.normal() - 1);
    const bool expected = value < strengths.minCoeff();
    const std::vector<dgp::RowMajorMatrix<float>> by_row(layers.begin(), layers.end());
    INFO("network " << i);
    REQUIRE(dgp::detail::all_reached_above(dgp::detail::NetworkWeights<float>(layers), value) ==
            expected);
    REQUIRE(dgp::detail::all_reached_above(dgp::detail::NetworkWeights<float>(by_row), value) ==
            expected);
    reached += expected ? 1 : 0;
  }
  CHECK(reached > 300);
  CHECK(reached < 2'700);
}

TEST_CASE("a chain is multiplied in its order, at most a quarter above the least cost",
          "[oracle]") {
  support::Random random(43);
  for (int i = 0; i < 3'000; ++i) {
    std::vector<int> widths;
    const int layers = 1 + random.below(i % 10 == 0 ? 40 : 8);
    const int widest = 1 + random.below(i % 2 == 0 ? 8 : 1000);
    for (int k = 0; k <= layers; ++k) widths.push_back(1 + random.below(widest));
    double cost = 0;
    bool in_order = true;
    const auto multiply = [&](const Shape& later, const Shape& earlier) {
      in_order &= later.col_count == earlier.row_count;
      cost += 1.0 * static_cast<double>(later.row_count) * static_cast<double>(later.col_count) *
              static_cast<double>(earlier.col_count);
      return Shape{later.row_count, earlier.col_count};
    };
    dgp::detail::ChainProduct<Shape, decltype(multiply)> product(
        *std::min_element(widths.begin(), widths.end()), multiply);
    for (std::size_t k = 0; k + 1 < widths.size(); ++k) {
      product.add({widths[k + 1], widths[k]});
    }
    const Shape shape = product.finish();
    INFO("chain " << i);
    REQUIRE(in_order);
    REQUIRE(shape.row_count == widths.back());
    REQUIRE(shape.col_count == widths.front());
    REQUIRE(cost <= 1.25 * cheapest(widths));
  }
}
