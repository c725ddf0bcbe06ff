#include "every_header.hpp"
#include "measures.hpp"

std::vector<double> measures_in_the_other_unit(const std::filesystem::path& model) {
  const auto layers = dgp::io::read_layers<float>(model);
  const auto variance = dgp::weight_variance(layers);
  const auto strengths = dgp::path_strength_matrix(layers);
  return {dgp::neural_persistence(layers).sum, dgp::deep_graph_persistence(layers).total,
          variance.network, static_cast<double>(strengths.sum())};
}
