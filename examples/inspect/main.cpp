// dgp-inspect: the neural persistence and deep graph persistence of checkpoints.
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <dgp/analysis/shuffle_null.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../interruption.hpp"
#include "csv.hpp"
#include "figures.hpp"
#include "json.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "table.hpp"

int main(int argc, char** argv) {
  inspect::Options options;
  std::string essential = "dies-at-zero";
  std::string rounds;
  CLI::App app(
      "Measures the topology of a trained network: the neural persistence of each layer\n"
      "and of the network, its deep graph persistence, and the variance of its weights.\n"
      "\n"
      "MODEL is an ONNX model, whose graph is measured as it is: convolutions at all positions,\n"
      "skip connections, pooling. Or a checkpoint: a safetensors file, what torch.save wrote\n"
      "(.pt), a NumPy .npz archive or .npy array; or a pipe that holds one, - for the standard\n"
      "input. Parts of a model (NAME-1-of-2.safetensors) are given together, or by their\n"
      ".index.json. A checkpoint's layers are its 2-D tensors of floating-point numbers, each\n"
      "(fan_out x fan_in) unless --transpose says otherwise, and those of 3 to 5 dimensions,\n"
      "which are measured as kernels: matrices (out x all else). A training's checkpoint may\n"
      "hold an optimizer's matrices too, which --layers leaves out. Without MODEL, a small\n"
      "network trained on handwritten digits is shown. Weights of 64 bits are measured in\n"
      "double precision, all others in single precision. Several models have a row each in the\n"
      "table, a column \"file\" in CSV, and an array of objects in JSON; one that cannot be\n"
      "measured does not hide the others, but is an error.",
      "dgp-inspect");
  app.footer(
      "Examples:\n"
      "  dgp-inspect model.safetensors\n"
      "  dgp-inspect before.safetensors after.safetensors --format csv\n"
      "  dgp-inspect model.safetensors --layers 'mlp.*weight' --format json --deaths\n"
      "  dgp-inspect autoencoder.safetensors --order encoder decoder\n"
      "  dgp-inspect keras.npz --transpose .\n"
      "  dgp-inspect model.safetensors --paths 10 --svg paths.svg\n"
      "  dgp-inspect resnet.onnx\n"
      "  dgp-inspect transformer.onnx --layers .    (matrices and kernels, without the graph)\n"
      "\n"
      "Deep graph persistence needs to know the order in which data flows through the layers:\n"
      "names tell it that differ in one number only (layers.0.weight, layers.2.weight), else\n"
      "--order does. And it needs layers that chain: the fan-in of each is the fan-out of the\n"
      "one before. Where one of these is missing it is null in JSON, with the reason beside it;\n"
      "of a layer that is constant and cannot be standardised, the standardised variants are.\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.add_option("MODEL", options.files, "Models: .onnx, .safetensors, .pt, .npz or .npy");
  checkpoint::add_choice(app, options.choice);
  app.add_option("--p", options.p, "Order of the norm, at least 1; inf is allowed (default: 2)")
      ->type_name("P")
      ->check(console::order_of_norm);
  app.add_option("--essential", essential,
                 "The class that never dies: dies-at-zero (as in the papers, the default) or\n"
                 "omitted")
      ->type_name("CONVENTION")
      ->check(CLI::IsMember({"dies-at-zero", "omitted"}));
  app.add_option("--format", options.format, "table (default), json or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  app.add_flag("--deaths", options.deaths,
               "Show each graph's deaths, descending, without the essential class");
  app.add_flag("--analysis", options.analysis,
               "Show each layer's spatial concentration too (it takes a sort of all weights)");
  auto* const significance =
      app.add_option("--significance", rounds,
                     "Compare each layer with ROUNDS shuffles of its weights (default: 1000): its\n"
                     "excess over them is structure that the weights' distribution cannot explain")
          ->type_name("[ROUNDS]")
          ->expected(0, 1)
          ->check([](const std::string& text) -> std::string {
            const double count = console::value_of(text);
            const bool whole = console::whole_number(text).empty();
            if (text.empty() || (whole && count >= 2 && count <= 1e6)) return {};
            return "ROUNDS is a whole number from 2 to 1000000, not '" + text +
                   "' (a model's name stands before --significance)";
          });
  app.add_option(
         "--paths", options.paths,
         "Show the K strongest persistent paths, in the table and in JSON: neurons from an\n"
         "input to an output, and the weakest edge between them")
      ->type_name("K")
      ->check([](const std::string& text) -> std::string {
        const bool whole = console::whole_number(text).empty();
        if (whole && console::value_of(text) >= 1) return {};
        return "K is a whole number of at least 1, not '" + text + "'";
      });
  app.add_option("--svg", options.picture,
                 "Draw the persistence diagrams to this file; with --paths, the network and these")
      ->type_name("FILE")
      ->check(console::picture_file);
  app.add_option("--memory", options.memory,
                 "Weights that take more memory are read block by block from safetensors,\n"
                 "PyTorch's and .npy files, as often as needed, with the same figures (default: a\n"
                 "quarter of this machine's)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--resume", options.resume,
                 "Keep finished layers in this file, and skip those that are there: for large\n"
                 "models, read block by block")
      ->type_name("FILE")
      ->check(console::output_file);
  console::add_threads(app);
  app.final_callback([&] {
    if (options.paths > 0 && options.format == "csv" && options.picture.empty()) {
      throw CLI::ValidationError(
          "CSV has no room for --paths: take --format json, or draw them "
          "with --svg");
    }
  });

  return console::run(app, argc, argv, [&] {
    if (essential == "omitted") options.essential = dgp::EssentialClass::omitted;
    if (significance->count() > 0) options.rounds = rounds.empty() ? 1000 : std::stoull(rounds);
    dgp::ShuffleNulls nulls({.rounds = options.rounds.value_or(1000)});  // of all models
    std::vector<inspect::Report> reports;
    std::vector<std::string> failures;
    const auto models = checkpoint::models_in_order(options.files);
    options.several = models.size() > 1;
    if (!options.resume.empty()) {
      if (options.several) throw std::runtime_error("--resume is of a single model");
      interruption::watch();
    }
    for (const auto& model : models) {
      console::Progress progress(std::filesystem::path(model.name).filename().string());
      try {
        reports.push_back(
            inspect::inspect(model, options, progress, options.rounds ? &nulls : nullptr));
      } catch (const interruption::Interrupted&) {
        throw;
      } catch (const std::runtime_error& refused) {
        failures.emplace_back(refused.what());
      }
    }
    if (!reports.empty()) {
      if (options.format == "json") inspect::print_json(reports, options);
      if (options.format == "csv") inspect::print_csv(reports, options);
      if (options.format == "table") inspect::print_table(reports, options);
      if (!options.picture.empty()) {
        inspect::write_picture(reports, options);
        if (options.format == "table") inspect::print_where(reports, options);
      }
    }
    // One model at fault does not hide the others.
    if (failures.empty()) return;
    for (std::size_t i = 0; i + 1 < failures.size(); ++i) console::complain(app, failures[i]);
    throw std::runtime_error(failures.back());
  });
}
