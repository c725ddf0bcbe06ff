// Comparisons as JSON.
#pragma once

#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>

#include "../inspect/json.hpp"
#include "figures.hpp"
#include "options.hpp"

namespace compare {

using nlohmann::ordered_json;

inline ordered_json json_of(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

inline ordered_json json_of(const std::optional<Distance>& distance) {
  if (!distance) return nullptr;
  ordered_json json;
  json["neural_persistence"] = distance->mean;
  json["layers"] = distance->layers;
  json["deep_graph_persistence"] = json_of(distance->deep);
  return json;
}

inline void print_json(const Comparison& comparison, const Options& options) {
  const auto& all = comparison.checkpoints;
  ordered_json json;
  json["distance"] = std::isinf(options.p) ? "bottleneck" : "wasserstein";
  json["p"] = inspect::order_of_norm(options.p);
  json["order"] = all.front().step ? "steps" : "given";
  json["layers"] = ordered_json::array();
  for (const auto& layer : all.front().report.layers) {
    json["layers"].push_back({{"name", layer.name}, {"rows", layer.rows}, {"cols", layer.cols}});
    if (!layer.kernel.empty()) json["layers"].back()["kernel"] = layer.kernel;
  }
  json["files"] = ordered_json::array();
  for (const auto& one : all) {
    ordered_json entry;
    entry["file"] = one.report.file;
    entry["step"] = one.step ? ordered_json(*one.step) : ordered_json(nullptr);
    auto& np = entry["neural_persistence"];
    np["mean_normalized"] = one.report.mean_normalized;
    np["layers"] = ordered_json::array();
    for (const auto& layer : one.report.layers) {
      np["layers"].push_back(layer.persistence.normalized);
    }
    entry["deep_graph_persistence"] = json_of(deep_of(one));
    if (!one.deep) entry["reason"] = one.report.reason;
    entry["to_previous"] = json_of(one.to_previous);
    entry["to_first"] = json_of(one.to_first);
    json["files"].push_back(entry);
  }
  if (!comparison.pairs.empty()) {
    auto& matrix = json["matrix"];
    for (std::size_t i = 0; i < all.size(); ++i) {
      ordered_json means = ordered_json::array();
      ordered_json deep = ordered_json::array();
      for (std::size_t j = 0; j < all.size(); ++j) {
        means.push_back(mean_between(comparison, i, j));
        deep.push_back(json_of(deep_between(comparison, i, j)));
      }
      matrix["neural_persistence"].push_back(means);
      matrix["deep_graph_persistence"].push_back(deep);
    }
  }
  std::cout << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace compare
