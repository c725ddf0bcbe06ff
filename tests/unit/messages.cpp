// What messages say, to the letter: digits that tell a value from its neighbours, shapes as
// (fan_out x fan_in), layers by number and name.
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

namespace {

using dgp::detail::printed;
using Eigen::MatrixXd;
using Eigen::MatrixXf;

template <class Action>
std::string invalid(const Action& action) {
  return support::error_of<std::invalid_argument>(action);
}

long double read_back(const std::string& text) { return std::stold(text); }

template <class Scalar>
MatrixXf float_matrix(Eigen::Index rows, Eigen::Index cols, Scalar value) {
  return MatrixXf::Constant(rows, cols, static_cast<float>(value));
}

}  // namespace

TEST_CASE("a value in a message has the digits that tell it from its neighbours", "[messages]") {
  CHECK(printed(0.1F) == "0.100000001");
  CHECK(printed(0.1) == "0.10000000000000001");
  CHECK(printed(-2.5F) == "-2.5");
  CHECK(printed(1e30) == "1e+30");
  CHECK(printed(Eigen::half(0.1F)) == "0.0999756");
  CHECK(printed(Eigen::bfloat16(0.1F)) == "0.100098");
  CHECK(printed(std::numeric_limits<float>::infinity()) == "inf");
  support::Random random(71);
  for (int i = 0; i < 1'000; ++i) {
    const double value = random.normal() * std::exp(20 * random.normal());
    const auto in_float = static_cast<float>(value);
    const long double wide = static_cast<long double>(value) / 3;
    CHECK(static_cast<float>(read_back(printed(in_float))) == in_float);
    CHECK(static_cast<double>(read_back(printed(value))) == value);
    CHECK(read_back(printed(wide)) == wide);
    const Eigen::half half(static_cast<float>(random.normal()));
    const Eigen::bfloat16 bfloat16(static_cast<float>(random.normal()));
    CHECK(Eigen::half(static_cast<float>(read_back(printed(half)))) == half);
    CHECK(Eigen::bfloat16(static_cast<float>(read_back(printed(bfloat16)))) == bfloat16);
  }
}

TEST_CASE("a layer is named by its number, and by its name in one line", "[messages]") {
  CHECK(dgp::detail::layer_label(3, "") == "layer 3");
  CHECK(dgp::detail::layer_label(12, "fc.weight") == "layer 12 (fc.weight)");
  CHECK(dgp::detail::layer_label(0, "a\nb\x7f") == "layer 0 (a?b?)");
  CHECK(dgp::detail::quoted("a\tb") == "'a?b'");
}

TEST_CASE("shapes in messages are rows x columns, fan_out x fan_in", "[messages]") {
  CHECK(dgp::detail::shape(7, 3) == "7x3");
  const std::vector<dgp::NamedLayer<MatrixXf>> unchained{{"first", MatrixXf::Random(5, 2)},
                                                         {"second", MatrixXf::Random(3, 4)}};
  CHECK(invalid([&] { dgp::deep_graph_persistence(unchained); }) ==
        "layers do not chain: layer 0 (first) is 5x2 but layer 1 (second) is 3x4 "
        "(fan_out x fan_in)");
  CHECK(invalid([&] { dgp::max_min_product(unchained[0].weights, unchained[1].weights); }) ==
        "(max, min) product of 5x2 and 3x4: the inner sizes differ");
  CHECK(invalid([] { dgp::neural_persistence(MatrixXf(0, 3)); }) ==
        "layer 0: empty weight matrix (0x3)");
  CHECK(invalid([] { dgp::neural_persistence(std::vector<MatrixXf>{}); }) ==
        "empty network: it has no layers");

  float weight = 1;
  const Eigen::Index many = Eigen::Index{1} << 33;
  const auto too_long = [&](Eigen::Index rows, Eigen::Index cols) {
    return support::error_of<std::length_error>([&] {
      dgp::neural_persistence(
          Eigen::Map<const MatrixXf, 0, Eigen::Stride<0, 0>>(&weight, rows, cols));
    });
  };
  const std::string limits =
      " is past what the index type holds (at most 4294967295 neurons and 9223372036854775807 "
      "weights)";
  CHECK(too_long(many, 1) == "layer 0: 8589934592x1" + limits);
  CHECK(too_long(2, many) == "layer 0: 2x8589934592" + limits);
}

TEST_CASE("messages about values say where and what", "[messages]") {
  MatrixXf weights = MatrixXf::Random(4, 3);
  weights(2, 1) = -std::numeric_limits<float>::infinity();
  CHECK(invalid([&] { dgp::neural_persistence(weights); }) ==
        "layer 0, row 2, column 1: weight is -inf");
  weights = float_matrix(1, 2, 0.1);
  CHECK(support::error_of<std::domain_error>([&] { dgp::deep_graph_persistence(weights); }) ==
        "layer 0: its weights, from 0.100000001 to 0.100000001, cannot be standardised: their "
        "standard deviation is 0");
  MatrixXd values(1, 2);
  values << 1.5, 0.1;
  CHECK(invalid([&] {
          dgp::neural_persistence_bounds(values, {.normalization = dgp::Normalization::none});
        }) ==
        "bounds hold for filtration values in [0, 1], but values lie between "
        "0.10000000000000001 and 1.5");
}
