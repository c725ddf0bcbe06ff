// Reports as JSON: an object for one file, an array of them for several.
#pragma once

#include <cmath>
#include <cstdint>
#include <iostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "../checkpoint.hpp"
#include "../layer_order.hpp"
#include "figures.hpp"
#include "options.hpp"
#include "paths.hpp"

namespace inspect {

inline nlohmann::ordered_json order_of_norm(double p) {
  if (std::isinf(p)) return "inf";
  return p;
}

inline const char* name_of(dgp::EssentialClass essential) {
  return essential == dgp::EssentialClass::dies_at_zero ? "dies-at-zero" : "omitted";
}

inline nlohmann::ordered_json json_of(const Report& report, const Options& options) {
  using nlohmann::ordered_json;
  const auto graph = [&](const Figures& measured, bool with_total) {
    ordered_json entry;
    if (with_total) entry["total"] = measured.total;
    entry["normalized"] = measured.normalized;
    if (options.deaths) entry["deaths"] = measured.deaths;
    return entry;
  };
  // Not a number where all weights of a layer, or all their shuffles, are alike.
  const auto or_null = [](double value) {
    return std::isnan(value) ? ordered_json(nullptr) : ordered_json(value);
  };
  ordered_json json;
  json["file"] = report.file;
  json["p"] = order_of_norm(options.p);
  json["essential_class"] = name_of(options.essential);
  json["order"] = layer_order::word_of(report.told);
  if (report.is_graph) json["neurons"] = report.neurons;
  json["layers"] = ordered_json::array();
  for (const auto& layer : report.layers) {
    ordered_json entry;
    entry["name"] = layer.name;
    entry["rows"] = layer.rows;
    entry["cols"] = layer.cols;
    if (layer.transposed) entry["transposed"] = true;
    if (!layer.kind.empty()) entry["kind"] = layer.kind;
    if (!layer.kernel.empty()) entry["kernel"] = layer.kernel;
    if (report.is_graph) {
      entry["neurons"] = layer.neurons;
      entry["edges"] = static_cast<std::uint64_t>(layer.edges);
    }
    entry.update(graph(layer.persistence, true));
    entry["weight_variance"] = layer.weight_variance;
    if (options.analysis) entry["spatial_concentration"] = or_null(layer.spatial_concentration);
    if (options.rounds) {
      ordered_json& shuffled = entry["shuffled"];
      if (layer.shuffled) {
        shuffled["mean"] = layer.shuffled->mean;
        shuffled["deviation"] = or_null(layer.shuffled->standard_deviation);
        shuffled["z"] = or_null(layer.shuffled->z_score);
        shuffled["p_value"] = or_null(layer.shuffled->p_value);
        shuffled["rounds"] =
            layer.shuffled->rounds;  // 0: too large, the mean is the asymptotic one
      }
    }
    json["layers"].push_back(entry);
  }
  json["not_measured"] = checkpoint::names_of(report.not_measured);
  json["neural_persistence"]["mean_normalized"] = report.mean_normalized;
  json["neural_persistence"]["sum"] = report.sum;
  ordered_json& deep = json["deep_graph_persistence"];
  if (report.raw || report.standardized || !report.no_raw.empty()) {
    // A constant layer cannot be standardised, but its raw path strengths are defined.
    deep["standardized_rescaled"] = nullptr;
    deep["standardized"] = nullptr;
    if (report.standardized) {
      deep["standardized_rescaled"] = graph(report.standardized->standardized_rescaled, true);
      deep["standardized"] = graph(report.standardized->standardized, true);
    }
    if (report.raw) deep["raw"] = graph(*report.raw, false);
    if (!report.no_raw.empty()) deep["raw"] = nullptr;
  }
  if (!report.standardized) json["reason"] = report.reason;
  if (!report.no_raw.empty()) json["raw_reason"] = report.no_raw;
  if (options.paths > 0) {
    json["persistent_paths"] = report.paths ? json_of(*report.paths) : ordered_json(nullptr);
  }
  json["weight_variance"] = report.weight_variance;
  return json;
}

inline void print_json(const std::vector<Report>& reports, const Options& options) {
  using nlohmann::ordered_json;
  ordered_json json = ordered_json::array();
  for (const auto& report : reports) json.push_back(json_of(report, options));
  if (!options.several) json = ordered_json(json[0]);
  std::cout << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace inspect
