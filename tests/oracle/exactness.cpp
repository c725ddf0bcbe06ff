// The algorithms against the definitions, bit for bit, on seeded random networks in every scalar
// type: 1 to 6 layers, with ties, zeros, dead neurons, heavy tails and single neurons.
#include <algorithm>
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
bool same_matrix(const dgp::RowMajorMatrix<Scalar>& a, const naive::Matrix<Scalar>& b) {
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
  return std::any_of(layers.begin(), layers.end(), naive::constant<Scalar>);
}

}  // namespace

TEMPLATE_TEST_CASE("DGP by the theorem is NP of S, bit for bit", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  using Matrix = naive::Matrix<TestType>;
  support::Random random(20261122);
  int compared = 0;
  int open = 0;  // networks whose values the definition does not fix to the last bit
  while (compared < 10'000) {
    auto layers = support::random_network<TestType>(random, 1 + random.below(6), 8);
    const bool standardize = random.below(2) == 0;
    const auto normalization =
        standardize ? dgp::Normalization::standardized : dgp::Normalization::max_abs;
    if (standardize && any_constant(layers)) continue;
    const std::vector<Matrix> values =
        standardize ? naive::standardized(layers) : naive::scaled_together(layers);
    if (values.empty()) {
      ++open;
      continue;
    }
    const Matrix strengths = naive::path_strength_matrix(values);

    const auto plain =
        dgp::deep_graph_persistence(layers, {.normalization = normalization, .rescale = false});
    const TestType largest = naive::largest_magnitude(strengths);
    // Row by row here, column by column above: each finds exit strengths in its own way.
    const std::vector<dgp::RowMajorMatrix<TestType>> by_row(layers.begin(), layers.end());
    const auto rescaled = dgp::deep_graph_persistence(by_row, {.normalization = normalization});
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
  CHECK(open < 1'000);
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

// Weights that drive the growth of the forest into its later rounds: plateaus, blocks, dead
// neurons, rank one, chains; sizes around a block's end; both storage orders.
TEMPLATE_TEST_CASE("structured weights have Kruskal's forest, edge for edge", "[oracle]", float,
                   double, Eigen::half, Eigen::bfloat16) {
  support::Random random(23);
  for (int i = 0; i < 270; ++i) {
    const int rows = 20 + random.below(140);
    const int cols = 20 + random.below(140);
    const int blocks = 2 + random.below(6);
    const double coupling = std::pow(10.0, -random.below(5));
    std::vector<double> row_scale;
    std::vector<double> col_scale;
    for (int r = 0; r < rows; ++r) row_scale.push_back(random.uniform());
    for (int c = 0; c < cols; ++c) col_scale.push_back(random.uniform());
    naive::Matrix<TestType> weights(rows, cols);
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) {
        double value = 0;
        switch (i % 9) {
          case 0:
            value = random.uniform() * (r * blocks / rows == c * blocks / cols ? 1 : coupling);
            break;
          case 1:
            value = random.uniform() * (r % 16 == 3 || c % 16 == 5 ? 1e-4 : 1);
            break;
          case 2:
            value = row_scale[static_cast<std::size_t>(r)] * col_scale[static_cast<std::size_t>(c)];
            break;
          case 3:
            value = c == r || c == r + 1 ? 0.01 * (r + c + 1) : 0;
            break;
          case 4:
            value = r * cols + c;
            break;
          case 5:
            value = random.below(3);
            break;
          case 7:
            value = random.uniform() * (r % blocks == c % blocks ? 1 : coupling);
            break;
          case 6:
            value = (r < rows / 10 ? 0.9 : 0.3) + (c < cols * 9 / 10 ? 0.2 : 0) +
                    0.05 * random.uniform();
            break;
          default:
            value = random.below(40) == 0 ? random.normal() : 0;
        }
        weights(r, c) = static_cast<TestType>(static_cast<float>(value));
      }
    }
    const auto expected = naive::spanning_forest(weights);
    const dgp::RowMajorMatrix<TestType> by_row = weights;
    const auto columns = dgp::maximum_spanning_forest(weights);
    INFO("matrix " << i << ", " << rows << "x" << cols);
    REQUIRE(columns.edges == dgp::maximum_spanning_forest(by_row).edges);
    REQUIRE(columns.edges.size() == expected.size());
    for (std::size_t e = 0; e < expected.size(); ++e) {
      REQUIRE(columns.edges[e].row == expected[e].row);
      REQUIRE(columns.edges[e].col == expected[e].col);
      REQUIRE(same_bits(columns.edges[e].weight, expected[e].weight));
    }
  }
}

// Wider networks than the ten thousand above, so that thresholds and later rounds take part.
TEMPLATE_TEST_CASE("DGP of wider networks is NP of S, bit for bit", "[oracle]", float, double,
                   Eigen::half, Eigen::bfloat16) {
  support::Random random(29);
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    const auto layers = support::random_network<TestType>(random, 1 + random.below(4), 70);
    if (any_constant(layers)) continue;
    const auto values = naive::standardized(layers);
    if (values.empty()) continue;
    ++compared;
    INFO("network " << i);
    const auto expected = naive::deaths(naive::path_strength_matrix(values));
    const std::vector<dgp::RowMajorMatrix<TestType>> by_row(layers.begin(), layers.end());
    for (const auto& persistence : {dgp::deep_graph_persistence(layers, {.rescale = false}),
                                    dgp::deep_graph_persistence(by_row, {.rescale = false})}) {
      REQUIRE(same_deaths(persistence.diagram, expected));
    }
  }
  CHECK(compared > 20);
}
