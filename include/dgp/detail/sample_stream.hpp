// A portable stream of pseudo-random numbers.
#pragma once

#include <cstdint>

namespace dgp::detail {

// splitmix64: for the same seed the same numbers everywhere.
class SampleStream {
 public:
  explicit SampleStream(std::uint64_t seed = 1) : state_(seed) {}

  std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, bound).
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }
  // Likewise, without a division; other numbers than below's.
  std::uint32_t quickly_below(std::uint32_t bound) {
    const std::uint64_t bits = (*this)();
    const std::uint64_t low = (bits & 0xffffffff) * bound >> 32;
    return static_cast<std::uint32_t>(((bits >> 32) * bound + low) >> 32);
  }
  // In [0, 1).
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace dgp::detail
