// dgp-findings: what drives neural persistence in a network of your own.
//
// in:  checkpoints of one network, whose names in natural order are in the order of its training
// out: figures for each finding of Girrbach et al. 2023, whether it holds here or not, and a report
//      with pictures
#include <algorithm>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <dgp/io/natural_order.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "csv.hpp"
#include "figures.hpp"
#include "json.hpp"
#include "report.hpp"
#include "tables.hpp"

int main(int argc, char** argv) {
  findings::Options options;
  std::string format = "table";
  std::string report;
  CLI::App app(
      "Holds the findings of Girrbach et al. 2023 against a network of yours: does neural\n"
      "persistence follow the spread of the weights, does shuffling the weights of a layer\n"
      "change it, where do large weights gather, which distribution do they follow, and\n"
      "what do random networks of the same shapes measure?\n"
      "\n"
      "CHECKPOINTs are files of one network at successive moments of its training (safetensors,\n"
      "PyTorch's .pt, or NumPy's .npz and .npy), taken in natural order of their names\n"
      "(checkpoint-10 after checkpoint-9), and are shown over the number by which these differ;\n"
      "layers are the 2-D tensors, of the same names and shapes in each file, and are analysed\n"
      "in the last one, in double precision.\n"
      "Parts of a checkpoint (NAME-1-of-2.safetensors) are one together. Without any, a small\n"
      "network trained on handwritten digits is shown.",
      "dgp-findings");
  app.footer(
      "Examples:\n"
      "  dgp-findings model.safetensors\n"
      "  dgp-findings run/checkpoint-*.safetensors --report findings.html\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.add_option("CHECKPOINT", options.checkpoints, "Checkpoints: .safetensors, .pt, .npz or .npy");
  checkpoint::add_choice(app, options.choice);
  app.add_option(
         "--shuffles", options.shuffles,
         "Shuffled copies of each layer, and random networks (default: 20; claims need 10);\n"
         "of neural persistence 1000 are drawn, which need no copies")
      ->type_name("N")
      ->check(CLI::Range(2, 100000));
  app.add_option("--seed", options.seed, "Seed of shuffles and random networks (default: 1)")
      ->type_name("N")
      ->check(console::whole_number);
  app.add_option("--report", report, "Write a report with pictures to this HTML file")
      ->type_name("FILE")
      ->check(console::report_file);
  app.add_option("--format", format,
                 "table (default), json, or csv: a row for each figure, without the claims")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  console::add_threads(app);
  return console::run(app, argc, argv, [&] {
    std::stable_sort(options.checkpoints.begin(), options.checkpoints.end(), dgp::io::natural_less);
    const auto found = findings::find(options);
    if (format == "json") findings::print_json(found, options);
    if (format == "csv") findings::print_csv(found);
    if (format == "table") findings::print_table(found, options);
    if (report.empty()) return;
    findings::write_report(found, options, report);
    if (format == "table") std::cout << "\nPictures are in " << report << ".\n";
  });
}
