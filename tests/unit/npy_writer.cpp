// The writer of .npy files: the very bytes that are written, and what is said where they cannot be.
#include "../support/npy_writer.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <string>

#include <Eigen/Core>

#include <dgp/io/npy.hpp>
#include <dgp/io/npy_writer.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

namespace {

using dgp::io::write_npy;
using support::byte_in;
using support::error_of;
using support::f32;
using support::TemporaryFolder;
using support::write_file;

// Takes a few bytes, then no more.
class FullBuffer : public std::streambuf {
 public:
  explicit FullBuffer(int room) : room_(room) {}

 protected:
  int overflow(int c) override { return room_-- > 0 ? c : traits_type::eof(); }

 private:
  int room_;
};

}  // namespace

TEST_CASE("a matrix is written as NumPy writes it", "[npy]") {
  Eigen::MatrixXf matrix(2, 3);
  matrix << 1, 2, 3, 4, 5, 6;
  std::ostringstream out;
  write_npy(out, matrix);
  // What numpy.save makes of it.
  const std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + std::string(58, ' ') + "\n";
  CHECK(out.str() ==
        std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + f32({1, 2, 3, 4, 5, 6}));
}

TEST_CASE("the values of any shape start at a multiple of 64 bytes", "[npy]") {
  for (Eigen::Index cols = 1; cols < 1'000'000'000'000; cols *= 10) {
    std::ostringstream out;
    write_npy(out, Eigen::MatrixXd(0, cols));
    CHECK(out.str().size() % 64 == 0);
    CHECK(out.str().back() == '\n');
    CHECK(out.str().size() == std::size_t{10} + static_cast<unsigned char>(out.str()[8]));
  }
}

TEST_CASE("expressions of every type come back as they were", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "written.npy";
  Eigen::MatrixXd matrix(3, 2);
  matrix << 0.1, -2, 1e-300, 4, 0x1p-1074, 1e300;
  const auto back = [&] {
    dgp::io::NpyFile file(path);
    return file.read_matrix<double>(file.tensors().at(0));
  };
  const auto type = [&] { return dgp::io::NpyFile(path).tensors().at(0).type; };
  write_npy(path, matrix);
  CHECK(back() == matrix);
  CHECK(type() == "<f8");
  write_npy(path, matrix.transpose());
  CHECK(back() == matrix.transpose());
  write_npy(path, matrix.block(1, 1, 2, 1));
  CHECK(back() == Eigen::Vector2d(4, 1e300));
  write_npy(path, (matrix.array() * 2).topRows(1));
  CHECK(back() == Eigen::RowVector2d(0.2, -4));
  write_npy(path, matrix.topRows(1).cast<float>());
  CHECK(back() == Eigen::RowVector2f(0.1F, -2).cast<double>());
  CHECK(type() == "<f4");
  write_npy(path, Eigen::RowVector2f(0.5F, -2).cast<Eigen::half>());
  CHECK(back() == Eigen::RowVector2d(0.5, -2));
  CHECK(type() == "<f2");
  write_npy(path, Eigen::Matrix<std::int64_t, 1, 2>(-3, 1 << 30));
  CHECK(back() == Eigen::RowVector2d(-3, 1 << 30));
  CHECK(type() == "<i8");
  write_npy(path, Eigen::Matrix<std::uint8_t, 1, 2>(3, 255));
  CHECK(back() == Eigen::RowVector2d(3, 255));
  CHECK(type() == "|u1");
  write_npy(path, matrix.array() > 1);
  CHECK(back().sum() == 2);
  CHECK(type() == "|b1");
}

TEST_CASE("a matrix that cannot be written is an error", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "no such folder" / "w.npy";
  CHECK(support::holds(error_of([&] { write_npy(path, Eigen::MatrixXf::Ones(2, 2)); }),
                       path.string() + ": cannot be opened for writing"));
  for (const int room : {0, 5, 100, 143}) {
    FullBuffer buffer(room);
    std::ostream out(&buffer);
    CHECK_FALSE(error_of([&] { write_npy(out, Eigen::Matrix2f::Ones()); }).empty());
  }
  FullBuffer buffer(144);
  std::ostream out(&buffer);
  CHECK(error_of([&] { write_npy(out, Eigen::Matrix2f::Ones()); }).empty());
  if (std::filesystem::exists("/dev/full")) {
    // One that a buffer holds until the file is closed, and one that no buffer holds.
    for (const Eigen::Index size : {2, 100}) {
      CHECK(byte_in(error_of([&] { write_npy("/dev/full", Eigen::MatrixXf::Ones(size, size)); }),
                    "/dev/full") >= 0);
    }
  }
}

#if __has_include(<sys/resource.h>)
TEST_CASE("where a file can grow no more, the error says how far it came", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "w.npy";
  write_file(path, "older");
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const Eigen::MatrixXf ones = Eigen::MatrixXf::Ones(100, 100);
  // The first product starts OpenMP, whose own files must not meet the limit.
  REQUIRE((ones * ones).sum() == 1e6F);
  for (const long long room : {0, 1000, 20000}) {
    // 40128 bytes, and as an expression that is evaluated first.
    for (const bool product : {false, true}) {
      rlimit limit = before;
      limit.rlim_cur = static_cast<rlim_t>(room);
      const auto handler = std::signal(SIGXFSZ, SIG_IGN);
      setrlimit(RLIMIT_FSIZE, &limit);
      const std::string message =
          error_of([&] { product ? write_npy(path, ones * ones) : write_npy(path, ones); });
      setrlimit(RLIMIT_FSIZE, &before);
      std::signal(SIGXFSZ, handler);
      CAPTURE(room, product, message);
      CHECK(byte_in(message, path) == room);
      CHECK(support::read_file(path) == "older");
      CHECK(std::distance(std::filesystem::directory_iterator(folder / ""),
                          std::filesystem::directory_iterator()) == 1);
    }
  }
}
#endif
