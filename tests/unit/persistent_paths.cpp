// Persistent paths worked by hand, every way to hand over a network, and what is refused.
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <dgp/dgp.hpp>

#ifdef DGP_TEST_MPREAL
#include <unsupported/Eigen/MPRealSupport>
#endif

#include "../support/catch.hpp"
#include "../support/errors.hpp"

namespace {

using dgp::Normalization;
using Eigen::MatrixXf;
using Places = std::vector<std::optional<dgp::WeightPlace>>;
using Neurons = std::vector<dgp::PathNeuron>;
using support::error_of;
using support::holds;

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

template <class Scalar>
Matrix<Scalar> matrix(std::initializer_list<std::initializer_list<double>> rows) {
  Matrix<double> values(static_cast<dgp::Index>(rows.size()),
                        static_cast<dgp::Index>(rows.begin()->size()));
  dgp::Index at = 0;
  for (const auto& row : rows) {
    for (const double value : row) {
      values(at / values.cols(), at % values.cols()) = value;
      ++at;
    }
  }
  return values.cast<Scalar>();
}

// Strengths: S(0, 0) = 4 by hidden neuron 0, S(1, 1) = 5 by 1, S(1, 0) = 2 by 1, S(0, 1) = 1.
template <class Scalar>
std::vector<Matrix<Scalar>> example() {
  return {matrix<Scalar>({{6, 1}, {2, 5}}), matrix<Scalar>({{4, 0.5}, {1, 8}})};
}

template <class Scalar>
void check_example(const std::vector<dgp::PersistentPath<Scalar>>& paths,
                   const std::vector<double>& deaths) {
  REQUIRE(paths.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) CHECK(static_cast<double>(paths[k].death) == deaths[k]);
  CHECK(paths[0].neurons == std::vector<dgp::Index>{1, 1, 1});
  CHECK(paths[0].critical_edge == dgp::WeightPlace{0, 1, 1});
  CHECK(paths[1].neurons == std::vector<dgp::Index>{0, 0, 0});
  CHECK(paths[1].critical_edge == dgp::WeightPlace{1, 0, 0});
  CHECK(paths[2].neurons == std::vector<dgp::Index>{0, 1, 1});
  CHECK(paths[2].critical_edge == dgp::WeightPlace{0, 1, 0});
}

constexpr dgp::PersistentPathsOptions as_given{.normalization = Normalization::none,
                                               .rescale = false};

}  // namespace

TEMPLATE_TEST_CASE("the paths of a small network", "[persistent paths]", float, double, long double,
                   Eigen::half, Eigen::bfloat16) {
  const auto layers = example<TestType>();
  check_example(dgp::persistent_paths(layers, as_given), {5, 4, 2});
  check_example(
      dgp::persistent_paths(layers, {.normalization = Normalization::max_abs, .rescale = false}),
      {0.625, 0.5, 0.25});
  const auto scaled = dgp::persistent_paths(layers, {.normalization = Normalization::max_abs});
  CHECK(scaled.at(0).death == TestType(1));
  CHECK(scaled.at(1).death == TestType(TestType(0.5) / TestType(0.625)));
  // Signs do not matter where values are magnitudes.
  std::vector<Matrix<TestType>> negative{-layers[0], layers[1]};
  check_example(
      dgp::persistent_paths(negative, {.normalization = Normalization::max_abs, .rescale = false}),
      {0.625, 0.5, 0.25});
}

#ifdef DGP_TEST_MPREAL
TEST_CASE("the paths of a small network of an arbitrary-precision scalar", "[persistent paths]") {
  check_example(dgp::persistent_paths(example<mpfr::mpreal>(), as_given), {5, 4, 2});
}
#endif

TEST_CASE("as many paths as are asked for", "[persistent paths]") {
  const auto layers = example<float>();
  CHECK(dgp::persistent_paths(layers, {.count = 0}).empty());
  CHECK(dgp::persistent_paths(layers, {.count = 2}).size() == 2);
  CHECK(dgp::persistent_paths(layers, {.count = std::numeric_limits<std::size_t>::max()}).size() ==
        3);
}

TEST_CASE("networks may be handed over in every way", "[persistent paths]") {
  const auto layers = example<float>();
  check_example(dgp::persistent_paths({layers[0], layers[1]}, as_given), {5, 4, 2});
  check_example(dgp::persistent_paths(example<float>(), as_given), {5, 4, 2});
  check_example(dgp::persistent_paths(std::span(layers), as_given), {5, 4, 2});
  check_example(
      dgp::persistent_paths(std::vector<dgp::RowMajorMatrix<float>>(layers.begin(), layers.end()),
                            as_given),
      {5, 4, 2});
  MatrixXf both(4, 4);  // a block of each, so that rows are apart in memory
  both.topLeftCorner(2, 2) = layers[0];
  both.bottomRightCorner(2, 2) = layers[1];
  check_example(dgp::persistent_paths({both.block(0, 0, 2, 2), both.block(2, 2, 2, 2)}, as_given),
                {5, 4, 2});

  const auto single = dgp::persistent_paths(matrix<float>({{3, -4}}), as_given);
  REQUIRE(single.size() == 2);
  CHECK(single[0].death == 4);
  CHECK(single[0].neurons == std::vector<dgp::Index>{1, 0});
  CHECK(single[1].critical_edge == dgp::WeightPlace{0, 0, 0});
}

TEST_CASE("what merges at 0 has no path", "[persistent paths]") {
  const auto layer = matrix<float>({{2, 0}, {0, 0}});
  CHECK(dgp::deep_graph_persistence(layer).diagram.pairs.size() == 3);
  CHECK(dgp::persistent_paths(layer, as_given).size() == 1);
  CHECK(dgp::persistent_paths(MatrixXf(MatrixXf::Zero(2, 3)), as_given).empty());
  CHECK(dgp::persistent_paths(MatrixXf(MatrixXf::Zero(2, 3)),
                              {.normalization = Normalization::max_abs})
            .empty());
}

TEST_CASE("no two paths of one strength tell the same", "[persistent paths]") {
  // Both inputs come to the output through one edge, which is their weakest.
  const std::vector<MatrixXf> layers{matrix<float>({{3.5, 4}}), matrix<float>({{3}})};
  const auto paths = dgp::persistent_paths(layers, as_given);
  REQUIRE(paths.size() == 2);
  CHECK(paths[0].neurons != paths[1].neurons);
  for (const auto& path : paths) {
    CHECK(path.death == 3);
    CHECK(path.critical_edge == dgp::WeightPlace{1, 0, 0});
  }
}

TEST_CASE("paths of graphs know sets, places and neurons", "[persistent paths]") {
  dgp::FeedForwardGraph<float> graph;
  const auto input = graph.input({1, 1, 4});
  const auto features =
      graph.convolution(input, matrix<float>({{0.5, 6}, {7, 0.25}}), {{1}, {2}, 1});
  const auto pooled = graph.all_positions(features);  // 2 neurons
  Eigen::SparseMatrix<float> last(2, 2);
  last.insert(0, 0) = 5;
  last.insert(1, 1) = 4;
  graph.output(graph.sparse(pooled, last));

  const auto paths =
      dgp::persistent_paths(graph, {.normalization = Normalization::max_abs, .rescale = false});
  REQUIRE(paths.size() == 5);
  // All paths end in an entry of the sparse matrix, the weakest but for one.
  const auto& first = paths[0];
  CHECK(first.death == 5.0f / 7);
  REQUIRE(first.neurons.size() == 4);
  CHECK(first.neurons[0].group == input.group);
  CHECK(first.neurons[1].group == features.group);
  CHECK(first.neurons[1].index == first.neurons[0].index - 1);  // kernel place 1 looks one ahead
  CHECK(first.neurons[2] == dgp::PathNeuron{pooled.group, 0});
  CHECK(first.neurons[3] == dgp::PathNeuron{3, 0});
  CHECK(first.edges == Places{dgp::WeightPlace{0, 0, 1}, std::nullopt, dgp::WeightPlace{1, 0, 0}});
  CHECK(first.critical_edge == dgp::WeightPlace{1, 0, 0});
  CHECK(dgp::weighted_sets(graph)[1].weights(0, 0) == 5);
  // Channel 1 sees the input before it, by kernel entry (1, 0).
  const auto& through_second = paths[3];
  CHECK(through_second.death == 4.0f / 7);
  CHECK(through_second.edges[0] == dgp::WeightPlace{0, 1, 0});
  CHECK(through_second.neurons[1].index - 3 == through_second.neurons[0].index);
  CHECK(through_second.critical_edge == dgp::WeightPlace{1, 0, 1});
}

TEST_CASE("a path may skip sets, and pass an output", "[persistent paths]") {
  dgp::FeedForwardGraph<float> graph;
  const auto input = graph.input({1});
  const auto hidden = graph.dense(input, matrix<float>({{2}}));
  const auto early = graph.sum({input, hidden});
  graph.output(early);
  const auto late = graph.dense(early, matrix<float>({{3}}));
  graph.output(late);
  const auto paths =
      dgp::persistent_paths(graph, {.normalization = Normalization::max_abs, .rescale = false});
  REQUIRE(paths.size() == 2);
  // Nothing on the way to the first output has a weight; 3 of 3 is as strong.
  for (const auto& path : paths) {
    CHECK(path.death == 1);
    if (path.neurons.back().group == late.group) {
      CHECK(path.neurons == Neurons{{input.group, 0}, {early.group, 0}, {late.group, 0}});
      CHECK(path.critical_edge == dgp::WeightPlace{1, 0, 0});
    } else {
      CHECK(path.neurons == Neurons{{input.group, 0}, {early.group, 0}});
      CHECK(path.edges == Places{std::nullopt});
      CHECK_FALSE(path.critical_edge);
    }
  }
}

TEST_CASE("of edges between the same neurons the heaviest counts", "[persistent paths]") {
  dgp::FeedForwardGraph<float> graph;
  const auto input = graph.input({1});
  graph.output(graph.dense(graph.concatenation({input, input}), matrix<float>({{2, 5}})));
  const auto paths = dgp::persistent_paths(graph, {.normalization = Normalization::none});
  REQUIRE(paths.size() == 1);
  CHECK(paths[0].critical_edge == dgp::WeightPlace{0, 0, 1});
}

TEST_CASE("an edge without weight can be the weakest where its strength is given",
          "[persistent paths]") {
  dgp::FeedForwardGraph<float> graph;
  const auto input = graph.input({1});
  graph.output(graph.dense(graph.one_to_one(input, 2.0f), matrix<float>({{5}})));
  const auto paths =
      dgp::persistent_paths(graph, {.normalization = Normalization::none, .rescale = false});
  REQUIRE(paths.size() == 1);
  CHECK(paths[0].death == 2);
  CHECK_FALSE(paths[0].critical_edge);
}

TEST_CASE("reshaped groups are those that made their neurons", "[persistent paths]") {
  dgp::FeedForwardGraph<float> graph;
  const auto input = graph.input({2}, "image");
  const auto line = graph.reshaped(input, {1, 1, 2});
  graph.output(graph.dense(line, matrix<float>({{1, 2}}), "last"));
  const auto paths =
      dgp::persistent_paths(graph, {.count = 1, .normalization = Normalization::max_abs});
  REQUIRE(paths.size() == 1);
  CHECK(paths[0].neurons == Neurons{{input.group, 1}, {2, 0}});
  const auto groups = dgp::neuron_groups(graph);
  REQUIRE(groups.size() == 2);  // line shows the neurons of input
  CHECK(groups[0].neurons.group == input.group);
  CHECK(groups[0].name == "image");
  CHECK(groups[1].neurons.group == 2);
  CHECK(groups[1].name == "last");
  CHECK(groups[1].shape == dgp::NeuronShape{1});
}

TEST_CASE("what has no persistent paths is refused", "[persistent paths]") {
  const auto layers = example<float>();
  const auto refusal = [](const auto& network, const dgp::PersistentPathsOptions& options = {}) {
    return error_of<std::invalid_argument>([&] { dgp::persistent_paths(network, options); });
  };
  CHECK(holds(refusal(std::vector<MatrixXf>{}), "empty network"));
  CHECK(holds(refusal(std::vector<MatrixXf>{layers[0], MatrixXf::Ones(2, 3)}),
              "layer 0 is 2x2 but layer 1 is 2x3"));
  for (const auto normalization :
       {Normalization::none, Normalization::max_abs, Normalization::standardized}) {
    auto broken = layers;
    broken[1](0, 1) = std::numeric_limits<float>::quiet_NaN();
    CHECK(holds(refusal(broken, {.normalization = normalization}), "layer 1, row 0, column 1"));
  }
  CHECK_THROWS_AS(dgp::persistent_paths(MatrixXf(MatrixXf::Ones(2, 2))), std::domain_error);

  // One output is reached only by a negative path, stronger than the positive ones.
  const std::vector<MatrixXf> negative{matrix<float>({{1}}), matrix<float>({{1}, {-3}})};
  CHECK(holds(error_of<std::domain_error>([&] { dgp::persistent_paths(negative, as_given); }),
              "negative path strengths"));

  dgp::FeedForwardGraph<float> graph;
  const auto input = graph.input({2});
  const auto hidden = graph.dense(input, layers[0]);
  CHECK(holds(refusal(graph), "no output"));
  graph.output(graph.one_to_one(hidden));
  CHECK(holds(refusal(graph, as_given), "need a strength"));
}
