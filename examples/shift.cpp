// dgp-shift: do these images still look like those a network was trained for? By the topology of
// what flows through it (Girrbach et al. 2023).
//
// features: images in, the feature vector of each out
// evaluate: labelled images in, how often each method notices seven corruptions of them out
// monitor:  clean labelled images and batches in, a verdict on each batch out
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <dgp/io/npy_writer.hpp>
#include <dgp/io/whole_file.hpp>
#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/monitoring/shift_detection.hpp>
#include <dgp/monitoring/shift_monitor.hpp>

#include "console.hpp"
#include "corruptions.hpp"
#include "plot/svg.hpp"
#include "shift_inputs.hpp"
#include "shift_study.hpp"
#include "words.hpp"

namespace {

using console::number;
using dgp::FeatureMethod;
using dgp::Index;
using nlohmann::ordered_json;
using shift::Cell;
using shift::Detector;
using shift::Graphs;
using shift::Inputs;
using shift::Matrix;
using shift::Pictures;
using shift::Study;
using shift::StudyOptions;
using shift::Summary;
using words::one_line;

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

void print_json(const ordered_json& document) {
  std::cout << document.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

// --- features ---

struct FeatureOptions {
  std::string method = "dgp_var";
  std::string output;  // empty: CSV on stdout
};

void print_features(const Inputs& inputs, const FeatureOptions& options) {
  const Graphs graphs = shift::read_model(inputs);
  const Pictures pictures = shift::read_pictures(inputs.images);
  shift::check_pixels(pictures, graphs, inputs);
  const Matrix images = scaled(pictures, white_of(pictures));
  const FeatureMethod method = dgp::feature_method(options.method);

  console::Progress progress("features");
  Matrix features(images.rows(), graphs.feature_count(method));
  constexpr Index at_once = 64;
  for (Index done = 0; done < images.rows();) {
    const Index count = std::min(at_once, images.rows() - done);
    features.middleRows(done, count) =
        dgp::feature_matrix(graphs, images.middleRows(done, count), method);
    done += count;
    progress.update(static_cast<double>(done) / static_cast<double>(images.rows()),
                    std::to_string(done) + " images");
  }
  const auto print = [&](std::ostream& stream) {
    for (const auto& row : features.rowwise()) {
      std::string line;
      for (const float value : row) {
        line.append(line.empty() ? "" : ",").append(shift::exact(value));
      }
      stream << line << "\n";
    }
  };
  if (options.output.empty()) return print(std::cout);
  if (std::filesystem::path(options.output).extension() == ".csv") {
    return dgp::io::write_whole_file(options.output, print);
  }
  dgp::io::write_npy(options.output, features);
}

// --- evaluate ---

// "0.02 (0.00 to 0.10)"
std::string with_interval(const dgp::DetectionRate& rate) {
  return number("%.2f", rate.rate) + " (" + number("%.2f", rate.lowest) + " to " +
         number("%.2f", rate.highest) + ")";
}

// The detector of the largest figure among those that are admitted; nothing if none is.
template <class Admits, class Figure>
std::optional<std::size_t> best_of(const Study& study, const Admits& admits, const Figure& figure) {
  std::optional<std::size_t> best;
  for (std::size_t d = 0; d < study.detectors.size(); ++d) {
    if (admits(study.detectors[d]) && (!best || figure(d) > figure(*best))) best = d;
  }
  return best;
}

bool is_any(const Detector&) { return true; }
bool is_deep(const Detector& detector) { return detector.method_name().rfind("dgp", 0) == 0; }
bool is_other(const Detector& detector) { return !is_deep(detector); }

// Which method is best, where deep graph persistence is not, and whether alarms can be trusted.
void print_verdicts(const Study& study, const Summary& summary) {
  const auto named = [&](std::size_t detector, double rate) {
    return study.detectors[detector].label() + " " + number("%.2f", rate);
  };
  const auto mean = [&](std::size_t detector) { return summary.means[detector]; };
  const std::size_t best = *best_of(study, is_any, mean);
  std::cout << "Best over all corruptions: " << named(best, mean(best)) << ".\n";
  const auto best_deep = best_of(study, is_deep, mean);
  if (best_deep && best_of(study, is_other, mean)) {
    std::vector<std::string> behind;
    for (const auto& corruption : summary.corruptions) {
      const auto rate = [&](std::size_t d) { return summary.rates[d].at(corruption); };
      const std::size_t ours = *best_of(study, is_deep, rate);
      const std::size_t theirs = *best_of(study, is_other, rate);
      const auto spread = [](double share) { return share * (1 - share); };
      const double chance =
          2 * std::sqrt((spread(rate(ours)) + spread(rate(theirs))) / summary.rounds_per_rate);
      if (rate(ours) + chance < rate(theirs)) {
        behind.push_back(corruption + " (" + named(ours, rate(ours)) + ", " +
                         named(theirs, rate(theirs)) + ")");
      }
    }
    std::cout << "Deep graph persistence at its best: " << named(*best_deep, mean(*best_deep))
              << ".\n"
              << (behind.empty()
                      ? "No corruption is noticed better, beyond chance, by any other method.\n"
                      : "Better noticed by others, beyond chance: " + joined(behind, ", ") + ".\n");
  }
  if (summary.alarming.empty()) {
    std::cout << "No method raises false alarms, in batches of any size, above "
              << shift::exact(shift::alpha)
              << " beyond the confidence interval\n"
                 "(both batches are drawn from the same clean images, so none should).\n";
  }
  for (const auto& cell : summary.alarming) {
    std::cout << "Too many false alarms: " << cell.detector.label() << " in batches of "
              << cell.batch_size << ", " << with_interval(cell.result) << ".\n";
  }
}

void print_summary(const Study& study, const Summary& summary, const StudyOptions& options) {
  // Names in two lines keep the columns narrow.
  std::vector<std::vector<std::string>> rows{{""}, {"method"}};
  for (const auto& corruption : summary.corruptions) {
    const std::size_t cut = corruption.rfind('_') + 1;  // 0 where there is none
    rows[0].push_back(corruption.substr(0, cut > 0 ? cut - 1 : 0));
    rows[1].push_back(corruption.substr(cut));
  }
  rows[0].insert(rows[0].end(), {"", "false alarms"});
  rows[1].insert(rows[1].end(), {"mean", "(95 % interval)"});
  for (std::size_t d = 0; d < study.detectors.size(); ++d) {
    auto& row = rows.emplace_back(std::vector<std::string>{study.detectors[d].label()});
    for (const auto& corruption : summary.corruptions) {
      row.push_back(number("%.2f", summary.rates[d].at(corruption)));
    }
    row.push_back(number("%.2f", summary.means[d]));
    row.push_back(with_interval(summary.false_alarms[d]));
  }
  std::cout << "Share of batches of " << study.shown_batch_size
            << " corrupted images that are noticed: means over " << corruptions::intensities
            << " intensities,\n"
            << options.rounds << " batches for each, " << study.reference
            << " images for the class means, " << study.tested << " to test\n\n";
  console::print_rows(rows);
  std::cout << "\n";
  print_verdicts(study, summary);
  std::cout << "\n"
            << one_line(options.output)
            << " holds rates.csv, with other batch sizes and shares, and rates.svg\n";
}

ordered_json json_of(const Detector& detector) {
  return {{"method", detector.method_name()}, {"test", detector.test_name()}};
}

ordered_json json_of(const Cell& cell) {
  const bool corrupted = cell.condition.corruption.has_value();
  ordered_json entry;
  if (corrupted) {
    entry["corruption"] = cell.condition.name();
    entry["intensity"] = cell.condition.intensity;
  }
  entry.update(json_of(cell.detector));
  entry["batch_size"] = cell.batch_size;
  if (corrupted) entry["share"] = cell.share;
  entry["rate"] = cell.result.rate;
  entry["lowest"] = cell.result.lowest;
  entry["highest"] = cell.result.highest;
  entry["flagged"] = cell.result.flagged;
  entry["rounds"] = cell.result.rounds;
  return entry;
}

ordered_json json_of(const Study& study, const Summary& summary, const Inputs& inputs,
                     const StudyOptions& options) {
  ordered_json methods = ordered_json::array();
  for (std::size_t d = 0; d < study.detectors.size(); ++d) {
    ordered_json& entry = methods.emplace_back(json_of(study.detectors[d]));
    entry["mean_rate"] = summary.means[d];
    entry["rates"] = summary.rates[d];
  }
  const std::size_t best = *best_of(study, is_any, [&](std::size_t d) { return summary.means[d]; });
  ordered_json rates = ordered_json::array();
  ordered_json false_alarms = ordered_json::array();
  for (const auto& cell : study.cells) {
    (cell.condition.corruption ? rates : false_alarms).push_back(json_of(cell));
  }
  return {{"model", inputs.model},
          {"images", inputs.images},
          {"labels", inputs.labels},
          {"activation", inputs.activation},
          {"reference", study.reference},
          {"tested", study.tested},
          {"rounds", options.rounds},
          {"seed", options.seed},
          {"alpha", shift::alpha},
          {"summary",
           {{"batch_size", study.shown_batch_size},
            {"share", 1},
            {"best", json_of(study.detectors[best])},
            {"methods", methods},
            {"too_many_false_alarms", !summary.alarming.empty()}}},
          {"false_alarms", false_alarms},
          {"rates", rates}};
}

// A panel for each corruption, a line for each method.
void write_picture(const Study& study, const Summary& summary, const std::filesystem::path& path) {
  std::vector<plot::Chart> charts;
  for (const auto& corruption : summary.corruptions) {
    plot::Chart chart{corruption, {"intensity"}, {"detection rate", false, {}, {0, 1}}};
    for (const auto& detector : study.detectors) {
      plot::Series series{detector.label(), {}, {}};
      for (const auto& cell : study.cells) {
        if (cell.detector != detector || cell.condition.name() != corruption) continue;
        if (!study.shows(cell)) continue;
        series.x.push_back(static_cast<double>(cell.condition.intensity));
        series.y.push_back(cell.result.rate);
      }
      chart.series.push_back(std::move(series));
    }
    charts.push_back(std::move(chart));
  }
  console::write_text(path, plot::render(charts, 2));
}

void evaluate(const Inputs& inputs, const StudyOptions& options, const std::string& format) {
  Graphs graphs = shift::read_model(inputs);
  const Pictures pictures = shift::read_pictures(inputs.images);
  shift::check_pixels(pictures, graphs, inputs);
  const std::vector<Index> labels = shift::read_labels(inputs.labels, pictures);
  Study study = shift::planned(options, graphs, pictures.count());
  shift::Witnesses witnesses(std::move(graphs), pictures, labels, study, options.seed);
  shift::Record record(options.output, shift::settings_of(inputs, options, study));
  const std::size_t done = record.take_up(study.cells);

  // Whoever reads the pipe follows the study by lines.
  const bool with_lines = format != "json" && isatty(STDOUT_FILENO) == 0;
  if (with_lines && done > 0) {
    std::cout << one_line(options.output) << " holds " << done << " of " << study.cells.size()
              << " figures already" << std::endl;
  }
  {
    console::Progress progress("evaluate");
    const auto left = static_cast<double>(study.cells.size() - done);
    shift::work_out(study, done, options, witnesses, record, [&](std::size_t i) {
      const Cell& cell = study.cells[i];
      progress.update(static_cast<double>(i + 1 - done) / left,
                      cell.condition.label() + ", " + cell.detector.label());
      const bool last =
          i + 1 == study.cells.size() || study.cells[i + 1].condition != cell.condition;
      if (with_lines && last) {
        std::cout << i + 1 << " of " << study.cells.size() << " figures: " << cell.condition.label()
                  << std::endl;
      }
    });
  }
  const Summary summary = shift::summary_of(study);
  write_picture(study, summary, std::filesystem::path(options.output) / "rates.svg");
  if (format == "json") return print_json(json_of(study, summary, inputs, options));
  if (with_lines) std::cout << "\n";
  print_summary(study, summary, options);
}

// --- monitor ---

struct MonitorOptions {
  std::string method = "dgp_var";
  std::vector<std::string> batches;
  Index batch_size = 0;  // 0: each file is a batch
};

void print_verdict(const std::string& images, const dgp::ShiftVerdict& verdict) {
  std::vector<std::string> classes;
  for (const Index label : verdict.moved) classes.push_back(std::to_string(label));
  std::cout << images << ": " << (verdict.shifted ? "shifted" : "not shifted")
            << ", smallest p-value " << number("%.3g", verdict.smallest_p_value) << ", level "
            << number("%.3g", verdict.level)
            << (classes.empty() ? "" : ", classes " + joined(classes, " "))
            << std::endl;  // a verdict is told when it is there
}

void monitor(const Inputs& inputs, const MonitorOptions& options, const std::string& format) {
  Graphs graphs = shift::read_model(inputs);
  const Pictures reference = shift::read_pictures(inputs.images);
  shift::check_pixels(reference, graphs, inputs);
  const float white = white_of(reference);
  dgp::ShiftMonitor<float> monitor(graphs, dgp::feature_method(options.method), shift::alpha);
  monitor.fit(scaled(reference, white), shift::read_labels(inputs.labels, reference));

  // What is wrong with the last file is told before the first is judged.
  std::vector<Pictures> files;
  for (const auto& path : options.batches) {
    const Pictures& pictures = files.emplace_back(shift::read_pictures(path));
    shift::check_pixels(pictures, graphs, inputs);
    if (pictures.bytes != reference.bytes) {
      throw std::runtime_error(path + " and " + reference.path +
                               ": one holds bytes, the other does not, and what is white in both "
                               "is not known; give both alike");
    }
  }
  ordered_json batches = ordered_json::array();
  for (const Pictures& pictures : files) {
    const std::string& path = pictures.path;
    const Matrix images = scaled(pictures, white);
    const Index size = options.batch_size > 0 ? options.batch_size : images.rows();
    for (Index first = 0; first < images.rows(); first += size) {
      const Index count = std::min(size, images.rows() - first);
      const auto verdict = monitor.check(images.middleRows(first, count));
      if (format == "json") {
        batches.push_back({{"file", path},
                           {"first", first},
                           {"images", count},
                           {"shifted", verdict.shifted},
                           {"smallest_p_value", verdict.smallest_p_value},
                           {"level", verdict.level},
                           {"moved", verdict.moved}});
      } else {
        print_verdict(one_line(path) + ", images " + std::to_string(first) + " to " +
                          std::to_string(first + count - 1),
                      verdict);
      }
    }
  }
  if (format != "json") return;
  print_json({{"model", inputs.model},
              {"reference_images", inputs.images},
              {"method", options.method},
              {"batches", batches}});
}

// --- the command line ---

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
    "Models are safetensors files: 2-D tensors (out x in) are the layers, in natural order of\n"
    "their names; layers.0.bias is the bias of layers.0.weight. Images are IDX files of bytes,\n"
    ".npy arrays whose first axis counts the images, or .safetensors files with a tensor named\n"
    "x. Bytes are divided by 255, or by 16 where none is larger, as in the shipped digits; other\n"
    "numbers are taken as they are.\n"
    "\n";

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

void add_features(CLI::App& command, FeatureOptions& options) {
  command.footer(
      "Each image becomes a line of CSV without a header; the lists of methods that\n"
      "have one per layer stand one after the other. Without arguments, those of\n"
      "handwritten digits are printed.\n"
      "\n" +
      about_files + about_methods);
  command
      .add_option("--method", options.method, "How an image becomes a vector (default: dgp_var)")
      ->type_name("NAME")
      ->check(one_of(names_of(dgp::feature_methods)));
  command
      .add_option("--output", options.output,
                  "Write a file instead: CSV where its name ends in .csv, else .npy")
      ->type_name("FILE");
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
      "small network that reads handwritten digits is studied, in a few minutes.\n"
      "\n" +
      about_files + about_methods +
      "\n"
      "Files in the output folder:\n"
      "  rates.csv      a line for each figure: the rate and its 95 % confidence interval\n"
      "  rates.svg      rate against intensity in batches of 50, every image corrupted\n"
      "  settings.json  what the figures depend on\n"
      "\n"
      "The same command goes on with an interrupted study; a folder with a study of other\n"
      "settings is refused. The same settings give the same figures.\n"
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
                  "Images for the class means, at most half (default: 1000)")
      ->type_name("N")
      ->check(count);
  command
      .add_option("--tested", options.tested,
                  "Images to draw batches from, at most all others (default: 1000)")
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
      "may be called shifted though clean. Bytes of all files are divided by what those of the\n"
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
  command
      .add_option("--method", options.method, "How an image becomes a vector (default: dgp_var)")
      ->type_name("NAME")
      ->check(one_of(names_of(dgp::feature_methods)));
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
    console::add_threads(*command);
  }

  return console::run(app, argc, argv, [&] {
    if (features->parsed()) return print_features(inputs, feature_options);
    if (evaluation->parsed()) return evaluate(inputs, study_options, format);
    monitor(inputs, monitor_options, format);
  });
}
