// The files of a training: its curves as CSV and as pictures, a checkpoint for each epoch.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <dgp/io/safetensors_writer.hpp>

#include "../console.hpp"
#include "../plot/svg.hpp"
#include "../words.hpp"
#include "checks.hpp"
#include "perceptron.hpp"

namespace training {

// In the fewest digits that mean this very number; nothing where it is undefined.
inline std::string exact(double value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 32> text;
  char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

// "1 image", "2 images".
inline std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

inline void write_csv(const std::filesystem::path& path, const std::vector<Check>& checks) {
  std::string text = "epoch,training_loss,validation_loss,validation_accuracy,np_mean";
  const auto columns = [&](const std::string& measure, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) text += "," + measure + "." + layer_name(k);
  };
  columns("np", checks.front().np_layers.size());
  columns("excess", checks.front().excess.size());
  text += ",dgp_standardized_rescaled,dgp_standardized,weight_variance";
  columns("spatial_concentration", checks.front().spatial_concentration.size());
  text += "\n";
  for (const auto& check : checks) {
    text += exact(check.epoch);
    const auto add = [&](double value) { text.append(",").append(exact(value)); };
    for (const double value :
         {check.training_loss, check.validation_loss, check.validation_accuracy, check.np_mean}) {
      add(value);
    }
    for (const double value : check.np_layers) add(value);
    for (const double value : check.excess) add(value);
    add(check.dgp_standardized_rescaled);
    add(check.dgp_standardized);
    add(check.weight_variance);
    for (const double value : check.spatial_concentration) add(value);
    text += "\n";
  }
  console::write_text(path, text);
}

inline void write_svg(const std::filesystem::path& path, const Record& record) {
  using plot::Chart;
  using plot::Series;
  std::vector<double> epochs;
  for (const auto& check : record.checks) epochs.push_back(check.epoch);
  const auto series = [&](const std::string& label, const auto& value) {
    Series result{label, epochs, {}};
    for (const auto& check : record.checks) result.y.push_back(value(check));
    return result;
  };
  const auto field = [&](const std::string& label, double Check::*member) {
    return series(label, [member](const Check& check) { return check.*member; });
  };
  const auto layers = [&](std::vector<double> Check::*member) {
    std::vector<Series> all;
    for (std::size_t k = 0; k < (record.checks.front().*member).size(); ++k) {
      all.push_back(series(layer_name(k), [&](const Check& check) { return (check.*member)[k]; }));
    }
    return all;
  };
  std::vector<plot::Rule> rules;
  if (record.by_persistence) rules.push_back({"NP stops", record.by_persistence->epoch});
  if (record.by_validation) rules.push_back({"loss stops", record.by_validation->epoch});
  const auto chart = [&](const std::string& title, const std::string& axis,
                         const std::vector<Series>& all) {
    return plot::legible({title, {"epoch"}, {axis}, all, rules});
  };
  auto persistence = layers(&Check::np_layers);
  persistence.push_back(field("mean", &Check::np_mean));
  console::write_text(
      path,
      plot::render(
          {chart("Loss on the training and the validation images", "cross-entropy (nats per image)",
                 {field("training", &Check::training_loss),
                  field("validation", &Check::validation_loss)}),
           chart("Accuracy on the validation images", "share of images read rightly",
                 {field("validation", &Check::validation_accuracy)}),
           chart("Neural persistence of each layer", "normalised neural persistence", persistence),
           chart("Neural persistence of each layer beyond that of its weights shuffled",
                 "excess (standard deviations of shuffles)", layers(&Check::excess)),
           chart("Deep graph persistence of the network", "normalised deep graph persistence",
                 {field("standardised, rescaled", &Check::dgp_standardized_rescaled),
                  field("standardised", &Check::dgp_standardized)}),
           chart("Variance of the network's weights", "variance of |w| / max |w|",
                 {field("network", &Check::weight_variance)}),
           chart("Spatial concentration of each layer: do large weights share rows and columns?",
                 "Kendall's tau-b", layers(&Check::spatial_concentration))},
          2));
}

// What batch normalisation learns goes along as vectors: to the measures, only matrices are layers.
inline void write_checkpoint(const std::filesystem::path& folder, std::size_t epoch,
                             const perceptron::Network<float>& network) {
  std::vector<dgp::io::NamedTensor> tensors;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto& layer = network.layers[k];
    tensors.push_back(dgp::io::named_tensor(layer_name(k) + ".weight", layer.weights));
    tensors.push_back(dgp::io::named_tensor(layer_name(k) + ".bias", layer.bias));
  }
  for (std::size_t k = 0; k < network.moments.size(); ++k) {
    const std::string name = "norms." + std::to_string(k);
    tensors.push_back(dgp::io::named_tensor(name + ".weight", network.layers[k].scale));
    tensors.push_back(dgp::io::named_tensor(name + ".bias", network.layers[k].shift));
    tensors.push_back(dgp::io::named_tensor(name + ".running_mean", network.moments[k].mean));
    tensors.push_back(dgp::io::named_tensor(name + ".running_var", network.moments[k].variance));
  }
  dgp::io::write_safetensors(folder / ("checkpoint-" + std::to_string(epoch) + ".safetensors"),
                             tensors);
}

// The files that a training leaves in a folder, in the order of their names, and what one that was
// killed left half written.
inline std::vector<std::filesystem::path> files_of_training(const std::filesystem::path& folder) {
  static const std::regex ours(
      "curves\\.(csv|svg)|checkpoint-[0-9]+\\.safetensors|\\.dgp-[0-9a-f]{16}\\.partial");
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (std::regex_match(entry.path().filename().string(), ours)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Clears the folder of an earlier run's files, where that is wanted: those that this run does not
// come to write would pass for its own. Refuses them where it is not.
inline void prepare_output(const std::filesystem::path& folder, bool overwrite) {
  const auto earlier = files_of_training(folder);
  if (earlier.empty()) return;
  if (!overwrite) {
    throw std::runtime_error(words::one_line(folder.string()) + " holds " +
                             counted(earlier.size(), "file") + " of an earlier run, " +
                             earlier.back().filename().string() +
                             " among them; choose another --output, or replace them all with "
                             "--overwrite");
  }
  for (const auto& path : earlier) std::filesystem::remove(path);
  std::cout << folder.string() << " held " << counted(earlier.size(), "file")
            << " of an earlier run, which this one replaces\n";
}

}  // namespace training
