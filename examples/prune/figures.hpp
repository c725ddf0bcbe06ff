// What is left of a network when weights are taken away.
//
// in:  a perceptron and labelled images
// out: for each kept share and strategy the accuracy on the images, and the network's measures
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/io/activation_graph.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/neural_persistence.hpp>

#include "../console.hpp"
#include "../shift/inputs.hpp"
#include "ranking.hpp"

namespace prune {

struct Options {
  shift::Inputs inputs;
  std::uint64_t seed = 1;
  std::string picture;  // file; empty: none
};

inline const std::vector<double> shares{1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01};
inline constexpr std::size_t random_rounds = 5;

// Of a network, or means over several; NaN where a measure is not defined.
struct Figures {
  double accuracy = 0;
  double neural_persistence = 0;
  double deep_graph_persistence = 0;
};

struct Row {
  double share;
  std::size_t kept;              // weights of all layers
  std::vector<Figures> figures;  // by strategy
};

struct Study {
  std::size_t images;
  std::size_t weights;
  std::vector<Row> rows;
};

inline double accuracy_of(const Layers& layers, const std::vector<Eigen::VectorXf>& biases,
                          dgp::Activation activation, const shift::Matrix& images,
                          const std::vector<dgp::Index>& labels) {
  const dgp::ActivationGraphs<float> network(layers, biases, activation);
  const auto outputs = dgp::feature_matrix(network, images, dgp::FeatureMethod::logit);
  std::size_t right = 0;
  for (dgp::Index i = 0; i < outputs.rows(); ++i) {
    dgp::Index answer = 0;
    outputs.row(i).maxCoeff(&answer);
    right += answer == labels[static_cast<std::size_t>(i)];
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

inline double deep_or_nan(const Layers& layers) {
  try {
    return dgp::deep_graph_persistence(layers).normalized;
  } catch (const std::domain_error&) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

inline Study study_of(const Options& options) {
  console::Progress progress("dgp-prune");
  const auto& inputs = options.inputs;
  shift::check_model(inputs);
  const auto network = dgp::io::read_perceptron<float>(inputs.model);
  const auto pictures = shift::read_pictures(inputs.images);
  const auto labels = shift::read_labels(inputs.labels, pictures);
  if (pictures.values.cols() != network.layers.front().weights.cols()) {
    throw std::runtime_error(
        inputs.images + ": images of " + std::to_string(pictures.values.cols()) + " pixels, but " +
        inputs.model + " takes " + std::to_string(network.layers.front().weights.cols()));
  }
  const shift::Matrix images = shift::scaled(pictures, shift::white_of(pictures, inputs));
  const auto activation = shift::activation_of(inputs.activation);

  Study study{labels.size(), 0, {}};
  for (const auto& layer : network.layers) {
    study.weights += static_cast<std::size_t>(layer.weights.size());
  }
  for (const double share : shares) {
    Row& row = study.rows.emplace_back(Row{share, 0, std::vector<Figures>(strategies.size())});
    for (const auto& layer : network.layers) {
      row.kept += kept_of(static_cast<std::size_t>(layer.weights.size()), share);
    }
  }
  double done = 0;
  const auto all = static_cast<double>(shares.size() * (strategies.size() - 1 + random_rounds));
  for (std::size_t s = 0; s < strategies.size(); ++s) {
    const Strategy strategy = strategies[s];
    const std::size_t rounds = strategy == Strategy::random ? random_rounds : 1;
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto ranking = ranking_of(network.layers, strategy, options.seed + round);
      for (Row& row : study.rows) {
        progress.update(++done / all, word_of(strategy));
        const Layers layers = pruned(network.layers, ranking, row.share);
        const auto of_rounds = static_cast<double>(rounds);
        Figures& figures = row.figures[s];
        figures.accuracy +=
            accuracy_of(layers, network.biases, activation, images, labels) / of_rounds;
        figures.neural_persistence += dgp::neural_persistence(layers).mean_normalized / of_rounds;
        figures.deep_graph_persistence += deep_or_nan(layers) / of_rounds;
      }
    }
  }
  return study;
}

// Which strategy keeps most accuracy at each share, those within one image of it too.
inline std::vector<std::vector<Strategy>> winners_of(const Study& study) {
  std::vector<std::vector<Strategy>> winners;
  for (const Row& row : study.rows) {
    double best = 0;
    for (const auto& figures : row.figures) best = std::max(best, figures.accuracy);
    auto& of_share = winners.emplace_back();
    for (std::size_t s = 0; s < strategies.size(); ++s) {
      const double missed = (best - row.figures[s].accuracy) * static_cast<double>(study.images);
      if (missed < 1.5) of_share.push_back(strategies[s]);
    }
  }
  return winners;
}

}  // namespace prune
