// The activation functions of the perceptrons whose activation graphs are looked at.
#pragma once

#include <Eigen/Core>

#include <dgp/detail/requirements.hpp>

namespace dgp {

// Of the hidden layers, max(x, 0), tanh(x) or 1 / (1 + exp(-x)); the last layer is linear.
enum class Activation { relu, tanh, sigmoid };

namespace detail {

// In place.
template <class Scalar>
void activate(Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& values, Activation activation) {
  switch (activation) {
    case Activation::relu:
      values = values.cwiseMax(Scalar(0));
      return;
    case Activation::tanh:
      values = values.array().tanh().matrix();
      return;
    case Activation::sigmoid:
      values = (Scalar(1) + (-values.array()).exp()).inverse().matrix();
      return;
  }
}

}  // namespace detail
}  // namespace dgp
