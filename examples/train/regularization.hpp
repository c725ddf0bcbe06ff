// Persistence as a part of the loss: what a training gains by weights that persist more, or less.
//
// in:  a network, a measure and a strength
// out: the gradient of loss - strength · measure
#pragma once

#include <cstddef>
#include <stdexcept>

#include <dgp/gradients.hpp>

#include "checks.hpp"
#include "options.hpp"
#include "perceptron.hpp"

namespace training {

// Of weights that have no measure, such as constant ones, nothing is added.
template <class Gradient>
void regularize(const perceptron::Network<float>& network, Regularizer regularizer, double strength,
                Gradient& gradient) {
  const auto layers = named_layers(network);
  const auto add = [&](const dgp::PersistenceGradient<float>& of_measure) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      of_measure.add_to(k, gradient[k].weights, -strength);
    }
  };
  try {
    if (regularizer == Regularizer::neural) add(dgp::neural_persistence_gradient(layers));
    if (regularizer == Regularizer::deep) add(dgp::deep_graph_persistence_gradient(layers));
  } catch (const std::domain_error&) {
  }
}

}  // namespace training
