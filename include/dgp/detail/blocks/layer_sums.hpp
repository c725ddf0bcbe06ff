// What reads of a layer add up to: the forest of its magnitudes, and its moments.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
#include <dgp/detail/blocks/block_views.hpp>
#include <dgp/detail/blocks/sharing.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/forest/merged_forest.hpp>
#include <dgp/detail/keys/filtration_maps.hpp>
#include <dgp/detail/weights/row_tasks.hpp>
#include <dgp/detail/weights/weight_statistics.hpp>
#include <dgp/spanning_forest.hpp>

namespace dgp::detail {

// Compensated sums of a function of a layer's weights, by one read.
template <class Scalar, BlockedNetwork Layers, class Summand>
sum_t<Scalar> compensated_sum(Layers& layers, std::size_t k, const Summand& summand) {
  CompensatedSums<Scalar> sums(RowTasks(layers.rows(k), layers.cols(k)));
  for_each_view(layers, k,
                [&](const auto& view, Index first_row) { sums.add(view, summand, first_row); });
  sums.share([&](std::span<double> values) { add_up(layers, values); });
  return sums.total();
}

// What one read of a layer gives.
template <class Scalar>
class LayerSums {
  static constexpr bool narrow = !std::is_same_v<Scalar, sum_t<Scalar>>;

 public:
  LayerSums(Index rows, Index cols)
      : neurons_(rows + cols), forest_(neurons_), moments_(RowTasks(rows, cols)) {}

  // Throws std::invalid_argument for a weight that is not finite.
  template <class Stored>
  void add(const WeightView<Stored>& rows, Index first_row, const std::string& label) {
    const auto vertex = static_cast<Vertex>(rows.cols + first_row);
    if (!forest_.add(rows, Magnitude<Stored>{}, vertex, 0)) check_finite(label, rows, first_row);
    moments_.add(rows, first_row);
  }

  // With what other processes have seen of the layer.
  template <BlockedNetwork Layers>
  void share(Layers& layers) {
    edges_ = merged(layers, forest_, neurons_);
    moments_.share([&](std::span<double> sums) { add_up(layers, sums); },
                   [&](std::span<Scalar> values) { take_largest(layers, values); });
  }

  const std::vector<Candidate<Scalar>>& forest() const { return edges_; }
  const auto& moments() const { return moments_; }

 private:
  Index neurons_;
  MergedForest<Scalar> forest_;
  std::vector<Candidate<Scalar>> edges_;  // of all
  MomentSums<narrow ? Of::both : Of::weights, Scalar> moments_;
};

}  // namespace dgp::detail
