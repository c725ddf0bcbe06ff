// The definitions, as plainly as they can be written: what the library must equal bit for bit.
// Nothing here calls the library.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
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

}  // namespace naive
