// Random networks of many kinds, by a seed, the same on every platform; or by bytes, as a fuzzer
// makes them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

namespace support {

// The standard's engines are portable, its distributions are not: so these are written out.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // Each byte decides one number, or two bytes a large one; when all are used, a seed does.
  explicit Random(std::string bytes) : engine_(0), bytes_(std::move(bytes)) {}

  // In [0, count).
  int below(int count) {
    if (has_byte()) {
      unsigned number = next_byte();
      if (count > 256 && has_byte()) number = number << 8 | next_byte();
      return static_cast<int>(number % static_cast<unsigned>(count));
    }
    return static_cast<int>(engine_() % static_cast<std::uint64_t>(count));
  }
  // In [0, 1).
  double uniform() {
    return has_byte() ? next_byte() / 256.0 : static_cast<double>(engine_() >> 11) * 0x1p-53;
  }
  // Of bytes numbers that tie often, with zeros and ones, and some that are hard on small types.
  double normal() {
    if (has_byte()) {
      static constexpr std::array hard{-0.0,  1e-45,       1e-38,       6e-8,
                                       61e-6, 1 - 0x1p-11, 1 + 0x1p-10, 3e4};
      const int number = static_cast<int>(next_byte()) - 128;
      const int past = number + static_cast<int>(hard.size()) - 128;
      return past < 0 ? number / 16.0 : hard[static_cast<std::size_t>(past)];
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  bool has_byte() const { return next_ < bytes_.size(); }
  unsigned next_byte() { return static_cast<unsigned char>(bytes_[next_++]); }

  std::mt19937_64 engine_;
  std::string bytes_;
  std::size_t next_ = 0;
};

enum class Kind { normal, uniform, ties, zeros, dead_neurons, heavy_tails, all_equal, count };

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

template <class Scalar>
Matrix<Scalar> random_matrix(Random& random, Kind kind, int rows, int cols, bool is_signed = true) {
  Matrix<Scalar> weights(rows, cols);
  const int dead_row = random.below(rows);
  const int dead_col = random.below(cols);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < cols; ++c) {
      double value = 0;
      switch (kind) {
        case Kind::normal:
          value = random.normal();
          break;
        case Kind::uniform:
          value = random.uniform();
          break;
        case Kind::ties:
          value = 0.25 * (random.below(5) - 2);
          break;
        case Kind::zeros:
          value = random.below(4) == 0 ? random.normal() : 0;
          break;
        case Kind::dead_neurons:
          value = r == dead_row || c == dead_col ? 0 : random.normal();
          break;
        case Kind::heavy_tails:
          // Below the largest half, 65504.
          value = std::exp(std::min(2 * random.normal(), 11.0)) * (random.below(2) == 0 ? -1 : 1);
          break;
        case Kind::all_equal:
        case Kind::count:
          value = 1;
          break;
      }
      weights(r, c) = static_cast<Scalar>(static_cast<float>(is_signed ? value : std::abs(value)));
    }
  }
  return weights;
}

// Chained layers of 1 to most_neurons neurons each; every third layer of neurons has a single one.
template <class Scalar>
std::vector<Matrix<Scalar>> random_network(Random& random, int layers, int most_neurons,
                                           bool is_signed = true) {
  std::vector<Matrix<Scalar>> network;
  const auto width = [&] { return random.below(6) == 0 ? 1 : 1 + random.below(most_neurons); };
  int inputs = width();
  for (int k = 0; k < layers; ++k) {
    const int outputs = width();
    const auto kind = static_cast<Kind>(random.below(static_cast<int>(Kind::count)));
    network.push_back(random_matrix<Scalar>(random, kind, outputs, inputs, is_signed));
    inputs = outputs;
  }
  return network;
}

}  // namespace support
