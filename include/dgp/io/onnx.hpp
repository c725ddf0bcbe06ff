// Reading ONNX models: a network's graph, with its weights where they belong. Needs the onnx
// library: link dgp::onnx.
//
// in:  a file that is not trusted, and files of weights beside it: every shape, name and place in
//      it is checked, and nothing is opened outside the model's own folder
// out: a feed-forward graph; or, of models whose operators are not all read, the constants alone as
//      a checkpoint's tensors
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <onnx/onnx_pb.h>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/detail/onnx_model.hpp>
#include <dgp/io/detail/onnx_node.hpp>
#include <dgp/io/detail/onnx_tensors.hpp>
#include <dgp/io/detail/onnx_walk.hpp>
#include <dgp/io/file_format.hpp>
#include <dgp/io/natural_order.hpp>
#include <dgp/io/tensor_info.hpp>

namespace dgp::io {

// A model of ONNX, open for reading. Not for use by several threads at once.
class OnnxFile {
 public:
  // Of the files that it reads.
  static constexpr FileFormat format = FileFormat::onnx;

  // Reads the model, without weights that lie in files of their own. Time and memory O(file); a
  // hostile one may take some hundred times its size. Throws std::runtime_error, with path and,
  // where there is one, byte, for what is not a whole ONNX model.
  explicit OnnxFile(std::filesystem::path path) : OnnxFile(detail::InputFile(std::move(path))) {}

  // The same of a file that is open already.
  explicit OnnxFile(detail::InputFile file) : path_(file.path()), model_(detail::parse_onnx(file)) {
    for (const auto& tensor : model_.graph().initializer()) list(tensor, tensor.name());
    for (const auto& node : model_.graph().node()) {
      if (node.op_type() != "Constant" || node.output_size() == 0) continue;
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_t()) list(attribute.t(), node.output(0));
      }
    }
    for (const auto& node : model_.graph().node()) {
      const detail::OnnxNode product(node, path_);
      const bool gemm = node.op_type() == "Gemm";
      if (!gemm && node.op_type() != "MatMul") continue;
      if (!gemm || product.integer("transB", 0) == 0) stored_in_first_.insert(product.input(1));
      if (gemm && product.integer("transA", 0) != 0) stored_in_first_.insert(product.input(0));
    }
    std::sort(constants_.begin(), constants_.end(), [](const Constant& a, const Constant& b) {
      return natural_less(a.info.name, b.info.name);
    });
    for (const auto& [info, tensor] : constants_) {
      (info.floating_point_bytes > 0 ? tensors_ : skipped_).push_back(info);
    }
  }

  // What is listed points into the model.
  OnnxFile(OnnxFile&&) = default;
  OnnxFile& operator=(OnnxFile&&) = default;

  // As it was given.
  const std::filesystem::path& path() const { return path_; }

  // The constants of FLOAT16, BFLOAT16, FLOAT and DOUBLE, in natural order of their names. Their
  // byte ranges are those of the values alone, from 0 on.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  // Those of other types.
  const std::vector<TensorInfo>& skipped() const { return skipped_; }
  // Whether a matrix is stored (fan_in × fan_out), as the product that takes it says: MatMul from
  // the right, Gemm unless it transposes.
  bool is_stored_in_first(const TensorInfo& tensor) const {
    return stored_in_first_.contains(tensor.name);
  }

  // The network as a graph, its weighted sets named after their weights. Batch normalisations are
  // folded into the weights before them, as for inference; biases are no edges. A batch is dropped.
  // Time and memory O(weights + neurons). Throws std::runtime_error, naming the node, for an
  // operator that is not read and for a shape that is not known.
  template <class Scalar>
  FeedForwardGraph<Scalar> read_graph() const {
    return detail::OnnxWalk<Scalar>(model_, path_).run();
  }

  // A 2-D tensor of tensors() as a row-major matrix of its shape, converted to Scalar. Throws
  // std::runtime_error for another number of dimensions, and where values are missing.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_matrix(const TensorInfo& tensor) const {
    detail::check_matrix(place(), tensor);
    return read_rows<Scalar>(tensor);
  }

  // A tensor of one dimension or more as a row-major matrix, (first extent × all others together).
  // Throws as read_matrix.
  template <class Scalar>
  RowMajorMatrix<Scalar> read_rows(const TensorInfo& tensor) const {
    const auto found = std::lower_bound(constants_.begin(), constants_.end(), tensor.name,
                                        [](const Constant& constant, const std::string& name) {
                                          return natural_less(constant.info.name, name);
                                        });
    if (found == constants_.end() || found->info.name != tensor.name) {
      place().fail("no tensor is named " + dgp::detail::quoted(tensor.name));
    }
    return detail::onnx_rows<Scalar>(*found->tensor, found->info, place());
  }

 private:
  struct Constant {
    TensorInfo info;
    const onnx::TensorProto* tensor;
  };

  detail::OnnxPlace place() const { return {path_, ""}; }

  void list(const onnx::TensorProto& tensor, const std::string& name) {
    constants_.push_back({detail::onnx_tensor_info(tensor, name, place()), &tensor});
  }

  std::filesystem::path path_;
  onnx::ModelProto model_;
  std::vector<Constant> constants_;
  std::vector<TensorInfo> tensors_;
  std::vector<TensorInfo> skipped_;
  std::set<std::string> stored_in_first_;
};

// The graph of a model. Time and memory O(weights + neurons). Throws std::runtime_error as OnnxFile
// and its read_graph do.
template <class Scalar = float>
FeedForwardGraph<Scalar> read_onnx(const std::filesystem::path& path) {
  return OnnxFile(path).read_graph<Scalar>();
}

}  // namespace dgp::io
