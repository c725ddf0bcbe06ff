// A network with its biases from a checkpoint, ready for the activation graphs of its inputs.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/activation_graph.hpp>
#include <dgp/io/safetensors.hpp>

namespace dgp::io {

// in:  a safetensors file; its layers are the 2-D tensors in natural order of their names, each
//      (fan_out × fan_in). The bias of `name.weight` is the tensor `name.bias`, with fan_out
//      values; zeros where there is none.
// Time O(weights · log neurons). Throws std::runtime_error as read_layers, std::invalid_argument
// as the constructor of ActivationGraphs.
template <class Scalar = float>
ActivationGraphs<Scalar> read_activation_graphs(const std::filesystem::path& path,
                                                Activation activation = Activation::relu) {
  using Vector = typename ActivationGraphs<Scalar>::Vector;
  constexpr std::string_view weight = "weight";
  SafetensorsFile file(path);
  const auto layers = detail::layers_of<Scalar>(file);
  std::vector<Vector> biases;
  for (const auto& layer : layers) {
    biases.push_back(Vector::Zero(layer.weights.rows()));
    if (!layer.name.ends_with(weight)) continue;
    const std::string name = layer.name.substr(0, layer.name.size() - weight.size()) + "bias";
    for (const TensorInfo& tensor : file.tensors()) {
      if (tensor.name == name) biases.back() = file.template read_rows<Scalar>(tensor).reshaped();
    }
  }
  return ActivationGraphs<Scalar>(layers, std::move(biases), activation);
}

}  // namespace dgp::io
