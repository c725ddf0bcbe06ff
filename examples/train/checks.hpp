// What is recorded of a training: scores and measures at each check, and where rules would have
// stopped it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/spatial_concentration.hpp>
#include <dgp/analysis/weight_variance.hpp>
#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/neural_persistence.hpp>

#include "data.hpp"
#include "perceptron.hpp"

namespace training {

inline perceptron::Score score_of(const perceptron::Network<float>& network,
                                  const Pictures& pictures, const std::vector<std::size_t>& chosen,
                                  float white) {
  constexpr std::size_t at_once = 256;
  return perceptron::evaluate(network, (chosen.size() + at_once - 1) / at_once,
                              [&](std::size_t part) {
                                const std::size_t begin = part * at_once;
                                return gathered(pictures, chosen.data() + begin,
                                                std::min(at_once, chosen.size() - begin), white);
                              });
}

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// One row of the curves; undefined where a measure is.
struct Check {
  double epoch;          // steps done, in epochs
  double training_loss;  // mean over the steps since the last check; undefined before the first
  double validation_loss;
  double validation_accuracy;
  double np_mean;
  std::vector<double> np_layers;
  std::vector<double> excess;  // of each layer's over its shuffles', in their deviations
  double dgp_standardized_rescaled;
  double dgp_standardized;
  double weight_variance;
  std::vector<double> spatial_concentration;
};

struct Times {
  std::size_t steps = 0;
  double training = 0;  // in seconds
  double regularization = 0;
  double evaluation = 0;
  double measures = 0;  // but those below
  double shuffles = 0;
  double spatial_concentration = 0;
};

// Calls the action and adds the seconds it took.
template <class Action>
auto timed(double& seconds, const Action& action) {
  using Clock = std::chrono::steady_clock;
  struct Stopwatch {
    double& seconds;
    Clock::time_point start = Clock::now();
    ~Stopwatch() { seconds += std::chrono::duration<double>(Clock::now() - start).count(); }
  } const stopwatch{seconds};
  return action();
}

// The value of a measure; undefined for weights that have none, such as constant ones.
template <class Measure>
double value_of(const Measure& measure) {
  try {
    return measure();
  } catch (const std::domain_error&) {
    return undefined;
  }
}

inline std::string layer_name(std::size_t k) { return "layers." + std::to_string(k); }

using WeightsView = Eigen::Map<const perceptron::Weights<float>>;

// The weights of the network where they are.
inline std::vector<dgp::NamedLayer<WeightsView>> named_layers(
    const perceptron::Network<float>& network) {
  std::vector<dgp::NamedLayer<WeightsView>> layers;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto& weights = network.layers[k].weights;
    layers.push_back(
        {layer_name(k) + ".weight", WeightsView(weights.data(), weights.rows(), weights.cols())});
  }
  return layers;
}

// The measures of the network as it is; layers keep their shapes, and so their shuffles' ranks.
inline void measure(const perceptron::Network<float>& network, dgp::ShuffleNulls& nulls,
                    Check& check, Times& times) {
  const auto layers = named_layers(network);
  timed(times.measures, [&] {
    const auto np = dgp::neural_persistence(layers);
    check.np_mean = np.mean_normalized;
    for (const auto& layer : np.layers) check.np_layers.push_back(layer.normalized);
    check.dgp_standardized_rescaled =
        value_of([&] { return dgp::deep_graph_persistence(layers).normalized; });
    check.dgp_standardized = value_of(
        [&] { return dgp::deep_graph_persistence(layers, {.rescale = false}).normalized; });
    check.weight_variance = dgp::weight_variance(layers).network;
  });
  timed(times.shuffles, [&] {
    for (const auto& layer : dgp::shuffle_significance(layers, nulls)) {
      check.excess.push_back(layer.z_score);
    }
  });
  timed(times.spatial_concentration, [&] {
    for (const auto& layer : layers) {
      check.spatial_concentration.push_back(dgp::spatial_concentration(layer.weights));
    }
  });
}

// Where a rule first asked for the end.
struct Stop {
  double epoch;
  double validation_accuracy;
  double test_accuracy;
};

struct Record {
  std::vector<Check> checks;
  std::optional<Stop> by_persistence;
  std::optional<Stop> by_validation;
  std::size_t epochs = 0;  // that were finished
  Times times;
};

}  // namespace training
