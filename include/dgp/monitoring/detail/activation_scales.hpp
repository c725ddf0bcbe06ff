// How G = weight * activation becomes a filtration value (ActivationScale), layer by layer of one
// sample's activation graph.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/presorted_layer.hpp>
#include <dgp/detail/keys/special_values.hpp>

namespace dgp::detail {

// By which G is divided, 1e-8 more, once its mean is taken off; `none`: G stays as it is.
enum class Deviation { none, sample, population };

[[noreturn]] inline void refuse_activation_overflow(std::size_t layer) {
  throw std::domain_error("layer " + std::to_string(layer) +
                          ": weights times activations overflow");
}

// in:  all layers of a network, and the activations of the inputs of each
// out: a scale for each layer, in place of those before
// Throws std::domain_error where values overflow, and for a layer of one weight, which has no
// sample deviation.
template <class Scalar>
void set_activation_scales(const std::vector<PresortedLayer<Scalar>>& layers,
                           const std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>& activations,
                           Deviation kind, std::vector<ActivationScale<Scalar>>& scales) {
  scales.assign(layers.size(), {});
  if (kind != Deviation::none) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      using Sum = sum_t<Scalar>;
      const auto count = static_cast<Sum>(layers[k].weights().size());
      const Sum freedom = kind == Deviation::sample ? count - Sum(1) : count;
      if (!(freedom > Sum(0))) {
        throw std::domain_error("layer " + std::to_string(k) +
                                ": one weight has no sample deviation");
      }
      const auto moments = layers[k].moments(activations[k]);
      using std::sqrt;
      scales[k].mean = static_cast<Scalar>(moments.mean);
      const Sum deviation = sqrt(Sum(moments.squares / freedom));
      scales[k].deviation = static_cast<Scalar>(Sum(deviation + Sum(1e-8)));
      const bool fits = is_finite(scales[k].mean) && is_finite(scales[k].deviation);
      if (!fits) refuse_activation_overflow(k);
      // Where all entries are equal but for rounding, all values are 0.
      const Sum rounding = static_cast<Sum>(Eigen::NumTraits<Scalar>::epsilon());
      if (deviation <= rounding * Eigen::numext::abs(moments.mean)) {
        scales[k].deviation = Eigen::NumTraits<Scalar>::infinity();
      }
    }
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Scalar most = layers[k].largest_weight() * activations[k].cwiseAbs().maxCoeff();
    if (!is_finite(Scalar(Scalar(most + most) / scales[k].deviation))) {
      refuse_activation_overflow(k);
    }
  }
}

// The value of the heaviest edge, or 1 where all are 0.
template <class Scalar>
Scalar largest_value_or_one(
    const std::vector<PresortedLayer<Scalar>>& layers,
    const std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>& activations,
    const std::vector<ActivationScale<Scalar>>& scales) {
  Scalar largest(0);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    largest = std::max(largest, layers[k].largest_value(activations[k], scales[k]));
  }
  return largest > Scalar(0) ? largest : Scalar(1);
}

}  // namespace dgp::detail
