// Numbers out of range are refused wherever one is given, in builds too in which the compiler takes
// all numbers for finite (-ffast-math): NaN and infinity come by way of volatile bits, and no check
// here is by comparison or std::isnan.
#include <bit>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"

#ifdef DGP_TEST_MPREAL
#include <unsupported/Eigen/MPRealSupport>
#endif

namespace {

using Eigen::MatrixXd;
using support::error_of;
using support::holds;

double from_bits(std::uint64_t bits) {
  const volatile std::uint64_t unknown = bits;
  return std::bit_cast<double>(static_cast<std::uint64_t>(unknown));
}

const double not_a_number = from_bits(0x7ff8000000000000);
const double negative_nan = from_bits(0xfff8000000000001);
const double infinity = from_bits(0x7ff0000000000000);
const double negative_infinity = from_bits(0xfff0000000000000);
const std::vector<double> special{not_a_number, negative_nan, infinity, negative_infinity};

template <class Action>
bool refuses(const Action& action) {
  return !error_of<std::invalid_argument>(action).empty();
}

}  // namespace

TEMPLATE_TEST_CASE("the kind of a number is told in every type", "[bad numbers]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  using dgp::detail::kind_of;
  using dgp::detail::ValueKind;
  CHECK(kind_of(TestType(1)) == ValueKind::finite);
  CHECK(kind_of(TestType(0)) == ValueKind::finite);
  CHECK(kind_of(std::numeric_limits<TestType>::max()) == ValueKind::finite);
  CHECK(kind_of(std::numeric_limits<TestType>::lowest()) == ValueKind::finite);
  CHECK(kind_of(std::numeric_limits<TestType>::denorm_min()) == ValueKind::finite);
  CHECK(kind_of(static_cast<TestType>(infinity)) == ValueKind::infinite);
  CHECK(kind_of(static_cast<TestType>(negative_infinity)) == ValueKind::infinite);
  CHECK(kind_of(static_cast<TestType>(not_a_number)) == ValueKind::nan);
  CHECK(kind_of(static_cast<TestType>(negative_nan)) == ValueKind::nan);
}

#ifdef DGP_TEST_MPREAL
TEST_CASE("the kind of an arbitrary-precision number is told", "[bad numbers]") {
  CHECK(dgp::detail::is_finite(mpfr::mpreal(1)));
  CHECK(dgp::detail::is_infinite(mpfr::const_infinity()));
  CHECK(dgp::detail::is_nan(mpfr::mpreal().setNan()));
}
#endif

TEMPLATE_TEST_CASE("a weight that is not finite is refused in every type", "[bad numbers]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  const MatrixXd sound = MatrixXd::Random(5, 40);
  for (const double bad : special) {
    for (const int place : {0, 17, 39}) {
      Matrix weights = sound.cast<TestType>();
      weights(3, place) = static_cast<TestType>(bad);
      const std::vector<Matrix> layers{weights};
      const std::string where = "row 3, column " + std::to_string(place);
      const auto check = [&](const auto& call) {
        CHECK(holds(error_of<std::invalid_argument>(call), where));
      };
      check([&] { dgp::neural_persistence(layers); });
      check([&] { dgp::neural_persistence_bounds(layers); });
      check([&] { dgp::deep_graph_persistence(layers); });
      check([&] {
        dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::none});
      });
      check([&] { dgp::path_strength_matrix(layers); });
      check([&] { dgp::weight_variance(layers); });
      check([&] { dgp::spatial_concentration(weights); });
      check([&] { dgp::maximum_spanning_forest(weights); });
      check([&] { dgp::max_min_product(weights, Matrix::Ones(40, 2)); });
      check([&] { dgp::ActivationGraphs<TestType>{layers}; });
    }
  }
}

TEST_CASE("the order of a norm is at least 1, and may be infinite", "[bad numbers]") {
  const MatrixXd weights = MatrixXd::Random(3, 4);
  for (const double p : {not_a_number, negative_nan, negative_infinity, -1.0, 0.0, 0.99}) {
    CHECK(refuses([&] { dgp::neural_persistence(weights, {.p = p}); }));
    CHECK(refuses([&] { dgp::neural_persistence_bounds(weights, {.p = p}); }));
    CHECK(refuses([&] { dgp::deep_graph_persistence(weights, {.p = p}); }));
    CHECK(refuses([&] { dgp::deep_graph_persistence_bounds(weights, {.p = p}); }));
    CHECK(refuses([&] { dgp::total_persistence(dgp::PersistenceDiagram<float>{}, p); }));
    CHECK(refuses([&] { dgp::normalized_persistence(dgp::PersistenceDiagram<float>{}, p); }));
  }
  // The class that never dies lives longest.
  CHECK(dgp::neural_persistence(weights, {.p = infinity}).sum == 1);
  CHECK(dgp::neural_persistence(weights, {.p = infinity}).mean_normalized == 1);
}

TEST_CASE("levels and shares lie between 0 and 1", "[bad numbers]") {
  const MatrixXd figures = MatrixXd::Random(20, 2);
  const dgp::ActivationGraphs<double> graphs(MatrixXd::Random(3, 4));
  for (const double bad : {not_a_number, negative_nan, infinity, negative_infinity, -0.1, 1.1}) {
    CHECK(refuses([&] { dgp::detect_shift(figures, figures, bad); }));
    CHECK(refuses([&] { dgp::detection_rate(figures, figures, {.batch_size = 5, .share = bad}); }));
    CHECK(refuses([&] { dgp::detection_rate(figures, figures, {.batch_size = 5, .alpha = bad}); }));
    CHECK(refuses([&] { dgp::ShiftMonitor<double>(graphs, dgp::FeatureMethod::dgp_var, bad); }));
  }
}

TEST_CASE("figures may be infinite, but not NaN", "[bad numbers]") {
  MatrixXd figures = MatrixXd::Random(20, 2);
  figures(7, 1) = infinity;
  figures(8, 0) = negative_infinity;
  CHECK(dgp::detect_shift(figures, figures).smallest_p_value == 1);
  for (const double bad : {not_a_number, negative_nan}) {
    figures(9, 1) = bad;
    const std::vector<double> column(figures.col(1).begin(), figures.col(1).end());
    const std::vector<double> other{1, 2, 3};
    const MatrixXd sound = MatrixXd::Zero(20, 2);
    CHECK(holds(error_of<std::invalid_argument>([&] { dgp::detect_shift(sound, figures); }),
                "row 9, column 1 is NaN"));
    CHECK(refuses([&] { dgp::detection_rate(sound, figures, {.batch_size = 5}); }));
    CHECK(refuses([&] { dgp::kolmogorov_smirnov(other, column); }));
    CHECK(refuses([&] { dgp::kolmogorov_smirnov_sorted(other, column); }));
    CHECK(refuses([&] { dgp::kolmogorov_smirnov_sorted(std::vector<double>{bad}, other); }));
    CHECK(refuses([&] { dgp::kolmogorov_smirnov(Eigen::VectorXd(figures.col(1)), other); }));
  }
}

TEST_CASE("features are numbers of ordinary size", "[bad numbers]") {
  for (const double bad : {not_a_number, negative_nan, infinity, negative_infinity, 1e151}) {
    dgp::ClassMeans means({2});
    const std::vector<int> labels{0, 1};
    MatrixXd features = MatrixXd::Ones(2, 2);
    means.add(features, labels);
    features(1, 1) = bad;
    CHECK(refuses([&] { means.add(features, labels); }));
    CHECK(refuses([&] { means.distances(features); }));
    CHECK(refuses([&] {
      dgp::ClassMeans({2}, {0, 1}, {1, 1}, dgp::RowMajorMatrix<double>(features));
    }));
  }
}

TEST_CASE("samples and biases are finite", "[bad numbers]") {
  const MatrixXd weights = MatrixXd::Random(3, 4);
  const dgp::ActivationGraphs<double> graphs(weights);
  for (const double bad : special) {
    MatrixXd samples = MatrixXd::Random(2, 4);
    samples(1, 2) = bad;
    CHECK(holds(error_of<std::invalid_argument>(
                    [&] { dgp::feature_matrix(graphs, samples, dgp::FeatureMethod::dgp); }),
                "sample 1: value 2"));
    Eigen::VectorXd bias = Eigen::VectorXd::Zero(3);
    bias(1) = bad;
    CHECK(refuses([&] { dgp::ActivationGraphs<double>(weights, {bias}); }));
  }
  const dgp::ActivationGraphs<double> large(MatrixXd::Constant(2, 3, 1e200));
  CHECK_THROWS_AS(
      dgp::feature_matrix(large, MatrixXd::Constant(1, 3, 1e200), dgp::FeatureMethod::dgp),
      std::domain_error);
}

TEST_CASE("what early stopping sees and waits for is finite", "[bad numbers]") {
  for (const double bad : special) {
    dgp::EarlyStopping stopping;
    CHECK(refuses([&] { stopping.check(bad); }));
    CHECK(refuses([&] { dgp::EarlyStopping({.delta = bad}); }));
  }
}

TEST_CASE("distances are of finite pairs born at 1", "[bad numbers]") {
  const dgp::PersistenceDiagram<double> sound{{{1, 0.5}, {1, 0.25}}};
  for (const double bad : special) {
    for (const auto& pair : {dgp::PersistencePair<double>{1, bad}, {bad, 0.25}}) {
      const dgp::PersistenceDiagram<double> broken{{{1, 0.5}, pair}};
      CHECK(refuses([&] { dgp::bottleneck_distance(broken, sound); }));
      CHECK(refuses([&] { dgp::wasserstein_distance(sound, broken); }));
    }
  }
  for (const double p : {not_a_number, negative_nan, negative_infinity}) {
    CHECK(refuses([&] { dgp::wasserstein_distance(sound, sound, p); }));
  }
  CHECK(dgp::wasserstein_distance(sound, {}, infinity, dgp::EssentialClass::omitted) == 0.375);
}

TEST_CASE("weights that overflow when standardised are refused", "[bad numbers]") {
  Eigen::MatrixXf weights(2, 2);
  const float huge = std::numeric_limits<float>::max();
  weights << huge, -huge, -huge, -huge;
  CHECK_THROWS_AS(dgp::deep_graph_persistence(weights), std::domain_error);
}

// Paths begin and end with infinite strength.
TEST_CASE("deep graph persistence of a small network, whatever the build", "[bad numbers]") {
  MatrixXd to_hidden(1, 3);
  to_hidden << 1, 0, 0;
  MatrixXd from_hidden(2, 1);
  from_hidden << 1, 0.75;
  const std::vector<MatrixXd> layers{to_hidden, from_hidden};
  CHECK(dgp::deep_graph_persistence(
            layers, {.p = 1, .normalization = dgp::Normalization::max_abs, .rescale = false})
            .total == 3.25);
  CHECK(dgp::detail::is_infinite(dgp::entry_strengths(layers).front()(0)));
}
