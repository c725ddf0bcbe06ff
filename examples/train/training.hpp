// The training itself, with its checks, its rules for an end, and its progress on the terminal.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/analysis/early_stopping.hpp>

#include "../console.hpp"
#include "../interruption.hpp"
#include "checks.hpp"
#include "data.hpp"
#include "files.hpp"
#include "options.hpp"
#include "perceptron.hpp"
#include "regularization.hpp"

namespace training {

using console::number;

// A line for each epoch; on a terminal, below them one that is rewritten.
class Reporter {
 public:
  explicit Reporter(std::size_t epochs) : epochs_(epochs), progress_("training") {}

  void step(double epoch) {
    const auto now = Clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    progress_.update(epoch / static_cast<double>(epochs_),
                     "epoch " + number("%.1f", epoch) + " of " + std::to_string(epochs_) + step_);
  }

  void check(const Check& check) {
    step_ = ", validation accuracy " + number("%.1f %%", 100 * check.validation_accuracy) +
            ", NP " + number("%.4f", check.np_mean);
  }

  void epoch(std::size_t epoch, const Check& check) {
    progress_.clear();
    std::cout << "epoch " << epoch << ": training loss " << number("%.4f", check.training_loss)
              << ", validation loss " << number("%.4f", check.validation_loss) << ", accuracy "
              << number("%.1f %%", 100 * check.validation_accuracy) << ", NP "
              << number("%.4f", check.np_mean);
    if (std::isfinite(check.dgp_standardized_rescaled)) {
      std::cout << ", DGP " << number("%.4f", check.dgp_standardized_rescaled);
    }
    std::cout << std::endl;  // whoever reads the pipe follows the training
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t epochs_;
  console::Progress progress_;
  Clock::time_point last_{};
  std::string step_;
};

// Trains the network, from the initial weights to the last epoch, an early stop or an interruption;
// the files of finished epochs are there whenever it ends.
inline Record train(perceptron::Network<float>& network, const Data& data, const Options& options) {
  const std::size_t images = data.training.size();
  // Batches of even size, so that none is too small to be normalised.
  const std::size_t steps = (images + options.batch - 1) / options.batch;
  const std::size_t checks = std::min(options.checks_per_epoch, steps);
  std::vector<std::size_t> order = data.training;
  Random shuffling(options.seed, 2);
  Random dropout(options.seed, 3);
  perceptron::Adam<float> adam(network.layers, options.learning_rate);
  auto gradient = perceptron::zeros_like(network.layers);
  dgp::EarlyStopping persistence_rule(options.rule);
  dgp::EarlyStopping validation_rule(options.rule);
  dgp::ShuffleNulls nulls;
  Reporter reporter(options.epochs);
  Record record;
  Times& times = record.times;

  const auto refuse_numbers = [&](double epoch) {
    throw std::runtime_error("the training has come to numbers that are not finite in epoch " +
                             number("%.2f", epoch) + "; try a smaller --learning-rate" +
                             (options.regularizer == Regularizer::none ? "" : " or --strength"));
  };
  const auto check_now = [&](double epoch, double training_loss) {
    Check check{};
    check.epoch = epoch;
    check.training_loss = training_loss;
    timed(times.evaluation, [&] {
      const auto score = score_of(network, data.pictures, data.validation, data.white);
      check.validation_loss = score.loss;
      check.validation_accuracy = score.accuracy;
    });
    if (!std::isfinite(check.validation_loss)) refuse_numbers(epoch);
    measure(network, nulls, check, times);
    record.checks.push_back(check);
    reporter.check(check);
  };
  const auto consult = [&](dgp::EarlyStopping& rule, double value, std::optional<Stop>& stop) {
    if (stop || !rule.check(value).stop) return;
    const Check& check = record.checks.back();
    timed(times.evaluation, [&] {
      const auto score = score_of(network, data.tested(), data.test, data.white);
      stop = {check.epoch, check.validation_accuracy, score.accuracy};
    });
  };
  const auto write_epoch = [&](std::size_t epoch) {
    write_checkpoint(options.output, epoch, network);
    write_csv(options.output / "curves.csv", record.checks);
    record.epochs = epoch;
  };

  check_now(0, undefined);
  write_epoch(0);
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    shuffling.shuffle(order);
    double loss = 0;
    std::size_t losses = 0;
    std::size_t checked = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      if (interruption::signal != 0) return record;
      timed(times.training, [&] {
        const std::size_t begin = step * images / steps;
        const std::size_t end = (step + 1) * images / steps;
        const auto [inputs, labels] =
            gathered(data.pictures, order.data() + begin, end - begin, data.white);
        loss += perceptron::backpropagate(network, inputs, labels, dropout, gradient);
        ++losses;
      });
      if (options.regularizer != Regularizer::none) {
        timed(times.regularization,
              [&] { regularize(network, options.regularizer, options.strength, gradient); });
      }
      timed(times.training, [&] { adam.update(network.layers, gradient); });
      ++times.steps;
      const double done =
          static_cast<double>(epoch * steps + step + 1) / static_cast<double>(steps);
      const bool finite = std::isfinite(loss) &&
                          std::all_of(network.layers.begin(), network.layers.end(),
                                      [](const auto& layer) { return layer.weights.allFinite(); });
      if (!finite) refuse_numbers(done);
      reporter.step(done);
      if ((step + 1) * checks / steps == checked) continue;
      ++checked;
      check_now(done, loss / static_cast<double>(losses));
      loss = 0;
      losses = 0;
      const Check& check = record.checks.back();
      consult(persistence_rule, check.np_mean, record.by_persistence);
      consult(validation_rule, -check.validation_loss, record.by_validation);
      if (options.early_stopping && record.by_persistence && step + 1 < steps) {
        // Inside an epoch: its checkpoint shows the weights at the stop.
        write_epoch(epoch + 1);
        return record;
      }
    }
    write_epoch(epoch + 1);
    reporter.epoch(epoch + 1, record.checks.back());
    if (options.early_stopping && record.by_persistence) return record;
  }
  return record;
}

}  // namespace training
