// Prints figures to the last bit, and a refusal: two builds of the library must print the same.
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <vector>

#include <dgp/dgp.hpp>

int main() {
  std::vector<Eigen::MatrixXf> layers = {Eigen::MatrixXf(7, 9), Eigen::MatrixXf(5, 7),
                                         Eigen::MatrixXf(3, 5)};
  unsigned state = 1;
  for (Eigen::MatrixXf& weights : layers) {
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
      state = state * 1664525u + 1013904223u;
      weights.data()[i] = static_cast<float>(state >> 8) / (1 << 23) - 1.0f;
    }
  }
  const auto persistence = dgp::neural_persistence(layers);
  std::printf("neural persistence %a, normalised %a\n", persistence.sum,
              persistence.mean_normalized);
  const auto deep = dgp::deep_graph_persistence(layers);
  std::printf("deep graph persistence %a, normalised %a\n", deep.total, deep.normalized);
  // What is thrown is caught, with RTTI and without.
  layers[1](4, 6) = std::numeric_limits<float>::infinity();
  try {
    dgp::neural_persistence(layers);
  } catch (const std::invalid_argument& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
