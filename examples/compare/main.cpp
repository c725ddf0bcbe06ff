// dgp-compare: how far checkpoints are apart by their persistence diagrams.
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "csv.hpp"
#include "figures.hpp"
#include "json.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "table.hpp"

int main(int argc, char** argv) {
  compare::Options options;
  CLI::App app(
      "Compares checkpoints of one network by the persistence diagrams of their layers: how\n"
      "far apart are they, and when did a training change what it learned?\n"
      "\n"
      "MODELs are files as dgp-inspect reads them, with the same layers in each. Where their\n"
      "names differ by a number only (checkpoint-9, checkpoint-10) they are taken in its\n"
      "order, otherwise as they are given. Of two, each layer is shown; of more, a row for\n"
      "each file has its neural persistence (NP) and deep graph persistence (DGP), and how\n"
      "far its diagrams are from those of the file before and of the first.\n"
      "\n"
      "NP is one number: two files may have the same and yet diagrams that are far apart. A\n"
      "distance is the cost of the cheapest matching of the pairs of two diagrams, where a\n"
      "pair may be left out for half its life. The bottleneck distance is the largest cost in\n"
      "it: some weight of the layer, as a share of the largest weight, differs by that much at\n"
      "least. With --p, it is the p-norm of all costs: the Wasserstein distance of order p.",
      "dgp-compare");
  app.footer(
      "Examples:\n"
      "  dgp-compare before.safetensors after.safetensors\n"
      "  dgp-compare dgp-train-output/checkpoint-*.safetensors --svg distances.svg\n"
      "  dgp-compare run/*.pt --layers 'encoder.*weight' --p 2 --format csv\n"
      "\n"
      "JSON holds the distances of all pairs (\"matrix\") with --matrix or --svg, and for up\n"
      "to eight files; CSV has a row for each file and measure, with --matrix one for each pair.\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.add_option("MODEL", options.files,
                 "Models, two or more: .onnx, .safetensors, .pt, .npz or .npy")
      ->required();
  checkpoint::add_choice(app, options.choice);
  app.add_option("--p", options.p,
                 "Order of the Wasserstein distance, at least 1 (default: inf, the bottleneck\n"
                 "distance)")
      ->type_name("P")
      ->check(console::order_of_norm);
  app.add_flag("--matrix", options.matrix,
               "Show the distances of all pairs of files (of up to eight they are shown anyway)");
  app.add_option("--svg", options.picture, "Draw the distances of all pairs to this file")
      ->type_name("FILE")
      ->check(console::picture_file);
  app.add_option("--format", options.format, "table (default), json or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  console::add_threads(app);
  app.final_callback([&] {
    if (options.files.size() < 2) {
      throw CLI::ValidationError("it takes two models to compare, and there is one");
    }
  });

  return console::run(app, argc, argv, [&] {
    const auto compared = compare::compare(options);
    if (options.format == "json") compare::print_json(compared, options);
    if (options.format == "csv") compare::print_csv(compared, options);
    if (options.format == "table") compare::print_table(compared, options);
    if (options.picture.empty()) return;
    compare::write_picture(compared, options);
    if (options.format == "table") {
      std::cout << "The distances of all pairs are in " << options.picture << ".\n";
    }
  });
}
