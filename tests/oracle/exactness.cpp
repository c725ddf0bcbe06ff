// The algorithms against the definitions, bit for bit, on seeded random networks in every scalar
// type: 1 to 6 layers, with ties, zeros, dead neurons, heavy tails and single neurons.
#include <cstring>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "naive.hpp"

namespace {

// Equal as values and in the sign of zero.
template <class Scalar>
bool same_bits(const Scalar& a, const Scalar& b) {
  if constexpr (std::is_same_v<Scalar, long double>) {
    return a == b && std::signbit(a) == std::signbit(b);
  } else {
    return std::memcmp(&a, &b, sizeof(Scalar)) == 0;
  }
}

template <class Scalar>
bool same_deaths(const dgp::PersistenceDiagram<Scalar>& diagram,
                 const std::vector<Scalar>& deaths) {
  if (diagram.pairs.size() != deaths.size()) return false;
  for (std::size_t i = 0; i < deaths.size(); ++i) {
    if (!same_bits(diagram.pairs[i].death, deaths[i])) return false;
  }
  return true;
}

template <class Scalar>
bool same_matrix(const dgp::detail::RowMajorMatrix<Scalar>& a, const naive::Matrix<Scalar>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (int r = 0; r < a.rows(); ++r) {
    for (int c = 0; c < a.cols(); ++c) {
      if (!same_bits(a(r, c), b(r, c))) return false;
    }
  }
  return true;
}

template <class Scalar>
bool any_constant(const std::vector<naive::Matrix<Scalar>>& layers) {
  for (const auto& layer : layers) {
    bool constant = true;
    for (int i = 0; i < layer.size(); ++i) constant &= layer.data()[i] == layer.data()[0];
    if (constant) return true;
  }
  return false;
}

}  // namespace

TEMPLATE_TEST_CASE("DGP by the theorem is NP of S, bit for bit", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  using Matrix = naive::Matrix<TestType>;
  support::Random random(20261122);
  int compared = 0;
  while (compared < 10'000) {
    auto layers = support::random_network<TestType>(random, 1 + random.below(6), 8);
    const bool standardize = random.below(2) == 0;
    const auto normalization =
        standardize ? dgp::Normalization::standardized : dgp::Normalization::max_abs;
    if (standardize && any_constant(layers)) continue;
    std::vector<Matrix> values;
    for (const auto& layer : dgp::normalized_layers(layers, normalization)) values.push_back(layer);
    const Matrix strengths = naive::path_strength_matrix(values);

    const auto plain =
        dgp::deep_graph_persistence(layers, {.normalization = normalization, .rescale = false});
    const TestType largest = naive::largest_magnitude(strengths);
    const auto rescaled = dgp::deep_graph_persistence(layers, {.normalization = normalization});
    const Matrix scaled =
        naive::scaled_magnitude(strengths, largest == TestType(0) ? TestType(1) : largest);
    INFO("network " << compared);
    REQUIRE(same_deaths(plain.diagram, naive::deaths(strengths)));
    REQUIRE(same_deaths(rescaled.diagram, naive::deaths(scaled)));
    // The summaries too are those of neural persistence.
    const auto of_matrix =
        dgp::neural_persistence(scaled, {.normalization = dgp::Normalization::none});
    REQUIRE(same_bits(rescaled.total, of_matrix.layers[0].total));
    REQUIRE(same_bits(rescaled.normalized, of_matrix.layers[0].normalized));
    ++compared;
  }
}

TEMPLATE_TEST_CASE("raw DGP, signed and unsigned, is NP of abs(S), bit for bit", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(7);
  for (int i = 0; i < 2'000; ++i) {
    const auto layers =
        support::random_network<TestType>(random, 1 + random.below(6), 8, random.below(2) == 0);
    const auto strengths = naive::path_strength_matrix(layers);
    TestType largest = naive::largest_magnitude(strengths);
    if (largest == TestType(0)) largest = TestType(1);
    const auto raw =
        dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::none});
    INFO("network " << i);
    REQUIRE(same_deaths(raw.diagram, naive::deaths(naive::scaled_magnitude(strengths, largest))));
  }
}

TEMPLATE_TEST_CASE("the forest is Kruskal's, edge for edge", "[oracle]", float, double, long double,
                   Eigen::half, Eigen::bfloat16) {
  support::Random random(11);
  for (int i = 0; i < 3'000; ++i) {
    const auto kind = static_cast<support::Kind>(i % static_cast<int>(support::Kind::count));
    const int most = i % 100 == 0 ? 60 : 12;
    const auto weights = support::random_matrix<TestType>(random, kind, 1 + random.below(most),
                                                          1 + random.below(most), i % 2 == 0);
    const auto expected = naive::spanning_forest(weights);
    const auto forest = dgp::maximum_spanning_forest(weights);
    INFO("matrix " << i);
    REQUIRE(forest.edges.size() == expected.size());
    for (std::size_t e = 0; e < expected.size(); ++e) {
      REQUIRE(forest.edges[e].row == expected[e].row);
      REQUIRE(forest.edges[e].col == expected[e].col);
      REQUIRE(same_bits(forest.edges[e].weight, expected[e].weight));
    }
  }
}

TEMPLATE_TEST_CASE("the (max, min) product is the triple loop, bit for bit", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(13);
  for (int i = 0; i < 1'000; ++i) {
    const int most = i % 50 == 0 ? 70 : 12;
    const int rows = 1 + random.below(most);
    const int inner = 1 + random.below(most);
    const int cols = 1 + random.below(most);
    const auto kind = static_cast<support::Kind>(i % static_cast<int>(support::Kind::count));
    const auto a = support::random_matrix<TestType>(random, kind, rows, inner);
    const auto b = support::random_matrix<TestType>(random, kind, inner, cols);
    const auto expected = naive::max_min_product(a, b);
    INFO("product " << i);
    REQUIRE(same_matrix<TestType>(dgp::max_min_product(a, b), expected));
    REQUIRE(same_matrix<TestType>(dgp::max_min_product(b.transpose(), a.transpose()).transpose(),
                                  expected));
  }
}

TEMPLATE_TEST_CASE("path strengths are the product of the layers, in any order of brackets",
                   "[oracle]", float, double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(17);
  for (int i = 0; i < 1'000; ++i) {
    const auto layers = support::random_network<TestType>(random, 1 + random.below(6), 10);
    const auto expected = naive::path_strength_matrix(layers);
    INFO("network " << i);
    REQUIRE(same_matrix<TestType>(dgp::path_strength_matrix(layers), expected));
    const auto entry = dgp::entry_strengths(layers);
    const auto exit = dgp::exit_strengths(layers);
    for (int r = 0; r < expected.rows(); ++r) {
      REQUIRE(entry.back()(r) == expected.row(r).maxCoeff());
    }
    for (int c = 0; c < expected.cols(); ++c) {
      REQUIRE(exit.front()(c) == expected.col(c).maxCoeff());
    }
  }
}
