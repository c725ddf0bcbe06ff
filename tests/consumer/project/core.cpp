#include <cmath>
#include <cstdio>

#include <dgp/dgp.hpp>

int main() {
  Eigen::Matrix2f weights;
  weights << 1.0f, 0.5f, 0.25f, 1.0f;
  // Forest: 1, 1, 0.5; with the class that never dies, sqrt(0.5^2 + 1).
  const double total = dgp::neural_persistence(weights).sum;
  // Warns under -Wconversion, which is the consumer's to ask for.
  const int thousandths = std::round(1000 * total);
  std::printf("neural persistence: %d / 1000\n", thousandths);
  return thousandths == 1118 ? 0 : 1;
}
