// Gradients against central differences, weight by weight, on seeded random networks whose values
// do not tie; and where they do, which of the weights has it.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/dgp.hpp>

#include "../support/catch.hpp"
#include "../support/random_network.hpp"
#include "listed_graph.hpp"

namespace {

using support::Random;

template <class Scalar>
using Layers = std::vector<dgp::RowMajorMatrix<Scalar>>;

template <class Scalar>
Layers<Scalar> signed_layers(Random& random, bool positive) {
  Layers<Scalar> layers;
  int inputs = 1 + random.below(6);
  for (int k = 1 + random.below(3); k > 0; --k) {
    const int outputs = 1 + random.below(6);
    auto& layer = layers.emplace_back(outputs, inputs);
    for (auto& weight : layer.reshaped()) {
      // Any sign, and magnitudes beyond 1; never near 0, where magnitudes have a kink.
      weight = static_cast<Scalar>(0.05 + 1.5 * random.uniform());
      if (!positive && random.below(2) == 0) weight = -weight;
    }
    inputs = outputs;
  }
  return layers;
}

// Counts what was compared, and what was left out since values cross within the step.
struct Compared {
  int weights = 0;
  int kinks = 0;
};

// The gradient by one weight, against differences; `measure` is what it measures now.
template <class Scalar, class Measure>
void compare_at(Scalar& weight, const Scalar& gradient, const Measure& measure, Scalar step,
                Compared& compared) {
  const Scalar here = measure();
  const Scalar original = weight;
  weight = original + step;
  const Scalar up = measure();
  weight = original - step;
  const Scalar down = measure();
  weight = original;
  ++compared.weights;
  const Scalar bend = std::abs((up - here) - (here - down));
  if (bend > Scalar(1e-2) * std::abs(up - down) + Scalar(1e-8) * step) {
    ++compared.kinks;
    return;
  }
  REQUIRE(static_cast<double>(gradient) ==
          Approx(static_cast<double>((up - down) / (2 * step))).epsilon(1e-6).margin(1e-6));
}

// At each weight of all layers.
template <class Scalar, class Measure>
void compare(Layers<Scalar> layers, const dgp::PersistenceGradient<Scalar>& gradient,
             const Measure& measure, Scalar step, Compared& compared) {
  REQUIRE(gradient.value == measure(layers));
  REQUIRE(gradient.layers() == layers.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto dense = gradient.dense(k);
    for (Eigen::Index row = 0; row < layers[k].rows(); ++row) {
      for (Eigen::Index col = 0; col < layers[k].cols(); ++col) {
        CAPTURE(k, row, col);
        compare_at(
            layers[k](row, col), dense(row, col), [&] { return measure(layers); }, step, compared);
      }
    }
  }
}

// At some weights of a graph, which lie where it keeps them.
template <class Scalar, class Measure>
void compare(Random& random, const dgp::FeedForwardGraph<Scalar>& graph,
             const dgp::PersistenceGradient<Scalar>& gradient, const Measure& measure, Scalar step,
             Compared& compared) {
  REQUIRE(gradient.value == measure());
  REQUIRE(gradient.layers() == graph.weights().size());
  for (std::size_t k = 0; k < graph.weights().size(); ++k) {
    const auto dense = gradient.dense(k);
    const auto& view = graph.weights()[k];
    for (int i = 0; i < 8; ++i) {
      const auto row = random.below(static_cast<int>(view.rows));
      const auto col = random.below(static_cast<int>(view.cols));
      CAPTURE(k, row, col);
      compare_at(const_cast<Scalar&>(view(row, col)), dense(row, col), measure, step, compared);
    }
  }
}

// Differences of rounded measures over it are right to 1e-9, and lives are seldom so short.
template <class Scalar>
const Scalar some_step = std::is_same_v<Scalar, double> ? Scalar(1e-7) : Scalar(1e-9);

double some_order(Random& random) {
  const double orders[] = {1, 1.5, 2, 3, 7.5};
  return orders[random.below(5)];
}

dgp::EssentialClass some_convention(Random& random) {
  return random.below(2) == 0 ? dgp::EssentialClass::dies_at_zero : dgp::EssentialClass::omitted;
}

dgp::Normalization some_normalization(Random& random) {
  const dgp::Normalization all[] = {dgp::Normalization::none, dgp::Normalization::max_abs,
                                    dgp::Normalization::standardized};
  return all[random.below(3)];
}

template <class Scalar>
bool any_constant(const Layers<Scalar>& layers) {
  for (const auto& layer : layers) {
    if ((layer.array() == layer(0, 0)).all()) return true;
  }
  return false;
}

}  // namespace

TEMPLATE_TEST_CASE("gradients of neural persistence are central differences", "[oracle]", double,
                   long double) {
  Random random(20261201);
  const int networks = std::is_same_v<TestType, double> ? 3000 : 800;
  Compared compared;
  for (int i = 0; i < networks; ++i) {
    const auto layers = signed_layers<TestType>(random, false);
    const dgp::NeuralPersistenceOptions options{some_order(random), some_convention(random),
                                                some_normalization(random)};
    if (options.normalization == dgp::Normalization::standardized && any_constant(layers)) continue;
    CAPTURE(i, options.p, static_cast<int>(options.normalization));
    compare<TestType>(
        layers, dgp::neural_persistence_gradient(layers, options),
        [&](const auto& some) { return dgp::neural_persistence(some, options).mean_normalized; },
        some_step<TestType>, compared);
  }
  CAPTURE(compared.weights, compared.kinks);
  CHECK(compared.weights > 20 * networks);
  CHECK(compared.kinks < compared.weights / 50);
}

TEMPLATE_TEST_CASE("gradients of deep graph persistence are central differences", "[oracle]",
                   double, long double) {
  Random random(20261202);
  const int networks = std::is_same_v<TestType, double> ? 3000 : 800;
  Compared compared;
  int refused = 0;
  for (int i = 0; i < networks; ++i) {
    const auto normalization = some_normalization(random);
    const auto layers = signed_layers<TestType>(
        random, normalization == dgp::Normalization::none && random.below(2) == 0);
    const dgp::DeepGraphPersistenceOptions options{some_order(random), some_convention(random),
                                                   normalization, random.below(2) == 0};
    if (normalization == dgp::Normalization::standardized && any_constant(layers)) continue;
    CAPTURE(i, options.p, static_cast<int>(options.normalization), options.rescale);
    try {
      const auto gradient = dgp::deep_graph_persistence_gradient(layers, options);
      compare<TestType>(
          layers, gradient,
          [&](const auto& some) { return dgp::deep_graph_persistence(some, options).normalized; },
          some_step<TestType>, compared);
    } catch (const std::domain_error&) {  // deaths of negative path strengths
      REQUIRE(normalization == dgp::Normalization::none);
      ++refused;
    }
  }
  CAPTURE(compared.weights, compared.kinks, refused);
  CHECK(compared.weights > 10 * networks);
  CHECK(compared.kinks < compared.weights / 50);
  CHECK(refused < networks / 4);
}

TEST_CASE("gradients of graphs are central differences", "[oracle]") {
  Random random(20261203);
  constexpr int graphs = 1200;
  Compared compared;
  int measured = 0;
  while (measured < graphs) {
    listed::Builder<double> listed(random);
    listed.build(1 + random.below(5));
    auto& graph = listed.graph;
    const auto normalization =
        random.below(2) == 0 ? dgp::Normalization::max_abs : dgp::Normalization::standardized;
    bool constant = false;
    for (const auto& view : graph.weights().views()) {
      for (dgp::Index row = 0; row < view.rows; ++row) {
        for (dgp::Index col = 0; col < view.cols; ++col) {
          const_cast<double&>(view(row, col)) =
              (0.05 + 1.5 * random.uniform()) * (random.below(2) == 0 ? -1 : 1);
        }
      }
      constant = constant || view.rows * view.cols == 1;
    }
    if (listed.outputs.empty()) continue;
    if (constant && normalization == dgp::Normalization::standardized) continue;
    ++measured;
    const double p = some_order(random);
    const auto essential = some_convention(random);
    CAPTURE(measured, p, static_cast<int>(normalization));
    const dgp::NeuralPersistenceOptions by_layer{p, essential, normalization};
    compare<double>(
        random, graph, dgp::neural_persistence_gradient(graph, by_layer),
        [&] { return dgp::neural_persistence(graph, by_layer).mean_normalized; }, 1e-7, compared);
    const dgp::DeepGraphPersistenceOptions deep{p, essential, normalization, random.below(2) == 0};
    compare<double>(
        random, graph, dgp::deep_graph_persistence_gradient(graph, deep),
        [&] { return dgp::deep_graph_persistence(graph, deep).normalized; }, 1e-7, compared);
  }
  CAPTURE(compared.weights, compared.kinks);
  CHECK(compared.weights > 16 * graphs);
  CHECK(compared.kinks < compared.weights / 50);
}

// At p = 1 without essential class each merge of a life above 0 has the same share.
TEST_CASE("where weights tie, the first places have the gradient", "[oracle]") {
  Random random(20261204);
  int tied = 0;
  for (int number = 0; number < 2500; ++number) {
    listed::Builder<double> listed(random);
    listed.build(1 + random.below(5));
    const auto& views = listed.graph.weights().views();
    double largest = 0;
    for (const auto& set : listed.sets) {
      if (set.stored.size() > 0) largest = std::max(largest, set.stored.cwiseAbs().maxCoeff());
    }
    if (largest == 0) continue;
    const auto sign = [](double weight) { return weight < 0 ? -1.0 : weight > 0 ? 1.0 : 0.0; };
    std::vector<Eigen::MatrixXd> expected;
    double by_largest = 0;
    for (const auto& set : listed.sets) {
      if (set.stored.size() == 0) continue;
      auto& gradient =
          expected.emplace_back(Eigen::MatrixXd::Zero(set.stored.rows(), set.stored.cols()));
      const auto value = [&](const auto& edge) { return std::abs(set.stored(edge.row, edge.col)); };
      auto edges = set.edges;
      std::sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) {
        if (value(a) != value(b)) return value(a) > value(b);
        return std::pair(a.row, a.col) < std::pair(b.row, b.col);
      });
      std::vector<int> component(static_cast<std::size_t>(listed.neurons));
      for (std::size_t i = 0; i < component.size(); ++i) component[i] = static_cast<int>(i);
      const double share = 1 / static_cast<double>((set.neurons.size() - 1) * views.size());
      for (const auto& edge : edges) {
        const int a = component[static_cast<std::size_t>(edge.from)];
        const int b = component[static_cast<std::size_t>(edge.to)];
        if (a == b) continue;
        std::replace(component.begin(), component.end(), a, b);
        if (value(edge) == largest) continue;
        gradient(edge.row, edge.col) -= share / largest * sign(set.stored(edge.row, edge.col));
        by_largest += share * value(edge) / largest / largest;
        tied += (set.stored.array().abs() == value(edge)).count() > 1;
      }
    }
    const auto add_to_largest = [&] {
      for (std::size_t k = 0; k < views.size(); ++k) {
        for (Eigen::Index row = 0; row < views[k].rows; ++row) {
          for (Eigen::Index col = 0; col < views[k].cols; ++col) {
            if (std::abs(views[k](row, col)) != largest) continue;
            expected[k](row, col) += by_largest * sign(views[k](row, col));
            return;
          }
        }
      }
    };
    add_to_largest();
    const auto gradient = dgp::neural_persistence_gradient(
        listed.graph, {1, dgp::EssentialClass::omitted, dgp::Normalization::max_abs});
    for (std::size_t k = 0; k < views.size(); ++k) {
      CAPTURE(number, k);
      REQUIRE((gradient.dense(k) - expected[k]).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
  CHECK(tied > 5000);
}

TEST_CASE("of the edges between two neurons the heaviest is found, of equal ones the first",
          "[oracle]") {
  Random random(20261205);
  int several = 0;
  for (int number = 0; number < 1500; ++number) {
    listed::Builder<double> listed(random);
    listed.build(1 + random.below(5));
    const std::vector<dgp::detail::Magnitude<double>> maps(listed.graph.weights().size());
    const auto sources = dgp::detail::edges_of(listed.graph, maps, [](const auto&) { return 1.0; });
    REQUIRE(sources.size() == listed.sets.size());
    for (std::size_t k = 0; k < sources.size(); ++k) {
      const auto& set = listed.sets[k];
      const bool weighted = set.stored.size() > 0;
      struct Found {
        double value;
        Eigen::Index row;
        Eigen::Index col;
      };
      std::map<std::pair<int, int>, Found> heaviest;  // by (to, from)
      for (const auto& edge : set.edges) {
        const double value = weighted ? std::abs(set.stored(edge.row, edge.col)) : 1;
        const auto [at, is_new] =
            heaviest.insert({{edge.to, edge.from}, {value, edge.row, edge.col}});
        auto& known = at->second;
        several += !is_new && weighted;
        if (value > known.value || (value == known.value && std::pair(edge.row, edge.col) <
                                                                std::pair(known.row, known.col))) {
          known = {value, edge.row, edge.col};
        }
      }
      for (int to = 0; to < listed.neurons; ++to) {
        for (int from = 0; from < listed.neurons; ++from) {
          const auto found = sources[k].between(static_cast<dgp::detail::Vertex>(to),
                                                static_cast<dgp::detail::Vertex>(from));
          const auto expected = heaviest.find({to, from});
          if (found.has_value() != (expected != heaviest.end())) {
            FAIL(number << ", set " << k << ", from " << from << " to " << to);
          }
          if (!found) continue;
          REQUIRE(found->value == expected->second.value);
          REQUIRE(found->weighted == weighted);
          if (!weighted) continue;
          REQUIRE(found->row == expected->second.row);
          REQUIRE(found->col == expected->second.col);
        }
      }
    }
  }
  CHECK(several > 500);
}
