// Bugs of ours, each told and kept out.
#include <random>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../oracle/naive.hpp"
#include "../support/catch.hpp"

namespace {

std::vector<float> weights_of(const dgp::SpanningForest<float>& forest) {
  std::vector<float> weights;
  for (const auto& edge : forest.edges) weights.push_back(edge.weight);
  return weights;
}

}  // namespace

// A scan between components read only the few columns outside the largest component where a row was
// inside it, yet claimed to have seen every edge above its threshold. Kruskal's algorithm then took
// lighter edges: wrong deaths, and others for the same weights in column-major order.
TEST_CASE("a batch of edges above a threshold has no gap", "[regression]") {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> noise(0, 0.1F);
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> weights(1000, 320);
  for (int r = 0; r < weights.rows(); ++r) {
    for (int c = 0; c < weights.cols(); ++c) {
      const float inside = r < 100 ? 0.9F : 0.3F;
      const float outside = r < 100 ? 0.45F : 0.5F;
      weights(r, c) = noise(random) + (c < 314 ? inside : outside);
    }
  }
  const Eigen::MatrixXf by_column = weights;
  const auto expected = naive::deaths<float>(by_column);
  CHECK(weights_of(dgp::maximum_spanning_forest(weights)) == expected);
  CHECK(weights_of(dgp::maximum_spanning_forest(by_column)) == expected);
}

// An edge that was the best of both its components and above the threshold stood three times in a
// batch. Equal candidates at all sampled places gave a pivot that split nothing off, for ever.
TEST_CASE("a batch with equal candidates ends", "[regression]") {
  std::vector<dgp::detail::Candidate<float>> batch;
  for (unsigned i = 0; i < 40; ++i) {
    batch.push_back({0.5F - 0.001F * static_cast<float>(i), 41 + i % 3, i});
  }
  for (const std::size_t i : {5U, 10U, 15U}) batch[i] = {1, 41, 0};
  dgp::detail::Numbering numbering;
  numbering.add(60, dgp::detail::Role::input);
  dgp::detail::ForestBuilder<float> forest(numbering);
  forest.add(batch);
  CHECK(forest.accepted().size() > 30);
}

// High powers of small lives vanished, and the upper bound with them.
TEST_CASE("bounds hold for a high order of the norm", "[regression]") {
  Eigen::Matrix3d weights;
  weights << 1, 0.99, 0.995, 0.993, 0.992, 0.991, 0.99, 0.99, 0.99;
  const dgp::NeuralPersistenceOptions options{.p = 200, .essential = dgp::EssentialClass::omitted};
  const auto bounds = dgp::neural_persistence_bounds(weights, options)[0];
  const double total = dgp::neural_persistence(weights, options).sum;
  CHECK(bounds.lower.total <= total * (1 + 1e-12));
  CHECK(total <= bounds.upper.total * (1 + 1e-12));
}
