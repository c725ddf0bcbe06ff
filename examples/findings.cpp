// dgp-findings: what drives neural persistence in a network of your own.
//
// in:  checkpoints of one network, whose names in natural order are in the order of its training
// out: figures for each finding of Girrbach et al. 2023, whether it holds here or not, and a report
//      with pictures
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <dgp/analysis/weight_fits.hpp>
#include <dgp/dgp.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/tensor_info.hpp>

#include "checkpoint.hpp"
#include "console.hpp"
#include "plot/svg.hpp"
#include "plot/text.hpp"
#include "splitmix.hpp"
#include "words.hpp"

namespace {

using Matrix = dgp::RowMajorMatrix<double>;
using NamedLayers = std::vector<dgp::NamedLayer<Matrix>>;
using console::number;

struct Options {
  std::vector<std::string> checkpoints{DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors"};
  std::string layers;
  std::size_t shuffles = 20;
  std::uint64_t seed = 1;
};

// The figures of a whole network at one moment.
struct Snapshot {
  std::string file;
  double mean_normalized;
  double weight_variance;
  std::optional<double> deep;  // normalised, standardised and rescaled; nothing where not defined
};

struct LayerFindings {
  std::string name;
  dgp::Index rows;
  dgp::Index cols;
  double persistence;  // normalised
  dgp::PersistenceBounds<double> bounds;
  double variance;
  double spatial_concentration;
  dgp::WeightFits fits;
  // When this layer alone is shuffled.
  dgp::ShufflingEffect shuffled_persistence;
  dgp::ShufflingEffect shuffled_concentration;
  std::optional<dgp::ShufflingEffect> shuffled_deep;
};

// A measure over networks of random weights of the same shapes.
struct RandomNetworks {
  std::string key;   // in JSON
  std::string name;  // to read
  double mean_persistence = 0;
  double deviation_persistence = 0;
  std::optional<double> mean_deep;
  std::optional<double> deviation_deep;
};

struct Findings {
  std::vector<Snapshot> training;     // a snapshot for each checkpoint
  std::vector<LayerFindings> layers;  // of the last one, as all below
  std::vector<dgp::io::TensorInfo> not_measured;
  std::optional<dgp::PersistenceBounds<double>> deep_bounds;
  std::string no_deep_reason;
  std::vector<RandomNetworks> random;
};

std::vector<Matrix> matrices_of(const NamedLayers& layers) {
  std::vector<Matrix> matrices;
  for (const auto& layer : layers) matrices.push_back(layer.weights);
  return matrices;
}

std::optional<double> deep_or_nothing(const std::vector<Matrix>& layers,
                                      std::string* reason = nullptr) {
  try {
    return dgp::deep_graph_persistence(layers).normalized;
  } catch (const std::invalid_argument& undefined) {
    if (reason != nullptr) *reason = undefined.what();
  } catch (const std::domain_error& undefined) {
    if (reason != nullptr) *reason = undefined.what();
  }
  return std::nullopt;
}

struct Checkpoint {
  NamedLayers layers;
  std::vector<dgp::io::TensorInfo> not_measured;
};

Checkpoint read_checkpoint(const std::string& path, const std::string& pattern) {
  return checkpoint::open(path, [&](auto file) {
    auto [layers, not_measured] = checkpoint::select(file, pattern);
    Checkpoint result{{}, std::move(not_measured)};
    for (const auto& tensor : layers) {
      result.layers.push_back({tensor.name, file.template read_matrix<double>(tensor)});
    }
    return result;
  });
}

bool same_shapes(const NamedLayers& a, const NamedLayers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.weights.rows() == y.weights.rows() && x.weights.cols() == y.weights.cols();
  });
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// Whether values differ by more than rounding.
bool vary(const std::vector<double>& values) {
  const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
  return *largest - *smallest > 1e-9 * std::max(std::abs(*largest), std::abs(*smallest));
}

// Pearson's r of values that vary.
double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = mean_of(x);
  const double mean_y = mean_of(y);
  double products = 0;
  double squares_x = 0;
  double squares_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    products += (x[i] - mean_x) * (y[i] - mean_y);
    squares_x += (x[i] - mean_x) * (x[i] - mean_x);
    squares_y += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return products / std::sqrt(squares_x * squares_y);
}

// Networks of the same shapes with weights drawn anew; `draw` gives one weight.
RandomNetworks measure_random(const std::string& key, const std::string& name,
                              const std::vector<Matrix>& like, const Options& options,
                              const std::function<double(splitmix::Stream&)>& draw,
                              const std::function<void()>& step) {
  std::vector<double> persistence;
  std::vector<double> deep;
  for (std::size_t round = 0; round < options.shuffles; ++round) {
    splitmix::Stream random(options.seed + round);
    std::vector<Matrix> layers;
    for (const auto& layer : like) {
      Matrix& drawn = layers.emplace_back(layer.rows(), layer.cols());
      for (double& weight : drawn.reshaped()) weight = draw(random);
    }
    persistence.push_back(dgp::neural_persistence(layers).mean_normalized);
    if (const auto value = deep_or_nothing(layers)) deep.push_back(*value);
    step();
  }
  RandomNetworks result{key, name, mean_of(persistence), deviation_of(persistence), {}, {}};
  if (deep.size() > 1) {
    result.mean_deep = mean_of(deep);
    result.deviation_deep = deviation_of(deep);
  }
  return result;
}

Findings find(const Options& options) {
  console::Progress progress("findings");
  Findings findings;
  NamedLayers last;
  for (const auto& path : options.checkpoints) {
    progress.update(0, "reading " + path);
    auto [layers, not_measured] = read_checkpoint(path, options.layers);
    if (!last.empty() && !same_shapes(layers, last)) {
      throw std::runtime_error(path + ": its layers differ from those of " +
                               findings.training.back().file);
    }
    try {
      findings.training.push_back({path, dgp::neural_persistence(layers).mean_normalized,
                                   dgp::weight_variance(layers).network,
                                   deep_or_nothing(matrices_of(layers), &findings.no_deep_reason)});
    } catch (const std::logic_error& refused) {  // weights that have no measures
      throw std::runtime_error(path + ": " + refused.what());
    }
    last = std::move(layers);
    findings.not_measured = std::move(not_measured);
  }
  const std::vector<Matrix> matrices = matrices_of(last);
  const bool has_deep = findings.training.back().deep.has_value();
  if (has_deep) findings.deep_bounds = dgp::deep_graph_persistence_bounds(last);

  double steps = 0;
  const double all_steps =
      static_cast<double>((last.size() * (options.shuffles + 1)) + 2 * options.shuffles);
  const auto step = [&](const std::string& what) {
    steps += 1;
    progress.update(std::min(1.0, steps / all_steps), what);
  };

  const auto np = dgp::neural_persistence(last);
  const auto bounds = dgp::neural_persistence_bounds(last);
  const auto variance = dgp::weight_variance(last);
  const auto fits = dgp::weight_fits(last);
  double largest = 0;
  for (const auto& matrix : matrices) largest = std::max(largest, matrix.cwiseAbs().maxCoeff());
  if (largest == 0) largest = 1;
  for (std::size_t k = 0; k < last.size(); ++k) {
    // Layer k shuffled alone: its own persistence, scaled as in the whole network, its spatial
    // concentration, and what becomes of the network's deep graph persistence.
    std::vector<Matrix> network = matrices;
    const auto effects = dgp::shuffling_effects(
        std::vector<Matrix>{matrices[k]},
        [&](const auto& layer) {
          step("shuffling " + last[k].name);
          network[k] = layer[0];
          const Matrix scaled = network[k].cwiseAbs() / largest;
          std::vector<double> figures{
              dgp::neural_persistence(scaled, {.normalization = dgp::Normalization::none})
                  .layers[0]
                  .normalized,
              dgp::spatial_concentration(network[k])};
          if (has_deep) figures.push_back(dgp::deep_graph_persistence(network).normalized);
          return figures;
        },
        options.shuffles, options.seed);
    findings.layers.push_back({last[k].name, matrices[k].rows(), matrices[k].cols(),
                               np.layers[k].normalized, bounds[k], variance.layers[k],
                               effects[1].original, fits[k], effects[0], effects[1],
                               has_deep ? std::optional(effects[2]) : std::nullopt});
  }

  const auto normal = [](splitmix::Stream& random) {
    const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
    return radius * std::cos(6.283185307179586 * random.uniform());
  };
  const auto uniform = [](splitmix::Stream& random) { return 2 * random.uniform() - 1; };
  findings.random.push_back(measure_random("gaussian", "Gaussian", matrices, options, normal,
                                           [&] { step("Gaussian networks"); }));
  findings.random.push_back(measure_random("uniform", "uniform", matrices, options, uniform,
                                           [&] { step("uniform networks"); }));
  return findings;
}

// One finding of the paper, held against this network.
struct Claim {
  std::string claim;
  std::string verdict;  // "holds", "does not hold", "not tested"
  std::string figures;
};

// With fewer, mean and deviation of the shuffled say next to nothing.
constexpr std::size_t fewest_shuffles = 10;

// A z-score beyond this is news: one among as many layers without structure gets there by chance in
// one of twenty networks. The mean and deviation of few shuffles are uncertain themselves
// (Student's t).
double news_threshold(std::size_t shuffles, std::size_t layers) {
  const auto count = static_cast<double>(shuffles);
  const boost::math::students_t_distribution<double> t(count - 1);
  return std::sqrt(1 + 1 / count) *
         boost::math::quantile(t, 1 - 0.025 / static_cast<double>(layers));
}

// "0.5052 (shuffled 0.4991, z 15.2)"
std::string against_shuffled(const dgp::ShufflingEffect& effect) {
  return number("%.4f", effect.original) + " (shuffled " +
         number("%.4f", effect.original + effect.mean) + ", z " + number("%.1f", effect.z_score) +
         ")";
}

std::vector<Claim> claims_of(const Findings& findings, const Options& options) {
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

nlohmann::json json_of(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json json_of(const dgp::ShufflingEffect& effect) {
  return {{"original", json_of(effect.original)},
          {"mean_change", json_of(effect.mean)},
          {"standard_deviation", json_of(effect.standard_deviation)},
          {"min_change", json_of(effect.smallest)},
          {"max_change", json_of(effect.largest)},
          {"z_score", json_of(effect.z_score)}};
}

nlohmann::json json_of(const dgp::PersistenceBounds<double>& bounds) {
  return {
      {"lower",
       {{"total", json_of(bounds.lower.total)}, {"normalized", json_of(bounds.lower.normalized)}}},
      {"upper",
       {{"total", json_of(bounds.upper.total)}, {"normalized", json_of(bounds.upper.normalized)}}}};
}

nlohmann::json json_of(const std::optional<double>& value) {
  return value ? json_of(*value) : nlohmann::json(nullptr);
}

nlohmann::json json_of(const dgp::WeightFits& fits) {
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

void print_json(const Findings& findings, const Options& options) {
  const Snapshot& last = findings.training.back();
  nlohmann::json layers = nlohmann::json::array();
  for (const auto& layer : findings.layers) {
    nlohmann::json shuffled{{"neural_persistence", json_of(layer.shuffled_persistence)},
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
  nlohmann::json training = nlohmann::json::array();
  for (const auto& snapshot : findings.training) {
    training.push_back({{"file", snapshot.file},
                        {"neural_persistence", json_of(snapshot.mean_normalized)},
                        {"deep_graph_persistence", json_of(snapshot.deep)},
                        {"weight_variance", json_of(snapshot.weight_variance)}});
  }
  nlohmann::json random = nlohmann::json::object();
  for (const auto& networks : findings.random) {
    random[networks.key] = {
        {"neural_persistence", json_of(networks.mean_persistence)},
        {"neural_persistence_deviation", json_of(networks.deviation_persistence)},
        {"deep_graph_persistence", json_of(networks.mean_deep)},
        {"deep_graph_persistence_deviation", json_of(networks.deviation_deep)}};
  }
  nlohmann::json claims = nlohmann::json::array();
  for (const auto& claim : claims_of(findings, options)) {
    claims.push_back(
        {{"claim", claim.claim}, {"verdict", claim.verdict}, {"figures", claim.figures}});
  }
  nlohmann::json document{{"file", last.file},
                          {"shuffles", options.shuffles},
                          {"seed", options.seed},
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
  std::cout << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

std::string best_fit(const dgp::WeightFits& fits) {
  const std::vector<std::pair<double, std::string>> losses{
      {fits.beta.loss, "beta"},
      {fits.truncated_pareto.loss, "Pareto"},
      {fits.truncated_normal.loss, "normal"},
      {fits.truncated_exponential.loss, "exponential"}};
  const auto best =
      std::min_element(losses.begin(), losses.end(), [](const auto& a, const auto& b) {
        return a.first < b.first || (std::isnan(b.first) && !std::isnan(a.first));
      });
  return std::isnan(best->first) ? "-" : best->second;
}

std::vector<std::vector<std::string>> layer_rows(const Findings& findings) {
  std::vector<std::vector<std::string>> rows{{"layer", "shape", "NP", "bounds", "z shuffled",
                                              "variance", "concentration", "z shuffled", "best fit",
                                              "DGP z shuffled"}};
  for (const auto& layer : findings.layers) {
    rows.push_back({words::one_line(layer.name),
                    std::to_string(layer.rows) + "x" + std::to_string(layer.cols),
                    number("%.4f", layer.persistence),
                    number("%.4f", layer.bounds.lower.normalized) + " to " +
                        number("%.4f", layer.bounds.upper.normalized),
                    number("%.1f", layer.shuffled_persistence.z_score),
                    number("%.5f", layer.variance), number("%.4f", layer.spatial_concentration),
                    number("%.1f", layer.shuffled_concentration.z_score), best_fit(layer.fits),
                    layer.shuffled_deep ? number("%.1f", layer.shuffled_deep->z_score) : "-"});
  }
  return rows;
}

std::vector<std::vector<std::string>> network_rows(const Findings& findings) {
  const auto or_dash = [](const std::optional<double>& value) {
    return value ? number("%.4f", *value) : "-";
  };
  std::vector<std::vector<std::string>> rows{{"network", "mean NP", "DGP", "weight variance"}};
  for (const auto& snapshot : findings.training) {
    rows.push_back({words::one_line(std::filesystem::path(snapshot.file).filename().string()),
                    number("%.4f", snapshot.mean_normalized), or_dash(snapshot.deep),
                    number("%.5f", snapshot.weight_variance)});
  }
  for (const auto& networks : findings.random) {
    rows.push_back({networks.name + " weights",
                    number("%.4f", networks.mean_persistence) + " ± " +
                        number("%.4f", networks.deviation_persistence),
                    networks.mean_deep
                        ? or_dash(networks.mean_deep) + " ± " + or_dash(networks.deviation_deep)
                        : "-",
                    ""});
  }
  return rows;
}

void print_table(const Findings& findings, const Options& options) {
  console::print_rows(network_rows(findings));
  std::cout << "\n" << words::one_line(findings.training.back().file) << "\n";
  console::print_rows(layer_rows(findings));
  std::cout << checkpoint::not_measured_note(findings.not_measured)
            << "\nz shuffled: how many standard deviations the layer as trained lies from "
            << options.shuffles << " shuffled ones\n(same weights, other places). Within ±"
            << number("%.1f", news_threshold(options.shuffles, findings.layers.size()))
            << ", no more is shown than the distribution of the weights.\n";
  if (findings.deep_bounds) {
    std::cout << "Deep graph persistence lies between "
              << number("%.4f", findings.deep_bounds->lower.normalized) << " and "
              << number("%.4f", findings.deep_bounds->upper.normalized)
              << " by entry and exit strengths alone.\n";
  } else {
    std::cout << "No deep graph persistence: " << words::one_line(findings.no_deep_reason) << "\n";
  }
  std::cout << "\n";
  for (const auto& claim : claims_of(findings, options)) {
    std::cout << claim.verdict << ": " << claim.claim << "\n    " << claim.figures << "\n";
  }
}

std::string escaped(const std::string& text) { return plot::escaped(plot::decoded(text)); }

std::vector<plot::Chart> charts_of(const Findings& findings) {
  using plot::Mark;
  std::vector<plot::Chart> charts;
  if (findings.training.size() > 1) {
    plot::Series tracks{"one checkpoint each", {}, {}, Mark::points};
    plot::Series persistence{"mean neural persistence", {}, {}};
    plot::Series deviation{"standard deviation of |w| / max |w|", {}, {}};
    plot::Series deep{"deep graph persistence", {}, {}};
    for (std::size_t i = 0; i < findings.training.size(); ++i) {
      const auto& snapshot = findings.training[i];
      const auto x = static_cast<double>(i);
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
    charts.push_back({"Neural persistence against the spread of the weights",
                      {"standard deviation of |w| / max |w|"},
                      {"mean normalised neural persistence"},
                      {tracks}});
    charts.push_back({"Over training", {"checkpoint"}, {""}, {persistence, deviation, deep}});
  }
  std::vector<std::string> names;
  for (const auto& layer : findings.layers) names.push_back(layer.name);
  const auto by_layer = [&](const std::string& label, const auto& figure) {
    plot::Series series{label, {}, {}, Mark::bars};
    for (std::size_t k = 0; k < findings.layers.size(); ++k) {
      series.x.push_back(static_cast<double>(k));
      series.y.push_back(figure(findings.layers[k]));
    }
    return series;
  };
  std::vector<plot::Series> z_scores{
      by_layer("neural persistence",
               [](const auto& layer) { return layer.shuffled_persistence.z_score; }),
      by_layer("spatial concentration",
               [](const auto& layer) { return layer.shuffled_concentration.z_score; })};
  if (findings.training.back().deep) {
    z_scores.push_back(by_layer("deep graph persistence of the network",
                                [](const auto& layer) { return layer.shuffled_deep->z_score; }));
  }
  charts.push_back({"The layer as trained against itself shuffled",
                    {"layer", false, names},
                    {"z-score"},
                    z_scores});
  charts.push_back(
      {"Neural persistence and its bounds",
       {"layer", false, names},
       {"normalised"},
       {by_layer("lower bound", [](const auto& l) { return l.bounds.lower.normalized; }),
        by_layer("neural persistence", [](const auto& l) { return l.persistence; }),
        by_layer("upper bound", [](const auto& l) { return l.bounds.upper.normalized; })}});
  charts.push_back({"Spatial concentration",
                    {"layer", false, names},
                    {"largest Kendall tau-b"},
                    {by_layer("as trained", [](const auto& l) { return l.spatial_concentration; }),
                     by_layer("shuffled (mean)", [](const auto& l) {
                       return l.shuffled_concentration.original + l.shuffled_concentration.mean;
                     })}});
  // Losses of fits grow with the layer; per weight they can be compared.
  const auto per_weight = [](const LayerFindings& layer, double loss) {
    return loss / (static_cast<double>(layer.rows) * static_cast<double>(layer.cols));
  };
  charts.push_back(
      {"Fits to the distribution of |w| / max |w|",
       {"layer", false, names},
       {"negative log-likelihood per weight"},
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

std::string html_table(const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<table>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += "<tr>";
    for (const auto& cell : rows[r]) {
      const std::string tag = r == 0 ? "th" : "td";
      html += "<" + tag + ">" + escaped(cell) + "</" + tag + ">";
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

void write_report(const Findings& findings, const Options& options, const std::string& path) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<title>Findings on neural persistence</title>\n<style>\n"
      "body { font: 16px/1.5 sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; "
      "color: #222; }\n"
      "table { border-collapse: collapse; margin: 1em 0; }\n"
      "th, td { padding: 0.3em 0.8em; text-align: right; border-bottom: 1px solid #ccc; "
      "white-space: nowrap; }\n"
      "th:first-child, td:first-child { text-align: left; }\n"
      "dt { font-weight: bold; margin-top: 1em; } dd { margin-left: 1.5em; }\n"
      "svg { max-width: 100%; height: auto; } .scroll { overflow-x: auto; }\n"
      "</style></head><body>\n<h1>Findings on neural persistence</h1>\n<p>" +
      escaped(findings.training.back().file) + "</p>\n<h2>The claims</h2>\n<dl>\n";
  for (const auto& claim : claims_of(findings, options)) {
    html += "<dt>" + escaped(claim.claim) + "</dt><dd><em>" + claim.verdict + ".</em> " +
            escaped(claim.figures) + "</dd>\n";
  }
  html += "</dl>\n<h2>Networks</h2>\n<div class=\"scroll\">" + html_table(network_rows(findings)) +
          "</div>\n<h2>Layers</h2>\n<div class=\"scroll\">" + html_table(layer_rows(findings)) +
          "</div>\n<p>" + escaped(checkpoint::not_measured_note(findings.not_measured)) +
          "</p>\n<p>z shuffled: how many standard deviations the layer as trained lies from " +
          std::to_string(options.shuffles) +
          " shuffled ones (same weights, other places). Within ±" +
          number("%.1f", news_threshold(options.shuffles, findings.layers.size())) +
          ", no more is shown than the distribution of the weights.</p>\n" +
          plot::render(charts_of(findings), 2) + "\n</body></html>\n";
  console::write_text(path, html);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string format = "table";
  std::string report;
  CLI::App app(
      "Holds the findings of Girrbach et al. 2023 against a network of yours: does neural\n"
      "persistence follow the spread of the weights, does shuffling the weights of a layer\n"
      "change it, where do large weights gather, which distribution do they follow, and\n"
      "what do random networks of the same shapes measure?\n"
      "\n"
      "CHECKPOINTs are files of one network at successive moments of its training, safetensors\n"
      "or NumPy's .npz and .npy, taken in natural order of their names (checkpoint-10 after\n"
      "checkpoint-9); layers are the 2-D tensors, of the same shapes in each file, and are\n"
      "analysed in the last one. Without any, a small network trained on handwritten digits is\n"
      "shown.",
      "dgp-findings");
  app.footer(
      "Examples:\n"
      "  dgp-findings model.safetensors\n"
      "  dgp-findings run/checkpoint-*.safetensors --report findings.html\n"
      "\n"
      "Exit code: 0, 1 for an error, 2 for wrong usage.");
  app.add_option("CHECKPOINT", options.checkpoints, "Checkpoints: .safetensors, .npz or .npy");
  checkpoint::add_layers(app, options.layers);
  app.add_option("--shuffles", options.shuffles,
                 "Shuffled copies of each layer, and random networks (default: 20; claims need 10)")
      ->type_name("N")
      ->check(CLI::Range(2, 100000));
  app.add_option("--seed", options.seed, "Seed of shuffles and random networks (default: 1)")
      ->type_name("N")
      ->check(console::whole_number);
  app.add_option("--report", report, "Write a report with pictures to this HTML file")
      ->type_name("FILE");
  app.add_option("--format", format, "table (default) or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
  console::add_threads(app);
  return console::run(app, argc, argv, [&] {
    std::stable_sort(options.checkpoints.begin(), options.checkpoints.end(), dgp::io::natural_less);
    const Findings findings = find(options);
    if (!report.empty()) write_report(findings, options, report);
    if (format == "json") return print_json(findings, options);
    print_table(findings, options);
    if (!report.empty()) std::cout << "\nPictures are in " << report << ".\n";
  });
}
