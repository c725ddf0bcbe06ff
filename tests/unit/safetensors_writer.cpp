// The checkpoint writer: what the reader, and the format's own rules, make of its files.
#include "../support/safetensors_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <dgp/io/safetensors.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

namespace {

using dgp::io::named_tensor;
using dgp::io::SafetensorsFile;
using dgp::io::write_safetensors;
using support::error_of;
using support::holds;
using support::little_endian;
using support::read_file;
using support::TemporaryFolder;

template <class Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Bit by bit: NaN and the sign of zero count.
template <class A, class B>
bool same_bits(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  using Scalar = typename A::Scalar;
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (Eigen::Index row = 0; row < a.rows(); ++row) {
    for (Eigen::Index col = 0; col < a.cols(); ++col) {
      const Scalar left = a.derived()(row, col);
      const Scalar right = b.derived()(row, col);
      if (std::memcmp(&left, &right, sizeof(Scalar)) != 0) return false;
    }
  }
  return true;
}

template <class Scalar>
support::Matrix<Scalar> numbers(support::Random& random, int rows, int cols) {
  return support::random_matrix<float>(random, support::Kind::heavy_tails, rows, cols)
      .template cast<Scalar>();
}

// The header's text, padding and all.
std::string header_of(const std::string& bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return bytes.substr(8, static_cast<std::size_t>(length));
}

std::size_t files_in(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

template <class Scalar>
void check_round_trip(const std::string& type) {
  const TemporaryFolder folder;
  const auto path = folder / "written.safetensors";
  support::Random random(11);
  auto matrix = numbers<Scalar>(random, 7, 5);
  matrix(0, 0) = std::numeric_limits<Scalar>::quiet_NaN();
  matrix(0, 1) = -Scalar(0);
  matrix(0, 2) = std::numeric_limits<Scalar>::infinity();
  matrix(0, 3) = std::numeric_limits<Scalar>::denorm_min();
  const RowMajor<Scalar> by_rows = matrix;
  const auto row = numbers<Scalar>(random, 1, 9);
  const Eigen::Matrix<Scalar, Eigen::Dynamic, 1> vector = matrix.col(1);
  write_safetensors(path, {named_tensor("columns", matrix), named_tensor("rows", by_rows),
                           named_tensor("flipped", matrix.transpose()),
                           named_tensor("block", matrix.block(1, 2, 4, 3)),
                           named_tensor("array", by_rows.array()), named_tensor("flat", row),
                           named_tensor("hollow", support::Matrix<Scalar>(0, 4)),
                           named_tensor("vector", vector), named_tensor("row", matrix.row(2))});
  SafetensorsFile file(path);
  REQUIRE(file.tensors().size() == 9);
  for (const auto& tensor : file.tensors()) {
    CAPTURE(tensor.name);
    CHECK(tensor.type == type);
    if (tensor.name == "vector") CHECK(tensor.shape == std::vector<std::uint64_t>{7});
    if (tensor.name == "row") CHECK(tensor.shape == std::vector<std::uint64_t>{5});
    if (tensor.name == "hollow") CHECK(tensor.shape == std::vector<std::uint64_t>{0, 4});
    if (tensor.shape.size() == 1) {
      const std::string bytes =
          read_file(path).substr(static_cast<std::size_t>(tensor.begin),
                                 static_cast<std::size_t>(tensor.end - tensor.begin));
      std::string expected;
      for (Eigen::Index i = 0; i < (tensor.name == "row" ? 5 : 7); ++i) {
        const Scalar value = tensor.name == "row" ? matrix(2, i) : vector(i);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof(Scalar));  // tests run on little-endian machines
        expected += little_endian(bits, sizeof(Scalar));
      }
      CHECK(bytes == expected);
    }
  }
  CHECK(same_bits(file.read_matrix<Scalar>("columns"), matrix));
  CHECK(same_bits(file.read_matrix<Scalar>("rows"), matrix));
  CHECK(same_bits(file.read_matrix<Scalar>("flipped"), matrix.transpose()));
  CHECK(same_bits(file.read_matrix<Scalar>("block"), matrix.block(1, 2, 4, 3)));
  CHECK(same_bits(file.read_matrix<Scalar>("array"), matrix));
  CHECK(same_bits(file.read_matrix<Scalar>("flat"), row));
}

}  // namespace

TEST_CASE("what is written is read back bit by bit", "[safetensors]") {
  check_round_trip<float>("F32");
  check_round_trip<double>("F64");
  check_round_trip<Eigen::half>("F16");
  check_round_trip<Eigen::bfloat16>("BF16");
}

TEST_CASE("a written file is the format's, byte by byte", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "written.safetensors";
  Eigen::Matrix<float, 2, 2> matrix;
  matrix << 1, 2, 3, 4;
  write_safetensors(path, {named_tensor("w", matrix), named_tensor("b", Eigen::Vector2f(5, -6))});
  std::string header = R"({"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                       R"("b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}})";
  while (header.size() % 8 != 0) header += ' ';
  CHECK(read_file(path) == support::safetensors(header, support::f32({1, 2, 3, 4, 5, -6})));
}

TEST_CASE("every tensor lies aligned, whatever the names' lengths", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "written.safetensors";
  support::Random random(3);
  for (std::size_t length = 1; length <= 9; ++length) {
    CAPTURE(length);
    write_safetensors(path, {named_tensor("half", numbers<Eigen::half>(random, 1, 3)),
                             named_tensor(std::string(length, 'x'), numbers<float>(random, 3, 1)),
                             named_tensor("double", numbers<double>(random, 2, 1)),
                             named_tensor("float", numbers<float>(random, 1, 1))});
    CHECK(header_of(read_file(path)).size() % 8 == 0);
    const SafetensorsFile file(path);
    REQUIRE(file.tensors().size() == 4);
    for (const auto& tensor : file.tensors()) {
      CAPTURE(tensor.name);
      CHECK(tensor.begin % (tensor.type == "F64" ? 8 : tensor.type == "F32" ? 4 : 2) == 0);
    }
  }
}

TEST_CASE("names may be anything in UTF-8, once each", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "written.safetensors";
  const std::vector<std::string> names{"größe.层", "a \"quoted\\ name\"", "two\nlines", ""};
  std::vector<dgp::io::NamedTensor> tensors;
  for (const auto& name : names) tensors.push_back(named_tensor(name, Eigen::Vector2f(1, 2)));
  write_safetensors(path, tensors);
  const SafetensorsFile file(path);
  CHECK(file.tensors().size() == names.size());
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK(std::any_of(file.tensors().begin(), file.tensors().end(),
                      [&](const auto& tensor) { return tensor.name == name; }));
  }

  const std::string before = read_file(path);
  for (const std::string name : {"two\nlines", "__metadata__", "\xff"}) {
    CAPTURE(name);
    auto wrong = tensors;
    wrong.push_back(named_tensor(name, Eigen::Vector2f(1, 2)));
    const auto message = error_of<std::invalid_argument>([&] { write_safetensors(path, wrong); });
    CHECK_FALSE(message.empty());
    CHECK_FALSE(holds(message, "\n"));
    CHECK(read_file(path) == before);
  }
}

TEST_CASE("tensors of other types, or with too few or too many bytes, are not written",
          "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  const auto sound = named_tensor("sound", Eigen::Vector2f(1, 2));
  for (const dgp::io::NamedTensor& wrong :
       {dgp::io::NamedTensor{"w", "I64", {2}, std::string(16, '\0')},
        dgp::io::NamedTensor{"w", "I64", {}, ""},
        dgp::io::NamedTensor{"w", "f32", {2}, std::string(8, '\0')},
        dgp::io::NamedTensor{"w", "F32", {2, 3}, std::string(23, '\0')},
        dgp::io::NamedTensor{"w", "F32", {2, 3}, std::string(25, '\0')},
        dgp::io::NamedTensor{"w", "F16", {2, 3}, std::string(24, '\0')},
        dgp::io::NamedTensor{"w", "BF16", {0}, std::string(2, '\0')}}) {
    CAPTURE(wrong.type, wrong.shape, wrong.bytes.size());
    CHECK(error_of<std::invalid_argument>([&] {
            write_safetensors(path, {sound, wrong});
          }) ==
          "tensor 'w' is not of type F16, BF16, F32 or F64, or its bytes do not fill its shape");
    CHECK(files_in(folder / "") == 0);
  }
}

TEST_CASE("no tensors make a file without any", "[safetensors]") {
  const TemporaryFolder folder;
  write_safetensors(folder / "none.safetensors", {});
  CHECK(SafetensorsFile(folder / "none.safetensors").tensors().empty());
}

TEST_CASE("a file is replaced whole, or stays as it was", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  support::write_file(path, "an older file, longer than the new one" + std::string(1000, '.'));
  write_safetensors(path, {named_tensor("w", Eigen::Vector2f(1, 2))});
  CHECK(SafetensorsFile(path).tensors().size() == 1);
  CHECK(files_in(folder / "") == 1);

  std::filesystem::create_directory(folder / "directory");
  support::write_file(folder / "directory" / "inside", "");
  for (const auto& wrong : {folder / "missing" / "model.safetensors", folder / "directory"}) {
    const auto message =
        error_of([&] { write_safetensors(wrong, {named_tensor("w", Eigen::Vector2f(1, 2))}); });
    CHECK(holds(message, wrong.string() + ": "));
  }
  CHECK(files_in(folder / "") == 2);
}

TEST_CASE("a device that is full is an error", "[safetensors]") {
  if (!std::filesystem::exists("/dev/full")) return;
  const TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  std::filesystem::create_symlink("/dev/full", path);
  const auto message = error_of(
      [&] { write_safetensors(path, {named_tensor("w", Eigen::VectorXd::Zero(100000).eval())}); });
  CHECK(holds(message, path.string() + ", byte 0: "));
  CHECK(std::filesystem::is_symlink(path));
  CHECK(files_in(folder / "") == 1);
}
