// The edges of a convolution, of which only the kernel is kept.
//
// in:  a kernel as a matrix (channels out × channels in per group · window), the shapes on both
//      sides, the window, and a map from weight to filtration value
// out: what sorted_edges.hpp asks of a kernel
//
// The neurons of a channel share their edges, up to a shift: entry (o, c, i, j) joins (o, y, x)
// with (c, y · stride + i · dilation - padding, …) wherever that is a neuron. Padding holds none.
// A matrix is the kernel of a window of one place; an edge set without weights has one constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/forest/union_find.hpp>
#include <dgp/detail/weights/weight_view.hpp>
#include <dgp/window.hpp>

namespace dgp::detail {

// Which neurons of an edge set: those that its edges leave, or those that they reach.
enum class Side { source, target };

template <class Weight, class MapOf>
class ConvolutionKernel {
 public:
  using Scalar = Weight;

  ConvolutionKernel(const WeightView<Scalar>& kernel, const MapOf& map, const NeuronShape& source,
                    const NeuronShape& target, const Window& window)
      : kernel_(kernel), map_(map), source_(source), target_(target), window_(window) {}

  // All values are this one.
  ConvolutionKernel(const Scalar& value, const NeuronShape& source, const NeuronShape& target,
                    const Window& window)
      : value_(value), source_(source), target_(target), window_(window) {}

  Index channels(Side side) const { return shape(side).channels; }
  Index positions(Side side) const { return shape(side).positions(); }

  double count() const {
    const auto along = [](const WindowSide& side, Index from, Index to) {
      double joined = 0;
      for (Index place = 0; place < side.size; ++place) {
        for (Index at = 0; at < to; ++at) joined += source_along(side, place, at, from).has_value();
      }
      return joined;
    };
    return along(window_.vertical, source_.height, target_.height) *
           along(window_.horizontal, source_.width, target_.width) *
           static_cast<double>(target_.channels) * static_cast<double>(channels_seen());
  }

  // Components that all edges together leave. The pattern of positions is the same for every pair
  // of channels: positions that it connects are connected in all channels of a group.
  Index components() const {
    const Index sources = source_.positions();
    UnionFind positions(static_cast<std::size_t>(sources + target_.positions()));
    for_each_joined([&](Index from, Index to) {
      const Vertex a = positions.find(static_cast<Vertex>(from));
      const Vertex b = positions.find(static_cast<Vertex>(sources + to));
      if (a != b) positions.join(a, b);
    });
    std::vector<Index> sizes(static_cast<std::size_t>(sources + target_.positions()), 0);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      ++sizes[positions.find(static_cast<Vertex>(i))];
    }
    Index count = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Index channels =
          static_cast<Index>(i) < sources ? source_.channels : target_.channels;
      if (sizes[i] == 1) count += channels;
      if (sizes[i] > 1) count += window_.groups;
    }
    return count;
  }

  // So many target positions have a source, where the window is one place.
  Index joined_positions() const {
    Index count = 0;
    for_each_joined([&](Index, Index) { ++count; });
    return count;
  }

  Index entry_count(Side side, Index) const {
    return places() * (side == Side::target ? channels_seen() : target_.channels / window_.groups);
  }
  // The value of an entry of a channel.
  Scalar value(Side side, Index channel, std::uint32_t entry) const {
    if (value_) return *value_;
    const auto [far, place] = far_and_place(entry);
    return side == Side::target
               ? map_(kernel_(channel, far * places() + place))
               : map_(kernel_(group_of(side, channel) * (target_.channels / window_.groups) + far,
                              channel % channels_seen() * places() + place));
  }

  // By channel and position, the neuron at the entry's other end, as a number within its side;
  // -1 where there is none.
  Index other(Side side, Index channel, Index position, std::uint32_t entry) const {
    const auto [far, place] = far_and_place(entry);
    const Index i = place / window_.horizontal.size;
    const Index j = place % window_.horizontal.size;
    const Index width = shape(side).width;
    const Index y = position / width;
    const Index x = position % width;
    if (side == Side::target) {
      const auto row = source_along(window_.vertical, i, y, source_.height);
      const auto col = source_along(window_.horizontal, j, x, source_.width);
      if (!row || !col) return -1;
      const Index from = group_of(side, channel) * channels_seen() + far;
      return from * source_.positions() + *row * source_.width + *col;
    }
    const Index row = target_along(window_.vertical, i, y, target_.height);
    const Index col = target_along(window_.horizontal, j, x, target_.width);
    if (row < 0 || col < 0) return -1;
    const Index to = group_of(side, channel) * (target_.channels / window_.groups) + far;
    return to * target_.positions() + row * target_.width + col;
  }

  const NeuronShape& shape(Side side) const { return side == Side::source ? source_ : target_; }
  const Window& window() const { return window_; }

 private:
  struct FarAndPlace {
    Index far;  // channel within the group on the other side
    Index place;
  };

  // Calls visit(source position, target position) for each place of the window at each position.
  template <class Visit>
  void for_each_joined(const Visit& visit) const {
    for (Index y = 0; y < target_.height; ++y) {
      for (Index i = 0; i < window_.vertical.size; ++i) {
        const auto row = source_along(window_.vertical, i, y, source_.height);
        if (!row) continue;
        for (Index x = 0; x < target_.width; ++x) {
          for (Index j = 0; j < window_.horizontal.size; ++j) {
            const auto col = source_along(window_.horizontal, j, x, source_.width);
            if (col) visit(*row * source_.width + *col, y * target_.width + x);
          }
        }
      }
    }
  }

  Index places() const { return window_.vertical.size * window_.horizontal.size; }
  Index channels_seen() const { return source_.channels / window_.groups; }
  FarAndPlace far_and_place(std::uint32_t entry) const {
    const auto number = static_cast<Index>(entry);
    return {number / places(), number % places()};
  }
  Index group_of(Side side, Index channel) const {
    return channel / (channels(side) / window_.groups);
  }
  static Index target_along(const WindowSide& side, Index place, Index at, Index length) {
    const Index shifted = at + side.padding_before - place * side.dilation;
    if (shifted < 0 || shifted % side.stride != 0 || shifted / side.stride >= length) return -1;
    return shifted / side.stride;
  }

  WeightView<Scalar> kernel_{};
  MapOf map_{};
  std::optional<Scalar> value_;
  NeuronShape source_;
  NeuronShape target_;
  Window window_;
};

}  // namespace dgp::detail
