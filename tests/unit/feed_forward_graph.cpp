// What feed-forward graphs refuse, and what their views and strengths mean.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/SparseCore>

#include <dgp/dgp.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "../support/catch.hpp"
#include "../support/deaths.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

namespace {

using Graph = dgp::FeedForwardGraph<float>;
using Matrix = dgp::RowMajorMatrix<float>;
using support::deaths_of;
using support::error_of;
using support::holds;

template <class Action>
std::string refusal(const Action& action) {
  return error_of<std::invalid_argument>(action);
}

Matrix random(dgp::Index rows, dgp::Index cols, std::uint64_t seed) {
  support::Random numbers(seed);
  return support::random_matrix<float>(numbers, support::Kind::normal, static_cast<int>(rows),
                                       static_cast<int>(cols));
}

}  // namespace

TEST_CASE("edge sets that do not fit their groups are refused by name", "[graph]") {
  Graph graph;
  const auto image = graph.input({2, 4, 5}, "image");
  CHECK(refusal([&] { graph.dense(image, Matrix(3, 39), "fc"); }) ==
        "feed-forward graph: fc: a matrix of 3x39 on group 0 (image) of 2x4x5 neurons");
  CHECK(holds(refusal([&] { graph.sparse(image, Eigen::SparseMatrix<float>(3, 39), "s"); }),
              "s: a matrix of 3x39 on"));
  CHECK(holds(refusal([&] { graph.sparse(image, Eigen::SparseMatrix<float>(3, 40), "s"); }),
              "s: a sparse matrix without an entry"));
  CHECK(holds(
      refusal([&] { graph.convolution(image, Matrix(3, 17), dgp::square_window(3), "conv"); }),
      "conv: a kernel of 3x17 on group 0 (image) of 2x4x5 neurons, which takes (a multiple "
      "of 1) x 18"));
  CHECK(holds(
      refusal([&] { graph.convolution(image, Matrix(3, 9), dgp::square_window(3, 1, 0, 2)); }),
      "a multiple of 2) x 9"));
  CHECK(holds(
      refusal([&] { graph.convolution(image, Matrix(3, 9), dgp::square_window(3, 1, 0, 3)); }),
      "3 groups of channels"));
  CHECK(holds(refusal([&] { graph.pooling(image, dgp::square_window(5)); }),
              "a window that is larger than group 0"));
  CHECK(holds(refusal([&] { graph.pooling(image, dgp::square_window(0)); }), "at least 1"));
  CHECK(holds(refusal([&] { graph.pooling(image, dgp::square_window(2, 1, -1)); }), "at least 0"));
  CHECK(holds(refusal([&] { graph.input({3, 0, 1}); }), "a group without neurons"));
  CHECK(holds(refusal([&] { graph.reshaped(image, {-2, -20, 1}); }), "a group without neurons"));
  CHECK(holds(refusal([&] { graph.reshaped(image, {41}); }), "a shape of 41 neurons for group 0"));
  CHECK(holds(refusal([&] { graph.rearranged(image, {0}, {}); }), "a group without neurons"));
  CHECK(holds(refusal([&] { graph.rearranged(image, {3}, {0, 1}); }), "2 places for a shape of 3"));
  CHECK(error_of<std::out_of_range>([&] { graph.rearranged(image, {1}, {40}); }) ==
        "feed-forward graph: neuron 40 of group 0 (image) of 2x4x5 neurons");
  CHECK(holds(refusal([&] { graph.sum({}); }), "a sum of nothing"));
  CHECK(holds(refusal([&] { graph.concatenation({}); }), "a concatenation of nothing"));
  const auto other = graph.input({3});
  CHECK(holds(refusal([&] {
                graph.sum({image, other});
              }),
              "a sum of group 0 (image) of 2x4x5 neurons and group 1 of 3 neurons"));
  CHECK(holds(refusal([&] { graph.concatenation({image, other}); }), "a concatenation of"));
  CHECK(holds(refusal([&] { graph.output(image); }), "is an input, and cannot be an output too"));
  CHECK(holds(error_of<std::out_of_range>([&] { graph.output({7}); }), "group 7 of 2"));
  CHECK(error_of<std::length_error>([&] {
          graph.input({1 << 20, 1 << 20, 1});
        }) == "feed-forward graph: more neurons than 32 bits count");
  Graph wide;
  const std::vector<dgp::Neurons> too_many(1 << 12, wide.input({1 << 20}));
  CHECK(error_of<std::length_error>([&] { wide.concatenation(too_many); }) ==
        "feed-forward graph: more neurons than 32 bits count");
  // None of these left anything behind.
  CHECK(graph.neurons() == 43);
  CHECK(graph.weights().size() == 0);
}

TEST_CASE("graphs that cannot be measured say why", "[graph]") {
  Graph graph;
  CHECK(holds(refusal([&] { dgp::neural_persistence(graph); }), "no weighted edges"));
  CHECK(holds(refusal([&] { dgp::weight_variance(graph); }), "no weighted edges"));
  const auto in = graph.input({3});
  const Matrix weights = random(2, 3, 1);
  const auto out = graph.dense(in, weights);
  CHECK(holds(refusal([&] { dgp::deep_graph_persistence(graph); }), "it has no output"));
  CHECK(holds(refusal([&] { dgp::entry_strengths(graph); }), "it has no output"));
  graph.output(out);
  CHECK(holds(refusal([&] { dgp::neural_persistence(graph, {.p = 0.5}); }), "p is 0.5"));
  const std::string negative = "must not be negative";
  CHECK(holds(
      refusal([&] { dgp::neural_persistence(graph, {.normalization = dgp::Normalization::none}); }),
      negative));
  CHECK(holds(refusal([&] {
                dgp::deep_graph_persistence(graph, {.normalization = dgp::Normalization::none});
              }),
              negative));
  Graph broken;
  Matrix bad = weights;
  bad(1, 2) = std::numeric_limits<float>::quiet_NaN();
  broken.output(broken.dense(broken.input({3}), bad, "fc"));
  CHECK(holds(refusal([&] { dgp::deep_graph_persistence(broken); }),
              "layer 0 (fc), row 1, column 2: weight is nan"));
}

TEST_CASE("a strength of edges without weight plays a part only for values as given", "[graph]") {
  const Matrix first = random(4, 3, 2).cwiseAbs();
  const Matrix second = random(2, 4, 3).cwiseAbs();
  const auto built = [&](std::optional<float> strength) {
    Graph graph;
    const auto hidden = graph.dense(graph.input({3}), first);
    graph.output(graph.dense(graph.one_to_one(hidden, strength), second));
    return graph;
  };
  for (const float strength :
       {-1.0F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    CHECK(holds(refusal([&] { built(strength); }), "it must be a number of at least 0"));
  }
  const Graph without = built(std::nullopt);
  const Graph weak = built(0.001F);
  for (const auto normalization : {dgp::Normalization::max_abs, dgp::Normalization::standardized}) {
    const dgp::DeepGraphPersistenceOptions options{.normalization = normalization};
    CHECK(deaths_of(dgp::deep_graph_persistence(weak, options)) ==
          deaths_of(dgp::deep_graph_persistence(without, options)));
  }
  const dgp::DeepGraphPersistenceOptions as_given{.normalization = dgp::Normalization::none,
                                                  .rescale = false};
  CHECK(holds(refusal([&] { dgp::deep_graph_persistence(without, as_given); }), "need a strength"));
  CHECK(deaths_of(dgp::deep_graph_persistence(weak, as_given)) == std::vector<float>(4, 0.001F));
  // Neural persistence looks at weighted sets only.
  const dgp::NeuralPersistenceOptions plain{.normalization = dgp::Normalization::none};
  const auto measured = dgp::neural_persistence(without, plain);
  CHECK(deaths_of(measured.layers[0]) ==
        deaths_of(dgp::neural_persistence(first, plain).layers[0]));
}

TEST_CASE("a chain of matrices is measured as the layers are, also through another shape",
          "[graph]") {
  const std::vector<Matrix> layers{random(24, 10, 4), random(7, 24, 5), random(3, 7, 6)};
  Graph graph;
  const auto hidden = graph.dense(graph.input({10}), layers[0]);
  const auto grid = graph.reshaped(hidden, {2, 3, 4});
  CHECK_FALSE(graph.groups()[grid.group].is_view());
  graph.output(graph.dense(graph.dense(graph.reshaped(grid, {24}), layers[1]), layers[2]));
  const auto np = dgp::neural_persistence(graph);
  const auto expected = dgp::neural_persistence(layers);
  CHECK(np.mean_normalized == expected.mean_normalized);
  CHECK(np.sum == expected.sum);
  const auto deep = dgp::deep_graph_persistence(graph);
  CHECK(deep.diagram.pairs == dgp::deep_graph_persistence(layers).diagram.pairs);
  CHECK(dgp::weight_variance(graph).network == dgp::weight_variance(layers).network);
  const auto entry = dgp::entry_strengths(graph);
  const auto exit = dgp::exit_strengths(graph);
  const dgp::PathStrengthOptions standardized{dgp::Normalization::standardized};
  CHECK(entry.back() == dgp::entry_strengths(layers, standardized).back());
  CHECK(exit.front() == dgp::exit_strengths(layers, standardized).front());
}

TEST_CASE("neurons that a view shows twice are the same on any number of threads", "[graph]") {
  Graph graph;
  const auto image = graph.input({8, 32, 32});  // of edges enough for several threads
  const auto first =
      graph.convolution(image, random(16, 72, 7), dgp::square_window(3, 1, 1), "first");
  const auto twice = graph.concatenation({first, image, first});
  const auto second =
      graph.convolution(twice, random(16, 360, 8), dgp::square_window(3, 2, 1), "second");
  graph.output(graph.dense(graph.all_positions(second), random(5, 16, 9)));
  const auto measured = [&] {
    return std::pair{deaths_of(dgp::deep_graph_persistence(graph)), dgp::exit_strengths(graph)};
  };
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const auto alone = measured();
  omp_set_num_threads(4);
  for (int round = 0; round < 3; ++round) CHECK(measured() == alone);
  omp_set_num_threads(threads);
#else
  CHECK(measured() == measured());
#endif
}
