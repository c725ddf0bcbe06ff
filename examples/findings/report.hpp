// Findings as an HTML page with pictures.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../plot/svg.hpp"
#include "../plot/text.hpp"
#include "claims.hpp"
#include "figures.hpp"
#include "statistics.hpp"
#include "tables.hpp"

namespace findings {

inline std::string escaped(const std::string& text) { return plot::escaped(plot::decoded(text)); }

inline std::vector<plot::Series> layers_over_training(const Findings& findings) {
  std::vector<plot::Series> layers;
  for (std::size_t k = 0; k < findings.layers.size(); ++k) {
    plot::Series& series = layers.emplace_back();
    series.label = findings.layers[k].name;
    for (std::size_t i = 0; i < findings.training.size(); ++i) {
      const Snapshot& snapshot = findings.training[i];
      series.x.push_back(static_cast<double>(snapshot.step.value_or(i)));
      series.y.push_back(snapshot.persistence[k]);
    }
  }
  return layers;
}

inline std::vector<plot::Chart> charts_of(const Findings& findings, const Options& options) {
  using plot::Mark;
  std::vector<plot::Chart> charts;
  if (findings.training.size() > 1) {
    plot::Series tracks{"one checkpoint each", {}, {}, Mark::points};
    plot::Series persistence{"mean neural persistence", {}, {}};
    plot::Series deviation{"standard deviation of |w| / max |w|", {}, {}};
    plot::Series deep{"deep graph persistence", {}, {}};
    for (std::size_t i = 0; i < findings.training.size(); ++i) {
      const auto& snapshot = findings.training[i];
      const auto x = static_cast<double>(snapshot.step.value_or(i));
      tracks.x.push_back(std::sqrt(snapshot.weight_variance));
      tracks.y.push_back(snapshot.mean_normalized);
      persistence.x.push_back(x);
      persistence.y.push_back(snapshot.mean_normalized);
      deviation.x.push_back(x);
      deviation.y.push_back(std::sqrt(snapshot.weight_variance));
      if (snapshot.deep) {
        deep.x.push_back(x);
        deep.y.push_back(*snapshot.deep);
      }
    }
    charts.push_back({"Neural persistence of the network against the spread of its weights",
                      {"standard deviation of |w| / max |w|"},
                      {"mean normalised neural persistence"},
                      {tracks}});
    const std::string moment = findings.training.back().step ? "step" : "checkpoint";
    charts.push_back({"The network over its training",
                      {moment},
                      {"measure (of 1 at most)"},
                      {persistence, deviation, deep}});
    charts.push_back(plot::legible({"Neural persistence of each layer over the training",
                                    {moment},
                                    {"normalised neural persistence"},
                                    layers_over_training(findings)}));
  }
  const std::string file =
      std::filesystem::path(findings.training.back().file).filename().string() + ": ";
  std::vector<std::string> names;
  for (const auto& layer : findings.layers) names.push_back(layer.name);
  const auto by_layer = [&](const std::string& label, const auto& figure) {
    plot::Series series{label, {}, {}, Mark::bars};
    for (std::size_t k = 0; k < findings.layers.size(); ++k) {
      const std::optional<double> value = figure(findings.layers[k]);
      if (!value) continue;
      series.x.push_back(static_cast<double>(k));
      series.y.push_back(*value);
    }
    return series;
  };
  std::vector<plot::Series> z_scores{
      by_layer("neural persistence",
               [](const auto& layer) { return layer.shuffled_persistence.z_score; }),
      by_layer("spatial concentration",
               [](const auto& layer) { return layer.shuffled_concentration.z_score; })};
  if (findings.training.back().deep) {
    z_scores.push_back(by_layer("deep graph persistence of the network", [](const auto& layer) {
      return layer.shuffled_deep ? std::optional(layer.shuffled_deep->z_score) : std::nullopt;
    }));
  }
  if (options.shuffles >= fewest_shuffles) {
    // Within these lines, no more is shown than the distribution of the weights.
    const double threshold = news_threshold(options.shuffles, findings.layers.size());
    const double end = static_cast<double>(findings.layers.size()) - 0.5;
    const double gap = std::numeric_limits<double>::quiet_NaN();
    z_scores.push_back({"chance alone: ±" + number("%.1f", threshold) +
                            ", of neural persistence ±" +
                            number("%.1f", news_threshold(drawn_shuffles, findings.layers.size())),
                        {-0.5, end, end, -0.5, end},
                        {threshold, threshold, gap, -threshold, -threshold}});
  }
  charts.push_back({file + "how far each layer as trained is from itself shuffled",
                    {"layer", false, names},
                    {"z-score (standard deviations of shuffles)"},
                    z_scores});
  plot::Series bounded =
      by_layer("neural persistence and its bounds", [](const auto& l) { return l.persistence; });
  bounded.mark = Mark::points;
  for (const auto& layer : findings.layers) {
    bounded.low.push_back(layer.bounds.lower.normalized);
    bounded.high.push_back(layer.bounds.upper.normalized);
  }
  charts.push_back({file + "neural persistence of each layer between its bounds",
                    {"layer", false, names},
                    {"normalised neural persistence"},
                    {bounded}});
  charts.push_back({file + "do large weights of a layer share rows and columns?",
                    {"layer", false, names},
                    {"spatial concentration (Kendall's tau-b)"},
                    {by_layer("as trained", [](const auto& l) { return l.spatial_concentration; }),
                     by_layer("shuffled (mean)", [](const auto& l) {
                       return l.shuffled_concentration.original + l.shuffled_concentration.mean;
                     })}});
  // Losses of fits grow with the layer; per weight they can be compared.
  const auto per_weight = [](const LayerFindings& layer, double loss) {
    return loss / (static_cast<double>(layer.rows) * static_cast<double>(layer.cols));
  };
  charts.push_back(
      {file + "how well distributions fit the weights |w| / max |w| of each layer",
       {"layer", false, names},
       {"negative log-likelihood (nats per weight)"},
       {by_layer("beta", [&](const auto& l) { return per_weight(l, l.fits.beta.loss); }),
        by_layer("truncated Pareto",
                 [&](const auto& l) { return per_weight(l, l.fits.truncated_pareto.loss); }),
        by_layer("truncated normal",
                 [&](const auto& l) { return per_weight(l, l.fits.truncated_normal.loss); }),
        by_layer("truncated exponential", [&](const auto& l) {
          return per_weight(l, l.fits.truncated_exponential.loss);
        })}});
  return charts;
}

// In a box of its own, in which a wide table is scrolled, by keys too.
inline std::string html_table(const std::string& name,
                              const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<h2>" + name +
                     "</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" " +
                     "aria-label=\"" + name + "\"><table>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += "<tr>";
    for (const auto& cell : rows[r]) {
      const std::string tag = r == 0 ? "th" : "td";
      html += "<" + tag + ">" + escaped(cell) + "</" + tag + ">";
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

inline void write_report(const Findings& findings, const Options& options,
                         const std::string& path) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Findings on neural persistence</title>\n<style>\n"
      ":root { color-scheme: light dark; --page: #fff; --shade: #0004; }\n"
      "body { font: 16px/1.5 sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; "
      "color: #222; background: var(--page); }\n"
      "table { border-collapse: collapse; }\n"
      "th, td { padding: 0.3em 0.8em; text-align: right; border-bottom: 1px solid #ccc; }\n"
      "td { white-space: nowrap; } th { vertical-align: bottom; }\n"
      "th:first-child, td:first-child { text-align: left; position: sticky; left: 0; "
      "background: var(--page); }\n"
      "td:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 10.5em; }\n"
      "dt { font-weight: bold; margin-top: 1em; } dd { margin-left: 1.5em; }\n"
      ".charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30em), "
      "1fr)); gap: 1em; }\n"
      "svg { width: 100%; height: auto; }\n"
      // A shade at the right, which the table's end covers, says that there is more.
      ".scroll { overflow-x: auto; margin: 1em 0; background: linear-gradient(to left, var(--page) "
      "30%, transparent) 100% 0 / 40px 100% no-repeat local, linear-gradient(to left, "
      "var(--shade), transparent) 100% 0 / 14px 100% no-repeat scroll; }\n"
      "@media (prefers-color-scheme: dark) { :root { --page: #16181d; --shade: #000c; }\n"
      "body { color: #e8e8e8; }\n"
      "th, td { border-color: #34373d; } }\n"
      "</style></head><body>\n<h1>Findings on neural persistence</h1>\n<p>" +
      escaped(findings.training.back().file) + "</p>\n<h2>The claims</h2>\n<dl>\n";
  for (const auto& claim : claims_of(findings, options)) {
    html += "<dt>" + escaped(claim.claim) + "</dt><dd><em>" + claim.verdict + ".</em> " +
            escaped(claim.figures) + "</dd>\n";
  }
  html += "</dl>\n<h2>Pictures</h2>\n<div class=\"charts\">\n";
  for (const auto& chart : charts_of(findings, options)) {
    html += "<div>" + plot::render(chart) + "</div>\n";
  }
  html += "</div>\n" + html_table("Networks", network_rows(findings)) +
          html_table("Layers", layer_rows(findings));
  for (const auto& note : checkpoint::not_measured_notes(findings.not_measured)) {
    html += "<p>" + escaped(note) + "</p>\n";
  }
  html += "<p>" + escaped(z_score_note(findings, options)) + "</p>\n</body></html>\n";
  console::write_text(path, html);
}

}  // namespace findings
