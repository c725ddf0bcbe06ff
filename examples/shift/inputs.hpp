// What dgp-shift and dgp-prune read: images, their labels, and a network that looks at them.
//
// in:  IDX files of bytes, .npy arrays, safetensors files
// out: images as the rows of a matrix, the network made ready for activation graphs
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/io/activation_graph.hpp>
#include <dgp/io/idx.hpp>
#include <dgp/io/npy.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/tensor_info.hpp>
#include <dgp/monitoring/activation_graph.hpp>

#include "../checkpoint.hpp"
#include "../layer_order.hpp"
#include "../white.hpp"
#include "../words.hpp"

namespace shift {

using dgp::Index;
using words::one_line;
using Graphs = dgp::ActivationGraphs<float>;
using Matrix = dgp::RowMajorMatrix<float>;

// The shipped digits, where nothing else is told.
struct Inputs {
  std::string model = DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors";
  checkpoint::Choice choice;  // of its layers
  std::string images = DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte";
  std::string labels = DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte";
  std::string activation = "relu";  // of the hidden layers: relu, tanh or sigmoid
  int white = 0;                    // what bytes are divided by; 0: see white.hpp
};

// Images as a file holds them, a row each.
struct Pictures {
  std::string path;
  std::vector<std::uint64_t> shape;  // of the file's array; the first extent counts the images
  Matrix values;
  bool bytes;  // see white.hpp; other numbers are the network's inputs as they are

  Index count() const { return values.rows(); }
};

inline Pictures read_pictures(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  Pictures pictures{path, {}, {}, false};
  const auto set = [&](std::vector<std::uint64_t> shape, const auto& values) {
    if (shape.size() < 2) throw std::runtime_error(path + ": a list of numbers, not of images");
    if (values.size() == 0) throw std::runtime_error(path + ": no pixels");
    const auto images = static_cast<Index>(shape[0]);
    pictures.shape = std::move(shape);
    pictures.values.resize(images, static_cast<Index>(values.size()) / images);
    std::transform(values.begin(), values.end(), pictures.values.data(),
                   [](auto value) { return static_cast<float>(value); });
  };
  if (extension == ".npy") {
    dgp::io::NpyFile file(path);
    const std::string type = file.tensors()[0].type;
    pictures.bytes = type.substr(std::min<std::size_t>(1, type.size())) == "u1";
    const auto array = file.read<float>();
    set({array.shape.begin(), array.shape.end()}, array.values);
  } else if (extension == ".safetensors") {
    dgp::io::SafetensorsFile file(path);
    const auto tensor = std::find_if(file.tensors().begin(), file.tensors().end(),
                                     [](const auto& candidate) { return candidate.name == "x"; });
    if (tensor == file.tensors().end()) {
      throw std::runtime_error(path + ": no tensor is named 'x', as that of the images must be");
    }
    set(tensor->shape, file.read_rows<float>(*tensor).reshaped<Eigen::RowMajor>());
  } else {
    const dgp::io::IdxArray array = dgp::io::read_idx(path);
    pictures.bytes = true;
    set({array.shape.begin(), array.shape.end()}, array.values);
  }
  for (Index image = 0; image < pictures.count(); ++image) {
    for (Index pixel = 0; pixel < pictures.values.cols(); ++pixel) {
      if (std::isfinite(pictures.values(image, pixel))) continue;
      throw std::runtime_error(path + ", image " + std::to_string(image) + ", pixel " +
                               std::to_string(pixel) + ": " +
                               words::printed(pictures.values(image, pixel)));
    }
  }
  return pictures;
}

// What pixels are divided by.
inline float white_of(const Pictures& pictures, const Inputs& inputs) {
  if (pictures.bytes) return white::of(pictures.values.maxCoeff(), inputs.white);
  if (inputs.white == 0) return 1;
  throw std::runtime_error(pictures.path +
                           ": --white is for bytes, but these are other numbers, which are taken "
                           "as they are");
}

// Tells what was taken for white, where it was neither said nor is known, as of the shipped digits.
inline void tell_white(const std::string& program, const Pictures& pictures, const Inputs& inputs) {
  if (!pictures.bytes || inputs.white > 0 || inputs.images == Inputs().images) return;
  std::cerr << program << ": " << one_line(pictures.path) << ": bytes up to "
            << pictures.values.maxCoeff() << ", which are divided by " << white_of(pictures, inputs)
            << "; --white says otherwise\n";
}

// The network's inputs.
inline Matrix scaled(const Pictures& pictures, float white) { return pictures.values / white; }

inline std::vector<Index> read_labels(const std::string& path, const Pictures& pictures) {
  std::vector<Index> labels;
  std::size_t dimensions = 0;
  if (std::filesystem::path(path).extension() == ".npy") {
    const auto array = dgp::io::read_npy<double>(path);
    dimensions = array.shape.size();
    for (const double value : array.values) {
      if (value < 0 || value > 65535 || value != std::floor(value)) {
        throw std::runtime_error(path + ": " + words::printed(value) + " is no label");
      }
      labels.push_back(static_cast<Index>(value));
    }
  } else {
    const auto array = dgp::io::read_idx(path);
    dimensions = array.shape.size();
    labels.assign(array.values.begin(), array.values.end());
  }
  if (dimensions != 1) throw std::runtime_error(path + ": not a list of labels");
  if (std::ssize(labels) != pictures.count()) {
    throw std::runtime_error(path + ": " + std::to_string(labels.size()) + " labels, but " +
                             pictures.path + " has " + std::to_string(pictures.count()) +
                             " images");
  }
  return labels;
}

inline dgp::Activation activation_of(const std::string& name) {
  return name == "tanh"      ? dgp::Activation::tanh
         : name == "sigmoid" ? dgp::Activation::sigmoid
                             : dgp::Activation::relu;
}

// Refuses networks that are more than their layers in this order, such as those with batch
// normalisation: the images would flow through another network.
inline void check_model(const Inputs& inputs, const dgp::io::CheckpointFile& file,
                        const checkpoint::Selection& selection) {
  const auto refuse = [&](const std::string& what) {
    throw std::runtime_error(inputs.model + ": " + what);
  };
  if (!selection.not_measured.empty()) {
    refuse(checkpoint::listed(selection.not_measured, true) +
           ": no layer that can be followed, and the network would be another one without it; "
           "where it is no part of it, leave it out with --layers");
  }
  for (const auto& layer : selection.layers) {
    if (!dgp::io::is_kernel(layer.tensor)) continue;
    refuse(checkpoint::listed({layer.tensor}) +
           " is a convolution's kernel; networks of dense layers are followed");
  }
  const std::string advice =
      layer_order::advice(checkpoint::shapes_of(selection), selection.told, selection.missing);
  if (!advice.empty()) refuse(advice);
  std::set<std::string> biases;
  std::set<std::string> stems;  // "layers.0." of "layers.0.weight"
  const auto stem_of = [](const std::string& name) {
    return name.substr(0, name.find_last_of("./") + 1);
  };
  for (const auto& layer : selection.layers) {
    if (const auto bias = dgp::io::bias_name_of(layer.tensor.name)) biases.insert(*bias);
    stems.insert(stem_of(layer.tensor.name));
  }
  const auto refuse_part = [&](const dgp::io::TensorInfo& tensor) {
    refuse("tensor '" + one_line(tensor.name) +
           "' is neither the weights nor the bias of a layer, as they are read here; networks of "
           "such parts cannot be followed");
  };
  const std::regex wanted(inputs.choice.layers);
  const auto is_chosen = [&](const std::string& name) {
    return inputs.choice.layers.empty() || checkpoint::matches(name, wanted) ||
           stems.count(stem_of(name)) > 0;
  };
  for (const auto& tensor : file.tensors()) {
    if (dgp::io::is_layer(tensor) || biases.count(tensor.name) > 0) continue;
    if (is_chosen(tensor.name)) refuse_part(tensor);
  }
  // A bias of another type would count as 0.
  for (const auto& tensor : file.skipped()) {
    if (!dgp::io::is_layer(tensor) && stems.count(stem_of(tensor.name)) > 0) refuse_part(tensor);
  }
}

// The network, and what is assumed of the order of its layers.
struct Model {
  dgp::io::Perceptron<float> perceptron;
  std::string assumption;
};

inline Model read_model(const Inputs& inputs) {
  auto file = checkpoint::open({inputs.model, {inputs.model}});
#ifdef DGP_WITH_ONNX
  if (file.get_if<dgp::io::OnnxFile>() != nullptr) {
    throw std::runtime_error(inputs.model +
                             ": an ONNX model, whose operators are not followed here; give the "
                             "perceptron's state dict, torch.save(model.state_dict(), 'model.pt')");
  }
#endif
  const auto selection = checkpoint::select(file, inputs.choice);
  check_model(inputs, file, selection);
  Model model;
  for (const auto& layer : selection.layers) {
    model.perceptron.layers.push_back({layer.tensor.name, checkpoint::read<float>(file, layer)});
  }
  model.perceptron.biases = dgp::io::read_biases<float>(file, model.perceptron.layers);
  model.assumption = layer_order::assumption(checkpoint::shapes_of(selection), selection.told,
                                             inputs.choice.transpose.has_value());
  return model;
}

// Ready for images to flow through it.
inline Graphs graphs_of(dgp::io::Perceptron<float> perceptron, const Inputs& inputs) {
  return Graphs(perceptron.layers, std::move(perceptron.biases), activation_of(inputs.activation));
}
inline Graphs read_graphs(const Inputs& inputs) {
  return graphs_of(read_model(inputs).perceptron, inputs);
}

// Refuses images that the network cannot take.
inline void check_pixels(const Pictures& pictures, const Graphs& graphs, const Inputs& inputs) {
  if (pictures.values.cols() == graphs.inputs()) return;
  throw std::runtime_error(pictures.path + ": images of " + std::to_string(pictures.values.cols()) +
                           " pixels, but " + inputs.model + " takes " +
                           std::to_string(graphs.inputs()));
}

}  // namespace shift
