// dgp-compare: how far checkpoints are apart by their persistence diagrams.
#include <cmath>
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
  std::string format = "table";
  std::string distance;
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
      "least. The Wasserstein distance of order p is the p-norm of all costs.",
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
  auto* const kind = app.add_option("--distance", distance,
                                    "bottleneck (default), or wasserstein, the default with --p")
                         ->type_name("DISTANCE")
                         ->check(CLI::IsMember({"bottleneck", "wasserstein"}));
  auto* const order =
      app.add_option("--p", options.p,
                     "Order of the Wasserstein distance, at least 1; inf is allowed (default: 2)")
          ->type_name("P")
          ->check([](const std::string& text) -> std::string {
            if (console::value_of(text) >= 1) return {};
            return "p must be a number of at least 1, not '" + text + "'";
          });
  app.add_flag("--matrix", options.matrix,
               "Show the distances of all pairs of files (of up to eight they are shown anyway)");
  app.add_option("--svg", options.picture, "Draw the distances of all pairs to this file")
      ->type_name("FILE");
  app.add_option("--format", format, "table (default), json or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  console::add_threads(app);
  app.final_callback([&] {
    if (options.files.size() < 2) {
      throw CLI::ValidationError("it takes two models to compare, and there is one");
    }
    if (distance == "bottleneck" && order->count() > 0 && !std::isinf(options.p)) {
      throw CLI::ValidationError("--p is of the Wasserstein distance, not of the bottleneck's");
    }
    if (kind->count() > 0 && order->count() == 0 && distance == "wasserstein") options.p = 2;
  });

  return console::run(app, argc, argv, [&] {
    const auto compared = compare::compare(options);
    if (!options.picture.empty()) compare::write_picture(compared, options);
    if (format == "json") return compare::print_json(compared, options);
    if (format == "csv") return compare::print_csv(compared, options);
    return compare::print_table(compared, options);
  });
}
