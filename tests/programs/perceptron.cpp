// The network that dgp-train trains: its gradient against differences, and what it learns.
#include "../../examples/train/perceptron.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "../support/catch.hpp"

namespace {

using Eigen::Index;
using perceptron::Activation;
using perceptron::Design;
using perceptron::Random;
using Network = perceptron::Network<double>;
using Layers = std::vector<perceptron::Layer<double>>;

struct Batch {
  perceptron::Matrix<double> images;
  std::vector<Index> labels;
};

Batch random_batch(Random& random, Index pixels, Index count, std::size_t classes) {
  Batch batch{perceptron::Matrix<double>(pixels, count), {}};
  for (Index i = 0; i < batch.images.size(); ++i) batch.images.data()[i] = random.uniform();
  for (Index i = 0; i < count; ++i) {
    batch.labels.push_back(static_cast<Index>(random.below(classes)));
  }
  return batch;
}

// Biases, scales and shifts start as constants, at which a wrong gradient may look right.
Network random_network(const Design& design, Random& random) {
  Network network = perceptron::initialized<double>(design, random);
  perceptron::for_each_array(
      [&](auto& array) {
        for (Index i = 0; i < array.size(); ++i) array.data()[i] += 0.6 * random.uniform() - 0.3;
      },
      network.layers);
  return network;
}

// Both with the same neurons dropped, and without a trace in the network.
double loss_of(Network network, const Batch& batch, Layers& gradient) {
  Random dropout(7, 0);
  return perceptron::backpropagate(network, batch.images, batch.labels, dropout, gradient);
}

void check_gradient(const Design& design, std::uint64_t seed) {
  Random random(seed, 0);
  Network network = random_network(design, random);
  const Batch batch = random_batch(random, design.widths.front(), 9,
                                   static_cast<std::size_t>(design.widths.back()));
  Layers gradient = perceptron::zeros_like(network.layers);
  Layers ignored = gradient;
  loss_of(network, batch, gradient);

  constexpr double step = 1e-5;
  double largest = 0;
  perceptron::for_each_array(
      [&](auto& array, const auto& slopes) {
        for (Index i = 0; i < array.size(); ++i) {
          double& parameter = array.data()[i];
          const double before = parameter;
          parameter = before + step;
          const double above = loss_of(network, batch, ignored);
          parameter = before - step;
          const double below = loss_of(network, batch, ignored);
          parameter = before;
          const double difference = (above - below) / (2 * step);
          const double slope = slopes.data()[i];
          CAPTURE(i, array.rows(), array.cols(), difference, slope);
          CHECK(std::abs(slope - difference) <= 1e-8 + 1e-6 * std::abs(difference));
          largest = std::max(largest, std::abs(slope));
        }
      },
      network.layers, gradient);
  CHECK(largest > 1e-3);
}

}  // namespace

TEST_CASE("backpropagation agrees with differences of the loss", "[perceptron]") {
  std::uint64_t seed = 1;
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::sigmoid}) {
    for (const bool batch_norm : {false, true}) {
      for (const double dropout : {0.0, 0.3}) {
        for (const std::vector<Index>& widths :
             std::vector<std::vector<Index>>{{4, 3}, {4, 5, 3}, {4, 6, 5, 2}}) {
          CAPTURE(static_cast<int>(activation), batch_norm, dropout, widths);
          check_gradient({widths, activation, dropout, batch_norm}, ++seed);
        }
      }
    }
  }
}

TEST_CASE("batch normalisation predicts by the moments it has seen", "[perceptron]") {
  Random random(5, 0);
  Network network = random_network({{4, 5, 3}, Activation::tanh, 0, true}, random);
  const Batch batch = random_batch(random, 4, 50, 3);
  Layers gradient = perceptron::zeros_like(network.layers);
  double loss = 0;
  for (int pass = 0; pass < 300; ++pass) {
    loss = perceptron::backpropagate(network, batch.images, batch.labels, random, gradient);
  }
  // Always the same batch: the running moments are its own by now, but for n / (n - 1).
  const auto score = perceptron::evaluate(
      network, 1, [&](std::size_t) { return std::pair(batch.images, batch.labels); });
  CHECK(std::abs(score.loss - loss) < 5e-3 * loss);
  network.moments[0].variance *= 49.0 / 50.0;
  const auto exact = perceptron::evaluate(
      network, 1, [&](std::size_t) { return std::pair(batch.images, batch.labels); });
  CHECK(std::abs(exact.loss - loss) < 1e-9);
}

TEST_CASE("dropout keeps the mean of what it lets through", "[perceptron]") {
  Random random(6, 0);
  // One layer of identity weights that sees ones only: the loss's gradient shows the neurons kept.
  Network network = perceptron::initialized<double>({{1, 4000, 2}, Activation::relu, 0.25}, random);
  network.layers[0].weights.setOnes();
  network.layers[1].weights.setConstant(1.0 / 4000);
  Layers gradient = perceptron::zeros_like(network.layers);
  perceptron::backpropagate(network,
                            perceptron::Matrix<double>(perceptron::Matrix<double>::Ones(1, 1)), {0},
                            random, gradient);
  const auto slopes = gradient[1].weights.row(1);
  double kept = 0;
  for (Index i = 0; i < slopes.size(); ++i) {
    const bool dropped = slopes(i) == 0;
    CHECK((dropped || std::abs(slopes(i) - 0.5 / 0.75) < 1e-12));
    if (!dropped) kept += 1;
  }
  CHECK(std::abs(kept / 4000 - 0.75) < 0.03);
}

TEST_CASE("Adam's first step is the learning rate, whatever the slope", "[perceptron]") {
  Random random(8, 0);
  Network network = random_network({{3, 4, 2}}, random);
  const Layers before = network.layers;
  const Batch batch = random_batch(random, 3, 8, 2);
  Layers gradient = perceptron::zeros_like(network.layers);
  loss_of(network, batch, gradient);
  perceptron::Adam<double> adam(network.layers, 0.01);
  adam.update(network.layers, gradient);
  perceptron::for_each_array(
      [](const auto& after, const auto& start, const auto& slopes) {
        for (Index i = 0; i < after.size(); ++i) {
          const double slope = slopes.data()[i];
          const double expected = slope == 0 ? 0 : slope > 0 ? -0.01 : 0.01;
          CHECK(std::abs(after.data()[i] - start.data()[i] - expected) < 1e-5);
        }
      },
      network.layers, before, gradient);
}

TEST_CASE("random numbers are the same everywhere, and streams are apart", "[perceptron]") {
  Random random(1, 0);
  CHECK(random.uniform() == 0x1.c41664bccfccap-2);
  CHECK(random.below(1000) == 58);
  CHECK(random.uniform() == 0x1.7d2769b9059f3p-1);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.uniform();
    REQUIRE((value >= 0 && value < 1));
    sum += value;
  }
  CHECK(std::abs(sum / 10000 - 0.5) < 0.02);
  std::vector<int> values{0, 1, 2, 3, 4, 5, 6, 7};
  random.shuffle(values);
  CHECK(std::set<int>(values.begin(), values.end()).size() == 8);
  std::set<double> firsts;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t stream = 0; stream < 4; ++stream) {
      firsts.insert(Random(seed, stream).uniform());
    }
  }
  CHECK(firsts.size() == 40);
}
