// What a network does with one input: its activation graph, and feature vectors of it.
//
// For an input x let a_0 = x and a_{k+1} = act(W_k a_k + bias_k), the last layer without act. The
// activation graph of x has the layers G_k(r, c) = W_k(r, c) a_k(c), (fan_out × fan_in): what flows
// over each edge. Inputs unlike those a network was trained on show in these graphs (Girrbach et
// al. 2023, their application; shift_detection.hpp tests for it).
//
// in:  a network, once, as ActivationGraphs; then samples
// out: a feature vector per sample, by one of twelve methods
//
// G is never made: the heaviest edges of each input neuron are known from its presorted weights and
// one activation (detail/sample_forest.hpp).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/presorted_layer.hpp>
#include <dgp/detail/sample_forest.hpp>
#include <dgp/detail/weight_view.hpp>
#include <dgp/normalization.hpp>

namespace dgp {

// Of the hidden layers; the last layer is linear.
enum class Activation { relu, tanh, sigmoid };

// How a sample becomes a vector, by the published names. S is the path-strength matrix
// (path_strength.hpp) of all abs(G_k).
enum class FeatureMethod {
  dgp,                  // the deaths of S, descending: n_in + n_out - 1 values
  dgp_normalize,        // the same, divided by the sample's largest abs(G)
  dgp_var,              // the same of abs((G - mean) / (std + 1e-8)), per layer, std with n - 1
  dgp_var_normalize,    // the same as dgp_var, divided by the sample's largest value
  dgp_approximate,      // maxima of S by input, then by output: n_in + n_out values
  dgp_var_approximate,  // those of dgp_var's S
  topological,       // per layer, weights of the maximum spanning forest of abs(G_k), descending:
                     // fan_in + fan_out - 1 values (Topological Uncertainty, Lacombe et al. 2021)
  topological_var,   // the same of abs((G - mean) / (std + 1e-8)), population std
  magdiff,           // the last G, row by row
  softmax,           // of the network's outputs
  logit,             // the network's outputs
  input_activation,  // the activations of each hidden layer
};

inline constexpr std::array<FeatureMethod, 12> feature_methods{FeatureMethod::dgp,
                                                               FeatureMethod::dgp_normalize,
                                                               FeatureMethod::dgp_var,
                                                               FeatureMethod::dgp_var_normalize,
                                                               FeatureMethod::dgp_approximate,
                                                               FeatureMethod::dgp_var_approximate,
                                                               FeatureMethod::topological,
                                                               FeatureMethod::topological_var,
                                                               FeatureMethod::magdiff,
                                                               FeatureMethod::softmax,
                                                               FeatureMethod::logit,
                                                               FeatureMethod::input_activation};

constexpr std::string_view name_of(FeatureMethod method) {
  constexpr std::array<std::string_view, feature_methods.size()> names{"dgp",
                                                                       "dgp_normalize",
                                                                       "dgp_var",
                                                                       "dgp_var_normalize",
                                                                       "dgp_approximate",
                                                                       "dgp_var_approximate",
                                                                       "topological",
                                                                       "topological_var",
                                                                       "magdiff",
                                                                       "softmax",
                                                                       "logit",
                                                                       "input_activation"};
  return names[static_cast<std::size_t>(method)];
}

// Throws std::invalid_argument for any other name.
inline FeatureMethod feature_method(std::string_view name) {
  for (const FeatureMethod method : feature_methods) {
    if (name_of(method) == name) return method;
  }
  std::string message =
      "unknown feature method '" + detail::one_line(std::string(name)) + "'; one of";
  for (const FeatureMethod method : feature_methods) message += " " + std::string(name_of(method));
  throw std::invalid_argument(message);
}

template <class Scalar>
class ActivationGraphs;

// What the work on one sample needs, kept from sample to sample: nothing is allocated after the
// first of a network and method. One for each thread.
template <class Scalar>
class FeatureWorkspace {
  friend class ActivationGraphs<Scalar>;
  std::vector<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> activations_;  // last: the outputs
  std::vector<detail::ActivationScale<Scalar>> scales_;
  detail::SampleForest<Scalar> forest_;
};

// A network made ready for the activation graphs of its inputs. Any number of threads may use one
// at once, each with a workspace of its own.
template <class Scalar>
class ActivationGraphs {
 public:
  using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

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

  Index inputs() const { return layers_.front().cols(); }
  Index outputs() const { return layers_.back().rows(); }
  std::size_t weight_count() const {
    std::size_t count = 0;
    for (const auto& layer : layers_) count += static_cast<std::size_t>(layer.weights().size());
    return count;
  }

  // The lengths of the lists that a feature vector is made of, one after the other: one per layer
  // for topological and topological_var, one per hidden layer for input_activation, else one.
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
  void features(const Eigen::MatrixBase<Derived>& sample, FeatureMethod method,
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
        assign(workspace.forest_.deaths(), features);
        // Division keeps the order: it may come last.
        if (method == FeatureMethod::dgp_normalize || method == FeatureMethod::dgp_var_normalize) {
          features /= largest_value(workspace);
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
          for (const Scalar& weight : workspace.forest_.deaths())
            features(static_cast<Index>(first++)) = weight;
        }
        return;
      case FeatureMethod::magdiff: {
        const auto& last = layers_.back().weights();
        features.resize(last.size());
        Eigen::Map<detail::RowMajorMatrix<Scalar>>(features.data(), last.rows(), last.cols()) =
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

 private:
  static void check_bias(const std::string& label, const Vector& bias, Index fan_out) {
    if (bias.size() != fan_out) {
      throw std::invalid_argument(label + ": " + std::to_string(bias.size()) + " biases for " +
                                  std::to_string(fan_out) + " outputs");
    }
    for (Index row = 0; row < fan_out; ++row) {
      if (!(Eigen::numext::isfinite)(bias(row))) {
        throw std::invalid_argument(label + ", row " + std::to_string(row) + ": bias is " +
                                    detail::printed(bias(row)));
      }
    }
  }

  template <class Derived>
  void check_sample(const Eigen::MatrixBase<Derived>& sample) const {
    static_assert(std::is_same_v<typename Derived::Scalar, Scalar>,
                  "dgp: samples must have the scalar type of the weights");
    if (sample.size() != inputs() || (sample.rows() != 1 && sample.cols() != 1)) {
      throw std::invalid_argument("the sample is " + detail::shape(sample.rows(), sample.cols()) +
                                  ", but the network takes a vector of " +
                                  std::to_string(inputs()) + " values");
    }
    for (Index i = 0; i < sample.size(); ++i) {
      if (!(Eigen::numext::isfinite)(sample.derived()(i))) {
        throw std::invalid_argument("value " + std::to_string(i) + " of the sample is " +
                                    detail::printed(Scalar(sample.derived()(i))));
      }
    }
  }

  template <class Derived>
  void propagate(const Eigen::MatrixBase<Derived>& sample,
                 FeatureWorkspace<Scalar>& workspace) const {
    auto& activations = workspace.activations_;
    activations.resize(layers_.size() + 1);
    activations[0].resize(sample.size());
    for (Index i = 0; i < sample.size(); ++i) activations[0](i) = sample.derived()(i);
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      Vector& next = activations[k + 1];
      next.resize(layers_[k].rows());
      next.noalias() = layers_[k].weights() * activations[k];
      if (!biases_.empty()) next += biases_[k];
      if (!next.allFinite()) {
        throw std::domain_error("layer " + std::to_string(k) + ": its activations overflow");
      }
      if (k + 1 < layers_.size()) activate(next);
    }
  }

  void activate(Vector& values) const {
    switch (activation_) {
      case Activation::relu:
        values = values.cwiseMax(Scalar(0));
        return;
      case Activation::tanh:
        values = values.array().tanh().matrix();
        return;
      case Activation::sigmoid:
        values = (Scalar(1) + (-values.array()).exp()).inverse().matrix();
        return;
    }
  }

  void prepare_paths(FeatureMethod method, FeatureWorkspace<Scalar>& workspace) const {
    set_scales(method, workspace);
    workspace.forest_.set_layers(layers_, 0, layers_.size(), workspace.activations_,
                                 workspace.scales_);
  }

  // How G becomes a filtration value, for each layer.
  void set_scales(FeatureMethod method, FeatureWorkspace<Scalar>& workspace) const {
    const bool of_sample = method == FeatureMethod::dgp_var ||
                           method == FeatureMethod::dgp_var_approximate ||
                           method == FeatureMethod::dgp_var_normalize;
    const bool of_population = method == FeatureMethod::topological_var;
    auto& scales = workspace.scales_;
    scales.assign(layers_.size(), {});
    if (of_sample || of_population) {
      for (std::size_t k = 0; k < layers_.size(); ++k) {
        using Sum = sum_t<Scalar>;
        const auto count = static_cast<Sum>(layers_[k].weights().size());
        const Sum freedom = of_sample ? count - Sum(1) : count;
        if (!(freedom > Sum(0))) {
          throw std::domain_error("layer " + std::to_string(k) +
                                  ": one weight has no sample deviation");
        }
        const auto moments = layers_[k].moments(workspace.activations_[k]);
        using std::sqrt;
        scales[k].mean = static_cast<Scalar>(moments.mean);
        const Sum deviation = sqrt(Sum(moments.squares / freedom));
        scales[k].deviation = static_cast<Scalar>(Sum(deviation + Sum(1e-8)));
        const bool fits = (Eigen::numext::isfinite)(scales[k].mean) &&
                          (Eigen::numext::isfinite)(scales[k].deviation);
        if (!fits) refuse_overflow(k);
        // Where all entries are equal but for rounding, all values are 0.
        const Sum rounding = static_cast<Sum>(Eigen::NumTraits<Scalar>::epsilon());
        if (deviation <= rounding * Eigen::numext::abs(moments.mean)) {
          scales[k].deviation = Eigen::NumTraits<Scalar>::infinity();
        }
      }
    }
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const Scalar most =
          layers_[k].largest_weight() * workspace.activations_[k].cwiseAbs().maxCoeff();
      if (!(Eigen::numext::isfinite)(Scalar(Scalar(most + most) / scales[k].deviation))) {
        refuse_overflow(k);
      }
    }
  }

  [[noreturn]] static void refuse_overflow(std::size_t k) {
    throw std::domain_error("layer " + std::to_string(k) + ": weights times activations overflow");
  }

  // The value of the heaviest edge, or 1 where all are 0.
  Scalar largest_value(const FeatureWorkspace<Scalar>& workspace) const {
    Scalar largest(0);
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      largest = std::max(largest,
                         layers_[k].largest_value(workspace.activations_[k], workspace.scales_[k]));
    }
    return largest > Scalar(0) ? largest : Scalar(1);
  }

  static void assign(const std::vector<Scalar>& values, Vector& features) {
    features = Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
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

template <Network Layers, class... Others>
ActivationGraphs(Layers&&, Others&&...) -> ActivationGraphs<scalar_t<Layers>>;

// The features of a batch of samples, in parallel.
//
// in:  samples (samples × inputs), a row each, any dense expression
// out: (samples × feature_count), row-major
// Time per sample as for features(); memory a workspace per thread. Throws as features() does,
// naming the sample.
template <class Scalar, class Derived>
detail::RowMajorMatrix<Scalar> feature_matrix(const ActivationGraphs<Scalar>& graphs,
                                              const Eigen::MatrixBase<Derived>& samples,
                                              FeatureMethod method) {
  static_assert(std::is_same_v<typename Derived::Scalar, Scalar>,
                "dgp: samples must have the scalar type of the weights; cast them first, for "
                "example with X.template cast<float>()");
  using Vector = typename ActivationGraphs<Scalar>::Vector;
  struct Thread {
    FeatureWorkspace<Scalar> workspace;
    Vector sample;
    Vector features;
  };
  if (samples.rows() == 0) throw std::invalid_argument("there are no samples");
  if (samples.cols() != graphs.inputs()) {
    throw std::invalid_argument("samples of " + std::to_string(samples.cols()) +
                                " values, but the network takes " +
                                std::to_string(graphs.inputs()));
  }
  const detail::NetworkWeights<Scalar> rows(samples.derived());  // evaluated once, if need be
  const detail::WeightView<Scalar>& view = rows[0];
  std::vector<Thread> threads(detail::most_threads());
  detail::RowMajorMatrix<Scalar> matrix(view.rows, graphs.feature_count(method));
  detail::parallel_for_by_thread(
      static_cast<std::size_t>(view.rows),
      static_cast<double>(view.rows) * static_cast<double>(graphs.weight_count()),
      [&](std::size_t index, std::size_t thread) {
        Thread& own = threads[thread];
        const auto row = static_cast<Index>(index);
        own.sample.resize(view.cols);
        for (Index i = 0; i < view.cols; ++i) own.sample(i) = view(row, i);
        const auto label = [&] { return "sample " + std::to_string(index) + ": "; };
        try {
          graphs.features(own.sample, method, own.workspace, own.features);
        } catch (const std::invalid_argument& error) {
          throw std::invalid_argument(label() + error.what());
        } catch (const std::domain_error& error) {
          throw std::domain_error(label() + error.what());
        }
        matrix.row(row) = own.features.transpose();
      });
  return matrix;
}

}  // namespace dgp
