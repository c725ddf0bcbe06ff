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

// The name of the tensor that holds a layer's bias: "layers.0.bias" for "layers.0.weight" or, as
// Keras and Flax have it, "layers.0.kernel"; nothing for a name that does not end so.
inline std::optional<std::string> bias_name_of(const std::string& layer) {
  for (const std::string_view weight : {"weight", "kernel"}) {
    if (layer.ends_with(weight)) return layer.substr(0, layer.size() - weight.size()) + "bias";
  }
  return std::nullopt;
}

// The bias of each layer: the tensor bias_name_of(layer.name) of the file, fan_out values; zeros
// where there is none. Time and memory O(neurons + tensors). Throws std::runtime_error for one of
// another size and as the reader does.
template <class Scalar, class File>
std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> read_biases(
    File& file, const std::vector<NamedLayer<RowMajorMatrix<Scalar>>>& layers) {
  std::map<std::string_view, const TensorInfo*> tensors;
  for (const TensorInfo& tensor : file.tensors()) tensors.emplace(tensor.name, &tensor);
  std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> biases;
  for (const auto& layer : layers) {
    auto& bias = biases.emplace_back();
    bias.setZero(layer.weights.rows());
    const auto name = bias_name_of(layer.name);
    const auto tensor = name ? tensors.find(*name) : tensors.end();
    if (tensor == tensors.end()) continue;
    bias = file.template read_rows<Scalar>(*tensor->second).template reshaped<Eigen::RowMajor>();
    if (bias.size() == layer.weights.rows()) continue;
    detail::fail(file.path(), detail::describe(*tensor->second) + " has " +
                                  std::to_string(bias.size()) + " values, but its layer has " +
                                  std::to_string(layer.weights.rows()) + " neurons");
  }
  return biases;
}

// Dense layers with their biases.
template <class Scalar>
struct Perceptron {
  std::vector<NamedLayer<RowMajorMatrix<Scalar>>> layers;        // in forward order
  std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> biases;  // of each, fan_out values
};

// Reads a perceptron.
//
// in:  a checkpoint of any format; its layers are the 2-D tensors in natural order of their names,
//      each (fan_out × fan_in). The bias of `name.weight` is the tensor `name.bias` (read_biases).
// Time and memory O(weights). Throws std::runtime_error as read_layers and read_biases, and for a
// convolution's kernel.
template <class Scalar = float, class File = CheckpointFile>
Perceptron<Scalar> read_perceptron(const std::filesystem::path& path) {
  File file(path);
  for (const TensorInfo& tensor : file.tensors()) {
    if (!is_kernel(tensor) || tensor.floating_point_bytes == 0) continue;
    detail::fail(path, detail::describe(tensor) +
                           " is a convolution's kernel; networks of dense layers are followed");
  }
  Perceptron<Scalar> perceptron{detail::layers_of<Scalar>(file), {}};
  perceptron.biases = read_biases<Scalar>(file, perceptron.layers);
  return perceptron;
}

// The same made ready. Time O(weights · log neurons), memory three times that of float weights.
// Throws as read_perceptron, and std::invalid_argument as the constructor of ActivationGraphs.
template <class Scalar = float, class File = CheckpointFile>
ActivationGraphs<Scalar> read_activation_graphs(const std::filesystem::path& path,
                                                Activation activation = Activation::relu) {
  auto perceptron = read_perceptron<Scalar, File>(path);
  return ActivationGraphs<Scalar>(perceptron.layers, std::move(perceptron.biases), activation);
}

}  // namespace dgp::io
