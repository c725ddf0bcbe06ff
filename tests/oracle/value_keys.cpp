// Path strengths that come from another layer, where a layer's keys cannot tell two of them apart:
// what falls between the values of two neighbouring keys shares one key, and is looked at by value.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "naive.hpp"

namespace {

template <class Scalar>
using Network = std::vector<naive::Matrix<Scalar>>;

// Whether keys are ambiguous: in a sweep, among the strengths on one side of a layer; or only where
// those of both sides meet.
struct Ambiguity {
  bool one_side = false;
  bool both_sides = false;
};

template <class Scalar>
Ambiguity ambiguity(const Network<Scalar>& layers) {
  using namespace dgp::detail;
  const NetworkWeights<Scalar> network(layers);
  const auto maps = standardized_filtrations(network);
  const auto entry = entry_strengths(network, maps);
  const auto exit = exit_strengths(network, maps);
  Ambiguity found;
  for (std::size_t k = 0; k < network.size(); ++k) {
    const auto by_col = make_caps<Scalar>(maps[k], entry[k]);
    const auto by_row = make_caps<Scalar>(maps[k], exit[k + 1]);
    found.one_side |= ambiguous(by_col, {}) || ambiguous(by_row, {});
    found.both_sides |= ambiguous(by_row, by_col);
  }
  found.both_sides &= !found.one_side;
  return found;
}

template <class Scalar>
naive::Matrix<Scalar> normal(support::Random& random, int rows, int cols) {
  naive::Matrix<Scalar> weights(rows, cols);
  for (auto& weight : weights.reshaped()) {
    weight = static_cast<Scalar>(static_cast<float>(random.normal()));
  }
  return weights;
}

// A middle layer of the least numbers there are, whole multiples of one: the values of neighbouring
// keys are as far apart as those of ordinary weights.
template <class Scalar>
Network<Scalar> least_numbers(support::Random& random) {
  const auto width = [&] { return 2 + random.below(9); };
  const std::vector<int> widths{width(), width(), width(), width()};
  Network<Scalar> layers;
  for (std::size_t k = 0; k < 3; ++k) {
    layers.push_back(normal<Scalar>(random, widths[k + 1], widths[k]));
  }
  for (auto& weight : layers[1].reshaped()) {
    weight = static_cast<Scalar>(static_cast<float>(random.below(9))) *
             std::numeric_limits<Scalar>::denorm_min();
  }
  return layers;
}

// The same of doubles. Squares of their least numbers are zero, so that a middle layer of nothing
// else would have no deviation: some weights are large enough to give it one, and the path
// strengths between the least ones are as small as it makes these. All come in pairs, their mean is
// zero.
Network<double> least_doubles(support::Random& random) {
  constexpr double large = 0x1p-500;
  constexpr double least = std::numeric_limits<double>::denorm_min();
  const int pairs = 6 + random.below(6);
  const auto sometimes = [&](double one, double other) {
    return random.below(4) == 0 ? one : other;
  };
  Network<double> layers{naive::Matrix<double>(2 * pairs, 1),
                         naive::Matrix<double>(2 * pairs, 2 * pairs),
                         naive::Matrix<double>(1, 2 * pairs)};
  for (int i = 0; i < pairs; ++i) {
    const auto outer = [&] {
      const double strength = static_cast<float>(8 * random.normal());
      return i == 0 ? 1 : sometimes(1, strength * (least / large));
    };
    layers[0](2 * i, 0) = outer();
    layers[0](2 * i + 1, 0) = -layers[0](2 * i, 0);
    layers[2](0, 2 * i) = outer();
    layers[2](0, 2 * i + 1) = -layers[2](0, 2 * i);
    for (int row = 0; row < 2 * pairs; ++row) {
      layers[1](row, 2 * i) =
          row == 0 && i == 0 ? large : sometimes(large, random.below(9) * least);
      layers[1](row, 2 * i + 1) = -layers[1](row, 2 * i);
    }
  }
  return layers;
}

template <class Scalar>
std::vector<Scalar> deaths_of(const dgp::Persistence<Scalar>& persistence) {
  std::vector<Scalar> deaths;
  for (const auto& pair : persistence.diagram.pairs) deaths.push_back(pair.death);
  return deaths;
}

// Compares networks drawn by make() with the definition until so many of either kind were
// ambiguous.
template <class Scalar, class Make>
void compare(int wanted, const Make& make) {
  int one_side = 0;
  int both_sides = 0;
  for (int i = 0; i < 40'000 && (one_side < wanted || both_sides < wanted); ++i) {
    const Network<Scalar> layers = make();
    if (std::any_of(layers.begin(), layers.end(), naive::constant<Scalar>)) continue;
    const auto values = naive::standardized(layers);
    if (values.empty()) continue;
    const Ambiguity found = ambiguity(layers);
    if (!found.one_side && !found.both_sides) continue;
    one_side += found.one_side ? 1 : 0;
    both_sides += found.both_sides ? 1 : 0;
    INFO("network " << i);
    const naive::Matrix<Scalar> strengths = naive::path_strength_matrix(values);
    const auto expected = naive::deaths(strengths);
    const std::vector<dgp::detail::RowMajorMatrix<Scalar>> by_row(layers.begin(), layers.end());
    REQUIRE(deaths_of(dgp::deep_graph_persistence(layers, {.rescale = false})) == expected);
    REQUIRE(deaths_of(dgp::deep_graph_persistence(by_row, {.rescale = false})) == expected);
    const dgp::PathStrengthOptions options{.normalization = dgp::Normalization::standardized};
    const auto entry = dgp::entry_strengths(layers, options);
    const auto exit = dgp::exit_strengths(layers, options);
    for (int r = 0; r < strengths.rows(); ++r) {
      REQUIRE(entry.back()(r) == strengths.row(r).maxCoeff());
    }
    for (int c = 0; c < strengths.cols(); ++c) {
      REQUIRE(exit.front()(c) == strengths.col(c).maxCoeff());
    }
  }
  CHECK(one_side >= wanted);
  CHECK(both_sides >= wanted);
}

}  // namespace

// Keys are those of distances from the mean. A distance with all its digits is so close to its
// neighbours that at most one path strength falls between their values: so least numbers it is.
TEMPLATE_TEST_CASE("path strengths that share a key are told apart by value", "[oracle]", float,
                   Eigen::half, Eigen::bfloat16) {
  support::Random random(59);
  compare<TestType>(100, [&] { return least_numbers<TestType>(random); });
}

TEST_CASE("path strengths that share a key are told apart by value - double", "[oracle]") {
  support::Random random(60);
  compare<double>(100, [&] { return least_doubles(random); });
}

TEST_CASE("equal path strengths that share a key are not ambiguous, different ones are",
          "[oracle]") {
  using Caps = dgp::detail::Caps<float>;
  const Caps one{{1, 2}, {3, 3}, {{3, 1.0F}}};
  const Caps same{{1}, {3}, {{3, 1.0F}}};
  const Caps different{{1.5F}, {3}, {{3, 1.5F}}};
  const Caps elsewhere{{1.5F}, {5}, {{5, 1.5F}}};
  CHECK_FALSE(dgp::detail::ambiguous(one, {}));
  CHECK_FALSE(dgp::detail::ambiguous(one, same));
  CHECK_FALSE(dgp::detail::ambiguous(one, elsewhere));
  CHECK(dgp::detail::ambiguous(one, different));
  CHECK(dgp::detail::ambiguous(different, one));
}
