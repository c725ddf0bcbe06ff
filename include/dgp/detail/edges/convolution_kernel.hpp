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

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/edges/edge_source.hpp>
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
      const Index channels = static_cast<Index>(i) < sources ? source_.channels : target_.channels;
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
    return places() * (side == Side::target ? channels_seen() : channels_made());
  }
  // The value of an entry of a channel.
  Scalar value(Side side, Index channel, std::uint32_t entry) const {
    if (value_) return *value_;
    const auto [far, place] = far_and_place(entry);
    return side == Side::target ? map_(kernel_(channel, far * places() + place))
                                : map_(kernel_(group_of(side, channel) * channels_made() + far,
                                               channel % channels_seen() * places() + place));
  }

  // An entry of a target channel.
  StoredEdge<Scalar> stored(Index channel, std::uint32_t entry) const {
    return {value(Side::target, channel, entry), !value_, channel, static_cast<Index>(entry)};
  }

  // Where the window moves by more than one position, a source neuron sees only some of the
  // window's places: neurons that see the same ones are a class.
  Index classes(Side side) const {
    if (side == Side::target) return 1;
    return std::min(window_.vertical.stride, source_.height) *
           std::min(window_.horizontal.stride, source_.width);
  }
  Index class_of(Side side, Index position) const {
    if (classes(side) == 1) return 0;
    return position / source_.width % window_.vertical.stride *
               std::min(window_.horizontal.stride, source_.width) +
           position % source_.width % window_.horizontal.stride;
  }
  // Calls visit(entry) for the entries of a channel that a class of its neurons sees.
  template <class Visit>
  void for_each_entry(Side side, Index, Index neuron_class, const Visit& visit) const {
    const Index across = std::min(window_.horizontal.stride, source_.width);
    const auto sees = [&](const WindowSide& along, Index position, Index place) {
      return side == Side::target ||
             (position + along.padding_before - place * along.dilation) % along.stride == 0;
    };
    std::vector<Index> seen;
    for (Index i = 0; i < window_.vertical.size; ++i) {
      if (!sees(window_.vertical, neuron_class / across, i)) continue;
      for (Index j = 0; j < window_.horizontal.size; ++j) {
        if (!sees(window_.horizontal, neuron_class % across, j)) continue;
        seen.push_back(i * window_.horizontal.size + j);
      }
    }
    const Index far_channels = side == Side::target ? channels_seen() : channels_made();
    for (Index far = 0; far < far_channels; ++far) {
      for (const Index place : seen) visit(static_cast<std::uint32_t>(far * places() + place));
    }
  }

  // Calls visit(target, source) with both ends of each edge of an entry of a target channel, as
  // numbers within their sides, as long as it says so; returns what it said last.
  template <class Visit>
  bool for_each_edge(Index channel, std::uint32_t entry, const Visit& visit) const {
    const auto [far, place] = far_and_place(entry);
    const Index seen = group_of(Side::target, channel) * channels_seen() + far;
    const auto rows = positions_seeing(window_.vertical, place / window_.horizontal.size,
                                       source_.height, target_.height);
    const auto cols = positions_seeing(window_.horizontal, place % window_.horizontal.size,
                                       source_.width, target_.width);
    for (Index y = rows.begin; y < rows.end; ++y) {
      const Index row = y * window_.vertical.stride + rows.offset;
      Index target = (channel * target_.height + y) * target_.width + cols.begin;
      Index source = (seen * source_.height + row) * source_.width +
                     cols.begin * window_.horizontal.stride + cols.offset;
      for (Index x = cols.begin; x < cols.end; ++x) {
        if (!visit(target, source)) return false;
        ++target;
        source += window_.horizontal.stride;
      }
    }
    return true;
  }

  // Calls visit(entry) for the entries by which a target neuron sees a source neuron: one at most.
  template <class Visit>
  void for_each_entry_to(Index channel, Index position, Index source, const Visit& visit) const {
    if (source < 0) return;
    const Index far =
        source / source_.positions() - group_of(Side::target, channel) * channels_seen();
    if (far < 0 || far >= channels_seen()) return;
    const Index at = source % source_.positions();
    const auto& [vertical, horizontal, groups] = window_;
    const auto i = place_along(vertical, position / target_.width, at / source_.width);
    const auto j = place_along(horizontal, position % target_.width, at % source_.width);
    if (!i || !j) return;
    visit(static_cast<std::uint32_t>((far * vertical.size + *i) * horizontal.size + *j));
  }

  // Where an entry leads from a neuron, relative to it; the same for all neurons of a side.
  struct Step {
    Index offset;
    Index row;
    Index col;
  };
  // By entry.
  using Steps = std::vector<Step>;
  Steps steps(Side side) const {
    const Index far_channels = side == Side::target ? channels_seen() : channels_made();
    const Index far_positions = side == Side::target ? source_.positions() : target_.positions();
    Steps steps;
    for (Index far = 0; far < far_channels; ++far) {
      for (Index i = 0; i < window_.vertical.size; ++i) {
        for (Index j = 0; j < window_.horizontal.size; ++j) {
          const Index row = i * window_.vertical.dilation - window_.vertical.padding_before;
          const Index col = j * window_.horizontal.dilation - window_.horizontal.padding_before;
          steps.push_back(side == Side::target
                              ? Step{far * far_positions + row * source_.width + col, row, col}
                              : Step{far * far_positions, -row, -col});
        }
      }
    }
    return steps;
  }

  // A neuron, for the question where its entries lead.
  struct Place {
    Index base;
    Index row;
    Index col;
  };
  Place place(Side side, Index channel, Index position) const {
    const Index width = shape(side).width;
    const Index y = position / width;
    const Index x = position % width;
    if (side == Side::source) {
      return {group_of(side, channel) * channels_made() * target_.positions(), y, x};
    }
    const Index row = y * window_.vertical.stride;
    const Index col = x * window_.horizontal.stride;
    return {
        group_of(side, channel) * channels_seen() * source_.positions() + row * source_.width + col,
        row, col};
  }

  // The neuron at the entry's other end, as a number within its side; -1 where there is none.
  Index other(Side side, const Place& place, const Step& step) const {
    Index row = place.row + step.row;
    Index col = place.col + step.col;
    if (side == Side::target) {
      const bool inside = row >= 0 && row < source_.height && col >= 0 && col < source_.width;
      return inside ? place.base + step.offset : -1;
    }
    if (row < 0 || col < 0) return -1;
    if (window_.vertical.stride != 1) {
      if (row % window_.vertical.stride != 0) return -1;
      row /= window_.vertical.stride;
    }
    if (window_.horizontal.stride != 1) {
      if (col % window_.horizontal.stride != 0) return -1;
      col /= window_.horizontal.stride;
    }
    if (row >= target_.height || col >= target_.width) return -1;
    return place.base + step.offset + row * target_.width + col;
  }

 private:
  // The target positions along one direction that see a neuron by a place of the window, at
  // position · stride + offset.
  struct Positions {
    Index begin;
    Index end;
    Index offset;
  };
  static Positions positions_seeing(const WindowSide& side, Index place, Index from, Index to) {
    const Index offset = place * side.dilation - side.padding_before;
    const Index before = offset < 0 ? (-offset + side.stride - 1) / side.stride : 0;
    const Index after = offset < from ? (from - offset - 1) / side.stride + 1 : 0;
    return {before, std::min(after, to), offset};
  }

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

  const NeuronShape& shape(Side side) const { return side == Side::source ? source_ : target_; }
  Index places() const { return window_.vertical.size * window_.horizontal.size; }
  // Of a group, on either side.
  Index channels_seen() const { return source_.channels / window_.groups; }
  Index channels_made() const { return target_.channels / window_.groups; }
  FarAndPlace far_and_place(std::uint32_t entry) const {
    const auto number = static_cast<Index>(entry);
    return {number / places(), number % places()};
  }
  Index group_of(Side side, Index channel) const {
    return channel / (channels(side) / window_.groups);
  }

  WeightView<Scalar> kernel_{};
  MapOf map_{};
  std::optional<Scalar> value_;
  NeuronShape source_;
  NeuronShape target_;
  Window window_;
};

}  // namespace dgp::detail
