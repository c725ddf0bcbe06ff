// What the values of an ONNX graph are to a walk over it: neurons, constants, or whole numbers that
// shapes are made of.
#pragma once

#include <cstdint>
#include <memory>
#include <onnx/onnx_pb.h>
#include <optional>
#include <string_view>
#include <vector>

#include <dgp/feed_forward_graph.hpp>
#include <dgp/io/detail/onnx_arrangement.hpp>

namespace dgp::io::detail {

// The batch is dropped: its extent is 1.
struct OnnxValue {
  Extents extents;
  // Of these, one. Neither: a constant that is computed from others, and whose values nobody needs.
  std::optional<Neurons> neurons;
  const onnx::TensorProto* tensor = nullptr;
  std::shared_ptr<const std::vector<std::int64_t>> integers;

  std::string_view name;    // of a constant, that of the tensor that it comes from, in the model
  bool transposed = false;  // of a stored matrix

  bool is_constant() const { return !neurons; }
};

}  // namespace dgp::io::detail
