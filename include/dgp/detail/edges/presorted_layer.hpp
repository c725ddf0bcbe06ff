// A layer whose weights stay while the activations of its input neurons change.
//
// in:  the weights of a layer, once; then, for each sample, the activations of its inputs
// out: the edges of an input neuron from the heaviest on, without a look at the others
//
// All edges of an input neuron are scaled by the same activation, so their order by weight is
// their order by G = weight * activation, or its reverse, for every sample. The filtration value,
// abs(G - mean) up to a positive factor, is largest at the two ends of that order and falls towards
// the middle; rounding keeps this order. The mean and deviation of all G follow from those of each
// input neuron's weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/parallel.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp::detail {

// From a weight and its activation to the filtration value of one sample's graph:
// abs((weight * activation - mean) / deviation).
template <class Scalar>
struct ActivationScale {
  Scalar mean{0};
  Scalar deviation{1};

  Scalar operator()(const Scalar& weight, const Scalar& activation) const {
    const auto distance = static_cast<Scalar>(static_cast<Scalar>(weight * activation) - mean);
    return Eigen::numext::abs(static_cast<Scalar>(distance / deviation));
  }

  // The values of all edges into one output neuron, as an expression.
  template <class Weights, class Activations>
  auto values(const Weights& weights, const Activations& activations) const {
    return ((weights * activations - mean) / deviation).abs();
  }
};

// The edge of an input neuron to the output neuron `row`.
template <class Scalar>
struct PresortedEdge {
  Scalar weight;
  Vertex row;
};

// Three times the memory of the weights, in float.
template <class Scalar>
class PresortedLayer {
 public:
  using Sum = sum_t<Scalar>;

  // Time O(weights · log fan_out).
  explicit PresortedLayer(const WeightView<Scalar>& view)
      : weights_(view.rows, view.cols),
        edges_(static_cast<std::size_t>(weights_.size())),
        means_(view.cols),
        spreads_(view.cols) {
    for (Index row = 0; row < view.rows; ++row) {
      for (Index col = 0; col < view.cols; ++col) weights_(row, col) = view(row, col);
    }
    largest_weight_ = weights_.cwiseAbs().maxCoeff();
    const auto tasks = static_cast<std::size_t>(cols());
    const double work = 8 * static_cast<double>(weights_.size());
    std::vector<std::vector<PresortedEdge<Scalar>>> sorted(threads_for(tasks, work));
    parallel_for_by_thread(sorted.size(), tasks, [&](std::size_t col, std::size_t thread) {
      sort_column(static_cast<Index>(col), sorted[thread]);
    });
  }

  Index rows() const { return weights_.rows(); }
  Index cols() const { return weights_.cols(); }
  const RowMajorMatrix<Scalar>& weights() const { return weights_; }

  // Calls visit(value, row) for the edges of an input neuron, from the heaviest on at either end of
  // their order, until it returns false or the ends meet.
  template <class Visit>
  [[gnu::always_inline]] void visit_edges(Index col, const Scalar& activation,
                                          const ActivationScale<Scalar>& scale,
                                          const Visit& visit) const {
    fetch(std::min(col + columns_ahead, cols() - 1));
    const PresortedEdge<Scalar>* light = column(col);  // every second one, from the lightest on
    const PresortedEdge<Scalar>* heavy = light + 1;    // the others, from the heaviest on
    const auto goes_on = [&](const PresortedEdge<Scalar>& edge) {
      return visit(scale(edge.weight, activation), edge.row);
    };
    const Index light_count = rows() - rows() / 2;
    Index heavy_count = rows() / 2;
    Index first = 0;
    while (first < light_count && goes_on(light[2 * first])) ++first;
    if (first == light_count) {  // past the middle
      while (heavy_count > 0 && goes_on(heavy[2 * (heavy_count - 1)])) --heavy_count;
    }
    Index last = 0;
    while (last < heavy_count && goes_on(heavy[2 * last])) ++last;
    if (last < rows() / 2) return;
    for (Index i = light_count; i > first && goes_on(light[2 * (i - 1)]);) --i;
  }

  Scalar largest_weight() const { return largest_weight_; }  // in magnitude

  // The largest value of all edges.
  Scalar largest_value(const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& activations,
                       const ActivationScale<Scalar>& scale) const {
    Scalar largest(0);
    for (Index col = 0; col < cols(); ++col) {
      fetch(std::min(col + columns_ahead, cols() - 1));
      for (const Index end : {Index{0}, rows() > 1 ? Index{1} : Index{0}}) {
        const Scalar value = scale(column(col)[end].weight, activations(col));
        largest = std::max(largest, value);
      }
    }
    return largest;
  }

  struct Moments {
    Sum mean;
    Sum squares;  // sum of the squared distances from the mean
  };

  // Of all weight * activation. No term is negative: nothing cancels.
  Moments moments(const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& activations) const {
    const Sum count = static_cast<Sum>(rows());
    const auto factors = activations.array().template cast<Sum>();
    Moments result{(factors * means_).sum() / static_cast<Sum>(cols()), Sum(0)};
    result.squares =
        (factors.square() * spreads_ + count * (factors * means_ - result.mean).square()).sum();
    return result;
  }

 private:
  // How far ahead the edges of an input neuron are asked for from memory.
  static constexpr Index columns_ahead = 6;

  const PresortedEdge<Scalar>* column(Index col) const { return edges_.data() + col * rows(); }

  void fetch(Index col) const {
    constexpr std::ptrdiff_t line = 64;
    const char* first = reinterpret_cast<const char*>(column(col));
    Eigen::internal::prefetch(first);
    Eigen::internal::prefetch(first + line);
  }

  // `sorted` is for work.
  void sort_column(Index col, std::vector<PresortedEdge<Scalar>>& sorted) {
    sorted.clear();
    Sum sum(0);
    for (Index row = 0; row < rows(); ++row) {
      sorted.push_back({weights_(row, col), static_cast<Vertex>(row)});
      sum += static_cast<Sum>(weights_(row, col));
    }
    const Sum mean = sum / static_cast<Sum>(rows());
    Sum squares(0);
    for (const auto& edge : sorted) {
      const Sum distance = static_cast<Sum>(edge.weight) - mean;
      squares += distance * distance;
    }
    means_(col) = mean;
    spreads_(col) = squares;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.weight < b.weight; });
    PresortedEdge<Scalar>* place = edges_.data() + col * rows();
    for (auto light = sorted.begin(), heavy = sorted.end(); light != heavy;) {
      *place++ = *light++;
      if (light != heavy) *place++ = *--heavy;
    }
  }

  RowMajorMatrix<Scalar> weights_;  // (fan_out × fan_in)
  Scalar largest_weight_{0};
  std::vector<PresortedEdge<Scalar>>
      edges_;  // input after input: lightest, heaviest, next to these, …
  Eigen::Array<Sum, Eigen::Dynamic, 1> means_;    // of each input's weights
  Eigen::Array<Sum, Eigen::Dynamic, 1> spreads_;  // their summed squared distances from it
};

}  // namespace dgp::detail
