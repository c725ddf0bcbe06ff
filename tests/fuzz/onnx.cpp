// Tens of thousands of broken ONNX models: the reader either makes a graph and its constants of one
// or throws std::runtime_error that says where.
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/mutants.hpp"
#include "../support/onnx_writer.hpp"
#include "../support/reading_onnx.hpp"

namespace {

using support::below;
using support::Extents;
using support::fuzz;
using support::OnnxModel;
using support::Random;

std::vector<float> numbers(std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i % 7) - 3);
  return values;
}

std::vector<std::string> sound_models() {
  OnnxModel images;
  images.input("x", {0, 2, 5, 4});
  images.floats("k", {4, 1, 3, 3}, numbers(36));
  for (const char* name : {"scale", "shift", "mean", "variance"}) {
    images.floats(name, {4}, {1, 2, 3, 4});
  }
  images.floats("w", {3, 8}, numbers(24));
  images.node("Conv", {"x", "k"}, {"1"}).with("group", 2).with("pads", Extents{1, 1, 1, 1});
  images.node("BatchNormalization", {"1", "scale", "shift", "mean", "variance"}, {"2"});
  images.node("MaxPool", {"2"}, {"3"})
      .with("kernel_shape", Extents{2, 2})
      .with("strides", Extents{2, 2})
      .with("ceil_mode", 1);
  images.node("GlobalAveragePool", {"3"}, {"4"});
  images.node("Flatten", {"4"}, {"5"});
  images.node("Concat", {"5", "5"}, {"6"}).with("axis", 1);
  images.node("Gemm", {"6", "w"}, {"7"}).with("transB", 1).with_real("alpha", 2);
  images.output("7");

  OnnxModel shapes;
  shapes.input("x", {0, 3, 4});
  shapes.integers("starts", {0, 1});
  shapes.integers("ends", {3, -1});
  shapes.integers("axes", {1, 2});
  shapes.integers("steps", {2, 1});
  shapes.integers("rest", {-1});
  shapes.integers("zero", {0});
  shapes.integers("pads", {0, 1, 0, 0, 0, 1});
  shapes.floats("w", {3, 2}, numbers(6));
  shapes.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"1"});
  shapes.node("Pad", {"1", "pads"}, {"2"});
  shapes.node("Transpose", {"2"}, {"3"}).with("perm", Extents{0, 2, 1});
  shapes.node("MatMul", {"3", "w"}, {"4"});
  shapes.node("Split", {"4"}, {"5", "6"}).with("axis", 2);
  shapes.node("Add", {"5", "6"}, {"7"});
  shapes.node("Shape", {"7"}, {"shape"});
  shapes.node("Gather", {"shape", "zero"}, {"batch"});
  shapes.node("Concat", {"batch", "rest"}, {"flat"}).with("axis", 0);
  shapes.node("Reshape", {"7", "flat"}, {"8"});
  shapes.node("ReduceMean", {"8"}, {"9"}).with("axes", Extents{1});
  shapes.output("8");
  shapes.output("9");

  OnnxModel constants;
  constants.input("x", {0, 2});
  for (const int type : {10, 11, 16, 1}) {
    auto& tensor = constants.tensor("w" + std::to_string(type), {2, 2}, type);
    for (int i = 0; i < 4; ++i) {
      if (type == onnx::TensorProto::DOUBLE) tensor.add_double_data(i);
      if (type == onnx::TensorProto::FLOAT) tensor.add_float_data(static_cast<float>(i));
      if (type == 10 || type == 16) tensor.add_int32_data(i << 8);
    }
  }
  auto& external = constants.tensor("elsewhere", {1, 2}, onnx::TensorProto::FLOAT);
  external.set_data_location(onnx::TensorProto::EXTERNAL);
  auto* location = external.add_external_data();
  location->set_key("location");
  location->set_value("mutant");
  constants.node("Constant", {}, {"c"}).with_floats("value", {2, 2}, {1, 2, 3, 4});
  constants.node("Transpose", {"c"}, {"d"});
  constants.node("MatMul", {"w1", "d"}, {"e"});
  constants.node("MatMul", {"x", "d"}, {"1"});
  constants.node("Gemm", {"1", "w10"}, {"2"});
  constants.node("Mul", {"2", "2"}, {"3"});
  constants.node("Gemm", {"3", "elsewhere"}, {"4"}).with("transB", 1);
  constants.output("4");
  return {images.bytes(), shapes.bytes(), constants.bytes()};
}

}  // namespace

TEST_CASE("no mutant of a model gets more out of the reader than a runtime error", "[fuzz][onnx]") {
  const auto sound = sound_models();
  support::Found found;
  const auto read = [&](const std::filesystem::path& path, std::size_t size) {
    return support::mistake_of_onnx(path, size, found);
  };
  std::size_t next = 0;
  const auto whole = [&](Random&) { return sound[next++]; };
  CHECK(fuzz(static_cast<int>(sound.size()), 1, whole, read, support::Named::file).refused == 0);
  found = {};
  const std::vector<std::string> pieces{"Conv",
                                        "Reshape",
                                        "Transpose",
                                        "Concat",
                                        "Gemm",
                                        "Pad",
                                        "Slice",
                                        "Shape",
                                        "\x08\x01",
                                        "\x12",
                                        "\x0a",
                                        "\x22",
                                        "\x3a",
                                        "\x18\x00",
                                        std::string(4, '\0'),
                                        "\xff\xff\x7f",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                                        "\xff\xff\xff\xff\x0f"};
  const auto broken = [&](Random& random) {
    std::string file = sound[below(random, sound.size())];
    for (int changes = 1 + random.below(2); changes > 0; --changes) {
      support::mutate(random, file, 4096, sound, pieces);
    }
    return file;
  };
  const auto counts = fuzz(20000, 2017, broken, read, support::Named::file);
  CHECK(counts.read > 500);
  CHECK(found.graphs > 500);
  CHECK(found.tensors > 5000);
  CHECK(counts.refused > 5000);
}
