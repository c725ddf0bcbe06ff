// The windows of ONNX's convolutions and poolings.
//
// in:  a node's strides, pads, dilations, auto_pad and ceil_mode; the grid it slides over
// out: a window as dgp/window.hpp has it
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/detail/messages.hpp>
#include <dgp/io/detail/onnx_arrangement.hpp>
#include <dgp/io/detail/onnx_node.hpp>
#include <dgp/window.hpp>

namespace dgp::io::detail {

// The part of a window along one direction of a grid of `length`.
inline WindowSide onnx_window_side(const OnnxNode& node, std::size_t side, std::size_t sides,
                                   std::int64_t size, std::int64_t length) {
  const auto listed = [&](const char* name, std::size_t count, std::int64_t fallback) {
    auto values = node.integers(name, std::vector<std::int64_t>(count, fallback));
    if (values.size() != count) {
      node.fail(std::string(name) + " " + shown(values) + " of " + std::to_string(count));
    }
    return values;
  };
  WindowSide result{static_cast<Index>(size), static_cast<Index>(listed("strides", sides, 1)[side]),
                    0, 0, static_cast<Index>(listed("dilations", sides, 1)[side])};
  const auto pads = listed("pads", 2 * sides, 0);
  result.padding_before = static_cast<Index>(pads[side]);
  result.padding_after = static_cast<Index>(pads[sides + side]);
  if (!dgp::detail::is_sound(result)) {
    node.fail("a window of impossible size, stride, dilation or padding");
  }
  const Index reach = (result.size - 1) * result.dilation + 1;
  const auto end_after = [&](Index positions) {
    return (positions - 1) * result.stride + reach - static_cast<Index>(length);
  };
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    const Index positions = (static_cast<Index>(length) + result.stride - 1) / result.stride;
    const Index padding = std::max<Index>(end_after(positions), 0);
    const Index smaller = padding / 2;
    result.padding_before = automatic == "SAME_UPPER" ? smaller : padding - smaller;
    result.padding_after = padding - result.padding_before;
  } else if (automatic == "VALID") {
    result.padding_before = result.padding_after = 0;
  } else if (automatic != "NOTSET" && !automatic.empty()) {
    node.fail("auto_pad " + dgp::detail::quoted(automatic));
  }
  if (node.integer("ceil_mode", 0) != 0 && (automatic == "NOTSET" || automatic.empty())) {
    // A last window may reach over the padding, as long as it does not begin behind the grid.
    const Index room =
        static_cast<Index>(length) + result.padding_before + result.padding_after - reach;
    Index positions = room < 0 ? 0 : (room + result.stride - 1) / result.stride + 1;
    if (positions > 0 &&
        (positions - 1) * result.stride >= static_cast<Index>(length) + result.padding_before) {
      --positions;
    }
    result.padding_after = std::max<Index>(end_after(positions) - result.padding_before, 0);
  }
  return result;
}

// On neurons of these extents, [1, channels, (height,) width]; `sizes` of the window's sides.
inline Window onnx_window(const OnnxNode& node, const Extents& extents, const Extents& sizes) {
  if (extents.size() < 3 || extents.size() > 4 || extents[0] != 1) {
    node.fail("on " + shown(extents) +
              ": windows on sequences and images are read, [1,C,L] and "
              "[1,C,H,W]");
  }
  const std::size_t sides = extents.size() - 2;
  if (sizes.size() != sides) {
    node.fail("a window of " + shown(sizes) + " on " + shown(extents));
  }
  Window window;
  const auto side = [&](std::size_t i) {
    return onnx_window_side(node, i, sides, sizes[i], extents[2 + i]);
  };
  if (sides == 2) window.vertical = side(0);
  window.horizontal = side(sides - 1);
  return window;
}

}  // namespace dgp::io::detail
