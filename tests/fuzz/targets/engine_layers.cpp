// Forests, products, path strengths, neural persistence and deep graph persistence of small
// networks of layers, against the naive versions: bytes decide scalar type, shapes, weights and
// options.
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <dgp/dgp.hpp>

#include "../../oracle/against_naive.hpp"
#include "../../oracle/naive.hpp"
#include "../../support/fuzz_target.hpp"
#include "../../support/random_network.hpp"
#include "../../support/some_scalar.hpp"

namespace {

using dgp::Normalization;
using support::Random;

template <class Scalar>
using Layers = std::vector<naive::Matrix<Scalar>>;

// Of zeros, the sign is that of a weight in forests, and any in what compares weights.
template <class Scalar>
naive::Matrix<Scalar> without_negative_zero(naive::Matrix<Scalar> weights) {
  for (auto& weight : weights.reshaped()) {
    if (weight == Scalar(0)) weight = Scalar(0);
  }
  return weights;
}

double some_order(Random& random) {
  constexpr std::array orders{2.0, 1.0, 1.5, 3.0, std::numeric_limits<double>::infinity()};
  return orders[static_cast<std::size_t>(random.below(static_cast<int>(orders.size())))];
}

template <class Scalar>
std::string mistake_of_normalized(const Layers<Scalar>& layers, const Layers<Scalar>& values,
                                  Normalization normalization, Random& random) {
  const auto normalized = dgp::normalized_layers(layers, normalization);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (!support::same_matrix(normalized[k], values[k])) return "other normalised values";
  }
  const std::string of_layers =
      oracle::mistake_of_np(layers, values, normalization, some_order(random));
  if (!of_layers.empty()) return of_layers;
  const std::string of_strengths = oracle::mistake_of_strengths(layers, values, normalization);
  return of_strengths.empty() ? oracle::mistake_of_dgp(layers, values, normalization)
                              : of_strengths;
}

template <class Scalar>
std::string mistake_of_standardized(const Layers<Scalar>& layers, Random& random) {
  const bool constant = std::any_of(layers.begin(), layers.end(), naive::constant<Scalar>);
  const auto values = constant ? Layers<Scalar>() : naive::standardized(layers);
  const bool open = !constant && values.empty();  // the definition leaves a last bit to the library
  if (open) return "";
  const bool defined = !constant && naive::all_finite(values);
  try {
    dgp::deep_graph_persistence(layers);
  } catch (const std::domain_error&) {
    return defined ? "a network that has values is refused" : "";
  }
  if (!defined) return "a network without values is measured";
  return mistake_of_normalized(layers, values, Normalization::standardized, random);
}

template <class Scalar>
std::string mistake_of_network(Random& random) {
  const int most_neurons = random.below(8) == 0 ? 40 : 8;
  const bool is_signed = random.below(3) > 0;
  const int method = random.below(4);
  const auto layers =
      support::random_network<Scalar>(random, 1 + random.below(6), most_neurons, is_signed);
  switch (method) {
    case 0: {
      const std::string mistake =
          oracle::mistake_of_np(layers, layers, Normalization::none, some_order(random));
      if (!mistake.empty()) return mistake;
      Layers<Scalar> values;
      for (const auto& layer : layers) values.push_back(without_negative_zero(layer));
      return oracle::mistake_of_strengths(values, values, Normalization::none);
    }
    case 1:
      return oracle::mistake_of_raw_dgp(layers, random.below(2) == 0);
    case 2:
      return mistake_of_normalized(layers, naive::scaled_together(layers), Normalization::max_abs,
                                   random);
    default:
      return mistake_of_standardized(layers, random);
  }
}

template <class Scalar>
std::string mistake_of_matrices(Random& random) {
  const auto some_kind = [&] {
    return static_cast<support::Kind>(random.below(static_cast<int>(support::Kind::count)));
  };
  const int most = random.below(8) == 0 ? 70 : 12;
  const int rows = 1 + random.below(most);
  const int inner = 1 + random.below(most);
  const auto a = support::random_matrix<Scalar>(random, some_kind(), rows, inner);
  const std::string mistake = oracle::mistake_of_forest(a);
  if (!mistake.empty()) return mistake;
  const auto b = support::random_matrix<Scalar>(random, some_kind(), inner, 1 + random.below(most));
  return oracle::mistake_of_product(without_negative_zero(a), without_negative_zero(b));
}

const support::FuzzTarget target("engine_layers", [](const std::string& bytes) {
  Random random(bytes);
  return support::with_some_scalar(random, [&]<class Scalar>(std::type_identity<Scalar>) {
    return random.below(4) == 0 ? mistake_of_matrices<Scalar>(random)
                                : mistake_of_network<Scalar>(random);
  });
});

}  // namespace
