// Filtration values that do not come from a layer's own weights, in the order of its keys.
//
// The keys of a layer's weights (filtration_maps.hpp) are integers of which the value is a
// rounded, monotone function. A threshold, or the strength of a path that comes from another layer,
// need not be the value of any key. Keys of weights are then even, and such a value takes the odd
// key between its two neighbours: comparisons with keys of weights come out as comparisons of
// values would.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <dgp/detail/ordered_bits.hpp>
#include <dgp/detail/row_tasks.hpp>

namespace dgp::detail {

// A threshold on values: those at or above it pass, or, where strict, only those above it.
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

// The smallest key of a weight that passes the threshold; one above all finite keys where none
// does.
template <class Scalar, class Map>
requires(!Map::rounds) Bits<Scalar> first_key(const Map& map, const Threshold<Scalar>& threshold) {
  return static_cast<Bits<Scalar>>(map.key(threshold.value) + threshold.strict);
}

// The value is a rounded, monotone function of the key: starts near the answer, encloses it in
// steps that double, then halves the interval.
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

// A key below which no edge passes, be its value that of a weight or of a cap.
template <class Scalar, class Map>
Bits<Scalar> scan_from(const Map& map, const Threshold<Scalar>& threshold) {
  const Bits<Scalar> key = first_key(map, threshold);
  return static_cast<Bits<Scalar>>(Map::rounds && key > 0 ? key - 1 : key);
}

// The key of any value.
template <class Scalar, class Map>
Bits<Scalar> key_of(const Map& map, const Scalar& value) {
  if constexpr (!Map::rounds) {
    return map.key(value);
  } else {
    const Bits<Scalar> key = first_key(map, Threshold<Scalar>{value});
    const bool between = key >= infinite_magnitude<Scalar> || map.value_of(key) != value;
    return static_cast<Bits<Scalar>>(between ? key - 1 : key);
  }
}

// What caps the edges at each neuron on one side of a layer: values and their keys; none if empty.
template <class Scalar>
struct Caps {
  std::vector<Scalar> values;  // both padded to whole blocks
  std::vector<Bits<Scalar>> keys;
  std::vector<std::pair<Bits<Scalar>, Scalar>> between;  // by key: the values of odd keys

  explicit operator bool() const { return !values.empty(); }

  // The value that an edge under these caps has by its key.
  template <class Map>
  Scalar value_of(const Map& map, Bits<Scalar> key) const {
    if (!Map::rounds || key % 2 == 0) return map.value_of(key);
    return std::lower_bound(between.begin(), between.end(), key,
                            [](const auto& entry, auto wanted) { return entry.first < wanted; })
        ->second;
  }
};

// No caps where the first value is infinite: inputs and outputs are not capped.
template <class Scalar, class Map, class Strengths>
Caps<Scalar> make_caps(const Map& map, const Strengths& strengths) {
  Caps<Scalar> caps;
  if (!(Eigen::numext::isfinite)(strengths(0))) return caps;
  for (Index i = 0; i < strengths.size(); ++i) {
    const Scalar value = strengths(i);
    const Bits<Scalar> key = key_of(map, value);
    caps.values.push_back(value);
    caps.keys.push_back(key);
    if (Map::rounds && key % 2 != 0) caps.between.emplace_back(key, value);
  }
  caps.values = padded(std::move(caps.values));
  caps.keys = padded(std::move(caps.keys));
  std::sort(caps.between.begin(), caps.between.end());
  return caps;
}

// Whether two different values among the caps of a layer share an odd key: keys cannot tell them
// apart then, and the layer must be looked at value by value.
template <class Scalar>
bool ambiguous(const Caps<Scalar>& by_row, const Caps<Scalar>& by_col) {
  std::vector<std::pair<Bits<Scalar>, Scalar>> all;
  std::merge(by_row.between.begin(), by_row.between.end(), by_col.between.begin(),
             by_col.between.end(), std::back_inserter(all));
  return std::adjacent_find(all.begin(), all.end(), [](const auto& a, const auto& b) {
           return a.first == b.first && a.second != b.second;
         }) != all.end();
}

}  // namespace dgp::detail
