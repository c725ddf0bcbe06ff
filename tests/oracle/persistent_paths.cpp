// Persistent paths against all paths of a network, listed one by one; their deaths against deep
// graph persistence, to the last bit.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "listed_graph.hpp"
#include "naive.hpp"

namespace {

using Eigen::Index;
using support::Random;
using Place = std::optional<dgp::WeightPlace>;

template <class Scalar>
struct Edge {
  int from;
  int to;
  Scalar value;
  Place place;  // of its weight
};

// A network by its edges, those into a neuron before those out of it.
template <class Scalar>
struct Network {
  std::vector<int> inputs;
  std::vector<int> outputs;
  int neurons;
  std::vector<Edge<Scalar>> edges;
};

// What was found, in the network's own numbers.
template <class Scalar>
struct Found {
  Scalar death;
  Place critical_edge;
  std::vector<int> neurons;
  std::vector<Place> edges;
};

// The strength of each path from an input to each neuron, by walking all of them.
template <class Scalar>
class AllPaths {
 public:
  explicit AllPaths(const Network<Scalar>& network)
      : out_of_(static_cast<std::size_t>(network.neurons)) {
    for (const auto& edge : network.edges) {
      out_of_[static_cast<std::size_t>(edge.from)].push_back(edge);
    }
  }
  std::vector<Scalar> from(int input) {
    best_.assign(out_of_.size(), Scalar(0));
    walk(input, Eigen::NumTraits<Scalar>::infinity());
    return best_;
  }

 private:
  void walk(int at, Scalar strength) {
    Scalar& best = best_[static_cast<std::size_t>(at)];
    best = std::max(best, strength);
    for (const auto& edge : out_of_[static_cast<std::size_t>(at)]) {
      walk(edge.to, std::min(strength, edge.value));
    }
  }
  std::vector<std::vector<Edge<Scalar>>> out_of_;
  std::vector<Scalar> best_;
};

// Where there are too many paths to walk: the best to each neuron, edge by edge.
template <class Scalar>
std::vector<Scalar> best_from(const Network<Scalar>& network, int input) {
  std::vector<Scalar> best(static_cast<std::size_t>(network.neurons), Scalar(0));
  best[static_cast<std::size_t>(input)] = Eigen::NumTraits<Scalar>::infinity();
  for (const auto& edge : network.edges) {
    Scalar& known = best[static_cast<std::size_t>(edge.to)];
    known = std::max(known, std::min(best[static_cast<std::size_t>(edge.from)], edge.value));
  }
  return best;
}

template <class Scalar>
double path_count(const Network<Scalar>& network) {
  std::vector<double> to(static_cast<std::size_t>(network.neurons), 0);
  for (const int input : network.inputs) to[static_cast<std::size_t>(input)] = 1;
  for (const auto& edge : network.edges) {
    to[static_cast<std::size_t>(edge.to)] += to[static_cast<std::size_t>(edge.from)];
  }
  return std::accumulate(to.begin(), to.end(), 0.0);
}

// Each path exists, is as strong as its death, and joins two components of inputs and outputs that
// those before it left apart, of which no path was stronger.
template <class Scalar>
void check(const Network<Scalar>& network, const std::vector<Found<Scalar>>& paths,
           std::size_t count) {
  std::vector<std::vector<Scalar>> best;  // by input and neuron
  if (path_count(network) < 2000) {
    AllPaths<Scalar> all(network);
    for (const int input : network.inputs) best.push_back(all.from(input));
  } else {
    for (const int input : network.inputs) best.push_back(best_from(network, input));
  }
  std::vector<int> component(static_cast<std::size_t>(network.neurons));
  std::iota(component.begin(), component.end(), 0);
  const auto of = [&](int neuron) -> int& { return component[static_cast<std::size_t>(neuron)]; };
  const auto strongest_apart = [&] {
    Scalar strongest(0);
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
      for (const int output : network.outputs) {
        if (of(network.inputs[i]) == of(output)) continue;
        strongest = std::max(strongest, best[i][static_cast<std::size_t>(output)]);
      }
    }
    return strongest;
  };

  for (const auto& path : paths) {
    REQUIRE(path.edges.size() + 1 == path.neurons.size());
    REQUIRE(std::count(network.inputs.begin(), network.inputs.end(), path.neurons.front()) == 1);
    REQUIRE(std::count(network.outputs.begin(), network.outputs.end(), path.neurons.back()) == 1);
    Scalar weakest = Eigen::NumTraits<Scalar>::infinity();
    bool holds_critical = false;
    bool weighted_attains = false;
    for (std::size_t k = 0; k < path.edges.size(); ++k) {
      // The heaviest between these neurons is the one that counts.
      const auto edge =
          std::find_if(network.edges.begin(), network.edges.end(), [&](const Edge<Scalar>& listed) {
            return listed.from == path.neurons[k] && listed.to == path.neurons[k + 1] &&
                   listed.place == path.edges[k];
          });
      REQUIRE(edge != network.edges.end());
      weakest = std::min(weakest, edge->value);
      const bool attains = edge->value == path.death;
      weighted_attains |= attains && edge->place;
      holds_critical |= attains && edge->place == path.critical_edge;
    }
    REQUIRE(weakest == path.death);
    REQUIRE(holds_critical);
    REQUIRE(path.critical_edge.has_value() == weighted_attains);

    REQUIRE(Scalar(0) < path.death);
    REQUIRE(path.death == strongest_apart());
    const int a = of(path.neurons.front());
    const int b = of(path.neurons.back());
    REQUIRE(a != b);
    std::replace(component.begin(), component.end(), a, b);
  }
  if (paths.size() < count) REQUIRE(strongest_apart() == Scalar(0));
}

// The first deaths that are above 0.
template <class Scalar>
void check_deaths(const std::vector<Found<Scalar>>& paths,
                  const dgp::PersistenceDiagram<Scalar>& diagram, std::size_t count) {
  std::vector<Scalar> expected;
  for (const auto& pair : diagram.pairs) {
    if (Scalar(0) < pair.death && expected.size() < count) expected.push_back(pair.death);
  }
  std::vector<Scalar> deaths;
  for (const auto& path : paths) deaths.push_back(path.death);
  REQUIRE(deaths == expected);
}

dgp::DeepGraphPersistenceOptions same(const dgp::PersistentPathsOptions& options) {
  return {.normalization = options.normalization, .rescale = options.rescale};
}

template <class Scalar>
Network<Scalar> listed_chain(const std::vector<naive::Matrix<Scalar>>& values) {
  Network<Scalar> network{{}, {}, 0, {}};
  for (int i = 0; i < values[0].cols(); ++i) network.inputs.push_back(network.neurons++);
  int first = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    for (int row = 0; row < values[k].rows(); ++row) {
      for (int col = 0; col < values[k].cols(); ++col) {
        network.edges.push_back({first + col, network.neurons + row, values[k](row, col),
                                 dgp::WeightPlace{k, row, col}});
      }
    }
    first = network.neurons;
    network.neurons += static_cast<int>(values[k].rows());
  }
  for (int v = first; v < network.neurons; ++v) network.outputs.push_back(v);
  return network;
}

template <class Scalar>
std::vector<Found<Scalar>> of_chain(const std::vector<dgp::PersistentPath<Scalar>>& paths,
                                    const std::vector<naive::Matrix<Scalar>>& values) {
  std::vector<Found<Scalar>> found;
  for (const auto& path : paths) {
    REQUIRE(path.neurons.size() == values.size() + 1);
    Found<Scalar> as_listed{path.death, path.critical_edge, {}, {}};
    int first = 0;
    for (std::size_t k = 0; k < path.neurons.size(); ++k) {
      as_listed.neurons.push_back(first + static_cast<int>(path.neurons[k]));
      if (k == values.size()) break;
      as_listed.edges.push_back(dgp::WeightPlace{k, path.neurons[k + 1], path.neurons[k]});
      first += static_cast<int>(values[k].cols());
    }
    found.push_back(std::move(as_listed));
  }
  return found;
}

enum class Layout { by_column, by_row };

template <class Scalar>
auto paths_of(const std::vector<naive::Matrix<Scalar>>& layers, Layout layout,
              const dgp::PersistentPathsOptions& options) {
  if (layout == Layout::by_column) return dgp::persistent_paths(layers, options);
  return dgp::persistent_paths(
      std::vector<dgp::RowMajorMatrix<Scalar>>(layers.begin(), layers.end()), options);
}

template <class Scalar>
void compare_chains(dgp::Normalization normalization, int networks, int widest,
                    std::uint64_t seed) {
  Random random(seed);
  int compared = 0;
  for (int number = 0; number < networks; ++number) {
    const bool is_signed = normalization != dgp::Normalization::none;
    const auto layers =
        support::random_network<Scalar>(random, 1 + random.below(4), widest, is_signed);
    const bool standardize = normalization == dgp::Normalization::standardized;
    if (standardize && std::any_of(layers.begin(), layers.end(), naive::constant<Scalar>)) continue;
    const auto values = standardize ? naive::standardized(layers)
                        : normalization == dgp::Normalization::max_abs
                            ? naive::scaled_together(layers)
                            : layers;
    if (values.empty()) continue;
    ++compared;
    dgp::PersistentPathsOptions options{
        .count = static_cast<std::size_t>(random.below(3) == 0 ? random.below(6) : 1000),
        .normalization = normalization,
        .rescale = false};
    const auto layout = random.below(2) == 0 ? Layout::by_column : Layout::by_row;
    CAPTURE(number, seed, layers.size(), options.count);
    const auto found = of_chain(paths_of(layers, layout, options), values);
    check(listed_chain(values), found, options.count);
    check_deaths(found, dgp::deep_graph_persistence(layers, same(options)).diagram, options.count);
    options.rescale = true;
    check_deaths(of_chain(paths_of(layers, layout, options), values),
                 dgp::deep_graph_persistence(layers, same(options)).diagram, options.count);
  }
  CHECK(compared > networks / 3);
}

template <class Scalar>
void compare_graphs(dgp::Normalization normalization, int graphs, int steps, std::uint64_t seed) {
  Random random(seed);
  int compared = 0;
  for (int number = 0; number < graphs; ++number) {
    listed::Builder<Scalar> built(random);
    built.build(2 + random.below(steps));
    const auto values = built.values(normalization == dgp::Normalization::standardized);
    if (values.empty() || built.outputs.empty()) continue;
    ++compared;
    Network<Scalar> network{built.inputs, built.outputs, built.neurons, {}};
    std::size_t weighted = 0;
    for (const auto& set : built.sets) {
      const bool has_weights = set.stored.size() > 0;
      for (const auto& edge : set.edges) {
        network.edges.push_back(
            {edge.from, edge.to, has_weights ? values[weighted](edge.row, edge.col) : Scalar(1),
             has_weights ? Place(dgp::WeightPlace{weighted, edge.row, edge.col}) : Place()});
      }
      weighted += has_weights;
    }
    dgp::PersistentPathsOptions options{
        .count = static_cast<std::size_t>(random.below(3) == 0 ? random.below(9) : 1000),
        .normalization = normalization,
        .rescale = false};
    CAPTURE(number, seed, built.neurons, built.sets.size(), options.count);
    std::vector<Found<Scalar>> found;
    for (const auto& path : dgp::persistent_paths(built.graph, options)) {
      Found<Scalar> as_listed{path.death, path.critical_edge, {}, path.edges};
      for (const auto& neuron : path.neurons) {
        const auto group =
            std::find_if(built.groups().begin(), built.groups().end(),
                         [&](const auto& listed) { return listed.handle.group == neuron.group; });
        REQUIRE(group != built.groups().end());
        as_listed.neurons.push_back(group->neurons.at(static_cast<std::size_t>(neuron.index)));
      }
      found.push_back(std::move(as_listed));
    }
    check(network, found, options.count);
    check_deaths(found, dgp::deep_graph_persistence(built.graph, same(options)).diagram,
                 options.count);
  }
  CHECK(compared > graphs / 3);
}

}  // namespace

TEMPLATE_TEST_CASE("persistent paths of layers are the strongest that join", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  compare_chains<TestType>(dgp::Normalization::max_abs, 1500, 6, 1);
  compare_chains<TestType>(dgp::Normalization::standardized, 1500, 6, 2);
  compare_chains<TestType>(dgp::Normalization::none, 1500, 6, 3);
}

TEST_CASE("persistent paths of wider layers are the strongest that join", "[oracle]") {
  compare_chains<float>(dgp::Normalization::max_abs, 150, 40, 4);
  compare_chains<float>(dgp::Normalization::standardized, 150, 40, 5);
}

TEMPLATE_TEST_CASE("persistent paths of graphs are the strongest that join", "[oracle]", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  compare_graphs<TestType>(dgp::Normalization::max_abs, 1000, 8, 6);
  compare_graphs<TestType>(dgp::Normalization::standardized, 1000, 8, 7);
}

TEST_CASE("persistent paths of deep graphs are the strongest that join", "[oracle]") {
  compare_graphs<float>(dgp::Normalization::max_abs, 200, 25, 8);
  compare_graphs<double>(dgp::Normalization::standardized, 200, 25, 9);
}

TEMPLATE_TEST_CASE(
    "persistent paths of signed weights are those of positive ones where these suffice", "[oracle]",
    float, double, Eigen::bfloat16) {
  Random random(10);
  int certified = 0;
  int refused = 0;
  for (int number = 0; number < 1500; ++number) {
    auto layers = support::random_network<TestType>(random, 2 + random.below(3), 12, true);
    for (auto& weight : layers.back().reshaped()) {
      if (weight < TestType(0) && random.below(6) > 0) weight = TestType(-weight);
    }
    CAPTURE(number);
    const dgp::PersistentPathsOptions options{
        .count = 1000, .normalization = dgp::Normalization::none, .rescale = false};
    std::vector<dgp::PersistentPath<TestType>> paths;
    try {
      paths = dgp::persistent_paths(layers, options);
    } catch (const std::domain_error&) {
      ++refused;
      continue;
    }
    ++certified;
    const auto found = of_chain(paths, layers);
    check_deaths(found, dgp::deep_graph_persistence(layers, same(options)).diagram, options.count);
    auto positive = layers;
    for (auto& layer : positive) layer = layer.cwiseMax(TestType(0)).eval();
    check(listed_chain(positive), found, options.count);
  }
  CHECK(certified > 100);
  CHECK(refused > 100);
}
