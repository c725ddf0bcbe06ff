// Checkpoints as the example programs take them: files of several formats, the tensors that are
// layers, and the words for those that are not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include <dgp/io/npy.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/tensor_info.hpp>
#ifdef DGP_WITH_NPZ
#include <dgp/io/npz.hpp>
#endif

#include "words.hpp"

namespace checkpoint {

using dgp::io::TensorInfo;

// The format by the name's ending; with any other ending, by the first bytes.
inline std::string format_of(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  for (const std::string known : {".safetensors", ".npy", ".npz"}) {
    if (extension == known) return known;
  }
  std::string start(6, '\0');
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    std::ifstream(path, std::ios::binary).read(start.data(), std::ssize(start));
  }
  if (start == "\x93NUMPY") return ".npy";
  if (start.compare(0, 4, "PK\x03\x04") == 0) return ".npz";
  return ".safetensors";
}

// Calls visit(file) with the reader of the file's format, and returns what that returns.
template <class Visit>
auto open(const std::string& path, const Visit& visit) {
  const std::string format = format_of(path);
  if (format == ".npy") return visit(dgp::io::NpyFile(path));
  if (format == ".npz") {
#ifdef DGP_WITH_NPZ
    return visit(dgp::io::NpzFile(path));
#else
    throw std::runtime_error(path +
                             ": this program was built without libzip and reads no .npz archive");
#endif
  }
  return visit(dgp::io::SafetensorsFile(path));
}

// The option --layers, the pattern that select takes.
inline void add_layers(CLI::App& app, std::string& pattern) {
  app.add_option("--layers", pattern,
                 "Take only tensors whose name holds a match of this regular expression")
      ->type_name("REGEX")
      ->check([](const std::string& text) -> std::string {
        try {
          const std::regex valid(text);
          return {};
        } catch (const std::regex_error&) {
          return "'" + text + "' is not a regular expression";
        }
      });
}

// "conv1.weight [2,1,3,3], conv2.weight [4,2,3,3] and 5 more"
inline std::string listed(const std::vector<TensorInfo>& tensors) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(tensors.size(), most); ++i) {
    std::string shape;
    for (const auto extent : tensors[i].shape) {
      shape.append(shape.empty() ? "" : ",").append(std::to_string(extent));
    }
    text.append(text.empty() ? "" : ", ").append(words::one_line(tensors[i].name));
    text.append(" [").append(shape).append("]");
  }
  if (tensors.size() > most) text += " and " + std::to_string(tensors.size() - most) + " more";
  return text;
}

// What a checkpoint holds for the measures.
struct Selection {
  std::vector<TensorInfo> layers;
  std::vector<TensorInfo> not_measured;  // weights of more dimensions: a convolution's, for one
};

// The tensors whose names the pattern selects, all where it is empty. Throws std::runtime_error
// where none of them is a layer.
template <class File>
Selection select(const File& file, const std::string& pattern) {
  // The standard library matches by recursion; a name longer than any real one could exhaust it.
  constexpr std::size_t longest_name = 1000;
  const std::regex wanted(pattern);
  Selection selection;
  std::vector<TensorInfo> others;
  for (const auto& tensor : file.tensors()) {
    const bool selected = pattern.empty() || (tensor.name.size() <= longest_name &&
                                              std::regex_search(tensor.name, wanted));
    if (!selected) continue;
    (dgp::io::is_layer(tensor) ? selection.layers : others).push_back(tensor);
  }
  if (selection.layers.empty()) {
    throw std::runtime_error(file.path().string() + ": no 2-D tensor" +
                             (pattern.empty() ? "" : " matches '" + pattern + "'") +
                             (others.empty() ? "" : "; of other shapes: " + listed(others)));
  }
  std::copy_if(others.begin(), others.end(), std::back_inserter(selection.not_measured),
               [](const TensorInfo& tensor) { return tensor.shape.size() > 2; });
  return selection;
}

inline std::vector<std::string> names_of(const std::vector<TensorInfo>& tensors) {
  std::vector<std::string> names;
  for (const auto& tensor : tensors) names.push_back(tensor.name);
  return names;
}

// A paragraph on them; empty where there are none.
inline std::string not_measured_note(const std::vector<TensorInfo>& tensors) {
  return tensors.empty() ? ""
                         : "\nNot measured (more than two dimensions): " + listed(tensors) + "\n";
}

}  // namespace checkpoint
