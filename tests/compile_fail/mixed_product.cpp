#include <Eigen/Core>

#include <dgp/dgp.hpp>

void mixed_product() {
  const Eigen::MatrixXf left = Eigen::MatrixXf::Ones(3, 2);
  const Eigen::MatrixXd right = Eigen::MatrixXd::Ones(2, 3);
  dgp::max_min_product(left, right);
}
