#include <Eigen/Core>

#include <dgp/dgp.hpp>

double integer_weights() {
  const Eigen::MatrixXi counts = Eigen::MatrixXi::Ones(3, 2);
  return dgp::neural_persistence(counts).sum;
}
