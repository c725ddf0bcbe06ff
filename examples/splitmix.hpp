// Pseudo-random numbers that are the same everywhere for the same seed.
#pragma once

#include <cstdint>

namespace splitmix {

// splitmix64 (Steele, Lea and Flood 2014).
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, bound).
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }
  // In [0, 1).
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

// A seed that has nothing in common with those of its neighbours.
inline std::uint64_t mixed(std::uint64_t seed) { return Stream(seed)(); }

}  // namespace splitmix
