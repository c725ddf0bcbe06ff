// Operators that show the same values in another shape or order: Reshape, Transpose, Slice and
// their like.
//
// in:  the operator's shape and numbers
// out: the new shape and, for each place in it, which of the old values stands there
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/io/detail/onnx_node.hpp>

namespace dgp::io::detail {

using Extents = std::vector<std::int64_t>;

// For messages: "[1,64,7,7]".
inline std::string shown(const Extents& extents) {
  std::string text;
  for (const auto extent : extents) text += (text.empty() ? "" : ",") + std::to_string(extent);
  return "[" + text + "]";
}

// A group of more neurons is refused: a few bytes of a file can claim any number.
inline constexpr std::int64_t most_values = std::int64_t{1} << 26;

inline std::int64_t product(const Extents& extents) {
  return std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
}

// The product of non-negative extents; throws std::runtime_error where it is beyond all reason.
inline std::int64_t checked_product(const Extents& extents, const OnnxPlace& place) {
  std::int64_t count = 1;
  std::int64_t bound = 1;  // a 0 must not hide what the others come to
  for (const auto extent : extents) {
    if (extent < 0 || bound > most_values / std::max<std::int64_t>(extent, 1)) {
      place.fail("an impossible shape, " + shown(extents));
    }
    bound *= std::max<std::int64_t>(extent, 1);
    count *= extent;
  }
  return count;
}

// Where a value of the old shape stands in the new one.
struct Arrangement {
  Extents extents;
  std::vector<Index> places;  // by new place the old one, -1 for none; empty: all as they were
};

// An axis that may count from the end.
inline std::size_t axis_of(std::int64_t axis, std::size_t dimensions, const OnnxPlace& place) {
  const auto count = static_cast<std::int64_t>(dimensions);
  if (axis < -count || axis >= count) {
    place.fail("axis " + std::to_string(axis) + " of " + std::to_string(count) + " dimensions");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

inline std::vector<std::int64_t> strides_of(const Extents& extents) {
  std::vector<std::int64_t> strides(extents.size(), 1);
  for (std::size_t d = extents.size(); d-- > 1;) strides[d - 1] = strides[d] * extents[d];
  return strides;
}

// The values at base + sum of index · stride, with the last index running fastest.
inline Arrangement strided(Extents extents, const std::vector<std::int64_t>& strides,
                           std::int64_t base, const OnnxPlace& place) {
  const std::int64_t count = checked_product(extents, place);
  Arrangement result{std::move(extents), {}};
  result.places.reserve(static_cast<std::size_t>(count));
  Extents index(result.extents.size(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    result.places.push_back(static_cast<Index>(base));
    for (std::size_t d = index.size(); d-- > 0;) {
      base += strides[d];
      if (++index[d] < result.extents[d]) break;
      base -= strides[d] * result.extents[d];
      index[d] = 0;
    }
  }
  return result;
}

// `order` lists the old axes.
inline Arrangement transposed(const Extents& from, const std::vector<std::int64_t>& order,
                              const OnnxPlace& place) {
  std::vector<bool> used(from.size(), false);
  const auto strides = strides_of(from);
  Extents extents;
  std::vector<std::int64_t> stepped;
  for (const auto entry : order) {
    const std::size_t axis = axis_of(entry, from.size(), place);
    if (used[axis]) place.fail("an order of axes with one of them twice");
    used[axis] = true;
    extents.push_back(from[axis]);
    stepped.push_back(strides[axis]);
  }
  if (order.size() != from.size()) {
    place.fail("an order of " + std::to_string(order.size()) + " axes for " + shown(from));
  }
  return strided(std::move(extents), stepped, 0, place);
}

// From `start` on every `step`th, `count` of them, along one axis.
struct AxisRange {
  std::int64_t start;
  std::int64_t step;
  std::int64_t count;
};

// By axis.
inline Arrangement sliced(const Extents& from, const std::vector<AxisRange>& ranges,
                          const OnnxPlace& place) {
  auto strides = strides_of(from);
  std::int64_t base = 0;
  Extents extents;
  for (std::size_t d = 0; d < from.size(); ++d) {
    base += ranges[d].start * strides[d];
    strides[d] *= ranges[d].step;
    extents.push_back(ranges[d].count);
  }
  return strided(std::move(extents), strides, base, place);
}

inline std::vector<AxisRange> whole_ranges(const Extents& from) {
  std::vector<AxisRange> ranges;
  for (const auto extent : from) ranges.push_back({0, 1, extent});
  return ranges;
}

// As Slice means it: ends may lie beyond the axis, negative numbers count from its end.
inline AxisRange slice_range(std::int64_t start, std::int64_t end, std::int64_t step,
                             std::int64_t extent, const OnnxPlace& place) {
  if (step == 0 || step < -most_values || step > most_values) place.fail("an impossible step");
  const auto from_front = [&](std::int64_t at, std::int64_t least, std::int64_t most) {
    if (at < 0) at = at < -extent ? -1 - extent : at;  // without overflow
    return std::clamp(at < 0 ? at + extent : at, least, most);
  };
  if (step > 0) {
    start = from_front(start, 0, extent);
    end = from_front(end, 0, extent);
    return {start, step, end <= start ? 0 : (end - start - 1) / step + 1};
  }
  if (extent == 0) return {0, step, 0};
  start = from_front(start, 0, extent - 1);
  end = end < -extent ? -1 : from_front(end, -1, extent - 1);
  return {start, step, start <= end ? 0 : (start - end - 1) / -step + 1};
}

// Values before and after each axis (after all of the former); new places show nothing.
inline Arrangement padded(const Extents& from, const std::vector<std::int64_t>& pads,
                          const OnnxPlace& place) {
  Extents extents;
  for (std::size_t d = 0; d < from.size(); ++d) {
    const std::int64_t before = pads[d];
    const std::int64_t after = pads[from.size() + d];
    const auto sound = [](std::int64_t pad) { return pad >= -most_values && pad <= most_values; };
    if (!sound(before) || !sound(after)) place.fail("an impossible padding, " + shown(pads));
    extents.push_back(std::max<std::int64_t>(from[d] + before + after, 0));
  }
  const std::int64_t count = checked_product(extents, place);
  const auto strides = strides_of(from);
  Arrangement result{extents, {}};
  Extents index(from.size(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < from.size() && at >= 0; ++d) {
      const std::int64_t old = index[d] - pads[d];
      at = old < 0 || old >= from[d] ? -1 : at + old * strides[d];
    }
    result.places.push_back(static_cast<Index>(at));
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < extents[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

// As Reshape means it: 0 copies an extent (unless they are all meant), one -1 takes what is left.
inline Extents reshaped(const Extents& from, Extents to, bool zero_is_meant,
                        const OnnxPlace& place) {
  const std::string asked = shown(to);
  const std::int64_t count = product(from);
  std::int64_t known = 1;
  std::int64_t bound = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (to[d] == 0 && !zero_is_meant && d < from.size()) to[d] = from[d];
    if (to[d] == -1 && open < 0) {
      open = static_cast<std::ptrdiff_t>(d);
      continue;
    }
    // A 0 must not hide that the others come to more than can be counted.
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const std::int64_t extent = std::max<std::int64_t>(to[d], 1);
    if (to[d] < 0 || bound > most / extent) place.fail("an impossible shape, " + asked);
    bound *= extent;
    known *= to[d];
  }
  if (open >= 0 && known > 0 && count % known == 0)
    to[static_cast<std::size_t>(open)] = count / known;
  if (open >= 0 ? known == 0 || count % known != 0 : known != count) {
    place.fail("a shape of " + asked + " for " + shown(from));
  }
  return to;
}

// Without the axes named, or without all of extent 1.
inline Extents squeezed(const Extents& from, const std::vector<std::int64_t>& axes,
                        const OnnxPlace& place) {
  std::vector<bool> leaves(from.size(), false);
  for (const auto entry : axes) leaves[axis_of(entry, from.size(), place)] = true;
  Extents extents;
  for (std::size_t d = 0; d < from.size(); ++d) {
    const bool leaves_out = axes.empty() ? from[d] == 1 : leaves[d];
    if (leaves_out && from[d] != 1) {
      place.fail("axis " + std::to_string(d) + " of " + shown(from) + " has not the extent 1");
    }
    if (!leaves_out) extents.push_back(from[d]);
  }
  return extents;
}

// With axes of extent 1, at these places of the new shape.
inline Extents unsqueezed(const Extents& from, const std::vector<std::int64_t>& axes,
                          const OnnxPlace& place) {
  const std::size_t dimensions = from.size() + axes.size();
  std::vector<bool> is_new(dimensions, false);
  for (const auto entry : axes) {
    const std::size_t axis = axis_of(entry, dimensions, place);
    if (is_new[axis]) place.fail("one axis twice");
    is_new[axis] = true;
  }
  Extents extents;
  std::size_t next = 0;
  for (std::size_t d = 0; d < dimensions; ++d) extents.push_back(is_new[d] ? 1 : from[next++]);
  return extents;
}

}  // namespace dgp::io::detail
