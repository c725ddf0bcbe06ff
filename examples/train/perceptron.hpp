// A multilayer perceptron and its training by Adam, as far as dgp-train needs them.
//
// in:  images as the columns of a matrix, their labels, a seed
// out: weights, biases and, where wanted, what batch normalisation learns
//
// From layer to layer: linear map, batch normalisation, activation, dropout; after the last linear
// map softmax, measured by the cross-entropy. Every random number comes from one seeded generator
// and nothing runs in parallel, so a training repeats itself bit by bit. The scalar type is free
// because gradients are tested against differences, which takes double.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "../splitmix.hpp"

namespace perceptron {

using Eigen::Index;

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using Weights = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

// The standard's engines are the same everywhere, its distributions are not: these are written out.
class Random {
 public:
  // Streams of one seed are independent of each other: what one is asked for changes no other.
  Random(std::uint64_t seed, std::uint64_t stream)
      : engine_(splitmix::mixed(splitmix::mixed(seed) + stream)) {}

  // In [0, 1).
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  // In [0, count); the bias is below count / 2^64.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }

  template <class Value>
  void shuffle(std::vector<Value>& values) {
    for (std::size_t left = values.size(); left > 1; --left) {
      std::swap(values[left - 1], values[below(left)]);
    }
  }

 private:
  std::mt19937_64 engine_;
};

enum class Activation { relu, tanh, sigmoid };

struct Design {
  std::vector<Index> widths;  // neurons per layer, from the inputs to the classes
  Activation activation = Activation::relu;
  double dropout = 0;  // share of hidden neurons left out of each image in training, in [0, 1)
  bool batch_norm = false;
};

// What one layer learns; also its gradient, and each of Adam's moments.
template <class Scalar>
struct Layer {
  Weights<Scalar> weights;  // fan_out x fan_in
  Vector<Scalar> bias;
  Vector<Scalar> scale;  // of batch normalisation behind the linear map; empty without
  Vector<Scalar> shift;
};

// Mean and variance that batch normalisation uses outside of training.
template <class Scalar>
struct RunningMoments {
  Vector<Scalar> mean;
  Vector<Scalar> variance;
};

template <class Scalar>
struct Network {
  Design design;
  std::vector<Layer<Scalar>> layers;
  std::vector<RunningMoments<Scalar>> moments;  // one for each hidden layer, or none
};

// Calls function with each array of the layers, and with its counterpart in the others.
template <class Function, class Layers, class... Others>
void for_each_array(const Function& function, Layers& layers, Others&... others) {
  for (std::size_t k = 0; k < layers.size(); ++k) {
    function(layers[k].weights, others[k].weights...);
    function(layers[k].bias, others[k].bias...);
    function(layers[k].scale, others[k].scale...);
    function(layers[k].shift, others[k].shift...);
  }
}

template <class Scalar>
std::vector<Layer<Scalar>> zeros_like(std::vector<Layer<Scalar>> layers) {
  for_each_array([](auto& array) { array.setZero(); }, layers);
  return layers;
}

// Weights after Glorot and Bengio 2010 (Xavier), uniform; biases zero.
template <class Scalar>
Network<Scalar> initialized(const Design& design, Random& random) {
  Network<Scalar> network{design, {}, {}};
  for (std::size_t k = 0; k + 1 < design.widths.size(); ++k) {
    const Index inputs = design.widths[k];
    const Index outputs = design.widths[k + 1];
    const double bound = std::sqrt(6 / static_cast<double>(inputs + outputs));
    Layer<Scalar> layer{Weights<Scalar>(outputs, inputs), Vector<Scalar>::Zero(outputs), {}, {}};
    for (Index i = 0; i < layer.weights.size(); ++i) {
      layer.weights.data()[i] = static_cast<Scalar>(bound * (2 * random.uniform() - 1));
    }
    if (design.batch_norm && k + 2 < design.widths.size()) {
      layer.scale = Vector<Scalar>::Ones(outputs);
      layer.shift = Vector<Scalar>::Zero(outputs);
      network.moments.push_back({Vector<Scalar>::Zero(outputs), Vector<Scalar>::Ones(outputs)});
    }
    network.layers.push_back(std::move(layer));
  }
  return network;
}

// Added to variances, so that a neuron that is constant in a batch divides by more than zero.
template <class Scalar>
constexpr auto least_variance = static_cast<Scalar>(1e-5);

template <class Scalar>
void activate(Matrix<Scalar>& values, Activation activation) {
  switch (activation) {
    case Activation::relu:
      values = values.cwiseMax(Scalar(0));
      break;
    case Activation::tanh:
      values = values.array().tanh();
      break;
    case Activation::sigmoid:
      values = (Scalar(1) + (-values.array()).exp()).inverse();
      break;
  }
}

// Turns the gradient by a neuron's output into that by its input; the output suffices for it.
template <class Scalar>
void deactivate(Matrix<Scalar>& gradient, const Matrix<Scalar>& outputs, Activation activation) {
  switch (activation) {
    case Activation::relu:
      gradient.array() *= (outputs.array() > Scalar(0)).template cast<Scalar>();
      break;
    case Activation::tanh:
      gradient.array() *= Scalar(1) - outputs.array().square();
      break;
    case Activation::sigmoid:
      gradient.array() *= outputs.array() * (Scalar(1) - outputs.array());
      break;
  }
}

// What the way back needs of a hidden layer's way forward.
template <class Scalar>
struct Trace {
  Matrix<Scalar> normalized;         // before scale and shift; empty without batch normalisation
  Vector<Scalar> inverse_deviation;  // that the values were multiplied by
  Matrix<Scalar> activated;
  Matrix<Scalar> kept;     // 0, or 1 / the share kept; empty without dropout
  Matrix<Scalar> outputs;  // what the next layer is given
};

// Normalises each neuron over the batch, and lets the running moments follow.
template <class Scalar>
void normalize(Matrix<Scalar>& values, const Layer<Scalar>& layer, RunningMoments<Scalar>& running,
               Trace<Scalar>& trace) {
  constexpr auto pace = static_cast<Scalar>(0.1);
  const auto count = static_cast<Scalar>(values.cols());
  const Vector<Scalar> mean = values.rowwise().mean();
  values.colwise() -= mean;
  const Vector<Scalar> variance = values.rowwise().squaredNorm() / count;
  // The estimate for all images, of which the batch is a sample.
  const Scalar unbiased = values.cols() > 1 ? count / (count - Scalar(1)) : Scalar(1);
  running.mean += pace * (mean - running.mean);
  running.variance += pace * (unbiased * variance - running.variance);
  trace.inverse_deviation = (variance.array() + least_variance<Scalar>).rsqrt();
  values.array().colwise() *= trace.inverse_deviation.array();
  trace.normalized = values;
  values.array().colwise() *= layer.scale.array();
  values.colwise() += layer.shift;
}

// Turns the gradient by the normalised values into that by the values before: the batch's mean and
// variance depend on each of them too.
template <class Scalar>
void denormalize(Matrix<Scalar>& gradient, const Layer<Scalar>& layer, const Trace<Scalar>& trace,
                 Layer<Scalar>& layer_gradient) {
  const auto count = static_cast<Scalar>(gradient.cols());
  layer_gradient.scale = gradient.cwiseProduct(trace.normalized).rowwise().sum();
  layer_gradient.shift = gradient.rowwise().sum();
  gradient.colwise() -= Vector<Scalar>(layer_gradient.shift / count);
  const Vector<Scalar> slope = layer_gradient.scale / count;
  gradient.array() -= trace.normalized.array().colwise() * slope.array();
  const Vector<Scalar> factor = layer.scale.cwiseProduct(trace.inverse_deviation);
  gradient.array().colwise() *= factor.array();
}

// Turns each image's logits into its probabilities; returns the sum of the cross-entropies.
template <class Scalar>
double softmax(Matrix<Scalar>& logits, const std::vector<Index>& labels) {
  double loss = 0;
  for (Index image = 0; image < logits.cols(); ++image) {
    auto column = logits.col(image);
    const Scalar target = column(labels[static_cast<std::size_t>(image)]);
    const Scalar largest = column.maxCoeff();
    column = (column.array() - largest).exp();
    const Scalar sum = column.sum();
    loss += std::log(static_cast<double>(sum)) + static_cast<double>(largest) -
            static_cast<double>(target);
    column /= sum;
  }
  return loss;
}

// Logits of each image, as the trained network gives them: no dropout, running moments.
template <class Scalar>
Matrix<Scalar> predict(const Network<Scalar>& network, const Matrix<Scalar>& images) {
  Matrix<Scalar> values = images;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto& layer = network.layers[k];
    values = layer.weights * values;
    values.colwise() += layer.bias;
    if (k + 1 == network.layers.size()) break;
    if (network.design.batch_norm) {
      const auto& moments = network.moments[k];
      const Vector<Scalar> factor =
          layer.scale.array() * (moments.variance.array() + least_variance<Scalar>).rsqrt();
      values.colwise() -= moments.mean;
      values.array().colwise() *= factor.array();
      values.colwise() += layer.shift;
    }
    activate(values, network.design.activation);
  }
  return values;
}

// Mean cross-entropy of the images in training, and, into gradient, its derivatives by all that the
// network learns. The running moments follow the batch.
//
// in:  at least one image; dropout draws from random, and only where there is dropout
template <class Scalar>
double backpropagate(Network<Scalar>& network, const Matrix<Scalar>& images,
                     const std::vector<Index>& labels, Random& random,
                     std::vector<Layer<Scalar>>& gradient) {
  const std::size_t last = network.layers.size() - 1;
  const Design& design = network.design;
  std::vector<Trace<Scalar>> traces(last);
  const auto inputs_of = [&](std::size_t k) -> const Matrix<Scalar>& {
    return k == 0 ? images : traces[k - 1].outputs;
  };

  Matrix<Scalar> values;
  for (std::size_t k = 0; k <= last; ++k) {
    const auto& layer = network.layers[k];
    values.noalias() = layer.weights * inputs_of(k);
    values.colwise() += layer.bias;
    if (k == last) break;
    auto& trace = traces[k];
    if (design.batch_norm) normalize(values, layer, network.moments[k], trace);
    activate(values, design.activation);
    trace.activated = values;
    if (design.dropout > 0) {
      trace.kept.resize(values.rows(), values.cols());
      const auto weight = static_cast<Scalar>(1 / (1 - design.dropout));
      for (Index i = 0; i < values.size(); ++i) {
        trace.kept.data()[i] = random.uniform() < design.dropout ? Scalar(0) : weight;
      }
      values.array() *= trace.kept.array();
    }
    trace.outputs = values;
  }

  const auto count = static_cast<double>(images.cols());
  const double loss = softmax(values, labels) / count;
  for (Index image = 0; image < values.cols(); ++image) {
    values(labels[static_cast<std::size_t>(image)], image) -= Scalar(1);
  }
  values /= static_cast<Scalar>(count);
  for (std::size_t k = last;; --k) {
    gradient[k].weights.noalias() = values * inputs_of(k).transpose();
    gradient[k].bias = values.rowwise().sum();
    if (k == 0) return loss;
    values = network.layers[k].weights.transpose() * values;
    const auto& trace = traces[k - 1];
    if (design.dropout > 0) values.array() *= trace.kept.array();
    deactivate(values, trace.activated, design.activation);
    if (design.batch_norm) {
      denormalize(values, network.layers[k - 1], trace, gradient[k - 1]);
    }
  }
}

struct Score {
  double loss = 0;  // mean cross-entropy
  double accuracy = 0;
};

// Of images that come in parts: part(i) gives a pair of images and labels, for i below parts.
template <class Scalar, class Part>
Score evaluate(const Network<Scalar>& network, std::size_t parts, const Part& part) {
  Score score;
  double images = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::pair<Matrix<Scalar>, std::vector<Index>> given = part(i);
    Matrix<Scalar> logits = predict(network, given.first);
    for (Index image = 0; image < logits.cols(); ++image) {
      Index best = 0;
      logits.col(image).maxCoeff(&best);
      if (best == given.second[static_cast<std::size_t>(image)]) score.accuracy += 1;
    }
    score.loss += softmax(logits, given.second);
    images += static_cast<double>(logits.cols());
  }
  return {score.loss / images, score.accuracy / images};
}

// Kingma and Ba 2015.
template <class Scalar>
class Adam {
 public:
  Adam(const std::vector<Layer<Scalar>>& layers, double rate)
      : rate_(rate), first_(zeros_like(layers)), second_(first_) {}

  void update(std::vector<Layer<Scalar>>& layers, const std::vector<Layer<Scalar>>& gradient) {
    constexpr double first_decay = 0.9;
    constexpr double second_decay = 0.999;
    constexpr auto epsilon = static_cast<Scalar>(1e-8);
    first_power_ *= first_decay;
    second_power_ *= second_decay;
    const auto rate = static_cast<Scalar>(rate_ / (1 - first_power_));
    const auto correction = static_cast<Scalar>(1 / std::sqrt(1 - second_power_));
    for_each_array(
        [&](auto& array, const auto& slope, auto& first, auto& second) {
          first += static_cast<Scalar>(1 - first_decay) * (slope - first);
          second.array() +=
              static_cast<Scalar>(1 - second_decay) * (slope.array().square() - second.array());
          array.array() -= rate * first.array() / (second.array().sqrt() * correction + epsilon);
        },
        layers, gradient, first_, second_);
  }

 private:
  double rate_;
  std::vector<Layer<Scalar>> first_;
  std::vector<Layer<Scalar>> second_;
  double first_power_ = 1;
  double second_power_ = 1;
};

}  // namespace perceptron
