// Reads a network with biases from a file that may be broken, and follows a sample through it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include <Eigen/Core>

#include <dgp/io/activation_graph.hpp>
#include <dgp/monitoring/feature_method.hpp>

namespace support {

// What is wrong with what the reader gives; empty if nothing is. Throws what the reader throws.
inline std::string mistake_of_activation_graph(const std::filesystem::path& path, std::size_t) {
  std::optional<dgp::ActivationGraphs<float>> graphs;
  try {
    graphs = dgp::io::read_activation_graphs<float>(path);
  } catch (const std::invalid_argument&) {  // what was read is no network
    return "";
  }
  constexpr std::size_t quickly_followed = 4096;
  if (graphs->weight_count() > quickly_followed) return "";
  const Eigen::VectorXf sample = Eigen::VectorXf::LinSpaced(graphs->inputs(), -0.5F, 1);
  dgp::FeatureWorkspace<float> workspace;
  Eigen::VectorXf features;
  for (const auto method : dgp::feature_methods) {
    try {
      graphs->features(sample, method, workspace, features);
    } catch (const std::domain_error&) {  // activations that overflow
      continue;
    }
    if (features.size() != graphs->feature_count(method)) return "another number of features";
    const bool descending = std::is_sorted(features.data(), features.data() + features.size(),
                                           [](float a, float b) { return a > b; });
    if (method == dgp::FeatureMethod::dgp && !descending) return "deaths out of order";
  }
  return "";
}

}  // namespace support
