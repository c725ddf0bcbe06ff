// Gradients of neural persistence and deep graph persistence with respect to every raw weight: to
// raise or lower persistence in training, and to see which weights it hangs on.
//
// in:  layers, and the options of the measure
// out: the measure, and for each layer its gradient: one entry for each weight where a pair dies or
//      that scales all others, and, standardised, a share of all weights
//
// Where no two values tie the measures are differentiable: each death is the value of one weight,
// its critical edge, and how values depend on raw weights is told in detail/gradient_shares.hpp.
// Of deep graph persistence that is the weakest edge of the path behind the merge, not the edge
// where components met (detail/forest/merge_paths.hpp). Where values tie, the gradient is that of
// the forest which was found: one of the limits of gradients nearby. A magnitude of 0 has none, and
// a death of deep graph persistence at 0 neither.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/deep_graph_persistence.hpp>
#include <dgp/detail/forest/merge_paths.hpp>
#include <dgp/detail/gradient_shares.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/neural_persistence.hpp>
#include <dgp/normalization.hpp>
#include <dgp/persistence_diagram.hpp>
#include <dgp/persistent_paths.hpp>

namespace dgp {

// A measure and its gradient. It views the weights, as the measures do: those that it is given by
// name must outlive it unchanged, temporaries are kept. Layers are those that were measured; of a
// graph, the weighted edge sets as weighted_sets() lists them, a kernel's entry once for all its
// places.
template <class Scalar>
class PersistenceGradient {
 public:
  using Sum = sum_t<Scalar>;  // double, or Scalar where that is wider

  // For the functions below. `kept`: what must live as long as the views.
  PersistenceGradient(Sum measured, std::vector<detail::WeightView<Scalar>> views,
                      std::vector<detail::LayerGradient<Scalar>> layers,
                      std::shared_ptr<const void> kept = nullptr)
      : value(measured),
        views_(std::move(views)),
        layers_(std::move(layers)),
        kept_(std::move(kept)) {}

  Sum value;  // of the measure

  // How many.
  std::size_t layers() const { return layers_.size(); }

  // The gradient of weight w at (row, col) of layer k is constant(k) + linear(k) · w and, where
  // sparse(k) has an entry for it, that; ascending by (row, col). Constant and linear are 0 but
  // under Normalization::standardized. All throw std::out_of_range for a layer that is not there.
  const std::vector<WeightGradient<Scalar>>& sparse(std::size_t k) const { return at(k).sparse; }
  Sum constant(std::size_t k) const { return at(k).constant; }
  Sum linear(std::size_t k) const { return at(k).linear; }

  // Adds factor · gradient of layer k to a matrix of its shape, (fan_out × fan_in). Time O(entries
  // of the sparse part), and under Normalization::standardized O(weights); no memory. Throws
  // std::out_of_range for a layer that is not there, std::invalid_argument for another shape.
  template <class Matrix>
  void add_to(std::size_t k, Matrix&& matrix, Sum factor = Sum(1)) const {
    using Entry = typename std::remove_cvref_t<Matrix>::Scalar;
    const auto& [sparse, constant, linear] = at(k);
    const auto& weights = views_[k];
    if (matrix.rows() != weights.rows || matrix.cols() != weights.cols) {
      throw std::invalid_argument("gradient of layer " + std::to_string(k) + ": it is " +
                                  detail::shape(weights.rows, weights.cols) + ", the matrix " +
                                  detail::shape(matrix.rows(), matrix.cols()));
    }
    if (constant != Sum(0) || linear != Sum(0)) {
      for (Index row = 0; row < weights.rows; ++row) {
        for (Index col = 0; col < weights.cols; ++col) {
          matrix(row, col) += static_cast<Entry>(
              factor * (constant + linear * static_cast<Sum>(weights(row, col))));
        }
      }
    }
    for (const auto& entry : sparse) {
      matrix(entry.row, entry.col) += static_cast<Entry>(factor * entry.value);
    }
  }

  // The gradient of layer k, (fan_out × fan_in). Time and memory O(weights of the layer). Throws
  // std::out_of_range for a layer that is not there.
  RowMajorMatrix<Scalar> dense(std::size_t k) const {
    at(k);
    RowMajorMatrix<Scalar> gradient = RowMajorMatrix<Scalar>::Zero(views_[k].rows, views_[k].cols);
    add_to(k, gradient);
    return gradient;
  }

 private:
  const detail::LayerGradient<Scalar>& at(std::size_t k) const {
    if (k < layers_.size()) return layers_[k];
    throw std::out_of_range("gradient: there is no layer " + std::to_string(k) + " of " +
                            std::to_string(layers_.size()));
  }

  std::vector<detail::WeightView<Scalar>> views_;
  std::vector<detail::LayerGradient<Scalar>> layers_;
  std::shared_ptr<const void> kept_;
};

namespace detail {

// Layers as views, and what of them was a temporary. A view of one, a transpose for instance, would
// outlive it: it is evaluated.
template <class Layers>
struct KeptNetwork {
  using Scalar = scalar_t<Layers>;

  explicit KeptNetwork(Layers&& given) : layers(std::forward<Layers>(given)) {
    if constexpr (std::is_lvalue_reference_v<Layers>) {
      network = NetworkWeights<Scalar>(layers);
    } else if constexpr (Layer<Layers>) {
      keep(layers);
    } else {
      for (auto&& layer : layers) keep(std::forward<decltype(layer)>(layer));
      if (network.size() == 0) network = NetworkWeights<Scalar>(layers);  // which refuses them
    }
  }

  Layers layers;  // a reference where they have a name
  NetworkWeights<Scalar> network;

 private:
  template <class T>
  void keep(T&& layer) {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (is_reference_wrapper<Plain>) {
      if constexpr (is_named_layer<Referred<Plain>>) {
        network.add(layer.get().name, layer.get().weights);
      } else {
        network.add("", layer.get());
      }
    } else if constexpr (is_named_layer<Plain>) {
      keep_matrix<std::is_lvalue_reference_v<T&&>>(layer.name, layer.weights);
    } else {
      keep_matrix<std::is_lvalue_reference_v<T&&>>("", layer);
    }
  }
  template <bool stays, class Matrix>
  void keep_matrix(const std::string& name, const Matrix& weights) {
    if constexpr (is_map<Matrix> ||
                  (stays && std::is_base_of_v<Eigen::PlainObjectBase<Matrix>, Matrix>)) {
      network.add(name, weights);
    } else {
      network.add(name, RowMajorMatrix<Scalar>(weights));
    }
  }
};

template <class Layers>
std::shared_ptr<const KeptNetwork<Layers>> kept_network(Layers&& layers) {
  return std::make_shared<KeptNetwork<Layers>>(std::forward<Layers>(layers));
}

// Adds what the layers' mean of normalised persistence gains by the deaths of one of them, whose
// values under the final scale the diagram has; add_death(i, gradient by the value of death i).
// Returns what it gains by the largest value.
template <class Scalar, class AddDeath>
sum_t<Scalar> add_layer_deaths(const Persistence<Scalar>& layer, double p, EssentialClass essential,
                               std::size_t layers, const FinalScale<Scalar>& scale,
                               const AddDeath& add_death) {
  using Sum = sum_t<Scalar>;
  const Sum largest = static_cast<Sum>(scale.largest);
  const auto gradient = gradient_by_death(layer, p, essential);
  Sum by_largest(0);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const Sum share = gradient[i] / static_cast<Sum>(layers);
    const Sum death = static_cast<Sum>(layer.diagram.pairs[i].death);
    if (share == Sum(0)) continue;
    add_death(i, Sum(share / largest));
    by_largest -= share * death / largest;
  }
  return by_largest;
}

// What deep graph persistence gains by the value of each merge, and by the largest value of all.
template <class Scalar>
struct DeepGradient {
  Persistence<Scalar> measured;
  std::vector<sum_t<Scalar>> by_merge;
  sum_t<Scalar> by_largest{0};
};

// `deaths`: the merges' values and 0 for what no path joins, up to the scale. A rescaled death does
// not depend on the scale, but on the first one.
template <class Scalar>
DeepGradient<Scalar> deep_gradient(const std::vector<Scalar>& deaths,
                                   const FinalScale<Scalar>& scale,
                                   const DeepGraphPersistenceOptions& options) {
  using Sum = sum_t<Scalar>;
  DeepGradient<Scalar> deep{
      persistence(diagram_of(deaths, scale, options.rescale), options.p, options.essential),
      std::vector<Sum>(deaths.size(), Sum(0))};
  const Sum by = static_cast<Sum>(options.rescale ? deaths.front() : scale.largest);
  if (by == Sum(0)) return deep;
  const auto gradient = gradient_by_death(deep.measured, options.p, options.essential);
  Sum by_divisor(0);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    deep.by_merge[i] = gradient[i] / by;
    by_divisor -= gradient[i] * static_cast<Sum>(deep.measured.diagram.pairs[i].death) / by;
  }
  (options.rescale ? deep.by_merge.front() : deep.by_largest) += by_divisor;
  return deep;
}

// Calls add(critical edge, gradient by its value) for each merge that counts.
template <PathSource Source, class Scalar, class Add>
void add_critical_edges(const std::vector<Source>& sources, const PathForest<Scalar>& forest,
                        const DeepGradient<Scalar>& deep, const Add& add) {
  const MergePaths<Source> paths(sources, forest.limits);
  for (std::size_t i = 0; i < forest.merges.size(); ++i) {
    if (deep.by_merge[i] == sum_t<Scalar>(0) || !(Scalar(0) < forest.merges[i].value)) continue;
    add(paths.critical_edge(forest.merges[i]), deep.by_merge[i]);
  }
}

}  // namespace detail

// Gradient of neural_persistence(layers).mean_normalized, which is its value, to the last bit, with
// respect to each weight. Options, in and errors as there.
//
// Time that of the measure, and O(neurons · log neurons); memory as of the measure.
template <Network Layers>
PersistenceGradient<scalar_t<Layers>> neural_persistence_gradient(
    Layers&& layers, const NeuralPersistenceOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  using Sum = sum_t<Scalar>;
  detail::check_order(options.p);
  const auto kept = detail::kept_network(std::forward<Layers>(layers));
  const auto& network = kept->network;
  const std::size_t count = network.size();
  NeuralPersistence<Scalar> measured{{}, {}, {}};
  auto gradients = detail::with_maps(network, options.normalization, [&](const auto& maps) {
    auto forests = detail::layer_forests(network, maps);
    const auto scale = detail::final_scale(options.normalization, detail::largest_of(forests));
    detail::GradientShares shares(network.views(), maps);
    Sum by_largest(0);
    for (std::size_t k = 0; k < count; ++k) {
      detail::scale_weights(forests[k], scale);
      measured.layers.push_back(
          detail::persistence(persistence_diagram(forests[k]), options.p, options.essential));
      by_largest += detail::add_layer_deaths(measured.layers[k], options.p, options.essential,
                                             count, scale, [&](std::size_t i, const Sum& by_value) {
                                               shares.add(k, forests[k].edges[i].row,
                                                          forests[k].edges[i].col, by_value);
                                             });
    }
    if (options.normalization != Normalization::none) {
      shares.add_to_largest(scale.largest, by_largest);
    }
    return shares.finish();
  });
  detail::sum_up(measured);
  return {measured.mean_normalized, network.views(), std::move(gradients), kept};
}
template <Layer One>
PersistenceGradient<scalar_t<One>> neural_persistence_gradient(
    std::initializer_list<One> layers, const NeuralPersistenceOptions& options = {}) {
  return neural_persistence_gradient(std::vector<One>(layers), options);
}

// Gradient of deep_graph_persistence(layers).normalized, which is its value, to the last bit, with
// respect to each weight. Options, in and errors as there; and std::domain_error for signed weights
// as given (Normalization::none) where deaths are those of negative path strengths, as for
// persistent_paths.
//
// Time that of the measure, and O(neurons · layers) at worst; memory O(neurons · log neurons).
template <Network Layers>
PersistenceGradient<scalar_t<Layers>> deep_graph_persistence_gradient(
    Layers&& layers, const DeepGraphPersistenceOptions& options = {}) {
  using Scalar = scalar_t<Layers>;
  using Sum = sum_t<Scalar>;
  detail::check_order(options.p);
  const auto kept = detail::kept_network(std::forward<Layers>(layers));
  const auto& network = kept->network;
  network.check_chain();
  Sum value(0);
  auto gradients = detail::with_path_forest(
      network, options.normalization, detail::numbering_of(network),
      [&](const auto& maps, const auto& edges, const auto& forest, const auto& scale) {
        const auto deep = detail::deep_gradient(detail::values_of(forest.merges), scale, options);
        value = deep.measured.normalized;
        detail::GradientShares shares(network.views(), maps);
        detail::add_critical_edges(edges, forest, deep, [&](const auto& edge, const Sum& by_value) {
          shares.add(edge.source, edge.stored.row, edge.stored.col, by_value);
        });
        if (options.normalization != Normalization::none) {
          shares.add_to_largest(scale.largest, deep.by_largest);
        }
        return shares.finish();
      });
  return {value, network.views(), std::move(gradients), kept};
}
template <Layer One>
PersistenceGradient<scalar_t<One>> deep_graph_persistence_gradient(
    std::initializer_list<One> layers, const DeepGraphPersistenceOptions& options = {}) {
  return deep_graph_persistence_gradient(std::vector<One>(layers), options);
}

}  // namespace dgp
