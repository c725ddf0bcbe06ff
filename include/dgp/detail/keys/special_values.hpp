// Whether a number is NaN or infinite, told by its bits.
//
// Under -ffast-math and -Ofast compilers take all numbers for finite: std::isfinite(x) is true then
// whatever x is, x == x too, and !(x >= 1) becomes x < 1, which NaN is not. What bits say stays, so
// checks that ask here hold in every build. Types of no known bits are classes, which such flags do
// not reach: those answer for themselves.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <Eigen/Core>

#include <dgp/detail/keys/ordered_bits.hpp>
#include <dgp/detail/requirements.hpp>

namespace dgp::detail {

enum class ValueKind { finite, infinite, nan };

inline ValueKind kind_of_special(bool has_fraction) {
  return has_fraction ? ValueKind::nan : ValueKind::infinite;
}

template <class Scalar>
requires(!std::is_same_v<Scalar, long double>) ValueKind kind_of(const Scalar& value) {
  if constexpr (has_ordered_bits<Scalar>) {
    const auto magnitude = magnitude_key(value);
    if (magnitude < infinite_magnitude<Scalar>) return ValueKind::finite;
    return kind_of_special(magnitude != infinite_magnitude<Scalar>);
  } else {
    if ((Eigen::numext::isfinite)(value)) return ValueKind::finite;
    return kind_of_special((Eigen::numext::isnan)(value));
  }
}

// The x87 format of 80 bits and IEEE's of 128; others are doubles, or a pair of them of which the
// first decides.
template <class Scalar>
requires std::is_same_v<Scalar, long double> ValueKind kind_of(const Scalar& value) {
  constexpr int digits = std::numeric_limits<Scalar>::digits;
  constexpr std::uint16_t all_ones = 0x7fff;
  if constexpr (digits == 64) {
    std::uint64_t significand;
    std::uint16_t exponent;
    std::memcpy(&significand, &value, sizeof significand);
    std::memcpy(&exponent, reinterpret_cast<const char*>(&value) + sizeof significand,
                sizeof exponent);
    if ((exponent & all_ones) != all_ones) return ValueKind::finite;
    return kind_of_special((significand << 1) != 0);
  } else if constexpr (digits == 113) {
    std::uint64_t words[2];
    std::memcpy(words, &value, sizeof words);
    const bool little = std::endian::native == std::endian::little;
    const std::uint64_t high = words[little ? 1 : 0];
    if ((high >> 48 & all_ones) != all_ones) return ValueKind::finite;
    return kind_of_special((high << 16) != 0 || words[little ? 0 : 1] != 0);
  } else {
    return kind_of(static_cast<double>(value));
  }
}

template <class Scalar>
bool is_finite(const Scalar& value) {
  return kind_of(value) == ValueKind::finite;
}
template <class Scalar>
bool is_infinite(const Scalar& value) {
  return kind_of(value) == ValueKind::infinite;
}
template <class Scalar>
bool is_nan(const Scalar& value) {
  return kind_of(value) == ValueKind::nan;
}

}  // namespace dgp::detail
