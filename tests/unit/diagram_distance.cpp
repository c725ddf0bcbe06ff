// Distances between persistence diagrams: by hand, and laws.
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

#ifdef DGP_TEST_MPREAL
#include <unsupported/Eigen/MPRealSupport>
#endif

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr auto omitted = dgp::EssentialClass::omitted;

template <class Scalar = double>
dgp::PersistenceDiagram<Scalar> diagram(const std::vector<double>& deaths) {
  dgp::PersistenceDiagram<Scalar> result;
  for (const double death : deaths) {
    result.pairs.push_back({Scalar(1), static_cast<Scalar>(static_cast<float>(death))});
  }
  return result;
}

dgp::PersistenceDiagram<double> random_diagram(support::Random& random) {
  std::vector<double> deaths;
  for (int i = random.below(30); i > 0; --i) deaths.push_back(1.5 * random.uniform());
  return diagram(deaths);
}

}  // namespace

TEST_CASE("distances by hand", "[distance]") {
  // Matched in order: 1/4 and 1/8.
  CHECK(dgp::bottleneck_distance(diagram({0.5, 0}), diagram({0.25, 0.125})) == 0.25);
  CHECK(dgp::wasserstein_distance(diagram({0.5, 0}), diagram({0.25, 0.125}), 1) == 0.375);
  CHECK(dgp::wasserstein_distance(diagram({0.5, 0}), diagram({0.125, 0.25}), 2) ==
        Approx(std::sqrt(0.0625 + 0.015625)).epsilon(1e-15));
  // The longest life is left to the diagonal, the short ones match.
  CHECK(dgp::wasserstein_distance(diagram({0, 0.875}), diagram({0.875}), 1, omitted) == 0.5);
  CHECK(dgp::wasserstein_distance(diagram({0, 0.875}), diagram({0.875}), 2, omitted) == 0.5);
  CHECK(dgp::bottleneck_distance(diagram({0, 0.875}), diagram({0.875}), omitted) == 0.5);
  // Nothing to match with: half the lives.
  CHECK(dgp::bottleneck_distance(diagram({0.5, 0}), diagram({}), omitted) == 0.5);
  CHECK(dgp::wasserstein_distance(diagram({}), diagram({0.5, 0}), 1, omitted) == 0.75);
  CHECK(dgp::wasserstein_distance(diagram({}), diagram({})) == 0);
  CHECK(dgp::bottleneck_distance(diagram({1, 1}), diagram({}), omitted) == 0);
  // On either side of the diagonal: half the lives, not 3/4 together.
  CHECK(dgp::wasserstein_distance(diagram({1.25}), diagram({0.5}), 1) == 0.375);
  CHECK(dgp::bottleneck_distance(diagram({1.25}), diagram({0.5})) == 0.25);
  CHECK(dgp::bottleneck_distance(diagram({1.25}), diagram({1.5})) == 0.25);
  CHECK(dgp::wasserstein_distance(diagram({3, 1.25}), diagram({1.25}), 1) == 1);
  // Infinite p is the bottleneck distance; its order among the pairs does not matter.
  CHECK(dgp::wasserstein_distance(diagram({0.25, 0.5, 0}), diagram({0.5, 0.5, 0}), infinity) ==
        0.25);
}

TEST_CASE(
    "the essential class changes a distance only where their numbers differ or deaths are "
    "negative",
    "[distance]") {
  support::Random random(5);
  for (int round = 0; round < 300; ++round) {
    const auto a = random_diagram(random);
    const auto b = random_diagram(random);
    for (const double p : {1.0, 2.0, 5.0, infinity}) {
      CHECK(dgp::wasserstein_distance(a, b, p) ==
            Approx(dgp::wasserstein_distance(a, b, p, omitted)).epsilon(1e-13));
    }
  }
  auto two = diagram({0.5});
  two.essential_classes = 2;
  CHECK(dgp::bottleneck_distance(two, diagram({0.5})) == 0.5);
  CHECK(dgp::bottleneck_distance(two, diagram({0.5}), omitted) == 0);
  // Lives 2 and 3/2 beside 1: steps of 1/2 each where (1, 0) is in between, of 1 where it is not.
  CHECK(dgp::bottleneck_distance(diagram({-0.5}), diagram({0.5}), omitted) == 0.75);
  CHECK(dgp::bottleneck_distance(diagram({-0.5}), diagram({0.5})) == 0.5);
}

TEST_CASE("distances are a metric", "[distance]") {
  support::Random random(6);
  for (int round = 0; round < 300; ++round) {
    const auto a = random_diagram(random);
    const auto b = random_diagram(random);
    const auto c = random_diagram(random);
    double before = infinity;
    for (const double p : {1.0, 1.5, 2.0, 4.0, 60.0, infinity}) {
      const auto distance = [p](const auto& x, const auto& y) {
        return dgp::wasserstein_distance(x, y, p);
      };
      CAPTURE(round, p);
      CHECK(distance(a, a) == 0);
      CHECK(distance(a, b) == Approx(distance(b, a)).epsilon(1e-14));
      CHECK(distance(a, c) <= (distance(a, b) + distance(b, c)) * (1 + 1e-14));
      CHECK(distance(a, b) <= before * (1 + 1e-14));  // it falls as p grows
      before = distance(a, b);
    }
    CHECK(dgp::bottleneck_distance(a, b) == dgp::wasserstein_distance(a, b, infinity));
    CHECK(dgp::bottleneck_distance(a, b) == dgp::bottleneck_distance(b, a));
  }
}

TEST_CASE("to nothing it is half the total persistence", "[distance]") {
  support::Random random(7);
  for (int round = 0; round < 100; ++round) {
    const auto a = random_diagram(random);
    for (const double p : {1.0, 2.0, 3.0, infinity}) {
      CHECK(dgp::wasserstein_distance(a, diagram({}), p, omitted) ==
            Approx(dgp::total_persistence(a, p, omitted) / 2).epsilon(1e-14));
    }
  }
}

// The deaths in order are the weights at which the graph loses components: none moves further than
// the weights do.
TEST_CASE("diagrams move no further than the weights", "[distance]") {
  support::Random random(8);
  for (int round = 0; round < 200; ++round) {
    const Eigen::MatrixXd weights = support::random_matrix<double>(
        random, support::Kind::uniform, 1 + random.below(12), 1 + random.below(12), false);
    Eigen::MatrixXd moved = weights;
    for (double& weight : moved.reshaped()) weight += 0.1 * (random.uniform() - 0.5);
    const auto of = [](const Eigen::MatrixXd& layer) {
      return dgp::neural_persistence(layer, {.normalization = dgp::Normalization::none})
          .layers[0]
          .diagram;
    };
    const double change = (moved - weights).cwiseAbs().maxCoeff();
    CHECK(dgp::bottleneck_distance(of(weights), of(moved)) <= change * (1 + 1e-13));
  }
}

TEMPLATE_TEST_CASE("distances of every scalar type", "[distance]", float, double, long double,
                   Eigen::half, Eigen::bfloat16) {
  const auto a = diagram<TestType>({0.5, 0.25, 0});
  const auto b = diagram<TestType>({0.75, 0.5});
  // Lives 1/2, 3/4 and 1 to 1/4 and 1/2: twice 1/4, and half the longest.
  CHECK(static_cast<double>(dgp::bottleneck_distance(a, b, omitted)) == 0.5);
  CHECK(static_cast<double>(dgp::wasserstein_distance(a, b, 1, omitted)) == 1);
  static_assert(std::is_same_v<decltype(dgp::wasserstein_distance(a, b)), dgp::sum_t<TestType>>);
}

#ifdef DGP_TEST_MPREAL
TEST_CASE("distances of an arbitrary-precision scalar", "[distance]") {
  using mpfr::mpreal;
  const auto usual = mpreal::get_default_prec();
  mpreal::set_default_prec(200);
  const mpreal tiny = mpfr::pow(mpreal(10), -25);  // beside 1/2, below what a double tells
  const dgp::PersistenceDiagram<mpreal> a{{{1, mpreal(0.5) + tiny}, {1, 0.25}}};
  const dgp::PersistenceDiagram<mpreal> b{{{1, 0.5}, {1, mpreal(0.25) + 2 * tiny}}};
  const auto near = [](const mpreal& value, double expected) {
    return Approx(expected).epsilon(1e-4) == value.toDouble();
  };
  CHECK(near(dgp::bottleneck_distance(a, b) / tiny, 2));
  CHECK(near(dgp::wasserstein_distance(a, b, 1) / tiny, 3));
  CHECK(near(dgp::wasserstein_distance(a, b, 2) / tiny, std::sqrt(5)));
  CHECK(near(dgp::wasserstein_distance(a, b, 3) / tiny, std::cbrt(9)));
  mpreal::set_default_prec(usual);
}
#endif

TEST_CASE("powers neither overflow nor vanish", "[distance]") {
  CHECK(dgp::wasserstein_distance(diagram({0x1p100}), diagram({0x1.8p101}), 300) ==
        Approx(0x1.8p100).epsilon(1e-14));  // together they cost 2^101
  const dgp::PersistenceDiagram<double> near{{{1, 0.5}, {1, 0.25}}};
  const dgp::PersistenceDiagram<double> by{{{1, 0.5 + 0x1p-50}, {1, 0.25 + 0x1p-50}}};
  CHECK(dgp::wasserstein_distance(near, by, 100) ==
        Approx(0x1p-50 * std::pow(2, 0.01)).epsilon(1e-14));
  const dgp::PersistenceDiagram<double> huge{{{1, 1e308}, {1, 1e308}}};
  CHECK(dgp::wasserstein_distance(huge, diagram({}), 2) ==
        Approx(0.5e308 * std::sqrt(2)).epsilon(1e-14));
  CHECK(dgp::wasserstein_distance(huge, diagram({}), 1e9) == Approx(0.5e308).epsilon(1e-8));
}

TEST_CASE("pairs that cost the same either way take no memory", "[distance]") {
  // All lives of one diagram are three times those of the other: matched or left out, they cost the
  // same for p = 1.
  constexpr std::size_t many = 60000;
  const auto wide = diagram(std::vector<double>(many, 0.0625));
  const auto narrow = diagram(std::vector<double>(many, 0.6875));
  CHECK(dgp::wasserstein_distance(wide, narrow, 1, omitted) ==
        Approx(static_cast<double>(many) * 0.625).epsilon(1e-9));
}

TEST_CASE("what has no distance says so", "[distance]") {
  const auto a = diagram({0.5});
  for (const double p : {0.5, -1.0, std::numeric_limits<double>::quiet_NaN(), -infinity}) {
    CHECK_THROWS_AS(dgp::wasserstein_distance(a, a, p), std::invalid_argument);
  }
  dgp::PersistenceDiagram<double> early = diagram({0.5, 0.25});
  early.pairs[1].birth = 0.75;
  CHECK(support::error_of<std::invalid_argument>([&] { dgp::bottleneck_distance(a, early); }) ==
        "pair 1 of the second diagram is born at 0.75, and not at 1");
  for (const double death : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    dgp::PersistenceDiagram<double> broken = a;
    broken.pairs[0].death = death;
    CHECK_THROWS_AS(dgp::bottleneck_distance(broken, a), std::invalid_argument);
    CHECK_THROWS_AS(dgp::wasserstein_distance(a, broken, 1), std::invalid_argument);
    broken.pairs[0] = {death, 0.5};
    CHECK_THROWS_AS(dgp::bottleneck_distance(a, broken), std::invalid_argument);
  }
}
