// Blocks of rows as views, and edges between their neurons.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
#include <dgp/detail/edges/edge_source.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/detail/weights/weight_view.hpp>

namespace dgp::detail {

template <BlockedNetwork Layers>
std::string label_of(const Layers& layers, std::size_t k) {
  return layer_label(k, layers.name(k));
}

// Calls visit(view, first_row).
template <BlockedNetwork Layers, class Visit>
void for_each_view(Layers& layers, std::size_t k, const Visit& visit) {
  layers.for_each_block(
      k, [&](const auto& block, Index first_row) { visit(view_of(block), first_row); });
}

// The forest's edges as those of rows further down.
template <class Scalar, class Stored>
std::vector<Candidate<Scalar>> moved_down(const std::vector<Candidate<Stored>>& forest,
                                          Index rows) {
  std::vector<Candidate<Scalar>> moved;
  moved.reserve(forest.size());
  for (const auto& edge : forest) {
    moved.push_back(
        {static_cast<Scalar>(edge.value), edge.row + static_cast<Vertex>(rows), edge.col});
  }
  return moved;
}

// Throws std::invalid_argument unless layer k+1 takes as many inputs as layer k has outputs.
template <BlockedNetwork Layers>
void check_chain(const Layers& layers) {
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
    check_chained({label_of(layers, k), layers.rows(k), layers.cols(k)},
                  {label_of(layers, k + 1), layers.rows(k + 1), layers.cols(k + 1)});
  }
}

}  // namespace dgp::detail
