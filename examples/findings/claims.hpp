// The findings of Girrbach et al. 2023, each held against the figures of one network.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <dgp/analysis/shuffle_null.hpp>
#include <dgp/analysis/shuffling.hpp>

#include "../console.hpp"
#include "../layer_order.hpp"
#include "figures.hpp"
#include "statistics.hpp"

namespace findings {

using console::number;

// One finding of the paper, held against this network.
struct Claim {
  std::string claim;
  std::string verdict;  // "holds", "does not hold", "undecided", "not tested"
  std::string figures;
};

// With fewer, mean and deviation of the shuffled say next to nothing.
inline constexpr std::size_t fewest_shuffles = 10;

inline double shuffled_mean(const dgp::ShufflingEffect& effect) {
  return effect.original + effect.mean;
}
inline double shuffled_mean(const dgp::ShuffleSignificance& effect) { return effect.mean; }

// "0.5052 (shuffled 0.4991, z 15.2)"
template <class Effect>
std::string against_shuffled(const Effect& effect) {
  return number("%.4f", effect.original) + " (shuffled " + number("%.4f", shuffled_mean(effect)) +
         ", z " + number("%.1f", effect.z_score) + ")";
}

// How a measure follows the spread of the weights over a training.
inline void add_training_claims(const Findings& findings, std::vector<Claim>& claims) {
  const std::string needs = "needs at least six different checkpoints of one training";
  Claim tracks{"Neural persistence tracks the spread of the weights during training.", "not tested",
               needs};
  Claim less{
      "Deep graph persistence tracks the spread of the weights less than neural persistence.",
      "not tested", needs};
  std::vector<double> deviations;
  std::vector<double> persistence;
  std::vector<double> deep;
  for (const auto& snapshot : findings.training) {
    deviations.push_back(std::sqrt(snapshot.weight_variance));
    persistence.push_back(snapshot.mean_normalized);
    if (snapshot.deep) deep.push_back(*snapshot.deep);
  }
  const std::size_t count = deviations.size();
  const auto way = [](double r) {
    return number("%.3f", r) +
           (r < 0 ? " (the wider the spread, the lower)" : " (the wider the spread, the higher)");
  };
  if (count >= 6 && vary(deviations) && vary(persistence)) {
    const double r = correlation(deviations, persistence);
    tracks.verdict = std::abs(r) > 0.9 ? "holds" : "does not hold";
    tracks.figures =
        "correlation of mean neural persistence with the standard deviation of the weights over " +
        std::to_string(count) + " checkpoints: " + way(r);
    if (deep.size() < count) {
      less.figures = "needs deep graph persistence of each checkpoint";
    } else if (vary(deep)) {
      const double r_deep = correlation(deviations, deep);
      const double apart = stronger(r, r_deep, count);
      less.verdict = apart > 1 ? "holds" : apart < -1 ? "does not hold" : "undecided";
      less.figures =
          "correlation of deep graph persistence with the same: " + way(r_deep) +
          (less.verdict == "undecided" ? ", which among so many checkpoints may be chance" : "");
    }
  }
  claims.push_back(tracks);
  claims.push_back(less);
}

inline std::vector<Claim> claims_of(const Findings& findings, const Options& options) {
  std::vector<Claim> claims;
  add_training_claims(findings, claims);

  // A claim on the layers from `first` to `last`, by the z-scores that are defined: shuffling
  // cannot change a layer of equal weights, for one.
  const std::size_t count = findings.layers.size();
  const auto add = [&](const std::string& claim, const std::string& what, std::size_t first,
                       std::size_t last, const auto& effect_of, std::size_t shuffles,
                       bool holds_if_news, bool only_above) {
    constexpr std::size_t most_shown = 6;
    std::size_t in_all = 0;  // that this measure is told of
    for (const auto& layer : findings.layers) in_all += effect_of(layer) ? 1U : 0U;
    const double threshold = news_threshold(shuffles, in_all);
    std::size_t tested = 0;
    std::size_t news = 0;
    bool any = false;
    std::string figures;
    for (std::size_t k = first; k < last; ++k) {
      const auto effect = effect_of(findings.layers[k]);
      if (!effect) continue;
      any = any || !std::isnan(effect->z_score);
      if ((only_above ? effect->z_score : std::abs(effect->z_score)) > threshold) ++news;
      if (tested++ < most_shown) {
        figures += (figures.empty() ? what : ", ") + against_shuffled(*effect);
      }
    }
    if (tested > most_shown) {
      figures += ", …; " + std::to_string(news) + " of " + std::to_string(tested) +
                 " layers show structure";
    }
    const bool enough = shuffles >= fewest_shuffles;
    figures += enough ? "; structure is beyond z " + number("%.1f", threshold)
                      : "; needs at least " + std::to_string(fewest_shuffles) + " --shuffles";
    const std::string verdict = !any || !enough               ? "not tested"
                                : (news > 0) == holds_if_news ? "holds"
                                                              : "does not hold";
    claims.push_back({claim, verdict, figures});
  };
  const auto persistence = [](const LayerFindings& layer) {
    return std::optional(layer.shuffled_persistence);
  };
  // Which layers are first and later, names or the user must have told.
  const std::string later =
      "Shuffling shows no structure in the neural persistence of later layers.";
  const std::string first =
      "Shuffling shows structure in the neural persistence of the first layer.";
  if (count > 1 && findings.told == layer_order::ToldBy::nobody) {
    for (const auto& claim : {later, first}) {
      claims.push_back({claim, "not tested", "needs the order of the layers (see --order)"});
    }
  } else if (count > 1) {
    add(later, "neural persistence by layer, and that of the shuffled layer: ", 1, count,
        persistence, drawn_shuffles, false, false);
    add(first, "", 0, 1, persistence, drawn_shuffles, true, false);
  }
  add(
      "Large weights are gathered in few rows and columns.",
      "spatial concentration by layer, and that of the shuffled layer: ", 0, count,
      [](const LayerFindings& layer) { return std::optional(layer.shuffled_concentration); },
      options.shuffles, true, true);
  if (findings.training.back().deep) {
    add(
        "Shuffling a layer shows structure in deep graph persistence.",
        "as trained, and with one layer shuffled: ", 0, count,
        [](const LayerFindings& layer) { return layer.shuffled_deep; }, options.shuffles, true,
        false);
  }
  return claims;
}

// What the columns of z-scores are.
inline std::string z_score_note(const Findings& findings, const Options& options) {
  const auto within = [&](std::size_t shuffles) {
    return "±" + number("%.1f", news_threshold(shuffles, findings.layers.size()));
  };
  return "z shuffled: how many standard deviations the layer as trained lies from shuffled ones\n"
         "(same weights, other places). Of neural persistence " +
         std::to_string(drawn_shuffles) + " are drawn: within " + within(drawn_shuffles) +
         " no more is\nshown than the distribution of the weights; of the rest " +
         std::to_string(options.shuffles) + " are made: within " + within(options.shuffles) + ".";
}

}  // namespace findings
