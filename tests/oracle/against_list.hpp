// Feed-forward graphs against all their edges, listed one by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "against_naive.hpp"
#include "listed_graph.hpp"
#include "naive.hpp"

namespace oracle {

using Eigen::Index;
using listed::ValuedEdge;

// Kruskal's algorithm by relabelling; what is left apart merges at 0.
template <class Scalar>
std::vector<Scalar> listed_deaths(const std::vector<int>& neurons,
                                  std::vector<ValuedEdge<Scalar>> edges) {
  std::sort(edges.begin(), edges.end(),
            [](const auto& a, const auto& b) { return a.value > b.value; });
  std::vector<int> component(
      static_cast<std::size_t>(*std::max_element(neurons.begin(), neurons.end()) + 1));
  for (std::size_t i = 0; i < component.size(); ++i) component[i] = static_cast<int>(i);
  std::vector<Scalar> deaths;
  for (const auto& edge : edges) {
    const int a = component[static_cast<std::size_t>(edge.from)];
    const int b = component[static_cast<std::size_t>(edge.to)];
    if (a == b) continue;
    std::replace(component.begin(), component.end(), a, b);
    deaths.push_back(edge.value);
  }
  deaths.resize(neurons.size() - 1, Scalar(0));
  return deaths;
}

// What differs, bit for bit; nothing if nothing does. `values`: built.values(…) under the
// normalisation.
template <class Scalar>
std::string mistake_of_graph(const listed::Builder<Scalar>& built,
                             const std::vector<Matrix<Scalar>>& values,
                             dgp::Normalization normalization) {
  // Neural persistence, set by set.
  dgp::NeuralPersistenceOptions np_options;
  np_options.normalization = normalization;
  const auto measured = dgp::neural_persistence(built.graph, np_options);
  if (measured.layers.size() != values.size()) return "another number of edge sets";
  std::vector<ValuedEdge<Scalar>> all;
  std::size_t weighted = 0;
  for (const auto& set : built.sets) {
    std::vector<ValuedEdge<Scalar>> edges;
    const bool has_weights = set.stored.size() > 0;
    for (const auto& edge : set.edges) {
      edges.push_back(
          {edge.from, edge.to, has_weights ? values[weighted](edge.row, edge.col) : Scalar(1)});
    }
    all.insert(all.end(), edges.begin(), edges.end());
    if (!has_weights) continue;
    if (deaths_of(measured.layers[weighted].diagram) != listed_deaths(set.neurons, edges)) {
      return "other deaths of edge set " + std::to_string(weighted);
    }
    ++weighted;
  }

  // Deep graph persistence: that of S, by the best path from each input to each neuron. Edges are
  // in the order of execution.
  if (built.outputs.empty()) return "";
  naive::Matrix<Scalar> strengths(static_cast<Index>(built.outputs.size()),
                                  static_cast<Index>(built.inputs.size()));
  for (std::size_t i = 0; i < built.inputs.size(); ++i) {
    std::vector<Scalar> best(static_cast<std::size_t>(built.neurons), Scalar(0));
    best[static_cast<std::size_t>(built.inputs[i])] = Eigen::NumTraits<Scalar>::infinity();
    for (const auto& edge : all) {
      const Scalar through = std::min(best[static_cast<std::size_t>(edge.from)], edge.value);
      Scalar& known = best[static_cast<std::size_t>(edge.to)];
      known = std::max(known, through);
    }
    for (std::size_t o = 0; o < built.outputs.size(); ++o) {
      strengths(static_cast<Index>(o), static_cast<Index>(i)) =
          best[static_cast<std::size_t>(built.outputs[o])];
    }
  }
  dgp::DeepGraphPersistenceOptions options;
  options.normalization = normalization;
  options.rescale = false;
  return deaths_of(dgp::deep_graph_persistence(built.graph, options).diagram) ==
                 naive::deaths(strengths)
             ? ""
             : "other deaths of the graph";
}

}  // namespace oracle
