// Path strengths that come from another layer, as keys of a layer's weights: near enough to look
// only at weights that may matter, and never so near that one of these is missed. The least numbers
// there are put them to the test: neighbouring keys are as far apart there as ordinary weights.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/deaths.hpp"
#include "../support/random_network.hpp"
#include "naive.hpp"

namespace {

using support::deaths_of;

template <class Scalar>
using Network = std::vector<naive::Matrix<Scalar>>;

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

// Compares networks drawn by make() with the definition.
template <class Scalar, class Make>
void compare(int wanted, const Make& make) {
  int compared = 0;
  for (int i = 0; i < 3 * wanted && compared < wanted; ++i) {
    const Network<Scalar> layers = make();
    if (std::any_of(layers.begin(), layers.end(), naive::constant<Scalar>)) continue;
    const auto values = naive::standardized(layers);
    if (values.empty()) continue;
    ++compared;
    INFO("network " << i);
    const naive::Matrix<Scalar> strengths = naive::path_strength_matrix(values);
    const auto expected = naive::deaths(strengths);
    const std::vector<dgp::RowMajorMatrix<Scalar>> by_row(layers.begin(), layers.end());
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
  CHECK(compared == wanted);
}

}  // namespace

TEMPLATE_TEST_CASE("path strengths among the least numbers", "[oracle]", float, Eigen::half,
                   Eigen::bfloat16) {
  support::Random random(59);
  compare<TestType>(2'000, [&] { return least_numbers<TestType>(random); });
}

TEST_CASE("path strengths among the least numbers - double", "[oracle]") {
  support::Random random(60);
  compare<double>(2'000, [&] { return least_doubles(random); });
}

// Every key of the type's weights where there are few, those around the value where there are many.
TEMPLATE_TEST_CASE("the key near a value divides the weights below it from those above", "[oracle]",
                   float, double, Eigen::half, Eigen::bfloat16) {
  using Key = dgp::detail::Bits<TestType>;
  support::Random random(61);
  const Key end = dgp::detail::infinite_magnitude<TestType>;
  const auto positive = [&] {  // of any magnitude
    Key bits = 0;
    while (bits == 0) {
      bits = static_cast<Key>(random.below(1 << 30) * 1e-9 * static_cast<double>(end / 2));
    }
    return dgp::detail::magnitude_of<TestType>(static_cast<Key>(2 * bits));
  };
  for (int i = 0; i < 20'000; ++i) {
    const dgp::detail::StandardizedMagnitude<TestType> map{TestType(0), positive(), TestType(0)};
    const TestType value = i % 8 == 0 ? map(positive()) : static_cast<TestType>(positive());
    if (!(Eigen::numext::isfinite)(value)) continue;
    const Key near = dgp::detail::key_near(map, value);
    INFO("value " << value << ", deviation " << map.deviation);
    REQUIRE(near % 2 == 0);
    for (int step = 1; step < 40; ++step) {
      const auto off = static_cast<Key>(2 * step);  // keys of weights are even
      if (off <= near) REQUIRE_FALSE(value < map.value_of(static_cast<Key>(near - off)));
      if (near < end - off) {
        REQUIRE_FALSE(map.value_of(static_cast<Key>(near + off)) < value);
      }
    }
  }
}
