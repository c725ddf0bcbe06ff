// From an ONNX graph to a feed-forward graph, node by node.
//
// in:  a model's graph, whose nodes stand in the order of execution
// out: neurons and edge sets
//
//   Gemm, MatMul with a constant        dense; on several positions, a convolution of one place
//   Conv                                convolution
//   BatchNormalization                  folded into the Conv or Gemm before it, where nothing else
//                                       uses that; else one-to-one
//   Add, Sum                            a sum; with a constant, or of one neuron with itself,
//                                       nothing: biases and activations are no edges
//   Sub, Mul, Div                       nothing, with a constant or of one neuron with itself
//   Concat                              a concatenation
//   pooling, means and maxima           windows
//   Reshape, Transpose, Slice …         the same neurons
//   activations                         nothing
//
// Whatever is computed of constants alone stays a constant; of shapes it is followed to its values,
// as exporters compute the shapes for Reshape.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <onnx/onnx_pb.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/feed_forward_graph.hpp>
#include <dgp/io/detail/onnx_arrangement.hpp>
#include <dgp/io/detail/onnx_node.hpp>
#include <dgp/io/detail/onnx_tensors.hpp>
#include <dgp/io/detail/onnx_values.hpp>
#include <dgp/io/detail/onnx_window.hpp>
#include <dgp/window.hpp>

namespace dgp::io::detail {

template <class Scalar>
class OnnxWalk {
 public:
  // Both must outlive it.
  OnnxWalk(const onnx::ModelProto& model, const std::filesystem::path& path)
      : model_(model), path_(path) {}

  // Throws std::runtime_error, naming the node and its operator, for what is not read.
  FeedForwardGraph<Scalar> run() {
    count_uses();
    take_constants();
    take_inputs();
    // Constants first, wherever they stand: a batch normalisation's may stand behind the
    // convolution that takes it in.
    std::vector<const onnx::NodeProto*> others;
    for (const auto& proto : model_.graph().node()) {
      const OnnxNode node(proto, path_);
      if (is_constant(node)) {
        take_constant(node);
      } else {
        others.push_back(&proto);
      }
    }
    for (const auto* proto : others) {
      const OnnxNode node(*proto, path_);
      try {
        take(node, proto->domain());
      } catch (const std::logic_error& refused) {  // by the graph
        node.fail(refused.what());
      }
    }
    take_outputs();
    return std::move(graph_);
  }

  // The operators that are read.
  static std::string operators() {
    std::string text;
    for (const auto& [name, method] : methods())
      text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
  }

 private:
  static constexpr Index most_neurons = Index{1} << 28;
  static constexpr std::size_t most_integers = 1 << 16;  // of a shape, and what makes one
  using Method = void (OnnxWalk::*)(const OnnxNode&);

  static const std::map<std::string_view, Method>& methods() {
    static const std::map<std::string_view, Method> all = [] {
      std::map<std::string_view, Method> table{
          {"Gemm", &OnnxWalk::gemm},
          {"MatMul", &OnnxWalk::matmul},
          {"Conv", &OnnxWalk::convolution},
          {"BatchNormalization", &OnnxWalk::batch_normalization},
          {"Add", &OnnxWalk::sum},
          {"Sum", &OnnxWalk::sum},
          {"Sub", &OnnxWalk::of_one_neuron},
          {"Mul", &OnnxWalk::of_one_neuron},
          {"Div", &OnnxWalk::of_one_neuron},
          {"Concat", &OnnxWalk::concatenation},
          {"MaxPool", &OnnxWalk::pooling},
          {"AveragePool", &OnnxWalk::pooling},
          {"GlobalMaxPool", &OnnxWalk::global_pooling},
          {"GlobalAveragePool", &OnnxWalk::global_pooling},
          {"ReduceMean", &OnnxWalk::reduction},
          {"ReduceMax", &OnnxWalk::reduction},
          {"Flatten", &OnnxWalk::rename},
          {"Reshape", &OnnxWalk::rename},
          {"Squeeze", &OnnxWalk::rename},
          {"Unsqueeze", &OnnxWalk::rename},
          {"Transpose", &OnnxWalk::transpose},
          {"Pad", &OnnxWalk::pad},
          {"Slice", &OnnxWalk::slice},
          {"Split", &OnnxWalk::split},
          {"Shape", &OnnxWalk::shape}};
      for (const char* name : {"Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Gelu", "Sigmoid",
                               "HardSigmoid", "HardSwish", "Tanh", "Clip", "Softplus", "Erf",
                               "Softmax", "LogSoftmax", "Dropout", "Identity", "Cast"}) {
        table.emplace(name, &OnnxWalk::activation);
      }
      return table;
    }();
    return all;
  }

  // ---- what stands before the nodes

  void count_uses() {
    for (int i = 0; i < model_.graph().node_size(); ++i) {
      for (const auto& name : model_.graph().node(i).input()) {
        auto& [count, node] = uses_[name];
        ++count;
        node = i;
      }
    }
    for (const auto& output : model_.graph().output()) ++uses_[output.name()].count;
  }

  void take_constants() {
    for (const auto& tensor : model_.graph().initializer()) {
      values_[tensor.name()] = stored(tensor, tensor.name(), OnnxPlace(path_, ""));
    }
    for (const auto& tensor : model_.graph().sparse_initializer()) {
      // Computed, as far as anybody asks: its values are not read.
      OnnxValue value;
      value.name = tensor.values().name();
      value.extents.assign(tensor.dims().begin(), tensor.dims().end());
      values_[tensor.values().name()] = std::move(value);
    }
  }

  static OnnxValue stored(const onnx::TensorProto& tensor, std::string_view name,
                          const OnnxPlace& place) {
    onnx_tensor_info(tensor, std::string(name), place);  // checks the shape
    OnnxValue value;
    value.name = name;
    value.tensor = &tensor;
    value.extents.assign(tensor.dims().begin(), tensor.dims().end());
    return value;
  }

  void take_inputs() {
    for (const auto& input : model_.graph().input()) {
      if (values_.contains(input.name())) continue;  // an initializer, as older models list them
      const std::string label = "input " + dgp::detail::quoted(input.name());
      const OnnxPlace place(path_, label);
      if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape()) {
        place.fail("it is no tensor of a known shape; export the model with fixed sizes");
      }
      OnnxValue value;
      const auto& extents = input.type().tensor_type().shape().dim();
      for (int d = 0; d < extents.size(); ++d) {
        const bool is_batch = d == 0 && extents.size() > 1;
        const std::int64_t extent = extents[d].dim_value();
        if (is_batch) batch_ = std::max(batch_, extent);
        if (is_batch && extent != 1) batch_is_one_ = false;
        if (!is_batch && extent <= 0) {
          place.fail("its extent along axis " + std::to_string(d) +
                     (extents[d].dim_param().empty()
                          ? ""
                          : ", " + dgp::detail::quoted(extents[d].dim_param()) + ",") +
                     " is not known; export the model with fixed sizes (that of the batch may stay "
                     "open)");
        }
        value.extents.push_back(is_batch ? 1 : extent);
      }
      checked_product(value.extents, place);
      value.neurons = graph_.input(shape_of(value.extents), input.name());
      values_[input.name()] = std::move(value);
    }
  }

  void take_outputs() {
    bool any = false;
    for (const auto& output : model_.graph().output()) {
      const OnnxPlace place(path_, "output " + dgp::detail::quoted(output.name()));
      const auto found = values_.find(output.name());
      if (found == values_.end()) place.fail("no node makes it");
      if (!found->second.neurons) continue;
      try {
        graph_.output(*found->second.neurons);
      } catch (const std::logic_error& refused) {
        place.fail(refused.what());
      }
      any = true;
    }
    if (!any) OnnxPlace(path_, "").fail("the model has no output that depends on its inputs");
  }

  // ---- nodes

  static bool is_standard(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
  }

  void take(const OnnxNode& node, const std::string& domain) {
    const auto method = methods().find(node.operation());
    for (int i = 0; i < node.inputs(); ++i) {
      if (has(node, i)) value(node, i);  // is there
    }
    if (is_constant(node)) return take_constant(node);
    // A graph within the node may use whatever neurons there are.
    if (!is_standard(domain) || method == methods().end() || node.holds_graph()) {
      node.fail("the operator " + dgp::detail::quoted(node.operation()) +
                (is_standard(domain) ? "" : " of " + dgp::detail::quoted(domain)) +
                " is not read; read are " + operators());
    }
    (this->*method->second)(node);
    check_size(node);
  }

  // Whether all that goes in is constant.
  bool is_constant(const OnnxNode& node) const {
    if (node.holds_graph()) return false;
    for (int i = 0; i < node.inputs(); ++i) {
      if (!has(node, i)) continue;
      const auto found = values_.find(node.input(i));
      if (found == values_.end() || !found->second.is_constant()) return false;
    }
    return true;
  }

  // Neurons, and places of views, are bounded: a few bytes of a model can ask for any number.
  void check_size(const OnnxNode& node) {
    for (; counted_ < graph_.groups().size(); ++counted_) {
      const auto& group = graph_.groups()[counted_];
      if (group.is_view()) shown_ += group.shape.size();
    }
    if (graph_.neurons() > most_neurons || shown_ > most_neurons) {
      node.fail("more than " + std::to_string(most_neurons) + " neurons up to here");
    }
  }

  const OnnxValue& value(const OnnxNode& node, int i) const {
    const auto found = values_.find(node.input(i));
    if (found == values_.end()) {
      node.fail("its input " + dgp::detail::quoted(node.input(i)) +
                " is made by no node before it");
    }
    return found->second;
  }
  bool has(const OnnxNode& node, int i) const { return !node.input(i).empty(); }
  const OnnxValue& neurons(const OnnxNode& node, int i) const {
    const OnnxValue& found = value(node, i);
    if (found.is_constant()) node.fail("its input " + std::to_string(i) + " is a constant");
    return found;
  }
  const OnnxValue& constant_input(const OnnxNode& node, int i, const char* what) const {
    const OnnxValue& found = value(node, i);
    if (!found.is_constant()) node.fail(std::string("its ") + what + " is not constant");
    return found;
  }
  void put(const OnnxNode& node, OnnxValue made) {
    if (node.outputs().empty()) node.fail("it has no output");
    put_as(node, node.outputs()[0], std::move(made));
  }
  void put_as(const OnnxNode& node, const std::string& name, OnnxValue made) {
    if (name.empty()) return;
    constexpr std::size_t most_dimensions = 64;
    if (made.extents.size() > most_dimensions) node.fail("a value of more than 64 dimensions");
    if (!values_.emplace(name, std::move(made)).second) {
      node.fail("its output " + dgp::detail::quoted(name) + " is there already");
    }
  }
  static OnnxValue of_neurons(Neurons neurons, Extents extents) {
    OnnxValue made;
    made.neurons = neurons;
    made.extents = std::move(extents);
    return made;
  }
  // Nothing happens to the neurons.
  void pass_on(const OnnxNode& node, const OnnxValue& same) { put(node, OnnxValue(same)); }

  static NeuronShape shape_of(const Extents& extents) {
    const auto extent = [&](std::size_t d) { return static_cast<Index>(extents[d]); };
    if (extents.size() == 4 && extents[0] == 1) return {extent(1), extent(2), extent(3)};
    if (extents.size() == 3 && extents[0] == 1) return {extent(1), 1, extent(2)};
    return {static_cast<Index>(product(extents))};
  }
  Neurons in_shape(Neurons from, const NeuronShape& shape) {
    return graph_.shape(from) == shape ? from : graph_.reshaped(from, shape);
  }

  // ---- numbers

  // Of a constant, or none where its values are not known.
  std::optional<std::vector<std::int64_t>> known_integers(const OnnxNode& node,
                                                          const OnnxValue& from) const {
    if (from.integers) return *from.integers;
    if (from.tensor == nullptr || from.transposed) return std::nullopt;
    const int type = from.tensor->data_type();
    if (type != onnx::TensorProto::INT64 && type != onnx::TensorProto::INT32) return std::nullopt;
    const auto info = onnx_tensor_info(*from.tensor, std::string(from.name), node.place());
    if (value_count(info) > most_integers) return std::nullopt;
    return onnx_integers(*from.tensor, info, node.place());
  }
  std::vector<std::int64_t> integers(const OnnxNode& node, int i, const char* what) const {
    const auto known = known_integers(node, constant_input(node, i, what));
    if (!known) node.fail(std::string("its ") + what + " cannot be told");
    return *known;
  }
  // From an attribute in older versions of the operator, from an input in newer ones.
  std::vector<std::int64_t> attribute_or_input(const OnnxNode& node, const char* name,
                                               int i) const {
    return node.has(name) || !has(node, i) ? node.integers(name) : integers(node, i, name);
  }
  // As numbers, one after the other.
  template <class Number>
  RowMajorMatrix<Number> numbers(const OnnxNode& node, const OnnxValue& from,
                                 const char* what) const {
    if (from.tensor == nullptr) {
      node.fail(std::string("its ") + what +
                (from.neurons ? " is not constant"
                              : " is computed in the model; fold its constants"
                                " first, with onnxsim for example"));
    }
    return onnx_rows<Number>(*from.tensor,
                             onnx_tensor_info(*from.tensor, std::string(from.name), node.place()),
                             node.place());
  }

  // ---- constants

  void take_constant(const OnnxNode& node) {
    const std::string& operation = node.operation();
    OnnxValue made;
    if (node.inputs() > 0 && has(node, 0)) made.name = value(node, 0).name;
    if (operation == "Constant") {
      made = constant(node);
    } else if ((operation == "Identity" || operation == "Cast") && has(node, 0)) {
      made = value(node, 0);
    } else if (operation == "Transpose" && has(node, 0) && value(node, 0).tensor != nullptr &&
               value(node, 0).extents.size() == 2) {
      made = value(node, 0);
      transposed({1, 1}, node.integers("perm", {1, 0}), node.place());  // checks the order
      if (node.integers("perm", {1, 0}) != Integers{0, 1}) {
        std::swap(made.extents[0], made.extents[1]);
        made.transposed = !made.transposed;
      }
    } else if (const auto extents = renamed(node); extents && !value(node, 0).transposed) {
      made = value(node, 0);
      made.extents = *extents;
    } else if (auto numbers = computed_integers(node)) {
      made.integers = std::make_shared<const Integers>(std::move(numbers->first));
      made.extents = std::move(numbers->second);
    }
    for (const auto& name : node.outputs()) put_as(node, name, made);
  }

  // What Reshape and its like make of a shape; nothing of other operators.
  std::optional<Extents> renamed(const OnnxNode& node) const {
    const std::string& operation = node.operation();
    if ((operation != "Reshape" && operation != "Squeeze" && operation != "Unsqueeze" &&
         operation != "Flatten") ||
        !has(node, 0)) {
      return std::nullopt;
    }
    const Extents& from = value(node, 0).extents;
    if (operation == "Squeeze") {
      auto axes = attribute_or_input(node, "axes", 1);
      // Of all axes of extent 1 the batch is none, unless it is written so.
      const bool all = axes.empty();
      const bool with_first = batch_is_one_ || value(node, 0).is_constant();
      for (std::size_t d = with_first ? 0 : 1; all && d < from.size(); ++d) {
        if (from[d] == 1) axes.push_back(static_cast<std::int64_t>(d));
      }
      return squeezed(from, axes, node.place());
    }
    if (operation == "Unsqueeze") {
      return unsqueezed(from, attribute_or_input(node, "axes", 1), node.place());
    }
    if (operation == "Flatten") {
      const std::int64_t axis = node.integer("axis", 1);
      const std::size_t cut = axis == static_cast<std::int64_t>(from.size())
                                  ? from.size()
                                  : axis_of(axis, from.size(), node.place());
      const auto middle = from.begin() + static_cast<std::ptrdiff_t>(cut);
      return Extents{product({from.begin(), middle}), product({middle, from.end()})};
    }
    auto to = attribute_or_input(node, "shape", 1);
    // The batch is dropped here, so it is where it is written out.
    if (batch_ > 1 && !to.empty() && to[0] == batch_ && !value(node, 0).is_constant()) to[0] = 1;
    return reshaped(from, std::move(to), node.integer("allowzero", 0) != 0, node.place());
  }

  using Integers = std::vector<std::int64_t>;

  // Of shapes and what is computed with them; nothing where that is not followed.
  std::optional<std::pair<Integers, Extents>> computed_integers(const OnnxNode& node) const {
    const std::string& operation = node.operation();
    if (operation == "Shape" && node.inputs() == 1 && has(node, 0) &&
        (value(node, 0).tensor != nullptr || value(node, 0).integers)) {
      return shape_part(node, value(node, 0).extents);
    }
    std::vector<Integers> from;
    std::size_t all = 0;
    for (int i = 0; i < node.inputs(); ++i) {
      if (!has(node, i)) return std::nullopt;
      auto known = known_integers(node, value(node, i));
      if (!known || (all += known->size()) > most_integers) return std::nullopt;
      from.push_back(std::move(*known));
    }
    const auto count = [](const Integers& numbers) {
      return static_cast<std::int64_t>(numbers.size());
    };
    if (from.empty()) return std::nullopt;
    const Extents& extents = value(node, 0).extents;
    Integers made;
    if (operation == "Concat") {
      for (const auto& part : from) made.insert(made.end(), part.begin(), part.end());
      return std::pair(made, Extents{count(made)});
    }
    if (operation == "Gather" && from.size() == 2 && extents.size() == 1) {
      for (const auto index : from[1]) {
        made.push_back(from[0][axis_of(index, from[0].size(), node.place())]);
      }
      return std::pair(made, value(node, 1).extents);
    }
    std::optional<Arrangement> arrangement;
    if (operation == "Slice" && from.size() >= 3) {
      arrangement = sliced(extents, slice_ranges(node, extents), node.place());
    } else if (operation == "Transpose" && extents.size() == 2) {
      arrangement = transposed(extents, node.integers("perm", {1, 0}), node.place());
    }
    if (arrangement) {
      for (const Index at : arrangement->places) {
        made.push_back(from[0][static_cast<std::size_t>(at)]);
      }
      return std::pair(made, arrangement->extents);
    }
    if (operation == "ConstantOfShape" && from[0].size() == 1 && from[0][0] >= 0 &&
        from[0][0] <= static_cast<std::int64_t>(most_integers)) {
      const auto* filling = node.tensor("value");
      std::int64_t number = 0;
      if (filling != nullptr) {
        const auto known = known_integers(node, stored(*filling, "", node.place()));
        if (!known || known->size() != 1) return std::nullopt;
        number = (*known)[0];
      }
      made.assign(static_cast<std::size_t>(from[0][0]), number);
      return std::pair(made, Extents{count(made)});
    }
    const bool one_each = from.size() == 2 && (from[0].size() == 1 || from[1].size() == 1 ||
                                               extents == value(node, 1).extents);
    if (!one_each || from[0].empty() || from[1].empty()) return std::nullopt;
    const std::size_t larger = std::max(from[0].size(), from[1].size());
    for (std::size_t i = 0; i < larger; ++i) {
      const std::int64_t a = from[0][from[0].size() == 1 ? 0 : i];
      const std::int64_t b = from[1][from[1].size() == 1 ? 0 : i];
      constexpr std::int64_t bound = std::int64_t{1} << 31;
      if (a < -bound || a > bound || b < -bound || b > bound) return std::nullopt;
      if (operation == "Add") {
        made.push_back(a + b);
      } else if (operation == "Sub") {
        made.push_back(a - b);
      } else if (operation == "Mul") {
        made.push_back(a * b);
      } else if (operation == "Div" && b != 0) {
        made.push_back(a / b);
      } else {
        return std::nullopt;
      }
    }
    const Extents& second = value(node, 1).extents;
    const bool by_first = from[0].size() > from[1].size() ||
                          (from[0].size() == from[1].size() && extents.size() >= second.size());
    return std::pair(made, by_first ? extents : second);
  }

  static std::pair<Integers, Extents> shape_part(const OnnxNode& node, const Extents& extents) {
    const auto count = static_cast<std::int64_t>(extents.size());
    const auto range =
        slice_range(node.integer("start", 0), node.integer("end", count), 1, count, node.place());
    const auto first = extents.begin() + range.start;
    return {Integers(first, first + range.count), Extents{range.count}};
  }

  void shape(const OnnxNode& node) {
    auto [numbers, extents] = shape_part(node, neurons(node, 0).extents);
    put(node, of_integers(std::move(numbers), std::move(extents)));
  }

  static OnnxValue of_integers(Integers numbers, Extents extents) {
    OnnxValue made;
    made.integers = std::make_shared<const Integers>(std::move(numbers));
    made.extents = std::move(extents);
    return made;
  }

  OnnxValue constant(const OnnxNode& node) {
    std::string_view name;
    if (!node.outputs().empty()) name = node.outputs()[0];
    if (const auto* tensor = node.tensor("value")) return stored(*tensor, name, node.place());
    if (node.has("value_int")) return of_integers({node.integer("value_int", 0)}, {});
    if (node.has("value_ints")) {
      auto numbers = node.integers("value_ints");
      const auto count = static_cast<std::int64_t>(numbers.size());
      return of_integers(std::move(numbers), {count});
    }
    if (!node.has("value_float") && !node.has("value_floats")) return {};
    auto& tensor = written_out_.emplace_back();
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    const auto numbers = node.reals("value_floats", {node.real("value_float", 0)});
    for (const float number : numbers) tensor.add_float_data(number);
    if (node.has("value_floats")) tensor.add_dims(static_cast<std::int64_t>(numbers.size()));
    return stored(tensor, name, node.place());
  }

  // ---- weighted edges

  struct Weights {
    RowMajorMatrix<Scalar> matrix;  // out × in
    std::string name;
  };

  // That of the constant; of one that PyTorch made when it folded a batch normalisation in,
  // "onnx::Conv_193", that of the module in the node's name: "layer1.0.conv1.weight" for
  // "/layer1/layer1.0/conv1/Conv".
  static std::string name_of_weights(const OnnxNode& node, std::string_view constant) {
    const std::string_view scope = node.name();
    if (!constant.starts_with("onnx::") || !scope.starts_with('/')) return std::string(constant);
    std::string path;
    std::string_view last;
    for (std::size_t begin = 1, end; (end = scope.find('/', begin)) != std::string_view::npos;
         begin = end + 1) {
      const std::string_view part = scope.substr(begin, end - begin);
      const bool goes_on = !last.empty() && part.starts_with(last) && part.size() > last.size() &&
                           part[last.size()] == '.';
      if (goes_on) {
        path += part.substr(last.size());
      } else {
        path.append(path.empty() ? "" : ".").append(part);
      }
      last = part;
    }
    return path.empty() ? std::string(constant) : path + ".weight";
  }

  // A constant as a matrix (out × in); `stored_out_first`: whether that is how the operator has it.
  Weights weights_of(const OnnxNode& node, const OnnxValue& from, bool stored_out_first) const {
    auto stored = numbers<Scalar>(node, from, "matrix of weights");
    // As a matrix of its last two dimensions, where others are of extent 1.
    const Extents& extents = from.extents;
    const std::size_t dimensions = extents.size();
    const bool is_matrix =
        dimensions >= 2 && product({extents.end() - 2, extents.end()}) == product(extents);
    if (!is_matrix) node.fail("weights of " + shown(extents) + ", which are no matrix");
    const auto rows = static_cast<Index>(extents[dimensions - (from.transposed ? 1 : 2)]);
    const auto cols = static_cast<Index>(extents[dimensions - (from.transposed ? 2 : 1)]);
    const Eigen::Map<const RowMajorMatrix<Scalar>> matrix(stored.data(), rows, cols);
    const std::string name = name_of_weights(node, from.name);
    if (from.transposed == stored_out_first) return {matrix.transpose(), name};
    return {matrix, name};
  }

  // The matrix on each position: neurons [.., in] where it comes from the right, [.., in, N] from
  // the left, of which it takes `in`.
  void put_product(const OnnxNode& node, const OnnxValue& from, Weights weights, bool from_right) {
    const std::size_t dimensions = from.extents.size();
    if (dimensions < (from_right ? 1U : 2U)) node.fail("a product with " + shown(from.extents));
    const std::size_t axis = dimensions - (from_right ? 1 : 2);
    const auto in = static_cast<Index>(from.extents[axis]);
    if (in != weights.matrix.cols()) {
      node.fail("weights that take " + std::to_string(weights.matrix.cols()) + " values, on " +
                shown(from.extents));
    }
    Extents extents = from.extents;
    extents[axis] = static_cast<std::int64_t>(weights.matrix.rows());
    checked_product(extents, node.place());
    const auto positions = static_cast<Index>(product(from.extents)) / std::max<Index>(in, 1);
    if (positions == 1) {
      const Neurons line = in_shape(*from.neurons, {in});
      return put(node, of_neurons(graph_.dense(line, std::move(weights.matrix), weights.name),
                                  std::move(extents)));
    }
    // Its values first, then the positions, as the channels of a convolution lie.
    std::vector<std::int64_t> order{static_cast<std::int64_t>(axis)};
    for (std::size_t d = 0; d < dimensions; ++d) {
      if (d != axis) order.push_back(static_cast<std::int64_t>(d));
    }
    const auto first = transposed(from.extents, order, node.place());
    const Neurons turned = arranged(*from.neurons, {in, 1, positions}, first);
    const Neurons made =
        graph_.convolution(turned, std::move(weights.matrix), Window{}, weights.name);
    // And back, from the axis in front to its place.
    std::vector<std::int64_t> back(dimensions);
    for (std::size_t d = 0; d < dimensions; ++d) {
      back[static_cast<std::size_t>(order[d])] = static_cast<std::int64_t>(d);
    }
    Extents in_front{extents[axis]};
    for (std::size_t d = 0; d < dimensions; ++d) {
      if (d != axis) in_front.push_back(extents[d]);
    }
    const auto returned = transposed(in_front, back, node.place());
    put(node, of_neurons(arranged(made, shape_of(extents), returned), extents));
  }

  // Neurons in another order, where it is another.
  Neurons arranged(Neurons from, const NeuronShape& shape, const Arrangement& arrangement) {
    bool same = arrangement.places.size() == static_cast<std::size_t>(graph_.shape(from).size());
    for (std::size_t i = 0; same && i < arrangement.places.size(); ++i) {
      same = arrangement.places[i] == static_cast<Index>(i);
    }
    return same || arrangement.places.empty() ? in_shape(from, shape)
                                              : graph_.rearranged(from, shape, arrangement.places);
  }

  void matmul(const OnnxNode& node) {
    const OnnxValue& left = value(node, 0);
    const OnnxValue& right = value(node, 1);
    if (left.neurons && right.neurons) {
      node.fail("it multiplies neurons with neurons, as attention does, which is no set of edges");
    }
    OnnxValue from = left.neurons ? left : right;
    // Of fewer dimensions than the constant, it gets more in front.
    const std::size_t dimensions = (left.neurons ? right : left).extents.size();
    if (from.extents.size() >= 2 && from.extents.size() < dimensions) {
      from.extents.insert(from.extents.begin(), dimensions - from.extents.size(), 1);
    }
    put_product(node, from, weights_of(node, left.neurons ? right : left, !left.neurons),
                left.neurons.has_value());
  }

  void gemm(const OnnxNode& node) {
    const OnnxValue& left = value(node, 0);
    const OnnxValue& right = value(node, 1);
    if (left.neurons && right.neurons) node.fail("it multiplies neurons with neurons");
    if (has(node, 2)) constant_input(node, 2, "bias");
    const bool from_right = left.neurons.has_value();
    const OnnxValue& constant = from_right ? right : left;
    if (constant.tensor != nullptr && constant.extents.size() != 2) {
      node.fail("weights of " + shown(constant.extents) + ", which are no matrix");
    }
    const bool turned_left = node.integer("transA", 0) != 0;
    const bool turned_right = node.integer("transB", 0) != 0;
    auto weights =
        from_right ? weights_of(node, right, turned_right) : weights_of(node, left, !turned_left);
    scale(weights, node.real("alpha", 1));
    OnnxValue from = from_right ? left : right;
    if (from.extents.size() != 2) node.fail("on " + shown(from.extents) + ", which is no matrix");
    if (from_right ? turned_left : turned_right) {
      const auto turned = transposed(from.extents, {1, 0}, node.place());
      from.neurons = arranged(*from.neurons, shape_of(turned.extents), turned);
      from.extents = turned.extents;
    }
    if (from_right) fold(node, weights);
    put_product(node, from, std::move(weights), from_right);
  }

  void convolution(const OnnxNode& node) {
    const OnnxValue& from = neurons(node, 0);
    const OnnxValue& kernel = constant_input(node, 1, "kernel");
    if (has(node, 2)) constant_input(node, 2, "bias");
    const std::size_t dimensions = kernel.extents.size();
    if (dimensions != from.extents.size() || dimensions < 3 || dimensions > 4) {
      node.fail("a kernel of " + shown(kernel.extents) + " on " + shown(from.extents) +
                "; convolutions in one and two directions are read");
    }
    const Extents sizes(kernel.extents.begin() + 2, kernel.extents.end());
    if (node.has("kernel_shape") && node.integers("kernel_shape") != sizes) {
      node.fail("kernel_shape " + shown(node.integers("kernel_shape")) + ", but a kernel of " +
                shown(kernel.extents));
    }
    Window window = onnx_window(node, from.extents, sizes);
    window.groups = static_cast<Index>(node.integer("group", 1));
    if (window.groups < 1 || from.extents[1] % window.groups != 0 ||
        from.extents[1] / window.groups != kernel.extents[1]) {
      node.fail("a kernel of " + shown(kernel.extents) + " in " + std::to_string(window.groups) +
                " groups on " + shown(from.extents));
    }
    auto stored = numbers<Scalar>(node, kernel, "kernel");
    const auto made = static_cast<Index>(kernel.extents[0]);
    Weights weights{Eigen::Map<const RowMajorMatrix<Scalar>>(stored.data(), made,
                                                             made == 0 ? 0 : stored.size() / made),
                    name_of_weights(node, kernel.name)};
    stored.resize(0, 0);
    fold(node, weights);
    const Neurons source = in_shape(*from.neurons, shape_of(from.extents));
    check_room(node, kernel.extents[0], graph_.shape(source), window);
    put_windowed(node, graph_.convolution(source, std::move(weights.matrix), window, weights.name),
                 dimensions);
  }

  // Whether so many neurons are no mistake.
  static void check_room(const OnnxNode& node, std::int64_t channels, const NeuronShape& source,
                         const Window& window) {
    checked_product({channels, dgp::detail::positions_along(window.vertical, source.height),
                     dgp::detail::positions_along(window.horizontal, source.width)},
                    node.place());
  }

  // Neurons with a grid, as [1, channels, (height,) width].
  void put_windowed(const OnnxNode& node, Neurons made, std::size_t dimensions) {
    const NeuronShape& shape = graph_.shape(made);
    Extents extents{1, static_cast<std::int64_t>(shape.channels)};
    if (dimensions == 4) extents.push_back(static_cast<std::int64_t>(shape.height));
    extents.push_back(static_cast<std::int64_t>(shape.width));
    put(node, of_neurons(made, std::move(extents)));
  }

  static void scale(Weights& weights, float factor) {
    if (factor == 1.0F) return;
    for (Index i = 0; i < weights.matrix.size(); ++i) {
      Scalar& weight = weights.matrix.data()[i];
      weight = static_cast<Scalar>(static_cast<double>(weight) * static_cast<double>(factor));
    }
  }

  // ---- batch normalisation

  // Takes the batch normalisation that alone uses a node's output into its weights.
  void fold(const OnnxNode& node, Weights& weights) {
    if (node.outputs().empty()) return;
    const auto use = uses_.find(node.outputs()[0]);
    if (use == uses_.end() || use->second.count != 1 || use->second.node < 0) return;
    const OnnxNode next(model_.graph().node(use->second.node), path_);
    if (next.operation() != "BatchNormalization" || next.input(0) != node.outputs()[0]) return;
    const auto factors = normalization_factors(next);
    if (static_cast<Index>(factors.size()) != weights.matrix.rows()) {
      next.fail("factors for " + std::to_string(factors.size()) + " channels of " +
                std::to_string(weights.matrix.rows()));
    }
    for (Index row = 0; row < weights.matrix.rows(); ++row) {
      for (Index col = 0; col < weights.matrix.cols(); ++col) {
        Scalar& weight = weights.matrix(row, col);
        weight = static_cast<Scalar>(static_cast<double>(weight) *
                                     factors[static_cast<std::size_t>(row)]);
      }
    }
    folded_.insert(node.outputs()[0]);
  }

  static void check_inference(const OnnxNode& node) {
    bool has_statistics = false;
    for (int i = 1; i < node.outputs().size(); ++i) has_statistics |= !node.outputs()[i].empty();
    if (node.integer("training_mode", 0) != 0 || has_statistics) {
      node.fail("it is exported for training; export the model after model.eval()");
    }
  }

  // scale / √(variance + epsilon), by channel.
  std::vector<double> normalization_factors(const OnnxNode& node) const {
    check_inference(node);
    const auto scales = numbers<double>(node, value(node, 1), "scale");
    const auto variances = numbers<double>(node, value(node, 4), "variance");
    if (scales.size() != variances.size()) node.fail("as many scales as variances are needed");
    const auto epsilon = static_cast<double>(node.real("epsilon", 1e-5F));
    std::vector<double> factors;
    for (Index i = 0; i < scales.size(); ++i) {
      factors.push_back(scales.data()[i] / std::sqrt(variances.data()[i] + epsilon));
    }
    return factors;
  }

  void batch_normalization(const OnnxNode& node) {
    const OnnxValue& from = neurons(node, 0);
    for (int i = 1; i < std::min(node.inputs(), 5); ++i) constant_input(node, i, "statistics");
    check_inference(node);
    if (folded_.contains(node.input(0))) return pass_on(node, from);
    put(node, of_neurons(graph_.one_to_one(*from.neurons), from.extents));
  }

  // ---- sums and other functions of neurons

  // Whether both are the same neurons, so that a function of both is one of each.
  bool same_neurons(const OnnxValue& a, const OnnxValue& b) const {
    if (a.neurons->group == b.neurons->group) return true;
    const auto& first = graph_.groups()[a.neurons->group];
    const auto& second = graph_.groups()[b.neurons->group];
    if (first.shape.size() != second.shape.size()) return false;
    for (Index i = 0; i < first.shape.size(); ++i) {
      if (first[i] != second[i]) return false;
    }
    return true;
  }

  // Whether a constant leaves the shape as it is; of one that was computed nothing is known.
  bool is_broadcast_into(const Extents& constant, const Extents& extents) const {
    std::size_t count = constant.size();
    while (count > 0 && constant[constant.size() - count] == 1) --count;  // leading ones
    if (count > extents.size()) return false;
    for (std::size_t i = 1; i <= count; ++i) {
      const auto extent = constant[constant.size() - i];
      const bool is_batch = i == extents.size() && extent == batch_;
      if (extent != 1 && extent != extents[extents.size() - i] && !is_batch) return false;
    }
    return true;
  }

  // The inputs that are neurons, of one shape; constants beside them must not widen it.
  std::vector<const OnnxValue*> terms(const OnnxNode& node) const {
    std::vector<const OnnxValue*> found;
    for (int i = 0; i < node.inputs(); ++i) {
      if (value(node, i).neurons) found.push_back(&value(node, i));
    }
    const Extents& extents = found.front()->extents;
    for (int i = 0; i < node.inputs(); ++i) {
      const OnnxValue& term = value(node, i);
      const bool fits =
          term.neurons ? term.extents == extents : is_broadcast_into(term.extents, extents);
      if (!fits) node.fail("of shapes " + shown(extents) + " and " + shown(term.extents));
    }
    return found;
  }

  void sum(const OnnxNode& node) {
    const auto parts = terms(node);
    // Of a neuron and a function of it, x + f(x), no new neuron is made.
    if (std::all_of(parts.begin(), parts.end(),
                    [&](const auto* part) { return same_neurons(*parts.front(), *part); })) {
      return pass_on(node, *parts.front());
    }
    std::vector<Neurons> groups;
    for (const auto* part : parts) groups.push_back(*part->neurons);
    const Neurons made = graph_.sum(groups);
    put(node, of_neurons(in_shape(made, shape_of(parts.front()->extents)), parts.front()->extents));
  }

  // A function of a neuron and a constant, or of a neuron and itself, as x · sigmoid(x).
  void of_one_neuron(const OnnxNode& node) {
    const OnnxValue* first = nullptr;
    for (int i = 0; i < node.inputs(); ++i) {
      const OnnxValue& term = value(node, i);
      if (first == nullptr && term.neurons) first = &term;
      if (term.neurons && !same_neurons(*first, term)) {
        node.fail(
            "it takes different neurons together, as gates do, and only sums are sets of edges");
      }
    }
    terms(node);  // are of one shape
    pass_on(node, *first);
  }

  void activation(const OnnxNode& node) {
    const OnnxValue& from = neurons(node, 0);
    for (int i = 1; i < node.inputs(); ++i) {
      if (has(node, i)) constant_input(node, i, "parameter");
    }
    pass_on(node, from);
  }

  // ---- windows

  void pooling(const OnnxNode& node) {
    const OnnxValue& from = neurons(node, 0);
    const Window window = onnx_window(node, from.extents, node.integers("kernel_shape"));
    const Neurons source = in_shape(*from.neurons, shape_of(from.extents));
    check_room(node, from.extents[1], graph_.shape(source), window);
    checked_product({window.vertical.size, window.horizontal.size, 16}, node.place());
    put_windowed(node, graph_.pooling(source, window), from.extents.size());
  }

  void global_pooling(const OnnxNode& node) {
    const OnnxValue& from = neurons(node, 0);
    if (from.extents.size() < 3)
      node.fail("on " + shown(from.extents) + ", which has no positions");
    std::vector<std::int64_t> axes;
    for (std::size_t d = 2; d < from.extents.size(); ++d) {
      axes.push_back(static_cast<std::int64_t>(d));
    }
    reduce(node, from, axes, true);
  }

  void reduction(const OnnxNode& node) {
    const OnnxValue& from = neurons(node, 0);
    auto axes = attribute_or_input(node, "axes", 1);
    if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return pass_on(node, from);
    if (axes.empty()) {
      for (std::size_t d = 0; d < from.extents.size(); ++d) {
        axes.push_back(static_cast<std::int64_t>(d));
      }
    }
    reduce(node, from, axes, node.integer("keepdims", 1) != 0);
  }

  // All along these axes into one neuron.
  void reduce(const OnnxNode& node, const OnnxValue& from, const std::vector<std::int64_t>& axes,
              bool keeps_axes) {
    std::vector<bool> goes(from.extents.size(), false);
    for (const auto axis : axes) goes[axis_of(axis, from.extents.size(), node.place())] = true;
    std::vector<std::int64_t> order;
    Extents extents;
    Index kept = 1;
    for (std::size_t d = 0; d < goes.size(); ++d) {
      if (!goes[d]) {
        order.push_back(static_cast<std::int64_t>(d));
        kept *= static_cast<Index>(from.extents[d]);
      }
      if (!goes[d] || keeps_axes) extents.push_back(goes[d] ? 1 : from.extents[d]);
    }
    for (std::size_t d = 0; d < goes.size(); ++d) {
      if (goes[d]) order.push_back(static_cast<std::int64_t>(d));
    }
    const auto last = transposed(from.extents, order, node.place());
    const Index along = static_cast<Index>(product(from.extents)) / std::max<Index>(kept, 1);
    const Neurons made = graph_.all_positions(arranged(*from.neurons, {kept, 1, along}, last));
    put(node, of_neurons(in_shape(made, shape_of(extents)), extents));
  }

  // ---- the same neurons

  void rename(const OnnxNode& node) {
    OnnxValue made = neurons(node, 0);
    made.extents = *renamed(node);
    put(node, std::move(made));
  }

  void put_arranged(const OnnxNode& node, int output, const OnnxValue& from,
                    const Arrangement& arrangement) {
    if (output >= node.outputs().size()) node.fail("it has no output");
    const Neurons made = arranged(*from.neurons, shape_of(arrangement.extents), arrangement);
    put_as(node, node.outputs()[output], of_neurons(made, arrangement.extents));
  }

  void transpose(const OnnxNode& node) {
    const OnnxValue from = neurons(node, 0);
    std::vector<std::int64_t> backwards;
    for (std::size_t d = from.extents.size(); d-- > 0;) {
      backwards.push_back(static_cast<std::int64_t>(d));
    }
    put_arranged(node, 0, from,
                 transposed(from.extents, node.integers("perm", backwards), node.place()));
  }

  std::vector<AxisRange> slice_ranges(const OnnxNode& node, const Extents& extents) const {
    const auto starts = attribute_or_input(node, "starts", 1);
    const auto ends = attribute_or_input(node, "ends", 2);
    auto axes = attribute_or_input(node, "axes", 3);
    auto steps = has(node, 4) ? integers(node, 4, "steps") : Integers(starts.size(), 1);
    if (axes.empty()) {
      for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
    }
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        steps.size() != starts.size()) {
      node.fail("as many ends, axes and steps as starts are needed");
    }
    auto ranges = whole_ranges(extents);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const std::size_t axis = axis_of(axes[i], extents.size(), node.place());
      ranges[axis] = slice_range(starts[i], ends[i], steps[i], extents[axis], node.place());
    }
    return ranges;
  }

  void slice(const OnnxNode& node) {
    const OnnxValue from = neurons(node, 0);
    put_arranged(node, 0, from,
                 sliced(from.extents, slice_ranges(node, from.extents), node.place()));
  }

  void split(const OnnxNode& node) {
    const OnnxValue from = neurons(node, 0);
    const std::size_t axis = axis_of(node.integer("axis", 0), from.extents.size(), node.place());
    const std::int64_t whole = from.extents[axis];
    const auto parts = static_cast<std::int64_t>(node.outputs().size());
    auto sizes = attribute_or_input(node, "split", 1);
    if (sizes.empty()) {
      const std::int64_t each = (whole + parts - 1) / std::max<std::int64_t>(parts, 1);
      for (std::int64_t i = 0; i < parts; ++i) {
        sizes.push_back(std::min(each, std::max<std::int64_t>(whole - i * each, 0)));
      }
    }
    std::int64_t start = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] <= 0 || sizes[i] > whole - start ||
          sizes.size() != static_cast<std::size_t>(parts)) {
        node.fail("parts of " + shown(sizes) + " of " + shown(from.extents));
      }
      auto ranges = whole_ranges(from.extents);
      ranges[axis] = {start, 1, sizes[i]};
      put_arranged(node, static_cast<int>(i), from, sliced(from.extents, ranges, node.place()));
      start += sizes[i];
    }
    if (start != whole) node.fail("parts of " + shown(sizes) + " of " + shown(from.extents));
  }

  void pad(const OnnxNode& node) {
    const OnnxValue from = neurons(node, 0);
    if (node.text("mode", "constant") != "constant") {
      node.fail("padding by constants is read, not by " +
                dgp::detail::quoted(node.text("mode", "")));
    }
    const bool is_zero = has(node, 2)
                             ? (numbers<double>(node, value(node, 2), "value").array() == 0).all()
                             : node.real("value", 0) == 0.0F;
    if (!is_zero) node.fail("padding by other values than 0 is not read");
    auto pads = attribute_or_input(node, "pads", 1);
    if (has(node, 3)) pads = spread_pads(node, pads, from.extents.size());
    if (pads.size() != 2 * from.extents.size()) {
      node.fail("pads " + shown(pads) + " for " + shown(from.extents));
    }
    put_arranged(node, 0, from, padded(from.extents, pads, node.place()));
  }
  // For the axes that an input names, to all of them.
  Integers spread_pads(const OnnxNode& node, const Integers& pads, std::size_t dimensions) const {
    const auto axes = integers(node, 3, "axes");
    if (pads.size() != 2 * axes.size()) node.fail("two pads for each axis are needed");
    Integers all(2 * dimensions, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::size_t axis = axis_of(axes[i], dimensions, node.place());
      all[axis] = pads[i];
      all[dimensions + axis] = pads[axes.size() + i];
    }
    return all;
  }

  void concatenation(const OnnxNode& node) {
    std::vector<Neurons> parts;
    const Extents first = neurons(node, 0).extents;
    const std::size_t axis = axis_of(node.integer("axis", 1), first.size(), node.place());
    Extents extents = first;
    extents[axis] = 0;
    for (int i = 0; i < node.inputs(); ++i) {
      const OnnxValue& part = neurons(node, i);
      Extents others = part.extents;
      const bool fits = others.size() == first.size();
      if (fits) others[axis] = first[axis];
      if (!fits || others != first) node.fail("of " + shown(first) + " and " + shown(part.extents));
      extents[axis] += part.extents[axis];
      checked_product(extents, node.place());
    }
    for (int i = 0; i < node.inputs(); ++i) {
      const OnnxValue& part = neurons(node, i);
      parts.push_back(in_shape(*part.neurons, {static_cast<Index>(product(part.extents))}));
      check_size(node);
    }
    const Neurons line = graph_.concatenation(parts);
    // They lie one after the other; in the new shape each fills its range of every outer index.
    const std::int64_t outer =
        product({extents.begin(), extents.begin() + static_cast<std::ptrdiff_t>(axis)});
    if (outer == 1) return put(node, of_neurons(in_shape(line, shape_of(extents)), extents));
    Arrangement arrangement{extents, {}};
    for (std::int64_t o = 0; o < outer; ++o) {
      Index begin = 0;
      for (const Neurons part : parts) {
        const Index size = graph_.shape(part).size();
        const Index run = size / static_cast<Index>(outer);
        for (Index i = 0; i < run; ++i) {
          arrangement.places.push_back(begin + static_cast<Index>(o) * run + i);
        }
        begin += size;
      }
    }
    put(node, of_neurons(arranged(line, shape_of(extents), arrangement), extents));
  }

  struct Use {
    int count = 0;
    int node = -1;  // the last one that uses the value; none: an output of the model
  };

  const onnx::ModelProto& model_;
  const std::filesystem::path& path_;
  FeedForwardGraph<Scalar> graph_;
  std::unordered_map<std::string, OnnxValue> values_;
  std::unordered_map<std::string, Use> uses_;
  std::unordered_set<std::string> folded_;     // values that a batch normalisation took part in
  std::deque<onnx::TensorProto> written_out_;  // constants that no message holds
  std::int64_t batch_ = 1;                     // as the inputs give it
  bool batch_is_one_ = true;                   // in so many words
  std::size_t counted_ = 0;                    // groups whose size is in the next
  Index shown_ = 0;                            // places of views
};

}  // namespace dgp::io::detail
