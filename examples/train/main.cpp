// dgp-train: trains a multilayer perceptron and records the topology of its weights on the way.
//
// in:  images and labels as IDX files; without any, the handwritten digits beside this program
// out: a folder with the curves (CSV, SVG) and a checkpoint of each epoch; a summary on stdout
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include "../console.hpp"
#include "../folder_lock.hpp"
#include "../interruption.hpp"
#include "../white.hpp"
#include "checks.hpp"
#include "data.hpp"
#include "files.hpp"
#include "options.hpp"
#include "perceptron.hpp"
#include "training.hpp"

namespace {

using console::number;
using dgp::Index;
using perceptron::Random;
using training::Data;
using training::Options;
using training::Record;
using training::Stop;
using training::Times;

void print_stop(const std::string& rule, const std::optional<Stop>& stop, bool stopped) {
  std::cout << rule;
  if (stop) {
    std::cout << (stopped ? " stopped the training" : " would have stopped") << " at epoch "
              << number("%.2f", stop->epoch) << ": validation accuracy "
              << number("%.2f %%", 100 * stop->validation_accuracy) << ", test accuracy "
              << number("%.2f %%", 100 * stop->test_accuracy) << "\n";
  } else {
    std::cout << " would not have stopped by then\n";
  }
}

void print_times(const Times& times) {
  const auto share = [&](double seconds) {
    return number("%.2f s", seconds) + " (" +
           number("%.1f %%", times.training > 0 ? 100 * seconds / times.training : 0) +
           " of training)";
  };
  std::cout << "time: training " << number("%.2f s", times.training);
  if (times.regularization > 0) {
    const auto per_step = [&](double seconds) {
      return number("%.3f ms", 1000 * seconds / static_cast<double>(times.steps));
    };
    std::cout << ", regularisation " << share(times.regularization) << ", "
              << per_step(times.regularization) << " beside " << per_step(times.training)
              << " a step";
  }
  std::cout << ", evaluation " << number("%.2f s", times.evaluation) << ", measures "
            << share(times.measures) << ", excess " << share(times.shuffles)
            << ", spatial concentration " << share(times.spatial_concentration) << "\n";
}

void run(const Options& options) {
  interruption::watch();
  // One thread and set cache sizes: the order of additions, and so every bit, stays the same.
  Eigen::setNbThreads(1);
  Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
  const Data data = training::read_data(options);
  perceptron::Design design{{static_cast<Index>(data.pictures.pixels_per_image)},
                            options.activation,
                            options.dropout,
                            options.batch_norm};
  design.widths.insert(design.widths.end(), options.hidden.begin(), options.hidden.end());
  design.widths.push_back(data.classes);
  Random random(options.seed, 1);
  auto network = perceptron::initialized<float>(design, random);
  const console::FolderLock lock(options.output);
  training::prepare_output(options.output, options.overwrite);

  std::string widths;
  for (const Index width : design.widths) {
    widths.append(widths.empty() ? "" : "-").append(std::to_string(width));
  }
  std::cout << "a " << widths << " network, " << training::counted(data.training.size(), "image")
            << " to train, " << data.validation.size() << " to validate, " << data.test.size()
            << " to test, bytes divided by " << data.white << std::endl;
  const Record record = training::train(network, data, options);
  training::write_csv(options.output / "curves.csv", record.checks);
  training::write_svg(options.output / "curves.svg", record);
  if (interruption::signal != 0) {
    throw interruption::Interrupted("after epoch " + std::to_string(record.epochs) + " of " +
                                    std::to_string(options.epochs) + "; " +
                                    options.output.string() + " holds what there is up to here");
  }
  const auto score = training::score_of(network, data.tested(), data.test, data.white);
  std::cout << "test accuracy " << number("%.2f %%", 100 * score.accuracy) << " at epoch "
            << number("%.2f", record.checks.back().epoch) << "\n";
  print_stop("neural persistence", record.by_persistence, options.early_stopping);
  print_stop("validation loss", record.by_validation, false);
  print_times(record.times);
  std::cout << options.output.string() << " holds curves.csv, curves.svg and "
            << training::counted(record.epochs + 1, "checkpoint") << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string output = options.output.string();
  std::string activation = "relu";
  std::string regularizer = "none";
  constexpr std::size_t many = 1'000'000'000;
  const auto share = [](const std::string& text) -> std::string {
    const double value = console::value_of(text);
    if (value > 0 && value < 1) return {};
    return "'" + text + "' is no number between 0 and 1";
  };
  // Without its bounds in the help: only the lower ones mean anything, and they say themselves.
  const auto range = [](auto least, auto most) { return CLI::Range(least, most).description(""); };
  CLI::App app(
      "Trains a multilayer perceptron and records the topology of its weights on the way:\n"
      "neural persistence (NP), its excess over shuffled weights, deep graph persistence\n"
      "(DGP), weight variance and spatial concentration. Says where a rule that only watches\n"
      "NP would have stopped the training, and where one that watches the validation loss\n"
      "would have.\n"
      "\n"
      "Without arguments a 64-64-32-10 network learns 1,797 handwritten digits of 8x8\n"
      "pixels, in a few seconds. --images and --labels take any IDX files of bytes: MNIST,\n"
      "Fashion-MNIST, EMNIST (gunzipped).\n" +
          white::about,
      "dgp-train");
  app.footer(
      "Files in the output folder (an earlier run's are replaced only with --overwrite):\n"
      "  curves.csv                   a row for each check, the first before any training\n"
      "  curves.svg                   the same as pictures\n"
      "  checkpoint-EPOCH.safetensors layers.K.weight (out x in) and layers.K.bias; 0 is the\n"
      "                               initial network; after an early stop, the last is not of a\n"
      "                               whole epoch\n"
      "\n"
      "Examples:\n"
      "  dgp-train --epochs 100 --early-stopping\n"
      "  dgp-train --regularize np --strength -1\n"
      "  dgp-train --images train-images-idx3-ubyte --labels train-labels-idx1-ubyte \\\n"
      "            --test-images t10k-images-idx3-ubyte --test-labels t10k-labels-idx1-ubyte \\\n"
      "            --hidden 100 100 --output mnist\n"
      "  dgp-inspect dgp-train-output/checkpoint-30.safetensors\n"
      "\n"
      "The same arguments give the same files, byte for byte. An interruption (Ctrl-C)\n"
      "leaves whole files.\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C.");
  auto* images =
      app.add_option("--images", options.images, "Images to learn from")->type_name("FILE");
  auto* labels =
      app.add_option("--labels", options.labels, "Their labels, from 0")->type_name("FILE");
  images->needs(labels);
  labels->needs(images);
  auto* test_images =
      app.add_option("--test-images", options.test_images, "Images to test on")->type_name("FILE");
  auto* test_labels =
      app.add_option("--test-labels", options.test_labels, "Their labels")->type_name("FILE");
  test_images->needs(test_labels)->needs(images);
  test_labels->needs(test_images);
  white::add_option(app, options.white);
  app.add_option("--test-share", options.test_share,
                 "Share of the images kept for the test, without --test-images (default: 0.2)")
      ->type_name("SHARE")
      ->check(share)
      ->excludes(test_images);
  app.add_option("--validation-share", options.validation_share,
                 "Share of the others kept for validation (default: 0.1)")
      ->type_name("SHARE")
      ->check(share);
  app.add_option("--hidden", options.hidden,
                 "Neurons of each hidden layer (default: 64 32); the option without a number: no "
                 "hidden layer")
      ->type_name("N")
      ->expected(0, 100)
      ->check(range(1, 16384));
  app.add_option("--activation", activation, "relu (default), tanh or sigmoid")
      ->type_name("NAME")
      ->check([](const std::string& name) -> std::string {
        if (name == "relu" || name == "tanh" || name == "sigmoid") return {};
        return "'" + name + "' is none of relu, tanh, sigmoid";
      });
  app.add_option("--dropout", options.dropout,
                 "Share of hidden neurons left out in training (default: 0)")
      ->type_name("SHARE")
      ->check([](const std::string& text) -> std::string {
        const double value = console::value_of(text);
        if (value >= 0 && value < 1) return {};
        return "dropout must be at least 0 and below 1, not '" + text + "'";
      });
  app.add_flag("--batch-norm", options.batch_norm,
               "Batch normalisation of hidden layers; its parameters are no edges to the measures");
  app.add_option("--epochs", options.epochs, "Passes over the training images (default: 30)")
      ->type_name("N")
      ->check(range(std::size_t{1}, std::size_t{1'000'000}));
  app.add_option("--batch", options.batch,
                 "Images per step, at most: an epoch is cut evenly (default: 32)")
      ->type_name("N")
      ->check(range(std::size_t{1}, many));
  app.add_option("--learning-rate", options.learning_rate, "Of Adam (default: 0.001)")
      ->type_name("RATE")
      ->check([](const std::string& text) -> std::string {
        const double value = console::value_of(text);
        if (value > 0 && std::isfinite(value)) return {};
        return "the learning rate must be above 0, not '" + text + "'";
      });
  auto* regularize =
      app.add_option(
             "--regularize", regularizer,
             "Take np or dgp into the loss, the mean of the layers' NP or DGP, standardised\n"
             "and rescaled: each step goes by the gradient of loss - strength * persistence")
          ->type_name("MEASURE")
          ->check(CLI::IsMember({"np", "dgp"}));
  app.add_option("--strength", options.strength,
                 "Of --regularize: above 0 raises persistence, below lowers it (default: 1)")
      ->type_name("X")
      ->needs(regularize)
      ->check([](const std::string& text) -> std::string {
        if (std::isfinite(console::value_of(text))) return {};
        return "the strength must be a finite number, not '" + text + "'";
      });
  app.add_option("--seed", options.seed,
                 "Of the split, the initial weights and the order of images (default: 1)")
      ->type_name("N")
      ->check(console::whole_number);
  app.add_option("--checks-per-epoch", options.checks_per_epoch,
                 "How often to validate and measure, at most once a step (default: 4)")
      ->type_name("N")
      ->check(range(std::size_t{1}, many));
  app.add_flag("--early-stopping", options.early_stopping,
               "Stop when the mean NP of the layers no longer rises");
  app.add_option("--burn-in", options.rule.burn_in,
                 "Checks before either rule may count (default: 10)")
      ->type_name("N")
      ->check(range(std::size_t{0}, many));
  app.add_option("--patience", options.rule.patience,
                 "Checks without a rise of NP, or a fall of the loss, until the stop (default: 4)")
      ->type_name("N")
      ->check(range(std::size_t{1}, many));
  app.add_option("--delta", options.rule.delta, "A change must exceed this to count (default: 0)")
      ->type_name("CHANGE")
      ->check([](const std::string& text) -> std::string {
        const double value = console::value_of(text);
        if (value >= 0 && std::isfinite(value)) return {};
        return "delta must be at least 0, not '" + text + "'";
      });
  app.add_option("--output", output, "Folder for the files (default: dgp-train-output)")
      ->type_name("DIR")
      ->check([](const std::string& text) -> std::string {
        return text.empty() ? "the output folder needs a name" : "";
      });
  app.add_flag("--overwrite", options.overwrite,
               "Replace an earlier run's files in that folder, all of them");
  app.parse_complete_callback([&] {
    // To the parser, no number at all is a zero.
    options.hidden.erase(std::remove(options.hidden.begin(), options.hidden.end(), Index{0}),
                         options.hidden.end());
    // Smaller batches could leave a single image in one, which has no variance.
    if (options.batch_norm && options.batch < 3) {
      throw CLI::ValidationError("--batch-norm", "needs a --batch of at least 3");
    }
  });

  return console::run(app, argc, argv, [&] {
    options.output = output;
    options.activation = activation == "tanh"      ? perceptron::Activation::tanh
                         : activation == "sigmoid" ? perceptron::Activation::sigmoid
                                                   : perceptron::Activation::relu;
    options.regularizer = regularizer == "np"    ? training::Regularizer::neural
                          : regularizer == "dgp" ? training::Regularizer::deep
                                                 : training::Regularizer::none;
    run(options);
  });
}
