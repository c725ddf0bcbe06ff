// Feature vectors of 16 MNIST digits by the published code (Girrbach et al. 2023, PyTorch 1.13), on
// the shipped network. Red is right where a figure differs by more than the rounding of float
// activations: these are sums of hundreds of products, so that small ones have fewer digits than
// 1e-5 of their own; figures are compared relative to the largest of their vector.
#include <cmath>
#include <string>

#include <dgp/io/activation_graph.hpp>
#include <dgp/monitoring/feature_matrix.hpp>
#include <dgp/monitoring/feature_method.hpp>

#include "../support/catch.hpp"

namespace {

Eigen::MatrixXd published(dgp::io::SafetensorsFile& file, const std::string& name) {
  for (const auto& tensor : file.tensors()) {
    if (tensor.name == name) return file.read_rows<double>(tensor);
  }
  FAIL("no tensor " + name);
  return {};
}

template <class Scalar>
void compare_all() {
  dgp::io::SafetensorsFile witness(DGP_TEST_DATA
                                   "/golden/witness_mnist_784-100-100-10.safetensors");
  const auto graphs =
      dgp::io::read_activation_graphs<Scalar>(DGP_EXAMPLE_DATA "/mnist_784-100-100-10.safetensors");
  const Eigen::MatrixXd images = published(witness, "x");
  for (const dgp::FeatureMethod method : dgp::feature_methods) {
    const std::string name(dgp::name_of(method));
    CAPTURE(name);
    const auto features = dgp::feature_matrix(graphs, images.template cast<Scalar>(), method);
    const auto parts = graphs.feature_parts(method);
    const bool per_layer = parts.size() > 1 || method == dgp::FeatureMethod::input_activation;
    REQUIRE(features.rows() == 16);
    REQUIRE(features.cols() == graphs.feature_count(method));
    Eigen::Index first = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      const auto expected =
          published(witness, per_layer ? name + ".layer" + std::to_string(k) : name);
      REQUIRE(expected.cols() == parts[k]);
      for (Eigen::Index row = 0; row < 16; ++row) {
        const double largest = expected.row(row).cwiseAbs().maxCoeff();
        const Eigen::RowVectorXd found =
            features.row(row).segment(first, parts[k]).template cast<double>();
        CAPTURE(k, row);
        CHECK((found - expected.row(row)).cwiseAbs().maxCoeff() <= 1e-6 * largest);
      }
      first += parts[k];
    }
  }
}

}  // namespace

TEST_CASE("the published feature vectors come out, in float", "[golden]") { compare_all<float>(); }
TEST_CASE("the published feature vectors come out, in double", "[golden]") {
  compare_all<double>();
}
