// The reader of .npy files: what sound files hold, and what is said of broken ones.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/npy.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/npy_writer.hpp"

namespace {

using dgp::io::read_npy;
using dgp::io::read_npy_layers;
using support::byte_in;
using support::error_of;
using support::f32;
using support::f64;
using support::holds;
using support::little_endian;
using support::npy;
using support::npy_header;
using support::TemporaryFolder;
using support::write_file;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string big_endian(const std::vector<std::uint64_t>& patterns, std::size_t width) {
  std::string bytes;
  for (const std::uint64_t pattern : patterns) {
    const std::string ascending = little_endian(pattern, width);
    bytes.append(ascending.rbegin(), ascending.rend());
  }
  return bytes;
}

// The numbers of a type as bit patterns, and their values, which float holds too.
struct Numbers {
  std::string type;  // without the order of bytes
  std::vector<std::uint64_t> patterns;
  std::vector<double> values;
};

const std::vector<Numbers> all_types{
    {"b1", {0, 1, 2, 255}, {0, 1, 1, 1}},
    {"i1", {0, 0x7f, 0x80, 0xff}, {0, 127, -128, -1}},
    {"u1", {0, 0x7f, 0x80, 0xff}, {0, 127, 128, 255}},
    {"i2", {0x0102, 0x7fff, 0x8000, 0xffff}, {258, 32767, -32768, -1}},
    {"u2", {0x0102, 0x7fff, 0x8000, 0xffff}, {258, 32767, 32768, 65535}},
    {"i4", {0x010203, 0x80000000, 0xfffffffe}, {66051, -0x1p31, -2}},
    {"u4", {0x010203, 0x80000000, 0xffffff00}, {66051, 0x1p31, 4294967040.0}},
    {"i8", {0x010203, 0x8000000000000000, 0xfffffffffffffffe}, {66051, -0x1p63, -2}},
    {"u8", {0x010203, 0x8000000000000000, 0xffffff0000000000}, {66051, 0x1p63, 0xffffffp40}},
    {"f2", {0x0001, 0x3c00, 0xc100, 0x7bff, 0xfc00}, {0x1p-24, 1, -2.5, 65504, -infinity}},
    {"f4", {0x00000001, 0x3f800000, 0xc0200000, 0x7f7fffff}, {0x1p-149, 1, -2.5, 0xffffffp104}},
    {"f8",
     {0x3ff0000000000000, 0xc004000000000000, 0x3fd5555540000000, 0x7ff0000000000000},
     {1, -2.5, 0x555555p-24, infinity}}};

template <class Scalar>
void check_values(const std::string& bytes, const std::vector<double>& expected) {
  const TemporaryFolder folder;
  write_file(folder / "values.npy", bytes);
  const auto array = read_npy<Scalar>(folder / "values.npy");
  CHECK(array.shape == std::vector<std::size_t>{expected.size()});
  REQUIRE(array.values.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(array.values[i] == static_cast<Scalar>(expected[i]));
  }
}

// A file that is broken in one way, and the byte that its message must point at.
struct Broken {
  std::string bytes;
  std::size_t byte;
  std::string word;  // that the message must hold
};

void check_refused(const std::vector<Broken>& files) {
  const TemporaryFolder folder;
  const auto path = folder / "broken.npy";
  for (const auto& file : files) {
    write_file(path, file.bytes);
    CAPTURE(file.bytes.substr(0, 200), file.word);
    std::string message;
    REQUIRE_NOTHROW(message = error_of([&] { read_npy(path); }));
    CAPTURE(message);
    CHECK(byte_in(message, path) == static_cast<long long>(file.byte));
    CHECK(holds(message, file.word));
  }
}

// A header that is broken: `before` is what comes ahead of the byte that the message must name.
Broken in_header(const std::string& before, const std::string& after,
                 const std::string& word = "") {
  return {npy(before + after, ""), 10 + before.size(), word};
}

// A sound header whose array the file does not hold, with eight bytes behind it.
Broken in_data(const std::string& type, const std::string& shape, const std::string& word) {
  const std::string header = npy_header(type, shape);
  return {npy(header, std::string(8, '\0')), 10 + header.size(), word};
}

}  // namespace

TEMPLATE_TEST_CASE("numbers of every type are read in both orders of bytes", "[npy]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  for (const auto& [type, patterns, values] : all_types) {
    CAPTURE(type);
    const std::size_t width = static_cast<std::size_t>(type[1] - '0');
    const std::string shape = "(" + std::to_string(values.size()) + ",)";
    const std::string little = little_endian(patterns, width);
    check_values<TestType>(npy(npy_header("<" + type, shape), little), values);
    check_values<TestType>(npy(npy_header(">" + type, shape), big_endian(patterns, width)), values);
    if (width == 1) check_values<TestType>(npy(npy_header("|" + type, shape), little), values);
  }
}

TEST_CASE("types are read in every spelling that numpy.dtype takes", "[npy]") {
  const bool little = std::endian::native == std::endian::little;
  const std::map<std::string, std::vector<std::string>> spellings{
      {"b1", {"?", "bool"}},
      {"i1", {"b", "int8"}},
      {"u1", {"B", "uint8"}},
      {"i2", {"h", "short", "int16"}},
      {"u2", {"H", "uint16"}},
      {"i4", {"i", "intc", "int32"}},
      {"u4", {"I", "uint32"}},
      {"i8", {"q", "l", "int", "int64"}},
      {"u8", {"Q", "L", "uint", "uint64"}},
      {"f2", {"e", "half", "float16"}},
      {"f4", {"f", "single", "float32"}},
      {"f8", {"d", "double", "float", "float64"}}};
  for (const auto& [type, patterns, values] : all_types) {
    const std::size_t width = static_cast<std::size_t>(type[1] - '0');
    const std::string shape = "(" + std::to_string(values.size()) + ",)";
    std::vector<std::string> native{type, "=" + type, "|" + type};
    for (const auto& name : spellings.at(type)) {
      native.push_back(name);
      CAPTURE(name);
      check_values<double>(npy(npy_header(">" + name, shape), big_endian(patterns, width)), values);
    }
    for (const auto& name : native) {
      CAPTURE(name);
      check_values<double>(npy(npy_header(name, shape), little ? little_endian(patterns, width)
                                                               : big_endian(patterns, width)),
                           values);
    }
  }
}

TEST_CASE("NaN is read as NaN", "[npy]") {
  const TemporaryFolder folder;
  write_file(folder / "nan.npy", npy(npy_header(">f8", "()"), big_endian({0x7ff8000000000000}, 8)));
  CHECK(std::isnan(read_npy<double>(folder / "nan.npy").values.at(0)));
  CHECK(std::isnan(read_npy<float>(folder / "nan.npy").values.at(0)));
}

TEST_CASE("arrays are handed out row by row, however they are stored", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "order.npy";
  write_file(path, npy(npy_header("<f4", "(2, 3)"), f32({1, 2, 3, 4, 5, 6})));
  CHECK(read_npy(path).values == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(read_npy_layers(path).at(0).weights(0, 2) == 3);
  write_file(path, npy(npy_header("<f4", "(2, 3)", true), f32({1, 2, 3, 4, 5, 6})));
  CHECK(read_npy(path).values == std::vector<float>{1, 3, 5, 2, 4, 6});
  CHECK(read_npy_layers(path).at(0).weights(0, 2) == 5);

  write_file(path, npy(npy_header("<f4", "(2, 1, 2, 2)", true), f32({0, 1, 2, 3, 4, 5, 6, 7})));
  CHECK(read_npy(path).shape == std::vector<std::size_t>{2, 1, 2, 2});
  CHECK(read_npy(path).values == std::vector<float>{0, 4, 2, 6, 1, 5, 3, 7});
}

TEST_CASE("an array longer than the part read at once is read whole", "[npy]") {
  constexpr std::size_t rows = 301;
  constexpr std::size_t cols = 437;
  std::vector<float> values(rows * cols);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const TemporaryFolder folder;
  const auto path = folder / "long.npy";
  write_file(path, npy(npy_header("<f4", "(301, 437)"), f32(values)));
  CHECK(read_npy(path).values == values);
  write_file(path, npy(npy_header("<f4", "(437, 301)", true), f32(values)));
  const auto transposed = read_npy_layers<double>(path).at(0).weights;
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  CHECK(transposed.transpose().cast<float>() ==
        Eigen::Map<RowMajor>(values.data(), static_cast<Eigen::Index>(rows),
                             static_cast<Eigen::Index>(cols)));
}

TEST_CASE("headers of every version and of other makers are read", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "header.npy";
  const std::string data = f32({1, 2, 3, 4, 5, 6});
  const std::string usual = npy_header("<f4", "(2, 3)");
  for (const std::string& file :
       {npy(usual, data, 1), npy(usual, data, 2), npy(usual, data, 3),
        npy(usual + std::string(60000, ' ') + "\n", data, 2),
        npy("{'shape':(2,3),'fortran_order':False,'descr':'<f4'}", data),
        npy("\n{ \"shape\" : ( 2 , 3 , ) , 'fortran_order' : False, \"descr\" : \"<f4\" , } \n",
            data),
        npy(npy_header("<f4", "(2L, 3L)"), data),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \r\n", data),
        npy("{\t'descr':\t'<f4',\r\n'fortran_order': False,\f'shape': (2,\t3), }\n", data),
        npy("{u'descr': b'<f4', u'fortran_order': False, \"shape\": (2, 3)}", data)}) {
    CAPTURE(file.substr(0, 100));
    write_file(path, file);
    CHECK(read_npy(path).shape == std::vector<std::size_t>{2, 3});
    CHECK(read_npy(path).values == std::vector<float>{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("matrices and kernels are layers named after their file; other arrays are none",
          "[npy]") {
  const TemporaryFolder folder;
  write_file(folder / "layers.0.weight.npy", npy(npy_header("<f8", "(1, 2)"), f64({1, 2})));
  const auto layers = read_npy_layers<double>(folder / "layers.0.weight.npy");
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].name == "layers.0.weight");
  CHECK(layers[0].weights == Eigen::RowVector2d(1, 2));

  const auto path = folder / "other.npy";
  write_file(path, npy(npy_header("<f8", "()"), f64({7})));
  CHECK(read_npy(path).shape.empty());
  CHECK(read_npy(path).values == std::vector<float>{7});
  for (const std::string shape : {"()", "(1,)", "(1, 1, 1)", "(1, 1, 1, 1, 1, 1)"}) {
    write_file(path, npy(npy_header("<f8", shape), f64({7})));
    CHECK(read_npy_layers(path).empty() == (shape != "(1, 1, 1)"));
    dgp::io::NpyFile file(path);
    CHECK(byte_in(error_of([&] { file.read_matrix<float>(file.tensors()[0]); }), path) > 10);
  }
}

TEST_CASE("empty arrays are sound, unless no matrix has so many rows", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "empty.npy";
  for (const bool column_major : {false, true}) {
    write_file(path, npy(npy_header("<f4", "(0, 5)", column_major), ""));
    CHECK(read_npy_layers(path).at(0).weights.cols() == 5);
    write_file(path, npy(npy_header("<f4", "(18446744073709551615, 0)", column_major), ""));
    CHECK(read_npy(path).values.empty());
    CHECK(byte_in(error_of([&] { read_npy_layers(path); }), path) > 10);
  }
}

TEST_CASE("a .npy file that lacks its end is refused at every length", "[npy]") {
  std::vector<Broken> files;
  for (const int version : {1, 2}) {
    const std::string whole = npy(npy_header("<f4", "(2, 3)"), f32({1, 2, 3, 4, 5, 6}), version);
    const std::size_t header = version == 1 ? 10 : 12;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // At its end; at the length that the header claims; or where the values start.
      const std::size_t byte = size < header              ? size
                               : size < whole.size() - 24 ? 8
                                                          : whole.size() - 24;
      files.push_back({whole.substr(0, size), byte, ""});
    }
    files.push_back({whole + "x", whole.size() - 24, "needs 24 bytes, but has 25"});
  }
  check_refused(files);
}

TEST_CASE("what does not start like a .npy file is refused", "[npy]") {
  const std::string whole = npy(npy_header("<f4", "(1,)"), f32({1}));
  auto with = [&](std::size_t at, const std::string& text) {
    return std::string(whole).replace(at, text.size(), text);
  };
  check_refused({{with(0, "\x94"), 0, "not a .npy file"},
                 {with(5, "Z"), 0, "not a .npy file"},
                 {with(6, std::string("\0", 1)), 6, "version 0.0"},
                 {with(6, "\x04"), 6, "version 4.0"},
                 {with(7, "\x01"), 6, "version 1.1"},
                 {with(8, "\xff\xff"), 8, "a header of 65535 bytes"},
                 {npy(std::string(70000, ' '), "", 2), 8, "a header of 70000 bytes"},
                 {with(8, "\x01").replace(6, 1, "\x02"), 8, "bytes"}});
  const TemporaryFolder folder;
  const auto missing = folder / "missing.npy";
  CHECK(error_of([&] { read_npy(missing); }) ==
        missing.string() + ": cannot be opened: no such file");
  CHECK(error_of([&] { read_npy(folder / ""); }) ==
        (folder / "").string() + ": cannot be opened: not a file");
}

TEST_CASE("a header that is not NumPy's dictionary is refused where it goes wrong", "[npy]") {
  const std::string type = "'descr': '<f4', ";
  const std::string order = "'fortran_order': False, ";
  const std::string shape = "'shape': (2, 3)";
  check_refused({
      in_header("", "", "dictionary"),
      in_header("  ", "[" + type + order + shape + "]", "dictionary"),
      in_header("{}", "", "lacks one of"),
      in_header("{" + type + order + "}", "", "lacks one of"),
      in_header("{" + type + order + shape, "", "dictionary"),
      in_header("{" + type + order + shape + "} ", "x", "text after"),
      in_header("{" + type + order + shape + "}", std::string(1, '\0'), "text after"),
      in_header("{" + type + order + shape + ", 'shape'", ": (6,)}", "stands twice"),
      in_header("{" + type + order + shape + ", 'strides':", " (1,)}", "unknown property"),
      in_header("{" + type + order, "shape: (2, 3)}", "string"),
      in_header("{", "descr: '<f4'}", "string"),
      in_header("{", "'descr", "string"),
      in_header("{'descr': ", "'<f4\\x00'}", "escape"),
      in_header("{'descr': ", "'<f4\"}", "string"),
      in_header("{'descr': ", "4}", "string"),
      in_header("{'descr' ", "'<f4'}", "':' is missing"),
      in_header("{'descr': '<f4' ", "'shape': (2, 3)}", "'}' is missing"),
      in_header("{'descr': [('a', '<f4')", "", "list"),
      in_header("{'fortran_order': ", "0}", "True nor False"),
      in_header("{'fortran_order': ", "false}", "True nor False"),
      in_header("{'shape': ", "2}", "'(' is missing"),
      in_header("{'shape': ", "[2, 3]}", "'(' is missing"),
      in_header("{'shape': (2", ")}", "comma"),
      in_header("{'shape': (2 ", "3)}", "comma"),
      in_header("{'shape': (2, 3 ", "4)}", "')' is missing"),
      in_header("{'shape': (", ",)}", "whole number"),
      in_header("{'shape': (2, ", ", 3)}", "whole number"),
      in_header("{'shape': (", "-1, 2)}", "whole number"),
      in_header("{'shape': (2", ".0, 2)}", "comma"),
      in_header("{'shape': (", "None, 2)}", "whole number"),
      in_header("{'shape': (1844674407370955161", "6,)}", "64 bits"),
      in_header("{'shape': (9999999999999999999", "99999999,)}", "64 bits"),
      in_header("{'shape': (2, ", "", "whole number"),
  });
  std::string many = "{'shape': (";
  for (int d = 0; d < 64; ++d) many += "1,";
  check_refused({in_header(many, "1)}", "more than 64 dimensions")});
}

TEST_CASE(
    "arrays whose shapes do not fit their bytes are refused, also where the product overflows",
    "[npy]") {
  std::vector<Broken> files;
  for (const std::string shape :
       {"()", "(1,)", "(3,)", "(1, 3)", "(0, 2)", "(2, 0)", "(18446744073709551615, 0)"}) {
    files.push_back(in_data("<f4", shape, " bytes, but has 8"));
  }
  for (const std::string shape :
       {"(4294967296, 4294967296)", "(4294967297, 4294967296)", "(4611686018427387904, 2)",
        "(4611686018427387905, 2)", "(2, 4611686018427387905)", "(18446744073709551615,)",
        "(1, 1, 4294967296, 4294967296, 4294967296)"}) {
    files.push_back(in_data("<f4", shape, "impossible shape"));
  }
  files.push_back(in_data("|u1", "(9223372036854775807,)", "needs 9223372036854775807 bytes"));
  check_refused(files);
}

TEST_CASE("arrays of no numbers are named and refused", "[npy]") {
  std::vector<Broken> files;
  for (const std::string type :
       {"<c8",  "<c16", "<f16", "<U2", "|S8",  "<M8[s]", "|V8", "",        "<",         "==f4",
        "<<f4", "<f3",  "<i3",  "<b2", "<f44", " <f4",   "<F4", "float48", "complex64", "str"}) {
    files.push_back(in_data(type, "(1,)", "(" + type + ", shape [1])"));
  }
  files.push_back(in_data("|O", "(1,)", "Python objects"));
  const std::string structured = "[('a', '<f4'), ('b]', '<i2', (2,))]";
  const std::string header =
      "{'descr': " + structured + ", 'fortran_order': False, 'shape': (1,), }";
  files.push_back({npy(header, std::string(8, '\0')), 10 + header.size(), structured});
  check_refused(files);
}

TEST_CASE("a list nested sixty thousand deep is refused like any other", "[npy]") {
  const std::string header = "{'descr': " + std::string(60000, '[');
  check_refused({{npy(header, ""), 10 + header.size(), "list"}});
}
