// dgp-shift: do these images still look like those a network was trained for? By the topology of
// what flows through it (Girrbach et al. 2023).
//
// features: images in, the feature vector of each out
// evaluate: labelled images in, how often each method notices seven corruptions of them out
// monitor:  clean labelled images and batches in, a verdict on each batch out
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <dgp/monitoring/feature_method.hpp>

#include "../console.hpp"
#include "../white.hpp"
#include "corruptions.hpp"
#include "evaluate.hpp"
#include "features.hpp"
#include "inputs.hpp"
#include "monitor.hpp"
#include "output.hpp"
#include "study.hpp"

namespace {

using dgp::Index;
using shift::FeatureOptions;
using shift::Inputs;
using shift::joined;
using shift::MonitorOptions;
using shift::StudyOptions;

// A check that a word is one of these.
auto one_of(const std::vector<std::string>& names) {
  return [names](const std::string& text) -> std::string {
    if (std::find(names.begin(), names.end(), text) != names.end()) return {};
    return "'" + text + "' is none of " + joined(names, ", ");
  };
}

template <class Item, std::size_t count>
std::vector<std::string> names_of(const std::array<Item, count>& items) {
  std::vector<std::string> names;
  for (const Item item : items) names.emplace_back(name_of(item));
  return names;
}

const std::string about_files =
    "Models are checkpoints (.safetensors, .pt, .npz): 2-D tensors (out x in) are the layers,\n"
    "in the order of the numbers in their names, or of --order; layers.0.bias is the bias of\n"
    "layers.0.weight, zeros where there is none. Images are IDX files of bytes, .npy arrays whose "
    "first axis counts the\n"
    "images, or .safetensors files with a tensor named x. Numbers other than bytes are taken as\n"
    "they are. " +
    white::about + "\n\n";

const std::string about_methods =
    "Methods:\n"
    "  dgp, dgp_normalize, dgp_var, dgp_var_normalize\n"
    "                    deep graph persistence of what flows over the edges: its deaths\n"
    "  dgp_approximate, dgp_var_approximate\n"
    "                    the strengths of its paths, by input and by output\n"
    "  topological, topological_var\n"
    "                    the spanning forest of each layer (Topological Uncertainty)\n"
    "  magdiff           what flows over the edges of the last layer\n"
    "  softmax, logit    the network's outputs\n"
    "  input_activation  the outputs of the hidden neurons\n";

void add_method(CLI::App& command, std::string& method) {
  command.add_option("--method", method, "How an image becomes a vector (default: dgp_var)")
      ->type_name("NAME")
      ->check(one_of(names_of(dgp::feature_methods)));
}

void add_features(CLI::App& command, FeatureOptions& options) {
  command.footer(
      "Each image becomes a line of CSV without a header; the lists of methods that\n"
      "have one per layer stand one after the other. Without arguments, those of\n"
      "handwritten digits are printed.\n"
      "\n" +
      about_files + about_methods);
  add_method(command, options.method);
  command
      .add_option("--output", options.output,
                  "Write a file instead: CSV where its name ends in .csv, else .npy")
      ->type_name("FILE")
      ->check(console::table_file);
}

void add_evaluate(CLI::App& command, Inputs& inputs, StudyOptions& options) {
  command.footer(
      "Images are corrupted in seven ways at six intensities, from 0, mild but not clean, to 5;\n"
      "in pictures as small as the shipped digits the mildest three of pixel_shuffle are one. A\n"
      "batch is noticed where its features, by their distances to the class means of other\n"
      "images, differ from those of a clean batch: two-sample Kolmogorov-Smirnov tests, 0.05 by\n"
      "the number of classes. The rate is the share of random batches that are noticed, of each\n"
      "size and with a quarter, half or all of the images corrupted; with none it is that of\n"
      "false alarms. softmax and logit are tested on their values too. Without arguments, a\n"
      "small network that reads handwritten digits is studied, in a minute or so.\n"
      "\n" +
      about_files + about_methods +
      "\n"
      "Files in the output folder:\n"
      "  rates.csv      a line for each figure: the rate and its 95 % confidence interval\n"
      "  rates.svg      rate against intensity in batches of 50, every image corrupted\n"
      "  settings.json  what the figures depend on\n"
      "\n"
      "The same command goes on with an interrupted study (Ctrl-C, exit code 130); a folder with "
      "a\n"
      "study of other settings is refused, and so is one that another program is at work in. The\n"
      "same settings give the same figures.\n"
      "\n"
      "Examples:\n"
      "  dgp-shift evaluate --methods dgp_var softmax --corruptions gaussian_noise\n"
      "  dgp-shift evaluate --images t10k-images-idx3-ubyte --labels t10k-labels-idx1-ubyte \\\n"
      "            --model mnist.safetensors --output mnist");
  auto* const images = command.get_option("--images");
  auto* const labels = command.add_option("--labels", inputs.labels, "Their labels: IDX or .npy")
                           ->type_name("FILE")
                           ->needs(images);
  images->needs(labels);
  const auto methods = names_of(dgp::feature_methods);
  const auto kinds = names_of(corruptions::all);
  const auto count = CLI::Range(Index{1}, Index{1'000'000'000}).description("");
  command.add_option("--methods", options.methods, "Only these (default: all)")
      ->type_name("NAME")
      ->delimiter(',')
      ->check(one_of(methods));
  command
      .add_option("--corruptions", options.corruptions,
                  "Only these (default: all): " + joined(kinds, ", "))
      ->type_name("NAME")
      ->delimiter(',')
      ->check(one_of(kinds));
  command
      .add_option("--batch-sizes", options.batch_sizes,
                  "Images per batch (default: 10 20 50 100 200)")
      ->type_name("N")
      ->delimiter(',')
      ->check(count);
  command
      .add_option("--reference", options.reference,
                  "Images for the class means, at most half (default: 1000, or half)")
      ->type_name("N")
      ->check(count);
  command
      .add_option("--tested", options.tested,
                  "Images to draw batches from, at most all others (default: 1000, or all others)")
      ->type_name("N")
      ->check(count);
  command.add_option("--rounds", options.rounds, "Batches per figure (default: 50)")
      ->type_name("N")
      ->check(count);
  command
      .add_option("--seed", options.seed,
                  "Of the split, the corruptions and the batches (default: 1)")
      ->type_name("N")
      ->check(console::whole_number);
  command
      .add_option("--output", options.output, "Folder for the files (default: dgp-shift-output)")
      ->type_name("DIR")
      ->check([](const std::string& text) -> std::string {
        return text.empty() ? "the output folder needs a name" : "";
      });
}

void add_monitor(CLI::App& command, Inputs& inputs, MonitorOptions& options) {
  command.footer(
      "Half of the clean images make the class means; the distances of a batch to these are\n"
      "compared with those of the other half. Prints a line for each batch: whether it has\n"
      "shifted, the smallest p-value of a Kolmogorov-Smirnov test per class, the level below\n"
      "which it counts (0.05 by the number of classes), and the classes whose distances moved.\n"
      "The clean images should not be those that the network was trained on; a batch should have\n"
      "their classes in like shares, and far fewer images. Of such batches, about one in twenty\n"
      "may be called shifted though clean. Where a batch has too few images for any p-value to be\n"
      "below the level, there is no verdict. Bytes of all files are divided by what those of the\n"
      "clean images are.\n"
      "\n" +
      about_files + about_methods +
      "\n"
      "Example:\n"
      "  dgp-shift monitor --model model.safetensors --reference-images clean-idx3-ubyte \\\n"
      "            --reference-labels clean-idx1-ubyte --batch-size 50 monday-idx3-ubyte");
  command.add_option("--model", inputs.model, "The network")->type_name("FILE")->required();
  command.add_option("--reference-images", inputs.images, "Clean images")
      ->type_name("FILE")
      ->required();
  command.add_option("--reference-labels", inputs.labels, "Their labels: IDX or .npy")
      ->type_name("FILE")
      ->required();
  add_method(command, options.method);
  command
      .add_option("--batch-size", options.batch_size,
                  "Cut each file into batches of so many images (default: a file is a batch)")
      ->type_name("N")
      ->check(CLI::Range(Index{1}, Index{1'000'000'000}).description(""));
  command.add_option("FILE", options.batches, "Images to judge")->required();
}

}  // namespace

int main(int argc, char** argv) {
  Inputs inputs;
  FeatureOptions feature_options;
  StudyOptions study_options;
  MonitorOptions monitor_options;
  std::string format = "table";
  CLI::App app(
      "Do these images still look like those a network was trained for? Each image leaves a\n"
      "trace in the network: the topology of what flows over its edges, its outputs and more.\n"
      "Where the traces of many images differ from those of clean ones, the data has shifted.",
      "dgp-shift");
  app.footer(
      "Examples:\n"
      "  dgp-shift evaluate\n"
      "  dgp-shift features --model model.safetensors --images today.npy --output features.npy\n"
      "  dgp-shift monitor --model model.safetensors --reference-images clean-idx3-ubyte \\\n"
      "            --reference-labels clean-idx1-ubyte today-idx3-ubyte\n"
      "  dgp-shift evaluate --help\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.require_subcommand(1);
  auto* const features = app.add_subcommand("features", "Prints a feature vector for each image");
  auto* const evaluation = app.add_subcommand(
      "evaluate", "Tells how often each method notices corrupted images, and errs on clean ones");
  auto* const watch = app.add_subcommand(
      "monitor", "Learns from clean images, then tells of batches whether they have shifted");
  for (auto* const command : {features, evaluation}) {
    command->add_option("--model", inputs.model, "The network (default: one that reads digits)")
        ->type_name("FILE");
    command->add_option("--images", inputs.images, "Images (default: handwritten digits)")
        ->type_name("FILE");
  }
  add_features(*features, feature_options);
  add_evaluate(*evaluation, inputs, study_options);
  add_monitor(*watch, inputs, monitor_options);
  for (auto* const command : {features, evaluation, watch}) {
    command
        ->add_option("--activation", inputs.activation,
                     "Of the hidden layers: relu (default), tanh or sigmoid")
        ->type_name("NAME")
        ->check(one_of({"relu", "tanh", "sigmoid"}));
    if (command != features) {
      command->add_option("--format", format, "table (default) or json")
          ->type_name("FORMAT")
          ->check(one_of({"table", "json"}));
    }
    checkpoint::add_choice(*command, inputs.choice);
    white::add_option(*command, inputs.white);
    console::add_threads(*command);
  }

  return console::run(app, argc, argv, [&] {
    if (features->parsed()) return shift::print_features(inputs, feature_options);
    if (evaluation->parsed()) return shift::evaluate(inputs, study_options, format);
    shift::monitor(inputs, monitor_options, format);
  });
}
