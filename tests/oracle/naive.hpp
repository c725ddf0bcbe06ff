// The definitions, as plainly as they can be written: what the library must equal bit for bit.
// Nothing here calls the library.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

namespace naive {

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

template <class Scalar>
struct Edge {
  Scalar weight;
  int row;
  int col;
};

// Lists all edges, sorts them, and merges labels by relabelling.
template <class Scalar>
std::vector<Edge<Scalar>> spanning_forest(const Matrix<Scalar>& weights) {
  std::vector<Edge<Scalar>> edges;
  for (int r = 0; r < weights.rows(); ++r) {
    for (int c = 0; c < weights.cols(); ++c) edges.push_back({weights(r, c), r, c});
  }
  std::sort(edges.begin(), edges.end(), [](const auto& a, const auto& b) {
    if (a.weight > b.weight) return true;
    if (a.weight < b.weight) return false;
    return std::tuple(a.row, a.col) < std::tuple(b.row, b.col);
  });
  std::vector<int> component;
  for (int v = 0; v < weights.rows() + weights.cols(); ++v) component.push_back(v);
  std::vector<Edge<Scalar>> forest;
  for (const auto& edge : edges) {
    const int a = component[static_cast<std::size_t>(edge.row)];
    const int b = component[static_cast<std::size_t>(weights.rows() + edge.col)];
    if (a == b) continue;
    std::replace(component.begin(), component.end(), a, b);
    forest.push_back(edge);
  }
  return forest;
}

template <class Scalar>
std::vector<Scalar> deaths(const Matrix<Scalar>& weights) {
  std::vector<Scalar> values;
  for (const auto& edge : spanning_forest(weights)) values.push_back(edge.weight);
  return values;
}

template <class Scalar>
Matrix<Scalar> max_min_product(const Matrix<Scalar>& a, const Matrix<Scalar>& b) {
  Matrix<Scalar> product(a.rows(), b.cols());
  for (int i = 0; i < a.rows(); ++i) {
    for (int j = 0; j < b.cols(); ++j) {
      Scalar best = std::min(a(i, 0), b(0, j));
      for (int k = 1; k < a.cols(); ++k) {
        const Scalar weakest = std::min(a(i, k), b(k, j));
        if (best < weakest) best = weakest;
      }
      product(i, j) = best;
    }
  }
  return product;
}

template <class Scalar>
Matrix<Scalar> path_strength_matrix(const std::vector<Matrix<Scalar>>& layers) {
  Matrix<Scalar> strengths = layers.front();
  for (std::size_t k = 1; k < layers.size(); ++k) {
    strengths = max_min_product(layers[k], strengths);
  }
  return strengths;
}

template <class Scalar>
Scalar largest_magnitude(const Matrix<Scalar>& matrix) {
  Scalar largest(0);
  for (int r = 0; r < matrix.rows(); ++r) {
    for (int c = 0; c < matrix.cols(); ++c) {
      const Scalar magnitude = matrix(r, c) < Scalar(0) ? Scalar(-matrix(r, c)) : matrix(r, c);
      if (largest < magnitude) largest = magnitude;
    }
  }
  return largest;
}

template <class Scalar>
Matrix<Scalar> scaled_magnitude(const Matrix<Scalar>& matrix, Scalar scale) {
  Matrix<Scalar> result(matrix.rows(), matrix.cols());
  for (int r = 0; r < matrix.rows(); ++r) {
    for (int c = 0; c < matrix.cols(); ++c) {
      const Scalar magnitude = matrix(r, c) < Scalar(0) ? Scalar(-matrix(r, c)) : matrix(r, c);
      result(r, c) = magnitude / scale;
      if (result(r, c) == Scalar(0)) result(r, c) = Scalar(0);  // no negative zero
    }
  }
  return result;
}

template <class Scalar>
bool constant(const Matrix<Scalar>& matrix) {
  bool all = true;
  for (int i = 0; i < matrix.size(); ++i) all &= matrix.data()[i] == matrix.data()[0];
  return all;
}

// Without error until it is rounded at last: what additions lose is kept, as numbers that do not
// overlap (Shewchuk 1997).
template <class Number>
Number exact_sum(const std::vector<Number>& values) {
  std::vector<Number> parts;
  for (Number value : values) {
    std::vector<Number> lost;
    for (const Number part : parts) {
      const Number large = std::abs(value) < std::abs(part) ? part : value;
      const Number small = std::abs(value) < std::abs(part) ? value : part;
      value = large + small;
      const Number rest = small - Number(value - large);
      if (rest != Number(0)) lost.push_back(rest);
    }
    parts = lost;
    parts.push_back(value);
  }
  Number sum(0);
  for (const Number part : parts) sum += part;  // the least first, so that only the last one rounds
  return sum;
}

// Whether sums of these numbers need no more than the digits of a double, in whatever order.
inline bool sums_exactly(const std::vector<long double>& values) {
  constexpr int digits = std::numeric_limits<double>::digits;
  int unit = std::numeric_limits<int>::max();  // 2^unit divides all
  long double most = 0;
  for (const long double value : values) {
    if (value == 0) continue;
    int exponent = 0;
    const long double fraction = std::frexp(std::abs(value), &exponent);
    const auto bits = static_cast<std::uint64_t>(std::ldexp(fraction, 64));
    unit = std::min(unit, exponent - 64 + std::countr_zero(bits));
    most += std::abs(value);
  }
  return most == 0 || most <= std::ldexp(1.0L, unit + digits);
}

// The mean and the population deviation of a layer's weights in the type of the weights. Sums of
// halves and floats are taken in double, in an order that no definition fixes: where that can
// decide how the figure is rounded, all outcomes are given. Sums of doubles and wider are those
// of exact arithmetic, rounded once, of squares that are rounded each; so there is one.
template <class Scalar>
struct WeightStatistics {
  std::vector<Scalar> means;
  std::vector<Scalar> deviations;

  bool certain() const { return means.size() == 1 && deviations.size() == 1; }
};

template <class Scalar>
WeightStatistics<Scalar> weight_statistics(const Matrix<Scalar>& weights) {
  if constexpr (std::numeric_limits<double>::digits <= std::numeric_limits<Scalar>::digits) {
    const std::vector<Scalar> values(weights.data(), weights.data() + weights.size());
    const auto count = static_cast<Scalar>(values.size());
    const Scalar mean = exact_sum(values) / count;
    std::vector<Scalar> squares;
    for (const Scalar value : values) {
      const Scalar distance = value - mean;
      squares.push_back(distance * distance);
    }
    return {{mean}, {std::sqrt(Scalar(exact_sum(squares) / count))}};
  } else {
    std::vector<long double> values;
    for (int i = 0; i < weights.size(); ++i) {
      values.push_back(static_cast<long double>(static_cast<float>(weights.data()[i])));
    }
    const auto count = static_cast<long double>(values.size());
    const long double mean = exact_sum(values) / count;
    std::vector<long double> magnitudes;
    std::vector<long double> squares;
    std::vector<long double> squared_distances;
    for (const long double value : values) {
      magnitudes.push_back(std::abs(value));
      squares.push_back(value * value);
      squared_distances.push_back((value - mean) * (value - mean));
    }
    const long double variance = exact_sum(squared_distances) / count;
    const long double mean_square = exact_sum(squares) / count;
    // n additions lose at most n roundings of the sum of magnitudes; a variance that is the
    // difference of two figures as large as the mean square, as much of that, and its root half.
    const long double rounding = 0x1p-53L;
    const long double lost = (count + 2) * rounding;
    const long double of_mean = lost * exact_sum(magnitudes) / count;
    const long double of_deviation = std::sqrt(variance) * (lost * mean_square / variance + lost);
    const auto roundings = [](long double value, long double error) {
      std::vector<Scalar> found;
      for (const long double part : {-1.0L, -0.5L, 0.0L, 0.5L, 1.0L}) {
        const auto rounded = static_cast<Scalar>(static_cast<double>(value + part * error));
        if (found.empty() || found.back() != rounded) found.push_back(rounded);
      }
      return found;
    };
    // A double divides an exact sum as any other, rounding once.
    const double rounded_mean = static_cast<double>(exact_sum(values)) / static_cast<double>(count);
    return {sums_exactly(values) ? std::vector<Scalar>{static_cast<Scalar>(rounded_mean)}
                                 : roundings(mean, of_mean),
            roundings(std::sqrt(variance), of_deviation)};
  }
}

// abs((W - mean) / deviation)
template <class Scalar>
Matrix<Scalar> standardized_magnitude(const Matrix<Scalar>& matrix, Scalar mean, Scalar deviation) {
  Matrix<Scalar> result(matrix.rows(), matrix.cols());
  for (int r = 0; r < matrix.rows(); ++r) {
    for (int c = 0; c < matrix.cols(); ++c) {
      const auto distance = static_cast<Scalar>(matrix(r, c) - mean);
      result(r, c) = static_cast<Scalar>(distance / deviation);
      if (result(r, c) < Scalar(0)) result(r, c) = -result(r, c);
      if (result(r, c) == Scalar(0)) result(r, c) = Scalar(0);  // no negative zero
    }
  }
  return result;
}

// Every layer by the largest magnitude of all.
template <class Scalar>
std::vector<Matrix<Scalar>> scaled_together(std::vector<Matrix<Scalar>> layers) {
  Scalar largest(0);
  for (const auto& layer : layers) largest = std::max(largest, largest_magnitude(layer));
  if (largest == Scalar(0)) largest = Scalar(1);
  for (auto& layer : layers) layer = scaled_magnitude(layer, largest);
  return layers;
}

// No layers where the definition leaves a figure's last bit open.
template <class Scalar>
std::vector<Matrix<Scalar>> standardized(const std::vector<Matrix<Scalar>>& layers) {
  std::vector<Matrix<Scalar>> values;
  for (const auto& layer : layers) {
    const auto statistics = weight_statistics(layer);
    if (!statistics.certain()) return {};
    values.push_back(standardized_magnitude(layer, statistics.means[0], statistics.deviations[0]));
  }
  return scaled_together(values);
}

// Whether all values are numbers of their type: standardised ones are not where the deviation
// vanishes in it or something overflows.
template <class Scalar>
bool all_finite(const std::vector<Matrix<Scalar>>& layers) {
  bool all = true;
  for (const auto& layer : layers) {
    for (int i = 0; i < layer.size(); ++i) {
      all &= std::isfinite(static_cast<long double>(layer.data()[i]));
    }
  }
  return all;
}

}  // namespace naive
