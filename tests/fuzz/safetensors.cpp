// Tens of thousands of broken checkpoints: the reader either reads one or throws
// std::runtime_error that says where, and never hands out more than the file holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "../support/catch.hpp"
#include "../support/mutants.hpp"
#include "../support/reading_safetensors.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using support::below;
using support::Random;

std::string sound_file() {
  return support::safetensors({{"layers.0.weight", "F32", {2, 3}, support::f32({1, 2, 3, 4, 5, 6})},
                               {"layers.0.bias", "F32", {2}, support::f32({7, 8})},
                               {"layers.1.weight", "F16", {2, 2}, "abcdefgh"},
                               {"layers.2.weight", "BF16", {1, 2}, "abcd"},
                               {"layers.3.weight", "F64", {2, 1}, support::f64({9, 10})},
                               {"empty", "F32", {0, 4}, ""},
                               {"steps", "I64", {}, "12345678"},
                               {"counts", "I64", {1, 1}, "12345678"}},
                              {{"format", "pt"}});
}

// The bytes that the header may hold, as far as the file really is one.
std::size_t header_end(const std::string& file) {
  std::uint64_t length = 0;
  for (std::size_t i = std::min<std::size_t>(8, file.size()); i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(file[i]);
  }
  if (file.size() < 8 || length > file.size() - 8) return file.size();
  return static_cast<std::size_t>(length) + 8;
}

// Puts other text in the place of some of the header, and makes the length in front of it true
// again: else the length alone would refuse the file, and nothing behind it would be tried.
void replace_in_header(std::string& file, std::size_t at, std::size_t count,
                       const std::string& text) {
  const std::size_t end = header_end(file);
  file.replace(at, count, text);
  file.replace(0, 8, support::little_endian(end - count + text.size() - 8, 8));
}

// Where the numbers of the header stand: begin and length of each run of digits.
std::vector<std::pair<std::size_t, std::size_t>> numbers_in_header(const std::string& file) {
  std::vector<std::pair<std::size_t, std::size_t>> numbers;
  const std::size_t end = header_end(file);
  for (std::size_t i = 8; i < end; ++i) {
    std::size_t length = 0;
    while (i + length < end && file[i + length] >= '0' && file[i + length] <= '9') ++length;
    if (length == 0) continue;
    numbers.emplace_back(i, length);
    i += length;
  }
  return numbers;
}

void mutate(Random& random, std::string& file, const std::vector<std::string>& sound) {
  static const std::vector<std::string> numbers{"0",
                                                "1",
                                                "2",
                                                "-1",
                                                "-0",
                                                "1.0",
                                                "0.5",
                                                "1e400",
                                                "2147483648",
                                                "4294967296",
                                                "4611686018427387904",
                                                "9223372036854775807",
                                                "9223372036854775808",
                                                "-9223372036854775808",
                                                "18446744073709551615",
                                                "18446744073709551616",
                                                "99999999999999999999999999999999999999"};
  static const std::vector<std::string> pieces{"{",
                                               "}",
                                               "[",
                                               "]",
                                               "\"",
                                               ":",
                                               ",",
                                               "null",
                                               "true",
                                               "\\u0000",
                                               "\\n",
                                               "[[[[[[[[",
                                               "\"F32\"",
                                               "\"F16\"",
                                               "\"shape\":[]",
                                               "[0,0]",
                                               "\"dtype\"",
                                               "{\"a\":{\"a\":{\"a\":",
                                               "\xff",
                                               std::string(1, '\0')};
  const std::size_t end = header_end(file);
  if (end <= 8) {  // nothing of a header is left to break
    file += sound[below(random, sound.size())].substr(0, 64);
    return;
  }
  const std::size_t in_header = 8 + below(random, end - 8);
  switch (random.below(9)) {
    case 0: {  // flip bits, mostly in the header
      for (int flips = 1 + random.below(8); flips > 0; --flips) {
        const std::size_t at = below(random, random.below(10) == 0 ? file.size() : end);
        file[at] = static_cast<char>(file[at] ^ (1 << random.below(8)));
      }
      break;
    }
    case 1:  // a header length of any size
      file.replace(0, 8, support::little_endian(std::uint64_t{1} << random.below(64), 8));
      break;
    case 2:  // the end is missing
      file.resize(below(random, random.below(2) == 0 ? file.size() : end));
      break;
    case 3: {  // the front of this file, the back of another
      const std::string& other = sound[below(random, sound.size())];
      file = file.substr(0, below(random, file.size())) + other.substr(below(random, other.size()));
      break;
    }
    case 4: {  // a piece of the header once more, elsewhere
      const std::size_t count = std::min<std::size_t>(end - in_header, 1 + below(random, 100));
      const std::string piece = file.substr(in_header, count);
      replace_in_header(file, 8 + below(random, end - 8), 0, piece);
      break;
    }
    case 5: {  // a piece of the header is gone
      const std::size_t count = std::min<std::size_t>(end - in_header, 1 + below(random, 20));
      replace_in_header(file, in_header, count, "");
      break;
    }
    case 6: {  // other tokens or bytes in the header
      const std::string piece = random.below(2) == 0
                                    ? pieces[below(random, pieces.size())]
                                    : support::little_endian(below(random, 256), 1);
      replace_in_header(file, in_header, 0, piece);
      break;
    }
    default: {  // other numbers in the header
      const auto places = numbers_in_header(file);
      if (places.empty()) break;
      const auto [at, length] = places[below(random, places.size())];
      replace_in_header(file, at, length, numbers[below(random, numbers.size())]);
    }
  }
}

// Breaks copies of one file; the seed and the mutant's number lead back to any failure.
void fuzz(const std::string& start, const std::vector<std::string>& sound, int mutants,
          std::uint64_t seed) {
  int mutant = 0;
  int matrices = 0;
  const auto broken = [&](Random& random) {
    std::string file = start;
    for (int changes = 1 + random.below(3); changes > 0; --changes) mutate(random, file, sound);
    return file;
  };
  const auto read = [&](const std::filesystem::path& path, std::size_t size) {
    return mutant++ % 4 == 0 ? support::mistake_of_safetensors<double>(path, size, matrices)
                             : support::mistake_of_safetensors<float>(path, size, matrices);
  };
  const auto counts = support::fuzz(mutants, seed, broken, read);
  // The mutants must be neither all sound nor all hopeless, or they would try nothing.
  CHECK(counts.read > mutants / 500);
  CHECK(counts.refused > 0);
  CHECK(matrices > counts.read / 2);
}

}  // namespace

TEST_CASE("no mutant of a checkpoint gets more out of the reader than a runtime error",
          "[fuzz][safetensors]") {
  const std::string small = sound_file();
  const std::string digits = support::read_file(DGP_EXAMPLE_DATA "/digits_64-32-16-10.safetensors");
  const std::string mnist =
      support::read_file(DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors");
  const std::vector<std::string> sound{small, digits};
  SECTION("a small file with every type") { fuzz(small, sound, 30000, 2019); }
  SECTION("the digits network") { fuzz(digits, sound, 6000, 2023); }
  SECTION("the MNIST network") { fuzz(mnist, sound, 1000, 2025); }
}
