// What the programs' messages and tables are made of: text that keeps to its line, numbers and
// shapes in words.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <dgp/concepts.hpp>

namespace words {

// Control characters shown as '?': names come from files that are not trusted.
inline std::string one_line(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

// With as many digits as tell the value from its neighbours.
template <std::floating_point Scalar>
std::string printed(Scalar value) {
  std::ostringstream text;
  text.precision(std::numeric_limits<Scalar>::max_digits10);
  text << value;
  return text.str();
}

inline std::string shape(dgp::Index rows, dgp::Index cols) {
  return std::to_string(rows) + "x" + std::to_string(cols);
}

// "64x3x7x7"
inline std::string shape(const std::vector<std::uint64_t>& extents) {
  std::string text;
  for (const auto extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

// "1,234,567"; of more than 15 digits, "1.23e+18".
inline std::string counted(double count) {
  std::ostringstream text;
  text.precision(count < 1e15 ? 0 : 2);
  if (count < 1e15) text << std::fixed;
  text << count;
  std::string digits = text.str();
  if (count >= 1e15) return digits;
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace words
