// Findings as JSON.
#pragma once

#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>

#include "../checkpoint.hpp"
#include "../layer_order.hpp"
#include "claims.hpp"
#include "figures.hpp"

namespace findings {

using nlohmann::ordered_json;

inline ordered_json json_of(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

inline ordered_json json_of(const dgp::ShufflingEffect& effect) {
  return {{"original", json_of(effect.original)},
          {"mean_change", json_of(effect.mean)},
          {"standard_deviation", json_of(effect.standard_deviation)},
          {"min_change", json_of(effect.smallest)},
          {"max_change", json_of(effect.largest)},
          {"z_score", json_of(effect.z_score)}};
}

inline ordered_json json_of(const dgp::ShuffleSignificance& effect) {
  return {{"original", json_of(effect.original)},
          {"mean_change", json_of(effect.mean - effect.original)},
          {"standard_deviation", json_of(effect.standard_deviation)},
          {"z_score", json_of(effect.z_score)},
          {"p_value", json_of(effect.p_value)},
          {"rounds", effect.rounds}};
}

inline ordered_json json_of(const dgp::PersistenceBounds<double>& bounds) {
  return {
      {"lower",
       {{"total", json_of(bounds.lower.total)}, {"normalized", json_of(bounds.lower.normalized)}}},
      {"upper",
       {{"total", json_of(bounds.upper.total)}, {"normalized", json_of(bounds.upper.normalized)}}}};
}

inline ordered_json json_of(const std::optional<double>& value) {
  return value ? json_of(*value) : ordered_json(nullptr);
}

inline ordered_json json_of(const dgp::WeightFits& fits) {
  return {
      {"beta",
       {{"a", json_of(fits.beta.a)},
        {"b", json_of(fits.beta.b)},
        {"loss", json_of(fits.beta.loss)}}},
      {"truncated_pareto",
       {{"b", json_of(fits.truncated_pareto.b)}, {"loss", json_of(fits.truncated_pareto.loss)}}},
      {"truncated_normal",
       {{"scale", json_of(fits.truncated_normal.scale)},
        {"loss", json_of(fits.truncated_normal.loss)}}},
      {"truncated_exponential",
       {{"scale", json_of(fits.truncated_exponential.scale)},
        {"loss", json_of(fits.truncated_exponential.loss)}}}};
}

inline void print_json(const Findings& findings, const Options& options) {
  const Snapshot& last = findings.training.back();
  ordered_json layers = ordered_json::array();
  for (const auto& layer : findings.layers) {
    ordered_json shuffled{{"neural_persistence", json_of(layer.shuffled_persistence)},
                          {"spatial_concentration", json_of(layer.shuffled_concentration)},
                          {"deep_graph_persistence", nullptr}};
    if (layer.shuffled_deep) shuffled["deep_graph_persistence"] = json_of(*layer.shuffled_deep);
    layers.push_back({{"name", layer.name},
                      {"rows", layer.rows},
                      {"cols", layer.cols},
                      {"neural_persistence", json_of(layer.persistence)},
                      {"weight_variance", json_of(layer.variance)},
                      {"spatial_concentration", json_of(layer.spatial_concentration)},
                      {"fits", json_of(layer.fits)},
                      {"bounds", json_of(layer.bounds)},
                      {"shuffled", shuffled}});
  }
  ordered_json training = ordered_json::array();
  for (const auto& snapshot : findings.training) {
    ordered_json by_layer = ordered_json::array();
    for (std::size_t k = 0; k < findings.layers.size(); ++k) {
      by_layer.push_back({{"name", findings.layers[k].name},
                          {"neural_persistence", json_of(snapshot.persistence[k])}});
    }
    training.push_back({{"file", snapshot.file},
                        {"step", snapshot.step ? ordered_json(*snapshot.step) : nullptr},
                        {"layers", by_layer},
                        {"neural_persistence", json_of(snapshot.mean_normalized)},
                        {"deep_graph_persistence", json_of(snapshot.deep)},
                        {"weight_variance", json_of(snapshot.weight_variance)}});
  }
  ordered_json random = ordered_json::object();
  for (const auto& networks : findings.random) {
    random[networks.key] = {
        {"neural_persistence", json_of(networks.mean_persistence)},
        {"neural_persistence_deviation", json_of(networks.deviation_persistence)},
        {"deep_graph_persistence", json_of(networks.mean_deep)},
        {"deep_graph_persistence_deviation", json_of(networks.deviation_deep)}};
  }
  ordered_json claims = ordered_json::array();
  for (const auto& claim : claims_of(findings, options)) {
    claims.push_back(
        {{"claim", claim.claim}, {"verdict", claim.verdict}, {"figures", claim.figures}});
  }
  ordered_json document{{"file", last.file},
                        {"shuffles", options.shuffles},
                        {"seed", options.seed},
                        {"order", layer_order::word_of(findings.told)},
                        {"layers", layers},
                        {"not_measured", checkpoint::names_of(findings.not_measured)},
                        {"weight_variance", json_of(last.weight_variance)},
                        {"neural_persistence", json_of(last.mean_normalized)},
                        {"deep_graph_persistence", json_of(last.deep)},
                        {"training", training},
                        {"random_networks", random},
                        {"claims", claims}};
  if (findings.deep_bounds)
    document["deep_graph_persistence_bounds"] = json_of(*findings.deep_bounds);
  if (!last.deep) document["reason"] = findings.no_deep_reason;
  std::cout << document.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace findings
