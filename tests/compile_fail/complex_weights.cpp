#include <Eigen/Core>

#include <dgp/dgp.hpp>

void complex_weights() {
  const Eigen::MatrixXcf amplitudes = Eigen::MatrixXcf::Ones(3, 2);
  dgp::neural_persistence(amplitudes);
}
