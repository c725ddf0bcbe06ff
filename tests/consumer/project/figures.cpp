// Prints figures to the last bit, of every kind that takes little to compile: two builds of the
// library must print the same.
#include <cstdio>
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
  for (const Eigen::MatrixXf& weights : layers) {
    const auto persistence = dgp::neural_persistence(weights);
    std::printf("neural persistence %a, normalised %a\n", persistence.sum, persistence.normalized);
  }
  const auto persistence = dgp::deep_graph_persistence(layers);
  std::printf("deep graph persistence %a, normalised %a\n", persistence.sum,
              persistence.normalized);
  // Thrown through, with RTTI and without.
  try {
    dgp::neural_persistence(Eigen::MatrixXf::Constant(2, 2, 0.0f / (state == 0 ? 1.0f : 0.0f)));
  } catch (const std::invalid_argument& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
