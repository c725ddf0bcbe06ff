// The reader of IDX files: what sound files hold, and what is said of broken ones.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <dgp/io/idx.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/idx_writer.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using dgp::io::read_idx;
using support::byte_in;
using support::error_of;
using support::holds;
using support::idx;
using support::TemporaryFolder;
using support::write_file;

void check_refused(const std::string& bytes, long long byte, const std::string& word) {
  const TemporaryFolder folder;
  const auto path = folder / "broken-idx3-ubyte";
  write_file(path, bytes);
  std::string message;
  REQUIRE_NOTHROW(message = error_of([&] { read_idx(path); }));
  CAPTURE(message, word);
  CHECK(byte_in(message, path) == byte);
  CHECK(holds(message, word));
}

}  // namespace

TEST_CASE("arrays of bytes of any number of dimensions are read", "[idx]") {
  const TemporaryFolder folder;
  const auto path = folder / "idx";
  write_file(path, idx({2, 1, 3}, std::string("\x00\x01\x7f\x80\xff\x02", 6)));
  CHECK(read_idx(path).shape == std::vector<std::size_t>{2, 1, 3});
  CHECK(read_idx(path).values == std::vector<std::uint8_t>{0, 1, 127, 128, 255, 2});
  write_file(path, idx({258}, std::string(258, 'a')));
  CHECK(read_idx(path).values == std::vector<std::uint8_t>(258, 'a'));
  write_file(path, idx({4294967295, 4294967295, 4294967295, 0}, ""));
  CHECK(read_idx(path).shape == std::vector<std::size_t>{4294967295, 4294967295, 4294967295, 0});
  CHECK(read_idx(path).values.empty());
  write_file(path, idx(std::vector<std::uint32_t>(255, 1), "x"));
  CHECK(read_idx(path).shape.size() == 255);
}

TEST_CASE("the handwritten digits that come along are read", "[idx]") {
  const auto images = read_idx(DGP_EXAMPLE_DATA "/digits-images-idx3-ubyte");
  const auto labels = read_idx(DGP_EXAMPLE_DATA "/digits-labels-idx1-ubyte");
  CHECK(images.shape == std::vector<std::size_t>{1797, 8, 8});
  CHECK(labels.shape == std::vector<std::size_t>{1797});
  CHECK(*std::max_element(images.values.begin(), images.values.end()) == 16);
  // The first image: a zero, whose first row this is.
  const std::vector<std::uint8_t> top{0, 0, 5, 13, 9, 1, 0, 0};
  CHECK(std::equal(top.begin(), top.end(), images.values.begin()));
  for (std::uint8_t digit = 0; digit < 10; ++digit) {
    CHECK(labels.values[digit] == digit);
    CHECK(std::count(labels.values.begin(), labels.values.end(), digit) > 170);
  }
  CHECK(*std::max_element(labels.values.begin(), labels.values.end()) == 9);
}

TEST_CASE("a compressed file is refused with what to do about it", "[idx]") {
  check_refused("\x1f\x8b\x08", 0, "gunzip");
  check_refused("\x1f\x8b", 0, "gunzip");
  check_refused("\x1f\x8b" + idx({1}, "x"), 0, "gunzip");
}

TEST_CASE("other types and other files are refused", "[idx]") {
  for (const int type : {0x00, 0x07, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, 0xff}) {
    check_refused(idx({8}, "12345678", static_cast<char>(type)), 2,
                  "type " + std::to_string(type) + " ");
  }
  check_refused("\x01" + idx({1}, "x").substr(1), 0, "not an IDX file");
  check_refused(std::string("\x00\x01", 2) + idx({1}, "x").substr(2), 0, "not an IDX file");
  check_refused("{\"a\":1}", 0, "not an IDX file");
  check_refused(idx({}, ""), 3, "without dimensions");
  const TemporaryFolder folder;
  const auto missing = folder / "missing";
  CHECK(error_of([&] { read_idx(missing); }) ==
        missing.string() + ": cannot be opened: no such file");
  CHECK(error_of([&] { read_idx(folder / ""); }) ==
        (folder / "").string() + ": cannot be opened: not a file");
}

TEST_CASE("an IDX file that lacks its end, or goes on past it, is refused", "[idx]") {
  const std::string whole = idx({2, 3}, "abcdef");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    check_refused(whole.substr(0, size), static_cast<long long>(std::min<std::size_t>(size, 12)),
                  size < 12 ? "ends before its header" : "needs 6 bytes");
  }
  check_refused(whole + "g", 12, "needs 6 bytes, but there are 7");
}

TEST_CASE("extents whose product overflows are refused", "[idx]") {
  check_refused(idx({65536, 65536, 65536, 65536}, ""), 16, "impossible");
  check_refused(idx({65536, 65536, 65536, 65537}, std::string(8, 'x')), 16, "impossible");
  check_refused(idx({4294967295, 4294967295, 2}, "x"), 12, "impossible");
  check_refused(idx({4294967295, 4294967295}, "x"), 12, "needs 18446744065119617025 bytes");
  check_refused(idx({0, 5}, "x"), 12, "needs 0 bytes");
}
