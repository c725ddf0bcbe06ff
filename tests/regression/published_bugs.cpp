// Bugs of published code in this field, each told and kept out.
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"

// A buffer from NumPy or PyTorch is row-major; a library that assumes Eigen's default order reads
// it as its transpose when square, and as garbage when not. Deaths hide the first case, since they
// do not change under transposition, but edges and products show it.
TEST_CASE("a row-major buffer is not read as column-major", "[regression]") {
  const std::vector<float> buffer{1, 9, 3, 4, 5, 6, 7, 8, 2};
  using RowMajor = Eigen::Matrix<float, 3, 3, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> weights(buffer.data());
  const auto forest = dgp::maximum_spanning_forest(weights);
  CHECK(forest.edges.front() == dgp::Edge<float>{0, 1, 9});
  const auto identity = Eigen::Matrix3f::Identity() * 100;
  const auto product = dgp::max_min_product(weights, identity);
  CHECK(product(0, 1) == 9);
  CHECK(product(1, 0) == 4);
}

// Normalising a network of zeros divides 0 by 0: the published code returns NaN.
TEST_CASE("a network of zeros has a neural persistence", "[regression]") {
  CHECK(dgp::neural_persistence(Eigen::MatrixXf::Zero(4, 5)).sum == Approx(3.0));
}

// A comparison with NaN is always false, so one NaN breaks the strict weak ordering that a sort
// relies on: undefined behaviour, in practice a wrong forest without a word.
TEST_CASE("a NaN is refused before anything is sorted", "[regression]") {
  Eigen::MatrixXf weights = Eigen::MatrixXf::Random(30, 30);
  weights(29, 29) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(dgp::maximum_spanning_forest(weights), std::invalid_argument);
}

// With an unstable sort and no rule for ties, the forest depends on the platform's sort.
TEST_CASE("ties are broken by row, then column", "[regression]") {
  Eigen::MatrixXf weights(3, 3);
  weights << 1, 2, 2, 2, 1, 2, 2, 2, 1;
  const std::vector<dgp::Edge<float>> expected{
      {0, 1, 2}, {0, 2, 2}, {1, 0, 2}, {1, 2, 2}, {2, 0, 2}};
  CHECK(dgp::maximum_spanning_forest(weights).edges == expected);
}

// The published pipeline drops pairs that die at exactly 1. They add nothing to the total, but a
// diagram has as many finite pairs as it has neurons less one.
TEST_CASE("pairs that die at birth are kept in the diagram", "[regression]") {
  const auto np = dgp::neural_persistence(Eigen::MatrixXf::Constant(2, 2, 3));
  CHECK(np.layers[0].diagram.pairs.size() == 3);
  CHECK(np.layers[0].total == 1);
}

// Negative zero is equal to zero but not the same bits; a death of -0 would print as "-0".
TEST_CASE("no death is a negative zero", "[regression]") {
  Eigen::MatrixXf weights(2, 2);
  weights << 1, -0.0F, -0.0F, -0.0F;
  for (const auto normalization : {dgp::Normalization::max_abs, dgp::Normalization::none}) {
    const auto deep = dgp::deep_graph_persistence(weights, {.normalization = normalization});
    for (const auto& pair : deep.diagram.pairs) CHECK_FALSE(std::signbit(pair.death));
  }
}
