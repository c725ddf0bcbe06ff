// A network with its biases from a checkpoint, ready for the activation graphs of its inputs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/monitoring/activation.hpp>
#include <dgp/monitoring/activation_graph.hpp>

namespace dgp::io {

// The name of the tensor that holds a layer's bias: "layers.0.bias" for "layers.0.weight"; nothing
// for a name that does not end so.
inline std::optional<std::string> bias_name_of(const std::string& layer) {
  constexpr std::string_view weight = "weight";
  if (!layer.ends_with(weight)) return std::nullopt;
  return layer.substr(0, layer.size() - weight.size()) + "bias";
}

template <class Scalar>
struct Perceptron {
  std::vector<NamedLayer<RowMajorMatrix<Scalar>>> layers;
  std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> biases;  // of each, fan_out values
};

// in:  a checkpoint of any format; its layers are the 2-D tensors in natural order of their names,
//      each (fan_out × fan_in). The bias of `name.weight` is the tensor `name.bias`
//      (bias_name_of), with fan_out values; zeros where there is none.
// Throws std::runtime_error as read_layers and for a convolution's kernel.
template <class Scalar = float, class File = CheckpointFile>
Perceptron<Scalar> read_perceptron(const std::filesystem::path& path) {
  File file(path);
  for (const TensorInfo& tensor : file.tensors()) {
    if (!is_kernel(tensor) || tensor.floating_point_bytes == 0) continue;
    detail::fail(path, detail::describe(tensor) +
                           " is a convolution's kernel; networks of dense layers are followed");
  }
  Perceptron<Scalar> perceptron{detail::layers_of<Scalar>(file), {}};
  std::map<std::string_view, const TensorInfo*> tensors;
  for (const TensorInfo& tensor : file.tensors()) tensors.emplace(tensor.name, &tensor);
  for (const auto& layer : perceptron.layers) {
    auto& bias = perceptron.biases.emplace_back();
    bias.setZero(layer.weights.rows());
    const auto name = bias_name_of(layer.name);
    const auto tensor = name ? tensors.find(*name) : tensors.end();
    if (tensor == tensors.end()) continue;
    bias = file.template read_rows<Scalar>(*tensor->second).reshaped();
  }
  return perceptron;
}

// The same made ready. Time O(weights · log neurons). Throws as read_perceptron, and
// std::invalid_argument as the constructor of ActivationGraphs.
template <class Scalar = float, class File = CheckpointFile>
ActivationGraphs<Scalar> read_activation_graphs(const std::filesystem::path& path,
                                                Activation activation = Activation::relu) {
  auto perceptron = read_perceptron<Scalar, File>(path);
  return ActivationGraphs<Scalar>(perceptron.layers, std::move(perceptron.biases), activation);
}

}  // namespace dgp::io
