// How the neurons of a group lie, and the windows that slide over them.
//
// A group of neurons is a stack of channels, each a grid of height × width; a layer of features is
// a stack of channels of one neuron each, a sequence a grid of height 1. Neurons are counted
// channel by channel, then row by row: (channel, y, x), as PyTorch lays tensors out.
#pragma once

#include <optional>

#include <dgp/concepts.hpp>

namespace dgp {

// How the neurons of a group lie; all extents at least 1.
struct NeuronShape {
  Index channels;    // of a layer of features, its neurons
  Index height = 1;  // of the grid
  Index width = 1;   // of the grid

  // Of a channel's grid.
  Index positions() const { return height * width; }
  // Neurons in all.
  Index size() const { return channels * positions(); }

  friend bool operator==(const NeuronShape&, const NeuronShape&) = default;
};

// A window along one direction of a grid, as in every framework.
struct WindowSide {
  Index size = 1;            // places of the window; at least 1, as stride and dilation
  Index stride = 1;          // positions from one window to the next
  Index padding_before = 0;  // positions beyond the edge, where there are no neurons
  Index padding_after = 0;   // likewise, at the other end
  Index dilation = 1;        // from one place of the window to the next

  friend bool operator==(const WindowSide&, const WindowSide&) = default;
};

// A window that slides over a grid; of a convolution, its channels fall into groups that do not
// see each other.
struct Window {
  WindowSide vertical;    // along the height
  WindowSide horizontal;  // along the width
  Index groups = 1;       // of channels; divides their number

  friend bool operator==(const Window&, const Window&) = default;
};

// The same in both directions: a kernel of size × size, padded on all sides.
inline Window square_window(Index size, Index stride = 1, Index padding = 0, Index groups = 1) {
  const WindowSide side{size, stride, padding, padding, 1};
  return {side, side, groups};
}

namespace detail {

// So many positions fit a window along one direction.
inline Index positions_along(const WindowSide& side, Index length) {
  const Index reach = (side.size - 1) * side.dilation + 1;
  const Index room = length + side.padding_before + side.padding_after - reach;
  return room < 0 ? 0 : room / side.stride + 1;
}

inline bool is_sound(const WindowSide& side) {
  // So that no product of these overflows.
  constexpr Index most = Index{1} << 30;
  const auto within = [](Index value, Index least) { return value >= least && value <= most; };
  return within(side.size, 1) && within(side.stride, 1) && within(side.dilation, 1) &&
         within(side.padding_before, 0) && within(side.padding_after, 0);
}

// Where the window's place lies on the source side, or nothing where there is no neuron.
inline std::optional<Index> source_along(const WindowSide& side, Index place, Index position,
                                         Index length) {
  const Index at = position * side.stride + place * side.dilation - side.padding_before;
  if (at < 0 || at >= length) return std::nullopt;
  return at;
}

// The window's place that sees a position of the source side, or nothing.
inline std::optional<Index> place_along(const WindowSide& side, Index position, Index source) {
  const Index offset = source + side.padding_before - position * side.stride;
  if (offset < 0 || offset % side.dilation != 0) return std::nullopt;
  const Index place = offset / side.dilation;
  if (place >= side.size) return std::nullopt;
  return place;
}

}  // namespace detail
}  // namespace dgp
