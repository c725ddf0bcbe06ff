// Reads everything in an ONNX model that may be broken.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <dgp/dgp.hpp>
#include <dgp/io/onnx.hpp>

namespace support {

struct Found {
  int tensors = 0;
  int graphs = 0;
};

// What is wrong with what the reader gives; empty if nothing is. Throws what the reader throws.
inline std::string mistake_of_onnx(const std::filesystem::path& path, std::size_t size,
                                   Found& found) {
  const dgp::io::OnnxFile file(path);
  std::size_t values = 0;
  for (const auto& tensor : file.tensors()) {
    try {
      values += static_cast<std::size_t>(file.read_rows<float>(tensor).size());
      ++found.tensors;
    } catch (const std::runtime_error& error) {
      if (!std::string(error.what()).starts_with(path.string())) return error.what();
    }
  }
  if (values > size) return "more values than the file justifies";
  const auto graph = file.read_graph<float>();
  ++found.graphs;
  // What is read can be measured, or is refused in words.
  constexpr dgp::Index quickly_measured = 2000;
  if (graph.neurons() > quickly_measured) return "";
  try {
    dgp::deep_graph_persistence(graph, {.normalization = dgp::Normalization::max_abs});
  } catch (const std::invalid_argument&) {
  }
  return "";
}

}  // namespace support
