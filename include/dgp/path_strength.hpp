// Path strength: how strong the best path between two neurons is.
//
// A path is as strong as its weakest edge. S(o, i), the strength of the best path from input i to
// output o, is the entry of the (max, min) product of all layers; its row and column maxima, the
// entry strengths of the outputs and the exit strengths of the inputs, need no product at all, just
// one sweep over the weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/chain_product.hpp>
#include <dgp/detail/edges/dense_edges.hpp>
#include <dgp/detail/forest/numbering.hpp>
#include <dgp/detail/forest/path_sweeps.hpp>
#include <dgp/detail/max_min_kernel.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// Of which values the strengths are taken.
struct PathStrengthOptions {
  Normalization normalization = Normalization::none;  // of the weights
};

// Strengths per layer of neurons: [0] for the inputs, [k + 1] for the outputs of layer k.
template <class Scalar>
using NeuronStrengths = std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>;

namespace detail {

template <class Scalar, class Map>
RowMajorMatrix<Scalar> path_strength_matrix(const NetworkWeights<Scalar>& network,
                                            const std::vector<Map>& maps) {
  Index narrowest = network[0].cols;
  for (const auto& layer : network.views()) narrowest = std::min(narrowest, layer.rows);
  using Matrix = RowMajorMatrix<Scalar>;
  const auto multiply = [](const Matrix& later, const Matrix& earlier) {
    return max_min_product(view_of(later), view_of(earlier));
  };
  ChainProduct<Matrix, decltype(multiply)> product(narrowest, multiply);
  for (std::size_t k = 0; k < network.size(); ++k) product.add(mapped(network[k], maps[k]));
  return product.finish();
}

template <class Scalar>
Numbering numbering_of(const NetworkWeights<Scalar>& network) {
  Numbering numbering;
  numbering.add(network[0].cols, Role::input);
  for (std::size_t k = 0; k < network.size(); ++k) {
    numbering.add(network[k].rows, k + 1 == network.size() ? Role::output : Role::hidden);
  }
  return numbering;
}

// The layers of a chain as edges.
template <class Scalar, class Map>
std::vector<DenseEdges<Scalar, Map>> edges_of(const NetworkWeights<Scalar>& network,
                                              const std::vector<Map>& maps,
                                              const Numbering& numbering) {
  const auto& groups = numbering.groups();
  std::vector<DenseEdges<Scalar, Map>> edges;
  for (std::size_t k = 0; k < network.size(); ++k) {
    edges.emplace_back(network[k], maps[k], groups[k + 1].first, groups[k].first);
  }
  return edges;
}

// By group of neurons, scaled.
template <class Scalar>
NeuronStrengths<Scalar> by_group(const BestPaths<Scalar>& paths, const Numbering& numbering,
                                 const FinalScale<Scalar>& scale) {
  NeuronStrengths<Scalar> groups;
  for (const auto& group : numbering.groups()) {
    groups.push_back(
        paths.strength.segment(static_cast<Index>(group.first), group.size).unaryExpr(scale));
  }
  return groups;
}

}  // namespace detail

// The (max, min) product: C(i, j) = max over k of min(A(i, k), B(k, j)), shapes as for A * B.
//
// in:  A (m × n), B (n × q), dense real expressions of one scalar type
// out: C (m × q), row-major; every entry is an entry of A or of B
// Time O(m n q), memory that of C. Throws std::invalid_argument where A.cols() != B.rows(), for an
// empty matrix and for an entry that is not finite, std::length_error for one of more rows and
// columns than 32 bits count.
template <WeightMatrix Left, WeightMatrix Right>
RowMajorMatrix<scalar_t<Left>> max_min_product(const Left& a, const Right& b) {
  using Scalar = scalar_t<Left>;
  static_assert(std::is_same_v<Scalar, scalar_t<Right>>,
                "dgp: both factors must have the same scalar type");
  if (a.cols() != b.rows()) {
    throw std::invalid_argument("(max, min) product of " + detail::shape(a.rows(), a.cols()) +
                                " and " + detail::shape(b.rows(), b.cols()) +
                                ": the inner sizes differ");
  }
  const detail::NetworkWeights<Scalar> left(a, "left factor");
  const detail::NetworkWeights<Scalar> right(b, "right factor");
  detail::largest_magnitude(left);
  detail::largest_magnitude(right);
  return detail::max_min_product(left[0], right[0]);
}

// Path strengths between all inputs and all outputs; Girrbach et al. 2023, definition of S.
//
// in:  layers in forward order, each (fan_out × fan_in), chained; by default taken as they are,
//      signs included
// out: S (n_out × n_in), row-major
// Time at most a quarter more than that of the cheapest order of the products: for widths n,
// O(layers · n^3); memory at most one normalised copy of the layers. Throws std::invalid_argument
// for layers that do not chain (naming both shapes), an empty network or layer, a weight that is
// not finite; std::domain_error for a constant layer under Normalization::standardized;
// std::length_error for a layer of more neurons than 32 bits count.
template <Network Layers>
RowMajorMatrix<scalar_t<Layers>> path_strength_matrix(Layers&& layers,
                                                      const PathStrengthOptions& options = {}) {
  const detail::NetworkWeights<scalar_t<Layers>> network(std::forward<Layers>(layers));
  network.check_chain();
  return detail::with_filtration(network, options.normalization,
                                 [&](const auto& maps, const auto& scale) {
                                   auto strengths = detail::path_strength_matrix(network, maps);
                                   for (auto& strength : strengths.reshaped())
                                     strength = scale(strength);
                                   return strengths;
                                 });
}
template <Layer One>
RowMajorMatrix<scalar_t<One>> path_strength_matrix(std::initializer_list<One> layers,
                                                   const PathStrengthOptions& options = {}) {
  return path_strength_matrix(std::span(layers), options);
}

// For every neuron the strength of the best path to it from any input (inputs: infinity). The last
// vector holds the row maxima of S. Time O(weights), memory O(neurons). Throws as
// path_strength_matrix, and std::length_error where all layers together have that many neurons.
template <Network Layers>
NeuronStrengths<scalar_t<Layers>> entry_strengths(Layers&& layers,
                                                  const PathStrengthOptions& options = {}) {
  const detail::NetworkWeights<scalar_t<Layers>> network(std::forward<Layers>(layers));
  network.check_chain();
  const auto numbering = detail::numbering_of(network);
  return detail::with_filtration(
      network, options.normalization, [&](const auto& maps, const auto& scale) {
        const auto edges = detail::edges_of(network, maps, numbering);
        return detail::by_group(detail::entry_paths(edges, numbering), numbering, scale);
      });
}
template <Layer One>
NeuronStrengths<scalar_t<One>> entry_strengths(std::initializer_list<One> layers,
                                               const PathStrengthOptions& options = {}) {
  return entry_strengths(std::span(layers), options);
}

// For every neuron the strength of the best path from it to any output (outputs: infinity). The
// first vector holds the column maxima of S. Time O(weights), memory O(neurons). Throws as
// path_strength_matrix, and std::length_error where all layers together have that many neurons.
template <Network Layers>
NeuronStrengths<scalar_t<Layers>> exit_strengths(Layers&& layers,
                                                 const PathStrengthOptions& options = {}) {
  const detail::NetworkWeights<scalar_t<Layers>> network(std::forward<Layers>(layers));
  network.check_chain();
  const auto numbering = detail::numbering_of(network);
  return detail::with_filtration(
      network, options.normalization, [&](const auto& maps, const auto& scale) {
        const auto edges = detail::edges_of(network, maps, numbering);
        return detail::by_group(detail::exit_paths(edges, numbering), numbering, scale);
      });
}
template <Layer One>
NeuronStrengths<scalar_t<One>> exit_strengths(std::initializer_list<One> layers,
                                              const PathStrengthOptions& options = {}) {
  return exit_strengths(std::span(layers), options);
}

}  // namespace dgp
