// Thresholds on filtration values, as thresholds on keys.
//
// in:  a threshold on values, and a map whose keys (filtration_maps.hpp) are integers of which the
//      value is a monotone function
// out: the smallest key of a weight that passes, or, without a search, a key near it
#pragma once

#include <algorithm>
#include <limits>

#include <dgp/detail/keys/ordered_bits.hpp>

namespace dgp::detail {

// Values at or above it pass, or, where strict, only those above it.
template <class Scalar>
struct Threshold {
  Scalar value;
  bool strict = false;

  bool passes(const Scalar& candidate) const {
    return strict ? value < candidate : !(candidate < value);
  }
  bool above(const Threshold& other) const {
    return other.value < value || (other.value == value && strict && !other.strict);
  }
};

// One above all finite keys where none passes.
template <class Scalar, class Map>
requires(!Map::rounds) Bits<Scalar> first_key(const Map& map, const Threshold<Scalar>& threshold) {
  if (!Map::is_signed && threshold.value < Scalar(0)) return 0;  // a key would lose the sign
  return static_cast<Bits<Scalar>>(map.key(threshold.value) + threshold.strict);
}

// Where the value is rounded, many values are no key's: starts near the answer, encloses it in
// steps that double, then halves the interval. Keys are even.
template <class Scalar, class Map>
requires(Map::rounds) Bits<Scalar> first_key(const Map& map, const Threshold<Scalar>& threshold) {
  using Key = Bits<Scalar>;
  const Key end = infinite_magnitude<Scalar>;
  const auto passes = [&](Key key) { return key >= end || threshold.passes(map.value_of(key)); };
  Key high = std::min(end, magnitude_key(map.weight_near(threshold.value)));
  Key low = high;
  for (Key step = 2; !passes(high); step = static_cast<Key>(2 * step)) {
    low = high;
    high = step < end - high ? static_cast<Key>(high + step) : end;
  }
  for (Key step = 2; low > 0 && passes(low); step = static_cast<Key>(2 * step)) {
    high = low;
    low = static_cast<Key>(low - std::min(low, step));
  }
  if (passes(low)) return low;  // 0 passes
  while (high - low > 2) {
    const auto middle = static_cast<Key>(low + (high - low) / 4 * 2);
    (passes(middle) ? high : low) = middle;
  }
  return high;
}

// The key next to a value, found without a search: no weight of a lower key exceeds the value,
// every weight of a higher key reaches it. For the product is rounded to the nearest number: the
// next lower one lies below the exact product, the next higher one above it, and so do their
// quotients.
template <class Scalar, class Map>
Bits<Scalar> key_near(const Map& map, const Scalar& value) {
  const Scalar at_least_0 = value < Scalar(0) ? Scalar(0) : value;
  if constexpr (Map::rounds) {
    return magnitude_key(map.weight_near(at_least_0));
  } else {
    return map.key(Map::is_signed ? value : at_least_0);
  }
}

// No weight, and no limit by its key near, of a lower key is as good as another of this key. Each
// of the roundings between values and keys, of a product and of a quotient, moves a number by half
// of a unit in its last place: eight of these are more than enough. Where they do not shrink with
// the number any more, any key may be.
template <class Scalar, class Map>
Bits<Scalar> first_as_good(const Map& map, Bits<Scalar> key) {
  if constexpr (Map::rounds) {
    constexpr Bits<Scalar> some_units = 2 * 8;
    const auto shrinks_from = static_cast<Scalar>(Scalar(2) * std::numeric_limits<Scalar>::min());
    const bool shrinks = !(magnitude_of<Scalar>(key) < shrinks_from) &&
                         !(map.value_of(key) < shrinks_from) && key > some_units;
    return shrinks ? static_cast<Bits<Scalar>>(key - some_units) : Bits<Scalar>(0);
  } else {
    return key;
  }
}

// No weight of a lower key exceeds the value.
template <class Scalar, class Map>
Bits<Scalar> first_above(const Map& map, const Scalar& value) {
  if constexpr (Map::rounds) {
    return key_near(map, value);
  } else {
    return first_key(map, Threshold<Scalar>{value, true});
  }
}

}  // namespace dgp::detail
