// What the other files here do wrong, done right: this one must compile.
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>
#include <dgp/io/safetensors.hpp>

double control() {
  const Eigen::MatrixXf weights = Eigen::MatrixXf::Ones(3, 2);
  const Eigen::MatrixXi counts = Eigen::MatrixXi::Ones(3, 2);
  const std::vector<Eigen::MatrixXf> layers{weights, weights.transpose()};
  return dgp::neural_persistence(weights).sum + dgp::neural_persistence(counts.cast<float>()).sum +
         dgp::neural_persistence(layers).sum + dgp::deep_graph_persistence(layers).total +
         static_cast<double>(dgp::max_min_product(weights, weights.transpose()).sum());
}
