// The checkpoint reader: what sound files hold, and what is said of broken ones.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/safetensors.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using dgp::io::read_safetensors_layers;
using dgp::io::SafetensorsFile;
using support::byte_in;
using support::error_of;
using support::f32;
using support::f64;
using support::holds;
using support::little_endian;
using support::safetensors;
using support::TemporaryFolder;
using support::Tensor;
using support::write_file;

constexpr long double infinity = std::numeric_limits<long double>::infinity();

template <class Scalar>
inline constexpr bool is_small =
    std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>;

template <class Scalar>
long double widened(const Scalar& value) {
  if constexpr (is_small<Scalar>) {
    return static_cast<long double>(static_cast<float>(value));
  } else {
    return static_cast<long double>(value);
  }
}

// How a scalar type stores numbers, so that the expected values owe nothing to the types' own
// conversions: significant bits, and the exponents of the smallest and largest normal numbers.
struct Precision {
  int digits;
  int lowest;
  int highest;
};
template <class Scalar>
Precision precision() {
  if (std::is_same_v<Scalar, Eigen::half>) return {11, -14, 15};
  if (std::is_same_v<Scalar, Eigen::bfloat16>) return {8, -126, 127};
  using Limits = std::numeric_limits<Scalar>;
  return {Limits::digits, Limits::min_exponent - 1, Limits::max_exponent - 1};
}

// The value of type Scalar nearest to a number, ties to even.
template <class Scalar>
long double nearest(long double number) {
  if (number == 0 || std::isinf(number)) return number;
  const auto [digits, lowest, highest] = precision<Scalar>();
  const int exponent = std::max(std::ilogb(number), lowest) - (digits - 1);
  const long double rounded = std::ldexp(std::nearbyint(std::ldexp(number, -exponent)), exponent);
  return std::ilogb(rounded) > highest ? std::copysign(infinity, number) : rounded;
}

// One row of numbers, stored as the given bit patterns.
Tensor row_of(const std::string& type, const std::vector<std::uint64_t>& patterns,
              std::size_t width) {
  return {"w", type, {1, patterns.size()}, little_endian(patterns, width)};
}

template <class Scalar>
void check_values(const Tensor& tensor, const std::vector<long double>& expected) {
  const TemporaryFolder folder;
  write_file(folder / "values.safetensors", safetensors({tensor}));
  SafetensorsFile file(folder / "values.safetensors");
  const auto values = file.read_matrix<Scalar>("w");
  REQUIRE(values.rows() == 1);
  REQUIRE(values.cols() == static_cast<Eigen::Index>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const long double value = widened(values(0, static_cast<Eigen::Index>(i)));
    CAPTURE(tensor.type, i, expected[i]);
    CHECK(value == nearest<Scalar>(expected[i]));
    CHECK(std::signbit(value) == std::signbit(expected[i]));
  }
}

std::vector<std::string> names_of(const SafetensorsFile& file) {
  std::vector<std::string> names;
  for (const auto& tensor : file.tensors()) names.push_back(tensor.name);
  return names;
}

// A file that is broken in one way, and the bytes its message may point at.
struct Broken {
  std::string what;
  std::string bytes;
  long long first;
  long long last;
};

// Errors in a header may be noticed anywhere in it.
Broken in_header(const std::string& what, const std::string& header, const std::string& data = "") {
  return {what, safetensors(header, data), 8, 8 + static_cast<long long>(header.size())};
}

// Errors in the list of tensors; at: where among the tensors' bytes the trouble starts.
Broken in_data(const std::string& what, const std::string& header, const std::string& data,
               std::size_t at) {
  const auto byte = static_cast<long long>(8 + header.size() + at);
  return {what, safetensors(header, data), byte, byte};
}

// A header with one tensor, its properties as given.
std::string tensor_a(const std::string& properties) { return "{\"a\":{" + properties + "}}"; }

void check_refused(const std::vector<Broken>& files) {
  const TemporaryFolder folder;
  const auto path = folder / "broken.safetensors";
  for (const auto& file : files) {
    write_file(path, file.bytes);
    CAPTURE(file.what);
    std::string message;
    REQUIRE_NOTHROW(message = error_of([&] { SafetensorsFile opened(path); }));
    CAPTURE(message);
    CHECK(byte_in(message, path) >= file.first);
    CHECK(byte_in(message, path) <= file.last);
    CHECK_FALSE(holds(message, "\n"));
    CHECK(error_of([&] { read_safetensors_layers(path); }) == message);
  }
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

const std::string eight_bytes(8, '\0');

}  // namespace

TEMPLATE_TEST_CASE("stored numbers are read as the nearest number of the scalar type",
                   "[safetensors]", float, double, long double, Eigen::half, Eigen::bfloat16) {
  SECTION("F16") {
    check_values<TestType>(
        row_of("F16",
               {0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3555, 0x3c00, 0xc100, 0x7bff, 0xfc00}, 2),
        {0.0L, -0.0L, 0x1p-24L, -0x3ffp-24L, 0x1p-14L, 0x555p-12L, 1.0L, -2.5L, 65504.0L,
         -infinity});
  }
  SECTION("BF16") {
    check_values<TestType>(
        row_of("BF16",
               {0x0000, 0x8000, 0x0001, 0x807f, 0x0080, 0x3eab, 0x3f80, 0xc020, 0x7f7f, 0x7f80}, 2),
        {0.0L, -0.0L, 0x1p-133L, -0x7fp-133L, 0x1p-126L, 0xabp-9L, 1.0L, -2.5L, 0xffp120L,
         infinity});
  }
  SECTION("F32") {
    check_values<TestType>(
        row_of("F32",
               {0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x3eaaaaab, 0x3f800000,
                0xc0200000, 0x3f801000, 0x3f803000, 0x3f808000, 0x477ff000, 0x7f7fffff},
               4),
        {0.0L, -0.0L, 0x1p-149L, -0x7fffffp-149L, 0x1p-126L, 0xaaaaabp-25L, 1.0L, -2.5L, 0x1.002p0L,
         0x1.006p0L, 0x1.01p0L, 65520.0L, 0xffffffp104L});
  }
  SECTION("F64") {
    check_values<TestType>(
        row_of("F64",
               {0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x800fffffffffffff,
                0x0010000000000000, 0x3fd5555555555555, 0x3ff0000000000000, 0xc004000000000000,
                0x3ff0000010000000, 0x7e37e43c8800759c, 0x7fefffffffffffff},
               8),
        {0.0L, -0.0L, 0x1p-1074L, -0xfffffffffffffp-1074L, 0x1p-1022L, 0x15555555555555p-54L, 1.0L,
         -2.5L, 0x1.000001p0L, 1e300, 0x1fffffffffffffp971L});
  }
}

TEST_CASE("NaN is read as NaN: the measures refuse it, and say where it stands", "[safetensors]") {
  const TemporaryFolder folder;
  for (const auto& tensor :
       {row_of("F16", {0x7e00}, 2), row_of("BF16", {0x7fc0}, 2), row_of("F32", {0x7fc00000}, 4),
        row_of("F64", {0x7ff8000000000000}, 8)}) {
    CAPTURE(tensor.type);
    write_file(folder / "nan.safetensors", safetensors({tensor}));
    CHECK(std::isnan(read_safetensors_layers<float>(folder / "nan.safetensors")[0].weights(0, 0)));
    CHECK(std::isnan(read_safetensors_layers<double>(folder / "nan.safetensors")[0].weights(0, 0)));
  }
}

TEST_CASE("a matrix is read row by row", "[safetensors]") {
  const TemporaryFolder folder;
  write_file(folder / "matrix.safetensors",
             safetensors({{"w", "F32", {2, 3}, f32({1, 2, 3, 4, 5, 6})}}));
  SafetensorsFile file(folder / "matrix.safetensors");
  Eigen::MatrixXf expected(2, 3);
  expected << 1, 2, 3, 4, 5, 6;
  CHECK(file.read_matrix<float>("w") == expected);
  CHECK(file.read_matrix<double>(file.tensors()[0]) == expected.cast<double>());
  CHECK(file.path() == folder / "matrix.safetensors");
}

TEST_CASE("a tensor longer than the part converted at once is read whole", "[safetensors]") {
  constexpr std::size_t rows = 301;
  constexpr std::size_t cols = 437;
  std::vector<std::uint64_t> patterns;
  std::vector<float> values;
  for (std::size_t i = 0; i < rows * cols; ++i) {
    patterns.push_back(0x3c00 + i % 1024);  // 1 + k / 1024 as F16
    values.push_back(1 + static_cast<float>(i % 1024) / 1024);
  }
  const TemporaryFolder folder;
  write_file(folder / "long.safetensors",
             safetensors({{"before", "F16", {3}, little_endian({1, 2, 3}, 2)},
                          {"half", "F16", {rows, cols}, little_endian(patterns, 2)},
                          {"float", "F32", {rows, cols}, f32(values)}}));
  SafetensorsFile file(folder / "long.safetensors");
  const auto converted = file.read_matrix<float>("half");
  REQUIRE(converted.size() == static_cast<Eigen::Index>(values.size()));
  CHECK(std::equal(values.begin(), values.end(), converted.data()));
  CHECK(file.read_matrix<float>("float") == converted);
  CHECK(file.read_matrix<double>("float") == converted.cast<double>());
}

TEST_CASE("tensors stand in natural order of their names", "[safetensors]") {
  const TemporaryFolder folder;
  const std::vector<std::string> sorted{
      "",
      "LAYERS.1",
      "layers.1",
      "layers.01",
      "layers.1.bias",
      "layers.2",
      "layers.9",
      "layers.10",
      "layers.10.2",
      "layers.10.10",
      "layers.100",
      "layers.a",
      "x18446744073709551615",
      "x18446744073709551616",
  };
  std::vector<Tensor> tensors;
  for (const auto& name : sorted) tensors.insert(tensors.begin(), {name, "F32", {1, 1}, f32({1})});
  std::swap(tensors[2], tensors[7]);
  write_file(folder / "names.safetensors", safetensors(tensors));
  auto names = names_of(SafetensorsFile(folder / "names.safetensors"));
  // Names that differ only in leading zeros stand together; which comes first is left open.
  const auto zeros = std::find(names.begin(), names.end(), "layers.01");
  REQUIRE(zeros != names.end());
  if (zeros + 1 != names.end() && zeros[1] == "layers.1") std::swap(zeros[0], zeros[1]);
  CHECK(names == sorted);

  const auto layers = read_safetensors_layers(folder / "names.safetensors");
  REQUIRE(layers.size() == sorted.size());
  CHECK(layers[6].name == "layers.9");
  CHECK(layers[7].name == "layers.10");
}

// Plain char is signed on some platforms and unsigned on others; the order of layers must not be.
TEST_CASE("names in other scripts come after ASCII on every platform", "[safetensors]") {
  const TemporaryFolder folder;
  write_file(folder / "scripts.safetensors",
             safetensors({{"é", "F32", {1, 1}, f32({1})}, {"z", "F32", {1, 1}, f32({2})}}));
  CHECK(names_of(SafetensorsFile(folder / "scripts.safetensors")) ==
        std::vector<std::string>{"z", "é"});
}

TEST_CASE("only matrices are layers", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "shapes.safetensors";
  write_file(path, safetensors({{"bias", "F32", {2}, f32({1, 2})},
                                {"convolution", "F32", {1, 1, 2}, f32({3, 4})},
                                {"counter", "I64", {}, eight_bytes},
                                {"mask", "BOOL", {3}, "abc"},
                                {"weight", "F32", {1, 2}, f32({5, 6})}}));
  SafetensorsFile file(path);
  CHECK(names_of(file) ==
        std::vector<std::string>{"bias", "convolution", "counter", "mask", "weight"});
  CHECK(file.tensors()[1].shape == std::vector<std::uint64_t>{1, 1, 2});
  CHECK(file.tensors()[2].type == "I64");
  CHECK_FALSE(dgp::io::is_layer(file.tensors()[0]));
  CHECK(dgp::io::is_layer(file.tensors()[1]));
  CHECK(dgp::io::is_kernel(file.tensors()[1]));
  CHECK(dgp::io::is_layer(file.tensors()[4]));
  CHECK_FALSE(dgp::io::is_kernel(file.tensors()[4]));

  const auto layers = read_safetensors_layers(path);
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].name == "convolution");
  CHECK(layers[0].weights == Eigen::RowVector2f(3, 4));
  CHECK(layers[1].name == "weight");
  CHECK(layers[1].weights == Eigen::RowVector2f(5, 6));

  for (const std::string name : {"bias", "convolution", "counter"}) {
    const std::string message = error_of([&] { file.read_matrix<float>(name); });
    CAPTURE(message);
    CHECK(holds(message, "'" + name + "'"));
    CHECK(holds(message, "not a matrix"));
    CHECK(byte_in(message, path) >= 8);
  }
}

TEST_CASE("byte ranges count from the start of the file", "[safetensors]") {
  const TemporaryFolder folder;
  const std::string bytes =
      safetensors({{"a", "F32", {1, 1}, f32({1})}, {"b", "F64", {1, 2}, f64({2, 3})}});
  write_file(folder / "ranges.safetensors", bytes);
  const SafetensorsFile file(folder / "ranges.safetensors");
  CHECK(file.tensors()[0].begin == bytes.size() - 20);
  CHECK(file.tensors()[0].end == bytes.size() - 16);
  CHECK(file.tensors()[1].begin == bytes.size() - 16);
  CHECK(file.tensors()[1].end == bytes.size());
}

TEST_CASE("metadata is no tensor", "[safetensors]") {
  const TemporaryFolder folder;
  write_file(folder / "metadata.safetensors",
             safetensors({{"w", "F32", {1, 1}, f32({1})}},
                         {{"format", "pt"}, {"dtype", "text"}, {"shape", "\n"}}));
  CHECK(names_of(SafetensorsFile(folder / "metadata.safetensors")) ==
        std::vector<std::string>{"w"});
  write_file(folder / "metadata.safetensors", safetensors("{\"__metadata__\":{}}"));
  CHECK(names_of(SafetensorsFile(folder / "metadata.safetensors")).empty());
}

TEST_CASE("empty tensors and empty files of tensors are sound", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "empty.safetensors";
  write_file(path, safetensors({{"a", "F32", {0, 5}, ""},
                                {"b", "F32", {1, 1}, f32({7})},
                                {"c", "F16", {3, 0}, ""},
                                {"d", "F64", {0}, ""}}));
  SafetensorsFile file(path);
  const auto rowless = file.read_matrix<float>("a");
  CHECK(rowless.rows() == 0);
  CHECK(rowless.cols() == 5);
  const auto columnless = file.read_matrix<float>("c");
  CHECK(columnless.rows() == 3);
  CHECK(columnless.cols() == 0);
  CHECK(file.read_matrix<float>("b")(0, 0) == 7);

  write_file(path, safetensors("{}"));
  CHECK(SafetensorsFile(path).tensors().empty());
  CHECK(read_safetensors_layers(path).empty());
}

TEST_CASE("headers may be padded, and may list tensors in any order", "[safetensors]") {
  const TemporaryFolder folder;
  write_file(folder / "order.safetensors",
             safetensors(R"({"b" : {"data_offsets":[4,8], "shape":[1,1], "dtype":"F32"},)"
                         "\n\t\r"
                         R"( "a":{"shape":[1,1],"dtype":"F32","data_offsets":[0,4]}}   )",
                         f32({1, 2})));
  const auto layers = read_safetensors_layers(folder / "order.safetensors");
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].weights(0, 0) == 1);
  CHECK(layers[1].weights(0, 0) == 2);
}

TEST_CASE("a type that is not read is named, with its tensor", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "types.safetensors";
  for (const std::string type : {"I64", "U64", "C64", "F4_OF_THE_FUTURE"}) {
    const std::string bytes = safetensors({{"steps", type, {1, 1}, eight_bytes}});
    write_file(path, bytes);
    CHECK(read_safetensors_layers(path).empty());
    const auto message = error_of([&] { SafetensorsFile(path).read_matrix<double>("steps"); });
    CAPTURE(message);
    CHECK(holds(message, "'steps'"));
    CHECK(holds(message, type));
    CHECK(byte_in(message, path) == static_cast<long long>(bytes.size()) - 8);
  }
}

TEST_CASE("asking for a name that is not there says so", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "names.safetensors";
  write_file(path, safetensors({{"w", "F32", {1, 1}, f32({1})}}));
  SafetensorsFile file(path);
  const std::string message = error_of([&] { file.read_matrix<float>("w\n2"); });
  CHECK(holds(message, "'w?2'"));
  CHECK(byte_in(message, path) == 8);
}

TEST_CASE("a file that cannot be opened is refused with its path and the reason", "[safetensors]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "directory");
  write_file(folder / "locked", "");
  std::filesystem::permissions(folder / "locked", std::filesystem::perms::none);
  std::filesystem::create_symlink("loop", folder / "loop");
  const auto message_for = [&](const std::string& name) {
    return error_of([&] { SafetensorsFile file(folder / name); });
  };
  const auto refusal = [&](const std::string& name, const std::string& why) {
    return (folder / name).string() + ": cannot be opened: " + why;
  };
  CHECK(message_for("missing") == refusal("missing", "no such file"));
  CHECK(message_for("directory/missing") == refusal("directory/missing", "no such file"));
  CHECK(message_for("directory") == refusal("directory", "not a file"));
  CHECK(holds(message_for("loop"), refusal("loop", "")));
  CHECK(message_for("loop").size() > refusal("loop", "").size());
  // No file is locked for root.
  if (!std::ifstream(folder / "locked")) {
    CHECK(message_for("locked") == refusal("locked", "Permission denied"));
  }
}

TEST_CASE("of another file it is said that it is no checkpoint, and what else", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "README.md";
  write_file(path, "# A title\n\nAnd some text.\n");
  CHECK(error_of([&] { SafetensorsFile file(path); }) ==
        path.string() + ", byte 0: not a safetensors file: no header in JSON stands at byte 8");
  write_file(path, "\x89HDF\r\n\x1a\n and more");
  CHECK(holds(error_of([&] { SafetensorsFile file(path); }),
              ", byte 0: not a safetensors file: it is an HDF5 file"));
  write_file(path, safetensors({{"w", "F32", {1, 1}, f32({1})}}).substr(0, 20));
  CHECK(holds(error_of([&] { SafetensorsFile file(path); }),
              ", byte 0: not a safetensors file, or "
              "its end is missing: its header would "
              "have "));
}

TEST_CASE("names and paths with line breaks give messages of one line", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "two\nlines\r\x1b[31m";
  write_file(path, safetensors({{"a\nb\r\x1b\x7f", "I64", {1, 1}, eight_bytes},
                                {"c", "line\nbreak", {1, 1}, eight_bytes},
                                {"d\n", "F32", {2}, eight_bytes}}));
  SafetensorsFile file(path);
  for (const auto& tensor : file.tensors()) {
    const std::string message = error_of([&] { file.read_matrix<float>(tensor); });
    CAPTURE(message);
    CHECK_FALSE(message.empty());
    CHECK_FALSE(std::regex_search(message, std::regex("[\\x01-\\x1f\\x7f]")));
  }
  for (const std::string header :
       {R"({"a\nb":{},"a\nb":{}})", R"({"a\nb":{}})", R"({"a":{"b\n":1}})",
        R"({"a\nb":{"dtype":"F32","shape":[9],"data_offsets":[0,8]}})"}) {
    write_file(path, safetensors(header, eight_bytes));
    const std::string message = error_of([&] { SafetensorsFile opened(path); });
    CAPTURE(message);
    CHECK_FALSE(message.empty());
    CHECK_FALSE(std::regex_search(message, std::regex("[\\x01-\\x1f\\x7f]")));
  }
}

TEST_CASE("a file that became shorter since it was opened is noticed", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "shrinking.safetensors";
  const std::string bytes =
      safetensors({{"w", "F32", {300, 300}, f32(std::vector<float>(90000, 1))}});
  write_file(path, bytes);
  SafetensorsFile file(path);
  std::filesystem::resize_file(path, bytes.size() - 4);
  CHECK(byte_in(error_of([&] { file.read_matrix<float>("w"); }), path) >= 8);
  CHECK(byte_in(error_of([&] { file.read_matrix<double>("w"); }), path) >= 8);
}

TEST_CASE("a file that ends early is refused", "[safetensors]") {
  const std::string sound = safetensors({{"w", "F32", {2, 2}, f32({1, 2, 3, 4})}});
  const auto data_begin = static_cast<long long>(sound.size()) - 16;
  std::vector<Broken> files;
  for (std::size_t size = 0; size < sound.size(); ++size) {
    const auto end = static_cast<long long>(size);
    const long long byte = end < 8 ? end : end < data_begin ? 0 : data_begin;
    files.push_back({std::to_string(size) + " bytes", sound.substr(0, size), byte, byte});
  }
  check_refused(files);
}

TEST_CASE("a header longer than the file is refused before anything is allocated",
          "[safetensors]") {
  std::vector<Broken> files;
  for (const std::uint64_t length :
       {std::uint64_t{3}, std::uint64_t{1} << 31, std::uint64_t{1} << 32, std::uint64_t{1} << 48,
        (std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 63,
        std::numeric_limits<std::uint64_t>::max() - 8,
        std::numeric_limits<std::uint64_t>::max() - 7, std::numeric_limits<std::uint64_t>::max()}) {
    files.push_back({std::to_string(length), little_endian(length, 8) + "{}", 0, 0});
  }
  check_refused(files);
}

TEST_CASE("a header that is not JSON is refused", "[safetensors]") {
  std::vector<Broken> files;
  for (const std::string header : {"",
                                   " ",
                                   "{",
                                   "}",
                                   "[]",
                                   "{}{}",
                                   "{} x",
                                   "{],",
                                   "text",
                                   "\"text\"",
                                   "1",
                                   "null",
                                   "{\"a\"}",
                                   "{\"a\":}",
                                   "{'a':{}}",
                                   "{\"a\":{},}",
                                   "{\"a\":{}",
                                   "{}/*comment*/",
                                   "{\"a\":NaN}",
                                   "{\"a\\x\":{}}",
                                   "{\"a\\ud800\":{}}",
                                   "{\"a\xff\":{}}",
                                   "{\"a\n\":{}}",
                                   "\xef\xbb\xbf{}"}) {
    files.push_back(in_header(header, header));
  }
  files.push_back(in_header("a NUL in the middle", std::string("{\"a\"\0:{}}", 9)));
  check_refused(files);
}

// The JSON parser takes a NUL for the end of its input, so that anything could hide behind one.
TEST_CASE("a header that goes on behind a NUL is refused", "[safetensors]") {
  check_refused({in_header("hidden text", std::string("{}\0 hidden", 10)),
                 in_header("a hidden tensor", std::string("{}\0{\"a\":{}}", 11)),
                 in_header("padding", std::string("{}\0\0\0", 5))});
}

TEST_CASE("properties that are missing, doubled, unknown or of the wrong kind are refused",
          "[safetensors]") {
  const std::string type = "\"dtype\":\"F32\"";
  const std::string shape = "\"shape\":[1,2]";
  const std::string offsets = "\"data_offsets\":[0,8]";
  const auto header = [](const std::string& first, const std::string& second,
                         const std::string& third) {
    return tensor_a(first + "," + second + "," + third);
  };
  // What the rest of this test breaks is sound by itself.
  const TemporaryFolder folder;
  write_file(folder / "sound", safetensors(header(type, shape, offsets), eight_bytes));
  REQUIRE_NOTHROW(SafetensorsFile(folder / "sound"));

  std::vector<std::string> headers{tensor_a(""),
                                   tensor_a(type + "," + shape),
                                   tensor_a(type + "," + offsets),
                                   tensor_a(shape + "," + offsets),
                                   tensor_a(type + "," + type + "," + shape + "," + offsets),
                                   tensor_a(type + "," + shape + "," + shape + "," + offsets),
                                   tensor_a(type + "," + shape + "," + offsets + "," + offsets),
                                   header(type, shape, offsets + ",\"strides\":[2,1]"),
                                   header(type, shape, offsets + ",\"\":{}")};
  for (const std::string value : {"1", "-1", "1.5", "true", "null", "[]", "[\"F32\"]", "{}"}) {
    headers.push_back(header("\"dtype\":" + value, shape, offsets));
  }
  for (const std::string value : {"2",        "\"1,2\"",   "null",
                                  "true",     "{}",        "{\"rows\":1}",
                                  "[[1,2]]",  "[1,[2]]",   "[1,-2]",
                                  "[-1,-2]",  "[1,2.0]",   "[1,2e0]",
                                  "[0.5,4]",  "[1,1e400]", "[1,18446744073709551616]",
                                  "[1,null]", "[1,\"2\"]", "[1,true]",
                                  "[1,{}]",   "[1,2"}) {
    headers.push_back(header(type, "\"shape\":" + value, offsets));
  }
  for (const std::string value : {"8",
                                  "\"0,8\"",
                                  "null",
                                  "false",
                                  "{}",
                                  "[]",
                                  "[0]",
                                  "[8]",
                                  "[0,8,8]",
                                  "[0,4,8]",
                                  "[[0,8]]",
                                  "[0,[8]]",
                                  "[-1,8]",
                                  "[0,-8]",
                                  "[0,8.0]",
                                  "[0.5,8]",
                                  "[0,8e0]",
                                  "[0,1e400]",
                                  "[0,18446744073709551624]",
                                  "[0,null]",
                                  "[0,\"8\"]"}) {
    headers.push_back(header(type, shape, "\"data_offsets\":" + value));
  }
  for (const std::string value : {"1", "-1", "1.5", "true", "null", "\"F32\"", "[]", "[{}]"}) {
    headers.push_back("{\"a\":" + value + "}");
    headers.push_back("{\"__metadata__\":" + value + "}");
    // Metadata maps text to text, and nothing else.
    if (value != "\"F32\"") headers.push_back("{\"__metadata__\":{\"a\":" + value + "}}");
  }
  headers.push_back("{\"__metadata__\":{\"a\":{}}}");
  std::vector<Broken> files;
  for (const auto& text : headers) files.push_back(in_header(text, text, eight_bytes));
  check_refused(files);
}

TEST_CASE("two tensors of one name are refused", "[safetensors]") {
  const std::string first = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  const std::string second = R"(:{"dtype":"F32","shape":[1],"data_offsets":[4,8]})";
  check_refused({in_header("twice", "{" + first + ",\"a\"" + second + "}", eight_bytes),
                 in_header("escaped", "{" + first + ",\"\\u0061\"" + second + "}", eight_bytes),
                 in_header("metadata", R"({"__metadata__":{},"__metadata__":{}})")});
}

TEST_CASE("an error in the header is located to the byte", "[safetensors]") {
  const std::string before = "{\"a\":{\"shape\":[" + std::string(1000, ' ');
  const auto at = static_cast<long long>(8 + before.size());
  for (const std::string token : {"-1", "1.5", "\"1\"", "x", "[", "{"}) {
    const auto end = at + static_cast<long long>(token.size()) + 1;
    check_refused({{token, safetensors(before + token + "," + std::string(1000, ' ')), at, end}});
  }
}

TEST_CASE("byte ranges with gaps, overlaps or bytes to spare are refused", "[safetensors]") {
  const auto header = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}";
  };
  check_refused({
      in_data("a gap at the start", header("[1,5]", "[5,9]"), std::string(9, 'x'), 0),
      in_data("a gap in the middle", header("[0,4]", "[5,9]"), std::string(9, 'x'), 4),
      in_data("bytes at the end", header("[0,4]", "[4,8]"), std::string(9, 'x'), 8),
      in_data("overlap by one byte", header("[0,4]", "[3,7]"), std::string(7, 'x'), 4),
      in_data("overlap, listed backwards", header("[3,7]", "[0,4]"), std::string(7, 'x'), 4),
      in_data("the same bytes twice", header("[0,4]", "[0,4]"), std::string(4, 'x'), 4),
      in_data("past the end", header("[0,4]", "[4,9]"), std::string(8, 'x'), 4),
      in_data("far past the end", header("[0,4]", "[9223372036854775808,9223372036854775812]"),
              std::string(8, 'x'), 8),
      in_data("backwards", header("[4,0]", "[4,8]"), std::string(8, 'x'), 4),
      in_data("a range that wraps around", header("[0,4]", "[18446744073709551615,3]"),
              std::string(4, 'x'), 4),
      in_data("bytes without a tensor", "{}", "x", 0),
      in_data("bytes with nothing but metadata", "{\"__metadata__\":{}}", "x", 0),
      in_data("an empty tensor inside another",
              R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
              R"("b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
              "xxxx", 4),
  });
}

TEST_CASE("shapes that do not fit their bytes are refused, also where the product overflows",
          "[safetensors]") {
  std::vector<Broken> files;
  // Sizes that wrap around to the number of bytes there is must not pass.
  for (const std::string shape :
       {"[]", "[1]", "[3]", "[1,3]", "[2,2]", "[0,2]", "[1,0]", "[4294967296,4294967296]",
        "[4611686018427387904,2]", "[4611686018427387905,2]", "[2,4611686018427387905]",
        "[9223372036854775809,2]", "[18446744073709551615,18446744073709551615]",
        "[18446744073709551615,1]", "[1,1,4294967296,4294967296,4294967296]"}) {
    files.push_back(in_data(
        shape, tensor_a(R"("dtype":"F32","data_offsets":[0,8],"shape":)" + shape), eight_bytes, 0));
  }
  for (const std::string shape : {"[4294967296,4294967296]", "[4611686018427387904,1]"}) {
    files.push_back(
        in_data(shape, tensor_a(R"("dtype":"F32","data_offsets":[0,0],"shape":)" + shape), "", 0));
  }
  check_refused(files);
}

TEST_CASE("an empty tensor of absurd extent cannot be read as a matrix", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "absurd.safetensors";
  for (const std::string shape :
       {"[0,18446744073709551615]", "[18446744073709551615,0]", "[9223372036854775808,0]"}) {
    CAPTURE(shape);
    write_file(path,
               safetensors(tensor_a(R"("dtype":"F64","data_offsets":[0,0],"shape":)" + shape)));
    std::string message;
    REQUIRE_NOTHROW(message = error_of([&] { read_safetensors_layers<float>(path); }));
    CHECK(byte_in(message, path) >= 8);
  }
}

TEST_CASE("nesting a million deep is refused at once", "[safetensors]") {
  constexpr int deep = 1'000'000;
  std::vector<Broken> files;
  for (const std::string start :
       {"", "{", "{\"a\":", "{\"a\":{\"shape\":", "{\"a\":{\"dtype\":", "{\"a\":{\"data_offsets\":",
        "{\"__metadata__\":", "{\"__metadata__\":{\"a\":"}) {
    for (const std::string nested : {"[", "{\"a\":", "{\"shape\":[", "{"}) {
      // Noticed near the start: the rest is not even looked at.
      files.push_back({start + nested, safetensors(start + repeated(nested, deep / 4)), 8, 100});
    }
  }
  files.push_back({"lists", safetensors(std::string(deep, '[')), 8, 8});
  files.push_back(
      {"lists in a shape", safetensors("{\"a\":{\"shape\":" + std::string(deep, '[')), 8, 100});
  check_refused(files);
}
