// What messages are made of: text that keeps to its line, and numbers and shapes in words.
#pragma once

#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <dgp/concepts.hpp>

namespace dgp::detail {

// The text with control characters shown as '?', so that a message stays one line.
inline std::string one_line(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

inline std::string quoted(std::string text) { return "'" + one_line(std::move(text)) + "'"; }

// "layer 2 (layers.2.weight)", or "layer 2" where no name is known.
inline std::string layer_label(std::size_t index, const std::string& name) {
  const std::string label = "layer " + std::to_string(index);
  return name.empty() ? label : label + " (" + one_line(name) + ")";
}

// With as many digits as tell the value from its neighbours (half types: those of a float).
template <class Scalar>
std::string printed(const Scalar& value) {
  std::ostringstream text;
  if constexpr (std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>) {
    text << static_cast<float>(value);
  } else {
    if constexpr (std::is_floating_point_v<Scalar>) {
      text.precision(std::numeric_limits<Scalar>::max_digits10);
    }
    text << value;
  }
  return text.str();
}

inline std::string shape(Index rows, Index cols) {
  return std::to_string(rows) + "x" + std::to_string(cols);
}

}  // namespace dgp::detail
