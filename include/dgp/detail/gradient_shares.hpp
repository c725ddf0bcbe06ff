// From the derivative of a measure by its deaths to that by raw weights.
//
// in:  diagrams with their totals; by filtration value, what a measure gains as it grows
// out: for each layer a sparse part, and two numbers a and b: each weight w of the layer has the
//      share a + b · w beside its sparse one
//
// Let T be the total persistence and l the lives |1 - d|. Then
// dT/dd = -sign(1 - d) (l / T)^(p - 1). A death is a filtration value v, over the largest value of
// all under a normalisation; and v is a function of its weight and, standardised, of the layer's
// mean and deviation, in which each of its n weights has a share: dv = s (dw - dmean) - v /
// deviation · ddeviation, s being sign(w - mean) / deviation; dmean / dw_j = 1 / n, ddeviation /
// dw_j = (w_j - mean) / (n · deviation).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/keys/filtration_maps.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/persistence_diagram.hpp>

namespace dgp {

// What a measure gains, per unit, as one weight grows alone.
template <class Scalar>
struct WeightGradient {
  Index row;            // output neuron
  Index col;            // input neuron
  sum_t<Scalar> value;  // of the derivative
};

namespace detail {

// Of the normalised persistence by each death. Where lives are all 0, or the largest is that of the
// essential class and p infinite, there is none; of several largest lives the first has all.
template <class Scalar>
std::vector<sum_t<Scalar>> gradient_by_death(const Persistence<Scalar>& measured, double p,
                                             EssentialClass essential) {
  using Sum = sum_t<Scalar>;
  using std::abs;
  using std::pow;
  const auto& pairs = measured.diagram.pairs;
  const Sum total = measured.total;
  const Sum norm = largest_norm<Sum>(measured.diagram.vertices(), p);
  std::vector<Sum> gradient(pairs.size(), Sum(0));
  const bool essential_is_largest = essential == EssentialClass::dies_at_zero && total <= Sum(1);
  if (total == Sum(0) || (is_infinite(p) && essential_is_largest)) return gradient;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Sum life = Sum(1) - static_cast<Sum>(pairs[i].death);
    const Sum share = abs(life) / total;
    if (share == Sum(0)) continue;
    Sum power(1);
    if (is_infinite(p)) {
      if (share < Sum(1)) continue;
    } else if (p == 2) {
      power = share;
    } else if (p != 1) {
      power = pow(share, Sum(p - 1));
    }
    gradient[i] = (Sum(0) < life ? -power : power) / norm;
    if (is_infinite(p)) break;
  }
  return gradient;
}

template <class Sum, class Scalar>
Sum sign(const Scalar& value) {
  return value < Scalar(0) ? Sum(-1) : Scalar(0) < value ? Sum(1) : Sum(0);
}

// dv/dw where mean and deviation stay.
template <class Scalar>
sum_t<Scalar> slope(const AsGiven<Scalar>&, const Scalar&) {
  return sum_t<Scalar>(1);
}
template <class Scalar>
sum_t<Scalar> slope(const Magnitude<Scalar>&, const Scalar& weight) {
  return sign<sum_t<Scalar>>(weight);
}
template <class Scalar>
sum_t<Scalar> slope(const PositivePart<Scalar>&, const Scalar& weight) {
  return std::max(sum_t<Scalar>(0), sign<sum_t<Scalar>>(weight));
}
template <class Scalar>
sum_t<Scalar> slope(const StandardizedMagnitude<Scalar>& map, const Scalar& weight) {
  using Sum = sum_t<Scalar>;
  return sign<Sum>(Sum(static_cast<Sum>(weight) - static_cast<Sum>(map.mean))) /
         static_cast<Sum>(map.deviation);
}

template <class Scalar>
struct LayerGradient {
  std::vector<WeightGradient<Scalar>> sparse;  // in the order of (row, col), each place once
  sum_t<Scalar> constant{0};                   // a
  sum_t<Scalar> linear{0};                     // b
};

// Collects what a measure gains by values, layer by layer.
template <class Scalar, class Map>
class GradientShares {
 public:
  using Sum = sum_t<Scalar>;

  // Both must outlive it.
  GradientShares(const std::vector<WeightView<Scalar>>& layers, const std::vector<Map>& maps)
      : layers_(layers), maps_(maps), gradients_(layers.size()), moments_(layers.size()) {}

  // So much by the value of one weight.
  void add(std::size_t layer, Index row, Index col, const Sum& by_value) {
    const Scalar& weight = layers_[layer](row, col);
    const Map& map = maps_[layer];
    const Sum by_weight = by_value * slope(map, weight);
    gradients_[layer].sparse.push_back({row, col, by_weight});
    if constexpr (Map::rounds) {
      moments_[layer].by_mean += by_weight;
      moments_[layer].by_deviation +=
          by_value * static_cast<Sum>(map(weight)) / static_cast<Sum>(map.deviation);
    }
  }

  // So much by the largest value of all.
  void add_to_largest(const Scalar& largest, const Sum& by_value) {
    if (by_value == Sum(0)) return;
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      if (const auto place = first_of(layer, largest)) {
        return add(layer, place->first, place->second, by_value);
      }
    }
  }

  std::vector<LayerGradient<Scalar>> finish() {
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      merge(gradients_[layer].sparse);
      if constexpr (Map::rounds) add_moments(layer);
    }
    return std::move(gradients_);
  }

 private:
  // The first place, row by row, of a value; read as the weights lie in memory.
  std::optional<std::pair<Index, Index>> first_of(std::size_t layer, const Scalar& value) const {
    const bool flipped = walks_by_column(layers_[layer]);
    const WeightView<Scalar> weights = along_memory(layers_[layer]);
    std::optional<std::pair<Index, Index>> first;
    for (Index row = 0; row < weights.rows && (flipped || !first); ++row) {
      for (Index col = 0; col < weights.cols; ++col) {
        if (maps_[layer](weights(row, col)) != value) continue;
        const auto place = flipped ? std::pair(col, row) : std::pair(row, col);
        if (!first || place < *first) first = place;
        break;
      }
    }
    return first;
  }

  struct Moments {
    Sum by_mean{0};
    Sum by_deviation{0};
  };

  static void merge(std::vector<WeightGradient<Scalar>>& sparse) {
    const auto place = [](const auto& entry) { return std::pair(entry.row, entry.col); };
    std::stable_sort(sparse.begin(), sparse.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    std::size_t kept = 0;
    for (const auto& entry : sparse) {
      if (kept > 0 && place(sparse[kept - 1]) == place(entry)) {
        sparse[kept - 1].value += entry.value;
      } else {
        sparse[kept++] = entry;
      }
    }
    sparse.resize(kept);
  }

  void add_moments(std::size_t layer) {
    const auto& map = maps_[layer];
    const Sum count = static_cast<Sum>(layers_[layer].rows) * static_cast<Sum>(layers_[layer].cols);
    const Sum mean = static_cast<Sum>(map.mean);
    const Sum by_distance =
        moments_[layer].by_deviation / (count * static_cast<Sum>(map.deviation));
    gradients_[layer].constant = by_distance * mean - moments_[layer].by_mean / count;
    gradients_[layer].linear = -by_distance;
  }

  const std::vector<WeightView<Scalar>>& layers_;
  const std::vector<Map>& maps_;
  std::vector<LayerGradient<Scalar>> gradients_;
  std::vector<Moments> moments_;
};

}  // namespace detail
}  // namespace dgp
