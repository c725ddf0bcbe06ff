// What the readers of network files tell of a tensor before they read it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>

// Files of weights, and of what is known of them: reading and writing.
namespace dgp::io {

// A tensor of a file.
struct TensorInfo {
  std::string name;                  // as its reader tells: keys joined with dots, for instance
  std::string type;                  // as the file spells it: F32, BF16, I64 …; <f4, >f8, |u1 …
  std::vector<std::uint64_t> shape;  // a linear layer's weights: {fan_out, fan_in}
  std::uint64_t begin;               // of its bytes, from the start of the file
  std::uint64_t end;                 // behind the last of them
  // Bytes of a value, where these are floating-point numbers that the reader converts; else 0.
  std::size_t floating_point_bytes = 0;
};

// Whether a tensor has the shape of a convolution's kernel: {channels out, channels in per group,
// window …}, of a sequence, an image or a volume.
inline bool is_kernel(const TensorInfo& tensor) {
  return tensor.shape.size() >= 3 && tensor.shape.size() <= 5;
}

// Whether a tensor has the shape of a layer: of a matrix, or of a kernel, which is measured as one,
// (channels out × all else), where nothing tells what it slides over.
inline bool is_layer(const TensorInfo& tensor) {
  return tensor.shape.size() == 2 || is_kernel(tensor);
}

namespace detail {

// For messages: "tensor 'w' (F32, shape [2,3])".
inline std::string describe(const TensorInfo& tensor) {
  std::string text = "tensor " + dgp::detail::quoted(tensor.name) + " (" +
                     dgp::detail::one_line(tensor.type) + ", shape [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(tensor.shape[i]);
  }
  return text + "])";
}

// Both checks throw std::runtime_error by source.fail(byte, what).

// Whether the shape fits the bytes, also where the product of its extents overflows.
template <class Source>
void check_bytes(const Source& source, const TensorInfo& tensor, std::uint64_t bytes_per_element) {
  const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
  std::uint64_t needed = empty ? 0 : bytes_per_element;
  for (const std::uint64_t extent : tensor.shape) {
    if (!empty && needed > std::numeric_limits<std::uint64_t>::max() / extent) {
      source.fail(tensor.begin, describe(tensor) + " has an impossible shape");
    }
    needed *= extent;
  }
  const std::uint64_t there = tensor.begin < tensor.end ? tensor.end - tensor.begin : 0;
  if (needed != there) {
    source.fail(tensor.begin, describe(tensor) + " needs " + std::to_string(needed) +
                                  " bytes, but has " + std::to_string(there));
  }
}

template <class Source>
void check_matrix(const Source& source, const TensorInfo& tensor) {
  if (tensor.shape.size() != 2) source.fail(tensor.begin, describe(tensor) + " is not a matrix");
}

struct MatrixShape {
  Index rows;
  Index cols;
};

// As a matrix, (first extent × all others together); both fit Index.
template <class Source>
MatrixShape shape_by_rows(const Source& source, const TensorInfo& tensor) {
  if (tensor.shape.empty()) source.fail(tensor.begin, describe(tensor) + " has no dimension");
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
  std::uint64_t cols = 1;
  bool fits = tensor.shape[0] <= most;
  for (auto extent = tensor.shape.begin() + 1; extent != tensor.shape.end(); ++extent) {
    fits = fits && *extent <= most && (*extent == 0 || cols <= most / *extent);
    cols *= *extent;
  }
  if (!fits) source.fail(tensor.begin, describe(tensor) + " has an impossible shape");
  return {static_cast<Index>(tensor.shape[0]), static_cast<Index>(cols)};
}

// All matrices and kernels of an open file, in the order in which it lists them.
template <class Scalar, class File>
std::vector<NamedLayer<RowMajorMatrix<Scalar>>> layers_of(File& file) {
  std::vector<NamedLayer<RowMajorMatrix<Scalar>>> layers;
  for (const auto& tensor : file.tensors()) {
    if (is_layer(tensor) && tensor.floating_point_bytes > 0) {
      layers.push_back({tensor.name, file.template read_rows<Scalar>(tensor)});
    }
  }
  return layers;
}

}  // namespace detail
}  // namespace dgp::io
