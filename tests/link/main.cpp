#include <cstdio>
#include <exception>

#include "every_header.hpp"
#include "measures.hpp"

std::vector<double> measures_here(const std::filesystem::path& model) {
  const auto layers = dgp::io::read_layers<float>(model);
  const auto variance = dgp::weight_variance(layers);
  const auto strengths = dgp::path_strength_matrix(layers);
  return {dgp::neural_persistence(layers).sum, dgp::deep_graph_persistence(layers).total,
          variance.network, static_cast<double>(strengths.sum())};
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: test-link MODEL.safetensors\n");
    return 2;
  }
  try {
    const bool same = measures_here(argv[1]) == measures_in_the_other_unit(argv[1]);
    std::puts(same ? "both units agree" : "the units differ");
    return same ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
