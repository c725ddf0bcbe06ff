// The measures of a checkpoint from C++: two lines of work.
#include <iostream>

#include <dgp/dgp.hpp>
#include <dgp/io/safetensors.hpp>

int main() {
  const auto layers = dgp::io::read_layers(DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors");
  const auto np = dgp::neural_persistence(layers);
  const auto g = dgp::deep_graph_persistence(layers);
  std::cout << np.mean_normalized << " " << g.normalized << "\n";
}
