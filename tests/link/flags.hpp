// What a unit with OpenMP and one without compute, each with its own copy of the library.
#pragma once

#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

std::vector<double> measures_with_openmp();
std::vector<double> measures_without_openmp();

// Layers of enough weights for several threads. Of a type that only one unit has, its functions are
// that unit's, and those that they call whichever the linker keeps.
template <class Scalar>
std::vector<double> measures_of() {
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  std::vector<Matrix> layers{Matrix(800, 900), Matrix(10, 800)};
  dgp::detail::SampleStream random(1);
  for (auto& layer : layers) {
    for (Scalar& weight : layer.reshaped()) {
      weight = static_cast<Scalar>(static_cast<float>(random.uniform() - 0.5));
    }
  }
  const dgp::ActivationGraphs<Scalar> graphs(layers);
  const Matrix samples = layers[0].topRows(4);
  return {static_cast<double>(dgp::detail::threads_for(64, 1e9)),
          static_cast<double>(dgp::neural_persistence(layers).layers[0].diagram.pairs[99].death),
          static_cast<double>(dgp::neural_persistence_bounds(layers)[0].lower.total),
          static_cast<double>(
              dgp::deep_graph_persistence(layers, {.normalization = dgp::Normalization::max_abs})
                  .diagram.pairs[9]
                  .death),
          static_cast<double>(dgp::max_min_product(layers[0], samples.transpose()).maxCoeff()),
          static_cast<double>(
              dgp::feature_matrix(graphs, samples, dgp::FeatureMethod::dgp).maxCoeff())};
}
