#include <vector>

#include <dgp/dgp.hpp>

void not_a_network() {
  const std::vector<int> widths{64, 32, 10};
  dgp::neural_persistence(widths);
}
