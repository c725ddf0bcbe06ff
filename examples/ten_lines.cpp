#include <iostream>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>

int main(int, char** argv) {
  const auto layers = dgp::io::read_layers(argv[1]);
  const auto np = dgp::neural_persistence(layers);
  const auto g = dgp::deep_graph_persistence(layers);
  std::cout << "NP " << np.mean_normalized << ", DGP " << g.normalized << "\n";
}
