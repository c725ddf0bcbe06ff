// The findings of Girrbach et al. 2023, each held against the figures of one network.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <dgp/analysis/shuffling.hpp>

#include "../console.hpp"
#include "figures.hpp"
#include "statistics.hpp"

namespace findings {

using console::number;

// One finding of the paper, held against this network.
struct Claim {
  std::string claim;
  std::string verdict;  // "holds", "does not hold", "not tested"
  std::string figures;
};

// With fewer, mean and deviation of the shuffled say next to nothing.
inline constexpr std::size_t fewest_shuffles = 10;

// "0.5052 (shuffled 0.4991, z 15.2)"
inline std::string against_shuffled(const dgp::ShufflingEffect& effect) {
  return number("%.4f", effect.original) + " (shuffled " +
         number("%.4f", effect.original + effect.mean) + ", z " + number("%.1f", effect.z_score) +
         ")";
}

inline std::vector<Claim> claims_of(const Findings& findings, const Options& options) {
  std::vector<Claim> claims;
  {
    Claim claim{"Neural persistence tracks the spread of the weights during training.",
                "not tested", "needs at least six different checkpoints of one training"};
    std::vector<double> deviations;
    std::vector<double> persistence;
    for (const auto& snapshot : findings.training) {
      deviations.push_back(std::sqrt(snapshot.weight_variance));
      persistence.push_back(snapshot.mean_normalized);
    }
    if (findings.training.size() >= 6 && vary(deviations) && vary(persistence)) {
      const double r = correlation(deviations, persistence);
      claim.verdict = std::abs(r) > 0.9 ? "holds" : "does not hold";
      claim.figures =
          "correlation of mean neural persistence with the standard deviation of the "
          "weights over " +
          std::to_string(findings.training.size()) + " checkpoints: " + number("%.3f", r) +
          (r < 0 ? " (the wider the spread, the lower)" : " (the wider the spread, the higher)");
    }
    claims.push_back(claim);
  }
  const auto list = [&](const auto& of_layer) {
    std::string text;
    for (const auto& layer : findings.layers) {
      text += (text.empty() ? "" : ", ") + of_layer(layer);
    }
    return text;
  };
  // Verdicts on some layers, by the z-scores that are defined: shuffling cannot change a layer of
  // equal weights, for one.
  const double threshold = news_threshold(options.shuffles, findings.layers.size());
  const bool enough = options.shuffles >= fewest_shuffles;
  const auto verdict = [&](std::size_t first, std::size_t last, const auto& effect_of,
                           bool holds_if_news, bool only_above) -> std::string {
    bool any = false;
    bool news = false;
    for (std::size_t k = first; k < last; ++k) {
      const double z = effect_of(findings.layers[k]).z_score;
      any = any || !std::isnan(z);
      news = news || (only_above ? z : std::abs(z)) > threshold;
    }
    if (!any || !enough) return "not tested";
    return news == holds_if_news ? "holds" : "does not hold";
  };
  const std::string beyond =
      enough ? "; news is beyond z " + number("%.1f", threshold)
             : "; needs at least " + std::to_string(fewest_shuffles) + " --shuffles";
  const auto persistence = [](const LayerFindings& layer) { return layer.shuffled_persistence; };
  const auto concentration = [](const LayerFindings& layer) {
    return layer.shuffled_concentration;
  };
  const auto against = [&](const auto& effect_of) {
    return list([&](const LayerFindings& layer) { return against_shuffled(effect_of(layer)); });
  };
  const std::size_t count = findings.layers.size();
  if (count > 1) {
    claims.push_back({"Shuffling shows no structure in the neural persistence of later layers.",
                      verdict(1, count, persistence, false, false),
                      "neural persistence by layer, and that of the shuffled layer: " +
                          against(persistence) + beyond});
    claims.push_back({"Shuffling shows structure in the neural persistence of the first layer.",
                      verdict(0, 1, persistence, true, false),
                      against_shuffled(findings.layers.front().shuffled_persistence) + beyond});
  }
  claims.push_back({"Large weights are gathered in few rows and columns.",
                    verdict(0, count, concentration, true, true),
                    "spatial concentration by layer, and that of the shuffled layer: " +
                        against(concentration) + beyond});
  if (findings.training.back().deep) {
    const auto deep = [](const LayerFindings& layer) { return *layer.shuffled_deep; };
    claims.push_back({"Shuffling a layer shows structure in deep graph persistence.",
                      verdict(0, count, deep, true, false),
                      "as trained, and with one layer shuffled: " + against(deep) + beyond});
  }
  return claims;
}

}  // namespace findings
