// What the programs' messages and tables are made of: text that keeps to its line, numbers and
// shapes in words.
#pragma once

#include <concepts>
#include <limits>
#include <sstream>
#include <string>

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

}  // namespace words
