// The functions from weight to filtration value, up to a final scale (normalization.hpp), applied
// wherever weights are read.
//
// For scalar types that have ordered bits, key(w) is an integer whose order refines that of the
// values, and value_of(key) the value that belongs to it (ordered_bits.hpp). Where value_of rounds,
// keys are even, and many numbers are no key's value.
#pragma once

#include <type_traits>

#include <Eigen/Core>

#include <dgp/detail/keys/ordered_bits.hpp>

namespace dgp::detail {

template <class Scalar>
struct AsGiven {
  static constexpr bool rounds = false;
  static constexpr bool is_signed = true;
  Scalar operator()(const Scalar& weight) const { return weight; }
  Bits<Scalar> key(const Scalar& weight) const { return signed_key(weight); }
  Scalar value_of(Bits<Scalar> key) const { return signed_number<Scalar>(key); }
};

// As given too, for weights without sign: the bits are the keys. A weight with a sign has a key
// above all others, as one that is not finite.
template <class Scalar>
struct NonNegative {
  static constexpr bool rounds = false;
  static constexpr bool is_signed = false;
  static constexpr Bits<Scalar> end = BitsOf<Scalar>::infinity;
  Scalar operator()(const Scalar& weight) const { return weight; }
  Bits<Scalar> key(const Scalar& weight) const {
    return Eigen::numext::bit_cast<Bits<Scalar>>(weight);
  }
};

// The weight where it is positive, else 0: of a signed number's bits, read as a signed integer, the
// lesser numbers and the negative zero are negative.
template <class Scalar>
struct PositivePart {
  static constexpr bool rounds = false;
  static constexpr bool is_signed = false;
  Scalar operator()(const Scalar& weight) const { return Scalar(0) < weight ? weight : Scalar(0); }
  Bits<Scalar> key(const Scalar& weight) const {
    using Signed = std::make_signed_t<Bits<Scalar>>;
    const auto bits = Eigen::numext::bit_cast<Signed>(weight);
    return static_cast<Bits<Scalar>>(bits < 0 ? 0 : bits);
  }
};

template <class Scalar>
struct Magnitude {
  static constexpr bool rounds = false;
  static constexpr bool is_signed = false;
  Scalar operator()(const Scalar& weight) const { return Eigen::numext::abs(weight); }
  Bits<Scalar> key(const Scalar& weight) const { return magnitude_key(weight); }
  Scalar value_of(Bits<Scalar> key) const { return magnitude_of<Scalar>(key); }
};

// abs((w - mean) / deviation)
template <class Scalar>
struct StandardizedMagnitude {
  static constexpr bool rounds = true;
  static constexpr bool is_signed = false;
  Scalar mean;
  Scalar deviation;
  Scalar largest;  // of the layer's values
  Scalar operator()(const Scalar& weight) const {
    return of_distance(Eigen::numext::abs(static_cast<Scalar>(weight - mean)));
  }
  Bits<Scalar> key(const Scalar& weight) const {
    return magnitude_key(static_cast<Scalar>(weight - mean));
  }
  Scalar value_of(Bits<Scalar> key) const { return of_distance(magnitude_of<Scalar>(key)); }
  // The distance from the mean of a weight of about this value.
  Scalar weight_near(const Scalar& value) const { return static_cast<Scalar>(value * deviation); }

 private:
  Scalar of_distance(const Scalar& distance) const {
    return static_cast<Scalar>(distance / deviation);
  }
};

}  // namespace dgp::detail
