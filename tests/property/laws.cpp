// Laws that hold for every weight matrix, in every scalar type, on seeded random matrices.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/deaths.hpp"
#include "../support/random_network.hpp"

namespace {

using support::deaths_of;
using support::Kind;
using support::Matrix;
using support::Random;

template <class Scalar>
std::vector<Scalar> deaths(const dgp::SpanningForest<Scalar>& forest) {
  std::vector<Scalar> values;
  for (const auto& edge : forest.edges) values.push_back(edge.weight);
  return values;
}

std::vector<int> permutation(Random& random, int size) {
  std::vector<int> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  for (int i = size - 1; i > 0; --i) {
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(random.below(i + 1))]);
  }
  return order;
}

template <class Scalar>
Matrix<Scalar> permuted(const Matrix<Scalar>& weights, const std::vector<int>& rows,
                        const std::vector<int>& cols) {
  Matrix<Scalar> result(weights.rows(), weights.cols());
  for (int r = 0; r < weights.rows(); ++r) {
    for (int c = 0; c < weights.cols(); ++c) {
      result(r, c) = weights(rows[static_cast<std::size_t>(r)], cols[static_cast<std::size_t>(c)]);
    }
  }
  return result;
}

// Calls law(weights, random) for many matrices of every kind and of many shapes.
template <class Scalar, class Law>
void for_random_matrices(const Law& law) {
  Random random(99);
  for (int i = 0; i < 400; ++i) {
    const auto kind = static_cast<Kind>(i % static_cast<int>(Kind::count));
    const int most = i % 20 == 0 ? 40 : 9;
    INFO("matrix " << i);
    law(support::random_matrix<Scalar>(random, kind, 1 + random.below(most),
                                       1 + random.below(most)),
        random);
  }
}

}  // namespace

#define EVERY_SCALAR float, double, long double, Eigen::half, Eigen::bfloat16

TEMPLATE_TEST_CASE("a forest has a tree's edges, in order", "[property]", EVERY_SCALAR) {
  for_random_matrices<TestType>([](const auto& weights, Random&) {
    const auto forest = dgp::maximum_spanning_forest(weights);
    REQUIRE(static_cast<dgp::Index>(forest.edges.size()) == weights.rows() + weights.cols() - 1);
    for (std::size_t i = 0; i < forest.edges.size(); ++i) {
      const auto& edge = forest.edges[i];
      REQUIRE(edge.weight == weights(edge.row, edge.col));
      if (i == 0) continue;
      const auto& before = forest.edges[i - 1];
      const bool in_order =
          before.weight > edge.weight ||
          (before.weight == edge.weight &&
           (before.row < edge.row || (before.row == edge.row && before.col < edge.col)));
      REQUIRE(in_order);
    }
    // edges + components = vertices
    const auto diagram = dgp::persistence_diagram(forest);
    REQUIRE(diagram.essential_classes == 1);
    REQUIRE(diagram.vertices() == weights.rows() + weights.cols());
  });
}

TEMPLATE_TEST_CASE("each neuron's heaviest edge is in the forest", "[property]", EVERY_SCALAR) {
  for_random_matrices<TestType>([](const auto& weights, Random&) {
    const auto forest = dgp::maximum_spanning_forest(weights);
    for (int r = 0; r < weights.rows(); ++r) {
      REQUIRE(std::any_of(forest.edges.begin(), forest.edges.end(), [&](const auto& edge) {
        return edge.row == r && edge.weight == weights.row(r).maxCoeff();
      }));
    }
    for (int c = 0; c < weights.cols(); ++c) {
      REQUIRE(std::any_of(forest.edges.begin(), forest.edges.end(), [&](const auto& edge) {
        return edge.col == c && edge.weight == weights.col(c).maxCoeff();
      }));
    }
  });
}

TEMPLATE_TEST_CASE("deaths do not change under transpose, permutation and storage order",
                   "[property]", EVERY_SCALAR) {
  using RowMajor = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for_random_matrices<TestType>([](const auto& weights, Random& random) {
    const auto expected = deaths(dgp::maximum_spanning_forest(weights));
    REQUIRE(deaths(dgp::maximum_spanning_forest(weights.transpose())) == expected);
    const RowMajor row_major = weights;
    REQUIRE(dgp::maximum_spanning_forest(row_major).edges ==
            dgp::maximum_spanning_forest(weights).edges);
    const auto shuffled =
        permuted<TestType>(weights, permutation(random, static_cast<int>(weights.rows())),
                           permutation(random, static_cast<int>(weights.cols())));
    REQUIRE(deaths(dgp::maximum_spanning_forest(shuffled)) == expected);
  });
}

TEMPLATE_TEST_CASE("strided maps, blocks and expressions are read as what they show", "[property]",
                   EVERY_SCALAR) {
  for_random_matrices<TestType>([](const Matrix<TestType>& weights, Random&) {
    const auto expected = dgp::maximum_spanning_forest(weights).edges;
    Matrix<TestType> padded =
        Matrix<TestType>::Constant(2 * weights.rows() + 1, weights.cols() + 3, TestType(77));
    for (int r = 0; r < weights.rows(); ++r) {
      for (int c = 0; c < weights.cols(); ++c) padded(2 * r, c + 1) = weights(r, c);
    }
    const Eigen::Map<const Matrix<TestType>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> map(
        padded.data() + padded.rows(), weights.rows(), weights.cols(), {padded.rows(), 2});
    REQUIRE(dgp::maximum_spanning_forest(map).edges == expected);
    Matrix<TestType> framed(weights.rows() + 2, weights.cols() + 2);
    framed.setConstant(TestType(55));
    framed.block(1, 1, weights.rows(), weights.cols()) = weights;
    REQUIRE(
        dgp::maximum_spanning_forest(framed.block(1, 1, weights.rows(), weights.cols())).edges ==
        expected);
    REQUIRE(dgp::maximum_spanning_forest(weights.array() * TestType(1)).edges == expected);
    REQUIRE(dgp::maximum_spanning_forest(weights.rowwise().reverse().rowwise().reverse()).edges ==
            expected);
  });
}

TEMPLATE_TEST_CASE("scaling by a power of two scales deaths and leaves measures", "[property]",
                   EVERY_SCALAR) {
  for_random_matrices<TestType>([](const auto& weights, Random&) {
    const Matrix<TestType> doubled = weights * TestType(2);
    auto scaled = deaths(dgp::maximum_spanning_forest(weights));
    for (auto& death : scaled) death = death * TestType(2);
    REQUIRE(deaths(dgp::maximum_spanning_forest(doubled)) == scaled);
    REQUIRE(dgp::neural_persistence(doubled).sum == dgp::neural_persistence(weights).sum);
  });
}

TEMPLATE_TEST_CASE("the forest of a union is the forest of the forests' union", "[property]",
                   EVERY_SCALAR) {
  for_random_matrices<TestType>([](const auto& weights, Random& random) {
    // Upper and lower rows apart; what neither forest keeps is far below everything else.
    if (weights.rows() < 2) return;
    const int cut = 1 + random.below(static_cast<int>(weights.rows()) - 1);
    const TestType absent(-1000);
    Matrix<TestType> kept = Matrix<TestType>::Constant(weights.rows(), weights.cols(), absent);
    for (const auto& edge : dgp::maximum_spanning_forest(weights.topRows(cut)).edges) {
      kept(edge.row, edge.col) = edge.weight;
    }
    for (const auto& edge :
         dgp::maximum_spanning_forest(weights.bottomRows(weights.rows() - cut)).edges) {
      kept(cut + edge.row, edge.col) = edge.weight;
    }
    REQUIRE(dgp::maximum_spanning_forest(kept).edges ==
            dgp::maximum_spanning_forest(weights).edges);
  });
}

TEMPLATE_TEST_CASE("normalised persistence stays within its range and its bounds", "[property]",
                   EVERY_SCALAR) {
  for_random_matrices<TestType>([](const auto& weights, Random&) {
    const double neurons = static_cast<double>(weights.rows() + weights.cols());
    for (const double p : {1.0, 1.5, 2.0, 5.0, std::numeric_limits<double>::infinity()}) {
      for (const auto essential :
           {dgp::EssentialClass::dies_at_zero, dgp::EssentialClass::omitted}) {
        const dgp::NeuralPersistenceOptions options{.p = p, .essential = essential};
        const auto layer = dgp::neural_persistence(weights, options).layers[0];
        const auto bounds = dgp::neural_persistence_bounds(weights, options)[0];
        INFO("p = " << p);
        const double slack = 1e-12;
        REQUIRE(static_cast<double>(layer.normalized) >= 0);
        const bool with_essential = essential == dgp::EssentialClass::dies_at_zero;
        const double most =
            with_essential && !std::isinf(p) ? std::pow(neurons / (neurons - 1), 1 / p) : 1;
        REQUIRE(static_cast<double>(layer.normalized) <= most + slack);
        REQUIRE(bounds.lower.total <= layer.total + slack);
        REQUIRE(layer.total <= bounds.upper.total + slack);
        REQUIRE(bounds.lower.normalized <= layer.normalized + slack);
        REQUIRE(layer.normalized <= bounds.upper.normalized + slack);
      }
    }
  });
}

TEMPLATE_TEST_CASE("the (max, min) product is associative and monotone", "[property]",
                   EVERY_SCALAR) {
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    const auto layers = support::random_network<TestType>(random, 3, 9);
    const auto& a = layers[2];
    const auto& b = layers[1];
    const auto& c = layers[0];
    REQUIRE(dgp::max_min_product(a, dgp::max_min_product(b, c)) ==
            dgp::max_min_product(dgp::max_min_product(a, b), c));
    const Matrix<TestType> larger = b.array() + TestType(1);
    REQUIRE((dgp::max_min_product(larger, c).array() >= dgp::max_min_product(b, c).array()).all());
  }
}

TEMPLATE_TEST_CASE("deep graph persistence turns with the network", "[property]", EVERY_SCALAR) {
  Random random(6);
  for (int i = 0; i < 300; ++i) {
    const auto layers = support::random_network<TestType>(random, 1 + random.below(4), 9);
    std::vector<Matrix<TestType>> backwards;
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
      backwards.push_back(layer->transpose());
    }
    const dgp::DeepGraphPersistenceOptions options{.normalization = dgp::Normalization::max_abs};
    REQUIRE(deaths_of(dgp::deep_graph_persistence(layers, options)) ==
            deaths_of(dgp::deep_graph_persistence(backwards, options)));
  }
}
