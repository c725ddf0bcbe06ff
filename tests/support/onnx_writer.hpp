// Writes ONNX models, sound or broken, by protobuf's classes: what they mean is for the test to
// say.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <onnx/onnx_pb.h>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>

namespace support {

using Extents = std::vector<std::int64_t>;

class OnnxModel {
 public:
  OnnxModel() {
    proto.set_ir_version(8);
    proto.set_producer_name("dgp's tests");
    auto* import = proto.add_opset_import();
    import->set_domain("");
    import->set_version(17);
    proto.mutable_graph()->set_name("test");
  }

  // Extents of 0 are open.
  void input(const std::string& name, const Extents& extents) {
    auto* info = proto.mutable_graph()->add_input();
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto extent : extents) {
      auto* dim = type->mutable_shape()->add_dim();
      if (extent > 0) {
        dim->set_dim_value(extent);
      } else {
        dim->set_dim_param("some");
      }
    }
  }
  void output(const std::string& name) { proto.mutable_graph()->add_output()->set_name(name); }

  onnx::TensorProto& tensor(const std::string& name, const Extents& extents, int type) {
    auto* tensor = proto.mutable_graph()->add_initializer();
    fill(*tensor, name, extents, type);
    return *tensor;
  }
  // In raw bytes, row by row.
  void floats(const std::string& name, const Extents& extents, const std::vector<float>& values) {
    tensor(name, extents, onnx::TensorProto::FLOAT)
        .set_raw_data(values.data(), values.size() * sizeof(float));
  }
  void matrix(const std::string& name, const dgp::RowMajorMatrix<float>& values) {
    kernel(name, {values.rows(), values.cols()}, values);
  }
  void kernel(const std::string& name, const Extents& extents,
              const dgp::RowMajorMatrix<float>& values) {
    floats(name, extents, {values.data(), values.data() + values.size()});
  }
  void integers(const std::string& name, const Extents& values) {
    auto& made = tensor(name, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (const auto value : values) made.add_int64_data(value);
  }

  // The last node that was added is the one that attributes go to.
  OnnxModel& node(const std::string& operation, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::string& name = "") {
    node_ = proto.mutable_graph()->add_node();
    node_->set_op_type(operation);
    node_->set_name(name.empty() ? "the " + operation : name);
    for (const auto& input : inputs) node_->add_input(input);
    for (const auto& output : outputs) node_->add_output(output);
    return *this;
  }
  OnnxModel& with(const std::string& name, std::int64_t value) {
    auto* made = attribute(name, onnx::AttributeProto::INT);
    made->set_i(value);
    return *this;
  }
  OnnxModel& with(const std::string& name, const Extents& values) {
    auto* made = attribute(name, onnx::AttributeProto::INTS);
    for (const auto value : values) made->add_ints(value);
    return *this;
  }
  OnnxModel& with_real(const std::string& name, float value) {
    attribute(name, onnx::AttributeProto::FLOAT)->set_f(value);
    return *this;
  }
  OnnxModel& with_text(const std::string& name, const std::string& value) {
    attribute(name, onnx::AttributeProto::STRING)->set_s(value);
    return *this;
  }
  OnnxModel& with_floats(const std::string& name, const Extents& extents,
                         const std::vector<float>& values) {
    auto* made = attribute(name, onnx::AttributeProto::TENSOR)->mutable_t();
    fill(*made, "", extents, onnx::TensorProto::FLOAT);
    for (const float value : values) made->add_float_data(value);
    return *this;
  }
  onnx::NodeProto& last() { return *node_; }

  std::string bytes() const { return proto.SerializeAsString(); }

  onnx::ModelProto proto;

 private:
  static void fill(onnx::TensorProto& tensor, const std::string& name, const Extents& extents,
                   int type) {
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const auto extent : extents) tensor.add_dims(extent);
  }
  onnx::AttributeProto* attribute(const std::string& name,
                                  onnx::AttributeProto::AttributeType type) {
    auto* made = node_->add_attribute();
    made->set_name(name);
    made->set_type(type);
    return made;
  }

  onnx::NodeProto* node_ = nullptr;
};

}  // namespace support
