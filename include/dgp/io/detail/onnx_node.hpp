// A node of an ONNX graph: its name for messages, and its attributes by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <onnx/onnx_pb.h>
#include <string>
#include <string_view>
#include <vector>

#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/onnx_model.hpp>

namespace dgp::io::detail {

class OnnxNode {
 public:
  OnnxNode(const onnx::NodeProto& node, const std::filesystem::path& path)
      : node_(&node), place_(path, label(node)) {}

  // "node 'conv1' (Conv)"; one without a name goes by that of its first output.
  static std::string label(const onnx::NodeProto& node) {
    const bool named = !node.name().empty() || node.output_size() == 0;
    return "node " + dgp::detail::quoted(named ? node.name() : node.output(0)) + " (" +
           dgp::detail::one_line(node.op_type()) + ")";
  }

  const std::string& name() const { return node_->name(); }
  const std::string& operation() const { return node_->op_type(); }
  const OnnxPlace& place() const { return place_; }
  [[noreturn]] void fail(const std::string& what) const { place_.fail(what); }

  // Names of values; empty for an optional one that is left out.
  int inputs() const { return node_->input_size(); }
  const std::string& input(int i) const {
    static const std::string none;
    return i < inputs() ? node_->input(i) : none;
  }
  const auto& outputs() const { return node_->output(); }

  // Attributes; where there is none of that name, the fallback. Throws std::runtime_error for one
  // of another type.
  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const auto* found = find(name, onnx::AttributeProto::INT);
    return found == nullptr ? fallback : found->i();
  }
  float real(std::string_view name, float fallback) const {
    const auto* found = find(name, onnx::AttributeProto::FLOAT);
    return found == nullptr ? fallback : found->f();
  }
  std::string text(std::string_view name, const std::string& fallback) const {
    const auto* found = find(name, onnx::AttributeProto::STRING);
    return found == nullptr ? fallback : found->s();
  }
  std::vector<std::int64_t> integers(std::string_view name,
                                     std::vector<std::int64_t> fallback = {}) const {
    const auto* found = find(name, onnx::AttributeProto::INTS);
    if (found == nullptr) return fallback;
    return {found->ints().begin(), found->ints().end()};
  }
  std::vector<float> reals(std::string_view name, std::vector<float> fallback) const {
    const auto* found = find(name, onnx::AttributeProto::FLOATS);
    if (found == nullptr) return fallback;
    return {found->floats().begin(), found->floats().end()};
  }
  // Null where there is none.
  const onnx::TensorProto* tensor(std::string_view name) const {
    const auto* found = find(name, onnx::AttributeProto::TENSOR);
    return found == nullptr ? nullptr : &found->t();
  }
  // Whether an attribute is a graph, as those of If and Loop are.
  bool holds_graph() const {
    for (const auto& attribute : node_->attribute()) {
      if (attribute.has_g() || attribute.graphs_size() > 0) return true;
    }
    return false;
  }
  bool has(std::string_view name) const {
    for (const auto& attribute : node_->attribute()) {
      if (attribute.name() == name) return true;
    }
    return false;
  }

 private:
  const onnx::AttributeProto* find(std::string_view name, int type) const {
    for (const auto& attribute : node_->attribute()) {
      if (attribute.name() != name) continue;
      // The first versions of the format had no types.
      if (attribute.has_type() && attribute.type() != type) {
        fail("attribute " + dgp::detail::quoted(std::string(name)) + " is of an unexpected type");
      }
      return &attribute;
    }
    return nullptr;
  }

  const onnx::NodeProto* node_;
  OnnxPlace place_;
};

}  // namespace dgp::io::detail
