// The library's layers against naive.hpp, bit for bit. Each function says what differs, nothing if
// nothing does: for the tests of this folder, and for the fuzz targets.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/deaths.hpp"
#include "../support/same_bits.hpp"
#include "naive.hpp"

namespace oracle {

using naive::Matrix;
using support::deaths_of;
using support::same_bits;
using support::same_matrix;

template <class Scalar>
bool same_deaths(const dgp::PersistenceDiagram<Scalar>& diagram,
                 const std::vector<Scalar>& deaths) {
  const auto found = deaths_of(diagram);
  return std::equal(found.begin(), found.end(), deaths.begin(), deaths.end(), same_bits<Scalar>);
}

template <class Scalar>
bool same_edges(const std::vector<dgp::Edge<Scalar>>& edges,
                const std::vector<naive::Edge<Scalar>>& expected) {
  return std::equal(edges.begin(), edges.end(), expected.begin(), expected.end(),
                    [](const auto& a, const auto& b) {
                      return a.row == b.row && a.col == b.col && same_bits(a.weight, b.weight);
                    });
}

template <class Scalar>
std::vector<dgp::RowMajorMatrix<Scalar>> by_row(const std::vector<Matrix<Scalar>>& layers) {
  return {layers.begin(), layers.end()};
}

template <class Scalar>
std::string mistake_of_forest(const Matrix<Scalar>& weights) {
  const auto expected = naive::spanning_forest(weights);
  if (!same_edges(dgp::maximum_spanning_forest(weights).edges, expected)) {
    return "another forest, column by column";
  }
  const dgp::RowMajorMatrix<Scalar> rows = weights;
  return same_edges(dgp::maximum_spanning_forest(rows).edges, expected)
             ? ""
             : "another forest, row by row";
}

template <class Scalar>
std::string mistake_of_product(const Matrix<Scalar>& a, const Matrix<Scalar>& b) {
  const auto expected = naive::max_min_product(a, b);
  if (!same_matrix(dgp::max_min_product(a, b), expected)) return "another (max, min) product";
  return same_matrix(dgp::max_min_product(b.transpose(), a.transpose()).transpose(), expected)
             ? ""
             : "another (max, min) product of the transposed";
}

// `values`: the layers under the normalisation, by definition; here and below.
template <class Scalar>
std::string mistake_of_strengths(const std::vector<Matrix<Scalar>>& layers,
                                 const std::vector<Matrix<Scalar>>& values,
                                 dgp::Normalization normalization) {
  const dgp::PathStrengthOptions options{normalization};
  const auto expected = naive::path_strength_matrix(values);
  if (!same_matrix(dgp::path_strength_matrix(layers, options), expected)) {
    return "another matrix of path strengths";
  }
  const auto entry = dgp::entry_strengths(layers, options);
  const auto exit = dgp::exit_strengths(layers, options);
  for (Eigen::Index r = 0; r < expected.rows(); ++r) {
    if (entry.back()(r) != expected.row(r).maxCoeff()) return "another entry strength";
  }
  for (Eigen::Index c = 0; c < expected.cols(); ++c) {
    if (exit.front()(c) != expected.col(c).maxCoeff()) return "another exit strength";
  }
  return "";
}

// (sum of lives^p)^(1/p), of 1 - death for each death, and of the class that lives from 1 to 0.
template <class Scalar>
long double total_of(const std::vector<Scalar>& deaths, double p) {
  long double sum = 1;
  long double longest = 1;
  for (const Scalar& death : deaths) {
    const long double life = std::abs(1 - static_cast<long double>(death));
    sum += std::pow(life, static_cast<long double>(p));
    longest = std::max(longest, life);
  }
  return std::isinf(p) ? longest : std::pow(sum, 1 / static_cast<long double>(p));
}

template <class Scalar>
std::string mistake_of_np(const std::vector<Matrix<Scalar>>& layers,
                          const std::vector<Matrix<Scalar>>& values,
                          dgp::Normalization normalization, double p) {
  const auto measured = dgp::neural_persistence(
      layers,
      {.p = p, .essential = dgp::EssentialClass::dies_at_zero, .normalization = normalization});
  if (measured.layers.size() != values.size()) return "another number of layers";
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::string layer = "layer " + std::to_string(k) + ": ";
    const auto deaths = naive::deaths(values[k]);
    if (!same_deaths(measured.layers[k].diagram, deaths)) return layer + "other deaths";
    // Sums are rounded as they come.
    const long double total = total_of(deaths, p);
    const auto found = static_cast<long double>(measured.layers[k].total);
    if (!(std::abs(found - total) <= 1e-11L * total)) return layer + "another total";
  }
  return "";
}

// Of non-negative values. Column by column and row by row: each finds exit strengths in its own
// way.
template <class Scalar>
std::string mistake_of_dgp(const std::vector<Matrix<Scalar>>& layers,
                           const std::vector<Matrix<Scalar>>& values,
                           dgp::Normalization normalization) {
  const auto strengths = naive::path_strength_matrix(values);
  const auto expected = naive::deaths(strengths);
  const Scalar largest = naive::largest_magnitude(strengths);
  const auto scaled =
      naive::scaled_magnitude(strengths, largest == Scalar(0) ? Scalar(1) : largest);
  const auto expected_rescaled = naive::deaths(scaled);
  // The summaries too are those of neural persistence.
  dgp::NeuralPersistenceOptions as_given;
  as_given.normalization = dgp::Normalization::none;
  const auto of_matrix = dgp::neural_persistence(scaled, as_given).layers[0];
  const auto compared = [&](const auto& network, const std::string& order) -> std::string {
    dgp::DeepGraphPersistenceOptions options;
    options.normalization = normalization;
    const auto rescaled = dgp::deep_graph_persistence(network, options);
    options.rescale = false;
    if (!same_deaths(dgp::deep_graph_persistence(network, options).diagram, expected)) {
      return "other deaths of the network, " + order;
    }
    if (!same_deaths(rescaled.diagram, expected_rescaled)) return "other rescaled deaths, " + order;
    return same_bits(rescaled.total, of_matrix.total) &&
                   same_bits(rescaled.normalized, of_matrix.normalized)
               ? ""
               : "another total of the network, " + order;
  };
  const std::string mistake = compared(layers, "column by column");
  return mistake.empty() ? compared(by_row(layers), "row by row") : mistake;
}

// Of abs(S), for weights of any sign.
template <class Scalar>
std::vector<Scalar> raw_deaths(const std::vector<Matrix<Scalar>>& layers, bool rescale) {
  const auto strengths = naive::path_strength_matrix(layers);
  const Scalar largest = naive::largest_magnitude(strengths);
  const bool scaled = rescale && largest != Scalar(0);
  return naive::deaths(naive::scaled_magnitude(strengths, scaled ? largest : Scalar(1)));
}

template <class Scalar>
std::string mistake_of_raw_dgp(const std::vector<Matrix<Scalar>>& layers, bool rescale) {
  const auto expected = raw_deaths(layers, rescale);
  dgp::DeepGraphPersistenceOptions options;
  options.normalization = dgp::Normalization::none;
  options.rescale = rescale;
  if (!same_deaths(dgp::deep_graph_persistence(layers, options).diagram, expected)) {
    return "other raw deaths, column by column";
  }
  return same_deaths(dgp::deep_graph_persistence(by_row(layers), options).diagram, expected)
             ? ""
             : "other raw deaths, row by row";
}

}  // namespace oracle
