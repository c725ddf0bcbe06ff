// One step of path strengths through a layer: from the strengths on one side to those on the other.
//
// in:  the weights of a layer, the map from weight to filtration value, and the strength with which
//      each neuron on one side is reached (infinite: inputs and outputs of the network)
// out: for each neuron on the other side the largest, over its edges, of min(strength, value)
//
// One pass over the weights, without a division: the strengths are turned into keys of the layer.
#pragma once

#include <algorithm>
#include <vector>

#include <dgp/detail/edge_scan.hpp>
#include <dgp/detail/value_keys.hpp>
#include <dgp/detail/weight_view.hpp>

namespace dgp::detail {

template <class Scalar>
using Strengths = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

// Of inputs and outputs, which every path may use.
template <class Scalar>
Strengths<Scalar> unlimited_strengths(Index neurons) {
  return Strengths<Scalar>::Constant(neurons, Eigen::NumTraits<Scalar>::infinity());
}

// The strengths that the largest keys at so many neurons stand for; `caps` are those of the edges
// there.
template <class Scalar, class Map>
Strengths<Scalar> strengths_of(const std::vector<Bits<Scalar>>& keys, Index neurons, const Map& map,
                               const Caps<Scalar>& caps) {
  Strengths<Scalar> strengths(neurons);
  for (Index i = 0; i < neurons; ++i) {
    strengths(i) = caps.value_of(map, keys[static_cast<std::size_t>(i)]);
  }
  return strengths;
}

// The definition, for scalar types without ordered bits, and where keys are ambiguous.
template <class Scalar, class Map>
Strengths<Scalar> plain_sweep(const WeightView<Scalar>& weights, const Map& map,
                              const Strengths<Scalar>& from) {
  Strengths<Scalar> to(weights.rows);
  for (Index row = 0; row < weights.rows; ++row) {
    to(row) = std::min(from(0), map(weights(row, 0)));
    for (Index col = 1; col < weights.cols; ++col) {
      to(row) = std::max(to(row), std::min(from(col), map(weights(row, col))));
    }
  }
  return to;
}

// From the columns of a view to its rows.
template <class Scalar, class Map>
Strengths<Scalar> strength_sweep(const WeightView<Scalar>& weights, const Map& map,
                                 const Strengths<Scalar>& from) {
  if constexpr (has_ordered_bits<Scalar>) {
    const Caps<Scalar> caps = make_caps<Scalar>(map, from);
    if (!ambiguous(caps, {})) {
      LayerEdges<Scalar, Map> edges(weights, map, 0, 0);
      edges.set_caps({}, caps);
      const std::vector<Bits<Scalar>> keys =
          edges.flipped() ? col_maxima(edges) : row_maxima(edges);
      return strengths_of(keys, weights.rows, map, caps);
    }
  }
  return plain_sweep(weights, map, from);
}

}  // namespace dgp::detail
