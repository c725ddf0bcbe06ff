// Blocks of rows as views.
#pragma once

#include <cstddef>
#include <string>

#include <dgp/blocked_layers.hpp>
#include <dgp/concepts.hpp>
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

// Throws std::invalid_argument unless layer k+1 takes as many inputs as layer k has outputs.
template <BlockedNetwork Layers>
void check_chain(const Layers& layers) {
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
    check_chained({label_of(layers, k), layers.rows(k), layers.cols(k)},
                  {label_of(layers, k + 1), layers.rows(k + 1), layers.cols(k + 1)});
  }
}

}  // namespace dgp::detail
