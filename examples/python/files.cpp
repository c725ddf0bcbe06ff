// Files of weights.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include <dgp/io/activation_graph.hpp>
#include <dgp/io/checkpoint.hpp>
#include <dgp/io/tensor_info.hpp>

#include "arguments.hpp"
#include "graphs.hpp"

namespace python {

namespace {

using namespace py::literals;

template <class Read>
auto read(const Read& reads) {
  try {
    return reads();
  } catch (const std::runtime_error& refused) {
    PyErr_SetString(PyExc_OSError, refused.what());
    throw py::error_already_set();
  }
}

py::dict read_layers(const std::filesystem::path& path) {
  return read([&] {
    dgp::io::CheckpointFile file(path);
    py::dict layers;
    for (const auto& tensor : file.tensors()) {
      if (!dgp::io::is_layer(tensor) || tensor.floating_point_bytes == 0) continue;
      const py::str name(tensor.name);
      if (tensor.floating_point_bytes == sizeof(double)) {
        layers[name] = array_of(file.read_rows<double>(tensor));
      } else {
        layers[name] = array_of(file.read_rows<float>(tensor));
      }
    }
    if (layers.empty())
      throw std::runtime_error(path.string() + ": no tensor of 2 to 5 dimensions");
    return layers;
  });
}

py::tuple read_perceptron(const std::filesystem::path& path) {
  return read([&] {
    auto perceptron = dgp::io::read_perceptron<float, dgp::io::CheckpointFile>(path);
    py::list layers;
    for (auto& layer : perceptron.layers) layers.append(array_of(std::move(layer.weights)));
    py::list biases;
    for (const auto& bias : perceptron.biases) {
      biases.append(py::array_t<float>(static_cast<py::ssize_t>(bias.size()), bias.data()));
    }
    return py::make_tuple(layers, biases);
  });
}

}  // namespace

void add_files(py::module_& module) {
  module.def(
      "read_layers",
      [](const py::object& path) { return read_layers(py::str(path).cast<std::string>()); },
      "path"_a,
      "The layers of a checkpoint (safetensors, PyTorch's .pt, NumPy's .npz and .npy, ONNX)\n"
      "by their names, in natural order of these: arrays (fan_out x fan_in), kernels\n"
      "(out x all else), doubles where the file has them, else floats. OSError for a file\n"
      "that cannot be read.");
  module.def(
      "read_perceptron",
      [](const py::object& path) { return read_perceptron(py::str(path).cast<std::string>()); },
      "path"_a,
      "Layers and biases of a checkpoint of dense layers, in single precision, for\n"
      "ActivationGraphs(*read_perceptron(path)). OSError for one that cannot be followed.");
#ifdef DGP_WITH_ONNX
  module.def(
      "read_onnx",
      [](const py::object& path) {
        const std::string file = py::str(path).cast<std::string>();
        return read([&] { return Graph{{}, dgp::io::read_onnx<float>(file)}; });
      },
      "path"_a, "The graph of a model. OSError for one that cannot be followed.");
#endif
}

}  // namespace python
