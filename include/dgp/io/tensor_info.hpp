// What the readers of network files tell of a tensor before they read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/weight_view.hpp>

namespace dgp::io {

struct TensorInfo {
  std::string name;
  std::string type;                  // as the file spells it: F32, BF16, I64 …; <f4, >f8, |u1 …
  std::vector<std::uint64_t> shape;  // a linear layer's weights: {fan_out, fan_in}
  std::uint64_t begin;               // of its bytes, from the start of the file
  std::uint64_t end;
};

// Whether a tensor can be a layer: a matrix.
inline bool is_layer(const TensorInfo& tensor) { return tensor.shape.size() == 2; }

namespace detail {

// For messages: "tensor 'w' (F32, shape [2,3])".
inline std::string describe(const TensorInfo& tensor) {
  std::string text = "tensor '" + dgp::detail::one_line(tensor.name) + "' (" +
                     dgp::detail::one_line(tensor.type) + ", shape [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(tensor.shape[i]);
  }
  return text + "])";
}

// All matrices of an open file, in the order in which it lists them.
template <class Scalar, class File>
std::vector<NamedLayer<dgp::detail::RowMajorMatrix<Scalar>>> layers_of(File& file) {
  std::vector<NamedLayer<dgp::detail::RowMajorMatrix<Scalar>>> layers;
  for (const auto& tensor : file.tensors()) {
    if (is_layer(tensor)) {
      layers.push_back({tensor.name, file.template read_matrix<Scalar>(tensor)});
    }
  }
  return layers;
}

}  // namespace detail
}  // namespace dgp::io
