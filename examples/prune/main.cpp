// dgp-prune: how well a perceptron does with fewer and fewer weights, by which of them are kept.
#include <algorithm>
#include <functional>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "../console.hpp"
#include "../white.hpp"
#include "figures.hpp"
#include "output.hpp"

int main(int argc, char** argv) {
  prune::Options options;
  std::string format = "table";
  std::string scope = "network";
  CLI::App app(
      "Takes weights away from a perceptron, a share at a time, and tells what is left: its\n"
      "accuracy on labelled images, its neural persistence and its deep graph persistence. Four\n"
      "strategies say which weights stay:\n"
      "\n"
      "  magnitude  the largest\n"
      "  forest     those of the layer's maximum spanning forest, on which neural persistence\n"
      "             rests, then the largest\n"
      "  paths      those on the strongest persistent paths, on which deep graph persistence\n"
      "             rests, then the largest\n"
      "  random     any; the floor for the others\n"
      "\n"
      "All weights of the network compete, which spares its narrow layers; with --scope layer\n"
      "each layer keeps the same share of its own, so that none vanishes. Biases stay, and\n"
      "nothing is trained again.\n"
      "Without arguments the shipped network is pruned that reads handwritten digits; some of\n"
      "these images it has learned from.\n" +
          white::about,
      "dgp-prune");
  app.footer(
      "Examples:\n"
      "  dgp-prune\n"
      "  dgp-prune mnist.safetensors --images t10k-images-idx3-ubyte \\\n"
      "            --labels t10k-labels-idx1-ubyte --svg pruning.svg\n"
      "\n"
      "Pruned weights are edges of value 0 to neural persistence, which cannot change while all "
      "of\n"
      "the forest is kept. To deep graph persistence they are weights as any, whose mean and\n"
      "deviation they enter; it is undefined (-) where a layer has become constant.\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  auto& inputs = options.inputs;
  auto* const model =
      app.add_option("MODEL", inputs.model,
                     "A perceptron: layers.K.weight (out x in) and layers.K.bias, in any format");
  checkpoint::add_choice(app, inputs.choice);
  auto* const images = app.add_option("--images", inputs.images, "Images: IDX, .npy, .safetensors")
                           ->type_name("FILE");
  auto* const labels = app.add_option("--labels", inputs.labels, "Their labels")->type_name("FILE");
  images->needs(labels);
  labels->needs(images);
  model->needs(images);
  white::add_option(app, inputs.white);
  app.add_option("--activation", inputs.activation,
                 "Of the hidden layers: relu (default), tanh or sigmoid")
      ->type_name("NAME")
      ->check(CLI::IsMember({"relu", "tanh", "sigmoid"}));
  app.add_option(
         "--scope", scope,
         "Of which weights the share is kept: of all together (network, the default), or of\n"
         "each layer's (layer)")
      ->type_name("SCOPE")
      ->check(CLI::IsMember({"layer", "network"}));
  app.add_option("--shares", options.shares,
                 "Of the weights that are kept (default: 1, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, ...,\n"
                 "0.005)")
      ->type_name("SHARE")
      ->delimiter(',')
      ->check([](const std::string& text) -> std::string {
        const double share = console::value_of(text);
        if (share > 0 && share <= 1) return {};
        return "a share is a number above 0 and at most 1, not '" + text + "'";
      });
  app.add_option("--seed", options.seed, "Of the random strategy (default: 1)")
      ->type_name("N")
      ->check(console::whole_number);
  app.add_option("--format", format, "table (default), json or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  app.add_option("--svg", options.picture, "Draw the curves to this file")
      ->type_name("FILE")
      ->check(console::picture_file);
  console::add_threads(app);

  return console::run(app, argc, argv, [&] {
    options.scope = scope == "layer" ? prune::Scope::layer : prune::Scope::network;
    std::sort(options.shares.begin(), options.shares.end(), std::greater<>());
    options.shares.erase(std::unique(options.shares.begin(), options.shares.end()),
                         options.shares.end());
    const auto study = prune::study_of(options);
    if (format == "json") prune::print_json(study, options);
    if (format == "csv") prune::print_csv(study);
    if (format == "table") prune::print_table(study, options);
    if (options.picture.empty()) return;
    prune::write_picture(study, options);
    if (format == "table") std::cout << "The curves are in " << options.picture << ".\n";
  });
}
