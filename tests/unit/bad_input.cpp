// What bad input gets: an exception of the right type that names layer, place and value.
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"

#if __has_include(<boost/math/special_functions/digamma.hpp>)
#include <dgp/analysis/weight_fits.hpp>
#endif

namespace {

using Eigen::MatrixXf;
using support::error_of;
using support::holds;

// Every public call that computes with a network's weights; shuffling only moves them.
template <class Layers, class Check>
void for_every_call(const Layers& layers, const Check& check) {
  check([&] { dgp::neural_persistence(layers); });
  check([&] { dgp::neural_persistence_bounds(layers); });
  check([&] { dgp::deep_graph_persistence(layers); });
  check([&] { dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::none}); });
  check([&] { dgp::deep_graph_persistence_bounds(layers); });
  check([&] { dgp::persistent_paths(layers); });
  check([&] { dgp::path_strength_matrix(layers); });
  check([&] { dgp::entry_strengths(layers); });
  check([&] { dgp::exit_strengths(layers); });
  check([&] { dgp::weight_variance(layers); });
  check([&] { dgp::normalized_layers(layers, dgp::Normalization::max_abs); });
#if __has_include(<boost/math/special_functions/digamma.hpp>)
  check([&] { dgp::weight_fits(layers); });
#endif
}

}  // namespace

TEST_CASE("a weight that is not finite is named by layer, row, column and value", "[bad input]") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    std::vector<dgp::NamedLayer<MatrixXf>> layers{{"first", MatrixXf::Random(3, 2)},
                                                  {"second", MatrixXf::Random(4, 3)}};
    layers[1].weights(2, 1) = bad;
    for_every_call(layers, [&](const auto& call) {
      const std::string text = error_of<std::invalid_argument>(call);
      CHECK(holds(text, "layer 1 (second), row 2, column 1"));
      CHECK(holds(text, dgp::detail::is_nan(bad) ? "nan" : "inf"));
    });
    CHECK_THROWS_AS(dgp::maximum_spanning_forest(layers[1].weights), std::invalid_argument);
    CHECK_THROWS_AS(dgp::max_min_product(layers[1].weights, layers[0].weights),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        dgp::max_min_product(layers[0].weights.transpose(), layers[1].weights.transpose()),
        std::invalid_argument);
  }
}

TEMPLATE_TEST_CASE("half-precision weights that are not finite are refused too", "[bad input]",
                   Eigen::half, Eigen::bfloat16, double, long double) {
  Eigen::Matrix<TestType, 2, 2> weights;
  weights.setConstant(TestType(1));
  weights(0, 1) = std::numeric_limits<TestType>::infinity();
  CHECK_THROWS_AS(dgp::neural_persistence(weights), std::invalid_argument);
  weights(0, 1) = std::numeric_limits<TestType>::quiet_NaN();
  CHECK_THROWS_AS(dgp::deep_graph_persistence(weights), std::invalid_argument);
}

TEST_CASE("empty layers and empty networks are refused", "[bad input]") {
  for (const auto& empty : {MatrixXf(0, 0), MatrixXf(0, 3), MatrixXf(3, 0)}) {
    const std::vector<MatrixXf> layers{MatrixXf::Random(3, 2), empty};
    for_every_call(layers, [&](const auto& call) {
      CHECK(holds(error_of<std::invalid_argument>(call), "layer 1: empty weight matrix"));
    });
    CHECK_THROWS_AS(dgp::maximum_spanning_forest(empty), std::invalid_argument);
    CHECK_THROWS_AS(dgp::max_min_product(empty, empty.transpose()), std::invalid_argument);
  }
  for_every_call(std::vector<MatrixXf>{}, [](const auto& call) {
    CHECK(holds(error_of<std::invalid_argument>(call), "empty network"));
  });
}

TEST_CASE("layers that do not chain are refused with both shapes", "[bad input]") {
  const std::vector<MatrixXf> layers{MatrixXf::Random(5, 2), MatrixXf::Random(3, 4)};
  const auto check = [](const auto& call) {
    const std::string text = error_of<std::invalid_argument>(call);
    CHECK(holds(text, "5x2"));
    CHECK(holds(text, "3x4"));
  };
  check([&] { dgp::deep_graph_persistence(layers); });
  check([&] { dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::none}); });
  check([&] { dgp::deep_graph_persistence_bounds(layers); });
  check([&] { dgp::path_strength_matrix(layers); });
  check([&] { dgp::entry_strengths(layers); });
  check([&] { dgp::exit_strengths(layers); });
  check([&] { dgp::max_min_product(layers[0], layers[1]); });
  CHECK_NOTHROW(dgp::neural_persistence(layers));
}

TEST_CASE("a network of zeros is defined: every class lives to 0", "[bad input]") {
  const std::vector<MatrixXf> layers{MatrixXf::Zero(3, 2), -MatrixXf::Zero(4, 3)};
  const auto np = dgp::neural_persistence(layers);
  for (const auto& layer : np.layers) {
    const auto neurons = static_cast<double>(layer.diagram.vertices());
    for (const auto& pair : layer.diagram.pairs) {
      CHECK(pair.death == 0);
      CHECK_FALSE(std::signbit(pair.death));
    }
    CHECK(layer.total == Approx(std::sqrt(neurons)));
  }
  const auto raw = dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::none});
  CHECK(raw.total == Approx(std::sqrt(6.0)));
  CHECK(dgp::weight_variance(layers).network == 0);
  CHECK_THROWS_AS(dgp::deep_graph_persistence(layers), std::domain_error);
}

TEST_CASE("a constant layer cannot be standardised", "[bad input]") {
  const std::vector<MatrixXf> layers{MatrixXf::Random(3, 2), MatrixXf::Constant(4, 3, 0.1F)};
  const auto check = [](const auto& call) {
    const std::string text = error_of<std::domain_error>(call);
    CHECK(holds(text, "layer 1"));
    CHECK(holds(text, "standard deviation is 0"));
  };
  check([&] { dgp::deep_graph_persistence(layers); });
  check([&] {
    dgp::path_strength_matrix(layers, {.normalization = dgp::Normalization::standardized});
  });
  check([&] { dgp::normalized_layers(layers, dgp::Normalization::standardized); });
  CHECK_THROWS_AS(dgp::deep_graph_persistence(MatrixXf::Constant(1, 1, 2)), std::domain_error);
}

TEST_CASE("weights that overflow when standardised are refused, not turned into NaN",
          "[bad input]") {
  MatrixXf weights(2, 2);
  const float huge = std::numeric_limits<float>::max();
  weights << huge, -huge, -huge, -huge;
  CHECK_THROWS_AS(dgp::deep_graph_persistence(weights), std::domain_error);
  Eigen::MatrixXd wide = Eigen::MatrixXd::Constant(2, 2, std::numeric_limits<double>::max());
  wide(0, 0) = 0;
  CHECK_THROWS_AS(dgp::deep_graph_persistence(wide), std::domain_error);
  CHECK(std::isfinite(dgp::neural_persistence(wide).sum));
  CHECK(std::isfinite(dgp::weight_variance(wide).network));
}

TEST_CASE("the order of the norm is at least 1", "[bad input]") {
  const MatrixXf weights = MatrixXf::Random(2, 3);
  for (const double p : {0.99, 0.0, -1.0, -std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(dgp::neural_persistence(weights, {.p = p}), std::invalid_argument);
    CHECK_THROWS_AS(dgp::neural_persistence_bounds(weights, {.p = p}), std::invalid_argument);
    CHECK_THROWS_AS(dgp::deep_graph_persistence(weights, {.p = p}), std::invalid_argument);
    CHECK_THROWS_AS(dgp::total_persistence(dgp::PersistenceDiagram<float>{}, p),
                    std::invalid_argument);
  }
}

TEST_CASE("more neurons or weights than can be counted are refused before they are read",
          "[bad input]") {
  float weight = 1;
  const auto claimed = [&](Eigen::Index rows, Eigen::Index cols) {
    return Eigen::Map<const MatrixXf, 0, Eigen::Stride<0, 0>>(&weight, rows, cols);
  };
  const Eigen::Index many = Eigen::Index{1} << 33;
  CHECK_THROWS_AS(dgp::neural_persistence(claimed(many, 1)), std::length_error);
  CHECK_THROWS_AS(dgp::maximum_spanning_forest(claimed(1, many)), std::length_error);
  CHECK_THROWS_AS(dgp::deep_graph_persistence(claimed(many, many)), std::length_error);
}

TEST_CASE("bounds are refused for filtration values outside [0, 1]", "[bad input]") {
  MatrixXf weights(1, 2);
  weights << 0.5F, 2;
  CHECK_THROWS_AS(
      dgp::neural_persistence_bounds(weights, {.normalization = dgp::Normalization::none}),
      std::invalid_argument);
}
