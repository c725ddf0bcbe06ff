// Tens of thousands of broken .npy, .npz and IDX files: the reader either reads one or throws
// std::runtime_error that says where, and never hands out more than the file can hold.
#include <cstddef>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/mutants.hpp"
#include "../support/npy_writer.hpp"
#include "../support/reading_arrays.hpp"

namespace {

using support::below;
using support::f32;
using support::f64;
using support::fuzz;
using support::npy;
using support::npy_header;
using support::Random;

std::vector<std::string> sound_npy() {
  return {npy(npy_header("<f4", "(2, 3)"), f32({1, 2, 3, 4, 5, 6})),
          npy(npy_header(">f8", "(2, 2)", true), f64({1, 2, 3, 4})),
          npy(npy_header("<f2", "(4,)"), "abcdefgh", 2),
          npy(npy_header("|i1", "(2, 1, 3)", true), "abcdef", 3),
          npy(npy_header("<u8", "()"), "abcdefgh"),
          npy(npy_header("|b1", "(3, 0)"), ""),
          npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd")};
}

const std::vector<std::string> npy_pieces{"(",
                                          ")",
                                          "{",
                                          "}",
                                          "[",
                                          "'",
                                          "\"",
                                          ",",
                                          ":",
                                          "0",
                                          "1",
                                          "-",
                                          "9999999999999999999",
                                          "18446744073709551615",
                                          "4294967296, 4294967296",
                                          "True",
                                          "'shape'",
                                          "'descr': '<f4'",
                                          "|u1",
                                          ">i8",
                                          "<f2",
                                          std::string(1, '\0'),
                                          "\xff\xff"};

// The length of the header made true again, more often than not: else it alone would refuse most
// files, and nothing behind it would be tried.
void mend_length(Random& random, std::string& file) {
  const std::size_t end = file.find("}\n");
  if (random.below(4) == 0 || end == std::string::npos || end < 10 || file[6] != '\x01') return;
  file.replace(8, 2, support::little_endian(end + 2 - 10, 2));
}

}  // namespace

TEST_CASE("no mutant of a .npy file gets more out of the reader than a runtime error",
          "[fuzz][npy]") {
  const auto sound = sound_npy();
  const auto broken = [&](Random& random) {
    std::string file = sound[below(random, sound.size())];
    for (int changes = 1 + random.below(2); changes > 0; --changes) {
      support::mutate(random, file, 80, sound, npy_pieces);
    }
    if (file.size() > 10) mend_length(random, file);
    return file;
  };
  const auto counts = fuzz(20000, 2019, broken, support::mistake_of_npy);
  CHECK(counts.read > 100);
  CHECK(counts.refused > 10000);
}

TEST_CASE("no mutant of an IDX file gets more out of the reader than a runtime error",
          "[fuzz][idx]") {
  const std::vector<std::string> sound{
      std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x03", 16) + "abcdefghijkl",
      std::string("\0\0\x08\x01\0\0\0\x05", 8) + "abcde",
      std::string("\0\0\x08\x02\0\0\0\0\0\0\0\x02", 12)};
  const std::vector<std::string> pieces{
      "\xff\xff\xff\xff", std::string(4, '\0'),        std::string("\0\0\0\x01", 4), "\x08",
      "\x1f\x8b",         std::string("\x80\0\0\0", 4)};
  const auto broken = [&](Random& random) {
    std::string file = sound[below(random, sound.size())];
    for (int changes = 1 + random.below(3); changes > 0; --changes) {
      support::mutate(random, file, 16, sound, pieces);
    }
    return file;
  };
  const auto counts = fuzz(10000, 1998, broken, support::mistake_of_idx);
  CHECK(counts.read > 200);
  CHECK(counts.refused > 5000);
}

#ifdef DGP_WITH_NPZ
TEST_CASE("no mutant of a .npz archive gets more out of the reader than a runtime error",
          "[fuzz][npz]") {
  const auto arrays = sound_npy();
  const auto packed = [](const std::string& a, const std::string& b) {
    return support::archive({support::stored("a.npy", a), support::deflated("b.10.npy", b)});
  };
  const std::vector<std::string> sound{packed(arrays[0], arrays[1]), packed(arrays[2], arrays[0])};
  const std::vector<std::string> pieces{
      "PK\x01\x02",       "PK\x03\x04", "PK\x05\x06",         "PK\x06\x06", "PK\x06\x07",
      "\xff\xff\xff\xff", "\x08",       std::string(4, '\0'), ".npy",       "\xff\xff\xff\x7f"};
  const auto broken = [&](Random& random) {
    if (random.below(3) == 0) {  // a sound archive of a broken array
      std::string file = arrays[below(random, arrays.size())];
      support::mutate(random, file, 80, arrays, npy_pieces);
      if (file.size() > 10) mend_length(random, file);
      return packed(arrays[1], file);
    }
    std::string file = sound[below(random, sound.size())];
    for (int changes = 1 + random.below(2); changes > 0; --changes) {
      support::mutate(random, file, file.size(), sound, pieces);
    }
    return file;
  };
  const auto counts = fuzz(10000, 2006, broken, support::mistake_of_npz);
  CHECK(counts.read > 200);
  CHECK(counts.refused > 3000);
}
#endif
