// The figures of several checkpoints and how far these are apart.
//
// in:  checkpoints of the same layers, in the order in which they are shown
// out: of each its measures, as dgp-inspect has them, and the distances of its diagrams to those of
//      the one before, of the first, and of all others where they are asked for
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/analysis/diagram_distance.hpp>
#include <dgp/persistence_diagram.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "../inspect/figures.hpp"
#include "../inspect/options.hpp"
#include "../layer_order.hpp"
#include "options.hpp"

namespace compare {

using Diagram = dgp::PersistenceDiagram<double>;

// How far two checkpoints are apart.
struct Distance {
  std::vector<double> layers;  // of the diagrams of each layer
  double mean;                 // of these
  std::optional<double> deep;  // where deep graph persistence is defined for both
};

struct Checkpoint {
  inspect::Report report;
  std::optional<std::uint64_t> step;  // the number in which the files' names differ
  std::vector<Diagram> layers;
  std::optional<Diagram> deep;  // standardised, rescaled
  // Of all but the first:
  std::optional<Distance> to_previous;
  std::optional<Distance> to_first;
};

struct Comparison {
  std::vector<Checkpoint> checkpoints;
  std::vector<std::vector<Distance>> pairs;  // [i][j], j < i; empty where not asked for
};

// The finite pairs of a diagram of which the deaths are no longer needed.
inline Diagram taken_from(inspect::Figures& figures) {
  Diagram diagram;
  diagram.pairs.reserve(figures.deaths.size());
  for (const double death : figures.deaths) diagram.pairs.push_back({1, death});
  figures.deaths = {};
  return diagram;
}

inline Distance distance(const Checkpoint& a, const Checkpoint& b, double p) {
  Distance result{{}, 0, {}};
  for (std::size_t k = 0; k < a.layers.size(); ++k) {
    result.layers.push_back(dgp::wasserstein_distance(a.layers[k], b.layers[k], p));
    result.mean += result.layers.back();
  }
  result.mean /= static_cast<double>(a.layers.size());
  if (a.deep && b.deep) result.deep = dgp::wasserstein_distance(*a.deep, *b.deep, p);
  return result;
}

// Nothing where it is not defined.
inline std::optional<double> deep_of(const Checkpoint& one) {
  if (!one.deep) return std::nullopt;
  return one.report.standardized->standardized_rescaled.normalized;
}

// The distances of all pairs. Each is computed by itself, in whatever order.
inline void measure_pairs(Comparison& comparison, const Options& options,
                          console::Progress& progress) {
  const auto& all = comparison.checkpoints;
  comparison.pairs.resize(all.size());
  for (std::size_t i = 1; i < all.size(); ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(all.size());
    progress.update(share * share, "distances of " + all[i].report.file);
    auto& row = comparison.pairs[i];
    row.resize(i);
    std::exception_ptr failure;  // none may leave a thread
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic)
#endif
    for (std::size_t j = 0; j < i; ++j) {
      try {
        row[j] = distance(all[i], all[j], options.p);
      } catch (...) {
#ifdef _OPENMP
#pragma omp critical(compare)
#endif
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }
}

// Of how far to the one before and to the first, the distances of all pairs know already.
inline void measure_steps(Comparison& comparison, const Options& options,
                          console::Progress& progress) {
  auto& all = comparison.checkpoints;
  const auto between = [&](std::size_t i, std::size_t j) {
    return comparison.pairs.empty() ? distance(all[i], all[j], options.p) : comparison.pairs[i][j];
  };
  for (std::size_t i = 1; i < all.size(); ++i) {
    progress.update(static_cast<double>(i) / static_cast<double>(all.size()),
                    "distances of " + all[i].report.file);
    all[i].to_previous = between(i, i - 1);
    all[i].to_first = i == 1 ? all[i].to_previous : between(i, 0);
  }
}

// Whether the distances of all pairs are printed.
inline bool shows_pairs(const Options& options, std::size_t count) {
  if (options.matrix) return true;
  const bool few = count <= few_files;
  return options.format == "json" ? few : options.format == "table" && few && count > 2;
}

// Throws std::runtime_error where a file cannot be read or measured, and where its layers are not
// those of the others.
inline Comparison compare(const Options& options) {
  const auto models = checkpoint::models_in_order(options.files);
  const auto steps = checkpoint::steps_of(models);
  const std::size_t count = models.size();
  if (count < 2) {
    throw std::runtime_error("there is one model only, " + words::one_line(models.front().name) +
                             "; it takes two to compare (see --help)");
  }
  const bool pairs = shows_pairs(options, count) || !options.picture.empty();
  console::Progress progress("dgp-compare");
  inspect::Options measures;
  measures.choice = options.choice;
  measures.deaths = true;
  measures.raw = false;
  Comparison comparison;
  constexpr double most = 0.8;  // what reading and measuring take, as a share of all
  for (std::size_t i = 0; i < count; ++i) {
    const auto& model = models[i];
    const auto share_at = [&](std::size_t done) {
      return most * static_cast<double>(done) / static_cast<double>(count);
    };
    progress.part(share_at(i), share_at(i + 1),
                  std::filesystem::path(model.name).filename().string());
    Checkpoint& now = comparison.checkpoints.emplace_back();
    now.report = inspect::inspect(model, measures, progress);
    if (steps) now.step = (*steps)[i];
    for (auto& layer : now.report.layers) now.layers.push_back(taken_from(layer.persistence));
    if (now.report.standardized) {
      now.deep = taken_from(now.report.standardized->standardized_rescaled);
      now.report.standardized->standardized.deaths = {};
    }
    if (i == 0) continue;
    const Checkpoint& before = comparison.checkpoints[i - 1];
    layer_order::check_same_layers(inspect::shapes_of(now.report), model.name,
                                   inspect::shapes_of(before.report), before.report.file);
  }
  progress.part(most, 1, pairs ? "all pairs" : "steps");
  if (pairs) measure_pairs(comparison, options, progress);
  measure_steps(comparison, options, progress);
  return comparison;
}

// Nothing where it is not defined; 0 to itself.
inline std::optional<double> deep_between(const Comparison& comparison, std::size_t i,
                                          std::size_t j) {
  if (i == j) return comparison.checkpoints[i].deep ? std::optional(0.0) : std::nullopt;
  return comparison.pairs[std::max(i, j)][std::min(i, j)].deep;
}

inline double mean_between(const Comparison& comparison, std::size_t i, std::size_t j) {
  return i == j ? 0 : comparison.pairs[std::max(i, j)][std::min(i, j)].mean;
}

inline bool has_deep(const Comparison& comparison) {
  return std::any_of(comparison.checkpoints.begin(), comparison.checkpoints.end(),
                     [](const Checkpoint& one) { return one.deep.has_value(); });
}

// "bottleneck distance", "2-Wasserstein distance"
inline std::string name_of_distance(double p) {
  return std::isinf(p) ? "bottleneck distance" : console::number("%g", p) + "-Wasserstein distance";
}

// The files as they are shown.
inline std::vector<std::string> short_names(const Comparison& comparison) {
  std::vector<std::string> files;
  for (const auto& one : comparison.checkpoints) files.push_back(one.report.file);
  return checkpoint::names_apart(files);
}

}  // namespace compare
