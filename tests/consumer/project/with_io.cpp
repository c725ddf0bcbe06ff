#include <cstdio>

#include <dgp/dgp.hpp>
#include <dgp/io/checkpoint.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto layers = dgp::io::read_layers<float>(argv[1]);
  const auto persistence = dgp::deep_graph_persistence(layers);
  std::printf("%zu layers, deep graph persistence %f\n", layers.size(), persistence.normalized);
  return layers.size() == 3 && persistence.normalized > 0 ? 0 : 1;
}
