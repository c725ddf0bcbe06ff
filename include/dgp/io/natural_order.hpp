// The order in which the readers list tensors: natural_less(a, b) for two names, with runs of
// digits compared as numbers, so that layers.10 follows layers.2. To sort names of your own
// likewise, those of a network's checkpoints for one.
#pragma once

#include <cstddef>
#include <string_view>

#include <dgp/detail/requirements.hpp>

namespace dgp::io {

// Whether a comes before b. Time O(their lengths).
inline bool natural_less(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  // The run of digits at `at`, without leading zeros; moves `at` behind it.
  const auto number = [&](std::string_view text, std::size_t& at) {
    while (at < text.size() && text[at] == '0') ++at;
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(begin, at - begin);
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view left = number(a, i);
      const std::string_view right = number(b, j);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
    } else {
      // As bytes: whether char is signed depends on the platform.
      const auto left = static_cast<unsigned char>(a[i]);
      const auto right = static_cast<unsigned char>(b[j]);
      if (left != right) return left < right;
      ++i;
      ++j;
    }
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;  // equal but for leading zeros
}

}  // namespace dgp::io
