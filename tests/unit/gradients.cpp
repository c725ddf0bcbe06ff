// Gradients by hand, in every scalar type, into any matrix, and of weights that were temporaries.
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

namespace {

using dgp::EssentialClass;
using dgp::Normalization;
using support::Kind;
using support::Random;
const double infinity = std::numeric_limits<double>::infinity();

std::vector<Eigen::MatrixXd> some_layers(unsigned seed) {
  Random random(seed);
  return {support::random_matrix<double>(random, Kind::normal, 5, 7),
          support::random_matrix<double>(random, Kind::normal, 3, 5)};
}

}  // namespace

TEST_CASE("the gradient of two weights, by hand", "[gradients]") {
  const Eigen::MatrixXd weights = (Eigen::MatrixXd(1, 2) << 1, -0.5).finished();
  // Deaths 1 and 0.5, lives 0 and 0.5, and 1 of the essential class; of three neurons.
  const auto gradient = dgp::neural_persistence_gradient(weights);
  const double total = std::sqrt(1.25);
  CHECK(gradient.value == Approx(total / std::sqrt(2)));
  CHECK(gradient.layers() == 1);
  const auto dense = gradient.dense(0);
  // As -0.5 grows in magnitude the life shrinks; as 1 grows it lengthens.
  CHECK(dense(0, 1) == Approx(0.5 / total / std::sqrt(2)));
  CHECK(dense(0, 0) == Approx(0.25 / total / std::sqrt(2)));
  CHECK(gradient.constant(0) == 0);
  CHECK(gradient.linear(0) == 0);
  REQUIRE(gradient.sparse(0).size() == 2);
  CHECK(gradient.sparse(0)[0].col == 0);
  CHECK(gradient.sparse(0)[1].value == dense(0, 1));

  // p = 1: each life counts by itself. Infinite p: the essential class is the largest, or is not
  // there.
  CHECK(dgp::neural_persistence_gradient(weights, {.p = 1}).dense(0)(0, 1) == Approx(0.5));
  CHECK(dgp::neural_persistence_gradient(weights, {.p = infinity}).dense(0).isZero(0));
  const auto largest = dgp::neural_persistence_gradient(
      weights, {.p = infinity, .essential = EssentialClass::omitted});
  CHECK(largest.value == 0.5);
  CHECK(largest.dense(0)(0, 1) == 1);
  CHECK(largest.dense(0)(0, 0) == 0.5);
}

TEST_CASE("the gradient of two paths, by hand", "[gradients]") {
  // One input, two hidden, one output: the path by the first is as strong as 0.8, its second
  // weight.
  const std::vector<Eigen::MatrixXd> layers{(Eigen::MatrixXd(2, 1) << 2, 0.5).finished(),
                                            (Eigen::MatrixXd(1, 2) << -0.8, 1).finished()};
  const dgp::DeepGraphPersistenceOptions options{1, EssentialClass::omitted, Normalization::max_abs,
                                                 false};
  const auto gradient = dgp::deep_graph_persistence_gradient(layers, options);
  CHECK(gradient.value == Approx(1 - 0.4));
  CHECK(gradient.dense(1)(0, 0) == Approx(0.5));
  CHECK(gradient.dense(1)(0, 1) == 0);
  CHECK(gradient.dense(0)(0, 0) == Approx(0.4 / 2));  // the largest of all
  CHECK(gradient.dense(0)(1, 0) == 0);
  // Rescaled, the only death is 1 whatever the weights are.
  const auto rescaled = dgp::deep_graph_persistence_gradient(
      layers, {1, EssentialClass::omitted, Normalization::max_abs, true});
  CHECK(rescaled.value == 0);
  for (std::size_t k = 0; k < 2; ++k) CHECK(rescaled.dense(k).isZero(0));
}

TEMPLATE_TEST_CASE("gradients in every scalar type are those in double", "[gradients]", float,
                   long double, Eigen::half, Eigen::bfloat16) {
  Random random(5);
  std::vector<dgp::RowMajorMatrix<TestType>> layers;
  layers.emplace_back(support::random_matrix<TestType>(random, Kind::normal, 6, 9));
  layers.emplace_back(support::random_matrix<TestType>(random, Kind::normal, 4, 6));
  std::vector<Eigen::MatrixXd> wide;
  for (const auto& layer : layers) wide.emplace_back(layer.template cast<double>());
  const double tolerance = sizeof(TestType) == 2 ? 0.1 : 1e-4;
  const auto check = [&](const auto& narrow, const auto& expected, std::size_t k) {
    const Eigen::MatrixXd found = narrow.dense(k).template cast<double>();
    CHECK((found - expected.dense(k)).norm() <= tolerance * (expected.dense(k).norm() + 1e-3));
  };
  for (std::size_t k = 0; k < 2; ++k) {
    check(dgp::neural_persistence_gradient(layers), dgp::neural_persistence_gradient(wide), k);
    check(dgp::deep_graph_persistence_gradient(
              layers, {.normalization = Normalization::max_abs, .rescale = false}),
          dgp::deep_graph_persistence_gradient(
              wide, {.normalization = Normalization::max_abs, .rescale = false}),
          k);
  }
}

TEST_CASE("gradients are added to any matrix of their shape", "[gradients]") {
  const auto layers = some_layers(7);
  const auto gradient = dgp::deep_graph_persistence_gradient(layers);
  for (std::size_t k = 0; k < 2; ++k) {
    const Eigen::MatrixXd dense = gradient.dense(k);
    CHECK(dense.norm() > 0);
    const Eigen::Index rows = dense.rows();
    const Eigen::Index cols = dense.cols();
    Eigen::MatrixXd by_column = Eigen::MatrixXd::Ones(rows, cols);
    gradient.add_to(k, by_column, -2);
    CHECK(by_column.isApprox(Eigen::MatrixXd::Ones(rows, cols) - 2 * dense));
    dgp::RowMajorMatrix<float> larger = dgp::RowMajorMatrix<float>::Zero(rows + 2, cols + 3);
    gradient.add_to(k, larger.block(1, 2, rows, cols));
    CHECK(larger.block(1, 2, rows, cols).isApprox(dense.cast<float>()));
    larger.block(1, 2, rows, cols).setZero();
    CHECK(larger.isZero(0));
    Eigen::ArrayXXd array = Eigen::ArrayXXd::Zero(rows, cols);
    gradient.add_to(k, array);
    CHECK(array.matrix().isApprox(dense));
    // Its parts.
    Eigen::MatrixXd parts =
        (gradient.constant(k) + gradient.linear(k) * layers[k].array()).matrix();
    for (const auto& entry : gradient.sparse(k)) parts(entry.row, entry.col) += entry.value;
    CHECK(parts.isApprox(dense));
  }
  Eigen::MatrixXd other(2, 2);
  CHECK_THROWS_AS(gradient.add_to(0, other), std::invalid_argument);
  CHECK_THROWS_AS(gradient.add_to(2, other), std::out_of_range);
  CHECK_THROWS_AS(gradient.dense(2), std::out_of_range);
  CHECK_THROWS_AS(gradient.sparse(5), std::out_of_range);
}

TEST_CASE("gradients keep weights that were temporaries", "[gradients]") {
  const auto layers = some_layers(8);
  const auto expected =
      dgp::neural_persistence_gradient(layers, {.normalization = Normalization::standardized});
  auto kept = [&] {
    return dgp::neural_persistence_gradient(some_layers(8),
                                            {.normalization = Normalization::standardized});
  }();
  const auto moved = std::move(kept);
  for (std::size_t k = 0; k < 2; ++k) CHECK(moved.dense(k) == expected.dense(k));
  const auto single = [&] {
    return dgp::neural_persistence_gradient(Eigen::MatrixXd(layers[1]),
                                            {.normalization = Normalization::standardized});
  }();
  CHECK(single.dense(0).isApprox(
      dgp::neural_persistence_gradient(layers[1], {.normalization = Normalization::standardized})
          .dense(0)));
  const auto listed = [&] {
    return dgp::neural_persistence_gradient({layers[0], layers[1]},
                                            {.normalization = Normalization::standardized});
  }();
  for (std::size_t k = 0; k < 2; ++k) CHECK(listed.dense(k) == expected.dense(k));
  // Any expression.
  const auto doubled = dgp::neural_persistence_gradient(layers[0] * 2.0);
  CHECK(doubled.dense(0).isApprox(dgp::neural_persistence_gradient(layers[0]).dense(0) / 2));
}

TEST_CASE("views of temporaries are evaluated", "[gradients]") {
  const auto layers = some_layers(9);
  const dgp::NeuralPersistenceOptions standardized{.normalization = Normalization::standardized};
  const Eigen::MatrixXd first = layers[0];
  const auto expected =
      dgp::neural_persistence_gradient(Eigen::MatrixXd(first.transpose()), standardized);
  const auto same = [&](const auto& gradient) {
    // Others may have the memory of what is gone by now.
    const std::vector<Eigen::MatrixXd> elsewhere(20, Eigen::MatrixXd::Random(7, 5));
    CHECK(gradient.value == expected.value);
    CHECK(gradient.dense(0) == expected.dense(0));
  };
  same(dgp::neural_persistence_gradient(Eigen::MatrixXd(first).transpose(), standardized));
  same(dgp::neural_persistence_gradient(
      dgp::NamedLayer<Eigen::Transpose<Eigen::MatrixXd>>{"w", Eigen::MatrixXd(first).transpose()},
      standardized));
  same(dgp::neural_persistence_gradient({Eigen::MatrixXd(first).transpose()}, standardized));
  same(dgp::neural_persistence_gradient(std::vector{Eigen::MatrixXd(first).transpose()},
                                        standardized));
  same(dgp::neural_persistence_gradient(dgp::RowMajorMatrix<double>(first.transpose()).topRows(7),
                                        standardized));

  const Eigen::MatrixXd mine = first.transpose();
  same(dgp::neural_persistence_gradient(Eigen::Map<const Eigen::MatrixXd>(mine.data(), 7, 5),
                                        standardized));
  CHECK(support::error_of<std::invalid_argument>(
            [] { dgp::neural_persistence_gradient(std::vector<Eigen::MatrixXd>()); }) != "");
}

TEST_CASE("a weight of 0 as given has the gradient of any other", "[gradients]") {
  const Eigen::MatrixXd weights = (Eigen::MatrixXd(1, 2) << 0.9, 0).finished();
  const dgp::NeuralPersistenceOptions as_given{.normalization = Normalization::none};
  const auto of_layer = dgp::neural_persistence_gradient(weights, as_given).dense(0);
  dgp::FeedForwardGraph<double> graph;
  graph.output(graph.dense(graph.input({2}), weights));
  const auto of_graph = dgp::neural_persistence_gradient(graph, as_given).dense(0);
  CHECK(of_layer(0, 1) < -0.4);
  CHECK(of_graph == of_layer);
}

TEST_CASE("samples do not depend on how weights lie in memory", "[gradients]") {
  Random random(12);
  const Eigen::MatrixXf by_col = support::random_matrix<float>(random, Kind::normal, 37, 11);
  const dgp::RowMajorMatrix<float> by_row = by_col;
  const auto sampled = [](const auto& weights) {
    const dgp::detail::Magnitude<float> map;
    const dgp::detail::DenseEdges<float, dgp::detail::Magnitude<float>> edges(
        dgp::detail::view_of(weights), map, 11, 0);
    std::vector<float> values;
    dgp::detail::SampleStream stream;
    edges.sample(stream, 100, [&](const auto& edge) { values.push_back(edge.value); });
    return values;
  };
  CHECK(sampled(by_col) == sampled(by_row));
}

TEST_CASE("a gradient tells where to go", "[gradients]") {
  auto layers = some_layers(9);
  for (const bool deep : {false, true}) {
    const auto measure = [&] {
      return deep ? dgp::deep_graph_persistence(layers).normalized
                  : dgp::neural_persistence(layers).mean_normalized;
    };
    const double before = measure();
    for (int step = 0; step < 40; ++step) {
      const auto gradient = deep ? dgp::deep_graph_persistence_gradient(layers)
                                 : dgp::neural_persistence_gradient(layers);
      auto moved = layers;
      for (std::size_t k = 0; k < 2; ++k) gradient.add_to(k, moved[k], 0.05);
      layers = moved;
    }
    CHECK(measure() > before + 0.02);
  }
}

TEST_CASE("weights that are all alike, or 0, have gradients or errors as their measures",
          "[gradients]") {
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(3, 4);
  CHECK(dgp::neural_persistence_gradient(zero).value ==
        dgp::neural_persistence(zero).mean_normalized);
  CHECK(dgp::neural_persistence_gradient(zero).dense(0).isZero(0));
  const dgp::DeepGraphPersistenceOptions max_abs{.normalization = Normalization::max_abs};
  CHECK(dgp::deep_graph_persistence_gradient(zero, max_abs).dense(0).isZero(0));
  const Eigen::MatrixXd one = Eigen::MatrixXd::Ones(3, 4);
  CHECK(dgp::neural_persistence_gradient(one, {.essential = EssentialClass::omitted})
            .dense(0)
            .isZero(0));
  CHECK_THROWS_AS(dgp::deep_graph_persistence_gradient(one), std::domain_error);
  CHECK_THROWS_AS(dgp::neural_persistence_gradient(one, {.p = 0.5}), std::invalid_argument);
  CHECK_THROWS_AS(dgp::deep_graph_persistence_gradient(std::vector{zero, zero}, max_abs),
                  std::invalid_argument);
  Eigen::MatrixXd bad = one;
  bad(1, 1) = infinity;
  CHECK_THROWS_AS(dgp::neural_persistence_gradient(bad), std::invalid_argument);
  // Signed weights as given, of which a negative path is the strongest.
  const std::vector<Eigen::MatrixXd> negative{Eigen::MatrixXd::Constant(2, 2, -1.0),
                                              Eigen::MatrixXd::Constant(2, 2, 1.0)};
  CHECK_THROWS_AS(dgp::deep_graph_persistence_gradient(
                      negative, {.normalization = Normalization::none, .rescale = false}),
                  std::domain_error);
}

TEST_CASE("gradients of a graph of dense sets are those of its layers", "[gradients]") {
  const auto layers = some_layers(10);
  dgp::FeedForwardGraph<double> graph;
  graph.output(graph.dense(graph.dense(graph.input({7}), layers[0]), layers[1]));
  const auto np = dgp::neural_persistence_gradient(graph);
  const auto deep = dgp::deep_graph_persistence_gradient(graph);
  CHECK(np.value == dgp::neural_persistence(layers).mean_normalized);
  CHECK(deep.value == dgp::deep_graph_persistence(layers).normalized);
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(np.dense(k) == dgp::neural_persistence_gradient(layers).dense(k));
    CHECK(deep.dense(k).isApprox(dgp::deep_graph_persistence_gradient(layers).dense(k)));
  }
}
