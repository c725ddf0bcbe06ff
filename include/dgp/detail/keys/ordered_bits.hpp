// Floating-point numbers as integers in the same order.
//
// The bits of a non-negative IEEE number, read as an unsigned integer, grow with the number. Maxima
// and comparisons of integers need no special care for NaN and signed zero, so every compiler
// vectorises them, and a weight that is not finite shows itself as a key above all finite ones.
//
// Keys of magnitudes are the bits shifted left by one: the sign falls off, and all are even.
#pragma once

#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

namespace dgp::detail {

struct NoBits {};

template <class Scalar>
struct BitsOf {
  using type = NoBits;
};
template <>
struct BitsOf<float> {
  using type = std::uint32_t;
  static constexpr type infinity = 0x7f800000;
};
template <>
struct BitsOf<double> {
  using type = std::uint64_t;
  static constexpr type infinity = 0x7ff0000000000000;
};
template <>
struct BitsOf<Eigen::half> {
  using type = std::uint16_t;
  static constexpr type infinity = 0x7c00;
};
template <>
struct BitsOf<Eigen::bfloat16> {
  using type = std::uint16_t;
  static constexpr type infinity = 0x7f80;
};

template <class Scalar>
using Bits = typename BitsOf<Scalar>::type;

template <class Scalar>
inline constexpr bool has_ordered_bits = !std::is_same_v<Bits<Scalar>, NoBits>;

// In the order of magnitudes; even. Not finite: at least `infinite_magnitude`.
template <class Scalar>
Bits<Scalar> magnitude_key(const Scalar& value) {
  return static_cast<Bits<Scalar>>(Eigen::numext::bit_cast<Bits<Scalar>>(value) << 1);
}

template <class Scalar>
inline constexpr Bits<Scalar> infinite_magnitude =
    static_cast<Bits<Scalar>>(BitsOf<Scalar>::infinity << 1);

template <class Scalar>
Scalar magnitude_of(Bits<Scalar> key) {
  return Eigen::numext::bit_cast<Scalar>(static_cast<Bits<Scalar>>(key >> 1));
}

template <class Scalar>
inline constexpr Bits<Scalar> sign_bit = static_cast<Bits<Scalar>>(Bits<Scalar>(1)
                                                                   << (8 * sizeof(Scalar) - 1));

// In the order of signed numbers; both zeros share a key.
template <class Scalar>
Bits<Scalar> signed_key(const Scalar& value) {
  using Key = Bits<Scalar>;
  constexpr Key sign = sign_bit<Scalar>;
  Key bits = Eigen::numext::bit_cast<Key>(value);
  bits = static_cast<Key>(bits & -static_cast<Key>(bits != sign));
  const auto all_if_negative =
      static_cast<Key>(static_cast<std::make_signed_t<Key>>(bits) >> (8 * sizeof(Scalar) - 1));
  return static_cast<Key>(bits ^ (all_if_negative | sign));
}

template <class Scalar>
Scalar signed_number(Bits<Scalar> key) {
  using Key = Bits<Scalar>;
  constexpr Key sign = sign_bit<Scalar>;
  return Eigen::numext::bit_cast<Scalar>(static_cast<Key>(key < sign ? ~key : key ^ sign));
}

}  // namespace dgp::detail
