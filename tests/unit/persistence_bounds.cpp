// Where the bounds of deep graph persistence are reached.
#include <stdexcept>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

// All paths lead through one hidden neuron, and of the inputs only one reaches it. S is
//   1    0 0
//   0.75 0 0
// with deaths 1, 0.75, 0, 0: the second one is known from the outputs alone and, where inputs and
// outputs change places, from the inputs alone.
TEST_CASE("a star has the deep graph persistence of both its bounds", "[bounds]") {
  Eigen::MatrixXd to_hidden(1, 3);
  to_hidden << 1, 0, 0;
  Eigen::MatrixXd from_hidden(2, 1);
  from_hidden << 1, 0.75;
  for (const auto& layers :
       {std::vector<Eigen::MatrixXd>{to_hidden, from_hidden},
        std::vector<Eigen::MatrixXd>{from_hidden.transpose(), to_hidden.transpose()},
        std::vector<Eigen::MatrixXd>{from_hidden * to_hidden}}) {
    for (const bool rescale : {false, true}) {
      dgp::DeepGraphPersistenceOptions options{
          .p = 1, .normalization = dgp::Normalization::max_abs, .rescale = rescale};
      const double total = 1 + 0.25 + 1 + 1;
      CHECK(dgp::deep_graph_persistence(layers, options).total == total);
      auto bounds = dgp::deep_graph_persistence_bounds(layers, options);
      CHECK(bounds.lower.total == total);
      CHECK(bounds.upper.total == total);
      CHECK(bounds.lower.normalized == total / 4);
      CHECK(bounds.upper.normalized == total / 4);
      options.essential = dgp::EssentialClass::omitted;
      bounds = dgp::deep_graph_persistence_bounds(layers, options);
      CHECK(bounds.lower.total == total - 1);
      CHECK(bounds.upper.total == total - 1);
    }
  }
}

// Halved by the last layer, so that the largest path strength is not the largest weight.
TEST_CASE("bounds of rescaled strengths are those of the strengths by their largest", "[bounds]") {
  Eigen::MatrixXd to_hidden(1, 3);
  to_hidden << 1, 0.25, 0.125;
  const Eigen::MatrixXd halved = Eigen::MatrixXd::Constant(1, 1, 0.5);
  const std::vector<Eigen::MatrixXd> layers{to_hidden, halved};
  dgp::DeepGraphPersistenceOptions options{.p = 1,
                                           .essential = dgp::EssentialClass::omitted,
                                           .normalization = dgp::Normalization::max_abs};
  // S is 0.5, 0.25, 0.125.
  CHECK(dgp::deep_graph_persistence_bounds(layers, options).upper.total == 0 + 0.5 + 0.75);
  CHECK(dgp::deep_graph_persistence(layers, options).total == 0 + 0.5 + 0.75);
  options.rescale = false;
  CHECK(dgp::deep_graph_persistence_bounds(layers, options).upper.total == 0.5 + 0.75 + 0.875);
}

TEST_CASE("a chain of layers has the same bounds as a graph; any graph lies between its own",
          "[bounds]") {
  support::Random random(3);
  const auto weights = [&](int rows, int cols) {
    return support::random_matrix<double>(random, support::Kind::normal, rows, cols);
  };
  const std::vector<Eigen::MatrixXd> layers{weights(6, 5), weights(4, 6)};
  const auto kernel = weights(3, 9);
  const auto last = weights(4, 3 * 30);
  dgp::FeedForwardGraph<double> chain;
  chain.output(chain.dense(chain.dense(chain.input({5}), layers[0]), layers[1]));
  dgp::FeedForwardGraph<double> graph;
  const auto image = graph.input({1, 5, 6});
  const auto first = graph.convolution(image, kernel, dgp::square_window(3, 1, 1));
  const auto second = graph.sum({first, graph.one_to_one(first)});
  graph.output(graph.dense(graph.reshaped(second, {90}), last));
  for (const auto normalization : {dgp::Normalization::standardized, dgp::Normalization::max_abs}) {
    for (const bool rescale : {false, true}) {
      const dgp::DeepGraphPersistenceOptions options{.normalization = normalization,
                                                     .rescale = rescale};
      const auto expected = dgp::deep_graph_persistence_bounds(layers, options);
      const auto of_chain = dgp::deep_graph_persistence_bounds(chain, options);
      CHECK(of_chain.lower.total == expected.lower.total);
      CHECK(of_chain.upper.total == expected.upper.total);
      const auto bounds = dgp::deep_graph_persistence_bounds(graph, options);
      const auto persistence = dgp::deep_graph_persistence(graph, options);
      CHECK(bounds.lower.total <= persistence.total * (1 + 1e-12));
      CHECK(persistence.total <= bounds.upper.total * (1 + 1e-12));
      CHECK(bounds.lower.total > 0);

      // The rescaled variant follows from the plain one.
      const auto plain =
          dgp::deep_graph_persistence(graph, {.normalization = normalization, .rescale = false});
      const auto rescaled =
          dgp::deep_graph_persistence(graph, {.normalization = normalization, .rescale = true});
      CHECK(dgp::rescaled(plain).total == rescaled.total);
      CHECK(dgp::rescaled(plain).normalized == rescaled.normalized);
    }
  }
  CHECK_THROWS_AS(
      dgp::deep_graph_persistence_bounds(graph, {.normalization = dgp::Normalization::none}),
      std::invalid_argument);
}
