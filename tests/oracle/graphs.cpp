// Feed-forward graphs against all their edges, listed one by one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "listed_graph.hpp"
#include "naive.hpp"

namespace {

using Eigen::Index;
using listed::Builder;
using listed::ValuedEdge;
using support::Random;

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

template <class Scalar>
std::vector<Scalar> deaths_of(const dgp::Persistence<Scalar>& persistence) {
  std::vector<Scalar> deaths;
  for (const auto& pair : persistence.diagram.pairs) deaths.push_back(pair.death);
  return deaths;
}

template <class Scalar>
void compare(dgp::Normalization normalization, int graphs, int steps, std::uint64_t seed) {
  Random random(seed);
  int compared = 0;
  for (int number = 0; number < graphs; ++number) {
    Builder<Scalar> built(random);
    built.build(2 + random.below(steps));
    CAPTURE(number, seed, built.neurons, built.sets.size());

    const auto values = built.values(normalization == dgp::Normalization::standardized);
    if (values.empty()) continue;  // the definition does not fix them to the last bit
    ++compared;

    // Neural persistence, set by set.
    dgp::NeuralPersistenceOptions np_options;
    np_options.normalization = normalization;
    const auto measured = dgp::neural_persistence(built.graph, np_options);
    REQUIRE(measured.layers.size() == values.size());
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
      REQUIRE(deaths_of(measured.layers[weighted]) == listed_deaths(set.neurons, edges));
      ++weighted;
    }

    // Deep graph persistence: that of S, by the best path from each input to each neuron. Edges are
    // in the order of execution.
    if (built.outputs.empty()) continue;
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
    REQUIRE(deaths_of(dgp::deep_graph_persistence(built.graph, options)) ==
            naive::deaths(strengths));
  }
  CHECK(compared > graphs / 2);
}

}  // namespace

TEMPLATE_TEST_CASE("graphs are all their edges, bit for bit", "[oracle]", float, double,
                   long double, Eigen::half, Eigen::bfloat16) {
  compare<TestType>(dgp::Normalization::max_abs, 1500, 8, 1);
  compare<TestType>(dgp::Normalization::standardized, 1500, 8, 2);
}

TEST_CASE("deep graphs are all their edges, bit for bit", "[oracle]") {
  compare<float>(dgp::Normalization::max_abs, 300, 25, 3);
  compare<double>(dgp::Normalization::standardized, 300, 25, 4);
}
