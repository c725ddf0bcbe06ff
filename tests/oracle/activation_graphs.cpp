// The forest of one sample's activation graph against the definitions, bit for bit: G is made,
// scaled and multiplied out here, while the library never looks at most of it.
#include <algorithm>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <dgp/monitoring/activation_graph.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "naive.hpp"

namespace {

using dgp::detail::values_of;

template <class Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

// As behind a relu: many are 0, some equal.
template <class Scalar>
Vector<Scalar> random_activations(support::Random& random, Eigen::Index count) {
  Vector<Scalar> activations(count);
  const int kind = random.below(4);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double value = kind == 0 ? 0.5 * random.below(3) : random.normal();
    const bool dead = kind == 1 && random.below(5) > 0;
    activations(i) = static_cast<Scalar>(static_cast<float>(dead ? 0 : value));
  }
  return activations;
}

template <class Scalar>
void compare(int networks, int most_layers, int most_neurons, std::uint64_t seed) {
  using Matrix = naive::Matrix<Scalar>;
  support::Random random(seed);
  dgp::detail::SampleForest<Scalar> forest;  // one workspace for all
  for (int network = 0; network < networks; ++network) {
    const auto layers =
        support::random_network<Scalar>(random, 1 + random.below(most_layers), most_neurons);
    std::vector<dgp::detail::PresortedLayer<Scalar>> presorted;
    std::vector<Vector<Scalar>> activations;
    std::vector<dgp::detail::ActivationScale<Scalar>> scales;
    std::vector<Matrix> values;
    const bool standardize = random.below(2) == 0;
    for (const auto& layer : layers) {
      presorted.emplace_back(dgp::detail::view_of(layer));
      activations.push_back(random_activations<Scalar>(random, layer.cols()));
      dgp::detail::ActivationScale<Scalar> scale;
      if (standardize) {
        scale.mean = static_cast<Scalar>(static_cast<float>(0.3 * random.normal()));
        scale.deviation = static_cast<Scalar>(static_cast<float>(0.1 + random.uniform()));
      }
      scales.push_back(scale);
      Matrix value(layer.rows(), layer.cols());
      for (int r = 0; r < layer.rows(); ++r) {
        for (int c = 0; c < layer.cols(); ++c) {
          const auto product = static_cast<Scalar>(layer(r, c) * activations.back()(c));
          const auto distance = static_cast<Scalar>(product - scale.mean);
          value(r, c) = Eigen::numext::abs(static_cast<Scalar>(distance / scale.deviation));
        }
      }
      values.push_back(value);
    }
    CAPTURE(network, layers.size());

    const Matrix strengths = naive::path_strength_matrix(values);
    forest.set_layers(presorted, 0, layers.size(), activations, scales);
    REQUIRE(values_of(forest.terminal_merges()) == naive::deaths(strengths));
    // As wide numbers: Eigen 3.4 has no maxima of half precision by row for AVX-512.
    const auto wide = [](const auto& numbers) {
      return numbers.template cast<long double>().eval();
    };
    REQUIRE(wide(forest.exit_strengths()) == wide(strengths).colwise().maxCoeff().transpose());
    REQUIRE(wide(forest.entry_strengths()) == wide(strengths).rowwise().maxCoeff());

    const auto k = static_cast<std::size_t>(random.below(static_cast<int>(layers.size())));
    forest.set_layers(presorted, k, 1, activations, scales);
    REQUIRE(values_of(forest.terminal_merges()) == naive::deaths(values[k]));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the forest of an activation graph is that of G, bit for bit", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  compare<TestType>(4000, 5, 8, 1);
  compare<TestType>(60, 4, 60, 2);
}

TEST_CASE("the forest of a wide activation graph is that of G, bit for bit", "[oracle]") {
  compare<float>(12, 4, 200, 3);
  compare<double>(6, 2, 300, 4);
}
