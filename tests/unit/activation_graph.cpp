// Activation graphs: their features by definition where these are short, errors, and what must not
// matter: threads, storage order, what a workspace served before.
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/monitoring/activation_graph.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/spanning_forest.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using dgp::Activation;
using dgp::ActivationGraphs;
using dgp::FeatureMethod;
using support::error_of;
using support::holds;

// 3 inputs, 4 hidden neurons, 2 outputs.
struct Small {
  std::vector<Matrix> layers;
  std::vector<Vector> biases;
  Vector sample;

  Small() {
    support::Random random(5);
    layers.push_back(support::random_matrix<double>(random, support::Kind::normal, 4, 3));
    layers.push_back(support::random_matrix<double>(random, support::Kind::normal, 2, 4));
    biases.push_back(Vector::LinSpaced(4, -0.5, 0.5));
    biases.push_back(Vector::LinSpaced(2, -1, 1));
    sample = Vector::LinSpaced(3, 0.2, 1);
  }
};

Vector features_of(const ActivationGraphs<double>& graphs, const Vector& sample,
                   FeatureMethod method) {
  dgp::FeatureWorkspace<double> workspace;
  Vector features;
  graphs.features(sample, method, workspace, features);
  return features;
}

}  // namespace

TEST_CASE("every feature method has a name of its own", "[activation_graph]") {
  for (const FeatureMethod method : dgp::feature_methods) {
    CHECK(dgp::feature_method(dgp::name_of(method)) == method);
  }
  const std::string message =
      error_of<std::invalid_argument>([] { dgp::feature_method("dgp\nvar"); });
  CHECK(holds(message, "'dgp?var'"));
  CHECK(holds(message, "topological_var"));
}

TEST_CASE("activations, outputs and the last layer's graph are as defined", "[activation_graph]") {
  const Small small;
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::sigmoid}) {
    const ActivationGraphs<double> graphs(small.layers, small.biases, activation);
    Vector hidden = small.layers[0] * small.sample + small.biases[0];
    for (double& value : hidden) {
      value = activation == Activation::relu   ? std::max(value, 0.0)
              : activation == Activation::tanh ? std::tanh(value)
                                               : 1 / (1 + std::exp(-value));
    }
    const Vector logits = small.layers[1] * hidden + small.biases[1];
    const Vector exponentials = logits.array().exp();
    const auto features = [&](FeatureMethod method) {
      return features_of(graphs, small.sample, method);
    };
    CHECK(features(FeatureMethod::input_activation).isApprox(hidden, 1e-14));
    CHECK(features(FeatureMethod::logit).isApprox(logits, 1e-14));
    CHECK(features(FeatureMethod::softmax).isApprox(exponentials / exponentials.sum(), 1e-14));
    const Vector last = features(FeatureMethod::magdiff);
    for (int row = 0; row < 2; ++row) {
      for (int col = 0; col < 4; ++col) {
        CHECK(last(4 * row + col) == Approx(small.layers[1](row, col) * hidden(col)).margin(1e-15));
      }
    }
  }
}

TEST_CASE("means and deviations of a graph are those of its entries", "[activation_graph]") {
  const Small small;
  const ActivationGraphs<double> graphs(small.layers[0]);
  const Matrix graph = small.layers[0] * small.sample.asDiagonal();
  const double mean = graph.mean();
  const double squares = (graph.array() - mean).square().sum();
  for (const auto& [method, count] :
       {std::pair{FeatureMethod::dgp_var, 11.0}, {FeatureMethod::topological_var, 12.0}}) {
    const Matrix values =
        ((graph.array() - mean) / (std::sqrt(squares / count) + 1e-8)).abs().matrix();
    std::vector<double> deaths;
    for (const auto& edge : dgp::maximum_spanning_forest(values).edges) {
      deaths.push_back(edge.weight);
    }
    const Vector features = features_of(graphs, small.sample, method);
    REQUIRE(features.size() == 6);
    for (int i = 0; i < 6; ++i) {
      CHECK(features(i) == Approx(deaths[static_cast<std::size_t>(i)]).epsilon(1e-12));
    }
  }
}

TEST_CASE("normalised features are divided by the largest of all layers", "[activation_graph]") {
  const Small small;
  const ActivationGraphs<double> graphs(small.layers);  // no biases
  const Vector hidden = (small.layers[0] * small.sample).cwiseMax(0.0);
  const double largest =
      std::max((small.layers[0] * small.sample.asDiagonal()).cwiseAbs().maxCoeff(),
               (small.layers[1] * hidden.asDiagonal()).cwiseAbs().maxCoeff());
  const Vector raw = features_of(graphs, small.sample, FeatureMethod::dgp);
  CHECK(features_of(graphs, small.sample, FeatureMethod::dgp_normalize)
            .isApprox(raw / largest, 1e-14));
  // A dark image: nothing flows, and nothing is divided by 0.
  for (const FeatureMethod method : dgp::feature_methods) {
    CHECK(features_of(graphs, Vector::Zero(3), method).allFinite());
  }
}

TEST_CASE("a sample may stand in a row or in a column", "[activation_graph]") {
  const Small small;
  const ActivationGraphs<double> graphs(small.layers, small.biases);
  const Matrix row = small.sample.transpose();
  dgp::FeatureWorkspace<double> workspace;
  Vector features;
  graphs.features(row, FeatureMethod::logit, workspace, features);
  CHECK(features == features_of(graphs, small.sample, FeatureMethod::logit));
}

TEST_CASE("a graph of equal entries has no structure", "[activation_graph]") {
  // 0.1 * 0.7 rounds; with fused operations the rest of it must not look like a deviation.
  const ActivationGraphs<float> graphs(Eigen::MatrixXf::Constant(30, 20, 0.1F));
  dgp::FeatureWorkspace<float> workspace;
  Eigen::VectorXf features;
  for (const auto method : {FeatureMethod::dgp_var, FeatureMethod::topological_var}) {
    graphs.features(Eigen::VectorXf::Constant(20, 0.7F), method, workspace, features);
    CHECK(features == Eigen::VectorXf::Zero(49));
  }
}

TEST_CASE("the lengths of feature lists add up", "[activation_graph]") {
  const Small small;
  const ActivationGraphs<double> graphs(small.layers, small.biases);
  CHECK(graphs.inputs() == 3);
  CHECK(graphs.outputs() == 2);
  CHECK(graphs.weight_count() == 20);
  CHECK(graphs.feature_parts(FeatureMethod::dgp_var) == std::vector<dgp::Index>{4});
  CHECK(graphs.feature_parts(FeatureMethod::dgp_approximate) == std::vector<dgp::Index>{5});
  CHECK(graphs.feature_parts(FeatureMethod::topological) == std::vector<dgp::Index>{6, 5});
  CHECK(graphs.feature_parts(FeatureMethod::input_activation) == std::vector<dgp::Index>{4});
  for (const FeatureMethod method : dgp::feature_methods) {
    CHECK(features_of(graphs, small.sample, method).size() == graphs.feature_count(method));
  }
}

TEST_CASE("a batch is its samples, whatever the threads and the storage", "[activation_graph]") {
  support::Random random(9);
  std::vector<Eigen::MatrixXf> layers;
  layers.push_back(support::random_matrix<float>(random, support::Kind::normal, 120, 150));
  layers.push_back(support::random_matrix<float>(random, support::Kind::normal, 130, 120));
  layers.push_back(support::random_matrix<float>(random, support::Kind::normal, 7, 130));
  const ActivationGraphs<float> graphs(layers);
  const Eigen::MatrixXf samples =
      support::random_matrix<float>(random, support::Kind::zeros, 40, 150);
  const dgp::RowMajorMatrix<float> by_row = samples;
  dgp::FeatureWorkspace<float> workspace;  // of all methods, one after the other
  Eigen::VectorXf features;
  for (const FeatureMethod method : dgp::feature_methods) {
    const auto batch = dgp::feature_matrix(graphs, samples, method);
    for (int row = 0; row < 40; ++row) {
      graphs.features(samples.row(row), method, workspace, features);
      REQUIRE(batch.row(row) == features.transpose());
    }
    CHECK(dgp::feature_matrix(graphs, by_row, method) == batch);
    CHECK(dgp::feature_matrix(graphs, samples * 1.0F, method) == batch);
#ifdef _OPENMP
    const int threads = omp_get_max_threads();
    for (const int count : {1, 2, 5}) {
      omp_set_num_threads(count);
      CHECK(dgp::feature_matrix(graphs, samples, method) == batch);
    }
    omp_set_num_threads(threads);
#endif
  }
}

TEST_CASE("bad networks and samples are refused", "[activation_graph]") {
  const Small small;
  const auto refusal = [](const auto& action) { return error_of<std::invalid_argument>(action); };
  const auto built = [&](std::vector<Matrix> layers, std::vector<Vector> biases) {
    return refusal([&] { ActivationGraphs<double>(layers, biases); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(holds(built({}, {}), "no layers"));
  CHECK(holds(built({small.layers[1], small.layers[0]}, {}), "do not chain"));
  CHECK(holds(built({Matrix::Constant(2, 2, nan)}, {}), "layer 0, row 0, column 0"));
  CHECK(holds(built(small.layers, {small.biases[0]}), "1 biases for 2 layers"));
  CHECK(holds(built(small.layers, {small.biases[1], small.biases[0]}),
              "layer 0: 2 biases for 4 outputs"));
  CHECK(holds(built(small.layers, {small.biases[0], Vector::Constant(2, nan)}),
              "layer 1, row 0: bias is nan"));

  const ActivationGraphs<double> graphs(small.layers, small.biases);
  const auto asked = [&](const Vector& sample) {
    return refusal([&] { features_of(graphs, sample, FeatureMethod::dgp_var); });
  };
  CHECK(holds(asked(Vector::Zero(4)), "takes a vector of 3 values"));
  Vector sample = small.sample;
  sample(1) = nan;
  CHECK(holds(asked(sample), "value 1 of the sample is nan"));
  Matrix samples = Matrix::Zero(3, 3);
  samples(2, 1) = nan;
  CHECK(holds(refusal([&] { dgp::feature_matrix(graphs, samples, FeatureMethod::logit); }),
              "sample 2: value 1 of the sample is nan"));
  CHECK(
      holds(refusal([&] { dgp::feature_matrix(graphs, Matrix::Zero(3, 2), FeatureMethod::logit); }),
            "samples of 2 values"));
  CHECK(
      holds(refusal([&] { dgp::feature_matrix(graphs, Matrix::Zero(0, 3), FeatureMethod::logit); }),
            "there are no samples"));

  const auto outside = [&](const ActivationGraphs<double>& network, const Vector& input) {
    return error_of<std::domain_error>(
        [&] { features_of(network, input, FeatureMethod::dgp_var); });
  };
  const ActivationGraphs<double> large(Matrix::Constant(2, 3, 1e200));
  CHECK(holds(outside(large, Vector::Constant(3, 1e200)), "layer 0: its activations overflow"));
  const ActivationGraphs<double> opposite((Matrix(2, 2) << 1e200, -1e200, 1, 1).finished());
  CHECK(holds(outside(opposite, Vector::Constant(2, 1e108)), "overflow"));
  const ActivationGraphs<double> squares(Matrix::Random(20, 30) * 1e160);
  CHECK(holds(outside(squares, Vector::Ones(30)), "overflow"));
  const ActivationGraphs<double> single(Matrix::Ones(1, 1));
  CHECK(holds(outside(single, Vector::Ones(1)), "layer 0: one weight has no sample deviation"));
}
