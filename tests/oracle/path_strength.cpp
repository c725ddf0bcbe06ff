// Path strengths against the definition, bit for bit, where products and sweeps take a turn that
// small random networks do not make them take.
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "naive.hpp"

namespace {

template <class Scalar>
using Matrix = naive::Matrix<Scalar>;

template <class Scalar>
Scalar number(double value) {
  return static_cast<Scalar>(static_cast<float>(value));
}

}  // namespace

// A row of the product is found from the heaviest entries of the left matrix alone, unless they
// meet the lightest of the right one, or too many are as heavy: whether that happens may differ
// from row to row and from column to column.
TEMPLATE_TEST_CASE("products in which few entries do, and in which they do not", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(61);
  constexpr int inner = 400;
  for (int i = 0; i < 48; ++i) {
    const int rows = 1 + random.below(12);
    const int cols = 1 + random.below(70);
    Matrix<TestType> a(rows, inner);
    Matrix<TestType> b(inner, cols);
    const int left = i % 4;
    const int right = i / 4 % 4;
    for (int k = 0; k < inner; ++k) {
      const double descending = 1 - (k + random.uniform()) / inner;
      for (int row = 0; row < rows; ++row) {
        const bool contrary = left == 1 || (left == 2 && row % 5 < 3);
        a(row, k) = number<TestType>(left == 3 ? 1 : contrary ? descending : random.uniform());
      }
      for (int col = 0; col < cols; ++col) {
        const bool contrary =
            right == 1 || (right == 2 && col / 16 % 2 == 0) || (right == 3 && col % 8 == 5);
        b(k, col) = number<TestType>(contrary ? 1 - descending : random.uniform());
      }
    }
    INFO("product " << i << ", " << rows << "x" << inner << "x" << cols);
    const auto expected = naive::max_min_product(a, b);
    REQUIRE(dgp::max_min_product(a, b) == expected);
    REQUIRE(dgp::path_strength_matrix(std::vector<Matrix<TestType>>{b, a}) == expected);
  }
}

// A layer's neurons seldom fill whole blocks. The last one here is weakly reached, but its weights
// are heavy: were anything but its own cap in force where it is repeated to the end of the block,
// its edges would be too strong.
TEMPLATE_TEST_CASE("the last neuron of a layer is capped as any other", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  support::Random random(67);
  for (int width = 2; width <= 70; ++width) {
    for (const bool turned : {false, true}) {
      std::vector<Matrix<TestType>> layers{Matrix<TestType>(width, 3), Matrix<TestType>(4, width),
                                           Matrix<TestType>(2, 4)};
      const auto fill = [&](auto&& weights, double most) {
        for (auto& weight : weights.reshaped()) {
          weight = number<TestType>(most * (0.5 + random.uniform() / 2));
        }
      };
      fill(layers[0], 1);
      fill(layers[1], 0.25);
      fill(layers[2], 1);
      fill(layers[0].row(width - 1), 0.0625);
      fill(layers[1].col(width - 1), 1);
      if (turned) {
        layers = {layers[2].transpose(), layers[1].transpose(), layers[0].transpose()};
      }
      INFO(width << " neurons, " << (turned ? "outputs" : "inputs") << " first");
      const auto check = [&](const auto& network) {
        for (const auto normalization : {dgp::Normalization::none, dgp::Normalization::max_abs,
                                         dgp::Normalization::standardized}) {
          const auto values = normalization == dgp::Normalization::none ? layers
                              : normalization == dgp::Normalization::max_abs
                                  ? naive::scaled_together(layers)
                                  : naive::standardized(layers);
          if (values.empty()) continue;
          const auto expected = naive::path_strength_matrix(values);
          const auto entry = dgp::entry_strengths(network, {.normalization = normalization});
          const auto exit = dgp::exit_strengths(network, {.normalization = normalization});
          for (int r = 0; r < expected.rows(); ++r) {
            REQUIRE(entry.back()(r) == expected.row(r).maxCoeff());
          }
          for (int c = 0; c < expected.cols(); ++c) {
            REQUIRE(exit.front()(c) == expected.col(c).maxCoeff());
          }
          const auto deaths = naive::deaths(expected);
          const auto persistence = dgp::deep_graph_persistence(
              network, {.normalization = normalization, .rescale = false});
          REQUIRE(persistence.diagram.pairs.size() == deaths.size());
          for (std::size_t e = 0; e < deaths.size(); ++e) {
            REQUIRE(persistence.diagram.pairs[e].death == deaths[e]);
          }
        }
      };
      check(layers);
      check(std::vector<dgp::RowMajorMatrix<TestType>>(layers.begin(), layers.end()));
    }
  }
}
