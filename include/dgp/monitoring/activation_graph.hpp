// What a network does with one input: its activation graph, and feature vectors of it.
//
// For an input x let a_0 = x and a_{k+1} = act(W_k a_k + bias_k), the last layer without act. The
// activation graph of x has the layers G_k(r, c) = W_k(r, c) a_k(c), (fan_out × fan_in): what flows
// over each edge. Inputs unlike those a network was trained on show in these graphs (Girrbach et
// al. 2023, their application; shift_detection.hpp tests for it).
//
// in:  a network, once, as ActivationGraphs; then samples
// out: a feature vector per sample, by one of twelve methods (feature_method.hpp); of a whole batch
//      in feature_matrix.hpp
//
// G is never made: the heaviest edges of each input neuron are known from its presorted weights and
// one activation (dgp/detail/forest/sample_forest.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/presorted_layer.hpp>
#include <dgp/detail/forest/sample_forest.hpp>
#include <dgp/detail/keys/special_values.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/monitoring/activation.hpp>
#include <dgp/monitoring/detail/activation_scales.hpp>
#include <dgp/monitoring/feature_method.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

template <class Scalar>
class ActivationGraphs;

// What the work on one sample needs, kept from sample to sample: nothing is allocated after the
// first of a network and method. One for each thread.
template <class Scalar>
class FeatureWorkspace {
  friend class ActivationGraphs<Scalar>;
  RowMajorMatrix<Scalar> sample_;  // where it does not lie in memory as it comes
  std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> activations_;  // last: the outputs
  std::vector<detail::ActivationScale<Scalar>> scales_;
  detail::SampleForest<Scalar> forest_;
};

// A network made ready for the activation graphs of its inputs. Any number of threads may use one
// at once, each with a workspace of its own.
template <class Scalar>
class ActivationGraphs {
 public:
  using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;  // of biases, and of features

  // in:  layers in forward order, each (fan_out × fan_in), chained; biases, one vector of fan_out
  //      values per layer, or none at all; both are copied
  // Time O(weights · log neurons), once; memory three times that of float weights. Throws
  // std::invalid_argument for an empty network or layer, layers that do not chain, biases that do
  // not fit them, a weight or bias that is not finite.
  template <Network Layers>
  explicit ActivationGraphs(Layers&& layers, std::vector<Vector> biases = {},
                            Activation activation = Activation::relu)
      : biases_(std::move(biases)), activation_(activation) {
    const detail::NetworkWeights<Scalar> network(std::forward<Layers>(layers));
    network.check_chain();
    detail::largest_magnitude(network);  // finds weights that are not finite
    if (!biases_.empty() && biases_.size() != network.size()) {
      throw std::invalid_argument(std::to_string(biases_.size()) + " biases for " +
                                  std::to_string(network.size()) + " layers");
    }
    layers_.reserve(network.size());
    for (std::size_t k = 0; k < network.size(); ++k) {
      if (!biases_.empty()) check_bias(network.label(k), biases_[k], network[k].rows);
      layers_.emplace_back(network[k]);
    }
  }
  template <Layer One>
  explicit ActivationGraphs(std::initializer_list<One> layers, std::vector<Vector> biases = {},
                            Activation activation = Activation::relu)
      : ActivationGraphs(std::span(layers), std::move(biases), activation) {}

  // Neurons of the first and of the last layer.
  Index inputs() const { return layers_.front().cols(); }
  Index outputs() const { return layers_.back().rows(); }
  // Weights of all layers together.
  std::size_t weight_count() const {
    std::size_t count = 0;
    for (const auto& layer : layers_) count += static_cast<std::size_t>(layer.weights().size());
    return count;
  }

  // The lengths of the lists that a feature vector is made of, one after the other: one per layer
  // for topological and topological_var, one per hidden layer for input_activation, else one.
  // Throws std::invalid_argument for what is no FeatureMethod.
  std::vector<Index> feature_parts(FeatureMethod method) const {
    switch (method) {
      case FeatureMethod::dgp:
      case FeatureMethod::dgp_normalize:
      case FeatureMethod::dgp_var:
      case FeatureMethod::dgp_var_normalize:
        return {inputs() + outputs() - 1};
      case FeatureMethod::dgp_approximate:
      case FeatureMethod::dgp_var_approximate:
        return {inputs() + outputs()};
      case FeatureMethod::topological:
      case FeatureMethod::topological_var: {
        std::vector<Index> parts;
        for (const auto& layer : layers_) parts.push_back(layer.rows() + layer.cols() - 1);
        return parts;
      }
      case FeatureMethod::magdiff:
        return {layers_.back().weights().size()};
      case FeatureMethod::softmax:
      case FeatureMethod::logit:
        return {outputs()};
      case FeatureMethod::input_activation: {
        std::vector<Index> parts;
        for (std::size_t k = 0; k + 1 < layers_.size(); ++k) parts.push_back(layers_[k].rows());
        return parts;
      }
    }
    throw std::invalid_argument("unknown feature method");
  }

  // The sum of feature_parts.
  Index feature_count(FeatureMethod method) const {
    Index count = 0;
    for (const Index part : feature_parts(method)) count += part;
    return count;
  }

  // The features of one sample, of inputs() values; replaces those in `features`.
  // Time that of the forward pass and, for neurons n and random weights, O(n log n); O(weights ·
  // log n) at worst. Throws std::invalid_argument for a sample of another size or with a value that
  // is not finite, std::domain_error where activations overflow, or a layer of one weight has no
  // deviation (dgp_var).
  template <class Derived>
  void features(const Eigen::DenseBase<Derived>& sample, FeatureMethod method,
                FeatureWorkspace<Scalar>& workspace, Vector& features) const {
    static_assert(std::is_same_v<typename Derived::Scalar, Scalar>,
                  "dgp: samples must have the scalar type of the weights");
    if constexpr (detail::lies_in_memory<Derived>) {
      features_of(detail::view_of(sample), method, workspace, features);
    } else {
      workspace.sample_ = sample.derived().matrix();
      features_of(detail::view_of(workspace.sample_), method, workspace, features);
    }
  }

 private:
  void features_of(const detail::WeightView<Scalar>& sample, FeatureMethod method,
                   FeatureWorkspace<Scalar>& workspace, Vector& features) const {
    check_sample(sample);
    propagate(sample, workspace);
    const auto& activations = workspace.activations_;
    switch (method) {
      case FeatureMethod::dgp:
      case FeatureMethod::dgp_normalize:
      case FeatureMethod::dgp_var:
      case FeatureMethod::dgp_var_normalize:
        prepare_paths(method, workspace);
        features.resize(inputs() + outputs() - 1);
        for (Index i = 0; const auto& edge : workspace.forest_.terminal_merges())
          features(i++) = edge.value;
        // Division keeps the order: it may come last.
        if (method == FeatureMethod::dgp_normalize || method == FeatureMethod::dgp_var_normalize) {
          features /=
              detail::largest_value_or_one(layers_, workspace.activations_, workspace.scales_);
        }
        return;
      case FeatureMethod::dgp_approximate:
      case FeatureMethod::dgp_var_approximate:
        prepare_paths(method, workspace);
        features.resize(inputs() + outputs());
        features << workspace.forest_.exit_strengths(), workspace.forest_.entry_strengths();
        return;
      case FeatureMethod::topological:
      case FeatureMethod::topological_var:
        set_scales(method, workspace);
        resize(features, layers_.size(),
               [](const auto& layer) { return layer.rows() + layer.cols() - 1; });
        for (std::size_t k = 0, first = 0; k < layers_.size(); ++k) {
          workspace.forest_.set_layers(layers_, k, 1, activations, workspace.scales_);
          for (const auto& edge : workspace.forest_.terminal_merges())
            features(static_cast<Index>(first++)) = edge.value;
        }
        return;
      case FeatureMethod::magdiff: {
        const auto& last = layers_.back().weights();
        features.resize(last.size());
        Eigen::Map<RowMajorMatrix<Scalar>>(features.data(), last.rows(), last.cols()) =
            (last.array().rowwise() * activations[layers_.size() - 1].transpose().array()).matrix();
        return;
      }
      case FeatureMethod::logit:
        features = activations.back();
        return;
      case FeatureMethod::softmax:
        features = (activations.back().array() - activations.back().maxCoeff()).exp().matrix();
        features /= features.sum();
        return;
      case FeatureMethod::input_activation:
        resize(features, layers_.size() - 1, [](const auto& layer) { return layer.rows(); });
        for (Index k = 1, first = 0; k < static_cast<Index>(layers_.size()); ++k) {
          const Vector& hidden = activations[static_cast<std::size_t>(k)];
          features.segment(first, hidden.size()) = hidden;
          first += hidden.size();
        }
        return;
    }
    throw std::invalid_argument("unknown feature method");
  }

  static void check_bias(const std::string& label, const Vector& bias, Index fan_out) {
    if (bias.size() != fan_out) {
      throw std::invalid_argument(label + ": " + std::to_string(bias.size()) + " biases for " +
                                  std::to_string(fan_out) + " outputs");
    }
    for (Index row = 0; row < fan_out; ++row) {
      if (!detail::is_finite(bias(row))) {
        throw std::invalid_argument(label + ", row " + std::to_string(row) + ": bias is " +
                                    detail::printed(bias(row)));
      }
    }
  }

  static Index size_of(const detail::WeightView<Scalar>& vector) {
    return vector.rows * vector.cols;
  }
  static const Scalar& value_of(const detail::WeightView<Scalar>& vector, Index i) {
    return vector.rows == 1 ? vector(0, i) : vector(i, 0);
  }

  void check_sample(const detail::WeightView<Scalar>& sample) const {
    if (size_of(sample) != inputs() || (sample.rows != 1 && sample.cols != 1)) {
      throw std::invalid_argument("the sample is " + detail::shape(sample.rows, sample.cols) +
                                  ", but the network takes a vector of " +
                                  std::to_string(inputs()) + " values");
    }
    for (Index i = 0; i < size_of(sample); ++i) {
      if (!detail::is_finite(value_of(sample, i))) {
        throw std::invalid_argument("value " + std::to_string(i) + " of the sample is " +
                                    detail::printed(value_of(sample, i)));
      }
    }
  }

  void propagate(const detail::WeightView<Scalar>& sample,
                 FeatureWorkspace<Scalar>& workspace) const {
    auto& activations = workspace.activations_;
    activations.resize(layers_.size() + 1);
    activations[0].resize(size_of(sample));
    for (Index i = 0; i < size_of(sample); ++i) activations[0](i) = value_of(sample, i);
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      Vector& next = activations[k + 1];
      next.resize(layers_[k].rows());
      next.noalias() = layers_[k].weights() * activations[k];
      if (!biases_.empty()) next += biases_[k];
      if (!std::all_of(next.begin(), next.end(), detail::is_finite<Scalar>)) {
        throw std::domain_error("layer " + std::to_string(k) + ": its activations overflow");
      }
      if (k + 1 < layers_.size()) detail::activate(next, activation_);
    }
  }

  void prepare_paths(FeatureMethod method, FeatureWorkspace<Scalar>& workspace) const {
    set_scales(method, workspace);
    workspace.forest_.set_layers(layers_, 0, layers_.size(), workspace.activations_,
                                 workspace.scales_);
  }

  void set_scales(FeatureMethod method, FeatureWorkspace<Scalar>& workspace) const {
    detail::set_activation_scales(layers_, workspace.activations_, deviation_of(method),
                                  workspace.scales_);
  }

  static detail::Deviation deviation_of(FeatureMethod method) {
    switch (method) {
      case FeatureMethod::dgp_var:
      case FeatureMethod::dgp_var_approximate:
      case FeatureMethod::dgp_var_normalize:
        return detail::Deviation::sample;
      case FeatureMethod::topological_var:
        return detail::Deviation::population;
      default:
        return detail::Deviation::none;
    }
  }

  template <class Length>
  void resize(Vector& features, std::size_t parts, const Length& length) const {
    Index count = 0;
    for (std::size_t k = 0; k < parts; ++k) count += length(layers_[k]);
    features.resize(count);
  }

  std::vector<detail::PresortedLayer<Scalar>> layers_;
  std::vector<Vector> biases_;
  Activation activation_;
};

// ActivationGraphs(layers, …) takes its scalar from the layers.
template <Network Layers, class... Others>
ActivationGraphs(Layers&&, Others&&...) -> ActivationGraphs<scalar_t<Layers>>;
template <Layer One, class... Others>
ActivationGraphs(std::initializer_list<One>, Others&&...) -> ActivationGraphs<scalar_t<One>>;

}  // namespace dgp
