// What is found does not depend on the number of threads.
#ifdef _OPENMP
#include <omp.h>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"

using support::Random;

// Layers large enough that every sweep is cut up among threads.
TEST_CASE("results do not depend on the number of threads", "[property]") {
  using Layer = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic>;
  Random random(8);
  const int threads = omp_get_max_threads();
  for (int kind = 0; kind < 6; ++kind) {
    std::vector<Layer> layers;
    for (int k = 0; k < 2; ++k) {
      Layer& weights = layers.emplace_back(900, 900);
      for (int r = 0; r < 900; ++r) {
        for (int c = 0; c < 900; ++c) {
          const double value = random.normal();
          const double scale = kind == 1   ? (r % 15 == c % 15 ? 1 : 1e-3)
                               : kind == 2 ? (r % 16 == 3 || c % 16 == 5 ? 1e-6 : 1)
                                           : 1;
          weights(r, c) = static_cast<float>(kind == 3   ? r * 900 + c + k
                                             : kind == 4 ? random.below(3)
                                             : kind == 5 ? r % 30 + 0.01 * (c % 70) + 1e-9 * value
                                                         : value * scale);
        }
      }
    }
    const dgp::RowMajorMatrix<float> by_row = layers[0];
    omp_set_num_threads(1);
    const auto forest = dgp::maximum_spanning_forest(layers[0]);
    const auto one = dgp::neural_persistence(layers);
    // For calls whose threads do the same work whatever the kind.
    const bool once = kind == 0;
    const auto product =
        once ? dgp::max_min_product(layers[0], layers[1]) : dgp::RowMajorMatrix<float>();
    const double concentration = once ? dgp::spatial_concentration(layers[0]) : 0;
    const auto deep = dgp::deep_graph_persistence(layers);
    const auto variance = dgp::weight_variance(layers);
    for (const int count : {2, 3, 8}) {
      INFO("kind " << kind << ", " << count << " threads");
      omp_set_num_threads(count);
      REQUIRE(dgp::maximum_spanning_forest(layers[0]).edges == forest.edges);
      REQUIRE(dgp::maximum_spanning_forest(by_row).edges == forest.edges);
      const auto many = dgp::neural_persistence(layers);
      REQUIRE(many.sum == one.sum);
      REQUIRE(many.mean_normalized == one.mean_normalized);
      if (once) {
        REQUIRE(dgp::max_min_product(layers[0], layers[1]) == product);
        REQUIRE(dgp::spatial_concentration(layers[0]) == concentration);
      }
      REQUIRE(dgp::deep_graph_persistence(layers).diagram.pairs == deep.diagram.pairs);
      REQUIRE(dgp::weight_variance(layers).network == variance.network);
    }
  }
  omp_set_num_threads(threads);
}

TEST_CASE("paths do not depend on the number of threads", "[property]") {
  // Wide enough for several threads, and with so few terminals that most edges are left out.
  const int before = omp_get_max_threads();
  for (const auto kind : {support::Kind::zeros, support::Kind::heavy_tails, support::Kind::ties}) {
    Random random(11);
    std::vector<support::Matrix<float>> layers;
    for (int k = 0; k < 7; ++k) {
      layers.push_back(
          support::random_matrix<float>(random, kind, k == 6 ? 20 : 768, k == 0 ? 30 : 768));
    }
    const dgp::detail::NetworkWeights<float> network(layers);
    const auto numbering = dgp::detail::numbering_of(network);
    const auto edges = dgp::detail::edges_of(
        network, std::vector<dgp::detail::Magnitude<float>>(network.size()), numbering);
    const auto on_threads = [&](int threads) {
      omp_set_num_threads(threads);
      std::vector<dgp::detail::Vertex> forest;
      for (const auto& edge : dgp::detail::path_forest(edges, numbering).edges) {
        forest.insert(forest.end(), {edge.row, edge.col});
      }
      std::vector<std::vector<dgp::Index>> paths;
      for (const auto& path : dgp::persistent_paths(layers, {.count = 100})) {
        paths.push_back(path.neurons);
      }
      return std::pair(forest, paths);
    };
    const auto alone = on_threads(1);
    for (const int threads : {2, 5, 5, 5}) CHECK(on_threads(threads) == alone);
  }
  omp_set_num_threads(before);
}
#endif
