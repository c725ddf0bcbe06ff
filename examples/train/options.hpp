// What dgp-train is told on its command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <dgp/analysis/early_stopping.hpp>
#include <dgp/concepts.hpp>

#include "perceptron.hpp"

namespace training {

using dgp::Index;

// What a training raises or lowers beside its loss.
enum class Regularizer { none, neural, deep };

struct Options {
  std::string images = DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte";
  std::string labels = DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte";
  std::string test_images;  // empty: a part of the images above
  std::string test_labels;
  int white = 0;  // what bytes are divided by; 0: see white.hpp
  double test_share = 0.2;
  double validation_share = 0.1;
  std::vector<Index> hidden{64, 32};
  perceptron::Activation activation = perceptron::Activation::relu;
  double dropout = 0;
  bool batch_norm = false;
  std::size_t epochs = 30;
  std::size_t batch = 32;
  double learning_rate = 1e-3;
  Regularizer regularizer = Regularizer::none;
  double strength = 1;  // the loss is that of the labels - strength · persistence
  std::uint64_t seed = 1;
  std::size_t checks_per_epoch = 4;
  bool early_stopping = false;
  dgp::EarlyStoppingOptions rule;
  std::filesystem::path output = "dgp-train-output";
  bool overwrite = false;  // an earlier run's files in that folder
};

}  // namespace training
