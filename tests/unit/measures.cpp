// Small examples worked by hand, options, and every way to hand over a network.
#include <array>
#include <cmath>
#include <limits>
#include <list>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"

#ifdef DGP_TEST_MPREAL
#include <unsupported/Eigen/MPRealSupport>
#endif

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;

// Outputs 0 and 1, inputs 0, 1 and 2; forest: (0, 0) 4, (1, 0) 3, (1, 2) 2, (0, 1) 1.
MatrixXd example() {
  MatrixXd weights(2, 3);
  weights << 4, 1, 0.5, 3, -0.25, -2;
  return weights;
}

}  // namespace

TEST_CASE("the forest of a small layer", "[forest]") {
  const auto forest = dgp::maximum_spanning_forest(example().cwiseAbs());
  const std::vector<dgp::Edge<double>> expected{{0, 0, 4}, {1, 0, 3}, {1, 2, 2}, {0, 1, 1}};
  CHECK(forest.edges == expected);
  CHECK(forest.rows == 2);
  CHECK(forest.cols == 3);
}

TEST_CASE("signed weights are taken as they are by the forest", "[forest]") {
  const auto forest = dgp::maximum_spanning_forest(example());
  const std::vector<dgp::Edge<double>> expected{{0, 0, 4}, {1, 0, 3}, {0, 1, 1}, {0, 2, 0.5}};
  CHECK(forest.edges == expected);
}

TEST_CASE("equal weights are taken in the order of row and column", "[forest]") {
  const auto forest = dgp::maximum_spanning_forest(MatrixXf::Ones(3, 2));
  const std::vector<dgp::Edge<float>> expected{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {2, 0, 1}};
  CHECK(forest.edges == expected);
}

TEST_CASE("neural persistence of a small layer", "[neural persistence]") {
  // Deaths after division by 4: 1, 0.75, 0.5, 0.25.
  const auto np = dgp::neural_persistence(std::vector<MatrixXd>{example()});
  const double total = std::sqrt(1 + 0.0625 + 0.25 + 0.5625);
  CHECK(np.layers.at(0).total == Approx(total));
  CHECK(np.layers.at(0).normalized == Approx(total / 2));
  CHECK(np.sum == Approx(total));
  CHECK(np.mean_normalized == Approx(total / 2));

  const auto omitted =
      dgp::neural_persistence(example(), {.p = 1, .essential = dgp::EssentialClass::omitted});
  CHECK(omitted.sum == Approx(1.5));
  CHECK(omitted.mean_normalized == Approx(1.5 / 4));
  CHECK(dgp::neural_persistence(example(), {.p = 3}).sum ==
        Approx(std::cbrt(1 + 0.015625 + 0.125 + 0.421875)));
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(dgp::neural_persistence(example(), {.p = infinity}).sum == 1);
  CHECK(
      dgp::neural_persistence(example(), {.p = infinity, .essential = dgp::EssentialClass::omitted})
          .mean_normalized == 0.75);
}

TEST_CASE("weights above 1 are legal where no normalisation is asked for", "[neural persistence]") {
  const auto np = dgp::neural_persistence(example().cwiseAbs(),
                                          {.p = 1, .normalization = dgp::Normalization::none});
  CHECK(np.sum == Approx(1 + 3 + 2 + 1 + 0));
}

TEST_CASE("the bounds of a small layer", "[neural persistence]") {
  const auto bounds = dgp::neural_persistence_bounds(
      example(), {.p = 1, .essential = dgp::EssentialClass::omitted})[0];
  // Heaviest at the rows 1 and 0.75, at the columns 1, 0.25, 0.5; the root is row 0.
  CHECK(bounds.lower.total == Approx(0.25 + 0 + 0.75 + 0.5));
  CHECK(bounds.upper.total == Approx(0 + 0.25 + 0.75 + 0.5));
}

TEST_CASE("path strengths and deep graph persistence of a small network", "[deep graph]") {
  MatrixXd later(1, 2);
  later << 2.5, 5;
  const std::vector<MatrixXd> layers{example().cwiseAbs(), later};
  // S = (max(min(4, 2.5), min(3, 5)), max(min(1, 2.5), min(.25, 5)), max(min(.5, 2.5), min(2, 5)))
  const auto strengths = dgp::path_strength_matrix(layers);
  CHECK(strengths(0, 0) == 3);
  CHECK(strengths(0, 1) == 1);
  CHECK(strengths(0, 2) == 2);
  CHECK(dgp::max_min_product(later, layers[0]) == strengths);
  const auto raw = dgp::deep_graph_persistence(
      layers, {.p = 1, .normalization = dgp::Normalization::none, .rescale = false});
  CHECK(raw.total == Approx(1 + 2 + 1 + 0));
  CHECK(raw.normalized == Approx(4.0 / 3));
  const auto rescaled =
      dgp::deep_graph_persistence(layers, {.p = 1, .normalization = dgp::Normalization::none});
  CHECK(rescaled.total == Approx(1 + 0 + 1.0 / 3 + 2.0 / 3));

  const auto entry = dgp::entry_strengths(layers);
  REQUIRE(entry.size() == 3);
  CHECK(std::isinf(entry[0](2)));
  CHECK(entry[1](0) == 4);
  CHECK(entry[1](1) == 3);
  CHECK(entry[2](0) == 3);
  const auto exit = dgp::exit_strengths(layers);
  CHECK(exit[0](0) == 3);
  CHECK(exit[0](1) == 1);
  CHECK(exit[1](0) == 2.5);
  CHECK(std::isinf(exit[2](0)));
}

TEST_CASE("standardised weights are those of the definition", "[normalization]") {
  MatrixXd weights(2, 2);
  weights << 1, 2, 3, 6;  // mean 3, population deviation sqrt(3.5)
  const auto layers = dgp::normalized_layers(weights, dgp::Normalization::standardized);
  const double deviation = std::sqrt(3.5);
  const double largest = 3 / deviation;
  CHECK(layers[0](0, 0) == Approx(2 / deviation / largest));
  CHECK(layers[0](1, 0) == 0);
  CHECK(layers[0](1, 1) == 1);
}

TEST_CASE("the variance of the weights, per layer and over all", "[variance]") {
  MatrixXd first(1, 2);
  first << 4, -2;
  MatrixXd second(1, 1);
  second << 1;
  const std::vector<MatrixXd> layers{first, second};
  const auto variance = dgp::weight_variance(layers);  // of 1, 0.5, 0.25
  const double mean = 1.75 / 3;
  CHECK(variance.network ==
        Approx((std::pow(1 - mean, 2) + std::pow(0.5 - mean, 2) + std::pow(0.25 - mean, 2)) / 3));
  CHECK(variance.layers[0] == Approx(0.0625));
  CHECK(variance.layers[1] == 0);
}

TEST_CASE("any range of any dense expression is a network", "[concepts]") {
  const MatrixXf a = MatrixXf::Random(4, 3);
  const MatrixXf b = MatrixXf::Random(2, 4);
  const std::vector<MatrixXf> vector{a, b};
  const double expected = dgp::deep_graph_persistence(vector).total;
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Map = Eigen::Map<const MatrixXf>;

  CHECK(dgp::deep_graph_persistence(std::list<RowMajor>{a, b}).total == expected);
  CHECK(dgp::deep_graph_persistence(std::array<MatrixXf, 2>{a, b}).total == expected);
  CHECK(dgp::deep_graph_persistence(std::span(vector)).total == expected);
  CHECK(dgp::deep_graph_persistence(std::vector<Map>{Map(a.data(), 4, 3), Map(b.data(), 2, 4)})
            .total == expected);
  CHECK(dgp::deep_graph_persistence(std::vector<Eigen::Ref<const MatrixXf>>{vector[0], vector[1]})
            .total == expected);
  CHECK(dgp::deep_graph_persistence(std::vector<Eigen::ArrayXXf>{a.array(), b.array()}).total ==
        expected);
  CHECK(dgp::deep_graph_persistence(std::vector<dgp::NamedLayer<MatrixXf>>{{"a", a}, {"b", b}})
            .total == expected);
  const MatrixXf layers[] = {a, b};
  CHECK(dgp::deep_graph_persistence(layers).total == expected);
}

namespace {

// A range that makes each matrix on the fly: what it hands over is gone after the next step.
struct Generated {
  const std::vector<MatrixXf>* layers;
  struct iterator {
    using value_type = MatrixXf;
    using difference_type = std::ptrdiff_t;
    const std::vector<MatrixXf>* layers = nullptr;
    std::size_t at = 0;
    MatrixXf operator*() const { return (*layers)[at]; }
    iterator& operator++() {
      ++at;
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      ++at;
      return before;
    }
    bool operator==(const iterator&) const = default;
  };
  iterator begin() const { return {layers, 0}; }
  iterator end() const { return {layers, layers->size()}; }
};

}  // namespace

TEST_CASE("matrices that a range makes on the fly are kept for as long as they are read",
          "[concepts]") {
  const std::vector<MatrixXf> layers{MatrixXf::Random(40, 30), MatrixXf::Random(20, 40),
                                     MatrixXf::Random(30, 20)};
  CHECK(dgp::deep_graph_persistence(Generated{&layers}).diagram.pairs ==
        dgp::deep_graph_persistence(layers).diagram.pairs);
  // Small whole numbers, so that a product is exact in every order of summation.
  const MatrixXf a = (layers[0] * 8).array().round();
  const MatrixXf b = (layers[2] * 8).array().round();
  CHECK(dgp::neural_persistence(a * b).sum == dgp::neural_persistence(MatrixXf(a * b)).sum);
}

TEST_CASE("fixed sizes, vectors and single weights are layers", "[concepts]") {
  const Eigen::Matrix3f fixed = Eigen::Matrix3f::Random();
  CHECK(dgp::neural_persistence(fixed).sum == dgp::neural_persistence(MatrixXf(fixed)).sum);
  const Eigen::VectorXf column = Eigen::VectorXf::Random(5);
  CHECK(dgp::maximum_spanning_forest(column).edges.size() == 5);
  CHECK(dgp::maximum_spanning_forest(column.transpose()).edges.size() == 5);
  CHECK(dgp::neural_persistence(MatrixXf::Constant(1, 1, -3)).sum == 1);
}

#ifdef DGP_TEST_MPREAL
TEST_CASE("an arbitrary-precision scalar serves", "[concepts]") {
  mpfr::mpreal::set_default_prec(256);
  using Matrix = Eigen::Matrix<mpfr::mpreal, Eigen::Dynamic, Eigen::Dynamic>;
  const MatrixXd a = MatrixXd::Random(4, 3);
  const MatrixXd b = MatrixXd::Random(2, 4);
  const std::vector<Matrix> layers{a.cast<mpfr::mpreal>(), b.cast<mpfr::mpreal>()};
  const std::vector<MatrixXd> in_double{a, b};
  const auto np = dgp::neural_persistence(layers);
  CHECK(static_cast<double>(np.sum) == Approx(dgp::neural_persistence(in_double).sum));
  const auto deep = dgp::deep_graph_persistence(layers);
  CHECK(static_cast<double>(deep.total) == Approx(dgp::deep_graph_persistence(in_double).total));
  CHECK(dgp::path_strength_matrix(layers).rows() == 2);
}
#endif
