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

// in:  a checkpoint of any format; its layers are the 2-D tensors in natural order of their names,
//      each (fan_out × fan_in). The bias of `name.weight` is the tensor `name.bias`
//      (bias_name_of), with fan_out values; zeros where there is none.
// Time O(weights · log neurons). Throws std::runtime_error as read_layers and for a convolution's
// kernel, std::invalid_argument as the constructor of ActivationGraphs.
template <class Scalar = float, class File = CheckpointFile>
ActivationGraphs<Scalar> read_activation_graphs(const std::filesystem::path& path,
                                                Activation activation = Activation::relu) {
  using Vector = typename ActivationGraphs<Scalar>::Vector;
  File file(path);
  for (const TensorInfo& tensor : file.tensors()) {
    if (!is_kernel(tensor) || tensor.floating_point_bytes == 0) continue;
    detail::fail(path, detail::describe(tensor) +
                           " is a convolution's kernel; networks of dense layers are followed");
  }
  const auto layers = detail::layers_of<Scalar>(file);
  std::map<std::string_view, const TensorInfo*> tensors;
  for (const TensorInfo& tensor : file.tensors()) tensors.emplace(tensor.name, &tensor);
  std::vector<Vector> biases;
  for (const auto& layer : layers) {
    biases.push_back(Vector::Zero(layer.weights.rows()));
    const auto name = bias_name_of(layer.name);
    const auto tensor = name ? tensors.find(*name) : tensors.end();
    if (tensor == tensors.end()) continue;
    biases.back() = file.template read_rows<Scalar>(*tensor->second).reshaped();
  }
  return ActivationGraphs<Scalar>(layers, std::move(biases), activation);
}

}  // namespace dgp::io
