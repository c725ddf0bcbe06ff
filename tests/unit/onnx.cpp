// Models of ONNX against graphs that are built by hand, call by call: the same neurons, edges and
// weights, so the same measures to the last bit. And what is said of models that are not read.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>
#include <dgp/io/onnx.hpp>
#ifdef DGP_WITH_NPZ
#include <dgp/io/pytorch.hpp>
#endif

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"
#include "../support/onnx_writer.hpp"
#include "../support/random_network.hpp"

namespace {

using dgp::FeedForwardGraph;
using dgp::Index;
using dgp::io::OnnxFile;
using dgp::io::read_onnx;
using support::error_of;
using support::Extents;
using support::holds;
using support::OnnxModel;
using support::Random;
using support::TemporaryFolder;
using support::write_file;
using Matrix = dgp::RowMajorMatrix<float>;

Matrix some_weights(Random& random, Index rows, Index cols) {
  return support::random_matrix<float>(random, support::Kind::normal, static_cast<int>(rows),
                                       static_cast<int>(cols));
}

FeedForwardGraph<float> read(const OnnxModel& model) {
  const TemporaryFolder folder;
  write_file(folder / "model.onnx", model.bytes());
  return read_onnx(folder / "model.onnx");
}

std::string refusal(const OnnxModel& model) {
  return error_of([&] { read(model); });
}

template <class Scalar>
std::vector<Scalar> deaths(const dgp::PersistenceDiagram<Scalar>& diagram) {
  std::vector<Scalar> values;
  for (const auto& pair : diagram.pairs) values.push_back(pair.death);
  return values;
}

void check_same(const FeedForwardGraph<float>& read, const FeedForwardGraph<float>& built) {
  const auto np = dgp::neural_persistence(read);
  const auto expected = dgp::neural_persistence(built);
  REQUIRE(np.layers.size() == expected.layers.size());
  for (std::size_t k = 0; k < np.layers.size(); ++k) {
    CHECK(deaths(np.layers[k].diagram) == deaths(expected.layers[k].diagram));
  }
  for (const auto normalization : {dgp::Normalization::standardized, dgp::Normalization::max_abs}) {
    const dgp::DeepGraphPersistenceOptions options{.normalization = normalization};
    CHECK(deaths(dgp::deep_graph_persistence(read, options).diagram) ==
          deaths(dgp::deep_graph_persistence(built, options).diagram));
  }
  CHECK(dgp::weight_variance(read).network == dgp::weight_variance(built).network);
}

// Reads the model, and checks it against the graph.
void check_model(const OnnxModel& model, const FeedForwardGraph<float>& built) {
  check_same(read(model), built);
}

}  // namespace

TEST_CASE("products of all kinds are dense layers", "[onnx]") {
  Random random(1);
  const Matrix a = some_weights(random, 7, 5);
  const Matrix b = some_weights(random, 6, 7);
  const Matrix c = some_weights(random, 4, 6);
  FeedForwardGraph<float> built;
  const auto image = built.input({5});
  built.output(built.dense(built.dense(built.dense(image, a), b), c));

  SECTION("Gemm, of stored (out x in) and (in x out), with a bias and an alpha") {
    OnnxModel model;
    model.input("x", {0, 5});
    model.matrix("a", a);
    model.matrix("b", b.transpose());
    model.matrix("c", c * 2);
    model.floats("bias", {7}, std::vector<float>(7, 3));
    model.node("Gemm", {"x", "a", "bias"}, {"1"}).with("transB", 1);
    model.node("Relu", {"1"}, {"2"});
    model.node("Gemm", {"2", "b"}, {"3"});
    model.node("Gemm", {"3", "c"}, {"4"}).with("transB", 1).with_real("alpha", 0.5F);
    model.output("4");
    check_model(model, built);
    CHECK(dgp::weighted_sets(read(model))[1].name == "b");

    const TemporaryFolder folder;
    write_file(folder / "model.onnx", model.bytes());
    const OnnxFile file(folder / "model.onnx");
    for (const auto& tensor : file.tensors()) {
      CHECK(file.is_stored_in_first(tensor) == (tensor.name == "b"));
    }
  }
  SECTION("MatMul from the right, of weights stored and transposed within the model") {
    OnnxModel model;
    model.input("x", {1, 5});
    model.matrix("a", a.transpose());
    model.matrix("b", b);
    model.kernel("c", {1, 6, 4}, c.transpose());
    model.node("MatMul", {"x", "a"}, {"1"});
    model.node("Transpose", {"b"}, {"b_turned"}).with("perm", Extents{1, 0});
    model.node("MatMul", {"1", "b_turned"}, {"2"});
    model.node("MatMul", {"2", "c"}, {"3"});
    model.output("3");
    check_model(model, built);
    CHECK(dgp::weighted_sets(read(model))[1].name == "b");
  }
  SECTION("MatMul and Gemm from the left") {
    OnnxModel model;
    model.input("x", {3, 5});
    model.matrix("a", a);
    model.matrix("b", b);
    model.matrix("c", c.transpose());
    model.node("Transpose", {"x"}, {"column"});
    model.node("MatMul", {"a", "column"}, {"1"});
    model.node("Gemm", {"b", "1"}, {"2"});
    model.node("Gemm", {"c", "2"}, {"3"}).with("transA", 1);
    model.output("3");
    check_model(model, built);
  }
}

TEST_CASE("a product on several positions is a convolution of one place", "[onnx]") {
  Random random(2);
  const Matrix a = some_weights(random, 4, 3);
  const Matrix b = some_weights(random, 2, 5);
  // Five positions of three values: they stand value by value within a position.
  FeedForwardGraph<float> built;
  const auto sequence = built.input({15});
  std::vector<Index> turned;
  for (Index value = 0; value < 3; ++value) {
    for (Index position = 0; position < 5; ++position) turned.push_back(3 * position + value);
  }
  const auto values = built.convolution(built.rearranged(sequence, {3, 1, 5}, turned), a, {});
  // From the left it mixes positions, value by value: they are its channels.
  turned.clear();
  for (Index position = 0; position < 5; ++position) {
    for (Index value = 0; value < 4; ++value) turned.push_back(5 * value + position);
  }
  built.output(built.convolution(built.rearranged(values, {5, 1, 4}, turned), b, {}));

  OnnxModel model;
  model.input("x", {0, 5, 3});
  model.matrix("a", a.transpose());
  model.matrix("b", b);
  model.node("MatMul", {"x", "a"}, {"1"});
  model.node("MatMul", {"b", "1"}, {"2"});
  model.output("2");
  check_model(model, built);
}

TEST_CASE("convolutions, batch normalisations, sums, concatenations and pooling", "[onnx]") {
  Random random(3);
  const Matrix stem = some_weights(random, 4, 2 * 9);
  const Matrix left = some_weights(random, 4, 2 * 3);
  const Matrix right = some_weights(random, 4, 4);
  const Matrix last = some_weights(random, 3, 8);
  const std::vector<float> scale{1, -2, 0.5F, 3};
  const std::vector<float> variance{0.25F, 4, 1, 9};
  const auto model_of = [&](bool used_elsewhere) {
    OnnxModel model;
    model.input("image", {0, 2, 9, 8});
    model.kernel("stem", {4, 2, 3, 3}, stem);
    model.floats("scale", {4}, scale);
    model.floats("shift", {4}, {1, 2, 3, 4});
    model.floats("mean", {4}, {4, 3, 2, 1});
    model.floats("variance", {4}, variance);
    model.kernel("left", {4, 2, 1, 3}, left);
    model.kernel("right", {4, 4, 1, 1}, right);
    model.matrix("last", last);
    model.node("Conv", {"image", "stem"}, {"1"})
        .with("kernel_shape", Extents{3, 3})
        .with("pads", Extents{1, 0, 2, 1})
        .with("strides", Extents{2, 1})
        .with("dilations", Extents{1, 2});
    model.node("BatchNormalization", {"1", "scale", "shift", "mean", "variance"}, {"2"})
        .with_real("epsilon", 0.5F);
    model.node("Relu", {"2"}, {"3"});
    model.node("Conv", {"3", "left"}, {"4"}).with("group", 2).with("pads", Extents{0, 1, 0, 1});
    model.node("Conv", {"3", "right"}, {"5"});
    model.node("Add", {"4", "5"}, {"6"});
    if (used_elsewhere) model.node("Add", {"6", "1"}, {"6b"});
    model.node("Concat", {used_elsewhere ? "6b" : "6", "3"}, {"7"}).with("axis", -3);
    model.node("MaxPool", {"7"}, {"8"})
        .with("kernel_shape", Extents{2, 3})
        .with("strides", Extents{2, 2})
        .with("ceil_mode", 1);
    model.node("GlobalAveragePool", {"8"}, {"9"});
    model.node("Flatten", {"9"}, {"10"});
    model.node("Gemm", {"10", "last"}, {"11"}).with("transB", 1);
    model.node("Softmax", {"11"}, {"12"});
    model.output("12");
    return model;
  };
  const auto built_of = [&](bool used_elsewhere) {
    Matrix folded = stem;
    for (Index row = 0; row < 4 && !used_elsewhere; ++row) {
      const auto at = static_cast<std::size_t>(row);
      const double factor =
          static_cast<double>(scale[at]) / std::sqrt(static_cast<double>(variance[at]) + 0.5);
      for (Index col = 0; col < folded.cols(); ++col) {
        folded(row, col) = static_cast<float>(static_cast<double>(folded(row, col)) * factor);
      }
    }
    FeedForwardGraph<float> graph;
    const auto image = graph.input({2, 9, 8});
    const auto first =
        graph.convolution(image, std::move(folded), {{3, 2, 1, 2, 1}, {3, 1, 0, 1, 2}, 1});
    const auto normalized = used_elsewhere ? graph.one_to_one(first) : first;
    const auto a = graph.convolution(normalized, left, {{1}, {3, 1, 1, 1, 1}, 2});
    const auto b = graph.convolution(normalized, right, {});
    auto sum = graph.sum({a, b});
    if (used_elsewhere) sum = graph.sum({sum, first});
    const auto both = graph.concatenation({sum, normalized});
    REQUIRE(graph.shape(both) == dgp::NeuronShape{8, 5, 5});
    // Five rows in steps of two: the last window reaches one beyond them.
    const auto pooled = graph.pooling(both, {{2, 2, 0, 1, 1}, {3, 2, 0, 0, 1}, 1});
    REQUIRE(graph.shape(pooled) == dgp::NeuronShape{8, 3, 2});
    graph.output(graph.dense(graph.all_positions(pooled), last));
    return graph;
  };
  for (const bool used_elsewhere : {false, true}) {
    CAPTURE(used_elsewhere);
    check_model(model_of(used_elsewhere), built_of(used_elsewhere));
    CHECK(read(model_of(used_elsewhere)).neurons() == built_of(used_elsewhere).neurons());
  }
}

TEST_CASE("what pads by itself pads as it says", "[onnx]") {
  Random random(4);
  const Matrix kernel = some_weights(random, 2, 3);
  const auto model_of = [&](const std::string& automatic) {
    OnnxModel model;
    model.input("x", {1, 1, 8});
    model.kernel("k", {2, 1, 3}, kernel);
    model.node("Conv", {"x", "k"}, {"y"})
        .with_text("auto_pad", automatic)
        .with("strides", Extents{3});
    model.output("y");
    return model;
  };
  // Three positions cover nine places: one beyond the eight.
  const auto built_of = [&](Index before, Index after) {
    FeedForwardGraph<float> graph;
    const auto made =
        graph.convolution(graph.input({1, 1, 8}), kernel, {{1}, {3, 3, before, after, 1}, 1});
    graph.output(made);
    return graph;
  };
  check_model(model_of("SAME_UPPER"), built_of(0, 1));
  check_model(model_of("SAME_LOWER"), built_of(1, 0));
  check_model(model_of("VALID"), built_of(0, 0));
  CHECK(holds(refusal(model_of("OTHERWISE")), "node 'the Conv' (Conv): auto_pad 'OTHERWISE'"));
}

TEST_CASE("the same neurons in other shapes and orders", "[onnx]") {
  Random random(5);
  const Matrix weights = some_weights(random, 3, 8);
  // What a model makes of 24 numbered neurons [1,2,3,4], of which it keeps 8.
  const auto check_places = [&](const OnnxModel& model, const std::vector<Index>& places) {
    OnnxModel whole = model;
    whole.matrix("w", weights);
    whole.node("Flatten", {"y"}, {"flat"});
    whole.node("Gemm", {"flat", "w"}, {"z"}).with("transB", 1);
    whole.output("z");
    FeedForwardGraph<float> built;
    const auto image = built.input({2, 3, 4});
    built.output(built.dense(built.rearranged(image, {8}, places), weights));
    check_model(whole, built);
  };
  OnnxModel model;
  model.input("x", {0, 2, 3, 4});

  SECTION("Slice forwards and backwards") {
    model.integers("starts", {-1, 0});
    model.integers("ends", {-1000, 1000});
    model.integers("axes", {-1, 2});
    model.integers("steps", {-2, 2});
    model.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
    check_places(model, {3, 1, 11, 9, 15, 13, 23, 21});
  }
  SECTION("Slice as older models have it") {
    model.node("Slice", {"x"}, {"y"})
        .with("starts", Extents{1, 1})
        .with("ends", Extents{2, 3})
        .with("axes", Extents{1, 2});
    check_places(model, {16, 17, 18, 19, 20, 21, 22, 23});
  }
  SECTION("Transpose, then one part of a Split") {
    model.integers("parts", {2, 1, 1});
    model.node("Transpose", {"x"}, {"turned"}).with("perm", Extents{0, 3, 1, 2});
    model.node("Split", {"turned", "parts"}, {"two", "y0", "rest"}).with("axis", 1);
    model.node("Concat", {"y0", "y1"}, {"y"}).with("axis", 1);
    // [1,4,2,3]: the second column of a part by its own slice.
    OnnxModel sliced = model;
    sliced.proto.mutable_graph()->mutable_node()->RemoveLast();
    sliced.node("Slice", {"two"}, {"y1"})
        .with("starts", Extents{0, 0})
        .with("ends", Extents{1, 1})
        .with("axes", Extents{1, 2});
    sliced.node("Slice", {"y0"}, {"y2"})
        .with("starts", Extents{0, 0})
        .with("ends", Extents{1, 2})
        .with("axes", Extents{2, 3});
    sliced.node("Slice", {"rest"}, {"y3"})
        .with("starts", Extents{0})
        .with("ends", Extents{1})
        .with("axes", Extents{2});
    sliced.node("Reshape", {"y1", "line"}, {"l1"});
    sliced.node("Reshape", {"y2", "line"}, {"l2"});
    sliced.node("Reshape", {"y3", "line"}, {"l3"});
    sliced.integers("line", {1, -1});
    sliced.node("Concat", {"l3", "l1", "l2"}, {"y"}).with("axis", 1);
    check_places(sliced, {3, 7, 11, 0, 4, 8, 2, 6});
  }
  SECTION("Squeeze, Unsqueeze and a concatenation along the last axis") {
    model.integers("starts", {0, 0, 0});
    model.integers("ends", {2, 1, 2});
    model.integers("axes", {1, 2, 3});
    model.integers("second", {2});
    model.node("Slice", {"x", "starts", "ends", "axes"}, {"a"});
    model.node("Squeeze", {"a", "second"}, {"b"});
    model.node("Unsqueeze", {"b", "second"}, {"c"});
    model.node("Concat", {"c", "a"}, {"y"}).with("axis", 3);
    check_places(model, {0, 1, 0, 1, 12, 13, 12, 13});
  }
}

TEST_CASE("padding holds no neurons", "[onnx]") {
  Random random(6);
  const Matrix kernel = some_weights(random, 2, 9);
  FeedForwardGraph<float> built;
  const auto image = built.input({1, 4, 5});
  built.output(built.convolution(image, kernel, {{3, 1, 1, 1, 1}, {3, 1, 2, 0, 1}, 1}));
  OnnxModel model;
  model.input("x", {0, 1, 4, 5});
  model.kernel("k", {2, 1, 3, 3}, kernel);
  model.integers("pads", {0, 0, 1, 2, 0, 0, 1, 0});
  model.floats("zero", {}, {0});
  model.node("Pad", {"x", "pads", "zero"}, {"padded"});
  model.node("Conv", {"padded", "k"}, {"y"});
  model.output("y");
  check_model(model, built);
  const auto sets = dgp::weighted_sets(read(model));
  CHECK(sets[0].neurons == 20 + 2 * 4 * 5);
  CHECK(sets[0].edges == dgp::weighted_sets(built)[0].edges);

  model.floats("one", {}, {1});
  model.proto.mutable_graph()->mutable_node(0)->set_input(2, "one");
  CHECK(holds(refusal(model), "node 'the Pad' (Pad): padding by other values than 0 is not read"));
}

TEST_CASE("shapes that a model computes of its own are followed", "[onnx]") {
  Random random(7);
  const Matrix a = some_weights(random, 3, 24);
  FeedForwardGraph<float> built;
  built.output(built.dense(built.input({24}), a));
  OnnxModel model;
  model.matrix("a", a);
  model.integers("zero", {0});
  model.integers("rest", {-1});
  SECTION("a batch of any name or size") {
    const std::int64_t batch = GENERATE(0, 1, 6);
    model.input("x", {batch, 2, 3, 4});
    model.node("Shape", {"x"}, {"shape"});
    model.node("Gather", {"shape", "zero"}, {"batch"}).with("axis", 0);
    model.node("Concat", {"batch", "rest"}, {"flat_shape"}).with("axis", 0);
    model.node("Reshape", {"x", "flat_shape"}, {"flat"});
  }
  SECTION("a batch that is written out") {
    model.input("x", {6, 2, 3, 4});
    model.integers("flat_shape", {6, 24});
    model.node("Reshape", {"x", "flat_shape"}, {"flat"});
  }
  SECTION("an extent that is copied") {
    model.input("x", {0, 2, 3, 4});
    model.integers("flat_shape", {0, 24});
    model.node("Reshape", {"x", "flat_shape"}, {"flat"});
  }
  model.node("Gemm", {"flat", "a"}, {"y"}).with("transB", 1);
  model.output("y");
  check_model(model, built);
}

TEST_CASE("functions of a neuron and constants are no edges", "[onnx]") {
  Random random(8);
  const Matrix a = some_weights(random, 5, 4);
  FeedForwardGraph<float> built;
  built.output(built.dense(built.input({4}), a));
  OnnxModel model;
  model.input("x", {0, 4});
  model.matrix("a", a);
  model.floats("half", {}, {0.5F});
  model.floats("root", {1}, {1.41421356F});
  model.floats("row", {4}, {1, 2, 3, 4});
  // x/2 · (1 + erf(x/√2)), as exporters write GELU out.
  model.node("Div", {"x", "root"}, {"1"});
  model.node("Erf", {"1"}, {"2"});
  model.node("Add", {"2", "half"}, {"3"});
  model.node("Mul", {"x", "3"}, {"4"});
  model.node("Mul", {"row", "4"}, {"5"});
  model.node("Sub", {"half", "5"}, {"6"});
  model.node("Cast", {"6"}, {"7"}).with("to", 1);
  model.node("Dropout", {"7"}, {"8"});
  model.node("Clip", {"8", "", "half"}, {"9"});
  model.node("Add", {"8", "9"}, {"sum"});
  model.node("Gemm", {"sum", "a"}, {"10"}).with("transB", 1);
  model.output("10");
  check_model(model, built);
  CHECK(read(model).neurons() == 9);
}

TEST_CASE("several inputs and outputs, exits in the middle, means along any axes", "[onnx]") {
  Random random(9);
  const Matrix a = some_weights(random, 4, 3);
  const Matrix b = some_weights(random, 2, 6);
  FeedForwardGraph<float> built;
  const auto first = built.input({3});
  const auto second = built.input({2, 1, 5});
  const auto middle = built.dense(first, a);
  built.output(middle);
  const auto mean = built.all_positions(second);
  built.output(built.dense(built.concatenation({middle, mean}), b));
  OnnxModel model;
  model.input("first", {0, 3});
  model.input("second", {0, 5, 2});
  model.matrix("a", a);
  model.matrix("b", b);
  model.node("Gemm", {"first", "a"}, {"middle"}).with("transB", 1);
  model.node("ReduceMean", {"second"}, {"mean"}).with("axes", Extents{-2}).with("keepdims", 0);
  model.node("Concat", {"middle", "mean"}, {"both"}).with("axis", 1);
  model.node("Gemm", {"both", "b"}, {"end"}).with("transB", 1);
  model.output("middle");
  model.output("end");
  // Its five rows of two stand row by row.
  FeedForwardGraph<float> turned;
  const auto one = turned.input({3});
  const auto two = turned.rearranged(turned.input({10}), {2, 1, 5}, {0, 2, 4, 6, 8, 1, 3, 5, 7, 9});
  const auto hidden = turned.dense(one, a);
  turned.output(hidden);
  turned.output(turned.dense(turned.concatenation({hidden, turned.all_positions(two)}), b));
  check_model(model, turned);
  CHECK(read(model).numbering().count(dgp::detail::Role::output) == 6);
  CHECK(read(model).neurons() == built.neurons());
}

TEST_CASE("what is not read is named", "[onnx]") {
  Random random(10);
  OnnxModel model;
  model.input("x", {0, 4});
  model.input("y", {0, 4});
  model.matrix("a", some_weights(random, 4, 4));
  const auto said = [&](const OnnxModel& broken) {
    const std::string message = refusal(broken);
    CHECK(message.find('\n') == std::string::npos);
    return message.substr(message.find(": ") + 2);
  };
  const auto of_node = [&](const std::string& operation, const std::vector<std::string>& inputs) {
    OnnxModel broken = model;
    broken.node(operation, inputs, {"z"}, "layers.0/it");
    broken.output("z");
    return said(broken);
  };
  CHECK(holds(of_node("LSTM", {"x", "a"}),
              "node 'layers.0/it' (LSTM): the operator 'LSTM' is not read; read are Add, "));
  CHECK(of_node("MatMul", {"x", "y"}) ==
        "node 'layers.0/it' (MatMul): it multiplies neurons with neurons, as attention does, which "
        "is no set of edges");
  CHECK(of_node("Mul", {"x", "y"}) ==
        "node 'layers.0/it' (Mul): it takes different neurons together, as gates do, and only sums "
        "are sets of edges");
  CHECK(of_node("Gemm", {"x", "nobody's"}) ==
        "node 'layers.0/it' (Gemm): its input 'nobody's' is made by no node before it");
  CHECK(of_node("Conv", {"x", "a"}) ==
        "node 'layers.0/it' (Conv): a kernel of [4,4] on [1,4]; convolutions in one and two "
        "directions are read");
  {
    OnnxModel broken = model;
    broken.node("Relu", {"x"}, {"z"}).last().set_domain("com.example");
    broken.output("z");
    CHECK(holds(said(broken),
                "node 'the Relu' (Relu): the operator 'Relu' of 'com.example' is not "
                "read"));
  }
  {
    // The graph within uses what it likes.
    OnnxModel broken = model;
    broken.node("If", {"a"}, {"z"});
    auto* branch = broken.last().add_attribute();
    branch->set_name("then_branch");
    branch->set_type(onnx::AttributeProto::GRAPH);
    branch->mutable_g()->set_name("within");
    broken.output("z");
    CHECK(holds(said(broken), "node 'the If' (If): the operator 'If' is not read"));
  }
  {
    OnnxModel broken;
    broken.input("x", {0, 3, 0, 4});
    broken.output("x");
    CHECK(said(broken) ==
          "input 'x': its extent along axis 2, 'some', is not known; export the model with fixed "
          "sizes (that of the batch may stay open)");
  }
  {
    OnnxModel broken = model;
    broken.output("x");
    CHECK(holds(said(broken),
                "output 'x': feed-forward graph: group 0 (x) of 4 neurons is an "
                "input, and cannot be an output too"));
  }
  {
    OnnxModel broken = model;
    broken.output("a");
    CHECK(said(broken) == "the model has no output that depends on its inputs");
  }
  {
    OnnxModel broken = model;
    broken.node("Relu", {"x"}, {"z"});
    broken.node("Tanh", {"x"}, {"z"});
    CHECK(said(broken) == "node 'the Tanh' (Tanh): its output 'z' is there already");
  }
  {
    OnnxModel broken = model;
    broken.node("Sqrt", {"a"}, {"computed"});
    broken.node("MatMul", {"x", "computed"}, {"z"});
    CHECK(said(broken) ==
          "node 'the MatMul' (MatMul): its matrix of weights is computed in the model; fold its "
          "constants first, with onnxsim for example");
  }
  {
    OnnxModel broken = model;
    broken.integers("shape", {3, -1});
    broken.node("Reshape", {"x", "shape"}, {"z"});
    CHECK(said(broken) == "node 'the Reshape' (Reshape): a shape of [3,-1] for [1,4]");
  }
  {
    OnnxModel broken = model;
    broken.node("Relu", {"x"}, {"z"}).with_text("axis", "1");
    broken.node("Concat", {"x", "y"}, {"w"}).with_text("axis", "1");
    CHECK(said(broken) == "node 'the Concat' (Concat): attribute 'axis' is of an unexpected type");
  }
  {
    // Three numbers that claim a grid of 2^40 positions.
    OnnxModel broken;
    broken.input("x", {0, 1, 1, 1});
    broken.floats("k", {1, 1, 1, 1}, {1});
    broken.node("Conv", {"x", "k"}, {"z"})
        .with("pads", Extents{1 << 20, 1 << 20, 1 << 20, 1 << 20});
    broken.output("z");
    CHECK(holds(said(broken), "node 'the Conv' (Conv): an impossible shape"));
  }
}

#ifdef DGP_WITH_NPZ
TEST_CASE("what PyTorch exports is the network that it saved", "[onnx]") {
  const std::filesystem::path folder(DGP_TEST_DATA "/onnx");
  dgp::io::PytorchFile state(folder / "net.pt");
  const auto tensor = [&](const std::string& name) {
    for (const auto& info : state.tensors()) {
      if (info.name == name) return state.read_rows<float>(info);
    }
    throw std::runtime_error("no " + name);
  };
  Matrix stem = tensor("stem.weight");
  const Matrix scale = tensor("stem_norm.weight");
  const Matrix variance = tensor("stem_norm.running_var");
  for (Index row = 0; row < stem.rows(); ++row) {
    const double factor =
        static_cast<double>(scale(row)) /
        std::sqrt(static_cast<double>(variance(row)) + static_cast<double>(1e-5F));
    for (Index col = 0; col < stem.cols(); ++col) {
      stem(row, col) = static_cast<float>(static_cast<double>(stem(row, col)) * factor);
    }
  }
  FeedForwardGraph<float> built;
  const auto image = built.input({2, 12, 11});
  // The padding of its own comes on top of the convolution's.
  const auto first = built.convolution(image, stem, {{3, 2, 3, 2, 1}, {3, 2, 2, 1, 1}, 1});
  const auto deep =
      built.convolution(first, tensor("depthwise.weight"), {{3, 1, 2, 2, 2}, {3, 1, 2, 2, 2}, 3});
  const auto point = built.convolution(deep, tensor("pointwise.weight"), {});
  const auto norm = built.one_to_one(built.sum({first, point}));
  const auto left = built.all_positions(built.pooling(norm, {{3, 2, 0, 1, 1}, {3, 2, 0, 1, 1}, 1}));
  const auto right = built.all_positions(norm);
  built.output(built.dense(built.concatenation({left, right}), tensor("head.weight")));

  const auto unfolded = read_onnx(folder / "net_unfolded.onnx");
  check_same(unfolded, built);
  CHECK(unfolded.neurons() == built.neurons());
  for (const char* file : {"net.onnx", "net_unfolded.onnx"}) {
    std::vector<std::string> names;
    const auto graph = read_onnx(folder / file);
    for (const auto& set : dgp::weighted_sets(graph)) names.push_back(set.name);
    CHECK(names == std::vector<std::string>{"stem.weight", "depthwise.weight", "pointwise.weight",
                                            "head.weight"});
  }
  // PyTorch folds with roundings of its own.
  const auto folded = dgp::deep_graph_persistence(read_onnx(folder / "net.onnx"));
  CHECK(folded.total == Approx(dgp::deep_graph_persistence(built).total).epsilon(1e-5));
}
#endif

TEST_CASE("constants are read from every place that they can be in", "[onnx]") {
  const Matrix values = (Matrix(2, 3) << 1, -2, 3, 4.5F, 5, -6).finished();
  OnnxModel model;
  auto& typed = model.tensor("typed", {2, 3}, onnx::TensorProto::FLOAT);
  auto& wide = model.tensor("wide", {2, 3}, onnx::TensorProto::DOUBLE);
  auto& half = model.tensor("half", {2, 3}, onnx::TensorProto::FLOAT16);
  auto& raw_half = model.tensor("raw_half", {2, 3}, onnx::TensorProto::FLOAT16);
  auto& brain = model.tensor("brain", {2, 3}, onnx::TensorProto::BFLOAT16);
  for (Index i = 0; i < values.size(); ++i) {
    const float value = values.data()[i];
    typed.add_float_data(value);
    wide.add_double_data(static_cast<double>(value));
    const auto bits = Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(value));
    half.add_int32_data(bits);
    raw_half.mutable_raw_data()->append(reinterpret_cast<const char*>(&bits), sizeof bits);
    brain.add_int32_data(Eigen::numext::bit_cast<std::uint16_t>(Eigen::bfloat16(value)));
  }
  model.matrix("raw", values);
  model.integers("numbers", {1, 2, 3});
  model.tensor("quantised", {1}, onnx::TensorProto::UINT8).add_int32_data(1);
  model.node("Constant", {}, {"in a node"}).with_floats("value", {2, 3}, {1, -2, 3, 4.5F, 5, -6});
  const TemporaryFolder folder;
  write_file(folder / "model.onnx", model.bytes());
  const OnnxFile file(folder / "model.onnx");
  std::vector<std::string> names;
  for (const auto& tensor : file.tensors()) {
    CAPTURE(tensor.name);
    names.push_back(tensor.name);
    CHECK(file.read_matrix<float>(tensor) == values);
    CHECK(file.read_matrix<double>(tensor) == values.cast<double>());
    CHECK(tensor.end == 6 * tensor.floating_point_bytes);
  }
  CHECK(names ==
        std::vector<std::string>{"brain", "half", "in a node", "raw", "raw_half", "typed", "wide"});
  REQUIRE(file.skipped().size() == 2);
  CHECK(file.skipped()[0].name == "numbers");
  CHECK(file.skipped()[1].type == "UINT8");
  CHECK(holds(error_of([&] { file.read_rows<float>(file.skipped()[0]); }),
              "has a type that is not read (FLOAT16, BFLOAT16, FLOAT and DOUBLE are)"));
  CHECK(holds(error_of([&] {
                file.read_matrix<float>({"none", "", {1, 1}, 0, 0});
              }),
              "no tensor is named 'none'"));
}

TEST_CASE("constants that are not whole are refused", "[onnx]") {
  const auto said = [](const auto& change) {
    OnnxModel model;
    auto& tensor = model.tensor("w", {2, 2}, onnx::TensorProto::FLOAT);
    for (int i = 0; i < 4; ++i) tensor.add_float_data(1);
    change(tensor);
    const TemporaryFolder folder;
    write_file(folder / "model.onnx", model.bytes());
    return error_of([&] {
      const OnnxFile file(folder / "model.onnx");
      file.read_matrix<float>(file.tensors().at(0));
    });
  };
  CHECK(said([](auto&) {}).empty());
  CHECK(holds(said([](auto& tensor) { tensor.add_float_data(1); }),
              "tensor 'w' (FLOAT, shape [2,2]) needs 4 values, but has 5"));
  CHECK(holds(said([](auto& tensor) { tensor.set_raw_data("abcdefgh"); }),
              "tensor 'w' (FLOAT, shape [2,2]) needs 4 values, but has 2"));
  CHECK(holds(said([](auto& tensor) { tensor.set_raw_data("abc"); }), "ends within a value"));
  CHECK(holds(said([](auto& tensor) { tensor.set_dims(0, -2); }), "has an impossible shape"));
  CHECK(holds(said([](auto& tensor) {
                tensor.set_dims(0, std::int64_t{1} << 40);
                tensor.set_dims(1, std::int64_t{1} << 40);
              }),
              "has an impossible shape"));
  CHECK(holds(said([](auto& tensor) { tensor.mutable_segment()->set_begin(0); }),
              "comes in segments, which are not read"));
}

TEST_CASE("weights in files of their own are read inside the model's folder only", "[onnx]") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "models" / "parts");
  write_file(folder / "models" / "parts" / "weights", "????" + support::f32({1, 2, 3, 4}));
  write_file(folder / "outside", support::f32({1, 2, 3, 4}));
  std::filesystem::create_symlink(folder / "outside", folder / "models" / "link");
  std::filesystem::create_symlink(folder / "models" / "parts", folder / "models" / "inner");
  const auto path = folder / "models" / "model.onnx";
  const auto read_with = [&](const std::vector<std::pair<std::string, std::string>>& fields) {
    OnnxModel model;
    auto& tensor = model.tensor("w", {2, 2}, onnx::TensorProto::FLOAT);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : fields) {
      auto* field = tensor.add_external_data();
      field->set_key(key);
      field->set_value(value);
    }
    write_file(path, model.bytes());
    const OnnxFile file(path);
    return Matrix(file.read_matrix<float>(file.tensors().at(0)));
  };
  const auto said = [&](const std::vector<std::pair<std::string, std::string>>& fields) {
    return error_of([&] { read_with(fields); });
  };
  const Matrix values = (Matrix(2, 2) << 1, 2, 3, 4).finished();
  CHECK(read_with({{"location", "parts/weights"}, {"offset", "4"}, {"length", "16"}}) == values);
  CHECK(read_with({{"location", "inner/weights"}, {"offset", "4"}}) == values);

  CHECK(holds(said({{"location", "parts/weights"}, {"offset", "8"}}),
              "byte 8: tensor 'w' (FLOAT, shape [2,2]) claims bytes that the file does not have"));
  CHECK(holds(said({{"location", "parts/weights"}, {"offset", "-4"}}),
              "external data with an impossible offset"));
  CHECK(holds(said({{"location", "parts/weights"}, {"offset", "4"}, {"length", "8"}}),
              "needs 16 bytes, but has 8 of external data"));
  for (const auto& location :
       {std::string("../outside"), std::string("parts/../../outside"),
        (folder / "outside").string(), std::string(), std::string("parts/weights\0", 14)}) {
    CAPTURE(location);
    CHECK(holds(said({{"location", location}}), "which is not in the model's folder"));
  }
  CHECK(holds(said({{"location", "link"}}), "a link that leads out of the model's folder"));
  CHECK(holds(said({{"location", "nowhere"}}), "cannot be opened: No such file"));
  CHECK(holds(said({{"location", "parts"}}), "not a file"));
}

TEST_CASE("what is no model says what it is", "[onnx]") {
  const TemporaryFolder folder;
  const auto said = [&](const std::string& bytes) {
    write_file(folder / "model.onnx", bytes);
    return error_of([&] { const OnnxFile file(folder / "model.onnx"); });
  };
  OnnxModel model;
  model.input("x", {0, 4});
  CHECK(said(model.bytes()).empty());
  CHECK(holds(said(""), "byte 0: not an ONNX model, or not a whole one"));
  CHECK(holds(said(model.bytes().substr(0, model.bytes().size() - 3)),
              "byte 0: not an ONNX model, or not a whole one"));
  CHECK(holds(said("\x93NUMPY\x01"), "not a whole one: it is a NumPy array (.npy)"));
  CHECK(holds(error_of([&] { const OnnxFile file(folder / "none.onnx"); }), "no such file"));
}
