// What the readers of all formats share: reading bytes, and shapes as matrices.
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <utility>

#include <Eigen/Core>

#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/npy.hpp>
#include <dgp/io/safetensors.hpp>
#include <dgp/io/tensor_info.hpp>
#ifdef DGP_WITH_NPZ
#include <dgp/io/npz.hpp>
#include <dgp/io/pytorch.hpp>
#endif

#include "../support/catch.hpp"
#include "../support/npy_writer.hpp"
#ifdef DGP_WITH_NPZ
#include "../support/pytorch_writer.hpp"
#endif
#include "../support/safetensors_writer.hpp"

TEST_CASE("a file is read on after a read past its end", "[io]") {
  const auto path = std::filesystem::temp_directory_path() / "dgp-test-input-file";
  std::ofstream(path, std::ios::binary) << "abcd";
  {
    dgp::io::detail::InputFile file(path);
    std::array<char, 4> bytes{};
    CHECK_THROWS_AS(file.read(2, bytes.data(), 4), std::runtime_error);
    file.read(0, bytes.data(), 4);
    CHECK(std::string(bytes.data(), 4) == "abcd");
  }
  std::filesystem::remove(path);
}

TEST_CASE("a pipe is read to its end, and then anywhere", "[io]") {
  const support::TemporaryFolder folder;
  const auto path = folder / "pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::string bytes(3'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
  std::jthread writer([&] { support::write_file(path, bytes); });
  dgp::io::detail::InputFile file(path);
  CHECK(file.is_pipe());
  CHECK(file.size() == bytes.size());
  CHECK(file.start() == bytes.substr(0, file.start().size()));
  std::string end(1000, '\0');
  file.read(bytes.size() - end.size(), end.data(), end.size());
  CHECK(end == bytes.substr(bytes.size() - end.size()));
  file.read(0, end.data(), end.size());
  CHECK(end == bytes.substr(0, end.size()));
  CHECK_THROWS_AS(file.read(bytes.size() - 999, end.data(), end.size()), std::runtime_error);
  CHECK_THROWS_AS(file.read(bytes.size() + 1, end.data(), 0), std::runtime_error);
}

TEST_CASE("checkpoints are read from pipes as from files", "[io]") {
  const support::TemporaryFolder folder;
  const auto path = folder / "pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const auto through_pipe = [&](const std::string& bytes, const auto& read) {
    std::jthread writer([&] { support::write_file(path, bytes); });
    const Eigen::MatrixXf weights = read();
    CHECK(weights == Eigen::RowVector2f(3, 4));
  };
  const std::string array = support::npy_of_floats(1, 2, support::f32({3, 4}));
  through_pipe(support::safetensors({{"w", "F32", {1, 2}, support::f32({3, 4})}}),
               [&] { return dgp::io::read_safetensors_layers(path).at(0).weights; });
  through_pipe(array, [&] { return dgp::io::read_npy_layers(path).at(0).weights; });
#ifdef DGP_WITH_NPZ
  through_pipe(support::archive({support::deflated("w.npy", array)}), [&] {
    dgp::io::NpzFile file(path);
    dgp::io::NpzFile moved(std::move(file));
    return moved.read_matrix<float>(moved.tensors().at(0));
  });
  {
    using namespace support::pickle;
    const std::string state = dictionary({{text("w"), matrix("Float", "0", 1, 2)}});
    through_pipe(support::pytorch(state, {{"0", support::f32({3, 4})}}),
                 [&] { return dgp::io::read_pytorch_layers(path).at(0).weights; });
  }
#endif
}

namespace {

struct Source {
  [[noreturn]] void fail(std::uint64_t, const std::string& what) const {
    throw std::runtime_error(what);
  }
};

}  // namespace

TEST_CASE("extents up to the largest index are shapes, no more", "[io]") {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<dgp::Index>::max());
  const auto shape = [](std::uint64_t rows, std::uint64_t cols) {
    return dgp::io::detail::shape_by_rows(Source{}, {"w", "F32", {rows, cols}, 0, 0});
  };
  CHECK(shape(most, 0).rows == std::numeric_limits<dgp::Index>::max());
  CHECK(shape(0, most).cols == std::numeric_limits<dgp::Index>::max());
  CHECK_THROWS_AS(shape(most + 1, 0), std::runtime_error);
  CHECK_THROWS_AS(shape(0, most + 1), std::runtime_error);
}
