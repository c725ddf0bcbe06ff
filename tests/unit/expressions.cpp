// Whatever Eigen can read is a layer, a sample or a figure: views through index lists and
// functions, arrays, references. Each gives what its plain copy gives.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <list>
#include <numeric>
#include <sstream>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>
#include <dgp/io/npy_writer.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

namespace {

using Eigen::indexing::all;
using Eigen::indexing::last;
using support::Kind;
using support::Random;
template <class Scalar>
using Matrix = support::Matrix<Scalar>;
template <class Scalar>
using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

// Calls check(view) for views that Eigen says lie in memory, and others.
template <class Scalar, class Check>
void for_views_of(Matrix<Scalar>& matrix, const Check& check) {
  const dgp::RowMajorMatrix<Scalar> by_row = matrix;
  const Array<Scalar> array = matrix;
  const std::vector<dgp::Index> picked{3, 0, 3, 4};
  const auto even = Eigen::seq(0, last, 2);
  const auto even_fixed = Eigen::seq(0, last, Eigen::fix<2>);
  check(matrix(even, all));
  check(by_row(even, all));
  check(array(even, all));
  check(matrix(even_fixed, Eigen::seqN(1, 2, Eigen::fix<2>)));
  check(matrix(all, even));
  check(matrix(Eigen::seq(last, 0, -1), all));
  check(matrix(picked, all));
#if defined(NDEBUG) || !defined(EIGEN_DEFAULT_TO_ROW_MAJOR)
  // Nobody can assign it otherwise: an assertion of Eigen 3.4 asks it for a data() that it lacks.
  check(matrix(even, all).transpose());
#endif
  check(by_row(even, all).array());
  check(array(even, all).matrix());
  check(array.square());
  check(matrix.reshaped(matrix.cols(), matrix.rows()));
  check(matrix.reverse());
  check(matrix.diagonal());
  check(matrix.template block<3, 2>(1, 1));
  check(2 * matrix);
  check(matrix.unaryExpr([](const Scalar& entry) { return Scalar(entry * entry); }));
#if !EIGEN_VERSION_AT_LEAST(3, 4, 90)
  // Later, views must return references.
  check(matrix.unaryViewExpr([](const Scalar& entry) { return Scalar(entry * entry); }));
#endif
}

template <class View>
Matrix<typename View::Scalar> copy_of(const View& view) {
  return Matrix<typename View::Scalar>(view);
}

}  // namespace

TEST_CASE("any view is a layer", "[expressions]") {
  Random random(71);
  auto weights = support::random_matrix<float>(random, Kind::normal, 8, 5);
  for_views_of(weights, [](const auto& view) {
    const Matrix<float> copy = copy_of(view);
    CHECK(dgp::neural_persistence(view).sum == dgp::neural_persistence(copy).sum);
    CHECK(dgp::maximum_spanning_forest(view).edges == dgp::maximum_spanning_forest(copy).edges);
    CHECK(dgp::path_strength_matrix(view) == copy);
  });
}

TEST_CASE("any view holds samples, features or figures", "[expressions]") {
  Random random(72);
  auto samples = support::random_matrix<double>(random, Kind::normal, 8, 6);
  for_views_of(samples, [&](const auto& view) {
    const Matrix<double> copy = copy_of(view);
    CAPTURE(copy.rows(), copy.cols());
    const int width = static_cast<int>(copy.cols());
    const dgp::ActivationGraphs<double> graphs(
        support::random_matrix<double>(random, Kind::normal, 4, width));
    const auto method = dgp::FeatureMethod::dgp;
    const auto features = dgp::feature_matrix(graphs, copy, method);
    CHECK(dgp::feature_matrix(graphs, view, method) == features);

    dgp::ClassMeans means({copy.cols()});
    dgp::ClassMeans expected({copy.cols()});
    std::vector<int> labels(static_cast<std::size_t>(copy.rows()));
    std::iota(labels.begin(), labels.end(), 0);
    means.add(view, labels);
    expected.add(copy, labels);
    CHECK(means.sums() == expected.sums());
    CHECK(means.distances(view).isApprox(expected.distances(copy), 1e-14));

    CHECK(dgp::detect_shift(view, view).p_values == dgp::detect_shift(copy, copy).p_values);
    std::ostringstream file;
    std::ostringstream expected_file;
    dgp::io::write_npy(file, view);
    dgp::io::write_npy(expected_file, copy);
    CHECK(file.str() == expected_file.str());
    CHECK(dgp::io::named_tensor("x", view).bytes == dgp::io::named_tensor("x", copy).bytes);
  });
}

TEST_CASE("a single sample may be any vector", "[expressions]") {
  Random random(73);
  const dgp::ActivationGraphs<float> graphs(
      support::random_matrix<float>(random, Kind::normal, 3, 4));
  const auto samples = support::random_matrix<float>(random, Kind::normal, 9, 4);
  const Array<float> array = samples;
  const dgp::RowMajorMatrix<float> by_row = samples;
  dgp::FeatureWorkspace<float> workspace;
  const auto features_of = [&](const auto& sample) {
    Eigen::VectorXf features;
    graphs.features(sample, dgp::FeatureMethod::dgp_var, workspace, features);
    return features;
  };
  const Eigen::VectorXf sample = samples.row(2);
  const auto expected = features_of(sample);
  CHECK(features_of(samples.row(2)) == expected);
  CHECK(features_of(by_row.row(2)) == expected);
  CHECK(features_of(array.row(2)) == expected);
  CHECK(features_of(array.row(2).transpose()) == expected);
  CHECK(features_of(samples(Eigen::seqN(2, 1), all)) == expected);
  CHECK(features_of(samples.transpose() * Eigen::VectorXf::Unit(9, 2)) == expected);
}

TEST_CASE("arrays can be watched", "[expressions]") {
  Random random(74);
  const auto layer = support::random_matrix<double>(random, Kind::normal, 3, 4);
  const Array<double> samples = support::random_matrix<double>(random, Kind::normal, 40, 4);
  Eigen::VectorXi labels(40);
  for (int i = 0; i < 40; ++i) labels(i) = i / 2 % 2;
  dgp::ShiftMonitor<double> of_arrays{dgp::ActivationGraphs<double>(layer)};
  dgp::ShiftMonitor<double> of_matrices{dgp::ActivationGraphs<double>(layer)};
  of_arrays.fit(samples, labels);
  of_matrices.fit(samples.matrix(), std::vector<int>(labels.begin(), labels.end()));
  CHECK(of_arrays.check(samples + 2).p_values ==
        of_matrices.check((samples + 2).matrix()).p_values);
}

TEST_CASE("layers listed in braces, and references to layers, are a network", "[expressions]") {
  Random random(75);
  const auto first = support::random_matrix<double>(random, Kind::normal, 4, 5);
  auto second = support::random_matrix<double>(random, Kind::normal, 3, 4);
  const std::vector<Matrix<double>> layers{first, second};
  const auto np = dgp::neural_persistence(layers);
  const auto dgp_1 = dgp::deep_graph_persistence(layers, {.p = 1});

  CHECK(dgp::neural_persistence({first, second}).sum == np.sum);
  CHECK(dgp::neural_persistence_bounds({first, second}).size() == 2);
  CHECK(dgp::deep_graph_persistence({first, second}, {.p = 1}).total == dgp_1.total);
  CHECK(dgp::deep_graph_persistence_bounds({first, second}).lower.total ==
        dgp::deep_graph_persistence_bounds(layers).lower.total);
  CHECK(dgp::path_strength_matrix({first, second}) == dgp::path_strength_matrix(layers));
  CHECK(dgp::entry_strengths({first, second}) == dgp::entry_strengths(layers));
  CHECK(dgp::exit_strengths({first, second}) == dgp::exit_strengths(layers));
  CHECK(dgp::weight_variance({first, second}).network == dgp::weight_variance(layers).network);
  CHECK(dgp::normalized_layers({first, second}, dgp::Normalization::max_abs) ==
        dgp::normalized_layers(layers, dgp::Normalization::max_abs));
  CHECK(dgp::shuffled_layers({first, second}, 3) == dgp::shuffled_layers(layers, 3));
  const auto sum = [](const auto& some) { return dgp::neural_persistence(some).sum; };
  CHECK(dgp::shuffling_effects({first, second}, sum, 2)[0].original == np.sum);
  CHECK(dgp::ActivationGraphs({first, second}).outputs() == 3);
  CHECK(dgp::ActivationGraphs<double>({first, second}).inputs() == 5);
  CHECK(dgp::neural_persistence({dgp::NamedLayer<Matrix<double>>{"one", first},
                                 dgp::NamedLayer<Matrix<double>>{"two", second}})
            .sum == np.sum);
  CHECK(dgp::neural_persistence({first.transpose(), std::as_const(second).transpose()}).sum ==
        np.sum);

  const std::vector<std::reference_wrapper<const Matrix<double>>> references{first, second};
  CHECK(dgp::neural_persistence(references).sum == np.sum);
  CHECK(dgp::deep_graph_persistence(references, {.p = 1}).total == dgp_1.total);
  CHECK(dgp::ActivationGraphs(references).outputs() == 3);
  dgp::NamedLayer<Matrix<double>> named{"two", second};
  const std::list<std::reference_wrapper<dgp::NamedLayer<Matrix<double>>>> named_ones{named};
  CHECK(dgp::neural_persistence(named_ones).sum == dgp::neural_persistence(second).sum);
  CHECK(dgp::maximum_spanning_forest(std::cref(first)).edges ==
        dgp::maximum_spanning_forest(first).edges);
  CHECK(dgp::spatial_concentration(std::ref(second)) == dgp::spatial_concentration(second));
}

TEST_CASE("samples of the Kolmogorov-Smirnov test are ranges or Eigen vectors", "[expressions]") {
  Random random(76);
  std::vector<double> first;
  std::vector<double> second;
  for (int i = 0; i < 30; ++i) first.push_back(random.below(100));
  for (int i = 0; i < 20; ++i) second.push_back(random.below(60));
  const double expected = dgp::kolmogorov_smirnov(first, second).p_value;
  const auto vector_of = [](const std::vector<double>& numbers) {
    return Eigen::VectorXd(
        Eigen::Map<const Eigen::VectorXd>(numbers.data(), static_cast<dgp::Index>(numbers.size())));
  };
  const Eigen::VectorXd x = vector_of(first);
  const Eigen::VectorXd y = vector_of(second);
  CHECK(dgp::kolmogorov_smirnov(x, y).p_value == expected);
  CHECK(dgp::kolmogorov_smirnov(x.transpose(), second).p_value == expected);
  CHECK(dgp::kolmogorov_smirnov(2 * x, 2 * y.array()).p_value == expected);
  CHECK(dgp::kolmogorov_smirnov(x.cast<int>(), y.cast<float>()).p_value == expected);
  CHECK(dgp::kolmogorov_smirnov(std::list<int>(first.begin(), first.end()),
                                std::vector<float>(second.begin(), second.end()))
            .p_value == expected);
  CHECK(dgp::kolmogorov_smirnov({x.data(), 30}, {y.data(), 20}).p_value == expected);
  CHECK_THROWS_AS(dgp::kolmogorov_smirnov(Eigen::MatrixXd::Ones(2, 3), y), std::invalid_argument);
  CHECK_THROWS_AS(dgp::kolmogorov_smirnov(Eigen::VectorXd(), y), std::invalid_argument);

  Eigen::VectorXd sorted_x = x;
  Eigen::VectorXf sorted_y = y.cast<float>();
  std::sort(sorted_x.begin(), sorted_x.end());
  std::sort(sorted_y.begin(), sorted_y.end());
  CHECK(dgp::kolmogorov_smirnov_sorted(sorted_x, sorted_y).p_value == expected);
}
