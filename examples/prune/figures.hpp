// What is left of a network when weights are taken away.
//
// in:  a perceptron and labelled images
// out: for each kept share and strategy the accuracy on the images, and the network's measures; and
//      where one strategy leaves more accuracy than another
#pragma once

#include <algorithm>
#include <cmath>
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
#include "chance.hpp"
#include "ranking.hpp"

namespace prune {

struct Options {
  shift::Inputs inputs;
  Scope scope = Scope::network;
  // That are kept; descending.
  std::vector<double> shares{1, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005};
  std::uint64_t seed = 1;
  std::string picture;  // file; empty: none
};

inline constexpr std::size_t random_rounds = 5;

// Of a network, or means over several; NaN where a measure is not defined.
struct Figures {
  double accuracy = 0;
  double neural_persistence = 0;
  double deep_graph_persistence = 0;
  // Of each image, whether the last of the networks knows it; empty where there is none.
  std::vector<bool> right = {};
};

struct Row {
  double share;
  std::size_t kept;              // weights of all layers
  std::vector<Figures> figures;  // by strategy
};

struct Study {
  std::string assumption;  // of the order of the layers
  std::size_t images;
  std::size_t weights;
  std::vector<std::size_t> first;  // by strategy: weights of the forests, or on the paths
  std::string without_paths;       // why there are none; empty where there are
  bool biases;                     // whether any is not 0
  Figures whole;
  std::vector<Row> rows;
};

inline std::vector<bool> right_answers(const Layers& layers,
                                       const std::vector<Eigen::VectorXf>& biases,
                                       dgp::Activation activation, const shift::Matrix& images,
                                       const std::vector<dgp::Index>& labels) {
  const dgp::ActivationGraphs<float> network(layers, biases, activation);
  const auto outputs = dgp::feature_matrix(network, images, dgp::FeatureMethod::logit);
  std::vector<bool> right;
  for (dgp::Index i = 0; i < outputs.rows(); ++i) {
    dgp::Index answer = 0;
    outputs.row(i).maxCoeff(&answer);
    right.push_back(answer == labels[static_cast<std::size_t>(i)]);
  }
  return right;
}

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

inline double deep_or_nan(const Layers& layers) {
  try {
    return dgp::deep_graph_persistence(layers).normalized;
  } catch (const std::domain_error&) {
    return undefined;
  }
}

inline Study study_of(const Options& options) {
  console::Progress progress("dgp-prune");
  const auto& inputs = options.inputs;
  const shift::Model model = shift::read_model(inputs);
  const auto& network = model.perceptron;
  const auto pictures = shift::read_pictures(inputs.images);
  const auto labels = shift::read_labels(inputs.labels, pictures);
  if (pictures.values.cols() != network.layers.front().weights.cols()) {
    throw std::runtime_error(
        inputs.images + ": images of " + std::to_string(pictures.values.cols()) + " pixels, but " +
        inputs.model + " takes " + std::to_string(network.layers.front().weights.cols()));
  }
  const dgp::Index classes = network.layers.back().weights.rows();
  const dgp::Index largest = *std::max_element(labels.begin(), labels.end());
  if (largest >= classes) {
    throw std::runtime_error(inputs.labels + ": label " + std::to_string(largest) + ", but " +
                             inputs.model + " knows " + std::to_string(classes) +
                             " classes, from 0 on");
  }
  shift::tell_white("dgp-prune", pictures, inputs);
  const shift::Matrix images = shift::scaled(pictures, shift::white_of(pictures, inputs));
  const auto activation = shift::activation_of(inputs.activation);

  const auto figures_of = [&](const Layers& layers) {
    Figures figures{0, dgp::neural_persistence(layers).mean_normalized, deep_or_nan(layers),
                    right_answers(layers, network.biases, activation, images, labels)};
    figures.accuracy =
        static_cast<double>(std::count(figures.right.begin(), figures.right.end(), true)) /
        static_cast<double>(labels.size());
    return figures;
  };

  Study study{model.assumption,
              labels.size(),
              0,
              std::vector<std::size_t>(strategies.size()),
              {},
              false,
              figures_of(network.layers),
              {}};
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    study.weights += static_cast<std::size_t>(network.layers[k].weights.size());
    if ((network.biases[k].array() != 0).any()) study.biases = true;
  }
  for (const double share : options.shares) {
    Row& row = study.rows.emplace_back(Row{share, 0, std::vector<Figures>(strategies.size())});
    if (options.scope == Scope::network) row.kept = kept_of(study.weights, share);
    for (const auto& layer : network.layers) {
      if (options.scope == Scope::network) break;
      row.kept += kept_of(static_cast<std::size_t>(layer.weights.size()), share);
    }
  }
  double done = 0;
  const auto all =
      static_cast<double>(options.shares.size() * (strategies.size() - 1 + random_rounds));
  for (std::size_t s = 0; s < strategies.size(); ++s) {
    const Strategy strategy = strategies[s];
    const std::size_t rounds = strategy == Strategy::random ? random_rounds : 1;
    for (std::size_t round = 0; round < rounds; ++round) {
      Ranking ranking;
      try {
        ranking = ranking_of(network.layers, strategy, options.scope, options.seed + round);
      } catch (const std::domain_error& error) {
        study.without_paths = error.what();
        for (Row& row : study.rows) row.figures[s] = {undefined, undefined, undefined};
        continue;
      }
      study.first[s] = ranking.first;
      for (Row& row : study.rows) {
        progress.update(++done / all, word_of(strategy));
        const auto one = figures_of(pruned(network.layers, ranking, row.share));
        const auto of_rounds = static_cast<double>(rounds);
        Figures& figures = row.figures[s];
        figures.accuracy += one.accuracy / of_rounds;
        figures.neural_persistence += one.neural_persistence / of_rounds;
        figures.deep_graph_persistence += one.deep_graph_persistence / of_rounds;
        figures.right = one.right;
      }
    }
  }
  return study;
}

// Rows, by number, in which one strategy leaves the network knowing more images than another, or
// fewer, beyond chance.
struct Contest {
  std::vector<std::size_t> better;
  std::vector<std::size_t> worse;
};

inline Contest contest(const Study& study, std::size_t one, std::size_t other) {
  Contest result;
  for (std::size_t r = 0; r < study.rows.size(); ++r) {
    const auto& figures = study.rows[r].figures;
    const int lead = lead_beyond_chance(figures[one].right, figures[other].right);
    if (lead != 0) (lead > 0 ? result.better : result.worse).push_back(r);
  }
  return result;
}

// The smallest share down to which a measure, row by row, is within a hundredth of the whole
// network's; undefined where the first row is not.
inline double kept_down_to(const Study& study, std::size_t strategy, double Figures::*measure) {
  double share = undefined;
  const double whole = study.whole.*measure;
  for (const Row& row : study.rows) {
    const double value = row.figures[strategy].*measure;
    if (!(std::abs(value - whole) <= 0.01 * std::abs(whole))) break;
    share = row.share;
  }
  return share;
}

}  // namespace prune
