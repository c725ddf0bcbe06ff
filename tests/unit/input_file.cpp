// What the readers of all formats share: reading bytes, and shapes as matrices.
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/tensor_info.hpp>

#include "../support/catch.hpp"

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
